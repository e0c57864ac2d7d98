//! From the execution of a change set to the end of the operation.

use super::state::{Answer, CallState};
use super::{Effect, Look, Request, STALE, Seen, Subject, change_set, evidence, pause, prepare, prove, takeover};
use crate::cloud::{Execution, StackEvent};
use crate::engine::cause;
use crate::engine::token::Purpose;
use crate::model::catalog::Gate;
use crate::model::journal::{Call, Cause, Content, Entry, Evidence, Outcome, Reply};
use crate::model::{StackSeen, StackStatus};

/// What to do now for a stack whose change set may have been executed.
pub(super) fn next(s: &Subject<'_>, content: &Content, seen: &Seen, stack: Option<&StackSeen>) -> Effect {
    let Some(execute) = s.call(Purpose::Execute(s.state.round())) else { return change_set::execute(s) };
    if execute.answer == Answer::Unknown {
        return was_it_taken(s, content, seen, stack);
    }
    let Some(stack) = stack else { return gone(s, content, execute) };
    if stack.status.in_progress() {
        // Our stack was deleted, and this one has its name.
        if !s.order.adopt && stack.owner().is_none_or(|owner| owner.slot() != s.opened.slot) {
            return gone(s, content, execute);
        }
        let effect = evidence::collect(s, seen, stack).or_else(|| pause::next(s, seen, stack));
        return effect.unwrap_or_else(|| in_progress(s, content, seen, stack, execute));
    }
    if s.state.waits_at_hook() {
        return Effect::Note(vec![s.gate_gone()]);
    }
    let status = match end(s, seen, stack, execute) {
        Ok(status) => status,
        Err(effect) => return *effect,
    };
    match status {
        Some(StackStatus::CreateComplete | StackStatus::UpdateComplete) => {
            prove::next(s, content, seen, stack, execute.first)
        }
        Some(StackStatus::UpdateRollbackFailed) => {
            evidence::collect(s, seen, stack).unwrap_or_else(|| prepare::continue_rollback(s, stack, Gate::Continue))
        }
        Some(status) => {
            evidence::collect(s, seen, stack).unwrap_or_else(|| failed(s, content, stack.reason.as_deref(), status))
        }
        // The status is still the one from before.
        None if s.late(execute.first, s.deadline(content)) => {
            s.fail("not-executed", "AWS accepted the change set but does not show that it executes it")
        }
        None => s.poll(execute.at),
    }
}

/// The reply to the execution is not known: the change set, or the operation's events, tell.
fn was_it_taken(s: &Subject<'_>, content: &Content, seen: &Seen, stack: Option<&StackSeen>) -> Effect {
    let round = s.state.round();
    let Some(change_set) = &seen.change_set else {
        return Effect::Look(Look::ChangeSet(s.change_set_name(round)));
    };
    match change_set.as_ref().map(|change_set| change_set.execution) {
        Some(Execution::Available) => change_set::execute(s),
        Some(Execution::InProgress | Execution::Complete | Execution::Failed) => taken(s),
        Some(Execution::Obsolete) => change_set::again(s, content, seen, stack.is_none()),
        // Reads may lag behind an execution that was taken: another change set is made only when they cannot any more.
        Some(Execution::Unavailable) | None => {
            let late = s.call(Purpose::Execute(round)).is_none_or(|execute| s.older_than(execute.at, STALE));
            let Some(stack) = stack else {
                return if late { change_set::again(s, content, seen, true) } else { s.poll(s.now) };
            };
            let token = s.token(Purpose::Execute(round));
            let Some(events) = &seen.events else {
                return Effect::Look(Look::Events(stack.id.clone(), token));
            };
            let carried = events.iter().any(|event| event.token.as_deref() == Some(&*token));
            let create = stack.status == StackStatus::ReviewInProgress;
            match carried {
                true => taken(s),
                false if !late => s.poll(s.now),
                false => change_set::again(s, content, seen, create),
            }
        }
    }
}

fn taken(s: &Subject<'_>) -> Effect {
    Effect::Note(vec![Entry::Reply {
        deployment: s.opened.deployment,
        stack: s.stack().clone(),
        call: Call::ExecuteChangeSet,
        reply: Reply::Accepted,
    }])
}

/// No stack of that name is there any more.
fn gone(s: &Subject<'_>, content: &Content, execute: CallState) -> Effect {
    if s.call(Purpose::Abort).is_some() {
        return failed(s, content, None, StackStatus::DeleteComplete);
    }
    if !s.older_than(execute.at, STALE) {
        return s.poll(execute.at);
    }
    let cause = cause::cause("stack-gone", s.stack(), "the stack was deleted during the deployment");
    s.end_as(StackStatus::DeleteComplete, Outcome::Failed(cause))
}

/// Waits, up to the deadline or until a newer order takes over: then a first create is deleted and an update cancelled. A
/// rollback takes its time.
fn in_progress(s: &Subject<'_>, content: &Content, seen: &Seen, stack: &StackSeen, execute: CallState) -> Effect {
    let forward = matches!(stack.status, StackStatus::CreateInProgress | StackStatus::UpdateInProgress);
    if let Some(effect) = takeover::next(s, seen, execute.first).filter(|_| forward) {
        return effect;
    }
    if s.deployment.taken_over.is_some() || s.late(execute.first, s.deadline(content)) {
        let (call, purpose, request) = match stack.status {
            StackStatus::CreateInProgress => (Call::DeleteStack, Purpose::Abort, Request::Delete(stack.id.clone())),
            StackStatus::UpdateInProgress => (Call::CancelUpdate, Purpose::Cancel, Request::Cancel),
            _ => return s.poll(execute.first),
        };
        let asked = s.call(purpose).is_some_and(|call| call.answer == Answer::Accepted);
        if !asked {
            return s.ask(call, purpose, request);
        }
    }
    s.poll(execute.first)
}

/// The status in which our operation ended, by its own events, or else by its change set. None while neither says so.
fn end(
    s: &Subject<'_>,
    seen: &Seen,
    stack: &StackSeen,
    execute: CallState,
) -> Result<Option<StackStatus>, Box<Effect>> {
    let round = s.state.round();
    let Some(events) = &seen.events else {
        let token = s.token(Purpose::Execute(round));
        return Err(Box::new(Effect::Look(Look::Events(stack.id.clone(), token))));
    };
    let of_stack = |event: &&StackEvent| {
        evidence::is_ours(s, event)
            && event.kind == "AWS::CloudFormation::Stack"
            && event.physical_id.as_deref() == Some(&*stack.id)
    };
    let last = events.iter().find(of_stack).and_then(|event| StackStatus::parse(&event.status));
    if let Some(status) = last.filter(|status| !status.in_progress()) {
        return Ok(Some(status));
    }
    // Without an end in our events: tokens are lost somewhere, or the reads lag behind. The change set was executed, and
    // long enough ago for the status to be the one after it.
    if !s.older_than(execute.at, STALE) {
        return Ok(None);
    }
    let Some(change_set) = &seen.change_set else {
        return Err(Box::new(Effect::Look(Look::ChangeSet(s.change_set_name(round)))));
    };
    let done = change_set
        .as_ref()
        .is_some_and(|change_set| matches!(change_set.execution, Execution::Complete | Execution::Failed));
    Ok(done.then_some(stack.status))
}

/// Ends the stack in failure, with its root cause, and says where a deadline was passed.
fn failed(s: &Subject<'_>, content: &Content, reason: Option<&str>, status: StackStatus) -> Effect {
    let late = s.call(Purpose::Abort).is_some() || s.call(Purpose::Cancel).is_some();
    let taken_over = s.deployment.taken_over.as_ref().and(s.deployment.instead());
    if let Some(by) = taken_over.cloned().or_else(|| pause::gave_way(s)) {
        return s.end_as(status, Outcome::Superseded { by });
    }
    let root = pause::cause(s, status).or_else(|| cause::root_cause(s.stack(), &s.state.evidence));
    // A resource that was only cancelled because the time was over is not the cause.
    let root = root.filter(|root| !late || !cause::is_cancelled(root));
    let cause = match root {
        Some(root) if late => {
            let limit = cause::limit(s.deadline(content));
            Cause { sentence: format!("{}; it did not finish within {limit}", root.sentence), ..root }
        }
        None if late => {
            let limit = cause::limit(s.deadline(content));
            cause::cause("deadline", s.stack(), format!("it did not finish within {limit}"))
        }
        Some(root) => root,
        None => cause::of_stack(s.stack(), &s.state.evidence, status.as_str(), reason),
    };
    failed_as(s, status, cause)
}

fn failed_as(s: &Subject<'_>, status: StackStatus, cause: Cause) -> Effect {
    s.end_as(status, Outcome::Failed(cause))
}

/// Evidence and the end of a stack whose services are not what they should be.
pub(super) fn not_proved(s: &Subject<'_>, services: Vec<Evidence>, status: StackStatus, cause: Cause) -> Effect {
    let mut entries: Vec<Entry> = services.into_iter().map(|item| s.evidence(item)).collect();
    entries.push(s.evidence(Evidence::StackLeft { status }));
    entries.push(s.ended(Outcome::Failed(cause)));
    Effect::Note(entries)
}
