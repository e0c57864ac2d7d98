//! How something that was ordered stands: it goes on by itself, it waits for a person, or that is not known.

use super::decision::Cause;

/// How something stands, from good to bad.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// In place, or it waits for time or for a pin.
    #[default]
    Fine,
    /// Ordered, and it does not go on by itself.
    Stopped,
    /// Not known, because something could not be read.
    Unseen,
}

impl Standing {
    /// What holds something that was ordered.
    pub fn of(cause: &Cause) -> Self {
        match cause {
            Cause::PlaceUnseen { .. } => Self::Unseen,
            Cause::Waits { cause, .. } if cause.is_outage() => Self::Unseen,
            Cause::NoRelease
            | Cause::Manual { .. }
            | Cause::Unless(_)
            | Cause::NotConnected { .. }
            | Cause::Phase { .. }
            | Cause::Soak { .. }
            | Cause::SoakQueue { .. }
            | Cause::PinHolds { .. }
            | Cause::PinnedNone { .. }
            | Cause::Frozen { .. }
            | Cause::Wave { .. }
            | Cause::WaveFull { .. }
            | Cause::LiveOrder { .. } => Self::Fine,
            Cause::Broken { .. }
            | Cause::NotInLifecycle { .. }
            | Cause::ChannelTenants { .. }
            | Cause::ChannelGone { .. }
            | Cause::WaveStopped { .. }
            | Cause::ReleaseGone { .. }
            | Cause::Blocked { .. }
            | Cause::PinnedMissing { .. }
            | Cause::Refused { .. }
            | Cause::Snapshot(_)
            | Cause::CannotRender { .. }
            | Cause::Attempts { .. }
            | Cause::Edited { .. }
            | Cause::Protected { .. }
            | Cause::LosesData { .. }
            | Cause::Repeats { .. }
            | Cause::Queued { .. }
            | Cause::Stopped { .. }
            | Cause::Unadopted { .. }
            | Cause::Output { .. }
            | Cause::Waits { .. }
            | Cause::ForeignStack { .. }
            | Cause::StackState { .. }
            | Cause::Guard { .. } => Self::Stopped,
        }
    }
}
