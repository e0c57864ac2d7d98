//! The gates at which an operation stops in a rehearsal, by the table that the engine asks too ([`gates`](super::super::gates)).
//!
//! Deliberately absent: stacks that are deleted as a whole. The planner holds those that would lose data before they begin.

use super::super::gates::{Row, Verdict};
use super::types::Stop;
use crate::compare::ResourceChange;
use crate::model::journal::{Action, Order};

/// What stops an operation that does this to its stack's resources.
pub(super) fn stops(order: &Order, changes: &[ResourceChange]) -> Vec<Stop> {
    if matches!(order.action, Action::Delete { .. }) {
        return Vec::new();
    }
    let rows = changes.iter().filter_map(Row::predicted);
    rows.filter_map(|row| match row.judge() {
        Verdict::Stops(stop) => Some(Stop {
            stack: order.stack.clone(),
            gate: stop.gate,
            resource: Some(row.resource.into()),
            code: stop.code.into(),
            sentence: stop.sentence,
            key: None,
        }),
        _ => None,
    })
    .collect()
}
