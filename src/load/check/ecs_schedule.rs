//! Tasks on a schedule: what EventBridge Scheduler does not accept.

use std::ops::Range;

use jiff::Timestamp;

use super::super::codes;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{ScheduleEntry, TaskEntry};
use super::super::what::WhatDrafts;
use crate::terms::expression::{self, Expression};

/// The most capacity providers of a schedule's tasks (API reference, `EcsParameters`).
const MAX_PROVIDERS: usize = 6;

type Out<'a> = dyn FnMut(Range<usize>, &str) + 'a;

pub(super) fn schedules_are_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (_, task, schedule) in process.doc.schedules() {
        let mut out = |span: Range<usize>, title: &str| {
            findings.push(Finding::new(codes::SCHEDULE, &process.file, span, title).label("not allowed"));
        };
        times(schedule, &mut out);
        tasks(task, &mut out);
        let queue = schedule.dead_letter_config.as_ref().map(|queue| &queue.arn);
        if let Some(queue) = queue.filter(|queue| queue.ends_with(".fifo")) {
            out(queue.span(), "EventBridge Scheduler cannot write to FIFO queues");
        }
    }
}

fn times(schedule: &ScheduleEntry, out: &mut Out<'_>) {
    let expression = &schedule.schedule;
    let read = expression::read(expression);
    if let Err(why) = &read {
        out(expression.span(), &format!("`{}` is not a schedule: {why}", **expression));
    }
    if read == Ok(Expression::Once) {
        for date in schedule.start_date.iter().chain(&schedule.end_date) {
            out(date.span(), "remove this date: with `at`, EventBridge Scheduler ignores it");
        }
        return;
    }
    let (start, end) = (schedule.start_date.as_ref(), schedule.end_date.as_ref());
    let start = start.and_then(|date| time(date, out));
    let Some(end) = end.and_then(|date| Some((date, time(date, out)?))) else { return };
    if start.is_some_and(|start| start >= end.1) {
        out(end.0.span(), "`end_date` must be after `start_date`");
    }
}

/// A time that is known before placeholders are filled.
fn time(written: &At<String>, out: &mut Out<'_>) -> Option<Timestamp> {
    if written.contains("#{") {
        return None;
    }
    let time = written.parse().ok().filter(|_| written.ends_with('Z'));
    if time.is_none() {
        let title = format!("`{}` is not a time in UTC, such as `2026-12-01T08:00:00Z`", **written);
        out(written.span(), &title);
    }
    time
}

/// What RunTask takes, and EventBridge Scheduler does not hand on.
fn tasks(task: &TaskEntry, out: &mut Out<'_>) {
    for volume in &task.volume {
        if let Some(ebs) = &volume.managed_ebs_volume {
            out(ebs.span(), "EventBridge Scheduler cannot start tasks with EBS volumes (`managed_ebs_volume`)");
        }
    }
    if let Some(extra) = task.runs_on.capacity_provider_strategy.get(MAX_PROVIDERS) {
        out(extra.span(), "a schedule can have at most 6 capacity providers");
    }
}
