//! What CloudFormation says about resource types: of those that landfall renders properties and types, of all what a change
//! recreates.
//!
//! The data is `resources.json`, a trimmed copy of the public resource schemas, and `replacement.json`; `ORIGIN.md` next to
//! them says where they come from and how to refresh them. A type that `resources.json` does not contain is unknown here and
//! is not checked.

mod attributes;
mod check;
mod replacement;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;
use serde_json::Value;

pub use attributes::{UnknownAttribute, check_attributes};
pub use check::{SchemaFault, SchemaProblem, check_resource};
pub use replacement::{Recreates, is_type, naming, recreates, replacement_origin, types_with_rules};

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
    schema_of(name).map(|(_, schema)| schema)
}

/// A type by name, and its schema.
fn schema_of(name: &str) -> Option<(&'static str, &'static ResourceType)> {
    schemas().types.get_key_value(name).map(|(name, schema)| (name.as_str(), schema))
}

impl ResourceType {
    /// The properties that a template can set, sorted.
    pub fn properties(&self) -> impl Iterator<Item = &str> {
        let read_only = |name: &str| self.read_only.iter().any(|path| path == name);
        self.root.properties.keys().map(String::as_str).filter(move |name| !read_only(name))
    }

    /// The attributes that `Fn::GetAtt` can ask for: what only AWS sets.
    fn attributes(&self) -> Vec<String> {
        let mut all: Vec<String> = self.read_only.iter().map(|path| path.replace('/', ".")).collect();
        all.sort();
        all
    }

    /// Whether `Fn::GetAtt` can ask for it. Some types also give back what was written, so its properties count too.
    fn has_attribute(&self, name: &str) -> bool {
        let first = |path: &str| path.split(['/', '.']).next().map(str::to_owned);
        let begin = first(name);
        self.read_only.iter().any(|path| first(path) == begin)
            || begin.is_some_and(|begin| self.root.properties.contains_key(&begin))
    }
}
