//! The stacks of a slot, as the commands that render offline go through them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::catalog::{ImagePin, Snapshot};
use crate::model::edition::EDITION;
use crate::model::{
    Catalog, Channel, Environment, Hash, Id, Names, Project, Release, ReleaseName, Step, Tenant, Version, What,
};
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
    /// A slot with the release that it settles to; none if the release has no snapshot, or the repository no id.
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

    /// The steps of its release.
    pub fn steps(&self) -> &'a [Arc<Step>] {
        &self.what.steps
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
                catalog,
            })
        });
        all.filter(applies)
    }
}

/// Every slot that releases of a project can come to, with the release that would be made for it from the head: for each
/// channel its highest one, or one that stands for it.
pub fn heads<'a>(catalog: &'a Catalog, project: &'a Arc<Project>) -> Vec<(Arc<Release>, Seat<'a>)> {
    let Some(what) = &project.head else { return Vec::new() };
    let seats: Vec<Seat<'a>> = seats(catalog, project).collect();
    let mut all = Vec::new();
    for channel in project.channels.values() {
        let Some(release) = release_for(project, channel, what) else { continue };
        let there = seats.iter().filter(|seat| goes_to(channel, seat));
        all.extend(there.map(|seat| (release.clone(), seat.clone())));
    }
    all
}

/// What each stack of these slots is rendered from, by the head's process.
pub fn head_contexts<'a>(
    catalog: &'a Catalog,
    project: &'a Arc<Project>,
    names: &'a Names,
    heads: &'a [(Arc<Release>, Seat<'a>)],
) -> impl Iterator<Item = Context<'a>> {
    let known = catalog.repository.as_ref().zip(project.head.as_deref());
    let slots = known.into_iter().flat_map(move |(repository, what)| {
        heads.iter().map(move |(release, seat)| Slotted {
            repository,
            project,
            environment: seat.environment,
            tenant: seat.tenant.map(|tenant| &**tenant),
            release,
            what,
            names,
        })
    });
    slots.flat_map(|slot| slot.contexts(catalog))
}

/// Whether releases of the channel can come to the slot.
fn goes_to(channel: &Channel, seat: &Seat<'_>) -> bool {
    let mut entered = channel.lifecycle.phases.iter().flat_map(|phase| phase.environments());
    entered.any(|environment| *environment == seat.environment.name)
        && seat.tenant.is_none_or(|tenant| channel.tenants.fits(&tenant.tags))
}

/// The channel's highest release that the head's process can be rendered with; before the first one, one that stands for it.
fn release_for(project: &Project, channel: &Channel, what: &Arc<What>) -> Option<Arc<Release>> {
    let complete = |release: &&Arc<Release>| {
        release.channel == channel.name && what.images.keys().all(|image| release.images.contains_key(image))
    };
    if let Some(release) = project.releases_highest_first().into_iter().find(complete) {
        let mut release = Release::clone(release);
        // The release that would be made is held to every rule, whatever this one is held to.
        if let Ok(snapshot) = &mut release.snapshot {
            snapshot.rules = EDITION;
        }
        return Some(Arc::new(release));
    }
    let name = ReleaseName::new("0").ok()?;
    let pin = ImagePin {
        tag: Arc::from("0"),
        digest: Some(Arc::from(format!("sha256:{}", "0".repeat(64)))),
        platforms: BTreeMap::new(),
    };
    Some(Arc::new(Release {
        version: Version::parse(name.as_str())?,
        name,
        format: crate::load::FORMAT,
        channel: channel.name.clone(),
        images: what.images.keys().map(|image| (image.clone(), pin.clone())).collect(),
        inputs: None,
        blocked: None,
        edited: None,
        snapshot: Ok(Snapshot { commit: None, what: what.clone(), names: Arc::default(), rules: EDITION }),
        content: Hash::of(b""),
        at: project.at.clone(),
    }))
}
