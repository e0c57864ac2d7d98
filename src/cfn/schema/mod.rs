//! What CloudFormation says of the resource types that landfall renders: properties, types, and what a change recreates.
//!
//! The data is `resources.json`, a trimmed copy of the public resource schemas; `ORIGIN.md` next to it says where it comes
//! from and how to refresh it. A type that it does not contain is unknown here and is not checked.

mod check;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

pub use check::{SchemaFault, SchemaProblem, check_resource};

/// Whether a change of a property recreates its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Recreates {
    /// It changes in place.
    Never,
    /// It depends, or is not known.
    Perhaps,
    /// A new resource takes the old one's place.
    Always,
}

/// All schemas, with their origin.
#[derive(Debug, Default, Deserialize)]
struct Schemas {
    origin: String,
    types: BTreeMap<String, ResourceType>,
}

/// The schema of one resource type.
#[derive(Debug, Deserialize)]
pub struct ResourceType {
    root: Node,
    #[serde(default)]
    create_only: Vec<String>,
    #[serde(default)]
    perhaps: Vec<String>,
    #[serde(default)]
    read_only: Vec<String>,
    definitions: BTreeMap<String, Node>,
}

/// The schema of one value: the part of JSON Schema that is asked.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Node {
    /// The definition that stands here instead.
    #[serde(rename = "ref")]
    reference: Option<String>,
    #[serde(default)]
    types: Vec<String>,
    #[serde(rename = "enum", default)]
    allowed: Vec<Value>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    min_items: Option<usize>,
    max_items: Option<usize>,
    items: Option<Box<Node>>,
    #[serde(default)]
    properties: BTreeMap<String, Node>,
    #[serde(default)]
    required: Vec<String>,
    /// It may have properties that are not listed.
    #[serde(default)]
    open: bool,
}

fn schemas() -> &'static Schemas {
    static SCHEMAS: OnceLock<Schemas> = OnceLock::new();
    // A test holds that the file is read; were it not, every type would be one that is not known.
    SCHEMAS.get_or_init(|| serde_json::from_str(include_str!("resources.json")).unwrap_or_default())
}

/// Package and version that the schemas are from.
pub fn schema_origin() -> &'static str {
    &schemas().origin
}

/// The names of the types that are known, sorted.
pub fn known_types() -> impl Iterator<Item = &'static str> {
    schemas().types.keys().map(String::as_str)
}

/// The schema of a type, such as `AWS::ECS::Service`; none if it is not known.
pub fn resource_type(name: &str) -> Option<&'static ResourceType> {
    schemas().types.get(name)
}

/// Whether a change of `property` recreates a resource of type `kind`. Where only a part of the property does, or the type
/// is not known, it is [`Recreates::Perhaps`].
pub fn recreates(kind: &str, property: &str) -> Recreates {
    resource_type(kind).map_or(Recreates::Perhaps, |known| known.recreates(property))
}

impl ResourceType {
    /// The properties that a template can set, sorted.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        let read_only = |name: &str| self.read_only.iter().any(|path| path == name);
        self.root.properties.keys().map(String::as_str).filter(move |name| !read_only(name))
    }

    fn recreates(&self, property: &str) -> Recreates {
        let part = |path: &String| path.strip_prefix(property).is_some_and(|rest| rest.starts_with('/'));
        if self.create_only.iter().any(|path| path == property) {
            Recreates::Always
        } else if self.perhaps.iter().any(|path| path == property)
            || self.create_only.iter().chain(&self.perhaps).any(part)
        {
            Recreates::Perhaps
        } else {
            Recreates::Never
        }
    }
}
