//! One turn of the driver: performs the machine's effects for everything in flight.

use std::collections::BTreeMap;
use std::sync::{Mutex as Quick, PoisonError};

use futures::future::join_all;
use futures::lock::Mutex;
use jiff::{SignedDuration, Timestamp};

use super::driver::EngineError;
use super::log::Log;
use super::machine::{
    Ask, DeploymentState, Due, Effect, Look, Past, Request, SOAK, Seen, Soak, StackState, Subject, conclusion, due,
    moving, next,
};
use super::mistakes::{Mistake, Mistakes};
use super::outage::{Answered, Later};
use crate::cloud::{At, Change, CloudError, Consequence, RunTaskRequest};
use crate::model::StackName;
use crate::model::journal::{Action, Call, DeploymentId, Entry, Evidence, Fence, Order, Reply};
use crate::model::moving::Moving;
use crate::model::task::LOG_LINES;
use crate::store::{Store, StoreError};

type Result<T> = std::result::Result<T, EngineError>;

/// So many effects of one stack in one turn are more than any protocol has: what would go beyond goes on next turn.
const EFFECTS: usize = 200;

/// What the engine remembers of stacks beside the journal: a restart may forget it.
#[derive(Debug, Default)]
pub(crate) struct Aside {
    /// When a stack that met an outage is tried again.
    pub(super) later: BTreeMap<(DeploymentId, StackName), Later>,
    /// What goes on in a stack, for readers.
    pub(super) moving: BTreeMap<(DeploymentId, StackName), Moving>,
}

impl Aside {
    /// Forgets deployments that have ended.
    pub(super) fn keep(&mut self, deployments: &BTreeMap<DeploymentId, DeploymentState>) {
        self.later.retain(|(id, _), _| deployments.contains_key(id));
        self.moving.retain(|(id, _), _| deployments.contains_key(id));
    }
}

/// What all futures of a turn share.
pub(crate) struct Turn<'a> {
    store: &'a dyn Store,
    cloud: &'a dyn Change,
    fence: Fence,
    /// Not tokio's lock, which counts against a budget per poll of a task: the engine runs under any executor.
    log: Mutex<&'a mut Log>,
    pub(super) aside: Quick<&'a mut Aside>,
    pub(super) now: Timestamp,
    pub(super) mistakes: Mistakes,
}

/// Appends to the journal and folds what was appended, with whatever was appended before and not yet folded.
pub(crate) async fn append(
    store: &dyn Store,
    fence: Fence,
    mistakes: Mistakes,
    log: &mut Log,
    now: Timestamp,
    entries: Vec<Entry>,
) -> Result<()> {
    let entries = mistakes.journaled(entries);
    let again = if mistakes.makes(Mistake::FenceSkipped) { entries.clone() } else { Vec::new() };
    let records = match store.append(fence, now, entries).await {
        Err(StoreError::Fenced { current, .. }) if mistakes.makes(Mistake::FenceSkipped) => {
            store.append(Fence(current), now, again).await?
        }
        other => other?,
    };
    // An earlier future that was dropped between the append and here has left records that are not folded.
    while records.first().is_some_and(|first| first.seq > log.seq + 1) {
        let missed = store.records(log.seq, 100).await?;
        if missed.is_empty() {
            break;
        }
        missed.iter().for_each(|record| log.apply(record));
    }
    records.iter().for_each(|record| log.apply(record));
    Ok(())
}

impl<'a> Turn<'a> {
    /// A turn at this time.
    pub(crate) fn new(
        store: &'a dyn Store,
        cloud: &'a dyn Change,
        fence: Fence,
        log: &'a mut Log,
        aside: &'a mut Aside,
        now: Timestamp,
        mistakes: Mistakes,
    ) -> Self {
        Self { store, cloud, fence, log: Mutex::new(log), aside: Quick::new(aside), now, mistakes }
    }

    pub(super) async fn append(&self, entries: Vec<Entry>) -> Result<()> {
        let mut log = self.log.lock().await;
        append(self.store, self.fence, self.mistakes, &mut log, self.now, entries).await
    }

    /// Moves one deployment; says when to look again.
    pub(crate) async fn deployment(&self, id: DeploymentId) -> Result<Option<Timestamp>> {
        let mut before = Vec::new();
        let mut wait = None;
        loop {
            let (Due { orders, soak }, end) = {
                let log = self.log.lock().await;
                let Some(deployment) = log.deployments.get(&id) else { return Ok(None) };
                let due = due(deployment, self.now);
                let end = conclusion(deployment, &due);
                (due, end)
            };
            if let Some(outcome) = end {
                tracing::info!(deployment = id.0, ?outcome, "deployment ended");
                self.append(vec![Entry::Ended { deployment: id, outcome }]).await?;
                return Ok(None);
            }
            if let Some(soak) = soak {
                return self.soaks(id, &soak).await;
            }
            if orders == before {
                return Ok(wait);
            }
            for index in &orders {
                self.soaked(id, *index).await?;
            }
            wait = None;
            for result in join_all(orders.iter().map(|index| self.stack(id, *index))).await {
                wait = [wait, result?].into_iter().flatten().min();
            }
            before = orders;
        }
    }

    /// The next wave waits, which is said once.
    async fn soaks(&self, id: DeploymentId, soak: &Soak) -> Result<Option<Timestamp>> {
        let why = |s: Subject<'_>| {
            let entry = s.waits(Some((SOAK, soak.sentence.clone())), Some(soak.until));
            (!s.state.waits_for(SOAK)).then_some(entry)
        };
        if let Some(entry) = self.with(id, soak.first, why).await.flatten() {
            self.append(vec![entry]).await?;
        }
        Ok(Some(soak.until))
    }

    /// The soak that a stack waited for is over.
    async fn soaked(&self, id: DeploymentId, index: usize) -> Result<()> {
        let over = |s: Subject<'_>| s.state.waits_for(SOAK).then(|| s.waits(None, None));
        let entry = self.with(id, index, over).await.flatten();
        if let Some(entry) = entry { self.append(vec![entry]).await } else { Ok(()) }
    }

    /// Moves one stack of a deployment; says when to look again.
    async fn stack(&self, id: DeploymentId, index: usize) -> Result<Option<Timestamp>> {
        let mut seen = Seen::default();
        let again = self.move_on(id, index, &mut seen).await?;
        let told = self.with(id, index, |s| (s.order.stack.clone(), moving(&s, &seen))).await;
        if let Some((stack, moving)) = told {
            let mut aside = self.aside.lock().unwrap_or_else(PoisonError::into_inner);
            match moving {
                Some(moving) => drop(aside.moving.insert((id, stack), moving)),
                // What was not read now is not over.
                None if seen.stack.is_some() => drop(aside.moving.remove(&(id, stack))),
                None => {}
            }
        }
        Ok(again)
    }

    /// Performs effects until the stack has to wait; `seen` is what was read last.
    async fn move_on(&self, id: DeploymentId, index: usize, seen: &mut Seen) -> Result<Option<Timestamp>> {
        for _ in 0..EFFECTS {
            let Some((order, effect)) = self.decide(id, index, seen).await else { return Ok(None) };
            let asks = matches!(effect, Effect::Look(_) | Effect::Ask(_) | Effect::Wait(_));
            if let Some(later) = self.pause(id, &order.stack).filter(|_| asks) {
                return Ok(Some(later));
            }
            match effect {
                Effect::Look(look) => {
                    if let Err(error) = self.look(&order, look, seen).await {
                        return self.unread(id, index, &order, &error).await;
                    }
                    self.answered(id, index, Answered::Read).await?;
                }
                Effect::Note(entries) => self.append(entries).await?,
                Effect::Ask(ask) => {
                    let ask = self.mistakes.asked(ask);
                    if let Some(error) = self.ask(id, &order, &ask).await? {
                        return self.refused(id, index, &order, &ask, &error).await;
                    }
                    self.answered(id, index, Answered::Call).await?;
                    self.forget(id, &order.stack);
                    *seen = Seen::default();
                }
                Effect::Wait(until) => {
                    self.forget(id, &order.stack);
                    return Ok(Some(until));
                }
                Effect::Gate | Effect::Done => return Ok(None),
            }
        }
        Ok(Some(self.now + SignedDuration::from_secs(1)))
    }

    async fn decide(&self, id: DeploymentId, index: usize, seen: &Seen) -> Option<(Order, Effect)> {
        self.with(id, index, |subject| (subject.order.clone(), next(&subject, seen))).await
    }

    /// Asks the machine's view of one stack something. Nothing goes on while the operator is asked whose the stacks are.
    pub(super) async fn with<T>(
        &self,
        id: DeploymentId,
        index: usize,
        ask: impl FnOnce(Subject<'_>) -> T,
    ) -> Option<T> {
        let log = self.log.lock().await;
        if log.fold.facts().question.is_some() {
            return None;
        }
        let deployment = log.deployments.get(&id)?;
        let order = deployment.opened.orders.get(index)?;
        let fresh = StackState::default();
        Some(ask(Subject {
            maker: log.maker(),
            born: &deployment.born,
            known: log.known(&order.place, &order.stack),
            opened: &deployment.opened,
            index,
            order,
            state: deployment.stacks.get(&order.stack).unwrap_or(&fresh),
            deployment,
            superseded: deployment.gives_way(self.now),
            past: Past {
                ran: ran(&log, order).filter(|_| !self.mistakes.makes(Mistake::RunsAgain)),
                passed: log.passed(deployment, order),
                ..log.past(&order.place, &order.stack)
            },
            now: self.now,
            mistakes: self.mistakes,
        }))
    }

    async fn look(&self, order: &Order, look: Look, seen: &mut Seen) -> crate::cloud::Result<()> {
        let at = At { place: order.place.clone(), access: order.access.clone() };
        match look {
            Look::Stack(name) => seen.stack = Some(self.cloud.stack(&at, &name).await?),
            Look::LastToken(id) => seen.last_token = Some(self.cloud.last_token(&at, &id).await?),
            Look::ChangeSet(name) => {
                seen.change_set = Some(self.cloud.change_set(&at, order.stack.as_str(), &name).await?);
            }
            // Without the right to read them the change set has failed all the same, and that is said.
            Look::Findings(id) => {
                seen.findings = Some(match self.cloud.findings(&at, &id).await {
                    Err(error @ CloudError::Denied { .. }) => Err(error.to_string()),
                    read => Ok(read?),
                });
            }
            Look::Events(id, token) => seen.events = Some(self.cloud.events(&at, &id, &token).await?),
            Look::Resources(id) => seen.resources = Some(self.cloud.resources(&at, &id).await?),
            Look::Services(arns) => {
                let mut services = BTreeMap::new();
                for arn in arns {
                    let service = self.cloud.service(&at, &arn).await?;
                    services.insert(arn, service);
                }
                seen.services = Some(services);
            }
            Look::Tasks => {
                let mut tasks = Vec::new();
                for service in seen.services.iter().flat_map(BTreeMap::values).flatten() {
                    tasks.extend(self.cloud.stopped_tasks(&at, service).await?);
                }
                seen.tasks = Some(tasks);
            }
            Look::Task(cluster, which) => seen.task = Some(self.cloud.task(&at, &cluster, &which).await?),
            // Nothing else waits for what a container wrote: where it cannot be read, that is said instead.
            Look::Log(stream) => {
                let lines = self.cloud.log_lines(&at, &stream, LOG_LINES).await.map_err(|error| error.to_string());
                seen.logs.insert(stream, lines);
            }
            Look::Producer((stack, elsewhere)) => {
                let at = match &elsewhere {
                    Some(there) => At { place: there.place.clone(), access: there.access.clone() },
                    None => at,
                };
                let producer = self.cloud.stack(&at, stack.as_str()).await?;
                seen.producers.insert((stack, elsewhere), producer);
            }
        }
        Ok(())
    }

    /// Journals the intent, makes the call, journals the reply. The error that AWS answered with, if it did.
    async fn ask(&self, id: DeploymentId, order: &Order, ask: &Ask) -> Result<Option<CloudError>> {
        let stack = order.stack.clone();
        let intent = Entry::Intent { deployment: id, stack: stack.clone(), call: ask.call, token: ask.token.clone() };
        tracing::info!(deployment = id.0, %stack, call = ?ask.call, token = %ask.token, "asks AWS");
        let early = self.mistakes.makes(Mistake::EffectBeforeIntent);
        if !early {
            self.append(vec![intent.clone()]).await?;
        }
        if !self.mistakes.makes(Mistake::FenceSkipped) {
            self.store.check(self.fence).await?;
        }
        let mut result = self.call(order, ask).await;
        if self.mistakes.makes(Mistake::BlindRetry) && matches!(result, Err(CloudError::Lost { .. })) {
            result = self.call(order, &blind(ask)).await;
        }
        let reply = match &result {
            Ok(_) => Reply::Accepted,
            Err(error) if error.consequence() == Consequence::Unknown => Reply::Lost { error: error.to_string() },
            // Of that name there is one already: ours, if an earlier reply was lost. Reading it tells.
            Err(error @ CloudError::AlreadyExists { .. }) if ask.call == Call::CreateChangeSet => {
                Reply::Lost { error: error.to_string() }
            }
            Err(error) => Reply::Refused { error: error.to_string() },
        };
        let started = result.as_ref().ok().and_then(Clone::clone);
        let seen = started.map(|item| Entry::Evidence { deployment: id, stack: stack.clone(), item });
        let reply = Entry::Reply { deployment: id, stack, call: ask.call, reply };
        let intent = early.then_some(intent);
        self.append(intent.into_iter().chain([reply]).chain(seen).collect()).await?;
        Ok(result.err())
    }

    /// Makes the call. Returns what the answer contains in addition to the acceptance.
    async fn call(&self, order: &Order, ask: &Ask) -> crate::cloud::Result<Option<Evidence>> {
        let at = At { place: order.place.clone(), access: order.access.clone() };
        let nameless: std::sync::Arc<str>;
        let token = if self.mistakes.makes(Mistake::NoToken) {
            nameless = format!("untold-{}-{}", self.now.as_millisecond(), order.stack).into();
            &nameless
        } else {
            &ask.token
        };
        let stack = &order.stack;
        let done = match &ask.request {
            Request::Put(object, body) => self.cloud.put_template(&at, object, body).await,
            Request::Make(request) => {
                let mut request = (**request).clone();
                request.token = token.clone();
                self.cloud.create_change_set(&at, &request).await
            }
            Request::Execute(name) => self.cloud.execute_change_set(&at, stack, name, token).await,
            Request::Discard(name) => self.cloud.delete_change_set(&at, stack, name).await,
            Request::Delete(stack_id) => self.cloud.delete_stack(&at, stack_id, token).await,
            Request::Cancel => self.cloud.cancel_update(&at, stack, token).await,
            Request::Continue(skip) => self.cloud.continue_rollback(&at, stack, skip, token).await,
            Request::Rollback => self.cloud.rollback_stack(&at, stack, token).await,
            Request::Protect(on) => self.cloud.set_protection(&at, stack, *on).await,
            Request::Answer { deployment, hook, answer } => {
                self.cloud.continue_service_deployment(&at, deployment, hook, *answer).await
            }
            Request::Restore { service, settings } => self.cloud.restore_service(&at, service, settings).await,
            Request::Run(request) => {
                let request = RunTaskRequest { token: token.clone(), ..(**request).clone() };
                let task = self.cloud.run_task(&at, &request).await?;
                return Ok(Some(Evidence::TaskStarted { task: task.to_string() }));
            }
            Request::Stop { cluster, task, reason } => self.cloud.stop_task(&at, cluster, task, reason).await,
        };
        done.map(|()| None)
    }
}

/// The deployment in which the task of an order's content ran.
fn ran(log: &Log, order: &Order) -> Option<DeploymentId> {
    match &order.action {
        Action::Put(content) => log.fold.facts().task_ran(&order.place, &order.stack, content.hash),
        Action::Delete { .. } => None,
    }
}

/// The same call under another token and name, as an engine would make it that does not look first.
fn blind(ask: &Ask) -> Ask {
    let token = format!("{}-again", ask.token).into();
    let request = match &ask.request {
        Request::Make(request) => {
            let mut request = request.clone();
            request.name = format!("{}-again", request.name).into();
            request.token = std::sync::Arc::clone(&token);
            Request::Make(request)
        }
        other => other.clone(),
    };
    Ask { call: ask.call, token, request }
}
