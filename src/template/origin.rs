//! Where in the repository the values of a template are written: of a shape, by JSON pointers into what it becomes.

use crate::model::Location;
use crate::model::process::{Place, Text};

use super::patch::Sections;
use super::shape::Shape;

/// Where a key is written that renders to a place of the template: the value itself, the first one in a map or a list, or of what is
/// written nowhere the nearest one in the same resource.
pub(super) fn of_key<'s>(sections: &'s Sections<'_>, pointer: &str) -> Option<&'s Place> {
    let (found, steps) = written(sections, pointer)?;
    let inside = || found.iter().find(|one| common(&one.path, &steps) == steps.len());
    // Of those that are equally near, the first.
    let nearest = || found.iter().rev().max_by_key(|one| common(&one.path, &steps));
    inside().or_else(nearest).map(|one| one.place)
}

/// Where the value at a place of the filled template is written; of a value that is written nowhere, the text with a placeholder in
/// the same resource that is nearest.
pub(super) fn of_value<'s>(sections: &'s Sections<'_>, pointer: &str) -> Option<&'s Location> {
    let (found, steps) = written(sections, pointer)?;
    let texts: Vec<(&Written<'_>, &Text)> = found.iter().filter_map(|one| Some((one, one.text?))).collect();
    let exact = texts.iter().find(|(one, _)| common(&one.path, &steps) == steps.len());
    let filled = texts.iter().filter(|(_, text)| text.placeholders().next().is_some());
    let nearest = || filled.rev().max_by_key(|(one, _)| common(&one.path, &steps));
    exact.or_else(nearest).map(|(_, text)| text.at())
}

/// Where exactly the value at a place of the template is written, and its text if it is one; none if it is not written by itself.
pub(super) fn of_exactly<'s>(sections: &'s Sections<'_>, pointer: &str) -> Option<(&'s Place, Option<&'s Text>)> {
    let (found, steps) = written(sections, pointer)?;
    found.into_iter().find(|one| one.path == steps).map(|one| (one.place, one.text))
}

fn common(path: &[String], steps: &[String]) -> usize {
    path.iter().zip(steps).take_while(|(one, other)| one == other).count()
}

/// A value that is written, and the steps that lead to it from its resource.
struct Written<'s> {
    path: Vec<String>,
    place: &'s Place,
    text: Option<&'s Text>,
}

/// What is written of the resource that a pointer leads to, and the steps of the pointer from there.
fn written<'s>(sections: &'s Sections<'_>, pointer: &str) -> Option<(Vec<Written<'s>>, Vec<String>)> {
    let mut steps = pointer.split('/').skip(1).map(|step| step.replace("~1", "/").replace("~0", "~"));
    let (section, resource) = (steps.next()?, steps.next()?);
    let (_, Shape::Map(resources)) = sections.iter().find(|(name, _)| *name == section)? else { return None };
    let (_, shape) = resources.iter().find(|(id, _)| *id == resource)?;
    let mut found = Finder { found: Vec::new(), path: Vec::new() };
    found.of(shape);
    Some((found.found, steps.collect()))
}

struct Finder<'s> {
    found: Vec<Written<'s>>,
    path: Vec<String>,
}

impl<'s> Finder<'s> {
    fn of(&mut self, shape: &'s Shape) {
        match shape {
            Shape::Fixed(_) => {}
            Shape::Written(_, place) if !place.is_known() => {}
            Shape::Written(_, place) => self.found.push(Written { path: self.path.clone(), place, text: None }),
            Shape::Map(pairs) => pairs.iter().for_each(|(key, inside)| self.below(key.clone(), inside)),
            Shape::List(items) | Shape::Joined(items) => {
                items.iter().enumerate().for_each(|(index, item)| self.below(index.to_string(), item));
            }
            Shape::Leaf(leaf) => leaf.written().for_each(|text| self.text(text)),
            Shape::Leaves(leaves) => leaves.written().iter().for_each(|text| self.text(text)),
            Shape::Element(text) => self.text(text),
        }
    }

    fn text(&mut self, text: &'s Text) {
        self.found.push(Written { path: self.path.clone(), place: text.place(), text: Some(text) });
    }

    fn below(&mut self, step: String, shape: &'s Shape) {
        self.path.push(step);
        self.of(shape);
        self.path.pop();
    }
}
