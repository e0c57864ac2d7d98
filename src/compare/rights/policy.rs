//! The policy documents of a resource, wherever they stand.

use std::borrow::Cow;

use serde_json::Value;

use super::super::known::{Thing, text, words};
use super::statement::Statement;

/// A policy document.
#[derive(Clone, Debug)]
pub(super) struct Policy {
    /// Where it is in the resource.
    pub(super) place: String,
    /// It says who may become the role.
    pub(super) trust: bool,
    pub(super) statements: Vec<Statement>,
}

/// The policy documents of a resource: every map with `Statement`s that have an `Effect`, also as JSON in a text; and the
/// permission of a function, which is a statement by itself.
pub(super) fn policies(thing: &Thing) -> Vec<Policy> {
    let mut found = Vec::new();
    collect(&thing.properties, "", &mut found);
    if matches!(thing.kind.as_str(), "AWS::Lambda::Permission" | "AWS::Lambda::LayerVersionPermission") {
        found.push(Policy { place: "Permission".to_owned(), trust: false, statements: vec![permission(thing)] });
    }
    found
}

fn collect(value: &Value, place: &str, found: &mut Vec<Policy>) {
    match value {
        Value::Object(map) => {
            let statements = map.get("Statement").map(statements).unwrap_or_default();
            if !statements.is_empty() {
                let trust = place.ends_with("AssumeRolePolicyDocument");
                let place = place.strip_suffix("/PolicyDocument").unwrap_or(place).to_owned();
                found.push(Policy { place, trust, statements });
                return;
            }
            map.iter().for_each(|(key, inside)| collect(inside, &below(place, key), found));
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let name = item.get("PolicyName").map_or_else(|| index.to_string(), words);
                collect(item, &below(place, &name), found);
            }
        }
        // Some types take the document as text.
        Value::String(json) if json.trim_start().starts_with('{') && json.contains("\"Statement\"") => {
            if let Ok(inside) = serde_json::from_str::<Value>(json) {
                collect(&inside, place, found);
            }
        }
        _ => {}
    }
}

fn below(place: &str, key: &str) -> String {
    if place.is_empty() { key.to_owned() } else { format!("{place}/{key}") }
}

/// The statements of a document: a list, or one alone.
fn statements(value: &Value) -> Vec<Statement> {
    let all: Cow<'_, [Value]> = match value {
        Value::Array(items) => Cow::Borrowed(items),
        Value::Object(_) => Cow::Owned(vec![value.clone()]),
        _ => Cow::Owned(Vec::new()),
    };
    all.iter().filter_map(Statement::read).collect()
}

/// `AWS::Lambda::Permission`: who may call the function.
fn permission(thing: &Thing) -> Statement {
    let limits =
        ["SourceArn", "SourceAccount", "PrincipalOrgID", "OrganizationId", "EventSourceToken", "InvokedViaFunctionUrl"];
    let conditions: Vec<String> =
        limits.iter().filter_map(|key| thing.at(&[key]).map(|value| format!("{key}={}", words(value)))).collect();
    let one = |key: &str| thing.at(&[key]).and_then(text).or_else(|| thing.at(&[key]).map(words)).into_iter().collect();
    let function: Vec<String> =
        ["FunctionName", "LayerVersionArn"].iter().flat_map(|key| -> Vec<String> { one(key) }).collect();
    Statement::of(one("Action"), function, one("Principal"), (!conditions.is_empty()).then(|| conditions.join(" ")))
}
