//! Values of one variable: all of one type, and never two of equal rank in the same place.

use std::collections::{BTreeMap, BTreeSet};

use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::{Finding, MAX_PER_FILE};
use super::super::schema::VariablesFile;
use super::super::schema::variables::{ScopeEntry, VariableEntry};
use super::super::world::World;
use crate::model::ProjectName;
use crate::model::catalog::Subject;

/// One value: its file, whether that is a set's, and what it says.
type Entry<'a> = (&'a Draft<VariablesFile>, bool, &'a VariableEntry);

/// The values of a project's head by variable.
fn by_name<'a>(world: &'a World, project: &ProjectName) -> BTreeMap<&'a str, Vec<Entry<'a>>> {
    let mut all: BTreeMap<&str, Vec<Entry<'_>>> = BTreeMap::new();
    let Some(drafts) = world.projects.get(project).map(|project| &project.head.drafts) else { return all };
    let own = drafts.variables.iter().map(|draft| (draft, false));
    for (draft, from_set) in own.chain(drafts.sets.iter().map(|(_, draft)| (draft, true))) {
        for variable in &draft.doc.variable {
            all.entry(&variable.name).or_default().push((draft, from_set, variable));
        }
    }
    all
}

pub(super) fn values_are_of_one_type(world: &World, findings: &mut Vec<Finding>) {
    for project in world.projects.keys() {
        for (name, values) in by_name(world, project) {
            let Some((first_file, _, first)) = values.first() else { continue };
            let kind = first.value.kind();
            let Some((file, _, other)) = values.iter().find(|(_, _, value)| value.value.kind() != kind) else {
                continue;
            };
            let title = format!(
                "`{name}` is a {} in one place and a {} in another",
                kind.as_str(),
                other.value.kind().as_str()
            );
            let finding = Finding::new(codes::VARIABLE_TYPE, &file.file, other.value.span(), title)
                .label(format!("a {}", other.value.kind().as_str()))
                .related(&first_file.file, first.value.span(), format!("a {}", kind.as_str()))
                .hides(Subject::What(project.clone()));
            findings.push(finding);
        }
    }
}

/// The names of each kind, in the order of their rank.
fn kinds(scope: &ScopeEntry) -> [BTreeSet<&str>; 7] {
    let ScopeEntry { step, target, role, tenant, tenant_tag, environment, channel } = scope;
    [step, target, role, tenant, tenant_tag, environment, channel]
        .map(|kind| kind.iter().flat_map(|names| names.0.iter().map(String::as_str)).collect())
}

/// Whether something fits both scopes: they name the same kinds, and of each a common name.
fn both_fit(a: &[BTreeSet<&str>; 7], b: &[BTreeSet<&str>; 7]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.is_empty() == b.is_empty() && (a.is_empty() || !a.is_disjoint(b)))
}

/// Whether a scope names more kinds than another, or higher ones, so that its value may settle a tie.
fn outranks(a: &[BTreeSet<&str>; 7], b: &[BTreeSet<&str>; 7]) -> bool {
    let rank = |scope: &[BTreeSet<&str>; 7]| scope.iter().map(|names| !names.is_empty()).collect::<Vec<_>>();
    rank(a) > rank(b)
}

/// Costs the square of a variable's values of one rank.
pub(super) fn none_tie(world: &World, findings: &mut Vec<Finding>) {
    for project in world.projects.keys() {
        for (name, values) in by_name(world, project) {
            let scopes: Vec<_> = values.iter().map(|(_, _, value)| kinds(&value.scope)).collect();
            let mut found = 0;
            for (index, (file, from_set, value)) in values.iter().enumerate() {
                let Some(scope) = scopes.get(index) else { continue };
                let earlier = values.iter().zip(&scopes).take(index).find(|((_, other_set, _), other)| {
                    // Another check reports equal scopes.
                    from_set == other_set && *other != scope && both_fit(scope, other)
                });
                let Some(((first_file, _, first), _)) = earlier else { continue };
                if found >= MAX_PER_FILE || scopes.iter().any(|other| outranks(other, scope)) {
                    break;
                }
                found += 1;
                let title = format!("two values of `{name}` apply in the same place with equal rank");
                let finding = Finding::new(codes::VARIABLE_TIE, &file.file, value.name.span(), title)
                    .label("this value")
                    .related(&first_file.file, first.name.span(), "and this one")
                    .help("make one scope more specific, or remove from one of them the names that both list")
                    .hides(Subject::What(project.clone()));
                findings.push(finding);
            }
        }
    }
}
