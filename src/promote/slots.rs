//! The slots of a commit: where the head gives a project one, and where something is pinned, deployed or in flight.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::catalog::{Subject, Unnamed};
use crate::model::tenant::Tenancy;
use crate::model::{Catalog, Environment, EnvironmentName, Id, Project, Slot, Target, Tenant};

use super::Index;

/// A slot, with what its ids mean at the head.
#[derive(Clone, Debug)]
pub struct Seat<'a> {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    pub project: &'a Arc<Project>,
    pub environment: &'a Arc<Environment>,
    pub tenant: Option<&'a Arc<Tenant>>,
    /// The head gives the project a slot here: by its `tenancy`, and for a tenant because it is connected. Others are only
    /// there because something is pinned, deployed or in flight.
    pub connected: bool,
}

impl<'a> Seat<'a> {
    /// The slot of a project in an environment, for a tenant or without one.
    pub fn new(
        catalog: &Catalog,
        project: &'a Arc<Project>,
        environment: &'a Arc<Environment>,
        tenant: Option<&'a Arc<Tenant>>,
    ) -> Self {
        let connected = match tenant {
            Some(tenant) => project.tenancy.tenanted() && tenant.is_connected(&project.name, &environment.name),
            None => is_untenanted(catalog, project, &environment.name),
        };
        let tenant_id = tenant.map(|tenant| tenant.id.clone());
        let slot = Slot { project: project.id.clone(), environment: environment.id.clone(), tenant: tenant_id };
        Self { slot, project, environment, tenant, connected }
    }
}

/// Every slot of the commit: by project, then in promotion order, the one without a tenant before those of tenants by name.
///
/// Slots of projects, environments or tenants that the commit does not have are left out: nothing at the head says
/// anything of them. The cost is one look per project, environment and tenant.
pub fn slots<'a>(catalog: &'a Catalog, index: &Index<'_>) -> Vec<Seat<'a>> {
    let environments = catalog.environments_in_order();
    let mut known: BTreeMap<(&Id, &Id), BTreeSet<Option<&Id>>> = BTreeMap::new();
    let there = index.slots();
    for slot in &there {
        known.entry((&slot.project, &slot.environment)).or_default().insert(slot.tenant.as_ref());
    }
    let mut all = Vec::new();
    for project in catalog.projects.values() {
        for &environment in &environments {
            let known = known.get(&(&project.id, &environment.id));
            let seats = everybody(catalog).map(|tenant| Seat::new(catalog, project, environment, tenant));
            all.extend(seats.filter(|seat| {
                seat.connected || pinned(seat) || known.is_some_and(|known| known.contains(&seat.slot.tenant.as_ref()))
            }));
        }
    }
    all
}

/// The slots that the head gives its projects: by project, then in promotion order.
pub(super) fn connected(catalog: &Catalog) -> impl Iterator<Item = Seat<'_>> {
    let environments = catalog.environments_in_order();
    catalog
        .projects
        .values()
        .flat_map(move |project| environments.clone().into_iter().map(move |environment| (project, environment)))
        .flat_map(move |(project, environment)| {
            everybody(catalog).map(move |tenant| Seat::new(catalog, project, environment, tenant))
        })
        .filter(|seat| seat.connected)
}

/// Whether the project has a slot without a tenant in the environment. One that is deployed both ways has it only where a
/// target without tenants offers a role that a step at the head asks for: an environment whose targets are all for tenants
/// is one of tenants. A target whose file is broken could be that one.
fn is_untenanted(catalog: &Catalog, project: &Project, environment: &EnvironmentName) -> bool {
    let offers = |target: &Target| match &project.head {
        Some(what) => {
            what.steps.iter().any(|step| target.roles.contains(&step.role) && step.only.fits(environment, None, None))
        }
        None => true,
    };
    let open = || {
        let mut here = catalog.targets.values().filter(|target| target.environments.contains(environment));
        here.any(|target| target.takes(None) && offers(target))
    };
    let is_target = |subject: &Subject| matches!(subject, Subject::Target(_) | Subject::Unnamed(Unnamed::Target));
    let hidden = || catalog.broken.iter().any(|broken| is_target(&broken.subject));
    match project.tenancy {
        Tenancy::Untenanted => true,
        Tenancy::Tenanted => false,
        Tenancy::Both => open() || hidden(),
    }
}

/// No tenant, then every tenant.
fn everybody(catalog: &Catalog) -> impl Iterator<Item = Option<&Arc<Tenant>>> {
    std::iter::once(None).chain(catalog.tenants.values().map(Some))
}

/// Whether a line of the deploy file names the tenant.
fn pinned(seat: &Seat<'_>) -> bool {
    let file = seat.project.deploy.get(&seat.environment.name);
    seat.tenant.is_some_and(|tenant| file.is_some_and(|file| file.tenants.contains_key(&tenant.name)))
}

/// The slot of the same project by which an environment judges: the tenant's own where it is connected to it, otherwise
/// the one without a tenant, where the project has those. None if the environment does not count for the tenant.
///
/// An environment whose file is broken has the id that its name gives it.
pub fn judging(
    catalog: &Catalog,
    project: &Project,
    environment: &EnvironmentName,
    tenant: Option<&Tenant>,
) -> Option<Slot> {
    let own = tenant.filter(|tenant| project.tenancy.tenanted() && tenant.is_connected(&project.name, environment));
    if tenant.is_some() && own.is_none() && !is_untenanted(catalog, project, environment) {
        return None;
    }
    let known = catalog.environments.get(environment).map(|environment| environment.id.clone());
    Some(Slot {
        project: project.id.clone(),
        environment: known.unwrap_or_else(|| Id::from(environment)),
        tenant: own.map(|tenant| tenant.id.clone()),
    })
}
