//! What every slot settles to: the release that it carries once everything succeeded, every soak elapsed and no freeze holds.

use std::sync::Arc;

use crate::model::catalog::{Pin, SnapshotFault};
use crate::model::{Catalog, Environment, Project, ProjectName, Release, ReleaseName, Slot, Tenant};

use super::Seat;
use super::lines::Lines;
use super::slots::connected;

/// A slot with the release that it settles to.
#[derive(Clone, Copy, Debug)]
pub struct Settled<'a> {
    pub project: &'a Arc<Project>,
    pub environment: &'a Arc<Environment>,
    pub tenant: Option<&'a Arc<Tenant>>,
    pub release: &'a Arc<Release>,
}

/// What every slot of the head settles to, by project, then in promotion order, the one without a tenant before tenants:
/// the pin, or where a followed channel's lifecycle enters by itself the highest release that can be deployed. Slots that
/// settle to nothing are left out, and so are those that only the past knows. It counts every phase as passed, also one
/// that must be pinned first.
pub fn settled(catalog: &Catalog) -> Vec<Settled<'_>> {
    connected(catalog)
        .filter_map(|seat| {
            let release = release(&seat)?;
            Some(Settled { project: seat.project, environment: seat.environment, tenant: seat.tenant, release })
        })
        .collect()
}

/// Every release that a slot may have had by what the head says: the one that it settles to, and those below it that enter by
/// themselves. What was pinned before, only facts know.
pub fn past(catalog: &Catalog) -> Vec<(Slot, ReleaseName)> {
    let mut all = Vec::new();
    for seat in connected(catalog) {
        let Some(settled) = release(&seat) else { continue };
        let lines = Lines::new(&seat);
        let below = seat.project.releases.values().filter(|release| {
            release.version < settled.version && release.snapshot.is_ok() && lines.brings(release) == Some(true)
        });
        all.extend(below.chain([settled]).map(|release| (seat.slot.clone(), release.name.clone())));
    }
    all
}

/// The releases that slots would settle to, or could, and whose snapshot is not known: pinned ones, and automatic ones above
/// those that can be read.
pub fn unreadable(catalog: &Catalog) -> Vec<(&ProjectName, &ReleaseName, &SnapshotFault)> {
    let mut all = Vec::new();
    for seat in connected(catalog) {
        let tenant = seat.tenant.map(|tenant| &tenant.name);
        let releases: Vec<&Arc<Release>> = match seat.project.pin(&seat.environment.name, tenant) {
            Some((Pin::Release(name), _)) => seat.project.releases.get(name).into_iter().collect(),
            Some((Pin::None, _)) => Vec::new(),
            None => {
                let lines = Lines::new(&seat);
                let comes = |release: &&Arc<Release>| release.blocked.is_none() && lines.brings(release) == Some(true);
                let highest = seat.project.releases_highest_first().into_iter().filter(comes);
                highest.take_while(|release| release.snapshot.is_err()).collect()
            }
        };
        for release in releases {
            let fault = release.snapshot.as_ref().err();
            all.extend(fault.map(|fault| (&seat.project.name, &release.name, fault)));
        }
    }
    all
}

fn release<'a>(seat: &Seat<'a>) -> Option<&'a Arc<Release>> {
    let tenant = seat.tenant.map(|tenant| &tenant.name);
    match seat.project.pin(&seat.environment.name, tenant) {
        Some((Pin::Release(name), _)) => seat.project.releases.get(name),
        Some((Pin::None, _)) => None,
        None => {
            let lines = Lines::new(seat);
            let able = |release: &&Arc<Release>| {
                release.blocked.is_none() && release.snapshot.is_ok() && lines.brings(release) == Some(true)
            };
            seat.project.releases_highest_first().into_iter().find(able)
        }
    }
}
