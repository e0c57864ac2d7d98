//! Killed at every point, and started again: nothing lost, nothing twice.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use landfall::model::catalog::Gate;
use landfall::model::journal::{Action, Entry, Evidence, Outcome, StoreId};
use landfall::model::{FactsFold, StackName};
use landfall::plan::Plan;
use landfall::sim::Effect;
use landfall::sim::world::{StackInput, StackOptions};
use serde_json::{Value, json};

use super::pauses;
use super::support::*;

/// Polls the engine this often altogether, then drops it at whatever await point it is. Whether it came to its end before.
pub(super) async fn run_for(scene: &mut Scene, plan: &Plan, mut polls: usize) -> bool {
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

/// Killed while it gives a deployment up, landfall finds it wanted again: what was deleted is made under other tokens.
#[tokio::test]
async fn wanted_again() {
    let mut given_up = web("1.0.0", "shop:1");
    given_up.begin.clear();
    given_up.supersede = vec![supersede(FIRST, Some(release("1.1.0")))];
    let mut outcomes = Vec::new();
    for polls in 0.. {
        let mut scene = Scene::new();
        let mut engine = scene.engine().await;
        engine.carry_out(&web("1.0.0", "shop:1"), scene.now).await.unwrap();
        engine.advance(scene.now).await.unwrap();
        drop(engine);
        let finished = run_for(&mut scene, &given_up, polls).await;
        let mut engine = scene.engine().await;
        scene.finish(&mut engine).await;
        outcomes.push(scene.outcome().await);
        let calls = scene.ledger().into_iter().filter(|row| row.effect == Effect::Effective);
        let mut tokens: Vec<_> = calls.filter_map(|row| row.token).collect();
        let count = tokens.len();
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), count, "killed after {polls} polls: {:?}", scene.ledger());
        if finished {
            break;
        }
    }
    let wanted = outcomes.iter().filter(|outcome| **outcome == Outcome::Proved).count();
    assert!(wanted > 5, "{outcomes:?}");
}

/// A queue, and an output of this value.
fn named(value: &str) -> Value {
    let mut template = queue(30);
    template["Outputs"] = json!({"Name": {"Value": value}});
    template
}

/// Somebody gives the queue's output another value.
fn rename(scene: &mut Scene, value: &str) {
    let input = StackInput {
        name: StackName::of(&owner("queue")).as_str().to_owned(),
        template: Some(named(value).to_string()),
        parameters: BTreeMap::new(),
        tags: None,
        capabilities: vec![],
        role: None,
        notifications: None,
        monitoring: None,
        token: Some("somebody".to_owned()),
        skips_validation: false,
    };
    scene.sim.world().update_stack(&place(), &input, &StackOptions::default()).unwrap();
    let later = scene.now + SignedDuration::from_mins(5);
    scene.turn(later);
}

/// The outputs that were read, as the journal has them.
async fn reads(scene: &Scene) -> Vec<String> {
    let value = |item| match item {
        Evidence::OutputRead { value, .. } => Some(value),
        _ => None,
    };
    scene.evidence().await.into_iter().filter_map(value).collect()
}

/// What is read is in the journal before anything is asked with it: whoever starts again asks with that, though the producer
/// gives another value by then.
#[tokio::test]
async fn an_output_that_changes_while_nobody_runs() {
    let mut points = BTreeMap::new();
    for polls in 0.. {
        let mut scene = Scene::new();
        scene.deploy(&plan("1.0.0", vec![put(0, "queue", content("queue", "1.0.0", &named("first")))])).await;
        let consumer = super::outputs::consumer("1.0.0", output("queue", "Name"));
        let finished = run_for(&mut scene, &plan("1.0.0", vec![put(0, "web", consumer)]), polls).await;
        let killed = (reads(&scene).await, scene.operations().len());
        assert!(
            killed.0.len() <= 1 && (killed.1 == 2 || killed.0 == ["first"]),
            "asked before it was journaled: {killed:?}"
        );
        rename(&mut scene, "second");
        let mut engine = scene.engine().await;
        scene.finish(&mut engine).await;
        let wanted = if killed.0.is_empty() { "second" } else { "first" };
        let given = scene.stack("web").unwrap().parameters["Url"].clone();
        assert_eq!(
            (given.as_str(), reads(&scene).await),
            (wanted, vec![wanted.to_owned()]),
            "killed after {polls} polls"
        );
        assert_eq!(scene.outcome().await, Outcome::StackStatusOnly, "killed after {polls} polls");
        let facts = engine.facts().reads[0].values.clone();
        assert_eq!(facts, BTreeMap::from([("Url".to_owned(), wanted.to_owned())]), "facts tell what is there");
        *points.entry(killed).or_insert(0) += 1;
        if finished {
            break;
        }
    }
    // Before it was read, between reading and asking, after each of the two calls.
    let seen: Vec<_> = points.keys().map(|(read, calls)| (read.len(), calls - 2)).collect();
    assert_eq!(seen, [(0, 0), (1, 0), (1, 1), (1, 2)], "{points:?}");
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

#[tokio::test]
async fn a_pause_hook() {
    let mut points = 0;
    for polls in 0.. {
        let mut scene = pauses::regrouped_once().await;
        let finished = run_for(&mut scene, &pauses::regrouped("1.0.1", "sg-2"), polls).await;
        // The service is at its hook when the daemon is back, if it was on its way there.
        pauses::pass(&mut scene, 2);
        let mut engine = pauses::behind(&scene, SignedDuration::from_millis(1), SignedDuration::ZERO).await;
        scene.finish(&mut engine).await;
        assert_eq!(pauses::waits(&engine).1, Some(Gate::Continue), "killed after {polls} polls");
        pauses::open(&mut scene, &mut engine, Gate::Continue).await;
        assert_eq!(scene.outcome().await, Outcome::Proved, "killed after {polls} polls");
        assert_eq!(pauses::answers(&scene), 2, "killed after {polls} polls");
        if finished {
            break;
        }
        points += 1;
    }
    assert!(points > 20, "only {points} points to be killed at");
}
