//! `cloudformation`: any template, with values in its leaves.
//!
//! The template's tree is the shape; reading made sure that a placeholder stands only where a value does (`load`). This
//! module checks what depends on values: the values of parameters against their declarations.

mod parameter;

use std::collections::BTreeMap;

use crate::cfn::Document;
use crate::model::catalog::Value;
use crate::model::journal::ParameterValue;
use crate::model::process::{CloudFormation, GivenParameter, Part};

use super::codes;
use super::fill::Filler;
use super::shape::{Leaf, Shape};
use super::variables::Resolved;

/// The sections of the template, to be filled.
pub(super) fn sections(step: &CloudFormation) -> Vec<(&str, Shape)> {
    step.template.sections.iter().map(|(name, part)| (&**name, shape(part))).collect()
}

/// The shape of a part of a template.
pub(super) fn shape(part: &Part) -> Shape {
    match part {
        Part::Fixed(value) => Shape::Fixed(value.clone()),
        Part::Map(entries) => {
            Shape::Map(entries.iter().map(|(key, inside)| (key.to_string(), shape(inside))).collect())
        }
        Part::List(items) => Shape::List(items.iter().map(shape).collect()),
        Part::Text(text) => Shape::Leaf(Leaf::Text(text.clone())),
        Part::Element(text) => Shape::Element(text.clone()),
        Part::Substitution(text) => Shape::Leaf(Leaf::Substitution(text.clone())),
    }
}

/// The values of the parameters that the step gives, checked against their declarations in the template.
pub(super) fn parameters(
    step: &CloudFormation,
    document: &Document,
    filler: &mut Filler<'_>,
) -> BTreeMap<String, ParameterValue> {
    let mut values = BTreeMap::new();
    for (name, given) in &step.parameters {
        if let Some(output) = filler.given(&given.value) {
            values.insert(name.to_string(), output);
            continue;
        }
        let Some(value) = value(name, given, filler) else { continue };
        let declared = document.section("Parameters").and_then(|declared| declared.get(&**name));
        let accepted = filler.is_no_secret(name);
        if let Some(fault) = declared.and_then(|declared| parameter::fault(declared, &value, accepted)) {
            let title = format!("parameter `{name}` {}", fault.words);
            filler.problem(fault.code, title, &given.at, fault.help.map(str::to_owned));
        }
        values.insert(name.to_string(), ParameterValue::Value(value));
    }
    values
}

/// The value of a parameter; the elements of a list with commas between them.
fn value(name: &str, given: &GivenParameter, filler: &mut Filler<'_>) -> Option<String> {
    let mut elements = Vec::new();
    let texts = match &given.value {
        Value::Text(text) => std::slice::from_ref(text),
        Value::List(texts) => texts,
    };
    let mut list = matches!(given.value, Value::List(_));
    for text in texts {
        match filler.whole(text)? {
            Resolved::Text(text) => elements.push(text),
            Resolved::List(texts) => {
                list = true;
                elements.extend(texts);
            }
        }
    }
    if let Some(element) = elements.iter().find(|element| list && element.contains(',')) {
        let title = format!("an element of parameter `{name}` contains a comma: `{element}`");
        let help = "CloudFormation receives a list as one text with commas between the elements".to_owned();
        filler.problem(codes::PARAMETER_VALUE, title, &given.at, Some(help));
    }
    let elements: Vec<&str> = elements.iter().map(|element| &**element).collect::<Vec<_>>();
    Some(elements.join(","))
}
