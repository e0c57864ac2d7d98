//! ECS's nouns as JSON.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::{Map, Value, json};

pub(super) use super::ecs_service_task::task;
use crate::model::Place;
use crate::sim::world::ecs::{Cluster, Deployment, DeploymentStatus, Revision, Service, TaskDefinition, TaskState};
use crate::sim::world::lifecycle::Hook;
use crate::sim::world::tasks::OneTask;
use crate::sim::world::{OTHER_NAMES, World, all_tags, resource_view};

/// A time as ECS writes it: seconds since 1970.
pub(super) fn time(at: Timestamp) -> Value {
    Value::from(at.as_millisecond() as f64 / 1000.0)
}

/// An answer without the fields that have no value.
pub(super) fn compact(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}

/// A failure entry: the thing does not exist.
pub(super) fn missing(arn: &str) -> Value {
    json!({ "arn": arn, "reason": "MISSING" })
}

/// A cluster with its counts.
pub(super) fn cluster(world: &World, place: &Place, cluster: &Cluster) -> Value {
    let services: Vec<&Service> =
        world.services(place).filter(|s| s.cluster == cluster.arn && s.status == "ACTIVE").collect();
    let tasks = |wanted: fn(&TaskState) -> bool| {
        let here = world.one_tasks(place).filter(|task| task.cluster == cluster.arn && wanted(&task.state));
        u32::try_from(here.count()).unwrap_or(u32::MAX)
    };
    let (running, pending) =
        (tasks(|state| *state == TaskState::Running), tasks(|state| matches!(state, TaskState::Pending(_))));
    json!({
        "clusterArn": cluster.arn,
        "clusterName": cluster.name,
        "status": if cluster.active { "ACTIVE" } else { "INACTIVE" },
        "registeredContainerInstancesCount": 0,
        "runningTasksCount": running + services.iter().map(|service| service.running(None)).sum::<u32>(),
        "pendingTasksCount": pending + services.iter().map(|service| service.pending(None)).sum::<u32>(),
        "activeServicesCount": services.len(),
    })
}

/// Tags, as ECS lists them.
pub(super) fn tags(properties: &Map<String, Value>, inherited: &BTreeMap<String, String>) -> Value {
    tag_list(all_tags(properties, inherited))
}

pub(super) fn tag_list(tags: BTreeMap<String, String>) -> Value {
    tags.into_iter().map(|(key, value)| json!({ "key": key, "value": value })).collect()
}

pub(super) fn task_definition(definition: &TaskDefinition) -> Value {
    let mut map = resource_view(&definition.properties);
    map.remove("tags");
    if let Some(containers) = map.get_mut("containerDefinitions").and_then(Value::as_array_mut) {
        containers.iter_mut().for_each(numbers);
    }
    map.insert("taskDefinitionArn".to_owned(), json!(definition.arn));
    map.insert("family".to_owned(), json!(definition.family));
    map.insert("revision".to_owned(), json!(definition.revision));
    map.insert("status".to_owned(), json!(if definition.active { "ACTIVE" } else { "INACTIVE" }));
    map.insert("registeredAt".to_owned(), time(definition.registered));
    if let Some(at) = definition.deregistered {
        map.insert("deregisteredAt".to_owned(), time(at));
    }
    Value::Object(map)
}

/// Numbers and flags that a template may write as text become what ECS answers.
fn numbers(value: &mut Value) {
    const NUMBERS: &[&str] = &[
        "cpu",
        "memory",
        "memoryReservation",
        "containerPort",
        "hostPort",
        "startTimeout",
        "stopTimeout",
        "interval",
        "timeout",
        "retries",
        "startPeriod",
        "softLimit",
        "hardLimit",
        "healthCheckGracePeriodSeconds",
        "weight",
        "base",
        "port",
        "maximumPercent",
        "minimumHealthyPercent",
        "bakeTimeInMinutes",
        "timeoutInMinutes",
    ];
    const FLAGS: &[&str] = &[
        "essential",
        "readonlyRootFilesystem",
        "privileged",
        "interactive",
        "pseudoTerminal",
        "enable",
        "enabled",
        "rollback",
        "enableECSManagedTags",
        "enableExecuteCommand",
    ];
    match value {
        Value::Array(items) => items.iter_mut().for_each(numbers),
        Value::Object(map) => {
            for (key, inner) in map {
                match inner {
                    Value::String(text) if NUMBERS.contains(&key.as_str()) => {
                        if let Ok(number) = text.parse::<i64>() {
                            *inner = Value::from(number);
                        }
                    }
                    Value::String(text) if FLAGS.contains(&key.as_str()) => *inner = Value::Bool(text == "true"),
                    inner => numbers(inner),
                }
            }
        }
        _ => {}
    }
}

/// ECS's style of keys as CloudFormation's: `containerDefinitions` becomes `ContainerDefinitions`.
pub(super) fn upper(map: &Map<String, Value>) -> Map<String, Value> {
    fn value(key: &str, inner: &Value) -> Value {
        match inner {
            Value::Object(map) if matches!(key, "options" | "dockerLabels" | "driverOpts" | "labels") => {
                Value::Object(map.clone())
            }
            Value::Object(map) => Value::Object(upper(map)),
            Value::Array(items) => Value::Array(items.iter().map(|item| value("", item)).collect()),
            other => other.clone(),
        }
    }
    let first = |key: &str| {
        // EFS calls it `FilesystemId`, all others `FileSystemId`.
        if let Some((name, _)) = OTHER_NAMES.iter().find(|(name, other)| *other == key && *name != "FilesystemId") {
            return (*name).to_owned();
        }
        let mut letters = key.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    map.iter().map(|(key, inner)| (first(key), value(key, inner))).collect()
}

/// A service with its deployments, as in DescribeServices.
pub(super) fn service(service: &Service, with_tags: bool) -> Value {
    let newest = service.newest();
    let deployments = newest.map(|newest| {
        let state = match newest.status {
            DeploymentStatus::Successful | DeploymentStatus::RollbackSuccessful => "COMPLETED",
            status if status.active() => "IN_PROGRESS",
            _ => "FAILED",
        };
        let mut primary = json!({
            "id": service.deployment_id,
            "status": "PRIMARY",
            "taskDefinition": service.task_definition,
            "desiredCount": service.desired,
            "runningCount": service.running(None),
            "pendingCount": service.pending(None),
            "failedTasks": newest.failures,
            "createdAt": time(newest.created),
            "updatedAt": time(newest.finished.unwrap_or(newest.created)),
            "rolloutState": state,
            "rolloutStateReason": format!("ECS deployment {} {}.", service.deployment_id, state.to_lowercase()),
        });
        if let Some(map) = primary.as_object_mut() {
            let names = ["LaunchType", "NetworkConfiguration", "ServiceConnectConfiguration", "VolumeConfigurations"];
            map.extend(converted(&service.properties, &names, &[]));
        }
        json!([primary])
    });
    let events: Vec<Value> = service
        .events
        .iter()
        .map(|said| json!({ "id": said.id, "createdAt": time(said.at), "message": said.message }))
        .collect();
    let shown = shown(&service.properties);
    let current = newest.map(|newest| match newest.status {
        DeploymentStatus::RollbackInProgress | DeploymentStatus::RollbackSuccessful => {
            newest.source.clone().unwrap_or_default()
        }
        _ => newest.target.clone(),
    });
    let summaries = current.map(|arn| json!([summary(service, &arn)]));
    let view = compact(json!({
        "serviceArn": service.arn,
        "serviceName": service.name,
        "clusterArn": service.cluster,
        "status": service.status,
        "desiredCount": service.desired,
        "runningCount": service.running(None),
        "pendingCount": service.pending(None),
        "taskDefinition": service.task_definition,
        "deployments": deployments.unwrap_or_else(|| json!([])),
        "events": events,
        "createdAt": time(service.created),
        "currentServiceDeployment": newest.map(|newest| newest.arn.clone()),
        "currentServiceRevisions": summaries,
        "schedulingStrategy": service.properties.get("SchedulingStrategy").cloned().unwrap_or_else(|| json!("REPLICA")),
        "tags": with_tags.then(|| tags(&service.properties, &service.inherited)),
    }));
    match view {
        Value::Object(map) => Value::Object(map.into_iter().chain(shown).collect()),
        other => other,
    }
}

/// What a service was made with and shows as it is. \[api: botocore's shape `Service`; `ServiceConnectConfiguration` and
/// `VolumeConfigurations` are members of its deployments only\]
fn shown(properties: &Map<String, Value>) -> Map<String, Value> {
    const SHOWN: [&str; 15] = [
        "AvailabilityZoneRebalancing",
        "CapacityProviderStrategy",
        "DeploymentConfiguration",
        "DeploymentController",
        "EnableECSManagedTags",
        "EnableExecuteCommand",
        "HealthCheckGracePeriodSeconds",
        "LaunchType",
        "LoadBalancers",
        "NetworkConfiguration",
        "PlacementConstraints",
        "PlacementStrategy",
        "PlatformVersion",
        "PropagateTags",
        "ServiceRegistries",
    ];
    converted(properties, &SHOWN, &[("PlacementStrategies", "placementStrategy"), ("Role", "roleArn")])
}

/// These properties in ECS's style; some under another name.
fn converted(properties: &Map<String, Value>, names: &[&str], others: &[(&str, &str)]) -> Map<String, Value> {
    let own = properties.iter().filter(|(name, _)| names.contains(&name.as_str()));
    let mut view = resource_view(&own.map(|(name, value)| (name.clone(), value.clone())).collect());
    for (name, other) in others {
        let one = properties.get(*name).map(|value| [((*name).to_owned(), value.clone())].into_iter().collect());
        let one = one.map(|one: Map<String, Value>| resource_view(&one));
        view.extend(one.into_iter().flatten().map(|(_, value)| ((*other).to_owned(), value)));
    }
    let mut view = Value::Object(view);
    numbers(&mut view);
    match view {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}

fn summary(service: &Service, arn: &str) -> Value {
    json!({
        "arn": arn,
        "requestedTaskCount": service.desired,
        "runningTaskCount": service.running(Some(arn)),
        "pendingTaskCount": service.pending(Some(arn)),
    })
}

/// A service deployment, as in ListServiceDeployments.
pub(super) fn deployment_brief(service: &Service, deployment: &Deployment) -> Value {
    compact(json!({
        "serviceDeploymentArn": deployment.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster,
        "createdAt": time(deployment.created),
        "startedAt": time(deployment.created),
        "finishedAt": deployment.finished.map(time),
        "targetServiceRevisionArn": deployment.target,
        "status": deployment.status.as_str(),
        "statusReason": deployment.reason,
    }))
}

/// A service deployment, as in DescribeServiceDeployments.
pub(super) fn deployment(service: &Service, deployment: &Deployment) -> Value {
    let shift = deployment.shift.as_ref();
    let weights = shift.map(|shift| match deployment.rollback {
        None => shift.weights(),
        Some(_) => (0.0, 0.0),
    });
    let sources: Vec<Value> = deployment
        .source
        .iter()
        .map(|arn| {
            weighted(summary(service, arn), weights.map(|(test, production)| (100.0 - test, 100.0 - production)))
        })
        .collect();
    let rollback = deployment.rollback.as_ref().map(|(at, reason)| {
        compact(json!({ "reason": reason, "startedAt": time(*at), "serviceRevisionArn": deployment.source }))
    });
    let breaker = match deployment.threshold {
        None => json!({ "status": "DISABLED", "failureCount": 0, "threshold": 0 }),
        Some(threshold) => json!({
            "status": match deployment.failures >= threshold {
                true => "TRIGGERED",
                false if deployment.status.active() => "MONITORING",
                false => "MONITORING_COMPLETE",
            },
            "failureCount": deployment.failures,
            "threshold": threshold,
        }),
    };
    let alarms = service.alarms().filter(|(names, _)| !names.is_empty()).map(|(names, _)| {
        let status = match (deployment.alarmed.is_empty(), deployment.status.active()) {
            (false, _) => "TRIGGERED",
            (true, true) => "MONITORING",
            (true, false) => "MONITORING_COMPLETE",
        };
        json!({ "status": status, "alarmNames": names, "triggeredAlarmNames": deployment.alarmed })
    });
    let configuration = service.properties.get("DeploymentConfiguration").and_then(Value::as_object).map(resource_view);
    compact(json!({
        "serviceDeploymentArn": deployment.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster,
        "createdAt": time(deployment.created),
        "startedAt": time(deployment.created),
        "updatedAt": time(deployment.finished.unwrap_or(deployment.created)),
        "finishedAt": deployment.finished.map(time),
        "stoppedAt": deployment.finished.filter(|_| deployment.status == DeploymentStatus::Stopped).map(time),
        "sourceServiceRevisions": sources,
        "targetServiceRevision": weighted(summary(service, &deployment.target), weights),
        "status": deployment.status.as_str(),
        "statusReason": deployment.reason,
        "lifecycleStage": shift.map(|shift| shift.stage.as_str()),
        "lifecycleHookDetails": shift.map(|shift| shift.hooks.iter().map(hook).collect::<Vec<_>>()),
        "deploymentConfiguration": configuration,
        "rollback": rollback,
        "deploymentCircuitBreaker": breaker,
        "alarms": alarms,
    }))
}

/// A revision with its share of the test and of the production traffic, where traffic moves.
fn weighted(mut summary: Value, weights: Option<(f64, f64)>) -> Value {
    if let (Some((test, production)), Some(map)) = (weights, summary.as_object_mut()) {
        map.insert("requestedTestTrafficWeight".to_owned(), json!(test));
        map.insert("requestedProductionTrafficWeight".to_owned(), json!(production));
    }
    summary
}

/// A hook that a deployment came to.
fn hook(hook: &Hook) -> Value {
    compact(json!({
        "hookId": hook.id,
        "targetType": if hook.function.is_some() { "AWS_LAMBDA" } else { "PAUSE" },
        "targetArn": hook.function,
        "status": hook.status.as_str(),
        "expiresAt": time(hook.expires),
        "timeoutAction": if hook.continues { "CONTINUE" } else { "ROLLBACK" },
    }))
}

pub(super) fn revision(service: &Service, revision: &Revision) -> Value {
    let images: Vec<Value> = revision
        .images
        .iter()
        .map(|(name, image, digest)| {
            let digest = Some(digest).filter(|digest| !digest.is_empty());
            compact(json!({ "containerName": name, "image": image, "imageDigest": digest }))
        })
        .collect();
    json!({
        "serviceRevisionArn": revision.arn,
        "serviceArn": service.arn,
        "clusterArn": service.cluster,
        "taskDefinition": revision.task_definition,
        "containerImages": images,
        "createdAt": time(revision.created),
    })
}

/// A task that no service runs.
pub(super) fn one_task(task: &OneTask, with_tags: bool) -> Value {
    let (last, end) = match &task.state {
        TaskState::Pending(_) => ("PROVISIONING", None),
        TaskState::Running => ("RUNNING", None),
        TaskState::Stopped(end) => ("STOPPED", Some(end)),
    };
    let stopping = end.is_some() || task.stop.is_some();
    let containers: Vec<Value> = task
        .images
        .iter()
        .map(|(name, image, digest)| {
            let ended = end.and_then(|end| end.containers.iter().find(|(container, ..)| container == name));
            compact(json!({
                "name": name,
                "image": image,
                "imageDigest": task.started.map(|_| digest),
                "taskArn": task.arn,
                "lastStatus": if last == "PROVISIONING" { "PENDING" } else { last },
                "exitCode": ended.and_then(|(_, code, _)| *code),
                "reason": ended.and_then(|(.., reason)| reason.clone()),
            }))
        })
        .collect();
    let mut view = compact(json!({
        "taskArn": task.arn,
        "clusterArn": task.cluster,
        "taskDefinitionArn": task.task_definition,
        "group": task.group,
        "startedBy": task.started_by,
        "launchType": task.placement.launch_type,
        "capacityProviderName": task.placement.provider,
        "lastStatus": last,
        "desiredStatus": if stopping { "STOPPED" } else { "RUNNING" },
        "containers": containers,
        "createdAt": time(task.created),
        "startedAt": task.started.map(time),
        "stoppedAt": end.map(|end| time(end.at)),
        "stopCode": end.map(|end| end.code),
        "stoppedReason": end.map(|end| end.reason.clone()),
    }));
    if let Some(map) = view.as_object_mut() {
        map.extend(task.shown.clone());
        let tags = (with_tags && !task.tags.is_empty()).then(|| tag_list(task.tags.clone()));
        map.extend(tags.map(|tags| ("tags".to_owned(), tags)));
    }
    view
}
