//! The journal in memory: what was folded from it so far.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::machine::{DeploymentState, Past};
use super::token::{Maker, Token};
use super::whose::{Known, Last, Trail};
use crate::model::journal::{Action, Call, DeploymentId, Entry, Evidence, Found, Order, Outcome, Record, StoreId};
use crate::model::{FactsFold, Hash, Place, StackName};

/// What the records say so far. Costs memory for deployments in flight, and one entry of bounded size per stack ever
/// touched.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    /// The incarnation that the store is in.
    pub(crate) incarnation: StoreId,
    /// Every incarnation that it ever was in.
    incarnations: BTreeSet<Arc<str>>,
    /// New tokens are those of a run with `--once --adopt`.
    pub(crate) single: bool,
    /// Position of the last record.
    pub(crate) seq: u64,
    pub(crate) fold: FactsFold,
    /// Deployments in flight.
    pub(crate) deployments: BTreeMap<DeploymentId, DeploymentState>,
    /// The number of the last deployment.
    last: u64,
    /// It took over stacks of another store.
    adopted: bool,
    /// Nothing was ordered since the incarnation began.
    unused: bool,
    /// What was done to each stack.
    past: BTreeMap<(Place, StackName), Past>,
    /// What each stack's events and stamp may show.
    trails: BTreeMap<(Place, StackName), Trail>,
}

impl Log {
    /// A log without records.
    pub(crate) fn new(store: StoreId) -> Self {
        Self {
            fold: FactsFold::new(store.clone()),
            incarnations: [store.0.clone()].into(),
            incarnation: store,
            single: false,
            seq: 0,
            deployments: BTreeMap::new(),
            last: 0,
            adopted: false,
            unused: false,
            past: BTreeMap::new(),
            trails: BTreeMap::new(),
        }
    }

    /// Who makes tokens now.
    pub(crate) fn maker(&self) -> Maker<'_> {
        Maker { incarnation: &self.incarnation, single: self.single }
    }

    /// What tokens of a stack are judged by.
    pub(crate) fn known(&self, place: &Place, stack: &StackName) -> Known<'_> {
        Known { trail: self.trail(place, stack), incarnations: &self.incarnations }
    }

    /// What is remembered of a stack's tokens and contents.
    pub(crate) fn trail(&self, place: &Place, stack: &StackName) -> Option<&Trail> {
        self.trails.get(&(place.clone(), stack.clone()))
    }

    /// Whether the store is new: it deployed nothing yet and took nothing over.
    pub(crate) fn is_new(&self) -> bool {
        self.last == 0 && !self.adopted
    }

    /// Whether an incarnation has begun whose tokens are certainly on no stack yet.
    pub(crate) fn has_just_begun(&self) -> bool {
        self.unused && self.deployments.is_empty()
    }

    /// The number that the next deployment gets; `after` many others that get theirs before it.
    pub(crate) fn next_deployment(&self, after: usize) -> DeploymentId {
        DeploymentId(self.last + 1 + after as u64)
    }

    /// What this store did to a stack.
    pub(crate) fn past(&self, place: &Place, stack: &StackName) -> Past {
        self.past.get(&(place.clone(), stack.clone())).copied().unwrap_or_default()
    }

    /// Whether another store, which left the stack of an order as it was found, went on to a step that waits for this one: on the
    /// same target, in that deployment or a later one. Then the order's task had come to its end.
    pub(crate) fn passed(&self, deployment: &DeploymentState, order: &Order) -> bool {
        let with_task = matches!(&order.action, Action::Put(content) if content.task.is_some());
        let Some(changed) = self.executed(order).filter(|_| with_task) else { return false };
        let later = deployment.opened.orders.iter().filter(|other| {
            other.wave == order.wave
                && other.waits_for(order.step)
                && target(other).is_some_and(|it| target(order) == Some(it))
        });
        later
            .filter_map(|other| self.executed(other))
            .any(|passed| passed.incarnation == changed.incarnation && passed.deployment >= changed.deployment)
    }

    /// The token of the change set that left an order's stack as it was found.
    fn executed(&self, order: &Order) -> Option<Token<'_>> {
        match self.trail(&order.place, &order.stack)?.last() {
            Last::Found(token) => Token::read(token.as_deref()?).filter(Token::executes),
            Last::Ours => None,
        }
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
                self.unused = false;
                let state = DeploymentState::new(opened.clone(), self.incarnation.clone());
                self.deployments.insert(opened.deployment, state);
            }
            Entry::Ended { deployment, .. } => {
                self.deployments.remove(deployment);
            }
            Entry::Intent { deployment, stack, call, token } => {
                self.remember(*deployment, stack, *call, token);
                self.pass_on(*deployment, record);
            }
            Entry::StackEnded { deployment, stack, outcome } => {
                self.settle(*deployment, stack, outcome);
                self.pass_on(*deployment, record);
            }
            Entry::Incarnation { id, .. } => {
                self.incarnations.insert(id.0.clone());
                self.incarnation = id.clone();
                self.unused = true;
            }
            Entry::Learned(learned) => learned.stacks.iter().for_each(|found| self.found(found)),
            Entry::Evidence { deployment, stack, item } => {
                if *item == Evidence::CarriedBefore {
                    self.carried_before(*deployment, stack);
                }
                self.pass_on(*deployment, record);
            }
            Entry::Reply { deployment, .. }
            | Entry::Stopped { deployment, .. }
            | Entry::GateGone { deployment, .. }
            | Entry::Waits { deployment, .. }
            | Entry::TakenOver { deployment, .. }
            | Entry::GateOpened { deployment, .. } => self.pass_on(*deployment, record),
            Entry::Landed { .. }
            | Entry::Snapshot { .. }
            | Entry::Ordered { .. }
            | Entry::Skipped { .. }
            | Entry::Used(_)
            | Entry::Asks { .. }
            | Entry::Drift(_)
            | Entry::Agreed(_) => {}
            Entry::Adopted { .. } => self.adopted = true,
        }
    }

    fn found(&mut self, found: &Found) {
        let trail = self.trails.entry((found.place.clone(), found.stack.clone())).or_default();
        trail.found(found.token.as_ref());
        if let Some(content) = found.content {
            trail.carries(content);
            trail.carried(content);
        }
    }

    fn carried_before(&mut self, deployment: DeploymentId, stack: &StackName) {
        let Some(order) = self.order(deployment, stack) else { return };
        let (place, content) = (order.place.clone(), content(order));
        if let Some(content) = content {
            self.trails.entry((place, stack.clone())).or_default().carried(content);
        }
    }

    fn pass_on(&mut self, deployment: DeploymentId, record: &Record) {
        if let Some(state) = self.deployments.get_mut(&deployment) {
            state.apply(record);
        }
    }

    fn remember(&mut self, deployment: DeploymentId, stack: &StackName, call: Call, token: &Arc<str>) {
        let Some(order) = self.order(deployment, stack) else { return };
        let (key, content) = ((order.place.clone(), stack.clone()), content(order));
        let past = self.past.entry(key.clone()).or_default();
        match call {
            Call::CreateChangeSet => past.made = true,
            Call::ExecuteChangeSet => past.executed = true,
            _ => {}
        }
        if !shows(call) {
            return;
        }
        let trail = self.trails.entry(key).or_default();
        trail.add(token);
        if let (Call::ExecuteChangeSet, Some(content)) = (call, content) {
            trail.tries(content);
        }
    }

    /// A stack that came to its end in success carries what it was given.
    fn settle(&mut self, deployment: DeploymentId, stack: &StackName, outcome: &Outcome) {
        let Some(order) = self.order(deployment, stack).filter(|_| outcome.succeeded()) else { return };
        let (place, content) = (order.place.clone(), content(order));
        if let Some(content) = content {
            self.trails.entry((place, stack.clone())).or_default().proved(content);
        }
    }

    fn order(&self, deployment: DeploymentId, stack: &StackName) -> Option<&Order> {
        self.deployments.get(&deployment)?.opened.orders.iter().find(|order| &order.stack == stack)
    }
}

/// The target that an order's stack says that it belongs to.
fn target(order: &Order) -> Option<&String> {
    match &order.action {
        Action::Put(content) => content.tags.get("landfall:target"),
        Action::Delete { .. } => None,
    }
}

/// The content that an order gives its stack.
fn content(order: &Order) -> Option<Hash> {
    match &order.action {
        Action::Put(content) => Some(content.hash),
        Action::Delete { .. } => None,
    }
}

/// Whether a stack's events show the call's token.
fn shows(call: Call) -> bool {
    match call {
        Call::CreateChangeSet
        | Call::ExecuteChangeSet
        | Call::DeleteStack
        | Call::CancelUpdate
        | Call::ContinueRollback
        | Call::RollbackStack => true,
        Call::PutTemplate
        | Call::DeleteChangeSet
        | Call::SetProtection
        | Call::ContinueServiceDeployment
        | Call::UpdateService
        | Call::RunTask
        | Call::StopTask => false,
    }
}
