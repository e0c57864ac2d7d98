//! How the number of tasks follows the load.

use std::collections::BTreeMap;

use super::{Decimal, Given, Literal, Located, Number, OptIn, Text, Within, table, words};

table! {
    /// `[step.scaling]`: Application Auto Scaling sets the number of tasks; leave out `desired_count`.
    pub struct Scaling {
        /// The fewest tasks; may be `#{…}`.
        min_capacity: Number,
        /// The most tasks; may be `#{…}`.
        max_capacity: Number,
        /// Policies that keep a metric at a value; each metric once.
        #[serde(default)]
        target_tracking: Vec<Located<TargetTracking>> as own,
        /// Policies that react to an alarm in steps; landfall makes the alarm too.
        #[serde(default)]
        step_scaling: Vec<Located<StepScaling>> as own,
        /// Other bounds at certain times.
        #[serde(default)]
        scheduled_action: Vec<Located<ScheduledAction>> as own,
    }
}

table! {
    /// A policy that keeps a metric at a value: `metric`, or `name` and `customized_metric_specification`.
    pub struct TargetTracking {
        /// Which metric, if it is one that every service has.
        metric: Option<Metric> as own,
        /// With `customized_metric_specification`: the policy's name, unique in the step: letters and digits.
        name: Option<Literal> as own,
        /// Any other metric of CloudWatch, or an expression over several.
        customized_metric_specification: Option<CustomMetric> as own,
        /// The value to keep the metric at: percent, or requests per task and minute, or what your own metric counts; may be
        /// `#{…}`.
        target_value: Given<Decimal>,
        /// With `requests`, and without an own target group: `app/<name>/<id>/targetgroup/<name>/<id>`; may contain `#{…}`.
        resource_label: Option<Text> as own,
        /// Seconds after scaling in until the next scaling in; may be `#{…}`.
        scale_in_cooldown: Option<Number>,
        /// Seconds after scaling out until the next scaling out; may be `#{…}`.
        scale_out_cooldown: Option<Number>,
        /// Never removes tasks; may be `#{…}`.
        #[serde(default)]
        #[schemars(extend("default" = false))]
        disable_scale_in: OptIn,
    }
}

words! {
    /// `metric`.
    pub enum Metric {
        /// CPU in percent, over all tasks.
        Cpu = "cpu" "ECSServiceAverageCPUUtilization",
        /// Memory in percent, over all tasks.
        Memory = "memory" "ECSServiceAverageMemoryUtilization",
        /// Requests per task and minute; needs `strategy = "rolling"`, because it counts the requests of one target group.
        Requests = "requests" "ALBRequestCountPerTarget",
    }
}

impl Metric {
    /// The policy's name: as the metric is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Metric::Cpu => "cpu",
            Metric::Memory => "memory",
            Metric::Requests => "requests",
        }
    }
}

table! {
    /// `customized_metric_specification`: one metric, or `metrics`.
    pub struct CustomMetric {
        /// Namespace of the metric; may contain `#{…}`.
        namespace: Option<Text>,
        /// Its name; may contain `#{…}`.
        metric_name: Option<Text>,
        /// Its dimensions; values may contain `#{…}`. In the namespaces `AWS/ECS` and `ECS/ContainerInsights`, the default is
        /// the step's own service.
        #[serde(default)]
        dimensions: BTreeMap<String, Text> as own,
        /// The statistic; may be `#{…}`.
        statistic: Option<Given<Statistic>>,
        /// The unit in which it is counted, such as `Count`; any by default; may contain `#{…}`.
        unit: Option<Text>,
        /// Metrics and expressions over them (metric math), instead of the keys above. Exactly one returns its data, and the
        /// policy follows it.
        #[serde(default)]
        metrics: Vec<MetricQuery> as own,
    }
}

table! {
    /// One of `metrics`: `expression` or `metric_stat`.
    pub struct MetricQuery {
        /// The name by which expressions use it: a lower-case letter, then letters, digits and `_`.
        id: Literal,
        /// An expression over others, such as `visible / tasks`; may contain `#{…}`.
        expression: Option<Text>,
        /// A metric of CloudWatch.
        metric_stat: Option<MetricStat> as own,
        /// What it is called in the console; may contain `#{…}`.
        label: Option<Text>,
        /// Whether the policy follows it; `true` by default; may be `#{…}`.
        return_data: Option<Given<bool>>,
    }
}

table! {
    /// `metric_stat`.
    pub struct MetricStat {
        /// Which metric.
        metric: QueriedMetric as own,
        /// The statistic, such as `Sum` or `p90`; may contain `#{…}`.
        stat: Text,
        /// The unit in which it is counted, such as `Count`; any by default; may contain `#{…}`.
        unit: Option<Text>,
    }
}

table! {
    /// `metric` of `metric_stat`.
    pub struct QueriedMetric {
        /// Its namespace; may contain `#{…}`.
        namespace: Text,
        /// Its name; may contain `#{…}`.
        metric_name: Text,
        /// Its dimensions; values may contain `#{…}`. In the namespaces `AWS/ECS` and `ECS/ContainerInsights`, the default is
        /// the step's own service.
        #[serde(default)]
        dimensions: BTreeMap<String, Text> as own,
    }
}

table! {
    /// A policy that reacts to an alarm in steps.
    pub struct StepScaling {
        /// Its name, unique in the step: letters and digits.
        name: Literal as own,
        /// The unit of adjustments; `change-in-capacity` by default; may be `#{…}`.
        #[serde(default)]
        adjustment_type: Given<AdjustmentType>,
        /// Seconds after scaling until the next scaling; may be `#{…}`.
        cooldown: Option<Number>,
        /// With percentages: change by at least this many tasks; may be `#{…}`.
        min_adjustment_magnitude: Option<Number>,
        /// The adjustments, by how far the metric is beyond the threshold; at least one.
        step_adjustments: Located<Vec<StepAdjustment>>,
        /// The alarm that landfall makes for the policy.
        alarm: ScalingAlarm as own,
    }
}

words! {
    /// `adjustment_type`.
    #[derive(Default)]
    pub enum AdjustmentType {
        /// Adds or removes this many tasks.
        #[default]
        ChangeInCapacity = "change-in-capacity" "ChangeInCapacity",
        /// Adds or removes this percentage of tasks.
        PercentChangeInCapacity = "percent-change-in-capacity" "PercentChangeInCapacity",
        /// Sets this number of tasks.
        ExactCapacity = "exact-capacity" "ExactCapacity",
    }
}

table! {
    /// One of `step_adjustments`.
    pub struct StepAdjustment {
        /// Lower bound, as a distance from the threshold. Without it, unlimited; may be `#{…}`.
        lower_bound: Option<Given<Decimal>> = "MetricIntervalLowerBound",
        /// Upper bound, as a distance from the threshold. Without it, unlimited; may be `#{…}`.
        upper_bound: Option<Given<Decimal>> = "MetricIntervalUpperBound",
        /// The number of tasks, or percent; may be `#{…}`.
        scaling_adjustment: Given<i32>,
    }
}

table! {
    /// `alarm` of a step-scaling policy.
    pub struct ScalingAlarm {
        /// Namespace of the metric; may contain `#{…}`.
        namespace: Text,
        /// Its name; may contain `#{…}`.
        metric_name: Text,
        /// Its dimensions; values may contain `#{…}`. In the namespaces `AWS/ECS` and `ECS/ContainerInsights`, the default is
        /// the step's own service.
        #[serde(default)]
        dimensions: BTreeMap<String, Text> as own,
        /// The statistic; `average` by default; may be `#{…}`.
        #[serde(default)]
        statistic: Given<Statistic>,
        /// Seconds per value: 10, 20, 30 or a multiple of 60; may be `#{…}`.
        period: Number,
        /// How many values must be beyond the threshold; 1 by default; may be `#{…}`.
        #[serde(default = "once")]
        evaluation_periods: Given<Within<1, { u32::MAX }>>,
        /// The threshold; may be `#{…}`.
        threshold: Given<Decimal>,
        /// How values are compared with the threshold; may be `#{…}`.
        comparison_operator: Given<Comparison>,
    }
}

fn once() -> Given<Within<1, { u32::MAX }>> {
    1.into()
}

words! {
    /// `statistic`.
    #[derive(Default)]
    #[expect(missing_docs, reason = "the names are those of CloudWatch")]
    pub enum Statistic {
        #[default]
        Average = "average" "Average",
        Maximum = "maximum" "Maximum",
        Minimum = "minimum" "Minimum",
        SampleCount = "sample-count" "SampleCount",
        Sum = "sum" "Sum",
    }
}

words! {
    /// `comparison_operator`.
    #[expect(missing_docs, reason = "the names are those of CloudWatch")]
    pub enum Comparison {
        GreaterThanOrEqualToThreshold = "greater-than-or-equal-to-threshold" "GreaterThanOrEqualToThreshold",
        GreaterThanThreshold = "greater-than-threshold" "GreaterThanThreshold",
        LessThanOrEqualToThreshold = "less-than-or-equal-to-threshold" "LessThanOrEqualToThreshold",
        LessThanThreshold = "less-than-threshold" "LessThanThreshold",
    }
}

table! {
    /// Other bounds at certain times.
    pub struct ScheduledAction {
        /// Its name, unique in the step.
        name: Literal = "ScheduledActionName",
        /// `cron(…)`, `rate(…)` or `at(…)`; may contain `#{…}`.
        schedule: Text,
        /// Time zone of the expression, like `Europe/Berlin`; UTC by default; may contain `#{…}`.
        time_zone: Option<Text> = "Timezone",
        /// The fewest tasks from then on; may be `#{…}`.
        min_capacity: Option<Number> as own,
        /// The most tasks from then on; may be `#{…}`.
        max_capacity: Option<Number> as own,
    }
}
