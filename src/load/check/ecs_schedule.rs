//! Tasks on a schedule: what starts no task, or not as it is written.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::codes;
use super::super::finding::Finding;
use super::super::what::WhatDrafts;
use super::ecs::fits_resource_id;
use crate::model::process::{Schedule, Text, Times, unusable_input};
use crate::terms::expression::{self, Expression};

type Out<'a> = dyn FnMut(Range<usize>, &str) + 'a;

pub(super) fn schedules_are_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (_, task, schedule) in process.doc.schedules() {
        let mut out = |span: Range<usize>, title: &str| {
            findings.push(Finding::new(codes::SCHEDULE, &process.file, span, title).label("not allowed"));
        };
        names(schedule, &mut out);
        let containers = task.container_names();
        for (_, times) in schedule.each() {
            dates(times, &mut out);
            input(times, &containers, &mut out);
        }
        let queue = schedule.dead_letter_config.as_ref().map(|queue| &queue.arn);
        if let Some(queue) = queue.filter(|queue| queue.raw().ends_with(".fifo")) {
            out(queue.span(), "EventBridge Scheduler cannot write to FIFO queues");
        }
        // What RunTask takes, and EventBridge Scheduler does not hand on.
        for ebs in task.volume.iter().filter_map(|volume| volume.managed_ebs_volume.as_ref()) {
            out(ebs.span(), "EventBridge Scheduler cannot start tasks with EBS volumes (`managed_ebs_volume`)");
        }
    }
}

fn names(schedule: &Schedule, out: &mut Out<'_>) {
    let mut seen = BTreeSet::new();
    for name in schedule.additional_schedules.iter().map(|one| &one.name) {
        if !fits_resource_id(name, 64) {
            out(name.span(), "the name of a schedule may contain only letters and digits, at most 64");
        } else if &**name == "Role" || !seen.insert(&**name) {
            out(name.span(), "this name is taken");
        }
    }
}

fn dates(times: &Times, out: &mut Out<'_>) {
    let dates = || times.start_date.iter().chain(&times.end_date);
    if expression::read(times.schedule.raw()) == Ok(Expression::Once) {
        dates().for_each(|date| out(date.span(), "remove this date: with `at`, EventBridge Scheduler ignores it"));
        return;
    }
    let is_time = |text: &Text| text.raw().ends_with('Z') && text.raw().parse::<jiff::Timestamp>().is_ok();
    for date in dates().filter(|date| !date.raw().contains("#{") && !is_time(date)) {
        let title = format!("`{}` is not a time in UTC, such as `2026-12-01T08:00:00Z`", date.raw());
        out(date.span(), &title);
    }
}

fn input(times: &Times, containers: &BTreeSet<&str>, out: &mut Out<'_>) {
    let literal = times.input.as_ref().filter(|input| !input.raw().contains("#{"));
    if let Some((input, why)) = literal.and_then(|input| Some((input, unusable_input(input.raw(), containers)?))) {
        out(input.span(), &format!("ECS could not start tasks with this `input`: {why}"));
    }
}
