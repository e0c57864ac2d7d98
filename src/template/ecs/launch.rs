//! What tasks run on: capacity, network, placement.

use crate::model::process::{
    CapacityProvider, Compute, EcsService, NetworkMode, PlacementConstraint, PlacementStrategy, Task,
};

use super::super::shape::{Known, Leaves, NetworkIds, Shape};
use super::{id, task_ingress};

/// `RequiresCompatibilities`: what ECS checks the task definition against.
pub(super) fn compatibilities(task: &Task) -> Shape {
    let compute = match task.launch.compute {
        Compute::Fargate | Compute::FargateSpot => "FARGATE",
        Compute::Ec2 => "EC2",
        Compute::Managed => "MANAGED_INSTANCES",
    };
    Shape::List(vec![compute.into()])
}

/// `LaunchType`; none if there are capacity providers, because ECS accepts only one of the two.
pub(super) fn launch_type(task: &Task) -> Option<Shape> {
    match (task.launch.capacity_providers.is_empty(), task.launch.compute) {
        (true, Compute::Fargate) => Some("FARGATE".into()),
        (true, Compute::Ec2) => Some("EC2".into()),
        (true, Compute::FargateSpot | Compute::Managed) | (false, _) => None,
    }
}

pub(super) fn capacity_providers(task: &Task) -> Option<Shape> {
    if task.launch.compute == Compute::FargateSpot {
        let spot = Shape::map([("CapacityProvider", Some("FARGATE_SPOT".into())), ("Weight", Some(1.into()))]);
        return Some(Shape::List(vec![spot]));
    }
    let item = |item: &CapacityProvider| {
        Shape::map([
            ("CapacityProvider", Some(Shape::text(&item.provider))),
            ("Weight", item.weight.map(Shape::from)),
            ("Base", item.base.map(Shape::from)),
        ])
    };
    Shape::some_list(task.launch.capacity_providers.iter().map(item).collect())
}

/// `NetworkConfiguration` of a service; only tasks with an interface of their own have one, and only Fargate gives them a
/// public address.
pub(super) fn network_of_service(step: &EcsService) -> Option<Shape> {
    if !task_ingress::is_made(step) {
        return network(&step.task);
    }
    let groups = Shape::Leaves(Leaves::Network(NetworkIds::SecurityGroupsBesideOne, step.task.security_groups.clone()));
    let made = Shape::List(vec![Shape::attribute(id::TASK_SECURITY_GROUP, "GroupId")]);
    interface(&step.task, Shape::Joined(vec![groups, made]))
}

/// The same of a task that no service runs.
pub(super) fn network(task: &Task) -> Option<Shape> {
    interface(task, Shape::Leaves(Leaves::Network(NetworkIds::SecurityGroups, task.security_groups.clone())))
}

/// `NetworkConfiguration` of a schedule, which takes no empty list of security groups.
pub(super) fn network_of_schedule(task: &Task) -> Option<Shape> {
    interface(task, Shape::Leaves(Leaves::Network(NetworkIds::ScheduleSecurityGroups, task.security_groups.clone())))
}

fn interface(task: &Task, groups: Shape) -> Option<Shape> {
    if task.launch.network != NetworkMode::Awsvpc {
        return None;
    }
    let public_ip = match task.public_ip {
        Some(true) => "ENABLED".into(),
        Some(false) => "DISABLED".into(),
        None => Known::PublicIp.into(),
    };
    let awsvpc = Shape::map([
        ("AssignPublicIp", task.launch.compute.is_fargate().then_some(public_ip)),
        ("SecurityGroups", Some(groups)),
        ("Subnets", Some(Shape::Leaves(Leaves::Network(NetworkIds::Subnets, task.subnets.clone())))),
    ]);
    Some(Shape::map([("AwsvpcConfiguration", Some(awsvpc))]))
}

pub(super) fn constraints(task: &Task) -> Option<Shape> {
    let constraint = |constraint: &PlacementConstraint| match constraint {
        PlacementConstraint::DistinctInstance => Shape::map([("Type", Some("distinctInstance".into()))]),
        PlacementConstraint::MemberOf(expression) => {
            Shape::map([("Type", Some("memberOf".into())), ("Expression", Some(Shape::text(expression)))])
        }
    };
    Shape::some_list(task.launch.constraints.iter().map(constraint).collect())
}

/// `PlacementStrategies`, in their order.
pub(super) fn strategies(task: &Task) -> Option<Shape> {
    let strategy = |strategy: &PlacementStrategy| {
        let (kind, field) = match strategy {
            PlacementStrategy::Random => ("random", None),
            PlacementStrategy::Spread(field) => ("spread", Some(field)),
            PlacementStrategy::Binpack(field) => ("binpack", Some(field)),
        };
        Shape::map([("Type", Some(kind.into())), ("Field", field.map(|field| (&**field).into()))])
    };
    Shape::some_list(task.launch.strategies.iter().map(strategy).collect())
}

pub(super) fn rebalancing(step: &EcsService) -> Option<Shape> {
    step.rebalancing.map(|on| if on { "ENABLED" } else { "DISABLED" }.into())
}
