//! The keys of a step of kind `cloudformation`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;
use crate::load::schema::values::ValueEntry;

use super::{RunEntry, RunsOnEntry};

/// `kind = "cloudformation"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct CloudFormationEntry {
    /// What its stack is made of.
    pub stack: StackEntry,
}

/// A template and what it is given.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
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
    /// How it runs once.
    pub run: RunEntry,
    /// What it runs on.
    pub runs_on: RunsOnEntry,
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
