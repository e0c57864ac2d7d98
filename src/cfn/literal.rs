//! Where a template must be literal.
//!
//! A text that is filled in later may be a value, but not a choice: it may not name a resource or a function, or decide
//! whether or how often something exists. Code that fills templates asks this module which marked texts are in places that
//! must be literal.

use serde_json::Value;

use super::document::Document;
use super::read::push_key;

/// A text in a place that must be literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Misplaced {
    /// JSON pointer to the text, or to the entry whose key it is.
    pub pointer: String,
    /// What the text would decide, to stand behind "here it would decide".
    pub decides: &'static str,
}

/// Parts of a resource that are values; what else there is says whether and how the resource exists.
const VALUES_OF_RESOURCES: [&str; 5] = ["CreationPolicy", "Description", "Metadata", "Properties", "UpdatePolicy"];
/// Parts of an output that are values.
const VALUES_OF_OUTPUTS: [&str; 3] = ["Description", "Export", "Value"];

/// The texts for which `marked` is true in places that must be literal, in the order of the template.
///
/// Literal are: every key; the sections Conditions, Rules, Mappings, Parameters, Transform and the format version; of a
/// resource and an output everything but their values; the names in `Ref`, `Fn::GetAtt`, `Fn::If`, `Fn::FindInMap` and
/// `Condition`; variable and collection of `Fn::ForEach`; and whatever a macro is given in `Fn::Transform`.
pub fn misplaced(document: &Document, marked: impl Fn(&str) -> bool) -> Vec<Misplaced> {
    let mut walk = Walk { marked: &marked, found: Vec::new() };
    for (name, section) in document.as_map() {
        let pointer = walk.key("", name);
        match name.as_str() {
            "Description" | "Metadata" => walk.value(section, &pointer),
            "Resources" => {
                walk.entries(section, &pointer, &VALUES_OF_RESOURCES, "what a resource is, or whether it exists")
            }
            "Outputs" => walk.entries(section, &pointer, &VALUES_OF_OUTPUTS, "whether an output exists"),
            "Parameters" => walk.literal(
                section,
                &pointer,
                "what the template asks for (a parameter's value belongs in `parameters`)",
            ),
            "Mappings" => walk.literal(section, &pointer, "what conditions look up (use a parameter)"),
            _ => walk.literal(section, &pointer, "which resources exist"),
        }
    }
    walk.found
}

struct Walk<'a> {
    marked: &'a dyn Fn(&str) -> bool,
    found: Vec<Misplaced>,
}

impl Walk<'_> {
    fn find(&mut self, pointer: &str, decides: &'static str) {
        self.found.push(Misplaced { pointer: pointer.to_owned(), decides });
    }

    /// The pointer to an entry, whose key is literal everywhere.
    fn key(&mut self, pointer: &str, key: &str) -> String {
        let mut below = pointer.to_owned();
        push_key(&mut below, key);
        if (self.marked)(key) {
            self.find(&below, "the name of a key");
        }
        below
    }

    /// Resources or outputs; a loop over them may be nested in another.
    fn entries(&mut self, section: &Value, pointer: &str, values: &[&str], decides: &'static str) {
        let Value::Object(entries) = section else { return self.literal(section, pointer, decides) };
        for (id, body) in entries {
            let pointer = self.key(pointer, id);
            if id.starts_with("Fn::ForEach")
                && let Value::Array(parts) = body
            {
                for (index, part) in parts.iter().enumerate() {
                    let pointer = format!("{pointer}/{index}");
                    match index {
                        2 => self.entries(part, &pointer, values, decides),
                        _ => self.literal(part, &pointer, "how many exist"),
                    }
                }
                continue;
            }
            let Value::Object(parts) = body else {
                self.literal(body, &pointer, decides);
                continue;
            };
            for (name, part) in parts {
                let pointer = self.key(&pointer, name);
                if values.contains(&name.as_str()) {
                    self.value(part, &pointer);
                } else {
                    self.literal(part, &pointer, decides);
                }
            }
        }
    }

    /// Something in which no marked text may stand at all.
    fn literal(&mut self, value: &Value, pointer: &str, decides: &'static str) {
        match value {
            Value::String(text) if (self.marked)(text) => self.find(pointer, decides),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.literal(item, &format!("{pointer}/{index}"), decides);
                }
            }
            Value::Object(map) => {
                for (key, inside) in map {
                    let pointer = self.key(pointer, key);
                    self.literal(inside, &pointer, decides);
                }
            }
            _ => {}
        }
    }

    fn value(&mut self, value: &Value, pointer: &str) {
        match value {
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.value(item, &format!("{pointer}/{index}"));
                }
            }
            Value::Object(map) => {
                let alone = map.len() == 1;
                for (key, inside) in map {
                    let pointer = self.key(pointer, key);
                    self.argument(key, inside, &pointer, alone);
                }
            }
            _ => {}
        }
    }

    /// What a function is given, or the value of a plain key.
    fn argument(&mut self, key: &str, inside: &Value, pointer: &str, alone: bool) {
        let literal_first = match key {
            "Ref" | "Condition" if alone => return self.literal(inside, pointer, "what the template refers to"),
            "Fn::GetAtt" => return self.literal(inside, pointer, "what the template refers to"),
            "Fn::Transform" => return self.literal(inside, pointer, "what a macro makes"),
            "Fn::If" | "Fn::FindInMap" => 1,
            key if key.starts_with("Fn::ForEach") => 2,
            _ => 0,
        };
        let Value::Array(items) = inside else { return self.value(inside, pointer) };
        for (index, item) in items.iter().enumerate() {
            let pointer = format!("{pointer}/{index}");
            if index < literal_first {
                self.literal(item, &pointer, "which value is used, or how many");
            } else {
                self.value(item, &pointer);
            }
        }
    }
}
