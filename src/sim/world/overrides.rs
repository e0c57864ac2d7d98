//! What a task that is run once gets instead of what its task definition says.

use serde_json::{Map, Value};

use super::ecs::TaskDefinition;
use super::refusal::refused_by_rules;
use crate::sim::error::{Answer, ApiError};

/// Characters that overrides may have, as JSON. \[api: RunTask, `overrides`\]
const LONGEST: usize = 8192;

/// Members of overrides for a whole task. \[api: `TaskOverride`\]
const OF_TASK: [&str; 6] =
    ["containerOverrides", "cpu", "memory", "taskRoleArn", "executionRoleArn", "ephemeralStorage"];

/// Members of overrides for a container. \[api: `ContainerOverride`\]
const OF_CONTAINER: [&str; 8] = [
    "name",
    "command",
    "environment",
    "environmentFiles",
    "cpu",
    "memory",
    "memoryReservation",
    "resourceRequirements",
];

fn invalid(words: impl Into<String>) -> ApiError {
    ApiError::new("InvalidParameterException", words)
}

fn wrong_type(member: &str) -> ApiError {
    ApiError::new("SerializationException", format!("{member} is of a wrong type"))
}

/// Refuses members that are not among these.
fn only<'a>(value: &'a Value, name: &str, known: &[&str]) -> Answer<&'a Map<String, Value>> {
    let map = value.as_object().ok_or_else(|| wrong_type(name))?;
    match map.keys().find(|key| !known.contains(&key.as_str())) {
        Some(key) => Err(ApiError::not_modelled(format_args!("{key} of {name}"))),
        None => Ok(map),
    }
}

/// Whether a member is of a type that fits it.
fn fits(name: &str, value: &Value) -> bool {
    let strings = |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_string));
    let objects = |value: &Value| value.as_array().is_some_and(|items| items.iter().all(Value::is_object));
    match name {
        "command" => strings(value),
        "environment" | "environmentFiles" | "resourceRequirements" => objects(value),
        "cpu" | "memory" | "memoryReservation" => value.is_i64(),
        _ => value.is_string(),
    }
}

/// Refuses overrides with members that the account does not know, or of a wrong type.
///
/// # Errors
/// What ECS says against them.
pub(super) fn check_members(overrides: &Value) -> Answer<()> {
    let own = only(overrides, "overrides", &OF_TASK)?;
    let wrong = own.iter().find(|(name, value)| match name.as_str() {
        "containerOverrides" => !value.is_array(),
        "ephemeralStorage" => !value.is_object(),
        _ => !value.is_string(),
    });
    if let Some((name, _)) = wrong {
        return Err(wrong_type(name));
    }
    for one in containers(overrides) {
        let members = only(one, "containerOverrides", &OF_CONTAINER)?;
        if let Some((name, _)) = members.iter().find(|(name, value)| !fits(name, value)) {
            return Err(wrong_type(name));
        }
    }
    Ok(())
}

fn containers(overrides: &Value) -> impl Iterator<Item = &Value> {
    overrides.get("containerOverrides").and_then(Value::as_array).into_iter().flatten()
}

/// Refuses overrides that ECS does not take for this task definition.
///
/// # Errors
/// What ECS says against them.
pub(super) fn check(definition: &TaskDefinition, overrides: &Value) -> Answer<()> {
    if overrides.to_string().chars().count() > LONGEST {
        return Err(invalid(format!("Container Overrides length must be at most {LONGEST}")));
    }
    let known = definition.containers();
    for one in containers(overrides) {
        let name = one.get("name").and_then(Value::as_str);
        let name = name.ok_or_else(|| invalid("Container name must be specified in container overrides."))?;
        if !known.iter().any(|(own, _)| own == name) {
            // \[reports\] The words.
            let words = format!("Override for container named {name} is not a container in the TaskDefinition.");
            return Err(invalid(words));
        }
    }
    // Sizes have to fit each other, whoever gives them.
    let mut whole = definition.properties.clone();
    for (key, property) in [("cpu", "Cpu"), ("memory", "Memory")] {
        whole.extend(overrides.get(key).map(|value| (property.to_owned(), value.clone())));
    }
    refused_by_rules("AWS::ECS::TaskDefinition", &whole).map_or(Ok(()), |why| Err(invalid(why)))
}
