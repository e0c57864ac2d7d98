//! When paths landed: one walk along first parents for all of them.
//!
//! A step of the walk compares the trees of a commit and of its first parent by id, and enters only folders that differ and
//! that a path in question lies in. What was found for one head is kept, so that a head on top of it asks only about the
//! commits in between.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use git2::{ErrorCode, ObjectType, Oid, Repository, Tree};

use super::reader::Counters;
use super::{commit_id, oid};
use crate::model::CommitId;
use crate::tree::Landing;

/// The landings that were found for the last head.
#[derive(Default)]
pub(super) struct Known {
    head: Option<Oid>,
    landings: BTreeMap<Arc<str>, Landing>,
}

/// Answers all paths, and keeps the answers.
pub(super) fn landings(
    repository: &Repository,
    known: &mut Known,
    counters: &Counters,
    head: &CommitId,
    paths: &[Arc<str>],
) -> Result<BTreeMap<Arc<str>, Landing>, git2::Error> {
    let head = oid(head)?;
    if known.head != Some(head) || !paths.iter().all(|path| known.landings.contains_key(path)) {
        let mut found = Walk { repository, counters, known, shallow: shallow(repository) }.run(head, paths)?;
        if known.head == Some(head) {
            known.landings.append(&mut found);
        } else {
            *known = Known { head: Some(head), landings: found };
        }
    }
    let answer = |path: &Arc<str>| Some((path.clone(), known.landings.get(path)?.clone()));
    Ok(paths.iter().filter_map(answer).collect())
}

struct Walk<'a> {
    repository: &'a Repository,
    counters: &'a Counters,
    known: &'a Known,
    shallow: HashSet<Oid>,
}

impl<'a> Walk<'a> {
    fn run(&self, head: Oid, paths: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, Landing>, git2::Error> {
        let mut found = BTreeMap::new();
        let (mut commit, mut parent) = self.commit(head)?;
        let mut tree = self.tree(commit.1)?;
        let mut pending = self.present(&tree, paths, &mut found)?;
        while !pending.is_empty() {
            if self.known.head == Some(commit.0) {
                pending.answer(&self.known.landings, &mut found);
                if pending.is_empty() {
                    break;
                }
            }
            let before = match parent {
                None => Err(if self.shallow.contains(&commit.0) { Landing::Shallow } else { at(commit.0) }),
                Some(parent) => match self.commit(parent) {
                    Ok(before) => Ok(before),
                    Err(error) if error.code() == ErrorCode::NotFound => Err(Landing::Shallow),
                    Err(error) => return Err(error),
                },
            };
            let (before, grandparent) = match before {
                Ok(before) => before,
                Err(landing) => {
                    found.extend(pending.all().into_iter().map(|path| (path, landing.clone())));
                    break;
                }
            };
            if before.1 != commit.1 {
                let older = self.tree(before.1)?;
                let mut landed = Vec::new();
                pending.gone(self, Some(&tree), Some(&older), &mut landed)?;
                found.extend(landed.into_iter().map(|path| (path, at(commit.0))));
                tree = older;
            }
            (commit, parent) = (before, grandparent);
        }
        Ok(found)
    }

    /// The paths that are files at the head; the others are absent. What was there at the last head is compared with that.
    fn present(
        &self,
        tree: &Tree<'_>,
        paths: &[Arc<str>],
        found: &mut BTreeMap<Arc<str>, Landing>,
    ) -> Result<Pending, git2::Error> {
        let last = self.known.head.and_then(|id| self.commit(id).ok()).and_then(|(last, _)| self.tree(last.1).ok());
        let was_there = |path: &&Arc<str>| {
            last.is_some() && self.known.landings.get(*path).is_some_and(|landing| *landing != Landing::Absent)
        };
        let (old, new): (Vec<_>, Vec<_>) = paths.iter().partition(was_there);
        let mut absent = Vec::new();
        let mut known = Pending::default();
        old.into_iter().for_each(|path| known.add(path));
        known.gone(self, last.as_ref(), Some(tree), &mut absent)?;
        let mut pending = Pending::default();
        new.into_iter().for_each(|path| pending.add(path));
        pending.gone(self, None, Some(tree), &mut absent)?;
        known.all().iter().for_each(|path| pending.add(path));
        found.extend(absent.into_iter().map(|path| (path, Landing::Absent)));
        Ok(pending)
    }

    /// A commit with its tree, and its first parent.
    fn commit(&self, id: Oid) -> Result<((Oid, Oid), Option<Oid>), git2::Error> {
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        let commit = self.repository.find_commit(id)?;
        let parent = if self.shallow.contains(&id) { None } else { commit.parent_id(0).ok() };
        Ok(((id, commit.tree_id()), parent))
    }

    fn tree(&self, id: Oid) -> Result<Tree<'a>, git2::Error> {
        self.counters.trees.fetch_add(1, Ordering::Relaxed);
        self.repository.find_tree(id)
    }
}

fn at(commit: Oid) -> Landing {
    Landing::At(commit_id(commit))
}

/// The paths whose landing is not found yet, by folder.
#[derive(Default)]
struct Pending {
    path: Option<Arc<str>>,
    below: BTreeMap<Box<str>, Pending>,
}

impl Pending {
    fn add(&mut self, path: &Arc<str>) {
        let mut node = self;
        for part in path.split('/') {
            node = node.below.entry(Box::from(part)).or_default();
        }
        node.path = Some(path.clone());
    }

    fn is_empty(&self) -> bool {
        self.path.is_none() && self.below.is_empty()
    }

    fn all(&self) -> Vec<Arc<str>> {
        let mut all: Vec<Arc<str>> = self.path.iter().cloned().collect();
        all.extend(self.below.values().flat_map(Self::all));
        all
    }

    /// Moves the paths that have an answer.
    fn answer(&mut self, known: &BTreeMap<Arc<str>, Landing>, found: &mut BTreeMap<Arc<str>, Landing>) {
        if let Some(path) = &self.path
            && let Some(landing) = known.get(path)
        {
            found.insert(path.clone(), landing.clone());
            self.path = None;
        }
        self.below.retain(|_, node| {
            node.answer(known, found);
            !node.is_empty()
        });
    }

    /// Takes out the paths that are no files in the older tree. Folders that the newer tree has with the same id are not
    /// entered: what is pending in them is there in both.
    fn gone(
        &mut self,
        walk: &Walk<'_>,
        newer: Option<&Tree<'_>>,
        older: Option<&Tree<'_>>,
        out: &mut Vec<Arc<str>>,
    ) -> Result<(), git2::Error> {
        let mut emptied = Vec::new();
        for (name, node) in &mut self.below {
            let in_older = older.and_then(|tree| tree.get_name(name));
            let in_newer = newer.and_then(|tree| tree.get_name(name));
            if let (Some(a), Some(b)) = (&in_newer, &in_older)
                && (a.id(), a.filemode()) == (b.id(), b.filemode())
            {
                continue;
            }
            let file =
                in_older.as_ref().is_some_and(|entry| matches!(entry.filemode(), 0o100_644 | 0o100_755 | 0o100_664));
            if !file {
                out.extend(node.path.take());
            }
            if !node.below.is_empty() {
                let tree_of = |entry: Option<git2::TreeEntry<'_>>| match entry {
                    Some(entry) if entry.kind() == Some(ObjectType::Tree) => walk.tree(entry.id()).map(Some),
                    _ => Ok(None),
                };
                node.gone(walk, tree_of(in_newer)?.as_ref(), tree_of(in_older)?.as_ref(), out)?;
            }
            if node.is_empty() {
                emptied.push(name.clone());
            }
        }
        for name in emptied {
            self.below.remove(&name);
        }
        Ok(())
    }
}

/// The commits at which a shallow clone ends.
pub(super) fn shallow(repository: &Repository) -> HashSet<Oid> {
    if !repository.is_shallow() {
        return HashSet::new();
    }
    let text = std::fs::read_to_string(repository.commondir().join("shallow")).unwrap_or_default();
    text.lines().filter_map(|line| Oid::from_str(line.trim()).ok()).collect()
}
