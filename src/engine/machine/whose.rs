//! Whose the last operation of a stack was: read before a deployment changes the stack for the first time, before each
//! further change set, and whenever the store began a new incarnation since the deployment began.
//!
//! A token that this store made and lost ends the stack's part of the deployment: what runs now is newer than the order. A
//! token of another store is the operator's question, and nothing at all goes on before the answer.

use std::collections::{BTreeMap, BTreeSet};

use super::{Effect, Look, Seen, Subject};
use crate::engine::token::Token;
use crate::engine::whose::{Last, Trail, Whose};
use crate::model::StackSeen;
use crate::model::journal::{Action, Entry, Found, Learned, Outcome, Question};

/// What to do because the last operation was not ours; none when the deployment may go on.
pub(super) fn stranger(s: &Subject<'_>, seen: &Seen, stack: &StackSeen) -> Option<Effect> {
    let Some(last) = &seen.last_token else { return Some(Effect::Look(Look::LastToken(stack.id.clone()))) };
    match s.known.whose(last.as_deref()) {
        // Learned since the deployment asked for something: what runs now is not what it was to put there.
        Whose::Ours if asked_before(s) && is_found(s, last.as_deref()) => {
            Some(s.end(Outcome::Superseded { by: stack.stamp().map(|stamp| stamp.release) }))
        }
        Whose::Nobodys | Whose::Ours => None,
        Whose::Lost if stack.status.in_progress() => Some(s.busy(seen, stack)),
        Whose::Lost => Some(lost(s, stack, last.clone())),
        Whose::Anothers { store, .. } => {
            let repository = stack.owner()?.repository;
            let stacks = BTreeMap::from([(s.order.place.clone(), BTreeSet::from([s.stack().clone()]))]);
            let busy = stack.status.in_progress().then(|| s.stack().clone());
            let question = Question { repository, stores: [store].into(), stacks, until: None, busy };
            Some(Effect::Note(vec![Entry::Asks { question: Some(question), agreed: false }]))
        }
    }
}

/// Whether the deployment made a call in an earlier incarnation of the store.
fn asked_before(s: &Subject<'_>) -> bool {
    let mut read = s.state.tokens().filter_map(Token::read);
    read.any(|token| *token.incarnation != *s.maker.incarnation.0)
}

/// Whether the stack was found with this token, and this store has changed nothing since.
fn is_found(s: &Subject<'_>, last: Option<&str>) -> bool {
    let found = s.known.trail.map(Trail::last);
    matches!((found, last), (Some(Last::Found(Some(found))), Some(last)) if **found == *last)
}

/// The store is behind: it learns the operation, and what runs if that is not the expected content. A stack that is to
/// be deleted tells nothing of what its slot runs.
fn lost(s: &Subject<'_>, stack: &StackSeen, token: Option<std::sync::Arc<str>>) -> Effect {
    let stamp = match s.order.action {
        Action::Put(_) => stack.stamp(),
        Action::Delete { .. } => None,
    };
    let expects = |content| s.known.trail.is_some_and(|trail| trail.expects(content));
    // Also a content that the journal expects: its task may have run in the lost part.
    let content = stamp.as_ref().map(|stamp| stamp.content);
    let release = stamp.filter(|stamp| !expects(stamp.content)).map(|stamp| stamp.release);
    let found = Found { place: s.order.place.clone(), stack: s.stack().clone(), token, content };
    let slot = s.opened.slot.clone();
    let learned = Learned { slot, release: release.clone(), stacks: vec![found] };
    Effect::Note(vec![Entry::Learned(learned), s.ended(Outcome::Superseded { by: release })])
}
