//! When paths landed first: one walk along first parents to the beginning of the history.
//!
//! A version that was withdrawn and comes back must be what it was, so the newest landing does not tell enough. The walk
//! keeps the first landing of every file that the folders in question ever had. A head on top of the last one then costs
//! only the commits in between, also for files that are new.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use git2::{ErrorCode, ObjectType, Oid, Repository, Tree, TreeEntry};

use super::landings::shallow;
use super::reader::Counters;
use super::{commit_id, oid};
use crate::model::CommitId;

/// The first landing of each file of a folder, by the file's name.
type Files = HashMap<Box<[u8]>, Oid>;

/// The first landings that were found for the last head.
#[derive(Default)]
pub(super) struct Firsts {
    head: Option<Oid>,
    folders: Folder,
}

impl Firsts {
    /// Answers all paths that the history has, and keeps the answers.
    pub(super) fn landings(
        &mut self,
        repository: &Repository,
        counters: &Counters,
        head: &CommitId,
        paths: &[Arc<str>],
    ) -> Result<BTreeMap<Arc<str>, CommitId>, git2::Error> {
        let head = oid(head)?;
        let has_all = paths.iter().all(|path| self.folders.files(path).is_some());
        if self.head != Some(head) || !has_all {
            let mut folders = self.folders.empty();
            paths.iter().for_each(|path| folders.add(path));
            let last = self.head.filter(|_| has_all);
            let met = walk(repository, counters, &mut folders, head, last)?;
            if met {
                folders.older(&self.folders);
            }
            *self = Self { head: Some(head), folders };
        }
        let answer = |path: &Arc<str>| {
            let (_, name) = split(path);
            let first = self.folders.files(path)?.get(name.as_bytes())?;
            Some((path.clone(), commit_id(*first)))
        };
        Ok(paths.iter().filter_map(answer).collect())
    }
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

/// Walks until the last head, or to the beginning of the history; says whether it met the last head.
fn walk(
    repository: &Repository,
    counters: &Counters,
    folders: &mut Folder,
    head: Oid,
    last: Option<Oid>,
) -> Result<bool, git2::Error> {
    let ends = shallow(repository);
    let read = |id: Oid| -> Result<Option<(Tree<'_>, Option<Oid>)>, git2::Error> {
        counters.commits.fetch_add(1, Ordering::Relaxed);
        let commit = match repository.find_commit(id) {
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            commit => commit?,
        };
        let parent = if ends.contains(&id) { None } else { commit.parent_id(0).ok() };
        Ok(Some((tree(repository, counters, commit.tree_id())?, parent)))
    };
    let Some((mut newer, mut parent)) = read(head)? else { return Ok(false) };
    let mut commit = head;
    while last != Some(commit) {
        // Where the history ends, what is there landed there as far as is known.
        let older = match parent {
            Some(parent) => read(parent)?.map(|read| (parent, read)),
            None => None,
        };
        let at = |tree: &Tree<'_>, than: Option<&Tree<'_>>, folders: &mut Folder| {
            folders.landed(repository, counters, Some(tree), than, commit)
        };
        let Some((id, (older, grandparent))) = older else {
            at(&newer, None, folders)?;
            return Ok(false);
        };
        if older.id() != newer.id() {
            at(&newer, Some(&older), folders)?;
        }
        (commit, newer, parent) = (id, older, grandparent);
    }
    Ok(last.is_some())
}

fn tree<'r>(repository: &'r Repository, counters: &Counters, id: Oid) -> Result<Tree<'r>, git2::Error> {
    counters.trees.fetch_add(1, Ordering::Relaxed);
    repository.find_tree(id)
}

/// A folder that paths in question are in, or that leads there.
#[derive(Default)]
struct Folder {
    files: Option<Files>,
    below: BTreeMap<Box<str>, Folder>,
}

impl Folder {
    /// The same folders without any file.
    fn empty(&self) -> Self {
        let below = self.below.iter().map(|(name, folder)| (name.clone(), folder.empty())).collect();
        Self { files: self.files.as_ref().map(|_| Files::new()), below }
    }

    fn add(&mut self, path: &str) {
        let mut folder = self;
        for part in split(path).0.split('/').filter(|part| !part.is_empty()) {
            folder = folder.below.entry(Box::from(part)).or_default();
        }
        folder.files.get_or_insert_default();
    }

    fn files(&self, path: &str) -> Option<&Files> {
        let mut folder = self;
        for part in split(path).0.split('/').filter(|part| !part.is_empty()) {
            folder = folder.below.get(part)?;
        }
        folder.files.as_ref()
    }

    /// Takes over what an older head knew: its first landings are older.
    fn older(&mut self, known: &Folder) {
        if let (Some(files), Some(known)) = (&mut self.files, &known.files) {
            files.extend(known.iter().map(|(name, first)| (name.clone(), *first)));
        }
        for (name, folder) in &mut self.below {
            if let Some(known) = known.below.get(name) {
                folder.older(known);
            }
        }
    }

    /// Notes the files that the newer tree has and the older has not. Folders with equal ids are not entered.
    fn landed(
        &mut self,
        repository: &Repository,
        counters: &Counters,
        newer: Option<&Tree<'_>>,
        older: Option<&Tree<'_>>,
        commit: Oid,
    ) -> Result<(), git2::Error> {
        let Some(newer) = newer else { return Ok(()) };
        if let Some(files) = &mut self.files {
            for entry in newer.iter().filter(is_file) {
                let name = entry.name_bytes();
                let there = |older: &Tree<'_>| older.get_name_bytes(name).is_some_and(|entry| is_file(&entry));
                if !older.is_some_and(there) {
                    files.insert(Box::from(name), commit);
                }
            }
        }
        for (name, folder) in &mut self.below {
            let (ours, theirs) = (newer.get_name(name), older.and_then(|older| older.get_name(name)));
            if let (Some(ours), Some(theirs)) = (&ours, &theirs)
                && ours.id() == theirs.id()
            {
                continue;
            }
            let read = |entry: Option<TreeEntry<'_>>| match entry {
                Some(entry) if entry.kind() == Some(ObjectType::Tree) => {
                    tree(repository, counters, entry.id()).map(Some)
                }
                _ => Ok(None),
            };
            folder.landed(repository, counters, read(ours)?.as_ref(), read(theirs)?.as_ref(), commit)?;
        }
        Ok(())
    }
}

fn is_file(entry: &TreeEntry<'_>) -> bool {
    matches!(entry.filemode(), 0o100_644 | 0o100_755 | 0o100_664)
}
