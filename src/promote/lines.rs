//! The channels whose releases concern a slot, and how each of them comes in.
//!
//! A release goes by the lifecycle of its own channel. So where a slot follows two channels whose lifecycles enter its
//! environment differently, releases of the one come by themselves and those of the other wait for a pin; both are
//! candidates, the highest version first. A channel that the slot does not follow brings nothing by itself, whatever its
//! lifecycle says.

use std::sync::Arc;

use crate::model::{Channel, ChannelName, Release};

use super::Seat;
use super::gates::position;

/// One channel, as a slot sees it.
struct Line<'a> {
    channel: &'a Channel,
    /// Its releases enter by themselves.
    automatic: bool,
    /// It is for the slot's tenant.
    takes: bool,
}

/// The channels whose lifecycles have the slot's environment: those that the slot follows, or, where none of them has it,
/// all others, whose releases come by a pin.
pub(super) struct Lines<'a>(Vec<Line<'a>>);

impl<'a> Lines<'a> {
    pub(super) fn new(seat: &Seat<'a>) -> Self {
        let followed = seat.project.followed(&seat.environment.name);
        let line = |channel: &'a Channel| {
            let (_, automatic) = position(&channel.lifecycle, &seat.environment.name)?;
            let takes = seat.tenant.is_none_or(|tenant| channel.tenants.fits(&tenant.tags));
            Some(Line { channel, automatic: automatic && followed.contains(&channel.name), takes })
        };
        let channels = seat.project.channels.values();
        let (ours, others): (Vec<Line<'a>>, Vec<Line<'a>>) =
            channels.filter_map(line).partition(|line| followed.contains(&line.channel.name));
        Self(if ours.is_empty() { others } else { ours })
    }

    /// Whether releases enter by themselves, by hand, or (none) not at all.
    pub(super) fn automatic(&self) -> Option<bool> {
        self.0.iter().map(|line| line.automatic).reduce(|any, one| any || one)
    }

    /// Whether the release comes by itself or by hand; none if it is not a candidate.
    pub(super) fn brings(&self, release: &Arc<Release>) -> Option<bool> {
        self.0.iter().find(|line| line.takes && line.channel.name == release.channel).map(|line| line.automatic)
    }

    /// A channel that the tenant would get releases of, if the channel were for it; none if one is.
    pub(super) fn refused(&self) -> Option<&'a ChannelName> {
        let first = self.0.first().map(|line| &line.channel.name);
        first.filter(|_| self.0.iter().all(|line| !line.takes))
    }
}
