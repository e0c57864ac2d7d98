//! `tenants/*.toml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;
use super::accept::AcceptEntry;
use super::values::{Names, ValueEntry};

/// `tenants/<name>.toml`: a customer, region or site that gets its own deployments.
///
/// landfall reads it from the newest commit, so a change affects what runs.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantFile {
    /// Used in stack names instead of the file's name. With an id, the file can be renamed.
    pub id: Option<At<String>>,
    /// Its tags, each a tag of `[tag_sets]` in `landfall.toml` with its set, like `"ring/early"`.
    #[serde(default)]
    pub tags: Vec<At<String>>,
    /// The projects that the tenant gets.
    #[serde(default)]
    pub projects: BTreeMap<String, At<ConnectionEntry>>,
    /// Values of variables that projects declare with `[[tenant_variable]]`.
    #[serde(default)]
    pub variable: Vec<At<TenantValueEntry>>,
    /// Warnings about this file that are accepted.
    #[serde(default)]
    pub accept: Vec<At<AcceptEntry>>,
}

/// `[projects.<name>]` of a tenant.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionEntry {
    /// The environments in which the tenant gets the project.
    pub environments: Vec<At<String>>,
}

/// `[[variable]]` of a tenant.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TenantValueEntry {
    /// The declared variable.
    pub name: At<String>,
    /// Its value, of the declared type; may refer to other variables as `#{name}`.
    pub value: At<ValueEntry>,
    /// Only for this project. Default: for every project that declares the variable.
    pub project: Option<At<String>>,
    /// Only for these environments: one name or a list of names.
    pub environment: Option<At<Names>>,
}
