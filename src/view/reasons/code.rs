//! The stable word for each reason why a slot is held, and what it means.
//!
//! One list gives the enum, its words and their meanings, so that no word lacks a meaning. `docs/api.md` shows the list.

use crate::model::catalog::SnapshotFault;
use crate::model::decision::Cause;

macro_rules! codes {
    ($($name:ident $word:literal $meaning:literal;)+) => {
        /// The code of a reason, as the JSON of `plan` and `status` has it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code {
            $(#[doc = $meaning] $name,)+
        }

        impl Code {
            /// Every code, in the order of the documentation.
            pub const ALL: &[Code] = &[$(Code::$name),+];

            /// The word in JSON. It never changes.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Code::$name => $word,)+
                }
            }

            /// What the code means, in one sentence.
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Code::$name => $meaning,)+
                }
            }
        }
    };
}

codes! {
    Attempts "attempts" "The content failed as often as `attempts` allows.";
    Blocked "blocked" "The release's file says `blocked`.";
    Broken "broken" "A file that the slot depends on has an error.";
    CannotRender "cannot-render" "The release's stacks cannot be rendered from its snapshot and today's environments.";
    ChannelGone "channel-gone" "The release's channel is no longer in `project.toml`.";
    ChannelTenants "channel-tenants" "The release's channel is not for this tenant.";
    ForeignStack "foreign-stack" "A stack with the wanted name does not belong to this slot.";
    Frozen "frozen" "A freeze is in force.";
    Guard "guard" "More stacks of the account would change or be removed at once than `[guard]` allows.";
    LiveOrder "live-order" "Targets, tenants or other live parts changed, and an earlier environment does not have the change yet.";
    LosesData "loses-data" "The removal deletes a stack with a resource that keeps data.";
    Manual "manual" "The environment is entered by hand, and no pin names a release.";
    NoRelease "no-release" "The project has no release yet.";
    NotConnected "not-connected" "The project has no slot here: the tenant is not connected, or the project is deployed only with or only without tenants.";
    NotInLifecycle "not-in-lifecycle" "The lifecycle does not contain the environment.";
    Output "output" "The slot uses an output of another stack, and the output does not exist yet.";
    Phase "phase" "The release has not succeeded in an earlier phase.";
    PinHolds "pin-holds" "A pin to another release keeps newer releases out.";
    PinnedMissing "pinned-missing" "The pin names a release that does not exist.";
    PinnedNone "pinned-none" "The deploy file says `release = \"none\"`.";
    PlaceUnseen "place-unseen" "landfall cannot list the stacks of the account and region.";
    Protected "protected" "The removal deletes a protected stack.";
    Queued "queued" "Another deployment of the slot has to end first.";
    Refused "refused" "The pin's gates are closed, and the pin says `wait = false`.";
    ReleaseEdited "release-edited" "The release's file changed after it landed.";
    ReleaseGone "release-gone" "The file of the running release is gone, and nothing says what should run instead.";
    Repeats "repeats" "The deployment succeeded several times in a row, and the stacks still differ.";
    Snapshot "snapshot" "The release's snapshot is missing, has errors, or has not landed.";
    SnapshotDiffers "snapshot-differs" "The release's process or variables changed after the release was made.";
    Soak "soak" "The release has not run long enough in an earlier environment.";
    SoakQueue "soak-queue" "Another release soaks in the environment, and `soak_queue` lets it finish first.";
    StackState "stack-state" "A stack is in a state, or in an operation, that landfall does not interrupt.";
    Stopped "stopped" "A deployment waits at a gate.";
    Unadopted "unadopted" "Another store deployed stacks of the repository. Nothing changes before `landfall store adopt`.";
    Unless "unless" "The release needs a pin: its change is of a kind that the phase's `unless` lists, such as `replace`.";
    Waits "waits" "A deployment waits for something outside landfall, and goes on by itself.";
    Wave "wave" "An earlier wave does not have the release yet, or has not run it long enough.";
    WaveFull "wave-full" "The wave already has as many deployments at once as it may.";
    WaveStopped "wave-stopped" "More slots of an earlier wave failed than may fail.";
}

/// The code of a cause.
pub(super) fn of(cause: &Cause) -> Code {
    match cause {
        Cause::Broken { .. } => Code::Broken,
        Cause::NoRelease => Code::NoRelease,
        Cause::Manual { .. } => Code::Manual,
        Cause::NotConnected { .. } => Code::NotConnected,
        Cause::NotInLifecycle { .. } => Code::NotInLifecycle,
        Cause::Phase { .. } => Code::Phase,
        Cause::Soak { .. } => Code::Soak,
        Cause::ReleaseGone { .. } => Code::ReleaseGone,
        Cause::Blocked { .. } => Code::Blocked,
        Cause::Edited { .. } => Code::ReleaseEdited,
        Cause::PinnedMissing { .. } => Code::PinnedMissing,
        Cause::Refused { .. } => Code::Refused,
        Cause::PinnedNone { .. } => Code::PinnedNone,
        Cause::Snapshot(SnapshotFault::Differs { .. }) => Code::SnapshotDiffers,
        Cause::Snapshot(_) => Code::Snapshot,
        Cause::CannotRender { .. } => Code::CannotRender,
        Cause::Attempts { .. } => Code::Attempts,
        Cause::Repeats { .. } => Code::Repeats,
        Cause::Queued { .. } => Code::Queued,
        Cause::Stopped { .. } => Code::Stopped,
        Cause::Waits { .. } => Code::Waits,
        Cause::Output { .. } => Code::Output,
        Cause::ForeignStack { .. } => Code::ForeignStack,
        Cause::StackState { .. } => Code::StackState,
        Cause::Unadopted { .. } => Code::Unadopted,
        Cause::PlaceUnseen { .. } => Code::PlaceUnseen,
        Cause::Guard { .. } => Code::Guard,
        Cause::Protected { .. } => Code::Protected,
        Cause::LosesData { .. } => Code::LosesData,
        Cause::Unless(_) => Code::Unless,
        Cause::SoakQueue { .. } => Code::SoakQueue,
        Cause::PinHolds { .. } => Code::PinHolds,
        Cause::ChannelTenants { .. } => Code::ChannelTenants,
        Cause::ChannelGone { .. } => Code::ChannelGone,
        Cause::Frozen { .. } => Code::Frozen,
        Cause::Wave { .. } => Code::Wave,
        Cause::WaveStopped { .. } => Code::WaveStopped,
        Cause::WaveFull { .. } => Code::WaveFull,
        Cause::LiveOrder { .. } => Code::LiveOrder,
    }
}
