//! Acceptances of risks that no stack has any more.
//!
//! What the stacks have is what they render to: with the head's process for each channel, and with the releases that are pinned or
//! enter by themselves. What else runs, because something holds its successor, only a daemon knows. If a stack of a project cannot
//! be rendered, nothing is said about that project.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::super::stacks::{Slotted, head_contexts, heads};
use crate::load::codes;
use crate::model::accept::{Accepted, Home};
use crate::model::catalog::Catalog;
use crate::model::{Accept, EnvironmentName, Names, Project, ProjectName};
use crate::plan::review::{place_of, standing};
use crate::problem::{Level, Problem};
use crate::promote::settled;
use crate::template::{self, Context, RenderProblem};

/// A risk by name, where it is, and in which environment.
type Had = (&'static str, String, EnvironmentName);

/// The acceptances of risks that accept nothing. Costs a rendering of the stacks of each project that accepts risks.
pub(super) fn idle(catalog: &Catalog, now: Timestamp) -> Vec<Arc<Accept>> {
    let mut by_project: BTreeMap<&ProjectName, Vec<&Arc<Accept>>> = BTreeMap::new();
    for accept in catalog.accepts.iter().filter(|accept| !accept.is_over(now)) {
        if let (Accepted::Risk(_), Home::Project(project) | Home::Deploy(project, _)) = (accept.what, &accept.home) {
            by_project.entry(project).or_default().push(accept);
        }
    }
    let mut idle = Vec::new();
    for (name, accepts) in by_project {
        let had = catalog.projects.get(name).and_then(|project| had(catalog, project));
        let Some(had) = had else { continue };
        let applies = |accept: &Accept| {
            had.iter().any(|(risk, place, environment)| {
                accept.what == Accepted::Risk(risk) && accept.covers(place) && accept.is_for(name, environment)
            })
        };
        idle.extend(accepts.into_iter().filter(|accept| !applies(accept)).cloned());
    }
    idle
}

/// The risks that stacks of a project have; none if a stack cannot be rendered, or the files of a release are not known.
fn had(catalog: &Catalog, project: &Arc<Project>) -> Option<Vec<Had>> {
    project.head.as_ref()?;
    let names = Names::of(catalog);
    let heads = heads(catalog, project);
    let mut all = Vec::new();
    for context in head_contexts(catalog, project, &names, &heads) {
        all.extend(risks(&context)?);
    }
    for slot in settled(catalog).iter().filter(|slot| slot.project.name == project.name) {
        for context in Slotted::new(catalog, &names, slot)?.contexts(catalog) {
            all.extend(risks(&context)?);
        }
    }
    Some(all)
}

fn risks(context: &Context<'_>) -> Option<Vec<Had>> {
    let rendered = template::render(context).ok()?;
    let risks = standing(&rendered, &context.target.place).into_iter();
    let had = risks.filter_map(|risk| Some((risk.id, place_of(&context.step.name, &risk)?)));
    Some(had.map(|(risk, place)| (risk, place, context.environment.name.clone())).collect())
}

/// The warning about an acceptance that accepts nothing.
pub(super) fn problem(accept: &Accept, source: Option<Arc<str>>) -> Problem {
    let whose = match &accept.home {
        Home::Project(project) => format!("project `{project}`"),
        Home::Deploy(project, environment) => format!("project `{project}` in `{environment}`"),
        Home::Repository | Home::File => "the repository".to_owned(),
    };
    let title = format!("no stack of {whose} has the risk `{}` at `{}`", accept.what.as_str(), accept.place);
    let found = RenderProblem {
        code: codes::ACCEPT_IDLE.code,
        title,
        at: accept.at.clone(),
        help: Some("delete these lines".to_owned()),
    };
    Problem { level: Level::Warning, label: "accepts nothing".to_owned(), ..super::as_problem(found, source) }
}
