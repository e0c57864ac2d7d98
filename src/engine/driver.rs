//! The engine's public face: open, carry out a plan, advance.

use std::sync::Arc;

use futures::future::join_all;
use jiff::Timestamp;

use super::inspect::Inspected;
use super::log::Log;
use super::machine;
use super::meet::Tokens;
use super::mistakes::Mistakes;
use super::turn::{Aside, Turn, append};
use crate::cloud::Change;
use crate::model::Facts;
use crate::model::journal::{Allowed, DeploymentId, Entry, Fence, Record, StoreId};
use crate::model::moving::Moving;
use crate::plan::{Plan, Skip};
use crate::store::{Lease, Store, StoreError, Whereabouts};

/// Why the engine stops.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store did not do it: a later owner took over, or the database failed.
    #[error("the engine cannot use its store")]
    Store(#[from] StoreError),
    /// Only what is committed is deployed.
    #[error("a plan made from a folder, not from a commit, cannot be carried out")]
    NoCommit,
}

/// What an [`Engine::advance`] came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Something was journaled.
    pub moved: bool,
    /// Deployments that have not ended.
    pub in_flight: usize,
    /// Something is in flight, and all of it waits for something outside of landfall or at a gate.
    pub waits: bool,
    /// When to advance again, unless something else happens first; none if nothing is in flight, or everything waits at gates.
    pub look_again: Option<Timestamp>,
}

/// Carries out plans under one lease.
pub struct Engine {
    pub(super) store: Arc<dyn Store>,
    pub(super) cloud: Arc<dyn Change>,
    fence: Fence,
    pub(super) log: Log,
    /// Last operations of stacks that the journal did not expect.
    pub(super) tokens: Tokens,
    /// What was read of drift.
    pub(super) inspected: Inspected,
    aside: Aside,
    mistakes: Mistakes,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("fence", &self.fence).field("log", &self.log).finish_non_exhaustive()
    }
}

/// Records that are read at once when the journal is replayed.
const PAGE: u32 = 1_000;

impl Engine {
    /// Opens the engine under a lease and replays the whole journal: costs one pass over it.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn open(store: Arc<dyn Store>, cloud: Arc<dyn Change>, lease: &Lease) -> Result<Self, EngineError> {
        let mut log = Log::new(store.id().await?);
        loop {
            let records = store.records(log.seq, PAGE).await?;
            if records.is_empty() {
                break;
            }
            records.iter().for_each(|record| log.apply(record));
        }
        Ok(Self {
            store,
            cloud,
            fence: lease.fence,
            log,
            aside: Aside::default(),
            tokens: Tokens::default(),
            inspected: Inspected::default(),
            mistakes: Mistakes::default(),
        })
    }

    /// The same, with a mistake planted.
    ///
    /// # Errors
    /// As [`Engine::open`].
    #[cfg(feature = "planted-mistakes")]
    pub async fn open_with_mistake(
        store: Arc<dyn Store>,
        cloud: Arc<dyn Change>,
        lease: &Lease,
        mistake: super::Mistake,
    ) -> Result<Self, EngineError> {
        let mut engine = Self::open(store, cloud, lease).await?;
        engine.mistakes = Mistakes { chosen: Some(mistake) };
        Ok(engine)
    }

    /// From here on new tokens are those of a run with `--once --adopt`: whoever finds them knows that no daemon goes on.
    #[must_use]
    pub fn single(mut self, single: bool) -> Self {
        self.log.single = single;
        self
    }

    /// Begins a new incarnation if the store is not where it was last used: it may be a copy, or older than what AWS shows.
    /// `fresh` is the incarnation's id. Then the place where it is now is its home.
    ///
    /// # Errors
    /// Where the store refuses.
    pub async fn arrive(&mut self, fresh: &StoreId, now: Timestamp) -> Result<(), EngineError> {
        if let Whereabouts::Elsewhere { was, is } = self.store.whereabouts().await? {
            let because = format!("the store was last used as {was} and is {is} now");
            self.record(now, vec![Entry::Incarnation { id: fresh.clone(), because }]).await?;
        }
        Ok(self.store.settle().await?)
    }

    /// Reads what another process wrote into the journal: an answer of the operator. True if there was anything.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn catch_up(&mut self) -> Result<bool, EngineError> {
        let before = self.log.seq;
        loop {
            let records = self.store.records(self.log.seq, PAGE).await?;
            if records.is_empty() {
                return Ok(self.log.seq != before);
            }
            records.iter().for_each(|record| self.log.apply(record));
        }
    }

    /// The past, from the journal.
    pub fn facts(&self) -> &Facts {
        self.log.fold.facts()
    }

    /// What goes on in stacks that are being changed, as far as this process has read it.
    pub fn moving(&self) -> impl Iterator<Item = &Moving> {
        self.aside.moving.values()
    }

    /// Position of the last record.
    pub fn position(&self) -> u64 {
        self.log.seq
    }

    /// Up to `limit` records after a position, in order.
    ///
    /// # Errors
    /// Where the store cannot be read.
    pub async fn records_since(&self, after: u64, limit: u32) -> Result<Vec<Record>, EngineError> {
        Ok(self.store.records(after, limit).await?)
    }

    /// Journals what is decided outside of the engine: a commit that landed, a snapshot that was first seen.
    ///
    /// # Errors
    /// Where the store refuses.
    pub async fn record(&mut self, now: Timestamp, entries: Vec<Entry>) -> Result<(), EngineError> {
        if entries.is_empty() {
            return Ok(());
        }
        append(&*self.store, self.fence, self.mistakes, &mut self.log, now, entries).await
    }

    /// Takes over a plan: marks what is superseded, opens gates, and journals deployments that begin, all in one
    /// transaction. Nothing is asked of AWS before [`Engine::advance`]. A slot with a deployment in flight begins no other.
    ///
    /// # Errors
    /// [`EngineError::NoCommit`] for a plan without a commit, and where the store refuses.
    pub async fn carry_out(&mut self, plan: &Plan, now: Timestamp) -> Result<(), EngineError> {
        for (id, deployment) in &mut self.log.deployments {
            deployment.superseded = plan.supersede.iter().find(|supersede| supersede.deployment == *id).cloned();
            if let Some(deadline) = plan.deadlines.get(id) {
                deployment.deadlines = crate::plan::deadlines(deployment.opened.orders.iter(), *deadline);
            }
        }
        let mut entries = self.openings(plan);
        entries.extend(self.skips(plan));
        let commit = match &plan.commit {
            Some(commit) => commit,
            None if plan.begin.is_empty() => return self.record(now, entries).await,
            None => return Err(EngineError::NoCommit),
        };
        let free = plan.begin.iter().filter(|begin| self.facts().in_flight(&begin.slot).is_none());
        for (after, begin) in free.enumerate() {
            entries.extend(begin.entries(commit, self.log.next_deployment(after)));
        }
        self.record(now, entries).await
    }

    /// Orders that the plan skips and that still wait.
    fn skips(&self, plan: &Plan) -> Vec<Entry> {
        let waits = |skip: &&Skip| {
            let mut orders = self.facts().orders(&skip.slot);
            orders.any(|order| order.release == skip.release && order.commit == skip.commit)
        };
        let entry = |skip: &Skip| Entry::Skipped {
            slot: skip.slot.clone(),
            release: skip.release.clone(),
            commit: skip.commit.clone(),
            why: skip.why.clone(),
        };
        plan.skip.iter().filter(waits).map(entry).collect()
    }

    /// Gates that the plan opens, where something still waits at them.
    fn openings(&self, plan: &Plan) -> Vec<Entry> {
        let mut entries = Vec::new();
        let mut used = Vec::new();
        for opening in &plan.open {
            let state = self.log.deployments.get(&opening.deployment);
            let stopped = state.and_then(|state| state.stacks.get(&opening.stack)).and_then(|s| s.stopped.as_ref());
            let by = self.facts().used_by(&opening.slot, opening.allowance);
            let again = opening.foreseen && by == Some(opening.deployment);
            if stopped.is_none() || by.is_some() && !again {
                continue;
            }
            let allowed =
                Allowed { slot: opening.slot.clone(), allowance: opening.allowance, deployment: opening.deployment };
            // One that names no stack opens the gates of several.
            if !again && !used.contains(&allowed) {
                entries.push(Entry::Used(allowed.clone()));
                used.push(allowed);
            }
            entries.push(Entry::GateOpened {
                deployment: opening.deployment,
                stack: opening.stack.clone(),
                gate: opening.gate,
                resource: opening.resource.clone(),
            });
        }
        entries
    }

    /// Moves every deployment in flight as far as it can go without waiting: deployments and the stacks of a step
    /// concurrently, inside this one future.
    ///
    /// # Errors
    /// [`EngineError::Store`]: after it the engine must not be used again. An error of AWS is not an error of the engine: it
    /// is journaled, and the stack is tried again or fails.
    pub async fn advance(&mut self, now: Timestamp) -> Result<Progress, EngineError> {
        let before = self.log.seq;
        if self.facts().question.is_some() {
            let in_flight = self.log.deployments.len();
            return Ok(Progress { moved: false, in_flight, waits: false, look_again: None });
        }
        let ids: Vec<DeploymentId> = self.log.deployments.keys().copied().collect();
        let turn =
            Turn::new(&*self.store, &*self.cloud, self.fence, &mut self.log, &mut self.aside, now, self.mistakes);
        let waits = join_all(ids.into_iter().map(|id| turn.deployment(id))).await;
        let mut look_again: Option<Timestamp> = None;
        for wait in waits {
            look_again = [look_again, wait?].into_iter().flatten().min();
        }
        let deployments = &self.log.deployments;
        self.aside.keep(deployments);
        let waits = !deployments.is_empty() && deployments.values().all(|deployment| machine::waits(deployment, now));
        Ok(Progress { moved: self.log.seq != before, in_flight: deployments.len(), waits, look_again })
    }
}
