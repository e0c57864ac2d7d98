//! Which conditions of a template hold, as far as the values of its parameters tell.
//!
//! Functions whose result only AWS knows (an import, a parameter of SSM, a macro) leave a condition open, and so does a value
//! that is not known. \[doc: "Condition functions"\]

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::document::{Document, Resource};

/// A template with the values that it is given.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// The template.
    pub document: &'a Document,
    /// Values of parameters and of pseudo parameters like `AWS::Region`; none for a value that is not known.
    pub values: &'a BTreeMap<String, Option<String>>,
}

impl<'a> Given<'a> {
    /// The value of a parameter: the given one or the default. None if it is not known.
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

    /// Whether a condition holds; none if that is not known. Costs a look at each condition that it refers to.
    pub fn condition(&self, name: &str) -> Option<bool> {
        let all = self.document.section("Conditions")?.as_object()?;
        let mut known = BTreeMap::new();
        for name in in_order(all, vec![name]).0 {
            let truth = all.get(name).and_then(|condition| self.truth(condition, &known));
            known.insert(name, truth);
        }
        known.get(name).copied().flatten()
    }

    /// Whether a resource exists; none if that is not known.
    pub fn has(&self, resource: Resource<'_>) -> Option<bool> {
        match resource.body.get("Condition") {
            None => Some(true),
            Some(Value::String(name)) => self.condition(name),
            Some(_) => None,
        }
    }

    /// Whether a condition holds where those that it names are known. One that is not known is in a circle.
    fn truth(&self, condition: &Value, known: &BTreeMap<&str, Option<bool>>) -> Option<bool> {
        let (function, inside) = only(condition)?;
        let parts = || inside.as_array().into_iter().flatten();
        match function {
            "Condition" => known.get(inside.as_str()?).copied().flatten(),
            "Fn::Equals" => match inside.as_array()?.as_slice() {
                [one, other] if one == other => Some(true),
                // A condition could ask for itself by `Fn::If`, which AWS does not list among what conditions take.
                [one, other] if branches(one) || branches(other) => None,
                [one, other] => Some(self.text(one)? == self.text(other)?),
                _ => None,
            },
            "Fn::Not" => self.truth(parts().next()?, known).map(|truth| !truth),
            "Fn::And" => self.joined(inside, known, false),
            "Fn::Or" => self.joined(inside, known, true),
            _ => None,
        }
    }

    /// The result of several conditions, of which one with this value decides.
    fn joined(&self, parts: &Value, known: &BTreeMap<&str, Option<bool>>, decides: bool) -> Option<bool> {
        let mut together = Some(!decides);
        for part in parts.as_array().into_iter().flatten() {
            match self.truth(part, known) {
                Some(truth) if truth == decides => return Some(decides),
                Some(_) => {}
                None => together = None,
            }
        }
        together
    }
}

/// Some conditions and those that they lead to, each once and behind those that it names; and a circle among them, if there is
/// one, its first again at its end.
fn in_order<'a>(all: &'a Map<String, Value>, names: Vec<&'a str>) -> (Vec<&'a str>, Option<Vec<&'a str>>) {
    let (mut order, mut circle) = (Vec::new(), None);
    let (mut begun, mut done) = (BTreeSet::new(), BTreeSet::new());
    let (mut pending, mut way) = (names, Vec::new());
    while let Some(&name) = pending.last() {
        if done.contains(name) {
            pending.pop();
        } else if begun.insert(name) {
            way.push(name);
            for named in all.get(name).map(named).unwrap_or_default() {
                if !begun.contains(named) {
                    pending.push(named);
                } else if circle.is_none() && !done.contains(named) {
                    circle = Some(way.iter().copied().skip_while(|known| *known != named).chain([named]).collect());
                }
            }
        } else {
            pending.pop();
            way.pop();
            done.insert(name);
            order.push(name);
        }
    }
    (order, circle)
}

/// Whether something in a value depends on a condition.
fn branches(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(branches),
        Value::Object(map) => map.iter().any(|(key, inside)| key == "Fn::If" || branches(inside)),
        _ => false,
    }
}

/// The conditions that one names.
fn named(condition: &Value) -> BTreeSet<&str> {
    fn collect<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
        match only(value) {
            Some(("Condition", Value::String(name))) => drop(found.insert(name)),
            Some(("Fn::And" | "Fn::Or" | "Fn::Not", Value::Array(parts))) => {
                parts.iter().for_each(|part| collect(part, found));
            }
            _ => {}
        }
    }
    let mut found = BTreeSet::new();
    collect(condition, &mut found);
    found
}

/// Conditions that refer to each other in a circle, in order, with the first repeated at the end; none if there is no
/// circle.
pub(super) fn circle(root: &Map<String, Value>) -> Option<Vec<&str>> {
    let all = root.get("Conditions").and_then(Value::as_object)?;
    in_order(all, all.keys().map(String::as_str).rev().collect()).1
}

/// The only entry of a map.
pub(super) fn only(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    map.iter().next().map(|(key, inside)| (key.as_str(), inside))
}

/// A scalar as CloudFormation compares it.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}
