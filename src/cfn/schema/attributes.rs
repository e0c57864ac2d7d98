//! Attributes that `Fn::GetAtt` and `${…}` ask resources for, against the schemas of their types.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::document::Document;
use super::super::reach::substituted;
use super::super::read::push_key;
use super::{ResourceType, schema_of};

/// An attribute that a resource's type does not have, as far as this copy of the schemas knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownAttribute {
    /// JSON pointer into the template: to the function, or the text.
    pub pointer: String,
    /// Logical id of the resource.
    pub resource: String,
    /// Its type.
    pub kind: &'static str,
    /// As it is written.
    pub attribute: String,
    /// The ones that there are, sorted.
    pub known: Vec<String>,
}

/// Every attribute that does not exist. Types without a schema have any.
pub fn check_attributes(document: &Document) -> Vec<UnknownAttribute> {
    let known = document.resources().filter_map(|resource| {
        let (name, schema) = schema_of(resource.kind())?;
        Some((resource.id, (name, schema)))
    });
    let mut walk = Walk { known: known.collect(), found: Vec::new() };
    for section in ["Resources", "Outputs"] {
        if let Some(value) = document.section(section) {
            walk.value(value, &mut format!("/{section}"));
        }
    }
    walk.found
}

struct Walk<'a> {
    known: BTreeMap<&'a str, (&'static str, &'static ResourceType)>,
    found: Vec<UnknownAttribute>,
}

impl Walk<'_> {
    fn value(&mut self, value: &Value, pointer: &mut String) {
        let length = pointer.len();
        match value {
            Value::Object(map) => {
                for (key, inside) in map {
                    push_key(pointer, key);
                    self.function(key, inside, pointer);
                    self.value(inside, pointer);
                    pointer.truncate(length);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    push_key(pointer, &index.to_string());
                    self.value(item, pointer);
                    pointer.truncate(length);
                }
            }
            _ => {}
        }
    }

    fn function(&mut self, key: &str, inside: &Value, pointer: &str) {
        match (key, inside) {
            ("Fn::GetAtt", Value::Array(parts)) => {
                if let [Value::String(resource), Value::String(attribute)] = parts.as_slice() {
                    self.asked(resource, attribute, pointer);
                }
            }
            ("Fn::GetAtt", Value::String(text)) => {
                if let Some((resource, attribute)) = text.split_once('.') {
                    self.asked(resource, attribute, pointer);
                }
            }
            ("Fn::Sub", Value::String(text)) => {
                for (resource, attribute) in substituted(text).filter_map(|name| name.split_once('.')) {
                    self.asked(resource, attribute, pointer);
                }
            }
            _ => {}
        }
    }

    fn asked(&mut self, resource: &str, attribute: &str, pointer: &str) {
        let Some((kind, schema)) = self.known.get(resource) else { return };
        // What a nested stack puts out is in its own template.
        let output = *kind == "AWS::CloudFormation::Stack" && attribute.starts_with("Outputs.");
        // A placeholder is not a name yet.
        if attribute.contains("#{") || output || schema.has_attribute(attribute) {
            return;
        }
        self.found.push(UnknownAttribute {
            pointer: pointer.to_owned(),
            resource: resource.to_owned(),
            kind,
            attribute: attribute.to_owned(),
            known: schema.attributes(),
        });
    }
}
