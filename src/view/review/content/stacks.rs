//! What happens in the stacks: where, in words, resource by resource, and as a difference.

use crate::compare::{Action, Cause, ResourceChange, Why};
use crate::model::journal::Fate as Leaves;
use crate::plan::review::{DriftFate, DriftReview, Fate, Refused, StackReview, Stop};
use crate::view::drift::what;
use crate::view::remedy;

use super::super::blocks::{Block, Line, Weight, code, strong, text};
use super::groups::{Group, groups};
use super::headline::list;
use super::words;

/// So many places of a group are named; more are counted.
const NAMED: usize = 8;

/// How much of the groups of equal stacks is shown: the first ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Room {
    /// So many groups at most.
    pub groups: usize,
    /// So many with the difference of their templates.
    pub differences: usize,
}

impl Room {
    /// For all.
    pub const ALL: Self = Self { groups: usize::MAX, differences: usize::MAX };
}

/// What of the groups of equal stacks had no room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    pub groups: usize,
    /// The stacks of these groups.
    pub stacks: usize,
    /// Differences of templates, of groups that are shown.
    pub differences: usize,
}

/// The groups of equal stacks.
pub(super) fn stacks(stacks: &[StackReview], room: Room) -> (Vec<Block>, LeftOut) {
    let (groups, mut left) = (groups(stacks), LeftOut::default());
    let mut blocks = Vec::new();
    for (position, one) in groups.iter().enumerate() {
        if position >= room.groups {
            left.groups += 1;
            left.stacks += one.stacks.len();
            continue;
        }
        blocks.extend(group(one));
        let fold = difference(one);
        match position < room.differences {
            true => blocks.extend(fold),
            false => left.differences += usize::from(fold.is_some()),
        }
    }
    (blocks, left)
}

fn group(group: &Group<'_>) -> Vec<Block> {
    let Some(first) = group.first() else { return Vec::new() };
    let mut blocks =
        vec![Block::Heading { level: 2, text: heading(group, first) }, Block::Paragraph(places(group, first))];
    blocks.extend(group.stacks.iter().flat_map(|stack| stack.stops.iter().map(stop)));
    blocks.extend(group.stacks.iter().flat_map(|stack| stack.refused.iter().map(|refused| refuse(stack, refused))));
    blocks.extend(group.stacks.iter().filter_map(|stack| drift(stack)));
    if first.fate != Fate::Create {
        blocks.extend(words::ecs(first));
    }
    blocks.extend(resources(first));
    blocks
}

/// The difference of the templates of a group, closed until a reader opens it.
fn difference(group: &Group<'_>) -> Option<Block> {
    let count = group.difference.lines().skip(2).filter(|line| line.starts_with(['+', '-'])).count();
    let lines = match count {
        0 => return None,
        1 => "1 line differs".to_owned(),
        count => format!("{count} lines differ"),
    };
    let once = match group.stacks.len() {
        1 => String::new(),
        stacks => format!(", shown once for {stacks} stacks"),
    };
    let body = vec![Block::Code { language: "diff", text: group.difference.clone() }];
    Some(Block::Fold { title: vec![text(format!("Template: {lines}{once}"))], body })
}

fn heading(group: &Group<'_>, first: &StackReview) -> Line {
    let mut names: Vec<String> = Vec::new();
    for stack in &group.stacks {
        let name = stack.environment.to_string();
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let step = first.step.as_ref().map(|step| format!(" · {step}")).unwrap_or_default();
    vec![text(format!("{} · {}{step}", first.project, list(&names)))]
}

/// What happens, and in which stacks.
fn places(group: &Group<'_>, first: &StackReview) -> Line {
    let verb = match first.fate {
        Fate::Create => "created",
        Fate::Update => "changed",
        Fate::Nothing => "unchanged; its new template changes nothing in AWS",
        Fate::Run => "unchanged; its task runs again",
        Fate::Delete => "deleted",
        Fate::Fail if first.would_fail() => "held at a gate; AWS would then refuse it",
        Fate::Fail => "refused by AWS, and stays as it is",
    };
    let mut line = vec![text(format!("{}: ", if group.stacks.len() == 1 { "Stack" } else { "Stacks" }))];
    line.push(strong(verb));
    line.push(text(". "));
    for (position, stack) in group.stacks.iter().take(NAMED).enumerate() {
        if position > 0 {
            line.push(text(", "));
        }
        line.push(code(stack.stack.to_string()));
        let cluster = stack.cluster.as_ref().map(|cluster| format!("cluster {cluster}, ")).unwrap_or_default();
        line.push(text(format!(" ({cluster}account {}, {})", stack.place.account, stack.place.region)));
    }
    match group.stacks.len().saturating_sub(NAMED) {
        0 => line.push(text(".")),
        more => line.push(text(format!(" and {more} more."))),
    }
    line
}

fn stop(stop: &Stop) -> Block {
    let mut body = Vec::new();
    if let Some(key) = &stop.key {
        let file = code(key.file.to_string());
        body.push(Block::Paragraph(vec![
            text("It waits until "),
            file,
            text(" has these lines. They can be part of this change:"),
        ]));
        body.push(Block::Code { language: "toml", text: remedy::foreseen_lines(key) });
    }
    let title = vec![strong("stops"), text(" · "), code(stop.stack.to_string()), text(format!(" · {}", stop.sentence))];
    Block::Callout { weight: Weight::Danger, title, body }
}

fn refuse(stack: &StackReview, refused: &Refused) -> Block {
    let why = text(format!(" · {}", refused.sentence(&stack.stack)));
    let title = vec![strong("fails"), text(" · "), code(stack.stack.to_string()), why];
    Block::Callout { weight: Weight::Danger, title, body: Vec::new() }
}

/// So many differences that others made are said; more are counted.
const DIFFERENCES: usize = 12;

/// What others changed in a stack, and what becomes of that.
fn drift(stack: &StackReview) -> Option<Block> {
    let count = |fate| stack.drift.iter().filter(|one| one.fate == fate).count();
    let (gone, undone) = (count(DriftFate::Gone), count(DriftFate::Undone));
    let said = match stack.drift.len() {
        0 => return None,
        _ if gone > 0 => {
            "was changed outside of landfall: AWS fails this deployment, because it changes what was deleted."
        }
        _ if undone == 0 => "was changed outside of landfall, and this deployment undoes nothing of that.",
        all if undone == all => "was changed outside of landfall: this deployment undoes that.",
        _ => "was changed outside of landfall: this deployment undoes a part of that.",
    };
    let weight = if gone > 0 { Weight::Danger } else { Weight::Note };
    let title = vec![strong("drift"), text(" · "), code(stack.stack.to_string()), text(format!(" {said}"))];
    let mut items: Vec<Line> = stack.drift.iter().take(DIFFERENCES).map(drifted).collect();
    let more = stack.drift.len().saturating_sub(DIFFERENCES);
    if more > 0 {
        items.push(vec![text(format!("and {more} more"))]);
    }
    Some(Block::Callout { weight, title, body: vec![Block::List(items)] })
}

fn drifted(one: &DriftReview) -> Line {
    let then = match (one.fate, &one.comes) {
        (DriftFate::Gone, _) => {
            vec![text(
                "`drift = \"repair\"` in the environment's file makes it again, if that comes before the release",
            )]
        }
        (DriftFate::Undone, Some(comes)) => vec![text("becomes "), code(comes.clone())],
        (DriftFate::Undone, None) => vec![text("is undone")],
        (DriftFate::Unset, _) => vec![text("the template does not set it, and AWS decides whether it stays")],
        (DriftFate::Agrees, _) => vec![text("the new template says so too")],
        (DriftFate::Stays, _) => vec![text("stays, because this deployment does not touch it")],
    };
    let what = text(format!("{}; ", what(&one.item)));
    [what].into_iter().chain(then).collect()
}

/// The resources to which something happens; nothing for a stack that is created, whose resources are all new.
fn resources(stack: &StackReview) -> Option<Block> {
    if stack.effects.resources.is_empty() {
        return None;
    }
    if stack.fate == Fate::Create {
        let moved = stack.moved_from.as_ref();
        let moved = moved.map(|place| format!(" Its target moved: the stack of this name in {place} is another one."));
        let mut names: Vec<(String, usize)> = Vec::new();
        for change in &stack.effects.resources {
            match names.iter_mut().find(|(name, _)| *name == change.name) {
                Some((_, count)) => *count += 1,
                None => names.push((change.name.clone(), 1)),
            }
        }
        let said =
            |(name, count): &(String, usize)| if *count == 1 { name.clone() } else { format!("{count} × {name}") };
        let names: Vec<String> = names.iter().map(said).collect();
        return Some(Block::Paragraph(vec![text(format!(
            "It is made of {}.{}",
            list(&names),
            moved.unwrap_or_default()
        ))]));
    }
    let head = ["resource", "what happens", "because"].map(|name| vec![text(name)]).to_vec();
    // What is said in words is not said again.
    let said = |change: &&ResourceChange| {
        let plain = matches!(change.action, Action::Update | Action::Revision);
        plain && stack.effects.words.iter().any(|words| words.resource == change.id)
    };
    let mut changes: Vec<&ResourceChange> = stack.effects.resources.iter().filter(|change| !said(change)).collect();
    if changes.is_empty() {
        return None;
    }
    changes.sort_by(|a, b| b.action.cmp(&a.action).then_with(|| a.id.cmp(&b.id)));
    let rows = changes.into_iter().map(|change| vec![named(change), action(change), because(change)]).collect();
    Some(Block::Table { head, rows })
}

fn named(change: &ResourceChange) -> Line {
    vec![code(change.id.to_string()), text(format!(" ({})", change.name))]
}

fn action(change: &ResourceChange) -> Line {
    let old = match change.fate {
        Some(Leaves::Kept) => ", the old one is kept",
        Some(Leaves::Snapshot) => ", a snapshot of the old one is kept",
        _ if change.keeps_data => ", with its data",
        _ => "",
    };
    let maybe = if change.certain { "" } else { ", perhaps" };
    match change.action {
        Action::Create => vec![text(format!("created{maybe}"))],
        Action::Settings => vec![text("stays; what CloudFormation does with it later changes")],
        Action::Update => vec![text(format!("changed in place{maybe}"))],
        Action::Revision => vec![text(format!("new revision{maybe}"))],
        Action::MayReplace => vec![strong("may be replaced"), text(old)],
        Action::Replace => vec![strong("replaced"), text(old)],
        Action::Remove => match change.fate {
            Some(Leaves::Kept) => vec![text("leaves the stack, and is kept")],
            Some(Leaves::Snapshot) => vec![strong("removed"), text("; a snapshot is kept")],
            _ => vec![strong("removed"), text(if change.keeps_data { " with its data" } else { "" })],
        },
    }
}

/// So many causes are said; more are counted.
const CAUSES: usize = 3;

fn because(change: &ResourceChange) -> Line {
    let mut line = Line::new();
    for (position, cause) in change.causes.iter().take(CAUSES).enumerate() {
        if position > 0 {
            line.push(text("; "));
        }
        line.extend(said(cause));
    }
    if let Some(more @ 1..) = change.causes.len().checked_sub(CAUSES) {
        line.push(text(format!("; and {more} more")));
    }
    line
}

fn said(cause: &Cause) -> Line {
    let mut line = vec![code(cause.path.clone())];
    let values = |before: &Option<String>, after: &Option<String>| match (before, after) {
        (Some(before), Some(after)) => vec![text(": "), code(before.clone()), text(" → "), code(after.clone())],
        (None, Some(after)) => vec![text(": → "), code(after.clone())],
        (Some(before), None) => vec![text(": "), code(before.clone()), text(" →")],
        (None, None) => Vec::new(),
    };
    match &cause.why {
        Why::Text { before, after } => line.extend(values(before, after)),
        Why::Parameter { name, before, after } => {
            line.push(text(format!(", by parameter {name}")));
            line.extend(values(before, after));
        }
        Why::Mapping { name } => line.push(text(format!(", by mapping {name}"))),
        Why::Condition { name, holds } => line.push(text(match holds {
            Some(true) => format!(": condition {name} holds now"),
            Some(false) => format!(": condition {name} holds no longer"),
            None => format!(": condition {name}"),
        })),
        Why::Follows { resource, .. } => line.push(text(format!(", which refers to {resource}"))),
    }
    line
}
