//! Waves of tenants between slots, and waves of targets inside a deployment.

use landfall::model::catalog::Subject;
use landfall::model::decision::Cause;
use landfall::model::wave::WavesOf;
use landfall::model::{Decision, Hold, Slot};
use landfall::plan::Planned;

use super::people::{Group, slot_of, tag};
use super::world::{Live, World, slot};
use super::{Story, golden};

/// Two early tenants and four others run 1.4.0 in production, and 1.5.0 has come as far as test.
fn scene(groups: &[Group<'_>]) -> (World, Live) {
    let mut world = World::for_tenants();
    world.tenant("acme", "ring/early", &[]).tenant("bolt", "ring/early", &[]);
    for name in ["coal", "dune", "echo", "fern"] {
        world.tenant(name, "ring/general", &[]);
    }
    world.release("1.4.0").pin("production", "1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    world.settle(&mut live);
    world.waves(WavesOf::Tenants, groups);
    world.pin("production", "1.5.0");
    (world, live)
}

const GROUPS: [Group<'_>; 2] = [("early", &["ring/early"], None, 30, 0), ("general", &[], Some(2), 0, 1)];

fn begins(planned: &Planned) -> Vec<String> {
    planned.plan.begin.iter().map(|begin| begin.slot.tenant.as_ref().unwrap().to_string()).collect()
}

fn holds(world: &World, live: &Live, slot: &Slot) -> Vec<Hold> {
    match world.plan(live).report.slots.into_iter().find(|row| row.slot == *slot).unwrap().decision {
        Decision::Held { reasons, .. } => reasons,
        other => panic!("{slot} is not held: {other:?}"),
    }
}

#[test]
fn waves_of_tenants_go_one_after_the_other() {
    let (world, mut live) = scene(&GROUPS);
    let mut story = Story::default();
    story.tell("1.5.0 is pinned", &world.show(&live));
    let planned = world.plan(&live);
    assert_eq!(begins(&planned), ["acme", "bolt"]);
    live.succeed(&planned.plan.begin[0]);
    live.wait(5);
    assert!(matches!(&holds(&world, &live, &slot_of("production", "coal"))[0].cause,
        Cause::Wave { missing, .. } if missing.len() == 1 && missing[0].as_str() == "bolt"));
    live.succeed(&planned.plan.begin[1]);
    live.wait(10);
    story.tell("both early ones run it, for ten minutes", &world.show(&live));
    let hold = holds(&world, &live, &slot_of("production", "coal")).remove(0);
    assert_eq!(hold.until.unwrap().duration_since(live.now), jiff::SignedDuration::from_mins(20));
    live.wait(20);
    story.tell("after half an hour", &world.show(&live));
    let planned = world.plan(&live);
    assert_eq!(begins(&planned), ["coal", "dune"], "two at a time");
    live.start(&planned.plan.begin[0]);
    assert_eq!(begins(&world.plan(&live)), ["dune"], "one of the two is on its way");
    live.facts.in_flight.clear();
    planned.plan.begin.iter().for_each(|begin| live.succeed(begin));
    assert_eq!(begins(&world.plan(&live)), ["echo", "fern"]);
    golden!("waves", story.0);
}

#[test]
fn too_many_failures_stop_the_rest() {
    let (world, mut live) = scene(&GROUPS);
    let begin = world.plan(&live).plan.begin;
    live.succeed(&begin[0]);
    live.fail(&begin[1]);
    live.wait(60);
    let mut story = Story::default();
    story.tell("bolt failed", &world.show(&live));
    assert_eq!(begins(&world.plan(&live)), ["bolt"], "it is tried again, nobody else begins");
    let again = world.plan(&live).plan.begin.remove(0);
    live.succeed(&again);
    live.wait(30);
    let two = world.plan(&live).plan.begin;
    live.fail(&two[0]);
    live.succeed(&two[1]);
    assert_eq!(begins(&world.plan(&live)), ["coal", "echo"], "one of the general ones may fail");
    let two = world.plan(&live).plan.begin;
    live.fail(&two[0]);
    live.fail(&two[1]);
    assert_eq!(begins(&world.plan(&live)), ["coal", "echo"], "two may not: fern does not begin");
    assert!(matches!(holds(&world, &live, &slot_of("production", "fern"))[0].cause, Cause::WaveStopped { .. }));
    story.tell("two of the general ones failed", &world.show(&live));
    golden!("waves_stopped", story.0);
}

#[test]
fn a_failure_that_may_be_lets_the_next_wave_begin() {
    let (world, mut live) = scene(&[("early", &["ring/early"], None, 0, 1), ("general", &[], None, 0, 0)]);
    let begin = world.plan(&live).plan.begin;
    live.succeed(&begin[0]);
    live.fail(&begin[1]);
    assert_eq!(begins(&world.plan(&live)), ["bolt", "coal", "dune", "echo", "fern"]);
}

#[test]
fn what_waits_for_a_wave_takes_the_place_of_nothing() {
    let (mut world, mut live) = scene(&[("early", &["ring/early"], None, 0, 0), ("general", &[], None, 0, 0)]);
    for begin in world.plan(&live).plan.begin {
        live.succeed(&begin);
    }
    let begin = world.plan(&live).plan.begin.remove(0);
    assert_eq!(begin.slot, slot_of("production", "coal"));
    world.release("1.6.0");
    world.settle(&mut live);
    live.facts.runs.retain(|run| run.slot != begin.slot || run.release.as_str() == "1.4.0");
    live.facts.runs.iter_mut().filter(|run| run.slot == begin.slot).for_each(|run| run.to = None);
    live.start(&begin);
    world.pin("production", "1.6.0");
    let planned = world.plan(&live);
    assert!(planned.plan.supersede.is_empty(), "1.5.0 goes on to coal while the early ones get 1.6.0");
    assert_eq!(begins(&planned), ["acme", "bolt"]);
    for begin in &planned.plan.begin {
        let flight = live.facts.in_flight.clone();
        live.succeed(begin);
        live.facts.in_flight = flight;
    }
    assert_eq!(world.plan(&live).plan.supersede.len(), 1, "then it is 1.6.0's turn");
}

#[test]
fn going_back_waits_for_no_wave() {
    let (mut world, mut live) = scene(&GROUPS);
    world.project().waves = None;
    world.settle(&mut live);
    world.waves(WavesOf::Tenants, &GROUPS);
    world.pin("production", "1.4.0");
    assert_eq!(world.plan(&live).plan.begin.len(), 6);
}

#[test]
fn live_changes_go_in_waves_and_the_guard_counts_all_of_them() {
    let (mut world, mut live) = scene(&GROUPS);
    world.pin("production", "1.4.0");
    assert!(world.plan(&live).plan.is_empty());
    world.target("production-eu").network.subnets = vec!["subnet-0b".into()];
    assert_eq!(begins(&world.plan(&live)), ["acme", "bolt"]);
    world.catalog.guard.change = landfall::model::account::Limit { count: 5, percent: 0 };
    assert!(world.plan(&live).plan.is_empty(), "six are pending, not two");
    world.catalog.guard.change.count = 6;
    for begin in world.plan(&live).plan.begin {
        live.fail(&begin);
    }
    assert_eq!(begins(&world.plan(&live)), ["acme", "bolt"], "a wrong subnet stays in the first wave");
}

#[test]
fn waves_of_targets_are_inside_one_deployment() {
    let mut world = World::new();
    world.add_target("production-us", "production");
    world.add_target("production-ap", "production");
    world.target("production-us").tags.insert(tag("ring/early"));
    world.waves(WavesOf::Targets, &[("early", &["ring/early"], None, 30, 0)]);
    world.release_with("1.4.0", &["web", "worker"]).pin("production", "1.4.0");
    let mut live = Live::empty();
    for _ in 0..2 {
        let begin = world.plan(&live).plan.begin.remove(0);
        assert!(begin.waves.is_empty(), "they are kept in production only");
        live.succeed(&begin);
        live.wait(30);
    }
    let begin = world.plan(&live).plan.begin.remove(0);
    assert_eq!(begin.slot, slot("production"));
    let waves: Vec<(&str, i64)> = begin.waves.iter().map(|wave| (&*wave.name, wave.soak)).collect();
    assert_eq!(waves, [("early", 1800), ("the rest", 0)]);
    let orders: Vec<(usize, usize, &str)> =
        begin.orders.iter().map(|order| (order.wave, order.step, order.stack.as_str())).collect();
    assert_eq!(
        orders,
        [
            (0, 0, "storefront-web-production-production-us"),
            (0, 1, "storefront-worker-production-production-us"),
            (1, 0, "storefront-web-production-production-ap"),
            (1, 0, "storefront-web-production-production-eu"),
            (1, 1, "storefront-worker-production-production-ap"),
            (1, 1, "storefront-worker-production-production-eu"),
        ]
    );
}

#[test]
fn a_tenant_whose_file_is_broken_holds_the_waves_after_the_first() {
    let (mut world, mut live) = scene(&GROUPS);
    let acme = world.catalog.tenants.remove("acme").unwrap();
    world.broken(Subject::Tenant(acme.name.clone()), "tenants/acme.toml");
    let planned = world.plan(&live);
    assert_eq!(begins(&planned), ["bolt"]);
    live.succeed(&planned.plan.begin[0]);
    live.wait(40);
    assert!(world.plan(&live).plan.is_empty(), "acme may be an early one: {}", world.show(&live));
    assert!(matches!(&holds(&world, &live, &slot_of("production", "coal"))[0].cause,
        Cause::Wave { missing, .. } if missing == std::slice::from_ref(&acme.name)));
    world.catalog.broken.clear();
    world.catalog.tenants.insert(acme.name.clone(), acme);
    let planned = world.plan(&live);
    assert_eq!(begins(&planned), ["acme"], "mended");
    live.succeed(&planned.plan.begin[0]);
    live.wait(30);
    assert_eq!(begins(&world.plan(&live)), ["coal", "dune"]);
}
