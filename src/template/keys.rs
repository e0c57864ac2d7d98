//! What AWS would refuse in a step as its keys render it, whatever the values of its variables will be.

use crate::cfn::{self, Document, SchemaProblem};
use crate::model::edition::of_properties;
use crate::model::process::Place;
use crate::model::{Step, What};

use super::origin;
use super::patch::{self, known, meant, said};
use super::sections;

/// Something that AWS would refuse in what a step's keys render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyProblem {
    /// One sentence.
    pub title: String,
    /// The value that it is about, or one near it; none if nothing of the resource is written.
    pub place: Option<Place>,
    /// How to fix it.
    pub help: Option<String>,
    /// Each value alone is possible.
    pub together: bool,
    /// The [edition of the rules](crate::model::edition) that is the first to refuse it.
    pub edition: u16,
}

/// A fault at a place of the template.
struct Found {
    pointer: String,
    problem: KeyProblem,
    /// It is about what landfall makes of a value that is also rendered elsewhere, and judged there.
    derived: bool,
}

/// Everything that AWS would refuse in what the keys of a step render and its patches leave as it is. A template is judged
/// where it is read. Costs a rendering without values, and another one for a step with patches.
pub fn check(step: &Step, what: &What) -> Vec<KeyProblem> {
    if step.kind.raw().is_some() {
        return Vec::new();
    }
    let mut sections = sections(step, what);
    let mut found = faults(&known(&sections));
    if !found.is_empty() && !step.patches.is_empty() {
        let applied = patch::apply(&mut sections, &step.patches);
        let left = faults(&known(&sections));
        let is_left =
            |one: &Found| left.iter().any(|other| other.problem == one.problem && other.pointer == one.pointer);
        found.retain(|one| is_left(one) && !applied.is_unchecked(&one.pointer));
    }
    let placed = |Found { pointer, problem, derived }| {
        (derived, KeyProblem { place: origin::of_key(&sections, &pointer).cloned(), ..problem })
    };
    let placed: Vec<(bool, KeyProblem)> = found.into_iter().map(placed).collect();
    let span = |problem: &KeyProblem| problem.place.as_ref().map(Place::span);
    let told = |derived: bool, problem: &KeyProblem| {
        derived && problem.place.is_some() && placed.iter().any(|(other, more)| !other && span(more) == span(problem))
    };
    placed.iter().filter(|(derived, problem)| !told(*derived, problem)).map(|(_, problem)| problem.clone()).collect()
}

fn faults(document: &Document) -> Vec<Found> {
    let mut found = Vec::new();
    for resource in document.resources() {
        for fault in cfn::check_resource(resource) {
            let pointer = patch::pointer("/Resources", resource.id) + &fault.pointer;
            let edition = of_properties(resource.kind(), matches!(fault.problem, SchemaProblem::Unlike { .. }));
            found.push(Found {
                pointer,
                problem: KeyProblem { title: said(&fault), place: None, help: None, together: false, edition },
                derived: false,
            });
        }
    }
    found.extend(cfn::check_rules(document).into_iter().map(|fault| {
        let help = fault.unknown.and_then(|(name, known)| meant(&name, known.iter().map(String::as_str)));
        Found {
            pointer: fault.pointer,
            problem: KeyProblem { title: fault.title, place: None, help, together: true, edition: fault.edition },
            derived: fault.rule == "policy-resource",
        }
    }));
    found
}
