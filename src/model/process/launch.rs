//! What a task runs on: capacity, network mode, placement.

use super::{Given, Known, Located, SecurityGroupId, SubnetId, Switch, Text, Within, table, words};

table! {
    /// What a task runs on and where: keys of every ECS step, and of a template's task.
    #[derive(Default)]
    #[schemars(extend("x-flat" = true))]
    pub struct RunsOn {
        /// What the task runs on; `fargate` by default.
        #[serde(default)]
        launch: Located<Compute> as own,
        /// How the task reaches the network; `awsvpc` by default, and always on Fargate. For a template's task, its definition
        /// decides.
        #[serde(default)]
        network_mode: Located<NetworkMode> as own,
        /// Capacity providers that share the tasks, at most 20; instead of the launch type.
        #[serde(default)]
        capacity_provider_strategy: Vec<Located<CapacityProvider>> as own,
        /// Fargate platform version, such as `1.4.0`. Default: the latest; may contain `#{…}`.
        platform_version: Option<Text>,
        /// Rules about the instances that a task may run on, at most 10; not on Fargate.
        #[serde(default)]
        placement_constraints: Vec<Located<PlacementConstraint>>,
        /// How ECS chooses among suitable instances, at most 5 strategies in order; only with `launch = "ec2"`.
        #[serde(default)]
        placement_strategies: Vec<Located<PlacementStrategy>> as own,
        /// Subnets, replacing the target's; each may contain `#{…}`.
        subnets: Option<Vec<Known<SubnetId>>> as own,
        /// Security groups, replacing the target's; each may contain `#{…}`.
        security_groups: Option<Vec<Known<SecurityGroupId>>> as own,
        /// Whether tasks get a public address, replacing the target's choice; only on Fargate; may be `#{…}`.
        public_ip: Option<Given<Switch>> as own,
    }
}

words! {
    /// `launch`: the kinds of capacity, as a task definition calls them.
    #[derive(Default)]
    pub enum Compute {
        /// Fargate.
        #[default]
        Fargate = "fargate" "FARGATE",
        /// Fargate's spare capacity: cheaper, and AWS may take it back with two minutes' notice.
        FargateSpot = "fargate-spot" "FARGATE",
        /// Instances that are registered with the cluster.
        Ec2 = "ec2" "EC2",
        /// Instances that ECS manages, from a capacity provider of the cluster.
        Managed = "managed" "MANAGED_INSTANCES",
    }
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

words! {
    /// `network_mode`.
    #[derive(Default)]
    pub enum NetworkMode {
        /// Its own network interface in the VPC.
        #[default]
        Awsvpc = "awsvpc" "awsvpc",
        /// Docker's virtual network on the instance; only with `launch = "ec2"`.
        Bridge = "bridge" "bridge",
        /// The instance's own interface; not on Fargate.
        Host = "host" "host",
        /// No network; only with `launch = "ec2"`.
        None = "none" "none",
    }
}

impl NetworkMode {
    /// As it is written in `network_mode`, and as AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            NetworkMode::Awsvpc => "awsvpc",
            NetworkMode::Bridge => "bridge",
            NetworkMode::Host => "host",
            NetworkMode::None => "none",
        }
    }
}

table! {
    /// One of `capacity_provider_strategy`.
    pub struct CapacityProvider {
        /// `FARGATE`, `FARGATE_SPOT`, or the name of a capacity provider of the cluster; may contain `#{…}`.
        capacity_provider: Text,
        /// Its share of the tasks above the base: 0 to 1000; may be `#{…}`.
        weight: Option<Given<Within<0, 1000>>>,
        /// This many tasks run on the provider first: 0 to 100000; only one provider can have a base; may be `#{…}`.
        base: Option<Given<Within<0, 100_000>>>,
    }
}

table! {
    /// One of `placement_constraints`.
    pub struct PlacementConstraint {
        /// Which rule; may be `#{…}`.
        #[serde(rename = "type")]
        kind: Given<ConstraintType> = "Type",
        /// With `member-of`: an expression of the cluster query language; may contain `#{…}`.
        expression: Option<Text>,
    }
}

words! {
    /// `type` of a placement constraint.
    pub enum ConstraintType {
        /// Every task on a different instance.
        DistinctInstance = "distinct-instance" "distinctInstance",
        /// On instances that match `expression`.
        MemberOf = "member-of" "memberOf",
    }
}

table! {
    /// One of `placement_strategies`.
    pub struct PlacementStrategy {
        /// How an instance is chosen; may be `#{…}`.
        #[serde(rename = "type")]
        kind: Given<StrategyType> = "Type",
        /// With `spread`: `instanceId`, `host`, or an attribute like `attribute:ecs.availability-zone`; with `binpack`: `cpu` or
        /// `memory`; may contain `#{…}`.
        field: Option<Text>,
    }
}

words! {
    /// `type` of a placement strategy.
    pub enum StrategyType {
        /// At random.
        Random = "random" "random",
        /// Evenly over the values of `field`.
        Spread = "spread" "spread",
        /// On the instance with the least `field` left.
        Binpack = "binpack" "binpack",
    }
}

impl RunsOn {
    /// The kind of capacity.
    pub fn compute(&self) -> Compute {
        *self.launch
    }

    /// Whether tasks have a network interface of their own.
    pub fn has_interface(&self) -> bool {
        *self.network_mode == NetworkMode::Awsvpc
    }
}
