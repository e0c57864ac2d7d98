//! A stack's change in words: what ECS will run and how it gets there, rights, exposure, risks, size.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::compare::ecs::Words;
use crate::compare::{Access, Exposed, Exposure, Grant, Level, RightsChange, Risk, Shown, Size, hide_text};
use crate::model::{Accept, EnvironmentName};
use crate::plan::review::{Acceptance, Review, StackReview};

use super::super::blocks::{Block, Line, Span, Weight, code, strong, text};
use super::headline::list;

/// So many risks, rights or exposures are said; more are counted.
const SAID: usize = 12;

/// What changes in the ECS resources of a stack.
pub(super) fn ecs(stack: &StackReview) -> Vec<Block> {
    stack.effects.words.iter().flat_map(one).collect()
}

fn one(words: &Words) -> Vec<Block> {
    let mut blocks = Vec::new();
    if let Some(rollout) = &words.rollout {
        blocks.push(Block::Paragraph(vec![code(words.resource.to_string()), text(format!(": {rollout}."))]));
    }
    if words.rows.is_empty() {
        return blocks;
    }
    let value = |shown: &Option<Shown>| shown.as_ref().map_or(Line::new(), |shown| vec![code(shown.text.clone())]);
    let rows = words.rows.iter().map(|row| vec![ticked(&row.what.to_string()), value(&row.before), value(&row.after)]);
    let head = vec![vec![code(words.resource.to_string())], vec![text("now")], vec![text("after")]];
    blocks.push(Block::Table { head, rows: rows.collect() });
    blocks
}

/// Text in which what stands between backticks is a name.
fn ticked(said: &str) -> Line {
    let parts = said.split('`').enumerate().filter(|(_, part)| !part.is_empty());
    parts.map(|(position, part)| if position % 2 == 1 { code(part) } else { text(part) }).collect()
}

/// Risks of stacks of one step that read the same.
struct Alike<'r> {
    risk: &'r Risk,
    acceptance: Option<&'r Acceptance>,
    stacks: Vec<&'r StackReview>,
}

impl<'r> Alike<'r> {
    /// Those of all stacks. An acceptance that was there before the change puts a risk last, because the reviewer need not decide
    /// about it; then the worst come first.
    fn all(stacks: &'r [StackReview]) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for stack in stacks {
            for risk in &stack.effects.risks {
                let acceptance = stack.acceptance(risk);
                match all.iter_mut().find(|alike| alike.takes(stack, risk, acceptance)) {
                    Some(alike) => alike.stacks.push(stack),
                    None => all.push(Self { risk, acceptance, stacks: vec![stack] }),
                }
            }
        }
        all.sort_by_key(|alike| (alike.is_settled(), std::cmp::Reverse(alike.risk.level)));
        all
    }

    fn takes(&self, stack: &StackReview, risk: &Risk, acceptance: Option<&Acceptance>) -> bool {
        let key = |risk: &Risk| (risk.id, risk.resource.clone(), risk.part.clone(), risk.level);
        let step = |other: &&StackReview| other.step == stack.step && other.project == stack.project;
        key(self.risk) == key(risk) && self.acceptance == acceptance && self.stacks.iter().any(step)
    }

    /// Whether it was accepted before the change.
    fn is_settled(&self) -> bool {
        self.acceptance.is_some_and(|acceptance| !acceptance.new)
    }

    fn line(&self) -> Line {
        let Self { risk, acceptance, stacks } = self;
        let level = level(risk.level);
        let level = if risk.level >= Level::High { strong(level) } else { text(level) };
        let mut line = vec![level, text(format!(" · {} · ", risk.id))];
        line.extend(ticked(&risk.sentence));
        line.push(text(" · "));
        line.extend(stacks.first().map(|stack| code(stack.stack.to_string())));
        if let Some(more @ 1..) = stacks.len().checked_sub(1) {
            line.push(text(format!(" and {more} more")));
        }
        line.extend(acceptance.iter().flat_map(|acceptance| accepted(acceptance)));
        line
    }
}

/// The risks of all stacks, those that are alike once.
pub(super) fn risks(stacks: &[StackReview]) -> Option<Block> {
    let all = Alike::all(stacks);
    let (worst, quiet) = all.first().map(|first| (first.risk.level, first.is_settled()))?;
    let count = all.len();
    let accepted = all.iter().filter(|alike| alike.acceptance.is_some()).count();
    let mut lines: Vec<Line> = all.iter().take(SAID).map(Alike::line).collect();
    if let Some(more @ 1..) = count.checked_sub(SAID) {
        lines.push(vec![text(format!("and {more} more"))]);
    }
    let weight = if worst >= Level::High && !quiet { Weight::Danger } else { Weight::Note };
    let mut title = vec![strong(if count == 1 { "1 risk".to_owned() } else { format!("{count} risks") })];
    title.extend(match accepted {
        0 => None,
        all if all == count => Some(text(", accepted")),
        some => Some(text(format!(", {some} accepted"))),
    });
    Some(Block::Callout { weight, title, body: vec![Block::List(lines)] })
}

/// Why a risk is accepted. A reader must not miss that the change itself accepts it.
fn accepted(acceptance: &Acceptance) -> Line {
    let who = if acceptance.new { strong("accepted by this change") } else { text("accepted") };
    [text(" · "), who].into_iter().chain(why(&acceptance.accept)).collect()
}

/// Until when, why, and where that is written.
fn why(accept: &Accept) -> [Span; 3] {
    let until = accept.until.map(|until| format!(" until {until}")).unwrap_or_default();
    [text(format!("{until}: {} (", hide_text(&accept.reason))), code(accept.at.to_string()), text(")")]
}

/// The acceptances that a change brings.
pub(super) fn accepts(review: &Review) -> Option<Block> {
    let line = |accept: &Arc<Accept>| -> Line {
        let what = [strong("This change accepts"), text(" "), code(accept.what.as_str()), text(" at ")];
        what.into_iter().chain([code(hide_text(&accept.place))]).chain(why(accept)).collect()
    };
    let mut lines: Vec<Line> = review.accepts.iter().take(SAID).map(line).collect();
    if let Some(more @ 1..) = review.accepts.len().checked_sub(SAID) {
        lines.push(vec![text(format!("and {more} more"))]);
    }
    (!lines.is_empty()).then_some(Block::List(lines))
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Low => "low",
        Level::Medium => "medium",
        Level::High => "high",
        Level::Critical => "critical",
    }
}

/// The rights and the exposure that a change adds, in a table each; a sentence if there are none.
pub(super) fn rights_and_exposure(stacks: &[StackReview]) -> Vec<Block> {
    if stacks.is_empty() {
        return Vec::new();
    }
    let mut blocks = Vec::new();
    let rights = rows(stacks, |stack| stack.effects.rights.iter().map(right).collect());
    let exposure = rows(stacks, |stack| stack.effects.exposure.iter().map(exposed).collect());
    let none: Vec<&str> = [(&rights, "No rights are added."), (&exposure, "Nothing is exposed.")]
        .into_iter()
        .filter(|(rows, _)| rows.is_empty())
        .map(|(_, sentence)| sentence)
        .collect();
    let table = |title: &str, rows: Vec<Vec<Line>>| {
        let head = ["resource", title, "in"].map(|name| vec![text(name)]).to_vec();
        Block::Table { head, rows }
    };
    if !rights.is_empty() {
        blocks.push(Block::Heading { level: 2, text: vec![text("Rights")] });
        blocks.push(table("may now", rights));
    }
    if !exposure.is_empty() {
        blocks.push(Block::Heading { level: 2, text: vec![text("Exposure")] });
        blocks.push(table("is open to everyone", exposure));
    }
    if !none.is_empty() {
        blocks.push(Block::Paragraph(vec![text(none.join(" "))]));
    }
    blocks
}

/// One row for each thing, with the stacks that have it.
fn rows(stacks: &[StackReview], of: impl Fn(&StackReview) -> Vec<(Line, Line)>) -> Vec<Vec<Line>> {
    let mut all: Vec<(Line, Line, Vec<String>)> = Vec::new();
    for stack in stacks {
        for (resource, what) in of(stack) {
            let name = format!("{} · {}", stack.project, stack.environment);
            match all.iter_mut().find(|(known, said, _)| *known == resource && *said == what) {
                Some((_, _, places)) if places.contains(&name) => {}
                Some((_, _, places)) => places.push(name),
                None => all.push((resource, what, vec![name])),
            }
        }
    }
    let more = all.len().saturating_sub(SAID);
    let mut rows: Vec<Vec<Line>> = all
        .into_iter()
        .take(SAID)
        .map(|(resource, what, places)| vec![resource, what, vec![text(list(&places))]])
        .collect();
    if more > 0 {
        rows.push(vec![vec![text(format!("and {more} more"))], Line::new(), Line::new()]);
    }
    rows
}

fn named(resource: &str, kind: &str) -> Line {
    vec![code(resource), text(format!(" ({})", crate::compare::type_name(kind)))]
}

fn right(change: &RightsChange) -> (Line, Line) {
    let what = match &change.grant {
        Grant::Allowed(access) => allowed("", access),
        Grant::NoLongerDenied(access) => allowed("is no longer denied: ", access),
        Grant::Attached { policy } => vec![text("has the policy "), code(policy.clone())],
        Grant::AppliesTo { to } => vec![text("applies to "), code(to.clone()), text(", too")],
        Grant::Boundary { before, after: None } => vec![text("loses its permissions boundary "), code(before.clone())],
        Grant::Boundary { before, after: Some(after) } => {
            vec![text("has another permissions boundary: "), code(before.clone()), text(" → "), code(after.clone())]
        }
        Grant::OtherRole { before: None, after } => vec![text("runs with the role "), code(after.clone())],
        Grant::OtherRole { before: Some(before), after } => {
            vec![text("runs with another role: "), code(before.clone()), text(" → "), code(after.clone())]
        }
    };
    (named(&change.resource, &change.kind), what)
}

fn allowed(before: &str, access: &Access) -> Line {
    let mut line = vec![text(before)];
    let mut names = |names: &[String]| {
        for (position, name) in names.iter().enumerate() {
            if position > 0 {
                line.push(text(", "));
            }
            line.push(code(name.clone()));
        }
    };
    names(&access.actions);
    if !access.resources.is_empty() {
        line.push(text(" on "));
        for (position, name) in access.resources.iter().enumerate() {
            if position > 0 {
                line.push(text(", "));
            }
            line.push(code(name.clone()));
        }
    }
    if !access.principals.is_empty() {
        line.push(text(format!(", by {}", list(&access.principals))));
    }
    match (access.condition_changed, access.conditional) {
        (true, _) => line.push(text(", under another condition than before")),
        (false, true) => line.push(text(", under a condition")),
        (false, false) => {}
    }
    line
}

fn exposed(exposure: &Exposure) -> (Line, Line) {
    let what = match &exposure.what {
        Exposed::LoadBalancer => "a public address".to_owned(),
        Exposed::Listener { port, certain } => {
            let port = port.map(|port| format!(" on port {port}")).unwrap_or_default();
            format!("a listener{port}{}", if *certain { "" } else { ", if its load balancer is public" })
        }
        Exposed::Ports { first, last, protocol, from } if first == last => {
            format!("port {first} ({protocol}) from {from}")
        }
        Exposed::Ports { first, last, protocol, from } => format!("ports {first} to {last} ({protocol}) from {from}"),
        Exposed::Bucket { by } => format!("the bucket, by its {by}"),
        Exposed::BlockRemoved { setting } => format!("possible, because {setting} is off"),
        Exposed::Policy { actions } => format!("{actions}, by its policy"),
        Exposed::PublicIp => "a public IP address".to_owned(),
        Exposed::Database => "a public address of a database".to_owned(),
        Exposed::FunctionUrl => "a URL that calls a function".to_owned(),
    };
    (named(&exposure.resource, &exposure.kind), vec![text(what)])
}

/// What services take before and after, by environment; nothing if that stays.
pub(super) fn size(environments: &[EnvironmentName], stacks: &[StackReview]) -> Option<Block> {
    let mut all: BTreeMap<&EnvironmentName, (Size, Size)> = BTreeMap::new();
    for stack in stacks {
        let (before, after) = all.entry(&stack.environment).or_default();
        (*before, *after) = (*before + stack.effects.before, *after + stack.effects.after);
    }
    let rows: Vec<Vec<Line>> = environments
        .iter()
        .filter_map(|name| Some((name, all.get(name)?)))
        .filter(|(_, (before, after))| before != after)
        .map(|(name, (before, after))| {
            vec![vec![text(name.to_string())], vec![text(amount(before))], vec![text(amount(after))]]
        })
        .collect();
    let head = ["size of the changed services", "now", "after"].map(|name| vec![text(name)]).to_vec();
    (!rows.is_empty()).then_some(Block::Table { head, rows })
}

fn amount(size: &Size) -> String {
    let one = |amount: &crate::compare::Amount| {
        let tasks = if amount.tasks == 1 { "1 task".to_owned() } else { format!("{} tasks", amount.tasks) };
        format!("{tasks}, {} vCPU, {} GiB", amount.vcpu, amount.memory_gib)
    };
    let mut said = one(&size.most);
    if size.least != size.most {
        said = format!("{} to {}", one(&size.least), one(&size.most));
    }
    match size.unknown {
        0 => said,
        1 => format!("{said}, and 1 service whose size is not known"),
        more => format!("{said}, and {more} services whose size is not known"),
    }
}
