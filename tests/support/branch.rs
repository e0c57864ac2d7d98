//! A branch in memory: commits of path → text, as the daemon follows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use async_trait::async_trait;
use landfall::daemon::{Upstream, UpstreamError};
use landfall::model::CommitId;
use landfall::tree::memory::MemoryHistory;
use landfall::tree::{BlobId, Blobs, FileTree, History, Landing, TreeError};

pub(crate) type Files = BTreeMap<String, String>;

/// A branch in memory.
#[derive(Default)]
pub(crate) struct Branch {
    history: RwLock<MemoryHistory>,
    /// Files of every commit, oldest first.
    commits: Mutex<Vec<(CommitId, Files)>>,
    /// Looks at the branch that fail before one succeeds.
    pub(crate) down: Mutex<u32>,
    /// Commits that were kept.
    pub(crate) kept: Mutex<BTreeSet<CommitId>>,
}

impl Branch {
    /// The same branch, which goes its own way from here.
    pub(crate) fn copied(&self) -> Self {
        Self {
            history: RwLock::new(self.history.read().unwrap().clone()),
            commits: Mutex::new(self.commits.lock().unwrap().clone()),
            down: Mutex::new(*self.down.lock().unwrap()),
            kept: Mutex::new(self.kept.lock().unwrap().clone()),
        }
    }

    pub(crate) fn commit(&self, files: &Files) -> CommitId {
        let mut history = self.history.write().unwrap_or_else(PoisonError::into_inner);
        let commit = history.commit(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        self.commits.lock().unwrap().push((commit.clone(), files.clone()));
        commit
    }

    pub(crate) fn head(&self) -> (CommitId, Files) {
        self.commits.lock().unwrap().last().cloned().unwrap()
    }

    pub(crate) fn files(&self, commit: &CommitId) -> Option<Files> {
        let commits = self.commits.lock().unwrap();
        commits.iter().find(|(id, _)| id == commit).map(|(_, files)| files.clone())
    }

    /// Takes the branch so many commits back, as a force-push does, and forgets what nothing reaches or keeps any more.
    /// The files of the new head.
    pub(crate) fn force_back(&self, back: usize) -> Files {
        let mut commits = self.commits.lock().unwrap();
        let left = commits.len() - back;
        commits.truncate(left);
        let (head, files) = commits.last().cloned().unwrap();
        let kept = self.kept.lock().unwrap().iter().cloned().collect();
        let mut history = self.history.write().unwrap();
        history.reset(&head);
        history.forget(&kept);
        files
    }

    /// The files of the commit before the head.
    pub(crate) fn before_last(&self) -> Option<Files> {
        let commits = self.commits.lock().unwrap();
        commits.len().checked_sub(2).map(|index| commits[index].1.clone())
    }
}

impl Blobs for Branch {
    fn read(&self, blob: &BlobId) -> Result<Arc<[u8]>, TreeError> {
        self.history.read().unwrap().read(blob)
    }
}

impl History for Branch {
    fn tree(&self, commit: &CommitId) -> Result<FileTree, TreeError> {
        self.history.read().unwrap().tree(commit)
    }

    fn landings(&self, head: &CommitId, paths: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, Landing>, TreeError> {
        self.history.read().unwrap().landings(head, paths)
    }

    fn first_landings(&self, head: &CommitId, paths: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, CommitId>, TreeError> {
        self.history.read().unwrap().first_landings(head, paths)
    }

    fn has(&self, commit: &CommitId) -> bool {
        self.history.read().unwrap().has(commit)
    }

    fn is_beside(&self, head: &CommitId, commit: &CommitId) -> Result<bool, TreeError> {
        self.history.read().unwrap().is_beside(head, commit)
    }

    fn parent(&self, commit: &CommitId) -> Result<Option<CommitId>, TreeError> {
        self.history.read().unwrap().parent(commit)
    }
}

/// The branch as a daemon is given it.
pub(crate) struct Followed(pub(crate) Arc<Branch>);

#[async_trait]
impl Upstream for Followed {
    async fn head(&self) -> Result<CommitId, UpstreamError> {
        let mut down = self.0.down.lock().unwrap();
        if *down > 0 {
            *down -= 1;
            return Err("the server does not answer".into());
        }
        Ok(self.0.head().0)
    }

    fn history(&self) -> Arc<dyn History> {
        self.0.clone()
    }

    async fn keep(&self, commits: &[CommitId]) -> Result<(), UpstreamError> {
        self.0.kept.lock().unwrap().extend(commits.iter().cloned());
        Ok(())
    }
}
