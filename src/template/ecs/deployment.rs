//! How one set of tasks takes the place of another, and the roles with which ECS does it.

use std::collections::BTreeSet;

use crate::model::process::{CircuitBreaker, DeploymentAlarms, EcsService, HookTarget, LifecycleHook, Strategy, Text};

use super::super::shape::{Known, Leaf, Shape};
use super::{id, role};

/// What ECS needs to move traffic between target groups; ECS documents this policy for it (ECS developer guide,
/// "Infrastructure IAM role for load balancers").
const TRAFFIC_POLICY: &str = "AmazonECSInfrastructureRolePolicyForLoadBalancers";

/// `DeploymentConfiguration` of the service.
pub(super) fn configuration(step: &EcsService) -> Shape {
    let deployment = &step.deployment_configuration;
    // An instance has room for one task of a daemon: the old one ends before the new one starts.
    let (least, most) = if step.is_daemon() { (0, 100) } else { (100, 200) };
    let named = *deployment.strategy != Strategy::Rolling;
    let hooks = deployment.lifecycle_hooks.iter().map(|hook| self::hook(hook)).collect();
    let linear = deployment.linear_configuration.as_deref();
    let canary = deployment.canary_configuration.as_deref();
    let alarms = |alarms: &DeploymentAlarms| Shape::table(alarms).with("Enable", Some(true.into()));
    Shape::table(deployment)
        .with("DeploymentCircuitBreaker", Some(circuit_breaker(&step.circuit_breaker)))
        .with("MaximumPercent", Some(Shape::key(&step.maximum_percent).unwrap_or_else(|| most.into())))
        .with("MinimumHealthyPercent", Some(Shape::key(&step.minimum_healthy_percent).unwrap_or_else(|| least.into())))
        .with("Strategy", Shape::key(&deployment.strategy).filter(|_| named))
        .with("LinearConfiguration", linear.and_then(Shape::some_table))
        .with("CanaryConfiguration", canary.and_then(Shape::some_table))
        .with("Alarms", deployment.alarms.as_ref().map(alarms))
        .with("LifecycleHooks", Shape::some_list(hooks))
}

/// What is off has no further settings.
fn circuit_breaker(breaker: &CircuitBreaker) -> Shape {
    match breaker.enabled.is_off() {
        true => Shape::map([("Enable", Shape::key(&breaker.enabled)), ("Rollback", Some(false.into()))]),
        false => Shape::table(breaker),
    }
}

fn hook(hook: &LifecycleHook) -> Shape {
    let timeout = hook.timeout_configuration.as_ref().and_then(Shape::some_table);
    let shape = Shape::table(hook).with("TimeoutConfiguration", timeout);
    match *hook.target_type {
        HookTarget::Pause => shape.with("TargetType", Shape::key(&hook.target_type)),
        HookTarget::AwsLambda => shape.or("RoleArn", || Shape::attribute(id::HOOK_ROLE, "Arn")),
    }
}

/// The role with which ECS calls functions; none if every hook names one or there are no hooks.
pub(super) fn hook_role(step: &EcsService) -> Option<Shape> {
    let mut seen = BTreeSet::new();
    let made = step.deployment_configuration.functions().filter(|(_, role)| role.is_none());
    let functions: Vec<&Text> =
        made.map(|(function, _)| function).filter(|function| seen.insert(function.raw())).collect();
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
    let shifts = *step.deployment_configuration.strategy != Strategy::Rolling;
    let needed = step.load_balancer.iter().any(|balancer| match &balancer.own_target_group {
        Some(_) => shifts,
        None => balancer.advanced_configuration.as_ref().is_some_and(|advanced| advanced.role_arn.is_none()),
    });
    needed.then(|| {
        let policies = vec![Known::AwsPolicy(TRAFFIC_POLICY).into()];
        role::shape(&step.task, role::trust("ecs.amazonaws.com"), Vec::new(), policies)
    })
}
