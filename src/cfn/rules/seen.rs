//! The values of a template, as far as they are known.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::super::document::Document;
use super::super::read::push_key;

/// A list with more items counts as one that is not known whole, so that rules which look at items for each of others cost little
/// in any template. ECS takes 10 containers, 5 load balancers and 100 ports of a container.
const MOST_KNOWN: usize = 100;
/// So many items of a list are judged.
const MOST_JUDGED: usize = 1_000;

/// A template whose resources are found by type and by name. Resources with a condition are left out.
pub(super) struct Template<'a> {
    resources: BTreeMap<&'a str, (&'a str, Seen<'a>)>,
}

impl<'a> Template<'a> {
    pub(super) fn of(document: &'a Document) -> Self {
        static NOTHING: std::sync::LazyLock<Value> = std::sync::LazyLock::new(|| Value::Object(Map::new()));
        let fixed = document.resources().filter(|resource| !resource.body.contains_key("Condition"));
        let resources = fixed.map(|resource| {
            let pointer = Pointer::of(resource.id);
            let value = resource.body.get("Properties").unwrap_or(&NOTHING);
            (resource.id, (resource.kind(), Seen { pointer, value: Some(value), open: false }))
        });
        Self { resources: resources.collect() }
    }

    /// The properties of every resource of a type.
    pub(super) fn of_kind(&self, kind: &str) -> Vec<Seen<'a>> {
        let all = self.resources.values().filter(|(its, _)| *its == kind);
        all.map(|(_, seen)| seen.clone()).collect()
    }

    /// The properties of the resource that a value refers to, if it is one of a type.
    pub(super) fn referred(&self, value: &Seen<'a>, kind: &str) -> Option<Seen<'a>> {
        let map = value.value?.as_object().filter(|map| map.len() == 1)?;
        let id = match map.iter().next()? {
            (key, Value::String(id)) if key == "Ref" => id.as_str(),
            (key, Value::Array(parts)) if key == "Fn::GetAtt" => parts.first()?.as_str()?,
            (key, Value::String(text)) if key == "Fn::GetAtt" => text.split('.').next()?,
            _ => return None,
        };
        let (its, seen) = self.resources.get(id)?;
        (*its == kind).then(|| seen.clone())
    }
}

/// Steps below the resource that a rule can take.
const DEEPEST: usize = 12;

/// A JSON pointer into a template, which is written only once a rule has something to say: rules look at very many values.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pointer<'a> {
    resource: &'a str,
    steps: [Step; DEEPEST],
    count: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Key(&'static str),
    Item(usize),
}

impl<'a> Pointer<'a> {
    /// The properties of a resource.
    fn of(resource: &'a str) -> Self {
        Self { resource, steps: [Step::Item(0); DEEPEST], count: 0 }
    }

    /// One step further; no further than the deepest that a rule can be.
    fn below(&self, step: Step) -> Self {
        let mut below = self.clone();
        if let Some(place) = below.steps.get_mut(self.count) {
            *place = step;
            below.count += 1;
        }
        below
    }
}

impl From<Pointer<'_>> for String {
    fn from(pointer: Pointer<'_>) -> Self {
        let mut written = "/Resources".to_owned();
        push_key(&mut written, pointer.resource);
        written.push_str("/Properties");
        for step in pointer.steps.iter().take(pointer.count) {
            match step {
                Step::Key(key) => push_key(&mut written, key),
                Step::Item(index) => written.push_str(&format!("/{index}")),
            }
        }
        written
    }
}

/// A value at its place: known, missing, or known only later.
#[derive(Clone, Debug)]
pub(super) struct Seen<'a> {
    /// Where in the template.
    pub(super) pointer: Pointer<'a>,
    value: Option<&'a Value>,
    /// It is not known whether it is there.
    open: bool,
}

impl<'a> Seen<'a> {
    /// What stands under a key.
    pub(super) fn get(&self, key: &'static str) -> Seen<'a> {
        let pointer = self.pointer.below(Step::Key(key));
        match self.value {
            Some(Value::Object(map)) if !is_later(self.value) => {
                let value = map.get(key);
                let open = value.is_none() && map.keys().any(|key| key.starts_with("Fn::"));
                Seen { pointer, value, open }
            }
            value => Seen { pointer, value: None, open: self.open || value.is_some() },
        }
    }

    /// The keys of a map that is known.
    pub(super) fn keys(&self) -> Vec<&'a str> {
        let map = self.value.and_then(Value::as_object).filter(|_| !is_later(self.value));
        map.into_iter().flatten().take(MOST_JUDGED).map(|(key, _)| key.as_str()).collect()
    }

    /// What is found by several keys, one below the other.
    pub(super) fn at(&self, keys: &[&'static str]) -> Seen<'a> {
        match keys {
            [] => self.clone(),
            [first, rest @ ..] => rest.iter().fold(self.get(first), |seen, key| seen.get(key)),
        }
    }

    /// Whether it is certainly not there.
    pub(super) fn is_missing(&self) -> bool {
        match self.value {
            None => !self.open,
            Some(value) => is_no_value(value),
        }
    }

    /// Whether it is certainly a map whose keys are known.
    pub(super) fn is_map(&self) -> bool {
        self.value
            .is_some_and(|value| value.as_object().is_some_and(|map| !map.keys().any(|key| key.starts_with("Fn::"))))
            && !is_later(self.value)
    }

    /// Whether it is certainly there, whatever it is.
    pub(super) fn is_there(&self) -> bool {
        self.value.is_some_and(|value| !is_no_value(value) && !has_branch(value))
    }

    /// A text, a number or a boolean as text, if it is known.
    pub(super) fn text(&self) -> Option<String> {
        match self.value? {
            Value::String(text) if !text.contains("#{") && !text.contains("{{resolve:") => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(flag) => Some(flag.to_string()),
            _ => None,
        }
    }

    /// Whether it is known to be this text; CloudFormation's enumerations are case-sensitive.
    pub(super) fn is(&self, text: &str) -> bool {
        match self.value {
            Some(Value::String(written)) => written == text,
            _ => self.text().as_deref() == Some(text),
        }
    }

    /// Whether it is a text that is known and another one.
    pub(super) fn is_other_than(&self, text: &str) -> bool {
        self.text().is_some_and(|found| found != text)
    }

    /// What tells whether two values are the same one: as they are written, if nothing in them differs between slots.
    pub(super) fn same(&self) -> Option<String> {
        let text = self.value?.to_string();
        (!text.contains("#{") && !text.contains("Fn::If")).then_some(text)
    }

    pub(super) fn number(&self) -> Option<f64> {
        self.text()?.trim().parse().ok()
    }

    pub(super) fn flag(&self) -> Option<bool> {
        match self.text()?.to_ascii_lowercase().as_str() {
            "true" => Some(true),
            "false" => Some(false),
            _ => None,
        }
    }

    /// The items of a list, if each of them is known to be one; none of a list that is not there.
    pub(super) fn items(&self) -> Option<Vec<Seen<'a>>> {
        match self.value {
            None if !self.open => Some(Vec::new()),
            Some(Value::Array(items)) if items.len() <= MOST_KNOWN && items.iter().all(is_one) => Some(self.each()),
            Some(value) if is_no_value(value) => Some(Vec::new()),
            _ => None,
        }
    }

    /// The items of a list that are certainly there, although there may be more.
    pub(super) fn each(&self) -> Vec<Seen<'a>> {
        let items = self.value.and_then(Value::as_array).into_iter().flatten().enumerate();
        let items = items.take(MOST_JUDGED).filter(|(_, item)| is_one(item));
        items
            .map(|(index, item)| Seen {
                pointer: self.pointer.below(Step::Item(index)),
                value: Some(item),
                open: false,
            })
            .collect()
    }
}

/// The name and the arguments of the function that a value is.
fn function(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    let (key, inside) = map.iter().next()?;
    (key == "Ref" || key.starts_with("Fn::")).then_some((key.as_str(), inside))
}

fn is_later(value: Option<&Value>) -> bool {
    value.is_some_and(|value| function(value).is_some())
}

/// Whether an item of a list is one item, whatever it is: a condition may take it away, a list variable may stand for many.
fn is_one(item: &Value) -> bool {
    match function(item) {
        Some(("Ref", inside)) => inside != "AWS::NoValue",
        Some((name, _)) => matches!(name, "Fn::GetAtt" | "Fn::Sub" | "Fn::Join" | "Fn::Select" | "Fn::ImportValue"),
        None => !item.as_str().is_some_and(|text| text.starts_with("#{") && text.ends_with('}')),
    }
}

/// A condition may take it away.
fn has_branch(value: &Value) -> bool {
    function(value).is_some_and(|(name, _)| name == "Fn::If")
}

/// `AWS::NoValue`, which takes a property away.
fn is_no_value(value: &Value) -> bool {
    function(value).is_some_and(|(name, inside)| name == "Ref" && inside == "AWS::NoValue")
}
