//! From journal records to facts, one record after the other.
//!
//! A run begins when a deployment ends in success, and ends when another run of its slot begins or the slot is removed.
//! What a failed or superseded deployment does to the run before it depends on what it left behind: where every stack that
//! it touched went back by itself, the run is uninterrupted. Otherwise the slot is a mixture that is not proved: the
//! run ends, and the same release goes on in a new run that began with the interruption, so that a soak starts again while
//! the slot still says what it carries.
//!
//! Attempts count failures of a content in a slot. A success of that content, or an allowance that was used for it, starts
//! the count again. A superseded deployment is not a failure.

mod drift;
mod puts;
mod queue;
mod rows;
mod stores;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::facts::{
    Announced, Attempts, Facts, InFlight, Made, OutputsRead, RecordedSnapshot, Repeat, Run, StackPut, TaskRan,
    Unlocked, Waits,
};
use super::journal::{
    Action, Call, DeploymentId, Entry, Evidence, ExpectedChange, Opened, Order, Outcome, Record, Reply, StoreId,
};
use super::{Hash, Place, StackName, StackStatus};
use puts::Put;
use rows::{Index, Row};

/// The same deployment after a longer time is not one in a row.
const REPEATED: jiff::SignedDuration = jiff::SignedDuration::from_hours(2);

/// Facts, with what is needed to add the next record.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FactsFold {
    facts: Facts,
    open: BTreeMap<DeploymentId, Open>,
    /// Where rows of the facts are, so that a long journal is folded in one pass.
    index: Index,
}

/// A deployment that has not ended.
#[derive(Clone, Debug, PartialEq)]
struct Open {
    live: BTreeMap<std::sync::Arc<str>, Hash>,
    removal: bool,
    prunes: bool,
    touched: BTreeMap<StackName, Touched>,
    asked: BTreeSet<StackName>,
    maybe_done: BTreeSet<StackName>,
    proved: bool,
    places: BTreeMap<StackName, Place>,
    given: Option<Hash>,
    /// The contents that stacks are given, and when each stack was last changed once it has its own.
    contents: BTreeMap<StackName, Put>,
    /// What stacks had that are being changed.
    before: BTreeMap<StackName, StackPut>,
    /// Position of the record that opened it.
    seq: u64,
    /// The changes that were predicted of each stack.
    predicted: BTreeMap<StackName, Vec<ExpectedChange>>,
    /// Outputs that were read, by the stack that uses them and the parameter that each fills.
    reads: BTreeMap<StackName, (Timestamp, BTreeMap<String, String>)>,
    tasks: BTreeMap<StackName, Task>,
    /// An allowance opened one of its gates.
    used: bool,
}

/// A task that a stack's content has.
#[derive(Clone, Debug, PartialEq)]
struct Task {
    ran: TaskRan,
    repeatable: bool,
    /// AWS was asked, and has not answered yet.
    asked: bool,
    /// It may have begun.
    began: bool,
    /// How it ended could not be learned once.
    lost: bool,
}

/// What became of a stack that was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Touched {
    /// Not known yet, or it is not what it was.
    Changed,
    /// It went back to what it was.
    Restored,
}

impl FactsFold {
    /// Facts of a journal without records.
    pub fn new(store: StoreId) -> Self {
        Self { facts: Facts { store: Some(store), ..Facts::default() }, ..Self::default() }
    }

    /// Facts that are known without their journal. Of what is in flight there, only its end is understood.
    pub fn resume(mut facts: Facts) -> Self {
        facts.in_flight.sort_by_key(|flight| flight.deployment);
        let index = Index::of(&facts);
        Self { facts, open: BTreeMap::new(), index }
    }

    /// Facts of a whole journal.
    pub fn replay<'a>(store: StoreId, records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut fold = Self::new(store);
        records.into_iter().for_each(|record| fold.apply(record));
        fold
    }

    /// The facts so far.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Adds the next record.
    pub fn apply(&mut self, record: &Record) {
        self.facts.as_of = Some(record.at);
        match &record.entry {
            Entry::Landed { commit } => self.facts.commit = Some(commit.clone()),
            Entry::Snapshot { project, release, commit, content, rules } => {
                if self.index.recorded.insert((project.clone(), release.clone())) {
                    self.facts.snapshots.push(RecordedSnapshot {
                        project: project.clone(),
                        release: release.clone(),
                        commit: commit.clone(),
                        content: *content,
                        at: record.at,
                        rules: *rules,
                    });
                }
            }
            Entry::Ordered { slot, release, commit } => queue::ordered(&mut self.facts, slot, release, commit),
            Entry::Skipped { slot, release, commit, .. } => queue::skipped(&mut self.facts, slot, release, commit),
            Entry::Opened(opened) => self.opened(opened, record),
            Entry::Intent { deployment, stack, call, .. } => self.asked(*deployment, stack, *call),
            Entry::Reply { deployment, stack, call, reply } => self.replied(*deployment, stack, *call, reply),
            Entry::Evidence { deployment, stack, item } => {
                if let Some(flight) = self.flight(*deployment) {
                    queue::moved(flight, stack, item, record.at);
                }
                self.evidence(*deployment, stack, item, record.at);
            }
            Entry::StackEnded { deployment, stack, outcome } => {
                self.waits(*deployment, stack, None);
                self.stack_ended(*deployment, stack, outcome);
                self.gate(*deployment, stack, None);
                self.task_ended(*deployment, stack, outcome);
            }
            Entry::Waits { deployment, stack, cause, until } => {
                let waits = cause.clone().map(|cause| Waits { since: record.at, cause, until: *until });
                self.waits(*deployment, stack, waits);
            }
            Entry::Stopped { deployment, stack, cause, until } => {
                let gate = Waits { since: record.at, cause: cause.clone(), until: *until };
                self.gate(*deployment, stack, Some(gate));
            }
            Entry::GateOpened { deployment, stack, .. } | Entry::GateGone { deployment, stack } => {
                self.gate(*deployment, stack, None);
                if let Some(flight) = self.flight(*deployment) {
                    *flight.decided.entry(stack.clone()).or_default() += 1;
                }
            }
            Entry::Used(allowed) => {
                self.facts.used.push(allowed.clone());
                if let Some(flight) = self.flight(allowed.deployment) {
                    let (slot, content) = (flight.slot.clone(), flight.content);
                    self.index.attempts.remove(&mut self.facts.attempts, &(slot, content));
                }
                if let Some(open) = self.open.get_mut(&allowed.deployment) {
                    open.used = true;
                }
            }
            Entry::TakenOver { deployment, cause, .. } => {
                if let Some(flight) = self.flight(*deployment) {
                    flight.taken_over = Some(Waits { since: record.at, cause: cause.clone(), until: None });
                }
            }
            Entry::Ended { deployment, outcome } => self.ended(*deployment, outcome, record),
            Entry::Incarnation { .. } => drift::restored(&mut self.facts, record.at),
            Entry::Learned(learned) => stores::learned(&mut self.facts, &mut self.index, learned, record.at),
            Entry::Asks { question, agreed } => stores::asks(&mut self.facts, question.as_ref(), *agreed, record.at),
            Entry::Agreed(agreed) => stores::agreed(&mut self.facts, agreed),
            Entry::Adopted { .. } => self.facts.question = None,
            Entry::Drift(seen) => drift::seen(&mut self.facts, &mut self.index, seen, record.at),
        }
    }

    /// Where a deployment is among those in flight, which are in the order of their numbers, or where it would be.
    fn flies(&self, deployment: DeploymentId) -> Result<usize, usize> {
        self.facts.in_flight.binary_search_by_key(&deployment, |flight| flight.deployment)
    }

    fn flight(&mut self, deployment: DeploymentId) -> Option<&mut InFlight> {
        let place = self.flies(deployment).ok()?;
        self.facts.in_flight.get_mut(place)
    }

    fn waits(&mut self, deployment: DeploymentId, stack: &StackName, waits: Option<Waits>) {
        let Some(flight) = self.flight(deployment) else { return };
        let before = flight.waits.remove(stack);
        if let Some(waits) = waits {
            // The same wait goes on, and only says when it tries again.
            let since = before.filter(|before| before.cause.code == waits.cause.code).map_or(waits.since, |b| b.since);
            flight.waits.insert(stack.clone(), Waits { since, ..waits });
        }
    }

    /// A stack waits at a gate now, or at none any more.
    fn gate(&mut self, deployment: DeploymentId, stack: &StackName, gate: Option<Waits>) {
        let Some(flight) = self.flight(deployment) else { return };
        match gate {
            Some(gate) => drop(flight.gates.insert(stack.clone(), gate)),
            None => drop(flight.gates.remove(stack)),
        }
        flight.stopped = flight.gates.values().next().map(|gate| gate.cause.clone());
    }

    fn opened(&mut self, opened: &Opened, record: &Record) {
        for order in &opened.orders {
            self.facts.places.insert(order.place.clone(), order.access.clone());
        }
        let deletes = opened.orders.iter().all(|order| matches!(order.action, Action::Delete { .. }));
        self.open.insert(
            opened.deployment,
            Open {
                live: opened.live.clone(),
                removal: opened.removal,
                prunes: deletes && !opened.orders.is_empty() && !opened.removal,
                touched: BTreeMap::new(),
                asked: BTreeSet::new(),
                maybe_done: BTreeSet::new(),
                proved: false,
                places: opened.orders.iter().map(|order| (order.stack.clone(), order.place.clone())).collect(),
                given: opened.given,
                contents: puts::contents(opened),
                before: BTreeMap::new(),
                seq: record.seq,
                predicted: predicted(opened),
                reads: BTreeMap::new(),
                tasks: tasks(opened),
                used: false,
            },
        );
        let flight = InFlight {
            deployment: opened.deployment,
            slot: opened.slot.clone(),
            release: opened.release.clone(),
            content: opened.content,
            attempt: opened.attempt,
            since: record.at,
            commit: opened.commit.clone(),
            plan: Some(opened.plan.clone()),
            stopped: None,
            gates: BTreeMap::new(),
            allowed: opened.allowed.len(),
            decided: BTreeMap::new(),
            waits: BTreeMap::new(),
            progress: BTreeMap::new(),
            failing: None,
            taken_over: None,
        };
        match self.flies(opened.deployment) {
            Ok(place) => self.facts.in_flight[place] = flight,
            Err(place) => self.facts.in_flight.insert(place, flight),
        }
    }

    /// A stack came to its end in success, and so did its task; or it did not, and a task that is not to be repeated may have
    /// done a part of its work.
    fn task_ended(&mut self, deployment: DeploymentId, stack: &StackName, outcome: &Outcome) {
        let Some(task) = self.open.get(&deployment).and_then(|open| open.tasks.get(stack)) else { return };
        let key = task.ran.key();
        let (succeeded, failed) = (outcome.succeeded(), (task.began || task.asked || task.lost) && !task.repeatable);
        if succeeded && self.index.tasks.find(&self.facts.tasks, &key).is_none() {
            self.index.tasks.put(&mut self.facts.tasks, task.ran.clone());
        }
        if succeeded {
            self.index.tasks_failed.remove(&mut self.facts.tasks_failed, &key);
        } else if failed {
            self.index.tasks_failed.put(&mut self.facts.tasks_failed, task.ran.clone());
        }
    }

    /// The call that runs a stack's task, and what became of it.
    fn task(&mut self, deployment: DeploymentId, stack: &StackName) -> Option<&mut Task> {
        self.open.get_mut(&deployment)?.tasks.get_mut(stack)
    }

    fn asked(&mut self, deployment: DeploymentId, stack: &StackName, call: Call) {
        if let Some(task) = self.task(deployment, stack).filter(|_| call == Call::RunTask) {
            // Asked again without an answer to the first time: that one may have been carried out.
            task.began |= task.asked;
            task.asked = true;
        }
        if call == Call::ExecuteChangeSet {
            let tasks = self.open.get(&deployment).map(|open| &open.tasks);
            if let Some(task) = tasks.and_then(|tasks| tasks.get(stack)).filter(|task| task.repeatable) {
                self.index.tasks.remove(&mut self.facts.tasks, &task.ran.key());
            }
        }
        self.made(deployment, stack, call);
        let Some(open) = self.open.get_mut(&deployment).filter(|_| changes(call)) else { return };
        // Asked again without an answer to the first time: that one may have been carried out.
        if !open.asked.insert(stack.clone()) {
            open.maybe_done.insert(stack.clone());
        }
        open.touched.insert(stack.clone(), Touched::Changed);
        if let Some(place) = open.places.get(stack) {
            let put = self.index.puts.remove(&mut self.facts.puts, &(place.clone(), stack.clone()));
            open.before.extend(put.map(|put| (stack.clone(), put)));
        }
    }

    /// A change set is made for a stack, or executed.
    fn made(&mut self, deployment: DeploymentId, stack: &StackName, call: Call) {
        let place = self.open.get(&deployment).and_then(|open| open.places.get(stack));
        let Some(place) = place.filter(|_| matches!(call, Call::CreateChangeSet | Call::ExecuteChangeSet)) else {
            return;
        };
        let made = Made { place: place.clone(), stack: stack.clone() };
        if call == Call::CreateChangeSet {
            self.index.made.put(&mut self.facts.made, made);
        } else {
            self.index.made.remove(&mut self.facts.made, &made.key());
        }
    }

    /// A refused call changed nothing, unless one before it may have.
    fn replied(&mut self, deployment: DeploymentId, stack: &StackName, call: Call, reply: &Reply) {
        if let Some(task) = self.task(deployment, stack).filter(|_| call == Call::RunTask) {
            task.asked = false;
            task.began |= !matches!(reply, Reply::Refused { .. });
        }
        let Some(open) = self.open.get_mut(&deployment) else { return };
        if !changes(call) {
            return;
        }
        open.asked.remove(stack);
        match reply {
            Reply::Accepted | Reply::Lost { .. } => {
                open.maybe_done.insert(stack.clone());
            }
            Reply::Refused { .. } => {
                if !open.maybe_done.contains(stack) {
                    open.touched.remove(stack);
                }
            }
        }
    }

    fn evidence(&mut self, deployment: DeploymentId, stack: &StackName, item: &Evidence, at: Timestamp) {
        let Some(open) = self.open.get_mut(&deployment) else { return };
        match item {
            Evidence::StackLeft { status } if open.touched.contains_key(stack) => {
                let touched = if went_back(*status) { Touched::Restored } else { Touched::Changed };
                open.touched.insert(stack.clone(), touched);
                if *status == StackStatus::UpdateRollbackComplete
                    && let Some(put) = open.before.remove(stack)
                {
                    self.index.puts.put(&mut self.facts.puts, put);
                }
            }
            Evidence::Announced { changes } => {
                let (Some(place), Some(predicted)) = (open.places.get(stack), open.predicted.get(stack)) else {
                    return;
                };
                let (place, stack) = (place.clone(), stack.clone());
                let (predicted, changes) = (predicted.clone(), changes.clone());
                let announced = Announced { deployment, place, stack, predicted, changes };
                self.index.announced.put(&mut self.facts.announced, announced);
            }
            Evidence::OutputRead { parameter, value } => {
                let (last, values) = open.reads.entry(stack.clone()).or_insert_with(|| (at, BTreeMap::new()));
                values.insert(parameter.clone(), value.clone());
                *last = at;
            }
            Evidence::InPlace { changed, services } => {
                if let Some(put) = open.contents.get_mut(stack) {
                    put.changed = Some(*changed);
                    put.services = services.clone();
                }
            }
            Evidence::ServiceDeployment { status, .. } if status == "SUCCESSFUL" => open.proved = true,
            Evidence::TaskLost { .. } => {
                if let Some(task) = open.tasks.get_mut(stack) {
                    task.lost = true;
                }
            }
            // No container of it ran: it did nothing.
            Evidence::TaskEnded { code, containers, .. }
                if code == "TaskFailedToStart" && containers.iter().all(|end| end.exit_code.is_none()) =>
            {
                if let Some(task) = open.tasks.get_mut(stack) {
                    task.began = false;
                }
            }
            _ => {}
        }
    }

    /// The outputs that a stack was deployed with take the place of those from before; with a stack goes what its tasks did.
    fn stack_ended(&mut self, deployment: DeploymentId, stack: &StackName, outcome: &Outcome) {
        let Some(open) = self.open.get_mut(&deployment).filter(|_| outcome.succeeded()) else { return };
        let Some(place) = open.places.get(stack).cloned() else { return };
        let at = (place.clone(), stack.clone());
        puts::ended(&mut self.facts, &mut self.index, open, &at);
        drift::deployed(&mut self.facts, &mut self.index, &at, outcome);
        self.index.reads.remove(&mut self.facts.reads, &at);
        if *outcome == Outcome::Removed {
            let of_it = |ran: &TaskRan| ran.stack == *stack && ran.place == place;
            self.index.tasks.remove_all(&mut self.facts.tasks, of_it);
            self.index.tasks_failed.remove_all(&mut self.facts.tasks_failed, of_it);
        }
        if let Some((at, values)) = open.reads.remove(stack).filter(|_| *outcome != Outcome::Removed) {
            let read = OutputsRead { place: place.clone(), stack: stack.clone(), deployment, at, values };
            self.index.reads.put(&mut self.facts.reads, read);
        }
    }

    fn ended(&mut self, deployment: DeploymentId, outcome: &Outcome, record: &Record) {
        let Some(open) = self.open.remove(&deployment) else { return };
        let Ok(index) = self.flies(deployment) else { return };
        let flight = self.facts.in_flight.remove(index);
        for stack in open.places.keys() {
            self.index.announced.remove(&mut self.facts.announced, &(deployment, stack.clone()));
        }
        queue::ended(&mut self.facts, &mut self.index, &flight, outcome);
        if open.used {
            let unlocked = Unlocked { slot: flight.slot.clone(), content: flight.content, deployment };
            self.index.unlocked.put(&mut self.facts.unlocked, unlocked);
        }
        if outcome.succeeded() {
            self.index.attempts.remove(&mut self.facts.attempts, &(flight.slot.clone(), flight.content));
            self.repeated(&flight, &open, record);
            self.succeeded(&flight, &open, outcome, record);
            return;
        }
        if matches!(outcome, Outcome::Failed(_)) {
            self.failed(&flight, outcome, record);
        }
        if open.touched.values().any(|touched| *touched == Touched::Changed) {
            self.interrupt(&flight, record);
        }
    }

    /// Counts how often in a row a slot was deployed with the same, unless an allowance asked for it.
    fn repeated(&mut self, flight: &InFlight, open: &Open, record: &Record) {
        if open.prunes {
            return;
        }
        let before = self.index.repeats.remove(&mut self.facts.repeats, &flight.slot);
        if open.removal {
            return;
        }
        let same = |last: &Repeat| last.content == flight.content && last.given == open.given;
        let soon = |last: &Repeat| record.at.duration_since(last.ended) < REPEATED && flight.allowed == 0;
        let times = before.filter(|last| same(last) && soon(last)).map_or(0, |last| last.times).saturating_add(1);
        let repeat = Repeat {
            slot: flight.slot.clone(),
            content: flight.content,
            given: open.given,
            times,
            deployment: flight.deployment,
            ended: record.at,
        };
        self.index.repeats.put(&mut self.facts.repeats, repeat);
    }

    fn succeeded(&mut self, flight: &InFlight, open: &Open, outcome: &Outcome, record: &Record) {
        if open.prunes {
            return;
        }
        if let Some(place) = self.index.learned.remove(&flight.slot) {
            self.facts.learned[place].over = true;
        }
        let running = self.index.running.get(&flight.slot).map(|place| &self.facts.runs[*place]);
        let same = running.is_some_and(|run| run.release == flight.release && run.content == flight.content);
        if same && open.touched.is_empty() && !open.removal {
            return;
        }
        if let Some(place) = self.index.running.remove(&flight.slot) {
            self.facts.runs[place].to = Some(record.at);
        }
        if open.removal {
            return;
        }
        self.index.running.insert(flight.slot.clone(), self.facts.runs.len());
        self.facts.runs.push(Run {
            slot: flight.slot.clone(),
            release: flight.release.clone(),
            content: flight.content,
            deployment: flight.deployment,
            commit: flight.commit.clone(),
            from: record.at,
            to: None,
            proved_by_ecs: *outcome == Outcome::Proved || open.proved,
            live: open.live.clone(),
        });
    }

    fn failed(&mut self, flight: &InFlight, outcome: &Outcome, record: &Record) {
        let key = (flight.slot.clone(), flight.content);
        let tried = self.index.attempts.find(&self.facts.attempts, &key);
        let failed = tried.map_or(0, |tried| tried.failed) + 1;
        let now = Attempts {
            slot: flight.slot.clone(),
            release: flight.release.clone(),
            content: flight.content,
            failed,
            deployment: flight.deployment,
            ended: record.at,
            outcome: outcome.clone(),
        };
        self.index.attempts.put(&mut self.facts.attempts, now);
    }

    fn interrupt(&mut self, flight: &InFlight, record: &Record) {
        if let Some(place) = self.index.running.get_mut(&flight.slot) {
            let again = Run { from: record.at, to: None, proved_by_ecs: false, ..self.facts.runs[*place].clone() };
            self.facts.runs[*place].to = Some(record.at);
            *place = self.facts.runs.len();
            self.facts.runs.push(again);
        }
    }
}

/// What was predicted of each stack.
fn predicted(opened: &Opened) -> BTreeMap<StackName, Vec<ExpectedChange>> {
    let put = |order: &Order| match &order.action {
        Action::Put(content) => Some((order.stack.clone(), content.expected.clone())),
        Action::Delete { .. } => None,
    };
    opened.orders.iter().filter_map(put).collect()
}

/// The tasks of the contents that a deployment puts in place.
fn tasks(opened: &Opened) -> BTreeMap<StackName, Task> {
    let mut tasks = BTreeMap::new();
    for order in &opened.orders {
        let Action::Put(content) = &order.action else { continue };
        let Some(run) = &content.task else { continue };
        let (place, stack) = (order.place.clone(), order.stack.clone());
        let ran = TaskRan { place, stack, content: content.hash, deployment: opened.deployment };
        let task = Task { ran, repeatable: run.repeatable, asked: false, began: false, lost: false };
        tasks.insert(order.stack.clone(), task);
    }
    tasks
}

/// Whether the call changes a stack's resources when it is carried out.
fn changes(call: Call) -> bool {
    match call {
        Call::ExecuteChangeSet | Call::DeleteStack | Call::ContinueRollback | Call::RollbackStack => true,
        Call::PutTemplate
        | Call::CreateChangeSet
        | Call::DeleteChangeSet
        | Call::CancelUpdate
        | Call::SetProtection
        | Call::ContinueServiceDeployment
        | Call::UpdateService
        | Call::RunTask
        | Call::StopTask => false,
    }
}

/// Whether a failed operation that left the stack so has left what was there before it: a first create that was rolled
/// back or deleted leaves nothing, which is what was there.
fn went_back(status: StackStatus) -> bool {
    matches!(status, StackStatus::UpdateRollbackComplete | StackStatus::RollbackComplete | StackStatus::DeleteComplete)
}
