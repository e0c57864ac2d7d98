//! The orders that landed between two looks at the branch, for environments that deploy each in turn (`queue = "all"`).
//!
//! An order is a commit that changed the release of a slot: both it and the commit before it are judged by the same facts, so
//! that a change by a deployment or by time is not an order. Costs the reading of every commit since the last look, and nothing where
//! no environment asks for it. Deliberately absent: which order has its turn (`plan/`).

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::load::{Loader, Source};
use crate::model::catalog::Queue;
use crate::model::journal::Entry;
use crate::model::{Catalog, CommitId, Facts, ReleaseName, Slot};
use crate::plan;
use crate::tree::{History, TreeError};

/// Where more commits landed at once, only the newest order of each slot has a turn: the others are skipped, and say so.
const TURNS: usize = 100;

/// So many commits are looked at one by one; if more landed at once, what they ordered before the head is not known.
const MOST: usize = 5_000;

/// What each slot is ordered to run.
type Ordered = BTreeMap<Slot, Option<ReleaseName>>;

/// The orders that came with a new head, oldest first.
pub(super) fn since_last(
    loader: &mut Loader,
    history: &dyn History,
    head: (&CommitId, &Catalog),
    facts: &Facts,
    now: Timestamp,
) -> Result<Vec<Entry>, TreeError> {
    let (commit, catalog) = head;
    let in_turn = catalog.environments.values().any(|environment| environment.queue == Queue::All);
    let Some(last) = facts.commit.as_ref().filter(|last| in_turn && *last != commit && history.has(last)) else {
        return Ok(Vec::new());
    };
    let commits = history.after(last, commit, MOST)?;
    if commits.len() == 1 && history.parent(commit)?.as_ref() != Some(last) {
        tracing::warn!(
            commit = %commit, last = %last,
            "the last commit is not among the {MOST} before this one: only what this one orders is deployed"
        );
    }
    let mut known = ordered(loader, history, last, facts, now)?;
    let mut orders: Vec<(Slot, Option<ReleaseName>, CommitId)> = Vec::new();
    for landed in &commits {
        let next = match landed == commit {
            true => plan::orders(catalog, facts, now),
            false => ordered(loader, history, landed, facts, now)?,
        };
        for (slot, release) in next {
            if known.get(&slot) != Some(&release) {
                orders.push((slot.clone(), release.clone(), landed.clone()));
            }
            known.insert(slot, release);
        }
    }
    Ok(entries(orders, commits.len()))
}

/// The records of orders that landed with so many commits.
fn entries(orders: Vec<(Slot, Option<ReleaseName>, CommitId)>, commits: usize) -> Vec<Entry> {
    let newest: BTreeMap<Slot, CommitId> =
        orders.iter().map(|(slot, _, commit)| (slot.clone(), commit.clone())).collect();
    let entry = |(slot, release, commit): (Slot, Option<ReleaseName>, CommitId)| {
        let release = release?;
        if commits <= TURNS || newest.get(&slot) == Some(&commit) {
            return Some(Entry::Ordered { slot, release, commit });
        }
        let why = format!("{commits} commits at once: of more than {TURNS}, only the newest order counts");
        Some(Entry::Skipped { slot, release, commit, why })
    };
    orders.into_iter().filter_map(entry).collect()
}

/// What a commit orders.
fn ordered(
    loader: &mut Loader,
    history: &dyn History,
    commit: &CommitId,
    facts: &Facts,
    now: Timestamp,
) -> Result<Ordered, TreeError> {
    let tree = history.tree(commit)?;
    let source =
        Source { tree: &tree, blobs: history, commit: Some(commit), history: Some(history), facts: Some(facts) };
    Ok(plan::orders(&loader.load(&source)?.catalog, facts, now))
}
