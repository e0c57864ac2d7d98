//! `landfall.toml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;
use super::accept::AcceptEntry;

/// `landfall.toml`: the identity of the repository, the AWS accounts, and limits on what may be pending.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RootFile {
    /// Identity of this repository: the owner tag on every stack. Do not change it after the first deployment.
    pub id: At<String>,
    /// AWS accounts. Targets use these names.
    #[serde(default)]
    pub accounts: BTreeMap<String, At<AccountEntry>>,
    /// Limits on what may be pending at a time in one account.
    pub guard: Option<GuardEntry>,
    /// Sets of tags for tenants and targets: the tags of each set, like `ring = ["early", "general"]`. Elsewhere a tag is
    /// written with its set: `"ring/early"`.
    #[serde(default)]
    pub tag_sets: BTreeMap<String, At<Vec<At<String>>>>,
    /// Warnings about files outside of `projects/` that are accepted.
    #[serde(default)]
    pub accept: Vec<At<AcceptEntry>>,
}

/// `[accounts.<name>]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountEntry {
    /// The account id: twelve digits, in quotes.
    pub id: At<String>,
    /// ARN of the role that landfall assumes in the account. Without it, landfall uses its own credentials.
    pub role: Option<At<String>>,
    /// External id that the role's trust policy requires.
    pub external_id: Option<At<String>>,
}

/// `[guard]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardEntry {
    /// Removals of stacks; by default 5 stacks or 10 percent, whichever is more.
    pub remove: Option<LimitEntry>,
    /// Changes of stacks; by default 10 stacks or 20 percent, whichever is more.
    pub change: Option<LimitEntry>,
}

/// `remove` and `change` of `[guard]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitEntry {
    /// This many stacks are always allowed.
    pub count: Option<u32>,
    /// Or this percentage of the account's stacks.
    #[schemars(range(min = 0, max = 100))]
    pub percent: Option<u32>,
}
