//! What goes on in stacks that are being changed, in a sentence.

use jiff::Timestamp;

use crate::compare::visible;
use crate::model::moving::{Moving, MovingResource};

use super::time;

/// So many resources are named.
const NAMED: usize = 2;

/// What goes on in the stacks of a deployment; none if nothing is known.
pub(super) fn sentence(moving: &[&Moving], now: Timestamp) -> Option<String> {
    let first = moving.first()?;
    let resource = |one: &MovingResource| {
        format!("{} {} for {}", visible(&one.resource), one.status, time::took(now.duration_since(one.since)))
    };
    let mut words: Vec<String> = first.resources.iter().take(NAMED).map(resource).collect();
    match first.resources.len() {
        0 => words.push(format!("{} for {}", first.status.as_str(), time::took(now.duration_since(first.since)))),
        count if count > NAMED => words.push(format!("{} more resources", count - NAMED)),
        _ => {}
    }
    if first.done > 0 {
        words.push(format!("{} done", first.done));
    }
    let others = match moving.len() {
        1 => String::new(),
        2 => "; 1 more stack".to_owned(),
        count => format!("; {} more stacks", count - 1),
    };
    Some(format!("{}, {}{others}", first.stack, words.join(", ")))
}
