//! `lifecycles/*.toml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;
use crate::model::catalog::Unless;

/// `lifecycles/<name>.toml`: the phases that a release goes through, in order.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifecycleFile {
    /// The phases in order; at least one.
    #[serde(default)]
    pub phase: Vec<At<PhaseEntry>>,
}

/// `[[phase]]`. A phase without `automatic` and `manual` holds, as manual environments, every environment that no other
/// phase names.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseEntry {
    /// Its name in output.
    pub name: At<String>,
    /// Environments that a release enters automatically.
    #[serde(default)]
    pub automatic: Vec<At<String>>,
    /// Environments that a release enters by a pin in `deploy/<environment>.toml`.
    #[serde(default)]
    pub manual: Vec<At<String>>,
    /// In how many of its environments a release must succeed before the next phase opens.
    pub progress: Option<At<ProgressEntry>>,
    /// How long a release must run here without interruption, such as `"30m"`, `"2h"` or `"1d"`.
    pub soak: Option<At<String>>,
    /// While a release soaks in an automatic environment of the phase, newer releases wait, so that the soak can finish.
    #[serde(default)]
    pub soak_queue: bool,
    /// A release enters the automatic environments by itself only if its change does none of these. Otherwise it waits for a
    /// pin.
    #[serde(default)]
    pub unless: Vec<At<UnlessEntry>>,
}

/// `unless`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UnlessEntry {
    /// It replaces a resource, or may replace it.
    Replace,
    /// It removes a resource or a stack.
    Remove,
    /// It adds an IAM statement or role, or makes one allow more.
    Rights,
    /// It adds a public listener, port or bucket, or opens something else to everybody.
    Exposure,
}

impl From<UnlessEntry> for Unless {
    fn from(entry: UnlessEntry) -> Self {
        match entry {
            UnlessEntry::Replace => Unless::Replace,
            UnlessEntry::Remove => Unless::Remove,
            UnlessEntry::Rights => Unless::Rights,
            UnlessEntry::Exposure => Unless::Exposure,
        }
    }
}

/// `progress`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProgressEntry {
    /// Every environment of the phase. The default.
    All,
    /// The phase never blocks.
    Optional,
    /// At least this many: `{ minimum = 1 }`.
    Minimum(u32),
}
