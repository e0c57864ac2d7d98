//! Stacks whose cause is gone, and the guard on what is pending.

use landfall::model::Decision;
use landfall::model::catalog::Gate;
use landfall::model::journal::Action;

use super::world::{World, slot};
use super::{Story, golden, plan_in};

#[test]
fn a_dropped_step_is_pruned_after_the_slot_succeeded() {
    let mut world = World::new();
    world.release_with("1.4.0", &["web", "worker"]);
    let mut live = world.deployed();
    world.release_with("1.5.0", &["web"]);
    let planned = world.plan(&live);
    assert!(planned.report.orphans.is_empty(), "not before the slot succeeded");
    live.succeed(&planned.plan.begin[0]);
    let mut story = Story::default();
    story.tell("1.5.0 has no worker", &world.show(&live));
    world.environment("development").prune = true;
    story.tell("prune = true", &world.show(&live));
    let planned = world.plan(&live);
    let prune = planned.plan.begin.iter().find(|begin| begin.slot == slot("development")).unwrap();
    assert!(!prune.removal && matches!(prune.orders[0].action, Action::Delete { unprotect: false, .. }));
    let before = live.facts.running(&slot("development")).unwrap().clone();
    live.succeed(prune);
    assert_eq!(live.facts.running(&slot("development")), Some(&before), "the run goes on");
    assert!(world.plan(&live).report.orphans.is_empty());
    golden!("pruning", story.0);
}

#[test]
fn a_project_that_is_gone_leaves_orphans_and_the_guard_watches() {
    let mut world = World::new();
    world.release_with("1.4.0", &["one", "two", "three", "four", "five", "six"]);
    let live = world.deployed();
    world.catalog.projects.clear();
    let mut story = Story::default();
    story.tell("nothing is pruned unless told", &world.show(&live));
    world.environment("development").prune = true;
    story.tell("six removals are more than five", &world.show(&live));
    assert!(world.plan(&live).plan.is_empty());
    world.catalog.guard.remove.count = 6;
    story.tell("a wider guard", &world.show(&live));
    let planned = world.plan(&live);
    assert_eq!(planned.plan.begin.len(), 1);
    assert!(planned.plan.begin[0].removal);
    let mut failing = live.clone();
    for _ in 0..3 {
        let planned = world.plan(&failing);
        failing.fail(&planned.plan.begin[0]);
    }
    assert!(world.plan(&failing).plan.is_empty(), "a removal is not tried for ever");
    golden!("orphans", story.0);
}

#[test]
fn a_live_change_beyond_the_guard_waits_for_an_allowance() {
    let steps: Vec<String> = (0..12).map(|number| format!("step-{number}")).collect();
    let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
    let mut world = World::new();
    world.release_with("1.4.0", &steps);
    let live = world.deployed();
    world.target("test-eu").network.subnets = vec!["subnet-0b".into()];
    let shown = world.show(&live);
    assert!(world.plan(&live).plan.is_empty(), "{shown}");
    golden!("guard_change", shown);
    let plan = shown.lines().find(|line| line.contains("plan = ")).unwrap().split('"').nth(1).unwrap().to_owned();
    world.allow("test", Gate::Redeploy, &plan);
    let planned = world.plan(&live);
    assert_eq!(planned.plan.begin[0].orders.len(), 12);
    assert_eq!(planned.plan.begin[0].allowed.len(), 1);
}

#[test]
fn protected_stacks_are_removed_only_where_a_file_says_so() {
    let mut world = World::new();
    world.environment("development").protected = true;
    world.environment("development").prune = true;
    world.release_with("1.4.0", &["web", "worker"]);
    let mut live = world.deployed();
    world.release_with("1.5.0", &["web"]);
    world.settle(&mut live);
    let shown = world.show(&live);
    assert!(shown.contains("it is protected"), "{shown}");
    let plan = |shown: &str| shown.split("for plan ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let mut pruned = world.clone();
    pruned.allow("development", Gate::Remove, &plan(&shown));
    let prune = &pruned.plan(&live).plan.begin[0];
    assert!(!prune.removal && prune.orders.len() == 1, "the printed lines delete what they are printed beside");
    world.pin("development", "none");
    let mut story = Story::default();
    story.tell("none where the environment is protected", &world.show(&live));
    assert!(world.plan(&live).plan.is_empty(), "`none` is no key to what is protected");
    let plan = plan_in(&world.show(&live));
    world.allow("development", Gate::Remove, &plan);
    let planned = world.plan(&live);
    let removal = &planned.plan.begin[0];
    assert!(removal.removal && removal.orders.len() == 2 && removal.allowed.len() == 1);
    assert!(removal.orders.iter().all(|order| matches!(order.action, Action::Delete { unprotect: true, .. })));
    golden!("none_protected", story.0);
}

#[test]
fn none_is_a_removal_like_any_other() {
    let mut world = World::new();
    world.release_with("1.4.0", &["one", "two", "three", "four", "five", "six"]).pin("production", "1.4.0");
    let live = world.deployed();
    world.pin("production", "none");
    assert!(world.show(&live).contains("6 removals are pending"), "the guard: {}", world.show(&live));
    assert!(world.plan(&live).plan.is_empty());
    world.environment("production").protected = true;
    world.freeze(|_| {});
    let causes = |world: &World| -> Vec<&'static str> {
        let report = world.plan(&live).report;
        let row = report.slots.iter().find(|row| row.slot == slot("production")).unwrap();
        let Decision::Held { reasons, .. } = &row.decision else { panic!("{:?}", row.decision) };
        reasons.iter().map(|hold| landfall::view::reasons::code(&hold.cause)).collect()
    };
    assert_eq!(causes(&world), ["protected"]);
    let plan = plan_in(&world.show(&live));
    world.allow("production", Gate::Remove, &plan);
    assert_eq!(causes(&world), ["frozen"], "one key opens what is protected and the guard, not the freeze");
    world.allow("production", Gate::Freeze, &plan);
    assert_eq!(world.plan(&live).plan.begin[0].orders.len(), 6);
}

#[test]
fn what_is_protected_counts_for_the_guard() {
    let mut world = World::new();
    world.release_with("1.4.0", &["one", "two", "three", "four"]).pin("production", "1.4.0");
    let live = world.deployed();
    world.environment("production").protected = true;
    world.pin("production", "none").pin("test", "none");
    assert!(world.show(&live).contains("8 removals are pending"), "{}", world.show(&live));
    assert!(world.plan(&live).plan.is_empty(), "a mistake does not get through in portions");
}

#[test]
fn what_somebody_else_deleted_is_told_to_the_facts() {
    let mut world = World::new();
    world.release("1.4.0").pin("production", "1.4.0");
    let mut live = world.deployed();
    world.pin("production", "none");
    live.stacks().remove(&landfall::model::StackName::seen("storefront-web-production-production-eu")).unwrap();
    let planned = world.plan(&live);
    let removal = &planned.plan.begin[0];
    assert!(removal.removal && removal.orders.is_empty());
    live.succeed(removal);
    assert!(live.facts.running(&slot("production")).is_none() && world.plan(&live).plan.is_empty());
}
