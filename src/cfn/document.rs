//! A CloudFormation template as a tree.

use serde_json::{Map, Value};

use super::canonical::{canonical, sorted};
use super::reach;

/// A CloudFormation template. Equality is that of the tree: the order of keys does not count.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    root: Map<String, Value>,
}

/// Why a text is not a CloudFormation template.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// It is not JSON. (Nesting deeper than 128 is refused too.)
    #[error("the template is not JSON")]
    Json(#[source] serde_json::Error),
    /// It is JSON, but no object.
    #[error("the template is not a JSON object")]
    NotAnObject,
    /// It has no resources.
    #[error("the template has no `Resources` object")]
    NoResources,
}

/// One resource of a document.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    /// Its logical id.
    pub id: &'a str,
    /// Everything that is written under the logical id.
    pub body: &'a Map<String, Value>,
}

impl<'a> Resource<'a> {
    /// The resource's type, like `AWS::ECS::Service`; empty if it says none.
    pub fn kind(&self) -> &'a str {
        self.body.get("Type").and_then(Value::as_str).unwrap_or("")
    }

    /// One of its properties.
    pub fn property(&self, name: &str) -> Option<&'a Value> {
        self.properties().and_then(|properties| properties.get(name))
    }

    /// All of its properties.
    pub fn properties(&self) -> Option<&'a Map<String, Value>> {
        self.body.get("Properties").and_then(Value::as_object)
    }
}

impl Document {
    /// Reads a template from JSON.
    ///
    /// # Errors
    /// Fails if the text is not JSON or not an object, or has no `Resources`.
    pub fn parse(json: &str) -> Result<Self, DocumentError> {
        Self::from_value(serde_json::from_str(json).map_err(DocumentError::Json)?)
    }

    /// Takes a tree that is already parsed or built.
    ///
    /// # Errors
    /// Fails if the value is not an object or has no `Resources`.
    pub fn from_value(value: Value) -> Result<Self, DocumentError> {
        let Value::Object(root) = value else { return Err(DocumentError::NotAnObject) };
        if !root.get("Resources").is_some_and(Value::is_object) {
            return Err(DocumentError::NoResources);
        }
        Ok(Self { root })
    }

    /// Makes a document of its sections. Without a section `Resources` it has no resources.
    pub fn from_sections(mut sections: Map<String, Value>) -> Self {
        if !sections.get("Resources").is_some_and(Value::is_object) {
            sections.insert("Resources".to_owned(), Value::Object(Map::new()));
        }
        Self { root: sections }
    }

    /// The whole tree.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.root
    }

    /// A section, like `Outputs`.
    pub fn section(&self, name: &str) -> Option<&Value> {
        self.root.get(name)
    }

    /// The template's description.
    pub fn description(&self) -> Option<&str> {
        self.section("Description").and_then(Value::as_str)
    }

    /// The same document with another description, or with none.
    #[must_use]
    pub fn with_description(mut self, description: Option<&str>) -> Self {
        match description {
            Some(text) => self.root.insert("Description".to_owned(), Value::String(text.to_owned())),
            None => self.root.shift_remove("Description"),
        };
        self
    }

    /// Whether macros go over the template or a part of it: `Transform`, or `Fn::Transform` anywhere.
    pub fn has_macro(&self) -> bool {
        reach::has_macro(&self.root)
    }

    /// How deep maps and lists are nested, 1 if the template contains only scalars.
    pub fn depth(&self) -> usize {
        fn of(value: &Value) -> usize {
            match value {
                Value::Object(map) => 1 + map.values().map(of).max().unwrap_or(0),
                Value::Array(items) => 1 + items.iter().map(of).max().unwrap_or(0),
                _ => 1,
            }
        }
        1 + self.root.values().map(of).max().unwrap_or(0)
    }

    /// The resources in the order in which they are written. Values that are not objects are left out.
    pub fn resources(&self) -> impl Iterator<Item = Resource<'_>> {
        let resources = self.section("Resources").and_then(Value::as_object);
        resources
            .into_iter()
            .flatten()
            .filter_map(|(id, body)| Some(Resource { id: id.as_str(), body: body.as_object()? }))
    }

    /// The resource with this logical id.
    pub fn resource(&self, id: &str) -> Option<Resource<'_>> {
        let (id, body) = self.section("Resources")?.as_object()?.get_key_value(id)?;
        Some(Resource { id, body: body.as_object()? })
    }

    /// The document as canonical JSON: the same bytes for documents that are equal.
    pub fn canonical(&self) -> String {
        sorted_root(&self.root).to_string()
    }

    /// The document as YAML for people, a function of its content alone.
    pub fn yaml(&self) -> String {
        super::yaml::document(&self.root)
    }

    /// The part that CloudFormation executes, as canonical JSON: resources, hooks and outputs, and of the parameters,
    /// mappings and conditions those that these reach.
    ///
    /// Description, metadata of the template, rules, and declarations that nothing uses are not in it: changing them
    /// changes no resource. A macro may read all of them but the description: with one, everything else is in it.
    pub fn executed(&self) -> String {
        canonical(&Value::Object(reach::executed(&self.root)))
    }
}

fn sorted_root(root: &Map<String, Value>) -> Value {
    sorted(&Value::Object(root.clone()))
}
