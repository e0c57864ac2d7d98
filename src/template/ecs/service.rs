//! `AWS::ECS::Service`: how many tasks run, where, and how they are exchanged.

use std::sync::Arc;

use crate::model::process::{EcsService, PropagateTags, Task, Text};

use super::super::shape::{Known, Shape};
use super::{balancing, deployment, discovery, id, launch, volume};

/// The service, without an explicit name, so that it can be replaced.
pub(super) fn shape(step: &EcsService) -> Shape {
    let task = &step.task;
    Shape::resource_after(
        "AWS::ECS::Service",
        balancing::needed_by_service(step),
        Shape::map([
            ("Cluster", Some(Known::Cluster.into())),
            ("TaskDefinition", Some(Shape::reference(id::TASK_DEFINITION))),
            ("LaunchType", launch::launch_type(task)),
            ("CapacityProviderStrategy", launch::capacity_providers(task)),
            ("PlatformVersion", task.launch.platform_version.as_ref().map(Shape::text)),
            ("PlacementConstraints", launch::constraints(task)),
            ("PlacementStrategies", launch::strategies(task)),
            ("AvailabilityZoneRebalancing", launch::rebalancing(step)),
            ("DesiredCount", step.scaling.is_none().then(|| Shape::number(&step.desired_count, 0..=u32::MAX))),
            ("DeploymentConfiguration", Some(deployment::configuration(step))),
            ("NetworkConfiguration", launch::network_of_service(step)),
            ("LoadBalancers", balancing::of_service(step)),
            ("HealthCheckGracePeriodSeconds", step.health_check_grace.map(Shape::from)),
            ("ServiceConnectConfiguration", discovery::connect(step)),
            ("ServiceRegistries", discovery::registries(step)),
            ("EnableExecuteCommand", Shape::key(&task.execute_command)),
            ("EnableECSManagedTags", Some(true.into())),
            ("PropagateTags", propagate_tags(task)),
            ("VolumeConfigurations", volume::of_service(task)),
            ("ForceNewDeployment", step.nonce.as_ref().map(force_new_deployment)),
            ("Tags", tags(task)),
        ])
        .and(&step.options),
    )
}

pub(super) fn propagate_tags(task: &Task) -> Option<Shape> {
    match task.propagate_tags {
        PropagateTags::Service => Some("SERVICE".into()),
        PropagateTags::TaskDefinition => Some("TASK_DEFINITION".into()),
        PropagateTags::None => None,
    }
}

/// Another nonce is a new deployment of the same (CloudFormation reference, `ForceNewDeployment` of the service).
fn force_new_deployment(nonce: &Text) -> Shape {
    Shape::map([("EnableForceNewDeployment", Some(true.into())), ("ForceNewDeploymentNonce", Some(Shape::text(nonce)))])
}

/// `Tags` of the step; none if there are none.
pub(super) fn tags(task: &Task) -> Option<Shape> {
    Shape::some_list(task.tags.iter().map(tag).collect())
}

fn tag((key, value): (&Arc<str>, &Text)) -> Shape {
    Shape::map([("Key", Some((&**key).into())), ("Value", Some(Shape::text(value)))])
}
