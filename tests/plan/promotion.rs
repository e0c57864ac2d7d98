//! A release moves through its environments, and comes back.

use super::world::{Live, World, slot};
use super::{Story, golden};

#[test]
fn a_release_goes_from_environment_to_environment() {
    let mut world = World::new();
    let mut live = Live::empty();
    let mut story = Story::default();
    story.tell("no release yet", &world.show(&live));
    world.release("1.4.0");
    story.tell("1.4.0 lands", &world.show(&live));
    let step = |world: &World, live: &mut Live, minutes| {
        world.plan(live).plan.begin.iter().for_each(|begin| live.succeed(begin));
        live.wait(minutes);
    };
    step(&world, &mut live, 1);
    story.tell("development runs it", &world.show(&live));
    step(&world, &mut live, 18);
    story.tell("test has run it for 18 minutes", &world.show(&live));
    live.wait(12);
    story.tell("test has run it for 30 minutes", &world.show(&live));
    world.pin("production", "1.4.0");
    story.tell("production is pinned", &world.show(&live));
    step(&world, &mut live, 1);
    story.tell("production runs it", &world.show(&live));
    golden!("a_release_goes_from_environment_to_environment", story.0);
}

#[test]
fn planning_right_after_a_deployment_is_empty_and_always_the_same() {
    let mut world = World::new();
    world.release("1.4.0").pin("production", "1.4.0");
    let live = world.deployed();
    let first = world.plan(&live);
    assert!(first.plan.is_empty(), "{}", world.show(&live));
    world.release("1.5.0");
    let first = world.plan(&live);
    let text = format!("{first:?}{}", world.show(&live));
    for _ in 0..10 {
        let again = world.plan(&live);
        assert_eq!(format!("{again:?}{}", world.show(&live)), text);
    }
}

#[test]
fn a_pin_waits_for_its_gates_or_is_refused() {
    let mut world = World::new();
    world.release("1.3.2").pin("production", "1.3.2");
    let mut live = world.deployed();
    let mut story = Story::default();
    world.release("1.4.0").pin("production", "1.4.0");
    story.tell("1.4.0 is pinned at once", &world.show(&live));
    world.pin_refuses("production");
    story.tell("with wait = false", &world.show(&live));
    world.settle(&mut live);
    story.tell("after everything settled", &world.show(&live));
    golden!("a_pin_waits_for_its_gates_or_is_refused", story.0);
}

#[test]
fn reverting_a_pin_goes_back_and_reverting_the_first_one_removes_nothing() {
    let mut world = World::new();
    world.release("1.3.2").pin("production", "1.3.2");
    let mut live = world.deployed();
    world.release("1.4.0").pin("production", "1.4.0");
    world.settle(&mut live);
    let mut story = Story::default();
    world.pin("production", "1.3.2");
    story.tell("the pin of 1.4.0 is reverted", &world.show(&live));
    world.settle(&mut live);
    world.unpin("production");
    story.tell("the first pin is reverted too", &world.show(&live));
    assert!(world.plan(&live).plan.is_empty());
    world.pin("production", "none");
    story.tell("release = \"none\"", &world.show(&live));
    world.settle(&mut live);
    story.tell("and it is removed", &world.show(&live));
    world.unpin("production");
    story.tell("the line is taken away", &world.show(&live));
    golden!("reverting_a_pin", story.0);
}

#[test]
fn deleting_a_bad_release_rolls_automatic_environments_back() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    world.settle(&mut live);
    let mut story = Story::default();
    world.project().releases.remove("1.5.0");
    story.tell("the file of 1.5.0 is deleted", &world.show(&live));
    world.project().releases.clear();
    story.tell("every file is deleted", &world.show(&live));
    golden!("deleting_a_bad_release", story.0);
}

#[test]
fn an_older_release_never_goes_automatically_where_a_newer_one_runs() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.3.9");
    assert!(world.plan(&live).plan.is_empty(), "{}", world.show(&live));
    world.change_release("1.4.0", |release| release.blocked = Some("found a leak".into()));
    assert!(world.plan(&live).plan.is_empty(), "blocked stops only what is new: {}", world.show(&live));
    world.release("1.4.1");
    world.settle(&mut live);
    assert_eq!(live.facts.running(&slot("test")).unwrap().release.as_str(), "1.4.1");
}

#[test]
fn a_release_with_equal_content_is_recorded_without_touching_stacks() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.4.1");
    let images = world.project().releases["1.4.0"].images.clone();
    world.change_release("1.4.1", |release| release.images = images);
    let planned = world.plan(&live);
    let begin = &planned.plan.begin[0];
    // Only the description differs, if the step puts nothing of the release's name into the template.
    assert!(begin.orders.is_empty(), "{:?}", begin.orders);
    world.settle(&mut live);
    assert_eq!(live.facts.running(&slot("test")).unwrap().release.as_str(), "1.4.1");
}

#[test]
fn stacks_that_nobody_has_proved_are_proved() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    live.facts = Default::default();
    let planned = world.plan(&live);
    let begin = planned.plan.begin.iter().find(|begin| begin.slot == slot("development")).unwrap();
    assert_eq!(begin.orders.len(), 1, "the journal is lost: a change set without changes leads to the proof");
    let test = planned.plan.begin.iter().find(|begin| begin.slot == slot("test")).unwrap();
    assert_eq!(test.release.as_str(), "1.4.0", "what its stamp says is what it runs");
}
