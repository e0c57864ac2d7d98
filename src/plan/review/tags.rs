//! The tags of images, as releases record them: templates name an image by its digest, people by its tag.

use std::collections::BTreeMap;

use crate::compare::ecs::Tags;
use crate::model::{Catalog, Id, Release, ReleaseName};

/// The tags of every release of two commits, by project and release.
#[derive(Debug, Default)]
pub(super) struct TagsOf {
    releases: BTreeMap<Id, BTreeMap<ReleaseName, Tags>>,
    none: Tags,
}

impl TagsOf {
    /// Reads the releases of both commits. What a commit says later of the same release wins.
    pub(super) fn new(catalogs: [&Catalog; 2]) -> Self {
        let mut all = Self::default();
        for project in catalogs.into_iter().flat_map(|catalog| catalog.projects.values()) {
            let releases = all.releases.entry(project.id.clone()).or_default();
            releases.extend(project.releases.iter().map(|(name, release)| (name.clone(), tags(release))));
        }
        all
    }

    /// The tags of a release; none are known of one that neither commit has.
    pub(super) fn of(&self, project: &Id, release: Option<&ReleaseName>) -> &Tags {
        release.and_then(|name| self.releases.get(project)?.get(name)).unwrap_or(&self.none)
    }
}

/// The tags of a release by digest.
pub(super) fn tags(release: &Release) -> Tags {
    let pins = release.images.values();
    pins.filter_map(|pin| Some((pin.digest.clone()?, pin.tag.clone()))).collect()
}
