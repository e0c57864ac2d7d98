//! The step `ecs-schedule`.

use super::{Task, Text};

/// A task that EventBridge Scheduler runs at certain times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcsSchedule {
    /// What runs.
    pub task: Task,
    /// `cron(…)`, `rate(…)` or `at(…)`.
    pub schedule: Text,
    /// Time zone of the expression; UTC unless said.
    pub time_zone: Option<Text>,
    /// Not before this time.
    pub start_date: Option<Text>,
    /// Not after this time.
    pub end_date: Option<Text>,
    /// Within so many minutes after the time; at the time unless said.
    pub flexible_window: Option<u32>,
    /// Whether it runs at all.
    pub enabled: bool,
    /// Tasks that are started each time.
    pub task_count: u32,
    /// How often it tries again to start them.
    pub retry_attempts: Option<u32>,
    /// How long it tries again, in seconds.
    pub event_age: Option<u32>,
    /// ARN of the queue that gets what could not be started.
    pub dead_letter_queue: Option<Text>,
    /// ARN of the role with which tasks are started; without one, a role with least rights is made.
    pub role: Option<Text>,
}
