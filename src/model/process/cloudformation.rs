//! Any CloudFormation template, as its author wrote it.
//!
//! A [`RawTemplate`] is the tree of a file in `templates/`, functions in their long form, with a [`Text`] in the place of every
//! string that holds a placeholder. Reading made sure that none of these stands where it would be more than a value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value as Json;

use super::{EcsTask, Text};
use crate::model::catalog::Value;
use crate::model::{ImageName, Location};

/// `kind = "cloudformation"`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudFormation {
    pub template: Arc<RawTemplate>,
    /// Capabilities in addition to those that the template's text asks for: `CAPABILITY_IAM`, …
    pub capabilities: BTreeSet<Arc<str>>,
    /// Values of the template's parameters; the others have their defaults.
    pub parameters: BTreeMap<Arc<str>, GivenParameter>,
    /// The images that success is proved against, by the name of the container that runs them.
    pub images: BTreeMap<Arc<str>, ContainerImage>,
    /// What runs once when the stack is as ordered.
    pub run: Option<TemplateRun>,
}

/// A task of a template that runs once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateRun {
    /// Logical id of its definition in the template.
    pub definition: Arc<str>,
    /// Where and how it runs. What else a task is, size and containers, the template says: here they are empty.
    pub run: EcsTask,
}

/// A parameter's value, as the step gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GivenParameter {
    /// A text, or a list that is handed over with commas between its elements.
    pub value: Value,
    /// Where it is written.
    pub at: Location,
}

/// The image of a container in a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerImage {
    /// A key of `[images]`.
    pub image: ImageName,
    /// Where it is written: in the step, or in the template.
    pub at: Location,
}

/// A file of `templates/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawTemplate {
    /// Its sections, in its order.
    pub sections: Vec<(Arc<str>, Part)>,
    /// The types of its resources.
    pub types: BTreeSet<Arc<str>>,
    /// Its beginning.
    pub at: Location,
}

/// A part of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// Without a placeholder.
    Fixed(Json),
    Map(Vec<(Arc<str>, Part)>),
    List(Vec<Part>),
    /// A string.
    Text(Text),
    /// An element of a list that is one placeholder and nothing else: a list variable gives all of its elements.
    Element(Text),
    /// The string of `Fn::Sub`: the values in it must not be taken for references.
    Substitution(Text),
}

impl RawTemplate {
    /// The names of its outputs; none if a macro or a loop makes some.
    pub fn outputs(&self) -> Option<Vec<&str>> {
        let section = |wanted: &str| self.sections.iter().find(|(name, _)| &**name == wanted).map(|(_, part)| part);
        let names: Vec<&str> = match section("Outputs") {
            None => Vec::new(),
            Some(Part::Map(outputs)) => outputs.iter().map(|(name, _)| &**name).collect(),
            Some(Part::Fixed(Json::Object(outputs))) => outputs.keys().map(String::as_str).collect(),
            Some(_) => return None,
        };
        let made = section("Transform").is_some() || names.iter().any(|name| name.starts_with("Fn::"));
        (!made).then_some(names)
    }
}
