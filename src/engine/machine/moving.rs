//! What a reader can be told of a stack while its operation runs: from the events that were read for evidence.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Seen, Subject, evidence};
use crate::model::moving::{Moving, MovingResource};

/// What goes on in the stack; none if nothing does, or nothing was read of it.
pub(crate) fn moving(s: &Subject<'_>, seen: &Seen) -> Option<Moving> {
    let stack = seen.stack.as_ref()?.as_ref().filter(|stack| stack.status.in_progress())?;
    let events = seen.events.as_ref()?;
    let own = || events.iter().filter(|event| evidence::is_ours(s, event) && !event.status.is_empty());
    let since = own().map(|event| event.at).min()?;
    let (mut known, mut done, mut resources) = (BTreeSet::new(), 0, Vec::new());
    // The newest event of each resource says what it is doing.
    for event in own().filter(|event| event.physical_id.as_deref() != Some(&*stack.id)) {
        if !known.insert(&event.resource) {
            continue;
        }
        if event.status.ends_with("_IN_PROGRESS") {
            // AWS tells twice that a resource is in progress: when it begins, and when it has an id.
            let same = own().filter(|other| other.resource == event.resource && other.status == event.status);
            resources.push(MovingResource {
                resource: Arc::from(&*event.resource),
                kind: Arc::from(&*event.kind),
                status: Arc::from(&*event.status),
                since: same.map(|other| other.at).min().unwrap_or(event.at),
            });
        } else {
            done += 1;
        }
    }
    Some(Moving {
        deployment: s.opened.deployment,
        stack: s.stack().clone(),
        place: s.order.place.clone(),
        status: stack.status,
        since,
        seen: s.now,
        done,
        resources,
    })
}
