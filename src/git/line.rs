//! The line of first parents behind a head: when files came and went, and which tree a folder had at each commit.
//!
//! One walk answers for all paths and all commits of the line. It compares two commits at a time, and reads only folders
//! that lie on a path in question and differ. What was found is kept, so a head on top of the last one costs the commits in
//! between, and a head next to it the commits since both parted.
//!
//! The walk goes to the beginning of the history: a version that was withdrawn and comes back must be what it was, so the
//! newest landing does not tell enough.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use git2::{ErrorCode, ObjectType, Odb, Oid, Repository};

use super::reader::Counters;
use super::walk::Walk;
use super::{commit_id, oid};
use crate::model::CommitId;
use crate::tree::Landing;

/// A file came (true) or went at a position of the line.
type Event = (u32, bool);

/// What is known of the line of the last head.
#[derive(Default)]
pub(super) struct Line {
    /// Each commit with its tree, oldest first.
    commits: Vec<(Oid, Oid)>,
    positions: HashMap<Oid, u32>,
    /// The oldest commit is where a shallow clone ends.
    cut: bool,
    root: Node,
}

impl Line {
    /// The newest landing of each path.
    pub(super) fn landings(
        &mut self,
        repository: &Repository,
        counters: &Counters,
        head: &CommitId,
        paths: &[Arc<str>],
    ) -> Result<BTreeMap<Arc<str>, Landing>, git2::Error> {
        let at = self.lead_to(repository, counters, head, paths)?;
        let answer = |path: &Arc<str>| {
            let landing = match self.root.events(path, at).last() {
                Some((0, true)) if self.cut => Landing::Shallow,
                Some((landed, true)) => self.commit(*landed).map_or(Landing::Absent, Landing::At),
                Some((_, false)) | None => Landing::Absent,
            };
            (path.clone(), landing)
        };
        Ok(paths.iter().map(answer).collect())
    }

    /// The oldest landing of each path that the line has or had. Where the history ends, what exists there landed there as
    /// far as is known.
    pub(super) fn first_landings(
        &mut self,
        repository: &Repository,
        counters: &Counters,
        head: &CommitId,
        paths: &[Arc<str>],
    ) -> Result<BTreeMap<Arc<str>, CommitId>, git2::Error> {
        let at = self.lead_to(repository, counters, head, paths)?;
        let answer = |path: &Arc<str>| {
            let (first, _) = self.root.events(path, at).first()?;
            Some((path.clone(), self.commit(*first)?))
        };
        Ok(paths.iter().filter_map(answer).collect())
    }

    /// The trees of a commit and of one of its folders, if the line tells; none for a folder that does not exist there.
    pub(super) fn folder(&self, commit: Oid, path: &[&str]) -> Option<(Oid, Option<Oid>)> {
        let at = *self.positions.get(&commit)?;
        let node = path.iter().try_fold(&self.root, |node, part| node.below.get(*part))?;
        let (_, root) = *self.commits.get(at as usize)?;
        let known = node.trees.partition_point(|(position, _)| *position <= at).checked_sub(1);
        Some((root, known.and_then(|last| node.trees.get(last)?.1)))
    }

    fn commit(&self, position: u32) -> Option<CommitId> {
        self.commits.get(position as usize).map(|(id, _)| commit_id(*id))
    }

    /// Makes the line lead to the head and know the paths' folders; returns the head's position.
    fn lead_to(
        &mut self,
        repository: &Repository,
        counters: &Counters,
        head: &CommitId,
        paths: &[Arc<str>],
    ) -> Result<u32, git2::Error> {
        let head = oid(head)?;
        let walk = Walk { repository, counters };
        let folders: BTreeSet<&str> = paths.iter().map(|path| split(path).0).collect();
        if self.commits.is_empty() {
            folders.iter().for_each(|folder| self.root.add(folder));
        }
        if !self.positions.contains_key(&head) {
            // A line whose newest part was not walked answers nothing.
            self.extend(walk, head).inspect_err(|_| *self = Self::default())?;
        }
        let mut asked = Node::default();
        folders.into_iter().filter(|folder| !self.root.wants(folder)).for_each(|folder| asked.add(folder));
        if !asked.is_nothing() {
            let walked = walk.along(&asked, |feed| {
                self.commits.iter().rev().for_each(|(_, tree)| feed.push(*tree));
                Ok(None)
            })?;
            self.append(&mut asked, walked);
            self.root.graft(asked);
        }
        self.positions.get(&head).copied().ok_or_else(|| git2::Error::from_str("the head is not on its own line"))
    }

    /// Puts the head's commits in place of those that it does not have, and notes what they did.
    fn extend(&mut self, walk: Walk<'_>, head: Oid) -> Result<(), git2::Error> {
        let ends = shallow(walk.repository);
        let odb = walk.repository.odb()?;
        let (mut new, mut cut, mut kept) = (Vec::new(), false, 0);
        let walked = walk.along(&self.root, |feed| {
            let mut next = Some(head);
            while let Some(id) = next {
                if let Some(met) = self.positions.get(&id) {
                    kept = *met as usize + 1;
                    return Ok(self.commits.get(*met as usize).map(|(_, tree)| *tree));
                }
                walk.counters.commits.fetch_add(1, Ordering::Relaxed);
                let (tree, parent) = match commit(&odb, id) {
                    Err(error) if error.code() == ErrorCode::NotFound && !new.is_empty() => {
                        cut = true;
                        return Ok(None);
                    }
                    read => read?,
                };
                new.push((id, tree));
                feed.push(tree);
                cut = ends.contains(&id);
                next = parent.filter(|_| !cut);
            }
            Ok(None)
        })?;
        if kept == 0 {
            self.cut = cut;
        }
        for (gone, _) in self.commits.drain(kept..) {
            self.positions.remove(&gone);
        }
        self.root.forget(position(kept));
        for (id, tree) in new.into_iter().rev() {
            self.positions.insert(id, position(self.commits.len()));
            self.commits.push((id, tree));
        }
        let mut root = std::mem::take(&mut self.root);
        self.append(&mut root, walked);
        self.root = root;
        Ok(())
    }

    /// Adds what walks to the newest commit found, the oldest part first.
    fn append(&self, to: &mut Node, walked: Vec<Node>) {
        let newest = position(self.commits.len().saturating_sub(1));
        walked.into_iter().for_each(|part| to.append(part, newest));
    }
}

fn position(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A folder that paths in question are in, or that leads there.
#[derive(Default)]
pub(super) struct Node {
    pub(super) below: BTreeMap<Box<str>, Node>,
    /// Files of this folder are asked about.
    pub(super) wanted: bool,
    /// The folder's tree from a position on, oldest first; none if the folder does not exist.
    pub(super) trees: Vec<(u32, Option<Oid>)>,
    /// When each file came and went, oldest first.
    pub(super) files: HashMap<Box<[u8]>, Vec<Event>>,
}

impl Node {
    fn add(&mut self, folder: &str) {
        let node = parts(folder).fold(self, |node, part| node.below.entry(Box::from(part)).or_default());
        node.wanted = true;
    }

    /// Whether nothing at it or below it is asked about.
    pub(super) fn is_nothing(&self) -> bool {
        !self.wanted && self.below.is_empty()
    }

    fn wants(&self, folder: &str) -> bool {
        parts(folder).try_fold(self, |node, part| node.below.get(part)).is_some_and(|node| node.wanted)
    }

    /// What happened to a file up to a position.
    fn events(&self, path: &str, at: u32) -> &[Event] {
        let (folder, name) = split(path);
        let node = parts(folder).try_fold(self, |node, part| node.below.get(part));
        let events = node.and_then(|node| node.files.get(name.as_bytes())).map_or(&[][..], Vec::as_slice);
        events.get(..events.partition_point(|(position, _)| *position <= at)).unwrap_or_default()
    }

    /// Drops what happened from a position on.
    fn forget(&mut self, from: u32) {
        self.trees.truncate(self.trees.partition_point(|(position, _)| *position < from));
        self.files.retain(|_, events| {
            events.truncate(events.partition_point(|(position, _)| *position < from));
            !events.is_empty()
        });
        self.below.values_mut().for_each(|node| node.forget(from));
    }

    /// The same folders without anything that happened.
    pub(super) fn shape(&self) -> Self {
        let below = self.below.iter().map(|(name, node)| (name.clone(), node.shape())).collect();
        Self { below, wanted: self.wanted, ..Self::default() }
    }

    /// Adds later events of the same folders. They are listed newest first, each with its distance from the newest commit.
    fn append(&mut self, later: Node, newest: u32) {
        self.trees.extend(later.trees.into_iter().rev().map(|(back, tree)| (newest.saturating_sub(back), tree)));
        for (name, events) in later.files {
            let events = events.into_iter().rev().map(|(back, came)| (newest.saturating_sub(back), came));
            self.files.entry(name).or_default().extend(events);
        }
        for (name, node) in later.below {
            self.below.entry(name).or_default().append(node, newest);
        }
    }

    /// Adds the folders of another walk along the same line.
    fn graft(&mut self, other: Node) {
        if self.trees.is_empty() {
            self.trees = other.trees;
        }
        if other.wanted {
            self.wanted = true;
            self.files = other.files;
        }
        for (name, node) in other.below {
            self.below.entry(name).or_default().graft(node);
        }
    }
}

/// The tree and the first parent of a commit. The library's own reading takes twice as long, for names and times.
fn commit(odb: &Odb<'_>, id: Oid) -> Result<(Oid, Option<Oid>), git2::Error> {
    let object = odb.read(id)?;
    let mut lines = object.data().split(|byte| *byte == b'\n');
    let mut field = |name: &[u8]| {
        let hex = lines.next()?.strip_prefix(name)?;
        Oid::from_str(std::str::from_utf8(hex).ok()?).ok()
    };
    let tree = field(b"tree ").filter(|_| object.kind() == ObjectType::Commit);
    let tree = tree.ok_or_else(|| git2::Error::from_str(&format!("{id} is not a commit")))?;
    Ok((tree, field(b"parent ")))
}

fn split(path: &str) -> (&str, &str) {
    path.rsplit_once('/').unwrap_or(("", path))
}

fn parts(folder: &str) -> impl Iterator<Item = &str> {
    folder.split('/').filter(|part| !part.is_empty())
}

/// The commits at which a shallow clone ends.
pub(super) fn shallow(repository: &Repository) -> HashSet<Oid> {
    if !repository.is_shallow() {
        return HashSet::new();
    }
    let text = std::fs::read_to_string(repository.commondir().join("shallow")).unwrap_or_default();
    text.lines().filter_map(|line| Oid::from_str(line.trim()).ok()).collect()
}
