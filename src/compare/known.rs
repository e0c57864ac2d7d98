//! A document as it becomes with its values, as far as these are known: what words, rights, exposure and size are read from.
//!
//! Functions become their text, `Fn::If` its branch; what only AWS knows stays a function. Resources whose condition is false
//! are left out.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::cfn::{Given, yaml};

/// The resources of a document that exist or may exist, by logical id.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(BTreeMap<String, Thing>);

/// A resource with its values.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Thing {
    /// Its type.
    pub(super) kind: String,
    pub(super) properties: Value,
    /// What stands next to them, like `DeletionPolicy`.
    pub(super) settings: BTreeMap<String, String>,
}

impl Known {
    /// The resources of a document; none without one.
    pub(super) fn of(given: Option<Given<'_>>) -> Self {
        let Some(given) = given else { return Self::default() };
        let there = given.document.resources().filter(|resource| given.has(*resource) != Some(false));
        let thing = |resource: crate::cfn::Resource<'_>| {
            let properties = resource.body.get("Properties").and_then(|all| become_(given, all));
            let settings =
                resource.body.iter().filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())));
            let thing = Thing {
                kind: resource.kind().to_owned(),
                properties: properties.unwrap_or(Value::Object(Map::new())),
                settings: settings.collect(),
            };
            (resource.id.to_owned(), thing)
        };
        Self(there.map(thing).collect())
    }

    pub(super) fn get(&self, id: &str) -> Option<&Thing> {
        self.0.get(id)
    }

    /// The resources of a type, with their ids.
    pub(super) fn all<'k>(&'k self, kind: &'k str) -> impl Iterator<Item = (&'k str, &'k Thing)> {
        self.iter().filter(move |(_, thing)| thing.kind == kind)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Thing)> {
        self.0.iter().map(|(id, thing)| (id.as_str(), thing))
    }
}

impl Thing {
    /// A property, by a path of keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Value> {
        at(&self.properties, path)
    }

    /// A property as text.
    pub(super) fn text(&self, path: &[&str]) -> Option<String> {
        self.at(path).and_then(text)
    }

    /// A property as a number.
    pub(super) fn number(&self, path: &[&str]) -> Option<f64> {
        self.at(path).and_then(number)
    }

    /// A property as a switch.
    pub(super) fn flag(&self, path: &[&str]) -> Option<bool> {
        self.at(path).and_then(flag)
    }

    /// The items of a list.
    pub(super) fn list(&self, path: &[&str]) -> Vec<&Value> {
        self.at(path).map(items).unwrap_or_default()
    }
}

/// What is at a path of keys.
pub(super) fn at<'v>(value: &'v Value, path: &[&str]) -> Option<&'v Value> {
    path.iter().try_fold(value, |value, key| value.get(key))
}

/// The items of a list; a value that is none is its only item, as CloudFormation takes it.
pub(super) fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(items) => items.iter().collect(),
        Value::Null => Vec::new(),
        other => vec![other],
    }
}

/// A scalar as text.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// A number, also as text.
pub(super) fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    }
}

/// A switch, also as text.
pub(super) fn flag(value: &Value) -> Option<bool> {
    match value {
        Value::Bool(flag) => Some(*flag),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// A value in a few words: a scalar as it is, a reference by what it refers to, anything else as YAML on one line.
pub(super) fn words(value: &Value) -> String {
    if let Some(text) = text(value) {
        return text;
    }
    match value.as_object().filter(|map| map.len() == 1).and_then(|map| map.iter().next()) {
        Some((key, Value::String(name))) if key == "Ref" => name.clone(),
        Some((key, Value::Array(parts))) if key == "Fn::GetAtt" => {
            parts.iter().map(words).collect::<Vec<_>>().join(".")
        }
        Some((key, Value::String(name))) if key == "Fn::GetAtt" => name.clone(),
        _ => match value {
            Value::Array(items) => items.iter().map(words).collect::<Vec<_>>().join(", "),
            other => yaml(other).split_whitespace().collect::<Vec<_>>().join(" "),
        },
    }
}

/// The value with what is known of it; none if it is `AWS::NoValue`.
fn become_(given: Given<'_>, value: &Value) -> Option<Value> {
    let (picked, _) = given.picked(value);
    let value = picked?;
    match value {
        Value::Object(map) => {
            if map.len() == 1
                && map.keys().all(|key| key == "Ref" || key.starts_with("Fn::"))
                && let Some(text) = given.text(value)
            {
                return Some(Value::String(text));
            }
            let entries = map.iter().filter_map(|(key, inside)| Some((key.clone(), become_(given, inside)?)));
            Some(Value::Object(entries.collect()))
        }
        Value::Array(items) => Some(Value::Array(items.iter().filter_map(|item| become_(given, item)).collect())),
        other => Some(other.clone()),
    }
}
