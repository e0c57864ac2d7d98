//! `landfall doctor`: no pair of a standing and a status is a dead end, and what it says is what the plan does.

use std::collections::BTreeSet;

use landfall::model::catalog::Gate;
use landfall::model::decision::Cause;
use landfall::model::remedy::{Key, Remedy};
use landfall::model::{StackName, StackStatus as Status};
use landfall::plan::doctor::{Diagnosis, Next, Standing, diagnose, next};
use landfall::view::{self, Style};

use super::world::{Live, World, slot};
use super::{Story, golden};

type Pair = (Standing, Option<Status>);

const STACK: &str = "storefront-web-development-development-eu";

fn pairs() -> Vec<Pair> {
    let statuses = || Status::ALL.into_iter().map(Some).chain([None]);
    Standing::ALL.into_iter().flat_map(|standing| statuses().map(move |status| (standing, status))).collect()
}

/// In what an operation that goes on can end, as AWS documents the life of a stack.
fn ends(status: Status) -> Vec<Option<Status>> {
    use Status as S;
    let all: &[Status] = match status {
        S::CreateInProgress => &[S::CreateComplete, S::CreateFailed, S::RollbackInProgress],
        S::RollbackInProgress => &[S::RollbackComplete, S::RollbackFailed],
        S::DeleteInProgress => return vec![None, Some(S::DeleteFailed)],
        S::UpdateInProgress => &[S::UpdateComplete, S::UpdateFailed, S::UpdateRollbackInProgress],
        S::UpdateCompleteCleanupInProgress => &[S::UpdateComplete],
        S::UpdateRollbackInProgress => &[S::UpdateRollbackComplete, S::UpdateRollbackFailed],
        S::UpdateRollbackCompleteCleanupInProgress => &[S::UpdateRollbackComplete],
        S::ImportInProgress => &[S::ImportComplete, S::ImportRollbackInProgress],
        S::ImportRollbackInProgress => &[S::ImportRollbackComplete, S::ImportRollbackFailed],
        other => return vec![Some(other)],
    };
    all.iter().copied().map(Some).collect()
}

/// What a deployment makes of a stack that it has in hand: the operation that it begins, a gate, or its end.
fn deploys(status: Option<Status>) -> Vec<Pair> {
    use Status as S;
    let Some(status) = status else { return vec![(Standing::Deploying, Some(S::CreateInProgress))] };
    if status.in_progress() {
        return ends(status).into_iter().map(|end| (Standing::Deploying, end)).collect();
    }
    match status {
        S::ReviewInProgress | S::DeleteComplete => vec![(Standing::Deploying, Some(S::CreateInProgress))],
        S::RollbackComplete => vec![(Standing::Deploying, Some(S::DeleteInProgress))],
        S::CreateFailed | S::UpdateFailed | S::RollbackFailed | S::DeleteFailed | S::UpdateRollbackFailed => {
            vec![(Standing::AtGate, Some(status))]
        }
        // It fails, and the slot carries the stack as it is.
        S::ImportRollbackFailed => vec![(Standing::Wanted, Some(status))],
        _ => vec![(Standing::Deploying, Some(S::UpdateInProgress)), (Standing::Wanted, Some(status))],
    }
}

/// What an opened gate leads to.
fn opened(status: Option<Status>) -> Vec<Pair> {
    use Status as S;
    let began = match status {
        Some(S::UpdateRollbackFailed | S::UpdateFailed) => S::UpdateRollbackInProgress,
        Some(S::CreateFailed) => S::RollbackInProgress,
        Some(S::RollbackFailed | S::DeleteFailed) => S::DeleteInProgress,
        _ => return vec![(Standing::Deploying, status)],
    };
    vec![(Standing::Deploying, Some(began))]
}

/// Where a step leads.
fn follow((standing, status): Pair) -> Vec<Pair> {
    match (next(standing, status), standing) {
        (Next::Nothing, _) => Vec::new(),
        (Next::ByItself, Standing::Wanted) => vec![(Standing::Deploying, status)],
        (Next::ByItself, Standing::Deploying | Standing::Waiting) => deploys(status),
        (Next::ByItself, Standing::Removing) => vec![(Standing::Removing, Some(Status::DeleteInProgress))],
        (Next::ByItself, _) => vec![(Standing::Wanted, None)],
        (Next::Wait, _) => ends(status.expect("something goes on")).into_iter().map(|end| (standing, end)).collect(),
        (Next::Answer, _) => opened(status),
        (Next::Open(Gate::Adopt), _) => vec![(Standing::Deploying, status)],
        (Next::Open(_), Standing::Removing) => vec![(Standing::Removing, Some(Status::DeleteInProgress))],
        (Next::Open(_), _) => vec![(Standing::Deploying, status)],
        (Next::FixSlot, _) => vec![(Standing::Wanted, status)],
        (Next::Prune, _) => vec![(Standing::Removing, status)],
        (Next::Delete, _) => vec![(standing, Some(Status::DeleteInProgress))],
        (Next::Rename, _) => vec![(Standing::Wanted, None)],
        (Next::Drift, _) => unreachable!("drift is no matter of a standing and a status"),
        (Next::Repair, _) => vec![(standing, Some(Status::UpdateComplete))],
    }
}

#[test]
fn no_pair_is_a_dead_end_and_every_one_comes_to_a_good_end() {
    let settled = |status: Option<Status>| {
        use Status as S;
        let good = [
            S::CreateComplete,
            S::UpdateComplete,
            S::UpdateRollbackComplete,
            S::ImportComplete,
            S::ImportRollbackComplete,
        ];
        status.is_some_and(|status| good.contains(&status))
    };
    let gone = |status: Option<Status>| status.is_none_or(|status| status == Status::DeleteComplete);
    let mut stuck = Vec::new();
    for pair in pairs() {
        let good = next(pair.0, pair.1) == Next::Nothing;
        let expected = match pair.0 {
            Standing::Wanted => settled(pair.1),
            Standing::Removing | Standing::Unwanted => gone(pair.1),
            _ => false,
        };
        assert_eq!(good, expected, "{pair:?}: only what is as it should be needs nothing");
        let (mut seen, mut todo) = (BTreeSet::from([pair]), vec![pair]);
        let mut ended = false;
        while let Some(at) = todo.pop() {
            ended |= next(at.0, at.1) == Next::Nothing;
            let after = follow(at);
            assert_eq!(after.is_empty(), next(at.0, at.1) == Next::Nothing, "{at:?} leads on");
            todo.extend(after.into_iter().filter(|pair| seen.insert(*pair)));
        }
        if !ended {
            stuck.push(pair);
        }
    }
    assert!(stuck.is_empty(), "these come to no good end: {stuck:?}");
}

fn all(world: &World, live: &Live) -> Vec<Diagnosis> {
    diagnose(&world.catalog, &live.facts, &live.observed, &world.plan(live))
}

fn of(world: &World, live: &Live, stack: &str) -> Diagnosis {
    all(world, live).into_iter().find(|one| one.stack.as_str() == stack).unwrap()
}

/// 1.4.0 runs in development, and 1.5.0 is wanted there.
fn wanted() -> (World, Live) {
    let mut world = World::new();
    world.release("1.4.0");
    let live = world.deployed();
    world.release("1.5.0");
    (world, live)
}

fn key(one: &Diagnosis) -> Option<Key> {
    one.remedies.iter().find_map(|way| if let Remedy::Allow(key) = way { Some(key.clone()) } else { None })
}

#[test]
fn what_the_doctor_says_of_a_wanted_stack_is_what_the_plan_does() {
    for status in Status::ALL {
        let (mut world, mut live) = wanted();
        live.stack(STACK).status = status;
        let one = of(&world, &live, STACK);
        let begins = |world: &World, live: &Live| !world.plan(live).plan.begin.is_empty();
        match one.next {
            Next::Nothing | Next::ByItself => assert!(begins(&world, &live), "{status} deploys"),
            Next::Wait | Next::Repair => assert!(!begins(&world, &live) && key(&one).is_none(), "{status} is held"),
            Next::Open(gate) => {
                assert!(!begins(&world, &live), "{status} is held");
                let key = key(&one).unwrap_or_else(|| panic!("{status} has a key"));
                assert_eq!(key.what, gate, "{status}");
                world.allow("development", key.what, &key.plan);
                world.change_allow("development", |allowance| allowance.stack = key.stack.clone());
                assert!(begins(&world, &live), "the key of {status} works");
            }
            other => panic!("{status}: {other:?} is no step of a wanted stack"),
        }
    }
}

#[test]
fn what_the_doctor_says_of_a_removal_is_what_the_plan_does() {
    for status in Status::ALL.into_iter().filter(|status| *status != Status::DeleteComplete) {
        let (mut world, mut live) = wanted();
        world.pin("development", "none");
        live.stack(STACK).status = status;
        let begins = |world: &World| world.plan(&live).plan.begin.iter().any(|begin| begin.removal);
        let one = of(&world, &live, STACK);
        match next(Standing::Removing, Some(status)) {
            Next::ByItself => assert!(begins(&world) && one.standing == Standing::Removing, "{status}"),
            Next::Wait => assert!(!begins(&world), "{status}"),
            Next::Open(gate) => {
                let key = key(&one).unwrap_or_else(|| panic!("{status} has a key"));
                assert!(!begins(&world) && key.what == gate, "{status}");
                world.allow("development", key.what, &key.plan);
                assert!(begins(&world), "the key of {status} works");
            }
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[test]
fn five_typical_states() {
    let mut story = Story::default();
    let mut tell = |title: &str, world: &World, live: &Live| {
        let all = all(world, live);
        let shown: Vec<&Diagnosis> = all.iter().filter(|one| !one.in_order).collect();
        story.tell(title, &view::doctor::terminal(&shown, live.now, Style::PLAIN));
        let json = view::doctor::json(&shown, live.now);
        assert_eq!(json["stacks"].as_array().unwrap().len(), shown.len());
    };
    let (world, live) = wanted();
    let mut calm = world.clone();
    calm.project().releases.remove("1.5.0");
    tell("every stack is as it should be", &calm, &live);
    let mut broken = live.clone();
    broken.stack(STACK).status = Status::UpdateRollbackFailed;
    broken.stack(STACK).reason = Some("The following resource(s) failed to update: [Service]".to_owned());
    tell("its rollback failed", &world, &broken);
    let mut failed = live.clone();
    let mut once = world.clone();
    once.project().attempts = 1;
    let begin = once.plan(&failed).plan.begin.remove(0);
    failed.fail(&begin);
    tell("1.5.0 failed as often as it may", &once, &failed);
    let mut foreign = live.clone();
    foreign.stack(STACK).tags.clear();
    tell("it is somebody else's", &world, &foreign);
    foreign.stack(STACK).status = Status::ReviewInProgress;
    tell("somebody made a change set and never executed it", &world, &foreign);
    let mut none = calm.clone();
    none.environment("development").protected = true;
    none.pin("development", "none");
    tell("it is to be removed, and protected", &none, &live);
    let mut gone = calm.clone();
    gone.catalog.targets.remove("development-eu");
    gone.add_target("development-us", "development");
    let mut moved = live.clone();
    gone.settle(&mut moved);
    tell("no slot wants it", &gone, &moved);
    golden!("doctor", story.0);
}

#[test]
fn a_stack_of_a_held_slot_says_what_holds_it() {
    let (mut world, live) = wanted();
    world.broken(
        landfall::model::catalog::Subject::Environment("development".parse().unwrap()),
        "environments/development.toml",
    );
    let one = of(&world, &live, STACK);
    assert_eq!((one.standing, one.next, one.in_order), (Standing::Kept, Next::FixSlot, false));
    assert!(matches!(one.holds[0].cause, Cause::Broken { .. }));
    assert!(matches!(one.remedies[0], Remedy::Fix(_)));
    assert!(live.facts.running(&slot("development")).is_some() && one.stack == StackName::seen(STACK));
}
