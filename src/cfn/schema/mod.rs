//! What CloudFormation says about resource types: what properties they have, and what a change recreates.
//!
//! The data is `resources.json`, a trimmed copy of the public resource schemas of every type, and `replacement.json`;
//! `ORIGIN.md` next to them says where they come from and how to refresh them. A type is read when it is first asked for. A
//! type that the data does not contain is unknown here and is not checked.

mod attributes;
mod check;
mod node;
mod replacement;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

pub use attributes::{UnknownAttribute, check_attributes};
pub use check::{SchemaFault, SchemaProblem, check_resource};
use node::Node;
pub use replacement::{Recreates, is_type, naming, recreates, replacement_origin, types_with_rules};

const TEXT: &str = include_str!("resources.json");

/// The schema of one resource type.
#[derive(Debug, Deserialize)]
pub struct ResourceType {
    root: Node,
    #[serde(default)]
    read_only: Vec<String>,
    #[serde(default)]
    definitions: BTreeMap<String, Node>,
}

/// A type's line of the file, and what it says once it is asked for.
struct Line {
    text: &'static str,
    read: OnceLock<Option<ResourceType>>,
}

/// The lines of all types: each has one of its own, `"NAME": {…},`. A test holds that every line can be read; a type whose line
/// cannot would be one that is not known.
fn lines() -> &'static BTreeMap<&'static str, Line> {
    static LINES: OnceLock<BTreeMap<&'static str, Line>> = OnceLock::new();
    let line = |line: &'static str| {
        let (name, text) = line.strip_prefix('"')?.split_once("\": ")?;
        name.contains("::").then(|| (name, Line { text: text.trim_end_matches(','), read: OnceLock::new() }))
    };
    LINES.get_or_init(|| TEXT.lines().filter_map(line).collect())
}

/// Package and version that the schemas are from.
pub fn schema_origin() -> &'static str {
    let begin = TEXT.strip_prefix("{\"origin\": \"").unwrap_or_default();
    begin.split('"').next().unwrap_or_default()
}

/// The names of the types that are known, sorted.
pub fn known_types() -> impl Iterator<Item = &'static str> {
    lines().keys().copied()
}

/// The schema of a type, if it is known.
pub fn resource_type(name: &str) -> Option<&'static ResourceType> {
    schema_of(name).map(|(_, schema)| schema)
}

/// A type by name, and its schema.
fn schema_of(name: &str) -> Option<(&'static str, &'static ResourceType)> {
    let (name, line) = lines().get_key_value(name)?;
    let schema = line.read.get_or_init(|| serde_json::from_str(line.text).ok()).as_ref()?;
    Some((name, schema))
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
