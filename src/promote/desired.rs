//! The desired release of every slot.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::catalog::Pin;
use crate::model::decision::{Because, Cause, Waiting};
use crate::model::{
    Catalog, Environment, EnvironmentName, Hold, Location, Project, Release, ReleaseName, Slot, Tenant, Version,
};

use super::gates::position;
use super::{BrokenIndex, Gates, Index};

/// The channel that a slot follows unless told otherwise.
const DEFAULT_CHANNEL: &str = "default";

/// What a slot should carry now.
#[derive(Clone, Debug)]
pub struct Desired<'a> {
    /// The slot.
    pub slot: Slot,
    /// Its project.
    pub project: &'a Arc<Project>,
    /// Its environment.
    pub environment: &'a Arc<Environment>,
    /// Its tenant.
    pub tenant: Option<&'a Arc<Tenant>>,
    /// What it runs, as facts or else stamps say.
    pub runs: Option<ReleaseName>,
    /// What it should carry.
    pub want: Want<'a>,
}

/// What is wanted of a slot.
#[derive(Clone, Debug)]
pub enum Want<'a> {
    /// Nothing, and nothing runs.
    Nothing {
        /// The newest release that could come here.
        next: Option<ReleaseName>,
        /// Why it does not.
        reasons: Vec<Hold>,
    },
    /// This release.
    Carry {
        /// The release.
        release: &'a Arc<Release>,
        /// Why this one.
        because: Because,
        /// Newer releases that wait.
        waiting: Vec<Waiting>,
    },
    /// A release whose gates are closed; meanwhile what it runs.
    Wait {
        /// The release that is wanted.
        wanted: ReleaseName,
        /// What it carries meanwhile; none when it stays exactly as deployed.
        meanwhile: Option<&'a Arc<Release>>,
        /// The closed gates.
        reasons: Vec<Hold>,
    },
    /// Exactly what is deployed: nothing new and nothing removed.
    AsDeployed {
        /// What is wanted, where that can be known.
        wanted: Option<ReleaseName>,
        /// Why.
        reasons: Vec<Hold>,
    },
    /// That its stacks are removed: the deploy file says `release = "none"`.
    Remove {
        /// Where it says so.
        at: Location,
    },
}

/// What every slot of the catalog should carry now: by project, then in promotion order.
///
/// An environment that the project's lifecycle does not name has a slot only where something is pinned or deployed.
pub fn desired<'a>(
    catalog: &'a Catalog,
    index: &Index<'_>,
    broken: &BrokenIndex<'_>,
    now: Timestamp,
) -> Vec<Desired<'a>> {
    let environments = catalog.environments_in_order();
    let mut all = Vec::new();
    for project in catalog.projects.values() {
        let channel = |release: &&Arc<Release>| release.channel.as_str() == DEFAULT_CHANNEL;
        let newest_first: Vec<_> = project.releases_highest_first().into_iter().filter(channel).collect();
        for &environment in &environments {
            let slot = Slot { project: project.id.clone(), environment: environment.id.clone(), tenant: None };
            let runs = index.runs(&slot);
            let chooser = Chooser {
                gates: Gates { catalog, index, now },
                broken,
                project,
                environment,
                slot: &slot,
                runs: runs.as_ref(),
                newest_first: &newest_first,
            };
            if let Some(want) = chooser.want() {
                all.push(Desired { slot, project, environment, tenant: None, runs, want });
            }
        }
    }
    all
}

/// The deploy file of a project for an environment: where pins and allowances are written.
pub fn deploy_file(project: &Project, environment: &EnvironmentName) -> Arc<str> {
    let folder = project.at.file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let between = if folder.is_empty() { "" } else { "/" };
    Arc::from(format!("{folder}{between}deploy/{environment}.toml"))
}

/// Chooses for one slot.
struct Chooser<'c, 'a> {
    gates: Gates<'c>,
    broken: &'c BrokenIndex<'c>,
    project: &'a Arc<Project>,
    environment: &'a Arc<Environment>,
    slot: &'c Slot,
    runs: Option<&'c ReleaseName>,
    newest_first: &'c [&'a Arc<Release>],
}

impl<'a> Chooser<'_, 'a> {
    /// What is wanted; none where the slot does not exist at all.
    fn want(&self) -> Option<Want<'a>> {
        let pin = self.project.pin(&self.environment.name, None).map(|(pin, _)| pin);
        let place = position(self.project, &self.environment.name);
        let deployed = self.runs.is_some() || !self.gates.index.stacks(self.slot).is_empty();
        let in_flight = self.gates.index.in_flight(self.slot).is_some();
        if pin.is_none() && place.is_none() && !deployed && !in_flight {
            return None;
        }
        let broken = self.broken.of_slot(self.project, &self.environment.name, self.slot, self.gates.index);
        if !broken.is_empty() {
            return Some(Want::AsDeployed { wanted: None, reasons: broken });
        }
        Some(match (pin, place) {
            (Some(Pin::None), _) => Want::Remove { at: self.pin_at() },
            (Some(Pin::Release(name)), _) => self.pinned(name),
            (None, Some((_, true))) => self.automatic(),
            (None, Some((_, false))) => {
                let file = deploy_file(self.project, &self.environment.name);
                self.keep(deployed, Cause::Manual { file })
            }
            (None, None) => {
                self.keep(deployed, Cause::NotInLifecycle { lifecycle: self.project.lifecycle().name.clone() })
            }
        })
    }

    /// Rules 1 and 2: the pin.
    fn pinned(&self, name: &ReleaseName) -> Want<'a> {
        let at = self.pin_at();
        let Some(release) = self.project.releases.get(name) else {
            let missing = || Hold::new(Cause::PinnedMissing { release: name.clone(), at: at.clone() });
            let reason = self.broken.of_release(self.project, name).unwrap_or_else(missing);
            return Want::AsDeployed { wanted: Some(name.clone()), reasons: vec![reason] };
        };
        let mut reasons = self.holds(release);
        if reasons.is_empty() {
            return Want::Carry { release, because: Because::Pinned(at), waiting: Vec::new() };
        }
        let waits = self.project.deploy.get(&self.environment.name).is_none_or(|file| file.wait);
        if !waits {
            reasons.iter_mut().for_each(|hold| hold.until = None);
            reasons.insert(0, Hold::new(Cause::Refused { at }));
        }
        Want::Wait { wanted: name.clone(), meanwhile: self.meanwhile(), reasons }
    }

    /// Rule 3: the highest release that the gates let through, never below what runs while its file exists.
    fn automatic(&self) -> Want<'a> {
        if let Some(reason) = self.runs.and_then(|name| self.broken.of_release(self.project, name)) {
            return Want::AsDeployed { wanted: self.runs.cloned(), reasons: vec![reason] };
        }
        let runs = self.runs_release();
        let mut waiting = Vec::new();
        for &release in self.newest_first {
            if runs.is_some_and(|runs| release.name != runs.name && release.version <= runs.version) {
                break;
            }
            let reasons = self.holds(release);
            if reasons.is_empty() {
                return self.carry(release, waiting);
            }
            if runs.is_some_and(|runs| runs.name == release.name) {
                break;
            }
            waiting.push(Waiting { release: release.name.clone(), reasons });
        }
        match (runs, waiting.into_iter().next()) {
            (Some(runs), newest) => {
                let faults = self.holds(runs);
                if faults.is_empty() {
                    return self.carry(runs, newest.into_iter().collect());
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

    /// Rule 4: what it runs. `cause` is why no newer release comes by itself.
    fn keep(&self, deployed: bool, cause: Cause) -> Want<'a> {
        if let Some(release) = self.runs_release() {
            let faults = self.holds(release);
            if !faults.is_empty() {
                return Want::AsDeployed { wanted: Some(release.name.clone()), reasons: faults };
            }
            let newer = self.newest_first.first().filter(|newest| newest.version > release.version);
            let entered = matches!(cause, Cause::Manual { .. });
            let waiting = newer.filter(|_| entered).map(|newest| self.waiting(newest, cause));
            return Want::Carry { release, because: Because::Back, waiting: waiting.into_iter().collect() };
        }
        if let Some(name) = self.runs {
            let gone = || Hold::new(Cause::ReleaseGone { release: name.clone() });
            let reason = self.broken.of_release(self.project, name).unwrap_or_else(gone);
            return Want::AsDeployed { wanted: None, reasons: vec![reason] };
        }
        if deployed {
            return Want::AsDeployed { wanted: None, reasons: vec![Hold::new(cause)] };
        }
        match self.newest_first.first() {
            Some(newest) => {
                let Waiting { release, reasons } = self.waiting(newest, cause);
                Want::Nothing { next: Some(release), reasons }
            }
            None => Want::Nothing { next: None, reasons: vec![Hold::new(Cause::NoRelease)] },
        }
    }

    /// A release in an automatic environment, with the newer ones that wait: of these the newest, and while that one will
    /// not come by time alone, the next.
    fn carry(&self, release: &'a Arc<Release>, waiting: Vec<Waiting>) -> Want<'a> {
        let stuck = |hold: &Hold| matches!(hold.cause, Cause::Blocked { .. } | Cause::Snapshot(_));
        let first_able = waiting.iter().position(|waiting| !waiting.reasons.iter().any(stuck));
        let shown = first_able.map_or(waiting.len(), |place| place + 1);
        let before = self.runs.and_then(|name| Version::parse(name.as_str()));
        let back = self.runs != Some(&release.name) && before.is_some_and(|before| release.version < before);
        let because = if back { Because::Back } else { Because::Automatic };
        Want::Carry { release, because, waiting: waiting.into_iter().take(shown).collect() }
    }

    /// No release is left that could run here.
    fn nothing_left(&self) -> Want<'a> {
        match self.runs {
            Some(release) => {
                let reasons = vec![Hold::new(Cause::ReleaseGone { release: release.clone() })];
                Want::AsDeployed { wanted: None, reasons }
            }
            None => Want::Nothing { next: None, reasons: vec![Hold::new(Cause::NoRelease)] },
        }
    }

    /// A newer release that a manual environment could be given.
    fn waiting(&self, release: &Release, cause: Cause) -> Waiting {
        let mut reasons = self.holds(release);
        reasons.push(Hold::new(cause));
        Waiting { release: release.name.clone(), reasons }
    }

    /// What is carried while a pin waits: what runs, if it runs as a whole. What a failed deployment left behind stays.
    fn meanwhile(&self) -> Option<&'a Arc<Release>> {
        let index = self.gates.index;
        let whole = index.is_whole(self.slot) || !index.ever_ran_anything(self.slot);
        self.runs_release().filter(|release| whole && self.holds(release).is_empty())
    }

    fn runs_release(&self) -> Option<&'a Arc<Release>> {
        self.runs.and_then(|name| self.project.releases.get(name))
    }

    fn holds(&self, release: &Release) -> Vec<Hold> {
        self.gates.holds(self.project, self.environment, self.slot, release, self.runs)
    }

    fn pin_at(&self) -> Location {
        self.project.deploy.get(&self.environment.name).map_or_else(|| self.project.at.clone(), |file| file.at.clone())
    }
}
