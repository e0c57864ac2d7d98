//! What CloudFormation is expected to announce between two documents.
//!
//! An expectation may be wider than what AWS does in the end, as its own change sets are: a resource that uses an attribute
//! of a changed one "may change". It is never narrower for the types in [`super::recreates`], so that an unexpected removal
//! or replacement is a reason to stop.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::Value;

use crate::cfn::{Given, Recreates, Reference, Resource, canonical, recreates, references};
use crate::model::journal::{Effect, ExpectedChange};

use super::declared::{Declared, Sureness};

/// The parts of a resource, besides its properties, whose change CloudFormation announces (DescribeChangeSet,
/// `ResourceChange.Scope`).
const ATTRIBUTES: [&str; 5] = ["CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy"];

/// The changes from one template with its values to another, by logical id; without one before, everything is added.
///
/// A resource whose condition is known to be false does not exist. If the condition is unknown, the resource counts as
/// existing, so that its removal is never expected.
pub fn changes(before: Option<Given<'_>>, after: Given<'_>) -> Vec<ExpectedChange> {
    let old = before.map(there).unwrap_or_default();
    let new = there(after);
    let mut effects = BTreeMap::new();
    let declared = before.map(|before| Declared::between(before, after));
    for (id, resource) in &new {
        let effect = match (old.get(id), &declared) {
            (Some(was), Some(declared)) => direct(*was, *resource, declared),
            _ => Some(Effect::Add),
        };
        effects.extend(effect.map(|effect| (*id, effect)));
    }
    spread(&old, &new, &mut effects);
    effects.extend(old.keys().filter(|id| !new.contains_key(*id)).map(|id| (*id, Effect::Remove)));
    let kind = |id: &str| new.get(id).or_else(|| old.get(id)).map_or("", Resource::kind);
    effects
        .into_iter()
        .map(|(id, effect)| ExpectedChange { resource: Arc::from(id), kind: Arc::from(kind(id)), effect })
        .collect()
}

/// The resources that exist or may exist.
fn there(given: Given<'_>) -> BTreeMap<&str, Resource<'_>> {
    let resources = given.document.resources().filter(|resource| given.has(*resource) != Some(false));
    resources.map(|resource| (resource.id, resource)).collect()
}

/// What follows for a resource from its own texts, and from the declarations that they lead to.
fn direct(before: Resource<'_>, after: Resource<'_>, declared: &Declared<'_>) -> Option<Effect> {
    if before.kind() != after.kind() {
        return Some(Effect::Replace);
    }
    let mut effect = None;
    for name in property_names(before, after) {
        let recreates = recreates(after.kind(), name);
        if spelling(before.property(name)) != spelling(after.property(name)) {
            effect = effect.max(Some(effect_of(recreates)));
        } else if let Some(change) = after.property(name).and_then(|value| declared.behind(value)) {
            effect = effect.max(Some(match change {
                Sureness::Certain => effect_of(recreates),
                Sureness::Possible => effect_of(recreates.min(Recreates::Perhaps)),
            }));
        }
    }
    if ATTRIBUTES.iter().any(|name| spelling(before.body.get(*name)) != spelling(after.body.get(*name))) {
        effect = effect.max(Some(Effect::Modify));
    }
    effect
}

fn property_names<'a>(before: Resource<'a>, after: Resource<'a>) -> BTreeSet<&'a str> {
    let names =
        |resource: Resource<'a>| resource.properties().into_iter().flat_map(|map| map.keys().map(String::as_str));
    names(before).chain(names(after)).collect()
}

fn spelling(value: Option<&Value>) -> Option<String> {
    value.map(canonical)
}

fn effect_of(recreates: Recreates) -> Effect {
    match recreates {
        Recreates::Never => Effect::Modify,
        Recreates::Perhaps => Effect::MayReplace,
        Recreates::Always => Effect::Replace,
    }
}

/// Carries effects along references until nothing moves: a replaced resource has another id, and so is changed what
/// refers to it. Effects only grow, so this ends; each round costs one pass over the references.
fn spread<'a>(
    old: &BTreeMap<&'a str, Resource<'a>>,
    new: &BTreeMap<&'a str, Resource<'a>>,
    effects: &mut BTreeMap<&'a str, Effect>,
) {
    let edges = edges(old, new);
    loop {
        let mut moved = false;
        for edge in &edges {
            let Some(follows) = effects.get(edge.to).and_then(|effect| follows(*effect, edge)) else { continue };
            if effects.get(edge.from).is_none_or(|effect| *effect < follows) {
                effects.insert(edge.from, follows);
                moved = true;
            }
        }
        if !moved {
            return;
        }
    }
}

/// A property of a resource that was there before refers to another resource.
struct Edge<'a> {
    from: &'a str,
    to: &'a str,
    /// By an attribute rather than by the physical id.
    attribute: bool,
    recreates: Recreates,
}

fn edges<'a>(old: &BTreeMap<&'a str, Resource<'a>>, new: &BTreeMap<&'a str, Resource<'a>>) -> Vec<Edge<'a>> {
    let mut edges = Vec::new();
    for (from, resource) in new.iter().filter(|(id, _)| old.contains_key(*id)) {
        for (name, value) in resource.properties().into_iter().flatten() {
            for reference in references(value) {
                let (id, attribute) = match &reference {
                    Reference::Name(id) => (id, false),
                    Reference::Attribute(id, _) => (id, true),
                    _ => continue,
                };
                if let Some((to, _)) = new.get_key_value(id.as_str()) {
                    let recreates = recreates(resource.kind(), name);
                    edges.push(Edge { from, to, attribute, recreates });
                }
            }
        }
    }
    edges
}

/// What follows for the referring resource from the effect on the one that it refers to.
fn follows(effect: Effect, edge: &Edge<'_>) -> Option<Effect> {
    match effect {
        Effect::Replace => Some(effect_of(edge.recreates)),
        // The value may stay what it is: then a property that recreates changes nothing.
        Effect::MayReplace => Some(effect_of(edge.recreates.min(Recreates::Perhaps))),
        Effect::Modify if edge.attribute => Some(effect_of(edge.recreates.min(Recreates::Perhaps))),
        // A reference to what is new is itself a changed text.
        Effect::Modify | Effect::Add | Effect::Remove => None,
    }
}
