//! The steps of ECS: log group, roles, task definition, service, and what stands around it, one file each.
//!
//! What exists depends on the step's literal keys alone. Unless the step says a name, role, service and everything else that AWS
//! can name is left to CloudFormation, because a named resource cannot be replaced; the log group and the task definition's
//! family take the stack's name, so that several environments can share a cluster and an account.

mod balancing;
mod container;
mod deployment;
mod discovery;
mod execution_role;
mod kms;
mod launch;
mod log_group;
mod role;
mod run;
mod scaling;
mod schedule;
mod secrets;
mod service;
mod task_definition;
mod task_ingress;
mod task_role;
mod volume;

use crate::model::What;
use crate::model::process::{EcsSchedule, EcsService, EcsTask, Log, PropagateTags, Task};

use super::shape::Shape;

/// The logical ids, which are for ever: a changed id is a removal and a creation.
mod id {
    pub(super) const LOG_GROUP: &str = "LogGroup";
    pub(super) const EXECUTION_ROLE: &str = "ExecutionRole";
    pub(super) const TASK_ROLE: &str = "TaskRole";
    pub(super) const TASK_DEFINITION: &str = "TaskDefinition";
    pub(super) const VOLUME_ROLE: &str = "VolumeRole";
    pub(super) const HOOK_ROLE: &str = "HookRole";
    pub(super) const TRAFFIC_ROLE: &str = "TrafficRole";
    pub(super) const TLS_ROLE: &str = "TlsRole";
    pub(super) const DISCOVERY_SERVICE: &str = "DiscoveryService";
    pub(super) const TASK_SECURITY_GROUP: &str = "TaskSecurityGroup";
    pub(super) const SCALABLE_TARGET: &str = "ScalableTarget";
    pub(super) const SERVICE: &str = "Service";
    pub(super) const SCHEDULE_ROLE: &str = "ScheduleRole";
    pub(super) const SCHEDULE: &str = "Schedule";
}

/// The sections of the template of an `ecs-service`, before their leaves are filled.
pub(super) fn service(step: &EcsService, what: &What) -> Vec<(&'static str, Shape)> {
    let task = &step.task;
    let parts = of_task(task, discovery::proxy_log(step), what).into_iter().chain([
        (id::VOLUME_ROLE, volume::role(task)),
        (id::HOOK_ROLE, deployment::hook_role(step)),
        (id::TRAFFIC_ROLE, deployment::traffic_role(step)),
        (id::TLS_ROLE, discovery::tls_role(step)),
        (id::DISCOVERY_SERVICE, discovery::own_service(step)),
        (id::TASK_SECURITY_GROUP, task_ingress::shape(step)),
        (
            id::TASK_DEFINITION,
            Some(task_definition::shape(task, *step.propagate_tags == PropagateTags::TaskDefinition)),
        ),
        (id::SERVICE, Some(service::shape(step))),
    ]);
    let resources = named(parts).chain(balancing::resources(step)).chain(scaling::resources(step)).collect();
    let own = [
        ("ServiceArn", Shape::reference(id::SERVICE)),
        ("ServiceName", Shape::attribute(id::SERVICE, "Name")),
        ("TaskDefinitionArn", Shape::reference(id::TASK_DEFINITION)),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    let balancing = balancing::outputs(step).into_iter().chain(task_ingress::outputs(step));
    sections(resources, own.chain(balancing).chain(discovery::outputs(step)).collect())
}

/// The sections of the template of an `ecs-schedule`, before their leaves are filled.
pub(super) fn schedule(step: &EcsSchedule, what: &What) -> Vec<(&'static str, Shape)> {
    let task = &step.task;
    let parts = of_task(task, None, what).into_iter().chain([
        (id::SCHEDULE_ROLE, schedule::role(step)),
        (id::TASK_DEFINITION, Some(task_definition::shape(task, true))),
    ]);
    let outputs = [
        ("ScheduleArn", Shape::attribute(id::SCHEDULE, "Arn")),
        ("ScheduleName", Shape::reference(id::SCHEDULE)),
        ("TaskDefinitionArn", Shape::reference(id::TASK_DEFINITION)),
    ];
    let resources = named(parts).chain(schedule::shapes(step)).collect();
    sections(resources, outputs.map(|(name, value)| (name.to_owned(), value)).into())
}

/// The sections of the template of an `ecs-task`, before their leaves are filled.
pub(super) fn task(step: &EcsTask, what: &What) -> Vec<(&'static str, Shape)> {
    let task = &step.task;
    let definition = (id::TASK_DEFINITION, Some(task_definition::shape(task, true)));
    let parts = of_task(task, None, what).into_iter().chain([definition]);
    sections(named(parts).collect(), vec![("TaskDefinitionArn".to_owned(), Shape::reference(id::TASK_DEFINITION))])
}

/// What a task has besides its definition; `proxy` is the log configuration of the container that ECS adds.
fn of_task(task: &Task, proxy: Option<&Log>, what: &What) -> [(&'static str, Option<Shape>); 3] {
    [
        (id::LOG_GROUP, log_group::shape(task, proxy)),
        (id::EXECUTION_ROLE, execution_role::shape(task, proxy, what)),
        (id::TASK_ROLE, task_role::shape(task)),
    ]
}

fn named(parts: impl Iterator<Item = (&'static str, Option<Shape>)>) -> impl Iterator<Item = (String, Shape)> {
    parts.filter_map(|(id, shape)| Some((id.to_owned(), shape?)))
}

fn sections(resources: Vec<(String, Shape)>, outputs: Vec<(String, Shape)>) -> Vec<(&'static str, Shape)> {
    let output = |(name, value): (String, Shape)| (name, Shape::map([("Value", Some(value))]));
    vec![
        ("AWSTemplateFormatVersion", Shape::from("2010-09-09")),
        ("Resources", Shape::Map(resources)),
        ("Outputs", Shape::Map(outputs.into_iter().map(output).collect())),
    ]
}

/// The task definition that an `ecs-task` makes and runs.
pub const RUN: &str = id::TASK_DEFINITION;

/// What the task of an `ecs-task` is run with, before the leaves are filled; [`read_run`] reads it once they are.
pub(super) fn run(step: &EcsTask) -> Shape {
    run::shape(step)
}

/// What the task is run with; none if a part of it is not text.
pub(super) fn read_run(step: &EcsTask, definition: &str, filled: &serde_json::Value) -> Option<crate::model::TaskRun> {
    run::read(step, definition, filled)
}
