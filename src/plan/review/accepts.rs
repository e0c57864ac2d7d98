//! What the head accepts: for each stack the acceptances that count for its risks, and those that the change brings.
//!
//! The head decides, also about older releases. An acceptance that the change itself brings counts too, and says so: the reviewer
//! decides about the risk and its acceptance together.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use crate::cfn::{Document, Given};
use crate::compare::Risk;
use crate::compare::ecs::Tags;
use crate::model::accept::{Accepted, Home};
use crate::model::{Accept, Catalog, EnvironmentName, Id, Place, ProjectName, StepName};
use crate::template::Rendered;

use super::Change;
use super::effects::Effects;
use super::releases::values;
use super::types::StackReview;

/// An acceptance that counts for the risks of a stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Acceptance {
    pub accept: Arc<Accept>,
    /// The reviewed change brings it.
    pub new: bool,
}

/// The acceptances of risks that are in force at a time, those that were there before first.
pub(super) fn in_force(head: &Catalog, base: &Catalog, now: Timestamp) -> Vec<Acceptance> {
    let known: BTreeSet<Same<'_>> = base.accepts.iter().map(|accept| same(accept, base)).collect();
    let risks = head.accepts.iter().filter(|accept| matches!(accept.what, Accepted::Risk(_)) && !accept.is_over(now));
    let acceptance =
        |accept: &Arc<Accept>| Acceptance { accept: accept.clone(), new: !known.contains(&same(accept, head)) };
    let mut all: Vec<Acceptance> = risks.map(acceptance).collect();
    all.sort_by_key(|acceptance| acceptance.new);
    all
}

/// Those of them that count for the stacks of a project in an environment.
pub(super) fn for_stack(all: &[Acceptance], project: &ProjectName, environment: &EnvironmentName) -> Vec<Acceptance> {
    all.iter().filter(|acceptance| acceptance.accept.is_for(project, environment)).cloned().collect()
}

/// The acceptances in force that the change brings, of warnings and of risks.
pub(super) fn brought(change: &Change<'_>) -> Vec<Arc<Accept>> {
    let known: BTreeSet<Same<'_>> = change.base.accepts.iter().map(|accept| same(accept, change.base)).collect();
    let in_force = change.head.accepts.iter().filter(|accept| !accept.is_over(change.now));
    in_force.filter(|accept| !known.contains(&same(accept, change.head))).cloned().collect()
}

/// What makes two acceptances of two commits the same: what they say, and where they count.
type Same<'a> =
    (Accepted, &'a str, &'a str, Option<Date>, (Option<&'a Id>, Option<&'a EnvironmentName>, Option<&'a str>));

fn same<'a>(accept: &'a Accept, catalog: &'a Catalog) -> Same<'a> {
    // The id of a project survives a rename of its folder.
    let id = |project: &ProjectName| catalog.projects.get(project).map(|project| &project.id);
    let counts = match &accept.home {
        Home::Project(project) => (id(project), None, None),
        Home::Deploy(project, environment) => (id(project), Some(environment), None),
        Home::Repository | Home::File => (None, None, Some(&*accept.at.file)),
    };
    (accept.what, &accept.place, &accept.reason, accept.until, counts)
}

/// The place of a risk that lasts, as `where` of an `[[accept]]` names it: the step, the resource, and what of it.
pub fn place_of(step: &StepName, risk: &Risk) -> Option<String> {
    let names = [Some(step.as_str()), risk.resource.as_deref(), risk.part.as_deref()];
    risk.lasts.then(|| names.into_iter().flatten().collect::<Vec<_>>().join("/"))
}

/// The risks that a rendered stack has as it is, whatever changed last.
pub fn standing(rendered: &Rendered, place: &Place) -> Vec<Risk> {
    let Ok(document) = Document::parse(&rendered.content.template) else { return Vec::new() };
    let values = values(place, &rendered.content);
    let after = Given { document: &document, values: &values };
    let mut risks = Effects::between(None, Some(after), [&Tags::default(), &Tags::default()]).risks;
    risks.retain(|risk| risk.lasts);
    risks
}

impl StackReview {
    /// The place of one of its risks, if that can be accepted.
    pub fn place_of(&self, risk: &Risk) -> Option<String> {
        place_of(self.step.as_ref()?, risk)
    }

    /// What accepts one of its risks.
    pub fn acceptance(&self, risk: &Risk) -> Option<&Acceptance> {
        let place = self.place_of(risk)?;
        let accepts = |one: &&Acceptance| one.accept.what == Accepted::Risk(risk.id) && one.accept.covers(&place);
        self.accepts.iter().find(accepts)
    }
}
