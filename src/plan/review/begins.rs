//! What the plan that is carried out now does to stacks, in the terms of a review.
//!
//! A review rehearses everything that a change leads to. Here only the deployments that the plan begins are carried out, from
//! the templates that AWS shows, and the gates at which they stop are opened as far as allowances open them. So the words, the
//! actions and the stops of `landfall plan` are those of the review before the merge. The cost grows with what begins: a plan
//! is made again only for stops.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cfn::Document;
use crate::compare::unmangled;
use crate::model::journal::Action;
use crate::model::{CommitId, Hash, Observed, ReleaseName, Slot};

use super::super::types::{Begin, Input, Plan, Planned};
use super::super::{Render, plan, with_deployed};
use super::Change;
use super::compose;
use super::rehearse::{Rehearsal, carry_out};
use super::tags::TagsOf;
use super::types::{Review, Shown};
use super::world::{Key, World};

/// A deployment stops at one gate after the other; each that is opened takes a plan.
const ROUNDS: usize = 20;

/// Reviews what a plan begins now. `deployed` are the templates of the stacks that it changes, as AWS shows them.
pub fn begins(
    input: &Input<'_>,
    planned: &Planned,
    deployed: &BTreeMap<Key, Arc<str>>,
    renderer: &mut dyn Render,
) -> Review {
    let tags = Arc::new(TagsOf::new([input.catalog, input.catalog]));
    let mut world = World::new(input.facts.clone(), input.now, tags);
    world.observed = input.observed.clone();
    // What the last turn began is in flight already.
    let starts = planned.plan.begin.iter().filter(|begin| input.facts.in_flight(&begin.slot).is_none());
    let starts: Vec<Begin> = starts.cloned().collect();
    for begin in &starts {
        world.deployed.extend(begin.orders.iter().filter_map(|order| {
            let key = (order.place.clone(), order.stack.clone());
            let shown = shown(deployed.get(&key)?, &key, begin, &order.action, input.observed)?;
            Some((key, shown))
        }));
    }
    let before = world.clone();
    let commit = input.catalog.commit.clone().unwrap_or_else(|| CommitId("0".repeat(40)));
    let (mut events, mut open, mut last) = (Vec::new(), BTreeMap::new(), planned.report.clone());
    let only_begins = Plan { begin: starts, ..Plan::default() };
    carry_out(&mut world, &only_begins, &commit, 0, &mut events, &mut open);
    for round in 1..ROUNDS {
        if events.iter().all(|event| event.stops.is_empty()) {
            break;
        }
        let again = Input { facts: world.facts(), observed: &world.observed, now: world.now, ..*input };
        let mut planned = plan(&again, renderer);
        with_deployed(&mut planned, &world.templates(), &world.observed);
        last = planned.report;
        let openings = planned.plan.open.into_iter().filter(|opening| open.contains_key(&opening.slot));
        let only_openings = Plan { open: openings.collect(), ..Plan::default() };
        if !carry_out(&mut world, &only_openings, &commit, round, &mut events, &mut open) {
            break;
        }
    }
    let report = planned.report.clone();
    let nothing = |world: World| Rehearsal {
        first: report.clone(),
        last: report.clone(),
        events: Vec::new(),
        waits: BTreeMap::new(),
        world,
    };
    let anyway = nothing(before.clone());
    let then = Rehearsal { last, events, world, ..nothing(before.clone()) };
    let (base, head) = (input.catalog, input.catalog);
    let change = Change { base, head, facts: Some(input.facts), observed: Some(input.observed), now: input.now };
    let mut review = compose::compose(&change, &before, &anyway, &then, None);
    // What is held is in the report.
    let begun: BTreeSet<Slot> = review.stacks.iter().map(|stack| stack.slot.clone()).collect();
    review.slots.retain(|slot| begun.contains(&slot.slot));
    review
}

/// What a stack has, as AWS shows it: without its description, and with the characters that AWS does not return.
fn shown(template: &str, (place, stack): &Key, begin: &Begin, action: &Action, observed: &Observed) -> Option<Shown> {
    let document = Document::parse(template).ok()?.with_description(None);
    let wanted = match action {
        Action::Put(content) => Document::parse(&content.template).ok(),
        Action::Delete { .. } => None,
    };
    let document = wanted.map_or_else(|| document.clone(), |wanted| unmangled(&document, &wanted));
    let seen = observed.stack(place, stack);
    let stamp = seen.and_then(|seen| seen.stamp());
    let release: Option<ReleaseName> = stamp.as_ref().map(|stamp| stamp.release.clone());
    Some(Shown {
        template: Arc::from(document.canonical()),
        values: seen.map(|seen| seen.parameters.clone()).unwrap_or_default(),
        content: stamp.map_or_else(|| Hash::of(template.as_bytes()), |stamp| stamp.content),
        release: release.or_else(|| begin.from.clone()).unwrap_or_else(|| begin.release.clone()),
    })
}
