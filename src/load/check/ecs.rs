//! ECS steps as a whole: what AWS would reject, reported before any call.

use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{
    LoadBalancerEntry, PatchEntry, ProcessFile, RunsOnEntry, ScalingEntry, ScheduleEntry, ServiceEntry, StepEntry,
    TaskEntry,
};
use super::super::what::WhatDrafts;
use super::super::world::World;
use super::ecs_launch;
use crate::model::process::{Kind, Text, Value};

/// Looks at each step that runs tasks.
pub(super) fn each_task(drafts: &WhatDrafts, mut run: impl FnMut(&Draft<ProcessFile>, &At<StepEntry>, &TaskEntry)) {
    let Some(process) = &drafts.process else { return };
    process.doc.tasks().for_each(|(step, task)| run(process, step, task));
}

/// Looks at each step that makes a service.
pub(super) fn each_service(
    drafts: &WhatDrafts,
    mut run: impl FnMut(&Draft<ProcessFile>, &At<StepEntry>, &TaskEntry, &ServiceEntry),
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
        let bare = |on: &RunsOnEntry| ecs_launch::needs_subnets(on) && on.subnets.as_ref().is_none_or(Vec::is_empty);
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

/// Every text of a process that may hold placeholders.
pub(super) fn for_each_text(process: &ProcessFile, mut each: impl FnMut(&At<String>)) {
    process.images.values().for_each(|image| each(&image.repository));
    process.step.iter().for_each(|step| for_each_text_of(step, &mut each));
}

/// Every text of a step that may hold placeholders.
pub(in crate::load) fn for_each_text_of(step: &StepEntry, mut each: impl FnMut(&At<String>)) {
    step.runs_on().into_iter().for_each(|on| of_runs_on(on, &mut each));
    step.task().into_iter().for_each(|task| of_task(task, &mut each));
    step.service().into_iter().for_each(|service| of_service(service, &mut each));
    step.schedule().into_iter().for_each(|schedule| of_schedule(schedule, &mut each));
    step.patches().iter().for_each(|patch| of_patch(patch, &mut each));
}

/// The texts of keys that are declared in the model.
fn of_keys<'a, V: Value + 'a>(values: impl IntoIterator<Item = &'a V>, each: &mut impl FnMut(&At<String>)) {
    let mut each = |text: &Text, _: Kind| each(&At::new(text.span(), text.raw().to_owned()));
    values.into_iter().for_each(|value| value.each_text(&mut each));
}

fn of_schedule(schedule: &ScheduleEntry, each: &mut impl FnMut(&At<String>)) {
    std::iter::once(&schedule.schedule).chain(&schedule.time_zone).for_each(&mut *each);
    schedule.start_date.iter().chain(&schedule.end_date).chain(&schedule.schedule_role).for_each(&mut *each);
    schedule.dead_letter_config.iter().for_each(|queue| each(&queue.arn));
}

fn of_service(service: &ServiceEntry, each: &mut impl FnMut(&At<String>)) {
    of_keys(&service.desired_count, each);
    of_keys([&service.options], each);
    of_keys(&service.deployment_configuration.early_success_criteria, each);
    service.force_new_deployment_nonce.iter().for_each(&mut *each);
    service.load_balancer.iter().for_each(|entry| of_balancer(entry, each));
    service.scaling.iter().for_each(|scaling| of_scaling(scaling, each));
    of_keys(service.service_connect_configuration.as_deref(), each);
    of_keys(service.service_registries.iter().map(|registry| &**registry), each);
    let deployment = &service.deployment_configuration;
    deployment.alarms.iter().flat_map(|alarms| alarms.alarm_names.iter()).for_each(&mut *each);
    of_keys(deployment.alarms.iter().map(|alarms| &alarms.rollback), each);
    deployment.lifecycle_hooks.iter().flat_map(|hook| hook.hook_target_arn.iter().chain(&hook.role_arn)).for_each(each);
}

fn of_runs_on(on: &RunsOnEntry, each: &mut impl FnMut(&At<String>)) {
    on.subnets.iter().chain(&on.security_groups).flatten().for_each(&mut *each);
    on.capacity_provider_strategy.iter().for_each(|entry| each(&entry.capacity_provider));
    on.platform_version.iter().for_each(&mut *each);
    on.placement_constraints.iter().filter_map(|entry| entry.expression.as_ref()).for_each(each);
}

fn of_task(task: &TaskEntry, each: &mut impl FnMut(&At<String>)) {
    of_keys(task.cpu.iter().chain(&task.memory), each);
    of_keys([&task.execute_command], each);
    task.task_role.iter().chain(&task.execution_role).for_each(&mut *each);
    task.permissions_boundary.iter().chain(task.kms_keys.iter()).for_each(&mut *each);
    for rights in task.task_rights.iter().chain(&task.execution_rights) {
        rights.managed_policy_arns.iter().for_each(&mut *each);
        for statement in &rights.statement {
            statement.actions.iter().chain(statement.resources.iter()).for_each(&mut *each);
            statement.conditions.values().flat_map(|keys| keys.values()).flatten().for_each(&mut *each);
        }
    }
    of_keys(task.volume.iter().map(|volume| &**volume), each);
    of_keys(task.ephemeral_storage.as_deref(), each);
    of_keys([&task.definition], each);
    task.tags.values().for_each(&mut *each);
    of_keys(task.container.iter().map(|container| &**container), each);
}

fn of_balancer(entry: &LoadBalancerEntry, each: &mut impl FnMut(&At<String>)) {
    entry.target_group.iter().for_each(&mut *each);
    if let Some(advanced) = &entry.advanced_configuration {
        [&advanced.alternate_target_group, &advanced.production_listener_rule].into_iter().for_each(&mut *each);
        advanced.test_listener_rule.iter().chain(&advanced.role_arn).for_each(&mut *each);
    }
    let Some(own) = &entry.own_target_group else { return };
    std::iter::once(&own.vpc_id).chain(&own.health_check.path).chain(&own.health_check.matcher).for_each(&mut *each);
    for rule in &own.listener_rule {
        each(&rule.listener_arn);
        of_keys([&rule.priority], each);
        let plain = [&rule.host_header, &rule.path_pattern, &rule.http_request_method, &rule.source_ip];
        plain.into_iter().chain(rule.http_header.values()).flatten().for_each(&mut *each);
    }
    if let Some(balancer) = &own.own_load_balancer {
        let lists = balancer.subnets.iter().chain(&balancer.security_groups).chain(std::iter::once(&balancer.ingress));
        lists.flatten().for_each(&mut *each);
        of_keys([&balancer.deletion_protection], each);
        for it in &balancer.listener {
            let texts = it.certificate_arn.iter().chain(&it.additional_certificate_arns).chain(&it.ssl_policy);
            texts.for_each(&mut *each);
        }
    }
}

fn of_scaling(scaling: &ScalingEntry, each: &mut impl FnMut(&At<String>)) {
    scaling.target_tracking.iter().filter_map(|policy| policy.resource_label.as_ref()).for_each(&mut *each);
    of_keys(scaling.target_tracking.iter().map(|policy| &policy.disable_scale_in), each);
    for policy in &scaling.step_scaling {
        [&policy.alarm.namespace, &policy.alarm.metric_name].into_iter().for_each(&mut *each);
        policy.alarm.dimensions.values().for_each(&mut *each);
    }
    let actions = scaling.scheduled_action.iter();
    let bounds = actions.clone().flat_map(|action| action.min_capacity.iter().chain(&action.max_capacity));
    of_keys([&scaling.min_capacity, &scaling.max_capacity].into_iter().chain(bounds), each);
    actions.flat_map(|action| std::iter::once(&action.schedule).chain(&action.time_zone)).for_each(each);
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
