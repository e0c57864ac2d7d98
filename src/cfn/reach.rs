//! References inside a document, and the declarations that its resources and outputs reach.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

/// Something that a value refers to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reference {
    /// `Ref`, or `${Name}` in a `Fn::Sub`: a parameter, a pseudo parameter, or a resource's physical id.
    Name(String),
    /// `Fn::GetAtt`, or `${Name.Attribute}` in a `Fn::Sub`: an attribute of a resource.
    Attribute(String, String),
    /// `Fn::FindInMap` with a mapping that is named outright.
    Mapping(String),
    /// The condition of `Fn::If`, or `Condition`.
    Condition(String),
    /// Something that only CloudFormation or a macro can tell.
    Unknown,
}

/// Every reference in a value, sorted.
pub fn references(value: &Value) -> BTreeSet<Reference> {
    let mut found = BTreeSet::new();
    collect(value, &mut found);
    found
}

fn collect(value: &Value, found: &mut BTreeSet<Reference>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        Value::Object(map) => {
            for (key, inside) in map {
                one(key, inside, found);
                collect(inside, found);
            }
        }
        _ => {}
    }
}

fn one(key: &str, inside: &Value, found: &mut BTreeSet<Reference>) {
    let first = || inside.as_array().and_then(|items| items.first()).or(Some(inside));
    match (key, inside) {
        ("Ref", Value::String(name)) => {
            found.insert(Reference::Name(name.clone()));
        }
        ("Fn::GetAtt", _) => {
            found.insert(attribute(inside));
        }
        ("Fn::Sub", _) => {
            if let Some(Value::String(text)) = first() {
                substitutions(text, found);
            }
        }
        ("Fn::FindInMap", _) => {
            let name = inside.as_array().and_then(|items| items.first()).and_then(Value::as_str);
            found.insert(name.map_or(Reference::Unknown, |name| Reference::Mapping(name.to_owned())));
        }
        ("Fn::If", _) => {
            let name = inside.as_array().and_then(|items| items.first()).and_then(Value::as_str);
            found.insert(name.map_or(Reference::Unknown, |name| Reference::Condition(name.to_owned())));
        }
        // A policy statement has a `Condition` too, but an object under it.
        ("Condition", Value::String(name)) => {
            found.insert(Reference::Condition(name.clone()));
        }
        (key, _) if key == "Fn::Transform" || key.starts_with("Fn::ForEach") => {
            found.insert(Reference::Unknown);
        }
        _ => {}
    }
}

fn attribute(inside: &Value) -> Reference {
    let parts: Option<(String, String)> = match inside {
        Value::String(text) => text.split_once('.').map(|(id, name)| (id.to_owned(), name.to_owned())),
        Value::Array(items) => match items.as_slice() {
            [Value::String(id), Value::String(name)] => Some((id.clone(), name.clone())),
            // The attribute's name may be a `Ref`; the resource is known all the same.
            [Value::String(id), _] => Some((id.clone(), String::new())),
            _ => None,
        },
        _ => None,
    };
    parts.map_or(Reference::Unknown, |(id, name)| Reference::Attribute(id, name))
}

/// The names in `${…}` of a `Fn::Sub`; `${!Literal}` names nothing.
pub(super) fn substituted(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split("${").skip(1).filter_map(|piece| piece.split_once('}')).map(|(name, _)| name.trim());
    names.filter(|name| !name.starts_with('!'))
}

fn substitutions(text: &str, found: &mut BTreeSet<Reference>) {
    for name in substituted(text) {
        found.insert(match name.split_once('.') {
            Some((id, attribute)) => Reference::Attribute(id.to_owned(), attribute.to_owned()),
            None => Reference::Name(name.to_owned()),
        });
    }
}

const DECLARATIONS: [&str; 3] = ["Parameters", "Mappings", "Conditions"];

/// What CloudFormation looks at in no template, with or without macros.
const SILENT: [&str; 2] = ["AWSTemplateFormatVersion", "Description"];

/// Resources, hooks and outputs, with the declarations that they reach; everything if a macro may read it.
pub(super) fn executed(root: &Map<String, Value>) -> Map<String, Value> {
    if has_macro(root) {
        return root.iter().filter(|(name, _)| !SILENT.contains(&name.as_str())).map(cloned).collect();
    }
    let mut result = Map::new();
    let mut pending = BTreeSet::new();
    for name in ["Resources", "Hooks", "Outputs"] {
        if let Some(section) = root.get(name) {
            pending.append(&mut references(section));
            result.insert(name.to_owned(), section.clone());
        }
    }
    if pending.contains(&Reference::Unknown) {
        result.extend(root.iter().filter(|(name, _)| DECLARATIONS.contains(&name.as_str())).map(cloned));
        return result;
    }
    for (section, name, value) in reached(root, pending) {
        let entry = result.entry(section).or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(map) = entry {
            map.insert(name, value);
        }
    }
    result
}

fn cloned((name, value): (&String, &Value)) -> (String, Value) {
    (name.clone(), value.clone())
}

/// Whether something rewrites the template before it is executed: `Transform`, or `Fn::Transform` anywhere.
pub(super) fn has_macro(root: &Map<String, Value>) -> bool {
    fn calls(value: &Value) -> bool {
        match value {
            Value::Object(map) => map.iter().any(|(key, inside)| key == "Fn::Transform" || calls(inside)),
            Value::Array(items) => items.iter().any(calls),
            _ => false,
        }
    }
    root.contains_key("Transform") || root.contains_key("Fn::Transform") || root.values().any(calls)
}

/// The declarations that some references lead to, as section, name and value; each once.
fn reached(root: &Map<String, Value>, mut pending: BTreeSet<Reference>) -> Vec<(String, String, Value)> {
    let mut seen = BTreeSet::new();
    let mut result = Vec::new();
    while let Some(reference) = pending.pop_first() {
        if !seen.insert(reference.clone()) {
            continue;
        }
        let (section, name) = match &reference {
            Reference::Name(name) => ("Parameters", name),
            Reference::Mapping(name) => ("Mappings", name),
            Reference::Condition(name) => ("Conditions", name),
            Reference::Attribute(..) | Reference::Unknown => continue,
        };
        let Some(value) = root.get(section).and_then(|section| section.get(name)) else { continue };
        pending.append(&mut references(value));
        result.push((section.to_owned(), name.clone(), value.clone()));
    }
    result
}
