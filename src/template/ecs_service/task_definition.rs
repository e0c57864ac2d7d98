//! `AWS::ECS::TaskDefinition`: what a task is. Every change makes a new revision.

use crate::model::process::{Architecture, EcsService, PropagateTags};

use super::super::shape::{Known, Shape};
use super::{container, execution_role, launch, service, task_role, volume};

/// The task definition; its family is the stack's name.
pub(super) fn shape(step: &EcsService) -> Shape {
    let architecture = match step.architecture {
        Architecture::X86_64 => "X86_64",
        Architecture::Arm64 => "ARM64",
    };
    let platform =
        Shape::map([("CpuArchitecture", Some(architecture.into())), ("OperatingSystemFamily", Some("LINUX".into()))]);
    let containers = step.containers.iter().map(container::shape).collect();
    Shape::resource(
        "AWS::ECS::TaskDefinition",
        Shape::map([
            ("Family", Some(Known::Stack.into())),
            ("ContainerDefinitions", Some(Shape::List(containers))),
            // CloudFormation takes both as strings.
            ("Cpu", Some(step.cpu.to_string().into())),
            ("Memory", Some(step.memory.to_string().into())),
            ("EphemeralStorage", volume::ephemeral(step)),
            ("Volumes", volume::volumes(step)),
            ("ExecutionRoleArn", Some(execution_role::arn(step))),
            ("TaskRoleArn", task_role::arn(step)),
            ("NetworkMode", Some(step.launch.network.as_str().into())),
            ("RequiresCompatibilities", Some(launch::compatibilities(step))),
            ("RuntimePlatform", Some(platform)),
            ("Tags", (step.propagate_tags == PropagateTags::TaskDefinition).then(|| service::tags(step)).flatten()),
        ]),
    )
}
