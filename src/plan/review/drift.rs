//! What a deployment makes of drift: for each difference three values, the one that landfall put there, the one that is there, and
//! the one that comes.
//!
//! CloudFormation compares the new template with the one that a stack has, not with what is there. So it writes a resource only if
//! its template changes, and then everything that the template says of it. Deliberately absent: repairs, which are compared with
//! what is there (`plan/drift.rs`).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cfn::{Document, Given};
use crate::compare::Action;
use crate::model::drift::{DriftPolicy, DriftSource, Drifted, StackDrift, shown};
use crate::model::{Catalog, Facts};

use super::super::drift::{is_ignored, without_secret};
use super::super::expected::place_values;
use super::super::spot;
use super::types::{Fate, StackReview};

/// The setting of a service that names its task definition.
const DEFINITION: &str = "TaskDefinition";

/// One difference of a stack that is deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct DriftReview {
    /// What was there and what is there.
    pub item: Drifted,
    /// The value in the new template, without its secrets; none if only AWS knows it.
    pub comes: Option<String>,
    /// What becomes of what is there.
    pub fate: DriftFate,
}

/// What becomes of something that was changed outside of landfall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum DriftFate {
    /// The resource was deleted, and the deployment changes it in place: AWS does not find it, and fails.
    Gone,
    /// The deployment writes what its template says.
    Undone,
    /// The deployment writes the resource, but its template does not set this: AWS decides.
    Unset,
    /// The new template says what is there.
    Agrees,
    /// The deployment does not touch the resource.
    Stays,
}

/// What becomes of the drift that is known of a stack; nothing unless the stack is changed.
pub(super) fn drift(stack: &StackReview, facts: &Facts, catalog: &Catalog) -> Vec<DriftReview> {
    if stack.fate != Fate::Update {
        return Vec::new();
    }
    let of_it = |row: &&StackDrift| row.stack == stack.stack && row.place == stack.place;
    let rows: Vec<&StackDrift> = facts.drift.iter().filter(of_it).collect();
    let Some(after) = stack.after.as_ref().filter(|_| !rows.is_empty()) else { return Vec::new() };
    let Ok(document) = Document::parse(&after.template) else { return Vec::new() };
    let mut values = place_values(&stack.place);
    values.extend(after.values.iter().map(|(name, value)| (name.clone(), Some(value.clone()))));
    let coming = Coming { given: Given { document: &document, values: &values }, values: &after.values };
    let default = DriftPolicy::default();
    let policy = catalog.environments.get(&stack.environment).map_or(&default, |one| &one.drift);
    let mut drift: Vec<DriftReview> = Vec::new();
    for row in &rows {
        for (item, _) in row.items.iter().filter(|(item, _)| !is_ignored(policy, item)) {
            // Two sources may see the same; the one that is sorted first knows more of it.
            if !drift.iter().any(|known| known.item.place() == item.place()) {
                drift.push(coming.meets(item, row.source, Written::of(stack, &rows, item)));
            }
        }
    }
    drop_implied(&mut drift);
    drift.sort_by_cached_key(|one| (one.fate, one.item.place()));
    drift
}

/// Leaves out that a service has another task definition where something says what differs in it.
fn drop_implied(drift: &mut Vec<DriftReview>) {
    let inside = |one: &DriftReview| one.item.path.strip_prefix(DEFINITION).is_some_and(|rest| rest.starts_with('/'));
    let told: Vec<_> = drift.iter().filter(|one| inside(one)).map(|one| one.item.resource.clone()).collect();
    drift.retain(|one| one.item.path != DEFINITION || !told.contains(&one.item.resource));
}

/// Whether the deployment writes the resource that a difference is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Written {
    No,
    /// It is changed.
    InPlace,
    /// It is made, replaced or removed, whatever is there.
    Anew,
}

impl Written {
    /// A resource is written if its template changes, or is not the one that landfall put there.
    fn of(stack: &StackReview, rows: &[&StackDrift], item: &Drifted) -> Self {
        let mut changes = stack.effects.resources.iter();
        let edited = rows.iter().filter(|row| row.source == DriftSource::Template).flat_map(|row| &row.items);
        let mut edited = edited.map(|(edited, _)| edited).filter(|edited| edited.resource == item.resource);
        match changes.find(|change| change.id == item.resource).map(|change| change.action) {
            Some(Action::Update | Action::Revision) => Self::InPlace,
            Some(Action::Create | Action::MayReplace | Action::Replace | Action::Remove) => Self::Anew,
            Some(Action::Settings) | None => match edited.next() {
                Some(edited) if edited.path.is_empty() => Self::Anew,
                Some(_) => Self::InPlace,
                None => Self::No,
            },
        }
    }
}

/// What a stack is given.
struct Coming<'a> {
    given: Given<'a>,
    values: &'a BTreeMap<String, String>,
}

impl Coming<'_> {
    fn meets(&self, item: &Drifted, source: DriftSource, written: Written) -> DriftReview {
        let template = source == DriftSource::Template;
        // A service that is written gets its task definition as a whole.
        let whole = template || item.path.split('/').next() == Some(DEFINITION);
        let value = self.value(item);
        let comes = match (template, item.path.strip_prefix("Parameters/")) {
            (true, Some(name)) => self.values.get(name).cloned(),
            (true, None) => value.map(shown),
            (false, _) => value.and_then(|value| spot::told(&self.given, value)),
        };
        let comes = comes.map(|comes| without_secret(&item.path, &comes));
        let fate = match &item.is {
            _ if written == Written::No => DriftFate::Stays,
            None if item.path.is_empty() && written == Written::InPlace => DriftFate::Gone,
            _ if item.path.is_empty() => DriftFate::Undone,
            Some(is) if comes.as_ref() == Some(is) => DriftFate::Agrees,
            None if value.is_none() => DriftFate::Agrees,
            _ if whole || value.is_some() => DriftFate::Undone,
            _ => DriftFate::Unset,
        };
        DriftReview { item: item.clone(), comes: comes.filter(|_| fate != DriftFate::Stays), fate }
    }

    /// The value at the place of a difference.
    fn value(&self, item: &Drifted) -> Option<&Value> {
        if !item.resource.is_empty() {
            return spot::way(&self.given, item)?.value;
        }
        let mut names = item.path.split('/');
        let section = self.given.document.section(names.next()?)?;
        spot::walk(&self.given, section, names)
    }
}
