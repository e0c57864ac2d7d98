//! What the daemon is given: the branch, the clock, and a watcher.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::model::CommitId;
use crate::model::facts::InFlight;
use crate::model::journal::Record;
use crate::plan::Report;
use crate::problem::Problem;
use crate::tree::History;

/// An error of the branch's home, with what led to it.
pub type UpstreamError = Box<dyn std::error::Error + Send + Sync>;

/// The tracked branch, wherever it lives.
#[async_trait]
pub trait Upstream: Send + Sync {
    /// The branch's head. Without news it costs one ref advertisement; with news, everything that the head needs is
    /// there when it returns.
    async fn head(&self) -> Result<CommitId, UpstreamError>;

    /// Whether an error says that the credentials were rejected: then the next try is later than after any other.
    fn refuses(&self, _error: &UpstreamError) -> bool {
        false
    }

    /// The commits.
    fn history(&self) -> Arc<dyn History>;

    /// Keeps commits readable through force-pushes; fine if they are kept already. Those that are not there are passed over.
    async fn keep(&self, commits: &[CommitId]) -> Result<(), UpstreamError>;
}

/// Time, as the daemon knows it.
#[async_trait]
pub trait Clock: Send + Sync {
    fn now(&self) -> Timestamp;

    /// Returns after that long.
    async fn sleep(&self, span: Duration);
}

/// Sees what the daemon does, as it does it. Must not block.
pub trait Events: Send + Sync {
    /// A commit was read.
    fn read(&self, _commit: &CommitId, _catalog: &crate::model::Catalog, _problems: &[Problem]) {}
    /// A plan was made.
    fn planned(&self, _report: &Report) {}
    /// The lease was taken, and these deployments go on that an earlier owner began; told again after a turn that failed.
    fn resumed(&self, _flights: &[InFlight]) {}
    /// Something was written into the journal.
    fn recorded(&self, _record: &Record) {}
    /// A turn failed and is tried again.
    fn failed(&self, _error: &(dyn std::error::Error + 'static), _again: Duration) {}
    /// The operator should change something: a file that others can read.
    fn warned(&self, _warning: &str) {}
}

/// Watches nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Events for Silent {}
