//! The limits of CloudFormation that a rendered stack could exceed, checked before any call.
//!
//! Numbers from the CloudFormation user guide, "Understand CloudFormation quotas", and for task definitions from "Amazon ECS
//! service quotas".

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cfn::{Document, MAX_DEPTH};
use crate::model::journal::ParameterValue;
use crate::model::slot::MAX_STACK_NAME;

/// The longest template that is sent with the call, in bytes. Longer ones go through a bucket of S3.
pub const MAX_BODY: usize = 51_200;
/// The longest template that CloudFormation takes from a bucket, in bytes: "1 MB", of which the smaller reading is meant
/// here. \[reports: "Template may not exceed 1000000 bytes in size."\]
pub const MAX_OBJECT: usize = 1_000_000;
/// The longest task definition, in bytes.
pub const MAX_TASK_DEFINITION: usize = 65_536;
/// The most resources of a template.
pub const MAX_RESOURCES: usize = 500;
/// The most parameters, outputs and mappings, each.
pub const MAX_DECLARATIONS: usize = 200;
/// The longest value of a parameter, in bytes.
pub const MAX_PARAMETER: usize = 4_096;
/// The longest description, in bytes.
pub const MAX_DESCRIPTION: usize = 1_024;
/// The longest value of a tag, in characters.
pub const MAX_TAG_VALUE: usize = 256;

/// What is about to be given to CloudFormation.
#[derive(Clone, Copy, Debug)]
pub struct Measured<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// The template.
    pub document: &'a Document,
    /// The template's final text.
    pub body: &'a str,
    pub description: &'a str,
    pub parameters: &'a BTreeMap<String, ParameterValue>,
}

/// Every limit that is exceeded, a sentence each.
pub fn exceeded(measured: &Measured<'_>) -> Vec<String> {
    let mut found = Vec::new();
    let mut limit_of = |service: &str, what: &str, is: usize, most: usize, unit: &str| {
        if is > most {
            found.push(format!("{what} {is} {unit}, and {service} allows at most {most}"));
        }
    };
    for definition in measured.document.resources().filter(|one| one.kind() == "AWS::ECS::TaskDefinition") {
        let bytes = definition.body.get("Properties").map_or(0, |properties| properties.to_string().len());
        limit_of("ECS", &format!("the task definition `{}` has", definition.id), bytes, MAX_TASK_DEFINITION, "bytes");
    }
    // What was written can then be read back, by the engine before it is sent, and by people.
    limit_of("landfall", "the template is nested", measured.document.depth(), MAX_DEPTH, "deep");
    let mut limit = |what: &str, is: usize, most: usize, unit: &str| limit_of("CloudFormation", what, is, most, unit);
    limit("the template has", measured.body.len(), MAX_OBJECT, "bytes");
    limit("the template has", measured.document.resources().count(), MAX_RESOURCES, "resources");
    for section in ["Parameters", "Outputs", "Mappings"] {
        let count = measured.document.section(section).and_then(Value::as_object).map_or(0, serde_json::Map::len);
        limit("the template has", count, MAX_DECLARATIONS, &section.to_lowercase());
    }
    limit("the description has", measured.description.len(), MAX_DESCRIPTION, "bytes");
    limit("the stack's name has", measured.stack.chars().count(), MAX_STACK_NAME, "characters");
    for (name, value) in measured.parameters {
        if let ParameterValue::Value(value) = value {
            limit(&format!("the value of parameter `{name}` has"), value.len(), MAX_PARAMETER, "bytes");
        }
    }
    for (resource, key, value) in tags(measured.document) {
        limit(&format!("tag `{key}` of `{resource}` has"), value.chars().count(), MAX_TAG_VALUE, "characters");
    }
    found
}

/// The tags that resources have in the usual form: logical id, key, value.
fn tags(document: &Document) -> Vec<(&str, &str, &str)> {
    let mut found = Vec::new();
    for resource in document.resources() {
        for tag in resource.property("Tags").and_then(Value::as_array).into_iter().flatten() {
            if let (Some(key), Some(value)) = (tag["Key"].as_str(), tag["Value"].as_str()) {
                found.push((resource.id, key, value));
            }
        }
    }
    found
}
