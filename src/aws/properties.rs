//! Writes what AWS answered as the properties that CloudFormation has for it: its names, and only what is set.

use std::collections::HashMap;

use serde_json::{Map, Value};

/// Collects the properties of one thing.
#[derive(Default)]
pub(super) struct Properties(Map<String, Value>);

impl Properties {
    /// Adds a property, if it is set.
    pub(super) fn with(mut self, name: &str, value: Option<impl Into<Value>>) -> Self {
        if let Some(value) = value {
            self.0.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Adds an object or a list, if anything is in it.
    pub(super) fn having(self, name: &str, value: Value) -> Self {
        let empty = match &value {
            Value::Object(map) => map.is_empty(),
            Value::Array(list) => list.is_empty(),
            other => other.is_null(),
        };
        self.with(name, (!empty).then_some(value))
    }

    /// The properties as an object.
    pub(super) fn object(self) -> Value {
        Value::Object(self.0)
    }

    /// The properties by name.
    pub(super) fn into_map(self) -> Map<String, Value> {
        self.0
    }
}

/// A list whose order means something.
pub(super) fn in_order<T>(items: &[T], each: impl Fn(&T) -> Value) -> Value {
    items.iter().map(each).collect()
}

/// A list whose order means nothing: AWS may answer it in any order.
pub(super) fn sorted<T>(items: &[T], each: impl Fn(&T) -> Value) -> Value {
    let mut values: Vec<Value> = items.iter().map(each).collect();
    values.sort_by_cached_key(Value::to_string);
    Value::Array(values)
}

/// A list of texts whose order means nothing.
pub(super) fn texts(items: &[String]) -> Value {
    sorted(items, |text| Value::from(text.as_str()))
}

/// Pairs of a name and a value.
pub(super) fn named<'a, V: Into<Value>>(pairs: impl Iterator<Item = (&'a str, V)>) -> Value {
    let mut pairs: Vec<(String, Value)> = pairs.map(|(name, value)| (name.to_owned(), value.into())).collect();
    pairs.sort_by(|one, other| one.0.cmp(&other.0));
    Value::Object(pairs.into_iter().collect())
}

/// A map of texts; empty if it is not set.
pub(super) fn map(map: Option<&HashMap<String, String>>) -> Value {
    named(map.into_iter().flatten().map(|(name, value)| (name.as_str(), value.as_str())))
}
