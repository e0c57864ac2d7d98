//! The keys of a step of kind `cloudformation`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;
use crate::load::schema::values::ValueEntry;

use super::{CapacityProviderEntry, LaunchEntry, NetworkModeEntry, PlacementConstraintEntry, PlacementStrategyEntry};

/// `kind = "cloudformation"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CloudFormationEntry {
    /// What its stack is made of.
    pub stack: StackEntry,
}

/// A template and what it is given.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StackEntry {
    /// File in the project's folder `templates/`: CloudFormation as YAML or JSON; its values may hold `#{…}`.
    pub template: At<String>,
    /// Values of the template's parameters, may hold `#{…}`; a list is handed over with commas. The others have their defaults.
    #[serde(default)]
    pub parameters: BTreeMap<String, At<ValueEntry>>,
    /// Capabilities beside those that the template's text asks for.
    #[serde(default)]
    pub capabilities: Vec<At<CapabilityEntry>>,
    /// The image, a key of `[images]`, that a container of the template runs: what success is proved against. Containers whose
    /// image is `#{images.<name>}` in the template need no entry.
    #[serde(default)]
    pub images: BTreeMap<String, At<String>>,
    /// A task of the template that runs once when the stack is there; its exit code decides.
    pub run: Option<At<StackRunEntry>>,
}

/// `run`: what runs, where, and for how long at most.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StackRunEntry {
    /// Logical id of a task definition of the template.
    pub task_definition: At<String>,
    /// How long it may take from its start to its end, like `30m`, before it is stopped and has failed: 10 seconds to 7 days; 30
    /// minutes by default.
    pub timeout: Option<At<String>>,
    /// It does no harm to run it once more with the same content; `false` by default. It then runs each time that its stack changes,
    /// and again where nobody can tell how it ended.
    #[serde(default)]
    pub repeatable: bool,
    /// What the task runs on; `fargate` by default.
    #[serde(default)]
    pub launch: At<LaunchEntry>,
    /// How the task reaches the network, as its definition says it; `awsvpc` by default.
    #[serde(default)]
    pub network_mode: At<NetworkModeEntry>,
    /// Capacity providers of which one is taken, at most 20; instead of the launch type.
    #[serde(default)]
    pub capacity_provider_strategy: Vec<At<CapacityProviderEntry>>,
    /// Version of Fargate's platform, like `1.4.0`; the latest by default; may hold `#{…}`.
    pub platform_version: Option<At<String>>,
    /// Rules about the instances that the task may run on, at most 10; not on Fargate.
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
    /// Switches ECS Exec on.
    #[serde(default)]
    pub execute_command: bool,
}

/// One of `capabilities`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CapabilityEntry {
    /// Resources of IAM, in stacks inside of the stack too.
    CapabilityIam,
    /// Resources of IAM with names of their own.
    CapabilityNamedIam,
    /// Macros.
    CapabilityAutoExpand,
}

impl CapabilityEntry {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            CapabilityEntry::CapabilityIam => "CAPABILITY_IAM",
            CapabilityEntry::CapabilityNamedIam => "CAPABILITY_NAMED_IAM",
            CapabilityEntry::CapabilityAutoExpand => "CAPABILITY_AUTO_EXPAND",
        }
    }
}
