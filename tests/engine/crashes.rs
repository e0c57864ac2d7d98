//! Killed at every point, and started again: nothing lost, nothing twice.

use landfall::model::FactsFold;
use landfall::model::journal::{Action, Entry, Outcome, StoreId};
use landfall::plan::Plan;

use super::support::*;

/// Polls the engine this often altogether, then drops it at whatever await point it is. Whether it came to its end before.
async fn run_for(scene: &mut Scene, plan: &Plan, mut polls: usize) -> bool {
    let mut engine = scene.slow_engine().await;
    engine.carry_out(plan, scene.now).await.unwrap();
    loop {
        let now = scene.now;
        let mut advance = Box::pin(engine.advance(now));
        let progress = loop {
            if polls == 0 {
                return false;
            }
            polls -= 1;
            if let std::task::Poll::Ready(progress) = futures::poll!(&mut advance) {
                break progress.unwrap();
            }
        };
        drop(advance);
        let Some(next) = progress.look_again else { return true };
        scene.turn(next);
    }
}

/// Each mutation of the account once, each with an intent in the journal, and the facts as they are without a crash.
async fn crash_everywhere(name: &str, prepare: impl AsyncFn(&mut Scene) -> Plan, wanted: Outcome) {
    let mut calm = Scene::new();
    let plan = prepare(&mut calm).await;
    assert_eq!(calm.deploy(&plan).await, wanted, "{name}");
    let mut points = 0;
    for polls in 0.. {
        let mut scene = Scene::new();
        let plan = prepare(&mut scene).await;
        let finished = run_for(&mut scene, &plan, polls).await;
        let mut engine = scene.engine().await;
        scene.finish(&mut engine).await;
        assert_eq!(scene.outcome().await, wanted, "{name}: killed after {polls} polls");
        assert_eq!(scene.operations(), calm.operations(), "{name}: killed after {polls} polls");
        let records = scene.records().await;
        for row in scene.ledger().iter().filter(|row| row.token.is_some()) {
            let intent = records.iter().any(
                |record| matches!(&record.entry, Entry::Intent { token, .. } if Some(&**token) == row.token.as_deref()),
            );
            assert!(intent, "{name}: {row:?} has no intent, killed after {polls} polls");
        }
        let replayed = FactsFold::replay(StoreId(STORE.into()), &records);
        assert_eq!(replayed.facts(), engine.facts(), "{name}: killed after {polls} polls");
        if finished {
            break;
        }
        points += 1;
    }
    assert!(points > 20, "{name}: only {points} points to be killed at");
}

#[tokio::test]
async fn a_create() {
    crash_everywhere("create", async |_| web("1.0.0", "shop:1"), Outcome::Proved).await;
}

#[tokio::test]
async fn an_update_with_protection() {
    let prepare = async |scene: &mut Scene| {
        scene.deploy(&web("1.0.0", "shop:1")).await;
        let mut wanted = content("web", "1.1.0", &service("shop:2"));
        wanted.protected = true;
        plan("1.1.0", vec![put(0, "web", wanted)])
    };
    crash_everywhere("update", prepare, Outcome::Proved).await;
}

#[tokio::test]
async fn no_change() {
    let prepare = async |scene: &mut Scene| {
        scene.deploy(&web("1.0.0", "shop:1")).await;
        web("1.0.0", "shop:1")
    };
    crash_everywhere("no change", prepare, Outcome::Proved).await;
}

#[tokio::test]
async fn two_steps() {
    let orders = || {
        vec![
            put(0, "queue", content("queue", "1.0.0", &queue(30))),
            put(1, "web", content("web", "1.0.0", &service("shop:1"))),
        ]
    };
    crash_everywhere("two steps", async |_| plan("1.0.0", orders()), Outcome::Proved).await;
}

#[tokio::test]
async fn a_removal() {
    let prepare = async |scene: &mut Scene| {
        let mut kept = content("queue", "1.0.0", &queue(30));
        kept.protected = true;
        scene.deploy(&plan("1.0.0", vec![put(0, "queue", kept)])).await;
        let delete = Action::Delete { id: scene.stack("queue").unwrap().id, unprotect: true };
        let mut removal = plan("1.0.0", vec![order(0, delete, "queue")]);
        removal.begin[0].removal = true;
        removal
    };
    crash_everywhere("removal", prepare, Outcome::Removed).await;
}

#[tokio::test]
async fn a_long_template() {
    let prepare = async |_: &mut Scene| {
        let mut long = service("shop:1");
        long["Metadata"] = serde_json::json!({"Long": "x".repeat(60_000)});
        let mut wanted = content("web", "1.0.0", &long);
        wanted.bucket = Some(landfall::model::BucketName::new(BUCKET).unwrap());
        plan("1.0.0", vec![put(0, "web", wanted)])
    };
    crash_everywhere("long template", prepare, Outcome::Proved).await;
}

#[tokio::test]
async fn a_task() {
    let prepare = async |_: &mut Scene| super::tasks::both("1.0.0");
    crash_everywhere("task", prepare, Outcome::Proved).await;
}
