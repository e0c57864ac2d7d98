//! What deployments put in stacks: the content, its template's record, and the services as they were then.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use super::rows::Index;
use super::{Open, drift};
use crate::model::drift::{DriftSource, ServiceLeft};
use crate::model::facts::{Facts, StackPut};
use crate::model::journal::{Action, Opened};
use crate::model::{Hash, Place, StackName};

/// What a stack is given, and how it was found to have it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Put {
    content: Hash,
    template: Arc<str>,
    /// When the stack was last changed once it has the content.
    pub(super) changed: Option<Timestamp>,
    pub(super) services: Option<BTreeMap<Arc<str>, ServiceLeft>>,
}

/// The contents that a deployment gives stacks.
pub(super) fn contents(opened: &Opened) -> BTreeMap<StackName, Put> {
    let contents = opened.orders.iter().filter_map(|order| match &order.action {
        Action::Put(content) => {
            let (hash, template) = (content.hash, content.template.clone());
            Some((order.stack.clone(), Put { content: hash, template, changed: None, services: None }))
        }
        Action::Delete { .. } => None,
    });
    contents.collect()
}

/// A stack came to its end in success: what it was given takes the place of what it had.
pub(super) fn ended(facts: &mut Facts, index: &mut Index, open: &mut Open, at: &(Place, StackName)) {
    let (place, stack) = at;
    let before = index.puts.remove(&mut facts.puts, at).or_else(|| open.before.remove(stack));
    let Some(Put { content, template, changed: Some(changed), services }) = open.contents.get(stack) else { return };
    let row = index.drift.find(&facts.drift, &(place.clone(), stack.clone(), DriftSource::Services));
    let services = match (services.clone(), before) {
        (Some(now), Some(before)) => drift::left(&before, row, template, now),
        (Some(now), None) => now,
        // Nothing was changed: what the services were stays the measure, because what they are now may be drift.
        (None, Some(before)) if before.content == *content => before.services,
        (None, _) => BTreeMap::new(),
    };
    let (place, stack, opened) = (place.clone(), stack.clone(), Some(open.seq));
    let put = StackPut { place, stack, content: *content, changed: *changed, opened, services };
    index.puts.put(&mut facts.puts, put);
}
