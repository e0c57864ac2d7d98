//! `[[allow]]`: which allowance of a deploy file opens a gate now.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::model::catalog::{Allowance, Gate};
use crate::model::{Slot, StackName, TenantName};
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

/// The allowances of one deploy file, as one slot sees them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys<'f, 'i> {
    pub(super) allow: &'f [Allowance],
    pub(super) index: &'i Index<'i>,
    pub(super) slot: &'i Slot,
    pub(super) tenant: Option<&'i TenantName>,
    pub(super) now: Timestamp,
}

impl<'f, 'i> Keys<'f, 'i> {
    /// The allowances that fit, are not used up and have not ended.
    pub(super) fn fitting(self, key: Key<'i>) -> impl Iterator<Item = &'f Allowance> + use<'f, 'i> {
        self.allow.iter().filter(move |allowance| {
            let same_stack = match (&allowance.stack, key.stack) {
                (Some(named), Some(stack)) => named == stack,
                // To take over somebody's stack, that very stack has to be named.
                (None, Some(_)) => key.gate != Gate::Adopt,
                _ => true,
            };
            allowance.what == key.gate
                && same_stack
                && allowance.tenant.as_ref().is_none_or(|tenant| Some(tenant) == self.tenant)
                && allowance.plan.as_deref().is_none_or(|plan| plan == key.plan)
                && !ended(allowance, self.now)
                && !self.index.used(self.slot, allowance.id())
        })
    }
}

/// Whether the last day of the allowance is over.
pub(super) fn ended(allowance: &Allowance, now: Timestamp) -> bool {
    let today = now.to_zoned(TimeZone::UTC).date();
    allowance.until.is_some_and(|until| today > until)
}
