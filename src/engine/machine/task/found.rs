//! The task of a stack whose last change is not in this journal: another store made it, or a lost part of this one's past.
//!
//! Whoever changed the stack was to run the task, and may have stopped before. The token of their change names the token of
//! their task. As long as ECS certainly remembers that one, the task is asked for under it: then it runs once, whoever was
//! first, and whoever else goes on. Later only a task that ECS still shows counts, and otherwise a human decides.

use std::sync::Arc;

use super::{REMEMBERED, ask_as, intent, lost_before, started, started_by};
use crate::engine::machine::{Effect, Seen, Subject, prove};
use crate::engine::token::{Purpose, Token, beside};
use crate::engine::whose::Last;
use crate::model::journal::{Entry, Evidence};
use crate::model::{StackSeen, StackStatus, TaskRun};

/// Whether the stack is as another store left it, as far as this store knows.
pub(super) fn is(s: &Subject<'_>) -> bool {
    let found = s.known.trail.is_some_and(|trail| matches!(trail.last(), Last::Found(_)));
    s.state.no_change && (found || s.order.as_found || !s.past.executed)
}

/// Whether their task may have ended so long ago that ECS forgot its token.
pub(super) fn is_too_old(s: &Subject<'_>, stack: &StackSeen) -> bool {
    is(s) && s.older_than(stack.changed(), REMEMBERED)
}

/// What to do now for that store's task; none if the task is this store's own.
pub(super) fn next(
    s: &Subject<'_>,
    run: &TaskRun,
    seen: &Seen,
    stack: &StackSeen,
    states: Vec<Evidence>,
) -> Option<Effect> {
    let content = s.content().filter(|_| is(s) && s.state.runs() <= 1)?;
    if !s.state.evidence.iter().any(|item| matches!(item, Evidence::InPlace { .. })) {
        let states = states.into_iter().map(|item| s.evidence(item));
        return Some(Effect::Note(states.chain([prove::in_place(s, stack)]).collect()));
    }
    let Some(token) = their_token(s, stack) else {
        let why = "the stack was already like this when this store found it, and its events do not name the task";
        return Some(lost_before(s, s.token(Purpose::Run(1)), why));
    };
    Some(match &seen.task {
        None => started_by(s, content, run, token),
        Some(Some(task)) => {
            let entries: Vec<Entry> = [intent(s, token)].into_iter().chain(started(s, task)).collect();
            Effect::Note(entries)
        }
        Some(None) if is_too_old(s, stack) => {
            let why = "another store changed the stack, and ECS no longer knows a task of it";
            lost_before(s, token, why)
        }
        Some(None) => ask_as(s, run, seen, stack, token),
    })
}

/// The token of the task that whoever executed the stack's last change set runs after it.
fn their_token(s: &Subject<'_>, stack: &StackSeen) -> Option<Arc<str>> {
    if !matches!(stack.status, StackStatus::CreateComplete | StackStatus::UpdateComplete) {
        return None;
    }
    let Last::Found(Some(token)) = s.known.trail?.last() else { return None };
    Token::read(token).filter(Token::executes).and_then(|_| beside(token, Purpose::Run(1)))
}
