//! When a task is run.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;

/// The schedule of an `ecs-schedule`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct ScheduleEntry {
    /// `cron(minutes hours day-of-month month day-of-week year)`, `rate(5 minutes)`, or for once `at(2026-12-01T08:00:00)`;
    /// may contain `#{…}`.
    pub schedule: At<String>,
    /// Time zone of `cron` and `at`, like `Europe/Berlin`; UTC by default; may contain `#{…}`.
    pub time_zone: Option<At<String>>,
    /// The schedule starts no task before this time in UTC, like `2026-12-01T08:00:00Z`; not with `at`; may contain
    /// `#{…}`.
    pub start_date: Option<At<String>>,
    /// The schedule starts no task after this time in UTC; not with `at`; may contain `#{…}`.
    pub end_date: Option<At<String>>,
    /// The task may start up to this many minutes late: 1 to 1440. Default: it starts on time.
    #[schemars(range(min = 1, max = 1440))]
    pub flexible_window_in_minutes: Option<u32>,
    /// With `false`, the schedule stays but starts no tasks; `true` by default.
    #[serde(default = "enabled")]
    pub enabled: bool,
    /// Tasks per start: 1 to 10; 1 by default.
    #[schemars(range(min = 1, max = 10))]
    pub task_count: Option<u32>,
    /// What EventBridge Scheduler does if ECS cannot start a task.
    pub retry_policy: Option<RetryPolicyEntry>,
    /// The queue that gets a message if EventBridge Scheduler gives up.
    pub dead_letter_config: Option<DeadLetterEntry>,
    /// ARN of the role with which EventBridge Scheduler starts tasks; may contain `#{…}`. Without one, landfall makes a
    /// role with least rights.
    pub schedule_role: Option<At<String>>,
}

fn enabled() -> bool {
    true
}

/// `retry_policy`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryPolicyEntry {
    /// How often EventBridge Scheduler tries again: 0 to 185; 185 by default.
    #[schemars(range(min = 0, max = 185))]
    pub maximum_retry_attempts: Option<u32>,
    /// How long EventBridge Scheduler tries again, in seconds: 60 to 86400; 86400 by default.
    #[schemars(range(min = 60, max = 86_400))]
    pub maximum_event_age_in_seconds: Option<u32>,
}

/// `dead_letter_config`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeadLetterEntry {
    /// ARN of an SQS queue, not a FIFO queue; may contain `#{…}`.
    pub arn: At<String>,
}
