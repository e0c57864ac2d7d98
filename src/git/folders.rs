//! Folders of commits as values, built once per tree and shared between commits.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use git2::{Odb, Oid};

use super::listing::{Entry, Listing, Mode};
use super::reader::Counters;
use crate::tree::{BlobId, FileTree, Folder, Node, TreeId};

/// Folders nested deeper than this are refused.
const MAX_DEPTH: usize = 32;
/// How many trees are kept alive: the next commit shares with them, whether or not its reader kept them.
const KEPT: usize = 3;

/// Folders that are still in use, by depth and id. By depth, since what is too deep is refused there.
#[derive(Default)]
pub(super) struct Folders {
    known: HashMap<(usize, Oid), Known>,
    /// Folders without what is in their folders.
    outlined: HashMap<Oid, Weak<Folder>>,
    swept: usize,
    last: VecDeque<FileTree>,
}

struct Known {
    folder: Weak<Folder>,
    entries: u64,
}

/// A folder, and how many entries it and all folders below it have.
pub(super) struct Built {
    pub(super) folder: Arc<Folder>,
    pub(super) entries: u64,
}

/// Where folders are read from.
#[derive(Clone, Copy)]
pub(super) struct From<'o> {
    pub(super) odb: &'o Odb<'o>,
    pub(super) counters: &'o Counters,
}

impl<'o> From<'o> {
    pub(super) fn listing(self, id: Oid) -> Result<Listing<'o>, git2::Error> {
        self.counters.trees.fetch_add(1, Ordering::Relaxed);
        Listing::read(self.odb, id, &Listing::none()).map(|(listing, _)| listing)
    }
}

impl Folders {
    /// Builds a folder, reading only those below it that are not held. Each distinct tree is read once per depth.
    pub(super) fn build(&mut self, from: From<'_>, id: Oid, depth: usize) -> Result<Built, git2::Error> {
        if let Some(known) = self.known.get(&(depth, id))
            && let Some(folder) = known.folder.upgrade()
        {
            return Ok(Built { folder, entries: known.entries });
        }
        let listing = from.listing(id)?;
        let mut total = listing.len() as u64;
        let mut entries = BTreeMap::new();
        let mut cut = false;
        for entry in listing.entries() {
            let node = if depth + 1 >= MAX_DEPTH && entry.mode == Mode::Folder {
                cut = true;
                Node::Refused("nested deeper than 32 folders")
            } else {
                self.node(from, entry, depth, &mut total)?
            };
            entries.insert(name(entry.name), node);
        }
        // Equal ids mean equal contents: a folder that was cut is another one than the whole.
        let name = if cut { format!("{id}@{depth}") } else { id.to_string() };
        let folder = Arc::new(Folder { id: TreeId(Arc::from(name)), entries });
        self.known.insert((depth, id), Known { folder: Arc::downgrade(&folder), entries: total });
        Ok(Built { folder, entries: total })
    }

    /// Builds a commit's tree with one folder below another as the only one there.
    pub(super) fn part(
        &mut self,
        from: From<'_>,
        root: Oid,
        within: &str,
        only: (&str, Option<Oid>),
    ) -> Result<Built, git2::Error> {
        let listing = from.listing(root)?;
        let mut total = listing.len() as u64;
        let mut entries = BTreeMap::new();
        for entry in listing.entries() {
            let inside = entry.mode == Mode::Folder && entry.name == within.as_bytes();
            let node = if inside {
                let mut below = BTreeMap::new();
                if let (name, Some(id)) = only {
                    let built = self.build(from, id, 2)?;
                    total = total.saturating_add(built.entries);
                    below.insert(Arc::from(name), Node::Folder(built.folder));
                }
                let id = only.1.map_or_else(|| "none".to_owned(), |id| id.to_string());
                let id = TreeId(Arc::from(format!("{}={id}", only.0)));
                Node::Folder(Arc::new(Folder { id, entries: below }))
            } else {
                self.node(from, entry, 0, &mut total)?
            };
            entries.insert(name(entry.name), node);
        }
        let id = TreeId(Arc::from(format!("{root}:{within}/{}", only.0)));
        Ok(Built { folder: Arc::new(Folder { id, entries }), entries: total })
    }

    /// Builds a commit's tree, but of each folder below another one only its own files.
    pub(super) fn outline(&mut self, from: From<'_>, root: Oid, within: &str) -> Result<Built, git2::Error> {
        let listing = from.listing(root)?;
        let mut total = listing.len() as u64;
        let mut entries = BTreeMap::new();
        for entry in listing.entries() {
            let inside = entry.mode == Mode::Folder && entry.name == within.as_bytes();
            let node = if inside {
                let folders = from.listing(entry.id)?;
                total = total.saturating_add(folders.len() as u64);
                let mut below = BTreeMap::new();
                for folder in folders.entries() {
                    let node = match (refused(&folder), folder.folder()) {
                        (None, Some(id)) => Node::Folder(self.outlined(from, id)?),
                        _ => self.node(from, folder, 1, &mut total)?,
                    };
                    below.insert(name(folder.name), node);
                }
                Node::Folder(Arc::new(Folder { id: TreeId(Arc::from(entry.id.to_string())), entries: below }))
            } else {
                self.node(from, entry, 0, &mut total)?
            };
            entries.insert(name(entry.name), node);
        }
        Ok(Built { folder: Arc::new(Folder { id: TreeId(Arc::from(root.to_string())), entries }), entries: total })
    }

    fn outlined(&mut self, from: From<'_>, id: Oid) -> Result<Arc<Folder>, git2::Error> {
        if let Some(folder) = self.outlined.get(&id).and_then(Weak::upgrade) {
            return Ok(folder);
        }
        let listing = from.listing(id)?;
        let mut entries = BTreeMap::new();
        for entry in listing.entries() {
            let node = match (refused(&entry), entry.folder()) {
                (Some(why), _) => Node::Refused(why),
                (None, Some(id)) => Node::Unread(TreeId(Arc::from(id.to_string()))),
                (None, None) => Node::File(BlobId(Arc::from(entry.id.to_string()))),
            };
            entries.insert(name(entry.name), node);
        }
        let folder = Arc::new(Folder { id: TreeId(Arc::from(id.to_string())), entries });
        self.outlined.insert(id, Arc::downgrade(&folder));
        Ok(folder)
    }

    fn node(&mut self, from: From<'_>, entry: Entry<'_>, depth: usize, total: &mut u64) -> Result<Node, git2::Error> {
        if let Some(why) = refused(&entry) {
            return Ok(Node::Refused(why));
        }
        if entry.mode == Mode::Folder {
            let below = self.build(from, entry.id, depth + 1)?;
            *total = total.saturating_add(below.entries);
            return Ok(Node::Folder(below.folder));
        }
        Ok(Node::File(BlobId(Arc::from(entry.id.to_string()))))
    }

    /// Keeps the last trees alive, and forgets unused folders once there are many.
    pub(super) fn remember(&mut self, tree: &FileTree) {
        if self.last.back().is_none_or(|last| last.root.id != tree.root.id) {
            self.last.push_back(tree.clone());
        }
        while self.last.len() > KEPT {
            self.last.pop_front();
        }
        if self.known.len() > 2 * self.swept + 1024 {
            self.known.retain(|_, known| known.folder.strong_count() > 0);
            self.outlined.retain(|_, folder| folder.strong_count() > 0);
            self.swept = self.known.len();
        }
    }
}

fn name(bytes: &[u8]) -> Arc<str> {
    Arc::from(String::from_utf8_lossy(bytes))
}

/// Why an entry is not followed.
fn refused(entry: &Entry<'_>) -> Option<&'static str> {
    let Ok(name) = std::str::from_utf8(entry.name) else { return Some("an entry whose name is not UTF-8") };
    if name.is_empty() || name == "." || name == ".." || name.contains('/') {
        return Some("an entry whose name is not that of a file");
    }
    match entry.mode {
        Mode::Folder | Mode::File => None,
        Mode::Link => Some("a symbolic link"),
        Mode::Submodule => Some("a submodule"),
        Mode::Other => Some("neither a file nor a folder"),
    }
}
