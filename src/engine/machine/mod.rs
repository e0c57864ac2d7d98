//! The pure half of the engine: from the state of a stack operation and the last reads, it decides the next effect.
//!
//! [`state`] is folded from journal records, [`Seen`] holds what was read since the last call, and [`next`] returns what to
//! do: look at something, write something to the journal, ask AWS for something, or wait. The driver performs the effect and
//! calls [`next`] again. Deliberately absent: I/O, clocks, and any memory outside the journal, so that a restart continues
//! where the journal ends.

mod change_set;
mod compare;
mod delete;
mod deployment;
mod evidence;
mod follow;
mod left;
mod logs;
mod moving;
mod pause;
mod prepare;
mod prove;
mod restore;
pub(crate) mod state;
mod takeover;
mod task;
mod traffic;
mod unmade;
mod whose;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

pub(crate) use deployment::{Due, SOAK, Soak, conclusion, due, waits};
pub(crate) use moving::moving;
pub(crate) use state::{DeploymentState, StackState};

use super::mistakes::Mistakes;
use super::token::{self, Maker, Purpose};
use super::whose::{Known, Whose};
use crate::cloud::{
    ChangeSetRequest, ChangeSetSeen, Finding, HookAnswer, LogStream, RunTaskRequest, ServiceSeen, StackEvent,
    StackResource, StoppedTask, TaskSeen, TemplateObject, WhichTask,
};
use crate::model::catalog::Gate;
use crate::model::drift::ServiceSettings;
use crate::model::journal::{
    Action, Call, Cause, Content, DeploymentId, Elsewhere, Entry, Evidence, Opened, Order, Outcome, StoreId,
};
use crate::model::{ReleaseName, StackName, StackSeen, StackStatus};

/// What the machine is asked about: one stack of a deployment, now.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    /// Who makes new tokens.
    pub(crate) maker: Maker<'a>,
    /// The incarnation of the store in which the deployment began.
    pub(crate) born: &'a StoreId,
    /// What the token of the stack's last operation is judged by.
    pub(crate) known: Known<'a>,
    /// The deployment.
    pub(crate) opened: &'a Opened,
    /// Which of its orders.
    pub(crate) index: usize,
    pub(crate) order: &'a Order,
    /// Where it is.
    pub(crate) state: &'a StackState,
    /// All of the deployment.
    pub(crate) deployment: &'a DeploymentState,
    /// The deployment gives way wherever nothing is executing, and to what.
    pub(crate) superseded: Option<&'a Option<ReleaseName>>,
    /// What this store did to the stack before.
    pub(crate) past: Past,
    /// The time.
    pub(crate) now: Timestamp,
    /// Planted mistakes.
    pub(crate) mistakes: Mistakes,
}

/// What a store did to a stack, in any deployment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Past {
    /// It made a change set for it.
    pub(crate) made: bool,
    /// It executed one.
    pub(crate) executed: bool,
    /// The deployment in which the task of this content ran, if it does not have to run again.
    pub(crate) ran: Option<DeploymentId>,
    /// Whoever left the stack as it was found went on to steps that wait for its task.
    pub(crate) passed: bool,
}

impl<'a> Subject<'a> {
    /// How long an operation on the stack may take, in seconds, by what the head says now.
    fn deadline(&self, content: &Content) -> i64 {
        self.deployment.deadlines.get(self.stack()).copied().unwrap_or(content.deadline)
    }

    fn stack(&self) -> &'a StackName {
        &self.order.stack
    }

    /// What the stack is to be given; none for a deletion.
    fn content(&self) -> Option<&'a Content> {
        match &self.order.action {
            Action::Put(content) => Some(content),
            Action::Delete { .. } => None,
        }
    }

    /// The token of a call: the journaled one if it exists, otherwise a new one.
    ///
    /// A task's token goes with that of the change set that was executed before it, and without one with the incarnation in
    /// which its deployment began. Whatever became of the store since, that call is for the same task, and ECS runs it once
    /// for one token; and who finds the stack knows the token of its task.
    fn token(&self, purpose: Purpose) -> Arc<str> {
        if let Some(token) = self.state.token_for(&purpose.label()) {
            return token.clone();
        }
        let executed = self.state.token_for(&Purpose::Execute(self.state.round()).label());
        let beside = executed.filter(|_| matches!(purpose, Purpose::Run(_)));
        if let Some(token) = beside.and_then(|executed| token::beside(executed, purpose)) {
            return token;
        }
        let maker = match purpose {
            Purpose::Run(_) => Maker { incarnation: self.born, ..self.maker },
            _ => self.maker,
        };
        token::token(maker, self.opened.deployment, self.opened.attempt, self.index, purpose)
    }

    fn change_set_name(&self, round: usize) -> Arc<str> {
        let make = self.token(Purpose::Make(round));
        token::change_set_name(&make, self.opened.deployment, self.opened.attempt, round)
    }

    /// Whether the store began a new incarnation since the deployment began: another daemon may have gone on with it.
    fn is_from_before(&self) -> bool {
        self.born != self.maker.incarnation
    }

    fn call(&self, purpose: Purpose) -> Option<state::CallState> {
        self.state.call(&self.token(purpose))
    }

    fn ask(&self, call: Call, purpose: Purpose, request: Request) -> Effect {
        Effect::Ask(Ask { call, token: self.token(purpose), request })
    }

    fn evidence(&self, item: Evidence) -> Entry {
        Entry::Evidence { deployment: self.opened.deployment, stack: self.stack().clone(), item }
    }

    fn ended(&self, outcome: Outcome) -> Entry {
        Entry::StackEnded { deployment: self.opened.deployment, stack: self.stack().clone(), outcome }
    }

    fn end(&self, outcome: Outcome) -> Effect {
        Effect::Note(vec![self.ended(outcome)])
    }

    /// Ends a stack in failure, before anything of it was changed.
    pub(crate) fn fail(&self, code: &str, sentence: impl Into<String>) -> Effect {
        self.end(Outcome::Failed(super::cause::cause(code, self.stack(), sentence)))
    }

    /// Ends a stack after an operation that was carried out, saying how that left it.
    fn end_as(&self, status: StackStatus, outcome: Outcome) -> Effect {
        Effect::Note(vec![self.evidence(Evidence::StackLeft { status }), self.ended(outcome)])
    }

    fn stop(&self, gate: Gate, code: &str, sentence: impl Into<String>) -> Effect {
        let cause = Cause { gate: Some(gate), ..super::cause::cause(code, self.stack(), sentence) };
        Effect::Note(vec![self.stopped(cause, None)])
    }

    /// Stops at what AWS announced.
    fn stop_before(&self, stop: compare::Unexpected) -> Effect {
        let cause = super::cause::cause(stop.code, self.stack(), stop.sentence);
        Effect::Note(vec![self.stopped(Cause { gate: Some(stop.gate), foreseen: stop.foreseen, ..cause }, None)])
    }

    fn stopped(&self, cause: Cause, until: Option<Timestamp>) -> Entry {
        Entry::Stopped { deployment: self.opened.deployment, stack: self.stack().clone(), cause, until }
    }

    fn gate_gone(&self) -> Entry {
        Entry::GateGone { deployment: self.opened.deployment, stack: self.stack().clone() }
    }

    /// The record that it waits for something outside, and when it looks again; or waits no longer.
    pub(crate) fn waits(&self, why: Option<(&str, String)>, until: Option<Timestamp>) -> Entry {
        let cause = why.map(|(code, sentence)| super::cause::cause(code, self.stack(), sentence));
        Entry::Waits { deployment: self.opened.deployment, stack: self.stack().clone(), cause, until }
    }

    /// An operation that this deployment did not begin goes on in the stack: its end is waited for, however long it takes.
    fn busy(&self, seen: &Seen, stack: &StackSeen) -> Effect {
        if let Some((_, since)) = self.state.waits.as_ref().filter(|_| self.state.waits_for(BUSY)) {
            return self.poll_slowly(*since);
        }
        let Some(last) = &seen.last_token else { return Effect::Look(Look::LastToken(stack.id.clone())) };
        let token = last.as_ref().map_or_else(String::new, |token| format!(", with token {token}"));
        let whose = match self.known.whose(last.as_deref()) {
            Whose::Lost => "an operation that is not in this store's journal",
            _ => "another operation",
        };
        let sentence = format!("{whose} is in progress{token}: the stack is {}", stack.status);
        Effect::Note(vec![self.waits(Some((BUSY, sentence)), None)])
    }

    /// Looks again after a while that grows with the time that it takes anyway: half a second to ten.
    fn poll(&self, since: Timestamp) -> Effect {
        let millis = (self.now.duration_since(since).as_millis() / 8).clamp(500, 10_000);
        Effect::Wait(self.now + SignedDuration::from_millis(i64::try_from(millis).unwrap_or(10_000)))
    }

    /// The same for what may take hours or days: up to a minute.
    fn poll_slowly(&self, since: Timestamp) -> Effect {
        let millis = (self.now.duration_since(since).as_millis() / 8).clamp(500, 60_000);
        Effect::Wait(self.now + SignedDuration::from_millis(i64::try_from(millis).unwrap_or(60_000)))
    }

    /// Whether an operation that began then has taken longer than it may. What it waits at pause hooks does not count.
    fn late(&self, since: Timestamp, seconds: i64) -> bool {
        self.now.duration_since(since) - self.state.paused(self.now) >= SignedDuration::from_secs(seconds)
    }

    fn older_than(&self, since: Timestamp, seconds: i64) -> bool {
        self.now.duration_since(since) >= SignedDuration::from_secs(seconds)
    }
}

/// How long a read may lag behind a call that AWS has taken, in seconds. \[reports: DescribeStacks serves a stale status
/// just after ExecuteChangeSet\]
const STALE: i64 = 30;

/// By so much the clocks of ECS, of CloudFormation and of this machine may differ, each being right to its own precision.
const CLOCKS: SignedDuration = SignedDuration::from_secs(5);

/// The code of waiting for another operation.
const BUSY: &str = "stack-busy";

/// What was read since the last call; nothing that is not in here has been looked at.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// The stack, by its name, or for a deletion by its id.
    pub(crate) stack: Option<Option<StackSeen>>,
    /// Whose operation the last one was.
    pub(crate) last_token: Option<Option<Arc<str>>>,
    /// The change set in hand.
    pub(crate) change_set: Option<Option<ChangeSetSeen>>,
    /// What AWS found wrong with the change set in hand, or why that cannot be read.
    pub(crate) findings: Option<Result<Vec<Finding>, String>>,
    /// Events of the operation.
    pub(crate) events: Option<Vec<StackEvent>>,
    /// The stack's resources.
    pub(crate) resources: Option<Vec<StackResource>>,
    /// The stack's services, by ARN.
    pub(crate) services: Option<BTreeMap<String, Option<ServiceSeen>>>,
    pub(crate) tasks: Option<Vec<StoppedTask>>,
    /// The task that is run once.
    pub(crate) task: Option<Option<TaskSeen>>,
    /// What containers wrote, or why that cannot be read.
    pub(crate) logs: BTreeMap<LogStream, Result<Vec<String>, String>>,
    /// Stacks whose outputs are needed, by where they are.
    pub(crate) producers: BTreeMap<Producer, Option<StackSeen>>,
}

/// Something to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// The stack with this name or id.
    Stack(Arc<str>),
    /// The last token of the stack with this id.
    LastToken(Arc<str>),
    /// The change set of this name.
    ChangeSet(Arc<str>),
    /// What AWS found wrong with the change set that has this ARN.
    Findings(Arc<str>),
    /// Events of the stack with this id, back to the beginning of the operation with this token.
    Events(Arc<str>, Arc<str>),
    /// Resources of the stack with this id.
    Resources(Arc<str>),
    /// Services with these ARNs.
    Services(Vec<String>),
    /// Stopped tasks of the services that were read.
    Tasks,
    /// The task that is run once, in this cluster.
    Task(Arc<str>, WhichTask),
    /// What a container wrote.
    Log(LogStream),
    /// A stack whose output is needed.
    Producer(Producer),
}

/// A stack whose output is needed, and where it is; none for where the stack is that needs it.
pub(crate) type Producer = (StackName, Option<Box<Elsewhere>>);

/// Something to be asked of AWS, with its intent journaled first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) call: Call,
    /// Its token, or the name that makes it idempotent.
    pub(crate) token: Arc<str>,
    /// Its arguments.
    pub(crate) request: Request,
}

/// The arguments of a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Puts this text where the change set will be made from.
    Put(TemplateObject, Arc<str>),
    /// Makes a change set.
    Make(Box<ChangeSetRequest>),
    /// Executes the change set of this name.
    Execute(Arc<str>),
    /// Deletes the change set of this name.
    Discard(Arc<str>),
    /// Deletes the stack with this id.
    Delete(Arc<str>),
    /// Cancels the update.
    Cancel,
    /// Continues the rollback without these resources.
    Continue(Vec<Arc<str>>),
    /// Rolls the stack back.
    Rollback,
    /// Switches protection.
    Protect(bool),
    /// Answers a pause hook of a service deployment.
    Answer {
        /// ARN of the service deployment.
        deployment: Arc<str>,
        /// The hook's id.
        hook: Arc<str>,
        answer: HookAnswer,
    },
    /// Puts settings of a service back.
    Restore {
        /// ARN of the service.
        service: Arc<str>,
        settings: Box<ServiceSettings>,
    },
    Run(Box<RunTaskRequest>),
    /// Stops one.
    Stop {
        cluster: Arc<str>,
        /// Its ARN.
        task: Arc<str>,
        /// Why.
        reason: String,
    },
}

/// What to do now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Effect {
    /// Read this, and ask again.
    Look(Look),
    /// Journal these, and ask again.
    Note(Vec<Entry>),
    /// Journal the intent, make the call, journal the reply, and ask again.
    Ask(Ask),
    /// Nothing to do before this time.
    Wait(Timestamp),
    /// Nothing to do before a gate is opened.
    Gate,
    /// The stack is at its end.
    Done,
}

/// What to do now for one stack.
pub(crate) fn next(subject: &Subject<'_>, seen: &Seen) -> Effect {
    if subject.state.ended.is_some() {
        return Effect::Done;
    }
    match &subject.order.action {
        Action::Put(content) => prepare::next(subject, content, seen),
        Action::Delete { id, unprotect } => delete::next(subject, id, *unprotect, seen),
    }
}
