//! The changes that a plan expects, from the templates that are deployed: what the engine holds against a change set.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cfn::Document;
use crate::compare::changes;
use crate::model::journal::Action;
use crate::model::place::Access;
use crate::model::{Place, StackName};

use super::types::{Planned, StackChange};

/// The stacks whose deployed template has to be known before the plan is carried out: those of ours that it changes.
pub fn needs_templates(planned: &Planned) -> Vec<(Place, Access, StackName)> {
    let created = created(planned);
    let orders = planned.plan.begin.iter().flat_map(|begin| &begin.orders);
    let changed = orders.filter(|order| matches!(order.action, Action::Put(_)) && !order.adopt);
    changed
        .map(|order| (order.place.clone(), order.access.clone(), order.stack.clone()))
        .filter(|(place, _, stack)| !created.contains(&(place.clone(), stack.clone())))
        .collect()
}

/// Fills in what each operation is expected to change, by the deployed templates.
///
/// Of a stack that is changed but whose template is missing or is no template, nothing is expected: then the engine stops
/// at any removal and at any replacement. Of a stack that is taken over nothing is expected either: what somebody else put
/// there must not go because nobody here ever asked for it.
pub fn with_deployed(planned: &mut Planned, templates: &BTreeMap<(Place, StackName), Arc<str>>) {
    let created = created(planned);
    for order in planned.plan.begin.iter_mut().flat_map(|begin| &mut begin.orders).filter(|order| !order.adopt) {
        let Action::Put(content) = &mut order.action else { continue };
        let Ok(wanted) = Document::parse(&content.template) else { continue };
        let key = (order.place.clone(), order.stack.clone());
        if created.contains(&key) {
            content.expected = changes(None, &wanted);
        } else if let Some(deployed) = templates.get(&key).and_then(|text| Document::parse(text).ok()) {
            content.expected = changes(Some(&deployed), &wanted);
        }
    }
}

/// The stacks that the plan makes.
fn created(planned: &Planned) -> BTreeSet<(Place, StackName)> {
    let rows = planned.report.slots.iter().flat_map(|slot| &slot.stacks);
    rows.filter(|row| row.change == StackChange::Create).map(|row| (row.place.clone(), row.stack.clone())).collect()
}
