//! Files at one commit: paths and contents, and the history that tells when a path landed.
//!
//! A [`FileTree`] is a value that shares what did not change with its predecessor, so that reading the next commit costs
//! what the commit changed. `git/` implements [`History`] over a bare mirror; [`memory`] implements it for tests and for
//! the daemon on virtual time; `cli/` makes a tree of a folder. Deliberately absent: parsing, and any write.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{CommitId, Hash};

pub mod memory;

/// The identity of a file's content: equal ids mean equal bytes. What it is made of is the implementation's business.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct BlobId(pub Arc<str>);

/// The identity of a folder: equal ids mean equal paths and contents below it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeId(pub Arc<str>);

/// One entry of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Node {
    /// A regular file.
    File(BlobId),
    Folder(Arc<Folder>),
    /// Something that is never followed: a symbolic link or a submodule.
    Refused(&'static str),
    /// A folder of which only the identity was read; only in [`FileTree::outline`].
    Unread(TreeId),
}

impl Node {
    /// Whether two entries are the same, as far as their ids tell: for folders, with everything below them.
    pub fn is_same(&self, other: &Node) -> bool {
        let folder = |node: &Node| match node {
            Node::Folder(folder) => Some(folder.id.clone()),
            Node::Unread(id) => Some(id.clone()),
            Node::File(_) | Node::Refused(_) => None,
        };
        match (folder(self), folder(other)) {
            (Some(one), Some(other)) => one == other,
            (None, None) => self == other,
            _ => false,
        }
    }
}

/// A folder with everything below it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Its identity.
    pub id: TreeId,
    /// Its entries by name.
    pub entries: BTreeMap<Arc<str>, Node>,
}

impl Folder {
    /// Its own files, and the ids of its folders.
    fn outlined(&self) -> Folder {
        let entries = self.entries.iter().map(|(name, node)| match node {
            Node::Folder(inner) => (name.clone(), Node::Unread(inner.id.clone())),
            other => (name.clone(), other.clone()),
        });
        Folder { id: self.id.clone(), entries: entries.collect() }
    }
}

/// Every file at one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileTree {
    pub root: Arc<Folder>,
}

impl FileTree {
    /// The entry at a path with `/`, without a leading one.
    pub fn get(&self, path: &str) -> Option<&Node> {
        let mut folder = &self.root;
        let mut parts = path.split('/').peekable();
        while let Some(part) = parts.next() {
            let node = folder.entries.get(part)?;
            if parts.peek().is_none() {
                return Some(node);
            }
            match node {
                Node::Folder(inner) => folder = inner,
                Node::File(_) | Node::Refused(_) | Node::Unread(_) => return None,
            }
        }
        None
    }

    /// The same files with one put at a path: folders are made if they are missing, what is in the way is replaced.
    pub fn with(&self, path: &str, blob: &BlobId) -> FileTree {
        let parts: Vec<&str> = path.split('/').collect();
        FileTree { root: put(Some(&self.root), &parts, blob) }
    }

    /// The same files with only one folder left below a folder of the root.
    pub fn part(&self, within: &str, name: &str) -> FileTree {
        let mut entries = self.root.entries.clone();
        if let Some(Node::Folder(folder)) = entries.get(within) {
            let only = folder.entries.get_key_value(name).filter(|(_, node)| matches!(node, Node::Folder(_)));
            let id = match only {
                Some((_, Node::Folder(only))) => &*only.id.0,
                _ => "none",
            };
            let id = TreeId(Arc::from(format!("{name}={id}")));
            let below = only.map(|(name, node)| (name.clone(), node.clone())).into_iter().collect();
            entries.insert(Arc::from(within), Node::Folder(Arc::new(Folder { id, entries: below })));
        }
        let id = TreeId(Arc::from(format!("{}:{within}/{name}", self.root.id.0)));
        FileTree { root: Arc::new(Folder { id, entries }) }
    }

    /// The same files, but of each folder below a folder of the root only its own files: the folders in it are
    /// [`Node::Unread`]. Ids stay those of the whole folders.
    pub fn outline(&self, within: &str) -> FileTree {
        let mut entries = self.root.entries.clone();
        if let Some(Node::Folder(folder)) = entries.get(within) {
            let outlined = folder.entries.iter().map(|(name, node)| match node {
                Node::Folder(inner) => (name.clone(), Node::Folder(Arc::new(inner.outlined()))),
                other => (name.clone(), other.clone()),
            });
            let outlined = Folder { id: folder.id.clone(), entries: outlined.collect() };
            entries.insert(Arc::from(within), Node::Folder(Arc::new(outlined)));
        }
        FileTree { root: Arc::new(Folder { id: self.root.id.clone(), entries }) }
    }

    /// The same files with whole folders in place of those below a folder of the root.
    pub fn filled(&self, within: &str, folders: impl IntoIterator<Item = (Arc<str>, Arc<Folder>)>) -> FileTree {
        let mut entries = self.root.entries.clone();
        if let Some(Node::Folder(folder)) = entries.get(within) {
            let mut below = folder.entries.clone();
            below.extend(folders.into_iter().map(|(name, folder)| (name, Node::Folder(folder))));
            let filled = Folder { id: folder.id.clone(), entries: below };
            entries.insert(Arc::from(within), Node::Folder(Arc::new(filled)));
        }
        FileTree { root: Arc::new(Folder { id: self.root.id.clone(), entries }) }
    }

    /// The folder at a path.
    pub fn folder(&self, path: &str) -> Option<&Arc<Folder>> {
        match self.get(path)? {
            Node::Folder(folder) => Some(folder),
            Node::File(_) | Node::Refused(_) | Node::Unread(_) => None,
        }
    }

    /// The content id of the file at a path.
    pub fn file(&self, path: &str) -> Option<&BlobId> {
        match self.get(path)? {
            Node::File(blob) => Some(blob),
            Node::Folder(_) | Node::Refused(_) | Node::Unread(_) => None,
        }
    }
}

fn put(folder: Option<&Arc<Folder>>, path: &[&str], blob: &BlobId) -> Arc<Folder> {
    let mut entries = folder.map(|folder| folder.entries.clone()).unwrap_or_default();
    let old = folder.map_or("", |folder| &*folder.id.0);
    let id = Hash::parts().part(old).part(path.join("/")).part(&*blob.0).finish().hex();
    if let [name, rest @ ..] = path {
        let node = match (rest, entries.get(*name)) {
            ([], _) => Node::File(blob.clone()),
            (rest, Some(Node::Folder(inner))) => Node::Folder(put(Some(inner), rest, blob)),
            (rest, _) => Node::Folder(put(None, rest, blob)),
        };
        entries.insert(Arc::from(*name), node);
    }
    Arc::new(Folder { id: TreeId(Arc::from(id)), entries })
}

/// Why files or history cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum TreeError {
    /// The repository does not have the object. In a shallow or partial clone, fetching more would bring it.
    #[error("the repository has no object {0}")]
    Missing(String),
    /// A file or folder is larger than landfall reads.
    #[error("{what} is larger than {limit} bytes")]
    TooLarge {
        /// What is too large.
        what: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// Anything else that reading can run into.
    #[error("cannot read {what}")]
    Read {
        /// What was read.
        what: String,
        /// The error underneath.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Reads contents by their id.
pub trait Blobs: Send + Sync {
    /// The bytes of a file. Bounded: a larger file is [`TreeError::TooLarge`].
    fn read(&self, blob: &BlobId) -> Result<Arc<[u8]>, TreeError>;
}

/// When a path landed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Landing {
    /// The newest first-parent commit that has the path and whose first parent has not.
    At(CommitId),
    /// The path is not there at the head.
    Absent,
    /// The history ends (a shallow clone) before the landing commit is found.
    Shallow,
}

/// Commits of the tracked branch.
pub trait History: Blobs {
    /// The files at a commit.
    fn tree(&self, commit: &CommitId) -> Result<FileTree, TreeError>;

    /// The files at a commit, with only one folder left below a folder of the root: all that one project needs, without
    /// reading the others. The ids of the two folders on the way are those of a part, not of the whole.
    fn part(&self, commit: &CommitId, within: &str, name: &str) -> Result<FileTree, TreeError> {
        Ok(self.tree(commit)?.part(within, name))
    }

    /// The files at a commit as [`FileTree::outline`] leaves them.
    fn outline(&self, commit: &CommitId, within: &str) -> Result<FileTree, TreeError> {
        Ok(self.tree(commit)?.outline(within))
    }

    /// When each path landed, following first parents from the head. One walk answers all paths.
    fn landings(&self, head: &CommitId, paths: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, Landing>, TreeError>;

    /// The oldest commit that landed each path, following first parents from the head as far as the history goes. It is
    /// older than the landing if the path was deleted in between. Paths that are not there at the head may be left out.
    fn first_landings(&self, head: &CommitId, paths: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, CommitId>, TreeError>;

    /// Whether the commit is there.
    fn has(&self, commit: &CommitId) -> bool;

    /// When a commit was made, in seconds since 1970, as its author's clock said; 0 if that is not known. Only for the order in
    /// which commits are read: it is faster to read a commit after one that is near to it.
    fn time(&self, _commit: &CommitId) -> i64 {
        0
    }

    /// The first parent of a commit; none for the first commit, and where a shallow clone ends.
    fn parent(&self, commit: &CommitId) -> Result<Option<CommitId>, TreeError>;

    /// Whether a commit is part of the head's history, and not of its line of first parents: a merge made the line that it was
    /// on the second parent. Histories without merges have none.
    fn is_beside(&self, _head: &CommitId, _commit: &CommitId) -> Result<bool, TreeError> {
        Ok(false)
    }

    /// The first-parent commits after `base` up to `head`, oldest first. Only the head where `base` is not found among so many:
    /// a force-push left it behind, or the daemon was off for very long.
    fn after(&self, base: &CommitId, head: &CommitId, most: usize) -> Result<Vec<CommitId>, TreeError> {
        let mut commits = Vec::new();
        let mut next = Some(head.clone());
        while let Some(commit) = next.filter(|commit| commit != base) {
            next = self.parent(&commit)?;
            if next.is_none() || commits.len() >= most {
                return Ok(vec![head.clone()]);
            }
            commits.push(commit);
        }
        commits.reverse();
        Ok(commits)
    }
}

/// The largest file that is read from a repository, in bytes: larger than any template that CloudFormation takes (1 MB).
pub const MAX_FILE: u64 = 2 * 1024 * 1024;

/// The id that contents read from a folder get: the hash of the bytes.
pub fn blob_id_of(bytes: &[u8]) -> BlobId {
    BlobId(Arc::from(Hash::of(bytes).hex()))
}
