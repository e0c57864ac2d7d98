//! How the number of tasks follows the load.

use std::sync::Arc;

use super::{Maker, freeze};
use crate::load::schema::process::{
    AdjustmentTypeEntry, ComparisonEntry, MetricEntry, ScalingAlarmEntry, ScalingEntry, ScheduledActionEntry,
    StatisticEntry, StepScalingEntry, TargetTrackingEntry,
};
use crate::model::process::{
    Adjustment, Decimal, Metric, RequestsOf, Scaling, ScalingAlarm, Schedule, StepScaling, TargetTracking,
};

/// Reads `[step.scaling]`.
pub(crate) fn scaling(make: &mut Maker<'_>, entry: &ScalingEntry) -> Option<Scaling> {
    Some(Scaling {
        min_capacity: make.settled(&entry.min_capacity),
        max_capacity: make.settled(&entry.max_capacity),
        tracking: entry.target_tracking.iter().map(|entry| tracking(make, entry)).collect(),
        steps: entry.step_scaling.iter().filter_map(|entry| step_scaling(make, entry)).collect(),
        schedules: entry.scheduled_action.iter().filter_map(|entry| schedule(make, entry)).collect(),
    })
}

fn tracking(make: &mut Maker<'_>, entry: &TargetTrackingEntry) -> TargetTracking {
    let of = make.optional_text(&entry.resource_label).map_or(RequestsOf::Own, RequestsOf::Label);
    TargetTracking {
        metric: match entry.metric {
            MetricEntry::Cpu => Metric::Cpu,
            MetricEntry::Memory => Metric::Memory,
            MetricEntry::Requests => Metric::Requests(of),
        },
        target: Decimal::from(*entry.target_value),
        scale_in_cooldown: entry.scale_in_cooldown,
        scale_out_cooldown: entry.scale_out_cooldown,
        disable_scale_in: make.settled(&entry.disable_scale_in),
    }
}

fn step_scaling(make: &mut Maker<'_>, entry: &StepScalingEntry) -> Option<StepScaling> {
    let adjustments = entry.step_adjustments.iter().map(|step| Adjustment {
        lower: step.lower_bound.map(Decimal::from),
        upper: step.upper_bound.map(Decimal::from),
        adjustment: step.scaling_adjustment,
    });
    Some(StepScaling {
        name: Arc::from(entry.name.as_str()),
        adjustment_type: match entry.adjustment_type {
            AdjustmentTypeEntry::ChangeInCapacity => "ChangeInCapacity",
            AdjustmentTypeEntry::PercentChangeInCapacity => "PercentChangeInCapacity",
            AdjustmentTypeEntry::ExactCapacity => "ExactCapacity",
        },
        cooldown: entry.cooldown,
        min_adjustment_magnitude: entry.min_adjustment_magnitude,
        adjustments: adjustments.collect(),
        alarm: alarm(make, &entry.alarm)?,
    })
}

fn alarm(make: &mut Maker<'_>, entry: &ScalingAlarmEntry) -> Option<ScalingAlarm> {
    Some(ScalingAlarm {
        namespace: make.text(&entry.namespace)?,
        metric_name: make.text(&entry.metric_name)?,
        dimensions: make.text_map(&entry.dimensions),
        statistic: match entry.statistic {
            StatisticEntry::Average => "Average",
            StatisticEntry::Maximum => "Maximum",
            StatisticEntry::Minimum => "Minimum",
            StatisticEntry::SampleCount => "SampleCount",
            StatisticEntry::Sum => "Sum",
        },
        period: *entry.period,
        evaluation_periods: entry.evaluation_periods.unwrap_or(1),
        threshold: Decimal::from(entry.threshold),
        comparison: match entry.comparison_operator {
            ComparisonEntry::GreaterThanOrEqualToThreshold => "GreaterThanOrEqualToThreshold",
            ComparisonEntry::GreaterThanThreshold => "GreaterThanThreshold",
            ComparisonEntry::LessThanOrEqualToThreshold => "LessThanOrEqualToThreshold",
            ComparisonEntry::LessThanThreshold => "LessThanThreshold",
        },
    })
}

fn schedule(make: &mut Maker<'_>, entry: &ScheduledActionEntry) -> Option<Schedule> {
    if let Some(zone) = entry.time_zone.as_ref().filter(|zone| !zone.contains("#{")) {
        freeze::time_zone(make, zone);
    }
    Some(Schedule {
        name: Arc::from(entry.name.as_str()),
        schedule: make.text(&entry.schedule)?,
        time_zone: make.optional_text(&entry.time_zone),
        min_capacity: make.settled(&entry.min_capacity),
        max_capacity: make.settled(&entry.max_capacity),
    })
}
