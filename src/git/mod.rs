//! The only user of git2: mirror, fetch, head, trees, history, writing commits.
//!
//! - [`Mirror`] keeps a bare copy of the tracked branch in a state folder and polls its [`Remote`].
//! - [`Reader`] answers [`crate::tree::History`] from any object database, so that the daemon (on its mirror) and the
//!   commands (in a clone) read alike. It also makes merges in memory ([`Reader::between`]).
//! - [`Writer`] makes and pushes the commits that the user asked a command for.
//! - [`watch()`] wakes the daemon when a local repository's refs change.
//!
//! Everything blocks and belongs on a blocking thread. The remote's timeout bounds how long a network operation may be
//! silent, and its limit bounds how long the whole operation may take.
//!
//! Deliberately absent: a work tree of our own, refs in a user's repository that the user did not ask for, hooks,
//! filters, submodules, symbolic links, and whatever else would let a repository's content run or reach outside.

mod access;
mod branch;
mod copy;
mod credentials;
mod damage;
mod error;
mod facts;
mod folders;
mod known_hosts;
mod large;
mod leftovers;
mod line;
mod listing;
mod merge;
mod mirror;
mod pulls;
mod push;
pub mod range;
mod reader;
mod remake;
mod remote;
mod visit;
mod walk;
mod watch;
mod work_tree;
mod write;

pub use credentials::{Credentials, Password};
pub use error::GitError;
pub use facts::FACTS;
pub use merge::{Between, Ends, Side};
pub use mirror::{Mirror, Polled};
pub use pulls::OnBranch;
pub use range::{How, Range, RangeError};
pub use reader::{Counts, Reader};
pub use remote::Remote;
pub use watch::{Watch, watch};
pub use work_tree::{Apart, WorkTree, blob_id};
pub use write::{Author, Change, Sign, Signing, Writer};

use crate::model::CommitId;

/// The library's form of a commit id.
fn oid(commit: &CommitId) -> Result<git2::Oid, git2::Error> {
    git2::Oid::from_str(&commit.0)
}

/// Our form of a commit id.
fn commit_id(oid: git2::Oid) -> CommitId {
    CommitId(oid.to_string())
}
