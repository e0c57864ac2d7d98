//! `unless` of a phase: what enters by itself, and what waits for a pin.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use landfall::model::catalog::Unless;
use landfall::model::decision::{Because, Cause, Finding};
use landfall::model::journal::Action;
use landfall::model::{CommitId, Decision, Place, StackName};
use landfall::plan::{Planned, needs_templates, with_deployed};
use serde_json::{Value, json};

use super::world::{Live, World};

const ALL: [Unless; 4] = [Unless::Replace, Unless::Remove, Unless::Rights, Unless::Exposure];

type Templates = BTreeMap<(Place, StackName), Arc<str>>;

/// 1.4.0 runs everywhere, and 1.5.0 is about to enter development, whose phase excludes this.
fn about_to_enter(unless: &[Unless]) -> (World, Live) {
    let mut world = World::new();
    world.release("1.4.0");
    let live = world.deployed();
    world.release("1.5.0");
    exclude(&mut world, unless);
    (world, live)
}

fn exclude(world: &mut World, unless: &[Unless]) {
    let channel = world.project().channels.values_mut().next().unwrap();
    Arc::make_mut(&mut channel.lifecycle).phases[0].unless = unless.iter().copied().collect();
}

/// The templates as they are deployed: those of the plan.
fn deployed(planned: &Planned) -> Templates {
    let orders = planned.plan.begin.iter().flat_map(|begin| &begin.orders);
    let template = |action: &Action| match action {
        Action::Put(content) => content.template.clone(),
        Action::Delete { .. } => panic!("nothing is deleted"),
    };
    orders.map(|order| ((order.place.clone(), order.stack.clone()), template(&order.action))).collect()
}

/// Another template is wanted than the one that is deployed.
fn change(planned: &mut Planned, change: fn(&mut Value)) {
    for order in planned.plan.begin.iter_mut().flat_map(|begin| &mut begin.orders) {
        let Action::Put(content) = &mut order.action else { panic!("nothing is deleted") };
        let mut template: Value = serde_json::from_str(&content.template).unwrap();
        change(&mut template["Resources"]);
        content.template = Arc::from(template.to_string());
    }
}

fn held(planned: &Planned) -> Option<Finding> {
    let row = planned.report.slots.iter().find(|row| row.environment.as_str() == "development").unwrap();
    let Decision::Held { reasons, .. } = &row.decision else { return None };
    reasons.iter().find_map(|hold| match &hold.cause {
        Cause::Unless(finding) => Some(finding.clone()),
        _ => None,
    })
}

#[test]
fn a_release_waits_for_a_pin_if_its_change_does_what_the_phase_excludes() {
    type Case = (&'static str, Option<Unless>, fn(&mut Value), &'static str);
    let cases: [Case; 6] = [
        ("nothing", None, |_| {}, ""),
        ("in place", None, |all| all["Service"]["Properties"]["DesiredCount"] = json!(9), ""),
        (
            "replaces",
            Some(Unless::Replace),
            |all| all["Service"]["Properties"]["LaunchType"] = json!("EXTERNAL"),
            "Service (ECS Service) may be replaced",
        ),
        (
            "removes",
            Some(Unless::Remove),
            |all| drop(all.as_object_mut().unwrap().remove("Service")),
            "Service (ECS Service) would be removed",
        ),
        (
            "gives rights",
            Some(Unless::Rights),
            |all| {
                let statement = json!([{ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" }]);
                let policy = json!({ "PolicyName": "read", "PolicyDocument": { "Statement": statement } });
                all["Reader"] = json!({ "Type": "AWS::IAM::Role", "Properties": { "Policies": [policy] } });
            },
            "`Reader` allows s3:GetObject",
        ),
        (
            "opens a port",
            Some(Unless::Exposure),
            |all| {
                let rule = json!([{ "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0" }]);
                let properties = json!({ "GroupDescription": "ssh", "SecurityGroupIngress": rule });
                all["Ssh"] = json!({ "Type": "AWS::EC2::SecurityGroup", "Properties": properties });
            },
            "`Ssh` opens tcp port 22",
        ),
    ];
    for (what, meets, edit, sentence) in cases {
        let sets = ALL.iter().map(|one| vec![*one]).chain([ALL.to_vec(), Vec::new()]);
        for unless in sets {
            let (world, live) = about_to_enter(&unless);
            let mut planned = world.plan(&live);
            let templates = deployed(&planned);
            change(&mut planned, edit);
            with_deployed(&mut planned, &templates, &live.observed);
            let waits = meets.is_some_and(|condition| unless.contains(&condition));
            assert_eq!(planned.plan.begin.is_empty(), waits, "{what}, unless {unless:?}");
            let found = held(&planned).and_then(|finding| finding.found);
            assert_eq!(found.as_ref().and_then(|found| found.condition), meets.filter(|_| waits), "{what}");
            if let Some(found) = found {
                assert!(found.sentence.starts_with(sentence), "{what}: {}", found.sentence);
                let shown = landfall::view::plan::terminal(&planned.report, live.now, landfall::view::Style::PLAIN);
                assert!(shown.contains("needs a pin") && shown.contains("pin 1.5.0 in projects/storefront"), "{shown}");
            }
        }
    }
}

#[test]
fn what_cannot_be_compared_does_not_enter() {
    let (world, live) = about_to_enter(&[Unless::Replace]);
    let planned = world.plan(&live);
    assert_eq!(needs_templates(&planned).len(), 1, "the daemon reads the template first");
    let torn = deployed(&planned).into_keys().map(|key| (key, Arc::from("{"))).collect();
    for templates in [Templates::new(), torn] {
        let mut planned = planned.clone();
        with_deployed(&mut planned, &templates, &live.observed);
        assert!(planned.plan.begin.is_empty());
        assert_eq!(held(&planned).unwrap().found.unwrap().condition, None);
    }
}

#[test]
fn all_that_a_first_deployment_brings_is_new() {
    for (unless, enters) in [(Unless::Replace, true), (Unless::Remove, true), (Unless::Rights, false)] {
        let mut world = World::new();
        world.release("1.4.0");
        exclude(&mut world, &[unless]);
        let mut planned = world.plan(&Live::empty());
        change(&mut planned, |all| {
            let policies = json!(["arn:aws:iam::aws:policy/ReadOnlyAccess"]);
            all["Reader"] = json!({ "Type": "AWS::IAM::Role", "Properties": { "ManagedPolicyArns": policies } });
        });
        with_deployed(&mut planned, &Templates::new(), &Live::empty().observed);
        assert_eq!(!planned.plan.begin.is_empty(), enters, "{unless:?}");
    }
}

#[test]
fn a_pin_and_what_runs_are_not_judged() {
    let (mut world, live) = about_to_enter(&ALL);
    assert!(world.plan(&live).plan.begin[0].by_itself.is_some());
    world.pin("development", "1.5.0");
    assert!(world.plan(&live).plan.begin[0].by_itself.is_none(), "a person decided");
    world.unpin("development");
    let mut drifted = live.clone();
    world.project().releases.remove(&landfall::model::ReleaseName::new("1.5.0").unwrap());
    drifted.stacks().retain(|name, _| !name.as_str().contains("development"));
    let begin = world.plan(&drifted).plan.begin.remove(0);
    assert!(begin.by_itself.is_none(), "what runs is put back: {:?}", begin.because);
}

#[test]
fn an_order_in_turn_that_needs_a_pin_is_skipped_so_that_later_ones_come() {
    let (world, live) = about_to_enter(&ALL);
    let mut planned = world.plan(&live);
    let templates = deployed(&planned);
    let order = CommitId("2".repeat(40));
    planned.plan.begin[0].because = Because::InTurn(order.clone());
    change(&mut planned, |all| drop(all.as_object_mut().unwrap().remove("Service")));
    with_deployed(&mut planned, &templates, &live.observed);
    assert!(planned.plan.begin.is_empty());
    let skips: Vec<_> = planned.plan.skip.iter().map(|skip| (&skip.commit, skip.why.as_str())).collect();
    assert_eq!(skips, [(&order, "it needed a pin: Service (ECS Service) would be removed")]);
}

#[test]
fn the_conditions_are_said_in_words() {
    let said = |unless: &[Unless]| {
        let conditions: BTreeSet<Unless> = unless.iter().copied().collect();
        Finding { phase: Arc::from("Test"), conditions, found: None }.condition()
    };
    assert_eq!(said(&ALL), "replaces or removes anything or adds rights or exposes anything to everybody");
    assert_eq!(said(&ALL[..2]), "replaces or removes anything");
    assert_eq!(said(&[Unless::Remove, Unless::Exposure]), "removes anything or exposes anything to everybody");
}
