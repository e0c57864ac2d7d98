//! `[[allow]]`: each opens one gate once, and says so when it opens nothing any more.

use std::sync::Arc;

use landfall::model::StackName;
use landfall::model::catalog::Gate;
use landfall::model::decision::Cause;
use landfall::model::facts::Made;
use landfall::model::facts::{TaskRan, Waits};
use landfall::model::journal::{Cause as Why, Outcome};
use landfall::model::task::RunsOn;
use landfall::model::{Decision, StackStatus, TaskRun};
use landfall::plan::{Input, Render, needs_templates, plan};
use landfall::template::{Cache, Context, Outcome as Rendering};
use landfall::view::{self, Style};

use super::world::{Live, World};
use super::{golden, plan_in};

const STACK: &str = "storefront-web-development-development-eu";

/// 1.5.0 has failed as often as it may.
fn exhausted() -> (World, Live) {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    for _ in 0..3 {
        let begin = world.plan(&live).plan.begin.remove(0);
        live.fail(&begin);
    }
    (world, live)
}

#[test]
fn after_a_used_allowance_fails_again_a_new_one_opens_the_gate() {
    let (mut world, mut live) = exhausted();
    world.project().attempts = 1;
    let mut plans = Vec::new();
    for round in 1..=3 {
        let plan = plan_in(&world.show(&live));
        assert!(!plans.contains(&plan), "each failure makes another plan");
        plans.push(plan.clone());
        world.allow("development", Gate::Retry, &plan);
        let begin = world.plan(&live).plan.begin.remove(0);
        assert_eq!(begin.allowed.len(), 1, "round {round}");
        live.fail(&begin);
        assert!(world.plan(&live).plan.is_empty(), "the same lines open nothing twice");
    }
    let stale = world.plan(&live).report.stale;
    assert_eq!(stale.len(), 3);
    assert!(stale.iter().all(|stale| stale.why == "it was used"), "{stale:?}");
}

#[test]
fn a_gate_in_a_deployment_can_be_opened_again_by_new_lines() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    let begin = world.plan(&live).plan.begin.remove(0);
    let deployment = live.start(&begin);
    let stop = |live: &mut Live| {
        live.facts.in_flight[0].stopped = Some(Why {
            code: Arc::from("stack-broken"),
            sentence: "the rollback failed".to_owned(),
            stack: Some(StackName::seen(STACK)),
            gate: Some(Gate::Continue),
            foreseen: Vec::new(),
        });
    };
    stop(&mut live);
    let first = plan_in(&world.show(&live));
    assert_eq!(first, *begin.plan, "the plan that history names");
    world.allow("development", Gate::Continue, &first);
    let open = world.plan(&live).plan.open.remove(0);
    live.facts.used.push(landfall::model::journal::Allowed { slot: open.slot, allowance: open.allowance, deployment });
    live.facts.in_flight[0].decided.insert(StackName::seen(STACK), 1);
    assert!(world.plan(&live).plan.open.is_empty());
    let second = plan_in(&world.show(&live));
    assert_ne!(second, first);
    world.allow("development", Gate::Continue, &second);
    assert_eq!(world.plan(&live).plan.open.len(), 1);
}

#[test]
fn a_pause_hook_takes_either_answer_and_the_next_hook_is_another_gate() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    let begin = world.plan(&live).plan.begin.remove(0);
    live.start(&begin);
    let sentence = "the service is at its pause hook POST_SCALE_UP".to_owned();
    let (code, stack) = (Arc::from(Why::PAUSED), Some(StackName::seen(STACK)));
    live.facts.in_flight[0].stopped =
        Some(Why { code, sentence, stack, gate: Some(Gate::Continue), foreseen: Vec::new() });
    let shown = world.show(&live);
    assert!(shown.contains("what = \"continue\"") && shown.contains("--what rollback"), "{shown}");
    let plan = plan_in(&shown);
    world.allow("development", Gate::SkipResource, &plan);
    assert!(world.plan(&live).plan.open.is_empty(), "that is for rollbacks");
    for gate in [Gate::Continue, Gate::Rollback] {
        world.allow("development", gate, &plan);
        let open = world.plan(&live).plan.open;
        assert_eq!(open.iter().map(|open| open.gate).collect::<Vec<_>>(), [gate], "back, where both are allowed");
    }
    live.facts.in_flight[0].decided.insert(StackName::seen(STACK), 1);
    assert!(world.plan(&live).plan.open.is_empty(), "what was allowed for the hook before opens no other");
}

#[test]
fn what_is_decided_for_one_stack_leaves_the_gates_of_others_their_names() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    let begin = world.plan(&live).plan.begin.remove(0);
    live.start(&begin);
    let (since, names) = (live.now, ["eu", "us", "cn"].map(|place| StackName::seen(&format!("web-{place}"))));
    for stack in &names {
        let sentence = "the service is at its pause hook POST_SCALE_UP".to_owned();
        let cause = Why {
            code: Why::PAUSED.into(),
            sentence,
            stack: Some(stack.clone()),
            gate: Some(Gate::Continue),
            foreseen: Vec::new(),
        };
        live.facts.in_flight[0].gates.insert(stack.clone(), Waits { since, cause, until: None });
    }
    let shown = world.show(&live);
    let plan = plan_in(&shown);
    assert_eq!(shown.matches(&format!("to let all 3 through: landfall allow {plan} --reason")).count(), 1, "{shown}");
    for stack in &names {
        assert!(shown.contains(&format!("landfall allow {plan} --stack {stack} --reason")), "{shown}");
        assert!(shown.contains(&format!("{stack}: deployment ")), "each line says whose it is: {shown}");
    }
    // One is answered: the others wait for the same plan, and lines that name it still open them.
    live.facts.in_flight[0].gates.remove(&names[0]);
    live.facts.in_flight[0].decided.insert(names[0].clone(), 1);
    assert_eq!(plan_in(&world.show(&live)), plan);
    world.allow("development", Gate::Continue, &plan);
    let open = world.plan(&live).plan.open;
    assert_eq!(open.iter().map(|open| &open.stack).collect::<Vec<_>>(), [&names[2], &names[1]]);
}

/// Renders as always, with a task in every stack that is run once.
#[derive(Default)]
struct Runs(Cache);

impl Render for Runs {
    fn render(&mut self, context: &Context<'_>) -> Rendering {
        let outcome = self.0.render(context);
        let Ok(rendered) = &*outcome else { return outcome };
        let mut rendered = rendered.clone();
        rendered.content.task = Some(TaskRun {
            definition: "TaskDefinition".into(),
            cluster: "main".into(),
            on: RunsOn::LaunchType("FARGATE".into()),
            platform_version: None,
            network: None,
            constraints: vec![],
            strategies: vec![],
            execute_command: false,
            managed_tags: true,
            propagate_tags: true,
            tags: Default::default(),
            limit: 600,
            repeatable: false,
        });
        Arc::new(Ok(rendered))
    }
}

#[test]
fn a_task_that_failed_is_not_run_again_by_itself_with_whatever_else_changes() {
    use landfall::model::journal::Action;
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    world.project().attempts = 3;
    let runs = |world: &World, live: &Live| {
        let input = Input { catalog: &world.catalog, facts: &live.facts, observed: &live.observed, now: live.now };
        plan(&input, &mut Runs::default())
    };
    let begin = runs(&world, &live).plan.begin.remove(0);
    let order = &begin.orders[0];
    let Action::Put(content) = &order.action else { panic!("it is no deletion") };
    assert!(content.task.is_some());
    let (place, stack, content) = (order.place.clone(), order.stack.clone(), content.hash);
    live.fail(&begin);
    assert_eq!(runs(&world, &live).plan.begin.len(), 1, "nothing says that the task began");
    let deployment = live.facts.attempts[0].deployment;
    live.facts.tasks_failed.push(TaskRan { place, stack, content, deployment });
    for known in [true, false] {
        if !known {
            // As with other content in another stack of the slot, which nobody tried.
            live.facts.attempts.clear();
        }
        let held = runs(&world, &live);
        assert!(held.plan.begin.is_empty(), "held, attempts known: {known}");
        let shown = view::plan::terminal(&held.report, live.now, Style::PLAIN);
        assert!(shown.contains("does not run it again by itself") && shown.contains("what = \"retry\""), "{shown}");
    }
    let shown = view::plan::terminal(&runs(&world, &live).report, live.now, Style::PLAIN);
    let key = plan_in(&shown);
    world.allow("development", Gate::Retry, &key);
    assert_eq!(runs(&world, &live).plan.begin.len(), 1);
}

#[test]
fn what_was_decided_at_a_pause_hook_is_not_tried_again_by_itself() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    let begin = world.plan(&live).plan.begin.remove(0);
    live.fail(&begin);
    assert_eq!(world.plan(&live).plan.begin.len(), 1, "another failure is tried again");
    for code in [Why::PUT_BACK, Why::EXPIRED] {
        let Outcome::Failed(cause) = &mut live.facts.attempts[0].outcome else { panic!("it failed") };
        cause.code = code.into();
        assert!(world.plan(&live).plan.begin.is_empty(), "{code}");
        assert!(world.show(&live).contains("what = \"retry\""));
    }
}

/// A deployment that stops at what was predicted of two resources, of which one is allowed in the pull request.
fn foreseen() -> (World, Live) {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    let begin = world.plan(&live).plan.begin.remove(0);
    live.start(&begin);
    stop_at(&mut live, STACK, &["Database", "Carts"]);
    world.allow_change("development", Gate::Replace, "1.5.0", &["Database"]);
    (world, live)
}

fn stop_at(live: &mut Live, stack: &str, foreseen: &[&str]) {
    let cause = Why {
        code: Arc::from("replaces-data"),
        sentence: "Database would be replaced, and keeps data".to_owned(),
        stack: Some(StackName::seen(stack)),
        gate: Some(Gate::Replace),
        foreseen: foreseen.iter().map(|name| Arc::from(*name)).collect(),
    };
    let since = live.now;
    live.facts.in_flight[0].gates.insert(StackName::seen(stack), Waits { since, cause, until: None });
}

#[test]
fn an_allowance_for_a_release_opens_what_was_predicted_of_its_resources_and_nothing_else() {
    let (world, live) = foreseen();
    let open = world.plan(&live).plan.open;
    let resources: Vec<Option<&str>> = open.iter().map(|open| open.resource.as_deref()).collect();
    assert_eq!(resources, [Some("Database")], "the table stays closed");
    type Case = (&'static str, fn(&mut World, &mut Live));
    let closed: [Case; 8] = [
        ("another release", |world, _| change(world, |allowance| allowance.release = Some("1.4.0".parse().unwrap()))),
        ("another change", |world, _| change(world, |allowance| allowance.what = Gate::Remove)),
        ("another resource", |world, _| change(world, |allowance| allowance.resources = vec![Arc::from("Files")])),
        ("another stack", |world, _| change(world, |allowance| allowance.stack = Some(StackName::seen("elsewhere")))),
        ("another tenant", |world, _| change(world, |allowance| allowance.tenant = Some("acme".parse().unwrap()))),
        ("its last day", |world, _| change(world, |allowance| allowance.until = Some(jiff::civil::date(2026, 11, 1)))),
        ("not predicted", |_, live| stop_at(live, STACK, &[])),
        ("a rollback that failed", |_, live| {
            let gate = live.facts.in_flight[0].gates.values_mut().next().unwrap();
            gate.cause.gate = Some(Gate::Continue);
        }),
    ];
    for (why, change) in closed {
        let (mut world, mut live) = (world.clone(), live.clone());
        change(&mut world, &mut live);
        assert!(world.plan(&live).plan.open.is_empty(), "{why}");
    }
}

fn change(world: &mut World, change: impl FnOnce(&mut landfall::model::catalog::Allowance)) {
    world.change_allow("development", change);
}

#[test]
fn an_allowance_for_a_release_counts_for_one_deployment_of_a_slot() {
    let (world, mut live) = foreseen();
    let open = world.plan(&live).plan.open.remove(0);
    let used = |deployment| landfall::model::journal::Allowed {
        slot: open.slot.clone(),
        allowance: open.allowance,
        deployment,
    };
    live.facts.used.push(used(open.deployment));
    live.facts.in_flight[0].gates.clear();
    assert!(world.plan(&live).plan.open.is_empty(), "nothing waits");
    assert!(world.plan(&live).report.stale.is_empty(), "another stack of the same deployment may still ask for it");
    stop_at(&mut live, "storefront-worker-development-development-eu", &["Database"]);
    assert_eq!(world.plan(&live).plan.open.len(), 1, "the second stack of the same deployment");
    let earlier = landfall::model::journal::DeploymentId(open.deployment.0 - 1);
    live.facts.used = vec![used(earlier)];
    assert!(world.plan(&live).plan.open.is_empty(), "an earlier deployment used it");
    let why: Vec<String> = world.plan(&live).report.stale.into_iter().map(|stale| stale.why).collect();
    assert_eq!(why, ["it was used"]);
}

#[test]
fn an_allowance_for_a_release_opens_no_gate_that_names_a_plan() {
    let (mut world, live) = exhausted();
    world.allow_change("development", Gate::Retry, "1.5.0", &["Database"]);
    assert!(world.plan(&live).plan.is_empty(), "a retry needs the plan");
}

#[test]
fn an_allowance_for_a_release_is_stale_once_the_release_runs() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.allow_change("development", Gate::Replace, "1.5.0", &["Database"]);
    assert!(world.plan(&live).report.stale.is_empty(), "its release may still come");
    world.release("1.5.0");
    let begin = world.plan(&live).plan.begin.remove(0);
    assert!(world.plan(&live).report.stale.is_empty(), "it is about to begin");
    live.succeed(&begin);
    let why: Vec<String> = world.plan(&live).report.stale.into_iter().map(|stale| stale.why).collect();
    assert_eq!(why, ["1.5.0 runs here, and nothing waits for it"]);
}

#[test]
fn stale_allowances_say_why() {
    let (mut world, live) = exhausted();
    let plan = plan_in(&world.show(&live));
    world.allow("development", Gate::Retry, &plan);
    assert!(world.plan(&live).report.stale.is_empty(), "it opens something now");
    world.allow("development", Gate::Retry, "00000000");
    world.allow("development", Gate::Redeploy, &plan);
    world.change_allow("development", |allowance| allowance.until = Some(jiff::civil::date(2026, 11, 1)));
    world.allow("development", Gate::Freeze, &plan);
    world.change_allow("development", |allowance| allowance.tenant = Some("acme".parse().unwrap()));
    world.allow("development", Gate::Adopt, &plan);
    world.change_allow("development", |allowance| allowance.stack = Some(StackName::seen("elsewhere")));
    let shown = world.show(&live);
    golden!("stale", shown.split("\n\n").last().unwrap().replace(&plan, "7f3a91c2"));
    assert_eq!(world.plan(&live).report.stale.len(), 4);
    world.broken(
        landfall::model::catalog::Subject::Environment("development".parse().unwrap()),
        "environments/development.toml",
    );
    assert_eq!(world.plan(&live).report.stale.len(), 2, "what cannot be judged may still ask for it");
}

#[test]
fn a_stack_without_our_tags_is_taken_over_only_by_name() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = world.deployed();
    world.release("1.5.0");
    live.stack(STACK).tags.clear();
    let shown = world.show(&live);
    let plan = plan_in(&shown);
    world.allow("development", Gate::Adopt, &plan);
    assert!(world.plan(&live).plan.is_empty(), "the stack has to be named");
    world.change_allow("development", |allowance| allowance.stack = Some(StackName::seen(STACK)));
    let planned = world.plan(&live);
    let begin = &planned.plan.begin[0];
    assert!(begin.orders[0].adopt && begin.allowed.len() == 1);
    assert!(needs_templates(&planned).is_empty(), "nothing that somebody else made is expected to go");
    let mut broken = live.clone();
    broken.stack(STACK).status = StackStatus::UpdateRollbackFailed;
    assert!(world.plan(&broken).plan.is_empty());
    live.stack(STACK).tags.insert("landfall:repository".to_owned(), "another".to_owned());
    let planned = world.plan(&live);
    assert!(planned.plan.is_empty());
    let Decision::Held { reasons, .. } = &planned.report.slots[0].decision else { panic!("held") };
    assert!(matches!(&reasons[0].cause, Cause::ForeignStack { plan: None, .. }), "another repository's never is");
}

#[test]
fn what_a_failed_first_change_set_left_is_removed_where_nothing_is_to_run() {
    let mut world = World::new();
    world.release("1.4.0");
    let mut live = Live::empty();
    let begin = world.plan(&live).plan.begin.remove(0);
    live.succeed(&begin);
    let made = live.stack(STACK).clone();
    live = Live::empty();
    live.fail(&begin);
    world.pin("development", "none");
    assert!(world.plan(&live).plan.is_empty());
    let review = landfall::model::StackSeen {
        status: StackStatus::ReviewInProgress,
        tags: Default::default(),
        description: None,
        ..made
    };
    live.stacks().insert(review.name.clone(), Arc::new(review));
    assert!(world.plan(&live).plan.is_empty(), "somebody else may have made it");
    live.facts.made.push(Made { place: super::world::place(), stack: StackName::seen(STACK) });
    let begin = world.plan(&live).plan.begin.remove(0);
    assert!(begin.removal && begin.release.as_str() == "1.4.0" && begin.orders.len() == 1);
    assert_eq!(begin.orders[0].stack, StackName::seen(STACK));
    live.succeed(&begin);
    assert!(world.plan(&live).plan.is_empty());
}
