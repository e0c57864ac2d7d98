//! What a task runs on: capacity, network mode, placement.

use std::sync::Arc;

use super::Text;

/// What a task runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Launch {
    /// `launch`.
    pub compute: Compute,
    /// `network_mode`.
    pub network: NetworkMode,
    /// `capacity_provider_strategy`; without one, the launch type that `launch` says.
    pub capacity_providers: Vec<CapacityProvider>,
    /// `platform_version`.
    pub platform_version: Option<Text>,
    /// `placement_constraints`.
    pub constraints: Vec<PlacementConstraint>,
    /// `placement_strategies`, in their order.
    pub strategies: Vec<PlacementStrategy>,
}

/// The kinds of capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compute {
    #[default]
    Fargate,
    /// Fargate's spare capacity.
    FargateSpot,
    /// Instances that the user registers with the cluster.
    Ec2,
    /// Instances that ECS manages.
    Managed,
}

impl Compute {
    /// As it is written in `launch`.
    pub fn as_str(self) -> &'static str {
        match self {
            Compute::Fargate => "fargate",
            Compute::FargateSpot => "fargate-spot",
            Compute::Ec2 => "ec2",
            Compute::Managed => "managed",
        }
    }

    /// Whether tasks run on Fargate.
    pub fn is_fargate(self) -> bool {
        matches!(self, Compute::Fargate | Compute::FargateSpot)
    }
}

/// How a task reaches the network.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NetworkMode {
    /// An interface of its own in the VPC.
    #[default]
    Awsvpc,
    /// Docker's virtual network on the instance.
    Bridge,
    /// The instance's own interface.
    Host,
}

impl NetworkMode {
    /// As it is written in `network_mode`, and as AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            NetworkMode::Awsvpc => "awsvpc",
            NetworkMode::Bridge => "bridge",
            NetworkMode::Host => "host",
        }
    }
}

/// A part of a capacity-provider strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CapacityProvider {
    /// `FARGATE`, `FARGATE_SPOT`, or the name of one of the cluster's.
    pub provider: Text,
    /// Its share of the tasks above the base.
    pub weight: Option<u32>,
    /// So many tasks run here first.
    pub base: Option<u32>,
}

/// A rule about the instances that a task may run on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlacementConstraint {
    /// Every task on another instance.
    DistinctInstance,
    /// On instances that fit an expression of the cluster query language.
    MemberOf(Text),
}

/// How an instance is chosen among those that fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PlacementStrategy {
    /// By chance.
    Random,
    /// Evenly over the values of a field.
    Spread(Arc<str>),
    /// On the instance with the least of `cpu` or `memory` left.
    Binpack(Arc<str>),
}
