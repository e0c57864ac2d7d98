//! Everything of one commit that could be understood: what the checks look at and the catalog is made of.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::build::place::Root;
use super::build::project::ProjectDraft;
use super::build::release::ReleaseDraft;
use super::build::{place, project, release};
use super::cache::Cache;
use super::drafts::{Drafts, Reader};
use super::finding::Finding;
use super::what::{WhatKey, WhatOutcome, what_in};
use crate::model::catalog::{Deploy, SnapshotFault};
use crate::model::{
    CommitId, Environment, EnvironmentName, Lifecycle, LifecycleName, ProjectName, ReleaseName, Target, TargetName,
};
use crate::tree::{FileTree, TreeError};

/// One commit, as far as it could be understood.
pub(crate) struct World {
    pub(crate) drafts: Drafts,
    pub(crate) root: Root,
    pub(crate) environments: BTreeMap<EnvironmentName, Environment>,
    pub(crate) targets: BTreeMap<TargetName, Target>,
    pub(crate) lifecycles: BTreeMap<LifecycleName, Arc<Lifecycle>>,
    pub(crate) projects: BTreeMap<ProjectName, ProjectWorld>,
}

/// One project.
pub(crate) struct ProjectWorld {
    pub(crate) project: Option<ProjectDraft>,
    /// What the head says.
    pub(crate) head: Arc<WhatOutcome>,
    pub(crate) releases: BTreeMap<ReleaseName, ReleaseWorld>,
    pub(crate) deploys: BTreeMap<EnvironmentName, Deploy>,
}

/// One release.
pub(crate) struct ReleaseWorld {
    pub(crate) draft: ReleaseDraft,
    /// Where its *what* comes from; until that is resolved, it has not landed.
    pub(crate) snapshot: Resolved,
}

/// A commit (none for a folder) and its *what*, or why there is none.
pub(crate) type Resolved = Result<(Option<CommitId>, Arc<WhatOutcome>), SnapshotFault>;

/// Understands what was read.
pub(crate) fn build(
    tree: &FileTree,
    drafts: Drafts,
    reader: &mut Reader<'_>,
    whats: &mut Cache<WhatKey, Arc<WhatOutcome>>,
    findings: &mut Vec<Finding>,
) -> Result<World, TreeError> {
    let root = drafts.root.as_ref().map(|draft| place::root(draft, findings)).unwrap_or_default();
    let mut world = World {
        environments: BTreeMap::new(),
        targets: BTreeMap::new(),
        lifecycles: BTreeMap::new(),
        projects: BTreeMap::new(),
        root,
        drafts,
    };
    let drafts = &world.drafts;
    for (name, draft) in &drafts.environments.read {
        world.environments.extend(place::environment(name, draft, findings).map(|built| (name.clone(), built)));
    }
    for (name, draft) in &drafts.targets.read {
        world.targets.extend(place::target(name, draft, &world.root, findings).map(|built| (name.clone(), built)));
    }
    for (name, draft) in &drafts.lifecycles.read {
        let built = place::lifecycle(name, draft, findings).map(|built| (name.clone(), Arc::new(built)));
        world.lifecycles.extend(built);
    }
    for (name, files) in &drafts.projects {
        let head = what_in(tree, name, reader, whats)?;
        findings.extend(head.findings.iter().cloned());
        let mut built = ProjectWorld {
            project: files.project.as_ref().and_then(|draft| project::project(name, draft, findings)),
            head,
            releases: BTreeMap::new(),
            deploys: BTreeMap::new(),
        };
        for (release, draft) in &files.releases.read {
            if let Some(draft) = release::release(release, draft, findings) {
                let unresolved = ReleaseWorld { draft, snapshot: Err(SnapshotFault::NotLanded) };
                built.releases.insert(release.clone(), unresolved);
            }
        }
        for (environment, draft) in &files.deploys.read {
            built.deploys.extend(project::deploy(draft, findings).map(|deploy| (environment.clone(), deploy)));
        }
        world.projects.insert(name.clone(), built);
    }
    Ok(world)
}
