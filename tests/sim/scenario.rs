//! Scenarios: what a file says happens at its time or after its calls, and a mistake in it is named with its place.

use std::path::Path;

use jiff::SignedDuration;
use landfall::model::StackStatus::*;
use landfall::sim::scenario::{Act, Deed, When, read};
use landfall::sim::world::script::State;
use landfall::sim::world::{StackOptions, World};
use landfall::sim::{Buckets, CallEffect, Clusters, Existing, Fault, Rate, SimConfig};

use super::support::*;

fn parse(text: &str) -> (SimConfig, Vec<Act>) {
    let mut config = SimConfig::default();
    let acts = read(text, &mut config).unwrap();
    (config, acts)
}

fn play(text: &str) -> World {
    let (config, acts) = parse(text);
    let mut world = World::new(config);
    world.play(acts);
    world
}

fn after(world: &mut World, seconds: i64) {
    let to = world.now() + SignedDuration::from_secs(seconds);
    world.advance(to);
}

#[test]
fn the_accounts_are_as_the_file_describes_them() {
    let (config, acts) = parse(
        r#"
        clusters = ["111111111111/eu-west-1/main"]
        regions = ["eu-west-1"]
        roles = ["arn:aws:iam::111111111111:role/deploy"]
        subnets = ["111111111111/eu-west-1/subnet-0a"]
        security_groups = ["111111111111/eu-west-1/sg-0a"]
        buckets = { assets = "111111111111/eu-west-1" }
        page_size = 2
        stale_reads = 3
        throttle = true
        [pace]
        change_set = "1ms"
        resource = "2s"
        task = "3m"
        run = "4h"
        lines = "0s"
        [rates."cloudformation:DescribeStacks"]
        burst = 5
        sustained = 1.5
        "#,
    );
    assert!(acts.is_empty());
    assert!(matches!(config.clusters, Clusters::Listed(list) if list == [(place(), "main".to_owned())].into()));
    let Existing { regions, roles, subnets, security_groups } = config.existing;
    assert_eq!(regions, Some([place().region].into()));
    assert_eq!(roles, Some(["arn:aws:iam::111111111111:role/deploy".to_owned()].into()));
    assert_eq!(subnets, Some([(place(), "subnet-0a".to_owned())].into()));
    assert_eq!(security_groups, Some([(place(), "sg-0a".to_owned())].into()));
    assert!(matches!(config.buckets, Buckets::Listed(list) if list == [("assets".to_owned(), place())].into()));
    assert_eq!((config.page_size, config.stale_reads), (2, 3));
    let pace = config.pace;
    let spans = [pace.change_set, pace.resource, pace.task, pace.run, pace.lines].map(|span| span.as_millis());
    assert_eq!(spans, [1, 2_000, 180_000, 14_400_000, 0]);
    assert_eq!(config.limits["cloudformation:DescribeStacks"], Rate { burst: 5.0, sustained: 1.5 });
    assert_eq!(config.limits["ecs:service-read"], Rate { burst: 100.0, sustained: 20.0 });
    let (nothing, acts) = parse("");
    assert_eq!((nothing, acts.len()), (SimConfig::default(), 0));
}

#[test]
fn a_fault_begins_and_ends_at_its_times() {
    let mut world = play(
        r#"
        [[fault]]
        fault = "image-missing"
        image = "shop:1"
        [[fault]]
        fault = "image-says"
        image = "shop"
        lines = ["hello"]
        at = "10s"
        until = "20s"
        "#,
    );
    let missing = Fault::ImageMissing { image: "shop:1".to_owned() };
    assert_eq!(world.faults(), std::slice::from_ref(&missing), "what is due at once is there for the first call");
    after(&mut world, 9);
    assert_eq!(world.faults().len(), 1);
    after(&mut world, 1);
    assert_eq!(world.faults().len(), 2);
    after(&mut world, 10);
    assert_eq!(world.faults(), [missing]);
    let states: Vec<_> =
        world.script().iter().map(|played| (played.act.when.to_string(), played.state.clone())).collect();
    let begin = SimConfig::default().start;
    let done = |seconds| State::Done(begin + SignedDuration::from_secs(seconds));
    assert_eq!(states, [("at 0s".into(), done(0)), ("at 10s".into(), done(10)), ("at 20s".into(), done(20))]);
}

#[test]
fn the_end_of_a_fault_lets_a_deployment_go_on() {
    let mut world = play(
        r#"
        [[fault]]
        fault = "image-missing"
        image = "shop:1"
        until = "30m"
        "#,
    );
    let mut template = service("shop:1");
    template["Resources"]["Service"]["Properties"].as_object_mut().unwrap().remove("DeploymentConfiguration");
    world.create_stack(&place(), &input("shop", &template, "t"), &StackOptions::default()).unwrap();
    after(&mut world, 29 * 60);
    assert_eq!(status(&mut world, "shop"), CreateInProgress);
    after(&mut world, 5 * 60);
    assert_eq!(status(&mut world, "shop"), CreateComplete);
}

#[test]
fn calls_are_counted_and_what_the_account_refuses_is_told() {
    let mut world = play(
        r#"
        [[fault]]
        fault = "call"
        operation = "DescribeStacks"
        effect = "deny"
        after = { operation = "DescribeStacks", calls = 2 }
        [[hand]]
        after = { operation = "DetectStackDrift" }
        account = "111111111111"
        region = "eu-west-1"
        stack = "shop"
        resource = "LogGroup"
        set = { RetentionInDays = 1 }
        [[hand]]
        after = { operation = "DetectStackDrift" }
        account = "111111111111"
        region = "eu-west-1"
        stack = "nothing"
        resource = "LogGroup"
        delete = true
        "#,
    );
    create(&mut world, "shop", &service("shop:1"));
    let look = |world: &mut World| world.carry_out(&place(), "DescribeStacks", |world| Ok(world.now())).is_ok();
    assert_eq!([look(&mut world), look(&mut world), look(&mut world), look(&mut world)], [true, true, false, true]);
    world.carry_out(&place(), "DetectStackDrift", |_| Ok(())).unwrap();
    let states: Vec<_> = world.script().iter().map(|played| &played.state).collect();
    assert!(matches!(states[..2], [State::Done(_), State::Done(_)]), "{states:?}");
    assert!(matches!(states[2], State::Refused(_, why) if why.contains("nothing")), "{states:?}");
    let changed = world.ledger().iter().filter(|row| row.operation == "ByHand").count();
    assert_eq!(changed, 1);
}

#[test]
fn the_end_of_a_fault_that_has_struck_clears_what_is_left_of_it() {
    let mut world = play(
        r#"
        [[fault]]
        fault = "call"
        operation = "DescribeStacks"
        effect = "throttle"
        times = 3
        until = "1m"
        "#,
    );
    assert!(world.carry_out(&place(), "DescribeStacks", |_| Ok(())).is_err());
    let left = |fault: &Fault| matches!(fault, Fault::Call { effect: CallEffect::Throttle, times: 2, .. });
    assert!(left(&world.faults()[0]), "{:?}", world.faults());
    after(&mut world, 60);
    assert!(world.faults().is_empty(), "{:?}", world.faults());
}

#[test]
fn a_mistake_is_named_with_its_place() {
    for (text, expected) in [
        ("clusters = [\"main\"]", "line 1, column 13: write this as account/region/name"),
        ("buckets = { a = \"1/eu-west-1\" }", "line 1, column 17: write the account and the region"),
        ("colour = 1", "line 1, column 1: unknown field `colour`"),
        ("page_size = 0", "line 1, column 13: invalid value"),
        ("[pace]\ntask = \"soon\"", "line 2, column 8: `soon` is not a time span like 30s, 5m or 1h"),
        ("[pace]\ntask = \"-1s\"", "line 2, column 8: `-1s` is not a time span"),
        (
            "[rates.ecs]\nburst = 1\nsustained = 1",
            "line 1, column 8: `ecs` is not a group of calls; expected one of ecs:",
        ),
        ("[rates.\"ecs:tag-read\"]\nburst = 0\nsustained = 1", "line 2, column 9: `burst` must be from 1"),
        ("[rates.\"ecs:tag-read\"]\nburst = 1\nsustained = nan", "line 3, column 13: `sustained` must be from 0"),
        ("\n[[fault]]\nfault = \"meteor\"", "line 2, column 1: unknown variant `meteor`"),
        ("[[fault]]\nfault = \"image-missing\"", "line 1, column 1: missing field `image`"),
        (
            "[[fault]]\nfault = \"image-missing\"\nimage = \"a\"\nimagine = 1",
            "line 4, column 1: unknown field `imagine`",
        ),
        (
            "[[fault]]\nfault = \"image-missing\"\nimage = \"a\"\nat = 3",
            "line 4, column 6: write a time span like \"30s\"",
        ),
        (
            "[[fault]]\nfault = \"image-missing\"\nimage = \"a\"\nat = \"2m\"\nuntil = \"1m\"",
            "line 5, column 9: `until` must be later than `at`",
        ),
        (
            "[[fault]]\nfault = \"image-missing\"\nimage = \"a\"\nat = \"2m\"\nafter = { operation = \"RunTask\" }",
            "line 1, column 1: give either `at` or `after`, not both",
        ),
        (
            "[[fault]]\nfault = \"image-missing\"\nimage = \"a\"\nuntil = \"2m\"\nafter = { operation = \"RunTask\" }",
            "line 4, column 9: `until` counts from the start: use it with `at`, not with `after`",
        ),
        (
            "[[fault]]\nfault = \"image-missing\"\nimage = \"a\"\nafter = { operation = \"runTask\" }",
            "line 4, column 9: the account does not know the operation `runTask`: did you mean `RunTask`?",
        ),
        (
            "[[fault]]\nfault = \"image-missing\"\nimage = \"a\"\nafter = { operation = \"RunTask\", calls = 0 }",
            "line 4, column 9: `after`: ",
        ),
        (
            "[[fault]]\nfault = \"call\"\noperation = \"Describe\"\neffect = \"deny\"",
            "line 1, column 1: the account does not know the operation `Describe`",
        ),
        (
            "[[hand]]\naccount = \"1\"\nregion = \"eu-west-1\"\nstack = \"a\"\nresource = \"b\"\ndelete = true",
            "line 1, column 1: ",
        ),
        ("[[hand]]\nset = {}", "line 1, column 1: missing field"),
        ("a = [", "line 1, column 6: "),
    ] {
        let wrong = read(text, &mut SimConfig::default()).unwrap_err().to_string();
        assert!(wrong.starts_with(expected), "{text}\n{wrong}");
    }
}

#[test]
fn every_act_can_wait_for_every_operation_that_the_account_knows() {
    let known = include_str!("parameters.txt");
    let operations: Vec<_> = known
        .lines()
        .filter(|line| !line.starts_with(' '))
        .filter_map(|line| line.split_once(' ').map(|(_, operation)| operation))
        .filter(|operation| !operation.contains(' '))
        .collect();
    assert!(operations.len() > 50, "{operations:?}");
    for operation in operations {
        let (_, acts) = parse(&format!(
            "[[fault]]\nfault = \"image-missing\"\nimage = \"a\"\nafter = {{ operation = \"{operation}\" }}"
        ));
        assert_eq!(acts[0].when, When::Calls(operation.to_owned(), 1));
    }
}

/// The example of docs/simulating.md does what the page says of it.
#[test]
fn the_scenario_of_the_page_is_one() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/simulating.md");
    let page = std::fs::read_to_string(page).unwrap();
    let text = page.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let (config, acts) = parse(text);
    assert_eq!(config.clusters, Clusters::Listed([(place(), "main".to_owned())].into()));
    let whens: Vec<_> = acts.iter().map(|act| act.when.to_string()).collect();
    assert_eq!(whens, ["at 0s", "at 10m", "after 3 calls of ExecuteChangeSet", "at 15m"]);
    assert!(matches!(&acts[3].deed, Deed::Hand(hand) if hand.place() == Ok(place())), "{acts:?}");
}
