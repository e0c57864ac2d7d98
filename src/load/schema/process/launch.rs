//! What a task runs on: capacity, network mode, placement.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;

/// What a task runs on and where: keys of every step of ECS, and of what a template runs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct RunsOnEntry {
    /// What the task runs on; `fargate` by default.
    #[serde(default)]
    pub launch: At<LaunchEntry>,
    /// How the task reaches the network; `awsvpc` by default, and always on Fargate. Of a template's task: as its
    /// definition says.
    #[serde(default)]
    pub network_mode: At<NetworkModeEntry>,
    /// Capacity providers among which the tasks are shared, at most 20; instead of the launch type.
    #[serde(default)]
    pub capacity_provider_strategy: Vec<At<CapacityProviderEntry>>,
    /// Version of Fargate's platform, like `1.4.0`; the latest by default; may hold `#{…}`.
    pub platform_version: Option<At<String>>,
    /// Rules about the instances that a task may run on, at most 10; not on Fargate.
    #[serde(default)]
    pub placement_constraints: Vec<At<PlacementConstraintEntry>>,
    /// How an instance is chosen among those that fit, at most 5, the first first; only with `launch = "ec2"`.
    #[serde(default)]
    pub placement_strategies: Vec<At<PlacementStrategyEntry>>,
    /// Subnets instead of the target's; each may hold `#{…}`.
    pub subnets: Option<Vec<At<String>>>,
    /// Security groups instead of the target's; each may hold `#{…}`.
    pub security_groups: Option<Vec<At<String>>>,
    /// Public address instead of the target's choice; only on Fargate.
    pub public_ip: Option<At<bool>>,
}

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
