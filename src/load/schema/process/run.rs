//! How a task runs once.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;

/// The run of an `ecs-task`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct RunEntry {
    /// How long it may take from its start to its end, like `30m`, before it is stopped and has failed: 10 seconds to 7 days; 30
    /// minutes by default.
    pub timeout: Option<At<String>>,
    /// It does no harm to run it once more with the same content; `false` by default. It then runs each time that its stack changes,
    /// and again where nobody can tell how it ended.
    #[serde(default)]
    pub repeatable: bool,
}
