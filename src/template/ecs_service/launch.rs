//! What tasks run on: capacity, network, placement.

use crate::model::process::{
    CapacityProvider, Compute, EcsService, NetworkMode, PlacementConstraint, PlacementStrategy,
};

use super::super::shape::{Known, Leaves, Shape};

/// `RequiresCompatibilities`: what ECS checks the task definition against.
pub(super) fn compatibilities(step: &EcsService) -> Shape {
    let compute = match step.launch.compute {
        Compute::Fargate | Compute::FargateSpot => "FARGATE",
        Compute::Ec2 => "EC2",
        Compute::Managed => "MANAGED_INSTANCES",
    };
    Shape::List(vec![compute.into()])
}

/// `LaunchType`; none where capacity providers take its place, which ECS wants to be the only one of the two.
pub(super) fn launch_type(step: &EcsService) -> Option<Shape> {
    match (step.launch.capacity_providers.is_empty(), step.launch.compute) {
        (true, Compute::Fargate) => Some("FARGATE".into()),
        (true, Compute::Ec2) => Some("EC2".into()),
        (true, Compute::FargateSpot | Compute::Managed) | (false, _) => None,
    }
}

/// `CapacityProviderStrategy`.
pub(super) fn capacity_providers(step: &EcsService) -> Option<Shape> {
    if step.launch.compute == Compute::FargateSpot {
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
    Shape::some_list(step.launch.capacity_providers.iter().map(item).collect())
}

/// `NetworkConfiguration`; only tasks with an interface of their own have one, and only Fargate gives them a public address.
pub(super) fn network(step: &EcsService) -> Option<Shape> {
    if step.launch.network != NetworkMode::Awsvpc {
        return None;
    }
    let public_ip = match step.public_ip {
        Some(true) => "ENABLED".into(),
        Some(false) => "DISABLED".into(),
        None => Known::PublicIp.into(),
    };
    let awsvpc = Shape::map([
        ("AssignPublicIp", step.launch.compute.is_fargate().then_some(public_ip)),
        ("SecurityGroups", Some(Shape::Leaves(Leaves::SecurityGroups(step.security_groups.clone())))),
        ("Subnets", Some(Shape::Leaves(Leaves::Subnets(step.subnets.clone())))),
    ]);
    Some(Shape::map([("AwsvpcConfiguration", Some(awsvpc))]))
}

/// `PlacementConstraints`.
pub(super) fn constraints(step: &EcsService) -> Option<Shape> {
    let constraint = |constraint: &PlacementConstraint| match constraint {
        PlacementConstraint::DistinctInstance => Shape::map([("Type", Some("distinctInstance".into()))]),
        PlacementConstraint::MemberOf(expression) => {
            Shape::map([("Type", Some("memberOf".into())), ("Expression", Some(Shape::text(expression)))])
        }
    };
    Shape::some_list(step.launch.constraints.iter().map(constraint).collect())
}

/// `PlacementStrategies`, in their order.
pub(super) fn strategies(step: &EcsService) -> Option<Shape> {
    let strategy = |strategy: &PlacementStrategy| {
        let (kind, field) = match strategy {
            PlacementStrategy::Random => ("random", None),
            PlacementStrategy::Spread(field) => ("spread", Some(field)),
            PlacementStrategy::Binpack(field) => ("binpack", Some(field)),
        };
        Shape::map([("Type", Some(kind.into())), ("Field", field.map(|field| (&**field).into()))])
    };
    Shape::some_list(step.launch.strategies.iter().map(strategy).collect())
}

/// `AvailabilityZoneRebalancing`.
pub(super) fn rebalancing(step: &EcsService) -> Option<Shape> {
    step.launch.rebalancing.map(|on| if on { "ENABLED" } else { "DISABLED" }.into())
}
