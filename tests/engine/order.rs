//! The graph of steps: every order runs after those that it waits for, what waits for nothing runs together, and a failure
//! lets nothing further begin.

use std::collections::{BTreeMap, BTreeSet};

use landfall::model::StackName;
use landfall::model::journal::{Entry, Order, Outcome};
use landfall::sim::{During, Fault};
use proptest::prelude::*;

use super::support::*;

const NAMES: [&str; 6] = ["a", "b", "c", "d", "e", "f"];

/// A queue whose step is at this place and waits for these; none for all before it.
fn queue_after(place: usize, after: Option<&[usize]>) -> Order {
    let name = NAMES[place];
    let order = put(place, name, content(name, "1.0.0", &queue(30)));
    Order { after: after.map(|after| after.iter().copied().collect()), ..order }
}

fn stack(place: usize) -> StackName {
    StackName::of(&owner(NAMES[place]))
}

/// Where in the journal each stack was first touched, and where it ended.
async fn spans(scene: &Scene) -> BTreeMap<StackName, (u64, Option<u64>)> {
    let mut spans = BTreeMap::new();
    for record in scene.records().await {
        match record.entry {
            Entry::Intent { stack, .. } | Entry::Evidence { stack, .. } => {
                spans.entry(stack).or_insert((record.seq, None));
            }
            Entry::StackEnded { stack, .. } => spans.entry(stack).or_insert((record.seq, None)).1 = Some(record.seq),
            _ => {}
        }
    }
    spans
}

#[tokio::test]
async fn what_waits_for_the_same_runs_together_and_what_waits_for_both_after_them() {
    let mut scene = Scene::new();
    let orders = vec![
        queue_after(0, None),
        queue_after(1, Some(&[0])),
        queue_after(2, Some(&[0])),
        queue_after(3, Some(&[0, 1, 2])),
    ];
    assert_eq!(scene.deploy(&plan("1.0.0", orders)).await, Outcome::StackStatusOnly);
    let spans = spans(&scene).await;
    let span = |place: usize| spans[&stack(place)];
    assert!(span(1).0 < span(2).1.unwrap() && span(2).0 < span(1).1.unwrap(), "b and c overlap: {spans:?}");
    for (earlier, later) in [(0, 1), (0, 2), (1, 3), (2, 3)] {
        assert!(span(earlier).1.unwrap() < span(later).0, "{earlier} ends before {later} begins: {spans:?}");
    }
}

#[tokio::test]
async fn after_a_failure_nothing_further_begins_and_what_goes_on_is_finished() {
    let mut scene = Scene::new();
    scene.sim.world().queue_fault(Fault::ResourceFails {
        stack: stack(0).as_str().to_owned(),
        resource: "Queue".to_owned(),
        during: During::Create,
        reason: "quota exceeded".to_owned(),
        times: 1,
    });
    let orders =
        vec![queue_after(0, None), queue_after(1, Some(&[])), queue_after(2, Some(&[1])), queue_after(3, Some(&[0]))];
    failed(&scene.deploy(&plan("1.0.0", orders)).await);
    let spans = spans(&scene).await;
    assert!(spans[&stack(1)].1.is_some(), "what had begun beside it is finished");
    assert!(!spans.contains_key(&stack(3)), "nothing after it");
    let ended = spans[&stack(0)].1.unwrap();
    assert!(spans.get(&stack(2)).is_none_or(|span| span.0 < ended), "nothing begins any more");
}

#[test]
fn an_order_of_an_older_journal_waits_for_every_step_before_its_own() {
    let order = queue_after(2, None);
    let written = serde_json::to_value(&order).unwrap();
    assert!(written.get("after").is_none(), "nothing is written where nothing is said");
    let read: Order = serde_json::from_value(written).unwrap();
    assert!(read.waits_for(0) && read.waits_for(1) && !read.waits_for(2) && !read.waits_for(3));
    let only = queue_after(2, Some(&[1]));
    let read: Order = serde_json::from_value(serde_json::to_value(&only).unwrap()).unwrap();
    assert!(read == only && !read.waits_for(0) && read.waits_for(1));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    /// Any graph, also with a restart at any time: every order begins after all that it waits for have ended well.
    #[test]
    fn every_order_runs_after_those_that_it_waits_for(
        graph in proptest::collection::vec(proptest::option::of(proptest::collection::btree_set(0..6_usize, 0..4)), 6),
        restart in 0..30_usize,
    ) {
        let closed = closed(&graph);
        let orders: Vec<Order> = closed
            .iter()
            .enumerate()
            .map(|(place, after)| queue_after(place, after.as_ref().map(Vec::as_slice)))
            .collect();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut scene = Scene::new();
            let mut engine = scene.engine().await;
            engine.carry_out(&plan("1.0.0", orders.clone()), scene.now).await.unwrap();
            for _ in 0..restart {
                let Some(next) = engine.advance(scene.now).await.unwrap().look_again else { break };
                scene.turn(next);
            }
            drop(engine);
            let mut engine = scene.engine().await;
            scene.finish(&mut engine).await;
            assert_eq!(scene.outcome().await, Outcome::StackStatusOnly);
            let spans = spans(&scene).await;
            for (place, order) in orders.iter().enumerate() {
                for before in (0..NAMES.len()).filter(|before| order.waits_for(*before)) {
                    assert!(spans[&stack(before)].1.unwrap() < spans[&stack(place)].0, "{before} before {place}");
                }
            }
        });
    }
}

/// A graph without circles, as the planner orders it: whoever waits waits for what that waits for too.
fn closed(graph: &[Option<BTreeSet<usize>>]) -> Vec<Option<Vec<usize>>> {
    let mut all: Vec<BTreeSet<usize>> = Vec::new();
    let mut written = Vec::new();
    for (place, after) in graph.iter().enumerate() {
        let mut whole: BTreeSet<usize> = match after {
            Some(after) => after.iter().copied().filter(|before| *before < place).collect(),
            None => (0..place).collect(),
        };
        whole.extend(whole.clone().into_iter().flat_map(|before| all[before].clone()));
        written.push(after.as_ref().map(|_| whole.iter().copied().collect()));
        all.push(whole);
    }
    written
}
