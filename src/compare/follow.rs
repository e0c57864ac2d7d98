//! What follows for a resource from a change of another one that it refers to.

use std::collections::BTreeMap;

use crate::cfn::{Recreates, Resource};
use crate::model::journal::Effect;

use super::parts::Edge;
use super::resources::{Action, Cause, Mark, Why, effect_of};

/// Carries effects along references until nothing moves: a replaced resource has another id, and so is changed what refers
/// to it. Effects only grow, so this ends; each round costs one pass over the references. Then adds the causes.
pub(super) fn spread<'a>(
    new: &BTreeMap<&'a str, Resource<'a>>,
    edges: &[Edge<'a>],
    marks: &mut BTreeMap<&'a str, Mark>,
) {
    let mut effects: BTreeMap<&str, Effect> =
        marks.iter().filter(|(_, mark)| !mark.is_setting()).map(|(id, mark)| (*id, mark.effect)).collect();
    loop {
        let mut moved = false;
        for edge in edges {
            let Some((recreates, certain)) = effects.get(&*edge.to).and_then(|effect| follows(*effect, edge)) else {
                continue;
            };
            let effect = effect_of(recreates, certain);
            if effects.get(edge.from).is_none_or(|known| *known < effect) {
                effects.insert(edge.from, effect);
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    for edge in edges {
        let Some(effect) = effects.get(&*edge.to) else { continue };
        let Some((recreates, certain)) = follows(*effect, edge) else { continue };
        let action = action(*effect, new.get(&*edge.to).map_or("", Resource::kind));
        let why = Why::Follows { resource: edge.to.clone(), attribute: edge.attribute.clone(), action };
        let cause = Cause { path: edge.path.clone(), recreates, certain, why };
        let mark = marks.entry(edge.from);
        let mark = mark.or_insert_with(|| Mark { effect: Effect::Modify, certain: false, causes: Vec::new() });
        if !mark.causes.contains(&cause) {
            mark.add(cause);
        }
    }
}

/// What follows for the referring resource, and whether its value is another one for certain.
fn follows(effect: Effect, edge: &Edge<'_>) -> Option<(Recreates, bool)> {
    match effect {
        Effect::Replace => Some((edge.recreates, true)),
        // The value may stay what it is: then a property that recreates changes nothing.
        Effect::MayReplace => Some((edge.recreates, false)),
        Effect::Modify if edge.attribute.is_some() => Some((edge.recreates, false)),
        // A reference to what is new is itself a changed text.
        Effect::Modify | Effect::Add | Effect::Remove => None,
    }
}

fn action(effect: Effect, kind: &str) -> Action {
    match effect {
        Effect::Replace | Effect::MayReplace if kind == "AWS::ECS::TaskDefinition" => Action::Revision,
        Effect::Replace => Action::Replace,
        Effect::MayReplace => Action::MayReplace,
        Effect::Add => Action::Create,
        Effect::Modify => Action::Update,
        Effect::Remove => Action::Remove,
    }
}
