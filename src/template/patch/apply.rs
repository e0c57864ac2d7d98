//! Removing, setting and appending, with what cannot be done.

use crate::model::Location;
use crate::model::process::{Part, Patch, PatchPath, PatchSet};

use super::super::cloudformation::shape;
use super::super::shape::Shape;
use super::check::{PatchFault, PatchProblem};
use super::place::{self, NoEnd, Nowhere, Pairs};
use super::{Sections, meant, pointer, within};

/// A place of the template that a patch changed, and where the patch says so.
#[derive(Clone, Debug)]
pub(in crate::template) struct Touched {
    /// JSON pointer into the template.
    pub(super) pointer: String,
    /// The same to what the patch's path names, of which this is a part.
    pub(super) path: String,
    /// Where it is written.
    pub(super) at: Location,
    /// How it was changed.
    pub(super) how: How,
}

/// How a place was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    /// It was set.
    Set,
    /// It was set, or made for what was set, and is not held against schemas.
    Unchecked,
    /// Something else: it was removed, added, extended.
    Other,
}

/// What became of patches.
#[derive(Debug, Default)]
pub(in crate::template) struct Applied {
    /// What could not be done, and is left out.
    pub(in crate::template) problems: Vec<PatchProblem>,
    pub(super) touched: Vec<Touched>,
    /// What was done with lists.
    lists: Vec<OfList>,
}

/// What a patch does with a list, in which the order of patches must not decide what comes of it.
#[derive(Clone, Debug)]
struct OfList {
    /// JSON pointer to the list.
    list: String,
    /// Where the patch says so.
    at: Location,
    /// What it does.
    does: Does,
}

/// What is done with a list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Does {
    /// An item is found by counting.
    Counts,
    /// An item goes, and those behind it move up.
    Shrinks,
    /// Items come to its end, of which this is the index of the first.
    Grows(usize),
    /// It gets an item of this name.
    Gets(String),
}

impl Applied {
    /// Whether a place is not held against schemas.
    pub(in crate::template) fn is_unchecked(&self, pointer: &str) -> bool {
        self.touched.iter().any(|one| one.how == How::Unchecked && within(&one.pointer, pointer))
    }
}

/// Applies patches, in their order.
pub(in crate::template) fn apply(sections: &mut Sections<'_>, patches: &[Patch]) -> Applied {
    let mut applied = Applied::default();
    for patch in patches {
        applied.patch(sections, patch);
    }
    applied
}

impl Applied {
    fn refuse(&mut self, fault: PatchFault, at: &Location, title: String, help: Option<String>) {
        self.problems.push(PatchProblem { fault, title, at: at.clone(), inside: String::new(), help, edition: 0 });
    }

    fn touch(&mut self, pointer: String, at: &Location) {
        self.touched.push(Touched { path: pointer.clone(), pointer, at: at.clone(), how: How::Other });
    }

    /// Refuses a change whose result would depend on the order of patches; false if there is nothing to refuse.
    ///
    /// `passed` are the lists on the path's way, each with the step by which its item was found; `shrinks` is the list of which
    /// the path takes an item away.
    fn depends_on_order(&mut self, path: &PatchPath, passed: &[(String, String)], shrinks: Option<&str>) -> bool {
        let find = |list: &str, matters: &dyn Fn(&Does) -> bool| {
            let found = self.lists.iter().find(|one| one.list == *list && matters(&one.does));
            found.map(|one| one.at.line)
        };
        let moved = passed.iter().find_map(|(list, step)| {
            let Ok(index) = step.parse::<usize>() else {
                let line = find(list, &|does| *does == Does::Gets(step.clone()))?;
                return Some(format!("`{}` changes an item that line {line} appends", path.raw));
            };
            let matters = |does: &Does| match does {
                Does::Shrinks => true,
                Does::Grows(from) => index >= *from,
                Does::Counts | Does::Gets(_) => false,
            };
            let line = find(list, &matters)?;
            Some(format!("`{}` uses an index in a list whose length line {line} changes", path.raw))
        });
        let counted = || {
            let line = find(shrinks?, &|does| *does == Does::Counts)?;
            Some(format!("`{}` removes an item from a list in which line {line} uses an index", path.raw))
        };
        let Some(title) = moved.or_else(counted) else { return false };
        let help = "name an item by its `Name`, `Key` or `Id`, or set the whole list; append items in their final form";
        self.refuse(PatchFault::Twice, &path.at, title, Some(help.to_owned()));
        true
    }

    /// Notes what a path does with the lists on its way.
    fn note(&mut self, path: &PatchPath, passed: Vec<(String, String)>, shrinks: Option<&str>) {
        let one = |list: String, does| OfList { list, at: path.at.clone(), does };
        let counted = passed.into_iter().filter(|(_, step)| step.parse::<usize>().is_ok());
        self.lists.extend(counted.map(|(list, _)| one(list, Does::Counts)));
        self.lists.extend(shrinks.map(|list| one(list.to_owned(), Does::Shrinks)));
    }

    fn nowhere(&mut self, path: &PatchPath, found: Nowhere) {
        let title = format!("`{}` does not exist from `{}` on: {}", path.raw, found.step, found.what);
        let help = meant(&found.step, found.known.iter().map(String::as_str));
        self.refuse(PatchFault::Path, &path.at, title, help);
    }

    fn patch(&mut self, sections: &mut Sections<'_>, patch: &Patch) {
        if let Some(body) = section(sections, "Resources").and_then(|resources| self.resource(resources, patch)) {
            self.body(body, patch);
        }
        if patch.outputs.is_empty() {
            return;
        }
        let Some(outputs) = section(sections, "Outputs") else { return };
        for (name, at, value) in &patch.outputs {
            if outputs.iter().any(|(known, _)| **known == **name) {
                self.refuse(PatchFault::Twice, at, format!("the output `{name}` already exists"), None);
                continue;
            }
            self.touched.push(Touched {
                pointer: pointer("/Outputs", name),
                path: pointer(&pointer("/Outputs", name), "Value"),
                at: at.clone(),
                how: How::Other,
            });
            outputs.push((name.to_string(), Shape::map([("Value", Some(shape(value)))])));
        }
    }

    /// The resource of a patch: an existing or a new one.
    fn resource<'s>(&mut self, resources: &'s mut Pairs, patch: &Patch) -> Option<&'s mut Pairs> {
        let id = &*patch.resource;
        let found = resources.iter().position(|(known, _)| known == id);
        let index = match (found, &patch.kind) {
            (Some(index), None) => index,
            (Some(_), Some((_, at))) => {
                let title = format!("the resource `{id}` already exists");
                let help = "to change it, remove `type`; to add a resource, use another id".to_owned();
                self.refuse(PatchFault::Twice, at, title, Some(help));
                return None;
            }
            (None, None) => {
                let title = format!("the step does not render a resource `{id}`");
                let help = meant(id, resources.iter().map(|(known, _)| known.as_str()));
                let help = help.map_or_else(String::new, |help| format!("{help} "));
                let help = format!("{help}To add a resource, set `type`");
                self.refuse(PatchFault::Resource, &patch.at, title, Some(help));
                return None;
            }
            (None, Some((kind, at))) => {
                if id.starts_with("Fn::") || kind.ends_with("::MODULE") {
                    let title =
                        format!("a patch can only add single resources, and `{id}` (`{kind}`) stands for several");
                    let help = "a step of kind `cloudformation` can use loops and modules in its template".to_owned();
                    self.refuse(PatchFault::Resource, at, title, Some(help));
                    return None;
                }
                if !is_type(kind) {
                    let title = format!("`{kind}` is not a resource type, such as `AWS::SNS::Topic`");
                    let help = meant(kind, crate::cfn::known_types());
                    self.refuse(PatchFault::Resource, at, title, help);
                    return None;
                }
                self.touch(pointer("/Resources", id), &patch.at);
                resources.push((id.to_owned(), Shape::map([("Type", Some(Shape::from(&**kind)))])));
                resources.len() - 1
            }
        };
        resources.get_mut(index).and_then(|(_, body)| place::pairs(body))
    }

    fn body(&mut self, body: &mut Pairs, patch: &Patch) {
        let base = pointer("/Resources", &patch.resource);
        if !(patch.remove.is_empty() && patch.set.is_empty() && patch.append.is_empty()) {
            let properties = place::entry(body, "Properties");
            let base = pointer(&base, "Properties");
            patch.remove.iter().for_each(|path| self.remove(properties, path, &base));
            patch.set.iter().for_each(|set| self.set(properties, set, &base));
            patch.append.iter().for_each(|(path, items)| self.append(properties, path, items, &base));
        }
        for (name, value) in &patch.attributes {
            let pointer = pointer(&base, name);
            if self.touched.iter().any(|one| one.pointer == pointer) {
                self.refuse(
                    PatchFault::Twice,
                    &patch.at,
                    format!("`{name}` of `{}` is set twice", patch.resource),
                    None,
                );
                continue;
            }
            *place::entry(body, name) = Shape::from(*value);
            self.touch(pointer, &patch.at);
        }
        for (id, at) in &patch.depends_on {
            if !place::depend(place::entry(body, "DependsOn"), id) {
                let title = format!("`{}` already depends on `{id}`", patch.resource);
                self.refuse(PatchFault::Twice, at, title, None);
            }
            self.touch(pointer(&base, "DependsOn"), at);
        }
        for (key, value) in &patch.metadata {
            let base = pointer(&base, "Metadata");
            let Some(there) = place::pairs(place::entry(body, "Metadata")) else { continue };
            place::merge(place::entry(there, key), shape(value));
            self.touch(pointer(&base, key), &patch.at);
        }
    }

    fn set(&mut self, properties: &mut Shape, set: &PatchSet, base: &str) {
        let place = match place::walk(properties, &set.path.steps, base, true) {
            Ok(place) => place,
            Err(found) => return self.nowhere(&set.path, found),
        };
        if self.depends_on_order(&set.path, &place.passed, None) {
            return;
        }
        self.note(&set.path, place.passed, None);
        let mut value = shape(&set.value);
        let mut parts = Vec::new();
        place::merged(place.shape, &mut value, place.pointer.clone(), &mut parts);
        if let Some(before) = parts.iter().find_map(|part| self.set_before(part)) {
            let line = before.line;
            let title = format!("`{}` is set twice: line {line} also sets it, or a part of it", set.path.raw);
            return self.refuse(PatchFault::Twice, &set.path.at, title, None);
        }
        place::merge(place.shape, value);
        let touched = |pointer, how| Touched { pointer, path: place.pointer.clone(), at: set.path.at.clone(), how };
        if !set.checked {
            let new = place.made.clone().map_or_else(|| parts.clone(), |made| vec![made]);
            self.touched.extend(new.into_iter().map(|pointer| touched(pointer, How::Unchecked)));
        }
        self.touched.extend(parts.into_iter().map(|part| touched(part, How::Set)));
    }

    /// Where a place, a part of it, or its parent was set before.
    fn set_before(&self, pointer: &str) -> Option<Location> {
        let same = |one: &&Touched| within(&one.pointer, pointer) || within(pointer, &one.pointer);
        self.touched.iter().filter(|one| one.how == How::Set).find(same).map(|one| one.at.clone())
    }

    fn append(&mut self, properties: &mut Shape, path: &PatchPath, items: &[Part], base: &str) {
        let place = match place::walk(properties, &path.steps, base, true) {
            Ok(place) => place,
            Err(found) => return self.nowhere(path, found),
        };
        if self.depends_on_order(path, &place.passed, None) {
            return;
        }
        let raw = &path.raw;
        let items: Vec<_> = items.iter().map(shape).collect();
        let names: Vec<String> = items.iter().filter_map(place::name_of).collect();
        match place::append(place.shape, items) {
            Ok(first) => {
                let (list, at) = (&place.pointer, &path.at);
                let does = names.into_iter().map(Does::Gets).chain([Does::Grows(first)]);
                self.lists.extend(does.map(|does| OfList { list: list.clone(), at: at.clone(), does }));
                self.note(path, place.passed, None);
                self.touch(place.pointer, &path.at);
            }
            Err(NoEnd::NoList) => self.refuse(PatchFault::Path, &path.at, format!("`{raw}` is not a list"), None),
            Err(NoEnd::Networks) => {
                let key = if raw.ends_with("Subnets") { "subnets" } else { "security_groups" };
                let title = format!(
                    "the content of `{raw}` is not known here: it comes from the key `{key}` or from the target"
                );
                let help = format!("write the whole list in the step: `{key} = [\"#{{target.{key}}}\", \"…\"]`");
                self.refuse(PatchFault::Path, &path.at, title, Some(help));
            }
            Err(NoEnd::Named(name)) => {
                let title = format!("`{raw}` already has an item `{name}`");
                let help = format!("to change it, set `{raw}.{name}`");
                self.refuse(PatchFault::Twice, &path.at, title, Some(help));
            }
        }
    }

    fn remove(&mut self, properties: &mut Shape, path: &PatchPath, base: &str) {
        let Some((last, way)) = path.steps.split_last() else { return };
        let taken = place::walk(properties, way, base, false).and_then(|parent| {
            let (pointer, item) = place::take(parent.shape, &parent.pointer, last)?;
            Ok((parent.pointer, pointer, item, parent.passed))
        });
        let (base, pointer, item, mut passed) = match taken {
            Ok(taken) => taken,
            Err(found) => return self.nowhere(path, found),
        };
        let shrinks = item.map(|_| base.as_str());
        passed.extend(shrinks.map(|list| (list.to_owned(), last.to_string())));
        if self.depends_on_order(path, &passed, shrinks) {
            return;
        }
        self.note(path, passed, shrinks);
        if let Some(before) = self.set_before(&pointer) {
            let title = format!("`{}` is removed here, and line {} sets it or a part of it", path.raw, before.line);
            return self.refuse(PatchFault::Twice, &path.at, title, None);
        }
        match item {
            // The following items move up, so this counts as a change of the list.
            Some(index) => {
                self.touched.iter_mut().for_each(|one| move_up(&mut one.pointer, &base, index));
                self.touched.iter_mut().for_each(|one| move_up(&mut one.path, &base, index));
                self.lists.iter_mut().for_each(|one| move_up(&mut one.list, &base, index));
                self.touch(base, &path.at);
            }
            None => self.touch(pointer, &path.at),
        }
    }
}

/// Corrects a pointer if an earlier item of the list at `base` was removed.
fn move_up(pointer: &mut String, base: &str, removed: usize) {
    let Some(rest) = pointer.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')) else { return };
    let (index, below) = rest.split_once('/').map_or((rest, None), |(index, below)| (index, Some(below)));
    let Some(index) = index.parse::<usize>().ok().filter(|index| *index > removed) else { return };
    let below = below.map_or_else(String::new, |below| format!("/{below}"));
    *pointer = format!("{base}/{}{below}", index - 1);
}

/// Whether a text looks like the type of a resource.
fn is_type(kind: &str) -> bool {
    let word = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric());
    kind.split("::").count() > 1 && kind.split("::").all(word)
}

/// The entries of a section, which is created if it does not exist.
fn section<'s>(sections: &'s mut Sections<'_>, name: &'static str) -> Option<&'s mut Pairs> {
    let index = sections.iter().position(|(known, _)| *known == name).unwrap_or_else(|| {
        sections.push((name, Shape::Map(Vec::new())));
        sections.len() - 1
    });
    sections.get_mut(index).and_then(|(_, shape)| place::pairs(shape))
}
