//! How new tasks replace old ones.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;
use crate::model::process::{EarlySuccess, Flag};

/// `[step.deployment_configuration]`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentEntry {
    /// How traffic moves; `rolling` by default.
    #[serde(default)]
    pub strategy: At<StrategyEntry>,
    /// Minutes in which both sets of tasks run after all traffic has moved: 0 to 1440; not with `rolling`.
    #[schemars(range(min = 0, max = 1440))]
    pub bake_time_in_minutes: Option<At<u32>>,
    /// For `linear`: the size of the steps, and the wait between them.
    pub linear_configuration: Option<At<LinearEntry>>,
    /// For `canary`: the part of the traffic that moves first, and the wait after it.
    pub canary_configuration: Option<At<CanaryEntry>>,
    /// Alarms that make a deployment fail.
    pub alarms: Option<At<DeploymentAlarmsEntry>>,
    /// Functions or pauses at certain stages; not with `rolling`.
    #[serde(default)]
    pub lifecycle_hooks: Vec<At<LifecycleHookEntry>>,
    /// When a deployment succeeds before every task is healthy.
    pub early_success_criteria: Option<EarlySuccess>,
}

/// `strategy`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StrategyEntry {
    /// Replaces tasks one after the other.
    #[default]
    Rolling,
    /// Starts a second set of tasks, then moves all traffic at once.
    BlueGreen,
    /// Starts a second set of tasks, then moves traffic in equal steps.
    Linear,
    /// Starts a second set of tasks, then moves a part of the traffic before the rest.
    Canary,
}

/// `linear_configuration`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinearEntry {
    /// Percent of the traffic per step: 3 to 100; 10 by default.
    pub step_percent: Option<f64>,
    /// Minutes between two steps: 0 to 1440; 6 by default.
    #[schemars(range(min = 0, max = 1440))]
    pub step_bake_time_in_minutes: Option<u32>,
}

/// `canary_configuration`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CanaryEntry {
    /// Percent of the traffic that moves first: 0.1 to 100; 5 by default.
    pub canary_percent: Option<f64>,
    /// Minutes until the rest moves: 0 to 1440; 10 by default.
    #[schemars(range(min = 0, max = 1440))]
    pub canary_bake_time_in_minutes: Option<u32>,
}

/// `alarms` of a deployment.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeploymentAlarmsEntry {
    /// Names of CloudWatch alarms; at least one; may contain `#{…}`.
    pub alarm_names: At<Vec<At<String>>>,
    /// Restores the last working deployment; may be `#{…}`.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub rollback: Flag,
}

/// One of `lifecycle_hooks`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LifecycleHookEntry {
    /// The stages; at least one.
    pub lifecycle_stages: At<Vec<At<StageEntry>>>,
    /// What the hook does; `aws-lambda` by default.
    #[serde(default)]
    pub target_type: HookTargetEntry,
    /// With `aws-lambda`: ARN of the function, which decides whether the deployment continues; may contain `#{…}`.
    pub hook_target_arn: Option<At<String>>,
    /// With `aws-lambda`: ARN of the role with which ECS calls it; may contain `#{…}`. Without one, landfall makes a role.
    pub role_arn: Option<At<String>>,
    /// How long the hook may take.
    pub timeout_configuration: Option<At<HookTimeoutEntry>>,
}

/// One of `lifecycle_stages`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of ECS")]
pub enum StageEntry {
    ReconcileService,
    PreScaleUp,
    PostScaleUp,
    TestTrafficShift,
    PostTestTrafficShift,
    PreProductionTrafficShift,
    ProductionTrafficShift,
    PostProductionTrafficShift,
}

/// `target_type` of a hook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HookTargetEntry {
    /// Calls a function.
    #[default]
    AwsLambda,
    /// Waits until an `[[allow]]` lets the deployment continue or go back.
    Pause,
}

/// `timeout_configuration` of a hook.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HookTimeoutEntry {
    /// Minutes, 1 to 20160; 1440 by default. CloudFormation itself gives up after 36 hours.
    #[schemars(range(min = 1, max = 20_160))]
    pub timeout_in_minutes: Option<u32>,
    /// What happens then; `rollback` by default.
    #[serde(default)]
    pub action: TimeoutActionEntry,
}

/// `action` after the time of a hook.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum TimeoutActionEntry {
    /// The old release is restored.
    #[default]
    Rollback,
    /// The deployment continues.
    Continue,
}

/// `threshold_configuration` of the circuit breaker.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThresholdEntry {
    /// The meaning of `value`.
    #[serde(rename = "type")]
    pub kind: ThresholdTypeEntry,
    /// Failed tasks, or percent of the desired count.
    #[schemars(range(min = 1))]
    pub value: u32,
}

/// `type` of a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ThresholdTypeEntry {
    /// Failed tasks.
    Count,
    /// Percent of the desired count, at least 3 and at most 200 tasks.
    BoundedPercent,
    /// Percent of the desired count.
    UnboundedPercent,
}
