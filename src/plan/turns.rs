//! Orders in turn: in an environment with `queue = "all"` every commit that changed a slot's release is deployed, in the order
//! in which they landed.
//!
//! The daemon finds the orders in the branch's history and journals them; the facts have those that wait. The last one is what
//! the head says and needs no turn. One that cannot be deployed when its turn comes is skipped with a reason, as long as a later
//! one is there: a fix must not wait for what it fixes. Deliberately absent: git.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::catalog::Queue;
use crate::model::decision::{Because, Cause};
use crate::model::facts::Ordered;
use crate::model::{Catalog, Decision, Facts, Hold, Observed, ReleaseName, Slot};
use crate::promote::{BrokenIndex, Desired, Gates, Index, Seat, Want, desired};

use super::Planner;
use super::draft::Draft;
use super::render::Render;
use super::types::Skip;

/// The release that the catalog orders for every slot whose environment deploys each order in turn; none for a slot that is to be
/// removed. Slots of which nothing can be known are left out.
pub fn orders(catalog: &Catalog, facts: &Facts, now: Timestamp) -> BTreeMap<Slot, Option<ReleaseName>> {
    let observed = Observed::default();
    let (index, broken) = (Index::new(facts, &observed, catalog.repository.as_ref()), BrokenIndex::new(catalog));
    let all = desired(catalog, &index, &broken, now).into_iter().filter(|one| one.environment.queue == Queue::All);
    let order = |one: Desired<'_>| match one.want {
        Want::Carry { release, .. } => Some((one.slot, Some(release.name.clone()))),
        Want::Wait { wanted, .. } => Some((one.slot, Some(wanted))),
        Want::Remove { .. } => Some((one.slot, None)),
        Want::AsDeployed { .. } | Want::Nothing { .. } => None,
    };
    all.filter_map(order).collect()
}

impl<'a> Planner<'a> {
    /// Plans one slot: the first order that waits for its turn, or else what the head says.
    pub(super) fn in_turn(&self, desired: Desired<'a>, renderer: &mut dyn Render, skips: &mut Vec<Skip>) -> Draft<'a> {
        let waiting: Vec<&Ordered> = self.input.facts.orders(&desired.slot).collect();
        let Some((_, before)) = waiting.split_last() else { return self.slot(desired, renderer) };
        let going_on = self.index.in_flight(&desired.slot).is_some();
        let unknown = matches!(desired.want, Want::AsDeployed { .. } | Want::Nothing { .. });
        if before.is_empty() || going_on || unknown {
            return self.slot(desired, renderer);
        }
        for order in before {
            match self.turn(&desired, order, renderer) {
                Ok(draft) => return *draft,
                Err(why) => skips.push(Skip {
                    slot: desired.slot.clone(),
                    release: order.release.clone(),
                    commit: order.commit.clone(),
                    why,
                }),
            }
        }
        self.slot(desired, renderer)
    }

    /// The deployment of an order whose turn it is, or why it is skipped.
    fn turn(
        &self,
        desired: &Desired<'a>,
        order: &Ordered,
        renderer: &mut dyn Render,
    ) -> Result<Box<Draft<'a>>, String> {
        let name = &order.release;
        if desired.environment.queue == Queue::Latest {
            return Err("the environment deploys the latest order only (`queue`)".to_owned());
        }
        if let Want::Remove { at } = &desired.want {
            return Err(format!("the slot becomes empty (release = \"none\" at {at})"));
        }
        let Some(release) = desired.project.releases.get(name) else {
            return match self.broken.of_release(desired.project, name) {
                Some(hold) => Ok(Box::new(Draft::held(desired, Some(name.clone()), vec![hold]))),
                None => Err("it was withdrawn: its file is gone".to_owned()),
            };
        };
        if desired.runs.as_ref() == Some(name) {
            return Err("it runs already".to_owned());
        }
        let seat = Seat::new(self.input.catalog, desired.project, desired.environment, desired.tenant);
        let gates = Gates { catalog: self.input.catalog, index: self.index, now: self.input.now, refill: false };
        let holds = gates.holds(&seat, release, desired.runs.as_ref());
        if !holds.is_empty() {
            return match Hold::earliest(&holds) {
                Some(_) => Ok(Box::new(Draft::held(desired, Some(name.clone()), holds))),
                None => Err(closed(&holds)),
            };
        }
        let because = Because::InTurn(order.commit.clone());
        let want = Want::Carry { release, because, waiting: Vec::new() };
        let draft = self.slot(Desired { want, earliest: None, ..desired.clone() }, renderer);
        match skipped(&draft) {
            Some(why) => Err(why),
            None => Ok(Box::new(draft)),
        }
    }
}

/// Why an order whose gates do not open by themselves is not waited for.
fn closed(holds: &[Hold]) -> String {
    let why = holds.iter().find_map(|hold| match &hold.cause {
        Cause::Blocked { reason } => Some(format!("it was blocked: {reason}")),
        Cause::Phase { phase, .. } => Some(format!("it had not passed phase {phase} when its turn came")),
        Cause::Snapshot(_) => Some("it had no snapshot that could be deployed when its turn came".to_owned()),
        _ => None,
    });
    why.unwrap_or_else(|| "a gate was closed when its turn came".to_owned())
}

/// Why the deployment of an order is not begun, where waiting for it does not help.
fn skipped(draft: &Draft<'_>) -> Option<String> {
    let decision = draft.row.as_ref().map(|row| &row.decision)?;
    match decision {
        Decision::UpToDate { .. } => Some("it runs already".to_owned()),
        Decision::Held { reasons, .. } => reasons.iter().find_map(|hold| match &hold.cause {
            Cause::Attempts { failed: 1, deployment, .. } => Some(format!("it failed in deployment {deployment}")),
            Cause::Attempts { failed, deployment, .. } => {
                Some(format!("it failed {failed} times, last in deployment {deployment}"))
            }
            Cause::CannotRender { problems } => Some(format!("it cannot be rendered: {}", problems.join("; "))),
            _ => None,
        }),
        _ => None,
    }
}
