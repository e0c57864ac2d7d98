//! The step `ecs-schedule`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Given, Known, Literal, Located, QueueArn, RoleArn, Switch, Task, Text, Within, table};

table! {
    /// A task that EventBridge Scheduler runs at certain times.
    #[schemars(extend("x-flat" = true))]
    pub struct EcsSchedule {
        /// What runs.
        task: Task as own,
        /// When, and how it is started.
        schedule: Schedule as own,
    }
}

table! {
    /// The schedule of an `ecs-schedule`.
    #[schemars(extend("x-flat" = true))]
    pub struct Schedule {
        /// When its task is run.
        times: Times as own,
        /// Further times at which the same task is run, perhaps with other input.
        #[serde(default)]
        additional_schedules: Vec<Located<AdditionalSchedule>> as own,
        /// What EventBridge Scheduler does if ECS cannot start a task.
        retry_policy: Option<RetryPolicy>,
        /// The queue that gets a message if EventBridge Scheduler gives up.
        dead_letter_config: Option<DeadLetters>,
        /// ARN of the role with which EventBridge Scheduler starts tasks; may contain `#{…}`. Without one, landfall makes a
        /// role with least rights.
        schedule_role: Option<Known<RoleArn>> = "RoleArn",
    }
}

table! {
    /// The times at which tasks start, and their input.
    #[schemars(extend("x-flat" = true))]
    pub struct Times {
        /// `cron(minutes hours day-of-month month day-of-week year)`, `rate(5 minutes)`, or for once `at(2026-12-01T08:00:00)`;
        /// may contain `#{…}`.
        schedule: Text = "ScheduleExpression",
        /// Time zone of `cron` and `at`, like `Europe/Berlin`; UTC by default; may contain `#{…}`.
        time_zone: Option<Text> = "ScheduleExpressionTimezone",
        /// The schedule starts no task before this time in UTC, like `2026-12-01T08:00:00Z`; not with `at`; may contain
        /// `#{…}`.
        start_date: Option<Text>,
        /// The schedule starts no task after this time in UTC; not with `at`; may contain `#{…}`.
        end_date: Option<Text>,
        /// The task may start up to this many minutes late: 1 to 1440; may be `#{…}`. Default: it starts on time.
        flexible_window_in_minutes: Option<Given<Within<1, 1440>>> as own,
        /// With `false`, the schedule stays but starts no tasks; `true` by default; may be `#{…}`.
        #[serde(default = "enabled")]
        #[schemars(extend("default" = true))]
        enabled: Given<Switch> = "State",
        /// Tasks per start: 1 to 10; 1 by default; may be `#{…}`.
        #[serde(default = "one")]
        task_count: Given<Within<1, 10>> as own,
        /// What these tasks get that differs from the task definition: `overrides` of the `RunTask` API, as JSON, like
        /// `{"containerOverrides":[{"name":"app","command":["report"]}]}`; may contain `#{…}`.
        input: Option<Text> as own,
    }
}

fn enabled() -> Given<Switch> {
    Switch(true).into()
}

fn one() -> Given<Within<1, 10>> {
    1.into()
}

table! {
    /// `[[step.additional_schedules]]`.
    pub struct AdditionalSchedule {
        /// Its name, unique in the step, and part of its logical id: letters and digits.
        name: Literal as own,
        /// When its task is run.
        times: Times as own,
    }
}

table! {
    /// `retry_policy`.
    pub struct RetryPolicy {
        /// How often EventBridge Scheduler tries again: 0 to 185; 185 by default; may be `#{…}`.
        maximum_retry_attempts: Option<Given<Within<0, 185>>>,
        /// How long EventBridge Scheduler tries again, in seconds: 60 to 86400; 86400 by default; may be `#{…}`.
        maximum_event_age_in_seconds: Option<Given<Within<60, 86_400>>>,
    }
}

table! {
    /// `dead_letter_config`.
    pub struct DeadLetters {
        /// ARN of an SQS queue, not a FIFO queue; may contain `#{…}`.
        arn: Known<QueueArn>,
    }
}

impl Schedule {
    /// Every schedule, with the name of each that is additional.
    pub fn each(&self) -> impl Iterator<Item = (Option<&Literal>, &Times)> {
        let more = self.additional_schedules.iter().map(|one| (Some(&one.name), &one.times));
        std::iter::once((None, &self.times)).chain(more)
    }
}

/// Why ECS could not start tasks with this input, which names the containers whose settings it overrides.
pub fn unusable_input(input: &str, containers: &BTreeSet<&str>) -> Option<String> {
    let read: Value = match serde_json::from_str(input) {
        Ok(read @ Value::Object(_)) => read,
        Ok(_) => return Some("it is not a JSON object".to_owned()),
        Err(error) => return Some(format!("it is not JSON: {error}")),
    };
    let overrides = read.get("containerOverrides").and_then(Value::as_array).into_iter().flatten();
    let named = overrides.map(|one| one.get("name").and_then(Value::as_str));
    let unknown = named.into_iter().find(|name| name.is_none_or(|name| !containers.contains(name)))?;
    let known: Vec<String> = containers.iter().map(|name| format!("`{name}`")).collect();
    let known = known.join(", ");
    Some(match unknown {
        Some(name) => format!("the step has no container `{name}`: it has {known}"),
        None => format!("each of `containerOverrides` needs the `name` of a container: {known}"),
    })
}
