//! Comparing the commits of a line, newest first: git stores a version of a folder as its difference from a newer one, which
//! is quick to read after that one. The other way round takes several times as long.
//!
//! A long line is walked in stretches. Threads compare them, each with the repository opened for itself, while the commits
//! are still being read. The newest stretch is compared with the caller's own repository: a merge in memory is nowhere else.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{Builder, Scope, ScopedJoinHandle};

use git2::{Odb, Oid, Repository};

use super::line::Node;
use super::listing::{Listing, Seam};
use super::reader::Counters;

/// The commits of a stretch.
const STRETCH: usize = 1024;
/// More threads than this do not help: the commits themselves are read by one.
const THREADS: usize = 4;

#[derive(Clone, Copy)]
pub(super) struct Walk<'a> {
    pub(super) repository: &'a Repository,
    pub(super) counters: &'a Counters,
}

/// Commits in a row, of which each is compared with the next.
struct Stretch {
    /// How far the first is from the newest commit of the walk.
    from: usize,
    /// Their trees, newest first.
    trees: Vec<Oid>,
    /// The tree of the commit before them; none if the line begins with them.
    older: Option<Oid>,
}

/// What the commits of a stretch did, newest first, at distances from the newest commit of the walk.
type Walked = Result<Vec<(usize, Node)>, git2::Error>;

impl<'a> Walk<'a> {
    /// Notes what the commits did whose trees `feed` gives, newest first. It returns the tree of the commit before them.
    /// `shape` has the folders that are asked about.
    pub(super) fn along(
        self,
        shape: &Node,
        feed: impl FnOnce(&mut Feed<'_, '_>) -> Result<Option<Oid>, git2::Error>,
    ) -> Result<Vec<Node>, git2::Error> {
        let (sender, queue) = channel();
        let queue = Mutex::new(queue);
        let crew = Crew { path: self.repository.path(), counters: self.counters, shape, queue: &queue };
        let mut walked = std::thread::scope(|scope| -> Walked {
            let mut fed = Feed { scope, crew, threads: Vec::new(), sender, newest: None, trees: Vec::new(), from: 0 };
            let older = feed(&mut fed)?;
            let (newest, threads) = fed.finish(older);
            let odb = self.repository.odb()?;
            let mut walked = vec![(newest.from, newest.compare(&odb, self.counters, shape)?)];
            walked.extend(crew.work(&odb)?);
            for thread in threads {
                walked.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
            }
            Ok(walked)
        })?;
        walked.sort_by_key(|(from, _)| std::cmp::Reverse(*from));
        Ok(walked.into_iter().map(|(_, node)| node).collect())
    }
}

/// What the threads share.
#[derive(Clone, Copy)]
struct Crew<'a> {
    path: &'a Path,
    counters: &'a Counters,
    shape: &'a Node,
    queue: &'a Mutex<Receiver<Stretch>>,
}

impl Crew<'_> {
    /// Compares stretches until there are none and none will come.
    fn work(self, odb: &Odb<'_>) -> Walked {
        let mut walked = Vec::new();
        loop {
            let next = self.queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
            let Ok(stretch) = next else { return Ok(walked) };
            walked.push((stretch.from, stretch.compare(odb, self.counters, self.shape)?));
        }
    }

    fn work_alone(self) -> Walked {
        let repository = Repository::open(self.path)?;
        self.work(&repository.odb()?)
    }
}

/// Takes the trees of commits, newest first.
pub(super) struct Feed<'s, 'e> {
    scope: &'s Scope<'s, 'e>,
    crew: Crew<'e>,
    threads: Vec<ScopedJoinHandle<'s, Walked>>,
    sender: Sender<Stretch>,
    newest: Option<Stretch>,
    trees: Vec<Oid>,
    from: usize,
}

impl<'s> Feed<'s, '_> {
    pub(super) fn push(&mut self, tree: Oid) {
        if self.trees.len() == STRETCH {
            let stretch = self.cut(Some(tree));
            self.give(stretch);
        }
        self.trees.push(tree);
    }

    fn cut(&mut self, older: Option<Oid>) -> Stretch {
        let trees = std::mem::take(&mut self.trees);
        let stretch = Stretch { from: self.from, trees, older };
        self.from += stretch.trees.len();
        stretch
    }

    fn give(&mut self, stretch: Stretch) {
        if self.newest.is_none() {
            self.newest = Some(stretch);
            return;
        }
        let crew = self.crew;
        let processors = std::thread::available_parallelism().map_or(1, usize::from).min(THREADS);
        // The caller works, too, as soon as it has read the commits. It does all of it where no thread can be had.
        if self.threads.len() + 1 < processors
            && let Ok(thread) = Builder::new().spawn_scoped(self.scope, move || crew.work_alone())
        {
            self.threads.push(thread);
        }
        // The receiver outlives the sender.
        let _ = self.sender.send(stretch);
    }

    fn finish(mut self, older: Option<Oid>) -> (Stretch, Vec<ScopedJoinHandle<'s, Walked>>) {
        let last = self.cut(older);
        match self.newest.take() {
            None => (last, self.threads),
            Some(newest) => {
                let _ = self.sender.send(last);
                (newest, self.threads)
            }
        }
    }
}

impl Stretch {
    fn compare(&self, odb: &Odb<'_>, counters: &Counters, shape: &Node) -> Result<Node, git2::Error> {
        let (mut node, mut last) = (shape.shape(), Last::default());
        let older = self.trees.iter().skip(1).copied().map(Some).chain([self.older]);
        for (at, (tree, older)) in self.trees.iter().zip(older).enumerate() {
            let at = u32::try_from(self.from + at).unwrap_or(u32::MAX);
            Step { odb, counters, at }.compare(&mut node, &mut last, older, Some(*tree))?;
        }
        Ok(node)
    }
}

/// The last version of a folder that was read, and those of the folders below it.
#[derive(Default)]
struct Last<'o> {
    listing: Option<(Oid, Listing<'o>)>,
    below: BTreeMap<Box<str>, Last<'o>>,
}

/// One commit, compared with the one before it.
#[derive(Clone, Copy)]
struct Step<'o> {
    odb: &'o Odb<'o>,
    counters: &'o Counters,
    /// How far it is from the newest.
    at: u32,
}

impl<'o> Step<'o> {
    fn compare(
        self,
        node: &mut Node,
        last: &mut Last<'o>,
        older: Option<Oid>,
        newer: Option<Oid>,
    ) -> Result<(), git2::Error> {
        if older == newer {
            return Ok(());
        }
        node.trees.push((self.at, newer));
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
                node.files.entry(Box::from(name)).or_default().push((self.at, is));
            }
            let Some((name, child)) =
                std::str::from_utf8(name).ok().and_then(|name| Some((name, node.below.get_mut(name)?)))
            else {
                continue;
            };
            let (new, old) = [new, old].map(|entry| entry.and_then(|entry| entry.folder())).into();
            self.compare(child, last.below.entry(Box::from(name)).or_default(), old, new)?;
        }
        last.listing = older.map(|id| (id, old));
        Ok(())
    }

    fn read(self, id: Option<Oid>, like: &Listing<'_>) -> Result<(Listing<'o>, Seam), git2::Error> {
        let Some(id) = id else { return Ok((Listing::none(), Seam::default())) };
        self.counters.walked.fetch_add(1, Ordering::Relaxed);
        Listing::read(self.odb, id, like)
    }
}
