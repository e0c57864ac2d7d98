//! Deployment strategies: contradictions, and deployments that take longer than CloudFormation waits.

use std::ops::Range;

use super::super::codes;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{
    AdvancedConfigurationEntry, DeploymentEntry, HookTargetEntry, LifecycleHookEntry, LoadBalancerEntry,
    OwnTargetGroupEntry, ServiceEntry, StageEntry, StrategyEntry,
};
use super::super::what::WhatDrafts;

/// CloudFormation gives up on a service after this many minutes (reference of `LinearConfiguration`).
const PATIENCE: u32 = 36 * 60;
/// It refuses a linear or canary deployment that bakes for longer (the same).
const MOST_BAKING: u32 = 33 * 60;

type Out<'a> = dyn FnMut(Range<usize>, &str) + 'a;

pub(super) fn strategies_are_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (_, _, service) in process.doc.services() {
        let mut out = |span: Range<usize>, title: &str| {
            let finding = Finding::new(codes::DEPLOYMENT_STRATEGY, &process.file, span, title);
            findings.push(finding.label("does not fit"));
        };
        let entry = &service.deployment_configuration;
        settings(entry, &mut out);
        entry.lifecycle_hooks.iter().for_each(|hook| stages(hook, &mut out));
        time(entry, &mut out);
        let strategy = &entry.strategy;
        let connected = service.service_connect_configuration.as_ref().is_some_and(|connect| !connect.enabled.is_off());
        if matches!(**strategy, StrategyEntry::Linear | StrategyEntry::Canary)
            && service.load_balancer.is_empty()
            && !connected
        {
            let title = "this strategy moves traffic in parts, and nothing here does: it needs `[[step.load_balancer]]` or \
                         `[step.service_connect_configuration]`";
            out(strategy.span(), title);
        }
        for balancer in &service.load_balancer {
            traffic(service, balancer, &mut out);
            balancer.advanced_configuration.iter().for_each(|advanced| differs(balancer, advanced, &mut out));
        }
    }
}

fn settings(entry: &DeploymentEntry, out: &mut Out<'_>) {
    let strategy = *entry.strategy;
    if let (Some(linear), false) = (&entry.linear_configuration, strategy == StrategyEntry::Linear) {
        out(linear.span(), "`linear_configuration` is only for `strategy = \"linear\"`");
    }
    if let (Some(canary), false) = (&entry.canary_configuration, strategy == StrategyEntry::Canary) {
        out(canary.span(), "`canary_configuration` is only for `strategy = \"canary\"`");
    }
    if strategy == StrategyEntry::Rolling {
        if let Some(bake) = &entry.bake_time_in_minutes {
            out(bake.span(), "`bake_time_in_minutes` is not for `strategy = \"rolling\"`");
        }
        if let Some(hook) = entry.lifecycle_hooks.first() {
            out(hook.span(), "`lifecycle_hooks` are not for `strategy = \"rolling\"`");
        }
    }
    let tenths = |percent: f64| ((percent * 10.0) - (percent * 10.0).round()).abs() < 1e-6;
    if let Some(linear) = &entry.linear_configuration
        && linear.step_percent.is_some_and(|percent| !(3.0..=100.0).contains(&percent) || !tenths(percent))
    {
        out(linear.span(), "`step_percent` must be 3 to 100, with at most one decimal");
    }
    if let Some(canary) = &entry.canary_configuration
        && canary.canary_percent.is_some_and(|percent| !(0.1..=100.0).contains(&percent) || !tenths(percent))
    {
        out(canary.span(), "`canary_percent` must be 0.1 to 100, with at most one decimal");
    }
    if let Some(alarms) = entry.alarms.as_ref().filter(|alarms| alarms.alarm_names.is_empty()) {
        out(alarms.alarm_names.span(), "`alarm_names` is empty");
    }
}

fn stages(hook: &At<LifecycleHookEntry>, out: &mut Out<'_>) {
    if hook.lifecycle_stages.is_empty() {
        out(hook.lifecycle_stages.span(), "`lifecycle_stages` is empty");
    }
    let shifts =
        |stage: &&At<StageEntry>| matches!(***stage, StageEntry::TestTrafficShift | StageEntry::ProductionTrafficShift);
    if hook.target_type == HookTargetEntry::Pause
        && let Some(stage) = hook.lifecycle_stages.iter().find(shifts)
    {
        out(stage.span(), "a deployment cannot pause while traffic moves");
    }
}

/// How long the deployment takes at least, or may take, against what CloudFormation waits for.
fn time(entry: &DeploymentEntry, out: &mut Out<'_>) {
    let bake = entry.bake_time_in_minutes.as_deref().copied().unwrap_or(0);
    let mut shifts = 1;
    let baking = match *entry.strategy {
        StrategyEntry::Rolling => return,
        StrategyEntry::BlueGreen => bake,
        StrategyEntry::Linear => {
            let linear = entry.linear_configuration.as_deref();
            let percent = linear.and_then(|linear| linear.step_percent).unwrap_or(10.0).clamp(3.0, 100.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "at most 34 steps")]
            let steps = (100.0 / percent).ceil() as u32;
            let each = linear.and_then(|linear| linear.step_bake_time_in_minutes).unwrap_or(6);
            shifts = steps;
            bake + each.saturating_mul(steps)
        }
        StrategyEntry::Canary => {
            let canary = entry.canary_configuration.as_deref();
            shifts = 2;
            bake + canary.and_then(|canary| canary.canary_bake_time_in_minutes).unwrap_or(10)
        }
    };
    if *entry.strategy != StrategyEntry::BlueGreen && baking > MOST_BAKING {
        let title =
            format!("the deployment bakes for {baking} minutes, and CloudFormation allows at most {MOST_BAKING}");
        return out(entry.strategy.span(), &title);
    }
    let pauses = entry.lifecycle_hooks.iter().filter(|hook| hook.target_type == HookTargetEntry::Pause);
    let longest = pauses.map(|hook| {
        let minutes = hook.timeout_configuration.as_deref().and_then(|timeout| timeout.timeout_in_minutes);
        // ECS comes to the stage before a shift of production traffic once for each. [api: `DeploymentLifecycleHook`]
        let times = |stage: &At<StageEntry>| if **stage == StageEntry::PreProductionTrafficShift { shifts } else { 1 };
        minutes.unwrap_or(1440).saturating_mul(hook.lifecycle_stages.iter().map(times).sum())
    });
    let longest = longest.fold(baking, u32::saturating_add);
    if longest > PATIENCE {
        let title = format!(
            "this may take {longest} minutes, and CloudFormation gives up after {PATIENCE}: approve before the deployment, with a pin"
        );
        out(entry.strategy.span(), &title);
    }
}

/// Checks that settings for moving traffic exist if the strategy moves traffic, and only then.
fn traffic(service: &ServiceEntry, balancer: &At<LoadBalancerEntry>, out: &mut Out<'_>) {
    let rolling = *service.deployment_configuration.strategy == StrategyEntry::Rolling;
    match (&balancer.own_target_group, &balancer.advanced_configuration) {
        (Some(_), Some(advanced)) => {
            out(advanced.span(), "`advanced_configuration` is only for an existing target group: remove it");
        }
        (None, None) if !rolling => {
            out(
                balancer.span(),
                "this strategy moves traffic and needs `advanced_configuration`, which names the second target group",
            );
        }
        (Some(own), None) => own_traffic(own, rolling, out),
        _ => {}
    }
}

/// Traffic moves from one to another.
fn differs(balancer: &LoadBalancerEntry, advanced: &AdvancedConfigurationEntry, out: &mut Out<'_>) {
    let alternate = &advanced.alternate_target_group;
    if balancer.target_group.as_ref().is_some_and(|group| group.as_str() == alternate.as_str()) {
        out(alternate.span(), "`alternate_target_group` must differ from `target_group`");
    }
    let production = advanced.production_listener_rule.as_str();
    if let Some(test) = advanced.test_listener_rule.as_ref().filter(|test| test.as_str() == production) {
        out(test.span(), "`test_listener_rule` must differ from `production_listener_rule`");
    }
    let network = |arn: &str| arn.contains(":listener/net/");
    let application = |arn: &str| arn.contains(":listener-rule/app/");
    if let Some(test) = &advanced.test_listener_rule
        && (network(production) && application(test) || application(production) && network(test))
    {
        out(test.span(), "`production_listener_rule` and `test_listener_rule` must belong to the same load balancer");
    }
}

fn own_traffic(own: &At<OwnTargetGroupEntry>, rolling: bool, out: &mut Out<'_>) {
    let rules = |test: bool| own.listener_rule.iter().filter(move |rule| rule.test == test);
    let listeners = |test: bool| {
        let all = own.own_load_balancer.iter().flat_map(|balancer| &balancer.listener);
        all.filter(move |listener| listener.redirect_to.is_none() && *listener.test == test)
    };
    if rolling {
        if let Some(rule) = rules(true).next() {
            out(rule.span(), "a rule for test traffic is not for `strategy = \"rolling\"`");
        }
        if let Some(listener) = listeners(true).next() {
            out(listener.test.span(), "a listener for test traffic is not for `strategy = \"rolling\"`");
        }
        return;
    }
    if rules(false).count() + listeners(false).count() != 1 {
        out(
            own.span(),
            "ECS moves the traffic of exactly one listener or rule: this target group has none, or several",
        );
    }
    if let Some(second) = rules(true).nth(1) {
        out(second.span(), "ECS moves the test traffic of only one rule");
    }
    if let Some(second) = listeners(true).nth(1) {
        out(second.test.span(), "ECS moves the test traffic of only one listener");
    }
}
