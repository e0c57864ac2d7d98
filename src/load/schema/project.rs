//! `project.toml` and `deploy/*.toml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;
use super::accept::AcceptEntry;
use super::channel::{ChannelEntry, WavesEntry};
use super::values::{DateEntry, Names};
use crate::model::catalog::{Gate, OnFailure};
use crate::model::tenant::Tenancy;

/// `projects/<name>/project.toml`: where and when the project is deployed.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProjectFile {
    /// Used in stack names instead of the folder's name.
    pub id: Option<At<String>>,
    /// The lifecycle of channels that name none. Default: one phase per environment in order, the first one automatic.
    pub lifecycle: Option<At<String>>,
    /// Whether the project is deployed per tenant.
    #[serde(default)]
    pub tenancy: TenancyEntry,
    /// Lines of releases, each with its own lifecycle and rules for image tags. Default: one channel named `default`.
    #[serde(default)]
    pub channels: BTreeMap<String, At<ChannelEntry>>,
    /// The order in which the tenants or targets of an environment get a release. Default: all at once.
    pub waves: Option<At<WavesEntry>>,
    /// How often landfall tries to deploy the same content before it holds the slot; 3 by default.
    #[schemars(range(min = 1, max = 100))]
    pub attempts: Option<u32>,
    /// What happens to finished stacks if a later stack of the same deployment fails.
    #[serde(default)]
    pub on_failure: OnFailureEntry,
    /// How long one stack operation may take before landfall cancels it, such as `"45m"`. Default: one hour. Bake times and
    /// waits at pause hooks do not count.
    pub deadline: Option<At<String>>,
    /// How long a deployment may go without progress before a newer release takes its place, like `"10m"`; five minutes by
    /// default, at least ten seconds. One of which a task fails gives way at once, and one that progresses is finished first.
    pub takeover: Option<At<String>>,
    /// Variable sets that the project includes: names of files in `variables/`.
    #[serde(default)]
    pub variables: Vec<At<String>>,
    /// Warnings about files of the project, and risks of its stacks, that are accepted.
    #[serde(default)]
    pub accept: Vec<At<AcceptEntry>>,
}

/// `tenancy`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TenancyEntry {
    /// Only without a tenant. The default.
    #[default]
    Untenanted,
    /// Only for the tenants that are connected to the project.
    Tenanted,
    /// Both.
    Both,
}

impl From<TenancyEntry> for Tenancy {
    fn from(entry: TenancyEntry) -> Self {
        match entry {
            TenancyEntry::Untenanted => Tenancy::Untenanted,
            TenancyEntry::Tenanted => Tenancy::Tenanted,
            TenancyEntry::Both => Tenancy::Both,
        }
    }
}

/// `on_failure`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OnFailureEntry {
    /// They stay. The default.
    #[default]
    Stop,
}

impl From<OnFailureEntry> for OnFailure {
    fn from(entry: OnFailureEntry) -> Self {
        match entry {
            OnFailureEntry::Stop => OnFailure::Stop,
        }
    }
}

/// `projects/<name>/deploy/<environment>.toml`: the pin of an environment, and its allowances.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeployFile {
    /// The release that the environment runs; `"none"` removes its stacks.
    pub release: Option<At<String>>,
    /// The releases of single tenants, which take precedence over `release`. `"none"` removes the tenant's stacks.
    #[serde(default)]
    pub tenants: BTreeMap<String, At<String>>,
    /// Channels whose releases enter automatically, if their lifecycle allows it. Default: only the default channel.
    #[serde(default)]
    pub follow: Vec<At<String>>,
    /// If a gate is closed, the pin waits until it opens. With `false`, the pin is refused.
    #[serde(default = "yes")]
    pub wait: bool,
    /// Keys to gates; every gate prints the lines that open it.
    #[serde(default)]
    pub allow: Vec<At<AllowEntry>>,
    /// Warnings about this file, and risks of the project's stacks in this environment, that are accepted.
    #[serde(default)]
    pub accept: Vec<At<AcceptEntry>>,
}

fn yes() -> bool {
    true
}

/// `[[allow]]`. It names its gate with `what`, and in most cases the `plan` that the gate printed. For a gate that a review
/// foresees, it names `change`, `release` and `resource` instead.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AllowEntry {
    /// Which gate. Not needed with `change`.
    pub what: Option<At<GateEntry>>,
    /// For which stack only; without it, for the environment as a whole.
    pub stack: Option<At<String>>,
    /// For which tenant only; without it, for every tenant and for the deployment without one.
    pub tenant: Option<At<String>>,
    /// For which plan only: the eight digits that the gate printed.
    pub plan: Option<At<String>>,
    /// Instead of `plan`: for the deployment of this release only, once in each slot. Needs `change` and `resource`.
    pub release: Option<At<String>>,
    /// What may happen to the resources while the release is deployed.
    pub change: Option<At<ChangeEntry>>,
    /// For which resource only, by its name in the template; a list for several.
    pub resource: Option<At<Names>>,
    /// Why, for those who read it later.
    pub reason: At<String>,
    /// Until the end of this day, UTC.
    pub until: Option<At<DateEntry>>,
}

/// `change` of an `[[allow]]`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeEntry {
    /// AWS replaces the resources, or may replace them.
    Replace,
    /// The resources are removed from their stack.
    Remove,
}

impl From<ChangeEntry> for Gate {
    fn from(entry: ChangeEntry) -> Self {
        match entry {
            ChangeEntry::Replace => Gate::Replace,
            ChangeEntry::Remove => Gate::Remove,
        }
    }
}

/// `what` of an `[[allow]]`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GateEntry {
    /// Try again what was tried as often as allowed.
    Retry,
    /// Let more stacks change without a new release than `[guard]` lets through.
    Redeploy,
    /// Let a resource be replaced.
    Replace,
    /// Let stacks or resources be removed.
    Remove,
    /// Leave a resource out when continuing a rollback.
    SkipResource,
    /// Let a service deployment go on that waits at a pause hook; continue a rollback that failed.
    Continue,
    /// Have the old release put back at a pause hook; roll back a stack whose update failed without a rollback.
    Rollback,
    /// Deploy although a freeze holds.
    Freeze,
    /// Take over a stack of the wanted name that landfall did not make.
    Adopt,
}

impl From<GateEntry> for Gate {
    fn from(entry: GateEntry) -> Self {
        match entry {
            GateEntry::Retry => Gate::Retry,
            GateEntry::Redeploy => Gate::Redeploy,
            GateEntry::Replace => Gate::Replace,
            GateEntry::Remove => Gate::Remove,
            GateEntry::SkipResource => Gate::SkipResource,
            GateEntry::Continue => Gate::Continue,
            GateEntry::Rollback => Gate::Rollback,
            GateEntry::Freeze => Gate::Freeze,
            GateEntry::Adopt => Gate::Adopt,
        }
    }
}
