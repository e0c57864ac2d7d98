//! The desired release of every slot.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::decision::{Because, Waiting};
use crate::model::{
    Catalog, Environment, EnvironmentName, Hold, Location, Project, ProjectName, Release, ReleaseName, Slot, Tenant,
};

use super::chooser::Chooser;
use super::slots::slots;
use super::{BrokenIndex, Gates, Index, Seat, thaws};

/// What a slot should carry now.
#[derive(Clone, Debug)]
pub struct Desired<'a> {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    pub project: &'a Arc<Project>,
    pub environment: &'a Arc<Environment>,
    pub tenant: Option<&'a Arc<Tenant>>,
    /// What it runs, as facts or else stamps say.
    pub runs: Option<ReleaseName>,
    /// What it should carry.
    pub want: Want<'a>,
    /// The earliest time at which the release that it waits for ([`Want::Wait`]) can begin by itself: every gate is open
    /// then and no freeze holds. None if it waits for nothing, or for a person.
    pub earliest: Option<Timestamp>,
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
        release: &'a Arc<Release>,
        /// Why this one.
        because: Because,
        /// Newer releases that wait; behind a pin, the newest that would come by itself.
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

/// What every slot of the catalog should carry now: by project, then in promotion order, the one without a tenant before
/// those of tenants by name.
///
/// An environment that no lifecycle of the project names, and a tenant that is not connected to it, have a slot only where
/// something is pinned, deployed or in flight.
pub fn desired<'a>(
    catalog: &'a Catalog,
    index: &Index<'_>,
    broken: &BrokenIndex<'_>,
    now: Timestamp,
) -> Vec<Desired<'a>> {
    let gates = Gates { catalog, index, now, refill: false };
    let mut newest: BTreeMap<&ProjectName, Vec<&Arc<Release>>> = BTreeMap::new();
    let mut all = Vec::new();
    for seat in slots(catalog, index) {
        let newest_first = newest.entry(&seat.project.name).or_insert_with(|| seat.project.releases_highest_first());
        let runs = index.runs(&seat.slot);
        let Some(want) = Chooser::new(gates, broken, &seat, runs.as_ref(), newest_first).want() else { continue };
        let earliest = earliest(catalog, &seat, &want);
        let (project, environment, tenant) = (seat.project, seat.environment, seat.tenant);
        all.push(Desired { slot: seat.slot, project, environment, tenant, runs, want, earliest });
    }
    all
}

/// When what a slot waits for can begin. What waits at a gate never ran there, so every freeze holds it.
fn earliest(catalog: &Catalog, seat: &Seat<'_>, want: &Want<'_>) -> Option<Timestamp> {
    let Want::Wait { reasons, .. } = want else { return None };
    let open = Hold::earliest(reasons)?;
    let tenant = seat.tenant.map(|tenant| &**tenant);
    thaws(catalog, &seat.project.name, &seat.environment.name, tenant, false, open)
}

/// The deploy file of a project for an environment: where pins and allowances are written.
pub fn deploy_file(project: &Project, environment: &EnvironmentName) -> Arc<str> {
    let folder = project.at.file.rsplit_once('/').map_or("", |(folder, _)| folder);
    let between = if folder.is_empty() { "" } else { "/" };
    Arc::from(format!("{folder}{between}deploy/{environment}.toml"))
}
