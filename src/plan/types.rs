//! The plan, and the report next to it: what happens now with nothing left to choose, and why everything else does not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::catalog::{Gate, OnFailure, Unless};
use crate::model::decision::{Because, Cause, Decision};
use crate::model::drift::{DriftSource, Drifted};
use crate::model::journal::{self, Allowed, Content, DeploymentId, Entry, Opened, Order, TargetWave};
use crate::model::place::Access;
use crate::model::remedy::{Key, RemoveSlot};
use crate::model::{
    Catalog, CommitId, EnvironmentName, Facts, Hash, Hold, Location, Observed, Place, ProjectName, ReleaseName, Slot,
    StackName, StackOwner, StepName, TargetName, TenantName,
};

/// Everything that a plan is made from.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// What the commit says.
    pub catalog: &'a Catalog,
    /// What the past says.
    pub facts: &'a Facts,
    /// What AWS shows.
    pub observed: &'a Observed,
    /// The time.
    pub now: Timestamp,
}

/// A plan with its report.
#[derive(Clone, Debug, PartialEq)]
pub struct Planned {
    /// What to do now.
    pub plan: Plan,
    /// Why, and why not, for every slot.
    pub report: Report,
    /// Stacks that are not ours and that an allowance would let be taken over, with what they would be given: so that
    /// what that would change can be shown before.
    pub adoptions: Vec<Adoption>,
}

/// A stack that could be taken over.
#[derive(Clone, Debug, PartialEq)]
pub struct Adoption {
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// AWS account and region.
    pub place: Place,
    /// How the place is reached.
    pub access: Access,
    /// What it would be given.
    pub content: Box<Content>,
}

/// What to do now. Carrying it out needs no further choice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The commit that ordered it.
    pub commit: Option<CommitId>,
    /// Deployments to begin, in order of slots.
    pub begin: Vec<Begin>,
    /// Deployments in flight that a newer order takes the place of.
    pub supersede: Vec<Supersede>,
    /// Gates at which deployments in flight wait, opened by allowances.
    pub open: Vec<Opening>,
    /// Orders whose turn it was and that are not deployed.
    pub skip: Vec<Skip>,
    /// How long an operation of a deployment in flight may take, in addition to its bake time: what the head says now.
    pub deadlines: BTreeMap<DeploymentId, SignedDuration>,
}

impl Plan {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.begin.is_empty() && self.supersede.is_empty() && self.open.is_empty() && self.skip.is_empty()
    }
}

/// A deployment to begin.
#[derive(Clone, Debug, PartialEq)]
pub struct Begin {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// The release; for a removal, the one that is removed.
    pub release: ReleaseName,
    /// What the slot runs before.
    pub from: Option<ReleaseName>,
    /// Why.
    pub because: Because,
    /// Eight hexadecimal digits: hash of slot, content, and outputs that it is given. What an allowance names.
    pub plan: Arc<str>,
    /// Hash over the content hashes of all stacks of the slot, current ones too.
    pub content: Hash,
    /// Hash over the outputs of other slots' stacks that they use, as they are now; none if they use none.
    pub given: Option<Hash>,
    /// Which attempt of that content it is, from 1.
    pub attempt: u32,
    /// What becomes of finished stacks when a later one fails.
    pub on_failure: OnFailure,
    /// What is done to stacks, in step order; current stacks are left out. May be empty: then the slot runs the release's
    /// content already, and only has to say so.
    pub orders: Vec<Order>,
    /// Allowances that opened gates for it, by id.
    pub allowed: Vec<Hash>,
    /// Everything of the slot is removed. A pruning of single stacks is none: there the slot goes on running the release
    /// with this content, and only deletes what it no longer has.
    pub removal: bool,
    /// The live parts that it is rendered with, as the journal keeps them.
    pub live: BTreeMap<Arc<str>, Hash>,
    /// Waves of targets that the orders are in; empty if all targets are deployed to at once.
    pub waves: Vec<TargetWave>,
    /// What lets it delete stacks with what they keep.
    pub may_lose: MayLose,
    /// The release enters by itself, and only under these conditions.
    pub by_itself: Option<ByItself>,
}

/// What a release that enters by itself must not do.
#[derive(Clone, Debug, PartialEq)]
pub struct ByItself {
    /// The phase that says so.
    pub phase: Arc<str>,
    /// What it excludes.
    pub unless: BTreeSet<Unless>,
    /// Stacks that the release no longer has, and that are deleted once the slot has it.
    pub prunes: Vec<StackName>,
}

/// What lets a deployment delete stacks that keep data.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MayLose {
    /// An allowance does.
    pub allowed: bool,
    /// The lines that would; none if no file could contain them.
    pub key: Option<Key>,
}

impl Begin {
    /// The records with which it begins: that it is opened, and the allowances that it uses up.
    pub fn entries(&self, commit: &CommitId, deployment: DeploymentId) -> Vec<Entry> {
        let opened = Entry::Opened(Opened {
            deployment,
            slot: self.slot.clone(),
            release: self.release.clone(),
            commit: commit.clone(),
            plan: self.plan.clone(),
            content: self.content,
            given: self.given,
            attempt: self.attempt,
            on_failure: self.on_failure,
            orders: self.orders.clone(),
            allowed: self.allowed.clone(),
            removal: self.removal,
            live: self.live.clone(),
            waves: self.waves.clone(),
        });
        let used = |allowance: &_| Entry::Used(Allowed { slot: self.slot.clone(), allowance: *allowance, deployment });
        std::iter::once(opened).chain(self.allowed.iter().map(used)).collect()
    }
}

/// A deployment in flight that is no longer wanted.
#[derive(Clone, Debug, PartialEq)]
pub struct Supersede {
    /// Number of the deployment in the journal of the store.
    pub deployment: DeploymentId,
    /// What is wanted instead.
    pub by: Option<ReleaseName>,
    /// How long it may go without progress before it gives way.
    pub takeover: SignedDuration,
    /// Its release was blocked or withdrawn: it gives way at once.
    pub revoked: Option<journal::Cause>,
    /// It gives way no earlier, because others gave way before it without a success; none if it may at once.
    pub not_before: Option<Timestamp>,
}

/// An order whose turn it was and that is not deployed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// Version of the release, as in its file's name.
    pub release: ReleaseName,
    /// The commit that ordered it.
    pub commit: CommitId,
    /// Why, in a sentence.
    pub why: String,
}

/// An allowance that opens the gate at which a deployment waits.
#[derive(Clone, Debug, PartialEq)]
pub struct Opening {
    /// Number of the deployment in the journal of the store.
    pub deployment: DeploymentId,
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// The gate, as `what` of an `[[allow]]` names it.
    pub gate: Gate,
    /// The allowance's id.
    pub allowance: Hash,
    /// It names the release, and opens every gate of the one deployment that uses it.
    pub foreseen: bool,
    /// The resource that it names.
    pub resource: Option<Arc<str>>,
}

/// Why every slot is as it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    pub commit: Option<CommitId>,
    /// When it was made.
    pub at: Option<Timestamp>,
    /// One row per slot: by project, then in promotion order.
    pub slots: Vec<SlotRow>,
    /// Stacks of ours whose cause is gone: deleted, or only reported.
    pub orphans: Vec<Orphan>,
    /// Allowances that open nothing any more.
    pub stale: Vec<StaleAllowance>,
    /// Changes of what a project deploys that reach no release that runs or comes.
    pub unreached: Vec<Unreached>,
}

impl Report {
    /// When the first of the held things can move by time alone; none if nothing can.
    pub fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let reasons = self.slots.iter().flat_map(|row| match &row.decision {
            Decision::Held { reasons, .. } | Decision::Empty { reasons, .. } => reasons.iter().collect::<Vec<&Hold>>(),
            Decision::UpToDate { waiting, .. } => waiting.iter().flat_map(|waiting| &waiting.reasons).collect(),
            Decision::Deploying { .. } | Decision::Deploy { .. } | Decision::Remove { .. } => Vec::new(),
        });
        // What cannot be seen is looked at again by itself, and what is in flight is advanced.
        let by_itself = |hold: &&Hold| matches!(hold.cause, Cause::PlaceUnseen { .. } | Cause::Waits { .. });
        let reasons = reasons.filter(|hold| !by_itself(hold));
        reasons.filter_map(|hold| hold.until).filter(|until| *until > now).min()
    }
}

/// An `[[allow]]` that opens nothing: it can be deleted from its file.
#[derive(Clone, Debug, PartialEq)]
pub struct StaleAllowance {
    /// Where it is written.
    pub at: Location,
    /// The gate that it was for.
    pub gate: Gate,
    /// Why it opens nothing, in a sentence: it was used, its day has passed, or the plan that it names is no longer made.
    pub why: String,
}

/// A project whose process or variables changed since its newest release was made: no slot has the change, and none will
/// get it without a new release.
#[derive(Clone, Debug, PartialEq)]
pub struct Unreached {
    /// Name of the project's folder.
    pub project: ProjectName,
    /// Its newest release, which was made before the change.
    pub newest: ReleaseName,
}

/// One slot in the report.
#[derive(Clone, Debug, PartialEq)]
pub struct SlotRow {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// Name of its project.
    pub project: ProjectName,
    /// Name of its environment.
    pub environment: EnvironmentName,
    /// Name of its tenant; of one whose file is gone or broken, its id.
    pub tenant: Option<TenantName>,
    /// What happens, or why not.
    pub decision: Decision,
    /// What it runs, as facts or else stamps say.
    pub runs: Option<ReleaseName>,
    /// The earliest time at which the release that it waits for can begin by itself: every gate is open then, and no freeze
    /// holds. None if that takes more than time.
    pub earliest: Option<Timestamp>,
    /// Nothing asks for what it runs any more: it is kept until these lines say that it is removed.
    pub kept: Option<Box<RemoveSlot>>,
    /// Its stacks for the release that it carries now.
    pub stacks: Vec<StackRow>,
    /// Where its stacks differ from what landfall put there; none if they do not, as far as is known.
    pub drift: Option<Box<SlotDrift>>,
}

/// The drift of a slot's stacks.
#[derive(Clone, Debug, PartialEq)]
pub struct SlotDrift {
    /// The differences, sorted by stack and place in it.
    pub rows: Vec<DriftRow>,
    /// The lines that let it be put right, if that waits for an allowance.
    pub key: Option<Key>,
}

/// One difference of a stack.
#[derive(Clone, Debug, PartialEq)]
pub struct DriftRow {
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// AWS account and region.
    pub place: Place,
    /// What sees it.
    pub source: DriftSource,
    pub item: Drifted,
    /// Since when landfall knows it; none for a stack that is gone.
    pub since: Option<Timestamp>,
    /// Who changed it, in a few words; none if AWS does not say.
    pub by: Option<String>,
    /// What is done about it.
    pub right: PutRight,
}

/// What is done about drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PutRight {
    /// It is only reported.
    Reported,
    /// Its environment is protected: only an allowance lets it be put right.
    NeedsAllowance,
    /// It was seen for the first time, or the stack was deployed since: the next look decides.
    NextLook,
    /// Something holds the slot.
    Held,
    /// It is put right now.
    Now,
}

/// One stack in the report.
#[derive(Clone, Debug, PartialEq)]
pub struct StackRow {
    /// Name of its step.
    pub step: StepName,
    /// Name of its target.
    pub target: TargetName,
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// AWS account and region.
    pub place: Place,
    /// What happens to it.
    pub change: StackChange,
    /// The steps here that it waits for, without those that these wait for themselves.
    pub after: Vec<StepName>,
    /// The stacks that use its outputs, if it is not as wanted: a change may reach them.
    pub consumers: Vec<StackName>,
}

/// What happens to a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StackChange {
    /// It is what it should be.
    Current,
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// It is what it should be, and its task still has to run.
    Run,
    /// It was changed outside of landfall, and is put right.
    Repair,
    /// It is removed.
    Remove,
    /// It would be made or changed, but its slot is held.
    Waits,
    /// Its place cannot be seen.
    Unknown,
}

/// A stack of ours that nothing wants.
#[derive(Clone, Debug, PartialEq)]
pub struct Orphan {
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// AWS account and region.
    pub place: Place,
    /// Whose it was.
    pub owner: StackOwner,
    /// It is deleted by this plan; otherwise only reported.
    pub removed: bool,
    /// Why it is not wanted, or why it stays, in a sentence.
    pub why: String,
    /// The lines that let it be deleted, where a gate keeps it.
    pub key: Option<Key>,
}
