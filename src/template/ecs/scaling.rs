//! How the number of tasks follows the load: `AWS::ApplicationAutoScaling::ScalableTarget`, its policies and their alarms.

use std::collections::BTreeMap;

use serde_json::json;

use crate::model::process::{
    CustomMetric, EcsService, Metric, MetricQuery, Scaling, ScalingAlarm, ScheduledAction, StepScaling, TargetTracking,
    Text,
};

use super::super::shape::Shape;
use super::{balancing, id};

/// Namespaces in which no metric is without dimensions: one that names none is about the step's own service.
const OF_SERVICES: [&str; 2] = ["AWS/ECS", "ECS/ContainerInsights"];

/// The resources, by logical id; none without `scaling`.
pub(super) fn resources(step: &EcsService) -> Vec<(String, Shape)> {
    let Some(scaling) = &step.scaling else { return Vec::new() };
    let mut all = vec![(id::SCALABLE_TARGET.to_owned(), target(scaling))];
    all.extend(scaling.target_tracking.iter().map(|policy| tracking(step, policy)));
    for policy in &scaling.step_scaling {
        let own = format!("ScalingPolicyStep{}", policy.name);
        all.push((format!("ScalingAlarm{}", policy.name), alarm(&policy.alarm, &own)));
        all.push((own, step_scaling(policy)));
    }
    all
}

fn target(scaling: &Scaling) -> Shape {
    // `service/<cluster>/<service>` is how the service's own ARN ends, whatever the cluster is given as.
    let resource = json!({ "Fn::Select": [5, { "Fn::Split": [":", { "Ref": id::SERVICE }] }] });
    let actions = scaling.scheduled_action.iter().map(|action| scheduled(action)).collect();
    let fixed = Shape::map([
        ("ServiceNamespace", Some("ecs".into())),
        ("ScalableDimension", Some("ecs:service:DesiredCount".into())),
        ("ResourceId", Some(Shape::Fixed(resource))),
        ("ScheduledActions", Shape::some_list(actions)),
    ]);
    Shape::resource("AWS::ApplicationAutoScaling::ScalableTarget", fixed.and(scaling))
}

fn scheduled(action: &ScheduledAction) -> Shape {
    let bounds = Shape::map([
        ("MinCapacity", Shape::key(&action.min_capacity)),
        ("MaxCapacity", Shape::key(&action.max_capacity)),
    ]);
    Shape::table(action).with("ScalableTargetAction", Some(bounds))
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

fn tracking(step: &EcsService, wanted: &TargetTracking) -> (String, Shape) {
    let (id, name) = match (&wanted.metric, &wanted.name) {
        (Some(metric), _) => {
            let mut words = metric.as_str().to_owned();
            words.get_mut(..1).into_iter().for_each(str::make_ascii_uppercase);
            (words, metric.as_str().to_owned())
        }
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            (format!("Track{name}"), format!("track-{name}"))
        }
    };
    let given = wanted.metric.map(|metric| {
        let label = wanted.resource_label.as_ref().map(Shape::text);
        let own = || balancing::request_label(step).filter(|_| metric == Metric::Requests);
        Shape::map([("PredefinedMetricType", Shape::key(&metric)), ("ResourceLabel", label.or_else(own))])
    });
    let configuration = Shape::table(wanted)
        .with("PredefinedMetricSpecification", given)
        .with("CustomizedMetricSpecification", wanted.customized_metric_specification.as_ref().map(custom));
    let key = "TargetTrackingScalingPolicyConfiguration";
    (format!("ScalingPolicy{id}"), policy(&name, "TargetTrackingScaling", key, configuration))
}

fn custom(metric: &CustomMetric) -> Shape {
    let own = dimensions(metric.namespace.as_ref(), &metric.dimensions);
    Shape::table(metric)
        .with("Dimensions", own)
        .with("Metrics", Shape::some_list(metric.metrics.iter().map(query).collect()))
}

fn query(query: &MetricQuery) -> Shape {
    let stat = query.metric_stat.as_ref().map(|stat| {
        let metric = &stat.metric;
        let metric = Shape::table(metric).with("Dimensions", dimensions(Some(&metric.namespace), &metric.dimensions));
        Shape::table(stat).with("Metric", Some(metric))
    });
    Shape::table(query).with("MetricStat", stat)
}

fn step_scaling(wanted: &StepScaling) -> Shape {
    let name = format!("step-{}", wanted.name);
    policy(&name, "StepScaling", "StepScalingPolicyConfiguration", Shape::table(wanted))
}

fn alarm(alarm: &ScalingAlarm, policy: &str) -> Shape {
    let properties = Shape::table(alarm)
        .with("Dimensions", dimensions(Some(&alarm.namespace), &alarm.dimensions))
        .with("AlarmActions", Some(Shape::List(vec![Shape::reference(policy)])));
    Shape::resource("AWS::CloudWatch::Alarm", properties)
}

/// The dimensions of a metric; none if it has none.
fn dimensions(namespace: Option<&Text>, written: &BTreeMap<String, Text>) -> Option<Shape> {
    let dimension = |name: &str, value: Shape| Shape::map([("Name", Some(name.into())), ("Value", Some(value))]);
    let mut all: Vec<Shape> = written.iter().map(|(name, value)| dimension(name, Shape::text(value))).collect();
    if all.is_empty() && namespace.is_some_and(|namespace| OF_SERVICES.contains(&namespace.raw())) {
        // The cluster's name is in the service's ARN, whatever the cluster is given as.
        let cluster = json!({ "Fn::Select": [1, { "Fn::Split": ["/", { "Ref": id::SERVICE }] }] });
        all.push(dimension("ClusterName", Shape::Fixed(cluster)));
        all.push(dimension("ServiceName", Shape::attribute(id::SERVICE, "Name")));
    }
    Shape::some_list(all)
}
