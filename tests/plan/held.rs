//! What holds a slot, and what releases it.

use std::sync::Arc;

use landfall::model::catalog::{Gate, Progress, Queue, SnapshotFault, Subject};
use landfall::model::facts::Unlocked;
use landfall::model::journal::{Cause, DeploymentId};
use landfall::model::{Decision, Hash, StackName, StackStatus};

use super::world::{Live, World, place, slot};
use super::{Story, golden, plan_in};

#[test]
fn the_same_content_is_another_plan_once_it_used_an_allowance() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    let before = world.plan(&live).plan.begin.remove(0);
    let last = Unlocked { slot: before.slot.clone(), content: before.content, deployment: DeploymentId(7) };
    live.facts.unlocked.push(last.clone());
    let after = world.plan(&live).plan.begin.remove(0);
    assert_ne!(before.plan, after.plan);
    live.facts.unlocked[0].deployment = DeploymentId(8);
    assert_ne!(after.plan, world.plan(&live).plan.begin[0].plan);
    live.facts.unlocked[0] = Unlocked { content: Hash::of(b"other"), ..last };
    assert_eq!(before.plan, world.plan(&live).plan.begin[0].plan, "what another content used is nothing to it");
}

#[test]
fn attempts_are_bounded_and_an_allowance_opens_them_once() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    for attempt in 1..=3 {
        let planned = world.plan(&live);
        let begin = &planned.plan.begin[0];
        assert_eq!((begin.attempt, begin.release.as_str()), (attempt, "1.5.0"));
        live.fail(begin);
        live.wait(1);
    }
    let mut story = Story::default();
    story.tell("1.5.0 failed three times", &world.show(&live));
    let plan = plan_in(&world.show(&live));
    world.allow("development", Gate::Retry, "00000000");
    assert!(world.plan(&live).plan.is_empty(), "an allowance for another plan opens nothing");
    world.allow("development", Gate::Retry, &plan);
    story.tell("an allowance lands", &world.show(&live));
    let mut late = live.clone();
    late.wait(60 * 24 * 30);
    assert!(world.plan(&late).plan.is_empty(), "an allowance ends with its day");
    let planned = world.plan(&live);
    live.fail(&planned.plan.begin[0]);
    for _ in 0..2 {
        let planned = world.plan(&live);
        live.fail(&planned.plan.begin[0]);
    }
    story.tell("it fails again: the allowance is used up", &world.show(&live));
    world.release("1.5.1");
    world.settle(&mut live);
    story.tell("the fix lands", &world.show(&live));
    golden!("attempts", story.0);
}

#[test]
fn a_broken_file_holds_what_depends_on_it_as_deployed() {
    let mut story = Story::default();
    let cases: [(&str, Subject, &str); 6] = [
        ("the repository", Subject::Repository, "landfall.toml"),
        ("an environment", Subject::Environment("test".parse().unwrap()), "environments/test.toml"),
        ("a target", Subject::Target("test-eu".parse().unwrap()), "targets/test-eu.toml"),
        ("a lifecycle", Subject::Lifecycle("standard".parse().unwrap()), "lifecycles/standard.toml"),
        ("a project", Subject::Project("storefront".parse().unwrap()), "projects/storefront/project.toml"),
        (
            "a deploy file",
            Subject::Deploy("storefront".parse().unwrap(), "production".parse().unwrap()),
            "projects/storefront/deploy/production.toml",
        ),
    ];
    for (title, subject, file) in cases {
        let mut world = World::new();
        world.release("1.4.0").pin("production", "1.4.0");
        world.environment("test").prune = true;
        let live = world.deployed();
        world.release("1.5.0");
        // What is broken is not in the catalog.
        match &subject {
            Subject::Environment(name) => drop(world.catalog.environments.remove(name)),
            Subject::Target(name) => drop(world.catalog.targets.remove(name)),
            Subject::Project(name) => drop(world.catalog.projects.remove(name)),
            Subject::Deploy(_, name) => drop(world.project().deploy.remove(name)),
            _ => {}
        }
        world.broken(subject, file);
        let planned = world.plan(&live);
        for begin in &planned.plan.begin {
            assert_eq!(begin.slot, slot("development"), "{title}: only what does not depend on it goes on");
        }
        assert!(planned.report.orphans.iter().all(|orphan| !orphan.removed), "{title}: nothing is removed");
        story.tell(title, &world.show(&live));
    }
    golden!("broken", story.0);
}

#[test]
fn stacks_that_are_not_ours_or_not_well_are_left_alone() {
    let mut world = World::new();
    world.release("1.4.0");
    let calm = world.deployed();
    world.release("1.5.0");
    let name = "storefront-web-development-development-eu";
    let mut story = Story::default();
    for status in StackStatus::ALL {
        let mut live = calm.clone();
        live.stack(name).status = status;
        let shown = world.show(&live);
        let begins = !world.plan(&live).plan.begin.is_empty();
        let row = shown.lines().next().unwrap().split_once("development").unwrap().1.trim();
        story.tell(&format!("{status} {}", if begins { "begins" } else { "is held" }), row);
    }
    let mut live = calm.clone();
    live.stack(name).tags.clear();
    story.tell("without our tags", &world.show(&live));
    live.stack(name).tags.extend([("landfall:repository".to_owned(), "another".to_owned())]);
    assert!(world.plan(&live).plan.is_empty());
    let mut live = calm.clone();
    live.blind();
    story.tell("the place cannot be seen", &world.show(&live));
    assert!(world.plan(&live).plan.is_empty());
    golden!("stack_states", story.0);
}

#[test]
fn a_state_with_a_gate_begins_with_its_allowance() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    live.stack("storefront-web-development-development-eu").status = StackStatus::UpdateRollbackFailed;
    let mut story = Story::default();
    story.tell("the rollback failed", &world.show(&live));
    let plan = plan_in(&world.show(&live));
    world.allow("development", Gate::Continue, &plan);
    let planned = world.plan(&live);
    assert_eq!(planned.plan.begin.len(), 1, "the engine stops at the gate and goes through");
    assert!(planned.plan.begin[0].allowed.is_empty(), "it is used up there, not before");
    let deployment = live.start(&planned.plan.begin[0]);
    live.facts.in_flight[0].stopped = Some(Cause {
        code: Arc::from("update-rollback-failed"),
        sentence: "the rollback of stack storefront-web-development-development-eu failed".to_owned(),
        stack: Some(StackName::seen("storefront-web-development-development-eu")),
        gate: Some(Gate::Continue),
        foreseen: Vec::new(),
    });
    let planned = world.plan(&live);
    assert_eq!(planned.plan.open.len(), 1);
    assert_eq!((planned.plan.open[0].deployment, planned.plan.open[0].gate), (deployment, Gate::Continue));
    story.tell("with the allowance it goes on", &world.show(&live));
    world.project().deploy.clear();
    story.tell("without it, it waits", &world.show(&live));
    golden!("gate", story.0);
}

#[test]
fn a_newer_commit_supersedes_or_waits_as_the_environment_says() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = Live::empty();
    let planned = world.plan(&live);
    let deployment = live.start(&planned.plan.begin[0]);
    let mut story = Story::default();
    story.tell("1.4.0 is on its way", &world.show(&live));
    assert!(world.plan(&live).plan.is_empty());
    world.release("1.5.0");
    story.tell("1.5.0 lands, queue = latest", &world.show(&live));
    let planned = world.plan(&live);
    assert_eq!((planned.plan.supersede.len(), planned.plan.begin.len()), (1, 0));
    assert_eq!(planned.plan.supersede[0].deployment, deployment);
    world.environment("development").queue = Queue::All;
    story.tell("queue = all", &world.show(&live));
    assert!(world.plan(&live).plan.is_empty());
    live.facts.in_flight.clear();
    assert_eq!(world.plan(&live).plan.begin[0].release.as_str(), "1.5.0", "once the other has ended");
    golden!("superseding", story.0);
}

#[test]
fn snapshots_and_pins_that_cannot_be_had() {
    let mut world = World::new();
    world.release("1.4.0");
    let live = world.deployed();
    world.release("1.5.0").pin("production", "1.6.0");
    let differs = SnapshotFault::Differs { expected: Hash::of(b"a"), found: Hash::of(b"b") };
    world.change_release("1.5.0", |release| release.snapshot = Err(differs));
    let mut story = Story::default();
    story.tell("a snapshot that differs and a pin to nothing", &world.show(&live));
    assert!(world.plan(&live).plan.is_empty());
    let mut world = World::new();
    world.release("1.4.0");
    world.target("test-eu").roles.clear();
    story.tell("an environment in which no target offers the role", &world.show(&live));
    golden!("snapshots_and_pins", story.0);
}

#[test]
fn minimum_and_optional_phases_let_through_what_they_say() {
    let mut world = World::new();
    world.add_environment("qa", 1);
    world.add_target("qa-eu", "qa");
    world.phases(|phases| phases[1].automatic.push("qa".parse().unwrap()));
    world.release("1.4.0").pin("production", "1.4.0");
    let mut live = Live::empty();
    let development = world.plan(&live).plan.begin.remove(0);
    live.succeed(&development);
    let test = world.plan(&live).plan.begin.into_iter().find(|begin| begin.slot == slot("test")).unwrap();
    live.succeed(&test);
    live.wait(10);
    let mut story = Story::default();
    story.tell("all of test and qa", &world.show(&live));
    world.phases(|phases| phases[1].progress = Progress::Minimum(1));
    story.tell("one of test and qa", &world.show(&live));
    world.phases(|phases| phases[1].progress = Progress::Optional);
    story.tell("an optional phase", &world.show(&live));
    golden!("progress", story.0);
    assert_eq!(place(), place());
}

#[test]
fn a_stopped_deployment_is_not_forgotten_when_nothing_is_wanted_any_more() {
    let mut world = World::new();
    world.release("1.4.0").pin("production", "1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    world.settle(&mut live);
    world.pin("production", "1.5.0");
    let planned = world.plan(&live);
    live.start(&planned.plan.begin[0]);
    world.unpin("production");
    let planned = world.plan(&live);
    assert_eq!(planned.plan.supersede[0].by.as_ref().unwrap().as_str(), "1.4.0", "it goes back to what it ran");
    assert!(matches!(planned.report.slots[2].decision, Decision::Held { .. }));
    assert_eq!(planned.plan.supersede[0].deployment, DeploymentId(live.facts.in_flight[0].deployment.0));
}

#[test]
fn a_broken_environment_or_project_keeps_its_rows_before_anything_ran() {
    let nothing = Live::empty();
    let held = |world: &World, environment: &str| {
        let rows = world.plan(&nothing).report.slots;
        let row = rows.iter().find(|row| row.environment.as_str() == environment).unwrap();
        assert!(matches!(row.decision, Decision::Held { wanted: None, runs: None, .. }), "{:?}", row.decision);
    };
    let mut world = World::new();
    world.release("1.4.0");
    world.catalog.environments.remove("test");
    world.broken(Subject::Environment("test".parse().unwrap()), "environments/test.toml");
    held(&world, "test");
    let mut world = World::new();
    world.catalog.projects.remove("storefront");
    world.broken(Subject::Project("storefront".parse().unwrap()), "projects/storefront/project.toml");
    for environment in ["development", "test", "production"] {
        held(&world, environment);
    }
}
