//! Auto-scaling: bounds, policies and schedules that Application Auto Scaling takes.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::codes;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{
    AdjustmentTypeEntry, BalancerTypeEntry, MetricEntry, ScalingEntry, ScheduledActionEntry, ServiceEntry,
    StepScalingEntry, TargetTrackingEntry,
};
use super::super::what::WhatDrafts;
use super::expression;

type Out<'a> = dyn FnMut(Range<usize>, &str) + 'a;

pub(super) fn scaling_is_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (_, _, service) in process.doc.services() {
        let Some(scaling) = &service.scaling else { continue };
        let mut out = |span: Range<usize>, title: &str| {
            findings.push(Finding::new(codes::SCALING, &process.file, span, title).label("does not fit"));
        };
        if let Some(count) = &service.desired_count {
            out(count.span(), "with `scaling`, the number of tasks is not the step's to say");
        }
        if *scaling.min_capacity > *scaling.max_capacity {
            out(scaling.min_capacity.span(), "`min_capacity` is above `max_capacity`");
        }
        let mut seen = BTreeSet::new();
        for policy in &scaling.target_tracking {
            if !seen.insert(policy.metric) {
                out(policy.span(), "two policies hold the same metric");
            }
            tracking(service, policy, &mut out);
        }
        names(scaling, &mut out);
        scaling.step_scaling.iter().for_each(|policy| step_scaling(policy, &mut out));
        scaling.scheduled_action.iter().for_each(|action| schedule(action, &mut out));
    }
}

fn tracking(service: &ServiceEntry, policy: &At<TargetTrackingEntry>, out: &mut Out<'_>) {
    let most = if policy.metric == MetricEntry::Requests { f64::MAX } else { 100.0 };
    if !(*policy.target_value > 0.0 && *policy.target_value <= most) {
        out(policy.target_value.span(), "`target_value` is above 0, and at most 100 where it is percent");
    }
    let own = service
        .load_balancer
        .iter()
        .filter_map(|balancer| balancer.own_target_group.as_ref()?.own_load_balancer.as_ref());
    let own = own.into_iter().any(|balancer| balancer.kind == BalancerTypeEntry::Application);
    match (policy.metric, &policy.resource_label) {
        (MetricEntry::Requests, None) if !own => {
            out(policy.span(), "`requests` needs `resource_label`, or an own application load balancer");
        }
        (MetricEntry::Cpu | MetricEntry::Memory, Some(label)) => {
            out(label.span(), "`resource_label` is for `metric = \"requests\"`");
        }
        _ => {}
    }
}

fn names(scaling: &ScalingEntry, out: &mut Out<'_>) {
    let mut seen = BTreeSet::new();
    for policy in &scaling.step_scaling {
        let name = &policy.name;
        if name.is_empty() || name.len() > 64 || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            out(name.span(), "the name of a policy: letters and digits, at most 64");
        } else if !seen.insert(name.as_str()) {
            out(name.span(), "two policies have the same name");
        }
    }
    let mut seen = BTreeSet::new();
    for action in &scaling.scheduled_action {
        if action.name.is_empty() || !seen.insert(action.name.as_str()) {
            out(action.name.span(), "scheduled actions have names that differ");
        }
    }
}

fn step_scaling(policy: &At<StepScalingEntry>, out: &mut Out<'_>) {
    if policy.step_adjustments.is_empty() {
        out(policy.step_adjustments.span(), "`step_adjustments` has none");
    }
    let open = |step: &&super::super::schema::process::StepAdjustmentEntry| {
        step.lower_bound.is_none() && step.upper_bound.is_none()
    };
    if policy.step_adjustments.len() > 1 && policy.step_adjustments.iter().any(|step| open(&step)) {
        out(policy.step_adjustments.span(), "where there are several, each has a bound");
    }
    if policy.min_adjustment_magnitude.is_some()
        && policy.adjustment_type != AdjustmentTypeEntry::PercentChangeInCapacity
    {
        out(policy.span(), "`min_adjustment_magnitude` is for `percent-change-in-capacity`");
    }
    let period = &policy.alarm.period;
    if !matches!(**period, 10 | 20 | 30) && (**period == 0 || !(**period).is_multiple_of(60)) {
        out(period.span(), "`period` is 10, 20, 30, or a multiple of 60");
    }
    if !policy.alarm.threshold.is_finite() {
        out(policy.span(), "`threshold` is a number");
    }
}

fn schedule(action: &At<ScheduledActionEntry>, out: &mut Out<'_>) {
    let text = &action.schedule;
    if let Err(why) = expression::read(text) {
        out(text.span(), &format!("`{}` is not a schedule: {why}", **text));
    }
    match (action.min_capacity, action.max_capacity) {
        (None, None) => out(action.span(), "a scheduled action sets `min_capacity`, `max_capacity` or both"),
        (Some(least), Some(most)) if least > most => out(action.span(), "`min_capacity` is above `max_capacity`"),
        _ => {}
    }
}
