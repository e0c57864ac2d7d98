//! `[[accept]]`, which several kinds of file may have.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

use super::At;
use super::values::DateEntry;
use crate::load::codes;
use crate::model::risk::RISKS;

/// `[[accept]]`: a finding that the repository accepts. It is still shown, and no longer counts.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AcceptEntry {
    /// The code of a warning, or in `project.toml` and deploy files the name of a risk.
    pub what: At<WhatEntry>,
    /// What it is about: the file, or the names that `check` or the review prints. Fewer names cover more: `"web"` is a step,
    /// `"web/Service"` one resource of it.
    #[serde(rename = "where")]
    pub place: At<String>,
    /// Why, for those who read it later.
    pub reason: At<String>,
    /// Until the end of this day, UTC. After it, the finding counts again.
    pub until: Option<At<DateEntry>>,
}

/// `what` of an `[[accept]]`. Editors offer the names; the loader says of every other one why it cannot be accepted.
#[derive(Clone, Debug, Deserialize)]
#[serde(transparent)]
pub struct WhatEntry(pub String);

impl JsonSchema for WhatEntry {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> Cow<'static, str> {
        "Finding".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let risks = RISKS.iter().filter(|kind| kind.lasts).map(|kind| kind.id);
        let names: Vec<&str> = codes::acceptable().map(|code| code.code).chain(risks).collect();
        json_schema!({ "anyOf": [{ "type": "string", "enum": names }, { "type": "string" }] })
    }
}
