//! What a task runs on: capacity, network mode, placement.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{StackRunEntry, TaskEntry};
use crate::load::schema::At;

/// The keys that say where a task runs, of a step of ECS or of what a template runs.
#[derive(Clone, Copy, Debug)]
pub struct Running<'a> {
    /// `launch`.
    pub launch: &'a At<LaunchEntry>,
    /// `network_mode`.
    pub network_mode: &'a At<NetworkModeEntry>,
    /// `capacity_provider_strategy`.
    pub capacity_provider_strategy: &'a [At<CapacityProviderEntry>],
    /// `platform_version`.
    pub platform_version: &'a Option<At<String>>,
    /// `placement_constraints`.
    pub placement_constraints: &'a [At<PlacementConstraintEntry>],
    /// `placement_strategies`.
    pub placement_strategies: &'a [At<PlacementStrategyEntry>],
    /// `subnets`.
    pub subnets: &'a Option<Vec<At<String>>>,
    /// `security_groups`.
    pub security_groups: &'a Option<Vec<At<String>>>,
    /// `public_ip`.
    pub public_ip: &'a Option<At<bool>>,
}

macro_rules! running {
    ($($entry:ty),*) => {
        $(impl<'a> From<&'a $entry> for Running<'a> {
            fn from(entry: &'a $entry) -> Self {
                Self {
                    launch: &entry.launch,
                    network_mode: &entry.network_mode,
                    capacity_provider_strategy: &entry.capacity_provider_strategy,
                    platform_version: &entry.platform_version,
                    placement_constraints: &entry.placement_constraints,
                    placement_strategies: &entry.placement_strategies,
                    subnets: &entry.subnets,
                    security_groups: &entry.security_groups,
                    public_ip: &entry.public_ip,
                }
            }
        })*
    };
}
running!(TaskEntry, StackRunEntry);

/// `launch`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum LaunchEntry {
    /// Fargate.
    #[default]
    Fargate,
    /// Fargate's spare capacity: cheaper, and AWS may take it back with two minutes' notice.
    FargateSpot,
    /// Instances that are registered with the cluster.
    Ec2,
    /// Instances that ECS manages, from a capacity provider of the cluster.
    Managed,
}

/// `network_mode`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkModeEntry {
    /// An interface of its own in the VPC.
    #[default]
    Awsvpc,
    /// Docker's virtual network on the instance; only with `launch = "ec2"`.
    Bridge,
    /// The instance's own interface; not on Fargate.
    Host,
}

/// One of `capacity_provider_strategy`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapacityProviderEntry {
    /// `FARGATE`, `FARGATE_SPOT`, or the name of one of the cluster's; may hold `#{…}`.
    pub capacity_provider: At<String>,
    /// Its share of the tasks above the base: 0 to 1000.
    #[schemars(range(min = 0, max = 1000))]
    pub weight: Option<u32>,
    /// So many tasks run here first: 0 to 100000; at most one provider has one.
    #[schemars(range(min = 0, max = 100_000))]
    pub base: Option<At<u32>>,
}

/// One of `placement_constraints`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacementConstraintEntry {
    /// Which rule.
    #[serde(rename = "type")]
    pub kind: PlacementConstraintKindEntry,
    /// With `member-of`: an expression of the cluster query language; may hold `#{…}`.
    pub expression: Option<At<String>>,
}

/// `type` of a placement constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlacementConstraintKindEntry {
    /// Every task on another instance.
    DistinctInstance,
    /// On instances that fit `expression`.
    MemberOf,
}

/// One of `placement_strategies`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlacementStrategyEntry {
    /// How an instance is chosen.
    #[serde(rename = "type")]
    pub kind: PlacementStrategyKindEntry,
    /// With `spread`: `instanceId`, `host`, or an attribute like `attribute:ecs.availability-zone`; with `binpack`: `cpu` or
    /// `memory`.
    pub field: Option<At<String>>,
}

/// `type` of a placement strategy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlacementStrategyKindEntry {
    /// By chance.
    Random,
    /// Evenly over the values of `field`.
    Spread,
    /// On the instance with the least of `field` left.
    Binpack,
}
