//! Stacks to which the same happens, together.

use std::collections::BTreeMap;

use crate::plan::review::{Shown, StackReview};
use crate::view::alike::without_word;

/// Stacks of one step to which the same happens.
#[derive(Debug)]
pub(super) struct Group<'r> {
    /// In their order; at least one.
    pub(super) stacks: Vec<&'r StackReview>,
    /// The difference of the first one.
    pub(super) difference: String,
}

impl<'r> Group<'r> {
    /// The stack that stands for all.
    pub(super) fn first(&self) -> Option<&'r StackReview> {
        self.stacks.first().copied()
    }
}

/// Stacks in groups, in the order of the first of each. Two stacks are alike if, with their own names taken
/// out, everything about them reads the same.
pub(super) fn groups(stacks: &[StackReview]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for stack in stacks {
        let difference = stack.difference();
        let likeness = likeness(stack, &difference);
        match known.get(&likeness).and_then(|at| groups.get_mut(*at)) {
            Some(group) => group.stacks.push(stack),
            None => {
                known.insert(likeness, groups.len());
                groups.push(Group { stacks: vec![stack], difference });
            }
        }
    }
    groups
}

/// Everything that is said of a stack, with what is its own taken out.
fn likeness(stack: &StackReview, difference: &str) -> String {
    let resources: Vec<_> = stack
        .effects
        .resources
        .iter()
        .map(|change| (&change.id, &change.kind, change.action, change.certain))
        .collect();
    let release = |shown: &Option<Shown>| shown.as_ref().map(|shown| shown.release.to_string());
    let stops: Vec<_> = stack.stops.iter().map(|stop| (stop.gate, &stop.resources, &stop.code)).collect();
    let lines = difference.lines().skip(2).filter(|line| line.starts_with(['+', '-']));
    let mut text: String = lines.flat_map(|line| [line, "\n"]).collect();
    let own = [
        Some(stack.stack.as_str()),
        stack.tenant.as_ref().map(|name| name.as_str()),
        stack.cluster.as_deref(),
        stack.target.as_ref().map(|name| name.as_str()),
        Some(stack.environment.as_str()),
    ];
    for word in own.into_iter().flatten() {
        text = without_word(&text, word);
    }
    let (before, after) = (release(&stack.before), release(&stack.after));
    format!(
        "{:?}",
        (&stack.project, &stack.step, stack.fate, stack.moved_from.is_some(), before, after, resources, stops, text)
    )
}
