//! The journal's records: what was decided, what was asked of AWS, and what was observed.
//!
//! The journal is append-only and is the truth; facts and every index are derived from it. An intent is recorded before
//! its call, the reply after it, so that a restart knows what may have happened. Records are never changed or reordered;
//! a new version of landfall may add kinds and optional fields, and reads all old ones.

mod cause;
mod codes;
mod evidence;
mod stores;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;

use super::catalog::{Gate, OnFailure};
use super::drift::{DriftSeen, ServiceSettings};
use super::place::{Access, BucketName};
use super::{CommitId, Hash, Id, Place, ReleaseName, Slot, StackName, TaskRun};

pub use cause::Cause;
pub use codes::CODES;
pub use evidence::{ContainerEnd, Evidence};
pub use stores::{Agreed, Found, Learned, Question};

/// The random id of a store, or of a later incarnation of it: 16 lower-case hexadecimal digits. It is in every token, so
/// that another landfall is noticed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct StoreId(pub Arc<str>);

/// Whether an edition of the rules is that from before there were editions, which is not written.
pub(super) fn is_first(edition: &u16) -> bool {
    *edition == 0
}

/// A deployment's number, from 1, unique in a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct DeploymentId(pub u64);

impl fmt::Display for DeploymentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// The lease under which a record was written. A larger fence is a later owner; a store refuses records of an older one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Fence(pub u64);

/// One record.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Record {
    /// Position in the journal, from 1, without gaps.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// Under which lease.
    pub fence: Fence,
    /// What it says.
    pub entry: Entry,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Entry {
    /// The branch's head moved.
    Landed {
        /// The new head.
        commit: CommitId,
    },
    /// A release was seen for the first time: its snapshot never moves again.
    Snapshot {
        /// Id of the project.
        project: Id,
        /// Version of the release, as in its file's name.
        release: ReleaseName,
        /// The landing commit.
        commit: CommitId,
        /// Hash of the immutable part of its file.
        content: Hash,
        /// The [edition of the rules](super::edition::EDITION) by which it was judged.
        #[serde(default, skip_serializing_if = "is_first")]
        rules: u16,
    },
    /// A commit changed the release of a slot whose environment deploys each order in turn.
    Ordered {
        /// Ids of project, environment and tenant.
        slot: Slot,
        /// Version of the release, as in its file's name.
        release: ReleaseName,
        /// Full id of the commit.
        commit: CommitId,
    },
    /// Such an order is not deployed: it was its turn, and a later one is there.
    Skipped {
        /// Ids of project, environment and tenant.
        slot: Slot,
        /// Version of the release, as in its file's name.
        release: ReleaseName,
        /// The commit that ordered it.
        commit: CommitId,
        /// Why, in a sentence.
        why: String,
    },
    /// A deployment begins. Written before anything is asked of AWS.
    Opened(Opened),
    /// A call is about to be made.
    Intent {
        /// Number of the deployment in the journal of the store.
        deployment: DeploymentId,
        /// Name of the stack in its account and region.
        stack: StackName,
        call: Call,
        /// The token that it carries, or, for calls without one, the name that makes it idempotent.
        token: Arc<str>,
    },
    /// AWS answered a call, or did not.
    Reply {
        /// Number of the deployment in the journal of the store.
        deployment: DeploymentId,
        /// Name of the stack in its account and region.
        stack: StackName,
        call: Call,
        /// The answer.
        reply: Reply,
    },
    /// Something was seen that will be gone later, or that explains what comes next.
    Evidence {
        /// Number of the deployment in the journal of the store.
        deployment: DeploymentId,
        /// Name of the stack in its account and region.
        stack: StackName,
        /// What was seen.
        item: Evidence,
    },
    /// One stack of a deployment came to its end.
    StackEnded {
        /// Number of the deployment in the journal of the store.
        deployment: DeploymentId,
        /// Name of the stack in its account and region.
        stack: StackName,
        /// How.
        outcome: Outcome,
    },
    /// A deployment waits at a gate that only an `[[allow]]` opens.
    Stopped {
        /// Number of the deployment in the journal of the store.
        deployment: DeploymentId,
        /// Name of the stack in its account and region.
        stack: StackName,
        /// Why, and which gate.
        cause: Cause,
        /// When it is decided without an allowance, if that is known: the end of a pause hook.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// A stack waits at its gate no longer, although no allowance opened it: time decided, or a person in AWS.
    GateGone {
        /// Number of the deployment in the journal of the store.
        deployment: DeploymentId,
        /// Name of the stack in its account and region.
        stack: StackName,
    },
    /// A stack cannot go on until something outside of landfall changes, and goes on by itself when it does.
    Waits {
        /// Number of the deployment in the journal of the store.
        deployment: DeploymentId,
        /// Name of the stack in its account and region.
        stack: StackName,
        /// What it waits for; none once it waits no longer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cause: Option<Cause>,
        /// Until when, if that is known: a wave's soak.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// An allowance was used up.
    Used(Allowed),
    /// The gate at which a stack waits is open: the deployment goes on.
    GateOpened {
        /// Number of the deployment in the journal of the store.
        deployment: DeploymentId,
        /// Name of the stack in its account and region.
        stack: StackName,
        /// The gate, as `what` of an `[[allow]]` names it.
        gate: Gate,
        /// For this resource only; none for whatever the gate stopped.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resource: Option<Arc<str>>,
    },
    /// A newer order takes the place of a deployment that is executing: its operations are cancelled, its first creates deleted.
    TakenOver {
        /// The deployment that gives way.
        deployment: DeploymentId,
        /// The release that takes its place; none for a removal.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<ReleaseName>,
        /// Why: what fails, that nothing progresses, or that the release was blocked or withdrawn.
        cause: Cause,
    },
    /// A deployment came to its end.
    Ended {
        /// Number of the deployment in the journal of the store.
        deployment: DeploymentId,
        /// How.
        outcome: Outcome,
    },
    /// A new incarnation of the store begins: every token that is journaled from here on carries this id.
    Incarnation {
        id: StoreId,
        /// Why, in a sentence.
        because: String,
    },
    /// Stacks run something that this journal did not order.
    Learned(Learned),
    /// Another store deployed stacks of the repository: the operator is asked whether this one takes them over.
    Asks {
        /// The question; none when there is nothing to ask any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        question: Option<Question>,
        /// It came with its answer: the daemon was started with `--adopt`.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        agreed: bool,
    },
    /// The operator agreed.
    Agreed(Agreed),
    /// The stacks belong to this store from now on. What they run is in the records of [`Entry::Learned`] next to it.
    Adopted {
        repository: Id,
        /// How many stacks.
        stacks: usize,
    },
    /// A stack differs from what landfall put there, or does so no longer.
    Drift(DriftSeen),
}

/// A deployment as it begins: everything that carrying it out needs, so that a restart needs no other source.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Opened {
    /// Its number.
    pub deployment: DeploymentId,
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// The release; for a removal, the one that is removed.
    pub release: ReleaseName,
    /// The commit that ordered it.
    pub commit: CommitId,
    /// The plan that it is part of: eight hexadecimal digits.
    pub plan: Arc<str>,
    /// Hash over the content hashes of its stacks.
    pub content: Hash,
    /// Hash over the outputs of other slots' stacks that they use, as they were when it was planned; none if they use none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub given: Option<Hash>,
    /// Which attempt of that content in that slot it is, from 1.
    pub attempt: u32,
    /// What becomes of finished stacks when a later one fails.
    pub on_failure: OnFailure,
    /// Its stack operations, sorted by wave and step; those of one step run in parallel. Which steps wait for which each
    /// says itself.
    pub orders: Vec<Order>,
    /// Allowances that opened gates for it.
    pub allowed: Vec<Hash>,
    /// Everything of the slot is removed: its success ends what the slot runs. A pruning deletes stacks too, but leaves
    /// the slot running the same release with the same content, uninterrupted.
    #[serde(default)]
    pub removal: bool,
    /// What lives at the head and reaches what is deployed, by what it is (`target prod-eu`, `tenant acme`): a later change
    /// of one of these says why stacks of the same release differ.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub live: BTreeMap<Arc<str>, Hash>,
    /// The waves of targets, in order; empty if all targets are deployed to at once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub waves: Vec<TargetWave>,
}

/// A wave of targets inside one deployment. All steps of a wave end before the next wave begins.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct TargetWave {
    /// Its title.
    pub name: Arc<str>,
    /// How many stacks are changed at a time; none for all of a step.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// How long after the wave's end the next one begins, in seconds.
    #[serde(default)]
    pub soak: i64,
    /// How many of its targets may fail before nothing further starts. The deployment has failed all the same.
    #[serde(default)]
    pub failures: u32,
}

/// One stack operation of a deployment.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Order {
    /// Position of its wave in [`Opened::waves`], from 0.
    #[serde(default)]
    pub wave: usize,
    /// Position of its step in the order of steps, from 0.
    pub step: usize,
    /// The positions of the steps that it waits for, in its wave; none for every one before its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<BTreeSet<usize>>,
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// Account and region.
    pub place: Place,
    /// How the account is reached.
    pub access: Access,
    /// What is to be done.
    pub action: Action,
    /// The stack may be one that is not ours: an allowance lets it be taken over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub adopt: bool,
    /// The stack was found as ordered, and this journal never proved it: it is proved as it is, without a call that changes
    /// the stack.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub as_found: bool,
    /// The stack is made what it was deployed as: its change set is compared with what is there, not with the last template.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub repair: bool,
    /// Settings of its services that CloudFormation does not see, by the service's ARN, as they are put back.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub services: BTreeMap<Arc<str>, ServiceSettings>,
}

impl Order {
    /// Whether it waits for every order of that step in its wave.
    pub fn waits_for(&self, step: usize) -> bool {
        self.after.as_ref().map_or(step < self.step, |after| after.contains(&step))
    }
}

/// What an order does to its stack.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case")]
pub enum Action {
    /// Create the stack, or bring it to this content.
    Put(Box<Content>),
    /// Delete the stack with this id and no other of its name.
    Delete {
        /// The stack's id (ARN) when it was planned.
        id: Arc<str>,
        /// Deleting it takes its protection off first; only where the plan says so.
        unprotect: bool,
    },
}

/// What CloudFormation is given for one stack, with what landfall has to prove afterwards.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Content {
    /// The template as canonical JSON, without the description's stamp.
    pub template: Arc<str>,
    /// The description of the template, with the stamp.
    pub description: Arc<str>,
    pub parameters: BTreeMap<String, ParameterValue>,
    /// Stack tags: identity only.
    pub tags: BTreeMap<String, String>,
    /// `CAPABILITY_IAM`, …
    pub capabilities: Vec<Arc<str>>,
    /// The content hash: covers all of the above but the description, and the place and name of the stack.
    pub hash: Hash,
    /// Termination protection is wanted.
    pub protected: bool,
    /// Images that ECS must have resolved, by container name: what success is proved against.
    pub images: BTreeMap<Arc<str>, ProvedImage>,
    /// The changes that the plan expects: a removal or replacement that is not here stops the deployment.
    pub expected: Vec<ExpectedChange>,
    /// How long the operation may take, in seconds, before it is cancelled; includes its bake time.
    pub deadline: i64,
    /// The bucket through which the template goes; none if it is short enough to go with the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bucket: Option<BucketName>,
    /// A task that is run once the stack is as ordered, and decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<TaskRun>,
}

impl Content {
    /// Its parameters for people: a value as it is, another stack's output by its name.
    pub fn shown_parameters(&self) -> BTreeMap<String, String> {
        let shown = |value: &ParameterValue| match value {
            ParameterValue::Value(value) => value.clone(),
            ParameterValue::Output { stack, output, .. } => format!("output {output} of {stack}"),
        };
        self.parameters.iter().map(|(name, value)| (name.clone(), shown(value))).collect()
    }
}

/// A parameter's value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum ParameterValue {
    /// As it is.
    Value(String),
    /// Another stack's output, read just before the change set is made.
    Output {
        /// The producer.
        stack: StackName,
        output: String,
        /// Where it is and how that is reached; none for where the consumer is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Box<Elsewhere>>,
    },
}

/// Another place than the one that is spoken of.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct Elsewhere {
    /// Account and region.
    pub place: Place,
    /// How the account is reached.
    pub access: Access,
}

/// The digests that a container may run.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ProvedImage {
    /// Repository and tag, as the task definition names them.
    pub image: Arc<str>,
    /// Any of these is right: the index's digest or a platform's. Empty if the release records none.
    pub digests: Vec<Arc<str>>,
}

/// A change that the plan expects CloudFormation to announce.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct ExpectedChange {
    /// Logical id of the resource in the template.
    pub resource: Arc<str>,
    /// Its type.
    pub kind: Arc<str>,
    /// What happens to it.
    pub effect: Effect,
    /// What becomes of the resource that is there, if that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fate: Option<Fate>,
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It is made.
    Add,
    /// It changes in place.
    Modify,
    /// It may be replaced: AWS cannot tell yet.
    MayReplace,
    /// A new one takes its place.
    Replace,
    /// It is deleted.
    Remove,
}

/// What becomes of a resource that is removed, or replaced, by the policy in its template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    Deleted,
    /// It is deleted after a snapshot of it was made.
    Snapshot,
    /// It stays, outside of the stack.
    Kept,
}

/// The calls that change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Call {
    /// PutObject, of a template; no token, idempotent because its key is made of its content.
    PutTemplate,
    /// CreateChangeSet; token.
    CreateChangeSet,
    /// ExecuteChangeSet; token.
    ExecuteChangeSet,
    /// DeleteChangeSet; no token, idempotent by reading first.
    DeleteChangeSet,
    /// DeleteStack; token.
    DeleteStack,
    /// CancelUpdateStack; token.
    CancelUpdate,
    /// ContinueUpdateRollback; token.
    ContinueRollback,
    /// RollbackStack; token.
    RollbackStack,
    /// UpdateTerminationProtection; no token, idempotent by reading first.
    SetProtection,
    /// ContinueServiceDeployment; no token, idempotent by reading first.
    ContinueServiceDeployment,
    /// UpdateService; no token, idempotent by reading first.
    UpdateService,
    /// RunTask; token, which is also its `startedBy`. AWS forgets the token an hour after the task's end at the earliest.
    RunTask,
    /// StopTask; no token, idempotent by reading first.
    StopTask,
}

/// How AWS answered.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "reply", rename_all = "kebab-case")]
pub enum Reply {
    /// It will do it.
    Accepted,
    /// It will not.
    Refused {
        /// Its error, in a sentence.
        error: String,
    },
    /// Not known: the connection broke, or the answer was not readable.
    Lost {
        /// What went wrong.
        error: String,
    },
}

/// How a deployment or a stack operation ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
pub enum Outcome {
    /// It runs, proved from ECS.
    Proved,
    /// The stacks say so, and there was nothing to prove.
    StackStatusOnly,
    /// It was current already.
    Unchanged,
    /// The stacks are gone, as ordered.
    Removed,
    Failed(Cause),
    /// A newer commit took its place before it was finished.
    Superseded {
        /// The release that is wanted now; none for a removal.
        by: Option<ReleaseName>,
    },
}

impl Outcome {
    /// Whether what was ordered is in place.
    pub fn succeeded(&self) -> bool {
        matches!(self, Outcome::Proved | Outcome::StackStatusOnly | Outcome::Unchanged | Outcome::Removed)
    }
}

/// An allowance that was used.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Allowed {
    /// The slot in which it opened a gate.
    pub slot: Slot,
    /// Its id.
    pub allowance: Hash,
    /// The deployment that went through.
    pub deployment: DeploymentId,
}
