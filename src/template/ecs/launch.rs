//! What tasks run on: capacity, network, placement.

use crate::model::process::{Compute, EcsService, Known as KnownText, RunsOn, Task, Text};

use super::super::shape::{Known, Leaves, NetworkIds, Shape};
use super::{id, task_ingress};

/// `RequiresCompatibilities`: what ECS checks the task definition against.
pub(super) fn compatibilities(task: &Task) -> Shape {
    Shape::List(Shape::key(&task.runs_on.launch).into_iter().collect())
}

/// `LaunchType`; none if there are capacity providers, because ECS accepts only one of the two.
pub(super) fn launch_type(on: &RunsOn) -> Option<Shape> {
    match (on.capacity_provider_strategy.is_empty(), on.compute()) {
        (true, Compute::Fargate | Compute::Ec2) => Shape::key(&on.launch),
        (true, Compute::FargateSpot | Compute::Managed) | (false, _) => None,
    }
}

pub(super) fn capacity_providers(on: &RunsOn) -> Option<Shape> {
    if on.compute() == Compute::FargateSpot {
        let spot = Shape::map([("CapacityProvider", Some("FARGATE_SPOT".into())), ("Weight", Some(1.into()))]);
        return Some(Shape::List(vec![spot]));
    }
    Shape::key(&on.capacity_provider_strategy)
}

/// What a service, a schedule and RunTask call the same; each has its own words for placement and network.
pub(super) fn shared(on: &RunsOn) -> Shape {
    Shape::table(on).with("LaunchType", launch_type(on)).with("CapacityProviderStrategy", capacity_providers(on))
}

/// Texts of the step, whatever they are of.
pub(super) fn texts<S>(known: &Option<Vec<KnownText<S>>>) -> Option<Vec<Text>> {
    known.as_ref().map(|all| all.iter().map(|one| Text::clone(one)).collect())
}

/// `NetworkConfiguration` of a service; only tasks with an interface of their own have one, and only Fargate gives them a
/// public address.
pub(super) fn network_of_service(step: &EcsService) -> Option<Shape> {
    let on = &step.task.runs_on;
    if !task_ingress::is_made(step) {
        return network(on);
    }
    let made = Shape::List(vec![Shape::attribute(id::TASK_SECURITY_GROUP, "GroupId")]);
    interface(on, Shape::Joined(vec![groups(NetworkIds::SecurityGroupsBesideOne, on), made]))
}

fn groups(of: NetworkIds, on: &RunsOn) -> Shape {
    Shape::Leaves(Leaves::Network(of, texts(&on.security_groups)))
}

/// The same of a task that no service runs.
pub(super) fn network(on: &RunsOn) -> Option<Shape> {
    interface(on, groups(NetworkIds::SecurityGroups, on))
}

/// `NetworkConfiguration` of a schedule, which takes no empty list of security groups.
pub(super) fn network_of_schedule(on: &RunsOn) -> Option<Shape> {
    interface(on, groups(NetworkIds::ScheduleSecurityGroups, on))
}

fn interface(on: &RunsOn, groups: Shape) -> Option<Shape> {
    let public_ip = || Shape::key(&on.public_ip).unwrap_or_else(|| Known::PublicIp.into());
    let awsvpc = Shape::map([
        ("AssignPublicIp", on.compute().is_fargate().then(public_ip)),
        ("SecurityGroups", Some(groups)),
        ("Subnets", Some(Shape::Leaves(Leaves::Network(NetworkIds::Subnets, texts(&on.subnets))))),
    ]);
    on.has_interface().then(|| Shape::map([("AwsvpcConfiguration", Some(awsvpc))]))
}
