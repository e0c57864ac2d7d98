//! `unless` of a lifecycle's phase: a release that would enter by itself waits for a pin if its change does what the phase
//! excludes.
//!
//! `promote` decides first; then the deployed templates are compared with the wanted ones, by the modules that make a review.
//! A first deployment is judged like any other: all that it brings is new. What cannot be compared does not enter. An order in
//! turn (`queue = "all"`) is skipped, because a later one waits behind it. Deliberately absent: pins, which a person decided,
//! and a release that comes back.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cfn::{Document, Given, type_name};
use crate::compare::{exposure, resources, rights};
use crate::model::catalog::Unless;
use crate::model::decision::{Because, Cause, Finding, Found};
use crate::model::journal::{Action, Effect, Order};
use crate::model::{Decision, Hold, Observed, Place, Release, StackName};
use crate::promote::Desired;

use super::expected::{deployed_values, wanted_values};
use super::types::{Begin, ByItself, Planned, Report, Skip, StackChange};

type Templates = BTreeMap<(Place, StackName), Arc<str>>;

/// The conditions under which a release enters a slot by itself; none for a pin, and for what runs or ran there.
pub(super) fn conditions(desired: &Desired<'_>, release: &Release, because: &Because) -> Option<ByItself> {
    if !matches!(because, Because::Automatic | Because::InTurn(_)) || desired.runs.as_ref() == Some(&release.name) {
        return None;
    }
    let phases = &desired.project.lifecycle_of(release).phases;
    let phase = phases.iter().find(|phase| phase.automatic.contains(&desired.environment.name))?;
    (!phase.unless.is_empty()).then(|| ByItself {
        phase: phase.name.clone(),
        unless: phase.unless.clone(),
        prunes: Vec::new(),
    })
}

/// Takes out of the plan what does not enter by itself, and says why.
pub(super) fn hold(
    planned: &mut Planned,
    templates: &Templates,
    created: &BTreeSet<(Place, StackName)>,
    observed: &Observed,
) {
    let Planned { plan, report, .. } = planned;
    let (commit, skip) = (&plan.commit, &mut plan.skip);
    plan.begin.retain(|begin| {
        let Some(by_itself) = &begin.by_itself else { return true };
        let judge = Judge { unless: &by_itself.unless, templates, created, observed };
        let orders = begin.orders.iter().filter_map(|order| judge.order(order));
        let Some(found) = orders.chain(judge.pruned(&by_itself.prunes)).next() else { return true };
        if let (Because::InTurn(order), Some(_)) = (&begin.because, commit) {
            skip.push(Skip {
                slot: begin.slot.clone(),
                release: begin.release.clone(),
                commit: order.clone(),
                why: format!("it needed a pin: {}", found.sentence),
            });
        }
        told(report, begin, by_itself, found);
        false
    });
}

struct Judge<'j> {
    unless: &'j BTreeSet<Unless>,
    templates: &'j Templates,
    created: &'j BTreeSet<(Place, StackName)>,
    observed: &'j Observed,
}

impl Judge<'_> {
    /// The first thing that an operation does and the phase excludes.
    fn order(&self, order: &Order) -> Option<Found> {
        let Action::Put(content) = &order.action else { return None };
        let key = (order.place.clone(), order.stack.clone());
        let found = |condition, sentence| Some(Found { condition, stack: order.stack.clone(), sentence });
        let unknown = |which: &str| found(None, format!("the {which} template of {} cannot be read", order.stack));
        let Ok(wanted) = Document::parse(&content.template) else { return unknown("wanted") };
        let deployed = self.templates.get(&key).map(|text| Document::parse(text));
        let deployed = match deployed {
            Some(Ok(deployed)) => Some(deployed),
            None if self.created.contains(&key) => None,
            _ => return unknown("deployed"),
        };
        let was =
            deployed.as_ref().map(|document| deployed_values(&order.place, &order.stack, document, self.observed));
        let before = deployed.as_ref().zip(was.as_ref()).map(|(document, values)| Given { document, values });
        let values = wanted_values(&order.place, &content.parameters);
        let after = Some(Given { document: &wanted, values: &values });
        let (condition, sentence) = self.first(before, after)?;
        found(Some(condition), sentence)
    }

    fn first(&self, before: Option<Given<'_>>, after: Option<Given<'_>>) -> Option<(Unless, String)> {
        let asked = |condition| self.unless.contains(&condition);
        if asked(Unless::Replace) || asked(Unless::Remove) {
            let changes = resources(before, after);
            let lost = changes.iter().find_map(|change| {
                let (condition, verb) = match change.announced()?.effect {
                    _ if &*change.kind == "AWS::ECS::TaskDefinition" => return None,
                    Effect::Replace => (Unless::Replace, "would be replaced"),
                    Effect::MayReplace => (Unless::Replace, "may be replaced"),
                    Effect::Remove => (Unless::Remove, "would be removed"),
                    Effect::Add | Effect::Modify => return None,
                };
                asked(condition).then(|| (condition, format!("{} ({}) {verb}", change.id, type_name(&change.kind))))
            });
            if lost.is_some() {
                return lost;
            }
        }
        let given = || rights(before, after).first().map(|right| (Unless::Rights, right.to_string()));
        let open = || exposure(before, after).first().map(|open| (Unless::Exposure, open.to_string()));
        let given = asked(Unless::Rights).then(given).flatten();
        given.or_else(|| asked(Unless::Exposure).then(open).flatten())
    }

    /// A stack that the release no longer has and that is deleted once the slot has it.
    fn pruned(&self, stacks: &[StackName]) -> Option<Found> {
        let stack = stacks.first().filter(|_| self.unless.contains(&Unless::Remove))?;
        let sentence = format!("stack {stack} would be deleted");
        Some(Found { condition: Some(Unless::Remove), stack: stack.clone(), sentence })
    }
}

/// Writes into the report that a release waits for a pin.
fn told(report: &mut Report, begin: &Begin, by_itself: &ByItself, found: Found) {
    let Some(row) = report.slots.iter_mut().find(|row| row.slot == begin.slot) else { return };
    let finding = Finding { phase: by_itself.phase.clone(), conditions: by_itself.unless.clone(), found: Some(found) };
    let reasons = vec![Hold::new(Cause::Unless(finding))];
    row.decision = Decision::Held { wanted: Some(begin.release.clone()), runs: row.runs.clone(), reasons };
    for stack in row.stacks.iter_mut().filter(|stack| stack.change != StackChange::Current) {
        stack.change = StackChange::Waits;
    }
}
