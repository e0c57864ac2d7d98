//! The tree while it is being read: values with their places, and the budget that bounds them.

use std::ops::Range;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::error::{ReadError, ReadProblem};
use super::places::{Inside, Places};
use super::{MAX_DEPTH, MAX_EXPANDED};

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) bytes: Range<usize>,
    pub(super) content: Content,
}

/// Entries of a map: the bytes of the key, and the value.
pub(super) type Entries = IndexMap<String, (Range<usize>, Node)>;

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Scalar(Value),
    List(Vec<Node>),
    Map(Entries),
    /// A map with one entry that was written as a short function.
    Function(Entries),
}

/// A text that was read.
pub(super) struct Tree {
    pub(super) root: Node,
    pub(super) beyond: Option<Range<usize>>,
    pub(super) short: Option<Range<usize>>,
    /// The comments, each from its `#` on.
    pub(super) comments: Vec<Range<usize>>,
}

impl Node {
    /// A function with the node as what it is given, as in `!Ref Name`. It stands where its name does.
    pub(super) fn function(name: String, tag: Range<usize>, inside: Node) -> Self {
        let bytes = tag.start.min(inside.bytes.start)..inside.bytes.end;
        Self { bytes, content: Content::Function(IndexMap::from([(name, (tag, inside))])) }
    }

    /// How deep the node is nested: 1 for a scalar.
    pub(super) fn depth(&self) -> usize {
        let below = match &self.content {
            Content::Scalar(_) => 0,
            Content::List(items) => items.iter().map(Node::depth).max().unwrap_or(0),
            Content::Map(map) | Content::Function(map) => {
                map.values().map(|(_, inside)| inside.depth()).max().unwrap_or(0)
            }
        };
        below + 1
    }
}

/// Counts what is built: never more than the bytes of JSON that it will be, so that nothing valid is refused.
#[derive(Default)]
pub(super) struct Budget {
    used: usize,
}

impl Budget {
    /// How much was counted so far.
    pub(super) fn used(&self) -> usize {
        self.used
    }

    pub(super) fn count(&mut self, bytes: usize, at: &Range<usize>) -> Result<(), ReadError> {
        self.used = self.used.saturating_add(bytes);
        if self.used > MAX_EXPANDED {
            return Err(ReadError::at(at.clone(), ReadProblem::TooLarge));
        }
        Ok(())
    }

    /// Counts the brackets of a list or a map: also one with nothing in it costs something.
    pub(super) fn collection(&mut self, at: &Range<usize>) -> Result<(), ReadError> {
        self.count("[]".len(), at)
    }
}

/// Fails if something is nested too deep.
pub(super) fn check_depth(depth: usize, at: &Range<usize>) -> Result<(), ReadError> {
    if depth > MAX_DEPTH { Err(ReadError::at(at.clone(), ReadProblem::TooDeep)) } else { Ok(()) }
}

/// The value of a tree and the places in it, moved by the bytes that stand before the text.
pub(super) fn split(node: Node, moved: usize) -> (Value, Places) {
    let shifted = |bytes: Range<usize>| bytes.start + moved..bytes.end + moved;
    let bytes = shifted(node.bytes);
    let (value, inside) = match node.content {
        Content::Scalar(value) => (value, Inside::Nothing),
        Content::List(items) => {
            let (values, places) = items.into_iter().map(|item| split(item, moved)).unzip();
            (Value::Array(values), Inside::Items(places))
        }
        Content::Map(map) | Content::Function(map) => {
            let mut values = Map::with_capacity(map.len());
            let mut places = IndexMap::with_capacity(map.len());
            for (key, (at, inside)) in map {
                let (value, place) = split(inside, moved);
                values.insert(key.clone(), value);
                places.insert(key, (shifted(at), place));
            }
            (Value::Object(values), Inside::Entries(places))
        }
    };
    (value, Places { bytes, inside })
}
