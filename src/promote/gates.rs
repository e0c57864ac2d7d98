//! The gates between a release and a slot: every reason why the release may not enter it yet.
//!
//! A release goes through the lifecycle of its own channel, whoever pinned it. Each phase before the slot's is judged by
//! the slots of the same tenant; where the tenant is not connected to an environment, the slot without a tenant stands in
//! for it, and where the project has none, that environment does not count. Only proved runs count, and they never stop
//! counting, so a later failure takes nothing back. One exception keeps a new store from waiting for ever: a pinned slot that
//! never ran anything is filled although an earlier environment was past the release from the beginning.

use jiff::Timestamp;

use crate::model::catalog::{Phase, Progress};
use crate::model::decision::Cause;
use crate::model::{Catalog, EnvironmentName, Hold, Lifecycle, Project, Release, ReleaseName, Slot};

use super::slots::judging;
use super::{Index, Seat};

/// What gates are judged by.
#[derive(Clone, Copy, Debug)]
pub struct Gates<'a> {
    /// What the commit says.
    pub catalog: &'a Catalog,
    /// What the past says.
    pub index: &'a Index<'a>,
    /// The time.
    pub now: Timestamp,
    /// The slot is to be filled again: it is pinned, and never ran anything as far as this store knows. Then an earlier
    /// environment that was past the release when this store first deployed there counts as passed: it will not go back.
    pub refill: bool,
}

/// How far a release has come in one environment of a phase.
enum Come {
    Passed,
    Soaking(Hold),
    Missing,
}

impl Gates<'_> {
    /// Why the release may not enter the slot; empty when every gate is open. `runs` is what the slot runs.
    ///
    /// What runs there passes every gate but that of its snapshot. What once ran there, proved, passes every gate but that
    /// and the one of an edited file.
    pub fn holds(&self, seat: &Seat<'_>, release: &Release, runs: Option<&ReleaseName>) -> Vec<Hold> {
        let mut holds = Vec::new();
        if let Err(fault) = &release.snapshot {
            holds.push(Hold::new(Cause::Snapshot(fault.clone())));
        }
        if runs == Some(&release.name) {
            return holds;
        }
        if let Some(landed) = &release.edited {
            holds.push(Hold::new(Cause::Edited { landed: landed.clone(), at: release.at.clone() }));
        }
        if self.index.ever_ran(&seat.slot, &release.name) {
            return holds;
        }
        if let Some(reason) = &release.blocked {
            holds.push(Hold::new(Cause::Blocked { reason: reason.clone() }));
        }
        if !seat.connected {
            holds.push(Hold::new(not_connected(seat)));
        }
        holds.extend(self.channel(seat, release));
        holds
    }

    /// What the release's channel and its lifecycle say.
    fn channel(&self, seat: &Seat<'_>, release: &Release) -> Vec<Hold> {
        let Some(channel) = seat.project.channels.get(&release.channel) else {
            return vec![Hold::new(Cause::ChannelGone { channel: release.channel.clone() })];
        };
        let mut holds = Vec::new();
        if seat.tenant.is_some_and(|tenant| !channel.tenants.fits(&tenant.tags)) {
            holds.push(Hold::new(Cause::ChannelTenants { channel: channel.name.clone() }));
        }
        let lifecycle = &channel.lifecycle;
        match position(lifecycle, &seat.environment.name) {
            None => holds.push(Hold::new(Cause::NotInLifecycle { lifecycle: lifecycle.name.clone() })),
            Some((place, _)) => {
                let before = lifecycle.phases.iter().take(place);
                holds.extend(before.flat_map(|phase| self.phase(seat, phase, release)));
            }
        }
        holds
    }

    /// Why an earlier phase does not let the release on; empty when it is passed. Of environments in which it only has to
    /// soak, those are named that open the phase first.
    fn phase(&self, seat: &Seat<'_>, phase: &Phase, release: &Release) -> Vec<Hold> {
        let tenant = seat.tenant.map(|tenant| &**tenant);
        let judges = |environment| Some((environment, judging(self.catalog, seat.project, environment, tenant)?));
        let judging: Vec<(&EnvironmentName, Slot)> = phase.environments().filter_map(judges).collect();
        let needed = match phase.progress {
            _ if judging.is_empty() => return Vec::new(),
            Progress::Optional => return Vec::new(),
            Progress::All => judging.len(),
            Progress::Minimum(least) => least.max(1) as usize,
        };
        let (mut passed, mut soaking, mut missing) = (0, Vec::new(), Vec::new());
        for (environment, slot) in judging {
            match self.come(&slot, phase, environment, release) {
                Come::Passed => passed += 1,
                Come::Missing if self.refill && self.was_past(seat.project, &slot, release) => passed += 1,
                Come::Soaking(hold) => soaking.push(hold),
                Come::Missing => missing.push(environment.clone()),
            }
        }
        if passed >= needed {
            return Vec::new();
        }
        soaking.sort_by_key(|hold| (hold.until.is_none(), hold.until));
        soaking.truncate(needed - passed);
        let mut holds = Vec::new();
        if passed + soaking.len() < needed {
            let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
            holds.push(Hold::new(Cause::Phase {
                phase: phase.name.clone(),
                needed: count(needed - soaking.len()),
                passed: count(passed),
                missing,
            }));
        }
        holds.extend(soaking);
        holds
    }

    /// Whether everything that this store knows of an earlier slot came after the release, which was there already when the
    /// first of it was deployed: a newer release of the same channel came first, it succeeded, and this one was never tried.
    fn was_past(&self, project: &Project, there: &Slot, release: &Release) -> bool {
        let Some((first, at)) = self.index.first(there) else { return false };
        let Some(first) = project.releases.get(first) else { return false };
        let landed = self.index.landed(&project.id, &release.name).is_some_and(|landed| landed <= at);
        let tried = self.index.tried(there).any(|tried| tried.release == release.name);
        let newer = first.channel == release.channel && first.version > release.version;
        newer && landed && !tried && self.index.ever_ran_anything(there)
    }

    /// How far the release has come in one slot of an earlier phase.
    fn come(&self, there: &Slot, phase: &Phase, environment: &EnvironmentName, release: &Release) -> Come {
        let Some(longest) = self.index.longest(there, &release.name, self.now) else { return Come::Missing };
        if longest.lasted >= phase.soak {
            return Come::Passed;
        }
        Come::Soaking(Hold {
            cause: Cause::Soak {
                environment: environment.clone(),
                needed: phase.soak,
                so_far: longest.lasted,
                running: longest.running_since.is_some(),
                starved_by: longest.starved_by,
            },
            since: longest.running_since,
            until: longest.running_since.and_then(|since| since.checked_add(phase.soak).ok()),
        })
    }
}

/// Why a slot that the head does not give the project gets nothing new.
pub(super) fn not_connected(seat: &Seat<'_>) -> Cause {
    Cause::NotConnected { tenant: seat.tenant.map(|tenant| tenant.name.clone()) }
}

/// The phase, from 0, in which a lifecycle has the environment, and whether it is entered automatically.
pub fn position(lifecycle: &Lifecycle, environment: &EnvironmentName) -> Option<(usize, bool)> {
    lifecycle.phases.iter().enumerate().find_map(|(place, phase)| {
        if phase.automatic.contains(environment) {
            Some((place, true))
        } else {
            phase.manual.contains(environment).then_some((place, false))
        }
    })
}
