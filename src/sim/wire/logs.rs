//! CloudWatch Logs over JSON 1.1: reading what containers wrote.

use serde_json::{Map, Value, json};

use super::caller::Caller;
use crate::sim::error::{Answer, ApiError};
use crate::sim::world::World;

/// The most events of one answer. \[api: GetLogEvents\]
const MOST: u64 = 10_000;

pub(super) fn call(world: &mut World, caller: &Caller, operation: &str, input: &Value) -> Answer<String> {
    match operation {
        "GetLogEvents" => get_log_events(world, caller, input).map(|answer| answer.to_string()),
        other => Err(ApiError::not_modelled(format_args!("the operation {other} of CloudWatch Logs"))),
    }
}

fn get_log_events(world: &World, caller: &Caller, input: &Value) -> Answer<Value> {
    let known = ["logGroupName", "logStreamName", "limit", "startFromHead"];
    if let Some(key) = input.as_object().into_iter().flat_map(Map::keys).find(|key| !known.contains(&key.as_str())) {
        return Err(ApiError::not_modelled(format_args!("the field {key} of GetLogEvents")));
    }
    let required = |key: &str| {
        let invalid = || ApiError::new("InvalidParameterException", format!("{key} must not be empty"));
        input.get(key).and_then(Value::as_str).filter(|text| !text.is_empty()).ok_or_else(invalid)
    };
    let limit = input.get("limit").and_then(Value::as_u64).unwrap_or(MOST);
    if !(1..=MOST).contains(&limit) {
        return Err(ApiError::new("InvalidParameterException", "limit must be between 1 and 10000"));
    }
    let from_head = input.get("startFromHead").and_then(Value::as_bool).unwrap_or(false);
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let (group, stream) = (required("logGroupName")?, required("logStreamName")?);
    let lines = world.log_events(&caller.place, group, stream, limit, from_head)?;
    let events: Vec<Value> = lines
        .iter()
        .map(|(at, line)| {
            json!({ "timestamp": at.as_millisecond(), "ingestionTime": at.as_millisecond(), "message": line })
        })
        .collect();
    // The next page has the same token and nothing new: that is how AWS marks the end.
    Ok(json!({ "events": events, "nextForwardToken": "f/0/s", "nextBackwardToken": "b/0/s" }))
}
