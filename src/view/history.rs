//! What happened: deployments from the journal, as a list and one by one with their evidence.

mod json;
mod words;

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::drift::DriftSeen;
use crate::model::journal::{
    Action, Allowed, Call, Cause, DeploymentId, Entry, Evidence, Opened, Outcome, Record, Reply,
};
use crate::model::{CommitId, ReleaseName, Slot, StackName, StackStatus};
use crate::plan::{gate_id, plan_id};

use super::style::{Style, Tone};
use super::table::{Cell, Table};
use super::time;

pub use json::{deployment_json, list_json};
use words::words;

/// Everything that the journal says about one deployment, in its order.
struct Told<'a> {
    opened: &'a Opened,
    at: Timestamp,
    steps: Vec<(Timestamp, &'a StackName, Step<'a>)>,
    /// The gates at which it waits, by stack.
    gates: BTreeMap<&'a StackName, (&'a Cause, Option<Timestamp>)>,
    used: Vec<&'a Allowed>,
    /// A newer order took its place while it was executing: which release, and why.
    taken_over: Option<(&'a Option<ReleaseName>, &'a Cause)>,
    ended: Option<(Timestamp, &'a Outcome)>,
}

/// One thing that happened to a stack.
enum Step<'a> {
    Asked(Call),
    Answered(Call, &'a Reply),
    Seen(&'a Evidence),
    Stopped(&'a Cause, Option<Timestamp>),
    Waits(Option<&'a Cause>),
    Opened(&'static str),
    Gone,
    TakenOver(Option<&'a ReleaseName>, &'a Cause),
    Ended(&'a Outcome),
}

/// Sorts records by deployment.
fn told(records: &[Record]) -> BTreeMap<DeploymentId, Told<'_>> {
    let mut all: BTreeMap<DeploymentId, Told<'_>> = BTreeMap::new();
    for record in records {
        let at = record.at;
        if let Entry::Opened(opened) = &record.entry {
            all.insert(opened.deployment, Told::new(opened, at));
        }
        let Some(told) = about(&record.entry).and_then(|id| all.get_mut(&id)) else { continue };
        match &record.entry {
            Entry::Ended { outcome, .. } => told.ended = Some((at, outcome)),
            Entry::Used(allowed) => told.used.push(allowed),
            Entry::TakenOver { by, cause, .. } => {
                told.taken_over = Some((by, cause));
                let first = told.opened.orders.first().map(|order| &order.stack);
                let step = |stack| (at, stack, Step::TakenOver(by.as_ref(), cause));
                told.steps.extend(cause.stack.as_ref().or(first).map(step));
            }
            entry => {
                let Some((stack, step)) = step(entry) else { continue };
                match &step {
                    Step::Stopped(cause, until) => drop(told.gates.insert(stack, (cause, *until))),
                    Step::Opened(_) | Step::Gone | Step::Ended(_) => drop(told.gates.remove(stack)),
                    _ => {}
                }
                told.steps.push((at, stack, step));
            }
        }
    }
    all
}

impl<'a> Told<'a> {
    fn new(opened: &'a Opened, at: Timestamp) -> Self {
        let (steps, gates, used) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { opened, at, steps, gates, used, taken_over: None, ended: None }
    }
}

/// What a record says about one stack; none for other records.
fn step(entry: &Entry) -> Option<(&StackName, Step<'_>)> {
    Some(match entry {
        Entry::Intent { stack, call, .. } => (stack, Step::Asked(*call)),
        Entry::Reply { stack, call, reply, .. } => (stack, Step::Answered(*call, reply)),
        Entry::Evidence { stack, item, .. } => (stack, Step::Seen(item)),
        Entry::StackEnded { stack, outcome, .. } => (stack, Step::Ended(outcome)),
        Entry::Stopped { stack, cause, until, .. } => (stack, Step::Stopped(cause, *until)),
        Entry::GateGone { stack, .. } => (stack, Step::Gone),
        Entry::Waits { stack, cause, .. } => (stack, Step::Waits(cause.as_ref())),
        Entry::GateOpened { stack, gate, .. } => (stack, Step::Opened(gate.as_str())),
        _ => return None,
    })
}

/// How long a line of the list may be: what does not fit is in the deployment's own page.
const LINE: usize = 140;
/// What stands in the column of slots in lines about the store itself; no slot has such a name, which has a `/`.
const STORE: &str = "store";
/// The same in lines about what others changed.
const DRIFT: &str = "drift";
/// How much of a cause is shown in the list, even where the columns before it are wide.
const CAUSE: usize = 24;

/// One line per deployment, the newest first: number, slot, release, when it began, how long it took, how it ended. With them
/// skipped orders, drift, and what happened to the store. A sentence that is longer than the line is cut, but for those of the store
/// and of drift: they stand nowhere else.
pub fn list(records: &[Record], now: Timestamp, style: Style) -> String {
    let mut rows = Vec::new();
    for (id, told) in told(records).iter().rev() {
        let until = told.ended.map_or(now, |(at, _)| at);
        let columns = [
            id.to_string(),
            told.opened.slot.to_string(),
            told.opened.release.to_string(),
            time::point(told.at),
            time::took(until.duration_since(told.at)),
        ];
        rows.push((told.at, columns, outcome(told)));
    }
    for (at, skipped) in skips(records) {
        let none = || "–".to_owned();
        let (slot, release) = (skipped.slot.to_string(), skipped.release.to_string());
        let word = format!("skipped: {}", skipped.why);
        rows.push((at, [none(), slot, release, time::point(at), none()], (Tone::Held, word)));
    }
    for (at, sentence) in of_stores(records) {
        let none = || "–".to_owned();
        rows.push((at, [none(), STORE.to_owned(), none(), time::point(at), none()], (Tone::Faint, sentence)));
    }
    for (at, seen) in drifts(records) {
        let none = || "–".to_owned();
        rows.push((at, [none(), DRIFT.to_owned(), none(), time::point(at), none()], (Tone::Held, seen.sentence())));
    }
    rows.sort_by_key(|(at, ..)| std::cmp::Reverse(*at));
    let before: usize = (0..5)
        .map(|column| rows.iter().map(|(_, columns, _)| columns[column].chars().count() + 2).max().unwrap_or(0))
        .sum();
    let room = LINE.saturating_sub(before).max(CAUSE);
    let mut table = Table::default();
    for (_, columns, (tone, word)) in rows {
        let word = if columns[1] == STORE || columns[1] == DRIFT { word } else { cut(&word, room) };
        let last = Cell { drawn: style.paint(tone, &word), plain: word };
        table.push(columns.into_iter().map(Cell::plain).chain([last]).collect());
    }
    let drawn = table.draw();
    if drawn.is_empty() { "nothing was deployed yet\n".to_owned() } else { drawn }
}

/// An order whose turn it was and that was not deployed.
struct Skipped<'a> {
    slot: &'a Slot,
    release: &'a ReleaseName,
    commit: &'a CommitId,
    why: &'a str,
}

/// The skipped orders of these records.
fn skips(records: &[Record]) -> impl Iterator<Item = (Timestamp, Skipped<'_>)> {
    records.iter().filter_map(|record| match &record.entry {
        Entry::Skipped { slot, release, commit, why } => Some((record.at, Skipped { slot, release, commit, why })),
        _ => None,
    })
}

/// What happened to the store itself and between stores: incarnations, what was learned, what was asked and answered.
fn of_stores(records: &[Record]) -> impl Iterator<Item = (Timestamp, String)> {
    records.iter().filter_map(|record| Some((record.at, record.entry.about_stores()?)))
}

/// What was seen of drift.
fn drifts(records: &[Record]) -> impl Iterator<Item = (Timestamp, &DriftSeen)> {
    records.iter().filter_map(|record| match &record.entry {
        Entry::Drift(seen) => Some((record.at, seen)),
        _ => None,
    })
}

/// A text of at most so many characters, with a sign if something is left out.
fn cut(text: &str, room: usize) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let kept: String = text.chars().take(room.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

/// One deployment with its evidence; none if the records do not have it.
pub fn deployment(records: &[Record], id: DeploymentId, now: Timestamp, style: Style) -> Option<String> {
    let all = told(records);
    let told = all.get(&id)?;
    let mut out = String::new();
    let line = |out: &mut String, label: &str, text: &str| {
        out.push_str(&style.paint(Tone::Faint, &format!("{label:<11}")));
        out.push_str(text);
        out.push('\n');
    };
    out.push_str(&style.paint(Tone::Name, &headline(told, now)));
    out.push('\n');
    for (place, text) in why(told).iter().enumerate() {
        line(&mut out, if place == 0 { "why" } else { "" }, text);
    }
    line(&mut out, "ordered", &ordered(told));
    // Where only one stack is concerned, it is named above and not on every line.
    let several = told.opened.orders.len() > 1;
    for (place, (at, stack, step)) in told.steps.iter().enumerate() {
        let label = if place == 0 { "journal" } else { "" };
        let stack = if several { format!("{stack}  ") } else { String::new() };
        let Some(words) = words(step) else { continue };
        let text = format!("+{:<11} {stack}{words}", time::took(at.duration_since(told.at)));
        line(&mut out, label, &text);
    }
    if let Some(next) = next(told, &all) {
        line(&mut out, "next", &next);
    }
    Some(out)
}

fn headline(told: &Told<'_>, now: Timestamp) -> String {
    let Opened { slot, release, deployment, .. } = told.opened;
    let place = match &slot.tenant {
        Some(tenant) => format!("{} for {tenant}", slot.environment),
        None => slot.environment.to_string(),
    };
    let took = time::took(told.ended.map_or(now, |(at, _)| at).duration_since(told.at));
    let what = match told.ended.map(|(_, outcome)| outcome) {
        None if !told.gates.is_empty() => format!("{release} waits on its way to {place}"),
        None => format!("{release} is on its way to {place}"),
        Some(Outcome::Removed) if told.opened.removal => format!("{release} was removed from {place}"),
        Some(Outcome::Removed) => format!("{release}: stacks that it no longer has were removed from {place}"),
        Some(Outcome::Failed(_)) => format!("{release} did not reach {place}"),
        Some(Outcome::Superseded { .. }) => format!("{release} gave way on its way to {place}"),
        Some(_) => format!("{release} reached {place}"),
    };
    format!("{} {what} (deployment {deployment}, {took})", slot.project)
}

fn why(told: &Told<'_>) -> Vec<String> {
    match told.ended.map(|(_, outcome)| outcome) {
        None => told.gates.values().map(|(cause, until)| stopped(cause, *until)).collect(),
        Some(Outcome::Failed(cause)) => {
            let mut lines = vec![cause.sentence.clone()];
            let left = cause.stack.as_ref().and_then(|stack| left(told, stack));
            lines.extend(cause.stack.iter().map(|stack| format!("in stack {stack}{}", left.unwrap_or_default())));
            lines
        }
        Some(Outcome::Superseded { by }) => {
            let wants = match by {
                Some(by) => format!("a newer commit wants {by}"),
                None => "a newer commit wants nothing here".to_owned(),
            };
            let why = told.taken_over.map(|(_, cause)| format!("it did not get time to finish: {}", cause.sentence));
            std::iter::once(wants).chain(why).collect()
        }
        Some(Outcome::Proved) => proofs(told),
        Some(Outcome::StackStatusOnly) => {
            let not_run = told.steps.iter().find_map(|(.., step)| match step {
                Step::Seen(Evidence::TaskNotRun { why }) => Some(format!("the task is not run: {why}")),
                _ => None,
            });
            let service = told.opened.orders.iter().any(|order| match &order.action {
                Action::Put(content) => content.template.contains("\"AWS::ECS::Service\""),
                Action::Delete { .. } => false,
            });
            let why = not_run.unwrap_or_else(|| match service {
                true => "ECS shows no service deployment that could prove it".to_owned(),
                false => "the stacks have no service".to_owned(),
            });
            vec![format!("proved by stack status only: {why}")]
        }
        Some(Outcome::Unchanged) => vec!["its stacks were already as wanted".to_owned()],
        Some(Outcome::Removed) => Vec::new(),
    }
}

/// What a success was proved by.
fn proofs(told: &Told<'_>) -> Vec<String> {
    let seen = |which: fn(&Evidence) -> bool| {
        told.steps.iter().any(|(.., step)| matches!(step, Step::Seen(item) if which(item)))
    };
    let task = seen(|item| matches!(item, Evidence::TaskEnded { .. }));
    let service = !task || seen(|item| matches!(item, Evidence::ServiceDeployment { .. }));
    let service = service.then(|| "ECS runs the images of the release".to_owned());
    task.then(|| "the task ended with exit code 0".to_owned()).into_iter().chain(service).collect()
}

/// What became of a stack whose operation failed.
fn left(told: &Told<'_>, stack: &StackName) -> Option<&'static str> {
    let status = told.steps.iter().rev().find_map(|(_, of, step)| match step {
        Step::Seen(Evidence::StackLeft { status }) if *of == stack => Some(*status),
        _ => None,
    })?;
    match status {
        StackStatus::UpdateRollbackComplete => Some(", which AWS rolled back"),
        StackStatus::RollbackComplete => Some(", whose creation AWS rolled back"),
        StackStatus::DeleteComplete => Some(", which is gone"),
        _ => None,
    }
}

fn ordered(told: &Told<'_>) -> String {
    let opened = told.opened;
    let deletes = opened.orders.iter().filter(|order| matches!(order.action, Action::Delete { .. })).count();
    let puts = opened.orders.len() - deletes;
    let count = match (puts, deletes, opened.orders.first()) {
        (0, 0, _) => "no stack operation".to_owned(),
        (1, 0, Some(order)) => format!("{} to create or change", order.stack),
        (0, 1, Some(order)) => format!("{} to delete", order.stack),
        (puts, 0, _) => format!("{puts} stacks to create or change"),
        (0, deletes, _) => format!("{deletes} stacks to delete"),
        (puts, deletes, _) => format!("{puts} stacks to create or change, {deletes} to delete"),
    };
    let allowed = if told.used.is_empty() { "" } else { ", through a gate that an allowance opened" };
    format!(
        "by {} as plan {}, attempt {}, {}: {count}{allowed}",
        opened.commit.short(),
        opened.plan,
        opened.attempt,
        time::point(told.at)
    )
}

fn next(told: &Told<'_>, all: &BTreeMap<DeploymentId, Told<'_>>) -> Option<String> {
    let cause = match told.ended {
        Some((_, Outcome::Failed(cause))) => cause,
        None => told.gates.values().next()?.0,
        Some(_) => return None,
    };
    let Opened { slot, content, given, plan, .. } = told.opened;
    // What an allowance names: the gate as it is now, or the attempt after the last one that failed or used an allowance.
    let last = all.iter().rev().find(|(_, one)| {
        let same = one.opened.slot == *slot && one.opened.content == *content;
        let failed = matches!(one.ended, Some((_, Outcome::Failed(_))));
        same && (failed || one.ended.is_some() && !one.used.is_empty())
    });
    let plan = match told.ended {
        None => gate_id(plan, told.opened.allowed.len() + decided(told, cause.stack.as_ref())),
        Some(_) => plan_id(slot, *content, *given, last.map(|(id, _)| *id)),
    };
    Some(match cause.gate {
        Some(gate) => {
            let other =
                cause.gates().nth(1).map(|other| format!("; --what {0} that of what = \"{0}\"", other.as_str()));
            let what = gate.as_str();
            format!(
                "`landfall allow {plan} --reason \"…\"` writes the [[allow]] of what = \"{what}\"{}",
                other.unwrap_or_default()
            )
        }
        None if ran_once(told, cause.stack.as_ref()) => format!(
            "land a fixed release, or, once it is clear what the task has done, let it run again: landfall allow {plan} \
             --reason \"…\""
        ),
        None if cause.is_lasting() => format!(
            "AWS answers the same to this content each time: land a fixed release, or, once something outside has changed, \
             landfall allow {plan} --reason \"…\""
        ),
        None if cause.is_decided() => {
            format!("land another release, or let this one be tried again: landfall allow {plan} --reason \"…\"")
        }
        None => format!(
            "land a fixed release; if the cause was outside and all attempts are used: landfall allow {plan} --reason \"…\""
        ),
    })
}

/// How many gates of a stack were decided.
fn decided(told: &Told<'_>, stack: Option<&StackName>) -> usize {
    let of = told.steps.iter().filter(|(_, of, _)| Some(*of) == stack);
    of.filter(|(.., step)| matches!(step, Step::Opened(_) | Step::Gone)).count()
}

/// Whether the stack's task ran and is not to be repeated by itself.
fn ran_once(told: &Told<'_>, stack: Option<&StackName>) -> bool {
    let order = told.opened.orders.iter().find(|order| Some(&order.stack) == stack);
    let once = order.is_some_and(|order| match &order.action {
        Action::Put(content) => content.task.as_ref().is_some_and(|task| !task.repeatable),
        Action::Delete { .. } => false,
    });
    let of = |of: &StackName| Some(of) == stack;
    once && told.steps.iter().any(|(_, on, step)| of(on) && matches!(step, Step::Seen(Evidence::TaskEnded { .. })))
}

fn outcome(told: &Told<'_>) -> (Tone, String) {
    let Some((_, outcome)) = told.ended else {
        return match told.gates.values().next() {
            Some((cause, until)) => (Tone::Held, format!("waits: {}", stopped(cause, *until))),
            None => (Tone::Moves, "on its way".to_owned()),
        };
    };
    match outcome {
        Outcome::Removed if !told.opened.removal => (tone(outcome), "pruned".to_owned()),
        Outcome::Superseded { .. } => {
            let why = told.taken_over.map(|(_, cause)| format!(": {}", cause.sentence)).unwrap_or_default();
            (tone(outcome), format!("{}{why}", in_words(outcome)))
        }
        outcome => (tone(outcome), in_words(outcome)),
    }
}

fn tone(outcome: &Outcome) -> Tone {
    match outcome {
        Outcome::Failed(_) => Tone::Bad,
        Outcome::Superseded { .. } => Tone::Faint,
        _ => Tone::Good,
    }
}

fn in_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Proved => "proved".to_owned(),
        Outcome::StackStatusOnly => "done, by stack status only".to_owned(),
        Outcome::Unchanged => "was current".to_owned(),
        Outcome::Removed => "removed".to_owned(),
        Outcome::Failed(cause) => format!("failed: {}", cause.sentence),
        Outcome::Superseded { by: Some(by) } => format!("gave way to {by}"),
        Outcome::Superseded { by: None } => "gave way".to_owned(),
    }
}

/// Why it waits at a gate, and until when at most.
fn stopped(cause: &Cause, until: Option<Timestamp>) -> String {
    let until = until.map(|until| format!(" (until {})", time::point(until)));
    format!("{}{}", cause.sentence, until.unwrap_or_default())
}

/// The deployment that a record is about.
fn about(entry: &Entry) -> Option<DeploymentId> {
    match entry {
        Entry::Landed { .. }
        | Entry::Snapshot { .. }
        | Entry::Ordered { .. }
        | Entry::Skipped { .. }
        | Entry::Incarnation { .. }
        | Entry::Learned(_)
        | Entry::Asks { .. }
        | Entry::Agreed(_)
        | Entry::Drift(_)
        | Entry::Adopted { .. } => None,
        Entry::Opened(opened) => Some(opened.deployment),
        Entry::Used(allowed) => Some(allowed.deployment),
        Entry::Intent { deployment, .. }
        | Entry::Reply { deployment, .. }
        | Entry::Evidence { deployment, .. }
        | Entry::StackEnded { deployment, .. }
        | Entry::Stopped { deployment, .. }
        | Entry::GateGone { deployment, .. }
        | Entry::Waits { deployment, .. }
        | Entry::GateOpened { deployment, .. }
        | Entry::TakenOver { deployment, .. }
        | Entry::Ended { deployment, .. } => Some(*deployment),
    }
}
