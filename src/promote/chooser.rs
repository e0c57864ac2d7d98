//! Chooses the release of one slot: its pin; where a followed channel's lifecycle enters by itself, the highest release
//! that the gates let through; otherwise what it runs.
//!
//! What comes by itself never goes down: not below a release that ever ran in the slot and whose file exists, and no
//! blocked release comes back by itself. A pin may do both.

use std::sync::Arc;

use crate::model::catalog::{Phase, Pin};
use crate::model::decision::{Because, Cause, Waiting};
use crate::model::{Hold, Location, Release, ReleaseName, Version};

use super::desired::{Want, deploy_file};
use super::gates::{not_connected, position};
use super::lines::Lines;
use super::{BrokenIndex, Gates, Seat};

/// Chooses for one slot.
pub(super) struct Chooser<'c, 'a> {
    gates: Gates<'c>,
    broken: &'c BrokenIndex<'c>,
    seat: &'c Seat<'a>,
    runs: Option<&'c ReleaseName>,
    newest_first: &'c [&'a Arc<Release>],
    lines: Lines<'a>,
}

impl<'c, 'a> Chooser<'c, 'a> {
    /// `newest_first` are the project's releases.
    pub(super) fn new(
        gates: Gates<'c>,
        broken: &'c BrokenIndex<'c>,
        seat: &'c Seat<'a>,
        runs: Option<&'c ReleaseName>,
        newest_first: &'c [&'a Arc<Release>],
    ) -> Self {
        Self { gates, broken, seat, runs, newest_first, lines: Lines::new(seat) }
    }

    /// What is wanted; none if the slot does not exist at all.
    pub(super) fn want(&self) -> Option<Want<'a>> {
        let seat = self.seat;
        let pin = self.pin();
        let entered = self.lines.automatic().filter(|_| seat.connected);
        let deployed = self.runs.is_some() || !self.gates.index.stacks(&seat.slot).is_empty();
        let in_flight = self.gates.index.in_flight(&seat.slot).is_some();
        if pin.is_none() && entered.is_none() && !deployed && !in_flight {
            return None;
        }
        let broken = self.broken.of_slot(seat, self.gates.index);
        if !broken.is_empty() {
            return Some(Want::AsDeployed { wanted: None, reasons: broken });
        }
        Some(match (pin, entered) {
            (Some((Pin::None, at)), _) => Want::Remove { at: at.clone() },
            (Some((Pin::Release(name), at)), _) => self.pinned(name, at),
            (None, Some(true)) => self.automatic(),
            (None, Some(false)) => self.keep(deployed, self.manual()),
            (None, None) if seat.connected => {
                let lifecycle = seat.project.lifecycle().name.clone();
                self.keep(deployed, Cause::NotInLifecycle { lifecycle })
            }
            (None, None) => self.keep(deployed, not_connected(seat)),
        })
    }

    /// The pin that is meant for the slot: where the head gives the project none here, the file's `release` moves nothing,
    /// only a line of its own does, or `release = "none"` for all.
    fn pin(&self) -> Option<(&'a Pin, &'a Location)> {
        let (project, environment) = (self.seat.project, &self.seat.environment.name);
        let tenant = self.seat.tenant.map(|tenant| &tenant.name);
        let (pin, at) = project.pin(environment, tenant)?;
        let file = project.deploy.get(environment)?;
        let own = tenant.is_some_and(|tenant| file.tenants.contains_key(tenant));
        (self.seat.connected || own || *pin == Pin::None).then_some((pin, at))
    }

    fn manual(&self) -> Cause {
        Cause::Manual { file: deploy_file(self.seat.project, &self.seat.environment.name) }
    }

    /// Rules 1 and 2: the pin.
    fn pinned(&self, name: &ReleaseName, at: &Location) -> Want<'a> {
        let project = self.seat.project;
        let Some(release) = project.releases.get(name) else {
            let missing = || Hold::new(Cause::PinnedMissing { release: name.clone(), at: at.clone() });
            let reason = self.broken.of_release(project, name).unwrap_or_else(missing);
            return Want::AsDeployed { wanted: Some(name.clone()), reasons: vec![reason] };
        };
        let refill = self.gates.index.ever(&self.seat.slot).next().is_none();
        let mut reasons = Gates { refill, ..self.gates }.holds(self.seat, release, self.runs);
        if reasons.is_empty() {
            let waiting = self.behind_pin(release, at).into_iter().collect();
            return Want::Carry { release, because: Because::Pinned(at.clone()), waiting };
        }
        let waits = project.deploy.get(&self.seat.environment.name).is_none_or(|file| file.wait);
        if !waits {
            reasons.iter_mut().for_each(|hold| hold.until = None);
            reasons.insert(0, Hold::new(Cause::Refused { at: at.clone() }));
        }
        Want::Wait { wanted: name.clone(), meanwhile: self.meanwhile(), reasons }
    }

    /// The newest release that would come by itself, were it not for the pin.
    fn behind_pin(&self, pinned: &Release, at: &Location) -> Option<Waiting> {
        if !self.seat.connected {
            return None;
        }
        let newer = self.newest_first.iter().take_while(|release| release.version > pinned.version);
        let release = newer.copied().find(|release| self.lines.brings(release) == Some(true))?;
        let mut reasons = self.by_itself(release);
        reasons.push(Hold::new(Cause::PinHolds { at: at.clone() }));
        Some(Waiting { release: release.name.clone(), reasons })
    }

    /// Rule 3: the highest release that the gates let through, never below one that ever ran here while its file exists.
    fn automatic(&self) -> Want<'a> {
        let project = self.seat.project;
        if let Some(reason) = self.runs.and_then(|name| self.broken.of_release(project, name)) {
            return Want::AsDeployed { wanted: self.runs.cloned(), reasons: vec![reason] };
        }
        let floor = self.floor();
        let mut waiting = Vec::new();
        for &release in
            self.newest_first.iter().take_while(|release| floor.is_none_or(|floor| release.version >= *floor))
        {
            let Some(automatic) = self.lines.brings(release) else { continue };
            let mut reasons = self.by_itself(release);
            let runs = self.runs == Some(&release.name);
            if !runs {
                reasons.extend(self.soak_queue());
                reasons.extend((!automatic).then(|| Hold::new(self.manual())));
            }
            if reasons.is_empty() {
                return self.carry(release, waiting);
            }
            if runs {
                break;
            }
            waiting.push(Waiting { release: release.name.clone(), reasons });
        }
        match (self.runs_release(), waiting.first().cloned()) {
            (Some(runs), _) => {
                let faults = self.holds(runs);
                if faults.is_empty() {
                    return self.carry(runs, waiting);
                }
                Want::AsDeployed { wanted: Some(runs.name.clone()), reasons: faults }
            }
            (None, Some(Waiting { release, reasons })) if self.runs.is_some() => {
                Want::AsDeployed { wanted: Some(release), reasons }
            }
            (None, Some(Waiting { release, reasons })) => Want::Nothing { next: Some(release), reasons },
            (None, None) => self.nothing_left(),
        }
    }

    /// The version below which nothing comes by itself: the highest that ever ran here and whose file exists.
    fn floor(&self) -> Option<&'a Version> {
        let project = self.seat.project;
        let ever = self.gates.index.ever(&self.seat.slot).filter_map(|name| project.releases.get(name));
        ever.chain(self.runs_release()).map(|release| &release.version).max()
    }

    /// Why a release does not come by itself, in addition to whether its channel enters so: what ran here before and was blocked
    /// since does not come back.
    fn by_itself(&self, release: &Release) -> Vec<Hold> {
        let mut reasons = self.holds(release);
        if self.runs == Some(&release.name) {
            return reasons;
        }
        let blocked = |hold: &Hold| matches!(hold.cause, Cause::Blocked { .. });
        if let Some(reason) = release.blocked.clone().filter(|_| !reasons.iter().any(blocked)) {
            reasons.push(Hold::new(Cause::Blocked { reason }));
        }
        reasons
    }

    /// The reason that the release which soaks here gives to every newer one, where its phase says `soak_queue`. A blocked
    /// one has nothing to wait for.
    fn soak_queue(&self) -> Option<Hold> {
        let runs = self.runs_release().filter(|runs| runs.blocked.is_none())?;
        let phase = self.phase_of(runs).filter(|phase| phase.soak_queue)?;
        let longest = self.gates.index.longest(&self.seat.slot, &runs.name, self.gates.now)?;
        let since = longest.running_since.filter(|_| longest.lasted < phase.soak)?;
        Some(Hold {
            cause: Cause::SoakQueue { release: runs.name.clone() },
            since: Some(since),
            until: since.checked_add(phase.soak).ok(),
        })
    }

    /// The phase in which the release's lifecycle enters the slot's environment by itself.
    fn phase_of(&self, release: &Release) -> Option<&'a Phase> {
        let lifecycle = self.seat.project.lifecycle_of(release);
        let (place, automatic) = position(lifecycle, &self.seat.environment.name)?;
        lifecycle.phases.get(place).filter(|_| automatic)
    }

    /// Rule 4: what it runs. `cause` is why no newer release comes by itself.
    fn keep(&self, deployed: bool, cause: Cause) -> Want<'a> {
        let newest = self.newest_first.iter().copied().find(|release| self.lines.brings(release).is_some());
        if let Some(release) = self.runs_release() {
            let faults = self.holds(release);
            if !faults.is_empty() {
                return Want::AsDeployed { wanted: Some(release.name.clone()), reasons: faults };
            }
            let newer = newest.filter(|newest| newest.version > release.version);
            let entered = matches!(cause, Cause::Manual { .. });
            let waiting = newer.filter(|_| entered).map(|newest| self.waiting(newest, cause));
            return Want::Carry { release, because: Because::Back, waiting: waiting.into_iter().collect() };
        }
        if let Some(name) = self.runs {
            let gone = || Hold::new(Cause::ReleaseGone { release: name.clone() });
            let reason = self.broken.of_release(self.seat.project, name).unwrap_or_else(gone);
            return Want::AsDeployed { wanted: None, reasons: vec![reason] };
        }
        if deployed {
            return Want::AsDeployed { wanted: None, reasons: vec![Hold::new(cause)] };
        }
        match newest {
            Some(newest) => {
                let Waiting { release, reasons } = self.waiting(newest, cause);
                Want::Nothing { next: Some(release), reasons }
            }
            None => self.nothing_left(),
        }
    }

    /// A release in an automatic environment, with the newer ones that wait: of these the newest, and while that one will
    /// not come by itself, the next.
    fn carry(&self, release: &'a Arc<Release>, waiting: Vec<Waiting>) -> Want<'a> {
        let stuck = |hold: &Hold| {
            matches!(
                hold.cause,
                Cause::Blocked { .. } | Cause::Edited { .. } | Cause::Snapshot(_) | Cause::Manual { .. }
            )
        };
        let first_able = waiting.iter().position(|waiting| !waiting.reasons.iter().any(stuck));
        let shown = first_able.map_or(waiting.len(), |place| place + 1);
        let before = self.runs.and_then(|name| Version::parse(name.as_str()));
        let back = self.runs != Some(&release.name) && before.is_some_and(|before| release.version < before);
        let because = if back { Because::Back } else { Because::Automatic };
        Want::Carry { release, because, waiting: waiting.into_iter().take(shown).collect() }
    }

    /// No release is left that could run here.
    fn nothing_left(&self) -> Want<'a> {
        if let Some(release) = self.runs {
            let reasons = vec![Hold::new(Cause::ReleaseGone { release: release.clone() })];
            return Want::AsDeployed { wanted: None, reasons };
        }
        let cause = match self.lines.refused() {
            Some(channel) => Cause::ChannelTenants { channel: channel.clone() },
            None => Cause::NoRelease,
        };
        Want::Nothing { next: None, reasons: vec![Hold::new(cause)] }
    }

    /// A newer release that an environment could be given by hand.
    fn waiting(&self, release: &Release, cause: Cause) -> Waiting {
        let mut reasons = self.holds(release);
        if !reasons.iter().any(|hold| hold.cause == cause) {
            reasons.push(Hold::new(cause));
        }
        Waiting { release: release.name.clone(), reasons }
    }

    /// What is carried while a pin waits: what runs, if it runs as a whole. What a failed deployment left behind stays.
    fn meanwhile(&self) -> Option<&'a Arc<Release>> {
        let (index, slot) = (self.gates.index, &self.seat.slot);
        let whole = index.is_whole(slot) || !index.ever_ran_anything(slot) || index.unproved(slot).is_some();
        self.runs_release().filter(|release| whole && self.holds(release).is_empty())
    }

    fn runs_release(&self) -> Option<&'a Arc<Release>> {
        self.runs.and_then(|name| self.seat.project.releases.get(name))
    }

    fn holds(&self, release: &Release) -> Vec<Hold> {
        self.gates.holds(self.seat, release, self.runs)
    }
}
