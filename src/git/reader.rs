//! Trees and contents of commits, read from an object database and shared between commits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use git2::{ErrorCode, ObjectType, Oid, Repository};

use super::branch::leaves_the_line;
use super::folders::{Built, Folders, From};
use super::large::Large;
use super::line::Line;
use super::{GitError, commit_id, copy, oid};
use crate::model::CommitId;
use crate::tree::{BlobId, Blobs, FileTree, History, Landing, MAX_FILE, TreeError};

/// A folder with more entries than this, all below it counted, is refused.
const MAX_ENTRIES: u64 = 200_000;

/// How many objects were read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub commits: u64,
    /// Folders, to build them.
    pub trees: u64,
    /// Versions of folders, to find out when files came and went.
    pub walked: u64,
    /// Files.
    pub blobs: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) commits: AtomicU64,
    pub(super) trees: AtomicU64,
    pub(super) walked: AtomicU64,
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
    line: Line,
    /// The last part of a commit that was read: a release's file and what it deploys are asked for one after the other.
    part: Option<(CommitId, [String; 2], FileTree)>,
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
        do_not_hash();
        let inner = Inner { repository, folders: Folders::default(), line: Line::default(), part: None };
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

    /// The commit that two have in common, as `git merge-base` finds it; none if they share no history.
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

    /// When a commit was made, as its committer says.
    ///
    /// # Errors
    /// There is no such commit.
    pub fn time(&self, commit: &CommitId) -> Result<jiff::Timestamp, GitError> {
        self.with(|repository| {
            let found = oid(commit).and_then(|id| repository.find_commit(id));
            let seconds = found.map(|found| found.time().seconds());
            let path = repository.path().to_owned();
            let seconds =
                seconds.map_err(|source| GitError::Revision { revision: commit.to_string(), path, source })?;
            Ok(jiff::Timestamp::from_second(seconds).unwrap_or(jiff::Timestamp::UNIX_EPOCH))
        })
    }

    /// How many commits one has that another has not, and the other way round; none if one of them does not exist.
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
        Counts {
            commits: get(&counters.commits),
            trees: get(&counters.trees),
            walked: get(&counters.walked),
            blobs: get(&counters.blobs),
        }
    }

    /// Reads something else from the repository.
    pub(super) fn with<T>(&self, read: impl FnOnce(&Repository) -> T) -> T {
        read(&self.lock().repository)
    }

    fn commit<'r>(&self, repository: &'r Repository, commit: &CommitId) -> Result<git2::Commit<'r>, git2::Error> {
        self.counters.commits.fetch_add(1, Ordering::Relaxed);
        repository.find_commit(oid(commit)?)
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
            // Asked for only if it is missing: the list is read each time.
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
        let Inner { repository, folders, .. } = &mut *guard;
        let mut read = || {
            let root = self.commit(repository, commit)?.tree_id();
            folders.build(From { odb: &repository.odb()?, counters: &self.counters }, root, 0)
        };
        let tree = bounded(commit, read())?;
        folders.remember(&tree);
        Ok(tree)
    }

    fn part(&self, commit: &CommitId, within: &str, name: &str) -> Result<FileTree, TreeError> {
        let mut guard = self.lock();
        let Inner { repository, folders, line, part, .. } = &mut *guard;
        if let Some((last, path, tree)) = part
            && (&*last, &*path[0], &*path[1]) == (commit, within, name)
        {
            return Ok(tree.clone());
        }
        let mut read = || {
            let odb = repository.odb()?;
            let from = From { odb: &odb, counters: &self.counters };
            let (root, only) = match line.folder(oid(commit)?, &[within, name]) {
                Some(known) => known,
                None => {
                    let root = self.commit(repository, commit)?.tree_id();
                    (root, folder_at(from, root, &[within, name])?)
                }
            };
            folders.part(from, root, within, (name, only))
        };
        let tree = bounded(commit, read())?;
        folders.remember(&tree);
        *part = Some((commit.clone(), [within.to_owned(), name.to_owned()], tree.clone()));
        Ok(tree)
    }

    fn outline(&self, commit: &CommitId, within: &str) -> Result<FileTree, TreeError> {
        let mut guard = self.lock();
        let Inner { repository, folders, .. } = &mut *guard;
        let mut read = || {
            let root = self.commit(repository, commit)?.tree_id();
            folders.outline(From { odb: &repository.odb()?, counters: &self.counters }, root, within)
        };
        let tree = bounded(commit, read())?;
        folders.remember(&tree);
        Ok(tree)
    }

    fn landings(&self, head: &CommitId, paths: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, Landing>, TreeError> {
        let mut guard = self.lock();
        let Inner { repository, line, .. } = &mut *guard;
        line.landings(repository, &self.counters, head, paths)
            .map_err(|error| unreadable(format!("the history of {commit}", commit = head.short()), error))
    }

    fn first_landings(&self, head: &CommitId, paths: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, CommitId>, TreeError> {
        let mut guard = self.lock();
        let Inner { repository, line, .. } = &mut *guard;
        line.first_landings(repository, &self.counters, head, paths)
            .map_err(|error| unreadable(format!("the history of {commit}", commit = head.short()), error))
    }

    fn has(&self, commit: &CommitId) -> bool {
        let inner = self.lock();
        oid(commit).is_ok_and(|id| inner.repository.find_commit(id).is_ok())
    }

    fn time(&self, commit: &CommitId) -> i64 {
        Self::time(self, commit).map_or(0, jiff::Timestamp::as_second)
    }

    fn is_beside(&self, head: &CommitId, commit: &CommitId) -> Result<bool, TreeError> {
        let inner = self.lock();
        // What a shallow clone or a force-push lacks is part of nothing that can be told.
        let beside = oid(head).and_then(|head| leaves_the_line(&inner.repository, head, oid(commit)?));
        Ok(beside.unwrap_or_default())
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

/// The library hashes every object that it reads, which takes ten times as long as reading it. Like git itself, landfall
/// relies on the checksum of each compressed object; what a fetch brings is hashed when it arrives.
fn do_not_hash() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| git2::opts::strict_hash_verification(false));
}

/// The id of a folder of a tree; none if it does not exist.
fn folder_at(from: From<'_>, tree: Oid, path: &[&str]) -> Result<Option<Oid>, git2::Error> {
    let mut id = tree;
    for part in path {
        match from.listing(id)?.find(part).and_then(|entry| entry.folder()) {
            Some(below) => id = below,
            None => return Ok(None),
        }
    }
    Ok(Some(id))
}

/// The tree that was built, unless it is too large.
fn bounded(commit: &CommitId, built: Result<Built, git2::Error>) -> Result<FileTree, TreeError> {
    let what = || format!("commit {commit}");
    let Built { folder, entries } = built.map_err(|error| unreadable(what(), error))?;
    if entries > MAX_ENTRIES {
        let source = format!("it has more than {MAX_ENTRIES} files and folders").into();
        return Err(TreeError::Read { what: what(), source });
    }
    Ok(FileTree { root: folder })
}

fn unreadable(what: String, error: git2::Error) -> TreeError {
    match error.code() {
        ErrorCode::NotFound => TreeError::Missing(what),
        _ => TreeError::Read { what, source: Box::new(error) },
    }
}
