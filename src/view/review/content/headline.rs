//! The first sentence: the danger if there is one, then what moves, then counts.

use std::collections::BTreeMap;

use crate::compare::Action;
use crate::plan::review::{Fate, How, Review, SlotReview, StackReview};

use super::super::blocks::{Line, Span, strong, text};

/// So many clauses are said; more are counted.
const CLAUSES: usize = 2;

/// So many projects are named in a clause; more are counted.
const NAMED: usize = 3;

/// One sentence that says what merging the change does.
pub fn headline(review: &Review) -> Line {
    if review.stacks.is_empty() {
        return without_stacks(review);
    }
    let mut line = vec![text("Merging this ")];
    let dangers = dangers(review);
    if !dangers.is_empty() {
        line.push(strong(list(&dangers)));
        line.push(text(", and "));
    }
    line.push(text(moves(review)));
    line.push(text(format!(": {}.", counts(&review.stacks))));
    line
}

fn without_stacks(review: &Review) -> Line {
    let held = review.slots.iter().filter(|slot| matches!(slot.how, How::Held(_))).count();
    let errors = review.broken.len();
    let mut line: Vec<Span> = Vec::new();
    if errors > 0 {
        let problems = if errors == 1 { "1 problem".to_owned() } else { format!("{errors} problems") };
        line.push(strong(format!("{problems} in this change: ")));
        line.push(text(match held {
            0 => "No stack changes.".to_owned(),
            1 => "1 slot stays as deployed until it is fixed. No stack changes.".to_owned(),
            held => format!("{held} slots stay as deployed until it is fixed. No stack changes."),
        }));
        return line;
    }
    if !review.left.is_empty() {
        line.push(strong(format!("{} left behind. ", stacks(review.left.len()))));
    }
    let unknown = review.slots.iter().filter(|slot| matches!(slot.how, How::Unknown(_))).count();
    if unknown > 0 {
        let slots = if unknown == 1 { "1 slot".to_owned() } else { format!("{unknown} slots") };
        line.push(strong(format!("What changes in {slots} is not known")));
        line.push(text(", because the base has problems there. No other stack changes."));
        return line;
    }
    if held > 0 {
        let slots = if held == 1 { "1 slot is held".to_owned() } else { format!("{held} slots are held") };
        line.push(text(format!("No stack changes yet: {slots}.")));
        return line;
    }
    line.push(text("No stack changes."));
    line
}

/// What is lost or interrupted.
fn dangers(review: &Review) -> Vec<String> {
    let mut dangers = Vec::new();
    let gates = review.stacks.iter().map(|stack| stack.stops.len()).sum::<usize>();
    match gates {
        0 => {}
        1 => dangers.push("stops at a gate".to_owned()),
        more => dangers.push(format!("stops at {more} gates")),
    }
    let failing = review.stacks.iter().filter(|stack| stack.fate == Fate::Fail);
    let (later, at_once): (Vec<_>, Vec<_>) = failing.partition(|stack| stack.would_fail());
    dangers.extend((!at_once.is_empty()).then(|| format!("fails in {}", stacks(at_once.len()))));
    dangers.extend((!later.is_empty()).then(|| format!("would then fail in {}", stacks(later.len()))));
    let deleted: Vec<&StackReview> = review.stacks.iter().filter(|stack| stack.fate == Fate::Delete).collect();
    if !deleted.is_empty() {
        let kinds = kinds(deleted.iter().copied(), true);
        let among = if kinds.is_empty() { String::new() } else { format!(" with {}", list(&kinds)) };
        dangers.push(format!("deletes {}{among}", stacks(deleted.len())));
    }
    let others = || review.stacks.iter().filter(|stack| !matches!(stack.fate, Fate::Delete | Fate::Fail));
    let counted = |verb: &str, is: fn(&Action) -> bool| {
        let mut found: BTreeMap<String, usize> = BTreeMap::new();
        for change in others().flat_map(|stack| &stack.effects.resources).filter(|change| is(&change.action)) {
            *found.entry(change.name.clone()).or_default() += 1;
        }
        let words: Vec<String> = found.iter().map(|(kind, count)| counted_kind(kind, *count)).collect();
        (!words.is_empty()).then(|| format!("{verb} {}", list(&words)))
    };
    dangers.extend(counted("replaces", |action| *action == Action::Replace));
    dangers.extend(counted("removes", |action| *action == Action::Remove));
    let moved = review.stacks.iter().filter(|stack| stack.moved_from.is_some()).count();
    dangers.extend((moved > 0).then(|| format!("creates {} anew in another place", stacks(moved))));
    let left = review.left.len();
    dangers.extend((left > 0).then(|| format!("leaves {} behind", stacks(left))));
    dangers
}

/// The types of what stacks hold and what keeps data.
fn kinds<'r>(stacks: impl Iterator<Item = &'r StackReview>, data: bool) -> Vec<String> {
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for change in stacks.flat_map(|stack| &stack.effects.resources) {
        if change.action == Action::Remove && (!data || change.keeps_data) {
            *found.entry(change.name.clone()).or_default() += 1;
        }
    }
    found.iter().map(|(kind, count)| counted_kind(kind, *count)).collect()
}

/// A number of resources of a type: "2 RDS DBInstances".
fn counted_kind(kind: &str, count: usize) -> String {
    match (count, kind.strip_suffix('y')) {
        (1, _) => format!("1 {kind}"),
        (_, Some(stem)) if !kind.ends_with("ey") => format!("{count} {stem}ies"),
        _ if kind.ends_with('s') => format!("{count} {kind}es"),
        _ => format!("{count} {kind}s"),
    }
}

/// What the slots do, in clauses.
fn moves(review: &Review) -> String {
    let mut clauses: Vec<(Clause, Vec<String>)> = Vec::new();
    for slot in review.slots.iter().filter(|slot| moving(slot)) {
        let (clause, environment) = (Clause::of(slot), slot.environment.to_string());
        match clauses.iter_mut().find(|(known, _)| *known == clause) {
            Some((_, places)) if places.contains(&environment) => {}
            Some((_, places)) => places.push(environment),
            None => clauses.push((clause, vec![environment])),
        }
    }
    // What several projects do in the same environments is one clause.
    let mut together: Vec<(&'static str, &'static str, Vec<String>, Vec<String>)> = Vec::new();
    for (clause, places) in clauses {
        match together.iter_mut().find(|(verb, _, _, known)| *verb == clause.verb && *known == places) {
            Some((_, _, whats, _)) => whats.push(clause.what),
            None => together.push((clause.verb, clause.preposition, vec![clause.what], places)),
        }
    }
    let said = together.iter().take(CLAUSES).map(|(verb, preposition, whats, places)| {
        let whats = match whats.len().checked_sub(NAMED) {
            Some(more @ 1..) => {
                format!("{} and {more} more", whats.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", "))
            }
            _ => list(whats),
        };
        format!("{verb} {whats} {preposition} {}", list(places))
    });
    let said: Vec<String> = said.collect();
    match together.len().saturating_sub(CLAUSES) {
        0 => list(&said),
        more => format!("{}, and {more} more", said.join(", ")),
    }
}

/// What a slot does.
#[derive(PartialEq)]
struct Clause {
    verb: &'static str,
    what: String,
    preposition: &'static str,
}

impl Clause {
    fn of(slot: &SlotReview) -> Self {
        let project = &slot.project;
        let (verb, what, preposition) = match (&slot.from, &slot.to) {
            (None, None) if matches!(slot.how, How::Fails(_)) => ("tries to deploy", project.to_string(), "to"),
            (_, None) => ("removes", project.to_string(), "from"),
            (Some(from), Some(to)) if from == to => ("redeploys", format!("{project} {to}"), "in"),
            (Some(_), Some(to)) if slot.rollback => ("rolls back", format!("{project} to {to}"), "in"),
            (_, Some(to)) => ("deploys", format!("{project} {to}"), "to"),
        };
        Self { verb, what, preposition }
    }
}

fn moving(slot: &SlotReview) -> bool {
    matches!(slot.how, How::OnMerge | How::After(_) | How::Stops(_) | How::Fails(_))
}

pub(super) fn counts(stacks: &[StackReview]) -> String {
    let count = |fate: Fate| stacks.iter().filter(|stack| stack.fate == fate).count();
    let later = stacks.iter().filter(|stack| stack.would_fail()).count();
    let mut parts = Vec::new();
    for (count, one, many) in [
        (count(Fate::Update), "stack changes", "stacks change"),
        (count(Fate::Create), "stack is created", "stacks are created"),
        (count(Fate::Run), "task runs again", "tasks run again"),
        (count(Fate::Delete), "stack is deleted", "stacks are deleted"),
        (count(Fate::Fail) - later, "stack fails", "stacks fail"),
        (later, "stack would fail", "stacks would fail"),
    ] {
        match count {
            0 => {}
            1 => parts.push(format!("1 {one}")),
            count => parts.push(format!("{count} {many}")),
        }
    }
    let kept = |stack: &&StackReview| !matches!(stack.fate, Fate::Delete | Fate::Fail);
    let changes = || stacks.iter().filter(kept).flat_map(|stack| &stack.effects.resources);
    let replaced = changes().any(|change| change.action == Action::Replace);
    let removed = changes().any(|change| change.action == Action::Remove) || count(Fate::Delete) > 0;
    if parts.is_empty() {
        return "no stack changes".to_owned();
    }
    match (replaced, removed) {
        (false, false) => parts.push("nothing is replaced or removed".to_owned()),
        (false, true) => parts.push("nothing is replaced".to_owned()),
        (true, false) => parts.push("nothing is removed".to_owned()),
        (true, true) => {}
    }
    parts.join(", ")
}

fn stacks(count: usize) -> String {
    if count == 1 { "1 stack".to_owned() } else { format!("{count} stacks") }
}

/// Words in a row.
pub(in crate::view) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}
