//! How the number of tasks follows the load: `AWS::ApplicationAutoScaling::ScalableTarget`, its policies and their alarms.

use serde_json::json;

use crate::model::process::{
    Adjustment, EcsService, Metric, Number, RequestsOf, Scaling, ScalingAlarm, Schedule, StepScaling, TargetTracking,
};

use super::super::shape::Shape;
use super::deployment::number;
use super::{balancing, id};

/// Namespaces in which no metric is without dimensions: an alarm that names none is about the step's own service.
const OF_SERVICES: [&str; 2] = ["AWS/ECS", "ECS/ContainerInsights"];

/// The resources, by logical id; none without `scaling`.
pub(super) fn resources(step: &EcsService) -> Vec<(String, Shape)> {
    let Some(scaling) = &step.scaling else { return Vec::new() };
    let mut all = vec![(id::SCALABLE_TARGET.to_owned(), target(scaling))];
    for policy in &scaling.tracking {
        let mut words = policy.metric.as_str().to_owned();
        words.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
        all.push((format!("ScalingPolicy{words}"), tracking(step, policy)));
    }
    for policy in &scaling.steps {
        let own = format!("ScalingPolicyStep{}", policy.name);
        all.push((format!("ScalingAlarm{}", policy.name), alarm(&policy.alarm, &own)));
        all.push((own, step_scaling(policy)));
    }
    all
}

fn target(scaling: &Scaling) -> Shape {
    // `service/<cluster>/<service>` is how the service's own ARN ends, whatever the cluster is given as.
    let resource = json!({ "Fn::Select": [5, { "Fn::Split": [":", { "Ref": id::SERVICE }] }] });
    Shape::resource(
        "AWS::ApplicationAutoScaling::ScalableTarget",
        Shape::map([
            ("ServiceNamespace", Some("ecs".into())),
            ("ScalableDimension", Some("ecs:service:DesiredCount".into())),
            ("ResourceId", Some(Shape::Fixed(resource))),
            ("MinCapacity", Some(capacity(&scaling.min_capacity))),
            ("MaxCapacity", Some(capacity(&scaling.max_capacity))),
            ("ScheduledActions", Shape::some_list(scaling.schedules.iter().map(schedule).collect())),
        ]),
    )
}

fn capacity(number: &Number) -> Shape {
    Shape::number(number, 0..=u32::MAX)
}

fn schedule(schedule: &Schedule) -> Shape {
    let action = Shape::map([
        ("MinCapacity", schedule.min_capacity.as_ref().map(capacity)),
        ("MaxCapacity", schedule.max_capacity.as_ref().map(capacity)),
    ]);
    Shape::map([
        ("ScheduledActionName", Some((&*schedule.name).into())),
        ("Schedule", Some(Shape::text(&schedule.schedule))),
        ("Timezone", schedule.time_zone.as_ref().map(Shape::text)),
        ("ScalableTargetAction", Some(action)),
    ])
}

fn policy(name: &str, kind: &str, key: &str, configuration: Shape) -> Shape {
    Shape::resource(
        "AWS::ApplicationAutoScaling::ScalingPolicy",
        Shape::map([
            ("PolicyName", Some(name.into())),
            ("PolicyType", Some(kind.into())),
            ("ScalingTargetId", Some(Shape::reference(id::SCALABLE_TARGET))),
            (key, Some(configuration)),
        ]),
    )
}

fn tracking(step: &EcsService, wanted: &TargetTracking) -> Shape {
    let (metric, label) = match &wanted.metric {
        Metric::Cpu => ("ECSServiceAverageCPUUtilization", None),
        Metric::Memory => ("ECSServiceAverageMemoryUtilization", None),
        Metric::Requests(RequestsOf::Own) => ("ALBRequestCountPerTarget", balancing::request_label(step)),
        Metric::Requests(RequestsOf::Label(label)) => ("ALBRequestCountPerTarget", Some(Shape::text(label))),
    };
    let metric = Shape::map([("PredefinedMetricType", Some(metric.into())), ("ResourceLabel", label)]);
    let configuration = Shape::map([
        ("TargetValue", Some(number(wanted.target))),
        ("PredefinedMetricSpecification", Some(metric)),
        ("ScaleInCooldown", wanted.scale_in_cooldown.map(Shape::from)),
        ("ScaleOutCooldown", wanted.scale_out_cooldown.map(Shape::from)),
        ("DisableScaleIn", Shape::key(&wanted.disable_scale_in)),
    ]);
    let key = "TargetTrackingScalingPolicyConfiguration";
    policy(wanted.metric.as_str(), "TargetTrackingScaling", key, configuration)
}

fn step_scaling(wanted: &StepScaling) -> Shape {
    let step = |step: &Adjustment| {
        Shape::map([
            ("MetricIntervalLowerBound", step.lower.map(number)),
            ("MetricIntervalUpperBound", step.upper.map(number)),
            ("ScalingAdjustment", Some(step.adjustment.into())),
        ])
    };
    let configuration = Shape::map([
        ("AdjustmentType", Some(wanted.adjustment_type.into())),
        ("Cooldown", wanted.cooldown.map(Shape::from)),
        ("MinAdjustmentMagnitude", wanted.min_adjustment_magnitude.map(Shape::from)),
        ("StepAdjustments", Some(Shape::List(wanted.adjustments.iter().map(step).collect()))),
    ]);
    policy(&format!("step-{}", wanted.name), "StepScaling", "StepScalingPolicyConfiguration", configuration)
}

fn alarm(alarm: &ScalingAlarm, policy: &str) -> Shape {
    let dimension = |name: &str, value: Shape| Shape::map([("Name", Some(name.into())), ("Value", Some(value))]);
    let mut dimensions: Vec<Shape> =
        alarm.dimensions.iter().map(|(name, value)| dimension(name, Shape::text(value))).collect();
    if dimensions.is_empty() && OF_SERVICES.contains(&alarm.namespace.raw()) {
        // The cluster's name is in the service's ARN, whatever the cluster is given as.
        let cluster = json!({ "Fn::Select": [1, { "Fn::Split": ["/", { "Ref": id::SERVICE }] }] });
        dimensions.push(dimension("ClusterName", Shape::Fixed(cluster)));
        dimensions.push(dimension("ServiceName", Shape::attribute(id::SERVICE, "Name")));
    }
    Shape::resource(
        "AWS::CloudWatch::Alarm",
        Shape::map([
            ("Namespace", Some(Shape::text(&alarm.namespace))),
            ("MetricName", Some(Shape::text(&alarm.metric_name))),
            ("Dimensions", Shape::some_list(dimensions)),
            ("Statistic", Some(alarm.statistic.into())),
            ("Period", Some(alarm.period.into())),
            ("EvaluationPeriods", Some(alarm.evaluation_periods.into())),
            ("Threshold", Some(number(alarm.threshold))),
            ("ComparisonOperator", Some(alarm.comparison.into())),
            ("AlarmActions", Some(Shape::List(vec![Shape::reference(policy)]))),
        ]),
    )
}
