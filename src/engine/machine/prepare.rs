//! From an order to a stack that can be changed: whose it is, and what its status asks for first.

use super::state::Answer;
use super::{BUSY, Effect, Look, Request, STALE, Seen, Subject, change_set, follow, task, whose};
use crate::engine::cause;
use crate::engine::token::{Instance, Purpose};
use crate::model::catalog::Gate;
use crate::model::journal::{Call, Content, Evidence, Outcome};
use crate::model::slot::TAG_PREFIX;
use crate::model::stack_action::{StateAction, action};
use crate::model::{StackSeen, StackStatus};

/// What to do now for a stack that is to be created or updated.
pub(super) fn next(s: &Subject<'_>, content: &Content, seen: &Seen) -> Effect {
    let executing = executing(s);
    let running = content.task.as_ref().filter(|_| task::in_hand(s));
    if let Some(by) = s.superseded {
        // What is executed is followed to its end, unless that end waits for a human.
        if !executing && running.is_none() {
            return change_set::abandon(s, seen, by);
        }
        if s.state.stopped.is_some() && !s.state.waits_at_hook() {
            return s.end(Outcome::Superseded { by: by.clone() });
        }
    }
    // Time, or a person in AWS, may decide at a pause hook, so landfall looks at it anyway.
    if s.state.stopped.is_some() && !(executing && s.state.waits_at_hook()) {
        return Effect::Gate;
    }
    if let Some(run) = running {
        return task::follow(s, content, run, seen);
    }
    let Some(stack) = &seen.stack else {
        return Effect::Look(Look::Stack(s.stack().as_str().into()));
    };
    if executing {
        let went_on = stack.as_ref().filter(|_| s.is_from_before()).and_then(|stack| whose::stranger(s, seen, stack));
        return went_on.unwrap_or_else(|| follow::next(s, content, seen, stack.as_ref()));
    }
    if s.state.waits_for(BUSY) && !stack.as_ref().is_some_and(|stack| stack.status.in_progress()) {
        return Effect::Note(vec![s.waits(None, None)]);
    }
    match stack {
        None => change_set::next(s, content, seen, None),
        Some(stack) if stack.status == StackStatus::DeleteComplete => change_set::next(s, content, seen, None),
        Some(stack) => found(s, content, seen, stack),
    }
}

/// Whether the change set of this round may have been executed.
fn executing(s: &Subject<'_>) -> bool {
    let execute = s.call(Purpose::Execute(s.state.round()));
    execute.is_some_and(|call| call.answer != Answer::Refused)
}

/// A stack of that name is there.
fn found(s: &Subject<'_>, content: &Content, seen: &Seen, stack: &StackSeen) -> Effect {
    if !is_ours(s, content, stack) && !may_adopt(s, stack) {
        let owner = match stack.owner() {
            Some(owner) => format!("belongs to repository `{}` ({})", owner.repository, owner.slot()),
            None => "was not made by landfall".to_owned(),
        };
        return s.fail("foreign-stack", format!("the stack {owner}: landfall does not touch it"));
    }
    if (!s.state.begun() || s.is_from_before())
        && let Some(effect) = whose::stranger(s, seen, stack)
    {
        return effect;
    }
    if s.state.no_change.is_some() {
        return change_set::unchanged(s, content, seen, stack);
    }
    if s.order.as_found && !s.state.begun() && is_as_found(content, stack) {
        let reason = "the stack was found with this content".to_owned();
        return Effect::Note(vec![s.evidence(Evidence::NoChange { reason })]);
    }
    match action(stack.status) {
        StateAction::Create => change_set::next(s, content, seen, None),
        StateAction::Update => change_set::next(s, content, seen, Some(stack)),
        // What we asked for ourselves.
        StateAction::Wait if s.state.changing() => s.poll(stack.updated.unwrap_or(stack.created)),
        StateAction::Wait => s.busy(seen, stack),
        StateAction::Clear => clear(s, seen, stack),
        StateAction::ClearBehind(gate) if s.state.is_open(gate, None) => delete(s, stack),
        StateAction::ClearBehind(gate) => s.stop(
            gate,
            "stack-broken",
            format!("the stack is {} and must be deleted before it can be created", stack.status),
        ),
        StateAction::ContinueBehind(gate) => continue_rollback(s, stack, gate),
        StateAction::RollbackBehind(gate) => roll_back(s, stack, gate),
        StateAction::ByHand => {
            s.fail("stack-broken", format!("the stack is {}, which only its owner can fix in AWS", stack.status))
        }
    }
}

/// Whether what the plan saw still holds: the stack's stamp says this content, and nothing is going on in it.
fn is_as_found(content: &Content, stack: &StackSeen) -> bool {
    let same = stack.stamp().is_some_and(|stamp| stamp.content == content.hash);
    same && action(stack.status) == StateAction::Update
}

/// Whether the stack's tags are the ones that we would give it. A stack under review has not got its tags yet: it is ours
/// if this store made it.
fn is_ours(s: &Subject<'_>, content: &Content, stack: &StackSeen) -> bool {
    let ours = |key: &String| key.starts_with(TAG_PREFIX);
    if stack.status == StackStatus::ReviewInProgress && !stack.tags.keys().any(ours) {
        return s.past.made;
    }
    let wanted = content.tags.iter().filter(|(key, _)| ours(key));
    let mut any = false;
    for (key, value) in wanted {
        any = true;
        if stack.tags.get(key) != Some(value) {
            return false;
        }
    }
    any
}

/// Whether an allowance lets landfall take the stack over: it has no tags of any landfall repository, and it can be
/// updated. Another repository's never is.
fn may_adopt(s: &Subject<'_>, stack: &StackSeen) -> bool {
    let untagged = !stack.tags.keys().any(|key| key.starts_with(TAG_PREFIX));
    s.order.adopt && untagged && action(stack.status) == StateAction::Update
}

/// Deletes what a failed first create left, unless some of its resources were retained.
fn clear(s: &Subject<'_>, seen: &Seen, stack: &StackSeen) -> Effect {
    let Some(resources) = &seen.resources else { return Effect::Look(Look::Resources(stack.id.clone())) };
    let kept = resources.iter().find(|resource| {
        let there = resource.physical_id.is_some() && resource.status != "DELETE_COMPLETE";
        there && !s.state.is_open(Gate::Remove, Some(&resource.logical_id.as_str().into()))
    });
    match kept {
        Some(kept) => {
            let sentence = format!(
                "the stack failed when it was first created, and still has {} ({}): deleting it could lose that",
                kept.logical_id, kept.kind
            );
            s.stop(Gate::Remove, "stack-keeps-resources", sentence)
        }
        None => delete(s, stack),
    }
}

fn delete(s: &Subject<'_>, stack: &StackSeen) -> Effect {
    let clear = Purpose::Clear(Instance::of(&stack.id));
    match s.call(clear) {
        Some(call) if call.answer == Answer::Accepted && !s.older_than(call.at, STALE) => s.poll(call.at),
        Some(call) if call.answer == Answer::Accepted => {
            s.fail("stack-broken", format!("the stack is still {} after landfall deleted it", stack.status))
        }
        _ => s.ask(Call::DeleteStack, clear, Request::Delete(stack.id.clone())),
    }
}

/// Continues a rollback that failed, once per opening of the gate.
pub(super) fn continue_rollback(s: &Subject<'_>, stack: &StackSeen, gate: Gate) -> Effect {
    let opening = s.state.openings(&[gate, Gate::SkipResource]);
    let purpose = Purpose::Continue(opening);
    match s.call(purpose) {
        Some(call) if call.answer == Answer::Accepted && !s.older_than(call.at, STALE) => s.poll(call.at),
        Some(call) if call.answer == Answer::Accepted => stuck(s, stack, gate),
        Some(_) => s.ask(Call::ContinueRollback, purpose, Request::Continue(skipped(s))),
        None if opening > 0 => s.ask(Call::ContinueRollback, purpose, Request::Continue(skipped(s))),
        None => stuck(s, stack, gate),
    }
}

/// The resources that are left out: those that an allowance names.
fn skipped(s: &Subject<'_>) -> Vec<std::sync::Arc<str>> {
    s.state.opened_for(Gate::SkipResource)
}

fn roll_back(s: &Subject<'_>, stack: &StackSeen, gate: Gate) -> Effect {
    let opening = s.state.openings(&[gate]);
    let purpose = Purpose::Rollback(opening);
    match s.call(purpose) {
        Some(call) if call.answer == Answer::Accepted && !s.older_than(call.at, STALE) => s.poll(call.at),
        Some(call) if call.answer == Answer::Accepted => stuck(s, stack, gate),
        None if opening == 0 => stuck(s, stack, gate),
        _ => s.ask(Call::RollbackStack, purpose, Request::Rollback),
    }
}

fn stuck(s: &Subject<'_>, stack: &StackSeen, gate: Gate) -> Effect {
    let seen = cause::last_failure(&s.state.evidence);
    let said = || Some(stack.reason.as_ref()?.trim_end().trim_end_matches('.').to_owned());
    let reason = seen.or_else(said).map_or_else(String::new, |reason| format!(": {reason}"));
    s.stop(gate, "stack-broken", format!("the stack is {}{reason}", stack.status))
}
