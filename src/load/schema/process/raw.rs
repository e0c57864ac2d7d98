//! The keys of a step of kind `cloudformation`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;
use crate::load::schema::values::ValueEntry;
use crate::model::process::{OptIn, RunsOn};

use super::RunEntry;

/// `kind = "cloudformation"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct CloudFormationEntry {
    /// Template and parameters of its stack.
    pub stack: StackEntry,
}

/// A template with its parameters.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct StackEntry {
    /// File in the project's folder `templates/`: CloudFormation as YAML or JSON; its values may contain `#{…}`.
    pub template: At<String>,
    /// Values of the template's parameters; may contain `#{…}`. landfall joins a list with commas. Parameters without a
    /// value here have their defaults.
    #[serde(default)]
    pub parameters: BTreeMap<String, At<ValueEntry>>,
    /// Capabilities in addition to those that landfall finds in the template.
    #[serde(default)]
    pub capabilities: Vec<At<CapabilityEntry>>,
    /// The image (a key of `[images]`) of each container of the template; landfall proves that ECS runs it. Containers
    /// whose image is `#{images.<name>}` in the template need no entry.
    #[serde(default)]
    pub images: BTreeMap<String, At<String>>,
    /// A task of the template that runs once after the stack is deployed; its exit code decides.
    pub run: Option<At<StackRunEntry>>,
}

/// `run`: which task runs, where, and how long it may take.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StackRunEntry {
    /// Logical id of a task definition of the template.
    pub task_definition: At<String>,
    /// How it runs once.
    pub run: RunEntry,
    /// What it runs on.
    pub runs_on: RunsOn,
    /// Turns on ECS Exec; may be `#{…}`.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub execute_command: OptIn,
}

/// One of `capabilities`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CapabilityEntry {
    /// IAM resources, also in nested stacks.
    CapabilityIam,
    /// IAM resources with explicit names.
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
