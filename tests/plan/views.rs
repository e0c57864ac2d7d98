//! Status, history and JSON, and the changes that a plan expects.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::SignedDuration;
use landfall::model::journal::{
    Action, Call, Cause, ContainerEnd, DeploymentId, Effect, Entry, Evidence, Fence, Opened, Outcome, Record, Reply,
};
use landfall::model::{CommitId, Observed, StackName};
use landfall::plan::{needs_templates, with_deployed};
use landfall::view::{self, Style, time};

use super::world::{Live, World, place};
use super::{Story, golden};

#[test]
fn durations_are_said_as_people_say_them() {
    let cases = [(0, "0 s", "0 s"), (41, "41 s", "41 s"), (60, "1 min", "1 min"), (192, "3 min 12 s", "4 min")];
    let long =
        [(7_800, "2 h 10 min", "2 h 10 min"), (7_741, "2 h 9 min", "2 h 10 min"), (273_600, "3 d 4 h", "3 d 4 h")];
    for (seconds, took, left) in cases.into_iter().chain(long) {
        let duration = SignedDuration::from_secs(seconds);
        assert_eq!((time::took(duration).as_str(), time::left(duration).as_str()), (took, left));
    }
}

#[test]
fn status_says_what_is_where() {
    let mut world = World::new();
    world.release("1.3.2").pin("production", "1.3.2");
    let mut live = world.deployed();
    world.release("1.4.0");
    live.wait(100);
    let begin = world.plan(&live).plan.begin.remove(0);
    live.start(&begin);
    live.wait(1);
    let planned = world.plan(&live);
    let mut story = Story::default();
    story.tell("terminal", &view::status::terminal(&planned.report, &live.facts, &[], live.now, Style::PLAIN));
    let json = view::status::json(&planned.report, &live.facts, &[]);
    story.tell("json", &serde_json::to_string_pretty(&json).unwrap());
    let colored = view::status::terminal(&planned.report, &live.facts, &[], live.now, Style { color: true });
    assert!(colored.contains("\u{1b}["));
    golden!("status", story.0);
}

#[test]
fn the_plan_as_json_says_all_that_the_terminal_says() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    for _ in 0..3 {
        let planned = world.plan(&live);
        live.fail(&planned.plan.begin[0]);
    }
    let json = view::plan::json(&world.plan(&live).report);
    golden!("plan_json", serde_json::to_string_pretty(&json).unwrap());
}

#[test]
fn a_plan_expects_what_the_deployed_templates_say() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut planned = world.plan(&Live::empty());
    let created = planned.plan.begin[0].orders[0].clone();
    assert!(needs_templates(&planned).is_empty(), "a new stack has no template");
    with_deployed(&mut planned, &BTreeMap::new(), &Observed::default());
    let Action::Put(content) = &planned.plan.begin[0].orders[0].action else { panic!("a put") };
    assert!(!content.expected.is_empty() && content.expected.iter().all(|change| change.effect == Effect::Add));

    let live = world.deployed();
    world.release("1.5.0");
    let mut planned = world.plan(&live);
    let needed = needs_templates(&planned);
    assert_eq!(needed.len(), 1);
    with_deployed(&mut planned, &BTreeMap::new(), &Observed::default());
    let Action::Put(content) = &planned.plan.begin[0].orders[0].action else { panic!("a put") };
    assert!(content.expected.is_empty(), "without the template nothing is expected");
    let Action::Put(deployed) = created.action else { panic!("a put") };
    let templates = BTreeMap::from([((place(), needed[0].2.clone()), deployed.template)]);
    with_deployed(&mut planned, &templates, &Observed::default());
    let Action::Put(content) = &planned.plan.begin[0].orders[0].action else { panic!("a put") };
    let effects: Vec<_> = content.expected.iter().map(|change| (&*change.kind, change.effect)).collect();
    assert!(effects.contains(&("AWS::ECS::TaskDefinition", Effect::Replace)), "{effects:?}");
    assert!(!effects.iter().any(|(_, effect)| *effect == Effect::Remove));
}

#[test]
fn a_failure_told_afterwards() {
    let records = failure();
    let now = records.last().unwrap().at;
    let mut story = Story::default();
    story.tell("list", &view::history::list(&records, now, Style::PLAIN));
    let one = view::history::deployment(&records, DeploymentId(42), now, Style::PLAIN).unwrap();
    story.tell("one", &one.replace(plan_of(&records), "7f3a91c2"));
    assert!(view::history::deployment(&records, DeploymentId(43), now, Style::PLAIN).is_none());
    golden!("history", story.0);
    let json = view::history::deployment_json(&records, DeploymentId(42)).unwrap();
    assert_eq!(json["journal"].as_array().unwrap().len(), records.len());
    assert_eq!(json["outcome"]["code"], "container-exits");
    assert_eq!(view::history::list_json(&records)[0]["deployment"], 42);
}

#[test]
fn long_lines_break_under_their_last_column() {
    use landfall::view::wrap::wrap;
    let held = "storefront  test  held  1.5.0 must succeed in development, then in test";
    let broken = "storefront  test  held  1.5.0 must succeed in\n                        development, then in\n                        test";
    assert_eq!(wrap(held, 45), broken);
    let colored = held.replace("held", "\u{1b}[33mheld\u{1b}[0m");
    assert_eq!(wrap(&colored, 45), broken.replace("held", "\u{1b}[33mheld\u{1b}[0m"));
    assert_eq!(wrap(held, 200), held);
    assert_eq!(wrap("no columns here, only a sentence", 10), "no columns here, only a sentence");
}

fn plan_of(records: &[Record]) -> &str {
    match &records[0].entry {
        Entry::Opened(opened) => &opened.plan,
        _ => panic!("a deployment begins"),
    }
}

fn failure() -> Vec<Record> {
    let mut world = World::new();
    world.release("1.5.0");
    let begin = world.plan(&Live::empty()).plan.begin.remove(0);
    let deployment = DeploymentId(42);
    let stack = StackName::seen("storefront-web-development-development-eu");
    let cause = Cause {
        code: Arc::from("container-exits"),
        sentence: "container `app` exits with 1, 3 times: \"missing DATABASE_URL\"".to_owned(),
        stack: Some(stack.clone()),
        gate: None,
        foreseen: Vec::new(),
    };
    let began = Live::empty().now;
    let opened = Opened {
        deployment,
        slot: begin.slot,
        release: begin.release,
        commit: CommitId("8c1d0f2000000000000000000000000000000000".to_owned()),
        plan: begin.plan,
        content: begin.content,
        given: begin.given,
        attempt: 3,
        on_failure: begin.on_failure,
        orders: begin.orders,
        allowed: Vec::new(),
        live: BTreeMap::new(),
        waves: Vec::new(),
        removal: false,
    };
    let call = Call::ExecuteChangeSet;
    let ends = vec![ContainerEnd { name: "app".to_owned(), exit_code: Some(1), reason: None }];
    let item = Evidence::TaskStopped {
        task: "arn:aws:ecs:eu-west-1:111111111111:task/dev/1".to_owned(),
        code: "EssentialContainerExited".to_owned(),
        reason: "Essential container in task exited".to_owned(),
        containers: ends,
        at: began + SignedDuration::from_secs(60),
    };
    let entries = [
        (0, Entry::Opened(opened)),
        (1, Entry::Intent { deployment, stack: stack.clone(), call, token: Arc::from("t") }),
        (1, Entry::Reply { deployment, stack: stack.clone(), call, reply: Reply::Accepted }),
        (60, Entry::Evidence { deployment, stack: stack.clone(), item }),
        (190, Entry::StackEnded { deployment, stack, outcome: Outcome::Failed(cause.clone()) }),
        (192, Entry::Ended { deployment, outcome: Outcome::Failed(cause) }),
    ];
    let record = |(seq, (seconds, entry)): (usize, (i64, Entry))| Record {
        seq: seq as u64 + 1,
        at: began + SignedDuration::from_secs(seconds),
        fence: Fence(1),
        entry,
    };
    entries.into_iter().enumerate().map(record).collect()
}
