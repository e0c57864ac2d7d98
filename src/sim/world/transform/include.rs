//! `AWS::Include`: pieces of templates from the account's buckets. \[doc: "AWS::Include transform"\]

use serde_json::{Map, Value};

use super::super::template::{MAX_OBJECT, Template};
use super::{Call, INCLUDE, LANGUAGE, Site};
use crate::cfn;
use crate::sim::error::{Answer, ApiError};

/// Sections in which no transform can be embedded. \[doc\]
const FIXED: [&str; 3] = ["AWSTemplateFormatVersion", "Parameters", "Transform"];

/// A template with everything put in that it embeds by `Fn::Transform`.
pub(super) fn embedded(site: &Site<'_>, root: Map<String, Value>) -> Answer<Map<String, Value>> {
    let (fixed, open): (Map<_, _>, Map<_, _>) = root.into_iter().partition(|(name, _)| FIXED.contains(&name.as_str()));
    match filled(site, Value::Object(open))? {
        Value::Object(open) => Ok(fixed.into_iter().chain(open).collect()),
        _ => Err(ApiError::validation("Template format error: unsupported structure.")),
    }
}

fn filled(site: &Site<'_>, value: Value) -> Answer<Value> {
    match value {
        Value::Array(items) => {
            items.into_iter().map(|item| filled(site, item)).collect::<Answer<_>>().map(Value::Array)
        }
        Value::Object(map) => {
            let inside = map.into_iter().map(|(key, inside)| Ok((key, filled(site, inside)?)));
            let mut map = inside.collect::<Answer<Map<_, _>>>()?;
            let Some(written) = map.shift_remove("Fn::Transform") else { return Ok(Value::Object(map)) };
            let call = Call::read(&written)?;
            if let Some(refusal) = call.refusal(site.place) {
                return Err(refusal);
            }
            let failed = |words: String| ApiError::validation(format!("Transform {} failed with: {words}", call.name));
            if call.name == LANGUAGE {
                return Err(failed("it can only be declared at the top level of a template".to_owned()));
            }
            match content(site, &call).map_err(failed)? {
                whole if map.is_empty() => Ok(whole),
                Value::Object(more) => joined(map, more).map(Value::Object).map_err(failed),
                _ => Err(failed("what is included beside other keys must be a map".to_owned())),
            }
        }
        scalar => Ok(scalar),
    }
}

/// A template with another put in at its top.
pub(super) fn whole(site: &Site<'_>, call: &Call<'_>, root: Map<String, Value>) -> Result<Map<String, Value>, String> {
    match content(site, call)? {
        Value::Object(more) => joined(root, more),
        _ => Err("what is included at the top level must be a map".to_owned()),
    }
}

/// \[?\] What AWS says of a key that is on both sides.
fn joined(mut map: Map<String, Value>, more: Map<String, Value>) -> Result<Map<String, Value>, String> {
    for (key, value) in more {
        if map.contains_key(&key) {
            return Err(format!("Duplicate key '{key}'"));
        }
        map.insert(key, value);
    }
    Ok(map)
}

/// What a call includes.
fn content(site: &Site<'_>, call: &Call<'_>) -> Result<Value, String> {
    let parameters = call.parameters.filter(|given| given.keys().all(|name| name == "Location"));
    let location = parameters.and_then(|given| given.get("Location")).ok_or("Location is its only parameter")?;
    let facts = Template::declaring(site.declared.clone());
    let location = site.scope(&facts).text(location)?;
    let address = location.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
    let address = address.filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty());
    let (bucket, key) = address.ok_or_else(|| format!("The location parameter is not a valid S3 uri: {location}"))?;
    let body = site.world.object(site.place, bucket, key)?;
    // The same piece may be included many times.
    site.included.set(site.included.get().saturating_add(body.len()));
    if site.included.get() > MAX_OBJECT {
        return Err(format!("what it includes is longer than {MAX_OBJECT} bytes"));
    }
    let unreadable = || "The specified S3 object's content should be valid Yaml/JSON".to_owned();
    let text = std::str::from_utf8(&body).map_err(|_| unreadable())?;
    let source = cfn::read(text).map_err(|_| unreadable())?;
    // \[doc\] A piece has no short forms of functions.
    if source.short_form().or(source.beyond_the_service()).is_some() {
        return Err(unreadable());
    }
    let value = source.into_value();
    match has_transform(&value) {
        true => Err(format!("A snippet cannot use {INCLUDE} itself")),
        false => Ok(value),
    }
}

fn has_transform(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_transform),
        Value::Object(map) => map.iter().any(|(key, inside)| key == "Fn::Transform" || has_transform(inside)),
        _ => false,
    }
}
