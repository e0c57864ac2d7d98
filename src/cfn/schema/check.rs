//! A resource against the schema of its type.
//!
//! What only CloudFormation can know counts as right: the result of a function, the branch that a condition picks (each
//! branch is looked at), the text of a placeholder that is not filled yet. As in CloudFormation, text that contains a
//! number or a boolean is accepted for one, and numbers and booleans are accepted for text.

use serde_json::{Map, Value};

use super::super::document::Resource;
use super::super::read::push_key;
use super::node::Node;
use super::{ResourceType, resource_type};

/// What is wrong with a resource, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct SchemaFault {
    /// JSON pointer into the resource: `/Properties/Tags/0/Key`.
    pub pointer: String,
    /// What is wrong there.
    pub problem: SchemaProblem,
}

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq)]
pub enum SchemaProblem {
    /// The property does not exist. The known ones are listed.
    UnknownProperty {
        /// As it is written.
        name: String,
        /// The names that there are, sorted.
        known: Vec<String>,
    },
    /// A required property is missing.
    Missing { name: String },
    /// AWS sets the property; a template cannot.
    ReadOnly { name: String },
    /// A value of another type.
    WrongType {
        /// The types that it may have.
        expected: Vec<String>,
        /// The one that it has.
        found: &'static str,
    },
    /// A value that is none of those allowed.
    NotOneOf {
        /// As it is written.
        value: String,
        /// What is allowed.
        allowed: Vec<String>,
    },
    /// A number, or a length, beyond its bounds.
    OutOfBounds {
        /// What is measured: `value`, `length` or `number of items`.
        what: &'static str,
        /// How much it is.
        is: f64,
        /// The least that it may be.
        least: Option<f64>,
        /// The most that it may be.
        most: Option<f64>,
    },
    /// The path of a file or folder, where CloudFormation takes a place in S3: `aws cloudformation package` puts that in.
    Unpackaged {
        /// As it is written.
        path: String,
    },
    /// A text in which a pattern is not found.
    Unlike {
        /// As it is written.
        value: String,
        /// A regular expression.
        pattern: String,
    },
}

impl SchemaProblem {
    /// Whether AWS is sure to refuse it, although the copy of its schemas may be older: new properties, further values and
    /// wider bounds come with time.
    pub fn is_certain(&self) -> bool {
        matches!(self, Self::Missing { .. } | Self::ReadOnly { .. } | Self::WrongType { .. })
    }
}

impl std::fmt::Display for SchemaProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownProperty { name, .. } => write!(f, "unknown property `{name}`"),
            Self::Missing { name } => write!(f, "the required property `{name}` is missing"),
            Self::ReadOnly { name } => write!(f, "only AWS can set the property `{name}`"),
            Self::WrongType { expected, found } => write!(f, "expected {}, found {found}", expected.join(" or ")),
            Self::NotOneOf { value, allowed } => write!(f, "`{value}` is not one of {}", allowed.join(", ")),
            Self::OutOfBounds { what, is, least, most } => match (least, most) {
                (Some(least), Some(most)) => write!(f, "the {what} is {is}, and must be {least} to {most}"),
                (Some(least), None) => write!(f, "the {what} is {is}, and must be at least {least}"),
                (None, Some(most)) => write!(f, "the {what} is {is}, and must be at most {most}"),
                (None, None) => write!(f, "the {what} is {is}"),
            },
            Self::Unpackaged { path } => {
                write!(f, "`{}` is a path: `aws cloudformation package` must put a place in S3 here first", cut(path))
            }
            Self::Unlike { value, pattern } => write!(f, "`{}` does not match `{pattern}`", cut(value)),
        }
    }
}

/// The begin of a text, if it is long.
fn cut(text: &str) -> String {
    match text.char_indices().nth(60) {
        Some((byte, _)) => format!("{}…", text.get(..byte).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Everything that is wrong with the properties of a resource, in their order; nothing if its type is not known.
pub fn check_resource(resource: Resource<'_>) -> Vec<SchemaFault> {
    let Some(schema) = resource_type(resource.kind()) else { return Vec::new() };
    let mut check = Check { kind: resource.kind(), schema, found: Vec::new() };
    let nothing = Value::Object(Map::new());
    let properties = resource.body.get("Properties").unwrap_or(&nothing);
    check.value(&schema.root, properties, &At { above: None, step: Step::Key("Properties") });
    check.found
}

/// Where a value is, by the way that led to it. It is written only once something is wrong there: most values are right.
struct At<'p> {
    above: Option<&'p At<'p>>,
    step: Step<'p>,
}

#[derive(Clone, Copy)]
enum Step<'p> {
    Key(&'p str),
    Item(usize),
    /// The branch of a function: elsewhere in the text, the same place for the schema.
    Branch(usize),
}

impl At<'_> {
    fn key<'p>(&'p self, key: &'p str) -> At<'p> {
        At { above: Some(self), step: Step::Key(key) }
    }

    fn item(&self, index: usize) -> At<'_> {
        At { above: Some(self), step: Step::Item(index) }
    }

    fn branch(&self, index: usize) -> At<'_> {
        At { above: Some(self), step: Step::Branch(index) }
    }

    fn way(&self) -> Vec<Step<'_>> {
        let mut steps: Vec<Step<'_>> = std::iter::successors(Some(self), |at| at.above).map(|at| at.step).collect();
        steps.reverse();
        steps
    }

    /// JSON pointer in the resource.
    fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in self.way() {
            match step {
                Step::Key(key) => push_key(&mut pointer, key),
                Step::Item(index) => pointer.push_str(&format!("/{index}")),
                Step::Branch(index) => pointer.push_str(&format!("/Fn::If/{index}")),
            }
        }
        pointer
    }

    /// The path of the schema below the properties, where `*` stands for any item.
    fn path(&self) -> String {
        let steps = self.way().into_iter().skip(1).filter_map(|step| match step {
            Step::Key(key) => Some(key),
            Step::Item(_) => Some("*"),
            Step::Branch(_) => None,
        });
        steps.collect::<Vec<_>>().join("/")
    }
}

/// Properties of which a template can have the path of a local file, until `aws cloudformation package` replaces it (reference of
/// that command); those that are texts anyway are left out.
const PACKAGED: [(&str, &str); 5] = [
    ("AWS::ApiGateway::RestApi", "BodyS3Location"),
    ("AWS::ElasticBeanstalk::ApplicationVersion", "SourceBundle"),
    ("AWS::Lambda::Function", "Code"),
    ("AWS::Lambda::LayerVersion", "Content"),
    ("AWS::StepFunctions::StateMachine", "DefinitionS3Location"),
];

struct Check<'a> {
    /// The type's name.
    kind: &'a str,
    schema: &'static ResourceType,
    found: Vec<SchemaFault>,
}

impl Check<'_> {
    fn fault(&mut self, at: &At<'_>, problem: SchemaProblem) {
        self.found.push(SchemaFault { pointer: at.pointer(), problem });
    }

    fn is_read_only(&self, key: &str, at: &At<'_>) -> bool {
        let mut named = self.schema.read_only.iter().filter(|path| path.rsplit('/').next() == Some(key));
        named.any(|path| *path == at.path())
    }

    fn value(&mut self, node: &'static Node, value: &Value, at: &At<'_>) {
        let Some(node) = self.resolved(node) else { return };
        if let Some((name, inside)) = function(value) {
            if name == "Fn::If" {
                for (index, branch) in inside.as_array().into_iter().flatten().enumerate().skip(1) {
                    self.value(node, branch, &at.branch(index));
                }
            }
            return;
        }
        if !node.types.is_empty() && !node.types.iter().any(|kind| fits(kind, value)) {
            if let (Value::String(path), true) = (value, PACKAGED.contains(&(self.kind, at.path().as_str()))) {
                return self.fault(at, SchemaProblem::Unpackaged { path: path.clone() });
            }
            let (expected, found) = (node.types.clone(), name_of(value));
            return self.fault(at, SchemaProblem::WrongType { expected, found });
        }
        match value {
            Value::Object(map) => self.map(node, map, at),
            Value::Array(items) => self.list(node, items, at),
            scalar => self.scalar(node, scalar, at),
        }
    }

    /// What a chain of references leads to; none if it leads nowhere.
    fn resolved(&self, mut node: &'static Node) -> Option<&'static Node> {
        for _ in 0..8 {
            let Some(name) = &node.reference else { return Some(node) };
            node = self.schema.definitions.get(name)?;
        }
        None
    }

    fn map(&mut self, node: &'static Node, map: &Map<String, Value>, at: &At<'_>) {
        // A macro, a loop or a placeholder may put in what is missing here.
        let made = map.keys().any(|key| key.starts_with("Fn::"));
        for (key, inside) in map {
            let below = at.key(key);
            match node.properties.get(key) {
                Some(_) if self.is_read_only(key, &below) => {
                    self.fault(&below, SchemaProblem::ReadOnly { name: key.clone() });
                }
                Some(property) => self.value(property, inside, &below),
                None if node.open || key.starts_with("Fn::") => {}
                None => {
                    let known = node.properties.keys().cloned().collect();
                    self.fault(&below, SchemaProblem::UnknownProperty { name: key.clone(), known });
                }
            }
        }
        for name in &node.required {
            if !made && map.get(name).is_none_or(is_no_value) {
                self.fault(at, SchemaProblem::Missing { name: name.clone() });
            }
        }
    }

    fn list(&mut self, node: &'static Node, items: &[Value], at: &At<'_>) {
        if let Some(schema) = &node.items {
            for (index, item) in items.iter().enumerate() {
                self.value(schema, item, &at.item(index));
            }
        }
        // A function among the items may be none or many in the end.
        if items.iter().all(|item| function(item).is_none()) {
            self.bounds("number of items", items.len() as f64, count(node.min_items), count(node.max_items), at);
        }
    }

    fn scalar(&mut self, node: &'static Node, value: &Value, at: &At<'_>) {
        let text = spelled(value);
        if text.contains("#{") || text.contains("{{resolve:") {
            return;
        }
        if !node.allowed.is_empty() && !node.allowed.iter().any(|allowed| spelled(allowed) == text) {
            let allowed = node.allowed.iter().map(spelled).collect();
            return self.fault(at, SchemaProblem::NotOneOf { value: text, allowed });
        }
        if node.types.iter().any(|kind| kind == "string") {
            let known = self.found.len();
            self.bounds("length", text.chars().count() as f64, count(node.min_length), count(node.max_length), at);
            // A pattern may say the length again, and another tool may put something in for `${…}`.
            let whole = known == self.found.len() && !text.contains("${");
            if let (Some(pattern), true) = (node.broken_pattern(&text), whole) {
                self.fault(at, SchemaProblem::Unlike { value: text, pattern: pattern.to_owned() });
            }
        } else if let Ok(number) = text.parse() {
            self.bounds("value", number, node.minimum, node.maximum, at);
        }
    }

    fn bounds(&mut self, what: &'static str, is: f64, least: Option<f64>, most: Option<f64>, at: &At<'_>) {
        if least.is_some_and(|least| is < least) || most.is_some_and(|most| is > most) {
            self.fault(at, SchemaProblem::OutOfBounds { what, is, least, most });
        }
    }
}

fn count(bound: Option<usize>) -> Option<f64> {
    bound.map(|bound| bound as f64)
}

/// The function that a value is, with what it is given.
fn function(value: &Value) -> Option<(&str, &Value)> {
    let map = value.as_object().filter(|map| map.len() == 1)?;
    let (key, inside) = map.iter().next()?;
    (key == "Ref" || (key.starts_with("Fn::") && !key.starts_with("Fn::ForEach"))).then_some((key.as_str(), inside))
}

/// `AWS::NoValue`, which takes a property away.
fn is_no_value(value: &Value) -> bool {
    function(value).is_some_and(|(name, inside)| name == "Ref" && inside == "AWS::NoValue")
}

/// Whether a value can be of a type, as CloudFormation converts scalars.
fn fits(kind: &str, value: &Value) -> bool {
    let open = |text: &str| text.contains("#{") || text.contains("{{resolve:");
    match (kind, value) {
        ("object", Value::Object(_)) | ("array", Value::Array(_)) | ("null", Value::Null) => true,
        ("string", Value::String(_) | Value::Number(_) | Value::Bool(_)) => true,
        ("integer", Value::Number(number)) => number.as_f64().is_some_and(|number| number.fract() == 0.0),
        ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => true,
        ("integer", Value::String(text)) => text.parse::<i64>().is_ok() || open(text),
        ("number", Value::String(text)) => text.parse::<f64>().is_ok_and(f64::is_finite) || open(text),
        ("boolean", Value::String(text)) => matches!(text.as_str(), "true" | "false" | "True" | "False") || open(text),
        _ => false,
    }
}

fn name_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// A scalar as text.
fn spelled(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
