//! What records of drift, and deployments after it, do to facts.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::rows::Index;
use crate::model::drift::{DriftSeen, DriftSource, Drifted, ServiceLeft, StackDrift, shown};
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
        let written = |name: &str| template.get("Resources")?.get(&*left.resource)?.get("Properties")?.get(name);
        let drifted: Vec<String> = row
            .items
            .iter()
            .filter(|(item, _)| item.resource == left.resource && !item.path.contains('/'))
            .filter(|(item, _)| left.settings.get(&item.path).map(shown) == item.is)
            .filter(|(item, _)| {
                written(&item.path).is_none_or(|says| !says.is_object() && Some(shown(says)) != item.is)
            })
            .map(|(item, _)| item.path.clone())
            .collect();
        for name in drifted.into_iter().filter(|name| name != "TaskDefinition") {
            match was.settings.get(&name) {
                Some(value) => drop(left.settings.insert(name, value.clone())),
                None => drop(left.settings.remove(&name)),
            }
        }
    }
    now
}

/// The store was copied or restored: whatever it knows of drift has to be seen again before it is repaired.
pub(super) fn restored(facts: &mut Facts, at: Timestamp) {
    facts.drift.iter_mut().for_each(|drift| drift.noted = at);
}
