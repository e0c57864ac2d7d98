//! Tokens and change set names: how landfall recognizes its own operations, and another landfall's.
//!
//! A token is `lf-<incarnation>-<deployment>-<attempt>-<order>-<purpose>`. It is made once, when the intent of its call is
//! journaled, and read from there for every repetition of that call. The incarnation is the store's id, or the id of a later
//! incarnation of the store. Tokens of a run with `--once --adopt` begin with `lf1-` instead: no daemon goes on after such a
//! run. CloudFormation accepts at most 128 characters of `[A-Za-z0-9][-A-Za-z0-9]*` \[api: ClientRequestToken\].

use std::sync::Arc;

use crate::model::Hash;
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
    /// Deleting it: nothing has to change, or it is no longer wanted.
    Discard(usize),
    /// Deleting what a failed first create left, before the stack is created again.
    Clear(Instance),
    /// Deleting what a round's first create that was never executed left: a stack without resources.
    Empty(usize, Instance),
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
    /// Putting the settings of a service back; the services of an order are counted from 1.
    Restore(usize),
    /// Running the task, once per round: one whose outcome was lost may be followed by another.
    Run(usize),
    /// Stopping the task of a round.
    StopRun(usize),
}

/// How the labels of [`Purpose::Empty`] of a round begin.
pub(crate) fn empty(round: usize) -> String {
    format!("empty{round}x")
}

/// A stack among those that have its name one after the other: the beginning of a hash of its id. AWS takes a token that it
/// knows for the deletion that it knows, so another stack needs another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Instance(u32);

impl Instance {
    pub(crate) fn of(id: &str) -> Self {
        Self(u32::from_str_radix(&Hash::of(id.as_bytes()).short(), 16).unwrap_or_default())
    }
}

/// Who makes tokens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Maker<'a> {
    /// The incarnation of the store.
    pub(crate) incarnation: &'a StoreId,
    /// It is a run with `--once --adopt`.
    pub(crate) single: bool,
}

impl Purpose {
    /// The last part of its tokens.
    pub(crate) fn label(self) -> String {
        match self {
            Purpose::Upload(round) => format!("upload{round}"),
            Purpose::Make(round) => format!("make{round}"),
            Purpose::Execute(round) => format!("execute{round}"),
            Purpose::Discard(round) => format!("discard{round}"),
            Purpose::Clear(Instance(id)) => format!("clear{id:08x}"),
            Purpose::Empty(round, Instance(id)) => format!("{}{id:08x}", empty(round)),
            Purpose::Abort => "abort".to_owned(),
            Purpose::Cancel => "cancel".to_owned(),
            Purpose::Delete(1) => "delete".to_owned(),
            Purpose::Delete(round) => format!("delete{round}"),
            Purpose::Continue(opening) => format!("continue{opening}"),
            Purpose::Rollback(opening) => format!("rollback{opening}"),
            Purpose::Protect => "protect".to_owned(),
            Purpose::GoOn(hook) => format!("goon{hook}"),
            Purpose::GoBack(hook) => format!("goback{hook}"),
            Purpose::Restore(service) => format!("restore{service}"),
            Purpose::Run(round) => format!("run{round}"),
            Purpose::StopRun(round) => format!("stop{round}"),
        }
    }
}

/// A new token for a call that has none yet.
pub(crate) fn token(
    maker: Maker<'_>,
    deployment: DeploymentId,
    attempt: u32,
    order: usize,
    purpose: Purpose,
) -> Arc<str> {
    let head = if maker.single { SINGLE } else { USUAL };
    format!("{head}{}-{deployment}-{attempt}-{order}-{}", maker.incarnation.0, purpose.label()).into()
}

/// The token of another call of the same deployment's order, as whoever made this token makes it.
pub(crate) fn beside(token: &str, purpose: Purpose) -> Option<Arc<str>> {
    let (head, _) = token.rsplit_once('-').filter(|_| Token::read(token).is_some())?;
    Some(format!("{head}-{}", purpose.label()).into())
}

/// The name of a round's change set: `lf-<deployment>-<attempt>`, then what tells incarnations and rounds apart. `make` is
/// the token of its making.
pub(crate) fn change_set_name(make: &str, deployment: DeploymentId, attempt: u32, round: usize) -> Arc<str> {
    let incarnation = Token::read(make).map_or("", |token| token.incarnation);
    let incarnation = incarnation.get(..8).unwrap_or(incarnation);
    format!("lf-{deployment}-{attempt}-{incarnation}-{round}").into()
}

const USUAL: &str = "lf-";
const SINGLE: &str = "lf1-";

/// What a token of landfall's says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Token<'a> {
    /// The incarnation of the store that made it.
    pub(crate) incarnation: &'a str,
    /// It is of a run with `--once --adopt`.
    pub(crate) single: bool,
    /// The number of the deployment.
    pub(crate) deployment: u64,
    /// What its call is for, as [`Purpose::label`].
    pub(crate) purpose: &'a str,
}

impl<'a> Token<'a> {
    /// Reads a token; none for one that landfall did not make.
    pub(crate) fn read(token: &'a str) -> Option<Self> {
        let (single, rest) = match (token.strip_prefix(USUAL), token.strip_prefix(SINGLE)) {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => return None,
        };
        let mut parts = rest.split('-');
        let incarnation = parts.next().filter(|id| is_id(id))?;
        let numbers: Vec<&str> = parts.collect();
        let [deployment, attempt, order, purpose] = numbers.as_slice() else { return None };
        let number = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit()) && !text.is_empty();
        let number_of = deployment.parse().ok()?;
        let read = Self { incarnation, single, deployment: number_of, purpose };
        [deployment, attempt, order].into_iter().all(number).then_some(read)
    }

    /// Whether it is of the execution of a change set.
    pub(crate) fn executes(&self) -> bool {
        self.purpose.starts_with("execute")
    }
}

/// Whether a text has the form of a store's id.
fn is_id(text: &str) -> bool {
    text.len() == 16 && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}
