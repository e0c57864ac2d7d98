//! How the number of tasks follows the load.

use std::sync::Arc;

use super::{Decimal, Number, OptIn, Text};

/// `[step.scaling]`: the number of tasks is Application Auto Scaling's to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scaling {
    /// The fewest tasks.
    pub min_capacity: Number,
    /// The most tasks.
    pub max_capacity: Number,
    /// Policies that hold a metric at a value.
    pub tracking: Vec<TargetTracking>,
    /// Policies that follow an alarm in steps.
    pub steps: Vec<StepScaling>,
    /// Other bounds at certain times.
    pub schedules: Vec<Schedule>,
}

/// A policy that holds a metric at a value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetTracking {
    pub metric: Metric,
    /// Its value.
    pub target: Decimal,
    /// Seconds after scaling in until the next.
    pub scale_in_cooldown: Option<u32>,
    /// Seconds after scaling out until the next.
    pub scale_out_cooldown: Option<u32>,
    /// The policy never takes tasks away.
    pub disable_scale_in: OptIn,
}

/// A metric that a policy can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Metric {
    /// CPU in percent, over all tasks.
    Cpu,
    /// Memory in percent, over all tasks.
    Memory,
    /// Requests per task and minute.
    Requests(RequestsOf),
}

impl Metric {
    /// As it is written, and the policy's name.
    pub fn as_str(&self) -> &'static str {
        match self {
            Metric::Cpu => "cpu",
            Metric::Memory => "memory",
            Metric::Requests(_) => "requests",
        }
    }
}

/// Whose requests count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestsOf {
    /// The step's own application load balancer.
    Own,
    /// `app/<name>/<id>/targetgroup/<name>/<id>`.
    Label(Text),
}

/// A policy that follows an alarm in steps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepScaling {
    /// Its name, unique in the step.
    pub name: Arc<str>,
    /// `ChangeInCapacity`, `PercentChangeInCapacity` or `ExactCapacity`.
    pub adjustment_type: &'static str,
    /// Seconds after scaling until the next.
    pub cooldown: Option<u32>,
    /// With percentages: so many tasks at least.
    pub min_adjustment_magnitude: Option<u32>,
    /// What to do, by how far the metric is beyond the threshold.
    pub adjustments: Vec<Adjustment>,
    /// The alarm that is made for it.
    pub alarm: ScalingAlarm,
}

/// One step of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Adjustment {
    /// From so far beyond the threshold.
    pub lower: Option<Decimal>,
    /// To so far.
    pub upper: Option<Decimal>,
    /// So many tasks, or percent.
    pub adjustment: i32,
}

/// The alarm of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScalingAlarm {
    /// Namespace of the metric.
    pub namespace: Text,
    pub metric_name: Text,
    pub dimensions: std::collections::BTreeMap<Arc<str>, Text>,
    /// `Average`, `Sum`, …
    pub statistic: &'static str,
    /// Seconds of one value.
    pub period: u32,
    /// Values that have to be beyond the threshold.
    pub evaluation_periods: u32,
    pub threshold: Decimal,
    /// `GreaterThanThreshold`, …
    pub comparison: &'static str,
}

/// Other bounds at certain times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// Its name, unique in the step.
    pub name: Arc<str>,
    /// `cron(…)`, `rate(…)` or `at(…)`.
    pub schedule: Text,
    /// Time zone of the expression; UTC unless said.
    pub time_zone: Option<Text>,
    /// The fewest tasks from then on.
    pub min_capacity: Option<Number>,
    /// The most tasks from then on.
    pub max_capacity: Option<Number>,
}
