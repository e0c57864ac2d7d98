//! Ways out: what a person can do about slots and stacks that are held, kept or left over.
//!
//! A [`Remedy`] is one act that does what its sentence says and nothing else. `view/` prints it, the API serves it, and
//! `tests/stories/ways` follows each kind on the simulated account. [`Remedy::of`] gives the ways out of every cause, so
//! that there is one place that says what releases a hold.
//!
//! Deliberately absent: the words, which are `view/`'s, and any decision about slots.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::catalog::{Gate, SnapshotFault};
use super::decision::{Cause, Hold};
use super::{
    ChannelName, CommitId, EnvironmentName, LifecycleName, Location, Place, ProjectName, ReleaseName, StackName,
    TargetName, TenantName,
};

/// One act that releases something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remedy {
    /// Add the `[[allow]]` that opens a gate.
    Allow(Key),
    /// Say in the deploy file that a slot is to run nothing.
    Remove(RemoveSlot),
    /// Pin a release in a deploy file.
    Pin(NewPin),
    /// Delete the pin at this place.
    Unpin(Location),
    /// Delete `wait = false` from the deploy file of this pin.
    LetWait(Location),
    /// Make another release of the project.
    NewRelease(ProjectName),
    /// Fix the problems of the head, then make another release of the project.
    FixThenRelease(ProjectName),
    /// Give a release the files of the head.
    Refresh {
        /// Name of the project's folder.
        project: ProjectName,
        /// Version of the release, as in its file's name.
        release: ReleaseName,
    },
    /// Land a release's file again.
    Restore { file: Arc<str> },
    /// Put back the content with which a release's file landed first.
    PutBack {
        file: Arc<str>,
        /// The commit that it landed with.
        landed: CommitId,
    },
    /// Delete `blocked` from a release's file.
    Unblock { file: Arc<str> },
    /// Connect a tenant to the project in the environment.
    Connect {
        /// Name of the tenant's file, without `.toml`.
        tenant: TenantName,
        /// Name of the project's folder.
        project: ProjectName,
        /// Name of the environment's file, without `.toml`.
        environment: EnvironmentName,
    },
    /// Let the project be deployed without a tenant.
    Untenanted(ProjectName),
    /// Put the environment into a phase of a lifecycle; without a name, of the project's.
    AddToPhase {
        lifecycle: Option<LifecycleName>,
        /// Name of the environment's file, without `.toml`.
        environment: EnvironmentName,
    },
    /// Ask for fewer environments in a phase.
    LowerProgress { phase: Arc<str> },
    /// Add a tag of the tenant to the tenants of a channel.
    OpenChannel {
        /// Name of the project's folder.
        project: ProjectName,
        /// Name of the channel in `project.toml`.
        channel: ChannelName,
    },
    /// Put a channel back into `project.toml`.
    RestoreChannel {
        /// Name of the project's folder.
        project: ProjectName,
        /// Name of the channel in `project.toml`.
        channel: ChannelName,
    },
    /// Give the target another id, so that landfall uses another name for the stack.
    RenameTarget {
        /// Name of the target's file, without `.toml`.
        target: TargetName,
    },
    /// Fix a problem in a file.
    Fix(Location),
    /// Fix what stops the release's stacks from being rendered, as its problem says.
    FixRender,
    /// Fetch the history that a shallow clone lacks.
    Unshallow,
    /// Delete a stack that is not ours, in AWS.
    DeleteStack {
        /// Name of the stack in its account and region.
        stack: StackName,
        /// AWS account and region.
        place: Place,
        /// It has no resources.
        empty: bool,
    },
    /// Repair a stack in AWS: CloudFormation offers no call for its state.
    RepairStack {
        /// Name of the stack in its account and region.
        stack: StackName,
    },
    /// Let this store take over the stacks that another one deployed.
    AdoptStore,
    /// Find out what landfall lacks in a place that cannot be seen, if it does not answer again by itself.
    Access(Place),
    /// Nothing: time alone releases it, where known at this time.
    Wait(Option<Timestamp>),
    /// Nothing here: it goes on by itself after something else that landfall does or waits for.
    GoesOn,
}

/// The `[[allow]]` that opens a gate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The file that it goes into.
    pub file: Arc<str>,
    /// The gate, as `what` of an `[[allow]]` names it.
    pub what: Gate,
    /// The stack, where the gate is one stack's.
    pub stack: Option<StackName>,
    /// The tenant of the slot.
    pub tenant: Option<TenantName>,
    /// The plan that the gate printed.
    pub plan: Arc<str>,
    /// What else the lines may say.
    pub or: Option<Gate>,
}

/// The `[[allow]]` that opens a gate which a review foresees: it can be part of the same pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreseen {
    /// The deploy file that it goes into.
    pub file: Arc<str>,
    /// The gate: what happens to the resources.
    pub change: Gate,
    /// The release whose deployment stops.
    pub release: ReleaseName,
    pub resources: Vec<Arc<str>>,
    /// The stack that has them.
    pub stack: StackName,
    /// The tenant of the slot.
    pub tenant: Option<TenantName>,
}

/// Lines of a deploy file that remove what one slot has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemoveSlot {
    /// The deploy file.
    pub file: Arc<str>,
    /// Name of the project's folder.
    pub project: ProjectName,
    /// Name of the environment's file, without `.toml`.
    pub environment: EnvironmentName,
    /// The tenant of the slot.
    pub tenant: Option<TenantName>,
    /// Tenants that `release = "none"` would remove too: a line of its own with this release keeps each.
    pub keep: BTreeMap<TenantName, ReleaseName>,
    /// Tenants that are removed too, because no line can keep them: they are not connected any more.
    pub also: BTreeSet<TenantName>,
}

/// A pin to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPin {
    /// The deploy file.
    pub file: Arc<str>,
    /// Name of the project's folder.
    pub project: ProjectName,
    /// Name of the environment's file, without `.toml`.
    pub environment: EnvironmentName,
    /// The release; none if any will do.
    pub release: Option<ReleaseName>,
    /// The tenant that it is for; none for every slot of the environment that has no line of its own.
    pub tenant: Option<TenantName>,
}

/// The slot that is held, by its names.
#[derive(Clone, Copy, Debug)]
pub struct Whom<'a> {
    pub project: &'a ProjectName,
    pub environment: &'a EnvironmentName,
    pub tenant: Option<&'a TenantName>,
    /// The release that is held, where one is.
    pub release: Option<&'a ReleaseName>,
}

impl Whom<'_> {
    /// The slot's deploy file.
    pub fn deploy_file(&self) -> Arc<str> {
        Arc::from(format!("projects/{}/deploy/{}.toml", self.project, self.environment))
    }

    fn release_file(&self, release: &ReleaseName) -> Arc<str> {
        Arc::from(format!("projects/{}/releases/{release}.toml", self.project))
    }

    fn pin_in(&self, environment: &EnvironmentName, release: Option<&ReleaseName>) -> Remedy {
        let whom = Whom { environment, ..*self };
        Remedy::Pin(NewPin {
            file: whom.deploy_file(),
            project: self.project.clone(),
            environment: environment.clone(),
            release: release.cloned(),
            tenant: self.tenant.cloned(),
        })
    }

    fn key(&self, what: Gate, stack: Option<&StackName>, plan: &Arc<str>) -> Key {
        let tenant = self.tenant.cloned();
        Key { file: self.deploy_file(), what, stack: stack.cloned(), tenant, plan: plan.clone(), or: None }
    }
}

impl Remedy {
    /// The ways out of a hold, the one that changes least first. Each of them alone releases this reason.
    pub fn of(hold: &Hold, whom: &Whom<'_>) -> Vec<Remedy> {
        if let Some(key) = key(hold, whom) {
            return std::iter::once(Remedy::Allow(key)).chain(beside_key(hold, whom)).collect();
        }
        without_key(hold, whom)
    }
}

/// The lines that would release a hold in a slot; none if no allowance does.
pub fn key(hold: &Hold, whom: &Whom<'_>) -> Option<Key> {
    Some(match &hold.cause {
        Cause::Attempts { plan, .. } => whom.key(Gate::Retry, None, plan),
        Cause::Stopped { cause, plan, .. } => {
            Key { or: cause.gates().nth(1), ..whom.key(cause.gate?, cause.stack.as_ref(), plan) }
        }
        Cause::StackState { stack, gate, plan, .. } => whom.key((*gate)?, Some(stack), plan),
        Cause::Guard { what, plan, .. } => {
            whom.key(if *what == "remove" { Gate::Remove } else { Gate::Redeploy }, None, plan)
        }
        Cause::Protected { plan, .. } | Cause::LosesData { plan, .. } => whom.key(Gate::Remove, None, plan),
        Cause::Frozen { plan, .. } => whom.key(Gate::Freeze, None, plan),
        Cause::LiveOrder { plan, .. } => whom.key(Gate::Redeploy, None, plan),
        Cause::ForeignStack { stack, plan, .. } => whom.key(Gate::Adopt, Some(stack), plan.as_ref()?),
        _ => return None,
    })
}

/// What releases a hold that a key opens, in other ways.
fn beside_key(hold: &Hold, whom: &Whom<'_>) -> Vec<Remedy> {
    match &hold.cause {
        Cause::Attempts { .. } => vec![Remedy::NewRelease(whom.project.clone())],
        Cause::Frozen { .. } => vec![Remedy::Wait(hold.until)],
        Cause::LiveOrder { .. } => vec![Remedy::GoesOn],
        Cause::ForeignStack { stack, place, target, review, .. } => foreign(stack, place, target, *review),
        _ => Vec::new(),
    }
}

/// What loses nothing comes first.
fn foreign(stack: &StackName, place: &Place, target: &TargetName, empty: bool) -> Vec<Remedy> {
    let rename = Remedy::RenameTarget { target: target.clone() };
    let delete = Remedy::DeleteStack { stack: stack.clone(), place: place.clone(), empty };
    if empty { vec![delete, rename] } else { vec![rename, delete] }
}

fn without_key(hold: &Hold, whom: &Whom<'_>) -> Vec<Remedy> {
    let project = || whom.project.clone();
    match &hold.cause {
        Cause::Broken { at, .. } => vec![Remedy::Fix(at.clone())],
        Cause::NoRelease | Cause::WaveStopped { .. } => vec![Remedy::NewRelease(project())],
        Cause::Manual { .. } | Cause::Unless(_) => vec![whom.pin_in(whom.environment, whom.release)],
        Cause::NotConnected { tenant: Some(tenant) } => {
            vec![Remedy::Connect { tenant: tenant.clone(), project: project(), environment: whom.environment.clone() }]
        }
        Cause::NotConnected { tenant: None } => vec![Remedy::Untenanted(project())],
        Cause::NotInLifecycle { lifecycle } => {
            vec![Remedy::AddToPhase { lifecycle: lifecycle.clone(), environment: whom.environment.clone() }]
        }
        Cause::Phase { phase, needed, passed, missing } => match needed.saturating_sub(*passed) as usize {
            more if more > missing.len() => vec![Remedy::LowerProgress { phase: phase.clone() }],
            _ => vec![Remedy::GoesOn],
        },
        Cause::Soak { running: true, .. } | Cause::SoakQueue { .. } => vec![Remedy::Wait(hold.until)],
        Cause::Soak { environment, .. } => vec![whom.pin_in(environment, whom.release)],
        Cause::PinHolds { at } | Cause::PinnedNone { at } => vec![Remedy::Unpin(at.clone())],
        Cause::ChannelTenants { channel } => {
            vec![Remedy::OpenChannel { project: project(), channel: channel.clone() }]
        }
        Cause::ChannelGone { channel } => {
            let back = Remedy::RestoreChannel { project: project(), channel: channel.clone() };
            vec![back, Remedy::NewRelease(project())]
        }
        Cause::Wave { .. } | Cause::WaveFull { .. } | Cause::Queued { .. } | Cause::Output { .. } => {
            vec![Remedy::GoesOn]
        }
        Cause::Waits { .. } | Cause::Repeats { .. } => vec![Remedy::GoesOn],
        Cause::ReleaseGone { release } => {
            vec![Remedy::Restore { file: whom.release_file(release) }, whom.pin_in(whom.environment, None)]
        }
        Cause::Blocked { .. } => {
            let unblock = whom.release.map(|release| Remedy::Unblock { file: whom.release_file(release) });
            std::iter::once(Remedy::NewRelease(project())).chain(unblock).collect()
        }
        Cause::Edited { landed, at } => {
            let back = Remedy::PutBack { file: at.file.clone(), landed: landed.clone() };
            vec![back, Remedy::NewRelease(project())]
        }
        Cause::PinnedMissing { release, .. } => {
            vec![Remedy::Restore { file: whom.release_file(release) }, whom.pin_in(whom.environment, None)]
        }
        Cause::Refused { at } => vec![Remedy::LetWait(at.clone())],
        Cause::Snapshot(fault) => snapshot(fault, whom),
        Cause::CannotRender { .. } => vec![Remedy::FixRender],
        Cause::ForeignStack { stack, place, target, review, .. } => foreign(stack, place, target, *review),
        Cause::StackState { stack, status, .. } if !status.ends_with("_IN_PROGRESS") => {
            vec![Remedy::RepairStack { stack: stack.clone() }]
        }
        Cause::StackState { .. } => vec![Remedy::GoesOn],
        Cause::Unadopted { agreed: true, .. } => vec![Remedy::Wait(hold.until)],
        Cause::Unadopted { .. } => vec![Remedy::AdoptStore],
        Cause::PlaceUnseen { place, .. } => vec![Remedy::Access(place.clone())],
        // These always have a key, but for a gate that a newer order takes the place of.
        Cause::Stopped { .. }
        | Cause::Attempts { .. }
        | Cause::Guard { .. }
        | Cause::Protected { .. }
        | Cause::LosesData { .. }
        | Cause::Frozen { .. }
        | Cause::LiveOrder { .. } => vec![Remedy::NewRelease(project())],
    }
}

fn snapshot(fault: &SnapshotFault, whom: &Whom<'_>) -> Vec<Remedy> {
    let new = Remedy::NewRelease(whom.project.clone());
    let refresh =
        whom.release.map(|release| Remedy::Refresh { project: whom.project.clone(), release: release.clone() });
    match fault {
        SnapshotFault::Differs { .. } | SnapshotFault::Missing(_) => refresh.into_iter().chain([new]).collect(),
        SnapshotFault::Broken { .. } => vec![Remedy::FixThenRelease(whom.project.clone())],
        SnapshotFault::Shallow => vec![Remedy::Unshallow],
        SnapshotFault::NotLanded => vec![Remedy::GoesOn],
    }
}
