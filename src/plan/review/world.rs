//! The world of a rehearsal: facts, observed stacks and deployed templates that follow a plan as if all of it succeeded.
//!
//! It is changed by journal records, folded as the daemon folds them, so that the next plan is the one that the daemon
//! would make. What AWS alone decides is assumed in one place, here: every operation succeeds, and an output keeps its
//! value while nothing that it is made of changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::cfn::{Document, Given};
use crate::compare::{ResourceChange, resources};
use crate::model::catalog::Gate;
use crate::model::facts_fold::FactsFold;
use crate::model::journal::{
    Action, Allowed, Content, DeploymentId, Entry, Fence, Order, Outcome, ParameterValue, Record,
};
use crate::model::observed::PlaceSeen;
use crate::model::place::Access;
use crate::model::{CommitId, Facts, Id, Observed, Place, ReleaseName, StackName, StackSeen, StackStatus};

use super::super::expected::place_values;
use super::super::gates::{self, Row};
use super::super::types::{Begin, Opening, Skip};
use super::effects::Effects;
use super::outputs::outputs;
use super::tags::TagsOf;
use super::taken::{Taken, claims};
use super::types::{Fate, Refused, Shown, StackEvent, Stop};

/// A stack in its place.
pub(super) type Key = (Place, StackName);

/// What AWS shows for the value of a NoEcho parameter (DescribeStacks).
const MASKED: &str = "****";

/// Everything that a plan is made from, but the catalog.
#[derive(Clone, Debug)]
pub(super) struct World {
    fold: FactsFold,
    pub(super) observed: Observed,
    pub(super) deployed: BTreeMap<Key, Shown>,
    pub(super) now: Timestamp,
    pending: BTreeMap<DeploymentId, Pending>,
    /// The names and priorities that are taken: looked up as soon as something wants one.
    taken: Option<Taken>,
    records: u64,
    deployments: u64,
    /// Whether the effects of its deployments are used, and not only the world after them.
    pub(super) is_read: bool,
    pub(super) tags: Arc<TagsOf>,
}

/// A deployment that stopped at gates.
#[derive(Clone, Debug)]
struct Pending {
    deployment: DeploymentId,
    project: Id,
    release: ReleaseName,
    orders: Vec<Order>,
    /// It removes everything of its slot.
    removal: bool,
    ended: BTreeSet<StackName>,
    /// The gates that allowances opened: of a stack, for one resource or for all.
    open: BTreeSet<(StackName, Gate, Option<Arc<str>>)>,
}

impl Pending {
    /// The gate that an operation stops at; none if it goes on. Deleting a whole stack was decided before.
    fn stop(&self, order: &Order, changes: &[ResourceChange]) -> Option<Stop> {
        if matches!(order.action, Action::Delete { .. }) {
            return None;
        }
        let rows: Vec<Row<'_>> = changes.iter().filter_map(Row::predicted).collect();
        let is_open = |gate: Gate, resource: &str| {
            let open = |named: Option<Arc<str>>| self.open.contains(&(order.stack.clone(), gate, named));
            open(None) || open(Some(Arc::from(resource)))
        };
        let closed = gates::closed(&rows, is_open)?;
        Some(Stop {
            stack: order.stack.clone(),
            gate: closed.gate,
            resources: closed.resources,
            code: Arc::from(closed.code),
            sentence: closed.sentence,
            key: None,
        })
    }
}

/// What one deployment did until it ended or stopped.
#[derive(Debug, Default)]
pub(super) struct Carried {
    pub(super) stacks: Vec<StackEvent>,
    /// The gates that it waits at.
    pub(super) stops: Vec<Stop>,
}

impl World {
    pub(super) fn new(facts: Facts, now: Timestamp, tags: Arc<TagsOf>) -> Self {
        let deployments = facts.runs.iter().map(|run| run.deployment.0);
        let deployments = deployments.chain(facts.in_flight.iter().map(|flight| flight.deployment.0)).max();
        Self {
            fold: FactsFold::resume(facts),
            observed: Observed::default(),
            deployed: BTreeMap::new(),
            now,
            pending: BTreeMap::new(),
            taken: None,
            records: 0,
            deployments: deployments.unwrap_or(0),
            is_read: true,
            tags,
        }
    }

    pub(super) fn facts(&self) -> &Facts {
        self.fold.facts()
    }

    /// Lets a place be seen: without stacks, if it is new.
    pub(super) fn see<'p>(&mut self, places: impl IntoIterator<Item = &'p Place>) {
        for place in places {
            let seen = || PlaceSeen::Seen { at: self.now, stacks: BTreeMap::new() };
            self.observed.places.entry(place.clone()).or_insert_with(seen);
        }
    }

    /// Takes what AWS shows in place of what facts let expect.
    pub(super) fn shows(&mut self, observed: &Observed) {
        for (place, seen) in &observed.places {
            self.observed.places.insert(place.clone(), seen.clone());
        }
        let there = &self.observed;
        self.taken = None;
        self.deployed.retain(|(place, stack), _| there.stack(place, stack).is_some() || !there.can_see(place));
    }

    /// The templates that stacks have.
    pub(super) fn templates(&self) -> BTreeMap<Key, Arc<str>> {
        self.deployed.iter().map(|(key, shown)| (key.clone(), shown.template.clone())).collect()
    }

    /// Puts a stack there as the catalog renders it, without a deployment.
    pub(super) fn put(&mut self, place: &Place, stack: &StackName, content: &Content, release: &ReleaseName) {
        let order = Order {
            wave: 0,
            step: 0,
            after: None,
            stack: stack.clone(),
            place: place.clone(),
            access: Access::default(),
            action: Action::Put(Box::new(content.clone())),
            adopt: false,
            as_found: false,
            repair: false,
            services: BTreeMap::new(),
        };
        self.apply(&order, release, Vec::new());
    }

    /// Takes note of a record as a journal would.
    pub(super) fn record(&mut self, entry: Entry) {
        self.records += 1;
        self.fold.apply(&Record { seq: self.records, at: self.now, fence: Fence(1), entry });
    }

    /// Carries out a deployment until it ends or stops.
    pub(super) fn begin(&mut self, begin: &Begin, commit: &CommitId) -> Carried {
        self.deployments += 1;
        let deployment = DeploymentId(self.deployments);
        begin.entries(commit, deployment).into_iter().for_each(|entry| self.record(entry));
        let (release, orders, removal) = (begin.release.clone(), begin.orders.clone(), begin.removal);
        let project = begin.slot.project.clone();
        let (ended, open) = (BTreeSet::new(), BTreeSet::new());
        self.go_on(Pending { deployment, project, release, orders, removal, ended, open })
    }

    /// Opens a gate and goes on. A deployment that began before the rehearsal simply ends.
    pub(super) fn open(&mut self, opening: &Opening) -> Carried {
        let (deployment, stack) = (opening.deployment, opening.stack.clone());
        if !self.facts().used(&opening.slot, opening.allowance) {
            self.record(Entry::Used(Allowed { slot: opening.slot.clone(), allowance: opening.allowance, deployment }));
        }
        let (gate, resource) = (opening.gate, opening.resource.clone());
        self.record(Entry::GateOpened { deployment, stack: stack.clone(), gate, resource });
        let Some(mut pending) = self.pending.remove(&deployment) else {
            self.record(Entry::Ended { deployment, outcome: Outcome::Proved });
            return Carried::default();
        };
        pending.open.insert((stack, opening.gate, opening.resource.clone()));
        self.go_on(pending)
    }

    /// Ends a deployment in whose place a newer order comes.
    pub(super) fn give_way(&mut self, deployment: DeploymentId, by: Option<ReleaseName>) {
        self.pending.remove(&deployment);
        self.record(Entry::Ended { deployment, outcome: Outcome::Superseded { by } });
    }

    /// Leaves out an order whose turn it was.
    pub(super) fn skip(&mut self, skip: &Skip) {
        let Skip { slot, release, commit, why } = skip.clone();
        self.record(Entry::Skipped { slot, release, commit, why });
    }

    /// A moment passes.
    pub(super) fn tick(&mut self) {
        self.now = self.now.checked_add(SignedDuration::from_secs(1)).unwrap_or(self.now);
    }

    fn go_on(&mut self, mut pending: Pending) -> Carried {
        let mut carried = Carried::default();
        let mut failed = None;
        let deployment = pending.deployment;
        let orders = pending.orders.clone();
        for order in &orders {
            if pending.ended.contains(&order.stack) {
                continue;
            }
            let waits = orders.iter().any(|other| {
                let before = other.wave < order.wave || other.wave == order.wave && order.waits_for(other.step);
                before && !pending.ended.contains(&other.stack)
            });
            if waits {
                continue;
            }
            let effects = self.effects(order, &pending);
            let refused = self.refused(order, &effects);
            let event = self.event(order, &pending.release, effects.clone(), refused);
            if let Some(stop) = pending.stop(order, &effects.resources) {
                let stack = order.stack.clone();
                self.record(Entry::Stopped { deployment, stack, cause: stop.cause(), until: None });
                carried.stops.push(stop);
                carried.stacks.push(event);
                continue;
            }
            if let Some(refused) = event.refused.first() {
                let cause = refused.cause(&order.stack);
                let outcome = Outcome::Failed(cause.clone());
                self.record(Entry::StackEnded { deployment, stack: order.stack.clone(), outcome });
                failed.get_or_insert(cause);
                carried.stacks.push(event);
                continue;
            }
            self.apply(order, &pending.release, effects.resources);
            let outcome = if event.fate == Fate::Delete { Outcome::Removed } else { Outcome::Proved };
            self.record(Entry::StackEnded { deployment, stack: order.stack.clone(), outcome });
            pending.ended.insert(order.stack.clone());
            if event.is_seen() {
                carried.stacks.push(event);
            }
        }
        if let Some(cause) = failed {
            self.record(Entry::Ended { deployment, outcome: Outcome::Failed(cause) });
        } else if carried.stops.is_empty() {
            let outcome = if pending.removal { Outcome::Removed } else { Outcome::Proved };
            self.record(Entry::Ended { deployment, outcome });
        } else {
            self.pending.insert(deployment, pending);
        }
        carried
    }

    /// What the operation does to the stack. If nobody reads that, only the resources are worked out: the next world needs them.
    fn effects(&self, order: &Order, of: &Pending) -> Effects {
        let key = (order.place.clone(), order.stack.clone());
        let ran = self.deployed.get(&key).map(|shown| &shown.release);
        let tags = [self.tags.of(&of.project, ran), self.tags.of(&of.project, Some(&of.release))];
        let before = self.deployed.get(&key).and_then(|shown| Document::parse(&shown.template).ok());
        let old = self.values(&key);
        let before = before.as_ref().map(|document| Given { document, values: &old });
        let between = |before, after| match self.is_read {
            true => Effects::between(before, after, tags),
            false => Effects { resources: resources(before, after), ..Effects::default() },
        };
        match &order.action {
            Action::Delete { .. } => between(before, None),
            Action::Put(content) => {
                let Ok(document) = Document::parse(&content.template) else { return Effects::default() };
                let mut values = place_values(&order.place);
                values.extend(self.parameters(order, content).into_iter().map(|(name, value)| (name, Some(value))));
                between(before, Some(Given { document: &document, values: &values }))
            }
        }
    }

    /// The values that a stack has.
    fn values(&self, key: &Key) -> BTreeMap<String, Option<String>> {
        let mut values = place_values(&key.0);
        let seen = self.observed.stack(&key.0, &key.1);
        let given = seen.into_iter().flat_map(|seen| &seen.parameters);
        values.extend(given.map(|(name, value)| (name.clone(), (value != MASKED).then(|| value.clone()))));
        values
    }

    /// The values that an operation gives to parameters; outputs of other stacks as those have them.
    fn parameters(&self, order: &Order, content: &Content) -> BTreeMap<String, String> {
        let value = |value: &ParameterValue| match value {
            ParameterValue::Value(value) => Some(value.clone()),
            ParameterValue::Output { stack, output, at } => {
                let place = at.as_ref().map_or(&order.place, |at| &at.place);
                self.observed.stack(place, stack)?.outputs.get(output).cloned()
            }
        };
        content.parameters.iter().filter_map(|(name, of)| Some((name.clone(), value(of)?))).collect()
    }

    /// What AWS refuses to make or to change, because its name or its priority is taken.
    fn refused(&mut self, order: &Order, effects: &Effects) -> Vec<Refused> {
        let Action::Put(content) = &order.action else { return Vec::new() };
        if !effects.resources.iter().any(claims) {
            return Vec::new();
        }
        let Ok(document) = Document::parse(&content.template) else { return Vec::new() };
        let mut values = place_values(&order.place);
        values.extend(self.parameters(order, content).into_iter().map(|(name, value)| (name, Some(value))));
        let key = (order.place.clone(), order.stack.clone());
        let taken = self.taken.get_or_insert_with(|| Taken::of(&self.deployed));
        taken.refused(&key, &effects.resources, Given { document: &document, values: &values })
    }

    fn event(&self, order: &Order, release: &ReleaseName, effects: Effects, refused: Vec<Refused>) -> StackEvent {
        let before = self.deployed.get(&(order.place.clone(), order.stack.clone())).cloned();
        let (fate, after) = match &order.action {
            Action::Delete { .. } => (Fate::Delete, None),
            Action::Put(content) => {
                let after = Shown::of(content, release);
                let fate = match &before {
                    _ if !refused.is_empty() => Fate::Fail,
                    None => Fate::Create,
                    Some(before) if before.content == after.content && content.task.is_some() => Fate::Run,
                    Some(_) if content.task.is_none() && !self.changes(order, content, &effects) => Fate::Nothing,
                    Some(_) => Fate::Update,
                };
                (fate, Some(after))
            }
        };
        let (stack, place) = (order.stack.clone(), order.place.clone());
        StackEvent { stack, place, step: order.step, fate, refused, effects, before, after }
    }

    /// Whether CloudFormation finds something to change in a stack that is there: a resource, a tag, or what it gives out.
    fn changes(&self, order: &Order, content: &Content, effects: &Effects) -> bool {
        let key = (order.place.clone(), order.stack.clone());
        let outputs =
            |template: &str| Document::parse(template).ok().map(|document| document.section("Outputs").cloned());
        let tags = self.observed.stack(&key.0, &key.1).is_some_and(|seen| seen.tags != content.tags);
        let given = self.deployed.get(&key).is_none_or(|old| outputs(&old.template) != outputs(&content.template));
        tags || given || effects.resources.iter().any(|change| change.announced().is_some())
    }

    /// The stack as it is after the operation.
    fn apply(&mut self, order: &Order, release: &ReleaseName, changes: Vec<ResourceChange>) {
        let key = (order.place.clone(), order.stack.clone());
        self.see([&order.place]);
        let (now, records) = (self.now, self.records);
        let put = match &order.action {
            Action::Delete { .. } => None,
            Action::Put(content) => {
                let parameters = self.parameters(order, content);
                let old = self.observed.stack(&key.0, &key.1).cloned();
                let outputs = outputs(content, &changes, old.as_deref(), &parameters, &order.stack);
                Some((content, parameters, outputs, old))
            }
        };
        let Some(PlaceSeen::Seen { stacks, .. }) = self.observed.places.get_mut(&key.0) else { return };
        let Some((content, parameters, outputs, old)) = put else {
            stacks.remove(&key.1);
            self.deployed.remove(&key);
            self.taken.iter_mut().for_each(|taken| taken.remove(&key));
            return;
        };
        let seen = StackSeen {
            name: order.stack.clone(),
            id: old.as_ref().map_or_else(|| Arc::from(format!("{}#{records}", order.stack)), |old| old.id.clone()),
            status: if old.is_some() { StackStatus::UpdateComplete } else { StackStatus::CreateComplete },
            reason: None,
            description: Some(content.description.to_string()),
            tags: content.tags.clone(),
            outputs,
            parameters,
            created: old.as_ref().map_or(now, |old| old.created),
            updated: old.is_some().then_some(now),
            protected: content.protected,
            drift: None,
        };
        stacks.insert(order.stack.clone(), Arc::new(seen));
        let shown = Shown::of(content, release);
        self.taken.iter_mut().for_each(|taken| taken.put(&key, &shown));
        self.deployed.insert(key, shown);
    }
}

impl Shown {
    /// What a stack is given.
    pub(super) fn of(content: &Content, release: &ReleaseName) -> Self {
        Self {
            template: content.template.clone(),
            values: content.shown_parameters(),
            content: content.hash,
            release: release.clone(),
        }
    }
}
