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
    /// Environments follow this channel unless their deploy file says `follow`. If no channel has it, the channel named
    /// `default` is the default.
    #[serde(default)]
    pub default: bool,
    /// The lifecycle of the channel's releases. Default: the project's.
    pub lifecycle: Option<At<String>>,
    /// Limits the channel's releases to tenants with these tags. Default: all tenants. Deployments without a tenant are not
    /// limited.
    #[serde(default)]
    pub tenants: Vec<At<String>>,
    /// The image tags that its releases may have, per image in `[images]` of `process.toml`.
    #[serde(default)]
    pub images: BTreeMap<String, At<ImageRuleEntry>>,
}

/// `[channels.<name>.images.<image>]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageRuleEntry {
    /// A range of versions, like `"[1.0,2.0)"`.
    pub versions: Option<At<String>>,
    /// A regular expression for the part after the version, like `"^hotfix"`; `"^$"` allows only tags without that part.
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

/// `[waves]`: which tenants or targets get a release first.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WavesEntry {
    /// What the waves order.
    pub of: WavesOfEntry,
    /// The environments with waves. Default: every environment.
    #[serde(default)]
    pub environments: Vec<At<String>>,
    /// The groups in order; at least one. Members that match no group come last.
    #[serde(default)]
    pub group: Vec<At<WaveEntry>>,
}

/// `of` of waves.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum WavesOfEntry {
    /// Tenants, each with its own deployment.
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
    /// Its name in output.
    pub name: At<String>,
    /// The group's members: one tag of each set must match. Without tags, all members that are in no earlier group.
    #[serde(default)]
    pub tags: Vec<At<String>>,
    /// How many members are deployed to at a time. Default: all of them.
    #[schemars(range(min = 1))]
    pub concurrency: Option<u32>,
    /// How long the whole group must run the release before the next group begins, such as `"30m"`.
    pub soak: Option<At<String>>,
    /// How many members may fail before the following groups are stopped; 0 by default.
    #[serde(default)]
    pub failures: u32,
}
