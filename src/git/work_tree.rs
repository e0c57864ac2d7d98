//! A clone with a work tree, for commands that read the files as they lie there: what git makes of them.
//!
//! A commit has what git's filters make of a file (line ends above all), links that the folder does not show, and lacks
//! what is ignored or was never added. Nothing is written: filtered contents are kept in memory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use git2::{ObjectType, Odb, Oid, Repository, RepositoryOpenFlags, Status, StatusOptions};

use super::branch::leaves_the_line;
use super::copy::unopened;
use super::{GitError, Reader, commit_id};
use crate::model::CommitId;
use crate::tree::{BlobId, MAX_FILE};

/// A clone whose work tree's root is a given folder.
pub struct WorkTree {
    repository: Repository,
    root: PathBuf,
    head: CommitId,
}

/// Files that are not as the last commit has them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    /// Neither committed nor ignored.
    pub untracked: Vec<String>,
    /// Ignored, so that `git add` passes them over.
    pub ignored: Vec<String>,
    /// Changed, added or deleted since.
    pub changed: Vec<String>,
}

impl std::fmt::Debug for WorkTree {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkTree").field("root", &self.root).field("head", &self.head).finish_non_exhaustive()
    }
}

impl WorkTree {
    /// The clone whose work tree has this folder as its root; none for any other folder, and before the first commit.
    ///
    /// # Errors
    /// There is a repository that cannot be read: for example, it belongs to another user.
    pub fn at(folder: &Path) -> Result<Option<Self>, GitError> {
        let none: &[&std::ffi::OsStr] = &[];
        let repository = match Repository::open_ext(folder, RepositoryOpenFlags::NO_SEARCH, none) {
            Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
            opened => opened.map_err(|error| unopened(folder, error))?,
        };
        let Some(root) = repository.workdir().map(Path::to_owned) else { return Ok(None) };
        let Ok(head) = repository.head().and_then(|head| head.peel_to_commit()).map(|commit| commit.id()) else {
            return Ok(None);
        };
        filter_in_memory(&repository).map_err(|error| unopened(folder, error))?;
        Ok(Some(Self { repository, root, head: commit_id(head) }))
    }

    /// The commit that is checked out.
    pub fn head(&self) -> &CommitId {
        &self.head
    }

    /// Reads the commits of the clone.
    ///
    /// # Errors
    /// It cannot be opened once more.
    pub fn reader(&self) -> Result<Reader, GitError> {
        Reader::open_local(&self.root)
    }

    /// Whether the clone lacks the beginning of its history.
    pub fn is_shallow(&self) -> bool {
        self.repository.is_shallow()
    }

    /// A file's content as a commit would have it, where that may differ from what lies in the folder: git's filters take
    /// carriage returns out, and fill in `$Id$`. None without a difference.
    pub fn committed(&self, path: &str, bytes: &[u8]) -> Option<Vec<u8>> {
        let has = |part: &[u8]| bytes.windows(part.len()).any(|window| window == part);
        if bytes.len() as u64 > MAX_FILE || !(has(b"\r\n") || has(b"$Id")) {
            return None;
        }
        let id = self.repository.blob_path(&self.root.join(path)).ok()?;
        let content = self.repository.find_blob(id).ok()?.content().to_vec();
        (content != bytes).then_some(content)
    }

    /// What git follows under a path and landfall does not: submodules, and symbolic links that this machine writes as files.
    pub fn links(&self) -> BTreeMap<String, &'static str> {
        let Ok(index) = self.repository.index() else { return BTreeMap::new() };
        let config = self.repository.config().and_then(|config| config.get_bool("core.symlinks"));
        let as_files = config.is_ok_and(|symlinks| !symlinks);
        let links = index.iter().filter_map(|entry| {
            let what = match entry.mode {
                0o160_000 => "a submodule",
                0o120_000 if as_files => "a symbolic link",
                _ => return None,
            };
            Some((String::from_utf8(entry.path).ok()?, what))
        });
        links.collect()
    }

    /// The files below these paths that are not as the last commit has them.
    ///
    /// # Errors
    /// The work tree cannot be compared with the index.
    pub fn apart(&self, paths: &[&str]) -> Result<Apart, GitError> {
        let mut options = StatusOptions::new();
        options.include_untracked(true).recurse_untracked_dirs(true).include_ignored(true).recurse_ignored_dirs(true);
        options.exclude_submodules(true).include_unmodified(false);
        for path in paths {
            options.pathspec(*path);
        }
        let statuses = self.repository.statuses(Some(&mut options)).map_err(|error| unopened(&self.root, error))?;
        let mut apart = Apart::default();
        for entry in statuses.iter() {
            let Ok(path) = entry.path() else { continue };
            if entry.status().contains(Status::WT_NEW) {
                apart.untracked.push(path.to_owned());
            } else if entry.status().contains(Status::IGNORED) {
                apart.ignored.push(path.to_owned());
            } else {
                apart.changed.push(path.to_owned());
            }
        }
        Ok(apart)
    }

    /// The branch that the checked-out one follows, if the last merge made its line the second parent: everything that landed
    /// on it would land anew. Named by its short name, like `origin/main`.
    pub fn foxtrot(&self) -> Option<String> {
        let repository = &self.repository;
        let head = repository.head().ok()?;
        let own = head.shorthand().ok().and_then(|name| repository.find_branch(name, git2::BranchType::Local).ok());
        let upstream = match own.and_then(|branch| branch.upstream().ok()) {
            Some(upstream) => upstream.into_reference(),
            None => repository.find_reference("refs/remotes/origin/HEAD").ok()?.resolve().ok()?,
        };
        let (head, tip) = (head.peel_to_commit().ok()?.id(), upstream.peel_to_commit().ok()?.id());
        if !leaves_the_line(repository, head, tip).ok()? {
            return None;
        }
        upstream.shorthand().ok().map(str::to_owned)
    }
}

/// The id that git gives a content: a file of the folder and the same one in a commit are the same to a loader.
///
/// # Errors
/// The library refuses to hash.
pub fn blob_id(bytes: &[u8]) -> Result<BlobId, GitError> {
    let id = Oid::hash_object(ObjectType::Blob, bytes).map_err(|error| unopened(Path::new("."), error))?;
    Ok(BlobId(id.to_string().into()))
}

/// What is written from here on stays in memory; what the repository has can still be read.
fn filter_in_memory(repository: &Repository) -> Result<(), git2::Error> {
    /// Before the repository's own store, which writes loose objects (priority 1).
    const FIRST: i32 = 1000;
    let odb = Odb::new()?;
    odb.add_new_mempack_backend(FIRST)?;
    let objects = repository.commondir().join("objects");
    let objects = objects.to_str().ok_or_else(|| git2::Error::from_str("its path is not UTF-8"))?;
    odb.add_disk_alternate(objects)?;
    repository.set_odb(&odb)
}
