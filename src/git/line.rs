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

use super::listing::{Listing, Seam};
use super::reader::Counters;
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
        let odb = repository.odb()?;
        let walk = Walk { odb: &odb, counters };
        if !self.positions.contains_key(&head) {
            let kept = self.extend(repository, &odb, counters, head)?;
            let mut new = self.root.shape();
            let walked = walk.along(&self.commits, kept, &mut new);
            // A line whose newest part was not walked answers nothing.
            walked.inspect_err(|_| *self = Self::default())?;
            self.root.append(new);
        }
        let folders: BTreeSet<&str> = paths.iter().map(|path| split(path).0).collect();
        let mut asked = Node::default();
        folders.into_iter().filter(|folder| !self.root.wants(folder)).for_each(|folder| asked.add(folder));
        if !asked.is_nothing() {
            let mut new = asked.shape();
            walk.along(&self.commits, 0, &mut new)?;
            asked.append(new);
            self.root.graft(asked);
        }
        self.positions.get(&head).copied().ok_or_else(|| git2::Error::from_str("the head is not on its own line"))
    }

    /// Puts the head's commits in place of those that it does not have; returns how many were kept.
    fn extend(
        &mut self,
        repository: &Repository,
        odb: &Odb<'_>,
        counters: &Counters,
        head: Oid,
    ) -> Result<usize, git2::Error> {
        let ends = shallow(repository);
        let (mut new, mut cut) = (Vec::new(), false);
        let mut next = Some(head);
        let mut met = None;
        while let Some(id) = next {
            met = self.positions.get(&id).copied();
            if met.is_some() {
                break;
            }
            counters.commits.fetch_add(1, Ordering::Relaxed);
            let (tree, parent) = match commit(odb, id) {
                Err(error) if error.code() == ErrorCode::NotFound && !new.is_empty() => {
                    cut = true;
                    break;
                }
                read => read?,
            };
            new.push((id, tree));
            cut = ends.contains(&id);
            next = parent.filter(|_| !cut);
        }
        let kept = met.map_or(0, |position| position as usize + 1);
        if kept == 0 {
            self.cut = cut;
        }
        for (gone, _) in self.commits.drain(kept..) {
            self.positions.remove(&gone);
        }
        self.root.forget(u32::try_from(kept).unwrap_or(u32::MAX));
        for (id, tree) in new.into_iter().rev() {
            self.positions.insert(id, u32::try_from(self.commits.len()).unwrap_or(u32::MAX));
            self.commits.push((id, tree));
        }
        Ok(kept)
    }
}

/// A folder that paths in question are in, or that leads there.
#[derive(Default)]
struct Node {
    below: BTreeMap<Box<str>, Node>,
    /// Files of this folder are asked about.
    wanted: bool,
    /// The folder's tree from a position on, oldest first; none if the folder does not exist.
    trees: Vec<(u32, Option<Oid>)>,
    /// When each file came and went, oldest first.
    files: HashMap<Box<[u8]>, Vec<Event>>,
}

impl Node {
    fn add(&mut self, folder: &str) {
        let node = parts(folder).fold(self, |node, part| node.below.entry(Box::from(part)).or_default());
        node.wanted = true;
    }

    /// Whether nothing at it or below it is asked about.
    fn is_nothing(&self) -> bool {
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
    fn shape(&self) -> Self {
        let below = self.below.iter().map(|(name, node)| (name.clone(), node.shape())).collect();
        Self { below, wanted: self.wanted, ..Self::default() }
    }

    /// Adds what happened later to the same folders, newest first.
    fn append(&mut self, later: Node) {
        self.trees.extend(later.trees.into_iter().rev());
        for (name, events) in later.files {
            self.files.entry(name).or_default().extend(events.into_iter().rev());
        }
        for (name, node) in later.below {
            self.below.entry(name).or_default().append(node);
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

/// The last version of a folder that was read, and those of the folders below it.
#[derive(Default)]
struct Last<'o> {
    listing: Option<(Oid, Listing<'o>)>,
    below: BTreeMap<Box<str>, Last<'o>>,
}

struct Walk<'o> {
    odb: &'o Odb<'o>,
    counters: &'o Counters,
}

impl<'o> Walk<'o> {
    /// Notes what each commit from a position on did, newest first: git stores a version of a folder as its difference
    /// from a newer one, which is quick to read after that one. The other way round takes several times as long.
    fn along(&self, commits: &[(Oid, Oid)], from: usize, root: &mut Node) -> Result<(), git2::Error> {
        let mut last = Last::default();
        for (at, (_, tree)) in commits.iter().enumerate().skip(from).rev() {
            let older = at.checked_sub(1).and_then(|before| commits.get(before)).map(|(_, tree)| *tree);
            self.step(root, &mut last, older, Some(*tree), u32::try_from(at).unwrap_or(u32::MAX))?;
        }
        Ok(())
    }

    fn step(
        &self,
        node: &mut Node,
        last: &mut Last<'o>,
        older: Option<Oid>,
        newer: Option<Oid>,
        at: u32,
    ) -> Result<(), git2::Error> {
        if older == newer {
            return Ok(());
        }
        node.trees.push((at, newer));
        if node.is_nothing() {
            return Ok(());
        }
        let new = match last.listing.take() {
            Some((id, listing)) if Some(id) == newer => listing,
            _ => self.read(newer, &Listing::none())?.0,
        };
        let (old, seam) = self.read(older, &new)?;
        for (name, (new, old)) in new.differences(&old, seam) {
            let (is, was) = [new, old].map(|entry| entry.is_some_and(|entry| entry.is_file())).into();
            if node.wanted && is != was {
                node.files.entry(Box::from(name)).or_default().push((at, is));
            }
            let Some((name, child)) =
                std::str::from_utf8(name).ok().and_then(|name| Some((name, node.below.get_mut(name)?)))
            else {
                continue;
            };
            let (new, old) = [new, old].map(|entry| entry.and_then(|entry| entry.folder())).into();
            self.step(child, last.below.entry(Box::from(name)).or_default(), old, new, at)?;
        }
        last.listing = older.map(|id| (id, old));
        Ok(())
    }

    fn read(&self, id: Option<Oid>, like: &Listing<'_>) -> Result<(Listing<'o>, Seam), git2::Error> {
        let Some(id) = id else { return Ok((Listing::none(), Seam::default())) };
        self.counters.walked.fetch_add(1, Ordering::Relaxed);
        Listing::read(self.odb, id, like)
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
