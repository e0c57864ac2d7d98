//! `Fn::ToJsonString`: a tree as text, with what only the deployment knows left in it as functions.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::super::eval::{Scope, function};
use super::super::template::references;

/// Around the number of a value that is put in later. Nothing is written with these letters.
const MARKS: [char; 2] = ['\u{E000}', '\u{E001}'];

/// The text, or a `Fn::Join` that makes it.
pub(super) fn to_json(scope: &Scope<'_>, value: &Value) -> Result<Value, String> {
    let mut later = Vec::new();
    let known = tree(scope, value, &mut later)?.ok_or("Fn::ToJsonString layout is incorrect")?;
    let text = known.to_string();
    scope.pay(text.len())?;
    if later.is_empty() {
        return Ok(Value::String(text));
    }
    let mut parts = Vec::new();
    let mut pieces = text.split(MARKS);
    parts.extend(pieces.next().map(|text| Value::String(text.to_owned())));
    // Texts and numbers take turns.
    while let (Some(number), Some(text)) = (pieces.next(), pieces.next()) {
        let own = number.parse().ok().and_then(|index: usize| later.get(index)).cloned();
        parts.push(own.unwrap_or_else(|| Value::String(number.to_owned())));
        parts.push(Value::String(text.to_owned()));
    }
    Ok(json!({ "Fn::Join": ["", parts] }))
}

/// A tree of what is known; none for `AWS::NoValue`.
fn tree(scope: &Scope<'_>, value: &Value, later: &mut Vec<Value>) -> Result<Option<Value>, String> {
    scope.pay(1)?;
    match (function(value), value) {
        (Some(("Fn::If", Value::Array(parts))), _) => match parts.as_slice() {
            [Value::String(name), yes, no] => tree(scope, if scope.condition(name)? { yes } else { no }, later),
            _ => Err("Fn::If layout is incorrect".to_owned()),
        },
        (Some(("Condition", _)), _) => Err("Fn::ToJsonString does not support Condition intrinsic function".to_owned()),
        (Some((name @ ("Fn::Split" | "Fn::Cidr"), _)), _) if is_late(scope, value) => {
            Err(format!("Fn::ToJsonString does not support {name} of what is not known yet"))
        }
        (Some(_), _) if is_late(scope, value) => {
            let [open, close] = MARKS;
            let mark = format!("{open}{}{close}", later.len());
            later.push(value.clone());
            Ok(Some(Value::String(mark)))
        }
        (Some(_), _) => scope.value(value),
        (None, Value::Array(items)) => {
            let known: Vec<Option<Value>> =
                items.iter().map(|item| tree(scope, item, later)).collect::<Result<_, String>>()?;
            Ok(Some(Value::Array(known.into_iter().flatten().collect())))
        }
        (None, Value::Object(map)) => {
            let mut known = Map::new();
            for (key, inside) in map {
                known.extend(tree(scope, inside, later)?.map(|inside| (key.clone(), inside)));
            }
            Ok(Some(Value::Object(known)))
        }
        (None, scalar) => Ok(Some(scalar.clone())),
    }
}

/// Whether a value depends on a resource, an export, or on what only the stack knows.
fn is_late(scope: &Scope<'_>, value: &Value) -> bool {
    fn asks(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains("AWS::StackId") || text.contains("AWS::NotificationARNs"),
            Value::Array(items) => items.iter().any(asks),
            Value::Object(map) => map.iter().any(|(key, inside)| key == "Fn::ImportValue" || asks(inside)),
            _ => false,
        }
    }
    let mut names = BTreeSet::new();
    references(value, &mut names);
    asks(value) || names.iter().any(|name| !scope.template.parameters.contains_key(name))
}
