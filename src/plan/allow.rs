//! `[[allow]]`: which allowance of a deploy file opens a gate now.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::catalog::{Allowance, Gate};
use crate::model::journal::DeploymentId;
use crate::model::{ReleaseName, Slot, StackName, TenantName};
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
                // To take over a stack, the lines must name that very stack.
                (None, Some(_)) => key.gate != Gate::Adopt,
                _ => true,
            };
            allowance.what == key.gate
                && allowance.release.is_none()
                && same_stack
                && allowance.tenant.as_ref().is_none_or(|tenant| Some(tenant) == self.tenant)
                && allowance.plan.as_deref().is_none_or(|plan| plan == key.plan)
                && !allowance.is_over(self.now)
                && !self.index.used(self.slot, allowance.id())
        })
    }

    /// The allowances that name the release and some of the resources whose change was predicted. They count once in a slot:
    /// for every gate of one deployment.
    pub(super) fn foreseen(self, stopped: Stopped<'i>) -> impl Iterator<Item = &'f Allowance> + use<'f, 'i> {
        let mine = move |used: DeploymentId| used == stopped.deployment;
        self.allow.iter().filter(move |allowance| {
            allowance.release.as_ref() == Some(stopped.release)
                && allowance.what == stopped.gate
                && allowance.resources.iter().any(|resource| stopped.foreseen.contains(resource))
                && allowance.stack.as_ref().is_none_or(|stack| stack == stopped.stack)
                && allowance.tenant.as_ref().is_none_or(|tenant| Some(tenant) == self.tenant)
                && !allowance.is_over(self.now)
                && self.index.used_by(self.slot, allowance.id()).is_none_or(mine)
        })
    }
}

/// A gate in a deployment, at what was predicted of resources.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stopped<'a> {
    pub(super) gate: Gate,
    pub(super) stack: &'a StackName,
    pub(super) deployment: DeploymentId,
    pub(super) release: &'a ReleaseName,
    pub(super) foreseen: &'a [Arc<str>],
}
