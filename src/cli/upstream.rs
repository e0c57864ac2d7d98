//! The tracked branch as the daemon sees it: a mirror of a git repository, asked on a blocking thread.

use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;

use crate::daemon::{Upstream, UpstreamError};
use crate::git::{GitError, Mirror, Polled};
use crate::model::CommitId;
use crate::tree::History;

/// A mirror that the daemon follows.
pub struct Branch {
    mirror: Arc<Mirror>,
    asked: Mutex<Asked>,
}

/// What became of asking the remote.
#[derive(Default)]
struct Asked {
    /// The answer was waited for in vain, and may come yet.
    going_on: Option<JoinHandle<Result<Polled, GitError>>>,
    /// The default branch that was reported as another one than is followed.
    default: Option<String>,
    /// There was an answer: deployments may be under way, which must not wait for the next one.
    before: bool,
}

/// The remote sends, but has not sent everything yet.
#[derive(Debug, thiserror::Error)]
#[error("{remote} has been sending for more than {seconds} s; deployments in flight go on")]
struct Sending {
    remote: String,
    seconds: u64,
}

impl Branch {
    /// Follows this mirror.
    pub fn new(mirror: Arc<Mirror>) -> Self {
        Self { mirror, asked: Mutex::default() }
    }

    /// Reports, once, what happened to the branch and is not followed.
    fn report(&self, asked: &mut Asked, polled: &Polled) {
        let (remote, branch) = (self.mirror.remote().shown(), &polled.branch);
        if let Some(default) = polled.default.as_ref().filter(|default| asked.default.as_ref() != Some(default)) {
            tracing::warn!(
                %remote,
                "the default branch is `{default}` now, and landfall goes on following `{branch}`: start it with --branch {default} to follow that"
            );
        }
        asked.default = polled.default.clone();
        if polled.foxtrot {
            tracing::warn!(
                %remote,
                commit = polled.head.short(),
                "a merge made the line of `{branch}` its second parent: releases that landed before keep their snapshots; \
                 one that landfall has not seen yet lands with the merge"
            );
        }
    }
}

#[async_trait]
impl Upstream for Branch {
    async fn head(&self) -> Result<CommitId, UpstreamError> {
        let mut asked = self.asked.lock().await;
        let before = asked.before;
        let answer = asked.going_on.get_or_insert_with(|| {
            let mirror = self.mirror.clone();
            tokio::task::spawn_blocking(move || mirror.poll())
        });
        // The first answer is waited for: without it there is nothing to do.
        let patience = self.mirror.remote().timeout + std::time::Duration::from_secs(1);
        let answered = if before { tokio::time::timeout(patience, answer).await.ok() } else { Some(answer.await) };
        let Some(answered) = answered else {
            let remote = self.mirror.remote().shown();
            return Err(Box::new(Sending { remote, seconds: patience.as_secs() }));
        };
        asked.going_on = None;
        let polled = answered??;
        asked.before = true;
        self.report(&mut asked, &polled);
        Ok(polled.head)
    }

    fn refuses(&self, error: &UpstreamError) -> bool {
        matches!(error.downcast_ref::<GitError>(), Some(GitError::Denied { .. }))
    }

    fn history(&self) -> Arc<dyn History> {
        self.mirror.clone()
    }

    async fn keep(&self, commits: &[CommitId]) -> Result<(), UpstreamError> {
        let (mirror, commits) = (self.mirror.clone(), commits.to_vec());
        Ok(tokio::task::spawn_blocking(move || mirror.keep(&commits)).await??)
    }
}
