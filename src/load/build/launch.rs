//! What a task runs on.

use std::sync::Arc;

use super::Maker;
use crate::load::schema::At;
use crate::load::schema::process::{
    CapacityProviderEntry, LaunchEntry, NetworkModeEntry, PlacementConstraintEntry, PlacementConstraintKindEntry,
    PlacementStrategyEntry, PlacementStrategyKindEntry, RunsOnEntry,
};
use crate::model::process::{
    CapacityProvider, Compute, Launch, NetworkMode, PlacementConstraint, PlacementStrategy, Task,
};

/// Reads what a task runs on and where.
pub(crate) fn task_on(make: &mut Maker<'_>, entry: &RunsOnEntry, task: Task) -> Task {
    Task {
        launch: launch(make, entry),
        subnets: entry.subnets.as_ref().map(|list| make.texts(list)),
        security_groups: entry.security_groups.as_ref().map(|list| make.texts(list)),
        public_ip: entry.public_ip.as_deref().copied(),
        ..task
    }
}

fn launch(make: &mut Maker<'_>, entry: &RunsOnEntry) -> Launch {
    Launch {
        compute: compute(*entry.launch),
        network: network(*entry.network_mode),
        capacity_providers: entry
            .capacity_provider_strategy
            .iter()
            .filter_map(|entry| capacity_provider(make, entry))
            .collect(),
        platform_version: entry.platform_version.as_ref().and_then(|text| make.text(text)),
        constraints: entry.placement_constraints.iter().filter_map(|entry| constraint(make, entry)).collect(),
        strategies: entry.placement_strategies.iter().filter_map(|entry| strategy(make, entry)).collect(),
    }
}

/// The kind of capacity.
pub(crate) fn compute(entry: LaunchEntry) -> Compute {
    match entry {
        LaunchEntry::Fargate => Compute::Fargate,
        LaunchEntry::FargateSpot => Compute::FargateSpot,
        LaunchEntry::Ec2 => Compute::Ec2,
        LaunchEntry::Managed => Compute::Managed,
    }
}

pub(crate) fn network(entry: NetworkModeEntry) -> NetworkMode {
    match entry {
        NetworkModeEntry::Awsvpc => NetworkMode::Awsvpc,
        NetworkModeEntry::Bridge => NetworkMode::Bridge,
        NetworkModeEntry::Host => NetworkMode::Host,
    }
}

fn capacity_provider(make: &mut Maker<'_>, entry: &CapacityProviderEntry) -> Option<CapacityProvider> {
    Some(CapacityProvider {
        provider: make.text(&entry.capacity_provider)?,
        weight: entry.weight,
        base: entry.base.as_deref().copied(),
    })
}

fn constraint(make: &mut Maker<'_>, entry: &At<PlacementConstraintEntry>) -> Option<PlacementConstraint> {
    match (entry.kind, &entry.expression) {
        (PlacementConstraintKindEntry::DistinctInstance, None) => Some(PlacementConstraint::DistinctInstance),
        (PlacementConstraintKindEntry::MemberOf, Some(expression)) => {
            Some(PlacementConstraint::MemberOf(make.text(expression)?))
        }
        (PlacementConstraintKindEntry::DistinctInstance, Some(_)) => {
            make.invalid(entry.span(), "`distinct-instance` takes no `expression`");
            None
        }
        (PlacementConstraintKindEntry::MemberOf, None) => {
            make.invalid(entry.span(), "`member-of` needs an `expression`");
            None
        }
    }
}

fn strategy(make: &mut Maker<'_>, entry: &At<PlacementStrategyEntry>) -> Option<PlacementStrategy> {
    let field = entry.field.as_deref().map(|field| Arc::from(field.as_str()));
    match (entry.kind, field) {
        (PlacementStrategyKindEntry::Random, None) => Some(PlacementStrategy::Random),
        (PlacementStrategyKindEntry::Spread, Some(field)) => Some(PlacementStrategy::Spread(field)),
        (PlacementStrategyKindEntry::Binpack, Some(field)) if matches!(&*field, "cpu" | "memory") => {
            Some(PlacementStrategy::Binpack(field))
        }
        (PlacementStrategyKindEntry::Random, Some(_)) => {
            make.invalid(entry.span(), "`random` takes no `field`");
            None
        }
        (PlacementStrategyKindEntry::Spread, None) => {
            make.invalid(entry.span(), "`spread` needs a `field`, like `attribute:ecs.availability-zone`");
            None
        }
        (PlacementStrategyKindEntry::Binpack, _) => {
            make.invalid(entry.span(), "`binpack` needs a `field`: `cpu` or `memory`");
            None
        }
    }
}
