//! Facts: what the journal says about the past, as one value that a planner can be given anywhere.
//!
//! A fact is that a slot ran a release with a content from one time to another, and how it ended. The daemon derives them
//! from its journal (`store/`), serves them as JSON, and a clone or a CI job plans with them without a server.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::drift::{ServiceLeft, StackDrift};
use super::journal::{Allowed, Cause, DeploymentId, ExpectedChange, Outcome, Question, StoreId};
use super::place::Access;
use super::{CommitId, Hash, Id, Place, ReleaseName, Slot, StackName};

/// Everything that the past decides about the present.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Facts {
    /// Whose journal they are from; none for a repository that no daemon has served.
    pub store: Option<StoreId>,
    /// Until when they tell everything.
    pub as_of: Option<Timestamp>,
    /// The last commit that was planned.
    pub commit: Option<CommitId>,
    /// Runs in the order of their beginning.
    pub runs: Vec<Run>,
    /// Deployments that have not ended.
    pub in_flight: Vec<InFlight>,
    /// How often each content was tried in each slot since it last succeeded or an allowance opened it.
    pub attempts: Vec<Attempts>,
    /// The slots in which deployments gave way since the last success.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gave_way: Vec<GaveWay>,
    /// Orders that wait for their turn, and the last of each slot, in the order in which they landed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub orders: Vec<Ordered>,
    /// The snapshot that was first recorded for each release; it never moves.
    pub snapshots: Vec<RecordedSnapshot>,
    /// Tasks that ran once and do not have to run again with that content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks: Vec<TaskRan>,
    /// Tasks that are not to be repeated, ran, and did not succeed: they run again only after an allowance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tasks_failed: Vec<TaskRan>,
    /// Allowances that were used: they open nothing again.
    pub used: Vec<Allowed>,
    /// The last deployment of each content in each slot that ended and had used an allowance.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unlocked: Vec<Unlocked>,
    /// The outputs of other stacks that each stack was last deployed with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<OutputsRead>,
    /// Releases that slots were found to run although the journal did not order it, in the order in which that was noticed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub learned: Vec<LearnedRun>,
    /// Another store deployed stacks of the repository, and the operator has not answered yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<OpenQuestion>,
    /// Stacks that a change set was made for and none executed since: while such a stack is under review it has no tags, and
    /// only the journal says that it is ours.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub made: Vec<Made>,
    /// The content that each stack has as AWS confirmed it, until this store changes the stack again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub puts: Vec<StackPut>,
    /// What AWS announced for the stacks of deployments that have not ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub announced: Vec<Announced>,
    /// The last success of each slot, and how often in a row it was the same one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub repeats: Vec<Repeat>,
    /// Where stacks differ from what was put there, by what sees it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<StackDrift>,
    /// Every place that stacks were ever put in, and how it was last reached.
    #[serde(with = "super::observed::pairs")]
    pub places: BTreeMap<Place, Access>,
}

/// A slot ran a release.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Run {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// Version of the release, as in its file's name.
    pub release: ReleaseName,
    /// Hash of what all its stacks were given.
    pub content: Hash,
    /// The deployment that brought it.
    pub deployment: DeploymentId,
    /// The commit that ordered it.
    pub commit: CommitId,
    /// When it was proved to run.
    pub from: Timestamp,
    /// When it ended; none while it runs.
    pub to: Option<Timestamp>,
    /// Something was proved from ECS, not only from the stacks' statuses.
    pub proved_by_ecs: bool,
    /// The live parts that it was deployed with, as [`Opened::live`](super::journal::Opened::live).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub live: BTreeMap<std::sync::Arc<str>, Hash>,
}

impl Run {
    /// How long it ran, up to now if it still does.
    pub fn lasted(&self, now: Timestamp) -> jiff::SignedDuration {
        self.to.unwrap_or(now).duration_since(self.from)
    }
}

/// A slot was found to run a release that the journal did not order.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LearnedRun {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// The release, as the stamp of the slot's newest stack says.
    pub release: ReleaseName,
    /// When that was noticed.
    pub at: Timestamp,
    /// A deployment succeeded in the slot since: what it runs now is proved, and in the runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub over: bool,
}

/// A question to the operator.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OpenQuestion {
    /// The question to the operator.
    pub question: Question,
    /// Since when it is open.
    pub since: Timestamp,
    /// The operator agreed: the stacks are taken over as soon as nothing speaks against it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub agreed: bool,
}

/// A deployment that has not ended.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct InFlight {
    /// Number of the deployment in the journal of the store.
    pub deployment: DeploymentId,
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// Version of the release, as in its file's name.
    pub release: ReleaseName,
    /// Hash of what all its stacks are to be given.
    pub content: Hash,
    /// Which attempt it is, from 1.
    pub attempt: u32,
    /// When it was opened.
    pub since: Timestamp,
    /// The commit that ordered it.
    pub commit: CommitId,
    /// The plan that it is part of, by which its gates are named; none in facts that did not say so yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<std::sync::Arc<str>>,
    /// The gate that it waits at, if it does; of several the first by stack.
    pub stopped: Option<Cause>,
    /// Every gate that it waits at, by stack; empty in facts that did not say so yet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub gates: BTreeMap<StackName, Waits>,
    /// How many allowances let it begin.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub allowed: usize,
    /// How many gates of each stack were decided, by an allowance or otherwise: the next one of that stack has another name,
    /// and those of other stacks keep theirs.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub decided: BTreeMap<StackName, usize>,
    /// Stacks that wait for something outside, and go on by themselves.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub waits: BTreeMap<StackName, Waits>,
    /// How far each stack is whose operation goes on.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub progress: BTreeMap<StackName, Progress>,
    /// Why it fails, as far as can be seen while AWS goes on trying.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failing: Option<Waits>,
    /// A newer order takes its place, since when and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_over: Option<Waits>,
}

/// How far the operation on a stack is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Progress {
    /// When something last moved.
    pub at: Timestamp,
    /// How many tasks of the new revisions run.
    pub running: u32,
    /// How many are asked for.
    pub wanted: u32,
}

/// A commit changed the release of a slot whose environment deploys each order in turn.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Ordered {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// Version of the release, as in its file's name.
    pub release: ReleaseName,
    /// Full id of the commit.
    pub commit: CommitId,
}

/// How often in a row deployments of a slot gave way to a newer order, without a success between.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct GaveWay {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// How often.
    pub times: u32,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl InFlight {
    /// When something of it last moved: its beginning, if nothing was seen to move yet.
    pub fn progressed(&self) -> Timestamp {
        self.progress.values().map(|progress| progress.at).fold(self.since, Timestamp::max)
    }

    /// How many tasks of its new revisions run, and how many are asked for; none if it is not known to start any.
    pub fn tasks(&self) -> Option<(u32, u32)> {
        let sum = |of: fn(&Progress) -> u32| self.progress.values().map(of).fold(0, u32::saturating_add);
        let (running, wanted) = (sum(|progress| progress.running), sum(|progress| progress.wanted));
        (wanted > 0).then_some((running, wanted))
    }

    /// Every gate that it waits at.
    pub fn waits_at(&self) -> Vec<Waits> {
        if !self.gates.is_empty() {
            return self.gates.values().cloned().collect();
        }
        self.stopped.iter().map(|cause| Waits { since: self.since, cause: cause.clone(), until: None }).collect()
    }
}

/// A stack of a deployment waits for something that landfall does not decide.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Waits {
    /// Time at which it began.
    pub since: Timestamp,
    /// For what.
    pub cause: Cause,
    /// Until when, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

/// Attempts of one content in one slot.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Attempts {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// Version of the release, as in its file's name.
    pub release: ReleaseName,
    /// Hash of the content.
    pub content: Hash,
    /// How many failed, since the last success or allowance.
    pub failed: u32,
    /// The last of them.
    pub deployment: DeploymentId,
    /// When the last one ended.
    pub ended: Timestamp,
    /// How it ended.
    pub outcome: Outcome,
}

/// A deployment ended for which an allowance opened a gate. The same content again is another plan, so that its gates do not
/// ask for a key that is used up.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Unlocked {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// Hash of the content.
    pub content: Hash,
    /// Number of the deployment in the journal of the store.
    pub deployment: DeploymentId,
}

/// The task of a stack ran with a content: with success, or by decision of a maintainer, unless it is among those
/// that failed.
///
/// One that may be repeated is forgotten when its stack is changed again; any other never runs twice with one content by
/// itself.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TaskRan {
    /// AWS account and region.
    pub place: Place,
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// The stack's content.
    pub content: Hash,
    /// The deployment in which it ran.
    pub deployment: DeploymentId,
}

/// The commit that a release was first seen to land with.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct RecordedSnapshot {
    /// Id of the project.
    pub project: Id,
    /// Version of the release, as in its file's name.
    pub release: ReleaseName,
    /// Full id of the commit.
    pub commit: CommitId,
    /// Hash of the immutable part of its file.
    pub content: Hash,
    /// When it was recorded.
    pub at: Timestamp,
    /// The [edition of the rules](super::edition::EDITION) by which it was judged then.
    #[serde(default, skip_serializing_if = "super::journal::is_first")]
    pub rules: u16,
}

/// A stack has a content.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct StackPut {
    /// AWS account and region.
    pub place: Place,
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// Hash of the content.
    pub content: Hash,
    /// When the stack was last changed, as AWS said then: another time means that it was changed since.
    pub changed: Timestamp,
    /// The position of the record of the deployment that put it there, with its template; none in facts that did not say so yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub opened: Option<u64>,
    /// Its services as the last deployment that changed something left them, by ARN.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<std::sync::Arc<str>, ServiceLeft>,
}

/// What AWS announced for a stack in the change set of a deployment, and what the plan predicted.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Announced {
    pub deployment: DeploymentId,
    /// Where.
    pub place: Place,
    pub stack: StackName,
    /// What was predicted, from the template that was deployed and the one that was wanted.
    pub predicted: Vec<ExpectedChange>,
    /// What the change set contains.
    pub changes: Vec<ExpectedChange>,
}

/// A slot was deployed with success, perhaps again and again with the same.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Repeat {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// Hash of the content.
    pub content: Hash,
    /// The outputs of other slots' stacks that it was given, as [`Opened::given`](super::journal::Opened::given).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<Hash>,
    /// How often in a row, each time soon after the one before.
    pub times: u32,
    /// The last of these deployments.
    pub deployment: DeploymentId,
    /// When it ended.
    pub ended: Timestamp,
}

impl Repeat {
    /// When the same may be deployed again: at once after the first time, then later each time, up to an hour.
    pub fn again(&self) -> Timestamp {
        let pause = match self.times {
            0 | 1 => 0,
            times => (30_i64 << (times - 2).min(7)).min(3_600),
        };
        self.ended.checked_add(jiff::SignedDuration::from_secs(pause)).unwrap_or(Timestamp::MAX)
    }
}

/// The outputs of other stacks that a stack was last deployed with.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct OutputsRead {
    /// The place of the stack that uses them.
    pub place: Place,
    pub stack: StackName,
    /// The deployment that read them.
    pub deployment: DeploymentId,
    /// When the last of them was read.
    pub at: Timestamp,
    /// The values, by the parameter that each fills.
    pub values: BTreeMap<String, String>,
}

/// A stack that a change set was made for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Made {
    /// AWS account and region.
    pub place: Place,
    /// Name of the stack in its account and region.
    pub stack: StackName,
}

impl Facts {
    /// Whether a change set was made for the stack, and none executed since.
    pub fn made(&self, place: &Place, stack: &StackName) -> bool {
        self.made.iter().any(|made| &made.stack == stack && &made.place == place)
    }

    /// What the slot runs: the run that has not ended.
    pub fn running(&self, slot: &Slot) -> Option<&Run> {
        self.runs.iter().rev().find(|run| &run.slot == slot && run.to.is_none())
    }

    /// Every run of a release in a slot.
    pub fn runs_of<'a>(&'a self, slot: &'a Slot, release: &'a ReleaseName) -> impl Iterator<Item = &'a Run> {
        self.runs.iter().filter(move |run| &run.slot == slot && &run.release == release)
    }

    /// Whether the slot ever ran the release, proved.
    pub fn ever_ran(&self, slot: &Slot, release: &ReleaseName) -> bool {
        self.runs_of(slot, release).next().is_some()
    }

    /// The deployment that is going on in the slot.
    pub fn in_flight(&self, slot: &Slot) -> Option<&InFlight> {
        self.in_flight.iter().find(|deployment| &deployment.slot == slot)
    }

    /// The orders of a slot that wait for their turn, and the last one, oldest first.
    pub fn orders<'a>(&'a self, slot: &'a Slot) -> impl Iterator<Item = &'a Ordered> {
        self.orders.iter().filter(move |order| &order.slot == slot)
    }

    /// How often in a row deployments of the slot gave way to a newer order.
    pub fn gave_way(&self, slot: &Slot) -> u32 {
        self.gave_way.iter().find(|gave_way| &gave_way.slot == slot).map_or(0, |gave_way| gave_way.times)
    }

    /// How often that content failed in the slot.
    pub fn attempts(&self, slot: &Slot, content: Hash) -> Option<&Attempts> {
        self.attempts.iter().find(|tried| &tried.slot == slot && tried.content == content)
    }

    /// The last success of a slot, if it was with this content and these outputs of others.
    pub fn repeat(&self, slot: &Slot, content: Hash, given: Option<Hash>) -> Option<&Repeat> {
        self.repeats.iter().find(|last| last.slot == *slot && last.content == content && last.given == given)
    }

    /// The deployment in which the task of a stack ran with this content, so that it does not have to run again.
    pub fn task_ran(&self, place: &Place, stack: &StackName, content: Hash) -> Option<DeploymentId> {
        let same = |ran: &&TaskRan| ran.content == content && &ran.stack == stack && &ran.place == place;
        self.tasks.iter().find(same).map(|ran| ran.deployment)
    }

    /// The last deployment in which the task of a stack ran with this content and came to no good end, if it is not to be
    /// repeated.
    pub fn task_failed(&self, place: &Place, stack: &StackName, content: Hash) -> Option<DeploymentId> {
        let same = |ran: &&TaskRan| ran.content == content && &ran.stack == stack && &ran.place == place;
        self.tasks_failed.iter().find(same).map(|ran| ran.deployment)
    }

    /// Whether the allowance was used up.
    pub fn used(&self, slot: &Slot, allowance: Hash) -> bool {
        self.used_by(slot, allowance).is_some()
    }

    /// The deployment that used the allowance up.
    pub fn used_by(&self, slot: &Slot, allowance: Hash) -> Option<DeploymentId> {
        let used = self.used.iter().find(|used| &used.slot == slot && used.allowance == allowance);
        used.map(|used| used.deployment)
    }
}
