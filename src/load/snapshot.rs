//! Where each release's *what* comes from: the commit that added it, unless its file or a record names another one.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::str::FromStr;
use std::sync::Arc;

use super::cache::Cache;
use super::codes;
use super::drafts::{Draft, Reader};
use super::finding::Finding;
use super::schema::{Kind, ProjectFile, ReleaseFile, RootFile};
use super::what::{WhatKey, WhatOutcome, what_in};
use super::world::{ProjectWorld, ReleaseWorld, Resolved, SnapshotWorld, World};
use super::{Source, build};
use crate::model::accept::{Accept, Accepted, Home};
use crate::model::catalog::SnapshotFault;
use crate::model::edition::EDITION;
use crate::model::facts::RecordedSnapshot;
use crate::model::{CommitId, Facts, Id, Names, ProjectName, ReleaseName, Tag};
use crate::problem::Problem;
use crate::tree::{BlobId, FileTree, Folder, History, Landing, Node, TreeError, TreeId};
use build::project::ProjectDraft;

/// A project's *what* at one commit, and the names that the commit has.
pub(crate) type KnownSnapshot = (Arc<WhatOutcome>, Arc<Names>);

/// `landfall.toml` and the folders that names come from.
pub(crate) type NamesKey = (Option<BlobId>, [Option<TreeId>; 3]);

/// Resolves snapshots, reading each commit's files once.
pub(crate) struct Snapshots<'a> {
    pub(crate) source: &'a Source<'a>,
    /// The files are a folder's, on top of the commit.
    pub(crate) on_top: bool,
    pub(crate) reader: Reader<'a>,
    pub(crate) whats: &'a mut Cache<WhatKey, Arc<WhatOutcome>>,
    pub(crate) known: &'a mut Cache<(ProjectName, Id, CommitId), KnownSnapshot>,
    pub(crate) names: &'a mut Cache<NamesKey, Arc<Names>>,
    pub(crate) landed: &'a mut Cache<(Arc<str>, CommitId), Option<BlobId>>,
}

/// The project whose releases are looked at, and where.
#[derive(Clone, Copy)]
struct At<'a> {
    history: &'a dyn History,
    name: &'a ProjectName,
    id: &'a Id,
}

/// When a release landed, and how that is known.
enum Landed<'a> {
    Recorded(&'a RecordedSnapshot),
    At { newest: &'a CommitId, first: &'a CommitId },
    Not(SnapshotFault),
}

/// What is known of how old releases are.
struct Ages<'a> {
    /// The releases that slots ran, by the project's id; none if nothing is known of the past.
    ran: Option<HashSet<(&'a Id, &'a ReleaseName)>>,
}

impl<'a> Ages<'a> {
    fn of(facts: Option<&'a Facts>) -> Self {
        let ran = facts.map(|facts| {
            let runs = facts.runs.iter().map(|run| (&run.slot.project, &run.release));
            let learned = facts.learned.iter().map(|learned| (&learned.slot.project, &learned.release));
            let flights = facts.in_flight.iter().map(|flight| (&flight.slot.project, &flight.release));
            runs.chain(learned).chain(flights).collect()
        });
        Self { ran }
    }

    /// The edition of the rules that a release is held to: all later rules are newer than it.
    fn edition(&self, project: &Id, release: &ReleaseName, record: Option<&RecordedSnapshot>) -> u16 {
        match (&self.ran, record) {
            (Some(ran), _) if ran.contains(&(project, release)) => 0,
            (Some(_), Some(record)) => record.rules,
            (Some(_), None) => EDITION,
            (None, _) => 0,
        }
    }

    /// The edition that a release is held to with the values of a slot: what ran in one slot may not do in another.
    fn of_slots(&self, edition: u16, record: Option<&RecordedSnapshot>) -> u16 {
        match (&self.ran, record) {
            (Some(_), Some(record)) => record.rules,
            _ => edition,
        }
    }
}

/// Holds a release whose files break a rule that it is held to, or have an error that the head does not accept.
fn judged(found: SnapshotWorld, edition: u16, accepts: impl Fn(&Problem) -> bool) -> Resolved {
    match found.outcome.breaks(edition).or_else(|| found.outcome.unaccepted(accepts)) {
        Some(problem) => Err(SnapshotFault::Broken { problem }),
        None => Ok(found),
    }
}

/// Whether the head accepts an error of a project's files, which may be those of an older commit.
fn accepts(accept: &Accept, project: &ProjectName, problem: &Problem) -> bool {
    let here = matches!(&accept.home, Home::Project(own) if own == project);
    let place = accept.covers(&problem.about) || accept.place == problem.span.at.file;
    here && place && accept.what == Accepted::Warning(problem.code)
}

/// The newest and the first landings.
type Landings = (BTreeMap<Arc<str>, Landing>, BTreeMap<Arc<str>, CommitId>);

/// The files of the releases that no record names.
fn unrecorded(world: &World, recorded: &HashMap<(&Id, &ReleaseName), &RecordedSnapshot>) -> Vec<Arc<str>> {
    let mut paths = Vec::new();
    for (name, project) in &world.projects {
        let id = project.project.as_ref().map(|project| &project.id);
        let is_recorded = |release: &ReleaseName| id.is_some_and(|id| recorded.contains_key(&(id, release)));
        let releases = project.releases.keys().filter(|release| !is_recorded(release));
        paths.extend(releases.map(|release| path_of(name, release)));
    }
    paths
}

/// A release whose snapshot is resolved.
struct One<'w> {
    name: &'w ProjectName,
    id: Option<&'w Id>,
    head: &'w Arc<WhatOutcome>,
    release: &'w ReleaseName,
    built: &'w mut ReleaseWorld,
}

/// Every release, in the order in which they landed, as far as that is recorded: git keeps a folder as what it differs in from
/// a near version of it, and reads it much faster after that one.
fn in_order_of_landing<'w>(
    projects: &'w mut BTreeMap<ProjectName, ProjectWorld>,
    recorded: &HashMap<(&Id, &ReleaseName), &RecordedSnapshot>,
    history: &dyn History,
) -> Vec<One<'w>> {
    let mut all: Vec<One<'w>> = Vec::new();
    for (name, project) in projects {
        let ProjectWorld { project, head, releases, .. } = project;
        let (project, head): (&Option<_>, &Arc<_>) = (project, head);
        let id = project.as_ref().map(|project: &ProjectDraft| &project.id);
        all.extend(releases.iter_mut().map(|(release, built)| One { name, id, head, release, built }));
    }
    all.sort_by_cached_key(|one| {
        let record = one.id.and_then(|id| recorded.get(&(id, one.release)));
        record.map_or(i64::MAX, |record| history.time(&record.commit))
    });
    all
}

fn path_of(project: &ProjectName, release: &ReleaseName) -> Arc<str> {
    Arc::from(format!("projects/{project}/releases/{release}.toml"))
}

/// The last record of a release that is still there and comes from its landing: the line of the branch goes through it.
fn newest_landing<'r>(recorded: &'r [RecordedSnapshot], world: &World) -> Option<&'r RecordedSnapshot> {
    let of = |record: &RecordedSnapshot| {
        let ours = |project: &&ProjectWorld| project.project.as_ref().is_some_and(|built| built.id == record.project);
        world.projects.values().filter(ours).collect::<Vec<_>>()
    };
    let lands = |record: &&RecordedSnapshot| {
        let releases = of(record).into_iter().filter_map(|project| project.releases.get(&record.release));
        releases.into_iter().any(|release| release.draft.snapshot.is_none())
    };
    // Whether a release of a project that was not read is still there is not known.
    let known = |record: &&RecordedSnapshot| world.drafts.unread.is_empty() || !of(record).is_empty();
    recorded.iter().rev().take_while(known).find(lands)
}

/// The names of the files in a folder that are names.
fn stems<N: FromStr + Ord>(folder: Option<&Arc<Folder>>) -> BTreeSet<N> {
    let entries = folder.into_iter().flat_map(|folder| &folder.entries);
    let files = entries.filter(|(_, node)| matches!(node, Node::File(_)));
    files.filter_map(|(entry, _)| entry.strip_suffix(".toml")?.parse().ok()).collect()
}

impl Snapshots<'_> {
    /// Gives every release of the world its snapshot, and its landed content if the file was edited later.
    pub(crate) fn resolve(&mut self, world: &mut World, findings: &mut Vec<Finding>) -> Result<(), TreeError> {
        let Some(history) = self.source.history else {
            let names = self.names_in(self.source.tree)?;
            for project in world.projects.values_mut() {
                for release in project.releases.values_mut() {
                    let (outcome, names) = (project.head.clone(), names.clone());
                    release.snapshot = Ok(SnapshotWorld { commit: None, outcome, names, rules: EDITION });
                }
            }
            return Ok(());
        };
        let recorded: HashMap<_, _> =
            self.source.recorded().iter().map(|known| ((&known.project, &known.release), known)).collect();
        let unrecorded = unrecorded(world, &recorded);
        let newest = newest_landing(self.source.recorded(), world);
        let (landings, firsts) = self.landings(history, &unrecorded)?;
        let ages = Ages::of(self.source.facts);
        let (drafts, written) = (&world.drafts, &world.accepts);
        for One { name, id, head, release, built } in in_order_of_landing(&mut world.projects, &recorded, history) {
            let path = path_of(name, release);
            let accepts = |problem: &Problem| written.iter().any(|one| accepts(&one.accept, name, problem));
            let record = id.and_then(|id| recorded.get(&(id, release)).copied());
            let landed = match (record, landings.get(&path)) {
                (Some(record), _) => Landed::Recorded(record),
                (None, Some(Landing::At(newest))) => Landed::At { newest, first: firsts.get(&path).unwrap_or(newest) },
                (None, Some(Landing::Shallow)) => Landed::Not(SnapshotFault::Shallow),
                (None, Some(Landing::Absent) | None) => Landed::Not(SnapshotFault::NotLanded),
            };
            let draft = drafts.projects.get(name).and_then(|files| files.releases.read.get(release));
            let at = At { history, name, id: &id.cloned().unwrap_or_else(|| Id::from(name)) };
            if let (Some(draft), Some(record)) = (draft, record.filter(|record| newest == Some(*record))) {
                self.beside(history, release, draft, record, findings)?;
            }
            if let Some(draft) = draft {
                self.keep_landed(at, release, draft, &landed, built, findings)?;
            }
            if self.on_top && matches!(landed, Landed::Not(SnapshotFault::NotLanded)) && built.draft.snapshot.is_none()
            {
                let (outcome, names) = (head.clone(), self.names_in(self.source.tree)?);
                built.snapshot =
                    judged(SnapshotWorld { commit: None, outcome, names, rules: EDITION }, EDITION, accepts);
                continue;
            }
            let commit = built.draft.snapshot.clone().or_else(|| built.edited.clone());
            let edition = ages.edition(at.id, release, record);
            let found = self.snapshot(at, commit, &landed, built)?;
            let rules = ages.of_slots(edition, record);
            built.snapshot = found.and_then(|found| judged(SnapshotWorld { rules, ..found }, edition, accepts));
        }
        Ok(())
    }

    /// Reports that a merge moved the line of the branch away from where the newest release landed.
    fn beside(
        &self,
        history: &dyn History,
        release: &ReleaseName,
        draft: &Draft<ReleaseFile>,
        record: &RecordedSnapshot,
        findings: &mut Vec<Finding>,
    ) -> Result<(), TreeError> {
        let Some(head) = self.source.commit.filter(|head| **head != record.commit) else { return Ok(()) };
        if !history.is_beside(head, &record.commit)? {
            return Ok(());
        }
        let commit = record.commit.short();
        let title =
            format!("a merge made the commit {commit}, with which release `{release}` landed, a side of the branch");
        let finding = Finding::new(codes::FOXTROT_MERGE, &draft.file, 0..0, title)
            .label("it and older releases keep the files that they landed with")
            .help("merge into the branch, or rebase on it, instead of merging the branch into another one");
        findings.push(finding.holds_nothing());
        Ok(())
    }

    /// Asks for the newest and for the first landings of releases, in one walk each.
    fn landings(&self, history: &dyn History, paths: &[Arc<str>]) -> Result<Landings, TreeError> {
        match self.source.commit {
            Some(commit) if !paths.is_empty() => {
                Ok((history.landings(commit, paths)?, history.first_landings(commit, paths)?))
            }
            _ => Ok(Landings::default()),
        }
    }

    /// Puts the content that landed first in place of another one, and says so.
    fn keep_landed(
        &mut self,
        at: At<'_>,
        release: &ReleaseName,
        draft: &Draft<ReleaseFile>,
        landed: &Landed<'_>,
        built: &mut ReleaseWorld,
        findings: &mut Vec<Finding>,
    ) -> Result<(), TreeError> {
        let first = match landed {
            Landed::Recorded(recorded) if recorded.content == built.draft.content => return Ok(()),
            Landed::Recorded(recorded) => {
                let original = self.landed_with(at, release, draft, &recorded.commit)?;
                (&recorded.commit, recorded.content, original)
            }
            Landed::At { newest, first } => {
                let mut found = None;
                // A file that landed with errors and was fixed since counts as landed with the fix.
                for commit in [*first, *newest] {
                    if let Some(original) = self.landed_with(at, release, draft, commit)? {
                        found = Some((commit, original.content, Some(original)));
                        break;
                    }
                }
                let Some(found) = found else { return Ok(()) };
                found
            }
            Landed::Not(_) => return Ok(()),
        };
        let (commit, content, original) = first;
        if content == built.draft.content {
            return Ok(());
        }
        let path = &draft.file.path;
        let title = format!("release `{release}` has changed since it landed in {}", commit.short());
        let mut finding = Finding::new(codes::RELEASE_EDITED, &draft.file, 0..0, title)
            .label("only `snapshot`, `blocked` and `notes` may change")
            .help(format!(
                "restore what landed (`git show {}:{path}`), and make a new release for the change",
                commit.short()
            ));
        match original {
            Some(original) => {
                finding.problem.blocks = vec![format!("{} {release} where it does not run yet", at.name)];
                findings.push(finding.holds_nothing());
                let (snapshot, blocked) = (built.draft.snapshot.take(), built.draft.blocked.take());
                built.draft = build::release::ReleaseDraft { snapshot, blocked, ..original };
                built.edited = Some(commit.clone());
            }
            None => findings.push(finding),
        }
        Ok(())
    }

    /// What a release's file said at a commit; none if it did not exist or had errors.
    fn landed_with(
        &mut self,
        at: At<'_>,
        release: &ReleaseName,
        draft: &Draft<ReleaseFile>,
        commit: &CommitId,
    ) -> Result<Option<build::release::ReleaseDraft>, TreeError> {
        let Some(blob) = self.blob_at(at, release, commit)? else { return Ok(None) };
        let landed = self.reader.draft::<ReleaseFile>(&draft.file.path, Kind::Release, &blob, &mut Vec::new())?;
        Ok(landed.and_then(|landed| build::release::release(release, &landed, &mut Vec::new())))
    }

    /// The content id of a release's file at a commit, if both exist.
    fn blob_at(&mut self, at: At<'_>, release: &ReleaseName, commit: &CommitId) -> Result<Option<BlobId>, TreeError> {
        let key = (path_of(at.name, release), commit.clone());
        if let Some(blob) = self.landed.get(&key) {
            return Ok(blob);
        }
        let blob = match self.project_at(at, commit)? {
            Some((tree, name)) => tree.file(&path_of(&name, release)).cloned(),
            None => None,
        };
        self.landed.put(key, blob.clone());
        Ok(blob)
    }

    /// The name of the project in a tree. Its folder may have been renamed; the id identifies it.
    fn name_in(&mut self, tree: &FileTree, at: At<'_>) -> Result<ProjectName, TreeError> {
        if self.id_in(tree, at.name)?.as_ref() == Some(at.id) {
            return Ok(at.name.clone());
        }
        let folders = tree.folder("projects").into_iter().flat_map(|folder| folder.entries.keys());
        for name in folders.filter_map(|entry| entry.parse::<ProjectName>().ok()) {
            if self.id_in(tree, &name)?.as_ref() == Some(at.id) {
                return Ok(name);
            }
        }
        Ok(at.name.clone())
    }

    /// The id of the project with this name in a tree; none if there is no such project or its file is broken.
    fn id_in(&mut self, tree: &FileTree, name: &ProjectName) -> Result<Option<Id>, TreeError> {
        let path: Arc<str> = Arc::from(format!("projects/{name}/project.toml"));
        let Some(blob) = tree.file(&path) else { return Ok(None) };
        let draft = self.reader.draft::<ProjectFile>(&path, Kind::Project, blob, &mut Vec::new())?;
        Ok(draft.and_then(|draft| match &draft.doc.id {
            Some(written) => Id::new(written).ok(),
            None => Some(Id::from(name)),
        }))
    }

    /// The files that tell about a project at a commit, and its name there; none if there is no such commit.
    fn project_at(&mut self, at: At<'_>, commit: &CommitId) -> Result<Option<(FileTree, ProjectName)>, TreeError> {
        let tree = if !self.on_top && self.source.commit == Some(commit) {
            self.source.tree.clone()
        } else if at.history.has(commit) {
            self.reader.counts.trees_read += 1;
            let part = at.history.part(commit, "projects", at.name.as_str())?;
            if self.id_in(&part, at.name)?.as_ref() == Some(at.id) {
                return Ok(Some((part, at.name.clone())));
            }
            // It may have had another name: only all projects tell.
            at.history.tree(commit)?
        } else {
            return Ok(None);
        };
        let name = self.name_in(&tree, at)?;
        Ok(Some((tree, name)))
    }

    fn snapshot(
        &mut self,
        at: At<'_>,
        chosen: Option<CommitId>,
        landed: &Landed<'_>,
        built: &ReleaseWorld,
    ) -> Result<Resolved, TreeError> {
        let commit = match (&chosen, landed) {
            (Some(commit), _) => commit,
            (None, Landed::Recorded(recorded)) => &recorded.commit,
            (None, Landed::At { newest, .. }) => newest,
            (None, Landed::Not(fault)) => return Ok(Err(fault.clone())),
        };
        let Some((outcome, names)) = self.what_at(at, commit)? else {
            return Ok(Err(SnapshotFault::Missing(commit.clone())));
        };
        // A snapshot that the file names was chosen knowing that the files differ.
        if let (None, Some(expected), Some(what)) = (&built.draft.snapshot, built.draft.inputs, &outcome.what)
            && what.inputs != expected
        {
            return Ok(Err(SnapshotFault::Differs { expected, found: what.inputs }));
        }
        Ok(Ok(SnapshotWorld { commit: Some(commit.clone()), outcome, names, rules: 0 }))
    }

    fn what_at(&mut self, at: At<'_>, commit: &CommitId) -> Result<Option<KnownSnapshot>, TreeError> {
        let key = (at.name.clone(), at.id.clone(), commit.clone());
        if let Some(known) = self.known.get(&key) {
            return Ok(Some(known));
        }
        let (tree, name) = match self.project_at(at, commit) {
            Ok(Some(found)) => found,
            Ok(None) | Err(TreeError::Missing(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let outcome = match what_in(&tree, &name, &mut self.reader, self.whats) {
            Ok(outcome) => outcome,
            Err(TreeError::Missing(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let names = match self.names_in(&tree) {
            Ok(names) => names,
            Err(TreeError::Missing(_)) => return Ok(None),
            Err(error) => return Err(error),
        };
        let known = (outcome, names);
        self.known.put(key, known.clone());
        Ok(Some(known))
    }

    /// The names that a commit has. Of its files only `landfall.toml` is read, and equal commits share their names.
    fn names_in(&mut self, tree: &FileTree) -> Result<Arc<Names>, TreeError> {
        let folders = ["environments", "targets", "tenants"].map(|path| tree.folder(path));
        let root: Arc<str> = Arc::from("landfall.toml");
        let key = (tree.file(&root).cloned(), folders.map(|folder| folder.map(|folder| folder.id.clone())));
        if let Some(names) = self.names.get(&key) {
            return Ok(names);
        }
        let root = match &key.0 {
            Some(blob) => self.reader.draft::<RootFile>(&root, Kind::Root, blob, &mut Vec::new())?,
            None => None,
        };
        let mut tags = BTreeSet::new();
        for (set, written) in root.iter().flat_map(|draft| &draft.doc.tag_sets) {
            tags.extend(written.iter().filter_map(|tag| Tag::parse(&format!("{set}/{}", **tag))));
        }
        let [environments, targets, tenants] = folders;
        let names = Names { environments: stems(environments), targets: stems(targets), tenants: stems(tenants), tags };
        let names = Arc::new(names);
        self.names.put(key, names.clone());
        Ok(names)
    }
}
