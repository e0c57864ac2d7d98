//! `AWS::ECS::TaskDefinition`: what a task is. Every change makes a new revision.

use crate::model::process::{Architecture, Number, PropagateTags, Task};

use super::super::shape::{Known, Shape};
use super::{container, execution_role, launch, service, task_role, volume};

/// The task definition; its family is the stack's name.
pub(super) fn shape(task: &Task) -> Shape {
    let architecture = match task.architecture {
        Architecture::X86_64 => "X86_64",
        Architecture::Arm64 => "ARM64",
    };
    let platform = Shape::map([
        ("CpuArchitecture", Some(architecture.into())),
        ("OperatingSystemFamily", Some(task.operating_system.into())),
    ]);
    let containers = task.containers.iter().map(container::shape).collect();
    Shape::resource(
        "AWS::ECS::TaskDefinition",
        Shape::map([
            ("Family", Some(Known::Stack.into())),
            ("ContainerDefinitions", Some(Shape::List(containers))),
            ("Cpu", task.cpu.as_ref().map(size)),
            ("Memory", task.memory.as_ref().map(size)),
            ("EphemeralStorage", Shape::key(&task.ephemeral_storage)),
            ("Volumes", volume::volumes(task)),
            ("ExecutionRoleArn", Some(execution_role::arn(task))),
            ("TaskRoleArn", task_role::arn(task)),
            ("NetworkMode", Some(task.launch.network.as_str().into())),
            ("RequiresCompatibilities", Some(launch::compatibilities(task))),
            ("RuntimePlatform", Some(platform)),
            ("Tags", (task.propagate_tags == PropagateTags::TaskDefinition).then(|| service::tags(task)).flatten()),
        ])
        .and(&task.definition),
    )
}

/// CloudFormation takes the size of a task as strings.
fn size(number: &Number) -> Shape {
    match number {
        Number::Written(number, place) => Shape::Written(number.to_string().into(), place.clone()),
        filled @ Number::Filled(_) => Shape::number(filled, 0..=u32::MAX),
    }
}
