//! `Fn::ForEach`: a piece of a template, once for each item of a list. \[doc: "Fn::ForEach"\]

use std::cell::Cell;
use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::template::MAX_OBJECT;

/// What a key of a loop begins with.
const KEY: &str = "Fn::ForEach";

/// Whether a key is that of a loop.
pub(super) fn is_loop(key: &str) -> bool {
    key.starts_with(KEY)
}

/// A loop as it is written.
pub(super) struct Loop<'a> {
    /// The name that stands for the item.
    pub(super) identifier: &'a str,
    /// What it goes over, not evaluated.
    pub(super) collection: &'a Value,
    pub(super) fragment: &'a Map<String, Value>,
}

impl<'a> Loop<'a> {
    pub(super) fn read(key: &str, written: &'a Value) -> Result<Self, String> {
        let malformed = || format!("{KEY} layout is incorrect");
        name(key).ok_or_else(malformed)?;
        match written.as_array().map(Vec::as_slice) {
            Some([Value::String(identifier), collection, Value::Object(fragment)]) if is_plain(identifier) => {
                Ok(Self { identifier, collection, fragment })
            }
            _ => Err(malformed()),
        }
    }
}

/// The name of a loop.
fn name(key: &str) -> Option<&str> {
    key.strip_prefix(KEY)?.strip_prefix("::").filter(|name| is_plain(name))
}

fn is_plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Refuses names of loops that are there twice, or that a resource has. \[doc\]
pub(super) fn check_names(root: &Map<String, Value>) -> Result<(), String> {
    fn collect<'a>(value: &'a Value, seen: &mut BTreeSet<&'a str>) -> Result<(), String> {
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| collect(item, seen)),
            Value::Object(map) => map.iter().try_for_each(|(key, inside)| match name(key) {
                Some(name) if !seen.insert(name) => Err(format!("{KEY} loop name {name} is not unique")),
                _ => collect(inside, seen),
            }),
            _ => Ok(()),
        }
    }
    let resources = root.get("Resources").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let mut seen = resources.map(String::as_str).collect();
    root.values().try_for_each(|section| collect(section, &mut seen))
}

/// One turn of a loop: a value with an item in place of the identifier.
pub(super) struct Turn<'a> {
    identifier: &'a str,
    item: &'a str,
    /// `${…}` and `&{…}`; the second takes only letters and digits of the item.
    marks: [(String, String); 2],
    /// How many bytes it may still grow by.
    room: Cell<usize>,
}

impl<'a> Turn<'a> {
    pub(super) fn new(identifier: &'a str, item: &'a str) -> Self {
        let plain = item.chars().filter(char::is_ascii_alphanumeric).collect();
        let marks = [(format!("${{{identifier}}}"), item.to_owned()), (format!("&{{{identifier}}}"), plain)];
        Self { identifier, item, marks, room: Cell::new(MAX_OBJECT) }
    }

    pub(super) fn map(&self, map: &Map<String, Value>) -> Result<Map<String, Value>, String> {
        let mut turned = Map::new();
        for (key, inside) in map {
            let key = self.text(key)?;
            if turned.insert(key.clone(), self.value(inside)?).is_some() {
                return Err(duplicate(&key));
            }
        }
        Ok(turned)
    }

    fn value(&self, value: &Value) -> Result<Value, String> {
        Ok(match value {
            Value::String(text) => Value::String(self.text(text)?),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.value(item)).collect::<Result<_, _>>()?),
            Value::Object(map) => match map.get("Ref").filter(|_| map.len() == 1) {
                Some(Value::String(name)) if name == self.identifier => Value::String(self.item.to_owned()),
                _ => Value::Object(self.map(map)?),
            },
            other => other.clone(),
        })
    }

    fn text(&self, text: &str) -> Result<String, String> {
        let mut text = text.to_owned();
        for (mark, item) in &self.marks {
            let grows = text.matches(mark.as_str()).count().saturating_mul(item.len());
            let room = self.room.get().checked_sub(grows);
            self.room.set(room.ok_or_else(|| format!("{KEY} makes more than {MAX_OBJECT} bytes"))?);
            if text.contains(mark.as_str()) {
                text = text.replace(mark.as_str(), item);
            }
        }
        Ok(text)
    }
}

/// AWS's words for a key that two turns make. \[reports\]
pub(super) fn duplicate(key: &str) -> String {
    format!("Duplicate key '{key}' when merging keys to parent object in {KEY}")
}
