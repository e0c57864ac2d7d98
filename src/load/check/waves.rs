//! Waves: every group must be able to have members.

use std::collections::BTreeSet;

use super::super::codes;
use super::super::finding::Finding;
use super::super::world::World;
use crate::model::tenant::Tag;
use crate::model::wave::{Waves, WavesOf};
use crate::model::{EnvironmentName, ProjectName};

pub(super) fn name_environments(world: &World, findings: &mut Vec<Finding>) {
    for (name, files) in &world.drafts.projects {
        let Some(draft) = &files.project else { continue };
        for written in draft.doc.waves.iter().flat_map(|waves| &waves.environments) {
            let whose = format!("the waves of project `{name}`");
            super::names::environment_exists(&world.drafts, draft, &whose, written, findings);
        }
    }
}

pub(super) fn have_members(world: &World, findings: &mut Vec<Finding>) {
    for (name, project) in &world.projects {
        let Some(draft) = world.drafts.projects.get(name).and_then(|files| files.project.as_ref()) else { continue };
        let Some(waves) = project.project.as_ref().and_then(|project| project.waves.as_ref()) else { continue };
        let Some(members) = members(world, name, waves) else { continue };
        let taken: BTreeSet<usize> = members.iter().map(|tags| waves.position(tags)).collect();
        let entries = draft.doc.waves.iter().flat_map(|waves| &waves.group);
        for (position, entry) in entries.enumerate().filter(|(position, _)| !taken.contains(position)) {
            // A tag that does not exist is reported where it is named.
            if waves.groups.get(position).is_some_and(|group| !group.tags.0.iter().all(|tag| world.has_tag(tag))) {
                continue;
            }
            let fit = waves.groups.get(position).is_some_and(|group| members.iter().any(|tags| group.tags.fits(tags)));
            let what = match waves.of {
                WavesOf::Tenants => "tenant that is connected to the project",
                WavesOf::Targets => "target of the project's environments",
            };
            let label = match fit {
                true => format!("every {what} with its tags is already in an earlier group"),
                false => format!("no {what} has its tags"),
            };
            let title = format!("group `{}` of the waves of project `{name}` is empty", *entry.name);
            let finding = Finding::new(codes::WAVE_WITHOUT_MEMBERS, &draft.file, entry.name.span(), title);
            findings.push(finding.about(&[entry.name.as_str()]).label(label));
        }
    }
}

/// The tags of everything that the waves order; none if that cannot be known.
fn members<'a>(world: &'a World, project: &ProjectName, waves: &Waves) -> Option<Vec<&'a BTreeSet<Tag>>> {
    let entered = world.entered_by(project)?;
    let kept = |environment: &EnvironmentName| entered.contains(environment) && waves.apply_in(environment);
    match waves.of {
        WavesOf::Tenants => {
            let complete = world.drafts.tenants.complete() && world.tenants.len() == world.drafts.tenants.read.len();
            let connected = world.tenants.values().filter(|tenant| {
                tenant.projects.get(project).is_some_and(|environments| environments.iter().any(kept))
            });
            complete.then(|| connected.map(|tenant| &tenant.tags).collect())
        }
        WavesOf::Targets => {
            let complete = world.drafts.targets.complete() && world.targets.len() == world.drafts.targets.read.len();
            let ours = world.targets.values().filter(|target| target.environments.iter().any(kept));
            complete.then(|| ours.map(|target| &target.tags).collect())
        }
    }
}
