//! Transforms: what CloudFormation makes of a template before it reads it.
//!
//! \[doc: "Template macros"\] What is embedded by `Fn::Transform` goes first, from the inside out, and the section `Transform`
//! after it, in its order. `AWS::Include` and `AWS::LanguageExtensions` are modelled; other transforms of AWS are refused by
//! name, and nobody has made a macro of their own in this account. What goes wrong does not fail the call: the change set
//! ends FAILED, and the operation on the stack is rolled back.

mod include;
mod language;
mod late;
mod loops;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::World;
use super::calls::{self, StackInput};
use super::eval::{Lookup, Meter, Scope};
use super::stack::{Event, Shape};
use super::template::{MAX_OBJECT, Parameter, Template, format_error, parameters, read};
use crate::cfn::{self, Document};
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};

const LANGUAGE: &str = "AWS::LanguageExtensions";
const INCLUDE: &str = "AWS::Include";

/// What transforms made of a template.
#[derive(Clone, Debug)]
pub struct Expansion {
    /// The template that is deployed, as JSON; empty if there is none.
    pub processed: Arc<str>,
    /// Why there is none.
    pub failed: Option<ApiError>,
}

/// A call of a transform: its name and its parameters.
struct Call<'a> {
    name: &'a str,
    parameters: Option<&'a Map<String, Value>>,
}

impl<'a> Call<'a> {
    /// Reads what `Transform` or `Fn::Transform` is given, for one transform.
    fn read(written: &'a Value) -> Answer<Self> {
        let malformed = || ApiError::validation("Key Name of transform definition must be a string.");
        match written {
            Value::String(name) => Ok(Self { name, parameters: None }),
            Value::Object(map) => {
                let name = map.get("Name").and_then(Value::as_str).ok_or_else(malformed)?;
                Ok(Self { name, parameters: map.get("Parameters").and_then(Value::as_object) })
            }
            _ => Err(malformed()),
        }
    }

    /// Why no template can use it here; none if it can.
    fn refusal(&self, place: &Place) -> Option<ApiError> {
        match self.name {
            LANGUAGE | INCLUDE => None,
            aws if OTHERS_OF_AWS.iter().any(|known| aws.starts_with(known)) => {
                Some(ApiError::not_modelled(format_args!("the transform {aws}")))
            }
            own if own.contains("::") => Some(ApiError::validation(format!("No transform named {own} found."))),
            own => Some(ApiError::validation(format!("No transform named {}::{own} found.", place.account))),
        }
    }
}

/// What the names begin with of transforms that AWS has and this account has not: some end in a date.
const OTHERS_OF_AWS: [&str; 5] =
    ["AWS::Serverless-", "AWS::CodeDeployBlueGreen", "AWS::SecretsManager-", "AWS::CodeStar", "AWS::ServiceCatalog"];

/// The calls of the section `Transform`, in their order.
fn section(root: &Map<String, Value>) -> Answer<Vec<Call<'_>>> {
    match root.get("Transform") {
        None => Ok(Vec::new()),
        Some(Value::Array(all)) => all.iter().map(Call::read).collect(),
        Some(one) => Ok(vec![Call::read(one)?]),
    }
}

/// Every transform that a template declares, each once. An error if a call of one cannot be read.
pub(super) fn declared(root: &Map<String, Value>) -> Answer<Vec<String>> {
    let mut found = section(root)?.into_iter().map(|call| call.name.to_owned()).collect();
    embedded_in(root, &mut found)?;
    let mut names: Vec<String> = Vec::new();
    for name in found {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn embedded_in(map: &Map<String, Value>, found: &mut Vec<String>) -> Answer<()> {
    fn below(value: &Value, found: &mut Vec<String>) -> Answer<()> {
        match value {
            Value::Array(items) => items.iter().try_for_each(|item| below(item, found)),
            Value::Object(map) => embedded_in(map, found),
            _ => Ok(()),
        }
    }
    map.iter().try_for_each(|(key, inside)| {
        if key == "Fn::Transform" {
            found.push(Call::read(inside)?.name.to_owned());
        }
        below(inside, found)
    })
}

/// Where and with what a template is expanded.
pub(super) struct Site<'a> {
    pub(super) world: &'a World,
    pub(super) place: &'a Place,
    /// The stack's name.
    pub(super) stack: &'a str,
    /// What the template declares, and its values.
    pub(super) declared: &'a IndexMap<String, Parameter>,
    pub(super) values: &'a BTreeMap<String, String>,
    /// How many bytes were included so far.
    pub(super) included: Cell<usize>,
}

/// No resource is known while a template is expanded.
struct Nothing;

impl Lookup for Nothing {
    fn reference(&self, _: &str) -> Option<String> {
        None
    }

    fn attribute(&self, _: &str, _: &str) -> Option<String> {
        None
    }

    fn import(&self, _: &str) -> Option<String> {
        None
    }
}

impl Site<'_> {
    /// Evaluates in what is known of a template so far.
    fn scope<'s>(&'s self, template: &'s Template) -> Scope<'s> {
        Scope {
            template,
            parameters: self.values,
            stack: self.stack,
            stack_id: "",
            place: self.place,
            lookup: &Nothing,
            meter: Meter::default(),
        }
    }

    /// What a template becomes, and its text.
    pub(super) fn expand(&self, root: Map<String, Value>) -> Answer<(Arc<str>, Template)> {
        let failed = |name: &str, words: String| ApiError::validation(format!("Transform {name} failed with: {words}"));
        let mut root = include::embedded(self, root)?;
        let list = root.remove("Transform").into_iter().collect::<Vec<_>>();
        let calls =
            list.iter().flat_map(|list| list.as_array().map_or_else(|| std::slice::from_ref(list), Vec::as_slice));
        for written in calls {
            let call = Call::read(written)?;
            if let Some(refusal) = call.refusal(self.place) {
                return Err(refusal);
            }
            root = match call.name {
                LANGUAGE => language::expand(self, root),
                _ => include::whole(self, &call, root),
            }
            .map_err(|words| failed(call.name, words))?;
        }
        let document = Document::from_sections(root);
        if document.depth() > cfn::MAX_DEPTH {
            return Err(format_error(format_args!("it is nested deeper than {}", cfn::MAX_DEPTH)));
        }
        let text = Value::Object(document.as_map().clone()).to_string();
        if text.len() > MAX_OBJECT {
            return Err(ApiError::validation(format!("Template may not exceed {MAX_OBJECT} bytes in size.")));
        }
        Ok((Arc::from(text), Template::of(document.as_map())?))
    }
}

impl Shape {
    /// Why its template could not be expanded.
    pub fn not_expanded(&self) -> Option<&ApiError> {
        self.expansion.as_ref().and_then(|expansion| expansion.failed.as_ref())
    }

    /// The template that is deployed: the one that was given, or what transforms made of it.
    pub fn deployed(&self) -> &Arc<str> {
        self.expansion.as_ref().map_or(&self.body, |expansion| &expansion.processed)
    }

    /// A stage of the template as GetTemplate shows it: what is not ASCII comes back as `?`. \[iss: aws-cdk\]
    pub fn shown(&self, original: bool) -> Arc<str> {
        let text = if original { &self.body } else { self.deployed() };
        if text.is_ascii() {
            return text.clone();
        }
        text.chars().map(|letter| if letter.is_ascii() { letter } else { '?' }).collect::<String>().into()
    }
}

impl World {
    /// Reads a body, and lets its transforms make of it what they do.
    pub(super) fn read_template(
        &self,
        place: &Place,
        input: &StackInput,
        body: Arc<str>,
        before: Option<&Shape>,
    ) -> Answer<(Arc<str>, Option<Expansion>, Arc<Template>)> {
        let root = read(&body)?;
        if declared(&root)?.is_empty() {
            return Ok((body, None, Arc::new(Template::of(&root)?)));
        }
        let declared = parameters(&root)?;
        let values = self.values(place, &declared, &calls::parameters(&declared, input, before)?)?;
        let site = Site {
            world: self,
            place,
            stack: &input.name,
            declared: &declared,
            values: &values,
            included: Cell::new(0),
        };
        let (processed, failed, template) = match site.expand(root) {
            Ok((processed, template)) => (processed, None, template),
            Err(error) => (Arc::from(""), Some(error), Template::declaring(declared)),
        };
        Ok((body, Some(Expansion { processed, failed }), Arc::new(template)))
    }

    /// Tells in a stack's events what became of its template. A change set says so itself. \[reports\]
    pub(super) fn tell_expansion(&mut self, place: &Place, id: &str) {
        let uuid = self.ids.uuid();
        let at = self.now;
        let Some(stack) = self.region(place).stacks.get_mut(id) else { return };
        let Some(expansion) = &stack.shape.expansion else { return };
        let words = expansion.failed.as_ref().map_or("Transformation succeeded", |error| error.message.as_str());
        let event =
            stack.events.last().map(|last| Event { id: uuid, at, reason: Some(words.to_owned()), ..last.clone() });
        stack.events.extend(event);
    }
}

/// Refuses what can only be expanded for a change set: without the capability, or by what this account does not model.
/// \[doc: CreateStack, Capabilities\]
pub(super) fn check_expansion(shape: &Shape) -> Answer<()> {
    if shape.expansion.is_some() && !shape.capabilities.iter().any(|word| word == "CAPABILITY_AUTO_EXPAND") {
        return Err(calls::lacks_capability("CAPABILITY_AUTO_EXPAND"));
    }
    match shape.not_expanded() {
        Some(error) if error.code == "NotModelled" => Err(error.clone()),
        _ => Ok(()),
    }
}
