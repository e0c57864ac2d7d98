//! How new tasks replace old ones.

use super::Maker;
use crate::load::schema::At;
use crate::load::schema::process::{
    CircuitBreakerEntry, DeploymentEntry, HookTargetEntry, LifecycleHookEntry, StageEntry, StrategyEntry,
    ThresholdTypeEntry, TimeoutActionEntry,
};
use crate::model::process::{
    CircuitBreaker, Decimal, Deployment, DeploymentAlarms, HookAction, LifecycleHook, Strategy, Threshold,
};

/// Reads `[step.deployment_configuration]`.
pub(crate) fn deployment(make: &mut Maker<'_>, entry: &DeploymentEntry) -> Deployment {
    let linear = entry.linear_configuration.as_deref();
    let canary = entry.canary_configuration.as_deref();
    Deployment {
        strategy: match *entry.strategy {
            StrategyEntry::Rolling => Strategy::Rolling,
            StrategyEntry::BlueGreen => Strategy::BlueGreen,
            StrategyEntry::Linear => Strategy::Linear {
                step_percent: linear.and_then(|linear| linear.step_percent.map(Decimal::from)),
                step_bake_minutes: linear.and_then(|linear| linear.step_bake_time_in_minutes),
            },
            StrategyEntry::Canary => Strategy::Canary {
                percent: canary.and_then(|canary| canary.canary_percent.map(Decimal::from)),
                bake_minutes: canary.and_then(|canary| canary.canary_bake_time_in_minutes),
            },
        },
        bake_minutes: entry.bake_time_in_minutes.as_deref().copied(),
        alarms: entry.alarms.as_ref().map(|alarms| DeploymentAlarms {
            names: make.texts(&alarms.alarm_names),
            rollback: make.settled(&alarms.rollback),
        }),
        hooks: entry.lifecycle_hooks.iter().filter_map(|entry| hook(make, entry)).collect(),
        early_success: make.settled(&entry.early_success_criteria),
    }
}

fn hook(make: &mut Maker<'_>, entry: &At<LifecycleHookEntry>) -> Option<LifecycleHook> {
    let action = match (entry.target_type, &entry.hook_target_arn, &entry.role_arn) {
        (HookTargetEntry::AwsLambda, Some(function), role) => {
            HookAction::Lambda { function: make.text(function)?, role: make.optional_text(role) }
        }
        (HookTargetEntry::Pause, None, None) => HookAction::Pause,
        (HookTargetEntry::AwsLambda, None, _) => {
            make.invalid(entry.span(), "a hook that calls a function needs `hook_target_arn`");
            return None;
        }
        (HookTargetEntry::Pause, ..) => {
            make.invalid(entry.span(), "a pause calls nothing: remove `hook_target_arn` and `role_arn`");
            return None;
        }
    };
    let timeout = entry.timeout_configuration.as_deref();
    Some(LifecycleHook {
        stages: entry.lifecycle_stages.iter().map(|entry| stage(**entry)).collect(),
        action,
        timeout_minutes: timeout.and_then(|timeout| timeout.timeout_in_minutes),
        timeout_continues: timeout.is_some_and(|timeout| timeout.action == TimeoutActionEntry::Continue),
    })
}

fn stage(entry: StageEntry) -> &'static str {
    match entry {
        StageEntry::ReconcileService => "RECONCILE_SERVICE",
        StageEntry::PreScaleUp => "PRE_SCALE_UP",
        StageEntry::PostScaleUp => "POST_SCALE_UP",
        StageEntry::TestTrafficShift => "TEST_TRAFFIC_SHIFT",
        StageEntry::PostTestTrafficShift => "POST_TEST_TRAFFIC_SHIFT",
        StageEntry::PreProductionTrafficShift => "PRE_PRODUCTION_TRAFFIC_SHIFT",
        StageEntry::ProductionTrafficShift => "PRODUCTION_TRAFFIC_SHIFT",
        StageEntry::PostProductionTrafficShift => "POST_PRODUCTION_TRAFFIC_SHIFT",
    }
}

/// Reads the circuit breaker; none when it is off.
pub(crate) fn circuit_breaker(entry: &CircuitBreakerEntry) -> Option<CircuitBreaker> {
    let threshold = entry.threshold_configuration.map(|threshold| Threshold {
        kind: match threshold.kind {
            ThresholdTypeEntry::Count => "COUNT",
            ThresholdTypeEntry::BoundedPercent => "BOUNDED_PERCENT",
            ThresholdTypeEntry::UnboundedPercent => "UNBOUNDED_PERCENT",
        },
        value: threshold.value,
    });
    entry.enabled.then_some(CircuitBreaker {
        rollback: entry.rollback,
        threshold,
        reset_on_healthy_task: entry.reset_on_healthy_task,
    })
}
