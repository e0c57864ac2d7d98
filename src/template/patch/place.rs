//! Places in a shape: the ways to them, and what can be put there.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::cfn::push_key;
use crate::model::process::{Piece, Text};

use super::super::shape::{Leaf, Leaves, Shape};
use super::pointer;

/// The pairs of a map.
pub(super) type Pairs = Vec<(String, Shape)>;

/// Keys by which an item of a list is found.
const NAMES: [&str; 3] = ["Name", "Key", "Id"];

/// Why a path leads nowhere.
#[derive(Debug)]
pub(super) struct Nowhere {
    /// The step of it that cannot be made.
    pub(super) step: String,
    pub(super) what: &'static str,
    /// The steps that could be made there.
    pub(super) known: Vec<String>,
}

/// What a path leads to.
pub(super) struct Place<'s> {
    pub(super) shape: &'s mut Shape,
    /// The JSON pointer to it.
    pub(super) pointer: String,
    /// The pointer to the first map on the way that was made, since nothing was there.
    pub(super) made: Option<String>,
    /// The lists on the way, by their pointers, each with the step by which its item was found.
    pub(super) passed: Vec<(String, String)>,
}

/// The place that a path leads to; where `make`, the maps on the way are made.
pub(super) fn walk<'s>(from: &'s mut Shape, steps: &[Arc<str>], base: &str, make: bool) -> Result<Place<'s>, Nowhere> {
    let (mut place, mut pointer, mut made, mut passed) = (from, base.to_owned(), None, Vec::new());
    for step in steps {
        open(place);
        if find(place, step).is_none() {
            match place {
                Shape::Map(pairs) if make && !is_function(pairs) => {
                    pairs.push((step.to_string(), Shape::Map(Vec::new())));
                    made = made.or_else(|| Some(self::pointer(&pointer, step)));
                }
                _ => return Err(nowhere(place, step)),
            }
        }
        let none = || Nowhere { step: step.to_string(), what: "nothing exists", known: Vec::new() };
        let index = find(place, step).ok_or_else(none)?;
        let (key, inside) = match place {
            Shape::Map(pairs) => (step.to_string(), pairs.get_mut(index).map(|(_, inside)| inside)),
            Shape::List(items) => {
                passed.push((pointer.clone(), step.to_string()));
                (index.to_string(), items.get_mut(index))
            }
            _ => return Err(none()),
        };
        push_key(&mut pointer, &key);
        place = inside.ok_or_else(none)?;
    }
    Ok(Place { shape: place, pointer, made, passed })
}

/// Which pair or item a step means.
fn find(place: &Shape, step: &str) -> Option<usize> {
    match place {
        Shape::Map(pairs) if !is_function(pairs) => pairs.iter().position(|(key, _)| key == step),
        Shape::List(items) => item(items, step),
        _ => None,
    }
}

/// Takes away what a path's last step means, and returns the pointer to it, and its index if it was an item.
pub(super) fn take(parent: &mut Shape, base: &str, last: &str) -> Result<(String, Option<usize>), Nowhere> {
    open(parent);
    let Some(index) = find(parent, last) else { return Err(nowhere(parent, last)) };
    match parent {
        Shape::Map(pairs) => {
            pairs.remove(index);
            Ok((pointer(base, last), None))
        }
        Shape::List(items) => {
            items.remove(index);
            Ok((pointer(base, &index.to_string()), Some(index)))
        }
        other => Err(nowhere(other, last)),
    }
}

fn nowhere(place: &Shape, step: &str) -> Nowhere {
    let (what, known) = match place {
        Shape::Map(pairs) if is_function(pairs) => ("a function is there", Vec::new()),
        Shape::Map(pairs) => ("no such property", pairs.iter().map(|(key, _)| key.clone()).collect()),
        Shape::List(items) if items.iter().any(is_of_any_length) && step.parse::<usize>().is_ok() => {
            ("a variable decides how many items come before it", Vec::new())
        }
        Shape::List(items) => ("no such item in the list", items.iter().filter_map(name_of).collect()),
        Shape::Leaves(_) | Shape::Joined(_) => ("the content of the list is not known here", Vec::new()),
        Shape::Fixed(_) | Shape::Written(..) | Shape::Leaf(_) | Shape::Element(_) => {
            ("the value there has no parts", Vec::new())
        }
    };
    Nowhere { step: step.to_owned(), what, known }
}

/// The pairs of a map; none if it is something else.
pub(super) fn pairs(shape: &mut Shape) -> Option<&mut Pairs> {
    open(shape);
    match shape {
        Shape::Map(pairs) => Some(pairs),
        _ => None,
    }
}

/// What stands under a key; an empty map if there was nothing.
pub(super) fn entry<'s>(pairs: &'s mut Pairs, key: &str) -> &'s mut Shape {
    let index = pairs.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
        pairs.push((key.to_owned(), Shape::Map(Vec::new())));
        pairs.len() - 1
    });
    &mut pairs[index].1
}

/// Makes what is fixed, and a list of texts, a map or a list whose parts can be changed. What it is filled to stays the same.
fn open(shape: &mut Shape) {
    match shape {
        Shape::Fixed(Value::Object(map)) => {
            let pairs = std::mem::take(map).into_iter().map(|(key, value)| (key, Shape::Fixed(value)));
            *shape = Shape::Map(pairs.collect());
        }
        Shape::Fixed(Value::Array(items)) => {
            *shape = Shape::List(std::mem::take(items).into_iter().map(Shape::Fixed).collect());
        }
        Shape::Leaves(Leaves::Texts(texts)) => {
            *shape = Shape::List(std::mem::take(texts).into_iter().map(Shape::Element).collect());
        }
        _ => {}
    }
}

/// Whether a map is a function: then it is one value.
fn is_function(pairs: &[(String, Shape)]) -> bool {
    matches!(pairs, [(key, _)] if key == "Ref" || key.starts_with("Fn::"))
}

/// Whether an item stands for as many items as a variable has.
pub(super) fn is_of_any_length(item: &Shape) -> bool {
    matches!(item, Shape::Element(text) if matches!(text.pieces(), [Piece::Placeholder(_)]))
}

/// Which item a step means: by its index, or by its name.
fn item(items: &[Shape], step: &str) -> Option<usize> {
    match step.parse::<usize>() {
        Ok(index) => {
            let first = items.get(..=index)?;
            (!first.iter().any(is_of_any_length)).then_some(index)
        }
        Err(_) => items.iter().position(|item| name_of(item).is_some_and(|name| name == step)),
    }
}

/// The name of an item, if it is literal.
pub(super) fn name_of(item: &Shape) -> Option<String> {
    let text = |shape: &Shape| match shape {
        Shape::Fixed(Value::String(text)) | Shape::Written(Value::String(text), _) => Some(text.clone()),
        Shape::Leaf(Leaf::Text(text)) => literal(text),
        _ => None,
    };
    let of = |name: &str| match item {
        Shape::Map(pairs) => pairs.iter().find(|(key, _)| key == name).and_then(|(_, shape)| text(shape)),
        Shape::Fixed(Value::Object(map)) => map.get(name).and_then(Value::as_str).map(str::to_owned),
        _ => None,
    };
    NAMES.iter().find_map(|name| of(name))
}

/// The content of a text without placeholders.
fn literal(text: &Text) -> Option<String> {
    let piece = |piece: &Piece| match piece {
        Piece::Literal(text) => Some(text.to_string()),
        Piece::Placeholder(_) => None,
    };
    text.pieces().iter().map(piece).collect()
}

/// The pointers of values that [`merge`] would replace: values that are not maps, or a map that replaces something else.
pub(super) fn merged(place: &mut Shape, value: &mut Shape, base: String, out: &mut Vec<String>) {
    open(place);
    open(value);
    match (place, value) {
        (Shape::Map(there), Shape::Map(more)) if !more.is_empty() && !is_function(there) && !is_function(more) => {
            for (key, value) in more {
                let below = pointer(&base, key);
                match there.iter_mut().find(|(known, _)| known == key) {
                    Some((_, inside)) => merged(inside, value, below, out),
                    None => out.push(below),
                }
            }
        }
        _ => out.push(base),
    }
}

/// Puts a value in place: a map is merged into a map, any other value replaces the existing one.
pub(super) fn merge(place: &mut Shape, mut value: Shape) {
    open(place);
    open(&mut value);
    match (&mut *place, value) {
        (Shape::Map(there), Shape::Map(more)) if !is_function(there) && !is_function(&more) => {
            for (key, value) in more {
                match there.iter_mut().find(|(known, _)| *known == key) {
                    Some((_, inside)) => merge(inside, value),
                    None => there.push((key, value)),
                }
            }
        }
        (_, value) => *place = value,
    }
}

/// Why items cannot be put at the end of something.
#[derive(Debug)]
pub(super) enum NoEnd {
    /// It is not a list.
    NoList,
    /// It is a list of which landfall makes sure that it can be.
    Networks,
    /// It has an item of this name.
    Named(String),
}

/// Puts items at the end of a list, and returns the index of the first; if there was nothing, they are the list.
pub(super) fn append(place: &mut Shape, more: Vec<Shape>) -> Result<usize, NoEnd> {
    open(place);
    match place {
        Shape::Map(pairs) if pairs.is_empty() => {
            each_named_once(&[], &more)?;
            *place = Shape::List(more);
            Ok(0)
        }
        Shape::List(items) => {
            each_named_once(items, &more)?;
            let first = items.len();
            items.extend(more);
            Ok(first)
        }
        Shape::Leaves(_) | Shape::Joined(_) => Err(NoEnd::Networks),
        _ => Err(NoEnd::NoList),
    }
}

/// No appended item has the name of an existing item or of another appended one.
fn each_named_once(items: &[Shape], more: &[Shape]) -> Result<(), NoEnd> {
    let mut known: HashSet<String> = items.iter().filter_map(name_of).collect();
    let twice = more.iter().filter_map(name_of).find(|name| !known.insert(name.clone()));
    twice.map_or(Ok(()), |name| Err(NoEnd::Named(name)))
}

/// Adds a resource to those that come first: there may be none, one, or a list. False if it is already one of them.
pub(super) fn depend(place: &mut Shape, id: &str) -> bool {
    open(place);
    let is = |shape: &Shape| matches!(shape, Shape::Fixed(Value::String(known)) if known == id);
    match place {
        Shape::List(items) if items.iter().any(is) => return false,
        Shape::List(items) => items.push(id.into()),
        Shape::Map(pairs) if pairs.is_empty() => *place = Shape::Fixed(json!([id])),
        there if is(there) => return false,
        there => {
            let one = std::mem::replace(there, Shape::List(Vec::new()));
            *there = Shape::List(vec![one, id.into()]);
        }
    }
    true
}
