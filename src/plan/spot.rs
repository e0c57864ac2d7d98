//! Where in a template a difference is: the value there, and the way to it.
//!
//! A difference names what AWS tells: parts of lists by their names, and what is inside of a task definition as if it were inside of
//! the service that runs it. Whoever compares it with a template, or changes the template, goes that way here.

use serde_json::Value;

use super::expected::place_values;
use crate::cfn::{Document, Given};
use crate::model::Place;
use crate::model::drift::{Drifted, shown};
use crate::model::journal::{Content, ParameterValue};

/// The place of a difference in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// Logical id of the resource: where a reference leads into another one, that one's.
    pub resource: String,
    /// The way from the resource's body, items of lists by position; none if a condition decides on the way.
    pub steps: Option<Vec<String>>,
    /// What is there, text as it is and anything else as JSON; none if nothing is, or only AWS knows it.
    pub value: Option<String>,
    /// Whether the template has a value there.
    pub is_set: bool,
}

/// The place of a difference in what a stack is given; none if the template has nothing that could have such a part.
pub fn spot(content: &Content, place: &Place, item: &Drifted) -> Option<Spot> {
    let document = Document::parse(&content.template).ok()?;
    let mut values = place_values(place);
    let known = |value: &ParameterValue| match value {
        ParameterValue::Value(value) => Some(value.clone()),
        ParameterValue::Output { .. } => None,
    };
    values.extend(content.parameters.iter().map(|(name, value)| (name.clone(), known(value))));
    let given = Given { document: &document, values: &values };
    let way = way(&given, item)?;
    let value = way.value.and_then(|value| told(&given, value));
    Some(Spot { resource: way.resource.to_owned(), steps: way.steps, value, is_set: way.value.is_some() })
}

/// What AWS is given for a value; none if only AWS knows it.
pub(super) fn told(given: &Given<'_>, value: &Value) -> Option<String> {
    let text = given.text(value).map(Value::from);
    text.as_ref().or((!is_function(value)).then_some(value)).map(shown)
}

/// The way to a value.
pub(super) struct Way<'v> {
    resource: &'v str,
    steps: Option<Vec<String>>,
    /// The value; none if the last name leads to nothing.
    pub(super) value: Option<&'v Value>,
}

/// Goes the way that a difference names, through conditions and references to other resources.
pub(super) fn way<'v>(given: &'v Given<'v>, item: &Drifted) -> Option<Way<'v>> {
    let body = given.document.resource(&item.resource)?;
    let mut names = item.path.split('/');
    let first = names.next().filter(|name| !name.is_empty())?;
    let attribute = body.body.get(first).filter(|_| first != "Properties");
    let steps = match attribute {
        Some(_) => vec![first.to_owned()],
        None => vec!["Properties".to_owned(), first.to_owned()],
    };
    let mut way = Way { resource: body.id, steps: Some(steps), value: body.property(first).or(attribute) };
    for name in names {
        way.pick(given);
        way.enter(given, name)?;
    }
    way.pick(given);
    Some(way)
}

/// The value at a path through values that are in no resource.
pub(super) fn walk<'v>(given: &'v Given<'v>, value: &'v Value, names: std::str::Split<'_, char>) -> Option<&'v Value> {
    let mut way = Way { resource: "", steps: None, value: Some(value) };
    for name in names {
        way.pick(given);
        way.enter(given, name)?;
    }
    way.pick(given);
    way.value
}

impl<'v> Way<'v> {
    /// Leaves a condition by the branch that holds.
    fn pick(&mut self, given: &Given<'v>) {
        let Some(value) = self.value else { return };
        let picked = given.picked(value).0;
        if picked.is_none_or(|picked| !std::ptr::eq(picked, value)) {
            self.steps = None;
        }
        self.value = picked;
    }

    fn enter(&mut self, given: &'v Given<'v>, name: &str) -> Option<()> {
        let value = self.value?;
        let referred = value.get("Ref").and_then(Value::as_str).and_then(|id| given.document.resource(id));
        match (referred, value) {
            (Some(resource), _) => {
                self.resource = resource.id;
                self.steps = Some(vec!["Properties".to_owned(), name.to_owned()]);
                self.value = resource.property(name);
            }
            (None, Value::Array(items)) => {
                let (position, inside, value) = listed(items, name)?;
                let steps = [Some(position.to_string()), inside.map(str::to_owned)].into_iter().flatten();
                self.steps.iter_mut().for_each(|own| own.extend(steps.clone()));
                self.value = Some(value);
            }
            (None, value) => {
                self.steps.iter_mut().for_each(|steps| steps.push(name.to_owned()));
                value.as_object()?;
                self.value = value.get(name);
            }
        }
        Some(())
    }
}

/// An item of a list, by its position, or by its name: of a pair of a name and a value it is the value.
fn listed<'v>(items: &'v [Value], name: &str) -> Option<(usize, Option<&'static str>, &'v Value)> {
    if let Ok(position) = name.parse::<usize>() {
        return items.get(position).map(|item| (position, None, item));
    }
    let named = |item: &Value| item.get("Name").and_then(Value::as_str) == Some(name);
    let position = items.iter().position(named)?;
    let item = items.get(position)?;
    let inside = |key: &'static str| item.get(key).map(|value| (position, Some(key), value));
    inside("Value").or_else(|| inside("ValueFrom")).or(Some((position, None, item)))
}

/// Whether only AWS knows the value.
fn is_function(value: &Value) -> bool {
    let only = value.as_object().filter(|object| object.len() == 1).and_then(|object| object.keys().next());
    only.is_some_and(|name| name == "Ref" || name.starts_with("Fn::"))
}
