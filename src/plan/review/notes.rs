//! What a change does besides changing stacks.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::catalog::{Allowance, Lifecycle};
use crate::model::{Catalog, CommitId, EnvironmentName, Hash, Project, Release, Slot};

use super::Change;
use super::rehearse::{Event, Rehearsal};
use super::types::Note;
use super::world::World;

pub(super) fn notes(
    change: &Change<'_>,
    before: &World,
    anyway: &Rehearsal,
    then: &Rehearsal,
    new: &[&Event],
) -> Vec<Note> {
    let mut notes: Vec<Note> = renamed(change, before).into_iter().collect();
    for (name, project) in &change.head.projects {
        let Some(old) = change.base.project_by_id(&project.id) else { continue };
        let opens = |note: &Note| {
            let Note::Ungated { opens, .. } = note else { return true };
            let open = |slot: &Slot| {
                let environment = change.head.environment_by_id(&slot.environment);
                environment.is_some_and(|environment| opens.contains(&environment.name))
            };
            // With facts it is known whether anything waited.
            change.facts.is_none() || new.iter().any(|event| event.slot.project == project.id && open(&event.slot))
        };
        notes.extend(ungated(old, project).into_iter().filter(opens));
        for release in project.releases_highest_first() {
            let Some(was) = old.releases.get(&release.name) else { continue };
            if let (Some(reason), None) = (&release.blocked, &was.blocked) {
                let (release, reason) = (release.name.clone(), reason.clone());
                notes.push(Note::Blocked { project: name.clone(), release, reason });
            }
            if is_refreshed(was, release) {
                let runs = before.facts().runs.iter().filter(|run| run.to.is_none() && run.slot.project == project.id);
                let slots = runs.filter(|run| run.release == release.name).map(|run| run.slot.clone());
                let slots = slots.collect::<BTreeSet<_>>().into_iter().collect();
                notes.push(Note::Refreshed { project: name.clone(), release: release.name.clone(), slots });
            }
        }
        let inputs = |project: &Project| project.head.as_ref().map(|what| what.inputs);
        let touched = inputs(old) != inputs(project);
        let unreached = then.last.unreached.iter().filter(|one| touched && &one.project == name);
        notes.extend(unreached.cloned().map(Note::Unreached));
    }
    notes.extend(allowances(change, new));
    let known = |allowance: &crate::plan::StaleAllowance| {
        anyway.last.stale.iter().any(|other| other.at.file == allowance.at.file && other.gate == allowance.gate)
    };
    let stale = then.last.stale.iter().filter(|allowance| !known(allowance));
    // One that this very change used is not idle.
    let used: BTreeSet<_> = notes
        .iter()
        .filter_map(|note| match note {
            Note::Opens { at, .. } => Some(at.clone()),
            _ => None,
        })
        .collect();
    notes.extend(stale.filter(|one| !used.contains(&one.at)).cloned().map(Note::OpensNothing));
    notes
}

/// The repository gets another id.
fn renamed(change: &Change<'_>, before: &World) -> Option<Note> {
    let (from, to) = (change.base.repository.clone()?, change.head.repository.clone()?);
    (from != to).then_some(Note::Repository { from, to, stacks: before.deployed.len() })
}

/// Whether a release takes its process and variables from another commit.
fn is_refreshed(was: &Release, is: &Release) -> bool {
    fn commit(release: &Release) -> Option<&CommitId> {
        release.snapshot.as_ref().ok()?.commit.as_ref()
    }
    fn inputs(release: &Release) -> Option<Hash> {
        release.snapshot.as_ref().ok().map(|snapshot| snapshot.what.inputs)
    }
    commit(was).is_some() && commit(is).is_some() && commit(was) != commit(is) && inputs(was) != inputs(is)
}

/// The phases that releases had to pass and that are gone.
fn ungated(old: &Project, new: &Project) -> Vec<Note> {
    let mut notes = Vec::new();
    let mut seen: BTreeSet<Arc<str>> = BTreeSet::new();
    for (name, channel) in &new.channels {
        let Some(was) = old.channels.get(name) else { continue };
        for (position, phase) in was.lifecycle.phases.iter().enumerate() {
            let there = |lifecycle: &Lifecycle| lifecycle.phases.iter().any(|other| other.name == phase.name);
            if there(&channel.lifecycle) || !seen.insert(phase.name.clone()) {
                continue;
            }
            let later: BTreeSet<&EnvironmentName> =
                was.lifecycle.phases.iter().skip(position + 1).flat_map(|phase| phase.environments()).collect();
            let now = channel.lifecycle.phases.iter().flat_map(|phase| phase.environments());
            let opens: Vec<EnvironmentName> = now.filter(|name| later.contains(name)).cloned().collect();
            if !opens.is_empty() {
                notes.push(Note::Ungated { project: new.name.clone(), phase: phase.name.clone(), opens });
            }
        }
    }
    notes
}

/// What the allowances of the head opened in the rehearsal.
fn allowances(change: &Change<'_>, new: &[&Event]) -> Vec<Note> {
    let mut notes = Vec::new();
    for event in new {
        for used in &event.allowed {
            if let Some(allowance) = find(change.head, *used) {
                let (at, gate) = (allowance.at.clone(), allowance.what);
                notes.push(Note::Opens { at, gate, slot: event.slot.clone() });
            }
        }
    }
    notes
}

fn find(catalog: &Catalog, id: Hash) -> Option<&Allowance> {
    let files = catalog.projects.values().flat_map(|project| project.deploy.values());
    files.flat_map(|file| &file.allow).find(|allowance| allowance.id() == id)
}
