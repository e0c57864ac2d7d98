//! `[[allow]]`: which allowance of a deploy file opens a gate now.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::catalog::{Allowance, Gate};
use crate::model::{Slot, StackName};
use crate::promote::Index;

/// A gate that asks for its key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key<'a> {
    pub(super) gate: Gate,
    /// The plan that the gate printed.
    pub(super) plan: &'a str,
    /// The stack, where the gate is one stack's.
    pub(super) stack: Option<&'a StackName>,
}

/// The allowances that fit, are not used up and have not ended.
pub(super) fn fitting<'f>(
    allow: &'f [Allowance],
    index: &Index<'_>,
    slot: &Slot,
    now: Timestamp,
    key: Key<'_>,
) -> impl Iterator<Item = &'f Allowance> {
    let today = now.to_zoned(TimeZone::UTC).date();
    allow.iter().filter(move |allowance| {
        let same_stack = match (&allowance.stack, key.stack) {
            (Some(named), Some(stack)) => named == stack,
            _ => true,
        };
        allowance.what == key.gate
            && same_stack
            && allowance.plan.as_deref().is_none_or(|plan| plan == key.plan)
            && allowance.until.is_none_or(|until| today <= until)
            && !index.used(slot, allowance.id())
    })
}
