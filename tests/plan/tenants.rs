//! Slots of tenants: what each gets, what becomes of those that go, and how they are shown.

use landfall::model::catalog::{Gate, Subject};
use landfall::model::tenant::{TagFilter, Tenancy};
use landfall::view;

use super::people::{slot_of, tag};
use super::world::{Live, World, slot};
use super::{Story, golden};

fn crowd() -> World {
    let mut world = World::for_tenants();
    for number in 1..=40 {
        world.tenant(&format!("tenant-{number:02}"), "ring/general", &[]);
    }
    world
}

#[test]
fn forty_tenants_alike_are_one_row_and_those_that_differ_are_shown() {
    let mut world = crowd();
    world.release("1.4.0").pin("production", "1.4.0");
    let mut live = world.deployed();
    let mut story = Story::default();
    story.tell("1.4.0 runs everywhere", &world.show(&live));
    world.release("1.5.0").pin("production", "1.5.0");
    world.settle(&mut live);
    world.pin_tenant("production", "tenant-07", "1.4.0");
    world.release("1.6.0");
    for begin in world.plan(&live).plan.begin.iter().filter(|begin| begin.slot == slot_of("development", "tenant-03")) {
        live.fail(begin);
    }
    story.tell("1.6.0 comes, one goes back to 1.4.0 and one has failed", &world.show(&live));
    let report = world.plan(&live).report;
    story.tell("status", &view::status::terminal(&report, &live.facts, &[], live.now, view::Style::PLAIN));
    golden!("tenants", story.0);
    let json = view::plan::json(&report);
    let rows = json["slots"].as_array().unwrap();
    assert_eq!(rows.len(), 120);
    assert!(rows.iter().any(|row| row["tenant"] == "tenant-07" && row["decision"]["state"] == "deploy"));
}

#[test]
fn tenants_move_each_at_their_own_pace() {
    let mut world = World::for_tenants();
    world.tenant("acme", "ring/early", &[]).tenant("bolt", "ring/general", &["test"]);
    world.project().tenancy = Tenancy::Both;
    for environment in ["development", "test", "production"] {
        world.add_target(&format!("{environment}-own"), environment);
    }
    world.release("1.4.0");
    let live = world.deployed();
    let stack = |step: &str| live.facts.running(&slot_of(step, "acme")).is_some();
    assert!(stack("development") && stack("test") && !stack("production"));
    assert!(live.facts.running(&slot_of("test", "bolt")).is_some(), "judged by development without a tenant");
    assert!(live.facts.running(&slot_of("development", "bolt")).is_none(), "it is not connected");
    let rows = world.plan(&live).report.slots;
    let targets =
        |row: &landfall::plan::SlotRow| row.stacks.iter().map(|stack| stack.target.to_string()).collect::<Vec<_>>();
    for row in rows.iter().filter(|row| row.environment.as_str() == "test") {
        let own = if row.tenant.is_some() { "test-eu" } else { "test-own" };
        assert_eq!(targets(row), [own], "{:?}", row.tenant);
    }
    let order: Vec<(&str, Option<&str>)> =
        rows.iter().map(|row| (row.environment.as_str(), row.tenant.as_ref().map(|tenant| tenant.as_str()))).collect();
    let expected = [
        ("development", None),
        ("development", Some("acme")),
        ("test", None),
        ("test", Some("acme")),
        ("test", Some("bolt")),
        ("production", None),
        ("production", Some("acme")),
    ];
    assert_eq!(order, expected);
}

#[test]
fn a_tenant_that_is_gone_leaves_orphans_and_a_broken_one_holds() {
    let mut world = World::for_tenants();
    world.tenant("acme", "ring/early", &["development"]).tenant("bolt", "ring/general", &["development"]);
    world.release("1.4.0");
    let mut live = world.deployed();
    let gone = world.catalog.tenants.remove("acme").unwrap();
    let mut story = Story::default();
    story.tell("acme is gone", &world.show(&live));
    world.environment("development").prune = true;
    world.broken(Subject::Tenant("acme".parse().unwrap()), "tenants/acme.toml");
    story.tell("its file is only broken, prune = true", &world.show(&live));
    assert!(world.plan(&live).plan.is_empty());
    world.catalog.broken.clear();
    live.stack("storefront-web-development-development-eu-acme").protected = true;
    story.tell("prune = true, but its stack is protected", &world.show(&live));
    let shown = world.show(&live);
    let plan = shown.split("for plan ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    world.allow("development", Gate::Remove, &plan);
    let planned = world.plan(&live);
    let removal = &planned.plan.begin[0];
    assert!(removal.removal && removal.slot == slot_of("development", "acme") && removal.allowed.len() == 1);
    live.succeed(removal);
    assert!(live.facts.running(&slot_of("development", "bolt")).is_some());
    assert!(world.plan(&live).plan.is_empty());
    golden!("tenant_gone", story.0.replace(&plan, "7f3a91c2"));
    assert_eq!(gone.name.as_str(), "acme");
}

#[test]
fn an_allowance_for_a_tenant_opens_nothing_for_another() {
    let mut world = World::for_tenants();
    world.tenant("acme", "ring/early", &["development"]).tenant("bolt", "ring/general", &["development"]);
    world.project().attempts = 1;
    world.release("1.4.0");
    let mut live = Live::empty();
    for begin in world.plan(&live).plan.begin {
        live.fail(&begin);
    }
    assert!(world.plan(&live).plan.is_empty());
    world.allow("development", Gate::Retry, "");
    world.change_allow("development", |allowance| {
        allowance.plan = None;
        allowance.tenant = Some("bolt".parse().unwrap());
    });
    let begin = world.plan(&live).plan.begin;
    assert_eq!(begin.iter().map(|begin| &begin.slot).collect::<Vec<_>>(), [&slot_of("development", "bolt")]);
    assert_ne!(begin[0].slot, slot("development"));
}

#[test]
fn a_freeze_of_tenants_stops_the_removal_of_one_that_is_gone() {
    let mut world = World::for_tenants();
    world.tenant("acme", "ring/early", &["development"]).tenant("bolt", "ring/general", &["development"]);
    world.release("1.4.0");
    let live = world.deployed();
    world.environment("development").prune = true;
    world.catalog.tenants.remove("acme").unwrap();
    assert_eq!(world.plan(&live).plan.begin.len(), 1, "it is pruned: {}", world.show(&live));
    world.freeze(|freeze| {
        freeze.environments.clear();
        freeze.tenants.tags = TagFilter([tag("ring/early")].into());
    });
    assert!(world.plan(&live).plan.is_empty(), "its tags are gone with its file: {}", world.show(&live));
    assert!(world.show(&live).contains("frozen by black-friday"), "{}", world.show(&live));
}

/// A tenant that is not connected any more keeps what it has, beside one that is and the slot without a tenant.
fn with_a_disconnected_one() -> (World, Live) {
    let mut world = World::for_tenants();
    world.project().tenancy = Tenancy::Both;
    world.add_target("production-own", "production");
    world.tenant("one", "ring/early", &["production"]).tenant("two", "ring/early", &["production"]);
    world.release("1.4.0").pin("production", "1.4.0");
    world.phases(|phases| drop(phases.drain(..2)));
    let live = world.deployed();
    world.tenant("one", "ring/early", &["development"]);
    (world, live)
}

#[test]
fn the_line_for_a_disconnected_tenant_removes_its_slot_alone() {
    let (mut world, mut live) = with_a_disconnected_one();
    let mut story = Story::default();
    story.tell("one is not connected any more", &world.show(&live));
    world.pin_tenant("production", "one", "none");
    let begins = world.plan(&live).plan.begin;
    assert_eq!(begins.iter().map(|begin| &begin.slot).collect::<Vec<_>>(), [&slot_of("production", "one")]);
    live.succeed(&begins[0]);
    assert!(world.plan(&live).plan.is_empty());
    story.tell("its line has landed", &world.show(&live));
    golden!("kept_tenant", story.0);
}

#[test]
fn the_lines_for_the_slot_without_a_tenant_spare_the_tenants() {
    let (mut world, live) = with_a_disconnected_one();
    world.unpin("production");
    let shown = world.show(&live);
    golden!("kept_untenanted", shown);
    let report = world.plan(&live).report;
    let row = report.slots.iter().find(|row| row.slot == slot("production")).unwrap();
    let kept = row.kept.as_deref().unwrap();
    assert_eq!(kept.also.iter().map(|name| name.as_str()).collect::<Vec<_>>(), ["one"], "no line keeps it");
    world.pin("production", "none");
    for (tenant, release) in &kept.keep {
        world.pin_tenant("production", tenant.as_str(), release.as_str());
    }
    let begins = world.plan(&live).plan.begin;
    let slots: Vec<_> = begins.iter().map(|begin| &begin.slot).collect();
    assert_eq!(slots, [&slot("production"), &slot_of("production", "one")], "what the sentence names, and two stays");
}
