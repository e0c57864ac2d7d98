//! Stores that were restored, copied or lost: nothing goes back, no token means two things, and no task runs twice.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use landfall::cloud::Observe as _;
use landfall::engine::Engine;
use landfall::model::journal::{Call, Entry, Outcome, Record, Reply, StoreId};
use landfall::model::{ReleaseName, StackStatus};
use landfall::plan::Plan;
use landfall::sim::{CallEffect, During, Fault};
use landfall::store::MemoryStore;

use super::support::*;
use super::tasks::{migrate, runs};

/// Another incarnation than the store's first.
pub(super) const LATER: &str = "00112233445566bb";

fn queues(version: &str, seconds: u32) -> Plan {
    plan(version, vec![put(0, "queue", content("queue", version, &queue(seconds)))])
}

/// The position after the first record that fits.
fn after(records: &[Record], fits: impl Fn(&Entry) -> bool) -> usize {
    records.iter().position(|record| fits(&record.entry)).expect("such a record") + 1
}

fn is_intent(entry: &Entry, wanted: Call) -> bool {
    matches!(entry, Entry::Intent { call, .. } if *call == wanted)
}

/// Tokens that the account accepted for more than one request with an effect.
pub(super) fn used_twice(scene: &Scene) -> Vec<(String, String)> {
    let mut times: BTreeMap<(String, String), usize> = BTreeMap::new();
    for row in scene.ledger() {
        if let Some(token) = row.token {
            *times.entry((row.operation, token)).or_default() += 1;
        }
    }
    times.into_iter().filter(|(_, times)| *times > 1).map(|(key, _)| key).collect()
}

pub(super) fn learned(engine: &Engine) -> Vec<ReleaseName> {
    engine.facts().learned.iter().map(|learned| learned.release.clone()).collect()
}

/// A store without a past takes the place of the one that there was, which is given back.
fn begin_anew(scene: &mut Scene) -> Arc<MemoryStore> {
    std::mem::replace(&mut scene.store, Arc::new(MemoryStore::new(StoreId(LATER.into()))))
}

fn seconds(scene: &Scene) -> String {
    use futures::FutureExt as _;
    let name = scene.stack("queue").unwrap().name;
    scene.sim.template(&at(), &name).now_or_never().unwrap().unwrap().unwrap()
}

#[tokio::test]
async fn a_call_keeps_its_token_and_new_calls_carry_the_new_incarnation() {
    let mut scene = Scene::new();
    scene.deploy(&queues("1.0.0", 30)).await;
    let records = scene.records().await;
    // Killed between the intent of the change set and its reply; the account made it.
    scene.store = scene.backup(after(&records, |entry| is_intent(entry, Call::CreateChangeSet))).await;
    let mut scene = Scene { sim: Scene::new().sim, ..scene };
    scene.reincarnate(LATER).await;
    let mut engine = scene.engine().await;
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::StackStatusOnly);
    let tokens: Vec<(String, String)> =
        scene.ledger().into_iter().filter_map(|row| Some((row.operation, row.token?))).collect();
    let token = |incarnation: &str, purpose: &str| format!("lf-{incarnation}-1-1-0-{purpose}");
    assert_eq!(
        tokens,
        [
            ("CreateChangeSet".to_owned(), token(STORE, "make1")),
            ("ExecuteChangeSet".to_owned(), token(LATER, "execute1"))
        ]
    );
}

#[tokio::test]
async fn a_restored_store_learns_what_runs_and_uses_no_token_twice() {
    let mut scene = Scene::new();
    scene.deploy(&queues("1.0.0", 30)).await;
    let backup = scene.backup(1_000).await;
    scene.deploy(&queues("1.1.0", 60)).await;
    scene.store = backup;

    let mut engine = scene.meet(false).await;
    assert_eq!(engine.facts().question, None, "an incarnation that it knows is no stranger");
    assert_eq!(learned(&engine), [release("1.1.0")]);
    assert_eq!(engine.facts().running(&slot()), None, "what the backup knew is over");

    // Its number was given before, in the life that is lost.
    engine.carry_out(&queues("1.2.0", 90), scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::StackStatusOnly);
    assert!(engine.facts().learned.iter().all(|learned| learned.over));
    assert_eq!(used_twice(&scene), []);
    let last = scene.ledger().pop().unwrap().token.unwrap();
    assert_eq!(last, "lf-0123456789abcdef-2-1-0-execute1");
}

/// A stack that failed when it was created is deleted, and so is the next one of its name: by a store from before the second.
#[tokio::test]
async fn a_restored_store_deletes_another_failed_stack_under_another_token() {
    let mut scene = Scene::new();
    let name = landfall::model::StackName::of(&owner("queue"));
    scene.sim.world().queue_fault(Fault::ResourceFails {
        stack: name.as_str().to_owned(),
        resource: "AWS::SQS::Queue".to_owned(),
        during: During::Create,
        reason: "insufficient capacity".to_owned(),
        times: 2,
    });
    failed(&scene.deploy(&queues("1.0.0", 30)).await);
    let effect = CallEffect::Deny;
    let denied = Fault::Call { operation: "DeleteStack".to_owned(), account: None, effect, skip: 0, times: 1 };
    scene.sim.world().queue_fault(denied);
    failed(&scene.deploy(&queues("1.1.0", 60)).await);
    let records = scene.records().await;
    let was_denied = |entry: &Entry| matches!(entry, Entry::Reply { reply: Reply::Refused { .. }, .. });
    scene.store = scene.backup(after(&records, was_denied)).await;
    let mut engine = scene.meet(false).await;
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::StackStatusOnly);
    let deletions = scene.operations().iter().filter(|operation| *operation == "DeleteStack").count();
    assert_eq!((deletions, used_twice(&scene)), (2, vec![]));
}

#[tokio::test]
async fn an_order_from_before_the_backup_does_not_undo_what_came_after_it() {
    let mut scene = Scene::new();
    scene.deploy(&queues("1.0.0", 30)).await;
    let mut engine = scene.engine().await;
    engine.carry_out(&queues("1.1.0", 60), scene.now).await.unwrap();
    let backup = scene.backup(1_000).await;
    scene.finish(&mut engine).await;
    scene.deploy(&queues("1.2.0", 90)).await;
    let before = scene.ledger().len();

    // In the backup 1.1.0 is still on its way. Nobody looks at stacks before it goes on.
    scene.store = backup;
    let mut engine = scene.engine().await;
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::Superseded { by: Some(release("1.2.0")) });
    assert_eq!(learned(&engine), [release("1.2.0")]);
    assert_eq!(scene.ledger().len(), before, "nothing was changed");
    assert!(seconds(&scene).contains("90"));
}

#[tokio::test]
async fn an_operation_that_was_followed_before_the_backup_is_not_proved_by_a_later_one() {
    for executed in [true, false] {
        let mut scene = Scene::new();
        scene.deploy(&web("1.0.0", "shop:1")).await;
        scene.deploy(&web("1.1.0", "shop:2")).await;
        let records = scene.records().await;
        let call = if executed { Call::ExecuteChangeSet } else { Call::CreateChangeSet };
        let last = records.iter().rposition(|record| is_intent(&record.entry, call)).unwrap();
        let backup = scene.backup(last + 1).await;
        scene.deploy(&web("1.2.0", "shop:3")).await;
        let before = scene.ledger().len();

        // The daemon looks at stacks, and learns what runs, before the deployment in the backup goes on.
        scene.store = backup;
        scene.reincarnate(LATER).await;
        let mut engine = scene.meet(false).await;
        assert_eq!(learned(&engine), [release("1.2.0")]);
        scene.finish(&mut engine).await;
        assert_eq!(scene.outcome().await, Outcome::Superseded { by: Some(release("1.2.0")) }, "executed: {executed}");
        assert_eq!(scene.ledger().len(), before, "nothing was changed");
    }
}

#[tokio::test]
async fn an_operation_that_was_executed_before_the_backup_is_not_followed_into_another_one() {
    let mut scene = Scene::new();
    scene.deploy(&queues("1.0.0", 30)).await;
    scene.deploy(&queues("1.1.0", 60)).await;
    let records = scene.records().await;
    let second = records.iter().rposition(|record| is_intent(&record.entry, Call::ExecuteChangeSet)).unwrap() + 1;
    let backup = scene.backup(second).await;
    scene.deploy(&queues("1.2.0", 90)).await;
    let before = scene.ledger().len();

    scene.store = backup;
    scene.reincarnate(LATER).await;
    let mut engine = scene.engine().await;
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::Superseded { by: Some(release("1.2.0")) });
    assert_eq!(scene.ledger().len(), before);
}

#[tokio::test]
async fn a_false_alarm_costs_reads_only() {
    let mut scene = Scene::new();
    scene.deploy(&queues("1.0.0", 30)).await;
    let mut engine = scene.engine().await;
    engine.carry_out(&queues("1.1.0", 60), scene.now).await.unwrap();
    engine.advance(scene.now).await.unwrap();
    scene.reincarnate(LATER).await;
    let mut engine = scene.engine().await;
    scene.finish(&mut engine).await;
    assert_eq!(scene.outcome().await, Outcome::StackStatusOnly);
    assert_eq!(learned(&engine), []);
    assert_eq!(used_twice(&scene), []);
    assert_eq!(scene.meet(false).await.facts().question, None);
}

#[tokio::test]
async fn of_two_daemons_on_copies_of_one_store_the_original_stops_before_it_changes_anything() {
    let mut scene = Scene::new();
    scene.deploy(&migrate("1")).await;
    let original = scene.store.clone();
    scene.store = scene.backup(1_000).await;
    scene.reincarnate(LATER).await;
    let copy = scene.store.clone();

    // Both see the same commit.
    let mut second = scene.engine().await;
    second.carry_out(&migrate("2"), scene.now).await.unwrap();
    scene.store = original.clone();
    let mut first = scene.engine().await;
    first.carry_out(&migrate("2"), scene.now).await.unwrap();
    for _ in 0..10_000 {
        let ones = [first.advance(scene.now).await.unwrap(), second.advance(scene.now).await.unwrap()];
        let Some(next) = ones.iter().filter_map(|progress| progress.look_again).min() else { break };
        scene.turn(next);
    }
    assert_eq!(runs(&scene), 2, "one migration for each release");
    assert_eq!(used_twice(&scene), []);
    let stopped = [&first, &second].map(|engine| engine.facts().question.is_some());
    let ended = [&first, &second].map(|engine| engine.facts().in_flight.is_empty());
    assert!(stopped == [true, false] || ended == [true, true], "{stopped:?} {ended:?}");

    // Whatever came of the first meeting: what the copy did last stops the original.
    scene.store = copy;
    let mut engine = scene.engine().await;
    engine.carry_out(&migrate("3"), scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    let ran = runs(&scene);
    scene.store = original;
    let mut engine = scene.engine().await;
    engine.carry_out(&migrate("4"), scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    let asked = engine.facts().question.as_ref().map(|open| open.question.stores.clone());
    assert_eq!(asked, Some([LATER.into()].into()));
    assert_eq!(runs(&scene), ran, "and runs nothing");
}

#[tokio::test]
async fn a_task_that_ran_after_the_backup_is_not_run_again() {
    for (hours, outcome) in [(0, Some(Outcome::Proved)), (3, None)] {
        let mut scene = Scene::new();
        scene.deploy(&migrate("1")).await;
        let records = scene.records().await;
        // The backup was made after the stack was changed and before its task was asked for.
        let asked = after(&records, |entry| is_intent(entry, Call::RunTask)) - 1;
        scene.store = scene.backup(asked).await;
        let later = scene.now + SignedDuration::from_hours(hours);
        scene.turn(later);
        scene.reincarnate(LATER).await;
        let mut engine = scene.engine().await;
        scene.finish(&mut engine).await;
        assert_eq!(runs(&scene), 1, "after {hours} h");
        match outcome {
            Some(outcome) => assert_eq!(scene.outcome().await, outcome),
            None => {
                let stopped = engine.facts().in_flight[0].stopped.as_ref().map(|cause| cause.code.to_string());
                assert_eq!(stopped.as_deref(), Some("task-lost"), "nobody can tell, and somebody is asked");
            }
        }
    }
}

#[tokio::test]
async fn a_kill_between_the_call_that_runs_a_task_and_its_reply_runs_nothing_twice() {
    for incarnation in [None, Some(LATER)] {
        let mut scene = Scene::new();
        scene.deploy(&migrate("1")).await;
        let records = scene.records().await;
        scene.store = scene.backup(after(&records, |entry| is_intent(entry, Call::RunTask))).await;
        if let Some(id) = incarnation {
            scene.reincarnate(id).await;
        }
        let mut engine = scene.engine().await;
        scene.finish(&mut engine).await;
        assert_eq!((scene.outcome().await, runs(&scene)), (Outcome::Proved, 1), "{incarnation:?}");
    }
}

#[tokio::test]
async fn a_new_store_asks_once_and_takes_over_when_it_may() {
    let mut scene = Scene::new();
    scene.deploy(&queues("1.0.0", 30)).await;
    let lost = begin_anew(&mut scene);
    let mut engine = scene.meet(false).await;
    engine.carry_out(&queues("1.1.0", 60), scene.now).await.unwrap();
    let before = scene.ledger().len();
    scene.finish(&mut engine).await;
    assert_eq!(scene.ledger().len(), before, "nothing is changed before the answer");

    // Asked again it journals nothing new, and the answer waits for ten quiet minutes.
    let position = engine.position();
    assert_eq!(scene.meet(false).await.position(), position);
    let engine = scene.meet(true).await;
    let open = engine.facts().question.clone().unwrap();
    assert!(open.agreed && open.question.until.is_some(), "{open:?}");
    let until = open.question.until.unwrap();
    scene.turn(until);
    let engine = scene.meet(false).await;
    assert_eq!((engine.facts().question.clone(), learned(&engine)), (None, vec![release("1.0.0")]));

    // The older store meets what the younger one does.
    let mut engine = scene.engine().await;
    engine.advance(scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    scene.store = lost;
    let open = scene.meet(false).await.facts().question.clone().expect("the older one asks");
    assert_eq!(open.question.stores, ["0123456789abcdef".into()].into());
}

#[tokio::test]
async fn a_run_that_leaves_nothing_behind_is_taken_over_at_once() {
    let mut scene = Scene::new();
    let mut engine = scene.engine().await.single(true);
    engine.carry_out(&queues("1.0.0", 30), scene.now).await.unwrap();
    scene.finish(&mut engine).await;
    begin_anew(&mut scene);
    let engine = scene.meet(true).await;
    assert_eq!((engine.facts().question.clone(), learned(&engine)), (None, vec![release("1.0.0")]));
}

#[tokio::test]
async fn an_operation_that_hangs_holds_the_answer_up_for_an_hour() {
    let mut scene = Scene::new();
    scene.deploy(&web("1.0.0", "shop:1")).await;
    scene.sim.world().queue_fault(Fault::ImageHangs { image: "shop:2".to_owned() });
    let mut engine = scene.engine().await;
    engine.carry_out(&web("1.1.0", "shop:2"), scene.now).await.unwrap();
    let begun = scene.now;
    while scene.status("web") != Some(StackStatus::UpdateInProgress) {
        let next = engine.advance(scene.now).await.unwrap().look_again.unwrap();
        scene.turn(next);
    }
    drop(engine);
    begin_anew(&mut scene);
    for minutes in [1, 30, 59] {
        scene.turn(begun + SignedDuration::from_mins(minutes));
        let open = scene.meet(true).await.facts().question.clone().expect("it waits");
        assert!(open.agreed && open.question.busy.is_some(), "{minutes}: {open:?}");
    }
    scene.turn(begun + SignedDuration::from_mins(62));
    let engine = scene.meet(true).await;
    assert_eq!(scene.status("web"), Some(StackStatus::UpdateInProgress), "it hangs");
    assert_eq!(engine.facts().question, None);
}
