//! Stacks that would be deleted with data that they keep, because of `prune` or `release = "none"`: held until an allowance of
//! `what = "remove"` lets them go.
//!
//! Which resources keep data, and which of them their policy keeps, is the table of [`gates`](super::gates). A log group that a
//! task definition of the same stack writes to does not count: a step makes it for its tasks, and its logs go with them.
//! Deliberately absent: stacks without a readable template. Nothing is known of them, and the guard and `protected` count
//! them as they count all others.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::cfn::{Document, Given, Reference, references};
use crate::compare::{ResourceChange, resources};
use crate::model::decision::{Cause, Loss};
use crate::model::journal::{Action, Fate, Order};
use crate::model::{Decision, Hold, Observed, Place, StackName};

use super::expected::deployed_values;
use super::gates::{Row, Verdict};
use super::types::{Begin, Planned, Report, StackChange};

/// Whether an operation deletes its stack.
pub(super) fn deletes(order: &Order) -> bool {
    matches!(order.action, Action::Delete { .. })
}

/// Takes out of the plan what would lose data and is not allowed, and says so.
pub(super) fn hold(planned: &mut Planned, templates: &BTreeMap<(Place, StackName), Arc<str>>, observed: &Observed) {
    let Planned { plan, report, .. } = planned;
    plan.begin.retain(|begin| {
        if begin.may_lose.allowed {
            return true;
        }
        let deleted = begin.orders.iter().filter(|order| deletes(order));
        let mut losses: Vec<Loss> = deleted
            .flat_map(|order| {
                let template = templates.get(&(order.place.clone(), order.stack.clone()));
                template.map(|text| lost(order, text, observed)).unwrap_or_default()
            })
            .collect();
        losses.sort();
        let goes = losses.is_empty();
        if !goes {
            told(report, begin, losses);
        }
        goes
    });
}

/// What a deletion would lose.
fn lost(order: &Order, template: &str, observed: &Observed) -> Vec<Loss> {
    let Ok(document) = Document::parse(template) else { return Vec::new() };
    let values = deployed_values(&order.place, &order.stack, &document, observed);
    let removed = resources(Some(Given { document: &document, values: &values }), None);
    let stops = |change: &&ResourceChange| {
        let judged = Row::predicted(change).map(|row| row.judge());
        matches!(judged, Some(Verdict::Stops(_))) && !is_log_of_a_task(&document, change)
    };
    let loss = |change: &ResourceChange| Loss {
        stack: order.stack.clone(),
        resource: change.id.clone(),
        name: Arc::from(change.name.as_str()),
        snapshot: change.fate == Some(Fate::Snapshot),
    };
    removed.iter().filter(stops).map(loss).collect()
}

/// Whether it is a log group that a task definition of the same stack writes to.
fn is_log_of_a_task(document: &Document, change: &ResourceChange) -> bool {
    let logs = Reference::Name(change.id.to_string());
    let tasks = || document.resources().filter(|resource| resource.kind() == "AWS::ECS::TaskDefinition");
    let writes = |containers| references(containers).contains(&logs);
    &*change.kind == "AWS::Logs::LogGroup"
        && tasks().any(|task| task.property("ContainerDefinitions").is_some_and(writes))
}

/// Writes into the report that something does not begin.
fn told(report: &mut Report, begin: &Begin, losses: Vec<Loss>) {
    let sentence = Loss::sentence(&losses);
    let ordered = |place: &Place, stack: &StackName| {
        begin.orders.iter().any(|order| (&order.place, &order.stack) == (place, stack))
    };
    for orphan in report.orphans.iter_mut().filter(|orphan| orphan.removed && ordered(&orphan.place, &orphan.stack)) {
        orphan.removed = false;
        orphan.key = begin.may_lose.key.clone();
        let way_out = if orphan.key.is_some() {
            "it is deleted by an [[allow]] of what = \"remove\""
        } else {
            "delete it by hand"
        };
        orphan.why = format!("{}; {sentence}: {way_out}", orphan.why);
    }
    // Where single stacks are pruned, the slot is as it should be.
    let row = report.slots.iter_mut().find(|row| row.slot == begin.slot && begin.removal);
    if let Some(row) = row {
        let reasons = vec![Hold::new(Cause::LosesData { losses, plan: begin.plan.clone() })];
        row.decision = Decision::Held { wanted: None, runs: row.runs.clone(), reasons };
        for stack in row.stacks.iter_mut().filter(|stack| stack.change != StackChange::Current) {
            stack.change = StackChange::Waits;
        }
    }
}
