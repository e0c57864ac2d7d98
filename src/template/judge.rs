//! What AWS would refuse in a step that is filled with the values of a slot.
//!
//! The loader judges templates and patches before any value is known (`load/`); here the same schemas and rules look at what one
//! stack is given. A fault points to the text that the value came from: of the template, the patch or the step. A release is held
//! to the rules of the edition by which it landed, see [`edition`].

use crate::cfn::{self, Document, SchemaProblem};
use crate::model::edition::{self, EDITION, EVERY_TYPE};
use crate::model::process::Text;
use crate::model::{Location, Step};

use super::patch::{Applied, Sections};
use super::shape::Shape;
use super::{Context, RenderProblem, codes};

/// A fault at a place of the filled template.
struct Found {
    code: &'static str,
    pointer: String,
    title: String,
}

/// Everything that AWS would refuse. `sections` is what the document was filled from. For a user's template only what is certain:
/// AWS may know more than this copy of its schemas, and the result of a macro is unknown. For patches, nothing that was set
/// with `set_unchecked`.
pub(super) fn judge(
    context: &Context<'_>,
    stack: &str,
    document: &Document,
    sections: &Sections<'_>,
    patched: &Applied,
) -> Vec<RenderProblem> {
    let rules = context.release.snapshot.as_ref().map_or(EDITION, |snapshot| snapshot.rules);
    let mut found = against_schemas(document, context.step, rules);
    found.extend(against_rules(document, rules));
    found.retain(|fault| !patched.is_unchecked(&fault.pointer));
    let problem = |Found { code, pointer, title }| RenderProblem {
        code,
        title: format!("stack `{stack}`: {title}"),
        at: origin(sections, &pointer).unwrap_or(&context.step.at).clone(),
        help: None,
    };
    found.into_iter().map(problem).collect()
}

fn against_schemas(document: &Document, step: &Step, rules: u16) -> Vec<Found> {
    let users = step.kind.raw().is_some();
    let mut found = Vec::new();
    if users && document.has_macro() {
        return found;
    }
    for resource in document.resources() {
        let (id, kind) = (resource.id, resource.kind());
        for fault in cfn::check_resource(resource) {
            let new = edition::of_properties(kind, matches!(fault.problem, SchemaProblem::Unlike { .. }));
            if new > rules || (users && !fault.problem.is_certain()) {
                continue;
            }
            let place = fault.pointer.trim_start_matches("/Properties").trim_start_matches('/').replace('/', ".");
            let title = match place.as_str() {
                "" => format!("{} in `{id}` ({kind})", fault.problem),
                place => format!("{} at `{place}` of `{id}` ({kind})", fault.problem),
            };
            found.push(Found { code: codes::RESOURCE_PROPERTY, pointer: pointer(id, &fault.pointer), title });
        }
    }
    found
}

fn against_rules(document: &Document, rules: u16) -> Vec<Found> {
    // Earlier editions did not judge the values of slots.
    if rules < EVERY_TYPE {
        return Vec::new();
    }
    let broken = cfn::check_rules(document).into_iter().filter(|fault| fault.certain && fault.edition <= rules);
    let said = |fault: cfn::RuleFault| {
        let title = format!("AWS would refuse {}: {}", fault.place(), fault.title);
        Found { code: codes::RESOURCE_RULE, pointer: fault.pointer, title }
    };
    broken.map(said).collect()
}

fn pointer(resource: &str, inside: &str) -> String {
    let mut pointer = "/Resources".to_owned();
    cfn::push_key(&mut pointer, resource);
    pointer.push_str(inside);
    pointer
}

/// Where the value at a place of the filled template is written; of a value that is written nowhere, the text with a placeholder in
/// the same resource that is nearest.
fn origin<'s>(sections: &'s Sections<'_>, pointer: &str) -> Option<&'s Location> {
    let mut steps = pointer.split('/').skip(1);
    let (section, resource) = (steps.next()?, steps.next()?.replace("~1", "/").replace("~0", "~"));
    let (_, Shape::Map(resources)) = sections.iter().find(|(name, _)| *name == section)? else { return None };
    let (_, shape) = resources.iter().find(|(id, _)| *id == resource)?;
    let mut texts = Texts { found: Vec::new() };
    texts.of(shape, &mut Vec::new());
    let steps: Vec<String> = steps.map(|step| step.replace("~1", "/").replace("~0", "~")).collect();
    let common = |path: &[String]| path.iter().zip(&steps).take_while(|(one, other)| one == other).count();
    let exact = texts.found.iter().find(|(path, _)| common(path) == steps.len());
    let filled = texts.found.iter().filter(|(_, text)| text.placeholders().next().is_some());
    let nearest = || filled.rev().max_by_key(|(path, _)| common(path));
    exact.or_else(nearest).map(|(_, text)| text.at())
}

/// The texts of a shape, with the steps that lead to each.
struct Texts<'s> {
    found: Vec<(Vec<String>, &'s Text)>,
}

impl<'s> Texts<'s> {
    fn of(&mut self, shape: &'s Shape, path: &mut Vec<String>) {
        match shape {
            Shape::Fixed(_) => {}
            Shape::Map(pairs) => pairs.iter().for_each(|(key, inside)| self.below(key.clone(), inside, path)),
            Shape::List(items) | Shape::Joined(items) => {
                items.iter().enumerate().for_each(|(index, item)| self.below(index.to_string(), item, path));
            }
            Shape::Leaf(leaf) => self.found.extend(leaf.written().map(|text| (path.clone(), text))),
            Shape::Leaves(leaves) => self.found.extend(leaves.written().iter().map(|text| (path.clone(), text))),
            Shape::Element(text) => self.found.push((path.clone(), text)),
        }
    }

    fn below(&mut self, step: String, shape: &'s Shape, path: &mut Vec<String>) {
        path.push(step);
        self.of(shape, path);
        path.pop();
    }
}
