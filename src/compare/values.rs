//! Values of parameters, shown with the template that declares them, for people.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::cfn::Document;

/// The heading under which values stand. No section of a template has a space in its name.
pub(super) const HEADING: &str = "Parameter values";
/// How CloudFormation shows a value that is declared NoEcho.
pub(super) const MASKED: &str = "****";

/// The document with an additional part for the value of each parameter: the given one or the default. It is no longer a
/// template, and only for [`super::documents`] and [`super::hide`], which hide the values that are declared NoEcho.
pub fn with_values(document: &Document, given: &BTreeMap<String, String>) -> Document {
    let declared = document.section("Parameters").and_then(Value::as_object);
    let value = |(name, declared): (&String, &Value)| {
        let value = match given.get(name) {
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
