//! What is deployed again and again: a stack is current if AWS confirmed its content, and a deployment that changes nothing
//! is not repeated at once.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use landfall::model::decision::Cause;
use landfall::model::facts::{Repeat, StackPut};
use landfall::model::journal::{Action, DeploymentId};
use landfall::model::{Decision, Hold};
use landfall::plan::Begin;

use super::world::{Live, World, place, slot};

/// AWS shows no description of any stack.
fn forget_descriptions(live: &mut Live) {
    for stack in live.stacks().values_mut() {
        std::sync::Arc::make_mut(stack).description = None;
    }
}

/// What the journal knows of the stacks that a deployment put in place.
fn confirm(live: &mut Live, begin: &Begin) {
    for order in &begin.orders {
        let Action::Put(content) = &order.action else { continue };
        let changed = live.stacks()[&order.stack].changed();
        live.facts.puts.retain(|put| put.stack != order.stack);
        live.facts.puts.push(StackPut {
            place: place(),
            stack: order.stack.clone(),
            content: content.hash,
            changed,
            opened: None,
            services: BTreeMap::new(),
        });
    }
}

fn repeated(live: &Live, begin: &Begin, times: u32) -> Repeat {
    Repeat {
        slot: begin.slot.clone(),
        content: begin.content,
        given: begin.given,
        times,
        deployment: DeploymentId(7),
        ended: live.now,
    }
}

#[test]
fn an_endpoint_that_drops_descriptions_shows_a_stack_as_current_whoever_changed_it() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    forget_descriptions(&mut live);
    let planned = world.plan(&live);
    let begin =
        planned.plan.begin.iter().find(|begin| begin.slot == slot("development")).expect("nothing is known of it");
    confirm(&mut live, begin);
    let settled = |live: &Live| !world.plan(live).plan.begin.iter().any(|begin| begin.slot == slot("development"));
    assert!(settled(&live), "AWS confirmed it");
    live.wait(1);
    let now = live.now;
    for stack in live.stacks().values_mut() {
        std::sync::Arc::make_mut(stack).updated = Some(now);
    }
    assert!(settled(&live), "what others change is drift, and is told as that");
}

#[test]
fn what_is_done_with_success_and_still_differs_is_done_again_later_each_time() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    forget_descriptions(&mut live);
    let planned = world.plan(&live);
    let begin = planned.plan.begin.iter().find(|begin| begin.slot == slot("development")).unwrap();
    let mut pauses = Vec::new();
    for times in 1..=10 {
        let mut live = live.clone();
        live.facts.repeats = vec![repeated(&live, begin, times)];
        let planned = world.plan(&live);
        let row = planned.report.slots.iter().find(|row| row.slot == slot("development")).unwrap();
        match &row.decision {
            Decision::Held { reasons, .. } => {
                let [Hold { cause: Cause::Repeats { times: said, stacks, .. }, until: Some(until), .. }] =
                    reasons.as_slice()
                else {
                    panic!("{reasons:?}")
                };
                assert_eq!((*said, stacks.len()), (times, 1));
                pauses.push(until.duration_since(live.now).as_secs());
                live.now = *until;
                assert!(world.plan(&live).plan.begin.iter().any(|begin| begin.slot == slot("development")));
            }
            _ => pauses.push(0),
        }
    }
    assert_eq!(pauses, [0, 30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
}

#[test]
fn what_somebody_put_back_once_is_put_back_at_once() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    let running = live.facts.running(&slot("development")).unwrap().clone();
    live.facts.repeats = vec![Repeat {
        slot: running.slot,
        content: running.content,
        given: None,
        times: 1,
        deployment: running.deployment,
        ended: live.now - SignedDuration::from_secs(1),
    }];
    live.stacks().clear();
    assert!(world.plan(&live).plan.begin.iter().any(|begin| begin.slot == slot("development")));
}
