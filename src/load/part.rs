//! Two commits, read only as far as they can differ.
//!
//! Most changes are a pin or a release of one project. What the two commits say about every other project is then the same,
//! so these projects are neither read nor compared. [`reach`] says by the ids of files which projects a change can reach;
//! [`Loader::load_pair`] reads those, and the projects that what is known of them depends on: projects whose outputs they
//! use, projects that tenants are connected to, and projects whose stacks could have the same name.
//!
//! Where that is not certain, everything is read: where anything differs but releases and pins, where a file has an error,
//! and where another project could conflict in a way that only reading all of them tells.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::check::ecs_listeners::may_be_shared;
use super::drafts::FOLDERS;
use super::read::{Document, parse};
use super::schema::Kind;
use super::what::WhatOutcome;
use super::world::World;
use super::{Loaded, Loader, Source};
use crate::model::{CommitId, Facts, Id, ProjectName};
use crate::tree::{BlobId, Blobs, FileTree, Folder, History, Node, TreeError};

/// Which projects a change can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Any project.
    All,
    /// These, by their releases and pins. What depends on them through other files is not among them.
    Only(BTreeSet<ProjectName>),
}

/// Two commits.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The commit before.
    pub base: Loaded,
    /// The commit after.
    pub head: Loaded,
    /// The projects that were read of both, if not all: the catalogs have no others, and problems of others are not known.
    /// No slot of another project differs. Such a catalog must not be planned from: it looks as if the others were deleted.
    pub only: Option<BTreeSet<ProjectName>>,
}

/// Files of a project by which other projects judge it.
const SHARED: [&str; 4] = ["project.toml", "process.toml", "variables.toml", "templates"];

/// Which projects can be other ones after a change, judged by ids. Costs the entries of the root, of `projects`, and of each
/// project that differs.
pub fn reach(before: &FileTree, after: &FileTree) -> Reach {
    let mut reached = BTreeSet::new();
    for (name, ours, theirs) in differing(&before.root, &after.root) {
        match (name, ours, theirs) {
            ("projects", Some(Node::Folder(ours)), Some(Node::Folder(theirs))) => {
                for (name, ours, theirs) in differing(ours, theirs) {
                    let (Some(Node::Folder(ours)), Some(Node::Folder(theirs)), Ok(project)) =
                        (ours, theirs, ProjectName::new(name))
                    else {
                        return Reach::All;
                    };
                    if differing(ours, theirs).any(|(name, ..)| SHARED.contains(&name)) {
                        return Reach::All;
                    }
                    reached.insert(project);
                }
            }
            // What landfall does not read reaches nothing.
            (name, ..) if name != "landfall.toml" && !FOLDERS.contains(&name) => {}
            _ => return Reach::All,
        }
    }
    Reach::Only(reached)
}

/// The entries that two folders do not have in common.
fn differing<'a>(
    before: &'a Folder,
    after: &'a Folder,
) -> impl Iterator<Item = (&'a str, Option<&'a Node>, Option<&'a Node>)> {
    let gone = before.entries.iter().filter(|(name, _)| !after.entries.contains_key(*name));
    let gone = gone.map(|(name, node)| (&**name, Some(node), None));
    let rest = after.entries.iter().filter_map(|(name, node)| match before.entries.get(name) {
        Some(old) if old.is_same(node) => None,
        old => Some((&**name, old, Some(node))),
    });
    gone.chain(rest)
}

/// What else has to be known about the projects that were read.
#[derive(Debug, Default)]
pub(crate) struct Needs {
    /// Projects whose outputs they use, and those that tenants name.
    projects: BTreeSet<ProjectName>,
    /// Their ids, by which stacks of other projects may have the same name.
    ids: BTreeSet<Id>,
    /// They may conflict with any other project.
    all: bool,
}

impl Needs {
    pub(crate) fn of(world: &World) -> Self {
        let mut needs = Self::default();
        let tenants = world.drafts.tenants.read.values().flat_map(|draft| draft.doc.projects.keys());
        needs.projects.extend(tenants.filter_map(|name| ProjectName::new(name).ok()));
        for project in world.projects.values() {
            needs.ids.extend(project.project.iter().map(|project| project.id.clone()));
            needs.outputs(&project.head);
            for release in project.releases.values() {
                release.snapshot.iter().for_each(|snapshot| needs.outputs(&snapshot.outcome));
            }
            needs.all |= project.head.drafts.process.as_ref().is_some_and(|draft| may_be_shared(&draft.doc));
        }
        needs
    }

    fn outputs(&mut self, outcome: &WhatOutcome) {
        let steps = outcome.what.iter().flat_map(|what| &what.steps);
        self.projects.extend(steps.flat_map(|step| &step.uses).filter_map(|output| output.project.clone()));
    }

    /// Whether a project with this id may have a stack of a name that a project of ours has: a stack's name begins with the
    /// project's id and `-`.
    fn meets(&self, id: &str) -> bool {
        let begins = |long: &str, short: &str| long.strip_prefix(short).is_some_and(|rest| rest.starts_with('-'));
        self.ids.iter().any(|ours| ours.as_str() == id || begins(ours.as_str(), id) || begins(id, ours.as_str()))
    }
}

/// The ids that project files give, by content.
type Ids = BTreeMap<BlobId, Option<String>>;

impl Loader {
    /// Reads two commits, of the projects only those that may differ and what is needed to judge these.
    ///
    /// # Errors
    /// The files cannot be read.
    pub fn load_pair(
        &mut self,
        history: &dyn History,
        base: &CommitId,
        head: &CommitId,
        facts: Option<&Facts>,
    ) -> Result<Pair, TreeError> {
        let commits = [base, head];
        if let Some(pair) = self.load_reached(history, commits, facts)? {
            return Ok(pair);
        }
        let mut load = |commit| {
            let tree = history.tree(commit)?;
            self.load(&source(history, &tree, commit, facts))
        };
        Ok(Pair { base: load(base)?, head: load(head)?, only: None })
    }

    /// None where everything has to be read.
    fn load_reached(
        &mut self,
        history: &dyn History,
        commits: [&CommitId; 2],
        facts: Option<&Facts>,
    ) -> Result<Option<Pair>, TreeError> {
        let [base, head] = commits;
        let outlines = [history.outline(base, "projects")?, history.outline(head, "projects")?];
        let [before, after] = &outlines;
        let Reach::Only(mut only) = reach(before, after) else { return Ok(None) };
        let mut ids = Ids::new();
        loop {
            let mut found = Vec::new();
            let mut more = BTreeSet::new();
            for (commit, outline) in commits.into_iter().zip(&outlines) {
                let tree = filled(history, commit, outline, &only)?;
                let (loaded, needs) = self.read(&source(history, &tree, commit, facts), false, Some(&only))?;
                if needs.all || loaded.has_errors() {
                    return Ok(None);
                }
                more.append(&mut needed(history, outline, &needs, &mut ids)?);
                found.push(loaded);
            }
            let known = only.len();
            only.append(&mut more);
            if only.len() == known {
                let mut found = found.into_iter();
                let (Some(base), Some(head)) = (found.next(), found.next()) else { return Ok(None) };
                return Ok(Some(Pair { base, head, only: Some(only) }));
            }
        }
    }
}

fn source<'a>(
    history: &'a dyn History,
    tree: &'a FileTree,
    commit: &'a CommitId,
    facts: Option<&'a Facts>,
) -> Source<'a> {
    Source { tree, blobs: history, commit: Some(commit), history: Some(history), facts }
}

/// An outline with the whole folders of these projects.
fn filled(
    history: &dyn History,
    commit: &CommitId,
    outline: &FileTree,
    only: &BTreeSet<ProjectName>,
) -> Result<FileTree, TreeError> {
    let mut folders: Vec<(Arc<str>, Arc<Folder>)> = Vec::new();
    for name in only {
        let part = history.part(commit, "projects", name.as_str())?;
        folders
            .extend(part.folder(&format!("projects/{name}")).map(|folder| (Arc::from(name.as_str()), folder.clone())));
    }
    Ok(outline.filled("projects", folders))
}

/// The projects of a commit that have to be known too. Costs a look at each project, and at each content of `project.toml`.
fn needed(
    blobs: &dyn Blobs,
    outline: &FileTree,
    needs: &Needs,
    ids: &mut Ids,
) -> Result<BTreeSet<ProjectName>, TreeError> {
    let mut found = BTreeSet::new();
    for (name, node) in outline.folder("projects").iter().flat_map(|folder| &folder.entries) {
        let (Node::Folder(folder), Ok(project)) = (node, ProjectName::new(name)) else { continue };
        let written = match folder.entries.get("project.toml") {
            Some(Node::File(blob)) => written_id(blobs, blob, ids)?,
            _ => None,
        };
        if needs.projects.contains(&project) || needs.meets(written.as_deref().unwrap_or(name)) {
            found.insert(project);
        }
    }
    Ok(found)
}

/// The id that a `project.toml` gives; none if the name is the id, or if the file has errors.
fn written_id(blobs: &dyn Blobs, blob: &BlobId, ids: &mut Ids) -> Result<Option<String>, TreeError> {
    if let Some(known) = ids.get(blob) {
        return Ok(known.clone());
    }
    let id = match blobs.read(blob) {
        Ok(bytes) => match parse(&Arc::from("project.toml"), Kind::Project, &bytes).document {
            Some(Document::Project(doc)) => doc.id.as_ref().map(|id| id.to_string()),
            _ => None,
        },
        Err(TreeError::TooLarge { .. }) => None,
        Err(error) => return Err(error),
    };
    ids.insert(blob.clone(), id.clone());
    Ok(id)
}
