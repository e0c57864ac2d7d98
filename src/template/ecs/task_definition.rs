//! `AWS::ECS::TaskDefinition`: what a task is. Every change makes a new revision.

use crate::model::process::{Number, Task};

use super::super::shape::{Known, Leaf, Shape};
use super::{container, execution_role, launch, service, task_role, volume};

/// The task definition. It has the step's tags if tasks take them from it.
pub(super) fn shape(task: &Task, gives_tags: bool) -> Shape {
    let platform = Shape::map([
        ("CpuArchitecture", Shape::key(&task.architecture)),
        ("OperatingSystemFamily", Shape::key(&task.operating_system_family)),
    ]);
    let containers = task.container.iter().map(|one| container::shape(one)).collect();
    let properties = Shape::table(task)
        .and(&task.definition)
        .with("Family", Some(Shape::key(&task.family).unwrap_or_else(|| Known::Stack.into())))
        .with("ContainerDefinitions", Some(Shape::List(containers)))
        .with("Cpu", task.cpu.as_ref().map(size))
        .with("Memory", task.memory.as_ref().map(size))
        .with("Volumes", volume::volumes(task))
        .with("ExecutionRoleArn", Some(execution_role::arn(task)))
        .with("TaskRoleArn", task_role::arn(task))
        .with("NetworkMode", Shape::key(&task.runs_on.network_mode))
        .with("RequiresCompatibilities", Some(launch::compatibilities(task)))
        .with("RuntimePlatform", Some(platform))
        .with("Tags", gives_tags.then(|| service::tags(task)).flatten());
    Shape::resource("AWS::ECS::TaskDefinition", properties)
}

/// The ARN of every revision.
pub(super) fn revisions(task: &Task) -> Shape {
    task.family.clone().map_or_else(|| Known::TaskDefinitionsArn.into(), |family| Shape::Leaf(Leaf::FamilyArn(family)))
}

/// CloudFormation takes the size of a task as strings.
fn size(number: &Number) -> Shape {
    match number {
        Number::Written(number, place) => Shape::Written(number.to_string().into(), place.clone()),
        Number::Filled(text) => Shape::Leaf(Leaf::Number(text.clone(), 0..=i64::from(u32::MAX))),
    }
}
