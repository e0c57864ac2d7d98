//! Scaling: what makes no policy, or one that cannot be named.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::codes;
use super::super::finding::Finding;
use super::super::what::WhatDrafts;
use super::ecs::fits_resource_id;
use crate::model::process::{
    AdjustmentType, BalancerType, EcsService, Literal, Located, Metric, Scaling, Strategy, TargetTracking,
};

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
        names(scaling, &mut out);
        for policy in &scaling.target_tracking {
            of_metric(policy, &mut out);
            requests(service, policy, &mut out);
        }
        for policy in &scaling.step_scaling {
            if policy.step_adjustments.is_empty() {
                out(policy.step_adjustments.span(), "`step_adjustments` is empty");
            }
            let kind = policy.adjustment_type.written();
            let percent = kind.is_none_or(|kind| kind == AdjustmentType::PercentChangeInCapacity);
            if let (Some(least), false) = (&policy.min_adjustment_magnitude, percent) {
                out(least.span(), "`min_adjustment_magnitude` is only for `percent-change-in-capacity`");
            }
        }
        for action in &scaling.scheduled_action {
            if action.min_capacity.is_none() && action.max_capacity.is_none() {
                out(action.span(), "a scheduled action needs `min_capacity`, `max_capacity` or both");
            }
        }
    }
}

/// Names that resources are named by.
fn names(scaling: &Scaling, out: &mut Out<'_>) {
    let mut seen = BTreeSet::new();
    for policy in &scaling.target_tracking {
        if policy.metric.is_some_and(|metric| !seen.insert(metric)) {
            out(policy.span(), "two policies follow the same metric");
        }
    }
    let mut of_policies = |names: &mut dyn Iterator<Item = &Literal>| {
        let mut seen = BTreeSet::new();
        for name in names {
            if !fits_resource_id(name, 64) {
                out(name.span(), "the name of a policy may contain only letters and digits, at most 64");
            } else if !seen.insert(&**name) {
                out(name.span(), "two policies have the same name");
            }
        }
    };
    of_policies(&mut scaling.target_tracking.iter().filter_map(|policy| policy.name.as_ref()));
    of_policies(&mut scaling.step_scaling.iter().map(|policy| &policy.name));
    let mut seen = BTreeSet::new();
    for action in &scaling.scheduled_action {
        if action.name.is_empty() {
            out(action.name.span(), "a scheduled action needs a name");
        } else if !seen.insert(&*action.name) {
            out(action.name.span(), "two scheduled actions have the same name");
        }
    }
}

fn of_metric(policy: &Located<TargetTracking>, out: &mut Out<'_>) {
    let custom = policy.customized_metric_specification.is_some();
    match (policy.metric, &policy.name) {
        (Some(_), _) if custom => {
            out(policy.span(), "a policy has `metric` or `customized_metric_specification`, not both")
        }
        (Some(_), Some(name)) => out(name.span(), "`name` is only for `customized_metric_specification`"),
        (None, _) if !custom => {
            out(policy.span(), "a policy needs `metric`, or `name` and `customized_metric_specification`")
        }
        (None, None) => out(policy.span(), "`customized_metric_specification` needs the `name` of the policy"),
        _ => {}
    }
    let percent = matches!(policy.metric, Some(Metric::Cpu | Metric::Memory));
    if percent && policy.target_value.written().is_some_and(|value| value.get() > 100.0) {
        out(policy.target_value.span(), "`target_value` is a percentage of this metric: at most 100");
    }
}

/// Requests are counted for one target group.
fn requests(service: &EcsService, policy: &Located<TargetTracking>, out: &mut Out<'_>) {
    if policy.metric != Some(Metric::Requests) {
        if let Some(label) = &policy.resource_label {
            out(label.span(), "`resource_label` is only for `metric = \"requests\"`");
        }
        return;
    }
    if *service.deployment_configuration.strategy != Strategy::Rolling {
        let title = "`requests` counts those of one target group, and this strategy moves the tasks to another one: use `cpu` \
                     or `memory`, or `step_scaling`";
        return out(policy.span(), title);
    }
    let own = service
        .load_balancer
        .iter()
        .filter_map(|balancer| balancer.own_target_group.as_ref())
        .any(|group| group.makes(BalancerType::Application) || group.listener_rule.iter().any(|rule| !rule.test));
    if policy.resource_label.is_none() && !own {
        let title = "`requests` needs `resource_label`, or an own target group behind an application load balancer";
        out(policy.span(), title);
    }
}
