//! The steps of ECS: log group, roles, task definition, service, and what stands around it, one file each.
//!
//! What exists depends on the step's literal keys alone. Role, service and everything else that AWS can name is left to
//! CloudFormation, because a named resource cannot be replaced; the log group and the task definition's family take the
//! stack's name, so that several environments can share a cluster and an account.

mod balancing;
mod container;
mod deployment;
mod execution_role;
mod launch;
mod linux;
mod log_group;
mod role;
mod scaling;
mod secrets;
mod service;
mod task_definition;
mod task_role;
mod volume;

use crate::model::What;
use crate::model::process::EcsService;

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
    pub(super) const SCALABLE_TARGET: &str = "ScalableTarget";
    pub(super) const SERVICE: &str = "Service";
}

/// The sections of the template of an `ecs-service`, before their leaves are filled.
pub(super) fn service(step: &EcsService, what: &What) -> Vec<(&'static str, Shape)> {
    let task = &step.task;
    let parts = [
        (id::LOG_GROUP, Some(log_group::shape(task))),
        (id::EXECUTION_ROLE, execution_role::shape(task, what)),
        (id::TASK_ROLE, task_role::shape(task)),
        (id::VOLUME_ROLE, volume::role(task)),
        (id::HOOK_ROLE, deployment::hook_role(step)),
        (id::TRAFFIC_ROLE, deployment::traffic_role(step)),
        (id::TASK_DEFINITION, Some(task_definition::shape(task))),
        (id::SERVICE, Some(service::shape(step))),
    ];
    let parts = parts.into_iter().filter_map(|(id, shape)| Some((id.to_owned(), shape?)));
    let resources = parts.chain(balancing::resources(step)).chain(scaling::resources(step)).collect();
    let own = [
        ("ServiceArn", Shape::reference(id::SERVICE)),
        ("ServiceName", Shape::attribute(id::SERVICE, "Name")),
        ("TaskDefinitionArn", Shape::reference(id::TASK_DEFINITION)),
    ];
    let own = own.into_iter().map(|(name, value)| (name.to_owned(), value));
    let output = |(name, value): (String, Shape)| (name, Shape::map([("Value", Some(value))]));
    let outputs = own.chain(balancing::outputs(step)).map(output).collect();
    vec![
        ("AWSTemplateFormatVersion", Shape::from("2010-09-09")),
        ("Resources", Shape::Map(resources)),
        ("Outputs", Shape::Map(outputs)),
    ]
}
