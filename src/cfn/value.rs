//! What a value of a template becomes, as far as the values of its parameters tell.

use std::collections::BTreeMap;

use serde_json::Value;

use super::conditions::{Given, only, scalar};

/// The longest text that is put together, in bytes: a template has no more. \[doc: CloudFormation quotas\]
const LONGEST: usize = 1_000_000;

impl<'a> Given<'a> {
    /// The text that a value becomes: a scalar, or a function whose arguments are known (`Ref` of a parameter, `Fn::Sub`,
    /// `Fn::Join`, `Fn::FindInMap`, `Fn::If`). None for maps, lists, parameters that are lists, and what only AWS knows.
    pub fn text(&self, value: &Value) -> Option<String> {
        let Some((function, inside)) = only(value) else { return scalar(value) };
        match (function, inside) {
            ("Ref", Value::String(name)) => self.single(name),
            ("Fn::FindInMap", Value::Array(path)) => match path.as_slice() {
                [mapping, first, second] => {
                    let mapping = self.document.section("Mappings")?.get(self.text(mapping)?)?;
                    scalar(mapping.get(self.text(first)?)?.get(self.text(second)?)?)
                }
                _ => None,
            },
            ("Fn::If", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(name), yes, no] => self.text(if self.condition(name)? { yes } else { no }),
                _ => None,
            },
            ("Fn::Sub", Value::String(text)) => self.substituted(text, None),
            ("Fn::Sub", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(text)] => self.substituted(text, None),
                [Value::String(text), own] => self.substituted(text, Some(own)),
                _ => None,
            },
            ("Fn::Join", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(by), Value::Array(items)] => {
                    let texts: Option<Vec<String>> = items.iter().map(|item| self.text(item)).collect();
                    Some(texts?.join(by))
                }
                _ => None,
            },
            _ => None,
        }
    }

    /// The value that is left of a value after `Fn::If`, with the conditions that decided: none if it is `AWS::NoValue`.
    /// A condition that is not known leaves its `Fn::If` as it is.
    pub fn picked<'v>(&self, mut value: &'v Value) -> (Option<&'v Value>, Vec<&'v str>) {
        let mut conditions = Vec::new();
        while let Some(("Fn::If", Value::Array(parts))) = only(value) {
            let [Value::String(name), yes, no] = parts.as_slice() else { break };
            let Some(holds) = self.condition(name) else { break };
            conditions.push(name.as_str());
            value = if holds { yes } else { no };
        }
        let gone = matches!(only(value), Some(("Ref", Value::String(name))) if name == "AWS::NoValue");
        ((!gone).then_some(value), conditions)
    }

    /// The value of a parameter that is one text, not a list.
    fn single(&self, name: &str) -> Option<String> {
        let kind = self.document.section("Parameters").and_then(|all| all.get(name)?.get("Type")?.as_str());
        let list = kind.is_some_and(|kind| kind.starts_with("List<") || kind == "CommaDelimitedList");
        if list { None } else { self.parameter(name) }
    }

    fn substituted(&self, text: &str, own: Option<&Value>) -> Option<String> {
        let mut pieces = text.split("${");
        let mut known: BTreeMap<&str, String> = BTreeMap::new();
        let mut result = pieces.next().unwrap_or("").to_owned();
        for piece in pieces {
            let (name, rest) = piece.split_once('}')?;
            match name.trim() {
                literal if literal.starts_with('!') => {
                    result.push_str("${");
                    result.push_str(literal.trim_start_matches('!'));
                    result.push('}');
                }
                name => {
                    // Each value once, however often it is named: names in names could multiply.
                    if !known.contains_key(name) {
                        let value = match own.and_then(|own| own.get(name)) {
                            Some(value) => self.text(value)?,
                            None => self.single(name)?,
                        };
                        known.insert(name, value);
                    }
                    result.push_str(known.get(name)?);
                }
            }
            result.push_str(rest);
            if result.len() > LONGEST {
                return None;
            }
        }
        Some(result)
    }
}
