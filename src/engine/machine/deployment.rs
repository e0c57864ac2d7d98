//! A deployment made of its stacks: which may go on, and how it ends.
//!
//! Orders go wave after wave, and in each wave every one after those of the steps that it waits for. A deployment without
//! waves is one wave. Whatever decides about time is in the journal (when a stack ended), so that a restart waits as long as
//! if there had been none.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::DeploymentState;
use crate::model::journal::{Action, Order, Outcome, TargetWave};

/// What a deployment does now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Due {
    /// The orders that may go on, by position.
    pub(crate) orders: Vec<usize>,
    /// The soak that the next wave waits for.
    pub(crate) soak: Option<Soak>,
}

/// A wave runs for a while before the next one begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Soak {
    /// Position of the first order of the next wave.
    pub(crate) first: usize,
    /// When that one begins.
    pub(crate) until: Timestamp,
    /// Which waves, in a sentence.
    pub(crate) sentence: String,
}

/// The code of waiting for a wave's soak.
pub(crate) const SOAK: &str = "wave-soak";

/// What may go on now, in the first wave that is not finished: the orders that wait for no step of it that is not. After
/// more failures than the wave may have, or once something else is wanted, only those that have begun.
pub(crate) fn due(deployment: &DeploymentState, now: Timestamp) -> Due {
    let orders = &deployment.opened.orders;
    let begun = |index: &usize| orders.get(*index).is_some_and(|order| deployment.begun(&order.stack));
    let open = open(deployment);
    let of = |index: &usize| orders.get(*index);
    let Some(wave) = open.iter().filter_map(of).map(|order| order.wave).min() else { return Due::default() };
    let here = |order: &&Order| order.wave == wave;
    let unfinished: BTreeSet<usize> = open.iter().filter_map(of).filter(here).map(|order| order.step).collect();
    let ready = |order: &Order| !unfinished.iter().any(|step| order.waits_for(*step));
    let going: Vec<usize> = open.iter().copied().filter(|index| of(index).filter(here).is_some_and(ready)).collect();
    if deployment.gives_way(now).is_some() || stopped(deployment) {
        return Due { orders: open.into_iter().filter(begun).collect(), soak: None };
    }
    let untouched = !(0..orders.len()).any(|index| begun(&index) && orders.get(index).is_some_and(|o| o.wave == wave));
    if let Some(soak) = soak(deployment, wave, &going).filter(|soak| untouched && soak.until > now) {
        return Due { orders: Vec::new(), soak: Some(soak) };
    }
    let limit =
        deployment.opened.waves.get(wave).and_then(|wave| wave.concurrency).map_or(usize::MAX, |n| n.max(1) as usize);
    let (first, rest): (Vec<usize>, Vec<usize>) = going.into_iter().partition(begun);
    let room = limit.saturating_sub(first.len());
    let mut orders: Vec<usize> = first.into_iter().chain(rest.into_iter().take(room)).collect();
    orders.sort_unstable();
    Due { orders, soak: None }
}

/// Whether all that may go on waits for something outside of landfall, or at a gate. A soak is neither: it only takes time.
pub(crate) fn waits(deployment: &DeploymentState, now: Timestamp) -> bool {
    let due = due(deployment, now);
    let waits = |index: &usize| {
        let order = deployment.opened.orders.get(*index);
        let state = order.and_then(|order| deployment.stacks.get(&order.stack));
        state.is_some_and(|state| state.stopped.is_some() || state.waits_outside())
    };
    due.soak.is_none() && !due.orders.is_empty() && due.orders.iter().all(waits)
}

/// The orders that are still to come to an end. What comes later on a target that failed never begins.
fn open(deployment: &DeploymentState) -> Vec<usize> {
    let orders = &deployment.opened.orders;
    let failed: BTreeSet<(usize, Arc<str>)> = failed(deployment);
    let open = orders.iter().enumerate().filter(|(index, order)| {
        let over = !deployment.begun(&order.stack) && failed.contains(&(order.wave, target(order)));
        outcome(deployment, *index).is_none() && !over
    });
    open.map(|(index, _)| index).collect()
}

/// Whether so much did not succeed that nothing further begins: in any wave more targets than may fail there.
fn stopped(deployment: &DeploymentState) -> bool {
    let failed = failed(deployment);
    let waves: BTreeSet<usize> = failed.iter().map(|(wave, _)| *wave).collect();
    waves.into_iter().any(|wave| {
        let limit = deployment.opened.waves.get(wave).map_or(0, |wave| wave.failures);
        failed.iter().filter(|(of, _)| *of == wave).count() > limit as usize
    })
}

/// The targets on which something did not succeed, by wave.
fn failed(deployment: &DeploymentState) -> BTreeSet<(usize, Arc<str>)> {
    let orders = deployment.opened.orders.iter().enumerate();
    let failed = orders.filter(|(index, _)| outcome(deployment, *index).is_some_and(|outcome| !outcome.succeeded()));
    failed.map(|(_, order)| (order.wave, target(order))).collect()
}

/// What tells targets apart: the id in the stack's tags, or for a deletion the stack itself.
fn target(order: &Order) -> Arc<str> {
    let tag = match &order.action {
        Action::Put(content) => content.tags.get("landfall:target"),
        Action::Delete { .. } => None,
    };
    tag.map_or_else(|| order.stack.as_str().into(), |target| target.as_str().into())
}

/// The soak of the last wave before this one that had anything to do; none for the first.
fn soak(deployment: &DeploymentState, wave: usize, going: &[usize]) -> Option<Soak> {
    let orders = &deployment.opened.orders;
    let before = orders.iter().filter(|order| order.wave < wave).map(|order| order.wave).max()?;
    let waves = &deployment.opened.waves;
    let (last, next): (&TargetWave, &TargetWave) = (waves.get(before)?, waves.get(wave)?);
    let ended = orders
        .iter()
        .filter(|order| order.wave == before)
        .filter_map(|order| deployment.stacks.get(&order.stack).and_then(|stack| stack.ended_at));
    let until = ended.max()?.checked_add(SignedDuration::from_secs(last.soak)).ok()?;
    let lasting = SignedDuration::from_secs(last.soak);
    let sentence = format!("wave {} begins after wave {} has run for {lasting:#}", next.name, last.name);
    Some(Soak { first: *going.first()?, until, sentence })
}

/// How the deployment ended; none while something of it goes on or is still to come.
pub(crate) fn conclusion(deployment: &DeploymentState, due: &Due) -> Option<Outcome> {
    if !due.orders.is_empty() || due.soak.is_some() {
        return None;
    }
    let orders = &deployment.opened.orders;
    let outcomes: Vec<&Outcome> = (0..orders.len()).filter_map(|index| outcome(deployment, index)).collect();
    if let Some(failed) = failure(deployment) {
        return Some(failed.clone());
    }
    if let Some(by) = deployment.instead()
        && (outcomes.len() < orders.len() || outcomes.iter().any(|outcome| !outcome.succeeded()))
    {
        return Some(Outcome::Superseded { by: by.clone() });
    }
    // Superseded in an earlier life of this process, and wanted again since.
    if let Some(superseded) = outcomes.iter().find(|outcome| !outcome.succeeded()) {
        return Some((*superseded).clone());
    }
    let all = |wanted: Outcome| !outcomes.is_empty() && outcomes.iter().all(|outcome| **outcome == wanted);
    Some(if deployment.opened.removal || all(Outcome::Removed) {
        Outcome::Removed
    } else if outcomes.contains(&&Outcome::Proved) {
        Outcome::Proved
    } else if outcomes.iter().all(|outcome| **outcome == Outcome::Unchanged) {
        Outcome::Unchanged
    } else {
        Outcome::StackStatusOnly
    })
}

fn outcome(deployment: &DeploymentState, index: usize) -> Option<&Outcome> {
    let order = deployment.opened.orders.get(index)?;
    deployment.stacks.get(&order.stack)?.ended.as_ref()
}

/// The failure of the first order that failed, in order.
fn failure(deployment: &DeploymentState) -> Option<&Outcome> {
    (0..deployment.opened.orders.len())
        .filter_map(|index| outcome(deployment, index))
        .find(|outcome| matches!(outcome, Outcome::Failed(_)))
}
