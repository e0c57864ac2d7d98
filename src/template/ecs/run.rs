//! What the task of an `ecs-task` is run with: the parameters of RunTask, which stand in no template.
//!
//! They are filled like a template's leaves, by the same shapes that a service has, and then read back.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use crate::model::TaskRun;
use crate::model::process::EcsTask;
use crate::model::task::{RunConstraint, RunProvider, RunStrategy, RunsOn, TaskNetwork};

use super::super::shape::{Known, Shape};
use super::launch;

/// The parameters, before their leaves are filled; keys as in the template of a service.
pub(super) fn shape(step: &EcsTask) -> Shape {
    let on = &step.task.runs_on;
    launch::shared(on)
        .with("Cluster", Some(Known::Cluster.into()))
        .with("PlacementStrategies", Shape::key(&on.placement_strategies))
        .with("NetworkConfiguration", launch::network(on))
        .with("EnableExecuteCommand", Shape::key(&step.task.execute_command))
}

/// The filled parameters; none if one of them is not text, because its value is not known yet.
pub(super) fn read(step: &EcsTask, definition: &str, filled: &Value) -> Option<TaskRun> {
    let on = match filled.get("LaunchType") {
        Some(launch) => RunsOn::LaunchType(text(launch)?),
        None => RunsOn::Providers(each(filled.get("CapacityProviderStrategy"), provider)?),
    };
    let network = filled.get("NetworkConfiguration").and_then(|network| network.get("AwsvpcConfiguration"));
    Some(TaskRun {
        definition: definition.into(),
        cluster: text(filled.get("Cluster")?)?,
        on,
        platform_version: optional(filled.get("PlatformVersion"))?,
        network: match network {
            Some(network) => Some(interface(network)?),
            None => None,
        },
        constraints: each(filled.get("PlacementConstraints"), |rule| {
            Some(RunConstraint { kind: text(rule.get("Type")?)?, expression: optional(rule.get("Expression"))? })
        })?,
        strategies: each(filled.get("PlacementStrategies"), |rule| {
            Some(RunStrategy { kind: text(rule.get("Type")?)?, field: optional(rule.get("Field"))? })
        })?,
        execute_command: flag(filled.get("EnableExecuteCommand"))?,
        managed_tags: true,
        propagate_tags: true,
        tags: BTreeMap::new(),
        limit: step.timeout.as_secs(),
        repeatable: step.repeatable,
    })
}

fn provider(item: &Value) -> Option<RunProvider> {
    Some(RunProvider {
        provider: text(item.get("CapacityProvider")?)?,
        weight: number(item.get("Weight"))?,
        base: number(item.get("Base"))?,
    })
}

fn interface(network: &Value) -> Option<TaskNetwork> {
    Some(TaskNetwork {
        subnets: each(network.get("Subnets"), text)?,
        security_groups: each(network.get("SecurityGroups"), text)?,
        public_ip: optional(network.get("AssignPublicIp"))?.as_deref() == Some("ENABLED"),
    })
}

/// What is on only if it is said.
fn flag(value: Option<&Value>) -> Option<bool> {
    match value {
        None => Some(false),
        Some(Value::Bool(flag)) => Some(*flag),
        Some(value) => value.as_str()?.parse().ok(),
    }
}

fn text(value: &Value) -> Option<Arc<str>> {
    value.as_str().map(Arc::from)
}

/// A number that may be missing; one that a slot gives is text.
fn number(value: Option<&Value>) -> Option<Option<u32>> {
    match value {
        None => Some(None),
        Some(Value::Number(number)) => Some(u32::try_from(number.as_u64()?).ok()),
        Some(value) => value.as_str()?.parse().ok().map(Some),
    }
}

/// A text that may be missing.
fn optional(value: Option<&Value>) -> Option<Option<Arc<str>>> {
    match value {
        Some(value) => text(value).map(Some),
        None => Some(None),
    }
}

/// Every element of a list that may be missing.
fn each<T>(list: Option<&Value>, one: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
    let Some(list) = list else { return Some(Vec::new()) };
    list.as_array()?.iter().map(one).collect()
}
