//! What drift does to a plan: it is told, and put right where the environment says so and nothing speaks against it.

use std::sync::Arc;

use landfall::model::catalog::Gate;
use landfall::model::drift::{DriftMode, DriftPath, DriftSource, Drifted, ServiceLeft, ServiceSettings, StackDrift};
use landfall::model::facts::StackPut;
use landfall::model::journal::{Action, Content};
use landfall::model::{Decision, StackName};
use landfall::plan::doctor::diagnose;
use landfall::plan::{PutRight, SlotRow, StackChange, template_drift, without_secrets};
use landfall::view::{self, Style};
use serde_json::json;

use super::world::{Live, World, place, slot};

const STACK: &str = "shop-web-development-development";

fn drifted(path: &str) -> Drifted {
    Drifted {
        resource: "Service".into(),
        kind: "AWS::ECS::Service".into(),
        path: path.to_owned(),
        was: Some("2".to_owned()),
        is: Some("5".to_owned()),
    }
}

/// A repository whose development runs release 1.0.0, and whose service was changed a minute ago.
fn changed(mode: DriftMode, path: &str) -> (World, Live) {
    let mut world = World::new();
    world.release("1.0.0");
    let mut live = world.deployed();
    world.environment("development").drift.mode = mode;
    let stacks = live.stacks().iter();
    let (stack, seen) = stacks.clone().find(|(name, _)| name.as_str().contains("development")).unwrap();
    let (stack, seen) = (stack.clone(), seen.clone());
    let settings = [("DesiredCount", json!(2)), ("ServiceConnectConfiguration", json!({ "Namespace": "shop" }))];
    let settings = settings.map(|(name, value)| (name.to_owned(), value)).into();
    let services = [("arn:service".into(), ServiceLeft { resource: "Service".into(), settings })].into();
    let (content, changed) = (seen.stamp().unwrap().content, seen.changed());
    live.facts.puts.push(StackPut { place: place(), stack: stack.clone(), content, changed, opened: None, services });
    live.facts.drift.push(StackDrift {
        place: place(),
        stack,
        source: DriftSource::Services,
        noted: live.now,
        version: "0.1.0".into(),
        by: None,
        checked: None,
        stale: false,
        items: vec![(drifted(path), live.now)],
    });
    live.wait(1);
    (world, live)
}

fn row(world: &World, live: &Live) -> SlotRow {
    let report = world.plan(live).report;
    report.slots.into_iter().find(|row| row.slot == slot("development")).unwrap()
}

fn rights(row: &SlotRow) -> Vec<PutRight> {
    row.drift.iter().flat_map(|drift| &drift.rows).map(|row| row.right).collect()
}

fn repairs(world: &World, live: &Live) -> Vec<StackName> {
    let plan = world.plan(live).plan;
    let orders = plan.begin.iter().flat_map(|begin| &begin.orders);
    orders.filter(|order| order.repair).map(|order| order.stack.clone()).collect()
}

#[test]
fn drift_is_told_and_nothing_is_done() {
    let (world, live) = changed(DriftMode::Report, "DesiredCount");
    let row = row(&world, &live);
    assert_eq!(rights(&row), [PutRight::Reported]);
    assert!(matches!(row.decision, Decision::UpToDate { .. }));
    assert!(world.plan(&live).plan.is_empty());
    let told = world.show(&live);
    assert!(told.contains("was changed, seen 1 min ago; only reported"), "{told}");
    assert!(told.contains("Service/DesiredCount was 2, is 5"), "{told}");
}

#[test]
fn drift_is_put_right_by_the_same_release() {
    let (world, live) = changed(DriftMode::Repair, "DesiredCount");
    assert_eq!(repairs(&world, &live).len(), 1);
    let row = row(&world, &live);
    assert_eq!(rights(&row), [PutRight::Now]);
    assert!(row.stacks.iter().any(|stack| stack.change == StackChange::Repair));
    let Decision::Deploy { release, from, .. } = &row.decision else { panic!("{:?}", row.decision) };
    assert_eq!(Some(release), from.as_ref());
}

#[test]
fn nothing_is_put_right_at_first_sight_or_after_a_deployment() {
    let (world, mut live) = changed(DriftMode::Repair, "DesiredCount");
    live.facts.drift[0].noted = live.now;
    assert_eq!(rights(&row(&world, &live)), [PutRight::NextLook]);
    assert!(repairs(&world, &live).is_empty());
    let (world, mut live) = changed(DriftMode::Repair, "DesiredCount");
    live.facts.drift[0].stale = true;
    assert_eq!(rights(&row(&world, &live)), [PutRight::NextLook]);
    assert!(repairs(&world, &live).is_empty());
}

#[test]
fn a_protected_environment_asks_for_an_allowance_that_counts_once() {
    let (mut world, live) = changed(DriftMode::Repair, "DesiredCount");
    world.environment("development").protected = true;
    let shown = row(&world, &live);
    assert_eq!(rights(&shown), [PutRight::NeedsAllowance]);
    assert!(repairs(&world, &live).is_empty());
    let key = shown.drift.unwrap().key.unwrap();
    world.allow("development", Gate::Redeploy, &key.plan);
    assert_eq!(repairs(&world, &live).len(), 1);
    let plan = world.plan(&live).plan;
    assert_eq!(plan.begin[0].allowed.len(), 1, "the allowance is used up");
}

#[test]
fn what_is_ignored_is_neither_told_nor_put_right() {
    let paths = ["AWS::ECS::Service/DesiredCount", "Service/DesiredCount", "Service", "AWS::ECS::Service"];
    for path in paths {
        let (mut world, live) = changed(DriftMode::Repair, "DesiredCount");
        world.environment("development").drift.ignore = vec![DriftPath::parse(path).unwrap()];
        assert_eq!(row(&world, &live).drift, None, "{path}");
        assert!(repairs(&world, &live).is_empty(), "{path}");
    }
    let (mut world, live) = changed(DriftMode::Repair, "DesiredCount");
    world.environment("development").drift.ignore = vec![DriftPath::parse("Service/Desired").unwrap()];
    assert_eq!(repairs(&world, &live).len(), 1, "a path is whole names");
    let (world, live) = changed(DriftMode::Ignore, "DesiredCount");
    assert_eq!(row(&world, &live).drift, None);
}

#[test]
fn what_cloudformation_cannot_see_is_put_back_as_landfall_left_it() {
    let (mut world, live) = changed(DriftMode::Repair, "ServiceConnectConfiguration/Namespace");
    assert_eq!(rights(&row(&world, &live)), [PutRight::Now]);
    let restored = |world: &World| {
        let plan = world.plan(&live).plan;
        plan.begin.into_iter().flat_map(|begin| begin.orders).map(|order| order.services).collect::<Vec<_>>()
    };
    let [services] = &restored(&world)[..] else { panic!("{:?}", restored(&world)) };
    let settings: Vec<_> = services.values().collect();
    let wanted: ServiceSettings = [("ServiceConnectConfiguration".to_owned(), json!({ "Namespace": "shop" }))].into();
    assert_eq!(settings, [&wanted], "the count and what was not changed are CloudFormation's");
    world.environment("development").drift.ignore =
        vec![DriftPath::parse("Service/ServiceConnectConfiguration").unwrap()];
    assert!(restored(&world).is_empty());
}

#[test]
fn a_path_names_a_resource_and_a_property() {
    for wrong in ["", "/DesiredCount", "Service/", "Service//Count", "a b/c"] {
        assert!(DriftPath::parse(wrong).is_err(), "{wrong}");
    }
    assert_eq!(DriftPath::parse("Service/A/B").unwrap().to_string(), "Service/A/B");
    assert_eq!(DriftPath::parse("Service").unwrap().to_string(), "Service");
}

#[test]
fn a_secret_is_not_kept() {
    let secret = drifted("TaskDefinition/ContainerDefinitions/app/Environment/DB_PASSWORD");
    let plain = drifted("DesiredCount");
    let [hidden, kept] = &without_secrets(vec![secret, plain.clone()])[..] else { panic!() };
    assert_eq!((hidden.was.as_deref(), hidden.is.as_deref()), (Some("(not shown)"), Some("(not shown)")));
    assert_eq!(*kept, plain);
    let url = Drifted {
        was: Some("postgres://shop:hunter2hunter2@db/shop".to_owned()),
        ..drifted("TaskDefinition/ContainerDefinitions/app/Environment/DATABASE_URL")
    };
    let [hidden] = &without_secrets(vec![url])[..] else { panic!() };
    let was = hidden.was.as_deref().unwrap();
    assert!(!was.contains("hunter2") && was.contains("@db/shop"), "{was}");
    assert_eq!(without_secrets(vec![hidden.clone()]), std::slice::from_ref(hidden), "what is hidden stays as it is");
}

#[test]
fn what_cloudformation_writes_and_a_template_changed_is_put_right() {
    let (world, mut live) = changed(DriftMode::Repair, "ServiceConnectConfiguration/Enabled");
    live.facts.drift[0].source = DriftSource::Template;
    assert_eq!(rights(&row(&world, &live)), [PutRight::Now]);
}

#[test]
fn the_doctor_says_what_can_be_done() {
    let told = |world: &World, live: &Live| {
        let planned = world.plan(live);
        let all = diagnose(&world.catalog, &live.facts, &live.observed, &planned);
        let shown: Vec<_> = all.iter().filter(|one| !one.in_order).collect();
        view::doctor::terminal(&shown, live.now, Style::PLAIN)
    };
    let (mut world, live) = changed(DriftMode::Report, "DesiredCount");
    let report = told(&world, &live);
    assert!(report.contains("Service/DesiredCount was 2, is 5"), "{report}");
    assert!(report.contains("next   change it back in AWS, or bring the change into the files"), "{report}");
    world.environment("development").drift.mode = DriftMode::Repair;
    world.environment("development").protected = true;
    let report = told(&world, &live);
    assert!(report.contains("what = \"redeploy\""), "{report}");
}

/// The content that development is given.
fn content() -> (World, Content) {
    let mut world = World::new();
    world.release("1.0.0");
    let plan = world.plan(&Live::empty()).plan;
    let order = plan.begin[0].orders[0].clone();
    assert_eq!(order.stack.as_str().contains("development"), STACK.contains("development"));
    let Action::Put(content) = order.action else { panic!() };
    (world, *content)
}

#[test]
fn a_changed_template_is_told_by_resource_and_property() {
    let (_, content) = content();
    let nothing = std::collections::BTreeMap::new();
    assert_eq!(template_drift(&content, &content.template, &nothing), []);
    let mut changed: serde_json::Value = serde_json::from_str(&content.template).unwrap();
    changed["Resources"]["Service"]["Properties"]["DesiredCount"] = 7.into();
    changed["Resources"]["Topic"] = serde_json::json!({ "Type": "AWS::SNS::Topic" });
    changed["Outputs"]["New"] = serde_json::json!({ "Value": "x" });
    changed["Resources"].as_object_mut().unwrap().remove("LogGroup");
    let found = template_drift(&content, &changed.to_string(), &nothing);
    let places: Vec<String> = found.iter().map(Drifted::place).collect();
    assert_eq!(places, ["LogGroup", "Service/DesiredCount", "Topic", "Outputs/New"]);
    let unreadable = template_drift(&content, "not: [a template", &nothing);
    assert_eq!(unreadable.len(), 1);
    assert_eq!(unreadable[0].place(), "Template");
    assert_eq!(unreadable[0].kind, Arc::from("AWS::CloudFormation::Stack"));
}
