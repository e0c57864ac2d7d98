//! The changes that a plan expects, from the templates that are deployed: what the engine holds against a change set.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use crate::cfn::{Document, Given};
use crate::compare::changes;
use crate::model::decision::Cause;
use crate::model::journal::{Action, Order, ParameterValue};
use crate::model::place::Access;
use crate::model::{Decision, Hold, Observed, Place, StackName};

use super::types::{Planned, StackChange};
use super::{losses, unless};

/// The stacks whose deployed template has to be known before the plan is carried out: those of ours that it changes, and those
/// that it deletes, as long as no allowance lets it delete what they keep.
pub fn needs_templates(planned: &Planned) -> Vec<(Place, Access, StackName)> {
    let created = created(planned);
    let changed = puts(planned).filter(|order| !order.adopt).map(key);
    let changed = changed.filter(|(place, _, stack)| !created.contains(&(place.clone(), stack.clone())));
    let judged = planned.plan.begin.iter().filter(|begin| !begin.may_lose.allowed);
    let deleted = judged.flat_map(|begin| begin.orders.iter().filter(|order| losses::deletes(order)));
    changed.chain(deleted.map(key)).collect()
}

/// The stacks of others that are taken over, or could be: their deployed templates are only shown.
pub fn shows_templates(planned: &Planned) -> Vec<(Place, Access, StackName)> {
    let adoptions = planned.adoptions.iter().map(|one| (one.place.clone(), one.access.clone(), one.stack.clone()));
    puts(planned).filter(|order| order.adopt).map(key).chain(adoptions).collect()
}

fn puts(planned: &Planned) -> impl Iterator<Item = &Order> {
    let orders = planned.plan.begin.iter().flat_map(|begin| &begin.orders);
    orders.filter(|order| matches!(order.action, Action::Put(_)))
}

fn key(order: &Order) -> (Place, Access, StackName) {
    (order.place.clone(), order.access.clone(), order.stack.clone())
}

/// Fills in what each operation is expected to change, by the deployed templates and the values that their parameters have,
/// and holds deletions of stacks that keep data, and releases that do not enter by themselves.
///
/// Of a stack that is changed but whose template is missing or is no template, nothing is expected: then the engine stops
/// at any removal and at any replacement. Of a stack that is taken over nothing is expected either: what others put
/// there must not go just because this repository never asked for it.
pub fn with_deployed(planned: &mut Planned, templates: &BTreeMap<(Place, StackName), Arc<str>>, observed: &Observed) {
    losses::hold(planned, templates, observed);
    let created = created(planned);
    unless::hold(planned, templates, &created, observed);
    for order in planned.plan.begin.iter_mut().flat_map(|begin| &mut begin.orders).filter(|order| !order.adopt) {
        let Action::Put(content) = &mut order.action else { continue };
        let Ok(wanted) = Document::parse(&content.template) else { continue };
        let key = (order.place.clone(), order.stack.clone());
        let found = std::mem::take(&mut order.as_found);
        let values = wanted_values(&order.place, &content.parameters);
        let after = Given { document: &wanted, values: &values };
        if created.contains(&key) {
            content.expected = changes(None, after);
        } else if let Some(deployed) = templates.get(&key).and_then(|text| Document::parse(text).ok()) {
            let values = deployed_values(&order.place, &order.stack, &deployed, observed);
            content.expected = changes(Some(Given { document: &deployed, values: &values }), after);
            order.as_found = found && is_as_found(&deployed, &values, &wanted, after.values);
        }
    }
}

/// Whether a stack whose stamp says the wanted content also has the wanted template and values: a stamp says what was put
/// there, the template what is there since. Outputs of other stacks are taken as they were read.
fn is_as_found(deployed: &Document, values: &Values, wanted: &Document, after: &Values) -> bool {
    let fill = |(name, value): (&String, &Option<String>)| {
        (name.clone(), value.clone().or_else(|| values.get(name).cloned().flatten()))
    };
    let after: Values = after.iter().map(fill).collect();
    let before = Given { document: deployed, values };
    changes(Some(before), Given { document: wanted, values: &after }).is_empty()
}

/// The deployed templates that cannot be read now: why, since when, and when they are read again.
pub type Unread = BTreeMap<(Place, StackName), (String, Option<Timestamp>, Option<Timestamp>)>;

/// Takes out of the plan what cannot be compared with what is deployed, and says so.
pub fn hold_unread(planned: &mut Planned, unread: &Unread) {
    let Planned { plan, report, .. } = planned;
    plan.begin.retain(|begin| {
        let mut keys = begin.orders.iter().map(|order| (order.place.clone(), order.stack.clone()));
        let found = keys.find_map(|key| unread.get_key_value(&key));
        let Some(((place, stack), (error, since, again))) = found else { return true };
        let error = format!("the template of stack {stack} cannot be read: {error}");
        let cause = Cause::PlaceUnseen { place: place.clone(), error };
        let hold = Hold { cause, since: *since, until: *again };
        if let Some(row) = report.slots.iter_mut().find(|row| row.slot == begin.slot) {
            let wanted = (!begin.removal).then(|| begin.release.clone());
            row.decision = Decision::Held { wanted, runs: row.runs.clone(), reasons: vec![hold] };
            for stack in row.stacks.iter_mut().filter(|stack| stack.change != StackChange::Current) {
                stack.change = StackChange::Waits;
            }
        }
        false
    });
}

pub(super) type Values = BTreeMap<String, Option<String>>;

/// What the place says.
pub(super) fn place_values(place: &Place) -> Values {
    let region = place.region.as_str();
    let values = [("AccountId", place.account.as_str()), ("Region", region), ("Partition", place.region.partition())];
    values.into_iter().map(|(name, value)| (format!("AWS::{name}"), Some(value.to_owned()))).collect()
}

/// The values that a stack is about to have; those of other stacks' outputs are not known yet.
pub(super) fn wanted_values(place: &Place, parameters: &BTreeMap<String, ParameterValue>) -> Values {
    let mut values = place_values(place);
    values.extend(parameters.iter().map(|(name, value)| match value {
        ParameterValue::Value(value) => (name.clone(), Some(value.clone())),
        ParameterValue::Output { .. } => (name.clone(), None),
    }));
    values
}

/// The values that a stack has. AWS masks those that are declared NoEcho.
pub(super) fn deployed_values(place: &Place, stack: &StackName, template: &Document, observed: &Observed) -> Values {
    let mut values = place_values(place);
    let masked = |name: &str| {
        let declared = template.section("Parameters").and_then(|all| all.get(name)?.get("NoEcho"));
        declared.is_some_and(|flag| *flag == Value::Bool(true) || flag.as_str().is_some_and(|flag| flag != "false"))
    };
    let seen = observed.stack(place, stack);
    values.extend(
        seen.into_iter()
            .flat_map(|seen| &seen.parameters)
            .map(|(name, value)| (name.clone(), (!masked(name)).then(|| value.clone()))),
    );
    values
}

/// The stacks that the plan makes.
fn created(planned: &Planned) -> BTreeSet<(Place, StackName)> {
    let rows = planned.report.slots.iter().flat_map(|slot| &slot.stacks);
    rows.filter(|row| row.change == StackChange::Create).map(|row| (row.place.clone(), row.stack.clone())).collect()
}
