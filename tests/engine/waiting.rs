//! What landfall waits for without deciding it: other people's operations, and an AWS that does not answer.

use jiff::SignedDuration;
use landfall::model::facts::Waits;
use landfall::model::journal::{Action, Entry, Outcome};
use landfall::model::{StackName, StackStatus};
use landfall::sim::world::{StackInput, StackOptions};
use landfall::sim::{CallEffect, Fault};

use super::support::*;
use crate::support::answering::Answering;

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
        notifications: None,
        monitoring: None,
        token: Some("by-hand".to_owned()),
        skips_validation: false,
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
        "another operation is in progress, with token by-hand: the stack is UPDATE_IN_PROGRESS"
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
async fn somebody_elses_operation_is_waited_for_however_long_it_takes() {
    let mut scene = Scene::new();
    scene.deploy(&web("1.0.0", "shop:1")).await;
    somebody_updates(&scene);
    let before = scene.operations();
    let mut engine = scene.engine().await;
    engine.carry_out(&web("1.1.0", "shop:2"), scene.now).await.unwrap();
    let end = scene.now + SignedDuration::from_hours(2);
    let mut looks = 0;
    while scene.now < end {
        let waiting = waits(&mut scene, &mut engine).await.expect("it waits");
        assert_eq!(&*waiting.cause.code, "stack-busy");
        looks += 1;
    }
    assert!(looks < 2 * 60 + 100, "at most one look a minute: {looks}");
    assert_eq!(scene.operations(), before, "and nothing was asked for meanwhile");
}

#[tokio::test]
async fn a_denied_call_waits_with_growing_pauses_and_uses_up_no_attempt() {
    let mut scene = Scene::new();
    scene.sim.world().queue_fault(fault("CreateChangeSet", CallEffect::Deny, 0, 20));
    let mut engine = scene.engine().await;
    engine.carry_out(&web("1.0.0", "shop:1"), scene.now).await.unwrap();
    let begin = scene.now;
    let (mut pauses, mut before) = (Vec::new(), scene.now);
    for _ in 0..12 {
        let waiting = waits(&mut scene, &mut engine).await.expect("it waits");
        assert_eq!((&*waiting.cause.code, waiting.since), ("aws-denied", begin));
        assert_eq!(waiting.until, Some(scene.now), "the time of the next try is said");
        let sentence = &waiting.cause.sentence;
        assert!(sentence.contains("perform: cloudformation:CreateChangeSet"), "{sentence}");
        assert!(sentence.contains("`landfall iam` prints the policies that grant it"), "{sentence}");
        pauses.push(scene.now.duration_since(before).as_secs());
        before = scene.now;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]);
    // A restart tries at once.
    let mut engine = scene.engine().await;
    scene.sim.world().clear_faults();
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::Proved);
    assert_eq!(engine.facts().attempts, []);
    assert_eq!(scene.operations(), ["CreateChangeSet", "ExecuteChangeSet"]);
}

#[tokio::test]
async fn a_newer_release_takes_the_place_of_one_that_waits_for_rights_at_once() {
    let mut scene = Scene::new();
    scene.sim.world().queue_fault(fault("CreateChangeSet", CallEffect::Deny, 0, 20));
    let mut engine = scene.engine().await;
    engine.carry_out(&web("1.0.0", "shop:1"), scene.now).await.unwrap();
    for _ in 0..6 {
        waits(&mut scene, &mut engine).await.expect("it waits");
    }
    let mut newer = web("1.1.0", "shop:2");
    let deployment = engine.facts().in_flight(&slot()).unwrap().deployment;
    newer.begin.clear();
    newer.supersede = vec![supersede(deployment, None)];
    let now = scene.now - SignedDuration::from_secs(1);
    engine.carry_out(&newer, now).await.unwrap();
    engine.advance(now).await.unwrap();
    assert!(matches!(scene.outcome().await, Outcome::Superseded { .. }));
}

#[tokio::test]
async fn an_answer_that_cannot_change_ends_the_stack_at_once() {
    let mut scene = Scene::new();
    let template = serde_json::json!({"Resources": {"Thing": {"Type": "AWS::Nowhere::Thing"}}});
    let outcome = scene.deploy(&plan("1.0.0", vec![put(0, "web", content("web", "1.0.0", &template))])).await;
    let cause = failed(&outcome);
    assert!(cause.is_lasting(), "{cause:?}");
    assert!(cause.sentence.contains("AWS::Nowhere::Thing"), "{}", cause.sentence);
}

/// The stack `web` with an export, and another that imports it.
async fn imported(scene: &mut Scene) {
    let mut exports = service("shop:1");
    exports["Outputs"] = serde_json::json!({"Name": {"Value": "x", "Export": {"Name": "shared"}}});
    scene.deploy(&plan("1.0.0", vec![put(0, "web", content("web", "1.0.0", &exports))])).await;
    let importer = serde_json::json!({"Resources": {"Group": {
        "Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::ImportValue": "shared"}}
    }}});
    let input = StackInput {
        name: "reader".to_owned(),
        template: Some(importer.to_string()),
        parameters: Default::default(),
        tags: None,
        capabilities: vec![],
        role: None,
        notifications: None,
        monitoring: None,
        token: None,
        skips_validation: false,
    };
    scene.sim.world().create_stack(&place(), &input, &StackOptions::default()).unwrap();
    let later = scene.now + SignedDuration::from_mins(5);
    scene.turn(later);
}

#[tokio::test]
async fn a_deletion_that_aws_takes_back_because_of_an_export_waits_for_those_who_use_it() {
    let mut scene = Scene::new();
    imported(&mut scene).await;
    let id = scene.stack("web").unwrap().id;
    let mut deletion = plan("1.0.0", vec![order(0, Action::Delete { id, unprotect: true }, "web")]);
    deletion.begin[0].removal = true;
    let mut engine = scene.engine().await;
    engine.carry_out(&deletion, scene.now).await.unwrap();
    let mut untils = std::collections::BTreeSet::new();
    for _ in 0..60 {
        if let Some(waiting) = waits(&mut scene, &mut engine).await {
            assert_eq!(&*waiting.cause.code, "export-in-use");
            let sentence = &waiting.cause.sentence;
            assert!(sentence.contains("reader uses its exports") && sentence.contains("shared"), "{sentence}");
            untils.extend(waiting.until);
        }
    }
    assert!(untils.len() > 3, "it is asked for again: {untils:?}");
    let later = scene.now + SignedDuration::from_mins(6);
    scene.sim.world().delete_stack(&place(), "reader", &[], false, &None).unwrap();
    scene.turn(later);
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::Removed);
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

#[tokio::test]
async fn a_change_set_that_aws_fails_for_rights_or_rates_is_made_again_until_it_works() {
    let denied =
        "User: arn:aws:iam::111111111111:user/x is not authorized to perform: ssm:GetParameters on resource: x";
    let cases = [
        (
            denied,
            [1, 2, 4, 8, 16, 32, 64, 128, 256, 300],
            "perform: ssm:GetParameters on resource: x; `landfall iam` prints",
        ),
        ("Access denied (AccessDenied)", [1, 2, 4, 8, 16, 32, 64, 128, 256, 300], "`landfall iam` prints the policies"),
        ("Rate exceeded (Service: Lambda)", [1, 2, 4, 8, 16, 32, 60, 60, 60, 60], "AWS throttles"),
        ("Throttling: slow down", [1, 2, 4, 8, 16, 32, 60, 60, 60, 60], "AWS throttles"),
    ];
    for (reason, expected, said) in cases {
        let mut scene = Scene::new();
        let cloud = Answering::new(scene.sim.clone());
        *cloud.reason.lock().unwrap() = Some(reason);
        let mut engine = scene.engine_on(scene.store.clone(), cloud.clone()).await;
        engine.carry_out(&web("1.0.0", "shop:1"), scene.now).await.unwrap();
        let (mut untils, begin) = (Vec::new(), scene.now);
        while untils.len() < expected.len() {
            let next = engine.advance(scene.now).await.unwrap().look_again.expect("it goes on");
            let flight = engine.facts().in_flight(&slot()).expect("it is no failure");
            if let Some(waiting) = flight.waits.get(&StackName::of(&owner("web")))
                && untils.last().is_none_or(|(until, _)| Some(*until) != waiting.until)
            {
                assert!(waiting.cause.is_outage(), "{:?}", waiting.cause);
                assert!(waiting.cause.sentence.contains(said), "{}", waiting.cause.sentence);
                assert!(waiting.since < begin + SignedDuration::from_secs(60), "since the first: {}", waiting.since);
                let until = waiting.until.expect("the time of the next try is said");
                untils.push((until, until.duration_since(scene.now).as_secs()));
            }
            scene.turn(next);
        }
        assert_eq!(untils.iter().map(|(_, pause)| *pause).collect::<Vec<_>>(), expected, "{reason}");
        // A restart goes on with the same pause, and with what AWS says then.
        let made = scene.operations().iter().filter(|operation| *operation == "CreateChangeSet").count();
        *cloud.reason.lock().unwrap() = None;
        let mut engine = scene.engine_on(scene.store.clone(), cloud).await;
        scene.finish(&mut engine).await;
        assert_eq!(scene.outcome().await, Outcome::Proved, "{reason}");
        assert_eq!(engine.facts().attempts, [], "no attempt was used");
        let count = |name: &str| scene.operations().iter().filter(|operation| *operation == name).count();
        assert!(count("CreateChangeSet") <= made + 1, "the pause holds after the restart");
        assert_eq!(
            (count("DeleteChangeSet"), count("ExecuteChangeSet")),
            (count("CreateChangeSet") - 1, 1),
            "{reason}"
        );
    }
}
