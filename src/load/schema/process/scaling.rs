//! How the number of tasks follows the load.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;
use crate::model::process::{Number, OptIn};

/// `[step.scaling]`: Application Auto Scaling sets the number of tasks; leave out `desired_count`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingEntry {
    /// The fewest tasks; may be `#{…}`.
    pub min_capacity: Number,
    /// The most tasks; may be `#{…}`.
    pub max_capacity: Number,
    /// Policies that keep a metric at a value; each metric once.
    #[serde(default)]
    pub target_tracking: Vec<At<TargetTrackingEntry>>,
    /// Policies that react to an alarm in steps; landfall makes the alarm too.
    #[serde(default)]
    pub step_scaling: Vec<At<StepScalingEntry>>,
    /// Other bounds at certain times.
    #[serde(default)]
    pub scheduled_action: Vec<At<ScheduledActionEntry>>,
}

/// A policy that keeps a metric at a value.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetTrackingEntry {
    /// Which metric.
    pub metric: MetricEntry,
    /// The value to keep the metric at: percent, or requests per task and minute.
    pub target_value: At<f64>,
    /// With `requests`, and without an own target group: `app/<name>/<id>/targetgroup/<name>/<id>`; may contain `#{…}`.
    pub resource_label: Option<At<String>>,
    /// Seconds after scaling in until the next scaling in.
    pub scale_in_cooldown: Option<u32>,
    /// Seconds after scaling out until the next scaling out.
    pub scale_out_cooldown: Option<u32>,
    /// Never removes tasks; may be `#{…}`.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub disable_scale_in: OptIn,
}

/// `metric`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MetricEntry {
    /// CPU in percent, over all tasks.
    Cpu,
    /// Memory in percent, over all tasks.
    Memory,
    /// Requests per task and minute; needs `strategy = "rolling"`, because it counts the requests of one target group.
    Requests,
}

/// A policy that reacts to an alarm in steps.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepScalingEntry {
    /// Its name, unique in the step: letters and digits.
    pub name: At<String>,
    /// The unit of adjustments; `change-in-capacity` by default.
    #[serde(default)]
    pub adjustment_type: AdjustmentTypeEntry,
    /// Seconds after scaling until the next scaling.
    pub cooldown: Option<u32>,
    /// With percentages: change by at least this many tasks.
    pub min_adjustment_magnitude: Option<u32>,
    /// The adjustments, by how far the metric is beyond the threshold; at least one.
    pub step_adjustments: At<Vec<StepAdjustmentEntry>>,
    /// The alarm that landfall makes for the policy.
    pub alarm: ScalingAlarmEntry,
}

/// `adjustment_type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdjustmentTypeEntry {
    /// Adds or removes this many tasks.
    #[default]
    ChangeInCapacity,
    /// Adds or removes this percentage of tasks.
    PercentChangeInCapacity,
    /// Sets this number of tasks.
    ExactCapacity,
}

/// One of `step_adjustments`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepAdjustmentEntry {
    /// Lower bound, as a distance from the threshold. Without it, unlimited.
    pub lower_bound: Option<f64>,
    /// Upper bound, as a distance from the threshold. Without it, unlimited.
    pub upper_bound: Option<f64>,
    /// The number of tasks, or percent.
    pub scaling_adjustment: i32,
}

/// `alarm` of a step-scaling policy.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingAlarmEntry {
    /// Namespace of the metric; may contain `#{…}`.
    pub namespace: At<String>,
    /// Its name; may contain `#{…}`.
    pub metric_name: At<String>,
    /// Its dimensions; values may contain `#{…}`. In the namespaces `AWS/ECS` and `ECS/ContainerInsights`, the default is
    /// the step's own service.
    #[serde(default)]
    pub dimensions: BTreeMap<String, At<String>>,
    /// The statistic; `average` by default.
    #[serde(default)]
    pub statistic: StatisticEntry,
    /// Seconds per value: 10, 20, 30 or a multiple of 60.
    pub period: At<u32>,
    /// How many values must be beyond the threshold; 1 by default.
    pub evaluation_periods: Option<u32>,
    /// The threshold.
    pub threshold: f64,
    /// How values are compared with the threshold.
    pub comparison_operator: ComparisonEntry,
}

/// `statistic`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of CloudWatch")]
pub enum StatisticEntry {
    #[default]
    Average,
    Maximum,
    Minimum,
    SampleCount,
    Sum,
}

/// `comparison_operator`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of CloudWatch")]
pub enum ComparisonEntry {
    GreaterThanOrEqualToThreshold,
    GreaterThanThreshold,
    LessThanOrEqualToThreshold,
    LessThanThreshold,
}

/// Other bounds at certain times.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduledActionEntry {
    /// Its name, unique in the step.
    pub name: At<String>,
    /// `cron(…)`, `rate(…)` or `at(…)`; may contain `#{…}`.
    pub schedule: At<String>,
    /// Time zone of the expression, like `Europe/Berlin`; UTC by default; may contain `#{…}`.
    pub time_zone: Option<At<String>>,
    /// The fewest tasks from then on; may be `#{…}`.
    pub min_capacity: Option<Number>,
    /// The most tasks from then on; may be `#{…}`.
    pub max_capacity: Option<Number>,
}
