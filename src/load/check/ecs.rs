//! ECS steps as a whole: what AWS would reject, reported before any call.

use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{PatchEntry, ProcessFile, StepEntry, StepOf};
use super::super::what::WhatDrafts;
use super::super::world::World;
use crate::model::process::{EcsService, Kind, RunsOn, Task, Text, Value};

/// Looks at each step that runs tasks.
pub(super) fn each_task(drafts: &WhatDrafts, mut run: impl FnMut(&Draft<ProcessFile>, &At<StepEntry>, &Task)) {
    let Some(process) = &drafts.process else { return };
    process.doc.tasks().for_each(|(step, task)| run(process, step, task));
}

/// Looks at each step that makes a service.
pub(super) fn each_service(
    drafts: &WhatDrafts,
    mut run: impl FnMut(&Draft<ProcessFile>, &At<StepEntry>, &Task, &EcsService),
) {
    let Some(process) = &drafts.process else { return };
    process.doc.services().for_each(|(step, task, service)| run(process, step, task, service));
}

pub(super) fn process_has_steps(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    if process.doc.step.is_empty() {
        let title = format!("project `{}` has no step", drafts.name);
        let finding = Finding::new(codes::PROCESS_WITHOUT_STEPS, &process.file, 0..0, title);
        findings.push(finding.label("no [[step]] in this file"));
    }
    for (step, _) in process.doc.tasks().filter(|(_, task)| task.container.is_empty()) {
        let title = format!("step `{}` has no container", *step.name);
        let finding = Finding::new(codes::STEP_WITHOUT_CONTAINERS, &process.file, step.name.span(), title);
        findings.push(finding.label("no [[step.container]] in this step"));
    }
}

pub(super) fn steps_have_subnets(world: &World, findings: &mut Vec<Finding>) {
    for project in world.projects.values() {
        let Some(process) = &project.head.drafts.process else { continue };
        let bare = |on: &RunsOn| on.has_interface() && on.subnets.as_ref().is_none_or(Vec::is_empty);
        for (step, _) in process.doc.running().filter(|(_, on)| bare(on)) {
            let bare = world.targets.values().find(|target| {
                target.network.subnets.is_empty() && target.roles.iter().any(|role| role.as_str() == step.role.as_str())
            });
            let Some(target) = bare else { continue };
            let title = format!("step `{}` has no subnets on target `{}`", *step.name, target.name);
            let finding = Finding::new(codes::NO_SUBNETS, &process.file, step.name.span(), title)
                .label("no `subnets` here, and none in the target")
                .help(format!("set `subnets` under [network] in targets/{}.toml, or in the step", target.name));
            findings.push(finding);
        }
    }
}

/// Whether the id of a resource can contain a name: letters and digits, at most so many.
pub(super) fn fits_resource_id(name: &str, most: usize) -> bool {
    (1..=most).contains(&name.len()) && name.chars().all(|c| c.is_ascii_alphanumeric())
}

/// Every text of a process that may hold placeholders.
pub(super) fn for_each_text(process: &ProcessFile, mut each: impl FnMut(&At<String>)) {
    process.images.values().for_each(|image| each(&image.repository));
    process.step.iter().for_each(|step| for_each_text_of(step, &mut each));
}

/// Every text of a step that may hold placeholders.
pub(in crate::load) fn for_each_text_of(step: &StepEntry, mut each: impl FnMut(&At<String>)) {
    for_each_key_of(step, &mut |text, _| each(&At::new(text.span(), text.raw().to_owned())));
    step.patches().iter().for_each(|patch| of_patch(patch, &mut each));
}

/// Every text of a step's keys that may hold placeholders, with what it must become; those of patches and parameters are others.
pub(super) fn for_each_key_of<'s>(step: &'s StepEntry, each: &mut dyn FnMut(&'s Text, Kind)) {
    match &step.of {
        StepOf::EcsService(entry) => entry.service.each_text(each),
        StepOf::EcsTask(entry) => entry.task.each_text(each),
        StepOf::EcsSchedule(entry) => entry.schedule.each_text(each),
        StepOf::CloudFormation(entry) => entry.stack.run.iter().for_each(|run| {
            run.runs_on.each_text(each);
            run.execute_command.each_text(each);
        }),
    }
}

fn of_patch(patch: &PatchEntry, each: &mut impl FnMut(&At<String>)) {
    let values = patch
        .set
        .values()
        .chain(patch.set_unchecked.values())
        .chain(patch.metadata.values())
        .chain(patch.outputs.values());
    values.chain(patch.append.values().flat_map(|items| items.iter())).for_each(|value| value.each_text(each));
}
