//! How one set of tasks takes the place of another, and the roles with which ECS does it.

use serde_json::{Number, Value};

use crate::model::process::{Decimal, Deployment, EcsService, HookAction, LifecycleHook, Strategy, TargetGroup, Text};

use super::super::shape::{Known, Leaf, Leaves, Shape};
use super::{id, role};

/// What ECS needs to move traffic between target groups; ECS documents this policy for it (ECS developer guide,
/// "Infrastructure IAM role for load balancers").
const TRAFFIC_POLICY: &str = "AmazonECSInfrastructureRolePolicyForLoadBalancers";

/// `DeploymentConfiguration` of the service.
pub(super) fn configuration(step: &EcsService) -> Shape {
    let deployment = &step.deployment;
    let (linear, canary) = parts(deployment.strategy);
    let named = deployment.strategy != Strategy::Rolling;
    Shape::map([
        ("DeploymentCircuitBreaker", Some(circuit_breaker(step))),
        ("MaximumPercent", Some(step.maximum_percent.into())),
        ("MinimumHealthyPercent", Some(step.minimum_healthy_percent.into())),
        ("Strategy", named.then(|| deployment.strategy.as_str().into())),
        ("BakeTimeInMinutes", deployment.bake_minutes.map(Shape::from)),
        ("LinearConfiguration", linear),
        ("CanaryConfiguration", canary),
        ("Alarms", alarms(deployment)),
        ("LifecycleHooks", Shape::some_list(deployment.hooks.iter().map(hook).collect())),
        ("EarlySuccessCriteria", Shape::key(&deployment.early_success)),
    ])
}

fn circuit_breaker(step: &EcsService) -> Shape {
    let breaker = step.circuit_breaker;
    let threshold = breaker
        .and_then(|breaker| breaker.threshold)
        .map(|threshold| Shape::map([("Type", Some(threshold.kind.into())), ("Value", Some(threshold.value.into()))]));
    Shape::map([
        ("Enable", Some(breaker.is_some().into())),
        ("Rollback", Some(breaker.is_some_and(|breaker| breaker.rollback).into())),
        ("ThresholdConfiguration", threshold),
        ("ResetOnHealthyTask", breaker.and_then(|breaker| breaker.reset_on_healthy_task).map(Shape::from)),
    ])
}

/// The settings of a strategy; none if the defaults of ECS apply.
fn parts(strategy: Strategy) -> (Option<Shape>, Option<Shape>) {
    let some =
        |pairs: [(&str, Option<Shape>); 2]| pairs.iter().any(|(_, value)| value.is_some()).then(|| Shape::map(pairs));
    match strategy {
        Strategy::Linear { step_percent, step_bake_minutes } => {
            let bake = step_bake_minutes.map(Shape::from);
            (some([("StepPercent", step_percent.map(number)), ("StepBakeTimeInMinutes", bake)]), None)
        }
        Strategy::Canary { percent, bake_minutes } => {
            let bake = bake_minutes.map(Shape::from);
            (None, some([("CanaryPercent", percent.map(number)), ("CanaryBakeTimeInMinutes", bake)]))
        }
        Strategy::Rolling | Strategy::BlueGreen => (None, None),
    }
}

/// A number, without a fraction if it has none: the bytes are the same however it was written.
pub(super) fn number(value: Decimal) -> Shape {
    let value = value.get();
    #[expect(clippy::cast_possible_truncation, reason = "only where it is whole and small")]
    let whole = (value.fract() == 0.0 && value.abs() < 1e15).then(|| Number::from(value as i64));
    Shape::Fixed(whole.or_else(|| Number::from_f64(value)).map_or(Value::Null, Value::Number))
}

fn alarms(deployment: &Deployment) -> Option<Shape> {
    deployment.alarms.as_ref().map(|alarms| {
        Shape::map([
            ("Enable", Some(true.into())),
            ("Rollback", Some(Shape::flag(&alarms.rollback))),
            ("AlarmNames", Some(Shape::Leaves(Leaves::Texts(alarms.names.clone())))),
        ])
    })
}

fn hook(hook: &LifecycleHook) -> Shape {
    let stages = hook.stages.iter().map(|stage| (*stage).into()).collect();
    let timeout = Shape::map([
        ("TimeoutInMinutes", hook.timeout_minutes.map(Shape::from)),
        ("Action", hook.timeout_continues.then(|| "CONTINUE".into())),
    ]);
    let timed = hook.timeout_minutes.is_some() || hook.timeout_continues;
    let (kind, function, role) = match &hook.action {
        HookAction::Pause => (Some("PAUSE".into()), None, None),
        HookAction::Lambda { function, role } => {
            let role = role.as_ref().map_or_else(|| Shape::attribute(id::HOOK_ROLE, "Arn"), Shape::role);
            (None, Some(Shape::arn(function)), Some(role))
        }
    };
    Shape::map([
        ("LifecycleStages", Some(Shape::List(stages))),
        ("TargetType", kind),
        ("HookTargetArn", function),
        ("RoleArn", role),
        ("TimeoutConfiguration", timed.then_some(timeout)),
    ])
}

/// The role with which ECS calls functions; none if every hook names one or there are no hooks.
pub(super) fn hook_role(step: &EcsService) -> Option<Shape> {
    let mut seen = std::collections::BTreeSet::new();
    let made = step.deployment.hooks.iter().filter_map(|hook| match &hook.action {
        HookAction::Lambda { function, role: None } => Some(function),
        HookAction::Lambda { .. } | HookAction::Pause => None,
    });
    let functions: Vec<&Text> = made.filter(|function| seen.insert(function.raw())).collect();
    if functions.is_empty() {
        return None;
    }
    let resources = functions.into_iter().map(|function| Shape::Leaf(Leaf::FunctionArn(function.clone()))).collect();
    let call = role::allow("Functions", &["lambda:InvokeFunction"], Shape::List(resources));
    let inline = vec![role::policy("call-functions", vec![call])];
    Some(role::shape(&step.task, role::trust("ecs.amazonaws.com"), inline, Vec::new()))
}

/// The role with which ECS moves traffic; none if no traffic moves or every target group names one.
pub(super) fn traffic_role(step: &EcsService) -> Option<Shape> {
    let shifts = step.deployment.strategy != Strategy::Rolling;
    let needed = step.load_balancers.iter().any(|balancer| match (&balancer.target_group, &balancer.advanced) {
        (TargetGroup::Given(_), Some(advanced)) => advanced.role.is_none(),
        (TargetGroup::Given(_), None) => false,
        (TargetGroup::Own(_), _) => shifts,
    });
    needed.then(|| {
        let policies = vec![Known::AwsPolicy(TRAFFIC_POLICY).into()];
        role::shape(&step.task, role::trust("ecs.amazonaws.com"), Vec::new(), policies)
    })
}
