//! `[channels]` and `[waves]` of `project.toml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;
use crate::model::channel::TagOrder;
use crate::model::wave::WavesOf;

/// `[channels.<name>]`: a line of releases.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ChannelEntry {
    /// The channel that environments follow unless they say otherwise: one of them. Where none says so, the one called
    /// `default` is.
    #[serde(default)]
    pub default: bool,
    /// The lifecycle of its releases, instead of the project's.
    pub lifecycle: Option<At<String>>,
    /// Tags of the tenants that its releases may go to; without any, all. Deployments without a tenant are not limited.
    #[serde(default)]
    pub tenants: Vec<At<String>>,
    /// Which tags of an image its releases may have, by the name in `[images]` of `process.toml`.
    #[serde(default)]
    pub images: BTreeMap<String, At<ImageRuleEntry>>,
}

/// `[channels.<name>.images.<image>]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageRuleEntry {
    /// A range of versions, like `"[1.0,2.0)"`.
    pub versions: Option<At<String>>,
    /// A regular expression for the part after the version, like `"^hotfix"`; `"^$"` takes only tags without one.
    pub pre_release: Option<At<String>>,
    /// What makes a tag newer than another.
    #[serde(default)]
    pub order: TagOrderEntry,
}

/// `order` of tags.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TagOrderEntry {
    /// Tags are versions: the default.
    #[default]
    Version,
    /// The date at which the registry received the image.
    Pushed,
    /// The number that the tag ends in.
    Number,
    /// The text, by its bytes.
    Lexical,
}

impl From<TagOrderEntry> for TagOrder {
    fn from(entry: TagOrderEntry) -> Self {
        match entry {
            TagOrderEntry::Version => TagOrder::Version,
            TagOrderEntry::Pushed => TagOrder::Pushed,
            TagOrderEntry::Number => TagOrder::Number,
            TagOrderEntry::Lexical => TagOrder::Lexical,
        }
    }
}

/// `[waves]`: who gets a release first.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WavesEntry {
    /// What is ordered.
    pub of: WavesOfEntry,
    /// Where; in every environment by default.
    #[serde(default)]
    pub environments: Vec<At<String>>,
    /// Groups in their order; at least one. Whoever fits none comes after the last.
    #[serde(default)]
    pub group: Vec<At<WaveEntry>>,
}

/// `of` of waves.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WavesOfEntry {
    /// Tenants, each with a deployment of its own.
    Tenants,
    /// Targets of one deployment.
    Targets,
}

impl From<WavesOfEntry> for WavesOf {
    fn from(entry: WavesOfEntry) -> Self {
        match entry {
            WavesOfEntry::Tenants => WavesOf::Tenants,
            WavesOfEntry::Targets => WavesOf::Targets,
        }
    }
}

/// `[[waves.group]]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaveEntry {
    /// Its title.
    pub name: At<String>,
    /// Who is in it: alternatives inside a tag set, all sets together. Without any, everybody who is in no earlier group.
    #[serde(default)]
    pub tags: Vec<At<String>>,
    /// How many may be deployed to at a time; all of them by default.
    #[schemars(range(min = 1))]
    pub concurrency: Option<u32>,
    /// How long the whole group must have run before the next one begins, like `"30m"`.
    pub soak: Option<At<String>>,
    /// How many of the group may fail before the groups after it are stopped; 0 by default.
    #[serde(default)]
    pub failures: u32,
}
