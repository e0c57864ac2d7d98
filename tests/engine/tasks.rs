//! Tasks that are run once: proved by their exit codes, run once, and never twice without somebody's word.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use landfall::engine::Engine;
use landfall::model::catalog::Gate;
use landfall::model::journal::{Action, Content, Entry, Evidence, Outcome};
use landfall::model::task::{LOG_BYTES, LOG_LINES, RunsOn, TaskNetwork, last_lines};
use landfall::model::{Hash, StackName, TaskRun};
use landfall::plan::{Opening, Plan};
use landfall::sim::{CallEffect, Fault};
use serde_json::{Value, json};

use super::support::*;

/// A log group and a task definition whose container runs this image beside a proxy that does not decide.
fn template(image: &str) -> Value {
    let log = json!({"LogDriver": "awslogs", "Options": {
        "awslogs-group": {"Ref": "LogGroup"}, "awslogs-region": {"Ref": "AWS::Region"}, "awslogs-stream-prefix": "run",
    }});
    json!({
        "Resources": {
            "LogGroup": {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "/shop/migrate"}},
            "TaskDefinition": {
                "Type": "AWS::ECS::TaskDefinition",
                "Properties": {
                    "Family": "shop-migrate-test-main", "Cpu": "256", "Memory": "512", "NetworkMode": "awsvpc",
                    "ContainerDefinitions": [
                        {"Name": "migrate", "Image": image, "LogConfiguration": log},
                        {"Name": "proxy", "Image": "proxy:1", "Essential": false},
                    ]
                }
            }
        }
    })
}

fn task(repeatable: bool) -> TaskRun {
    TaskRun {
        definition: "TaskDefinition".into(),
        cluster: "main".into(),
        on: RunsOn::LaunchType("FARGATE".into()),
        platform_version: None,
        network: Some(TaskNetwork { subnets: vec!["subnet-0a".into()], security_groups: vec![], public_ip: false }),
        constraints: vec![],
        strategies: vec![],
        execute_command: false,
        managed_tags: true,
        propagate_tags: true,
        tags: BTreeMap::new(),
        limit: 600,
        repeatable,
    }
}

fn migration(version: &str, repeatable: bool) -> Content {
    let mut content = content("migrate", version, &template(&format!("shop:{version}")));
    content.task = Some(task(repeatable));
    content
}

/// One step with a migration.
pub(super) fn migrate(version: &str) -> Plan {
    plan(version, vec![put(0, "migrate", migration(version, false))])
}

/// A migration, and a service after it.
pub(super) fn both(version: &str) -> Plan {
    let service = content("web", version, &service(&format!("shop:{version}")));
    plan(version, vec![put(0, "migrate", migration(version, false)), put(1, "web", service)])
}

pub(super) fn runs(scene: &Scene) -> usize {
    scene.operations().iter().filter(|operation| *operation == "RunTask").count()
}

fn crashes(scene: &Scene, image: &str, lines: &[&str]) {
    let mut world = scene.sim.world();
    world.queue_fault(Fault::ImageCrashes { image: image.to_owned(), exit_code: 3, reason: None });
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    world.queue_fault(Fault::ImageSays { image: image.to_owned(), lines });
}

fn call(scene: &Scene, operation: &str, effect: CallEffect, times: u32) {
    let operation = operation.to_owned();
    scene.sim.world().queue_fault(Fault::Call { operation, account: None, effect, skip: 0, times });
}

#[tokio::test]
async fn a_task_that_ends_with_0_is_proof() {
    let mut scene = Scene::new();
    scene.sim.world().queue_fault(Fault::ImageSays { image: "shop:1".to_owned(), lines: vec!["3 migrations".into()] });
    assert_eq!(scene.deploy(&both("1")).await, Outcome::Proved);
    assert_eq!(
        scene.operations(),
        ["CreateChangeSet", "ExecuteChangeSet", "RunTask", "CreateChangeSet", "ExecuteChangeSet"],
    );
    let evidence = scene.evidence().await;
    let ended = evidence
        .iter()
        .any(|item| matches!(item, Evidence::TaskEnded { code, .. } if code == "EssentialContainerExited"));
    assert!(ended, "{evidence:?}");
    let said = |item: &Evidence| matches!(item, Evidence::LogLines { container, lines, .. } if container == "migrate" && *lines == ["3 migrations"]);
    assert!(evidence.iter().any(said), "the last lines of a success are kept too: {evidence:?}");
    let engine = scene.engine().await;
    assert!(engine.facts().running(&slot()).unwrap().proved_by_ecs);
    let ran: Vec<_> = engine.facts().tasks.iter().map(|ran| (ran.stack.as_str(), ran.deployment)).collect();
    assert_eq!(ran, [("shop-migrate-test-main", FIRST)]);
}

#[tokio::test]
async fn a_task_that_fails_stops_the_deployment_before_the_service_changes() {
    let mut scene = Scene::new();
    scene.deploy(&both("1")).await;
    crashes(&scene, "shop:2", &["connecting", "relation \"orders\" does not exist", ""]);
    let outcome = scene.deploy(&both("2")).await;
    let cause = failed(&outcome);
    assert_eq!(&*cause.code, "container-exits");
    assert_eq!(cause.sentence, "container `migrate` of the task exits with 3: \"relation \"orders\" does not exist\"",);
    let stack = scene.stack("web").unwrap();
    assert!(stack.description.unwrap().contains("[landfall/1 1 "), "the service is what it was");
    scene.sim.world().clear_faults();
    assert_eq!(scene.deploy(&both("2")).await, Outcome::Proved, "the next attempt runs it again, on the current stack");
    assert_eq!(runs(&scene), 3);
}

#[tokio::test]
async fn what_failed_and_may_not_be_repeated_is_a_fact_until_it_succeeds() {
    let one = |repeatable: bool| plan("2", vec![put(0, "migrate", migration("2", repeatable))]);
    let failures = async |scene: &Scene| -> Vec<String> {
        let engine = scene.engine().await;
        engine.facts().tasks_failed.iter().map(|ran| ran.stack.as_str().to_owned()).collect()
    };
    let mut scene = Scene::new();
    crashes(&scene, "shop:2", &["half done"]);
    failed(&scene.deploy(&one(true)).await);
    assert_eq!(failures(&scene).await, [""; 0], "one that may be repeated is");
    failed(&scene.deploy(&one(false)).await);
    assert_eq!(failures(&scene).await, ["shop-migrate-test-main"]);
    scene.sim.world().clear_faults();
    assert_eq!(scene.deploy(&one(false)).await, Outcome::Proved);
    assert_eq!(failures(&scene).await, [""; 0]);
    let mut scene = Scene::new();
    scene.sim.world().queue_fault(Fault::ImageMissing { image: "shop:2".to_owned() });
    failed(&scene.deploy(&one(false)).await);
    assert_eq!(failures(&scene).await, [""; 0], "what never ran did nothing");
}

#[tokio::test]
async fn a_failure_is_told_without_the_right_to_read_logs() {
    let mut scene = Scene::new();
    crashes(&scene, "shop:1", &["secret"]);
    call(&scene, "GetLogEvents", CallEffect::Deny, 99);
    let outcome = scene.deploy(&migrate("1")).await;
    assert_eq!(failed(&outcome).sentence, "container `migrate` of the task exits with 3");
    let unread =
        |item: &Evidence| matches!(item, Evidence::LogUnread { error, .. } if error.contains("denies GetLogEvents"));
    assert!(scene.evidence().await.iter().any(unread), "{:?}", scene.evidence().await);
}

#[tokio::test]
async fn a_task_that_cannot_start_says_why() {
    let mut scene = Scene::new();
    scene.sim.world().queue_fault(Fault::ImageMissing { image: "shop:1".to_owned() });
    let outcome = scene.deploy(&migrate("1")).await;
    assert_eq!(&*failed(&outcome).code, "image-not-pulled", "{outcome:?}");
}

#[tokio::test]
async fn a_task_that_takes_too_long_is_stopped() {
    let stays = |exit_code| Fault::ImageStays { image: "shop:1".to_owned(), exit_code };
    for fault in [Fault::ImageHangs { image: "shop:1".to_owned() }, stays(143), stays(0), stays(1)] {
        let mut scene = Scene::new();
        scene.sim.world().queue_fault(fault);
        let outcome = scene.deploy(&migrate("1")).await;
        let cause = failed(&outcome);
        assert_eq!(&*cause.code, "task-deadline");
        assert_eq!(cause.sentence, "the task: it did not finish within 10m");
        assert_eq!(scene.operations(), ["CreateChangeSet", "ExecuteChangeSet", "RunTask", "StopTask"]);
    }
}

#[tokio::test]
async fn a_task_that_somebody_stops_is_not_done_even_if_it_ends_well() {
    let mut scene = Scene::new();
    let image = "shop:1".to_owned();
    scene.sim.world().queue_fault(Fault::ImageStays { image, exit_code: 0 });
    let mut engine = scene.engine().await;
    engine.carry_out(&migrate("1"), scene.now).await.unwrap();
    let arn = loop {
        let next = engine.advance(scene.now).await.unwrap().look_again.unwrap();
        let started = scene.evidence().await.into_iter().find_map(|item| match item {
            Evidence::TaskStarted { task } => Some(task),
            _ => None,
        });
        scene.turn(next);
        if let Some(arn) = started {
            break arn;
        }
    };
    scene.sim.world().stop_task(&place(), &arn, Some("by hand")).unwrap();
    scene.finish(&mut engine).await;
    let outcome = scene.outcome().await;
    let cause = failed(&outcome);
    assert_eq!(&*cause.code, "task-stopped");
    assert!(cause.sentence.ends_with("before it finished (UserInitiated): by hand"), "{}", cause.sentence);
}

#[tokio::test]
async fn a_call_without_an_answer_is_one_task() {
    for effect in [CallEffect::ReplyLost, CallEffect::CallLost, CallEffect::Fail, CallEffect::Throttle] {
        for times in 1..4 {
            let mut scene = Scene::new();
            call(&scene, "RunTask", effect, times);
            assert_eq!(scene.deploy(&migrate("1")).await, Outcome::Proved, "{effect:?} {times} times");
            assert_eq!(runs(&scene), 1, "{effect:?} {times} times");
        }
    }
}

#[tokio::test]
async fn what_ecs_refuses_is_a_failure() {
    let mut scene = Scene::new();
    let mut content = migration("1", false);
    content.task.as_mut().unwrap().network = None;
    let outcome = scene.deploy(&plan("1", vec![put(0, "migrate", content)])).await;
    let cause = failed(&outcome);
    assert_eq!(&*cause.code, "aws-refused");
    assert!(cause.sentence.contains("Network Configuration must be provided"), "{}", cause.sentence);
}

/// An engine whose task was started, and that then did not look for so many seconds.
async fn unattended(scene: &mut Scene, plan: &Plan, seconds: i64) -> Engine {
    let mut engine = scene.engine().await;
    engine.carry_out(plan, scene.now).await.unwrap();
    while runs(scene) == 0 {
        let next = engine.advance(scene.now).await.unwrap().look_again.unwrap();
        scene.turn(next);
    }
    let later = scene.now + SignedDuration::from_secs(seconds);
    scene.turn(later);
    scene.finish(&mut engine).await;
    engine
}

/// Opens the gate at which the deployment waits.
async fn open(scene: &mut Scene, engine: &mut Engine, gate: Gate) {
    let flight = engine.facts().in_flight(&slot()).unwrap().clone();
    let mut opening = migrate("1");
    opening.begin.clear();
    opening.open = vec![Opening {
        deployment: flight.deployment,
        slot: slot(),
        stack: StackName::of(&owner("migrate")),
        gate,
        allowance: Hash::of(format!("{gate:?} {}", scene.now).as_bytes()),
        foreseen: false,
        resource: None,
    }];
    engine.carry_out(&opening, scene.now).await.unwrap();
    scene.finish(engine).await;
}

#[tokio::test]
async fn an_outcome_within_the_hour_is_still_learned() {
    let mut scene = Scene::new();
    unattended(&mut scene, &migrate("1"), 3_000).await;
    assert_eq!(scene.outcome().await, Outcome::Proved);
    assert_eq!(runs(&scene), 1);
}

#[tokio::test]
async fn an_outcome_that_nobody_can_learn_waits_for_somebodys_word() {
    let mut scene = Scene::new();
    let mut engine = unattended(&mut scene, &migrate("1"), 7_200).await;
    let stopped = engine.facts().in_flight(&slot()).unwrap().stopped.clone().unwrap();
    assert_eq!((&*stopped.code, stopped.gate), ("task-lost", Some(Gate::Retry)));
    open(&mut scene, &mut engine, Gate::Continue).await;
    assert_eq!(scene.outcome().await, Outcome::StackStatusOnly);
    assert_eq!((runs(&scene), engine.facts().tasks.len()), (1, 1), "taken as done, and not run again");

    let mut scene = Scene::new();
    let mut engine = unattended(&mut scene, &migrate("1"), 7_200).await;
    open(&mut scene, &mut engine, Gate::Retry).await;
    assert_eq!(scene.outcome().await, Outcome::Proved);
    assert_eq!(runs(&scene), 2);
}

#[tokio::test]
async fn a_repeatable_task_runs_again_by_itself() {
    let mut scene = Scene::new();
    unattended(&mut scene, &plan("1", vec![put(0, "migrate", migration("1", true))]), 7_200).await;
    assert_eq!(scene.outcome().await, Outcome::Proved);
    assert_eq!(runs(&scene), 2);
}

#[tokio::test]
async fn a_lost_call_is_not_repeated_once_ecs_may_have_forgotten_its_token() {
    let mut scene = Scene::new();
    call(&scene, "RunTask", CallEffect::ReplyLost, 1);
    let mut engine = unattended(&mut scene, &migrate("1"), 7_200).await;
    assert_eq!(runs(&scene), 1);
    let stopped = engine.facts().in_flight(&slot()).unwrap().stopped.clone().unwrap();
    assert_eq!(&*stopped.code, "task-lost");
    // Nobody wants it now: that ends it, and nothing runs.
    let mut other = migrate("2");
    other.begin.clear();
    other.supersede = vec![supersede(FIRST, None)];
    engine.carry_out(&other, scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::Superseded { by: None });
    assert_eq!(runs(&scene), 1);
}

#[tokio::test]
async fn a_running_task_is_waited_for_though_something_else_is_wanted() {
    let mut scene = Scene::new();
    let mut engine = scene.engine().await;
    engine.carry_out(&both("1"), scene.now).await.unwrap();
    while runs(&scene) == 0 {
        let next = engine.advance(scene.now).await.unwrap().look_again.unwrap();
        scene.turn(next);
    }
    let mut other = both("2");
    other.begin.clear();
    other.supersede = vec![supersede(FIRST, Some(release("2")))];
    engine.carry_out(&other, scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::Superseded { by: Some(release("2")) });
    let ended = scene.records().await.into_iter().find_map(|record| match record.entry {
        Entry::StackEnded { outcome, .. } => Some(outcome),
        _ => None,
    });
    assert_eq!(ended, Some(Outcome::Proved), "the task's own end is known");
    assert_eq!(scene.status("web"), None, "nothing after it began");
    assert_eq!(engine.facts().tasks.len(), 1);
}

#[tokio::test]
async fn what_a_task_did_for_a_stack_that_is_gone_does_not_count() {
    for by_hand in [false, true] {
        let mut scene = Scene::new();
        assert_eq!(scene.deploy(&migrate("1")).await, Outcome::Proved);
        if by_hand {
            let name = StackName::of(&owner("migrate"));
            scene.sim.world().delete_stack(&place(), name.as_str(), &[], false, &None).unwrap();
            let later = scene.now + SignedDuration::from_mins(5);
            scene.turn(later);
        } else {
            let delete = Action::Delete { id: scene.stack("migrate").unwrap().id, unprotect: false };
            assert_eq!(scene.deploy(&plan("1", vec![order(0, delete, "migrate")])).await, Outcome::Removed);
            assert!(scene.engine().await.facts().tasks.is_empty());
        }
        assert_eq!(scene.deploy(&migrate("1")).await, Outcome::Proved);
        assert_eq!(runs(&scene), 2, "by hand: {by_hand}");
    }
}

#[tokio::test]
async fn a_task_that_ran_with_a_content_does_not_run_with_it_again() {
    let mut scene = Scene::new();
    for version in ["1", "1", "2", "1"] {
        let outcome = scene.deploy(&migrate(version)).await;
        assert!(outcome.succeeded(), "{version}: {outcome:?}");
    }
    assert_eq!(runs(&scene), 2, "going back runs nothing");

    let mut scene = Scene::new();
    let repeatable = |version: &str| plan(version, vec![put(0, "migrate", migration(version, true))]);
    for version in ["1", "1", "2", "1"] {
        assert!(scene.deploy(&repeatable(version)).await.succeeded());
    }
    assert_eq!(runs(&scene), 3, "one that may be repeated runs each time that its stack changes");
}

#[tokio::test]
async fn a_store_without_a_past_is_told_by_ecs_and_does_not_run_it_again() {
    let mut scene = Scene::new();
    scene.deploy(&migrate("1")).await;
    scene.lose_the_store().await;
    assert_eq!(scene.deploy(&migrate("1")).await, Outcome::Proved);
    assert_eq!(runs(&scene), 1);
    assert_eq!(scene.engine().await.facts().tasks.len(), 1, "and asks no more");
}

#[tokio::test]
async fn a_task_that_may_not_be_started_is_started_when_it_may() {
    let mut scene = Scene::new();
    call(&scene, "RunTask", CallEffect::Deny, 5);
    assert_eq!(scene.deploy(&migrate("1")).await, Outcome::Proved);
    assert_eq!(runs(&scene), 1);
}

#[tokio::test]
async fn a_crashing_service_leaves_its_last_words() {
    let mut scene = Scene::new();
    let mut template = service("shop:1");
    template["Resources"]["LogGroup"]["Properties"]["LogGroupName"] = json!("/shop/web");
    template["Resources"]["TaskDefinition"]["Properties"]["ContainerDefinitions"][0]["LogConfiguration"] = json!({
        "LogDriver": "awslogs", "Options": {"awslogs-group": "/shop/web", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "web"},
    });
    crashes(&scene, "shop:1", &["missing DATABASE_URL"]);
    let outcome = scene.deploy(&plan("1", vec![put(0, "web", content("web", "1", &template))])).await;
    let sentence = &failed(&outcome).sentence;
    assert!(sentence.starts_with("container `app` exits with 3, "), "{sentence}");
    assert!(sentence.ends_with(" times: \"missing DATABASE_URL\""), "{sentence}");
    let lines = scene.evidence().await.into_iter().filter(|item| matches!(item, Evidence::LogLines { .. })).count();
    assert_eq!(lines, 1, "one task of each container tells enough");
}

#[test]
fn lines_are_bounded_and_harmless() {
    let many: Vec<String> = (0..100).map(|number| format!("line {number}")).collect();
    let kept = last_lines(many.iter().map(String::as_str));
    assert_eq!((kept.len(), kept[0].as_str(), kept[LOG_LINES - 1].as_str()), (LOG_LINES, "line 60", "line 99"));
    let long = "é".repeat(LOG_BYTES);
    let kept = last_lines([long.as_str(), "last"]);
    assert_eq!(kept.len(), 2);
    assert!(kept.iter().map(String::len).sum::<usize>() <= LOG_BYTES);
    assert_eq!(last_lines(["a\u{1b}[31mb\tc\u{202e}d\r\ne"]), ["a\u{fffd}[31mb c\u{fffd}d", "e"]);
}

#[test]
fn a_record_without_a_task_is_written_as_before() {
    let order = put(0, "web", content("web", "1", &service("shop:1")));
    let text = serde_json::to_string(&order).unwrap();
    assert!(!text.contains("\"task\""), "{text}");
    let Action::Put(read) = serde_json::from_str::<landfall::model::journal::Order>(&text).unwrap().action else {
        panic!("it is no deletion");
    };
    assert_eq!(read.task, None);
}
