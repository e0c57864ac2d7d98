//! A bare mirror of the tracked branch in a state folder.
//!
//! `refs/landfall/head` is the branch as last seen. `refs/landfall/snapshots/<commit>` keep the commits that releases come
//! from: they survive a force-push, and landfall never deletes them. The mirror keeps no other refs and no tags. The
//! store's lease ensures that only one daemon uses a mirror at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use git2::{AutotagOption, Direction, FetchOptions, Oid, Repository};

use super::access::bound_open_files;
use super::branch::{Followed, leaves_the_line};
use super::remote::{Address, Remote};
use super::visit::Visit;
use super::{Counts, GitError, Reader, commit_id, copy, leftovers, oid, remake};
use crate::crash;
use crate::model::CommitId;
use crate::tree::{BlobId, Blobs, FileTree, History, Landing, TreeError};

const HEAD: &str = "refs/landfall/head";
pub(super) const SNAPSHOTS: &str = "refs/landfall/snapshots/";
const BRANCHES: &str = "refs/heads/";

/// What a poll found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Polled {
    /// The newest commit of the branch. It is in the mirror, with its history.
    pub head: CommitId,
    /// It is another one than the last poll found (any process's last poll).
    pub moved: bool,
    /// How many objects were fetched; none if only the branch moved back to a known commit.
    pub objects: usize,
    /// The branch that is followed.
    pub branch: String,
    /// The remote's default branch, if it is another one now and the operator named none. It is not followed.
    pub default: Option<String>,
    /// The branch moved by a merge that has its old head only as a side: releases that landed there would land anew.
    pub foxtrot: bool,
}

/// A bare mirror of one branch.
pub struct Mirror {
    pub(super) path: PathBuf,
    pub(super) remote: Arc<Remote>,
    pub(super) address: Arc<Address>,
    pub(super) home: Arc<Mutex<Home>>,
    reader: Reader,
}

/// Where the mirror is written.
pub(super) struct Home {
    pub(super) repository: Repository,
    /// Visits to the remote that go on, also those that were given up: what they fetched is in no ref yet.
    pub(super) visits: usize,
}

/// A visit to the remote that goes on; it ends with this value.
pub(super) struct Visiting(Arc<Mutex<Home>>);

impl Visiting {
    /// Begins a visit.
    pub(super) fn begin(home: &Arc<Mutex<Home>>) -> Self {
        home.lock().unwrap_or_else(PoisonError::into_inner).visits += 1;
        Self(home.clone())
    }
}

impl Drop for Visiting {
    fn drop(&mut self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).visits -= 1;
    }
}

impl std::fmt::Debug for Mirror {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mirror").field("path", &self.path).field("remote", &self.remote).finish_non_exhaustive()
    }
}

impl Mirror {
    /// Opens the mirror in a folder, and makes it if it is not there. What a killed process left is deleted, and a damaged
    /// mirror is made anew. Asks the remote nothing.
    pub fn open(dir: &Path, remote: Remote) -> Result<Self, GitError> {
        let address = remote.address()?;
        bound_open_files();
        let repository = remake::open(dir)?;
        copy::tidy(&repository).map_err(|source| GitError::Mirror {
            what: "make one pack of many".to_owned(),
            path: dir.to_owned(),
            source,
        })?;
        let again = Repository::open_bare(dir).map_err(|source| copy::unopened(dir, source))?;
        let reader = Reader::of(again);
        let home = Arc::new(Mutex::new(Home { repository, visits: 0 }));
        let (remote, address) = (Arc::new(remote), Arc::new(address));
        Ok(Self { path: dir.to_owned(), remote, address, home, reader })
    }

    /// What is followed.
    pub fn remote(&self) -> &Remote {
        &self.remote
    }

    /// Reads of objects so far.
    pub fn counts(&self) -> Counts {
        self.reader.counts()
    }

    /// The branch's head as the last poll found it; none before the first.
    pub fn head(&self) -> Result<Option<CommitId>, GitError> {
        last(&self.lock().repository, &self.path).map(|head| head.map(commit_id))
    }

    /// Asks the remote where the branch is, and fetches where it moved. An answer without news is one ref advertisement;
    /// it reads no object and writes nothing. Force-pushes are followed.
    ///
    /// Blocks for as long as the fetch takes, but never longer than the remote's timeout without hearing from it, nor longer
    /// than its limit altogether.
    pub fn poll(&self) -> Result<Polled, GitError> {
        let visiting = Visiting::begin(&self.home);
        let polled = match &*self.address {
            Address::Local(path) => {
                let polled = self.poll_local(path);
                drop(visiting);
                polled
            }
            _ => self.visit(visiting, poll_remote),
        }?;
        if polled.moved {
            self.tidy();
        }
        Ok(polled)
    }

    /// Makes one pack of many objects, unless a visit goes on. Where that fails, the next time is soon.
    pub(super) fn tidy(&self) {
        let home = self.lock();
        if home.visits > 0 {
            return;
        }
        if let Err(error) = copy::tidy(&home.repository) {
            tracing::warn!(mirror = %self.path.display(), %error, "cannot make one pack of many");
        }
    }

    /// Keeps commits, each with its history, through force-pushes and garbage collection. Those that are not in the mirror
    /// are passed over: of them there is nothing to keep.
    pub fn keep(&self, commits: &[CommitId]) -> Result<(), GitError> {
        let repository = &self.lock().repository;
        for commit in commits {
            let keep = || {
                let id = oid(commit)?;
                let name = format!("{SNAPSHOTS}{id}");
                if if_there(repository.refname_to_id(&name))?.is_none()
                    && let Some(found) = if_there(repository.find_commit(id))?
                {
                    crash::around("keep a snapshot", || {
                        leftovers::set_ref(repository, &name, found.id(), "a release comes from it")
                    })?;
                }
                Ok(())
            };
            keep().map_err(|source| failed(&self.path, &format!("keep {commit}"), source))?;
        }
        Ok(())
    }

    /// The commits that are kept.
    pub fn kept(&self) -> Result<BTreeSet<CommitId>, GitError> {
        let repository = &self.lock().repository;
        let read = || -> Result<BTreeSet<CommitId>, git2::Error> {
            let references = repository.references_glob(&format!("{SNAPSHOTS}*"))?;
            references.map(|reference| Ok(reference?.target().map(commit_id))).filter_map(Result::transpose).collect()
        };
        read().map_err(|source| failed(&self.path, "list what is kept", source))
    }

    fn poll_local(&self, path: &Path) -> Result<Polled, GitError> {
        let shown = self.remote.shown();
        let source = copy::open(path, &shown)?;
        let failed = |error| GitError::Open { path: path.to_owned(), source: error };
        let mirror = &self.lock().repository;
        let named = self.remote.branch.as_deref();
        let default = local_default(&source).map_err(failed)?;
        let followed = Followed::of(mirror, named, default)
            .map_err(|error| self::failed(&self.path, "read the branch that is followed", error))?
            .ok_or_else(|| GitError::NoDefault { remote: shown.clone(), there: local_branches(&source) })?;
        let head = match if_there(source.refname_to_id(&format!("{BRANCHES}{}", followed.branch))).map_err(failed)? {
            Some(head) => head,
            None => return Err(absent(&self.remote, &followed.branch, local_branches(&source))),
        };
        follow(mirror, &self.path, followed, head, |fresh| {
            copy::complete(&source, &shown)?;
            copy::copy(&source, mirror, head, fresh).map_err(failed)
        })
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Home> {
        self.home.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Asks the remote, and fetches where the branch moved.
fn poll_remote(visit: &Visit) -> Result<Polled, GitError> {
    let (remote, asking) = (&visit.remote, visit.attempt());
    let network = visit.repository()?;
    let address = visit.address.bare(&remote.url);
    let mut connection =
        network.remote_anonymous(&address).map_err(|error| asking.failed("reading the address", error))?;
    let during = "asking for its branches";
    let mut connected = connection
        .connect_auth(Direction::Fetch, Some(asking.callbacks()), Some(asking.proxy()))
        .map_err(|error| asking.failed(during, error))?;
    asking.hear();
    let heads: BTreeMap<String, Oid> = connected
        .list()
        .map_err(|error| asking.failed(during, error))?
        .iter()
        .filter_map(|head| Some((head.name().strip_prefix(BRANCHES)?.to_owned(), head.oid())))
        .collect();
    let there = || heads.keys().cloned().collect::<Vec<_>>();
    let default = connected.default_branch().ok();
    let default = default.map(|name| String::from_utf8_lossy(&name).trim_start_matches(BRANCHES).to_owned());
    let followed = Followed::of(&network, remote.branch.as_deref(), default)
        .map_err(|error| failed(&visit.path, "read the branch that is followed", error))?;
    let followed = match followed {
        Some(followed) => followed,
        None if heads.is_empty() => return Err(GitError::Empty { remote: remote.shown() }),
        None => return Err(GitError::NoDefault { remote: remote.shown(), there: there() }),
    };
    let branch = followed.branch.clone();
    let head = *heads.get(&branch).ok_or_else(|| absent(remote, &branch, there()))?;
    follow(&network, &visit.path, followed, head, |_| {
        let mut options = FetchOptions::new();
        options.remote_callbacks(asking.callbacks()).proxy_options(asking.proxy()).download_tags(AutotagOption::None);
        let spec = format!("+{BRANCHES}{branch}:{HEAD}");
        let fetching = connected.remote();
        crash::around("fetch", || fetching.download(&[spec.as_str()], Some(&mut options)))
            .map_err(|error| asking.failed("fetching", error))?;
        // The head is moved by the visit that came after one that was given up.
        visit.goes_on()?;
        Ok(fetching.stats().received_objects())
    })
}

/// Brings the commit in by `fetch`, which learns whether it is the first, unless it is there, and moves the head. Nothing
/// happens where it did not move.
fn follow(
    repository: &Repository,
    path: &Path,
    followed: Followed,
    head: Oid,
    fetch: impl FnOnce(bool) -> Result<usize, GitError>,
) -> Result<Polled, GitError> {
    let last = last(repository, path)?;
    followed.record(repository).map_err(|error| failed(path, "record the branch that is followed", error))?;
    let (moved, objects) = if last == Some(head) { (false, 0) } else { (true, fetch(last.is_none())?) };
    let mut foxtrot = false;
    if moved {
        let moves = || -> Result<bool, git2::Error> {
            repository.find_commit(head)?;
            let left = last.map(|last| leaves_the_line(repository, head, last)).transpose();
            crash::around("move the mirror's head", || leftovers::set_ref(repository, HEAD, head, "polled"))?;
            // A head that was kept by nothing else may be gone.
            Ok(left.ok().flatten().unwrap_or_default())
        };
        foxtrot = moves().map_err(|error| failed(path, &format!("move the head to {head}"), error))?;
    }
    let Followed { branch, default, .. } = followed;
    Ok(Polled { head: commit_id(head), moved, objects, branch, default, foxtrot })
}

fn last(repository: &Repository, path: &Path) -> Result<Option<Oid>, GitError> {
    if_there(repository.refname_to_id(HEAD)).map_err(|error| failed(path, "read the last head", error))
}

fn absent(remote: &Remote, branch: &str, there: Vec<String>) -> GitError {
    let remote = remote.shown();
    if there.is_empty() {
        return GitError::Empty { remote };
    }
    GitError::NoBranch { remote, branch: branch.to_owned(), there }
}

/// What went wrong in the mirror.
pub(super) fn failed(path: &Path, what: &str, source: git2::Error) -> GitError {
    GitError::Mirror { what: what.to_owned(), path: path.to_owned(), source }
}

/// What is not there is none, and no error.
pub(super) fn if_there<T>(found: Result<T, git2::Error>) -> Result<Option<T>, git2::Error> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.code() == git2::ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// The branch that HEAD names, whether it exists or not; none if HEAD is detached.
fn local_default(source: &Repository) -> Result<Option<String>, git2::Error> {
    let head = source.find_reference("HEAD")?;
    Ok(head.symbolic_target()?.and_then(|name| name.strip_prefix(BRANCHES)).map(str::to_owned))
}

fn local_branches(source: &Repository) -> Vec<String> {
    let Ok(references) = source.references_glob(&format!("{BRANCHES}*")) else { return Vec::new() };
    let names =
        references.filter_map(|reference| Some(reference.ok()?.name().ok()?.strip_prefix(BRANCHES)?.to_owned()));
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names
}

impl Blobs for Mirror {
    fn read(&self, blob: &BlobId) -> Result<Arc<[u8]>, TreeError> {
        self.reader.read(blob)
    }
}

impl History for Mirror {
    fn tree(&self, commit: &CommitId) -> Result<FileTree, TreeError> {
        self.reader.tree(commit)
    }

    fn part(&self, commit: &CommitId, within: &str, name: &str) -> Result<FileTree, TreeError> {
        self.reader.part(commit, within, name)
    }

    fn outline(&self, commit: &CommitId, within: &str) -> Result<FileTree, TreeError> {
        self.reader.outline(commit, within)
    }

    fn landings(&self, head: &CommitId, paths: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, Landing>, TreeError> {
        self.reader.landings(head, paths)
    }

    fn first_landings(&self, head: &CommitId, paths: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, CommitId>, TreeError> {
        self.reader.first_landings(head, paths)
    }

    fn has(&self, commit: &CommitId) -> bool {
        self.reader.has(commit)
    }

    fn time(&self, commit: &CommitId) -> i64 {
        History::time(&self.reader, commit)
    }

    fn is_beside(&self, head: &CommitId, commit: &CommitId) -> Result<bool, TreeError> {
        self.reader.is_beside(head, commit)
    }

    fn parent(&self, commit: &CommitId) -> Result<Option<CommitId>, TreeError> {
        self.reader.parent(commit)
    }
}
