//! States that only a human lets landfall out of, and what each allowance does there.

use landfall::cloud::{Change as _, Observe as _};
use landfall::engine::Engine;
use landfall::model::catalog::Gate;
use landfall::model::journal::{Action, Evidence, Outcome};
use landfall::model::{Hash, StackName, StackStatus};
use landfall::plan::{Opening, Plan};
use landfall::sim::world::{StackInput, StackOptions};
use landfall::sim::{During, Fault};
use serde_json::json;

use super::support::*;

/// The next of these operations on the queue's resource fail.
fn fails(scene: &Scene, resource: &str, during: During, times: u32) {
    scene.sim.world().queue_fault(Fault::ResourceFails {
        stack: "shop-queue-test-main".to_owned(),
        resource: resource.to_owned(),
        during,
        reason: "not now".to_owned(),
        times,
    });
}

fn order(version: &str, seconds: u32) -> Plan {
    plan(version, vec![put(0, "queue", content("queue", version, &queue(seconds)))])
}

/// The gate at which the deployment in flight waits, with its code.
fn waits(engine: &Engine) -> (String, Option<Gate>) {
    let flight = engine.facts().in_flight(&slot()).expect("something in flight");
    let stopped = flight.stopped.as_ref().expect("something that waits");
    (stopped.code.to_string(), stopped.gate)
}

/// Opens a gate, and lets the engine go on.
async fn open(scene: &mut Scene, engine: &mut Engine, gate: Gate, resource: Option<&str>) {
    let flight = engine.facts().in_flight(&slot()).unwrap().clone();
    let opening = Opening {
        deployment: flight.deployment,
        slot: slot(),
        stack: StackName::of(&owner("queue")),
        gate,
        allowance: Hash::of(format!("{gate:?} {resource:?} {}", scene.now).as_bytes()),
        foreseen: false,
        resource: resource.map(Into::into),
    };
    let mut plan = order("1.0.0", 1);
    plan.begin.clear();
    plan.open = vec![opening];
    engine.carry_out(&plan, scene.now).await.unwrap();
    scene.finish(engine).await;
}

async fn begin(scene: &mut Scene, plan: &Plan) -> Engine {
    let mut engine = scene.engine().await;
    engine.carry_out(plan, scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    engine
}

#[tokio::test]
async fn a_resource_that_cannot_go_back_is_left_out_by_name() {
    let mut scene = Scene::new();
    scene.deploy(&order("1.0.0", 30)).await;
    fails(&scene, "Queue", During::Update, 1);
    fails(&scene, "Queue", During::Rollback, 9);
    let mut engine = begin(&mut scene, &order("1.1.0", 60)).await;
    assert_eq!(waits(&engine), ("stack-broken".to_owned(), Some(Gate::Continue)));
    open(&mut scene, &mut engine, Gate::Continue, None).await;
    assert_eq!(waits(&engine).1, Some(Gate::Continue), "continuing alone does not help, and asks again");
    open(&mut scene, &mut engine, Gate::SkipResource, Some("Queue")).await;
    assert_eq!(scene.status("queue"), Some(StackStatus::UpdateRollbackComplete));
    failed(&scene.outcome().await);
    let continued = scene.operations().iter().filter(|name| *name == "ContinueUpdateRollback").count();
    assert_eq!(continued, 2, "once per opening");
}

#[tokio::test]
async fn the_key_to_one_gate_opens_no_other() {
    let mut scene = Scene::new();
    let named = |name: &str| {
        let queue = json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": name}});
        let other = json!({"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": name.len()}});
        let template = json!({"Resources": {"Queue": queue, "Other": other}});
        plan("1.0.0", vec![put(0, "queue", content("queue", "1.0.0", &template))])
    };
    scene.deploy(&named("one")).await;
    let mut engine = begin(&mut scene, &named("other")).await;
    assert_eq!(waits(&engine).1, Some(Gate::Replace));
    fails(&scene, "Other", During::Update, 1);
    fails(&scene, "Other", During::Rollback, 1);
    open(&mut scene, &mut engine, Gate::Replace, Some("Queue")).await;
    assert_eq!(waits(&engine).1, Some(Gate::Continue));
    assert!(!scene.operations().contains(&"ContinueUpdateRollback".to_owned()));
}

#[tokio::test]
async fn what_failed_without_a_rollback_is_rolled_back_when_somebody_says_so() {
    let mut scene = Scene::new();
    scene.deploy(&order("1.0.0", 30)).await;
    fails(&scene, "Queue", During::Update, 1);
    let input = StackInput {
        name: "shop-queue-test-main".to_owned(),
        template: Some(queue(90).to_string()),
        parameters: Default::default(),
        tags: None,
        capabilities: vec![],
        role: None,
        notifications: None,
        monitoring: None,
        token: Some("by-hand".to_owned()),
        skips_validation: false,
    };
    let options = StackOptions { keep_failed: true, ..StackOptions::default() };
    scene.sim.world().update_stack(&place(), &input, &options).unwrap();
    let later = scene.now + jiff::SignedDuration::from_mins(5);
    scene.turn(later);
    assert_eq!(scene.status("queue"), Some(StackStatus::UpdateFailed));
    let mut engine = begin(&mut scene, &order("1.1.0", 60)).await;
    assert_eq!(waits(&engine), ("stack-broken".to_owned(), Some(Gate::Rollback)));
    open(&mut scene, &mut engine, Gate::Rollback, None).await;
    assert_eq!(scene.outcome().await, Outcome::StackStatusOnly);
    assert_eq!(scene.status("queue"), Some(StackStatus::UpdateComplete));
    assert_eq!(scene.operations().iter().filter(|name| *name == "RollbackStack").count(), 1);
}

#[tokio::test]
async fn a_first_create_that_could_not_be_undone_is_deleted_when_somebody_says_so() {
    let mut scene = Scene::new();
    let two = |version: &str| {
        let one = json!({"Type": "AWS::SQS::Queue"});
        let after = json!({"Type": "AWS::SQS::Queue", "DependsOn": "Queue"});
        let template = json!({"Resources": {"Queue": one, "After": after}});
        plan(version, vec![put(0, "queue", content("queue", version, &template))])
    };
    fails(&scene, "After", During::Create, 1);
    fails(&scene, "Queue", During::Delete, 1);
    failed(&scene.deploy(&two("1.0.0")).await);
    assert_eq!(scene.status("queue"), Some(StackStatus::RollbackFailed));
    let mut engine = begin(&mut scene, &two("1.0.0")).await;
    assert_eq!(waits(&engine), ("stack-broken".to_owned(), Some(Gate::Remove)));
    assert_eq!(scene.status("queue"), Some(StackStatus::RollbackFailed), "untouched");
    open(&mut scene, &mut engine, Gate::Remove, None).await;
    assert_eq!(scene.outcome().await, Outcome::StackStatusOnly);
    assert_eq!(scene.status("queue"), Some(StackStatus::CreateComplete));
}

#[tokio::test]
async fn what_a_failed_first_create_retained_is_let_go_resource_by_resource() {
    let mut scene = Scene::new();
    let kept = json!({"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain"});
    let after = json!({"Type": "AWS::SQS::Queue", "DependsOn": ["One", "Two"]});
    let template = json!({"Resources": {"One": kept, "Two": kept, "Queue": after}});
    let order = plan("1.0.0", vec![put(0, "queue", content("queue", "1.0.0", &template))]);
    fails(&scene, "Queue", During::Create, 1);
    failed(&scene.deploy(&order).await);
    assert_eq!(scene.status("queue"), Some(StackStatus::RollbackComplete));
    let mut engine = begin(&mut scene, &order).await;
    assert_eq!(waits(&engine), ("stack-keeps-resources".to_owned(), Some(Gate::Remove)));
    open(&mut scene, &mut engine, Gate::Remove, Some("One")).await;
    assert_eq!(waits(&engine).0, "stack-keeps-resources", "the other one is not let go");
    assert_eq!(scene.status("queue"), Some(StackStatus::RollbackComplete));
    open(&mut scene, &mut engine, Gate::Remove, Some("Two")).await;
    assert_eq!(scene.outcome().await, Outcome::StackStatusOnly);
}

/// The order to delete the queue.
fn removal(scene: &Scene) -> Plan {
    let delete = Action::Delete { id: scene.stack("queue").unwrap().id, unprotect: false };
    let mut plan = plan("1.0.0", vec![super::support::order(0, delete, "queue")]);
    plan.begin[0].removal = true;
    plan
}

#[tokio::test]
async fn a_deletion_that_fails_keeps_its_reason_and_is_tried_again() {
    let mut scene = Scene::new();
    scene.deploy(&order("1.0.0", 30)).await;
    fails(&scene, "Queue", During::Delete, 1);
    let delete = removal(&scene);
    let outcome = scene.deploy(&delete).await;
    assert_eq!(failed(&outcome).sentence, "Queue (AWS::SQS::Queue) failed: not now");
    assert_eq!(scene.status("queue"), Some(StackStatus::DeleteFailed));
    let left = |item: &Evidence| *item == Evidence::StackLeft { status: StackStatus::DeleteFailed };
    assert!(scene.evidence().await.iter().any(left));
    // The status that the next one finds is that of the one before.
    assert_eq!(scene.deploy(&delete).await, Outcome::Removed);
    assert_eq!(scene.operations().iter().filter(|name| *name == "DeleteStack").count(), 2);
}

#[tokio::test]
async fn a_stack_that_was_protected_since_is_not_deleted() {
    let mut scene = Scene::new();
    scene.deploy(&order("1.0.0", 30)).await;
    let delete = removal(&scene);
    scene.sim.set_protection(&at(), &StackName::of(&owner("queue")), true).await.unwrap();
    let outcome = scene.deploy(&delete).await;
    assert_eq!((&*failed(&outcome).code, failed(&outcome).gate), ("protected", None), "no gate that nobody could open");
    assert!(scene.sim.stack(&at(), "shop-queue-test-main").await.unwrap().unwrap().protected);
}
