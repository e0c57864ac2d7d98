//! Values of parameters, shown with the template that declares them, for people.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::cfn::Document;

/// The heading under which values stand. No section of a template has a space in its name.
const HEADING: &str = "Parameter values";
/// How CloudFormation shows a value that is declared NoEcho.
const MASKED: &str = "****";

/// The document with an additional part for the value of each parameter: the given one or the default. It is for people and
/// no longer a template.
pub fn with_values(document: &Document, given: &BTreeMap<String, String>) -> Document {
    let declared = document.section("Parameters").and_then(Value::as_object);
    let value = |(name, declared): (&String, &Value)| {
        let no_echo = declared.get("NoEcho").is_some_and(|flag| *flag != Value::Bool(false) && flag != "false");
        let value = match given.get(name) {
            _ if no_echo => Value::from(MASKED),
            Some(text) => Value::from(text.as_str()),
            None => match declared.get("Default")? {
                Value::String(text) => Value::from(text.as_str()),
                other => Value::from(other.to_string()),
            },
        };
        Some((name.clone(), value))
    };
    let values: Map<String, Value> = declared.into_iter().flatten().filter_map(value).collect();
    if values.is_empty() {
        return document.clone();
    }
    let mut sections = document.as_map().clone();
    sections.insert(HEADING.to_owned(), Value::Object(values));
    Document::from_sections(sections)
}
