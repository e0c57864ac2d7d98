//! The order of steps, from a release to the orders of its deployment and what people see of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use landfall::model::StepName;
use landfall::model::process::Follows;
use landfall::plan::Planned;
use landfall::view;

use super::world::{Live, World, what};
use super::{Story, golden};

fn these(names: &[&str]) -> Follows {
    Follows::These(names.iter().map(|name| name.parse::<StepName>().unwrap()).collect())
}

/// A world with one release that has these steps.
fn world(steps: &[(&str, Follows)]) -> World {
    let names: Vec<&str> = steps.iter().map(|(name, _)| *name).collect();
    let mut what = what(&names);
    for (step, (_, follows)) in Arc::make_mut(&mut what).steps.iter_mut().zip(steps) {
        Arc::make_mut(step).follows = follows.clone();
    }
    let mut world = World::new();
    world.release_of("storefront", "1.4.0", what);
    world
}

fn orders(planned: &Planned) -> Vec<(&str, usize, Option<BTreeSet<usize>>)> {
    let orders = planned.plan.begin[0].orders.iter();
    orders.map(|order| (order.stack.as_str(), order.step, order.after.clone())).collect()
}

#[test]
fn steps_without_a_word_run_one_after_the_other_as_always() {
    let planned = world(&[("network", Follows::All), ("web", Follows::All)]).plan(&Live::empty());
    let expected = [
        ("storefront-network-development-development-eu", 0, None),
        ("storefront-web-development-development-eu", 1, None),
    ];
    assert_eq!(orders(&planned), expected);
}

#[test]
fn the_orders_say_what_they_wait_for() {
    let world = world(&[
        ("web", these(&["network", "database"])),
        ("network", Follows::All),
        ("database", Follows::Beside),
        ("metrics", these(&[])),
        ("report", Follows::All),
    ]);
    let planned = world.plan(&Live::empty());
    let after = |steps: &[usize]| Some(steps.iter().copied().collect());
    let expected = [
        ("storefront-network-development-development-eu", 0, None),
        ("storefront-database-development-development-eu", 1, after(&[])),
        ("storefront-web-development-development-eu", 2, None),
        ("storefront-metrics-development-development-eu", 3, after(&[])),
        ("storefront-report-development-development-eu", 4, None),
    ];
    assert_eq!(orders(&planned), expected);
    let mut story = Story::default();
    story.tell("first", &world.show(&Live::empty()));
    let json = view::plan::json(&planned.report);
    story.tell("json", &serde_json::to_string_pretty(&json["slots"][0]["stacks"]).unwrap());
    golden!("order", story.0);
}

#[test]
fn a_snapshot_whose_steps_wait_for_each_other_is_held() {
    let world = world(&[("web", these(&["network"])), ("network", these(&["web"]))]);
    let shown = world.show(&Live::empty());
    assert!(shown.contains("steps wait for each other: web → network → web"), "{shown}");
}

#[test]
fn stacks_are_removed_in_reverse_order() {
    let mut world = world(&[("web", these(&["network"])), ("network", Follows::All)]);
    let live = world.deployed();
    world.pin("development", "none");
    let planned = world.plan(&live);
    let names: Vec<&str> = planned.plan.begin[0].orders.iter().map(|order| order.stack.as_str()).collect();
    let expected = ["storefront-web-development-development-eu", "storefront-network-development-development-eu"];
    assert_eq!(names, expected);
}

#[test]
fn a_step_has_stacks_only_where_its_conditions_fit_and_what_was_there_is_pruned() {
    let mut world = World::new();
    let everywhere = what(&["web", "worker"]);
    world.release_of("storefront", "1.4.0", everywhere);
    let mut live = world.deployed();
    assert!(live.stacks().keys().any(|name| name.as_str() == "storefront-worker-test-test-eu"));
    let mut limited = what(&["web", "worker", "probe"]);
    let steps = &mut Arc::make_mut(&mut limited).steps;
    Arc::make_mut(&mut steps[1]).only.environments = ["development".parse().unwrap()].into();
    Arc::make_mut(&mut steps[2]).only.channels = ["hotfix".parse().unwrap()].into();
    world.release_of("storefront", "1.5.0", limited);
    world.environment("test").prune = true;
    world.settle(&mut live);
    let names: Vec<&str> = live.stacks().keys().map(|name| name.as_str()).collect();
    let expected = [
        "storefront-web-development-development-eu",
        "storefront-web-test-test-eu",
        "storefront-worker-development-development-eu",
    ];
    assert_eq!(names, expected);
}

#[test]
fn a_slot_in_which_no_step_has_a_stack_says_so() {
    let mut none = what(&["web"]);
    Arc::make_mut(&mut Arc::make_mut(&mut none).steps[0]).only.environments = ["test".parse().unwrap()].into();
    let mut world = World::new();
    world.release_of("storefront", "1.4.0", none);
    let shown = world.show(&Live::empty());
    assert!(shown.contains("no step has a stack in development: no target offers its role, or its conditions say no"));
}
