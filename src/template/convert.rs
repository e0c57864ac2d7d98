//! From a step to the template that its author could have written: its shape with the placeholders still in it.
//!
//! Every leaf of a shape becomes a text ([`leaf`]). If the form of a leaf depends on its value, the first text that gives
//! the right value in every slot is taken; if there is none, the [`Obstacle`] names the conflicting slots. [`prove`] then
//! verifies the result: it renders every stack of the step both ways.

mod leaf;
mod proof;

pub use proof::{Difference, Proof, prove};

use serde_json::{Map, Value};

use crate::cfn::{Document, push_key};
use crate::model::process::Text;
use crate::model::{Location, StackName};

use super::fill::Filler;
use super::shape::{Leaf, Shape};
use super::variables::Values;
use super::{Context, owner, render, shape_of};

/// Why a step cannot be written as a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// One sentence.
    pub why: String,
    /// Where in the template, as a JSON pointer; empty for all of it.
    pub path: String,
    /// Where it is written.
    pub at: Location,
}

impl std::fmt::Display for Obstacle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.why, self.at)?;
        if self.path.is_empty() { Ok(()) } else { write!(f, ", at {} of the template", self.path) }
    }
}

/// The template that a step renders, its variables still as placeholders, from all contexts in which the step has a stack.
///
/// Without a context there is nothing in it. Costs one filling of every leaf per context and way of writing it.
///
/// # Errors
/// The step cannot be rendered in one of them, or a leaf has no text that fits all of them.
pub fn template(contexts: &[Context<'_>]) -> Result<Document, Vec<Obstacle>> {
    let Some(first) = contexts.first() else { return Ok(Document::from_sections(Map::new())) };
    let at = &first.step.at;
    let broken: Vec<Obstacle> = contexts.iter().filter_map(unrendered).collect();
    if !broken.is_empty() {
        return Err(broken);
    }
    let cannot = |why: String| vec![Obstacle { why, path: String::new(), at: at.clone() }];
    let (sections, _) =
        shape_of(first).map_err(|all| all.iter().flat_map(|one| cannot(one.sentence())).collect::<Vec<_>>())?;
    let slots = contexts.iter().map(Slot::new).collect();
    let mut writer = Writer { slots, at, path: String::new(), obstacles: Vec::new() };
    let root = sections.iter().map(|(name, shape)| ((*name).to_owned(), writer.under(name, shape))).collect();
    if writer.obstacles.is_empty() { Ok(Document::from_sections(root)) } else { Err(writer.obstacles) }
}

/// That a stack cannot be rendered as it is.
fn unrendered(context: &Context<'_>) -> Option<Obstacle> {
    let problems = render(context).err()?;
    let problem = problems.first()?;
    let why = format!("{} cannot be rendered as it is: {}", place(context), problem.sentence());
    Some(Obstacle { why, path: String::new(), at: problem.at.clone() })
}

/// A slot and a target in words: `storefront/production for acme at prod-eu`.
fn place(context: &Context<'_>) -> String {
    let tenant = context.tenant.map_or_else(String::new, |tenant| format!(" for {}", tenant.name));
    format!("{}/{}{tenant} at {}", context.project.name, context.environment.name, context.target.name)
}

/// One context with its values.
struct Slot<'a> {
    context: &'a Context<'a>,
    values: Values<'a>,
    stack: StackName,
}

impl<'a> Slot<'a> {
    fn new(context: &'a Context<'a>) -> Self {
        Self { context, values: Values::new(context), stack: StackName::of(&owner(context)) }
    }

    /// What a shape becomes here; none if that is a problem.
    fn fill(&self, shape: &Shape) -> Option<Value> {
        let mut filler = Filler::new(self.context, &self.values, &self.stack);
        let filled = filler.fill(shape);
        filler.finish().is_empty().then_some(filled)
    }
}

/// Writes shapes as JSON with placeholders.
struct Writer<'a> {
    slots: Vec<Slot<'a>>,
    at: &'a Location,
    /// JSON pointer to what is written.
    path: String,
    obstacles: Vec<Obstacle>,
}

impl Writer<'_> {
    fn under(&mut self, key: &str, shape: &Shape) -> Value {
        let length = self.path.len();
        push_key(&mut self.path, key);
        let written = self.part(shape);
        self.path.truncate(length);
        written
    }

    fn part(&mut self, shape: &Shape) -> Value {
        match shape {
            Shape::Fixed(value) | Shape::Written(value, _) => self.fixed(value),
            Shape::Map(pairs) => {
                let pairs = pairs.iter().map(|(key, inside)| {
                    self.literal_key(key);
                    (key.clone(), self.under(key, inside))
                });
                Value::Object(pairs.collect())
            }
            Shape::List(items) => {
                let items = items.iter().enumerate().map(|(index, item)| self.under(&index.to_string(), item));
                Value::Array(items.collect())
            }
            Shape::Element(text) | Shape::Leaf(Leaf::Substitution(text)) => Value::String(text.raw().to_owned()),
            Shape::Leaf(leaf) => {
                let ways = leaf::texts(leaf).into_iter().map(|text| vec![text]).collect();
                let chosen = self.choose(shape, ways, leaf.written().next(), false);
                Value::String(chosen.into_iter().next().unwrap_or_default())
            }
            Shape::Leaves(leaves) => {
                let ways = leaf::lists(leaves, |text| self.values_of(text));
                let chosen = self.choose(shape, ways, leaves.written().first(), true);
                Value::Array(chosen.into_iter().map(Value::String).collect())
            }
            Shape::Joined(lists) => {
                let items = lists.iter().flat_map(|list| match self.part(list) {
                    Value::Array(items) => items,
                    one => vec![one],
                });
                Value::Array(items.collect())
            }
        }
    }

    /// Data that has no placeholder: `#{` in it stands for itself.
    fn fixed(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => Value::String(leaf::literal(text)),
            Value::Array(items) => Value::Array(items.iter().map(|item| self.fixed(item)).collect()),
            Value::Object(pairs) => {
                let pairs = pairs.iter().map(|(key, inside)| {
                    self.literal_key(key);
                    (key.clone(), self.fixed(inside))
                });
                Value::Object(pairs.collect())
            }
            other => other.clone(),
        }
    }

    /// A key of a template is taken as it is, and `#{` in it is refused.
    fn literal_key(&mut self, key: &str) {
        if key.contains("#{") {
            let why = format!("`{key}` becomes a key, and a key of a template cannot have `#{{`");
            self.obstacles.push(Obstacle { why, path: self.path.clone(), at: self.at.clone() });
        }
    }

    /// What a text becomes in each slot.
    fn values_of(&self, text: &str) -> Vec<Option<Value>> {
        match Text::parse(text, self.at.clone()) {
            Ok(text) => self.slots.iter().map(|slot| slot.fill(&Shape::text(&text))).collect(),
            Err(_) => Vec::new(),
        }
    }

    /// The first way of writing a shape that gives the same as the shape in every slot.
    fn choose(&mut self, shape: &Shape, ways: Vec<Vec<String>>, subject: Option<&Text>, list: bool) -> Vec<String> {
        let wanted: Vec<Option<Value>> = self.slots.iter().map(|slot| slot.fill(shape)).collect();
        let mut furthest = 0;
        for way in ways {
            let Some(written) = written(&way, list, self.at) else { continue };
            let differs = |(slot, wanted): (&Slot<'_>, &Option<Value>)| slot.fill(&written) != *wanted;
            match self.slots.iter().zip(&wanted).position(differs) {
                None => return way,
                Some(index) => furthest = furthest.max(index),
            }
        }
        let obstacle = self.disagreement(furthest, &wanted, subject);
        self.obstacles.push(obstacle);
        Vec::new()
    }

    /// No text fits both the first slot and this one.
    fn disagreement(&self, index: usize, wanted: &[Option<Value>], subject: Option<&Text>) -> Obstacle {
        let shown = |index: usize| {
            let place = self.slots.get(index).map(|slot| place(slot.context)).unwrap_or_default();
            let value =
                wanted.get(index).and_then(Option::as_ref).map_or_else(|| "nothing".to_owned(), Value::to_string);
            format!("{value} in {place}")
        };
        let what = subject.map_or_else(|| "a value".to_owned(), |text| format!("`{}`", text.raw()));
        let why = match index {
            0 => format!("{what} becomes {}, which no text of a template says", shown(0)),
            index => format!(
                "{what} becomes {} and {}, which one text cannot say both: give it one form",
                shown(0),
                shown(index)
            ),
        };
        let at = subject.map_or(self.at, Text::at).clone();
        Obstacle { why, path: self.path.clone(), at }
    }
}

/// The shape that texts of a template have; none if one of them is not text.
fn written(texts: &[String], list: bool, at: &Location) -> Option<Shape> {
    let texts: Result<Vec<Text>, _> = texts.iter().map(|text| Text::parse(text, at.clone())).collect();
    let texts = texts.ok()?;
    if list {
        Some(Shape::List(texts.into_iter().map(leaf::element).collect()))
    } else {
        texts.first().map(Shape::text)
    }
}
