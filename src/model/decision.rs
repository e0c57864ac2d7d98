//! What is decided for a slot, and every reason why something is held.
//!
//! A decision is made by pure code (`promote/`, `plan/`) and only shown elsewhere: the same value becomes a line of
//! `plan`, a row of a pull request, and an answer of `why`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::catalog::{Gate, SnapshotFault, Unless};
use super::journal::{self, DeploymentId, Question};
use super::{
    ChannelName, CommitId, EnvironmentName, FreezeName, LifecycleName, Location, Place, ReleaseName, StackName,
    TargetName, TenantName,
};

/// What happens to a slot now.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// Nothing is wanted here yet and nothing runs.
    Empty {
        /// The newest release that could come here, if there is one.
        next: Option<ReleaseName>,
        /// Why nothing is wanted, and what would change it.
        reasons: Vec<Hold>,
    },
    /// It runs what it should.
    UpToDate {
        /// Version of the release, as in its file's name.
        release: ReleaseName,
        /// A newer release waits for something; empty when there is none.
        waiting: Vec<Waiting>,
    },
    /// It is on its way.
    Deploying {
        /// Version of the release, as in its file's name.
        release: ReleaseName,
        /// Number of the deployment in the journal of the store.
        deployment: DeploymentId,
        /// Time at which it began.
        since: Timestamp,
    },
    /// It is deployed now.
    Deploy {
        /// Version of the release, as in its file's name.
        release: ReleaseName,
        /// What it runs before.
        from: Option<ReleaseName>,
        /// Why.
        because: Because,
    },
    /// Its stacks are removed now.
    Remove {
        /// What it runs before.
        from: Option<ReleaseName>,
    },
    /// It stays as it is, although something else is wanted or something cannot be known.
    Held {
        /// What is wanted; none when that cannot be known, or when nothing is wanted any more.
        wanted: Option<ReleaseName>,
        /// What it runs.
        runs: Option<ReleaseName>,
        reasons: Vec<Hold>,
    },
}

/// A newer release that a slot does not get yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Waiting {
    /// Version of the release, as in its file's name.
    pub release: ReleaseName,
    pub reasons: Vec<Hold>,
}

/// Why a slot moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// Its deploy file says so.
    Pinned(Location),
    /// The lifecycle enters its environment by itself.
    Automatic,
    /// It was ordered before what the head says, and its environment deploys every order in turn: the commit that did.
    InTurn(CommitId),
    /// The release is the same, but its stacks differ from it: a live part changed, or others changed them.
    Differs {
        stacks: Vec<StackName>,
        /// The live parts that changed (`target prod-eu`, `tenant acme`, `output VpcId of …`); empty if none did, as far as is known.
        parts: Vec<Arc<str>>,
    },
    /// An allowance opened a gate.
    Allowed(Gate),
    /// The release that it ran is gone or no longer pinned, and this is what remains.
    Back,
}

/// One reason why something is held: its cause, since when, and until when if that is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Hold {
    pub cause: Cause,
    /// Since when, where facts tell.
    pub since: Option<Timestamp>,
    /// The earliest time at which it can end by itself.
    pub until: Option<Timestamp>,
}

impl Hold {
    /// A reason without times.
    pub fn new(cause: Cause) -> Self {
        Self { cause, since: None, until: None }
    }

    /// The earliest time at which all of them can have ended by themselves; none if one of them waits for a person.
    pub fn earliest(holds: &[Hold]) -> Option<Timestamp> {
        let times: Option<Vec<Timestamp>> = holds.iter().map(|hold| hold.until).collect();
        times?.into_iter().max()
    }
}

/// When a deployment gives way to a newer order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Yields {
    /// Not before its end.
    AtItsEnd {
        /// Because the environment deploys every order in turn.
        all: bool,
        /// The releases that come before, in their order.
        then: Vec<ReleaseName>,
    },
    /// At this time, unless it progresses until then.
    Unless(Timestamp),
    /// It fails, or is not wanted any more: at once, or not before a time.
    Fails {
        /// Why, in a sentence.
        why: String,
        /// Not before.
        from: Option<Timestamp>,
    },
    /// It does already: it is cancelled. Why, in a sentence.
    Cancelled(String),
}

/// Why something is held. `view/` says for each what would release it.
#[derive(Clone, Debug, PartialEq)]
pub enum Cause {
    /// A file that it depends on has a problem.
    Broken {
        /// The problem's code.
        code: &'static str,
        /// The problem in one sentence.
        title: String,
        /// File, line and column.
        at: Location,
    },
    /// There is no release yet.
    NoRelease,
    /// The environment is entered by hand, and nothing is pinned.
    Manual {
        /// The file in which a pin would be written.
        file: Arc<str>,
    },
    /// The head gives the project no slot here: its tenant is not connected to the environment, or the project is deployed
    /// only for tenants, or only without one.
    NotConnected {
        /// The tenant; none for the slot without one.
        tenant: Option<TenantName>,
    },
    /// The lifecycle does not contain the environment.
    NotInLifecycle {
        /// The lifecycle; none for the implied one.
        lifecycle: Option<LifecycleName>,
    },
    /// An earlier phase is not passed.
    Phase {
        phase: Arc<str>,
        /// How many of its environments must have it, in addition to those in which it only has to soak.
        needed: u32,
        /// How many have it.
        passed: u32,
        /// The environments that could still count.
        missing: Vec<EnvironmentName>,
    },
    /// It has not run long enough in an earlier environment.
    Soak {
        /// Name of the environment's file, without `.toml`.
        environment: EnvironmentName,
        /// How long it must have run there, uninterrupted.
        needed: jiff::SignedDuration,
        /// The longest that it has.
        so_far: jiff::SignedDuration,
        /// It runs there now, so that time alone will do.
        running: bool,
        /// The release that took its place there before the time was over.
        starved_by: Option<ReleaseName>,
    },
    /// A release soaks in this environment, and its phase lets it finish (`soak_queue`).
    SoakQueue {
        /// The release that soaks.
        release: ReleaseName,
    },
    /// The environment is pinned to another release: nothing comes by itself until the pin goes.
    PinHolds {
        /// File, line and column of the pin.
        at: Location,
    },
    /// The release's channel is not for this tenant.
    ChannelTenants {
        /// Name of the channel in `project.toml`.
        channel: ChannelName,
    },
    /// The release's channel is not one of the project's any more.
    ChannelGone {
        /// Name of the channel in `project.toml`.
        channel: ChannelName,
    },
    /// A freeze holds.
    Frozen {
        /// Name of the freeze's file, without `.toml`.
        freeze: FreezeName,
        /// Why.
        reason: Arc<str>,
        /// Its file.
        at: Location,
        /// The time zone for printing its end.
        zone: TimeZone,
        /// The plan that an allowance names.
        plan: Arc<str>,
        /// The file in which the allowance would be written.
        file: Arc<str>,
    },
    /// An earlier wave has not got it yet, or has not run it long enough.
    Wave {
        /// The wave of this slot.
        wave: Arc<str>,
        /// The earlier wave.
        after: Arc<str>,
        /// Who of it has not got it; empty if only time is missing.
        missing: Vec<TenantName>,
    },
    /// Too many of an earlier wave failed.
    WaveStopped {
        /// The earlier wave.
        after: Arc<str>,
        /// Who failed.
        failed: Vec<TenantName>,
        /// How many may.
        limit: u32,
    },
    /// As many of its wave as may are being deployed.
    WaveFull {
        wave: Arc<str>,
        /// How many may at a time.
        limit: u32,
    },
    /// A live part changed, and an earlier environment of the lifecycle has not got the change yet.
    LiveOrder {
        /// The live parts that changed, if that is known.
        parts: Vec<Arc<str>>,
        /// The environment that is before it.
        environment: EnvironmentName,
        /// The plan that an allowance names.
        plan: Arc<str>,
        /// The file in which the allowance would be written.
        file: Arc<str>,
    },
    /// The release that it runs no longer has a file, and nothing says what should run instead.
    ReleaseGone {
        /// Version of the release, as in its file's name.
        release: ReleaseName,
    },
    /// The release's file says `blocked`.
    Blocked {
        /// Its words.
        reason: Arc<str>,
    },
    /// The release's file is not what landed first.
    Edited {
        /// The commit that it landed first with.
        landed: CommitId,
        /// Its file.
        at: Location,
    },
    /// The pin names a release that does not exist.
    PinnedMissing {
        /// Version of the release, as in its file's name.
        release: ReleaseName,
        /// File, line and column of the pin.
        at: Location,
    },
    /// The pin's gates are closed, and it says `wait = false`.
    Refused {
        /// File, line and column of the pin.
        at: Location,
    },
    /// The deploy file says `release = "none"`.
    PinnedNone {
        /// File, line and column of the pin.
        at: Location,
    },
    /// The release has no snapshot to deploy from.
    Snapshot(SnapshotFault),
    /// The release's stacks cannot be made from its snapshot and today's environments.
    CannotRender {
        /// Each problem in one sentence.
        problems: Vec<String>,
    },
    /// It was tried as often as allowed, and failed.
    Attempts {
        /// How often.
        failed: u32,
        /// The last deployment.
        deployment: DeploymentId,
        /// How that ended.
        cause: Option<journal::Cause>,
        /// The plan that an allowance names.
        plan: Arc<str>,
        /// The file in which the allowance would be written.
        file: Arc<str>,
    },
    /// The same was deployed with success several times in a row, and its stacks still differ. It is deployed again later.
    Repeats {
        /// The last deployment.
        deployment: DeploymentId,
        /// How often in a row.
        times: u32,
        /// The stacks that differ; empty if they are equal but not proved.
        stacks: Vec<StackName>,
    },
    /// Another deployment of the slot has to end first.
    Queued {
        /// Number of that deployment in the journal of the store.
        deployment: DeploymentId,
        /// Version of the release, as in its file's name.
        release: ReleaseName,
        /// How many tasks of its new revisions run, and how many are asked for, if that is known.
        tasks: Option<(u32, u32)>,
        /// When it gives way.
        yields: Yields,
    },
    /// A deployment waits at a gate.
    Stopped {
        /// Number of the deployment in the journal of the store.
        deployment: DeploymentId,
        /// Why, and the gate.
        cause: journal::Cause,
        /// The plan that an allowance names.
        plan: Arc<str>,
        /// The file in which the allowance would be written.
        file: Arc<str>,
    },
    /// It uses outputs of another slot's stack that do not exist yet. It begins by itself when they are.
    Output {
        /// Name of the stack in its account and region.
        stack: StackName,
        /// AWS account and region.
        place: Place,
        /// Its outputs, in the order of their names.
        outputs: BTreeSet<String>,
        /// The stack is there, and only lacks the outputs.
        there: bool,
    },
    /// A deployment waits for something outside, and goes on by itself.
    Waits {
        /// Number of the deployment in the journal of the store.
        deployment: DeploymentId,
        /// The stack, and for what.
        cause: journal::Cause,
    },
    /// A stack with the needed name belongs to others.
    ForeignStack {
        /// Name of the stack in its account and region.
        stack: StackName,
        /// AWS account and region.
        place: Place,
        /// The target that it would be on.
        target: TargetName,
        /// Whose, as far as its tags say.
        owner: Option<String>,
        /// It is under review: a change set waits in it, and it has no resources yet.
        review: bool,
        /// The plan that an allowance names; none if it is another repository's or slot's and cannot be adopted.
        plan: Option<Arc<str>>,
        /// The file in which the allowance would be written.
        file: Arc<str>,
    },
    /// A stack is in a state, or in an operation of others, that landfall does not interfere with.
    StackState {
        /// Name of the stack in its account and region.
        stack: StackName,
        /// Its status, as AWS writes it.
        status: &'static str,
        /// What to do, in a sentence.
        way_out: String,
        /// The gate that an allowance would open.
        gate: Option<Gate>,
        /// The plan that an allowance names.
        plan: Arc<str>,
        /// The file in which the allowance would be written.
        file: Arc<str>,
    },
    /// Another store deployed stacks of the repository, and the operator has not said yet that this one takes them over.
    Unadopted {
        question: Question,
        /// The operator agreed; something still speaks against it.
        agreed: bool,
        /// The stacks among them that are not what this repository orders.
        differ: BTreeSet<StackName>,
    },
    /// A place could not be listed.
    PlaceUnseen {
        place: Place,
        /// Why.
        error: String,
    },
    /// More would be pending in one account than the guard lets through.
    Guard {
        /// `remove` or `change`.
        what: &'static str,
        /// How many stacks would be.
        pending: u32,
        /// How many may be.
        limit: u32,
        /// The plan that an allowance names.
        plan: Arc<str>,
    },
    /// What would be removed is protected: its environment is, or its stacks are.
    Protected {
        /// How many stacks would be removed.
        stacks: u32,
        /// The plan that an allowance names.
        plan: Arc<str>,
    },
    /// The release does not enter by itself, because its change does what the phase excludes with `unless`.
    Unless(Finding),
    /// What would be removed keeps data.
    LosesData {
        /// What would be lost: by stack, then by resource.
        losses: Vec<Loss>,
        /// The plan that an allowance names.
        plan: Arc<str>,
    },
}

/// Why a release does not enter an environment by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub phase: Arc<str>,
    /// What the phase excludes.
    pub conditions: BTreeSet<Unless>,
    /// What was found first; none where only the condition is known, because nothing deployed can be compared.
    pub found: Option<Found>,
}

/// What a change does that a phase excludes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The condition that it meets; none if the change cannot be judged.
    pub condition: Option<Unless>,
    pub stack: StackName,
    /// What happens, in a sentence without a full stop.
    pub sentence: String,
}

impl Finding {
    /// What the conditions say, in words: "replaces or removes anything, or adds rights".
    pub fn condition(&self) -> String {
        let has = |condition| self.conditions.contains(&condition);
        let mut words: Vec<&str> = Vec::new();
        match (has(Unless::Replace), has(Unless::Remove)) {
            (true, true) => words.push("replaces or removes anything"),
            (true, false) => words.push("replaces anything"),
            (false, true) => words.push("removes anything"),
            (false, false) => {}
        }
        words.extend(has(Unless::Rights).then_some("adds rights"));
        words.extend(has(Unless::Exposure).then_some("exposes anything to everybody"));
        words.join(" or ")
    }
}

/// A resource that keeps data and would be deleted with its stack.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// Logical id of the resource in the template.
    pub resource: Arc<str>,
    /// Its type in AWS's own words: `RDS DBInstance`.
    pub name: Arc<str>,
    /// AWS makes a snapshot of it first.
    pub snapshot: bool,
}

/// So many stacks are named with what they keep; for the others only the number is printed.
const STACKS_OF_LOSSES: usize = 3;

impl Loss {
    /// What is lost, in a sentence: "deleting the stack loses data: Db (RDS DBInstance, AWS makes a snapshot first), Files (S3
    /// Bucket) of data-store-test-eu".
    pub fn sentence(losses: &[Self]) -> String {
        let mut stacks: BTreeMap<&StackName, Vec<String>> = BTreeMap::new();
        for loss in losses {
            let snapshot = if loss.snapshot { ", AWS makes a snapshot first" } else { "" };
            stacks.entry(&loss.stack).or_default().push(format!("{} ({}{snapshot})", loss.resource, loss.name));
        }
        let all: Vec<String> = stacks
            .iter()
            .take(STACKS_OF_LOSSES)
            .map(|(stack, lost)| format!("{} of {stack}", lost.join(", ")))
            .collect();
        let (which, more) = match stacks.len() {
            0 | 1 => ("the stack loses", String::new()),
            count if count <= STACKS_OF_LOSSES => ("the stacks loses", String::new()),
            count => ("the stacks loses", format!("; and of {} more stacks", count - STACKS_OF_LOSSES)),
        };
        format!("deleting {which} data: {}{more}", all.join("; "))
    }
}
