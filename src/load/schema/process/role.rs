//! The rights of a task, and its tags.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;

/// `task_rights` and `execution_rights`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RightsEntry {
    /// ARNs of managed policies, at most 10; may contain `#{…}`.
    #[serde(default)]
    pub managed_policy_arns: Vec<At<String>>,
    /// Statements of an inline policy.
    #[serde(default)]
    pub statement: Vec<At<StatementEntry>>,
}

/// A statement of a policy.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StatementEntry {
    /// Whether it allows or denies; `allow` by default.
    #[serde(default)]
    pub effect: EffectEntry,
    /// Actions like `sqs:ReceiveMessage`; at least one; may contain `#{…}`.
    pub actions: At<Vec<At<String>>>,
    /// ARNs; at least one; may contain `#{…}`.
    pub resources: At<Vec<At<String>>>,
    /// Conditions: operator, key, values; values may contain `#{…}`.
    #[serde(default)]
    pub conditions: BTreeMap<String, BTreeMap<String, Vec<At<String>>>>,
}

/// `effect`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EffectEntry {
    /// It allows.
    #[default]
    Allow,
    /// It denies.
    Deny,
}

/// `propagate_tags`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum PropagateTagsEntry {
    /// The service gives them.
    #[default]
    Service,
    /// The task definition gives them.
    TaskDefinition,
    /// Nothing gives them.
    None,
}
