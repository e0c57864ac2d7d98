//! `[[allow]]`: each opens one gate once, and says so when it opens nothing any more.

use std::sync::Arc;

use landfall::model::StackName;
use landfall::model::catalog::Gate;
use landfall::model::decision::Cause;
use landfall::model::journal::{Cause as Why, Outcome};
use landfall::model::{Decision, StackStatus};
use landfall::plan::needs_templates;

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
        });
    };
    stop(&mut live);
    let first = plan_in(&world.show(&live));
    assert_eq!(first, *begin.plan, "the plan that history names");
    world.allow("development", Gate::Continue, &first);
    let open = world.plan(&live).plan.open.remove(0);
    live.facts.used.push(landfall::model::journal::Allowed { slot: open.slot, allowance: open.allowance, deployment });
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
    live.facts.in_flight[0].stopped = Some(Why { code, sentence, stack, gate: Some(Gate::Continue) });
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
    live.facts.in_flight[0].gates_gone = 1;
    assert!(world.plan(&live).plan.open.is_empty(), "what was allowed for the hook before opens no other");
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
    let begin = world.plan(&live).plan.begin.remove(0);
    assert!(begin.removal && begin.release.as_str() == "1.4.0" && begin.orders.len() == 1);
    assert_eq!(begin.orders[0].stack, StackName::seen(STACK));
    live.succeed(&begin);
    assert!(world.plan(&live).plan.is_empty());
}
