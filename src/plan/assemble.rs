//! The drafts of all slots become one plan and one report.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use crate::model::facts::InFlight;
use crate::model::journal::DeploymentId;
use crate::model::{Catalog, EnvironmentName, ProjectName, StackName};
use crate::promote::Index;

use super::draft::Draft;
use super::drift;
use super::outputs::Key;
use super::stale;
use super::types::{Input, Plan, Planned, Report, SlotRow, StackChange, Unreached};

/// Sorts the drafts of all slots into one plan and one report.
pub(super) fn assemble(
    input: &Input<'_>,
    index: &Index<'_>,
    drafts: Vec<Draft<'_>>,
    unreached: Vec<Unreached>,
) -> Planned {
    let commit = input.catalog.commit.clone();
    let mut plan = Plan { commit: commit.clone(), ..Plan::default() };
    let mut report = Report { commit, at: Some(input.now), ..Report::default() };
    plan.deadlines = deadlines(input);
    report.stale = stale::stale(input, index, &drafts);
    report.unreached = unreached;
    let mut consumers: BTreeMap<Key, BTreeSet<StackName>> = BTreeMap::new();
    let mut adoptions = Vec::new();
    let mut plans = BTreeMap::new();
    for draft in drafts {
        plans.extend(draft.plan.map(|plan| (draft.slot.clone(), plan)));
        adoptions.extend(draft.adoptions);
        for (producer, consumer) in draft.feeds {
            consumers.entry(producer).or_default().insert(consumer);
        }
        plan.begin.extend(draft.begin);
        plan.supersede.extend(draft.supersede);
        plan.open.extend(draft.open);
        report.slots.extend(draft.row);
        report.orphans.extend(draft.orphans);
    }
    tell_consumers(&consumers, &mut report.slots);
    drift::tell(input, &plans, &mut report.slots);
    sort(input.catalog, &mut report.slots);
    plan.begin.sort_by(|a, b| a.slot.cmp(&b.slot));
    report.orphans.sort_by(|a, b| (&a.place, &a.stack).cmp(&(&b.place, &b.stack)));
    Planned { plan, report, adoptions }
}

/// The deadline that the head gives each deployment in flight; none for one whose project is gone or broken.
fn deadlines(input: &Input<'_>) -> BTreeMap<DeploymentId, SignedDuration> {
    let of = |flight: &InFlight| Some((flight.deployment, input.catalog.project_by_id(&flight.slot.project)?.deadline));
    input.facts.in_flight.iter().filter_map(of).collect()
}

/// Says of every stack that is not as it should be who uses its outputs.
fn tell_consumers(consumers: &BTreeMap<Key, BTreeSet<StackName>>, slots: &mut [SlotRow]) {
    if consumers.is_empty() {
        return;
    }
    for row in slots.iter_mut().flat_map(|slot| &mut slot.stacks) {
        if row.change != StackChange::Current
            && let Some(users) = consumers.get(&(row.place.clone(), row.stack.clone()))
        {
            row.consumers = users.iter().cloned().collect();
        }
    }
}

/// By project, then in promotion order, then by tenant.
fn sort(catalog: &Catalog, rows: &mut [SlotRow]) {
    let mut ranks: BTreeMap<ProjectName, BTreeMap<EnvironmentName, usize>> = BTreeMap::new();
    for row in rows.iter() {
        if !ranks.contains_key(&row.project) {
            ranks.insert(row.project.clone(), ranks_of(catalog, &row.project));
        }
    }
    let rank = |row: &SlotRow| {
        let known = ranks.get(&row.project).and_then(|ranks| ranks.get(&row.environment));
        known.copied().unwrap_or(usize::MAX)
    };
    rows.sort_by_cached_key(|row| (row.project.clone(), rank(row), row.environment.clone(), row.tenant.clone()));
}

/// The positions of a project's environments. One whose file is broken stands where its lifecycles name it.
fn ranks_of(catalog: &Catalog, project: &ProjectName) -> BTreeMap<EnvironmentName, usize> {
    let mut order: Vec<EnvironmentName> =
        catalog.environments_in_order().into_iter().map(|environment| environment.name.clone()).collect();
    let channels = catalog.projects.get(project).map(|project| project.channels.values());
    for channel in channels.into_iter().flatten() {
        let mut after = 0;
        for name in channel.lifecycle.phases.iter().flat_map(|phase| phase.environments()) {
            match order.iter().position(|known| known == name) {
                Some(place) => after = place + 1,
                None => {
                    order.insert(after, name.clone());
                    after += 1;
                }
            }
        }
    }
    order.into_iter().enumerate().map(|(rank, name)| (name, rank)).collect()
}
