//! Lifecycles, and whether they reach every environment.

use std::collections::{BTreeMap, BTreeSet};

use super::super::codes;
use super::super::finding::{Finding, list};
use super::super::schema::At;
use super::super::schema::lifecycle::ProgressEntry;
use super::super::world::World;
use crate::model::EnvironmentName;
use crate::model::catalog::Phase;

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
    for (name, draft) in &world.drafts.lifecycles.read {
        let Some(built) = world.lifecycles.get(name) else { continue };
        let mut rest: Option<&At<String>> = None;
        for (entry, phase) in draft.doc.phase.iter().zip(&built.phases) {
            if !entry.automatic.is_empty() || !entry.manual.is_empty() {
                continue;
            }
            let finding = |title: String| Finding::new(codes::EMPTY_PHASE, &draft.file, entry.name.span(), title);
            if let Some(first) = rest {
                let title =
                    format!("phase `{}` has no environment: another phase already holds all the rest", *entry.name);
                let finding = finding(title).label("neither `automatic` nor `manual`");
                findings.push(finding.related(&draft.file, first.span(), "this phase holds them"));
            } else if phase.manual.is_empty() {
                let title = format!("phase `{}` has no environment: other phases name them all", *entry.name);
                let finding = finding(title).label("neither `automatic` nor `manual`");
                findings.push(
                    finding.help("a phase that lists no environment holds every environment that no other phase names"),
                );
            }
            rest = rest.or(Some(&entry.name));
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
    for (name, draft) in &world.drafts.lifecycles.read {
        let Some(built) = world.lifecycles.get(name) else { continue };
        for (entry, phase) in draft.doc.phase.iter().zip(&built.phases) {
            let Some(progress) = &entry.progress else { continue };
            let ProgressEntry::Minimum(number) = **progress else { continue };
            let there = phase.environments().count();
            if number as usize > there || number == 0 {
                let title =
                    format!("phase `{}` requires success in {number} environments and has {there}", *entry.name);
                let finding = Finding::new(codes::PROGRESS_OUT_OF_REACH, &draft.file, progress.span(), title);
                findings.push(
                    finding
                        .label(format!("must be 1 to {there}"))
                        .help("for a phase that never blocks, write `\"optional\"`"),
                );
            }
        }
    }
}

pub(super) fn environments_are_used(world: &World, findings: &mut Vec<Finding>) {
    let drafts = &world.drafts;
    // What cannot be read may name any environment, and a project without a lifecycle goes through all.
    let mut complete = drafts.lifecycles.complete();
    let mut entered: BTreeSet<&EnvironmentName> = BTreeSet::new();
    for project in drafts.project_names() {
        match world.entered_by(project) {
            Some(more) => entered.extend(more),
            None => complete = false,
        }
    }
    if drafts.project_names().next().is_none() {
        entered.extend(world.lifecycles.values().flat_map(|built| &built.phases).flat_map(Phase::environments));
    }
    let targets = drafts.targets.read.values();
    let placed: BTreeSet<&str> =
        targets.flat_map(|draft| draft.doc.environments.iter().map(|name| name.as_str())).collect();
    for (name, draft) in &drafts.environments.read {
        if complete && !entered.contains(name) {
            let title = format!("no project ever enters the environment `{name}`");
            let finding = Finding::new(codes::ENVIRONMENT_UNUSED, &draft.file, 0..0, title)
                .about(&[name.as_str()])
                .label("nothing is ever deployed here")
                .help("add it to a phase of a lifecycle that a project uses");
            findings.push(finding);
        }
        if drafts.targets.complete() && !placed.contains(name.as_str()) {
            let title = format!("no target belongs to the environment `{name}`");
            let finding =
                Finding::new(codes::ENVIRONMENT_WITHOUT_TARGET, &draft.file, 0..0, title).about(&[name.as_str()]);
            findings.push(finding.label("no target").help("add it to `environments` of a target"));
        }
    }
}

pub(super) fn deploys_are_in_the_lifecycle(world: &World, findings: &mut Vec<Finding>) {
    for (project, files) in &world.drafts.projects {
        let Some(entered) = world.entered_by(project) else { continue };
        let used: Vec<&str> = world.lifecycles_of(project).into_iter().flatten().collect();
        for (environment, draft) in &files.deploys.read {
            if entered.contains(environment) || !world.drafts.environments.has(environment.as_str()) {
                continue;
            }
            let title = format!("project `{project}` never enters `{environment}`");
            let (whose, help) = match used.as_slice() {
                [only] => (format!("lifecycle {}", list(&used)), format!("in a phase of lifecycles/{only}.toml")),
                _ => (format!("lifecycles {}", list(&used)), "in a phase of one of them".to_owned()),
            };
            let finding = Finding::new(codes::DEPLOY_OUTSIDE_LIFECYCLE, &draft.file, 0..0, title)
                .label(format!("not an environment of {whose}"))
                .help(format!("name `{environment}` {help}"));
            findings.push(finding);
        }
    }
}
