//! Deleting a stack, as ordered: the one with this id, and no other of its name.

use std::sync::Arc;

use super::state::Answer;
use super::{BUSY, Effect, Look, Request, STALE, Seen, Subject, whose};
use crate::cloud::StackEvent;
use crate::engine::cause;
use crate::engine::token::Purpose;
use crate::model::journal::{Call, Cause, Evidence, Outcome};
use crate::model::{StackSeen, StackStatus};

/// The longest pause before a deletion that AWS took back is asked for again, in seconds.
const LONGEST: i64 = 300;

/// What to do now for a stack that is to be deleted.
pub(super) fn next(s: &Subject<'_>, id: &Arc<str>, unprotect: bool, seen: &Seen) -> Effect {
    let asked = s.call(Purpose::Delete(round(s))).filter(|call| call.answer != Answer::Refused);
    let idle = asked.is_none() || s.state.stopped.is_some() || s.state.waits_for(Cause::EXPORT_IN_USE);
    if let Some(by) = s.superseded.filter(|_| idle) {
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
        return s.fail("foreign-stack", "the stack no longer has this slot's tags: landfall does not touch it");
    }
    match asked {
        Some(call) if stack.status.in_progress() => s.poll(call.first),
        None if stack.status.in_progress() && stack.status != StackStatus::ReviewInProgress => s.busy(seen, stack),
        _ if s.state.waits_for(BUSY) => Effect::Note(vec![s.waits(None, None)]),
        Some(call) if call.answer == Answer::Accepted => after(s, seen, stack, call.at),
        None => whose::stranger(s, seen, stack).unwrap_or_else(|| before(s, stack, unprotect)),
        Some(_) => before(s, stack, unprotect),
    }
}

/// How often the deletion was asked for under another token; 1 before the first.
fn round(s: &Subject<'_>) -> usize {
    (1..).take_while(|round| s.call(Purpose::Delete(*round)).is_some()).count().max(1)
}

/// The call was not made yet, or may not have arrived: the token makes a repetition harmless.
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
    s.ask(Call::DeleteStack, Purpose::Delete(round(s)), Request::Delete(stack.id.clone()))
}

/// What a stack says about its deletion that AWS cancelled because of an export, as far as `reason` is that.
fn in_use(reason: &str) -> Option<&str> {
    let (_, users) = reason.split_once(" in use by ")?;
    reason.to_ascii_lowercase().contains("export ").then(|| users.trim().trim_end_matches('.'))
}

/// Other stacks use an export of this one: the deletion is asked for again later, longer each time.
fn imported(s: &Subject<'_>, stack: &StackSeen, reason: &str, users: &str, at: jiff::Timestamp) -> Effect {
    let asked = round(s);
    let pause = (15_i64 << asked.min(5)).min(LONGEST);
    let again = at + jiff::SignedDuration::from_secs(pause);
    if s.now >= again {
        return s.ask(Call::DeleteStack, Purpose::Delete(asked + 1), Request::Delete(stack.id.clone()));
    }
    if s.state.waits_for(Cause::EXPORT_IN_USE) && s.state.waits_until == Some(again) {
        return Effect::Wait(again);
    }
    let sentence = format!(
        "AWS keeps the stack because {users} uses its exports ({}); landfall deletes it when they no longer do",
        reason.trim().trim_end_matches('.')
    );
    Effect::Note(vec![s.waits(Some((Cause::EXPORT_IN_USE, sentence)), Some(again))])
}

/// AWS took the deletion, and the stack is still there.
fn after(s: &Subject<'_>, seen: &Seen, stack: &StackSeen, at: jiff::Timestamp) -> Effect {
    let late = s.older_than(at, STALE);
    let token = s.token(Purpose::Delete(round(s)));
    let Some(events) = &seen.events else { return Effect::Look(Look::Events(stack.id.clone(), token)) };
    let ours = events.iter().filter(|event| event.token.as_deref() == Some(&*token));
    let used = ours.filter_map(|event| event.reason.as_deref()).find_map(|reason| Some((reason, in_use(reason)?)));
    if let Some((reason, users)) = used {
        return imported(s, stack, reason, users, at);
    }
    if stack.status != StackStatus::DeleteFailed {
        if !late {
            return s.poll(at);
        }
        return s.fail("not-deleted", format!("the stack is still {} after AWS accepted its deletion", stack.status));
    }
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
