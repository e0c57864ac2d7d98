//! What becomes of an order, told on the simulated account.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use landfall::model::catalog::Gate;
use landfall::model::journal::{Action, Entry, Evidence, Outcome};
use landfall::model::{Hash, StackStatus};
use landfall::plan::Opening;
use landfall::sim::world::{StackInput, StackOptions};
use landfall::sim::{CallEffect, During, Fault, SimConfig, World};
use serde_json::json;

use super::support::*;

#[tokio::test]
async fn a_service_is_created_and_proved_from_ecs() {
    let mut scene = Scene::new();
    assert_eq!(scene.deploy(&web("1.0.0", "shop:1")).await, Outcome::Proved);
    assert_eq!(scene.status("web"), Some(StackStatus::CreateComplete));
    let engine = scene.engine().await;
    let run = engine.facts().running(&slot()).unwrap();
    assert_eq!((run.release.as_str(), run.proved_by_ecs), ("1.0.0", true));
    let images = scene.evidence().await.into_iter().find_map(|item| match item {
        Evidence::ServiceDeployment { images, status, .. } if status == "SUCCESSFUL" => Some(images),
        _ => None,
    });
    assert_eq!(images.unwrap()["app"], World::digest_of("shop:1"));
    assert_eq!(scene.operations(), ["CreateChangeSet", "ExecuteChangeSet"]);
    assert!(scene.stack("web").unwrap().description.unwrap().contains("[landfall/1 1.0.0 b3:"));
}

#[tokio::test]
async fn a_new_release_updates_and_ends_the_run_before() {
    let mut scene = Scene::new();
    scene.deploy(&web("1.0.0", "shop:1")).await;
    assert_eq!(scene.deploy(&web("1.1.0", "shop:2")).await, Outcome::Proved);
    let engine = scene.engine().await;
    let runs = &engine.facts().runs;
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0].to, Some(runs[1].from));
    assert_eq!(runs[1].release.as_str(), "1.1.0");
}

#[tokio::test]
async fn no_change_leaves_no_change_set_behind_and_is_proved_all_the_same() {
    let mut scene = Scene::new();
    scene.deploy(&web("1.0.0", "shop:1")).await;
    assert_eq!(scene.deploy(&web("1.0.0", "shop:1")).await, Outcome::Proved);
    assert_eq!(scene.operations(), ["CreateChangeSet", "ExecuteChangeSet", "CreateChangeSet", "DeleteChangeSet"]);
    let queue_only = plan("1.0.0", vec![put(0, "queue", content("queue", "1.0.0", &queue(30)))]);
    assert_eq!(scene.deploy(&queue_only).await, Outcome::StackStatusOnly);
    assert_eq!(scene.deploy(&queue_only).await, Outcome::Unchanged);
}

#[tokio::test]
async fn a_crashing_container_is_the_cause_and_the_run_before_goes_on() {
    let mut scene = Scene::new();
    scene.deploy(&web("1.0.0", "shop:1")).await;
    scene.sim.world().queue_fault(Fault::ImageCrashes { image: "shop:2".to_owned(), exit_code: 3, reason: None });
    let outcome = scene.deploy(&web("1.1.0", "shop:2")).await;
    let cause = failed(&outcome);
    assert_eq!(&*cause.code, "container-exits");
    assert!(cause.sentence.starts_with("container `app` exits with 3, "), "{}", cause.sentence);
    assert_eq!(scene.status("web"), Some(StackStatus::UpdateRollbackComplete));
    let engine = scene.engine().await;
    assert_eq!(engine.facts().runs.len(), 1, "rolled back by itself: uninterrupted");
    assert_eq!(engine.facts().running(&slot()).unwrap().release.as_str(), "1.0.0");
    assert_eq!(engine.facts().attempts[0].failed, 1);
    let stopped = scene.evidence().await.into_iter().filter(|item| matches!(item, Evidence::TaskStopped { .. }));
    assert!(stopped.count() > 0, "what vanished with the rollback is in the journal");
}

#[tokio::test]
async fn a_second_attempt_counts_only_its_own_tasks() {
    let mut scene = Scene::new();
    scene.deploy(&web("1.0.0", "shop:1")).await;
    scene.sim.world().queue_fault(Fault::ImageCrashes { image: "shop:2".to_owned(), exit_code: 3, reason: None });
    let first = scene.deploy(&web("1.1.0", "shop:2")).await;
    let tasks = scene.evidence().await.into_iter().filter(|item| matches!(item, Evidence::TaskStopped { .. })).count();
    let second = scene.deploy(&web("1.1.0", "shop:2")).await;
    assert_eq!(failed(&first).sentence, failed(&second).sentence);
    let mut seen = std::collections::BTreeSet::new();
    for item in scene.evidence().await {
        if let Evidence::TaskStopped { task, .. } = item {
            assert!(seen.insert(task.clone()), "{task} is evidence of two deployments");
        }
    }
    assert_eq!(seen.len(), 2 * tasks);
}

#[tokio::test]
async fn an_image_that_cannot_be_pulled_is_the_cause() {
    let mut scene = Scene::new();
    scene.sim.world().queue_fault(Fault::ImageMissing { image: "shop:1".to_owned() });
    let outcome = scene.deploy(&web("1.0.0", "shop:1")).await;
    assert_eq!(&*failed(&outcome).code, "image-not-pulled", "{outcome:?}");
}

#[tokio::test]
async fn a_failed_resource_is_the_cause_and_the_next_try_clears_the_stack_first() {
    let mut scene = Scene::new();
    scene.sim.world().queue_fault(Fault::ResourceFails {
        stack: "shop-queue-test-main".to_owned(),
        resource: "Queue".to_owned(),
        during: During::Create,
        reason: "quota exceeded".to_owned(),
        times: 1,
    });
    let order = plan("1.0.0", vec![put(0, "queue", content("queue", "1.0.0", &queue(30)))]);
    let outcome = scene.deploy(&order).await;
    assert_eq!(failed(&outcome).sentence, "Queue (AWS::SQS::Queue) failed: quota exceeded");
    assert_eq!(scene.deploy(&order).await, Outcome::StackStatusOnly);
    assert_eq!(
        scene.operations(),
        ["CreateChangeSet", "ExecuteChangeSet", "DeleteStack", "CreateChangeSet", "ExecuteChangeSet"]
    );
    assert!(scene.engine().await.facts().attempts.is_empty(), "success starts the count again");
}

#[tokio::test]
async fn steps_go_one_after_the_other_and_a_failure_starts_nothing_further() {
    let mut scene = Scene::new();
    let mut consumer = content(
        "web",
        "1.0.0",
        &json!({
            "Parameters": {"Url": {"Type": "String"}},
            "Resources": {"Parameter": {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": {"Ref": "Url"}}}}
        }),
    );
    consumer.parameters = BTreeMap::from([("Url".to_owned(), output("queue", "Url"))]);
    let orders = vec![put(0, "queue", content("queue", "1.0.0", &queue(30))), put(1, "web", consumer)];
    assert_eq!(scene.deploy(&plan("1.0.0", orders)).await, Outcome::StackStatusOnly);
    let url = scene.stack("queue").unwrap().outputs["Url"].clone();
    assert_eq!(scene.stack("web").unwrap().parameters["Url"], url);
    assert!(scene.evidence().await.contains(&Evidence::OutputRead { parameter: "Url".to_owned(), value: url }));

    scene.sim.world().queue_fault(Fault::ResourceFails {
        stack: "shop-queue-test-main".to_owned(),
        resource: "Queue".to_owned(),
        during: During::Update,
        reason: "no".to_owned(),
        times: 1,
    });
    let orders = vec![
        put(0, "queue", content("queue", "1.1.0", &queue(60))),
        put(1, "later", content("later", "1.1.0", &queue(60))),
    ];
    let outcome = scene.deploy(&plan("1.1.0", orders)).await;
    assert_eq!(&*failed(&outcome).code, "resource-failed");
    assert_eq!(scene.stack("later"), None);
}

#[tokio::test]
async fn a_half_finished_failure_interrupts_the_run() {
    let mut scene = Scene::new();
    let both = |version: &str, seconds: u32| {
        let orders = vec![
            put(0, "queue", content("queue", version, &queue(seconds))),
            put(1, "later", content("later", version, &queue(seconds))),
        ];
        plan(version, orders)
    };
    scene.deploy(&both("1.0.0", 30)).await;
    scene.sim.world().queue_fault(Fault::ResourceFails {
        stack: "shop-later-test-main".to_owned(),
        resource: "Queue".to_owned(),
        during: During::Update,
        reason: "no".to_owned(),
        times: 1,
    });
    failed(&scene.deploy(&both("1.1.0", 60)).await);
    let engine = scene.engine().await;
    let runs = &engine.facts().runs;
    assert_eq!(runs.len(), 2, "the first step stays changed");
    assert_eq!(runs[0].to, Some(runs[1].from));
    assert_eq!(engine.facts().running(&slot()).unwrap().release.as_str(), "1.0.0", "it still carries what it did");
}

#[tokio::test]
async fn a_stack_of_somebody_else_is_never_touched() {
    let mut scene = Scene::new();
    scene.foreign("web", BTreeMap::from([("team".to_owned(), "other".to_owned())]), "theirs");
    let outcome = scene.deploy(&web("1.0.0", "shop:1")).await;
    let cause = failed(&outcome);
    assert_eq!((&*cause.code, cause.gate), ("foreign-stack", None));
    assert_eq!(scene.operations(), ["CreateStack"]);
}

#[tokio::test]
async fn another_landfall_stops_this_one() {
    let mut scene = Scene::new();
    let order = |seconds| plan("1.0.0", vec![put(0, "queue", content("queue", "1.0.0", &queue(seconds)))]);
    assert_eq!(scene.deploy(&order(30)).await, Outcome::StackStatusOnly);
    let other = StackInput {
        name: "shop-queue-test-main".to_owned(),
        template: Some(queue(77).to_string()),
        parameters: BTreeMap::new(),
        tags: Some(owner("queue").tags()),
        capabilities: vec![],
        role: None,
        notifications: None,
        monitoring: None,
        token: Some("lf-ffffffffffffffff-2-1-0-execute1".to_owned()),
        skips_validation: false,
    };
    scene.sim.world().update_stack(&place(), &other, &StackOptions::default()).unwrap();
    let later = scene.now + SignedDuration::from_mins(5);
    scene.turn(later);
    let before = scene.ledger().len();
    let mut engine = scene.engine().await;
    engine.carry_out(&order(60), scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    let open = engine.facts().question.clone().expect("the operator is asked");
    assert_eq!(open.question.stores, ["ffffffffffffffff".into()].into());
    assert_eq!(open.question.count(), 1);
    assert_eq!(engine.facts().in_flight.len(), 1, "what was ordered waits");
    assert_eq!(scene.ledger().len(), before, "nothing was changed");
}

#[tokio::test]
async fn a_lost_reply_is_read_back_at_every_call() {
    for operation in ["CreateChangeSet", "ExecuteChangeSet", "UpdateTerminationProtection"] {
        for effect in [CallEffect::ReplyLost, CallEffect::CallLost, CallEffect::Throttle, CallEffect::Fail] {
            let mut scene = Scene::new();
            scene.sim.world().queue_fault(Fault::Call {
                operation: operation.to_owned(),
                account: None,
                effect,
                skip: 0,
                times: 1,
            });
            let mut wanted = content("web", "1.0.0", &service("shop:1"));
            wanted.protected = true;
            let outcome = scene.deploy(&plan("1.0.0", vec![put(0, "web", wanted)])).await;
            assert_eq!(outcome, Outcome::Proved, "{operation} {effect:?}");
            assert!(scene.sim.world().faults().is_empty(), "{operation} {effect:?} happened");
            assert!(scene.stack("web").unwrap().protected);
            assert_eq!(
                scene.operations(),
                ["CreateChangeSet", "ExecuteChangeSet", "UpdateTerminationProtection"],
                "{operation} {effect:?}"
            );
        }
    }
}

#[tokio::test]
async fn stale_reads_after_the_execution_are_not_believed() {
    let mut scene = Scene::with(SimConfig { stale_reads: 3, ..SimConfig::default() });
    assert_eq!(scene.deploy(&web("1.0.0", "shop:1")).await, Outcome::Proved);
    assert_eq!(scene.deploy(&web("1.1.0", "shop:2")).await, Outcome::Proved);
    assert_eq!(scene.operations().len(), 4);
}

#[tokio::test]
async fn a_first_create_past_its_deadline_is_deleted_and_an_update_cancelled() {
    let mut scene = Scene::new();
    scene.sim.world().queue_fault(Fault::ImageHangs { image: "slow".to_owned() });
    let late = |version: &str, image: &str| {
        let mut late = content("web", version, &service(image));
        late.deadline = 120;
        plan(version, vec![put(0, "web", late)])
    };
    let outcome = scene.deploy(&late("1.0.0", "slow:1")).await;
    assert!(failed(&outcome).sentence.contains("did not finish within 2m"), "{outcome:?}");
    assert_eq!(scene.stack("web").filter(|stack| stack.status != StackStatus::DeleteComplete), None);
    assert_eq!(scene.deploy(&late("1.0.1", "shop:1")).await, Outcome::Proved);
    let outcome = scene.deploy(&late("1.0.2", "slow:2")).await;
    assert!(failed(&outcome).sentence.contains("did not finish within 2m"), "{outcome:?}");
    assert_eq!(scene.status("web"), Some(StackStatus::UpdateRollbackComplete));
    assert!(scene.operations().contains(&"CancelUpdateStack".to_owned()));
}

#[tokio::test]
async fn a_stale_change_set_is_followed_by_another() {
    let mut scene = Scene::new();
    let order = |seconds| plan("1.0.0", vec![put(0, "queue", content("queue", "1.0.0", &queue(seconds)))]);
    scene.deploy(&order(30)).await;
    let mut engine = scene.engine().await;
    engine.carry_out(&order(60), scene.now).await.unwrap();
    engine.advance(scene.now).await.unwrap();
    // Somebody changes the stack by hand once the change set is made.
    let made = scene.now + SignedDuration::from_secs(60);
    scene.turn(made);
    let hand = StackInput {
        name: "shop-queue-test-main".to_owned(),
        template: Some(queue(45).to_string()),
        parameters: BTreeMap::new(),
        tags: Some(owner("queue").tags()),
        capabilities: vec![],
        role: None,
        notifications: None,
        monitoring: None,
        token: None,
        skips_validation: false,
    };
    scene.sim.world().update_stack(&place(), &hand, &StackOptions::default()).unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::StackStatusOnly);
    let names: Vec<String> =
        scene.ledger().into_iter().filter(|row| row.operation == "CreateChangeSet").map(|row| row.subject).collect();
    assert_eq!(names.len(), 3, "{names:?}");
    assert!(names[1].ends_with("-1") && names[2].ends_with("-2"), "{names:?}");
}

#[tokio::test]
async fn an_unexpected_replacement_waits_for_its_allowance() {
    let mut scene = Scene::new();
    let named =
        |name: &str| json!({"Resources": {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}}}});
    let order = |name: &str| plan("1.0.0", vec![put(0, "queue", content("queue", "1.0.0", &named(name)))]);
    scene.deploy(&order("one")).await;
    let mut engine = scene.engine().await;
    engine.carry_out(&order("two"), scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    let flight = engine.facts().in_flight(&slot()).unwrap().clone();
    let stopped = flight.stopped.unwrap();
    assert_eq!((&*stopped.code, stopped.gate), ("replaces-data", Some(Gate::Replace)));
    assert_eq!(
        stopped.sentence,
        "Queue (SQS Queue) would be replaced because of QueueName, keeps data, and the plan did not expect it"
    );

    let opening = Opening {
        deployment: flight.deployment,
        slot: slot(),
        stack: stopped.stack.unwrap(),
        gate: Gate::Replace,
        allowance: Hash::of(b"allowance"),
        foreseen: false,
        resource: Some("Queue".into()),
    };
    let mut allowed = order("two");
    allowed.begin.clear();
    allowed.open = vec![opening];
    // Another process goes on.
    let mut engine = scene.engine().await;
    engine.carry_out(&allowed, scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::StackStatusOnly);
    assert!(engine.facts().used(&slot(), Hash::of(b"allowance")));
}

#[tokio::test]
async fn another_stack_with_the_name_of_ours_is_left_alone() {
    let mut scene = Scene::new();
    scene.sim.world().queue_fault(Fault::ImageHangs { image: "slow".to_owned() });
    let mut engine = scene.engine().await;
    engine.carry_out(&web("1.0.0", "slow"), scene.now).await.unwrap();
    while scene.status("web") != Some(StackStatus::CreateInProgress) {
        let next = engine.advance(scene.now).await.unwrap().look_again.unwrap();
        scene.turn(next);
    }
    let name = scene.stack("web").unwrap().name.as_str().to_owned();
    scene.sim.world().delete_stack(&place(), &name, &[], false, &None).unwrap();
    // Long after the deadline, and just begun.
    let later = scene.now + SignedDuration::from_hours(2);
    scene.turn(later);
    let input = StackInput { name, template: Some(queue(1).to_string()), ..StackInput::default() };
    scene.sim.world().create_stack(&place(), &input, &StackOptions::default()).unwrap();
    assert_eq!(scene.status("web"), Some(StackStatus::CreateInProgress));
    scene.finish(&mut engine).await;
    assert_eq!(&*failed(&scene.outcome().await).code, "stack-gone");
    assert_eq!(scene.status("web"), Some(StackStatus::CreateInProgress), "it was not deleted");
}

#[tokio::test]
async fn a_superseded_deployment_deletes_its_change_set_or_is_followed_to_its_end() {
    let mut scene = Scene::new();
    let mut engine = scene.engine().await;
    engine.carry_out(&web("1.0.0", "shop:1"), scene.now).await.unwrap();
    engine.advance(scene.now).await.unwrap();
    let mut newer = web("1.1.0", "shop:2");
    newer.begin.clear();
    newer.supersede = vec![supersede(FIRST, Some(release("1.1.0")))];
    engine.carry_out(&newer, scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::Superseded { by: Some(release("1.1.0")) });
    assert_eq!(scene.operations(), ["CreateChangeSet", "DeleteChangeSet", "DeleteStack"]);
    assert_eq!(scene.status("web"), None, "no empty stack is left");

    let mut engine = scene.engine().await;
    let orders = vec![
        put(0, "web", content("web", "1.1.0", &service("shop:2"))),
        put(1, "later", content("later", "1.1.0", &queue(1))),
    ];
    engine.carry_out(&plan("1.1.0", orders), scene.now).await.unwrap();
    while !scene.operations().contains(&"ExecuteChangeSet".to_owned()) {
        let next = engine.advance(scene.now).await.unwrap().look_again.unwrap();
        scene.turn(next);
    }
    newer.supersede = vec![supersede(landfall::model::journal::DeploymentId(2), None)];
    engine.carry_out(&newer, scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::Superseded { by: None });
    assert_eq!(scene.status("web"), Some(StackStatus::CreateComplete), "what was executed came to its end");
    assert_eq!(scene.stack("later"), None, "and nothing further began");
}

#[tokio::test]
async fn stacks_are_deleted_by_id_and_protection_goes_first_only_where_the_plan_says_so() {
    let mut scene = Scene::new();
    let mut kept = content("queue", "1.0.0", &queue(30));
    kept.protected = true;
    scene.deploy(&plan("1.0.0", vec![put(0, "queue", kept)])).await;
    let stack = scene.stack("queue").unwrap();
    assert!(stack.protected);
    let removal = |unprotect| {
        let delete = Action::Delete { id: stack.id.clone(), unprotect };
        let mut plan = plan("1.0.0", vec![order(0, delete, "queue")]);
        plan.begin[0].removal = true;
        plan
    };
    assert_eq!(&*failed(&scene.deploy(&removal(false)).await).code, "protected");

    for effect in [CallEffect::ReplyLost, CallEffect::CallLost] {
        scene.sim.world().queue_fault(Fault::Call {
            operation: "DeleteStack".to_owned(),
            account: None,
            effect,
            skip: 0,
            times: 1,
        });
    }
    assert_eq!(scene.deploy(&removal(true)).await, Outcome::Removed);
    let deletions = scene.operations().iter().filter(|operation| *operation == "DeleteStack").count();
    assert_eq!(deletions, 1);
    assert_eq!(scene.engine().await.facts().running(&slot()), None);
    assert_eq!(scene.deploy(&removal(true)).await, Outcome::Removed, "gone already is as ordered");
}

#[tokio::test]
async fn a_rollback_that_failed_waits_for_a_human_and_goes_on() {
    let mut scene = Scene::new();
    let order =
        |version: &str, seconds| plan(version, vec![put(0, "queue", content("queue", version, &queue(seconds)))]);
    scene.deploy(&order("1.0.0", 30)).await;
    for during in [During::Update, During::Rollback] {
        scene.sim.world().queue_fault(Fault::ResourceFails {
            stack: "shop-queue-test-main".to_owned(),
            resource: "Queue".to_owned(),
            during,
            reason: "not now".to_owned(),
            times: 1,
        });
    }
    let mut engine = scene.engine().await;
    engine.carry_out(&order("1.1.0", 60), scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(scene.status("queue"), Some(StackStatus::UpdateRollbackFailed));
    let flight = engine.facts().in_flight(&slot()).unwrap().clone();
    assert_eq!(flight.stopped.as_ref().unwrap().gate, Some(Gate::Continue));
    let mut allowed = order("1.1.0", 60);
    allowed.begin.clear();
    allowed.open = vec![Opening {
        deployment: flight.deployment,
        slot: slot(),
        stack: flight.stopped.unwrap().stack.unwrap(),
        gate: Gate::Continue,
        allowance: Hash::of(b"continue"),
        foreseen: false,
        resource: None,
    }];
    engine.carry_out(&allowed, scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(scene.status("queue"), Some(StackStatus::UpdateRollbackComplete));
    assert!(failed(&scene.outcome().await).sentence.contains("not now"));
}

#[tokio::test]
async fn intents_precede_replies_and_tokens_are_ours() {
    let mut scene = Scene::new();
    scene.deploy(&web("1.0.0", "shop:1")).await;
    let mut asked = None;
    for record in scene.records().await {
        match record.entry {
            Entry::Intent { call, token, .. } => {
                assert!(token.starts_with(&format!("lf-{STORE}-1-1-0-")), "{token}");
                assert!(token.len() <= 128);
                asked = Some(call);
            }
            Entry::Reply { call, .. } => assert_eq!(asked.take(), Some(call)),
            _ => {}
        }
    }
}
