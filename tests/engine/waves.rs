//! Waves of targets inside one deployment, several stacks of one step, and stacks that are taken over.

use std::collections::BTreeMap;

use futures::FutureExt as _;
use jiff::SignedDuration;
use landfall::cloud::Observe as _;
use landfall::model::journal::{Entry, Order, Outcome, TargetWave};
use landfall::model::{StackName, StackOwner, StackStatus};
use landfall::plan::Plan;
use landfall::sim::{During, Fault};

use super::support::*;

fn owner_on(step: &str, target: &str) -> StackOwner {
    StackOwner { target: id(target), ..owner(step) }
}

fn name(step: &str, target: &str) -> StackName {
    StackName::of(&owner_on(step, target))
}

/// A queue of a step on a target, in a wave.
fn on(wave: usize, position: usize, step: &str, target: &str, seconds: u32) -> Order {
    let mut content = content(step, "1.0.0", &queue(seconds));
    content.tags = owner_on(step, target).tags();
    Order { wave, stack: name(step, target), ..put(position, step, content) }
}

fn wave(name: &str, concurrency: Option<u32>, soak: i64, failures: u32) -> TargetWave {
    TargetWave { name: name.into(), concurrency, soak, failures }
}

fn in_waves(waves: Vec<TargetWave>, orders: Vec<Order>) -> Plan {
    let mut plan = plan("1.0.0", orders);
    plan.begin[0].waves = waves;
    plan
}

fn fails(scene: &Scene, step: &str, target: &str, times: u32) {
    scene.sim.world().queue_fault(Fault::ResourceFails {
        stack: name(step, target).as_str().to_owned(),
        resource: "Queue".to_owned(),
        during: During::Create,
        reason: "quota exceeded".to_owned(),
        times,
    });
}

fn status(scene: &Scene, stack: &str) -> Option<StackStatus> {
    scene.sim.stack(&at(), stack).now_or_never().unwrap().unwrap().map(|stack| stack.status)
}

/// The stacks whose change set was executed, in order.
fn executed(scene: &Scene) -> Vec<String> {
    let executed = scene.ledger().into_iter().filter(|row| row.operation == "ExecuteChangeSet");
    executed.filter_map(|row| Some(row.subject.split_once('/')?.0.to_owned())).collect()
}

#[tokio::test]
async fn a_wave_begins_after_the_soak_of_the_one_before_also_over_a_restart() {
    let mut scene = Scene::new();
    let orders = vec![
        on(0, 0, "web", "early", 30),
        on(0, 1, "worker", "early", 30),
        on(1, 0, "web", "late", 30),
        on(1, 1, "worker", "late", 30),
    ];
    let plan = in_waves(vec![wave("early", None, 1800, 0), wave("late", None, 0, 0)], orders);
    let mut engine = scene.engine().await;
    engine.carry_out(&plan, scene.now).await.unwrap();
    let mut until = None;
    for _ in 0..1_000 {
        let next = engine.advance(scene.now).await.unwrap().look_again.unwrap();
        let flight = engine.facts().in_flight(&slot()).unwrap();
        if let Some(waits) = flight.waits.get(&name("web", "late")) {
            until = waits.until;
            assert_eq!((&*waits.cause.code, Some(next)), ("wave-soak", until));
            assert_eq!(waits.cause.sentence, "wave late begins after wave early has run for 30m");
            break;
        }
        scene.turn(next);
    }
    let until = until.expect("the next wave waits");
    assert_eq!(executed(&scene), ["shop-web-test-early", "shop-worker-test-early"]);
    drop(engine);
    let ended =
        scene.records().await.iter().rev().find(|record| matches!(record.entry, Entry::StackEnded { .. })).unwrap().at;
    assert_eq!(until, ended + SignedDuration::from_mins(30));
    scene.turn(until - SignedDuration::from_mins(1));
    let mut engine = scene.engine().await;
    let before = scene.records().await.len();
    assert_eq!(
        engine.advance(scene.now).await.unwrap().look_again,
        Some(until),
        "a restart waits no longer and no less"
    );
    assert_eq!(scene.records().await.len(), before, "and says nothing twice");
    scene.turn(until);
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::StackStatusOnly);
    assert_eq!(executed(&scene).len(), 4);
    assert!(engine.facts().running(&slot()).is_some());
}

#[tokio::test]
async fn so_many_stacks_are_changed_at_a_time() {
    let mut scene = Scene::new();
    let orders = ["a", "b", "c", "d", "e"].map(|target| on(0, 0, "web", target, 30));
    let plan = in_waves(vec![wave("all", Some(2), 0, 0)], orders.to_vec());
    let mut engine = scene.engine().await;
    engine.carry_out(&plan, scene.now).await.unwrap();
    let mut most = 0;
    while let Some(next) = engine.advance(scene.now).await.unwrap().look_again {
        let busy = ["a", "b", "c", "d", "e"].iter().filter(|target| {
            let stack = status(&scene, name("web", target).as_str());
            stack.is_some_and(StackStatus::in_progress)
        });
        most = most.max(busy.count());
        scene.turn(next);
    }
    assert_eq!(most, 2);
    assert_eq!(executed(&scene).len(), 5);
}

#[tokio::test]
async fn failures_that_may_be_let_the_others_go_on() {
    let mut scene = Scene::new();
    fails(&scene, "web", "a", 1);
    let orders = || {
        vec![
            on(0, 0, "web", "a", 30),
            on(0, 0, "web", "b", 30),
            on(0, 1, "worker", "a", 30),
            on(0, 1, "worker", "b", 30),
            on(1, 0, "web", "c", 30),
        ]
    };
    let outcome = scene.deploy(&in_waves(vec![wave("one", None, 0, 1), wave("two", None, 0, 0)], orders())).await;
    failed(&outcome);
    let done = executed(&scene);
    assert!(!done.contains(&"shop-worker-test-a".to_owned()), "nothing further on the target that failed");
    assert!(done.contains(&"shop-worker-test-b".to_owned()) && done.contains(&"shop-web-test-c".to_owned()));
    let engine = scene.engine().await;
    assert_eq!(engine.facts().attempts[0].failed, 1, "the deployment has failed all the same");
    drop(engine);

    let mut scene = Scene::new();
    fails(&scene, "web", "a", 1);
    let outcome = scene.deploy(&in_waves(vec![wave("one", None, 0, 0), wave("two", None, 0, 0)], orders())).await;
    failed(&outcome);
    let mut done = executed(&scene);
    done.sort();
    assert_eq!(done, ["shop-web-test-a", "shop-web-test-b"], "beyond the limit nothing further begins");
}

#[tokio::test]
async fn two_stacks_of_a_step_of_which_one_fails_and_the_retry_skips_what_is_current() {
    let mut scene = Scene::new();
    fails(&scene, "web", "a", 1);
    let first = plan("1.0.0", vec![on(0, 0, "web", "a", 30), on(0, 0, "web", "b", 30), on(0, 1, "worker", "a", 30)]);
    failed(&scene.deploy(&first).await);
    assert_eq!(status(&scene, "shop-web-test-b"), Some(StackStatus::CreateComplete));
    assert_eq!(status(&scene, "shop-worker-test-a"), None);
    let before = executed(&scene).len();
    // As the planner orders it: what is current is left out.
    let mut retry = plan("1.0.0", vec![on(0, 0, "web", "a", 30), on(0, 1, "worker", "a", 30)]);
    retry.begin[0].content = first.begin[0].content;
    retry.begin[0].attempt = 2;
    assert_eq!(scene.deploy(&retry).await, Outcome::StackStatusOnly);
    assert_eq!(executed(&scene)[before..], ["shop-web-test-a", "shop-worker-test-a"]);
    assert!(scene.engine().await.facts().attempts.is_empty());
}

#[tokio::test]
async fn what_is_superseded_in_a_soak_ends_at_once() {
    let mut scene = Scene::new();
    let orders = vec![on(0, 0, "web", "early", 30), on(1, 0, "web", "late", 30)];
    let plan = in_waves(vec![wave("early", None, 1800, 0), wave("late", None, 0, 0)], orders);
    let mut engine = scene.engine().await;
    engine.carry_out(&plan, scene.now).await.unwrap();
    while engine.facts().in_flight(&slot()).is_some_and(|flight| flight.waits.is_empty()) {
        let next = engine.advance(scene.now).await.unwrap().look_again.unwrap();
        if engine.facts().in_flight(&slot()).unwrap().waits.is_empty() {
            scene.turn(next);
        }
    }
    let mut newer = plan.clone();
    newer.begin.clear();
    newer.supersede = vec![supersede(FIRST, Some(release("1.1.0")))];
    engine.carry_out(&newer, scene.now).await.unwrap();
    engine.advance(scene.now).await.unwrap();
    assert_eq!(scene.outcome().await, Outcome::Superseded { by: Some(release("1.1.0")) });
    assert_eq!(executed(&scene), ["shop-web-test-early"]);
}

#[tokio::test]
async fn a_stack_is_taken_over_where_the_order_says_so() {
    let mut scene = Scene::new();
    scene.foreign("queue", BTreeMap::new(), "somebody");
    let mut order = put(0, "queue", content("queue", "1.0.0", &queue(30)));
    assert_eq!(&*failed(&scene.deploy(&plan("1.0.0", vec![order.clone()])).await).code, "foreign-stack");
    order.adopt = true;
    assert_eq!(scene.deploy(&plan("1.0.0", vec![order])).await, Outcome::StackStatusOnly);
    let stack = scene.stack("queue").unwrap();
    assert_eq!((stack.status, stack.owner()), (StackStatus::UpdateComplete, Some(owner("queue"))));
}

#[tokio::test]
async fn another_repository_s_stack_is_never_taken_over_and_nothing_of_anybody_s_is_lost() {
    let mut scene = Scene::new();
    let other = StackOwner { repository: id("other"), ..owner("queue") };
    scene.foreign("queue", other.tags(), "somebody");
    let mut order = put(0, "queue", content("queue", "1.0.0", &queue(30)));
    order.adopt = true;
    assert_eq!(&*failed(&scene.deploy(&plan("1.0.0", vec![order])).await).code, "foreign-stack");

    let mut scene = Scene::new();
    scene.foreign("queue", BTreeMap::new(), "somebody");
    let template = serde_json::json!({"Resources": {"Other": {"Type": "AWS::SQS::Queue", "Properties": {}}}});
    let mut order = put(0, "queue", content("queue", "1.0.0", &template));
    order.adopt = true;
    let mut engine = scene.engine().await;
    engine.carry_out(&plan("1.0.0", vec![order]), scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    let flight = engine.facts().in_flight(&slot()).unwrap();
    assert_eq!(&*flight.stopped.as_ref().unwrap().code, "removes-data");
}
