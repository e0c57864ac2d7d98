//! A newer order takes the place of a deployment that is executing: when it does, when it does not, and across restarts.

use jiff::SignedDuration;
use landfall::engine::Engine;
use landfall::model::StackStatus;
use landfall::model::journal::{Cause, DeploymentId, Entry, Outcome};
use landfall::plan::{Plan, Supersede};
use landfall::sim::Fault;

use super::support::*;

/// The order that stands instead of a deployment, and begins nothing yet.
fn newer(supersede: Supersede) -> Plan {
    Plan { supersede: vec![supersede], ..plan_of("1.2.0", "shop:3") }
}

fn plan_of(version: &str, image: &str) -> Plan {
    plan(version, vec![put(0, "web", content("web", version, &service(image)))])
}

fn without_begin(plan: Plan) -> Plan {
    Plan { begin: vec![], ..plan }
}

fn hangs(scene: &Scene, image: &str) {
    scene.sim.world().queue_fault(Fault::ImageHangs { image: image.to_owned() });
}

fn crashes(scene: &Scene, image: &str) {
    scene.sim.world().queue_fault(Fault::ImageCrashes { image: image.to_owned(), exit_code: 1, reason: None });
}

fn cancels(scene: &Scene) -> usize {
    scene.operations().iter().filter(|operation| *operation == "CancelUpdateStack").count()
}

/// Advances up to a time, and no further.
async fn until(scene: &mut Scene, engine: &mut Engine, end: jiff::Timestamp) {
    while let Some(next) = engine.advance(scene.now).await.unwrap().look_again.filter(|next| *next <= end) {
        scene.turn(next);
    }
    scene.turn(end);
    engine.advance(scene.now).await.unwrap();
}

async fn taken_over(scene: &Scene) -> Vec<(DeploymentId, String)> {
    let taken = |record: landfall::model::journal::Record| match record.entry {
        Entry::TakenOver { deployment, cause, .. } => Some((deployment, cause.code.to_string())),
        _ => None,
    };
    scene.records().await.into_iter().filter_map(taken).collect()
}

#[tokio::test]
async fn a_standstill_is_counted_across_a_restart() {
    let mut scene = Scene::new();
    scene.deploy(&plan_of("1.0.0", "shop:1")).await;
    hangs(&scene, "shop:2");
    let mut engine = scene.engine().await;
    engine.carry_out(&plan_of("1.1.0", "shop:2"), scene.now).await.unwrap();
    let begun = scene.now;
    until(&mut scene, &mut engine, begun + SignedDuration::from_mins(4)).await;
    let last = engine.facts().in_flight(&slot()).unwrap().progressed();
    assert!(last > begun && last < begun + SignedDuration::from_mins(1), "{last}");
    // Another process goes on, and something newer waits.
    let mut engine = scene.engine().await;
    engine
        .carry_out(&without_begin(newer(supersede(DeploymentId(2), Some(release("1.2.0"))))), scene.now)
        .await
        .unwrap();
    until(&mut scene, &mut engine, last + SignedDuration::from_secs(290)).await;
    assert_eq!(taken_over(&scene).await, [], "nothing is cancelled before its time");
    until(&mut scene, &mut engine, last + SignedDuration::from_secs(315)).await;
    assert_eq!(taken_over(&scene).await, [(DeploymentId(2), Cause::STALLED.to_owned())]);
    // The decision stands after another restart, though no plan repeats it.
    let mut engine = scene.engine().await;
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::Superseded { by: Some(release("1.2.0")) });
    assert_eq!((cancels(&scene), scene.status("web")), (1, Some(StackStatus::UpdateRollbackComplete)));
    assert_eq!(engine.facts().gave_way(&slot()), 1);
    assert_eq!(scene.deploy(&plan_of("1.2.0", "shop:3")).await, Outcome::Proved);
    assert_eq!(scene.engine().await.facts().gave_way(&slot()), 0, "a success ends the row");
}

#[tokio::test]
async fn a_deployment_that_progresses_is_finished_and_one_that_is_not_wanted_is_not() {
    for revoked in [false, true] {
        let mut scene = Scene::new();
        scene.deploy(&plan_of("1.0.0", "shop:1")).await;
        let mut engine = scene.engine().await;
        engine.carry_out(&plan_of("1.1.0", "shop:2"), scene.now).await.unwrap();
        let soon = scene.now + SignedDuration::from_secs(10);
        until(&mut scene, &mut engine, soon).await;
        let cause = Cause {
            code: Cause::BLOCKED.into(),
            sentence: "blocked".to_owned(),
            stack: None,
            gate: None,
            foreseen: Vec::new(),
        };
        let supersede =
            Supersede { revoked: revoked.then_some(cause), ..supersede(DeploymentId(2), Some(release("1.2.0"))) };
        engine.carry_out(&without_begin(newer(supersede)), scene.now).await.unwrap();
        scene.finish(&mut engine).await;
        let gave_way = Outcome::Superseded { by: Some(release("1.2.0")) };
        assert_eq!(scene.outcome().await, if revoked { gave_way } else { Outcome::Proved });
        assert_eq!(cancels(&scene), usize::from(revoked));
    }
}

#[tokio::test]
async fn a_rollback_that_goes_on_is_not_cancelled() {
    let mut scene = Scene::new();
    scene.deploy(&plan_of("1.0.0", "shop:1")).await;
    crashes(&scene, "shop:2");
    let mut engine = scene.engine().await;
    engine.carry_out(&plan_of("1.1.0", "shop:2"), scene.now).await.unwrap();
    while scene.status("web") != Some(StackStatus::UpdateRollbackInProgress) {
        let next = engine.advance(scene.now).await.unwrap().look_again.unwrap();
        scene.turn(next);
    }
    engine
        .carry_out(&without_begin(newer(supersede(DeploymentId(2), Some(release("1.2.0"))))), scene.now)
        .await
        .unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(&*failed(&scene.outcome().await).code, "container-exits");
    assert_eq!((cancels(&scene), taken_over(&scene).await), (0, vec![]));
}

#[tokio::test]
async fn every_stack_of_a_failing_deployment_gives_way_and_a_first_create_is_deleted() {
    let mut scene = Scene::new();
    scene.deploy(&plan_of("1.0.0", "shop:1")).await;
    crashes(&scene, "shop:2");
    hangs(&scene, "shop:new");
    let mut engine = scene.engine().await;
    let orders = vec![
        put(0, "web", content("web", "1.1.0", &service("shop:2"))),
        put(0, "worker", content("worker", "1.1.0", &service("shop:new"))),
    ];
    engine.carry_out(&plan("1.1.0", orders), scene.now).await.unwrap();
    while engine.facts().in_flight(&slot()).unwrap().failing.is_none() {
        let next = engine.advance(scene.now).await.unwrap().look_again.unwrap();
        scene.turn(next);
    }
    engine
        .carry_out(&without_begin(newer(supersede(DeploymentId(2), Some(release("1.2.0"))))), scene.now)
        .await
        .unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::Superseded { by: Some(release("1.2.0")) });
    assert_eq!(taken_over(&scene).await.len(), 1, "it is decided once");
    assert_eq!((scene.status("web"), scene.status("worker")), (Some(StackStatus::UpdateRollbackComplete), None));
    assert!(scene.evidence().await.iter().any(|item| format!("{item:?}").contains("EssentialContainerExited")));
}

#[tokio::test]
async fn after_two_that_gave_way_the_next_is_given_time() {
    let mut scene = Scene::new();
    scene.deploy(&plan_of("1.0.0", "shop:1")).await;
    hangs(&scene, "shop:2");
    let mut engine = scene.engine().await;
    engine.carry_out(&plan_of("1.1.0", "shop:2"), scene.now).await.unwrap();
    let begun = scene.now;
    // It has not begun to execute: without the time that it is given, it would end at once.
    let end = begun + SignedDuration::from_mins(10);
    let patient = Supersede { not_before: Some(end), ..supersede(DeploymentId(2), Some(release("1.2.0"))) };
    engine.carry_out(&without_begin(newer(patient)), scene.now).await.unwrap();
    until(&mut scene, &mut engine, end - SignedDuration::from_secs(10)).await;
    assert!(engine.facts().in_flight(&slot()).is_some());
    assert_eq!(taken_over(&scene).await, []);
    until(&mut scene, &mut engine, end + SignedDuration::from_secs(15)).await;
    assert_eq!(taken_over(&scene).await, [(DeploymentId(2), Cause::STALLED.to_owned())]);
}

#[tokio::test]
async fn the_newest_deadline_counts_for_what_is_in_flight() {
    let mut scene = Scene::new();
    scene.deploy(&plan_of("1.0.0", "shop:1")).await;
    hangs(&scene, "shop:2");
    let mut engine = scene.engine().await;
    engine.carry_out(&plan_of("1.1.0", "shop:2"), scene.now).await.unwrap();
    let begun = scene.now;
    until(&mut scene, &mut engine, begun + SignedDuration::from_mins(2)).await;
    let deadlines = [(DeploymentId(2), SignedDuration::from_mins(3))].into_iter().collect();
    engine.carry_out(&Plan { deadlines, ..Plan::default() }, scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    let sentence = failed(&scene.outcome().await).sentence.clone();
    assert!(sentence.ends_with("it did not finish within 3m"), "{sentence}");
    assert!(scene.now < begun + SignedDuration::from_mins(5), "{}", scene.now);
}

/// A deployment that hangs is executing, and its release was blocked.
async fn blocked() -> (Scene, Plan) {
    let mut scene = Scene::new();
    scene.deploy(&plan_of("1.0.0", "shop:1")).await;
    hangs(&scene, "shop:2");
    let mut engine = scene.engine().await;
    engine.carry_out(&plan_of("1.1.0", "shop:2"), scene.now).await.unwrap();
    let soon = scene.now + SignedDuration::from_secs(30);
    until(&mut scene, &mut engine, soon).await;
    let cause = Cause {
        code: Cause::BLOCKED.into(),
        sentence: "blocked".to_owned(),
        stack: None,
        gate: None,
        foreseen: Vec::new(),
    };
    let wanted = Supersede { revoked: Some(cause), ..supersede(DeploymentId(2), Some(release("1.2.0"))) };
    (scene, without_begin(newer(wanted)))
}

#[tokio::test]
async fn a_takeover_that_is_killed_anywhere_goes_on() {
    let (mut calm, plan) = blocked().await;
    calm.deploy(&plan).await;
    for polls in 0.. {
        let (mut scene, plan) = blocked().await;
        let finished = super::crashes::run_for(&mut scene, &plan, polls).await;
        // The next start reads the head before it advances, and so plans the same again.
        assert_eq!(
            scene.deploy(&plan).await,
            Outcome::Superseded { by: Some(release("1.2.0")) },
            "after {polls} polls"
        );
        assert_eq!(scene.operations(), calm.operations(), "killed after {polls} polls");
        assert_eq!(taken_over(&scene).await.len(), 1, "killed after {polls} polls");
        if finished {
            assert!(polls > 10, "only {polls} points to be killed at");
            break;
        }
    }
}
