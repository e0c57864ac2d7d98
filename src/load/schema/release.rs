//! `releases/*.toml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;

/// `projects/<name>/releases/<version>.toml`: an immutable version of the project.
///
/// Once landed, only `snapshot`, `blocked` and `notes` may be edited.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReleaseFile {
    /// The rendering rules that it was made with: 1.
    pub format: At<u32>,
    /// Its channel; `default` by default.
    pub channel: Option<At<String>>,
    /// Hash of the process and variables when the release was made: `b3:` and 64 digits.
    pub inputs: Option<At<String>>,
    /// Tag and digest for each name in `[images]` of `process.toml`.
    #[serde(default)]
    pub images: BTreeMap<String, At<ImagePinEntry>>,
    /// The commit that process and variables come from. Default: the commit that added the file.
    pub snapshot: Option<At<String>>,
    /// Keeps the release out of every further slot, with this reason.
    pub blocked: Option<At<String>>,
    /// Free text about the release.
    pub notes: Option<String>,
}

/// One entry of `[images]` in a release.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImagePinEntry {
    /// The tag.
    pub tag: At<String>,
    /// Digest of the index, or of the one image: `sha256:` and 64 digits.
    pub digest: Option<At<String>>,
    /// Digests of the platforms' images, like `"linux/amd64" = "sha256:…"`.
    #[serde(default)]
    pub platforms: BTreeMap<String, At<String>>,
}
