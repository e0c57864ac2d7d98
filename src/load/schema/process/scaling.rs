//! How the number of tasks follows the load.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;
use crate::load::schema::values::NumberEntry;

/// `[step.scaling]`: Application Auto Scaling says the number of tasks, and `desired_count` is left out.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingEntry {
    /// The fewest tasks; may be `#{…}`.
    pub min_capacity: At<NumberEntry>,
    /// The most tasks; may be `#{…}`.
    pub max_capacity: At<NumberEntry>,
    /// Policies that hold a metric at a value; each metric once.
    #[serde(default)]
    pub target_tracking: Vec<At<TargetTrackingEntry>>,
    /// Policies that follow an alarm in steps; the alarm is made with them.
    #[serde(default)]
    pub step_scaling: Vec<At<StepScalingEntry>>,
    /// Other bounds at certain times.
    #[serde(default)]
    pub scheduled_action: Vec<At<ScheduledActionEntry>>,
}

/// A policy that holds a metric at a value.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetTrackingEntry {
    /// Which metric.
    pub metric: MetricEntry,
    /// Its value: percent, or requests per task and minute.
    pub target_value: At<f64>,
    /// With `requests`, and without an own target group: `app/<name>/<id>/targetgroup/<name>/<id>`; may hold `#{…}`.
    pub resource_label: Option<At<String>>,
    /// Seconds after scaling in until the next.
    pub scale_in_cooldown: Option<u32>,
    /// Seconds after scaling out until the next.
    pub scale_out_cooldown: Option<u32>,
    /// Never takes tasks away.
    #[serde(default)]
    pub disable_scale_in: bool,
}

/// `metric`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MetricEntry {
    /// CPU in percent, over all tasks.
    Cpu,
    /// Memory in percent, over all tasks.
    Memory,
    /// Requests per task and minute; with `strategy = "rolling"`, because it counts those of one target group.
    Requests,
}

/// A policy that follows an alarm in steps.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepScalingEntry {
    /// Its name, unique in the step: letters and digits.
    pub name: At<String>,
    /// What adjustments are; `change-in-capacity` by default.
    #[serde(default)]
    pub adjustment_type: AdjustmentTypeEntry,
    /// Seconds after scaling until the next.
    pub cooldown: Option<u32>,
    /// With percentages: so many tasks at least.
    pub min_adjustment_magnitude: Option<u32>,
    /// What to do, by how far the metric is beyond the threshold; at least one.
    pub step_adjustments: At<Vec<StepAdjustmentEntry>>,
    /// The alarm that is made for it.
    pub alarm: ScalingAlarmEntry,
}

/// `adjustment_type`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum AdjustmentTypeEntry {
    /// So many tasks more or fewer.
    #[default]
    ChangeInCapacity,
    /// So many percent more or fewer.
    PercentChangeInCapacity,
    /// So many tasks.
    ExactCapacity,
}

/// One of `step_adjustments`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepAdjustmentEntry {
    /// From so far beyond the threshold; without end when absent.
    pub lower_bound: Option<f64>,
    /// To so far; without end when absent.
    pub upper_bound: Option<f64>,
    /// So many tasks, or percent.
    pub scaling_adjustment: i32,
}

/// `alarm` of a step-scaling policy.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScalingAlarmEntry {
    /// Namespace of the metric; may hold `#{…}`.
    pub namespace: At<String>,
    /// Its name; may hold `#{…}`.
    pub metric_name: At<String>,
    /// Its dimensions; values may hold `#{…}`. In the namespaces `AWS/ECS` and `ECS/ContainerInsights` those of the step's own
    /// service by default.
    #[serde(default)]
    pub dimensions: BTreeMap<String, At<String>>,
    /// How values are summed up; `average` by default.
    #[serde(default)]
    pub statistic: StatisticEntry,
    /// Seconds of one value: 10, 20, 30, or a multiple of 60.
    pub period: At<u32>,
    /// Values that have to be beyond the threshold; 1 by default.
    pub evaluation_periods: Option<u32>,
    /// The threshold.
    pub threshold: f64,
    /// When the alarm goes off.
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
    /// `cron(…)`, `rate(…)` or `at(…)`; may hold `#{…}`.
    pub schedule: At<String>,
    /// Time zone of the expression, like `Europe/Berlin`; UTC by default; may hold `#{…}`.
    pub time_zone: Option<At<String>>,
    /// The fewest tasks from then on; may be `#{…}`.
    pub min_capacity: Option<At<NumberEntry>>,
    /// The most tasks from then on; may be `#{…}`.
    pub max_capacity: Option<At<NumberEntry>>,
}
