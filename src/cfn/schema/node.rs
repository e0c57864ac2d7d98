//! The schema of one value: the part of JSON Schema that is asked.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use regex_lite::Regex;
use serde::Deserialize;
use serde_json::Value;

/// The schema of one value.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Written")]
pub(super) struct Node {
    /// The definition that stands here instead.
    pub(super) reference: Option<String>,
    pub(super) types: Vec<String>,
    pub(super) allowed: Vec<Value>,
    pub(super) minimum: Option<f64>,
    pub(super) maximum: Option<f64>,
    pub(super) min_length: Option<usize>,
    pub(super) max_length: Option<usize>,
    pub(super) min_items: Option<usize>,
    pub(super) max_items: Option<usize>,
    /// What is found somewhere in a text.
    pub(super) pattern: Option<String>,
    pub(super) items: Option<Box<Node>>,
    pub(super) properties: BTreeMap<String, Node>,
    pub(super) required: Vec<String>,
    /// It may have properties that are not listed.
    pub(super) open: bool,
    expression: OnceLock<Option<Regex>>,
}

/// A [`Node`] as the file has it, in the shortest form that fits.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    /// A type, or `#` and a definition.
    Word(String),
    List([Box<Node>; 1]),
    Whole(Box<Whole>),
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
struct Whole {
    /// Without it, what has properties is an object.
    types: Option<Vec<String>>,
    #[serde(rename = "enum")]
    allowed: Vec<Value>,
    minimum: Option<f64>,
    maximum: Option<f64>,
    min_length: Option<usize>,
    max_length: Option<usize>,
    min_items: Option<usize>,
    max_items: Option<usize>,
    pattern: Option<String>,
    items: Option<Box<Node>>,
    properties: BTreeMap<String, Node>,
    required: Vec<String>,
    open: bool,
}

impl From<Written> for Node {
    fn from(written: Written) -> Self {
        match written {
            Written::Word(word) => match word.strip_prefix('#') {
                Some(name) => Self { reference: Some(name.to_owned()), ..Self::default() },
                // Without a word of its properties, an object may have any.
                None => Self { open: word == "object", types: vec![word], ..Self::default() },
            },
            Written::List([items]) => Self { types: vec!["array".to_owned()], items: Some(items), ..Self::default() },
            Written::Whole(whole) => {
                let object = || if whole.properties.is_empty() { Vec::new() } else { vec!["object".to_owned()] };
                Self {
                    reference: None,
                    types: whole.types.clone().unwrap_or_else(object),
                    allowed: whole.allowed,
                    minimum: whole.minimum,
                    maximum: whole.maximum,
                    min_length: whole.min_length,
                    max_length: whole.max_length,
                    min_items: whole.min_items,
                    max_items: whole.max_items,
                    pattern: whole.pattern,
                    items: whole.items,
                    properties: whole.properties,
                    required: whole.required,
                    open: whole.open,
                    expression: OnceLock::new(),
                }
            }
        }
    }
}

impl Node {
    /// The pattern that a text contradicts. One that this engine of expressions does not know (classes of Unicode, looking
    /// ahead or back) is not asked.
    pub(super) fn broken_pattern(&self, text: &str) -> Option<&str> {
        let pattern = self.pattern.as_deref()?;
        // Some have Java's word for the end of a text.
        let expression = self.expression.get_or_init(|| Regex::new(&pattern.replace("\\Z", "$")).ok()).as_ref()?;
        (!expression.is_match(text)).then_some(pattern)
    }
}
