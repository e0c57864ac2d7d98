//! A template as far as it is known before its values are.

use serde_json::{Map, Value, json};

use crate::cfn::Document;

use super::super::shape::{Leaf, Leaves, Shape};
use super::Sections;
use super::place::is_of_any_length;

/// The template with its placeholders as they are written; if a variable decides how many items there are, a function
/// stands for them.
pub(in crate::template) fn known(sections: &Sections<'_>) -> Document {
    let sections = sections.iter().map(|(name, shape)| ((*name).to_owned(), value(shape)));
    Document::from_sections(sections.collect::<Map<_, _>>())
}

fn value(shape: &Shape) -> Value {
    match shape {
        Shape::Fixed(value) | Shape::Written(value, _) => value.clone(),
        Shape::Map(pairs) => Value::Object(pairs.iter().map(|(key, shape)| (key.clone(), value(shape))).collect()),
        Shape::List(items) => Value::Array(items.iter().map(value).collect()),
        item if is_of_any_length(item) => some_items(),
        Shape::Element(text) => Value::from(text.raw()),
        Shape::Leaf(
            Leaf::Text(text)
            | Leaf::Substitution(text)
            | Leaf::Arn(text)
            | Leaf::Id(text, _)
            | Leaf::Network(text)
            | Leaf::RoleArn(text)
            | Leaf::FunctionArn(text)
            | Leaf::QueueArn(text)
            | Leaf::ObjectArn(text),
        ) => Value::from(text.raw()),
        Shape::Leaf(Leaf::Image(name, _)) => Value::from(format!("#{{images.{name}}}")),
        Shape::Leaf(_) => Value::from("#{…}"),
        Shape::Leaves(Leaves::Texts(texts) | Leaves::Arns(texts)) => {
            Value::Array(texts.iter().map(|text| value(&Shape::Element(text.clone()))).collect())
        }
        Shape::Leaves(_) | Shape::Joined(_) => some_items(),
    }
}

fn some_items() -> Value {
    json!({ "Fn::Split": [",", "#{…}"] })
}
