//! What landfall waits for without deciding it: other people's operations, and an AWS that does not answer.

use jiff::SignedDuration;
use landfall::model::facts::Waits;
use landfall::model::journal::{Action, Entry, Outcome};
use landfall::model::{StackName, StackStatus};
use landfall::sim::world::{StackInput, StackOptions};
use landfall::sim::{CallEffect, Fault};

use super::support::*;

fn fault(operation: &str, effect: CallEffect, skip: u32, times: u32) -> Fault {
    Fault::Call { operation: operation.to_owned(), account: None, effect, skip, times }
}

/// Somebody updates the service's stack to an image that never settles.
fn somebody_updates(scene: &Scene) {
    scene.sim.world().queue_fault(Fault::ImageHangs { image: "shop:hangs".to_owned() });
    let input = StackInput {
        name: "shop-web-test-main".to_owned(),
        template: Some(service("shop:hangs").to_string()),
        parameters: Default::default(),
        tags: None,
        capabilities: vec![],
        role: None,
        token: Some("by-hand".to_owned()),
    };
    scene.sim.world().update_stack(&place(), &input, &StackOptions::default()).unwrap();
}

async fn waits(scene: &mut Scene, engine: &mut landfall::engine::Engine) -> Option<Waits> {
    let progress = engine.advance(scene.now).await.unwrap();
    scene.turn(progress.look_again.unwrap());
    engine.facts().in_flight(&slot())?.waits.get(&StackName::of(&owner("web"))).cloned()
}

#[tokio::test]
async fn somebody_elses_operation_is_waited_for_in_words_and_then_gone_on_with() {
    let mut scene = Scene::new();
    scene.deploy(&web("1.0.0", "shop:1")).await;
    somebody_updates(&scene);
    let mut engine = scene.engine().await;
    engine.carry_out(&web("1.1.0", "shop:2"), scene.now).await.unwrap();
    let waiting = waits(&mut scene, &mut engine).await.expect("it waits");
    assert_eq!(&*waiting.cause.code, "stack-busy");
    assert_eq!(
        waiting.cause.sentence,
        "somebody else's operation goes on, with token by-hand: the stack is UPDATE_IN_PROGRESS"
    );
    // The reason is journaled once, however often it is looked at.
    waits(&mut scene, &mut engine).await.expect("it still waits");
    let entries = scene.records().await.into_iter().filter(|record| matches!(record.entry, Entry::Waits { .. }));
    assert_eq!(entries.count(), 1);
    scene.sim.world().cancel_update_stack(&place(), "shop-web-test-main", &None).unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::Proved);
}

#[tokio::test]
async fn somebody_elses_operation_is_not_waited_for_without_end() {
    let mut scene = Scene::new();
    scene.deploy(&web("1.0.0", "shop:1")).await;
    somebody_updates(&scene);
    let before = scene.operations();
    let mut deletion =
        plan("1.0.0", vec![order(0, Action::Delete { id: scene.stack("web").unwrap().id, unprotect: false }, "web")]);
    deletion.begin[0].removal = true;
    for order in [web("1.1.0", "shop:2"), deletion] {
        assert_eq!(&*failed(&scene.deploy(&order).await).code, "stack-busy");
    }
    assert_eq!(scene.operations(), before, "and nothing was asked for meanwhile");
}

#[tokio::test]
async fn a_read_that_is_denied_while_an_operation_goes_on_is_said_until_it_is_allowed() {
    let mut scene = Scene::new();
    let mut engine = scene.engine().await;
    engine.carry_out(&web("1.0.0", "shop:1"), scene.now).await.unwrap();
    while !scene.operations().contains(&"ExecuteChangeSet".to_owned()) {
        waits(&mut scene, &mut engine).await;
    }
    scene.sim.world().queue_fault(fault("DescribeStacks", CallEffect::Deny, 0, 3));
    let waiting = waits(&mut scene, &mut engine).await.expect("it waits");
    assert_eq!(&*waiting.cause.code, "aws-unread");
    assert!(waiting.cause.sentence.contains("denies DescribeStacks"), "{}", waiting.cause.sentence);
    while waits(&mut scene, &mut engine).await.is_some() {}
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::Proved);
}

#[tokio::test]
async fn heavy_throttling_ends_with_bounded_retries_and_each_change_once() {
    let mut calm = Scene::new();
    calm.deploy(&web("1.0.0", "shop:1")).await;
    calm.deploy(&web("1.1.0", "shop:2")).await;

    let mut scene = Scene::new();
    scene.deploy(&web("1.0.0", "shop:1")).await;
    let heavy = [
        ("DescribeStacks", 12),
        ("CreateChangeSet", 8),
        ("DescribeChangeSet", 8),
        ("ExecuteChangeSet", 8),
        ("DescribeStackEvents", 8),
        ("DescribeStackResources", 8),
        ("DescribeServices", 8),
        ("ListTasks", 8),
    ];
    for (operation, times) in heavy {
        scene.sim.world().queue_fault(fault(operation, CallEffect::Throttle, 0, times));
    }
    let begin = scene.now;
    let mut engine = scene.engine().await;
    engine.carry_out(&web("1.1.0", "shop:2"), scene.now).await.unwrap();
    let (mut turns, mut said) = (0, false);
    while let Some(next) = engine.advance(scene.now).await.unwrap().look_again {
        turns += 1;
        said |= engine.facts().in_flight.iter().any(|flight| !flight.waits.is_empty());
        scene.turn(next);
    }
    assert_eq!(scene.outcome().await, Outcome::Proved);
    assert_eq!(scene.operations(), calm.operations());
    assert!(said, "somebody who looks is told");
    assert!(turns < 150, "{turns} turns");
    assert!(scene.now.duration_since(begin) < SignedDuration::from_mins(90), "{}", scene.now.duration_since(begin));
    let intents = scene.records().await.into_iter().filter(|record| matches!(record.entry, Entry::Intent { .. }));
    assert_eq!(intents.count(), 2 + 2 + 8 + 8, "one for each try");
    assert_eq!(scene.status("web"), Some(StackStatus::UpdateComplete));
}
