//! The store: the append-only journal, and the lease that says who may write.
//!
//! [`Store`] is the port that SQLite and PostgreSQL share; [`memory`] is the same for tests and virtual time. Facts are
//! folded from records (`model::facts`), so a store derives only what makes reading quick. Deliberately absent: clocks
//! and randomness; times and new ids come in as values.

pub mod memory;
pub mod sqlite;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::model::journal::{Entry, Fence, Record, StoreId};

pub use memory::MemoryStore;
pub use sqlite::{SqliteStore, Verified, replace};

/// Why the store did not do it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A later owner has the lease: whoever gets this stops at once and changes nothing more.
    #[error("another landfall took over the store (fence {current}, ours is {ours})")]
    Fenced {
        /// The fence of the lease as it is.
        current: u64,
        ours: u64,
    },
    /// Another process has the lease.
    #[error("the store is in use by {owner} until {until}")]
    Held {
        /// Who.
        owner: String,
        /// Until when, unless it is renewed.
        until: Timestamp,
    },
    /// What is in the store cannot be read by this version.
    #[error("the store's record {seq} cannot be read: {message}")]
    Unreadable {
        /// Which record.
        seq: u64,
        /// What is wrong.
        message: String,
    },
    /// A newer landfall made the store: this one does not touch it.
    #[error("the store has schema version {found}, this landfall knows {known}: use a newer landfall")]
    Newer {
        /// The version that is there.
        found: i64,
        /// The newest that is known.
        known: i64,
    },
    /// The file is not a landfall store, or is damaged.
    #[error("{path} is not a landfall store: {message}")]
    NotAStore {
        /// The file.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// The chain of hashes over the journal is broken.
    #[error(
        "the store is damaged: record {seq} of its journal {fault}; restore a backup with `landfall store restore FILE`"
    )]
    Broken {
        /// The first record that is not what was written.
        seq: u64,
        /// What is wrong with it.
        fault: ChainFault,
    },
    /// The file was deleted or replaced while it was in use.
    #[error("{path} was {how} while landfall used it: restore the file or a backup, and start landfall again")]
    Gone {
        /// The file.
        path: String,
        /// What became of it.
        how: &'static str,
    },
    /// The file is damaged: what is in it cannot be relied on.
    #[error("the store is damaged: it failed to {what}; restore a backup with `landfall store restore FILE`")]
    Damaged {
        /// What was tried.
        what: &'static str,
        /// What SQLite says.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The database failed.
    #[error("the store failed to {what}")]
    Database {
        /// What was tried.
        what: &'static str,
        /// The error underneath.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What is wrong with a record of a chained journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChainFault {
    /// It is not there.
    Missing,
    /// It is another one than was written.
    Altered,
    /// It is in the place of another one.
    Swapped {
        /// The other one's position.
        with: u64,
    },
    /// It was put behind the journal's end by something other than landfall.
    Added,
}

impl std::fmt::Display for ChainFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ChainFault::Missing => f.write_str("is missing"),
            ChainFault::Altered => f.write_str("was altered"),
            ChainFault::Swapped { with } => write!(f, "was swapped with record {with}"),
            ChainFault::Added => f.write_str("was not written by landfall"),
        }
    }
}

/// Whether a store is where it was last used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whereabouts {
    /// It is where it was made, or last used.
    Home,
    /// It is in another place: restored from a backup, copied, or moved. A new disk or container looks the same.
    Elsewhere {
        /// The place where it was last used, for people.
        was: String,
        /// The place where it is now, for people.
        is: String,
    },
}

/// A result of the store.
pub type Result<T> = std::result::Result<T, StoreError>;

/// The right to write, until it ends or a later owner takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who has it.
    pub owner: Arc<str>,
    /// Larger than that of every earlier owner.
    pub fence: Fence,
    /// Until when.
    pub until: Timestamp,
}

/// The journal and the lease.
#[async_trait]
pub trait Store: Send + Sync {
    /// The store's random id: made when it was.
    async fn id(&self) -> Result<StoreId>;

    /// Whether the store is where it was last used: a copy or a restored backup is not.
    async fn whereabouts(&self) -> Result<Whereabouts>;

    /// Records the present place as the store's home.
    async fn settle(&self) -> Result<()>;

    /// Takes the lease if it is free, ended, or already this owner's (then the fence still grows).
    async fn acquire(&self, owner: &str, now: Timestamp, until: Timestamp) -> Result<Lease>;

    /// Keeps the lease for longer; [`StoreError::Fenced`] if a later owner has it.
    async fn renew(&self, lease: &Lease, until: Timestamp) -> Result<Lease>;

    /// Gives the lease back, so that the next start need not wait for its end.
    async fn release(&self, lease: &Lease) -> Result<()>;

    /// Checks that the fence is still the newest: asked just before a call that changes something.
    async fn check(&self, fence: Fence) -> Result<()>;

    /// Appends records in one transaction, durable when it returns; all or none.
    async fn append(&self, fence: Fence, at: Timestamp, entries: Vec<Entry>) -> Result<Vec<Record>>;

    /// Up to `limit` records after a position, in order.
    async fn records(&self, after: u64, limit: u32) -> Result<Vec<Record>>;
}
