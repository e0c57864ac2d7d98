//! What waits in a slot and what goes on in it: orders that wait for their turn, deployments that gave way, and how far one is.

use jiff::Timestamp;

use super::rows::Index;
use crate::model::facts::{Facts, GaveWay, InFlight, Ordered, Progress, Waits};
use crate::model::journal::{Cause, Evidence, Outcome};
use crate::model::{CommitId, ReleaseName, Slot, StackName};

/// A commit changed the release of a slot.
pub(super) fn ordered(facts: &mut Facts, slot: &Slot, release: &ReleaseName, commit: &CommitId) {
    facts.orders.push(Ordered { slot: slot.clone(), release: release.clone(), commit: commit.clone() });
}

/// That order is not deployed.
pub(super) fn skipped(facts: &mut Facts, slot: &Slot, release: &ReleaseName, commit: &CommitId) {
    facts.orders.retain(|order| order.slot != *slot || order.release != *release || order.commit != *commit);
}

/// How far the operation on a stack is, and whether it fails.
pub(super) fn moved(flight: &mut InFlight, stack: &StackName, item: &Evidence, at: Timestamp) {
    match item {
        Evidence::Progressed { running, wanted, .. } => {
            let progress = Progress { at, running: *running, wanted: *wanted };
            flight.progress.insert(stack.clone(), progress);
        }
        Evidence::Fails { code, sentence } if flight.failing.is_none() => {
            let (code, sentence, stack) = (code.as_str().into(), sentence.clone(), Some(stack.clone()));
            flight.failing = Some(Waits {
                since: at,
                cause: Cause { code, sentence, stack, gate: None, foreseen: Vec::new() },
                until: None,
            });
        }
        _ => {}
    }
}

/// Counts the deployments of a slot that gave way in a row. A failure leaves the count: only a success ends it.
pub(super) fn ended(facts: &mut Facts, index: &mut Index, flight: &InFlight, outcome: &Outcome) {
    if outcome.succeeded() {
        index.gave_way.remove(&mut facts.gave_way, &flight.slot);
        had_its_turn(facts, flight);
    }
    if !matches!(outcome, Outcome::Superseded { .. }) {
        return;
    }
    let before = index.gave_way.find(&facts.gave_way, &flight.slot).map_or(0, |gave_way| gave_way.times);
    let now = GaveWay { slot: flight.slot.clone(), times: before.saturating_add(1) };
    index.gave_way.put(&mut facts.gave_way, now);
}

/// The order that is in place now waits no longer, and what was ordered before it neither.
fn had_its_turn(facts: &mut Facts, flight: &InFlight) {
    let place = facts.orders(&flight.slot).position(|order| order.release == flight.release);
    let Some(mut over) = place.map(|place| place + 1) else { return };
    facts.orders.retain(|order| {
        let had = order.slot == flight.slot && over > 0;
        over -= usize::from(had);
        !had
    });
}
