//! Where a deployment is: folded from its journal records, and from nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::engine::token::{self, Purpose};
use crate::model::catalog::Gate;
use crate::model::journal::{Call, Cause, Entry, Evidence, Opened, Outcome, Record, Reply, StoreId};
use crate::model::{ReleaseName, StackName};
use crate::plan::Supersede;

/// A deployment that has not ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct DeploymentState {
    /// As it began.
    pub(crate) opened: Arc<Opened>,
    /// The incarnation of the store in which it began.
    pub(crate) born: StoreId,
    /// Its stacks, by name; what has no record yet is not in here.
    pub(crate) stacks: BTreeMap<StackName, StackState>,
    /// It is not wanted any more. Not journaled: every later plan says so again.
    pub(crate) superseded: Option<Supersede>,
    /// A newer order took its place while it was executing.
    pub(crate) taken_over: Option<TakenOver>,
    /// How long an operation may take, in seconds, by stack: what the newest plan says. Not journaled, like `superseded`.
    pub(crate) deadlines: BTreeMap<StackName, i64>,
}

/// A deployment that gives way although it is executing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TakenOver {
    /// The release that takes its place; none for a removal.
    pub(crate) by: Option<ReleaseName>,
}

/// How far an operation was when it was last seen to move.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Progress {
    /// When.
    pub(crate) at: Timestamp,
    /// A hash of how far.
    pub(crate) mark: String,
}

/// One stack of a deployment.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct StackState {
    /// Every call that was asked for, by token.
    calls: BTreeMap<Arc<str>, CallState>,
    /// Tokens of change sets, in the order of their rounds.
    rounds: Vec<Arc<str>>,
    /// Rounds whose change set AWS failed in an outage.
    unmade: BTreeSet<usize>,
    /// The token of the last call.
    last: Option<Arc<str>>,
    /// What was seen.
    pub(crate) evidence: Vec<Evidence>,
    /// The current round's changes were journaled.
    pub(crate) announced: bool,
    /// When it was found that there is nothing to change.
    pub(crate) no_change: Option<Timestamp>,
    /// Outputs of other stacks, by the round that they were read for and the parameter that they fill.
    outputs: BTreeMap<(usize, String), String>,
    /// Tokens of tasks, in the order of their rounds.
    runs: Vec<Arc<str>>,
    /// ARN of this round's task, once it is known.
    pub(crate) task: Option<String>,
    /// How this round's task ended cannot be learned any more.
    pub(crate) lost: bool,
    /// How often it waited for a decision about a lost task.
    pub(crate) losses: usize,
    /// A maintainer said that the lost task counts as done.
    pub(crate) taken_as_done: bool,
    /// The gate at which it waits.
    pub(crate) stopped: Option<Cause>,
    /// What outside of landfall it waits for, by its code, and since when.
    pub(crate) waits: Option<(Arc<str>, Timestamp)>,
    /// When it looks again, where that was said.
    pub(crate) waits_until: Option<Timestamp>,
    /// Gates that were opened, each for a resource or for all.
    opened: BTreeSet<(Gate, Option<Arc<str>>)>,
    /// How often each gate was opened.
    openings: BTreeMap<Gate, usize>,
    /// The newest service deployments before this round's change set was executed, by service; none before the first look.
    ran_before: Option<BTreeMap<String, String>>,
    /// Every pause hook that its services came to, oldest first.
    pub(crate) pauses: Vec<Pause>,
    /// For how long it waited at them, and since when it waits at one now.
    paused: (SignedDuration, Option<Timestamp>),
    /// How far the operation is.
    pub(crate) progress: Option<Progress>,
    /// Why the operation fails, as far as can be seen while AWS goes on trying.
    pub(crate) fails: Option<Cause>,
    /// How it ended.
    pub(crate) ended: Option<Outcome>,
    /// When it did.
    pub(crate) ended_at: Option<Timestamp>,
}

/// A pause hook that a service deployment came to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pause {
    /// Its id.
    pub(crate) hook: String,
    /// ARN of the service deployment.
    pub(crate) deployment: String,
    /// That one puts the old revision back.
    pub(crate) back: bool,
    pub(crate) stage: String,
    /// When ECS decides by itself.
    pub(crate) until: Option<Timestamp>,
    /// It then goes on, instead of back.
    pub(crate) continues: bool,
    /// What an allowance said.
    pub(crate) answer: Option<Gate>,
    /// What became of it, as AWS writes it.
    pub(crate) ended: Option<String>,
}

/// A call as far as the journal knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CallState {
    /// Which.
    pub(crate) call: Call,
    /// When it was first about to be made.
    pub(crate) first: Timestamp,
    /// When it was last made or answered.
    pub(crate) at: Timestamp,
    pub(crate) answer: Answer,
    /// It was made again although an earlier try may have been carried out: a refusal of the repetition says nothing.
    pub(crate) unsure: bool,
}

/// What is known of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// AWS may have carried it out: the answer is missing or lost.
    Unknown,
    /// AWS took it.
    Accepted,
    /// AWS did not, and no earlier one may have been taken.
    Refused,
}

impl DeploymentState {
    /// A deployment that begins.
    pub(crate) fn new(opened: Opened, born: StoreId) -> Self {
        Self {
            opened: Arc::new(opened),
            born,
            stacks: BTreeMap::new(),
            superseded: None,
            taken_over: None,
            deadlines: BTreeMap::new(),
        }
    }

    /// What is wanted instead; none while it is wanted itself.
    pub(crate) fn instead(&self) -> Option<&Option<ReleaseName>> {
        let superseded = self.superseded.as_ref().map(|superseded| &superseded.by);
        superseded.or(self.taken_over.as_ref().map(|taken_over| &taken_over.by))
    }

    /// What it gives way to now, unless it is executing. It does so at once if it waits for a person, and otherwise
    /// not before the time that the plan gives it.
    pub(crate) fn gives_way(&self, now: Timestamp) -> Option<&Option<ReleaseName>> {
        let waits = || self.stacks.values().any(|stack| stack.stopped.is_some() && stack.ended.is_none());
        let early = self.superseded.as_ref().and_then(|superseded| superseded.not_before).is_some_and(|at| at > now);
        self.instead().filter(|_| self.taken_over.is_some() || !early || waits())
    }

    /// When something of it last moved; none if nothing did yet.
    pub(crate) fn progressed(&self) -> Option<Timestamp> {
        let moved = self.stacks.values().flat_map(|stack| [stack.progress.as_ref().map(|it| it.at), stack.ended_at]);
        moved.flatten().max()
    }

    /// Why it fails: what one of its stacks failed of, or is seen to fail of.
    pub(crate) fn fails(&self) -> Option<&Cause> {
        self.stacks.values().find_map(|stack| match &stack.ended {
            Some(Outcome::Failed(cause)) => Some(cause),
            Some(_) => None,
            None => stack.fails.as_ref(),
        })
    }

    /// Adds a record of this deployment.
    pub(crate) fn apply(&mut self, record: &Record) {
        match &record.entry {
            Entry::Intent { stack, call, token, .. } => self.stack(stack).intent(*call, token, record.at),
            Entry::Reply { stack, reply, .. } => self.stack(stack).reply(reply, record.at),
            Entry::Evidence { stack, item, .. } => self.stack(stack).saw(stack, item, record.at),
            Entry::TakenOver { by, .. } => self.taken_over = Some(TakenOver { by: by.clone() }),
            Entry::StackEnded { stack, outcome, .. } => {
                let stack = self.stack(stack);
                stack.ended = Some(outcome.clone());
                stack.ended_at = Some(record.at);
            }
            Entry::Stopped { stack, cause, .. } => self.stack(stack).stops(cause, record.at),
            Entry::GateGone { stack, .. } => {
                let stack = self.stack(stack);
                stack.goes_on(record.at);
                stack.stopped = None;
            }
            Entry::Waits { stack, cause, until, .. } => {
                let stack = self.stack(stack);
                stack.waits_now(cause.as_ref(), record.at);
                stack.waits_until = *until;
            }
            Entry::GateOpened { stack, gate, resource, .. } => {
                self.stack(stack).opens(*gate, resource.clone(), record.at);
            }
            Entry::Landed { .. }
            | Entry::Drift(_)
            | Entry::Snapshot { .. }
            | Entry::Ordered { .. }
            | Entry::Skipped { .. }
            | Entry::Opened(_)
            | Entry::Used(_)
            | Entry::Ended { .. }
            | Entry::Incarnation { .. }
            | Entry::Learned(_)
            | Entry::Asks { .. }
            | Entry::Agreed(_)
            | Entry::Adopted { .. } => {}
        }
    }

    fn stack(&mut self, name: &StackName) -> &mut StackState {
        self.stacks.entry(name.clone()).or_default()
    }

    /// Whether anything happened to a stack. That it waits for a wave's soak, or did, is nothing.
    pub(crate) fn begun(&self, name: &StackName) -> bool {
        self.stacks.get(name).is_some_and(|stack| {
            let waits =
                StackState { waits: stack.waits.clone(), waits_until: stack.waits_until, ..StackState::default() };
            *stack != waits || stack.waits_outside()
        })
    }
}

impl StackState {
    fn intent(&mut self, call: Call, token: &Arc<str>, at: Timestamp) {
        if call == Call::CreateChangeSet && !self.rounds.contains(token) {
            self.rounds.push(token.clone());
            self.announced = false;
            self.ran_before = None;
        }
        if call == Call::RunTask && !self.runs.contains(token) {
            self.runs.push(token.clone());
            self.task = None;
            self.lost = false;
        }
        self.last = Some(token.clone());
        let fresh = CallState { call, first: at, at, answer: Answer::Refused, unsure: false };
        let state = self.calls.entry(token.clone()).or_insert(fresh);
        match state.answer {
            Answer::Refused => *state = CallState { answer: Answer::Unknown, ..fresh },
            Answer::Unknown | Answer::Accepted => state.unsure = true,
        }
        state.at = at;
    }

    fn reply(&mut self, reply: &Reply, at: Timestamp) {
        let Some(state) = self.last.as_ref().and_then(|token| self.calls.get_mut(token)) else { return };
        state.at = at;
        match reply {
            Reply::Accepted => state.answer = Answer::Accepted,
            Reply::Lost { .. } => {}
            Reply::Refused { .. } if state.unsure => {}
            Reply::Refused { .. } => state.answer = Answer::Refused,
        }
    }

    /// It waits for something outside, or no longer. The time of a wait that goes on is the first.
    fn waits_now(&mut self, cause: Option<&Cause>, at: Timestamp) {
        if cause.is_some_and(|cause| &*cause.code == Cause::UNMADE) {
            self.unmade.insert(self.rounds.len());
        }
        let before = self.waits.take();
        self.waits = cause.map(|cause| {
            let since = before.filter(|(code, _)| *code == cause.code).map_or(at, |(_, since)| since);
            (cause.code.clone(), since)
        });
    }

    fn stops(&mut self, cause: &Cause, at: Timestamp) {
        if cause.is_pause() {
            self.paused.1 = Some(at);
        }
        self.losses += usize::from(&*cause.code == Cause::TASK_LOST);
        self.stopped = Some(cause.clone());
    }

    /// The time at a pause hook is over.
    fn goes_on(&mut self, at: Timestamp) {
        if let Some(since) = self.paused.1.take() {
            self.paused.0 += at.duration_since(since);
        }
    }

    /// An allowance opened the gate. The answer to a hook opens nothing else.
    fn opens(&mut self, gate: Gate, resource: Option<Arc<str>>, at: Timestamp) {
        let hook = self.waits_at_hook();
        self.goes_on(at);
        let lost = self.stopped.take().is_some_and(|cause| &*cause.code == Cause::TASK_LOST);
        self.taken_as_done |= lost && gate == Gate::Continue;
        if hook {
            if let Some(pause) = self.pauses.last_mut() {
                pause.answer = Some(gate);
            }
            return;
        }
        *self.openings.entry(gate).or_default() += 1;
        self.opened.insert((gate, resource));
    }

    fn saw(&mut self, stack: &StackName, item: &Evidence, at: Timestamp) {
        match item {
            // Not kept with the rest: only the last one matters.
            Evidence::Progressed { mark, .. } => {
                self.progress = Some(Progress { at, mark: mark.clone() });
                return;
            }
            Evidence::Fails { code, sentence } => {
                let (code, sentence, stack) = (code.as_str().into(), sentence.clone(), Some(stack.clone()));
                self.fails = Some(Cause { code, sentence, stack, gate: None, foreseen: Vec::new() });
            }
            Evidence::RanBefore { deployments } => self.ran_before = Some(deployments.clone()),
            Evidence::Paused { hook, service_deployment, stage, until, continues, back, .. } => {
                self.pauses.push(Pause {
                    hook: hook.clone(),
                    deployment: service_deployment.clone(),
                    back: *back,
                    stage: stage.clone(),
                    until: *until,
                    continues: *continues,
                    answer: None,
                    ended: None,
                })
            }
            Evidence::HookEnded { hook, status } => {
                let pause = self.pauses.iter_mut().find(|pause| pause.hook == *hook);
                pause.into_iter().for_each(|pause| pause.ended = Some(status.clone()));
            }
            Evidence::Announced { .. } => self.announced = true,
            Evidence::NoChange { .. } => self.no_change = self.no_change.or(Some(at)),
            Evidence::TaskStarted { task } => self.task = Some(task.clone()),
            Evidence::TaskLost { .. } => self.lost = true,
            Evidence::OutputRead { parameter, value } => {
                self.outputs.insert((self.rounds.len() + 1, parameter.clone()), value.clone());
            }
            _ => {}
        }
        self.evidence.push(item.clone());
    }

    /// The call with this token, if it was ever asked for.
    pub(crate) fn call(&self, token: &str) -> Option<CallState> {
        self.calls.get(token).copied()
    }

    /// The journaled token of the call for a purpose. A call keeps its token, whatever incarnation the store is in since.
    pub(crate) fn token_for(&self, label: &str) -> Option<&Arc<str>> {
        self.calls.keys().find(|token| token.rsplit('-').next() == Some(label))
    }

    /// Whether AWS has, or may have, a call for a purpose with such a label.
    fn was_asked(&self, is: impl Fn(&str) -> bool) -> bool {
        let of = |token: &str| token.rsplit('-').next().is_some_and(&is);
        self.calls.iter().any(|(token, call)| of(token) && call.answer != Answer::Refused)
    }

    /// Whether landfall deleted an empty stack that the change set of a round made, or may have.
    pub(crate) fn is_emptied(&self, round: usize) -> bool {
        let label = token::empty(round);
        self.was_asked(|other| other.starts_with(&label))
    }

    /// The round of the change set that is in hand, from 1; 0 before the first.
    pub(crate) fn round(&self) -> usize {
        self.rounds.len()
    }

    /// Whether AWS failed the change set of a round in an outage.
    pub(crate) fn is_unmade(&self, round: usize) -> bool {
        self.unmade.contains(&round)
    }

    /// Whether landfall deleted the change set of a round, or may have.
    pub(crate) fn is_discarded(&self, round: usize) -> bool {
        let label = Purpose::Discard(round).label();
        self.was_asked(|other| other == label)
    }

    /// How many change sets AWS failed in an outage.
    pub(crate) fn unmade(&self) -> usize {
        self.unmade.len()
    }

    /// How often a task was asked for under another token; 0 before the first.
    pub(crate) fn runs(&self) -> usize {
        self.runs.len()
    }

    /// The output that was read for a round's parameter.
    pub(crate) fn output(&self, round: usize, parameter: &str) -> Option<&String> {
        self.outputs.get(&(round, parameter.to_owned()))
    }

    /// Whether it was journaled which service deployments there were before this round's change set was executed.
    pub(crate) fn looked_before(&self) -> bool {
        self.ran_before.is_some()
    }

    /// Whether this service deployment was the service's newest before the change set of this round was executed. Where
    /// nothing was journaled the stack had no services.
    pub(crate) fn was_before(&self, service: &str, deployment: &str) -> bool {
        self.ran_before.as_ref().and_then(|before| before.get(service)).is_some_and(|before| before == deployment)
    }

    /// Whether the gate at which it waits is a pause hook.
    pub(crate) fn waits_at_hook(&self) -> bool {
        self.stopped.as_ref().is_some_and(Cause::is_pause)
    }

    /// For how long it waited at pause hooks, up to now if it still does.
    pub(crate) fn paused(&self, now: Timestamp) -> SignedDuration {
        self.paused.0 + self.paused.1.map_or(SignedDuration::ZERO, |since| now.duration_since(since))
    }

    /// How often any of these gates was opened: a call that a gate allows is made once per opening.
    pub(crate) fn openings(&self, gates: &[Gate]) -> usize {
        gates.iter().filter_map(|gate| self.openings.get(gate)).sum()
    }

    /// Whether it waits for what has this code.
    pub(crate) fn waits_for(&self, code: &str) -> bool {
        self.waits.as_ref().is_some_and(|(waits, _)| &**waits == code)
    }

    /// Whether it waits for something other than a wave.
    pub(crate) fn waits_outside(&self) -> bool {
        self.waits.as_ref().is_some_and(|(code, _)| &**code != super::deployment::SOAK)
    }

    /// The tokens of every call but a refused one.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = &str> {
        self.calls.iter().filter(|(_, call)| call.answer != Answer::Refused).map(|(token, _)| &**token)
    }

    /// Whether any call but a refused one was made: the stack is begun.
    pub(crate) fn begun(&self) -> bool {
        self.calls.values().any(|call| call.answer != Answer::Refused)
    }

    /// Whether a call may have been carried out that changes the stack's resources, or runs its task: something may be going on
    /// that has to be followed.
    pub(crate) fn changing(&self) -> bool {
        self.calls.values().any(|call| {
            let changes = match call.call {
                Call::ExecuteChangeSet
                | Call::DeleteStack
                | Call::ContinueRollback
                | Call::RollbackStack
                | Call::RunTask => true,
                Call::PutTemplate
                | Call::CreateChangeSet
                | Call::DeleteChangeSet
                | Call::CancelUpdate
                | Call::SetProtection
                | Call::ContinueServiceDeployment
                | Call::UpdateService
                | Call::StopTask => false,
            };
            changes && call.answer != Answer::Refused
        })
    }

    /// When the first call was made, or was found not to be needed.
    pub(crate) fn since(&self) -> Option<Timestamp> {
        self.calls.values().map(|call| call.first).min().or(self.no_change)
    }

    /// Whether a token is one of this stack's calls.
    pub(crate) fn is_ours(&self, token: &str) -> bool {
        self.calls.contains_key(token)
    }

    /// Whether a gate was opened, for this resource or for all.
    pub(crate) fn is_open(&self, gate: Gate, resource: Option<&Arc<str>>) -> bool {
        self.opened.contains(&(gate, None))
            || resource.is_some_and(|resource| self.opened.contains(&(gate, Some(resource.clone()))))
    }

    /// The resources that an opened gate names.
    pub(crate) fn opened_for(&self, gate: Gate) -> Vec<Arc<str>> {
        self.opened.iter().filter(|(open, _)| *open == gate).filter_map(|(_, resource)| resource.clone()).collect()
    }
}
