//! `lifecycles/*.toml`.

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;

/// `lifecycles/<name>.toml`: the phases that a release goes through, in order.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifecycleFile {
    /// Phases in their order; at least one.
    #[serde(default)]
    pub phase: Vec<At<PhaseEntry>>,
}

/// `[[phase]]`. One with neither `automatic` nor `manual` holds, as manual ones, every environment that no other phase
/// names.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhaseEntry {
    /// Its title.
    pub name: At<String>,
    /// Environments that a release enters by itself.
    #[serde(default)]
    pub automatic: Vec<At<String>>,
    /// Environments that a release enters by a pin in `deploy/<environment>.toml`.
    #[serde(default)]
    pub manual: Vec<At<String>>,
    /// How many of its environments a release must have succeeded in before the next phase opens.
    pub progress: Option<At<ProgressEntry>>,
    /// How long a release must have run here without interruption, like `"30m"`, `"2h"`, `"1d"`.
    pub soak: Option<At<String>>,
    /// Newer releases wait while one soaks in an automatic environment of the phase, so that soaking comes to an end.
    #[serde(default)]
    pub soak_queue: bool,
}

/// `progress`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProgressEntry {
    /// Every environment of the phase: the default.
    All,
    /// None: the phase never blocks.
    Optional,
    /// At least this many: `{ minimum = 1 }`.
    Minimum(u32),
}
