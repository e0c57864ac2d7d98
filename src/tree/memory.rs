//! A repository in memory: commits of path → text, with first parents. For tests and for the daemon on virtual time.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::{BlobId, Blobs, FileTree, Folder, History, Landing, Node, TreeError, TreeId, blob_id_of};
use crate::model::{CommitId, Hash};

/// Commits and contents.
#[derive(Clone, Debug, Default)]
pub struct MemoryHistory {
    blobs: HashMap<BlobId, Arc<[u8]>>,
    commits: HashMap<CommitId, (FileTree, Option<CommitId>)>,
    head: Option<CommitId>,
}

impl MemoryHistory {
    /// A repository without a commit.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes a tree of path → text and keeps its contents.
    pub fn tree_of<'a>(&mut self, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> FileTree {
        let mut all = BTreeMap::new();
        for (path, text) in files {
            let id = blob_id_of(text.as_bytes());
            self.blobs.insert(id.clone(), Arc::from(text.as_bytes()));
            all.insert(path.to_owned(), id);
        }
        tree(&all)
    }

    /// Commits these files on top of the head; the id is a hash of files and parent, so it is the same on every run.
    pub fn commit<'a>(&mut self, files: impl IntoIterator<Item = (&'a str, &'a str)>) -> CommitId {
        let tree = self.tree_of(files);
        let parent = self.head.clone();
        let mut id = Hash::parts()
            .part(&*tree.root.id.0)
            .part(parent.as_ref().map_or("", |commit| commit.0.as_str()))
            .finish()
            .hex();
        id.truncate(40);
        let id = CommitId(id);
        self.commits.insert(id.clone(), (tree, parent));
        self.head = Some(id.clone());
        id
    }

    /// The newest commit.
    pub fn head(&self) -> Option<&CommitId> {
        self.head.as_ref()
    }

    /// Moves the head to another commit, as a force-push does.
    pub fn reset(&mut self, commit: &CommitId) {
        self.head = Some(commit.clone());
    }

    /// Forgets every commit that neither the head nor a kept one reaches, as collecting garbage does.
    pub fn forget(&mut self, kept: &BTreeSet<CommitId>) {
        let mut reached = BTreeSet::new();
        for start in self.head.iter().chain(kept) {
            let mut next = Some(start.clone());
            while let Some(commit) = next.filter(|commit| reached.insert(commit.clone())) {
                next = self.commits.get(&commit).and_then(|(_, parent)| parent.clone());
            }
        }
        self.commits.retain(|commit, _| reached.contains(commit));
    }
}

/// Builds folders from whole paths.
pub fn tree(files: &BTreeMap<String, BlobId>) -> FileTree {
    let mut root = Building::default();
    for (path, blob) in files {
        let mut folder = &mut root;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                folder.files.insert(Arc::from(part), blob.clone());
            } else {
                folder = folder.folders.entry(Arc::from(part)).or_default();
            }
        }
    }
    FileTree { root: root.finish() }
}

#[derive(Default)]
struct Building {
    files: BTreeMap<Arc<str>, BlobId>,
    folders: BTreeMap<Arc<str>, Building>,
}

impl Building {
    fn finish(self) -> Arc<Folder> {
        let mut hash = Hash::parts();
        let mut entries = BTreeMap::new();
        for (name, blob) in self.files {
            hash = hash.part("f").part(&*name).part(&*blob.0);
            entries.insert(name, Node::File(blob));
        }
        for (name, folder) in self.folders {
            let folder = folder.finish();
            hash = hash.part("d").part(&*name).part(&*folder.id.0);
            entries.insert(name, Node::Folder(folder));
        }
        Arc::new(Folder { id: TreeId(Arc::from(hash.finish().hex())), entries })
    }
}

impl Blobs for MemoryHistory {
    fn read(&self, blob: &BlobId) -> Result<Arc<[u8]>, TreeError> {
        self.blobs.get(blob).cloned().ok_or_else(|| TreeError::Missing(blob.0.to_string()))
    }
}

impl History for MemoryHistory {
    fn tree(&self, commit: &CommitId) -> Result<FileTree, TreeError> {
        let (tree, _) = self.commits.get(commit).ok_or_else(|| TreeError::Missing(commit.to_string()))?;
        Ok(tree.clone())
    }

    fn landings(&self, head: &CommitId, paths: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, Landing>, TreeError> {
        let mut found = BTreeMap::new();
        let here = self.tree(head)?;
        for path in paths {
            if here.file(path).is_none() {
                found.insert(path.clone(), Landing::Absent);
                continue;
            }
            let mut commit = head;
            while let Some((_, Some(parent))) = self.commits.get(commit) {
                if self.tree(parent)?.file(path).is_none() {
                    break;
                }
                commit = parent;
            }
            found.insert(path.clone(), Landing::At(commit.clone()));
        }
        Ok(found)
    }

    fn first_landings(&self, head: &CommitId, paths: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, CommitId>, TreeError> {
        let mut found = BTreeMap::new();
        let mut next = Some(head);
        while let Some((commit, (tree, parent))) = next.and_then(|commit| self.commits.get_key_value(commit)) {
            let there = paths.iter().filter(|path| tree.file(path).is_some());
            found.extend(there.map(|path| (path.clone(), commit.clone())));
            next = parent.as_ref();
        }
        Ok(found)
    }

    fn has(&self, commit: &CommitId) -> bool {
        self.commits.contains_key(commit)
    }

    fn parent(&self, commit: &CommitId) -> Result<Option<CommitId>, TreeError> {
        let (_, parent) = self.commits.get(commit).ok_or_else(|| TreeError::Missing(commit.to_string()))?;
        Ok(parent.clone())
    }
}
