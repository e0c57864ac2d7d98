//! The tracked branch as the daemon sees it: a mirror of a git repository, asked on a blocking thread.

use std::sync::Arc;

use async_trait::async_trait;

use crate::daemon::{Upstream, UpstreamError};
use crate::git::{GitError, Mirror};
use crate::model::CommitId;
use crate::tree::History;

/// A mirror that the daemon follows.
pub struct Branch(Arc<Mirror>);

impl Branch {
    /// Follows this mirror.
    pub fn new(mirror: Arc<Mirror>) -> Self {
        Self(mirror)
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, GitError> + Send + 'static,
) -> Result<T, UpstreamError> {
    Ok(tokio::task::spawn_blocking(work).await??)
}

#[async_trait]
impl Upstream for Branch {
    async fn head(&self) -> Result<CommitId, UpstreamError> {
        let mirror = self.0.clone();
        blocking(move || mirror.poll()).await.map(|polled| polled.head)
    }

    fn history(&self) -> Arc<dyn History> {
        self.0.clone()
    }

    async fn keep(&self, commits: &[CommitId]) -> Result<(), UpstreamError> {
        let (mirror, commits) = (self.0.clone(), commits.to_vec());
        blocking(move || mirror.keep(&commits)).await
    }
}
