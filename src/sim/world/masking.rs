//! What `NoEcho` hides: the values of parameters, and of what custom resources answered, where a call shows properties.
//!
//! \[doc: "Parameters", `NoEcho`; "Custom resource response objects"\] Calls that describe a stack's events or its change sets show
//! asterisks. Outputs and what resources are made of have the value itself. \[iss: go-to-k/cdkd#2274, measured\] \[?\] The whole of a
//! property's value is hidden if a part of it comes from there.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::change_set::Change;
use super::eval::placeholders;
use super::stack::{Operation, Phase, Resource, Shape, Stack};
use super::template::Template;

/// What a call shows instead.
pub(in crate::sim) const MASK: &str = "****";

/// Which values of a stack are hidden.
#[derive(Clone, Copy)]
struct Hidden<'a> {
    template: &'a Template,
    stack: &'a Stack,
}

impl<'a> Hidden<'a> {
    fn of(template: &'a Template, stack: &'a Stack) -> Self {
        Self { template, stack }
    }

    fn is_any(self) -> bool {
        self.template.parameters.values().any(|parameter| parameter.no_echo)
            || self.stack.resources.values().any(|resource| resource.no_echo)
    }

    fn parameter(self, name: &str) -> bool {
        self.template.parameters.get(name).is_some_and(|parameter| parameter.no_echo)
    }

    fn attribute_of(self, logical: &str) -> bool {
        self.stack.resources.get(logical).is_some_and(|resource| resource.no_echo)
    }

    fn mentions(self, written: &Value) -> bool {
        match written {
            Value::Array(items) => items.iter().any(|item| self.mentions(item)),
            Value::Object(map) => map.iter().any(|(key, inner)| match (key.as_str(), inner) {
                ("Ref", Value::String(name)) => self.parameter(name),
                ("Fn::GetAtt", Value::String(text)) => {
                    text.split_once('.').is_some_and(|(logical, _)| self.attribute_of(logical))
                }
                ("Fn::GetAtt", Value::Array(parts)) => {
                    parts.first().and_then(Value::as_str).is_some_and(|logical| self.attribute_of(logical))
                }
                ("Fn::Sub", Value::String(text)) => self.fills(text),
                ("Fn::Sub", Value::Array(parts)) => {
                    parts.first().and_then(Value::as_str).is_some_and(|text| self.fills(text))
                        || parts.get(1).is_some_and(|own| self.mentions(own))
                }
                (_, inner) => self.mentions(inner),
            }),
            _ => false,
        }
    }

    /// Whether a placeholder of a text is hidden.
    fn fills(self, text: &str) -> bool {
        placeholders(text).any(|name| match name.split_once('.') {
            Some((logical, _)) => self.attribute_of(logical),
            None => self.parameter(name),
        })
    }

    fn value(self, written: Option<&Value>, value: &Value) -> Value {
        match (written, value) {
            (Some(Value::Object(own)), Value::Object(map)) if !is_function(own) => Value::Object(self.map(own, map)),
            (Some(Value::Array(own)), Value::Array(items)) if own.len() == items.len() => {
                own.iter().zip(items).map(|(written, item)| self.value(Some(written), item)).collect()
            }
            (Some(written), _) if self.mentions(written) => Value::String(MASK.to_owned()),
            _ => value.clone(),
        }
    }

    fn map(self, written: &Map<String, Value>, map: &Map<String, Value>) -> Map<String, Value> {
        map.iter().map(|(key, value)| (key.clone(), self.value(written.get(key), value))).collect()
    }

    fn shown<'p>(self, logical: &str, properties: &'p Map<String, Value>) -> Cow<'p, Map<String, Value>> {
        let written = self.template.resources.get(logical).filter(|_| self.is_any());
        written.map_or(Cow::Borrowed(properties), |written| Cow::Owned(self.map(&written.properties, properties)))
    }

    fn is_hidden(self, logical: &str, property: &str) -> bool {
        let written = self.template.resources.get(logical);
        written.and_then(|written| written.properties.get(property)).is_some_and(|written| self.mentions(written))
    }

    /// Properties of a resource in JSON, as a change set has them.
    fn in_json(self, logical: &str, text: &str) -> String {
        let Ok(Value::Object(mut whole)) = serde_json::from_str(text) else { return text.to_owned() };
        if let Some(Value::Object(properties)) = whole.get_mut("Properties") {
            *properties = self.shown(logical, properties).into_owned();
        }
        Value::Object(whole).to_string()
    }
}

fn is_function(map: &Map<String, Value>) -> bool {
    map.len() == 1 && map.keys().all(|key| key == "Ref" || key.starts_with("Fn::"))
}

/// The properties of a resource in an event. What the new template does not have is described by the one before.
pub(super) fn in_event<'r>(
    stack: &Stack,
    operation: &Operation,
    resource: &'r Resource,
) -> Cow<'r, Map<String, Value>> {
    let before = stack.previous.as_ref().map(|previous| &*previous.shape.template);
    let (first, second) = match (operation.phase, before) {
        (Phase::UpdateRollback, Some(before)) => (before, Some(&*stack.shape.template)),
        _ => (&*stack.shape.template, before),
    };
    let has = |template: &&Template| template.resources.contains_key(&resource.logical);
    let template = [Some(first), second].into_iter().flatten().find(has).unwrap_or(first);
    Hidden::of(template, stack).shown(&resource.logical, &resource.properties)
}

/// Hides values in a row of a change set that gives a stack a shape.
pub(super) fn hide(row: &mut Change, stack: &Stack, shape: &Shape) {
    let (old, new) = (Hidden::of(&stack.shape.template, stack), Hidden::of(&shape.template, stack));
    if !old.is_any() && !new.is_any() {
        return;
    }
    let logical = &row.logical;
    row.before = row.before.take().map(|text| old.in_json(logical, &text));
    row.after = row.after.take().map(|text| new.in_json(logical, &text));
    for detail in &mut row.details {
        let Some(name) = &detail.name else { continue };
        for (hidden, value) in [(old, &mut detail.before), (new, &mut detail.after)] {
            if value.is_some() && hidden.is_hidden(logical, name) {
                *value = Some(MASK.to_owned());
            }
        }
    }
}
