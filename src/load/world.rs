//! Everything of one commit that could be read: the input of the checks and of the catalog.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::build::accept::Written;
use super::build::place::Root;
use super::build::project::ProjectDraft;
use super::build::release::ReleaseDraft;
use super::build::{accept, freeze, place, project, release, tenant};
use super::cache::Cache;
use super::drafts::{Drafts, Reader};
use super::finding::Finding;
use super::what::{WhatKey, WhatOutcome, what_in};
use crate::model::catalog::{Deploy, Phase, SnapshotFault};
use crate::model::{
    CommitId, Environment, EnvironmentName, Freeze, FreezeName, Lifecycle, LifecycleName, Names, ProjectName,
    ReleaseName, Tag, Target, TargetName, Tenant, TenantName,
};
use crate::tree::{FileTree, TreeError};

/// One commit, as far as it could be understood.
pub(crate) struct World {
    pub(crate) drafts: Drafts,
    pub(crate) root: Root,
    pub(crate) environments: BTreeMap<EnvironmentName, Environment>,
    pub(crate) targets: BTreeMap<TargetName, Target>,
    pub(crate) tenants: BTreeMap<TenantName, Tenant>,
    pub(crate) freezes: BTreeMap<FreezeName, Freeze>,
    pub(crate) lifecycles: BTreeMap<LifecycleName, Arc<Lifecycle>>,
    pub(crate) projects: BTreeMap<ProjectName, ProjectWorld>,
    /// The `[[accept]]` of every file.
    pub(crate) accepts: Vec<Written>,
    /// Scopes of variables that were compared with another one: counted, so that a test can bound it.
    pub(crate) compared: Cell<u64>,
}

pub(crate) struct ProjectWorld {
    pub(crate) project: Option<ProjectDraft>,
    /// What the head says.
    pub(crate) head: Arc<WhatOutcome>,
    pub(crate) releases: BTreeMap<ReleaseName, ReleaseWorld>,
    pub(crate) deploys: BTreeMap<EnvironmentName, Deploy>,
}

pub(crate) struct ReleaseWorld {
    pub(crate) draft: ReleaseDraft,
    /// The commit that it landed first with, if its file has other content now.
    pub(crate) edited: Option<CommitId>,
    /// Where its *what* comes from; until that is resolved, it has not landed.
    pub(crate) snapshot: Resolved,
}

/// The commit that a release's *what* comes from, and that *what*.
pub(crate) struct SnapshotWorld {
    /// None for a folder.
    pub(crate) commit: Option<CommitId>,
    pub(crate) outcome: Arc<WhatOutcome>,
    /// The names that the commit has.
    pub(crate) names: Arc<Names>,
    /// The edition of the rules that it is held to with the values of a slot.
    pub(crate) rules: u16,
}

/// A snapshot, or why there is none.
pub(crate) type Resolved = Result<SnapshotWorld, SnapshotFault>;

impl World {
    /// Whether `landfall.toml` has the tag.
    pub(crate) fn has_tag(&self, tag: &Tag) -> bool {
        self.root.tag_sets.get(&tag.set).is_some_and(|tags| tags.contains(&tag.tag))
    }

    /// The lifecycles that a project's channels go through, none for the implied one; empty if `project.toml` could not be
    /// read. Nothing says whether they exist.
    pub(crate) fn lifecycles_of(&self, project: &ProjectName) -> BTreeSet<Option<&str>> {
        let draft = self.drafts.projects.get(project).and_then(|files| files.project.as_ref());
        let Some(doc) = draft.map(|draft| &draft.doc) else { return BTreeSet::new() };
        let own = doc.lifecycle.as_ref().map(|name| name.as_str());
        let channels = doc.channels.values();
        let mut used: BTreeSet<_> =
            channels.map(|channel| channel.lifecycle.as_ref().map(|name| name.as_str()).or(own)).collect();
        if doc.channels.is_empty() {
            used.insert(own);
        }
        used
    }

    /// The environments that a project's channels lead to; none if that is not known or if it is all of them.
    pub(crate) fn entered_by(&self, project: &ProjectName) -> Option<BTreeSet<&EnvironmentName>> {
        let used = self.lifecycles_of(project);
        let mut entered = BTreeSet::new();
        for name in &used {
            entered.extend(self.lifecycles.get((*name)?)?.phases.iter().flat_map(Phase::environments));
        }
        (!used.is_empty()).then_some(entered)
    }
}

/// The environments in promotion order; those that could not be read come last.
fn in_order(drafts: &Drafts, built: &BTreeMap<EnvironmentName, Environment>) -> Vec<EnvironmentName> {
    let mut all: Vec<&EnvironmentName> = drafts.environments.present.keys().collect();
    all.sort_by_key(|name| (built.get(*name).map_or(i64::MAX, |environment| environment.order), *name));
    all.into_iter().cloned().collect()
}

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
        tenants: BTreeMap::new(),
        freezes: BTreeMap::new(),
        lifecycles: BTreeMap::new(),
        projects: BTreeMap::new(),
        accepts: accept::all(&drafts, findings),
        compared: Cell::new(0),
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
    for (name, draft) in &drafts.tenants.read {
        world.tenants.extend(tenant::tenant(name, draft, findings).map(|built| (name.clone(), built)));
    }
    for (name, draft) in &drafts.freezes.read {
        world.freezes.extend(freeze::freeze(name, draft, findings).map(|built| (name.clone(), built)));
    }
    let environments = in_order(drafts, &world.environments);
    for (name, draft) in &drafts.lifecycles.read {
        let built = place::lifecycle(name, draft, &environments, findings).map(|built| (name.clone(), Arc::new(built)));
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
                let unresolved = ReleaseWorld { draft, edited: None, snapshot: Err(SnapshotFault::NotLanded) };
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
