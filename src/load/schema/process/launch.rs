//! What a task runs on: capacity, network mode, placement.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;

/// What a task runs on and where: keys of every ECS step, and of a template's task.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct RunsOnEntry {
    /// What the task runs on; `fargate` by default.
    #[serde(default)]
    pub launch: At<LaunchEntry>,
    /// How the task reaches the network; `awsvpc` by default, and always on Fargate. For a template's task, its definition
    /// decides.
    #[serde(default)]
    pub network_mode: At<NetworkModeEntry>,
    /// Capacity providers that share the tasks, at most 20; instead of the launch type.
    #[serde(default)]
    pub capacity_provider_strategy: Vec<At<CapacityProviderEntry>>,
    /// Fargate platform version, such as `1.4.0`. Default: the latest; may contain `#{…}`.
    pub platform_version: Option<At<String>>,
    /// Rules about the instances that a task may run on, at most 10; not on Fargate.
    #[serde(default)]
    pub placement_constraints: Vec<At<PlacementConstraintEntry>>,
    /// How ECS chooses among suitable instances, at most 5 strategies in order; only with `launch = "ec2"`.
    #[serde(default)]
    pub placement_strategies: Vec<At<PlacementStrategyEntry>>,
    /// Subnets, replacing the target's; each may contain `#{…}`.
    pub subnets: Option<Vec<At<String>>>,
    /// Security groups, replacing the target's; each may contain `#{…}`.
    pub security_groups: Option<Vec<At<String>>>,
    /// Whether tasks get a public address, replacing the target's choice; only on Fargate.
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
    /// Its own network interface in the VPC.
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
    /// `FARGATE`, `FARGATE_SPOT`, or the name of a capacity provider of the cluster; may contain `#{…}`.
    pub capacity_provider: At<String>,
    /// Its share of the tasks above the base: 0 to 1000.
    #[schemars(range(min = 0, max = 1000))]
    pub weight: Option<u32>,
    /// This many tasks run on the provider first: 0 to 100000; only one provider can have a base.
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
    /// With `member-of`: an expression of the cluster query language; may contain `#{…}`.
    pub expression: Option<At<String>>,
}

/// `type` of a placement constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PlacementConstraintKindEntry {
    /// Every task on a different instance.
    DistinctInstance,
    /// On instances that match `expression`.
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
    /// At random.
    Random,
    /// Evenly over the values of `field`.
    Spread,
    /// On the instance with the least `field` left.
    Binpack,
}
