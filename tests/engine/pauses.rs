//! Service deployments that wait at a pause hook: who decides, and what comes of it.

use jiff::{SignedDuration, Timestamp};
use landfall::cloud::{Change as _, HookAnswer, Observe as _};
use landfall::engine::Engine;
use landfall::model::catalog::Gate;
use landfall::model::facts::InFlight;
use landfall::model::journal::{Cause, Evidence, Outcome};
use landfall::model::{Hash, StackName, StackStatus};
use landfall::plan::{Opening, Plan};
use landfall::sim::{CallEffect, Fault};
use serde_json::{Value, json};

use super::support::*;

/// The service of this image, which waits for two hours at a hook of this stage.
fn pausing(image: &str, strategy: &str, stage: &str) -> Value {
    let mut template = service(image);
    let hook = json!({
        "TargetType": "PAUSE", "LifecycleStages": [stage], "TimeoutConfiguration": {"TimeoutInMinutes": 120}
    });
    let properties = &mut template["Resources"]["Service"]["Properties"];
    if strategy == "LINEAR" {
        // What moves the traffic.
        properties["ServiceConnectConfiguration"] = json!({"Enabled": true});
    }
    let configuration = &mut properties["DeploymentConfiguration"];
    configuration["Strategy"] = json!(strategy);
    configuration["LifecycleHooks"] = json!([hook]);
    if strategy == "LINEAR" {
        configuration["LinearConfiguration"] = json!({"StepPercent": 50, "StepBakeTimeInMinutes": 1});
    }
    template
}

fn order(version: &str, strategy: &str, stage: &str) -> Plan {
    plan(version, vec![put(0, "web", content("web", version, &pausing(&format!("shop:{version}"), strategy, stage)))])
}

/// 1.0.0 runs; 1.1.0 waits at its hook.
async fn waiting(strategy: &str, stage: &str) -> (Scene, Engine) {
    let mut scene = Scene::new();
    assert_eq!(scene.deploy(&web("1.0.0", "shop:1.0.0")).await, Outcome::Proved);
    let engine = begin(&mut scene, &order("1.1.0", strategy, stage)).await;
    (scene, engine)
}

async fn begin(scene: &mut Scene, plan: &Plan) -> Engine {
    let mut engine = scene.engine().await;
    engine.carry_out(plan, scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    engine
}

fn flight(engine: &Engine) -> InFlight {
    engine.facts().in_flight(&slot()).expect("something in flight").clone()
}

/// Code, gate and end of what it waits for.
pub(super) fn waits(engine: &Engine) -> (String, Option<Gate>, Option<Timestamp>) {
    let flight = flight(engine);
    let gate = flight.gates.values().next().expect("something that waits");
    assert_eq!(flight.stopped.as_ref(), Some(&gate.cause));
    (gate.cause.code.to_string(), gate.cause.gate, gate.until)
}

pub(super) async fn open(scene: &mut Scene, engine: &mut Engine, gate: Gate) {
    let opening = Opening {
        deployment: flight(engine).deployment,
        slot: slot(),
        stack: StackName::of(&owner("web")),
        gate,
        allowance: Hash::of(format!("{gate:?} {}", scene.now).as_bytes()),
        foreseen: false,
        resource: None,
    };
    let mut plan = web("1.0.0", "shop:1.0.0");
    plan.begin.clear();
    plan.open = vec![opening];
    engine.carry_out(&plan, scene.now).await.unwrap();
    scene.finish(engine).await;
}

pub(super) fn pass(scene: &mut Scene, minutes: i64) {
    let then = scene.now + SignedDuration::from_mins(minutes);
    scene.turn(then);
}

pub(super) fn answers(scene: &Scene) -> usize {
    scene.operations().iter().filter(|name| *name == "ContinueServiceDeployment").count()
}

/// The image of the tasks that run.
fn runs(scene: &Scene) -> Vec<String> {
    let world = scene.sim.world();
    let service = world.services(&place()).next().unwrap();
    let running = service.revisions.iter().filter(|revision| service.running(Some(&revision.arn)) > 0);
    running.map(|revision| revision.images[0].1.clone()).collect()
}

#[tokio::test]
async fn an_allowance_lets_it_go_on_and_the_deadline_does_not_run_meanwhile() {
    let (mut scene, mut engine) = waiting("BLUE_GREEN", "POST_TEST_TRAFFIC_SHIFT").await;
    let (code, gate, until) = waits(&engine);
    assert_eq!((code.as_str(), gate), (Cause::PAUSED, Some(Gate::Continue)));
    let left = until.unwrap().duration_since(scene.now);
    assert!(left > SignedDuration::from_mins(110) && left <= SignedDuration::from_mins(120), "{left:#}");
    let sentence = flight(&engine).stopped.unwrap().sentence;
    assert!(sentence.contains("100 % of the test traffic and 0 % of the production traffic"), "{sentence}");
    // Six times as long as the operation may take.
    for _ in 0..9 {
        pass(&mut scene, 10);
        scene.finish(&mut engine).await;
    }
    assert_eq!(scene.status("web"), Some(StackStatus::UpdateInProgress));
    assert_eq!(waits(&engine).0, Cause::PAUSED);
    open(&mut scene, &mut engine, Gate::Continue).await;
    assert_eq!(scene.outcome().await, Outcome::Proved);
    assert_eq!(scene.status("web"), Some(StackStatus::UpdateComplete));
    assert_eq!((answers(&scene), runs(&scene)), (1, vec!["shop:1.1.0".to_owned()]));
}

#[tokio::test]
async fn an_allowance_has_the_old_release_put_back() {
    let (mut scene, mut engine) = waiting("BLUE_GREEN", "PRE_PRODUCTION_TRAFFIC_SHIFT").await;
    open(&mut scene, &mut engine, Gate::Rollback).await;
    let outcome = scene.outcome().await;
    assert_eq!(&*failed(&outcome).code, Cause::PUT_BACK);
    assert!(failed(&outcome).is_decided(), "not tried again by itself");
    assert_eq!(scene.status("web"), Some(StackStatus::UpdateRollbackComplete));
    assert_eq!((answers(&scene), runs(&scene)), (1, vec!["shop:1.0.0".to_owned()]));
    assert!(!scene.operations().contains(&"RollbackStack".to_owned()), "the answer to a hook opens nothing else");
}

#[tokio::test]
async fn a_hook_that_expires_is_the_cause_of_the_failure() {
    let (mut scene, mut engine) = waiting("BLUE_GREEN", "POST_SCALE_UP").await;
    let until = waits(&engine).2.unwrap();
    scene.turn(until + SignedDuration::from_secs(5));
    scene.finish(&mut engine).await;
    let outcome = scene.outcome().await;
    assert_eq!(&*failed(&outcome).code, Cause::EXPIRED);
    let sentence = &failed(&outcome).sentence;
    assert!(sentence.starts_with("the pause hook POST_SCALE_UP got no answer until 20"), "{sentence}");
    assert_eq!(runs(&scene), ["shop:1.0.0"]);
    let ended = |item: &Evidence| matches!(item, Evidence::HookEnded { status, .. } if status == "TIMED_OUT");
    assert!(scene.evidence().await.iter().any(ended));
}

#[tokio::test]
async fn a_hook_that_expired_long_ago_is_the_cause_all_the_same() {
    let (mut scene, mut engine) = waiting("BLUE_GREEN", "POST_SCALE_UP").await;
    pass(&mut scene, 60 * 10);
    scene.finish(&mut engine).await;
    assert_eq!(&*failed(&scene.outcome().await).code, Cause::EXPIRED);
    assert_eq!(scene.status("web"), Some(StackStatus::UpdateRollbackComplete));
}

#[tokio::test]
async fn a_restart_finds_it_waiting_and_the_allowance_still_counts() {
    let (mut scene, engine) = waiting("BLUE_GREEN", "POST_TEST_TRAFFIC_SHIFT").await;
    let before = flight(&engine);
    drop(engine);
    let records = scene.records().await.len();
    let mut engine = scene.engine().await;
    scene.finish(&mut engine).await;
    assert_eq!(flight(&engine), before);
    assert_eq!(scene.records().await.len(), records, "nothing new to say");
    open(&mut scene, &mut engine, Gate::Continue).await;
    assert_eq!(scene.outcome().await, Outcome::Proved);
}

#[tokio::test]
async fn what_somebody_decides_in_aws_counts() {
    for (answer, gives) in [(HookAnswer::Continue, "shop:1.1.0"), (HookAnswer::Rollback, "shop:1.0.0")] {
        let (mut scene, mut engine) = waiting("BLUE_GREEN", "POST_TEST_TRAFFIC_SHIFT").await;
        let arn = scene.sim.world().services(&place()).next().unwrap().arn.clone();
        let deployment = scene.sim.service(&at(), &arn).await.unwrap().unwrap().deployment.unwrap();
        let hook = deployment.waits_at().unwrap().id.clone();
        scene.sim.continue_service_deployment(&at(), &deployment.arn, &hook, answer).await.unwrap();
        scene.finish(&mut engine).await;
        assert_eq!(scene.outcome().await.succeeded(), answer == HookAnswer::Continue);
        assert_eq!((answers(&scene), runs(&scene)), (1, vec![gives.to_owned()]));
    }
}

#[tokio::test]
async fn a_newer_commit_has_the_old_release_put_back_and_takes_its_place() {
    let (mut scene, mut engine) = waiting("BLUE_GREEN", "POST_TEST_TRAFFIC_SHIFT").await;
    let mut newer = order("1.2.0", "BLUE_GREEN", "POST_TEST_TRAFFIC_SHIFT");
    newer.begin.clear();
    newer.supersede = vec![supersede(flight(&engine).deployment, Some(release("1.2.0")))];
    engine.carry_out(&newer, scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::Superseded { by: Some(release("1.2.0")) });
    assert_eq!(scene.status("web"), Some(StackStatus::UpdateRollbackComplete));
    assert_eq!((answers(&scene), runs(&scene)), (1, vec!["shop:1.0.0".to_owned()]));
    assert!(engine.facts().attempts.is_empty(), "no failed attempt");
}

#[tokio::test]
async fn linear_traffic_waits_before_each_step() {
    let (mut scene, mut engine) = waiting("LINEAR", "PRE_PRODUCTION_TRAFFIC_SHIFT").await;
    let sentence = |engine: &Engine| flight(engine).stopped.unwrap().sentence;
    assert!(sentence(&engine).contains("0 % of the production traffic"), "{}", sentence(&engine));
    open(&mut scene, &mut engine, Gate::Continue).await;
    assert!(sentence(&engine).contains("50 % of the production traffic"), "{}", sentence(&engine));
    open(&mut scene, &mut engine, Gate::Continue).await;
    assert_eq!(scene.outcome().await, Outcome::Proved);
    assert_eq!(answers(&scene), 2);
}

#[tokio::test]
async fn a_first_create_waits_and_a_way_back_does_not_ask() {
    let mut scene = Scene::new();
    let mut engine = begin(&mut scene, &order("1.0.0", "BLUE_GREEN", "POST_SCALE_UP")).await;
    assert_eq!(scene.status("web"), Some(StackStatus::CreateInProgress));
    assert_eq!(waits(&engine).0, Cause::PAUSED_FIRST);
    let sentence = flight(&engine).stopped.unwrap().sentence;
    assert!(sentence.ends_with("ECS fails the deployment, and CloudFormation removes the new resources"), "{sentence}");
    open(&mut scene, &mut engine, Gate::Continue).await;
    assert_eq!(scene.outcome().await, Outcome::Proved);
    let mut engine = begin(&mut scene, &order("1.1.0", "BLUE_GREEN", "POST_SCALE_UP")).await;
    assert_eq!(waits(&engine).0, Cause::PAUSED);
    // Somebody cancels the update: the rollback comes to the hook, too.
    scene.sim.cancel_update(&at(), &StackName::of(&owner("web")), "by-hand").await.unwrap();
    scene.finish(&mut engine).await;
    failed(&scene.outcome().await);
    assert_eq!(scene.status("web"), Some(StackStatus::UpdateRollbackComplete));
    assert_eq!((answers(&scene), runs(&scene)), (2, vec!["shop:1.0.0".to_owned()]));
}

#[tokio::test]
async fn an_answer_whose_reply_is_lost_is_given_once() {
    for effect in [CallEffect::ReplyLost, CallEffect::CallLost, CallEffect::Throttle] {
        let (mut scene, mut engine) = waiting("BLUE_GREEN", "POST_TEST_TRAFFIC_SHIFT").await;
        let operation = "ContinueServiceDeployment".to_owned();
        scene.sim.world().queue_fault(Fault::Call { operation, account: None, effect, skip: 0, times: 1 });
        open(&mut scene, &mut engine, Gate::Continue).await;
        assert_eq!(scene.outcome().await, Outcome::Proved, "{effect:?}");
        assert_eq!(answers(&scene), 1);
    }
}

/// The same image and task definition, and another property of the service: the change set says "modify Service" alone.
pub(super) fn regrouped(version: &str, group: &str) -> Plan {
    let mut template = pausing("shop:1", "BLUE_GREEN", "POST_TEST_TRAFFIC_SHIFT");
    template["Resources"]["TaskDefinition"]["Properties"]["NetworkMode"] = json!("awsvpc");
    template["Resources"]["Service"]["Properties"]["NetworkConfiguration"] =
        json!({"AwsvpcConfiguration": {"Subnets": ["subnet-1"], "SecurityGroups": [group]}});
    plan(version, vec![put(0, "web", content("web", version, &template))])
}

/// A service with a hook runs, and was let go on once.
pub(super) async fn regrouped_once() -> Scene {
    let mut scene = Scene::new();
    let mut engine = begin(&mut scene, &regrouped("1.0.0", "sg-1")).await;
    open(&mut scene, &mut engine, Gate::Continue).await;
    assert_eq!(scene.outcome().await, Outcome::Proved);
    scene
}

pub(super) async fn behind(scene: &Scene, by: SignedDuration, stale: SignedDuration) -> Engine {
    let cloud = Behind::new(&scene.sim, by, scene.now + stale);
    scene.engine_on(scene.store.clone(), std::sync::Arc::new(cloud)).await
}

#[tokio::test]
async fn clocks_that_differ_hide_no_hook() {
    for by in [SignedDuration::from_nanos(93), SignedDuration::from_millis(1), SignedDuration::from_secs(90)] {
        let mut scene = regrouped_once().await;
        let mut engine = behind(&scene, by, SignedDuration::ZERO).await;
        engine.carry_out(&regrouped("1.0.1", "sg-2"), scene.now).await.unwrap();
        scene.finish(&mut engine).await;
        assert_eq!(waits(&engine).0, Cause::PAUSED, "behind by {by:#}");
        open(&mut scene, &mut engine, Gate::Continue).await;
        assert_eq!(scene.outcome().await, Outcome::Proved);
        assert_eq!(answers(&scene), 2);
    }
}

#[tokio::test]
async fn clocks_that_differ_hold_up_no_way_back() {
    let mut scene = regrouped_once().await;
    let mut engine = behind(&scene, SignedDuration::from_millis(1), SignedDuration::ZERO).await;
    engine.carry_out(&regrouped("1.0.1", "sg-2"), scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(waits(&engine).0, Cause::PAUSED);
    scene.sim.cancel_update(&at(), &StackName::of(&owner("web")), "by-hand").await.unwrap();
    // The one that was seen on its way forward is not let go on, and the one that puts the old revision back is.
    scene.finish(&mut engine).await;
    failed(&scene.outcome().await);
    assert_eq!(scene.status("web"), Some(StackStatus::UpdateRollbackComplete));
    assert_eq!(answers(&scene), 2);
}

#[tokio::test]
async fn what_ecs_showed_before_proves_nothing() {
    let regrouped = |version: &str, group: &str| {
        let mut template = service("shop:1");
        template["Resources"]["TaskDefinition"]["Properties"]["NetworkMode"] = json!("awsvpc");
        template["Resources"]["Service"]["Properties"]["NetworkConfiguration"] =
            json!({"AwsvpcConfiguration": {"Subnets": ["subnet-1"], "SecurityGroups": [group]}});
        plan(version, vec![put(0, "web", content("web", version, &template))])
    };
    let mut scene = Scene::new();
    assert_eq!(scene.deploy(&regrouped("1.0.0", "sg-1")).await, Outcome::Proved);
    let end = async |scene: &mut Scene, version: &str, group: &str, stale: SignedDuration| {
        let start = scene.now;
        let mut engine = behind(scene, SignedDuration::ZERO, stale).await;
        engine.carry_out(&regrouped(version, group), scene.now).await.unwrap();
        scene.finish(&mut engine).await;
        assert_eq!(scene.outcome().await, Outcome::Proved);
        scene.now.duration_since(start)
    };
    let took = end(&mut scene, "1.0.1", "sg-2", SignedDuration::ZERO).await;
    let stale = took + SignedDuration::from_secs(20);
    assert!(end(&mut scene, "1.0.2", "sg-3", stale).await >= stale);
}

#[tokio::test]
async fn a_first_create_that_is_ended_at_its_hook_puts_nothing_back() {
    let mut scene = Scene::new();
    let mut engine = begin(&mut scene, &order("1.0.0", "BLUE_GREEN", "POST_SCALE_UP")).await;
    open(&mut scene, &mut engine, Gate::Rollback).await;
    let outcome = scene.outcome().await;
    assert_eq!(&*failed(&outcome).code, Cause::PUT_BACK);
    assert_eq!(failed(&outcome).sentence, "an allowance ended the first deployment at the pause hook POST_SCALE_UP");
    assert_eq!(scene.status("web"), Some(StackStatus::RollbackComplete));
}
