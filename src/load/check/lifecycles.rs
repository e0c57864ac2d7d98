//! Lifecycles, and whether environments are reached by them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::codes;
use super::super::finding::Finding;
use super::super::schema::lifecycle::ProgressEntry;
use super::super::world::World;

pub(super) fn have_phases(world: &World, findings: &mut Vec<Finding>) {
    for (name, draft) in world.drafts.lifecycles.read.iter().filter(|(_, draft)| draft.doc.phase.is_empty()) {
        let title = format!("lifecycle `{name}` has no phase");
        let finding = Finding::new(codes::LIFECYCLE_WITHOUT_PHASES, &draft.file, 0..0, title);
        findings.push(
            finding.label("no [[phase]] in this file").help("a phase names the environments that a release enters"),
        );
    }
}

pub(super) fn phases_have_environments(world: &World, findings: &mut Vec<Finding>) {
    for draft in world.drafts.lifecycles.read.values() {
        for phase in draft.doc.phase.iter().filter(|phase| phase.automatic.is_empty() && phase.manual.is_empty()) {
            let title = format!("phase `{}` has no environment", *phase.name);
            let finding = Finding::new(codes::EMPTY_PHASE, &draft.file, phase.name.span(), title);
            findings.push(finding.label("neither `automatic` nor `manual`"));
        }
    }
}

pub(super) fn environments_are_in_one_phase(world: &World, findings: &mut Vec<Finding>) {
    for (name, draft) in &world.drafts.lifecycles.read {
        let mut seen = BTreeMap::new();
        for phase in &draft.doc.phase {
            for written in phase.automatic.iter().chain(&phase.manual) {
                let Some(first) = seen.insert(written.as_str(), written.span()) else { continue };
                let title = format!("lifecycle `{name}` names the environment `{}` twice", **written);
                let finding = Finding::new(codes::ENVIRONMENT_IN_TWO_PHASES, &draft.file, written.span(), title);
                findings.push(finding.label("again here").related(&draft.file, first, "first here"));
            }
        }
    }
}

pub(super) fn progress_is_in_reach(world: &World, findings: &mut Vec<Finding>) {
    for draft in world.drafts.lifecycles.read.values() {
        for phase in &draft.doc.phase {
            let Some(progress) = &phase.progress else { continue };
            let ProgressEntry::Minimum(number) = **progress else { continue };
            let there = phase.automatic.len() + phase.manual.len();
            if number as usize > there || number == 0 {
                let title = format!("phase `{}` asks for success in {number} of {there} environments", *phase.name);
                let finding = Finding::new(codes::PROGRESS_OUT_OF_REACH, &draft.file, progress.span(), title);
                findings
                    .push(finding.label(format!("1 to {there}")).help("a phase that never blocks is `\"optional\"`"));
            }
        }
    }
}

pub(super) fn environments_are_used(world: &World, findings: &mut Vec<Finding>) {
    let drafts = &world.drafts;
    // What cannot be read may name any environment, and a project without a lifecycle goes through all.
    let lifecycles_complete = drafts.lifecycles.read.len() == drafts.lifecycles.present.len();
    let targets_complete = drafts.targets.read.len() == drafts.targets.present.len();
    let implied = drafts
        .projects
        .values()
        .any(|project| project.project.as_ref().is_none_or(|draft| draft.doc.lifecycle.is_none()));
    let mut entered = BTreeSet::new();
    for phase in drafts.lifecycles.read.values().flat_map(|draft| &draft.doc.phase) {
        entered.extend(phase.automatic.iter().chain(&phase.manual).map(|name| name.as_str()));
    }
    let mut placed = BTreeSet::new();
    for draft in drafts.targets.read.values() {
        placed.extend(draft.doc.environments.iter().map(|name| name.as_str()));
    }
    for (name, draft) in &drafts.environments.read {
        if lifecycles_complete && !implied && !entered.contains(name.as_str()) {
            let title = format!("no lifecycle names the environment `{name}`");
            let finding = Finding::new(codes::ENVIRONMENT_UNUSED, &draft.file, 0..0, title);
            findings.push(finding.label("nothing is ever deployed here").help("name it in a phase of a lifecycle"));
        }
        if targets_complete && !placed.contains(name.as_str()) {
            let title = format!("no target belongs to the environment `{name}`");
            let finding = Finding::new(codes::ENVIRONMENT_WITHOUT_TARGET, &draft.file, 0..0, title);
            findings.push(finding.label("nothing can be deployed here").help("name it in `environments` of a target"));
        }
    }
}

pub(super) fn deploys_are_in_the_lifecycle(world: &World, findings: &mut Vec<Finding>) {
    for (project, files) in &world.drafts.projects {
        let Some(used) = files.project.as_ref().and_then(|draft| draft.doc.lifecycle.as_ref()) else { continue };
        let Some(lifecycle) = world.drafts.lifecycles.read.get(used.as_str()) else { continue };
        for (environment, draft) in &files.deploys.read {
            let phases = &lifecycle.doc.phase;
            let mut names = phases.iter().flat_map(|phase| phase.automatic.iter().chain(&phase.manual));
            let known = world.drafts.environments.has(environment.as_str());
            if !known || names.any(|name| name.as_str() == environment.as_str()) {
                continue;
            }
            let title = format!("project `{project}` never enters `{environment}`");
            let finding = Finding::new(codes::DEPLOY_OUTSIDE_LIFECYCLE, &draft.file, 0..0, title)
                .label(format!("not an environment of lifecycle `{}`", **used))
                .help(format!("name `{environment}` in a phase of lifecycles/{}.toml", **used));
            findings.push(finding);
        }
    }
}
