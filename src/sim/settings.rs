//! What the port says of services and task definitions beyond their deployments: what is set of them, and where they have drifted.
//!
//! Values are read as ECS would answer them: numbers and switches that a template wrote as text are what they mean.

use serde_json::{Map, Value, json};

use super::world::drift::{Difference, ResourceDrift};
use super::world::ecs::{Service, TaskDefinition};
use crate::model::drift::{Drifted, ServiceSettings, shown};

/// The properties of a service that ECS tells, but for those that the account keeps elsewhere.
const SETTINGS: [&str; 16] = [
    "AvailabilityZoneRebalancing",
    "CapacityProviderStrategy",
    "DeploymentConfiguration",
    "EnableECSManagedTags",
    "EnableExecuteCommand",
    "HealthCheckGracePeriodSeconds",
    "LaunchType",
    "LoadBalancers",
    "NetworkConfiguration",
    "PlacementConstraints",
    "PlacementStrategies",
    "PlatformVersion",
    "PropagateTags",
    "ServiceConnectConfiguration",
    "ServiceRegistries",
    "VolumeConfigurations",
];

/// What is set of a service.
pub(super) fn settings(service: &Service) -> ServiceSettings {
    let told = SETTINGS.iter().filter_map(|name| Some(((*name).to_owned(), told(service.properties.get(*name)?))));
    let mut settings: ServiceSettings = told.filter(|(_, value)| !is_off(value)).collect();
    settings.insert("TaskDefinition".to_owned(), Value::from(service.task_definition.as_str()));
    if service.properties.get("SchedulingStrategy").and_then(Value::as_str) != Some("DAEMON") {
        settings.insert("DesiredCount".to_owned(), Value::from(service.desired));
    }
    settings.values_mut().for_each(without_swapped);
    settings
}

/// Whether a setting is as if it had never been made.
fn is_off(value: &Value) -> bool {
    value.as_array().is_some_and(Vec::is_empty) || value.get("Enabled") == Some(&Value::Bool(false))
}

/// What UpdateService is given for settings: what is null is switched off.
pub(super) fn given(settings: &ServiceSettings) -> Map<String, Value> {
    let value = |name: &str, value: &Value| match (name, value) {
        ("ServiceConnectConfiguration", Value::Null) => json!({ "Enabled": false }),
        (_, Value::Null) => json!([]),
        (_, value) => value.clone(),
    };
    settings.iter().map(|(name, given)| (name.clone(), value(name, given))).collect()
}

/// The target groups that ECS exchanges when it shifts traffic are no setting.
fn without_swapped(value: &mut Value) {
    for balancer in value.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
        if balancer.contains_key("AdvancedConfiguration") {
            balancer.remove("TargetGroupArn");
        }
    }
}

/// A task definition with its named things by name.
pub(super) fn task_definition(definition: &TaskDefinition) -> Value {
    let mut all: Map<String, Value> = definition.properties.clone();
    all.remove("Family");
    all.remove("Tags");
    if let Some(containers) = all.get_mut("ContainerDefinitions") {
        for container in containers.as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            by_name(container, "Environment", Some("Value"));
            by_name(container, "Secrets", Some("ValueFrom"));
        }
    }
    by_name(&mut all, "ContainerDefinitions", None);
    by_name(&mut all, "Volumes", None);
    told(&Value::Object(all))
}

/// Turns a list of named things into an object by name; `only` keeps one member of each.
fn by_name(of: &mut Map<String, Value>, key: &str, only: Option<&str>) {
    let Some(Value::Array(list)) = of.get_mut(key) else { return };
    let named = list.drain(..).filter_map(|mut one| {
        let own = one.as_object_mut()?;
        let name = own.remove("Name")?.as_str()?.to_owned();
        let value = match only {
            Some(only) => own.remove(only).unwrap_or_default(),
            None => Value::Object(std::mem::take(own)),
        };
        Some((name, value))
    });
    let named: Map<String, Value> = named.collect();
    of.insert(key.to_owned(), Value::Object(named));
}

/// As ECS tells it.
fn told(value: &Value) -> Value {
    match value {
        Value::String(text) => match text.as_str() {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            text => text.parse::<i64>().map_or_else(|_| value.clone(), Value::from),
        },
        Value::Array(items) => items.iter().map(told).collect(),
        Value::Object(map) => map.iter().map(|(name, value)| (name.clone(), told(value))).collect(),
        other => other.clone(),
    }
}

/// Where a resource differs from its template.
pub(super) fn drifted(drift: &ResourceDrift) -> Vec<Drifted> {
    let of = |path: &str, was: Option<String>, is: Option<String>| Drifted {
        resource: drift.logical.as_str().into(),
        kind: drift.kind.as_str().into(),
        path: path.trim_start_matches('/').to_owned(),
        was,
        is,
    };
    let differs = |one: &Difference| of(&one.path, one.expected.as_ref().map(shown), one.actual.as_ref().map(shown));
    match drift.status {
        "DELETED" => vec![of("", drift.physical_id.clone(), None)],
        _ => drift.differences.iter().map(differs).collect(),
    }
}
