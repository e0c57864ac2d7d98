//! The task of a stack whose last change is not in this journal: another store made it, or a lost part of this one's past.
//!
//! Whoever changed the stack was to run the task, and may have stopped before. The token of their change names the token of
//! their task. Only a task that ECS shows under it counts. Where ECS shows none, the task may have run in a deployment that
//! changed nothing, or may have been needless because it ran with this content before: a human decides. It is deliberately
//! not asked for here under their token, which would run it a second time in both cases.

use std::sync::Arc;

use super::{UNSEEN, intent, lost_before, started, started_by};
use crate::engine::machine::{Effect, Seen, Subject, prove};
use crate::engine::token::{Purpose, Token, beside};
use crate::engine::whose::Last;
use crate::model::journal::{Entry, Evidence};
use crate::model::{StackSeen, StackStatus, TaskRun};

/// Whether the stack is as another store left it, as far as this store knows.
pub(super) fn is(s: &Subject<'_>) -> bool {
    let found = s.known.trail.is_some_and(|trail| matches!(trail.last(), Last::Found(_)));
    s.state.no_change.is_some() && (found || s.order.as_found || !s.past.executed)
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
        return Some(Effect::Note(states.chain([prove::in_place(s, seen, stack)]).collect()));
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
        Some(None) if !s.older_than(stack.changed(), UNSEEN) => s.poll(stack.changed()),
        Some(None) => lost_before(s, token, "another store changed the stack, and ECS shows no task of that change"),
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
