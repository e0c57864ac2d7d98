//! Orders in turn: which one is deployed, and which one is skipped with what reason.

use landfall::model::catalog::Queue;
use landfall::model::facts::Ordered;
use landfall::model::{CommitId, Decision};
use landfall::plan::{Planned, orders};

use super::world::{Live, World};

fn commit(number: usize) -> CommitId {
    CommitId(format!("{number:040}"))
}

/// Development runs 1.4.0 and deploys every order in turn: 1.5.0, 1.6.0 and 1.7.0 were ordered.
fn three() -> (World, Live) {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.environment("development").queue = Queue::All;
    for (number, version) in ["1.5.0", "1.6.0", "1.7.0"].into_iter().enumerate() {
        world.release(version);
        let slot = live.facts.runs[0].slot.clone();
        live.facts.orders.push(Ordered { slot, release: version.parse().unwrap(), commit: commit(number) });
    }
    (world, live)
}

fn begins(planned: &Planned) -> Vec<&str> {
    let here = planned.plan.begin.iter().filter(|begin| begin.slot.environment.as_str() == "development");
    here.map(|begin| begin.release.as_str()).collect()
}

fn skips(planned: &Planned) -> Vec<(&str, &str)> {
    planned.plan.skip.iter().map(|skip| (skip.release.as_str(), skip.why.as_str())).collect()
}

#[test]
fn the_oldest_order_has_its_turn() {
    let (world, mut live) = three();
    let planned = world.plan(&live);
    assert_eq!((begins(&planned), skips(&planned)), (vec!["1.5.0"], vec![]));
    live.facts.orders.remove(0);
    assert_eq!(begins(&world.plan(&live)), ["1.6.0"]);
    live.facts.orders.clear();
    assert_eq!(begins(&world.plan(&live)), ["1.7.0"], "without orders the head decides");
}

#[test]
fn an_order_that_cannot_be_deployed_is_skipped_with_its_reason() {
    let (mut world, live) = three();
    world.change_release("1.5.0", |release| release.blocked = Some("deletes carts".into()));
    let planned = world.plan(&live);
    assert_eq!(begins(&planned), ["1.6.0"]);
    assert_eq!(skips(&planned), [("1.5.0", "it was blocked: deletes carts")]);
    assert!(!planned.plan.is_empty());

    let (mut world, live) = three();
    world.environment("development").queue = Queue::Latest;
    let planned = world.plan(&live);
    assert_eq!(begins(&planned), ["1.7.0"]);
    assert_eq!(skips(&planned).len(), 2, "what waits is told, though nothing is deployed in turn any more");
}

#[test]
fn nothing_is_skipped_while_a_deployment_goes_on() {
    let (world, mut live) = three();
    let planned = world.plan(&live);
    let begin = planned.plan.begin.iter().find(|begin| begin.release.as_str() == "1.5.0").unwrap();
    live.start(begin);
    let planned = world.plan(&live);
    assert_eq!((begins(&planned).len(), skips(&planned)), (0, vec![]));
    let row = planned.report.slots.iter().find(|row| row.environment.as_str() == "development").unwrap();
    let Decision::Held { reasons, .. } = &row.decision else { panic!("{row:?}") };
    let sentence = landfall::view::hold(&reasons[0]);
    assert!(sentence.contains("has to end first, then 1.6.0: `queue = \"all\"`"), "{sentence}");
}

#[test]
fn an_order_is_what_the_commit_says_and_not_what_facts_change() {
    let (mut world, live) = three();
    let ordered = |world: &World| {
        let all = orders(&world.catalog, &live.facts, live.now);
        all.into_iter().map(|(slot, release)| format!("{slot} {}", release.unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(ordered(&world), [format!("{} 1.7.0", live.facts.runs[0].slot)], "only where each has its turn");
    world.pin("development", "1.5.0");
    assert_eq!(ordered(&world), [format!("{} 1.5.0", live.facts.runs[0].slot)]);
}
