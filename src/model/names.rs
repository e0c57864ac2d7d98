//! The names that scopes can mean, as one commit has them.
//!
//! A release keeps those of its snapshot, so that a value that is scoped to a name which is gone can be told from one that
//! never meant the slot.

use std::collections::BTreeSet;

use super::catalog::{Catalog, Subject};
use super::{EnvironmentName, Tag, TargetName, TenantName};

/// Environments, targets and tenants by name, and tags, as one commit has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Stems of files in `environments/`.
    pub environments: BTreeSet<EnvironmentName>,
    /// Stems of files in `targets/`.
    pub targets: BTreeSet<TargetName>,
    /// Stems of files in `tenants/`.
    pub tenants: BTreeSet<TenantName>,
    /// Every tag of `[tag_sets]` in `landfall.toml`.
    pub tags: BTreeSet<Tag>,
}

impl Names {
    /// The names of a catalog. What is there but cannot be read is there. Costs a copy of every name: once per plan.
    pub fn of(catalog: &Catalog) -> Self {
        let tags = catalog
            .tag_sets
            .iter()
            .flat_map(|(set, tags)| tags.iter().map(|tag| Tag { set: set.clone(), tag: tag.clone() }));
        let mut names = Self {
            environments: catalog.environments.keys().cloned().collect(),
            targets: catalog.targets.keys().cloned().collect(),
            tenants: catalog.tenants.keys().cloned().collect(),
            tags: tags.collect(),
        };
        for broken in &catalog.broken {
            match &broken.subject {
                Subject::Environment(name) => drop(names.environments.insert(name.clone())),
                Subject::Target(name) => drop(names.targets.insert(name.clone())),
                Subject::Tenant(name) => drop(names.tenants.insert(name.clone())),
                _ => {}
            }
        }
        names
    }
}
