//! Scaling: bounds, policies and schedules that Application Auto Scaling accepts.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::codes;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{
    AdjustmentTypeEntry, BalancerTypeEntry, MetricEntry, ScalingEntry, ScheduledActionEntry, ServiceEntry,
    StepAdjustmentEntry, StepScalingEntry, StrategyEntry, TargetTrackingEntry,
};
use super::super::what::WhatDrafts;
use crate::terms::expression;

/// An alarm whose period is shorter than an hour looks at a day at most, any other at a week (CloudWatch API reference,
/// `PutMetricAlarm`).
const HOUR: u32 = 3_600;
const DAY: u64 = 86_400;

type Out<'a> = dyn FnMut(Range<usize>, &str) + 'a;

pub(super) fn scaling_is_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (_, _, service) in process.doc.services() {
        let Some(scaling) = &service.scaling else { continue };
        let mut out = |span: Range<usize>, title: &str| {
            findings.push(Finding::new(codes::SCALING, &process.file, span, title).label("does not fit"));
        };
        if let Some(count) = &service.desired_count {
            out(count.span(), "`desired_count` cannot be combined with `scaling`, which sets the number of tasks");
        }
        if scaling.min_capacity.written().zip(scaling.max_capacity.written()).is_some_and(|(least, most)| least > most)
        {
            out(scaling.min_capacity.span(), "`min_capacity` is above `max_capacity`");
        }
        let mut seen = BTreeSet::new();
        for policy in &scaling.target_tracking {
            if !seen.insert(policy.metric) {
                out(policy.span(), "two policies follow the same metric");
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
        out(policy.target_value.span(), "`target_value` must be above 0, and at most 100 if it is a percentage");
    }
    let own = service.load_balancer.iter().filter_map(|balancer| balancer.own_target_group.as_ref()).any(|group| {
        let made = group.own_load_balancer.as_ref().is_some_and(|made| made.kind == BalancerTypeEntry::Application);
        made || group.listener_rule.iter().any(|rule| !rule.test)
    });
    let rolling = *service.deployment_configuration.strategy == StrategyEntry::Rolling;
    if policy.metric == MetricEntry::Requests && !rolling {
        let title = "`requests` counts those of one target group, and this strategy moves the tasks to another one: use `cpu` \
                     or `memory`, or `step_scaling`";
        return out(policy.span(), title);
    }
    match (policy.metric, &policy.resource_label) {
        (MetricEntry::Requests, None) if !own => {
            out(
                policy.span(),
                "`requests` needs `resource_label`, or an own target group behind an application load balancer",
            );
        }
        (MetricEntry::Cpu | MetricEntry::Memory, Some(label)) => {
            out(label.span(), "`resource_label` is only for `metric = \"requests\"`");
        }
        _ => {}
    }
}

fn names(scaling: &ScalingEntry, out: &mut Out<'_>) {
    let mut seen = BTreeSet::new();
    for policy in &scaling.step_scaling {
        let name = &policy.name;
        if name.is_empty() || name.len() > 64 || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
            out(name.span(), "the name of a policy may contain only letters and digits, at most 64");
        } else if !seen.insert(name.as_str()) {
            out(name.span(), "two policies have the same name");
        }
    }
    let mut seen = BTreeSet::new();
    for action in &scaling.scheduled_action {
        if action.name.is_empty() || !seen.insert(action.name.as_str()) {
            out(action.name.span(), "two scheduled actions have the same name");
        }
    }
}

fn step_scaling(policy: &At<StepScalingEntry>, out: &mut Out<'_>) {
    if policy.step_adjustments.is_empty() {
        out(policy.step_adjustments.span(), "`step_adjustments` is empty");
    }
    ranges(&policy.step_adjustments, out);
    if policy.min_adjustment_magnitude.is_some()
        && policy.adjustment_type != AdjustmentTypeEntry::PercentChangeInCapacity
    {
        out(policy.span(), "`min_adjustment_magnitude` is only for `percent-change-in-capacity`");
    }
    let period = &policy.alarm.period;
    if !matches!(**period, 10 | 20 | 30) && (**period == 0 || !(**period).is_multiple_of(60)) {
        out(period.span(), "`period` must be 10, 20, 30 or a multiple of 60");
    }
    let looked = u64::from(**period) * u64::from(policy.alarm.evaluation_periods.unwrap_or(1));
    let longest = if **period < HOUR { DAY } else { 7 * DAY };
    if looked > longest {
        let title = format!(
            "`period` times `evaluation_periods` is {looked} seconds, and an alarm can look at no more than {longest}"
        );
        out(period.span(), &title);
    }
    if !policy.alarm.threshold.is_finite() {
        out(policy.span(), "`threshold` must be a number");
    }
}

/// Ranges that follow each other, and have an end only if nothing is beyond it (Application Auto Scaling user guide, "Step
/// adjustments").
fn ranges(steps: &At<Vec<StepAdjustmentEntry>>, out: &mut Out<'_>) {
    let bounds = |step: &StepAdjustmentEntry| [step.lower_bound, step.upper_bound];
    if steps.iter().flat_map(bounds).flatten().any(|bound| !bound.is_finite()) {
        return out(steps.span(), "bounds must be numbers");
    }
    if steps.iter().any(|step| step.lower_bound.is_none() && step.upper_bound.is_none()) {
        return out(
            steps.span(),
            "each of `step_adjustments` needs a bound: `lower_bound = 0` means from the threshold upwards",
        );
    }
    let mut all: Vec<(f64, f64)> = steps
        .iter()
        .map(|step| (step.lower_bound.unwrap_or(f64::NEG_INFINITY), step.upper_bound.unwrap_or(f64::INFINITY)))
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    if all.iter().any(|(lower, upper)| lower >= upper) {
        return out(steps.span(), "`lower_bound` must be below `upper_bound`");
    }
    if all.windows(2).any(|pair| matches!(pair, [(_, upper), (lower, _)] if upper != lower)) {
        return out(
            steps.span(),
            "`step_adjustments` overlap or leave a gap: each must begin where the one before it ends",
        );
    }
    if all.first().is_some_and(|(lower, _)| *lower < 0.0 && lower.is_finite()) {
        out(steps.span(), "with a negative `lower_bound`, the lowest of `step_adjustments` must have no `lower_bound`");
    }
    if all.last().is_some_and(|(_, upper)| *upper > 0.0 && upper.is_finite()) {
        out(
            steps.span(),
            "with a positive `upper_bound`, the highest of `step_adjustments` must have no `upper_bound`",
        );
    }
}

fn schedule(action: &At<ScheduledActionEntry>, out: &mut Out<'_>) {
    let text = &action.schedule;
    if let Err(why) = expression::read(text) {
        out(text.span(), &format!("`{}` is not a schedule: {why}", **text));
    }
    match (&action.min_capacity, &action.max_capacity) {
        (None, None) => out(action.span(), "a scheduled action needs `min_capacity`, `max_capacity` or both"),
        (Some(least), Some(most)) if least.written().zip(most.written()).is_some_and(|(least, most)| least > most) => {
            out(least.span(), "`min_capacity` is above `max_capacity`");
        }
        _ => {}
    }
}
