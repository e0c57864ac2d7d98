//! What records of drift, and deployments after it, do to facts.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::rows::Index;
use crate::model::drift::{DriftSeen, DriftSource, Drifted, ServiceLeft, ServiceSettings, StackDrift, shown};
use crate::model::facts::{Facts, StackPut};
use crate::model::journal::Outcome;
use crate::model::{Place, StackName};

/// What a source sees takes the place of what it saw before. A difference that it saw before keeps its time.
pub(super) fn seen(facts: &mut Facts, index: &mut Index, seen: &DriftSeen, at: Timestamp) {
    let DriftSeen { place, stack, source, items, by, checked, version } = seen;
    let before = index.drift.remove(&mut facts.drift, &(place.clone(), stack.clone(), *source));
    if items.is_empty() {
        return;
    }
    let known: BTreeMap<Drifted, Timestamp> = before.map(|before| before.items).into_iter().flatten().collect();
    let items = items.iter().map(|item| (item.clone(), known.get(item).copied().unwrap_or(at))).collect();
    let (place, stack, by, version) = (place.clone(), stack.clone(), by.clone(), version.clone());
    let (source, checked, stale) = (*source, *checked, false);
    index
        .drift
        .put(&mut facts.drift, StackDrift { place, stack, source, noted: at, version, by, checked, stale, items });
}

/// A deployment of the stack came to its end in success. If it changed the stack, the template and the services are as it left
/// them; what CloudFormation detected has to be detected again. A stack that is gone has no drift.
pub(super) fn deployed(facts: &mut Facts, index: &mut Index, at: &(Place, StackName), outcome: &Outcome) {
    let key = |source| (at.0.clone(), at.1.clone(), source);
    if *outcome == Outcome::Unchanged {
        return;
    }
    index.drift.remove(&mut facts.drift, &key(DriftSource::Template));
    index.drift.remove(&mut facts.drift, &key(DriftSource::Services));
    if let Some(detected) = index.drift.remove(&mut facts.drift, &key(DriftSource::Detection))
        && *outcome != Outcome::Removed
    {
        index.drift.put(&mut facts.drift, StackDrift { stale: true, ..detected });
    }
}

/// The services as a deployment left them. A setting that had drifted, and that the deployment left so although the template says
/// something else or nothing, is measured by what it was before: it has still drifted.
pub(super) fn left(
    before: &StackPut,
    row: Option<&StackDrift>,
    template: &str,
    mut now: BTreeMap<Arc<str>, ServiceLeft>,
) -> BTreeMap<Arc<str>, ServiceLeft> {
    let Some(row) = row else { return now };
    let template: Value = serde_json::from_str(template).unwrap_or_default();
    for (arn, left) in &mut now {
        let Some(was) = before.services.get(arn) else { continue };
        let says = template.get("Resources").and_then(|all| all.get(&*left.resource)?.get("Properties"));
        let own = row.items.iter().map(|(item, _)| item).filter(|item| item.resource == left.resource);
        for item in own.filter(|item| !item.path.starts_with("TaskDefinition")) {
            let names: Vec<&str> = item.path.split('/').collect();
            let stayed = at(&left.settings, &names).map(shown) == item.is;
            let written = says.and_then(|says| within(says, &names));
            if stayed && written.is_none_or(|says| !says.is_object() && Some(shown(says)) != item.is) {
                put(&mut left.settings, &names, at(&was.settings, &names).cloned());
            }
        }
    }
    now
}

/// The value at a path through objects.
fn within<'v>(value: &'v Value, names: &[&str]) -> Option<&'v Value> {
    names.iter().try_fold(value, |value, name| value.as_object()?.get(*name))
}

fn at<'s>(settings: &'s ServiceSettings, names: &[&str]) -> Option<&'s Value> {
    let (first, rest) = names.split_first()?;
    within(settings.get(*first)?, rest)
}

/// Sets or removes the value at a path through objects. What is in a list stays as it is.
fn put(settings: &mut ServiceSettings, names: &[&str], value: Option<Value>) {
    let Some((first, rest)) = names.split_first() else { return };
    let Some((last, through)) = rest.split_last() else {
        match value {
            Some(value) => drop(settings.insert((*first).to_owned(), value)),
            None => drop(settings.remove(*first)),
        }
        return;
    };
    let top = settings.entry((*first).to_owned()).or_insert_with(|| Value::Object(serde_json::Map::new()));
    let inside = through.iter().try_fold(top, |value, name| value.as_object_mut()?.get_mut(*name));
    let Some(inside) = inside.and_then(Value::as_object_mut) else { return };
    match value {
        Some(value) => drop(inside.insert((*last).to_owned(), value)),
        None => drop(inside.remove(*last)),
    }
}

/// The store was copied or restored: whatever it knows of drift has to be seen again before it is repaired.
pub(super) fn restored(facts: &mut Facts, at: Timestamp) {
    facts.drift.iter_mut().for_each(|drift| drift.noted = at);
}
