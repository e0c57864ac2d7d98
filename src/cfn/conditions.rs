//! Which conditions of a template hold, as far as the values of its parameters tell.
//!
//! Functions whose result only AWS knows (an import, a parameter of SSM, a macro) leave a condition open, and so does a value
//! that is not known. \[doc: "Condition functions"\]

use std::collections::BTreeMap;

use serde_json::Value;

use super::document::{Document, Resource};

/// How deep conditions may name conditions: more than a template that CloudFormation takes without a circle would need.
const MAX_DEPTH: usize = 64;

/// A template with the values that it is given.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The template.
    pub document: &'a Document,
    /// Values of parameters and of pseudo parameters like `AWS::Region`; none where there is one that is not known.
    pub values: &'a BTreeMap<String, Option<String>>,
}

impl<'a> Given<'a> {
    /// The value of a parameter: the one that is given, or the default. None where it is not known.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let declared = self.document.section("Parameters").and_then(|all| all.get(name));
        // What is given is then only the name of the value.
        let elsewhere =
            declared.and_then(|one| one.get("Type")?.as_str()).is_some_and(|kind| kind.starts_with("AWS::SSM::"));
        match self.values.get(name) {
            _ if elsewhere => None,
            Some(value) => value.clone(),
            None => declared.and_then(|one| scalar(one.get("Default")?)),
        }
    }

    /// Whether a condition holds; none where that is not known.
    pub fn condition(&self, name: &str) -> Option<bool> {
        self.holds(name, 0)
    }

    /// Whether a resource is there; none where that is not known.
    pub fn has(&self, resource: Resource<'_>) -> Option<bool> {
        match resource.body.get("Condition") {
            None => Some(true),
            Some(Value::String(name)) => self.condition(name),
            Some(_) => None,
        }
    }

    fn holds(&self, name: &str, depth: usize) -> Option<bool> {
        let condition = self.document.section("Conditions").and_then(|all| all.get(name))?;
        if depth < MAX_DEPTH { self.truth(condition, depth + 1) } else { None }
    }

    fn truth(&self, condition: &Value, depth: usize) -> Option<bool> {
        let (function, inside) = only(condition)?;
        let parts = || inside.as_array().into_iter().flatten();
        let truths = || parts().map(|part| self.truth(part, depth)).collect::<Vec<_>>();
        if depth >= MAX_DEPTH {
            return None;
        }
        match function {
            "Condition" => self.holds(inside.as_str()?, depth),
            "Fn::Equals" => match inside.as_array()?.as_slice() {
                [one, other] if one == other => Some(true),
                [one, other] => Some(self.text(one)? == self.text(other)?),
                _ => None,
            },
            "Fn::Not" => self.truth(parts().next()?, depth + 1).map(|truth| !truth),
            "Fn::And" if truths().contains(&Some(false)) => Some(false),
            "Fn::Or" if truths().contains(&Some(true)) => Some(true),
            "Fn::And" => truths().into_iter().collect::<Option<Vec<_>>>().map(|_| true),
            "Fn::Or" => truths().into_iter().collect::<Option<Vec<_>>>().map(|_| false),
            _ => None,
        }
    }

    /// The text of an operand of `Fn::Equals`.
    fn text(&self, value: &Value) -> Option<String> {
        match only(value) {
            None => scalar(value),
            Some(("Ref", Value::String(name))) => self.parameter(name),
            Some(("Fn::FindInMap", Value::Array(path))) => match path.as_slice() {
                [mapping, first, second] => {
                    let mapping = self.document.section("Mappings")?.get(self.text(mapping)?)?;
                    scalar(mapping.get(self.text(first)?)?.get(self.text(second)?)?)
                }
                _ => None,
            },
            Some(_) => None,
        }
    }
}

/// The only entry of a map.
fn only(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    map.iter().next().map(|(key, inside)| (key.as_str(), inside))
}

/// A scalar as CloudFormation compares it.
fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
