//! Freezes: what they name must exist, and they must apply to something.

use super::super::codes;
use super::super::finding::Finding;
use super::super::world::World;
use crate::model::{Freeze, ProjectName};

pub(super) fn name_what_exists(world: &World, findings: &mut Vec<Finding>) {
    for (name, draft) in &world.drafts.freezes.read {
        for written in &draft.doc.environments {
            super::names::environment_exists(&world.drafts, draft, &format!("freeze `{name}`"), written, findings);
        }
        for written in draft.doc.projects.iter().filter(|written| !world.drafts.has_project(written.as_str())) {
            let title = format!("freeze `{name}` names a project that does not exist");
            let finding = Finding::new(codes::UNKNOWN_PROJECT, &draft.file, written.span(), title)
                .label(format!("no folder projects/{}", **written))
                .suggest(written, world.drafts.project_names().map(|known| known.as_str()));
            findings.push(finding);
        }
    }
}

pub(super) fn freeze_something(world: &World, findings: &mut Vec<Finding>) {
    let complete = world.drafts.tenants.complete() && world.tenants.len() == world.drafts.tenants.read.len();
    for (name, freeze) in world.freezes.iter().filter(|_| complete) {
        let Some(draft) = world.drafts.freezes.read.get(name) else { continue };
        // A missing name is reported where it is written.
        if !names_are_known(world, freeze) {
            continue;
        }
        let mut projects = world.drafts.project_names().peekable();
        if projects.peek().is_none() || projects.any(|project| covers(world, freeze, project)) {
            continue;
        }
        let title = format!("freeze `{name}` freezes nothing");
        let finding = Finding::new(codes::FREEZE_OF_NOTHING, &draft.file, 0..0, title)
            .about(&[name.as_str()])
            .label("no deployment matches everything that it names")
            .help("a slot must match `environments`, `projects` and the tenants together: remove one of them");
        findings.push(finding);
    }
}

fn names_are_known(world: &World, freeze: &Freeze) -> bool {
    let drafts = &world.drafts;
    freeze.environments.iter().all(|name| drafts.environments.has(name.as_str()))
        && freeze.projects.iter().all(|name| drafts.has_project(name.as_str()))
        && freeze.tenants.names.iter().all(|name| drafts.tenants.has(name.as_str()))
        && freeze.tenants.tags.0.iter().all(|tag| world.has_tag(tag))
}

/// Whether the freeze may hold a slot of the project; what could not be read may have any.
fn covers(world: &World, freeze: &Freeze, project: &ProjectName) -> bool {
    if !freeze.projects.is_empty() && !freeze.projects.contains(project) {
        return false;
    }
    let Some(built) = world.projects.get(project).and_then(|built| built.project.as_ref()) else { return true };
    let Some(entered) = world.entered_by(project) else { return true };
    let mut frozen =
        entered.into_iter().filter(|name| freeze.environments.is_empty() || freeze.environments.contains(*name));
    frozen.any(|environment| {
        (freeze.tenants.is_empty() && built.tenancy.untenanted())
            || world.tenants.values().any(|tenant| {
                built.tenancy.tenanted()
                    && tenant.is_connected(project, environment)
                    && (freeze.tenants.is_empty() || freeze.tenants.takes(tenant))
            })
    })
}
