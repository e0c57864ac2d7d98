//! `variables/*.toml` and a project's `variables.toml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;
use super::values::{Names, ValueEntry};

/// A variable set, or the variables of a project.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariablesFile {
    /// Values; the same name may come several times with different scopes.
    #[serde(default)]
    pub variable: Vec<At<VariableEntry>>,
}

/// `[[variable]]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariableEntry {
    /// Name: letters, digits, `_` and `-`; names with a dot are landfall's own.
    pub name: At<String>,
    /// Text, number or boolean, or a list of them; may refer to other variables as `#{name}`.
    pub value: At<ValueEntry>,
    /// Where it applies; everywhere by default.
    #[serde(default)]
    pub scope: ScopeEntry,
}

/// `scope`: each key takes one name or a list of names.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ScopeEntry {
    /// Steps.
    pub step: Option<At<Names>>,
    /// Targets.
    pub target: Option<At<Names>>,
    /// Roles.
    pub role: Option<At<Names>>,
    /// Environments.
    pub environment: Option<At<Names>>,
    /// Channels.
    pub channel: Option<At<Names>>,
}
