//! Tokens and change set names: how landfall recognizes its own operations, and another landfall's.
//!
//! A token is `lf-<store>-<deployment>-<attempt>-<order>-<purpose>`: the same for every repetition of one call, different
//! for any other. CloudFormation takes at most 128 characters of `[A-Za-z0-9][-A-Za-z0-9]*` \[api: ClientRequestToken\].

use std::sync::Arc;

use crate::model::journal::{DeploymentId, StoreId};

/// What one call of a deployment is for. Each has one token for all its repetitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Putting the template of a round's change set into its bucket.
    Upload(usize),
    /// The change set of a round, from 1: a stale one is followed by another.
    Make(usize),
    /// Executing it.
    Execute(usize),
    /// Deleting it: there is nothing to change, or nobody wants it any more.
    Discard(usize),
    /// Deleting what a failed first create left, before the stack is created again.
    Clear,
    /// Deleting what a first create that was never executed left: a stack without resources.
    Empty,
    /// Deleting a first create that takes too long.
    Abort,
    /// Cancelling an update that takes too long.
    Cancel,
    /// Deleting the stack, as ordered; again for each time that AWS took the deletion back, counted from 1.
    Delete(usize),
    /// Continuing a rollback that failed, once per opening of its gate.
    Continue(usize),
    /// Rolling back an update that failed without a rollback, once per opening of its gate.
    Rollback(usize),
    /// Switching protection.
    Protect,
    /// Letting a service deployment go on at its pause hook; hooks are counted from 1.
    GoOn(usize),
    /// Having it rolled back there.
    GoBack(usize),
    /// Running the task, once per round: one whose outcome was lost may be followed by another.
    Run(usize),
    /// Stopping the task of a round.
    StopRun(usize),
}

/// The token of a call.
pub(crate) fn token(
    store: &StoreId,
    deployment: DeploymentId,
    attempt: u32,
    order: usize,
    purpose: Purpose,
) -> Arc<str> {
    let purpose = match purpose {
        Purpose::Upload(round) => format!("upload{round}"),
        Purpose::Make(round) => format!("make{round}"),
        Purpose::Execute(round) => format!("execute{round}"),
        Purpose::Discard(round) => format!("discard{round}"),
        Purpose::Clear => "clear".to_owned(),
        Purpose::Empty => "empty".to_owned(),
        Purpose::Abort => "abort".to_owned(),
        Purpose::Cancel => "cancel".to_owned(),
        Purpose::Delete(1) => "delete".to_owned(),
        Purpose::Delete(round) => format!("delete{round}"),
        Purpose::Continue(opening) => format!("continue{opening}"),
        Purpose::Rollback(opening) => format!("rollback{opening}"),
        Purpose::Protect => "protect".to_owned(),
        Purpose::GoOn(hook) => format!("goon{hook}"),
        Purpose::GoBack(hook) => format!("goback{hook}"),
        Purpose::Run(round) => format!("run{round}"),
        Purpose::StopRun(round) => format!("stop{round}"),
    };
    format!("lf-{}-{deployment}-{attempt}-{order}-{purpose}", store.0).into()
}

/// The name of a round's change set: `lf-<deployment>-<attempt>`, then what tells stores and rounds apart.
pub(crate) fn change_set_name(store: &StoreId, deployment: DeploymentId, attempt: u32, round: usize) -> Arc<str> {
    let store = store.0.get(..8).unwrap_or(&store.0);
    format!("lf-{deployment}-{attempt}-{store}-{round}").into()
}

/// The store in a token of landfall's; none for anybody else's token.
pub(crate) fn store_of(token: &str) -> Option<&str> {
    let (store, rest) = token.strip_prefix("lf-")?.split_once('-')?;
    let hex = store.len() == 16 && store.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (hex && rest.split('-').count() == 4).then_some(store)
}
