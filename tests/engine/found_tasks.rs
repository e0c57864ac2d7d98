//! Tasks of stacks that somebody else changed last: they run once, whoever was to run them, and none is taken as done.

use jiff::SignedDuration;
use landfall::engine::Engine;
use landfall::model::catalog::Gate;
use landfall::model::journal::{Outcome, StoreId};
use landfall::model::{ReleaseName, StackName};
use landfall::plan::{Opening, Plan};
use landfall::sim::world::{StackInput, StackOptions};
use landfall::sim::{CallEffect, Fault};
use landfall::store::MemoryStore;

use super::incarnations::{LATER, learned, used_twice};
use super::support::*;
use super::tasks::{both, migrate, runs};

/// The plan as it is made where the slot's stacks are found with what they should have.
fn as_found(plan: &Plan, found: &[&str]) -> Plan {
    let mut plan = plan.clone();
    for order in plan.begin.iter_mut().flat_map(|begin| &mut begin.orders) {
        order.as_found = found.iter().any(|step| order.stack == StackName::of(&owner(step)));
    }
    plan
}

/// Carries out a plan until the call that starts the task is made. It never arrives, and nobody goes on.
async fn stop_before_the_task(scene: &mut Scene, plan: &Plan) {
    fails(scene, CallEffect::CallLost, 1);
    let left = |scene: &Scene| !scene.sim.world().faults().is_empty();
    let mut engine = scene.engine().await;
    engine.carry_out(plan, scene.now).await.unwrap();
    loop {
        let next = engine.advance(scene.now).await.unwrap().look_again.expect("it goes on");
        if !left(scene) {
            return;
        }
        scene.turn(next);
    }
}

fn fails(scene: &Scene, effect: CallEffect, times: u32) {
    let operation = "RunTask".to_owned();
    scene.sim.world().queue_fault(Fault::Call { operation, account: None, effect, skip: 0, times });
}

/// A store with release 1, whose life went on: it changed the stack of release 2, and its call that starts the task never
/// arrived. Gives the store as it is after that; the scene has the one from before, in a new incarnation.
async fn stopped_before_its_task(scene: &mut Scene, second: &Plan) -> std::sync::Arc<MemoryStore> {
    scene.deploy(&migrate("1")).await;
    let backup = scene.backup(1_000).await;
    stop_before_the_task(scene, second).await;
    let original = std::mem::replace(&mut scene.store, backup);
    scene.reincarnate(LATER).await;
    original
}

fn gate(engine: &Engine) -> Option<String> {
    engine.facts().in_flight.first()?.stopped.as_ref().map(|cause| cause.code.to_string())
}

fn runs_release(engine: &Engine) -> Option<&ReleaseName> {
    engine.facts().running(&slot()).map(|run| &run.release)
}

#[tokio::test]
async fn of_two_copies_one_runs_the_task_that_it_stopped_before() {
    let mut scene = Scene::new();
    let original = stopped_before_its_task(&mut scene, &migrate("2")).await;
    assert_eq!(runs(&scene), 1, "only that of release 1");

    // The copy has the same order, finds a token that it did not write, and waits until ECS shows the task.
    let outcome = scene.deploy(&migrate("2")).await;
    assert_eq!(outcome, Outcome::Superseded { by: Some(release("2")) });
    let mut engine = scene.engine().await;
    engine.carry_out(&as_found(&migrate("2"), &["migrate"]), scene.now).await.unwrap();
    engine.advance(scene.now).await.unwrap();
    assert_eq!((gate(&engine), runs(&scene)), (None, 1));
    drop(engine);

    // The original goes on and runs it. The copy follows the same task to its end.
    let copy = std::mem::replace(&mut scene.store, original);
    let mut engine = scene.engine().await;
    scene.finish(&mut engine).await;
    assert_eq!((scene.outcome().await, runs(&scene)), (Outcome::Proved, 2));
    scene.store = copy;
    let mut engine = scene.engine().await;
    scene.finish(&mut engine).await;
    assert_eq!((scene.outcome().await, runs(&scene)), (Outcome::Proved, 2), "one migration for each release");
    assert_eq!(runs_release(&engine), Some(&release("2")));
    assert_eq!(used_twice(&scene), []);
}

#[tokio::test]
async fn a_found_task_that_ecs_does_not_show_stops_at_a_gate() {
    let cases = [(Gate::Continue, 0), (Gate::Continue, 3), (Gate::Retry, 0), (Gate::Retry, 3)];
    for (answer, hours) in cases {
        let mut scene = Scene::new();
        stopped_before_its_task(&mut scene, &migrate("2")).await;
        let later = scene.now + SignedDuration::from_hours(hours);
        scene.turn(later);
        scene.deploy(&migrate("2")).await;
        let mut engine = scene.engine().await;
        engine.carry_out(&as_found(&migrate("2"), &["migrate"]), scene.now).await.unwrap();
        let before = scene.ledger().len();
        scene.finish(&mut engine).await;
        assert_eq!(gate(&engine).as_deref(), Some("task-lost"));
        assert_eq!(scene.ledger().len(), before, "nothing is called before the answer");

        allow(&scene, &mut engine, answer).await;
        scene.finish(&mut engine).await;
        let (outcome, times) = match answer {
            Gate::Retry => (Outcome::Proved, 2),
            _ => (Outcome::StackStatusOnly, 1),
        };
        assert_eq!((scene.outcome().await, runs(&scene)), (outcome, times));
    }
}

/// Opens the gate at which the deployment in flight stopped.
async fn allow(scene: &Scene, engine: &mut Engine, gate: Gate) {
    let opening = Opening {
        slot: slot(),
        deployment: engine.facts().in_flight[0].deployment,
        stack: StackName::of(&owner("migrate")),
        gate,
        resource: None,
        allowance: landfall::model::Hash::of(b"allowed"),
        foreseen: false,
    };
    engine.carry_out(&Plan { open: vec![opening], ..Plan::default() }, scene.now).await.unwrap();
}

#[tokio::test]
async fn a_lost_store_does_not_run_a_task_again_that_its_last_change_did_not_need() {
    // Release 1, release 2, and release 1 again, whose task ran long ago: the last change of the stack has no task.
    let mut scene = Scene::new();
    scene.deploy(&migrate("1")).await;
    scene.deploy(&migrate("2")).await;
    assert_eq!(scene.deploy(&migrate("1")).await, Outcome::StackStatusOnly);
    assert_eq!(runs(&scene), 2);
    scene.lose_the_store().await;
    let mut engine = scene.engine().await;
    engine.carry_out(&as_found(&migrate("1"), &["migrate"]), scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    assert_eq!((gate(&engine).as_deref(), runs(&scene)), (Some("task-lost"), 2));

    allow(&scene, &mut engine, Gate::Continue).await;
    scene.finish(&mut engine).await;
    assert_eq!((scene.outcome().await, runs(&scene)), (Outcome::StackStatusOnly, 2));
}

#[tokio::test]
async fn a_task_that_ran_in_the_lost_life_counts_as_ecs_tells() {
    // Found by the plan, and found only when AWS says that there is nothing to change.
    for found in [&["migrate"][..], &[]] {
        let mut scene = Scene::new();
        scene.deploy(&migrate("1")).await;
        let backup = scene.backup(1_000).await;
        scene.deploy(&migrate("2")).await;
        let effective = |scene: &Scene| {
            scene.operations().iter().filter(|it| *it != "CreateChangeSet" && *it != "DeleteChangeSet").count()
        };
        let before = effective(&scene);
        scene.store = backup;
        assert_eq!(learned(&scene.meet(false).await), [release("2")]);

        assert_eq!(scene.deploy(&as_found(&migrate("2"), found)).await, Outcome::Proved);
        assert_eq!(effective(&scene), before, "nothing is changed: {found:?}");
        assert_eq!(runs_release(&scene.engine().await), Some(&release("2")));
    }
}

/// Somebody tags the task definition in the stack of the task, and leaves everything else as it is.
fn by_hand(scene: &mut Scene) {
    let name = StackName::of(&owner("migrate")).to_string();
    let mut body: serde_json::Value =
        serde_json::from_str(&scene.sim.world().template(&place(), &name).unwrap()).unwrap();
    let resources = body["Resources"].as_object_mut().unwrap();
    let task = resources.values_mut().find(|resource| resource["Type"] == "AWS::ECS::TaskDefinition").unwrap();
    task["Properties"]["Tags"] = serde_json::json!([{"Key": "owner", "Value": "me"}]);
    let input = StackInput { name, template: Some(body.to_string()), ..StackInput::default() };
    scene.sim.world().update_stack(&place(), &input, &StackOptions::default()).unwrap();
    let later = scene.now + SignedDuration::from_mins(5);
    scene.turn(later);
}

#[tokio::test]
async fn a_lost_task_of_a_stack_that_was_changed_by_hand_since_does_not_run_again_unasked() {
    // The store learned what it had lost before the stack was changed, or the change hides what was lost.
    for learns in [true, false] {
        let mut scene = Scene::new();
        scene.deploy(&migrate("1")).await;
        let backup = scene.backup(1_000).await;
        scene.deploy(&migrate("2")).await;
        assert_eq!(runs(&scene), 2);
        scene.store = backup;
        scene.reincarnate(LATER).await;
        if learns {
            assert_eq!(learned(&scene.meet(false).await), [release("2")]);
        }
        by_hand(&mut scene);

        let mut engine = scene.engine().await;
        engine.carry_out(&migrate("2"), scene.now).await.unwrap();
        scene.finish(&mut engine).await;
        assert_eq!((gate(&engine).as_deref(), runs(&scene)), (Some("task-lost"), 2), "learns: {learns}");
        allow(&scene, &mut engine, Gate::Continue).await;
        scene.finish(&mut engine).await;
        assert_eq!((scene.outcome().await, runs(&scene)), (Outcome::StackStatusOnly, 2));

        // From here on the store knows.
        by_hand(&mut scene);
        assert_eq!(scene.deploy(&migrate("2")).await, Outcome::StackStatusOnly);
        assert_eq!(runs(&scene), 2);
    }
}

#[tokio::test]
async fn a_later_step_of_the_same_deployment_tells_that_the_task_was_done() {
    let mut scene = Scene::new();
    scene.deploy(&both("1")).await;
    scene.lose_the_store().await;
    let later = scene.now + SignedDuration::from_hours(300);
    scene.turn(later);
    let before = scene.ledger().len();
    assert_eq!(scene.deploy(&as_found(&both("1"), &["migrate", "web"])).await, Outcome::Proved);
    assert_eq!(scene.ledger().len(), before, "a lost store is rebuilt without a call that changes anything");
}

#[tokio::test]
async fn a_later_step_of_an_earlier_deployment_tells_nothing() {
    let mut scene = Scene::new();
    scene.deploy(&both("1")).await;
    // The migration of release 2 changes, the service does not, and the daemon and its store are gone before the task.
    let mut second = both("2");
    second.begin[0].orders[1] = both("1").begin[0].orders[1].clone();
    stop_before_the_task(&mut scene, &second).await;
    scene.lose_the_store().await;
    let later = scene.now + SignedDuration::from_hours(3);
    scene.turn(later);
    let mut engine = scene.engine().await;
    engine.carry_out(&as_found(&second, &["migrate", "web"]), scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    assert_eq!((gate(&engine).as_deref(), runs(&scene)), (Some("task-lost"), 1));
}

#[tokio::test]
async fn who_finds_a_stack_knows_the_task_of_a_deployment_that_began_in_an_earlier_incarnation() {
    let mut scene = Scene::new();
    let mut engine = scene.engine().await;
    engine.carry_out(&migrate("1"), scene.now).await.unwrap();
    scene.reincarnate(LATER).await;
    let mut engine = scene.engine().await;
    scene.finish(&mut engine).await;
    let tokens = |operation: &str| -> Vec<String> {
        scene.ledger().into_iter().filter(|row| row.operation == operation).filter_map(|row| row.token).collect()
    };
    assert_eq!(tokens("ExecuteChangeSet"), [format!("lf-{LATER}-1-1-0-execute1")]);
    assert_eq!(tokens("RunTask"), [format!("lf-{LATER}-1-1-0-run1")]);

    scene.store = std::sync::Arc::new(MemoryStore::new(StoreId("ffeeddccbbaa0099".into())));
    let quiet = scene.now + SignedDuration::from_mins(11);
    scene.turn(quiet);
    drop(scene.meet(true).await);
    assert_eq!(scene.deploy(&as_found(&migrate("1"), &["migrate"])).await, Outcome::Proved);
    assert_eq!(runs(&scene), 1);
}
