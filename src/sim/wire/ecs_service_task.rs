//! Tasks of services as JSON, with their health and their network.

use serde_json::{Value, json};

use super::ecs_view::{compact, tag_list, time};
use crate::model::Place;
use crate::sim::world::World;
use crate::sim::world::ecs::{Service, Task, TaskState};
use crate::sim::world::health::{Check, Health};
use crate::sim::world::targets::{address_of, has_own_network};

/// A task of a service.
pub(in crate::sim) fn task(world: &World, place: &Place, service: &Service, task: &Task, with_tags: bool) -> Value {
    let (last, desired, end) = match &task.state {
        TaskState::Pending(_) => ("PENDING", "RUNNING", None),
        TaskState::Running => ("RUNNING", "RUNNING", None),
        TaskState::Stopped(end) => ("STOPPED", "STOPPED", Some(end)),
    };
    let images = service.revision(&task.revision).map(|revision| revision.images.as_slice()).unwrap_or_default();
    let own = has_own_network(service) && task.started.is_some();
    let mut health = "UNKNOWN";
    let containers: Vec<Value> = images
        .iter()
        .map(|(name, image, digest)| {
            let ended = end.and_then(|end| end.containers.iter().find(|(container, ..)| container == name));
            let pulled = !matches!(end, Some(end) if end.code == "TaskFailedToStart");
            let checked = world.health_check(place, &task.task_definition, name).is_some();
            let own_health = match task.health(|check| matches!(check, Check::Container(of) if of == name)) {
                _ if !checked => "UNKNOWN",
                Health::Healthy => "HEALTHY",
                Health::Unknown => "UNKNOWN",
                Health::Unhealthy => "UNHEALTHY",
            };
            // \[doc: a task is unhealthy if one container is, and healthy if all that have a check are\]
            if checked && health != "UNHEALTHY" {
                health = own_health;
            }
            compact(json!({
                "name": name,
                "image": image,
                "imageDigest": pulled.then_some(digest),
                "taskArn": task.arn,
                "lastStatus": last,
                "healthStatus": own_health,
                "networkInterfaces": own.then(|| json!([{ "privateIpv4Address": address_of(task) }])),
                "exitCode": ended.and_then(|(_, code, _)| *code),
                "reason": ended.and_then(|(.., reason)| reason.clone()),
            }))
        })
        .collect();
    compact(json!({
        "taskArn": task.arn,
        "clusterArn": service.cluster,
        "taskDefinitionArn": task.task_definition,
        "group": format!("service:{}", service.name),
        "startedBy": service.deployment_id,
        "tags": (with_tags && !task.tags.is_empty()).then(|| tag_list(task.tags.clone())),
        "launchType": task.placement.launch_type,
        "capacityProviderName": task.placement.provider,
        "lastStatus": last,
        "desiredStatus": desired,
        "healthStatus": health,
        "containers": containers,
        "createdAt": time(task.created),
        "startedAt": task.started.map(time),
        "stoppedAt": end.map(|end| time(end.at)),
        "stopCode": end.map(|end| end.code),
        "stoppedReason": end.map(|end| end.reason.clone()),
    }))
}
