//! Why a turn failed, and whether another one can help.

use super::UpstreamError;
use crate::engine::EngineError;
use crate::store::StoreError;
use crate::tree::TreeError;

/// Why a turn failed.
#[derive(Debug, thiserror::Error)]
pub enum DaemonError {
    /// The tracked branch cannot be read.
    #[error("cannot read the tracked branch")]
    Upstream(#[source] UpstreamError),
    /// The snapshots of releases cannot be kept.
    #[error("cannot keep the snapshots of the releases")]
    Keep(#[source] UpstreamError),
    /// The files of a commit cannot be read.
    #[error("cannot read the files of {commit}")]
    Files {
        commit: String,
        /// Why.
        #[source]
        source: TreeError,
    },
    /// The store did not do it.
    #[error("the store cannot be used")]
    Store(#[from] StoreError),
    /// A deployment could not be carried on.
    #[error("cannot go on with the deployments")]
    Engine(#[from] EngineError),
}

impl DaemonError {
    /// Whether the store did not do what it was asked.
    pub fn is_of_the_store(&self) -> bool {
        matches!(self, DaemonError::Store(_) | DaemonError::Engine(EngineError::Store(_)))
    }

    /// Whether the daemon must stop: another landfall deploys from this store, or the journal cannot be read,
    /// so that it is not known what was done.
    pub fn is_final(&self) -> bool {
        match self {
            DaemonError::Store(error) | DaemonError::Engine(EngineError::Store(error)) => match error {
                StoreError::Fenced { .. }
                | StoreError::Newer { .. }
                | StoreError::NotAStore { .. }
                | StoreError::Unreadable { .. }
                | StoreError::Broken { .. }
                | StoreError::Gone { .. }
                | StoreError::Damaged { .. } => true,
                StoreError::Held { .. } | StoreError::Database { .. } => false,
            },
            DaemonError::Engine(EngineError::NoCommit)
            | DaemonError::Upstream(_)
            | DaemonError::Keep(_)
            | DaemonError::Files { .. } => false,
        }
    }
}
