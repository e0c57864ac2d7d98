//! What a deployment makes of drift: for each difference three values, the one that landfall put there, the one that is there, and
//! the one that comes.
//!
//! CloudFormation compares the new template with the one that a stack has, not with what is there. So it writes a resource only if
//! its template changes, and then everything that the template says of it. Deliberately absent: repairs, which are compared with
//! what is there (`plan/drift.rs`).

use std::collections::BTreeMap;

use serde_json::Value;

use crate::cfn::{Document, Given};
use crate::compare::{Action, names_secret};
use crate::model::drift::{DriftPolicy, DriftSource, Drifted, StackDrift, shown};
use crate::model::{Catalog, Facts};

use super::super::drift::is_ignored;
use super::super::expected::place_values;
use super::types::{Fate, StackReview};

/// One difference of a stack that is deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct Met {
    /// What was there and what is there.
    pub item: Drifted,
    /// What comes: the value in the new template, if it can be told and is no secret.
    pub comes: Option<String>,
    /// What becomes of what is there.
    pub end: End,
}

/// What becomes of something that was changed outside of landfall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum End {
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
pub(super) fn met(stack: &StackReview, facts: &Facts, catalog: &Catalog) -> Vec<Met> {
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
    let mut met: Vec<Met> = Vec::new();
    for row in &rows {
        for (item, _) in row.items.iter().filter(|(item, _)| !is_ignored(policy, item)) {
            // Two sources may see the same; the one that is sorted first knows more of it.
            if !met.iter().any(|known| known.item.place() == item.place()) {
                met.push(coming.meets(item, row.source, is_written(stack, &rows, item)));
            }
        }
    }
    met.sort_by_cached_key(|one| (one.end, one.item.place()));
    met
}

/// Whether the deployment writes the resource: its template changes, or is not the one that landfall put there.
fn is_written(stack: &StackReview, rows: &[&StackDrift], item: &Drifted) -> bool {
    let changes = stack.effects.resources.iter();
    let changed = changes.filter(|change| change.action != Action::Settings).any(|change| change.id == item.resource);
    let edited = rows.iter().filter(|row| row.source == DriftSource::Template).flat_map(|row| &row.items);
    changed || edited.map(|(edited, _)| &edited.resource).any(|id| *id == item.resource)
}

/// What a stack is given.
struct Coming<'a> {
    given: Given<'a>,
    values: &'a BTreeMap<String, String>,
}

impl Coming<'_> {
    fn meets(&self, item: &Drifted, source: DriftSource, written: bool) -> Met {
        let template = source == DriftSource::Template;
        let value = self.value(item);
        let said = value.is_some();
        let told = value.and_then(|value| match template {
            true => Some(shown(value)),
            false => self.given.text(value).or_else(|| (!is_function(value)).then(|| shown(value))),
        });
        let comes = match (template, item.path.strip_prefix("Parameters/")) {
            (true, Some(name)) => self.values.get(name).cloned(),
            _ => told,
        };
        let end = match &item.is {
            // A resource that is not what the template says: CloudFormation makes it so as soon as it writes it.
            _ if item.path.is_empty() && written => End::Undone,
            Some(is) if comes.as_ref() == Some(is) => End::Agrees,
            None if !said && written => End::Agrees,
            _ if !written => End::Stays,
            _ if said || template => End::Undone,
            _ => End::Unset,
        };
        let secret = item.path.split('/').any(names_secret);
        Met { item: item.clone(), comes: comes.filter(|_| !secret && end != End::Stays), end }
    }

    /// The value at the place of a difference. A reference leads into the resource that it names: that a service has another task
    /// definition is told by what is in the two.
    fn value(&self, item: &Drifted) -> Option<&Value> {
        let document = self.given.document;
        if item.resource.is_empty() {
            let mut names = item.path.split('/');
            return names.by_ref().next().and_then(|name| document.section(name)).and_then(|at| self.walk(at, names));
        }
        let body = document.resource(&item.resource)?;
        let mut names = item.path.split('/');
        let first = names.next()?;
        let at = body.property(first).or_else(|| body.body.get(first).filter(|_| first != "Properties"))?;
        self.walk(at, names)
    }

    fn walk<'v>(&'v self, mut at: &'v Value, names: std::str::Split<'_, char>) -> Option<&'v Value> {
        for name in names {
            at = self.given.picked(at).0?;
            let referred = at.get("Ref").and_then(Value::as_str).and_then(|id| self.given.document.resource(id));
            at = match (referred, at) {
                (Some(resource), _) => resource.property(name)?,
                (None, Value::Array(items)) => items.get(name.parse::<usize>().ok()?)?,
                (None, at) => at.get(name)?,
            };
        }
        self.given.picked(at).0
    }
}

/// Whether only AWS knows the value.
fn is_function(value: &Value) -> bool {
    let only = value.as_object().filter(|object| object.len() == 1).and_then(|object| object.keys().next());
    only.is_some_and(|name| name == "Ref" || name.starts_with("Fn::"))
}
