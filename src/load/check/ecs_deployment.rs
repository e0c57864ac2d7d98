//! Deployments: lists and settings that render to nothing, and whether there is exactly one thing that landfall can move traffic
//! with.

use std::ops::Range;

use super::super::codes;
use super::super::finding::Finding;
use super::super::what::WhatDrafts;
use crate::model::process::{Located, OwnTargetGroup, Strategy};

type Out<'a> = dyn FnMut(Range<usize>, &str) + 'a;

pub(super) fn strategies_are_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (_, _, service) in process.doc.services() {
        let mut out = |span: Range<usize>, title: &str| {
            let finding = Finding::new(codes::DEPLOYMENT_STRATEGY, &process.file, span, title);
            findings.push(finding.label("does not fit"));
        };
        let deployment = &service.deployment_configuration;
        // An empty table renders to nothing.
        if let (Some(linear), false) = (&deployment.linear_configuration, *deployment.strategy == Strategy::Linear) {
            out(linear.span(), "`linear_configuration` is only for `strategy = \"linear\"`");
        }
        if let (Some(canary), false) = (&deployment.canary_configuration, *deployment.strategy == Strategy::Canary) {
            out(canary.span(), "`canary_configuration` is only for `strategy = \"canary\"`");
        }
        if let Some(alarms) = deployment.alarms.as_ref().filter(|alarms| alarms.alarm_names.is_empty()) {
            out(alarms.alarm_names.span(), "`alarm_names` is empty");
        }
        for hook in deployment.lifecycle_hooks.iter().filter(|hook| hook.lifecycle_stages.is_empty()) {
            out(hook.lifecycle_stages.span(), "`lifecycle_stages` is empty");
        }
        let rolling = *deployment.strategy == Strategy::Rolling;
        for balancer in &service.load_balancer {
            match (&balancer.own_target_group, &balancer.advanced_configuration) {
                (Some(_), Some(advanced)) => {
                    let title = "`advanced_configuration` is only for an existing target group: remove it";
                    out(advanced.span(), title);
                }
                (Some(own), None) if rolling => of_tests(own, &mut out),
                (Some(own), None) => traffic(own, &mut out),
                (None, _) => {}
            }
        }
    }
}

fn of_tests(own: &Located<OwnTargetGroup>, out: &mut Out<'_>) {
    if let Some(rule) = own.listener_rule.iter().find(|rule| rule.test) {
        out(rule.span(), "a rule for test traffic is not for `strategy = \"rolling\"`");
    }
    let mut sending = own.own_load_balancer.iter().flat_map(|balancer| balancer.sending());
    if let Some(listener) = sending.find(|listener| *listener.test) {
        out(listener.test.span(), "a listener for test traffic is not for `strategy = \"rolling\"`");
    }
}

fn traffic(own: &Located<OwnTargetGroup>, out: &mut Out<'_>) {
    let rules = |test: bool| own.listener_rule.iter().filter(move |rule| rule.test == test);
    let listeners = |test: bool| {
        let all = own.own_load_balancer.iter().flat_map(|balancer| balancer.sending());
        all.filter(move |listener| *listener.test == test)
    };
    if rules(false).count() + listeners(false).count() != 1 {
        let title = "ECS moves the traffic of exactly one listener or rule: this target group has none, or several";
        out(own.span(), title);
    }
    if let Some(second) = rules(true).nth(1) {
        out(second.span(), "ECS moves the test traffic of only one rule");
    }
    if let Some(second) = listeners(true).nth(1) {
        out(second.test.span(), "ECS moves the test traffic of only one listener");
    }
}
