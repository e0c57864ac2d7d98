//! What a plan says while a store asks whose the stacks are, after it learned what runs, and where slots are filled again.

use landfall::model::facts::{LearnedRun, OpenQuestion, RecordedSnapshot};
use landfall::model::journal::Question;
use landfall::model::{CommitId, Decision, Hash, Id};
use landfall::plan::StackChange;
use landfall::view::reasons;

use super::world::{Live, World, place, slot};

fn release(name: &str) -> landfall::model::ReleaseName {
    name.parse().unwrap()
}

/// The store first saw these releases now.
fn seen(live: &mut Live, names: &[&str]) {
    for name in names {
        live.facts.snapshots.push(RecordedSnapshot {
            project: Id::new("storefront").unwrap(),
            release: release(name),
            commit: CommitId("8c1d0f2000000000000000000000000000000000".to_owned()),
            content: Hash::of(name.as_bytes()),
            at: live.now,
            rules: 0,
        });
    }
}

/// The slot is found to run what its stacks' stamps say.
fn learned(live: &mut Live, environment: &str, name: &str) {
    let (slot, now) = (slot(environment), live.now);
    live.facts.runs.iter_mut().filter(|run| run.slot == slot).for_each(|run| run.to = Some(now));
    live.facts.learned.push(LearnedRun { slot, release: release(name), at: now, over: false });
}

fn decision(world: &World, live: &Live, environment: &str) -> Decision {
    let report = world.plan(live).report;
    report.slots.into_iter().find(|row| row.slot == slot(environment)).unwrap().decision
}

#[test]
fn while_the_store_asks_every_slot_is_held_by_that_alone() {
    let mut world = World::new();
    world.release("1.4.0").pin("production", "1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0").pin("production", "none");
    assert!(!world.plan(&live).plan.is_empty());
    let stacks = live.stacks().keys().cloned().collect();
    let question = Question {
        repository: Id::new("acme").unwrap(),
        stores: ["ffffffffffffffff".into()].into(),
        stacks: [(place(), stacks)].into(),
        until: None,
        busy: None,
    };
    live.facts.question = Some(OpenQuestion { question, since: live.now, agreed: false });
    let planned = world.plan(&live);
    assert!(planned.plan.is_empty());
    assert_eq!(planned.report.slots.len(), 3);
    for row in &planned.report.slots {
        let Decision::Held { reasons, runs, .. } = &row.decision else { panic!("{:?}", row.decision) };
        assert_eq!(reasons.iter().map(|hold| reasons::code(&hold.cause)).collect::<Vec<_>>(), ["unadopted"]);
        assert!(reasons::hold(&reasons[0]).contains("`landfall store adopt`"));
        assert_eq!(runs, &Some(release("1.4.0")));
        let stays = |change| matches!(change, StackChange::Current | StackChange::Waits);
        assert!(row.stacks.iter().all(|stack| stays(stack.change)), "{:?}", row.stacks);
    }
    live.facts.question = None;
    assert!(!world.plan(&live).plan.is_empty(), "the answer lets everything go on");
}

#[test]
fn what_a_store_learned_stays_and_is_proved_as_it_is() {
    let mut world = World::new();
    world.release("1.4.0").pin("production", "1.4.0");
    let mut live = world.deployed();
    let backup = live.facts.clone();
    live.wait(60);
    world.release("1.5.0").pin("production", "1.5.0");
    world.settle(&mut live);
    // Back to the facts of 1.4.0, with what AWS shows of 1.5.0, and without a pin that says what runs.
    live.facts = backup;
    world.unpin("production");
    for environment in ["development", "test", "production"] {
        learned(&mut live, environment, "1.5.0");
    }
    let planned = world.plan(&live);
    assert_eq!(planned.plan.begin.len(), 3);
    for begin in &planned.plan.begin {
        assert_eq!(begin.release, release("1.5.0"), "{}", begin.slot);
        assert!(begin.orders.iter().all(|order| order.as_found), "nothing is changed: {:?}", begin.orders);
    }
    world.settle(&mut live);
    assert!(
        matches!(decision(&world, &live, "production"), Decision::UpToDate { release: r, .. } if r == release("1.5.0"))
    );

    // A slot may always go back to what it was found with.
    world.release("1.6.0").pin("production", "1.6.0");
    world.settle(&mut live);
    world.pin("production", "1.5.0");
    assert!(
        matches!(decision(&world, &live, "production"), Decision::Deploy { release: r, .. } if r == release("1.5.0"))
    );
}

#[test]
fn a_pinned_slot_is_filled_again_although_earlier_environments_are_past_its_release() {
    let mut world = World::new();
    world.release("1.4.0").release("1.5.0").pin("production", "1.4.0");
    let mut live = Live::empty();
    seen(&mut live, &["1.4.0", "1.5.0"]);
    live.wait(1);
    assert!(matches!(decision(&world, &live, "production"), Decision::Held { .. }), "nothing ran before it yet");
    world.settle(&mut live);
    assert!(
        matches!(decision(&world, &live, "development"), Decision::UpToDate { release: r, .. } if r == release("1.5.0"))
    );
    assert!(
        matches!(decision(&world, &live, "production"), Decision::UpToDate { release: r, .. } if r == release("1.4.0"))
    );

    // Once it runs something, everything else goes the usual way; also what is landed later.
    world.release("1.4.1").pin("production", "1.4.1");
    seen(&mut live, &["1.4.1"]);
    assert!(matches!(decision(&world, &live, "production"), Decision::Held { .. }));
}

#[test]
fn a_release_that_landed_later_or_failed_does_not_slip_past_an_environment() {
    let mut world = World::new();
    world.release("1.5.0");
    let mut live = Live::empty();
    seen(&mut live, &["1.5.0"]);
    world.settle(&mut live);
    world.release("1.4.0").pin("production", "1.4.0");
    seen(&mut live, &["1.4.0"]);
    assert!(
        matches!(decision(&world, &live, "production"), Decision::Held { .. }),
        "it landed after 1.5.0 was deployed"
    );

    let mut world = World::new();
    world.release("1.4.0");
    let mut live = Live::empty();
    seen(&mut live, &["1.4.0", "1.5.0"]);
    for _ in 0..3 {
        let planned = world.plan(&live);
        live.fail(&planned.plan.begin[0]);
    }
    world.release("1.5.0").pin("production", "1.4.0");
    world.settle(&mut live);
    assert!(matches!(decision(&world, &live, "production"), Decision::Held { .. }), "it failed in development");
}
