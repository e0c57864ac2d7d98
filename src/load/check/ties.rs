//! Values of one variable: all of one type, and never two of equal rank in the same place.

use std::collections::{BTreeMap, BTreeSet, HashMap};

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
type Kinds<'a> = [BTreeSet<&'a str>; 7];

fn kinds(scope: &ScopeEntry) -> Kinds<'_> {
    let ScopeEntry { step, target, role, tenant, tenant_tag, environment, channel } = scope;
    [step, target, role, tenant, tenant_tag, environment, channel]
        .map(|kind| kind.iter().flat_map(|names| names.0.iter().map(String::as_str)).collect())
}

/// Whether something fits both scopes: they name the same kinds, and of each a common name.
fn both_fit(a: &Kinds<'_>, b: &Kinds<'_>) -> bool {
    a.iter().zip(b).all(|(a, b)| a.is_empty() == b.is_empty() && (a.is_empty() || !a.is_disjoint(b)))
}

/// Which kinds a scope names, the highest first: its value beats those whose set is lower.
fn rank(scope: &Kinds<'_>) -> [bool; 7] {
    let mut named = scope.iter().map(|names| !names.is_empty());
    std::array::from_fn(|_| named.next().unwrap_or_default())
}

/// More combinations of names than this are not listed for one scope: it is compared with others instead.
const COMBINATIONS: usize = 32;
/// How often scopes of one variable that name so much are compared at most. Beyond it, it is not known whether two tie.
const COMPARED: usize = 1_000_000;

/// The names that a scope fits, one of each kind that it names; none if there are too many.
fn combinations<'a>(scope: &Kinds<'a>) -> Option<Vec<Vec<&'a str>>> {
    let named = || scope.iter().filter(|names| !names.is_empty());
    named().try_fold(1usize, |count, names| count.checked_mul(names.len()).filter(|count| *count <= COMBINATIONS))?;
    Some(named().fold(vec![Vec::new()], |all, names| {
        all.iter().flat_map(|one| names.iter().map(|name| [one.as_slice(), &[*name]].concat())).collect()
    }))
}

/// A rank, whether the value comes from a variable set, and one combination of names.
type Fit<'a> = ([bool; 7], bool, Vec<&'a str>);

/// The values of one variable that came before, by what they fit.
#[derive(Default)]
struct Earlier<'a> {
    /// The first values of a rank and file that fit a combination of names; those of one scope count once.
    by_names: HashMap<Fit<'a>, Vec<usize>>,
    /// Values whose scopes fit too many combinations.
    wide: Vec<usize>,
    /// Scopes that had to be compared.
    compared: usize,
    /// Those of them that name so much.
    wide_compared: usize,
}

impl<'a> Earlier<'a> {
    /// The first earlier value with another scope that ties with this one. Costs the combinations of its names, and a look
    /// at each wide scope; an error where that is more than is ever looked at.
    fn tie(&mut self, at: usize, set: bool, scopes: &[(bool, Kinds<'a>)]) -> Result<Option<usize>, ()> {
        let Some((_, scope)) = scopes.get(at) else { return Ok(None) };
        let fits = |other: usize| {
            scopes
                .get(other)
                .is_some_and(|(from_set, kinds)| *from_set == set && kinds != scope && both_fit(scope, kinds))
        };
        let Some(combinations) = combinations(scope) else {
            self.wide.push(at);
            self.compare_wide(at)?;
            return Ok((0..at).find(|other| fits(*other)));
        };
        self.compare_wide(self.wide.len())?;
        let mut first = self.wide.iter().copied().find(|other| fits(*other));
        for names in combinations {
            let there = self.by_names.entry((rank(scope), set, names)).or_default();
            self.compared += there.len();
            let tie = there.iter().copied().find(|other| fits(*other));
            first = first.into_iter().chain(tie).min();
            // Two are enough: a later one has another scope than one of them.
            if there.len() < 2 && there.iter().all(|other| scopes.get(*other).is_some_and(|(_, kinds)| kinds != scope))
            {
                there.push(at);
            }
        }
        Ok(first)
    }
}

impl Earlier<'_> {
    /// Counts comparisons with wide scopes; an error where they are too many.
    fn compare_wide(&mut self, count: usize) -> Result<(), ()> {
        self.compared += count;
        self.wide_compared += count;
        if self.wide_compared > COMPARED { Err(()) } else { Ok(()) }
    }
}

/// Costs the combinations of names in the scopes; what would cost more is refused.
pub(super) fn none_tie(world: &World, findings: &mut Vec<Finding>) {
    for project in world.projects.keys() {
        for (name, values) in by_name(world, project) {
            let scopes: Vec<_> = values.iter().map(|(_, set, value)| (*set, kinds(&value.scope))).collect();
            let highest = scopes.iter().map(|(_, scope)| rank(scope)).max();
            let (mut earlier, mut found) = (Earlier::default(), 0);
            for (index, (file, set, value)) in values.iter().enumerate() {
                let new = |title: String| {
                    Finding::new(codes::VARIABLE_TIE, &file.file, value.name.span(), title)
                        .hides(Subject::What(project.clone()))
                };
                // Another check reports equal scopes.
                let Ok(tie) = earlier.tie(index, *set, &scopes) else {
                    let title = format!("`{name}` has too many values whose scopes list many names");
                    findings.push(
                        new(title)
                            .label("the values from here on are not compared")
                            .help("list fewer names in each scope"),
                    );
                    break;
                };
                let Some((first_file, _, first)) = tie.and_then(|first| values.get(first)) else { continue };
                let outranked = scopes.get(index).is_some_and(|(_, scope)| Some(rank(scope)) < highest);
                if found >= MAX_PER_FILE || outranked {
                    break;
                }
                found += 1;
                let finding = new(format!("two values of `{name}` apply in the same place with equal rank"))
                    .label("this value")
                    .related(&first_file.file, first.name.span(), "and this one")
                    .help("make one scope more specific, or remove from one of them the names that both list");
                findings.push(finding);
            }
            world.compared.set(world.compared.get() + earlier.compared as u64);
        }
    }
}
