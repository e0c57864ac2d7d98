//! Freezes, at the point where something would begin.

use landfall::model::catalog::Gate;
use landfall::model::decision::{Because, Cause};
use landfall::model::{Decision, Hold};

use super::world::{Live, World, slot};
use super::{Story, golden, plan_in};

/// 1.5.0 runs in test, production ran 1.3.0, then 1.4.0.
fn scene() -> (World, Live) {
    let mut world = World::new();
    world.release("1.3.0").pin("production", "1.3.0");
    let mut live = world.deployed();
    world.release("1.4.0").pin("production", "1.4.0");
    world.settle(&mut live);
    world.release("1.5.0");
    world.settle(&mut live);
    (world, live)
}

fn holds(world: &World, live: &Live) -> Vec<Hold> {
    let rows = world.plan(live).report.slots;
    match rows.into_iter().find(|row| row.slot == slot("production")).unwrap().decision {
        Decision::Held { reasons, .. } => reasons,
        _ => Vec::new(),
    }
}

#[test]
fn a_freeze_holds_what_would_begin_until_it_ends_or_is_allowed() {
    let (mut world, mut live) = scene();
    world.freeze(|_| {});
    assert!(world.plan(&live).plan.is_empty());
    world.pin("production", "1.5.0");
    let mut story = Story::default();
    story.tell("1.5.0 is pinned in a freeze", &world.show(&live));
    assert!(world.plan(&live).plan.is_empty());
    assert_eq!(holds(&world, &live)[0].until, Some("2026-11-30T08:00:00Z".parse().unwrap()));
    let plan = plan_in(&world.show(&live));
    let mut later = live.clone();
    later.now = "2026-11-30T08:00:00Z".parse().unwrap();
    assert_eq!(world.plan(&later).plan.begin.len(), 1, "it ends by itself");
    world.allow("production", Gate::Freeze, &plan);
    story.tell("somebody allows it", &world.show(&live));
    let begin = world.plan(&live).plan.begin.remove(0);
    assert_eq!((begin.because.clone(), begin.allowed.len()), (Because::Allowed(Gate::Freeze), 1));
    live.fail(&begin);
    story.tell("it fails: the allowance is used up, a retry begins anew", &world.show(&live));
    assert!(world.plan(&live).plan.is_empty());
    let again = plan_in(&world.show(&live));
    assert_ne!(again, plan);
    world.allow("production", Gate::Freeze, &again);
    assert_eq!(world.plan(&live).plan.begin.len(), 1);
    golden!("freeze", story.0);
}

#[test]
fn going_back_passes_a_freeze_unless_that_is_stopped_too() {
    let (mut world, live) = scene();
    world.pin("production", "1.3.0");
    world.freeze(|_| {});
    assert_eq!(world.plan(&live).plan.begin[0].release.as_str(), "1.3.0");
    world.freeze(|freeze| freeze.stops_rollback = true);
    assert!(world.plan(&live).plan.is_empty());
    assert!(matches!(holds(&world, &live)[0].cause, Cause::Frozen { .. }));
}

#[test]
fn live_changes_and_removals_are_frozen_too() {
    let (mut world, live) = scene();
    world.freeze(|_| {});
    let mut changed = world.clone();
    changed.target("production-eu").network.subnets = vec!["subnet-0b".into()];
    assert!(changed.plan(&live).plan.is_empty());
    let mut removed = world.clone();
    removed.pin("production", "none");
    assert!(removed.plan(&live).plan.is_empty());
    assert!(matches!(holds(&removed, &live)[0].cause, Cause::Frozen { .. }));
    let mut gone = world.clone();
    gone.environment("production").prune = true;
    gone.catalog.projects.clear();
    let planned = gone.plan(&live);
    assert!(planned.plan.is_empty());
    let orphan = planned.report.orphans.iter().find(|orphan| orphan.owner.slot() == slot("production")).unwrap();
    assert!(orphan.why.contains("frozen by black-friday"), "{}", orphan.why);
}

#[test]
fn what_is_in_flight_goes_on_in_a_freeze() {
    let (mut world, mut live) = scene();
    world.pin("production", "1.5.0");
    let begin = world.plan(&live).plan.begin.remove(0);
    live.start(&begin);
    world.freeze(|_| {});
    assert!(matches!(world.plan(&live).report.slots[2].decision, Decision::Deploying { .. }));
    world.release("1.6.0");
    let mut elsewhere = live.clone();
    elsewhere.facts.in_flight.clear();
    world.settle(&mut elsewhere);
    elsewhere.facts.in_flight = live.facts.in_flight.clone();
    world.pin("production", "1.6.0");
    let planned = world.plan(&elsewhere);
    assert!(planned.plan.is_empty(), "what could not begin supersedes nothing: {:?}", planned.plan);
    world.pin("production", "1.4.0");
    assert_eq!(world.plan(&elsewhere).plan.supersede.len(), 1, "going back is no beginning");
}

#[test]
fn a_pin_that_waits_for_several_things_says_when_all_of_them_are_over() {
    let (mut world, mut live) = scene();
    world.pin("production", "1.5.0");
    world.freeze(|_| {});
    live.now = "2026-11-29T08:00:00Z".parse().unwrap();
    let row = |world: &World, live: &Live| {
        let rows = world.plan(live).report.slots;
        rows.into_iter().find(|row| row.slot == slot("production")).unwrap()
    };
    assert_eq!(row(&world, &live).earliest, None, "one freeze says itself when it ends");
    world.release("1.6.0").pin("production", "1.6.0");
    for _ in ["development", "test"] {
        world.plan(&live).plan.begin.iter().for_each(|begin| live.succeed(begin));
    }
    let held = row(&world, &live);
    assert_eq!(held.earliest, Some("2026-11-30T08:00:00Z".parse().unwrap()), "the soak ends inside the freeze");
    assert!(world.show(&live).contains("earliest 2026-11-30 08:00 UTC"), "{}", world.show(&live));
}
