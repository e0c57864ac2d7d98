//! Conditions of steps: where one has stacks, and where that cannot be known because names are gone.

use std::collections::BTreeMap;

use landfall::model::Tag;
use landfall::template::{applies, key};

use super::world::World;
use crate::support::steps::{process, read};

fn with(change: impl FnOnce(&mut World)) -> World {
    let mut world = World::new();
    change(&mut world);
    world
}

fn has_stack(world: &World) -> bool {
    applies(&world.context())
}

#[test]
fn the_conditions_combine_and_the_names_of_each_are_alternatives() {
    assert!(has_stack(&World::new()));
    let mut world = with(|world| world.step.only.environments = ["test".parse().unwrap()].into());
    assert!(!has_stack(&world));
    world.step.only.environments.insert("production".parse().unwrap());
    assert!(has_stack(&world));
    world.step.only.channels = ["hotfix".parse().unwrap()].into();
    assert!(!has_stack(&world));
    world.release.channel = "hotfix".parse().unwrap();
    assert!(has_stack(&world) && world.render().is_ok());
}

/// The stacks of a process, in the slots of its release, and what each contains.
fn stacks(process: &str) -> BTreeMap<String, Vec<String>> {
    let read = read(process);
    assert_eq!(read.problems, "", "{process}");
    let mut all = BTreeMap::new();
    for step in read.steps() {
        for rendered in read.render_all(step) {
            let template: serde_json::Value = serde_json::from_str(&rendered.content.template).unwrap();
            let ids: Vec<String> = template["Resources"].as_object().unwrap().keys().cloned().collect();
            // Releases of both channels are rendered.
            let before = all.insert(rendered.stack.to_string(), ids.clone());
            assert!(before.is_none_or(|before| before == ids), "two steps make one stack");
        }
    }
    all
}

/// Splitting a step by environment, or joining it again, makes no other stacks.
#[test]
fn steps_of_one_name_are_one_stack_with_another_structure_elsewhere() {
    let step = |environment: &str, more: &str| {
        format!(
            "environments = [{environment}]\ncpu = 256\nmemory = 512\n{more}\n[[step.container]]\nname = \"app\"\nimage = \"web\"\n"
        )
    };
    let scaled = "[step.scaling]\nmin_capacity = 2\nmax_capacity = 9\n";
    let second = "[[step]]\nname = \"web\"\nkind = \"ecs-service\"\nrole = \"web\"\n";
    let joined = stacks(&process(&step("", "")));
    let split = stacks(&process(&format!("{}{second}{}", step("\"staging\"", ""), step("\"production\"", scaled))));
    assert_eq!(joined.keys().collect::<Vec<_>>(), split.keys().collect::<Vec<_>>());
    let (in_staging, in_production): (Vec<_>, Vec<_>) = split.iter().partition(|(stack, _)| stack.contains("staging"));
    assert!(in_staging.len() > 1 && in_staging.iter().all(|(stack, ids)| joined[*stack] == **ids));
    assert!(in_production.len() > 1);
    assert!(in_production.iter().all(|(_, ids)| ids.contains(&"ScalableTarget".to_owned())), "{in_production:?}");
}

#[test]
fn a_step_for_tenants_has_none_without_one() {
    let limited = |tags: &[&str]| {
        let mut world = World::new().tenant(tags);
        world.step.only.tenants.names = ["other".parse().unwrap()].into();
        world.step.only.tenants.tags.0 = [Tag::parse("ring/early").unwrap()].into();
        world
    };
    assert!(has_stack(&limited(&["ring/early"])), "by its tag");
    let mut world = limited(&[]);
    assert!(!has_stack(&world));
    world.step.only.tenants.names.insert("acme".parse().unwrap());
    assert!(has_stack(&world), "by its name");
    world.tenant = None;
    assert!(!has_stack(&world), "without a tenant");
}

#[test]
fn a_name_that_is_gone_holds_what_may_be_its_new_name() {
    let mut world = with(|world| world.step.only.environments = ["live".parse().unwrap()].into());
    assert!(!has_stack(&world), "production was there when the snapshot was made: it is not what was meant");
    let then = std::sync::Arc::make_mut(&mut world.snapshot().names);
    then.environments = ["test".parse().unwrap(), "live".parse().unwrap()].into();
    assert!(has_stack(&world), "it may be, and rendering says why nobody knows");
    insta::assert_snapshot!(world.problems(), @"scope-gone: step `web` in the snapshot of release `1.4.0` is limited to other names, and environment `live` no longer exists: landfall cannot tell whether it is meant for environment production (run `landfall release refresh storefront 1.4.0` to take today's steps, or restore environment `live`)");
    let unclear = key(&world.context());
    world.names.environments.insert("live".parse().unwrap());
    assert!(!has_stack(&world), "the name is there again");
    assert_ne!(key(&world.context()), unclear, "a cached render knows the difference");
}
