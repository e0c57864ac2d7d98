//! Tasks that schedules of EventBridge Scheduler and rules of EventBridge start.
//!
//! Only targets that are clusters of ECS do something here. What starts a task says so in its `startedBy`, of which ECS keeps 36
//! characters. \[reports: `chronos-schedule/…` and `events-rule/…` in answers of DescribeTasks\] A task that cannot be started is not
//! started. Deliberately absent: retries, dead-letter queues, rights of the target's role, events that match a pattern.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::World;
use super::capacity::Capacity;
use super::ecs::number;
use super::eval::as_text;
use super::recurrence::Recurrence;
use super::tasks::RunTaskInput;
use super::timers::is_on;
use crate::model::Place;

/// The most tasks that one target starts. \[api: RunTask, `count`\]
const MOST: u32 = 10;

/// Characters of `startedBy` that ECS keeps for these.
const KEPT: usize = 36;

impl World {
    pub(super) fn run_schedule(&mut self, place: &Place, name: &str, properties: &Map<String, Value>) {
        if let Some(target) = properties.get("Target") {
            self.start_scheduled(place, &format!("chronos-schedule/{name}"), target);
        }
    }

    pub(super) fn run_rule(&mut self, place: &Place, name: &str, properties: &Map<String, Value>) {
        for target in properties.get("Targets").and_then(Value::as_array).into_iter().flatten() {
            self.start_scheduled(place, &format!("events-rule/{name}"), target);
        }
    }

    fn start_scheduled(&mut self, place: &Place, by: &str, target: &Value) {
        let Some(input) = Self::scheduled_task(by, target) else { return };
        let count = target.get("EcsParameters").and_then(|ecs| ecs.get("TaskCount")).and_then(number).unwrap_or(1);
        for _ in 0..count.min(MOST) {
            if self.start_unasked(place, &input).is_err() {
                break;
            }
        }
    }

    /// What RunTask is asked for by a target; none if it is not a cluster, or what it says cannot be read.
    fn scheduled_task(by: &str, target: &Value) -> Option<RunTaskInput> {
        let cluster = target.get("Arn")?.as_str().filter(|arn| arn.contains(":cluster/"))?;
        let ecs = target.get("EcsParameters")?.as_object()?;
        let text = |key: &str| ecs.get(key).and_then(as_text);
        let definition = text("TaskDefinitionArn")?;
        let mut shown = Map::new();
        shown.extend(text("PlatformVersion").map(|version| ("platformVersion".to_owned(), json!(version))));
        if is_on(ecs.get("EnableExecuteCommand")) {
            shown.insert("enableExecuteCommand".to_owned(), json!(true));
        }
        let overrides = match target.get("Input").and_then(Value::as_str) {
            None => None,
            Some(text) => Some(serde_json::from_str::<Value>(text).ok()?),
        };
        Some(RunTaskInput {
            cluster: cluster.to_owned(),
            definition,
            started_by: Some(by.chars().take(KEPT).collect()),
            group: text("Group"),
            network: ecs.get("NetworkConfiguration").is_some(),
            on: Capacity::of(ecs),
            overrides,
            tags: own_tags(ecs),
            propagates_tags: ecs.get("PropagateTags").and_then(Value::as_str) == Some("TASK_DEFINITION"),
            managed_tags: is_on(ecs.get("EnableECSManagedTags")),
            shown,
            ..RunTaskInput::default()
        })
    }
}

/// Why EventBridge refuses a rule: by its schedule. \[doc: "Creating an Amazon EventBridge rule that runs on a schedule": `cron` and
/// `rate`, whose unit is singular for 1\]
pub(super) fn invalid_rule(properties: &Map<String, Value>) -> Option<String> {
    let text = properties.get("ScheduleExpression")?.as_str()?;
    let valid = match Recurrence::read(text) {
        Some(Recurrence::Cron(_)) => true,
        Some(Recurrence::Every(_)) => text.starts_with("rate(1 ") != text.ends_with("s)"),
        _ => false,
    };
    (!valid).then(|| {
        "Resource handler returned message: \"Parameter ScheduleExpression is not valid. (Service: EventBridge, Status Code: 400, \
         Error Code: ValidationException)\" (HandlerErrorCode: InvalidRequest)"
            .to_owned()
    })
}

fn own_tags(ecs: &Map<String, Value>) -> BTreeMap<String, String> {
    let lists = ["Tags", "TagList"].into_iter().filter_map(|key| ecs.get(key)?.as_array()).flatten();
    let part = |tag: &Value, key: &str| tag.get(key).and_then(as_text);
    lists.filter_map(|tag| Some((part(tag, "Key")?, part(tag, "Value").unwrap_or_default()))).collect()
}
