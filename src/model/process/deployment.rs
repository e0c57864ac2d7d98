//! How one set of tasks takes the place of another.

use super::{Decimal, Flag, FunctionArn, Given, Known, Located, OptIn, RoleArn, Text, Within, table, words};

table! {
    /// `[step.deployment_configuration]`.
    #[derive(Default)]
    pub struct Deployment {
        /// How traffic moves; `rolling` by default.
        #[serde(default)]
        strategy: Located<Strategy> as own,
        /// Minutes in which both sets of tasks run after all traffic has moved: 0 to 1440; not with `rolling`; may be `#{…}`.
        bake_time_in_minutes: Option<Minutes>,
        /// For `linear`: the size of the steps, and the wait between them.
        linear_configuration: Option<Located<Linear>> as own,
        /// For `canary`: the part of the traffic that moves first, and the wait after it.
        canary_configuration: Option<Located<Canary>> as own,
        /// Alarms that make a deployment fail.
        alarms: Option<DeploymentAlarms> as own,
        /// Functions or pauses at certain stages; not with `rolling`.
        #[serde(default)]
        lifecycle_hooks: Vec<Located<LifecycleHook>> as own,
        /// When a deployment succeeds before every task is healthy.
        early_success_criteria: Option<EarlySuccess>,
    }
}

/// How long traffic can stay as it is.
pub type Minutes = Given<Within<0, 1440>>;

words! {
    /// `strategy`.
    #[derive(Default)]
    pub enum Strategy {
        /// Replaces tasks one after the other.
        #[default]
        Rolling = "rolling" "ROLLING",
        /// Starts a second set of tasks, then moves all traffic at once.
        BlueGreen = "blue-green" "BLUE_GREEN",
        /// Starts a second set of tasks, then moves traffic in equal steps.
        Linear = "linear" "LINEAR",
        /// Starts a second set of tasks, then moves a part of the traffic before the rest.
        Canary = "canary" "CANARY",
    }
}

table! {
    /// `linear_configuration`.
    pub struct Linear {
        /// Percent of the traffic per step: 3 to 100; 10 by default; may be `#{…}`.
        step_percent: Option<Given<Decimal>>,
        /// Minutes between two steps: 0 to 1440; 6 by default; may be `#{…}`.
        step_bake_time_in_minutes: Option<Minutes>,
    }
}

table! {
    /// `canary_configuration`.
    pub struct Canary {
        /// Percent of the traffic that moves first: 0.1 to 100; 5 by default; may be `#{…}`.
        canary_percent: Option<Given<Decimal>>,
        /// Minutes until the rest moves: 0 to 1440; 10 by default; may be `#{…}`.
        canary_bake_time_in_minutes: Option<Minutes>,
    }
}

table! {
    /// `alarms` of a deployment.
    pub struct DeploymentAlarms {
        /// Names of CloudWatch alarms; at least one; may contain `#{…}`.
        alarm_names: Located<Vec<Text>>,
        /// Restores the last working deployment; may be `#{…}`.
        #[serde(default)]
        #[schemars(extend("default" = false))]
        rollback: Flag,
    }
}

table! {
    /// One of `lifecycle_hooks`.
    pub struct LifecycleHook {
        /// The stages; at least one; each may be `#{…}`.
        lifecycle_stages: Located<Vec<Given<Stage>>>,
        /// What the hook does; `aws-lambda` by default.
        #[serde(default)]
        target_type: Located<HookTarget> as own,
        /// With `aws-lambda`: ARN of the function, which decides whether the deployment continues; may contain `#{…}`.
        hook_target_arn: Option<Known<FunctionArn>>,
        /// With `aws-lambda`: ARN of the role with which ECS calls it; may contain `#{…}`. Without one, landfall makes a role.
        role_arn: Option<Known<RoleArn>>,
        /// How long the hook may take.
        timeout_configuration: Option<HookTimeout> as own,
    }
}

words! {
    /// One of `lifecycle_stages`.
    #[expect(missing_docs, reason = "the names are those of ECS")]
    pub enum Stage {
        ReconcileService = "reconcile-service" "RECONCILE_SERVICE",
        PreScaleUp = "pre-scale-up" "PRE_SCALE_UP",
        PostScaleUp = "post-scale-up" "POST_SCALE_UP",
        TestTrafficShift = "test-traffic-shift" "TEST_TRAFFIC_SHIFT",
        PostTestTrafficShift = "post-test-traffic-shift" "POST_TEST_TRAFFIC_SHIFT",
        PreProductionTrafficShift = "pre-production-traffic-shift" "PRE_PRODUCTION_TRAFFIC_SHIFT",
        ProductionTrafficShift = "production-traffic-shift" "PRODUCTION_TRAFFIC_SHIFT",
        PostProductionTrafficShift = "post-production-traffic-shift" "POST_PRODUCTION_TRAFFIC_SHIFT",
    }
}

words! {
    /// `target_type` of a hook.
    #[derive(Default)]
    pub enum HookTarget {
        /// Calls a function.
        #[default]
        AwsLambda = "aws-lambda" "AWS_LAMBDA",
        /// Waits until an `[[allow]]` lets the deployment continue or go back.
        Pause = "pause" "PAUSE",
    }
}

table! {
    /// `timeout_configuration` of a hook.
    pub struct HookTimeout {
        /// Minutes, 1 to 20160; 1440 by default; may be `#{…}`. CloudFormation itself gives up after 36 hours.
        timeout_in_minutes: Option<Given<Within<1, 20_160>>>,
        /// What happens then; `rollback` by default; may be `#{…}`.
        #[serde(default)]
        action: OptIn<TimeoutAction>,
    }
}

words! {
    /// `action` after the time of a hook.
    #[derive(Default)]
    pub enum TimeoutAction {
        /// The old release is restored.
        #[default]
        Rollback = "rollback" "ROLLBACK",
        /// The deployment continues.
        Continue = "continue" "CONTINUE",
    }
}

table! {
    /// `early_success_criteria`.
    pub struct EarlySuccess {
        /// Whether a deployment may succeed early; may be `#{…}`.
        enable: Flag,
        /// Percent of the tasks that must be healthy; may be `#{…}`.
        healthy_percent: Option<Given<Within<0, 100>>>,
        /// Whether the deployment waits until the old tasks are gone; may be `#{…}`.
        source_service_revision_cleanup: Option<Given<RevisionCleanup>>,
    }
}

words! {
    /// `source_service_revision_cleanup`.
    pub enum RevisionCleanup {
        /// It waits.
        Blocking = "blocking" "BLOCKING",
        /// It does not wait.
        Deferred = "deferred" "DEFERRED",
    }
}

table! {
    /// `circuit_breaker`.
    pub struct CircuitBreaker {
        /// Stops a deployment whose tasks keep failing; `true` by default; may be `#{…}`.
        #[serde(default = "on")]
        #[schemars(extend("default" = true))]
        enabled: Flag = "Enable",
        /// Restores the last working deployment; `true` by default; may be `#{…}`.
        #[serde(default = "on")]
        #[schemars(extend("default" = true))]
        rollback: Flag,
        /// The number of failures that stops the deployment. Default: half of the desired count, at least 3 and at most 200.
        threshold_configuration: Option<Threshold>,
        /// Resets the count of failures when a task becomes healthy; `true` by default; may be `#{…}`.
        reset_on_healthy_task: Option<Flag>,
    }
}

fn on() -> Flag {
    true.into()
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self { enabled: on(), rollback: on(), threshold_configuration: None, reset_on_healthy_task: None }
    }
}

table! {
    /// `threshold_configuration` of the circuit breaker.
    pub struct Threshold {
        /// The meaning of `value`; may be `#{…}`.
        #[serde(rename = "type")]
        kind: Given<ThresholdType> = "Type",
        /// Failed tasks, or percent of the desired count; may be `#{…}`.
        value: Given<Within<1, { u32::MAX }>>,
    }
}

words! {
    /// `type` of a threshold.
    pub enum ThresholdType {
        /// Failed tasks.
        Count = "count" "COUNT",
        /// Percent of the desired count, at least 3 and at most 200 tasks.
        BoundedPercent = "bounded-percent" "BOUNDED_PERCENT",
        /// Percent of the desired count.
        UnboundedPercent = "unbounded-percent" "UNBOUNDED_PERCENT",
    }
}

impl Deployment {
    /// The functions that hooks call, each with the role with which ECS calls it if the step names one.
    pub fn functions(&self) -> impl Iterator<Item = (&Text, Option<&Text>)> {
        let calls = self.lifecycle_hooks.iter().filter(|hook| *hook.target_type == HookTarget::AwsLambda);
        calls.filter_map(|hook| Some((&**hook.hook_target_arn.as_ref()?, hook.role_arn.as_deref())))
    }
}
