//! Trees and contents of commits, read from an object database and shared between commits.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use git2::{ErrorCode, ObjectType, Oid, Repository, TreeEntry};

use super::firsts::Firsts;
use super::landings::{self, Known};
use super::large::Large;
use super::{GitError, commit_id, copy, oid};
use crate::model::CommitId;
use crate::tree::{BlobId, Blobs, FileTree, Folder, History, Landing, MAX_FILE, Node, TreeError, TreeId};

/// Folders nested deeper than this are refused.
const MAX_DEPTH: usize = 32;
/// A folder with more entries than this, all below it counted, is refused.
const MAX_ENTRIES: u64 = 200_000;

/// How many objects were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Commits.
    pub commits: u64,
    /// Folders.
    pub trees: u64,
    /// Files.
    pub blobs: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) commits: AtomicU64,
    pub(super) trees: AtomicU64,
    pub(super) blobs: AtomicU64,
}

/// Reads any repository: a mirror, or the clone that a command runs in. Writes nothing.
pub struct Reader {
    inner: Mutex<Inner>,
    counters: Counters,
}

struct Inner {
    repository: Repository,
    folders: Folders,
    known: Known,
    firsts: Firsts,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens the repository that a folder is in, like git does.
    pub fn open_local(path: &Path) -> Result<Self, GitError> {
        let repository = Repository::discover(path).map_err(|source| copy::unopened(path, source))?;
        Ok(Self::of(repository))
    }

    pub(super) fn of(repository: Repository) -> Self {
        let inner =
            Inner { repository, folders: Folders::default(), known: Known::default(), firsts: Firsts::default() };
        Self { inner: Mutex::new(inner), counters: Counters::default() }
    }

    /// The commit that a revision names: `HEAD~1`, a branch, a tag, a beginning of an id.
    pub fn resolve(&self, revision: &str) -> Result<CommitId, GitError> {
        let inner = self.lock();
        let found = inner.repository.revparse_single(revision).and_then(|object| object.peel(ObjectType::Commit));
        found.map(|object| commit_id(object.id())).map_err(|source| {
            let (revision, path) = (revision.to_owned(), inner.repository.path().to_owned());
            let there = remote_branches(&inner.repository, &revision);
            match there.is_empty() {
                true => GitError::Revision { revision, path, source },
                false => GitError::Remote { revision, path, there },
            }
        })
    }

    /// The commit that two have in common, as `git merge-base` finds it; none where they share no history.
    pub fn merge_base(&self, one: &CommitId, other: &CommitId) -> Result<Option<CommitId>, GitError> {
        let inner = self.lock();
        let found = oid(one).and_then(|one| inner.repository.merge_base(one, oid(other)?));
        match found {
            Ok(base) => Ok(Some(commit_id(base))),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(source) => Err(GitError::Revision {
                revision: format!("{one}...{other}"),
                path: inner.repository.path().to_owned(),
                source,
            }),
        }
    }

    /// How many commits one has that another has not, and the other way round; none where one of them is not there.
    pub fn apart(&self, one: &CommitId, other: &CommitId) -> Option<(usize, usize)> {
        let inner = self.lock();
        inner.repository.graph_ahead_behind(oid(one).ok()?, oid(other).ok()?).ok()
    }

    /// The work tree's folder; none in a bare repository.
    pub fn work_tree(&self) -> Option<PathBuf> {
        self.lock().repository.workdir().map(Path::to_owned)
    }

    /// Reads of objects so far.
    pub fn counts(&self) -> Counts {
        let get = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let counters = &self.counters;
        Counts { commits: get(&counters.commits), trees: get(&counters.trees), blobs: get(&counters.blobs) }
    }

    /// Reads something else from the repository.
    pub(super) fn with<T>(&self, read: impl FnOnce(&Repository) -> T) -> T {
        read(&self.lock().repository)
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Blobs for Reader {
    fn read(&self, blob: &BlobId) -> Result<Arc<[u8]>, TreeError> {
        let what = || format!("the file with id {}", blob.0);
        let failed = |error| unreadable(what(), error);
        let inner = self.lock();
        let odb = inner.repository.odb().map_err(failed)?;
        let id = Oid::from_str(&blob.0).map_err(failed)?;
        let (size, _) = match odb.read_header(id) {
            // Asked for only where it is missing: the list is read each time.
            Err(error) if error.code() == ErrorCode::NotFound && Large::left_by(&inner.repository).lacks(id) => {
                return Err(TreeError::TooLarge { what: what(), limit: MAX_FILE });
            }
            header => header.map_err(failed)?,
        };
        if size as u64 > MAX_FILE {
            return Err(TreeError::TooLarge { what: what(), limit: MAX_FILE });
        }
        self.counters.blobs.fetch_add(1, Ordering::Relaxed);
        Ok(Arc::from(odb.read(id).map_err(failed)?.data()))
    }
}

impl History for Reader {
    fn tree(&self, commit: &CommitId) -> Result<FileTree, TreeError> {
        let mut guard = self.lock();
        let inner = &mut *guard;
        let failed = |error| unreadable(format!("commit {commit}"), error);
        let id = oid(commit).map_err(failed)?;
        let root = inner.repository.find_commit(id).map_err(failed)?.tree_id();
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        let built = inner.folders.build(&inner.repository, &self.counters, root, 0).map_err(failed)?;
        if built.entries > MAX_ENTRIES {
            let source = format!("it has more than {MAX_ENTRIES} files and folders").into();
            return Err(TreeError::Read { what: format!("commit {commit}"), source });
        }
        let tree = FileTree { root: built.folder };
        inner.folders.remember(&tree);
        Ok(tree)
    }

    fn landings(&self, head: &CommitId, paths: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, Landing>, TreeError> {
        let mut guard = self.lock();
        let Inner { repository, known, .. } = &mut *guard;
        landings::landings(repository, known, &self.counters, head, paths)
            .map_err(|error| unreadable(format!("the history of {commit}", commit = head.short()), error))
    }

    fn first_landings(&self, head: &CommitId, paths: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, CommitId>, TreeError> {
        let mut guard = self.lock();
        let Inner { repository, firsts, .. } = &mut *guard;
        firsts
            .landings(repository, &self.counters, head, paths)
            .map_err(|error| unreadable(format!("the history of {commit}", commit = head.short()), error))
    }

    fn has(&self, commit: &CommitId) -> bool {
        let inner = self.lock();
        oid(commit).is_ok_and(|id| inner.repository.find_commit(id).is_ok())
    }

    fn parent(&self, commit: &CommitId) -> Result<Option<CommitId>, TreeError> {
        let failed = |error| unreadable(format!("the commit {commit}"), error);
        let inner = self.lock();
        let found = oid(commit).and_then(|id| inner.repository.find_commit(id)).map_err(failed)?;
        let parent = found.parent_id(0).ok();
        // Where a shallow clone ends, a commit names a parent that is not there.
        let there = parent.filter(|id| inner.repository.find_commit(*id).is_ok());
        Ok(there.map(|id| CommitId(id.to_string())))
    }
}

/// The branches of remotes with this name: all that a clone made for a pull request may have of them.
fn remote_branches(repository: &Repository, name: &str) -> Vec<String> {
    let remotes = repository.remotes();
    let remotes = remotes.iter().flat_map(|remotes| remotes.iter()).filter_map(|remote| remote.ok().flatten());
    let there = |remote: &&str| repository.find_reference(&format!("refs/remotes/{remote}/{name}")).is_ok();
    remotes.filter(there).map(|remote| format!("`{remote}/{name}`")).collect()
}

fn unreadable(what: String, error: git2::Error) -> TreeError {
    match error.code() {
        ErrorCode::NotFound => TreeError::Missing(what),
        _ => TreeError::Read { what, source: Box::new(error) },
    }
}

/// Folders that somebody still holds, by depth and id. By depth, since what is too deep is refused there.
#[derive(Default)]
struct Folders {
    known: HashMap<(usize, Oid), Entry>,
    swept: usize,
    /// The last trees: the next commit shares with them, whether or not its reader kept them.
    last: std::collections::VecDeque<FileTree>,
}

struct Entry {
    folder: Weak<Folder>,
    entries: u64,
}

struct Built {
    folder: Arc<Folder>,
    /// Everything below it.
    entries: u64,
}

impl Folders {
    /// Builds a folder, reading only those below it that are not held. Each distinct tree is read once per depth.
    fn build(
        &mut self,
        repository: &Repository,
        counters: &Counters,
        id: Oid,
        depth: usize,
    ) -> Result<Built, git2::Error> {
        if let Some(entry) = self.known.get(&(depth, id))
            && let Some(folder) = entry.folder.upgrade()
        {
            return Ok(Built { folder, entries: entry.entries });
        }
        let tree = repository.find_tree(id)?;
        counters.trees.fetch_add(1, Ordering::Relaxed);
        let mut entries = BTreeMap::new();
        let mut total = tree.len() as u64;
        let mut cut = false;
        for entry in &tree {
            let node = match plain(&entry) {
                Ok((_, ObjectType::Tree)) if depth + 1 >= MAX_DEPTH => {
                    cut = true;
                    Node::Refused("nested deeper than 32 folders")
                }
                Ok((_, ObjectType::Tree)) => {
                    let below = self.build(repository, counters, entry.id(), depth + 1)?;
                    total = total.saturating_add(below.entries);
                    Node::Folder(below.folder)
                }
                Ok(_) => Node::File(BlobId(Arc::from(entry.id().to_string()))),
                Err(why) => Node::Refused(why),
            };
            entries.insert(Arc::from(String::from_utf8_lossy(entry.name_bytes())), node);
        }
        // Equal ids mean equal contents: a folder that was cut is another one than the whole.
        let name = if cut { format!("{id}@{depth}") } else { id.to_string() };
        let folder = Arc::new(Folder { id: TreeId(Arc::from(name)), entries });
        self.known.insert((depth, id), Entry { folder: Arc::downgrade(&folder), entries: total });
        Ok(Built { folder, entries: total })
    }

    /// Keeps the last two trees alive, and forgets folders that nobody holds once there are many.
    fn remember(&mut self, tree: &FileTree) {
        if self.last.back() != Some(tree) {
            self.last.push_back(tree.clone());
        }
        while self.last.len() > 2 {
            self.last.pop_front();
        }
        if self.known.len() > 2 * self.swept + 1024 {
            self.known.retain(|_, entry| entry.folder.strong_count() > 0);
            self.swept = self.known.len();
        }
    }
}

/// The name and kind of an entry that is a file or a folder; otherwise why it is not followed.
fn plain<'e>(entry: &'e TreeEntry<'_>) -> Result<(&'e str, ObjectType), &'static str> {
    let name = entry.name().map_err(|_| "an entry whose name is not UTF-8")?;
    if name.is_empty() || name == "." || name == ".." || name.contains('/') {
        return Err("an entry whose name is not that of a file");
    }
    match entry.filemode() {
        0o120_000 => Err("a symbolic link"),
        0o160_000 => Err("a submodule"),
        0o040_000 => Ok((name, ObjectType::Tree)),
        0o100_644 | 0o100_755 | 0o100_664 => Ok((name, ObjectType::Blob)),
        _ => Err("neither a file nor a folder"),
    }
}
