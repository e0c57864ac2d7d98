//! What the comparison expects, held against what another table announces: the simulated account has its own, from the
//! public schemas, and makes change sets by its own rules.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use landfall::cfn::Document;
use landfall::compare::changes;
use landfall::model::journal::Effect;
use landfall::model::{Place, StackStatus};
use landfall::sim::SimConfig;
use landfall::sim::world::{ChangeSetInput, Imports, StackInput, StackOptions};
use landfall::template::{Rendered, body};

use super::comparison::given;
use super::golden;
use super::world::{World, container, text};

type Change = fn(&mut World);

const CHANGES: &[(&str, Change)] = &[
    ("nothing", |_| {}),
    ("memory", |world| world.service().task.memory = Some(1024.into())),
    ("desired count", |world| world.service().desired_count = Some(3.into())),
    ("log retention", |world| world.service().task.log_retention_days = Some(7.into())),
    ("cluster", |world| world.target.cluster = "other".into()),
    ("image", |world| world.release.images.values_mut().for_each(|pin| pin.digest = None)),
    ("repository", |world| {
        let other = text("111111111111.dkr.ecr.eu-west-1.amazonaws.com/other");
        world.what.images.values_mut().for_each(|image| image.repository = other.clone());
    }),
    ("another container", |world| {
        let mut side = container("side", "web");
        side.port = None;
        world.service().task.container.push(side.into());
    }),
    ("own role", |world| world.service().task.execution_role = Some(text("arn:aws:iam::222222222222:role/x").into())),
    ("execute command", |world| world.service().task.execute_command = true.into()),
    ("tags", |world| drop(world.service().task.tags.insert("a".into(), text("b")))),
    ("everything", |world| *world = golden::everything()),
];

fn changed(change: Change) -> World {
    let mut world = World::new();
    change(&mut world);
    world
}

fn input(rendered: &Rendered, token: &str) -> StackInput {
    StackInput {
        name: rendered.stack.to_string(),
        template: Some(body(&rendered.content)),
        parameters: BTreeMap::new(),
        tags: Some(rendered.content.tags.clone()),
        capabilities: rendered.content.capabilities.iter().map(ToString::to_string).collect(),
        role: None,
        notifications: None,
        monitoring: None,
        token: Some(token.to_owned()),
        skips_validation: false,
    }
}

fn settle(account: &mut landfall::sim::World) {
    account.settle(account.now() + SignedDuration::from_hours(24));
}

/// The changes that an account announces between two stacks, by logical id.
fn announced(place: &Place, from: &Rendered, to: &Rendered) -> BTreeMap<String, Effect> {
    let mut account = landfall::sim::World::new(SimConfig::default());
    let stack = from.stack.to_string();
    account.create_stack(place, &input(from, "create"), &StackOptions::default()).unwrap();
    settle(&mut account);
    assert_eq!(account.describe_stack(place, &stack).unwrap().status, StackStatus::CreateComplete);
    let set = ChangeSetInput {
        name: "next".to_owned(),
        kind: "UPDATE".to_owned(),
        stack: input(to, "update"),
        description: None,
        on_failure: None,
        reverts: false,
        nested: false,
        imports: Imports::default(),
    };
    account.create_change_set(place, &set).unwrap();
    settle(&mut account);
    let (_, set) = account.describe_change_set(place, Some(&stack), "next").unwrap();
    let effect = |action: &str, replacement: Option<&str>| match (action, replacement) {
        ("Add", _) => Effect::Add,
        ("Remove", _) => Effect::Remove,
        ("Modify", Some("True")) => Effect::Replace,
        ("Modify", Some("Conditional")) => Effect::MayReplace,
        ("Modify", _) => Effect::Modify,
        (other, _) => panic!("no action `{other}` is known here"),
    };
    set.changes.iter().map(|row| (row.logical.clone(), effect(row.action, row.replacement))).collect()
}

#[test]
fn nothing_is_announced_that_was_not_expected() {
    for (from_name, from) in CHANGES {
        for (to_name, to) in CHANGES {
            let (from, to) = (changed(*from), changed(*to));
            let place = &from.target.place;
            let (from, to) = (from.render().unwrap(), to.render().unwrap());
            let announced = announced(place, &from, &to);
            let document = |rendered: &Rendered| Document::parse(&rendered.content.template).unwrap();
            let expected: BTreeMap<String, Effect> = changes(Some(given(&document(&from))), given(&document(&to)))
                .into_iter()
                .map(|change| (change.resource.to_string(), change.effect))
                .collect();
            let case = format!("from {from_name} to {to_name}: announced {announced:?}, expected {expected:?}");
            let covered = |(id, effect): (&String, &Effect)| expected.get(id).is_some_and(|most| effect <= most);
            assert!(announced.iter().all(covered), "{case}");
            // What is certain is announced as it is.
            let certain = |effect: &Effect| matches!(effect, Effect::Add | Effect::Remove | Effect::Replace);
            let missing = expected.iter().filter(|(_, effect)| certain(effect));
            assert!(missing.into_iter().all(|(id, effect)| announced.get(id) == Some(effect)), "{case}");
        }
    }
}
