//! The journal in memory: what was folded from it so far.

use std::collections::BTreeMap;

use super::machine::{DeploymentState, Past};
use crate::model::journal::{Call, DeploymentId, Entry, Record, StoreId};
use crate::model::{FactsFold, Place, StackName};

/// What the records say so far. Costs memory for deployments in flight, and one entry per stack ever touched.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    /// Whose journal it is.
    pub(crate) store: StoreId,
    /// Position of the last record.
    pub(crate) seq: u64,
    /// Facts.
    pub(crate) fold: FactsFold,
    /// Deployments in flight.
    pub(crate) deployments: BTreeMap<DeploymentId, DeploymentState>,
    /// The number of the last deployment.
    last: u64,
    /// What was done to each stack.
    past: BTreeMap<(Place, StackName), Past>,
}

impl Log {
    /// A log without records.
    pub(crate) fn new(store: StoreId) -> Self {
        Self {
            fold: FactsFold::new(store.clone()),
            store,
            seq: 0,
            deployments: BTreeMap::new(),
            last: 0,
            past: BTreeMap::new(),
        }
    }

    /// The number that the next deployment gets; `after` many others that get theirs before it.
    pub(crate) fn next_deployment(&self, after: usize) -> DeploymentId {
        DeploymentId(self.last + 1 + after as u64)
    }

    /// What this store did to a stack.
    pub(crate) fn past(&self, place: &Place, stack: &StackName) -> Past {
        self.past.get(&(place.clone(), stack.clone())).copied().unwrap_or_default()
    }

    /// Adds the next record; one that was added before changes nothing.
    pub(crate) fn apply(&mut self, record: &Record) {
        if record.seq <= self.seq {
            return;
        }
        self.seq = record.seq;
        self.fold.apply(record);
        match &record.entry {
            Entry::Opened(opened) => {
                self.last = self.last.max(opened.deployment.0);
                self.deployments.insert(opened.deployment, DeploymentState::new(opened.clone()));
            }
            Entry::Ended { deployment, .. } => {
                self.deployments.remove(deployment);
            }
            Entry::Intent { deployment, stack, call, .. } => {
                self.remember(*deployment, stack, *call);
                self.pass_on(*deployment, record);
            }
            Entry::Reply { deployment, .. }
            | Entry::Evidence { deployment, .. }
            | Entry::StackEnded { deployment, .. }
            | Entry::Stopped { deployment, .. }
            | Entry::GateGone { deployment, .. }
            | Entry::Waits { deployment, .. }
            | Entry::GateOpened { deployment, .. } => self.pass_on(*deployment, record),
            Entry::Landed { .. } | Entry::Snapshot { .. } | Entry::Used(_) => {}
        }
    }

    fn pass_on(&mut self, deployment: DeploymentId, record: &Record) {
        if let Some(state) = self.deployments.get_mut(&deployment) {
            state.apply(record);
        }
    }

    fn remember(&mut self, deployment: DeploymentId, stack: &StackName, call: Call) {
        let Some(state) = self.deployments.get(&deployment) else { return };
        let Some(order) = state.opened.orders.iter().find(|order| &order.stack == stack) else { return };
        let past = self.past.entry((order.place.clone(), stack.clone())).or_default();
        match call {
            Call::CreateChangeSet => past.made = true,
            Call::ExecuteChangeSet => past.executed = true,
            _ => {}
        }
    }
}
