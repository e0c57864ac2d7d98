//! Intrinsic functions: a template's expressions become values, given parameters and what the resources are.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::template::Template;
use crate::model::Place;

/// What stands for a value that is known only after the change.
pub(super) const AFTER_APPLY: &str = "{{changeSet:KNOWN_AFTER_APPLY}}";

/// What expressions can ask about the rest of the stack and of the region.
pub(super) trait Lookup {
    /// What `Ref` of a resource gives; none if it does not exist.
    fn reference(&self, logical: &str) -> Option<String>;
    /// What `Fn::GetAtt` gives; none if the resource or the attribute does not exist.
    fn attribute(&self, logical: &str, attribute: &str) -> Option<String>;
    /// The same where it is a list.
    fn list(&self, _logical: &str, _attribute: &str) -> Option<Value> {
        None
    }
    /// The value of an export; none if there is none of that name.
    fn import(&self, export: &str) -> Option<String>;
}

/// Everything that expressions are evaluated in.
pub(super) struct Scope<'a> {
    pub(super) template: &'a Template,
    /// What `Ref` gives for each parameter.
    pub(super) parameters: &'a BTreeMap<String, String>,
    /// The stack's name.
    pub(super) stack: &'a str,
    /// The stack's id.
    pub(super) stack_id: &'a str,
    pub(super) place: &'a Place,
    pub(super) lookup: &'a dyn Lookup,
    /// What evaluating has cost so far.
    pub(super) meter: Meter,
}

/// What evaluating in one scope costs, and the conditions that it knows already. A template of 51,200 bytes can write down
/// expressions whose value doubles with every level, and conditions that ask for themselves.
#[derive(Debug, Default)]
pub(super) struct Meter {
    spent: Cell<usize>,
    nested: Cell<usize>,
    conditions: RefCell<BTreeMap<String, bool>>,
}

/// Steps and bytes that one scope may cost: more than a real template needs, and little enough to wait for.
const BUDGET: usize = 1_000_000;
/// How deep conditions may ask for conditions by `Fn::If`, which AWS does not list among what conditions take.
const MAX_NESTED: usize = 32;

/// A value, or none for `AWS::NoValue`; the error is a sentence.
type Evaluated = Result<Option<Value>, String>;

impl Scope<'_> {
    /// Evaluates the properties of a resource.
    pub(super) fn properties(&self, properties: &Map<String, Value>) -> Result<Map<String, Value>, String> {
        match self.map(properties)? {
            Value::Object(map) => Ok(map),
            _ => Ok(Map::new()),
        }
    }

    pub(super) fn text(&self, value: &Value) -> Result<String, String> {
        match self.value(value)? {
            Some(value) => as_text(&value).ok_or_else(|| format!("expected a string, got {value}")),
            None => Ok(String::new()),
        }
    }

    /// Whether the condition of that name holds. Each is evaluated once, after those that it names, however deep they go.
    pub(super) fn condition(&self, name: &str) -> Result<bool, String> {
        let circle = || "conditions refer to each other in a circle".to_owned();
        let (mut pending, mut begun) = (vec![name.to_owned()], BTreeSet::new());
        while let Some(name) = pending.last().cloned() {
            self.pay(1)?;
            if self.known(&name).is_some() {
                pending.pop();
                continue;
            }
            let unknown =
                || format!("Template format error: Unresolved condition dependency {name} in the Conditions block");
            let value = self.template.conditions.get(&name).ok_or_else(unknown)?;
            let mut open = BTreeSet::new();
            named(value, &mut open);
            open.retain(|other| self.known(other).is_none());
            if open.is_empty() {
                let nested = self.meter.nested.get();
                if nested >= MAX_NESTED {
                    return Err(circle());
                }
                self.meter.nested.set(nested + 1);
                let holds = self.boolean(value);
                self.meter.nested.set(nested);
                self.meter.conditions.borrow_mut().insert(name, holds?);
                pending.pop();
            } else if begun.insert(name) {
                pending.extend(open.into_iter().map(str::to_owned));
            } else {
                return Err(circle());
            }
        }
        self.known(name).ok_or_else(circle)
    }

    fn known(&self, condition: &str) -> Option<bool> {
        self.meter.conditions.borrow().get(condition).copied()
    }

    /// Whether something with an optional condition exists.
    pub(super) fn holds(&self, condition: Option<&String>) -> Result<bool, String> {
        condition.map_or(Ok(true), |name| self.condition(name))
    }

    /// Pays for a step, or for bytes that are made.
    pub(super) fn pay(&self, cost: usize) -> Result<(), String> {
        let spent = self.meter.spent.get().saturating_add(cost);
        self.meter.spent.set(spent);
        if spent > BUDGET {
            Err("Template error: its expressions are too large to evaluate".to_owned())
        } else {
            Ok(())
        }
    }

    fn boolean(&self, value: &Value) -> Result<bool, String> {
        self.pay(1)?;
        let Some((key, inner)) = function(value) else {
            return match as_text(value).as_deref() {
                Some("true") => Ok(true),
                Some("false") => Ok(false),
                _ => Err("Template error: every condition must be a boolean function".to_owned()),
            };
        };
        let all = || inner.as_array().map(Vec::as_slice).unwrap_or_default();
        match key {
            "Fn::And" => all().iter().try_fold(true, |so_far, item| Ok(so_far & self.boolean(item)?)),
            "Fn::Or" => all().iter().try_fold(false, |so_far, item| Ok(so_far | self.boolean(item)?)),
            "Fn::Not" => match all() {
                [one] => Ok(!self.boolean(one)?),
                _ => Err("Template error: Fn::Not takes a list of one condition".to_owned()),
            },
            "Fn::Equals" => match all() {
                [left, right] => {
                    let (left, right) = (self.value(left)?, self.value(right)?);
                    Ok(match (&left, &right) {
                        (Some(left), Some(right)) => same(left, right),
                        (left, right) => left.is_none() && right.is_none(),
                    })
                }
                _ => Err("Template error: every Fn::Equals object requires a list of 2 string parameters.".to_owned()),
            },
            "Condition" => self.condition(inner.as_str().unwrap_or("")),
            other => Err(format!("Template error: {other} cannot be used in a condition")),
        }
    }

    pub(super) fn value(&self, value: &Value) -> Evaluated {
        self.pay(1)?;
        if let Some((key, inner)) = function(value) {
            return self.call(key, inner);
        }
        match value {
            Value::Array(items) => {
                let mut list = Vec::with_capacity(items.len());
                for item in items {
                    list.extend(self.value(item)?);
                }
                Ok(Some(Value::Array(list)))
            }
            Value::Object(map) => self.map(map).map(Some),
            other => Ok(Some(other.clone())),
        }
    }

    fn map(&self, map: &Map<String, Value>) -> Result<Value, String> {
        let mut result = Map::new();
        for (key, inner) in map {
            if let Some(value) = self.value(inner)? {
                result.insert(key.clone(), value);
            }
        }
        Ok(Value::Object(result))
    }

    fn call(&self, key: &str, inner: &Value) -> Evaluated {
        match key {
            "Ref" => self.reference(inner.as_str().ok_or("Template error: Ref takes a name")?),
            "Fn::GetAtt" => self.get_attribute(inner).map(Some),
            "Fn::Sub" => self.sub(inner).map(|text| Some(Value::String(text))),
            "Fn::Join" => self.join(inner).map(|text| Some(Value::String(text))),
            "Fn::If" => match inner.as_array().map(Vec::as_slice) {
                Some([Value::String(name), yes, no]) => self.value(if self.condition(name)? { yes } else { no }),
                _ => Err("Template error: Fn::If requires a list argument with the first element being a condition"
                    .to_owned()),
            },
            "Fn::Select" => self.select(inner).map(Some),
            "Fn::Split" => self.split(inner).map(Some),
            "Fn::FindInMap" => self.find_in_map(inner).map(Some),
            "Fn::ImportValue" => {
                let name = self.text(inner)?;
                let value = self.lookup.import(&name).ok_or_else(|| format!("No export named {name} found."))?;
                self.pay(value.len())?;
                Ok(Some(Value::String(value)))
            }
            "Fn::Cidr" => self.cidr(inner).map(Some),
            "Fn::Base64" => Ok(Some(Value::String(base64(self.text(inner)?.as_bytes())))),
            "Fn::GetAZs" => {
                let zone = |letter: char| Value::String(format!("{}{letter}", self.place.region));
                Ok(Some(Value::Array("abc".chars().map(zone).collect())))
            }
            other => Err(format!("the simulated account does not model {other}")),
        }
    }

    fn reference(&self, name: &str) -> Evaluated {
        let region = self.place.region.as_str();
        let pseudo = match name {
            "AWS::NoValue" => return Ok(None),
            "AWS::AccountId" => Some(self.place.account.as_str().to_owned()),
            "AWS::Region" => Some(region.to_owned()),
            "AWS::Partition" => Some(self.place.region.partition().to_owned()),
            "AWS::StackName" => Some(self.stack.to_owned()),
            "AWS::StackId" => Some(self.stack_id.to_owned()),
            "AWS::URLSuffix" => Some(self.place.region.domain().to_owned()),
            "AWS::NotificationARNs" => return Ok(Some(Value::Array(Vec::new()))),
            _ => None,
        };
        if let Some(text) = pseudo {
            return Ok(Some(Value::String(text)));
        }
        if let (Some(parameter), Some(value)) = (self.template.parameters.get(name), self.parameters.get(name)) {
            return Ok(Some(if super::parameters::is_list(&parameter.kind) {
                Value::Array(
                    value.split(',').filter(|v| !v.is_empty()).map(|v| Value::String(v.trim().to_owned())).collect(),
                )
            } else {
                Value::String(value.clone())
            }));
        }
        let missing = || format!("Unresolved resource dependencies [{name}] in the Resources block of the template");
        self.lookup.reference(name).map(|text| Some(Value::String(text))).ok_or_else(missing)
    }

    fn get_attribute(&self, inner: &Value) -> Result<Value, String> {
        let (resource, attribute) = match inner {
            Value::String(text) => {
                let (resource, attribute) = text.split_once('.').ok_or("Template error: Fn::GetAtt takes two parts")?;
                (resource.to_owned(), attribute.to_owned())
            }
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(resource), attribute] => (resource.clone(), self.text(attribute)?),
                _ => return Err("Template error: every Fn::GetAtt object requires two non-empty parameters".to_owned()),
            },
            _ => return Err("Template error: every Fn::GetAtt object requires two non-empty parameters".to_owned()),
        };
        if let Some(list) = self.lookup.list(&resource, &attribute) {
            self.pay(size(&list))?;
            return Ok(list);
        }
        self.attribute(&resource, &attribute).map(Value::String)
    }

    fn attribute(&self, resource: &str, attribute: &str) -> Result<String, String> {
        self.lookup.attribute(resource, attribute).ok_or_else(|| {
            let kind = self.template.resources.get(resource).map_or("of unknown type", |r| r.kind.as_str());
            if super::types::is_custom(kind) {
                // \[iss: aws-cdk#29949\] AWS adds the id of the request.
                return format!(
                    "CustomResource attribute error: Vendor response doesn't contain {attribute} attribute in object \
                     {}|{resource}",
                    self.stack_id
                );
            }
            format!(
                "Template error: resource {resource} ({kind}) does not support attribute type {attribute} in Fn::GetAtt"
            )
        })
    }

    fn sub(&self, inner: &Value) -> Result<String, String> {
        let (text, own) = match inner {
            Value::String(text) => (text.as_str(), None),
            Value::Array(parts) => match parts.as_slice() {
                [Value::String(text), Value::Object(own)] => (text.as_str(), Some(own)),
                _ => return Err("Template error: Fn::Sub takes a string and a map".to_owned()),
            },
            _ => return Err("Template error: Fn::Sub takes a string, or a string and a map".to_owned()),
        };
        let mut result = String::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            result.push_str(&rest[..start]);
            let Some(end) = rest[start..].find('}') else {
                return Err("Template error: `${` is not closed".to_owned());
            };
            let name = rest[start + 2..start + end].trim();
            if let Some(literal) = name.strip_prefix('!') {
                result.push_str(&format!("${{{literal}}}"));
            } else if let Some(value) = own.and_then(|own| own.get(name)) {
                let text = self.text(value)?;
                self.pay(text.len())?;
                result.push_str(&text);
            } else if let Some((resource, attribute)) = name.split_once('.') {
                result.push_str(&self.attribute(resource, attribute)?);
            } else {
                let value = self.reference(name)?.unwrap_or(Value::String(String::new()));
                let text = as_text(&value).ok_or_else(|| format!("Template error: `${{{name}}}` is a list"))?;
                self.pay(text.len())?;
                result.push_str(&text);
            }
            rest = &rest[start + end + 1..];
        }
        result.push_str(rest);
        Ok(result)
    }

    fn join(&self, inner: &Value) -> Result<String, String> {
        let wrong = || "Template error: every Fn::Join object requires two parameters, a string and a list".to_owned();
        let Some([Value::String(separator), list]) = inner.as_array().map(Vec::as_slice) else { return Err(wrong()) };
        let Some(Value::Array(items)) = self.value(list)? else { return Err(wrong()) };
        let texts: Option<Vec<String>> = items.iter().map(as_text).collect();
        let texts = texts.ok_or_else(wrong)?;
        self.pay(texts.iter().map(|text| text.len() + separator.len()).sum())?;
        Ok(texts.join(separator))
    }

    fn select(&self, inner: &Value) -> Result<Value, String> {
        let wrong = || "Template error: Fn::Select takes an index and a list that is long enough".to_owned();
        let Some([index, list]) = inner.as_array().map(Vec::as_slice) else { return Err(wrong()) };
        let index: usize = self.text(index)?.parse().map_err(|_| wrong())?;
        match self.value(list)? {
            Some(Value::Array(items)) => items.get(index).cloned().ok_or_else(wrong),
            Some(Value::String(text)) if text.contains(AFTER_APPLY) => Ok(Value::String(text)),
            _ => Err(wrong()),
        }
    }

    fn split(&self, inner: &Value) -> Result<Value, String> {
        let Some([Value::String(separator), text]) = inner.as_array().map(Vec::as_slice) else {
            return Err("Template error: every Fn::Split object requires two parameters".to_owned());
        };
        let text = self.text(text)?;
        if text.contains(AFTER_APPLY) {
            return Ok(Value::String(text));
        }
        Ok(Value::Array(text.split(separator.as_str()).map(|part| Value::String(part.to_owned())).collect()))
    }

    fn cidr(&self, inner: &Value) -> Result<Value, String> {
        let Some([block, count, bits]) = inner.as_array().map(Vec::as_slice) else {
            return Err("Template error: every Fn::Cidr object requires a block, a count and bits".to_owned());
        };
        let (block, count, bits) = (self.text(block)?, self.text(count)?, self.text(bits)?);
        if let Some(late) = [&block, &count, &bits].into_iter().find(|text| text.contains(AFTER_APPLY)) {
            return Ok(Value::String(late.clone()));
        }
        let blocks = super::cidr::cut(&block, &count, &bits)?;
        self.pay(blocks.len())?;
        Ok(Value::Array(blocks.into_iter().map(Value::String).collect()))
    }

    fn find_in_map(&self, inner: &Value) -> Result<Value, String> {
        let Some([map, first, second]) = inner.as_array().map(Vec::as_slice) else {
            return Err("Template error: every Fn::FindInMap object requires three parameters".to_owned());
        };
        let (map, first, second) = (self.text(map)?, self.text(first)?, self.text(second)?);
        let found = self.template.mappings.get(&map).and_then(|map| map.get(&first)).and_then(|map| map.get(&second));
        self.pay(found.map_or(0, size))?;
        found.cloned().ok_or_else(|| format!("Template error: Unable to get mapping for {map}::{first}::{second}"))
    }
}

/// The conditions that one names.
fn named<'a>(condition: &'a Value, found: &mut BTreeSet<&'a str>) {
    match function(condition) {
        Some(("Condition", Value::String(name))) => {
            found.insert(name);
        }
        Some(("Fn::And" | "Fn::Or" | "Fn::Not", Value::Array(parts))) => {
            parts.iter().for_each(|part| named(part, found));
        }
        _ => {}
    }
}

/// How large a value is, in about bytes.
pub(super) fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len(),
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(map) => 1 + map.iter().map(|(key, inner)| key.len() + size(inner)).sum::<usize>(),
        _ => 1,
    }
}

/// The only key and its value, if the value is a call of a function.
pub(super) fn function(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object()?;
    let (key, inner) = map.iter().next()?;
    (map.len() == 1 && (key == "Ref" || key == "Condition" && inner.is_string() || key.starts_with("Fn::")))
        .then_some((key.as_str(), inner))
}

/// The names between `${` and `}`, `${!literal}` left out.
pub(super) fn placeholders(text: &str) -> impl Iterator<Item = &str> {
    text.split("${")
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .map(|(name, _)| name.trim())
        .filter(|name| !name.starts_with('!'))
}

/// A scalar as text, as CloudFormation passes it on.
pub(super) fn as_text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// Whether two values are the same to CloudFormation: `256` and `"256"` are.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| same(value, other)))
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| same(left, right))
        }
        (left, right) => match (as_text(left), as_text(right)) {
            (Some(left), Some(right)) => left == right,
            _ => left == right,
        },
    }
}

fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().enumerate().fold(0_u32, |word, (index, byte)| word | u32::from(*byte) << (16 - 8 * index));
        for position in 0..4 {
            if position <= chunk.len() {
                text.push(char::from(ALPHABET[(word >> (18 - 6 * position)) as usize & 63]));
            } else {
                text.push('=');
            }
        }
    }
    text
}
