//! The step `ecs-service`: log group, execution role, task definition and service, one file each.
//!
//! What exists depends on the step's literal keys alone. Role, service and everything else that AWS can name is left to
//! CloudFormation, because a named resource cannot be replaced; the log group and the task definition's family take the
//! stack's name, so that several environments can share a cluster and an account.

mod container;
mod execution_role;
mod launch;
mod linux;
mod log_group;
mod role;
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
    pub(super) const SERVICE: &str = "Service";
}

/// The sections of the step's template, before their leaves are filled.
pub(super) fn sections(step: &EcsService, what: &What) -> Vec<(&'static str, Shape)> {
    let resources = Shape::map([
        (id::LOG_GROUP, Some(log_group::shape(step))),
        (id::EXECUTION_ROLE, execution_role::shape(step, what)),
        (id::TASK_ROLE, task_role::shape(step)),
        (id::VOLUME_ROLE, volume::role(step)),
        (id::TASK_DEFINITION, Some(task_definition::shape(step))),
        (id::SERVICE, Some(service::shape(step))),
    ]);
    let output = |value: Shape| Some(Shape::map([("Value", Some(value))]));
    let outputs = Shape::map([
        ("ServiceArn", output(Shape::reference(id::SERVICE))),
        ("ServiceName", output(Shape::attribute(id::SERVICE, "Name"))),
        ("TaskDefinitionArn", output(Shape::reference(id::TASK_DEFINITION))),
    ]);
    vec![("AWSTemplateFormatVersion", Shape::from("2010-09-09")), ("Resources", resources), ("Outputs", outputs)]
}
