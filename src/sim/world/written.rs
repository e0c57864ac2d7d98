//! What CloudFormation refuses in a template as it is written, before it makes anything.
//!
//! Functions and what they are given, names and attributes that nothing has, sections and the attributes of resources are judged by
//! the same reading of AWS's documents as in `load/` (`cfn/`), so that a call is refused here for what `check` finds. What a service
//! itself refuses is its resource's failure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::cfn::{self, Document, Given, Reference, TemplateProblem};
use crate::sim::error::{Answer, ApiError};

fn error(words: impl std::fmt::Display) -> ApiError {
    ApiError::validation(words.to_string())
}

/// Refuses a template for the first thing that is wrong with its text.
pub(super) fn check(root: &Map<String, Value>) -> Answer<()> {
    let document = Document::from_sections(root.clone());
    if let Some(fault) = cfn::check_template(&document).into_iter().next() {
        return Err(error(words(&fault.problem)));
    }
    if let Some(unknown) = cfn::check_attributes(&document).into_iter().next() {
        let (resource, attribute) = (&unknown.resource, &unknown.attribute);
        let words =
            format!("Template error: resource {resource} does not support attribute type {attribute} in Fn::GetAtt");
        return Err(error(words));
    }
    match cfn::check_sections(&document).into_iter().find(|fault| fault.certain) {
        Some(fault) => Err(error(fault.aws)),
        None => Ok(()),
    }
}

/// The functions that CloudFormation knows without a transform, as it lists them itself. \[reports\]
const SUPPORTED: &str = "Fn::Base64, Fn::GetAtt, Fn::GetAZs, Fn::ImportValue, Fn::Join, Fn::Split, Fn::FindInMap, Fn::Select, Ref, \
                         Fn::Equals, Fn::If, Fn::Not, Condition, Fn::And, Fn::Or, Fn::Contains, Fn::EachMemberEquals, \
                         Fn::EachMemberIn, Fn::ValueOf, Fn::ValueOfAll, Fn::RefAll, Fn::Sub, Fn::Cidr";

/// Refuses functions that only a transform knows and that no transform has taken out.
pub(super) fn check_functions(root: &Map<String, Value>) -> Answer<()> {
    for section in ["Resources", "Outputs"] {
        let entries = root.get(section).and_then(Value::as_object).into_iter().flat_map(Map::keys);
        if let Some(name) = entries.into_iter().find(|name| name.starts_with("Fn::")) {
            let what = if section == "Resources" { "resource" } else { "output" };
            return Err(error(format!("Template format error: [/{section}/{name}] {what} definition is malformed")));
        }
    }
    root.iter().filter(|(name, _)| name.as_str() != "Metadata").try_for_each(|(_, section)| extended(section))
}

fn extended(value: &Value) -> Answer<()> {
    match value {
        Value::Array(items) => items.iter().try_for_each(extended),
        Value::Object(map) => map.iter().try_for_each(|(key, inside)| {
            let only = map.len() == 1;
            match (key.as_str(), inside) {
                ("Fn::Length" | "Fn::ToJsonString", _) if only => {}
                (loops, _) if loops.starts_with("Fn::ForEach") => {}
                ("Fn::FindInMap", Value::Array(parts)) if only && parts.len() == 4 => {
                    return Err(error(
                        "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the \
                         attribute for return value",
                    ));
                }
                _ => return extended(inside),
            }
            Err(error(format!(
                "Template error: Encountered unsupported function: {key} Supported functions are: [{SUPPORTED}]"
            )))
        }),
        _ => Ok(()),
    }
}

/// AWS's words, where they are known.
fn words(problem: &TemplateProblem) -> String {
    match problem {
        TemplateProblem::Null => "Template format error: 'null' values are not allowed in templates".to_owned(),
        TemplateProblem::Arguments { function, wanted } => {
            format!("Template error: every {function} object requires {wanted}")
        }
        TemplateProblem::Missing { what: "condition", name } => {
            format!(
                "Template format error: Unresolved condition dependency {name} in the Resources block of the template"
            )
        }
        TemplateProblem::Missing { what: "mapping", name } => {
            format!("Template error: Mapping named '{name}' is not present in the 'Mappings' section of template.")
        }
        TemplateProblem::Missing { what: "resource", name } => {
            format!("Template error: instance of Fn::GetAtt references undefined resource {name}")
        }
        other => format!("Template format error: {other}"),
    }
}

/// Refuses a template in which what exists refers to a resource that does not, because its condition does not hold.
pub(super) fn check_conditions(body: &str, values: &BTreeMap<String, String>) -> Answer<()> {
    let Ok(source) = cfn::read(body) else { return Ok(()) };
    let Ok(document) = Document::from_value(source.into_value()) else { return Ok(()) };
    let values = values.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect();
    let given = Given { document: &document, values: &values };
    let absent: BTreeSet<&str> =
        document.resources().filter(|one| given.has(*one) == Some(false)).map(|one| one.id).collect();
    if absent.is_empty() {
        return Ok(());
    }
    let mut walk = Walk { given, absent: &absent, found: BTreeSet::new() };
    for resource in document.resources().filter(|one| !absent.contains(one.id)) {
        resource.body.get("Properties").into_iter().for_each(|properties| walk.value(properties));
    }
    let block = if walk.found.is_empty() { "Outputs" } else { "Resources" };
    let outputs = document.section("Outputs").and_then(Value::as_object).into_iter().flatten();
    if block == "Outputs" {
        for (_, output) in outputs {
            let condition = output.get("Condition").and_then(Value::as_str);
            if condition.is_none_or(|name| given.condition(name) == Some(true)) {
                output.get("Value").into_iter().for_each(|value| walk.value(value));
            }
        }
    }
    if walk.found.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = walk.found.iter().map(String::as_str).collect();
    let names = names.join(", ");
    Err(error(format!(
        "Template format error: Unresolved resource dependencies [{names}] in the {block} block of the template"
    )))
}

/// Looks for references, along the branches that conditions choose.
struct Walk<'a> {
    given: Given<'a>,
    absent: &'a BTreeSet<&'a str>,
    found: BTreeSet<String>,
}

impl Walk<'_> {
    fn value(&mut self, value: &Value) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| self.value(item)),
            Value::Object(map) => match map.get("Fn::If").and_then(Value::as_array).map(Vec::as_slice) {
                Some([Value::String(name), yes, no]) if map.len() == 1 => match self.given.condition(name) {
                    Some(true) => self.value(yes),
                    Some(false) => self.value(no),
                    None => {}
                },
                _ => self.function(map),
            },
            _ => {}
        }
    }

    fn function(&mut self, map: &Map<String, Value>) {
        let only = map.iter().next().filter(|_| map.len() == 1);
        if let Some((name @ ("Ref" | "Fn::GetAtt" | "Fn::Sub"), inside)) =
            only.map(|(name, inside)| (name.as_str(), inside))
        {
            let one = Value::Object([(name.to_owned(), inside.clone())].into_iter().collect());
            for reference in cfn::references(&one) {
                if let Reference::Name(id) | Reference::Attribute(id, _) = reference
                    && self.absent.contains(id.as_str())
                {
                    self.found.insert(id);
                }
            }
            return;
        }
        map.values().for_each(|inside| self.value(inside));
    }
}
