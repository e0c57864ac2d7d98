//! `variables/*.toml` and a project's `variables.toml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;
use super::values::{Names, ValueEntry};
use crate::model::process::ValueKind;

/// A variable set, or the variables of a project.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariablesFile {
    /// Values. A name may appear several times with different scopes.
    #[serde(default)]
    pub variable: Vec<At<VariableEntry>>,
    /// Variables that tenants set in their own files.
    #[serde(default)]
    pub tenant_variable: Vec<At<TenantVariableEntry>>,
}

/// `[[variable]]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariableEntry {
    /// Name: letters, digits, `_` and `-`; names with a dot are landfall's own.
    pub name: At<String>,
    /// Text, number or boolean, or a list of them; may refer to other variables as `#{name}`.
    pub value: At<ValueEntry>,
    /// Where the value applies. Default: everywhere.
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
    /// Tenants.
    pub tenant: Option<At<Names>>,
    /// Tags of tenants, like `"ring/early"`; any of them.
    pub tenant_tag: Option<At<Names>>,
    /// Environments.
    pub environment: Option<At<Names>>,
    /// Channels.
    pub channel: Option<At<Names>>,
}

/// `[[tenant_variable]]`: a variable that tenants set.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantVariableEntry {
    /// Name: letters, digits, `_` and `-`.
    pub name: At<String>,
    /// The type of the value; text by default.
    #[serde(default, rename = "type")]
    pub kind: ValueKindEntry,
    /// The value for tenants that do not set the variable; may refer to other variables as `#{name}`.
    pub default: Option<At<ValueEntry>>,
    /// Every connected tenant must set the variable. Default: true, unless there is a `default`.
    pub required: Option<bool>,
    /// What the variable is for, for authors of tenant files.
    pub description: Option<String>,
}

/// `type` of a tenant variable.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ValueKindEntry {
    /// Text: the default.
    #[default]
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list of texts.
    List,
}

impl From<ValueKindEntry> for ValueKind {
    fn from(entry: ValueKindEntry) -> Self {
        match entry {
            ValueKindEntry::String => ValueKind::String,
            ValueKindEntry::Number => ValueKind::Number,
            ValueKindEntry::Boolean => ValueKind::Boolean,
            ValueKindEntry::List => ValueKind::List,
        }
    }
}
