//! When a task is run.

use super::{Maker, freeze, process};
use crate::load::schema::process::EcsScheduleEntry;
use crate::model::process::EcsSchedule;

/// Reads an `ecs-schedule`. Its tasks take the tags of the task definition: a schedule has none to give.
pub(crate) fn schedule(make: &mut Maker<'_>, entry: &EcsScheduleEntry) -> Option<EcsSchedule> {
    let task = process::task_without_service(make, &entry.task);
    let entry = &entry.schedule;
    if let Some(zone) = entry.time_zone.as_ref().filter(|zone| !zone.contains("#{")) {
        freeze::time_zone(make, zone);
    }
    Some(EcsSchedule {
        task,
        schedule: make.text(&entry.schedule)?,
        time_zone: make.optional_text(&entry.time_zone),
        start_date: make.optional_text(&entry.start_date),
        end_date: make.optional_text(&entry.end_date),
        flexible_window: entry.flexible_window_in_minutes,
        enabled: entry.enabled,
        task_count: entry.task_count.unwrap_or(1),
        retry_attempts: entry.retry_policy.and_then(|policy| policy.maximum_retry_attempts),
        event_age: entry.retry_policy.and_then(|policy| policy.maximum_event_age_in_seconds),
        dead_letter_queue: entry.dead_letter_config.as_ref().and_then(|queue| make.text(&queue.arn)),
        role: make.optional_text(&entry.schedule_role),
    })
}
