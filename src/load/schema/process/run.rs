//! How a task runs once.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;

/// The run of an `ecs-task`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct RunEntry {
    /// How long the task may take, such as `30m`: 10 seconds to 7 days. Default: 30 minutes. landfall stops a task that
    /// takes longer, and the task has failed.
    pub timeout: Option<At<String>>,
    /// The task may run again with the same content without harm; `false` by default. It then runs each time its stack
    /// changes, and again if landfall cannot find out how it ended.
    #[serde(default)]
    pub repeatable: bool,
}
