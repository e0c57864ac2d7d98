//! What every slot settles to: the release that it carries once everything succeeded and every soak elapsed.

use std::sync::Arc;

use crate::model::catalog::Pin;
use crate::model::{Catalog, Environment, Project, Release};

/// A slot with the release that it settles to.
#[derive(Clone, Copy, Debug)]
pub struct Settled<'a> {
    /// The project.
    pub project: &'a Arc<Project>,
    /// The environment.
    pub environment: &'a Arc<Environment>,
    /// The release.
    pub release: &'a Arc<Release>,
}

/// What every slot settles to, by project, then in promotion order: the pin, or where the lifecycle enters by itself the
/// highest release that can be deployed. Slots that settle to nothing are left out.
pub fn settled(catalog: &Catalog) -> Vec<Settled<'_>> {
    let environments = catalog.environments_in_order();
    let slots = catalog.projects.values().flat_map(|project| environments.iter().map(move |e| (project, *e)));
    slots
        .filter_map(|(project, environment)| {
            let release = match project.pin(&environment.name, None).map(|(pin, _)| pin) {
                Some(Pin::Release(name)) => project.releases.get(name),
                Some(Pin::None) => None,
                None if !enters_by_itself(project, environment) => None,
                None => project
                    .releases_highest_first()
                    .into_iter()
                    .find(|release| release.blocked.is_none() && release.snapshot.is_ok()),
            };
            release.map(|release| Settled { project, environment, release })
        })
        .collect()
}

fn enters_by_itself(project: &Project, environment: &Environment) -> bool {
    project.lifecycle().phases.iter().any(|phase| phase.automatic.contains(&environment.name))
}
