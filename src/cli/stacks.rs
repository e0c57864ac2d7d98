//! The stacks of a slot, as the commands that render offline go through them.

use std::sync::Arc;

use crate::model::{Catalog, Environment, Id, Names, Project, Release, Tenant, What};
use crate::promote::{Seat, Settled};
use crate::template::{Context, applies};

/// The slots that the head gives a project: in promotion order, the one without a tenant before those of tenants by name.
pub fn seats<'a>(catalog: &'a Catalog, project: &'a Arc<Project>) -> impl Iterator<Item = Seat<'a>> {
    let everybody = || std::iter::once(None).chain(catalog.tenants.values().map(Some));
    let environments = catalog.environments_in_order().into_iter();
    environments
        .flat_map(move |environment| everybody().map(move |tenant| Seat::new(catalog, project, environment, tenant)))
        .filter(|seat| seat.connected)
}

/// A slot with what its stacks are rendered from.
#[derive(Clone, Copy, Debug)]
pub struct Slotted<'a> {
    /// Id of the repository.
    pub repository: &'a Id,
    /// The project.
    pub project: &'a Project,
    /// The environment.
    pub environment: &'a Environment,
    /// The tenant.
    pub tenant: Option<&'a Tenant>,
    /// The release.
    pub release: &'a Release,
    /// What it deploys.
    pub what: &'a What,
    /// The names that the head has.
    pub names: &'a Names,
}

impl<'a> Slotted<'a> {
    /// A slot with the release that it settles to; none where the release has no snapshot, or the repository no id.
    pub fn new(catalog: &'a Catalog, names: &'a Names, slot: &Settled<'a>) -> Option<Self> {
        Some(Self {
            repository: catalog.repository.as_ref()?,
            project: slot.project,
            environment: slot.environment,
            tenant: slot.tenant.map(|tenant| &**tenant),
            release: slot.release,
            what: &slot.release.snapshot.as_ref().ok()?.what,
            names,
        })
    }

    /// What each stack is rendered from: by step, then by target.
    pub fn contexts(self, catalog: &'a Catalog) -> impl Iterator<Item = Context<'a>> {
        let there = catalog
            .targets
            .values()
            .filter(move |target| target.environments.contains(&self.environment.name) && target.takes(self.tenant));
        let all = self.what.steps.iter().flat_map(move |step| {
            there.clone().filter(|target| target.roles.contains(&step.role)).map(move |target| Context {
                repository: self.repository,
                project: self.project,
                release: self.release,
                what: self.what,
                environment: self.environment,
                target,
                tenant: self.tenant,
                step,
                names: self.names,
            })
        });
        all.filter(applies)
    }
}
