//! A slot in which a deployment is going on: it goes on, a newer order takes its place, or an allowance opens its gate.

use crate::model::catalog::{Allowance, Gate, Queue};
use crate::model::decision::Cause;
use crate::model::facts::{InFlight, Waits};
use crate::model::{Decision, Hold, ReleaseName, StackName};
use crate::promote::{Desired, deploy_file};
use std::collections::BTreeSet;
use std::sync::Arc;

use super::Planner;
use super::allow::{Key, Stopped};
use super::draft::Draft;
use super::types::Opening;
use super::wanted::{gate_id, plan_id};

impl<'a> Planner<'a> {
    /// The deployment is left to itself, unless it waits at a gate. `besides` are other reasons why nothing else happens.
    pub(super) fn goes_on(&self, desired: &Desired<'a>, going_on: &InFlight, besides: Vec<Hold>) -> Draft<'a> {
        let deploying = Decision::Deploying {
            release: going_on.release.clone(),
            deployment: going_on.deployment,
            since: going_on.since,
        };
        let open = self.openings(desired, going_on);
        let plans = Some(Self::gates_of(going_on));
        let waits: Vec<Hold> = waits(going_on).collect();
        let gates = if open.is_empty() { self.stopped(desired, going_on) } else { Vec::new() };
        match gates.is_empty() && waits.is_empty() {
            false => {
                let reasons = gates.into_iter().chain(waits).chain(besides).collect();
                Draft { open, plans, ..Draft::held(desired, Some(going_on.release.clone()), reasons) }
            }
            true => Draft { open, plans, ..Draft::of(desired, deploying) },
        }
    }

    /// Something else is wanted now: the deployment is ended safely first, or awaited, as the environment says.
    pub(super) fn newer_order(
        &self,
        desired: &Desired<'a>,
        going_on: &InFlight,
        wanted: Option<ReleaseName>,
    ) -> Draft<'a> {
        let plans = Some(Self::gates_of(going_on));
        match desired.environment.queue {
            Queue::Latest => {
                let supersede = self.supersede(desired, going_on, wanted.clone());
                let queued = self.queued(desired, going_on, Some(&supersede));
                let reasons = std::iter::once(queued).chain(waits(going_on)).collect();
                Draft { supersede: Some(supersede), plans, ..Draft::held(desired, wanted, reasons) }
            }
            Queue::All => {
                let queued = self.queued(desired, going_on, None);
                let open = self.openings(desired, going_on);
                let gates = if open.is_empty() { self.stopped(desired, going_on) } else { Vec::new() };
                let reasons = gates.into_iter().chain([queued]).chain(waits(going_on)).collect();
                Draft { open, plans, ..Draft::held(desired, wanted, reasons) }
            }
        }
    }

    /// The plan by which the gate at which a stack of a deployment waits is named. What is decided for another stack does not
    /// change it.
    fn gate_of(going_on: &InFlight, stack: Option<&StackName>) -> Arc<str> {
        let plan = match &going_on.plan {
            Some(plan) => plan.clone(),
            None => plan_id(&going_on.slot, going_on.content, None, None),
        };
        let decided = stack.and_then(|stack| going_on.decided.get(stack)).copied().unwrap_or(0);
        gate_id(&plan, going_on.allowed + decided)
    }

    /// The plans by which allowances may be asked for now, or may have been a moment ago.
    fn gates_of(going_on: &InFlight) -> BTreeSet<Arc<str>> {
        let waits = going_on.waits_at();
        let stacks = waits.iter().map(|waits| waits.cause.stack.as_ref()).chain([None]);
        stacks.map(|stack| Self::gate_of(going_on, stack)).collect()
    }

    /// The gates at which the deployment waits.
    fn stopped(&self, desired: &Desired<'a>, going_on: &InFlight) -> Vec<Hold> {
        let hold = |waits: Waits| Hold {
            cause: Cause::Stopped {
                deployment: going_on.deployment,
                plan: Self::gate_of(going_on, waits.cause.stack.as_ref()),
                cause: waits.cause,
                file: deploy_file(desired.project, &desired.environment.name),
            },
            since: Some(going_on.since),
            until: waits.until,
        };
        going_on.waits_at().into_iter().map(hold).collect()
    }

    /// The allowances that open the gates at which the deployment waits.
    fn openings(&self, desired: &Desired<'a>, going_on: &InFlight) -> Vec<Opening> {
        going_on.waits_at().iter().flat_map(|waits| self.openings_of(desired, going_on, &waits.cause)).collect()
    }

    /// The allowances that open one gate: one, and with every resource that may be skipped.
    fn openings_of(
        &self,
        desired: &Desired<'a>,
        going_on: &InFlight,
        cause: &crate::model::journal::Cause,
    ) -> Vec<Opening> {
        let (Some(gate), Some(stack)) = (cause.gate, &cause.stack) else { return Vec::new() };
        let Some(keys) = self.keys(desired) else { return Vec::new() };
        let plan = Self::gate_of(going_on, Some(stack));
        let fit = |gate| keys.fitting(Key { gate, plan: &plan, stack: Some(stack) });
        // Leaving resources out is a way of continuing a rollback: it opens the same gate. A service that pauses goes on or
        // back, a task that is lost runs once more or is taken as done: where both are allowed, the more careful of the two.
        let other = cause.gates().nth(1);
        let skips = matches!(gate, Gate::Continue | Gate::SkipResource) && other.is_none();
        let skipping = fit(Gate::SkipResource).filter(|_| skips);
        let other = other.into_iter().flat_map(fit);
        let plain = other.chain(fit(gate).filter(|_| gate != Gate::SkipResource)).take(1);
        let open = |allowance: &Allowance, resource: Option<&Arc<str>>| Opening {
            deployment: going_on.deployment,
            slot: going_on.slot.clone(),
            stack: stack.clone(),
            gate: allowance.what,
            allowance: allowance.id(),
            foreseen: allowance.release.is_some(),
            resource: resource.cloned(),
        };
        let all = |allowance: &Allowance| match &*allowance.resources {
            [] => vec![open(allowance, None)],
            named => named.iter().map(|resource| open(allowance, Some(resource))).collect(),
        };
        let by_plan: Vec<Opening> = plain.chain(skipping).flat_map(all).collect();
        if !by_plan.is_empty() {
            return by_plan;
        }
        let (deployment, release, foreseen) = (going_on.deployment, &going_on.release, &*cause.foreseen);
        let allowed = keys.foreseen(Stopped { gate, stack, deployment, release, foreseen });
        // Of a resource whose change was not predicted, such an allowance says nothing.
        let mut openings = Vec::new();
        for allowance in allowed {
            let named = foreseen.iter().filter(|resource| allowance.resources.contains(resource));
            openings.extend(named.map(|resource| open(allowance, Some(resource))));
        }
        openings
    }
}

/// The reasons of stacks that wait for something outside.
fn waits(going_on: &InFlight) -> impl Iterator<Item = Hold> {
    going_on.waits.values().map(|waits| Hold {
        cause: Cause::Waits { deployment: going_on.deployment, cause: waits.cause.clone() },
        since: Some(waits.since),
        until: waits.until,
    })
}
