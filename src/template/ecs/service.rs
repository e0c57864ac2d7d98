//! `AWS::ECS::Service`: how many tasks run, where, and how they are exchanged.

use crate::model::process::{EcsService, PropagateTags, Task, Text};

use super::super::shape::{Known, Shape};
use super::{balancing, deployment, discovery, id, launch, volume};

/// The service. CloudFormation can replace it unless the step says its name.
pub(super) fn shape(step: &EcsService) -> Shape {
    let (task, on) = (&step.task, &step.task.runs_on);
    let given = Some(&step.propagate_tags).filter(|from| ***from != PropagateTags::None);
    let properties = launch::shared(on)
        .and(step)
        .and(&step.options)
        .with("Cluster", Some(Known::Cluster.into()))
        .with("TaskDefinition", Some(Shape::reference(id::TASK_DEFINITION)))
        .with("PlacementStrategies", Shape::key(&on.placement_strategies))
        .with("SchedulingStrategy", Shape::key(&step.scheduling_strategy).filter(|_| step.is_daemon()))
        .with("DesiredCount", desired_count(step))
        .with("DeploymentConfiguration", Some(deployment::configuration(step)))
        .with("NetworkConfiguration", launch::network_of_service(step))
        .with("LoadBalancers", balancing::of_service(step))
        .with("ServiceConnectConfiguration", discovery::connect(step))
        .with("ServiceRegistries", discovery::registries(step))
        .with("EnableExecuteCommand", Shape::key(&task.execute_command))
        .with("EnableECSManagedTags", Some(true.into()))
        .with("PropagateTags", given.and_then(Shape::key))
        .with("VolumeConfigurations", volume::of_service(task))
        .with("ForceNewDeployment", step.force_new_deployment_nonce.as_ref().map(force_new_deployment))
        .with("Tags", tags(task));
    Shape::resource_after("AWS::ECS::Service", balancing::needed_by_service(step), properties)
}

/// How many tasks run, unless scaling or the instances decide.
fn desired_count(step: &EcsService) -> Option<Shape> {
    let counts = step.scaling.is_none() && !step.is_daemon();
    counts.then(|| Shape::key(&step.desired_count).unwrap_or_else(|| 1.into()))
}

/// Another nonce is a new deployment of the same (CloudFormation reference, `ForceNewDeployment` of the service).
fn force_new_deployment(nonce: &Text) -> Shape {
    Shape::map([("EnableForceNewDeployment", Some(true.into())), ("ForceNewDeploymentNonce", Some(Shape::text(nonce)))])
}

/// `Tags` of the step; none if there are none.
pub(super) fn tags(task: &Task) -> Option<Shape> {
    Shape::some_list(task.tags.iter().map(tag).collect())
}

fn tag((key, value): (&String, &Text)) -> Shape {
    Shape::map([("Key", Some(key.as_str().into())), ("Value", Some(Shape::text(value)))])
}
