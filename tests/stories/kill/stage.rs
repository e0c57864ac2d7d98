//! What a story is told on: the real program, or the daemon on virtual time.

use std::sync::MutexGuard;

use landfall::model::{AccountId, Place, Region};
use landfall::sim::{Effect, World};

/// Where a story happens.
pub(super) trait Stage {
    /// Commits files to the repository.
    fn commit(&mut self, files: &[(&str, &str)]);
    /// Deploys until nothing moves any more.
    fn daemon(&mut self);
    /// Commits the lines that the plan prints for the gate that waits.
    fn allow(&mut self);
    /// The account.
    fn world(&self) -> MutexGuard<'_, World>;
    /// A deadline that passes soon.
    fn deadline(&self) -> &'static str;
}

/// The account and region of the stories.
pub(super) fn place() -> Place {
    Place { account: AccountId::new("111111111111").unwrap(), region: Region::new("eu-west-1").unwrap() }
}

/// What a story leaves behind.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// What the account did, sorted: how a crash orders two stacks is not the point.
    ledger: Vec<String>,
    stacks: Vec<String>,
    /// Files and refs that the programs wrote.
    written: Vec<String>,
}

impl Left {
    pub(super) fn unlike(&self, right: &Left) -> String {
        let text = |left: &Left| [&left.ledger[..], &left.stacks[..], &left.written[..]].concat().join("\n");
        similar::TextDiff::from_lines(text(right), text(self)).unified_diff().to_string()
    }
}

/// A subject without what every telling draws anew: the id of the store in a change set's name, those of
/// services and their deployments.
fn subject(text: &str) -> String {
    let parts = text.split_inclusive(['-', '/']).map(|part| {
        let end = part.strip_suffix(['-', '/']).unwrap_or(part);
        let drawn = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let id = end.len() >= 8 && (end.bytes().all(|byte| byte.is_ascii_hexdigit()) || end.bytes().all(drawn));
        if id { part.replace(end, "…") } else { part.to_owned() }
    });
    parts.collect()
}

/// What an account has, with whatever else a story counts.
pub(super) fn left(world: &mut World, written: Vec<String>) -> Left {
    let effective = world.ledger().iter().filter(|accepted| accepted.effect == Effect::Effective);
    let mut ledger: Vec<String> = effective.map(|one| format!("{} {}", one.operation, subject(&one.subject))).collect();
    ledger.sort();
    let stacks = world.describe_stacks(&place()).into_iter().map(|stack| {
        format!("{} {} {:?} {:?} {}", stack.name, stack.status, stack.description, stack.tags, stack.protected)
    });
    Left { stacks: stacks.collect(), ledger, written }
}
