//! Deleting a stack, as ordered: the one with this id, and no other of its name.

use std::sync::Arc;

use super::state::Answer;
use super::{BUSY, Effect, Look, Request, STALE, Seen, Subject};
use crate::cloud::StackEvent;
use crate::engine::cause;
use crate::engine::token::Purpose;
use crate::model::journal::{Call, Evidence, Outcome};
use crate::model::{StackSeen, StackStatus};

/// How long somebody else's operation is waited for before the deletion is given up, in seconds.
const PATIENCE: i64 = 3_600;

/// What to do now for a stack that is to be deleted.
pub(super) fn next(s: &Subject<'_>, id: &Arc<str>, unprotect: bool, seen: &Seen) -> Effect {
    let asked = s.call(Purpose::Delete).filter(|call| call.answer != Answer::Refused);
    if let Some(by) = s.superseded.filter(|_| asked.is_none() || s.state.stopped.is_some()) {
        return s.end(Outcome::Superseded { by: by.clone() });
    }
    if s.state.stopped.is_some() {
        return Effect::Gate;
    }
    let Some(stack) = &seen.stack else { return Effect::Look(Look::Stack(id.clone())) };
    let Some(stack) = stack.as_ref().filter(|stack| stack.status != StackStatus::DeleteComplete) else {
        return s.end_as(StackStatus::DeleteComplete, Outcome::Removed);
    };
    // A stack under review has no tags yet: it is ours if this store made it.
    let ours = match stack.owner() {
        Some(owner) => owner.slot() == s.opened.slot,
        None => stack.status == StackStatus::ReviewInProgress && s.past.made,
    };
    if !ours {
        return s.fail("foreign-stack", "the stack does not carry the tags of this slot any more: it is not touched");
    }
    match asked {
        Some(call) if stack.status.in_progress() => s.poll(call.first),
        None if stack.status.in_progress() && stack.status != StackStatus::ReviewInProgress => {
            s.busy(seen, stack, PATIENCE)
        }
        _ if s.state.waits_for(BUSY) => Effect::Note(vec![s.waits(None)]),
        Some(call) if call.answer == Answer::Accepted => after(s, seen, stack, call.at),
        _ => before(s, stack, unprotect),
    }
}

/// Nothing was asked yet, or nobody knows whether it arrived: the token makes a repetition harmless.
fn before(s: &Subject<'_>, stack: &StackSeen, unprotect: bool) -> Effect {
    if stack.protected {
        let unprotected = s.call(Purpose::Protect).filter(|call| call.answer == Answer::Accepted);
        return match unprotected {
            Some(call) if !s.older_than(call.at, STALE) => s.poll(call.at),
            _ if unprotect => s.ask(Call::SetProtection, Purpose::Protect, Request::Protect(false)),
            // Protected since it was planned: the next plan says what is asked for then.
            _ => s.fail("protected", "the stack is protected from deletion"),
        };
    }
    s.ask(Call::DeleteStack, Purpose::Delete, Request::Delete(stack.id.clone()))
}

/// AWS took the deletion, and the stack is still there.
fn after(s: &Subject<'_>, seen: &Seen, stack: &StackSeen, at: jiff::Timestamp) -> Effect {
    let late = s.older_than(at, STALE);
    if stack.status != StackStatus::DeleteFailed {
        if !late {
            return s.poll(at);
        }
        return s.fail("not-deleted", format!("the stack stays {} although AWS took its deletion", stack.status));
    }
    let token = s.token(Purpose::Delete);
    let Some(events) = &seen.events else { return Effect::Look(Look::Events(stack.id.clone(), token)) };
    let own = |event: &&StackEvent| event.token.as_deref() == Some(&*token) && event.status.ends_with("_FAILED");
    let of_stack = |event: &StackEvent| event.kind == "AWS::CloudFormation::Stack";
    // Without an event that says so, the status may be that of an earlier deletion.
    if !late && !events.iter().filter(own).any(of_stack) {
        return s.poll(at);
    }
    let failed = events.iter().rev().filter(own).filter(|event| !of_stack(event));
    let items: Vec<Evidence> = failed
        .map(|event| Evidence::ResourceFailed {
            resource: event.resource.clone(),
            kind: event.kind.clone(),
            reason: event.reason.clone().unwrap_or_default(),
            at: event.at,
        })
        .collect();
    let reason = stack.reason.as_deref();
    let cause = cause::of_stack(s.stack(), &items, stack.status.as_str(), reason);
    super::follow::not_proved(s, items, stack.status, cause)
}
