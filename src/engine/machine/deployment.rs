//! A deployment made of its stacks: which may go on, and how it ends.

use super::DeploymentState;
use crate::model::journal::Outcome;

/// The orders that may go on now: those of the first step that is not finished. After a failure, or once something else is
/// wanted, only those that have begun.
pub(crate) fn due(deployment: &DeploymentState) -> Vec<usize> {
    let orders = &deployment.opened.orders;
    let ended = |index: &usize| outcome(deployment, *index).is_some();
    let halted = deployment.superseded.is_some()
        || (0..orders.len()).filter_map(|index| outcome(deployment, index)).any(|outcome| !outcome.succeeded());
    let begun = |index: &usize| orders.get(*index).is_some_and(|order| deployment.stacks.contains_key(&order.stack));
    let open: Vec<usize> = (0..orders.len()).filter(|index| !ended(index)).collect();
    let step = open.iter().filter_map(|index| orders.get(*index)).map(|order| order.step).min();
    let in_step = |index: &usize| orders.get(*index).map(|order| order.step) == step;
    open.into_iter().filter(in_step).filter(|index| !halted || begun(index)).collect()
}

/// How the deployment ended; none while something of it goes on or is still to come.
pub(crate) fn conclusion(deployment: &DeploymentState) -> Option<Outcome> {
    if !due(deployment).is_empty() {
        return None;
    }
    let orders = &deployment.opened.orders;
    let outcomes: Vec<&Outcome> = (0..orders.len()).filter_map(|index| outcome(deployment, index)).collect();
    if let Some(failed) = failure(deployment) {
        return Some(failed.clone());
    }
    if let Some(by) = &deployment.superseded
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
