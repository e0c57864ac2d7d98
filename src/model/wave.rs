//! Waves: the order in which the tenants or the targets of one environment get a release.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::SignedDuration;

use super::tenant::{Tag, TagFilter};
use super::{EnvironmentName, Location};

/// `[waves]` in `project.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Waves {
    /// What is ordered.
    pub of: WavesOf,
    /// Where waves are kept; empty for every environment.
    pub environments: BTreeSet<EnvironmentName>,
    /// Groups in their order. Whoever fits none comes after the last, as a group of its own.
    pub groups: Vec<Wave>,
}

impl Waves {
    /// The position of whatever has these tags, from 0: the first group that it fits, or the one after the last.
    pub fn position(&self, tags: &BTreeSet<Tag>) -> usize {
        self.groups.iter().position(|wave| wave.tags.fits(tags)).unwrap_or(self.groups.len())
    }

    /// Whether waves are kept in the environment.
    pub fn apply_in(&self, environment: &EnvironmentName) -> bool {
        self.environments.is_empty() || self.environments.contains(environment)
    }
}

/// What waves order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WavesOf {
    /// Tenants: each is a slot, with deployments of its own.
    Tenants,
    /// Targets: the stacks of one deployment.
    Targets,
}

/// `[[waves.group]]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Wave {
    /// Its title.
    pub name: Arc<str>,
    /// Who is in it; empty for all that are in no earlier one.
    pub tags: TagFilter,
    /// How many may be deployed to at a time; none for all of them.
    pub concurrency: Option<u32>,
    /// How long the whole group must have run before the next one begins.
    pub soak: SignedDuration,
    /// How many of the group may fail before the groups after it are stopped: 0 by default.
    pub failures: u32,
    /// Where it is written.
    pub at: Location,
}
