//! Where pull requests are: GitHub, GitLab, Gitea and Forgejo, behind one port.
//!
//! ```text
//! Review (plan/) ─► comment, statuses, labels (view/) ─► keep: what is missing there ─► Forge: one call each
//!                                                          ▲
//!                     comments, looks, statuses, labels ───┘  (read again each time)
//! ```
//!
//! [`keep`] compares what a pull request should have with what it has, and says which calls bring it there. So a call whose
//! answer was lost, a forge that was down and a comment that somebody deleted are all mended by the next look, and nothing is
//! written twice. [`Forge`] is the port; [`GitHub`], [`GitLab`] and [`Gitea`] (for Forgejo as well) are the clients, over one
//! [`http`] that knows conditional requests, pages and rate limits.
//!
//! The clients are our own. `octocrab`, `gitlab` and `forgejo-api` together bring 48 more libraries, among them a second TLS that
//! needs cmake, and three HTTP stacks; two of them make no conditional request, and each treats limits in its own way. Twenty calls are
//! needed, and `ureq` is there.
//!
//! Deliberately absent: git, the review itself, and any decision about releases. A token is the operator's, never the
//! repository's.

mod app;
mod gitea;
mod github;
mod gitlab;
mod http;
pub mod keep;
mod kind;
mod link;
mod marker;

use std::collections::BTreeSet;
use std::fmt;

use jiff::Timestamp;

use crate::model::CommitId;

pub use app::App;
pub use gitea::Gitea;
pub use github::{Credentials, GitHub};
pub use gitlab::GitLab;
pub use http::{Http, Limits};
pub use kind::{Kind, Project, home};
pub use link::pull_request_page;
pub use marker::{Marker, Purpose, Seen, Writer, text_of};

/// A pull request; GitLab calls it a merge request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PullRequest {
    /// As people write it after `#` or `!`.
    pub number: u64,
    pub open: bool,
    /// The branch that it goes into.
    pub base: String,
    /// Its newest commit.
    pub head: CommitId,
    /// The branch that it comes from.
    pub branch: String,
    /// Its branch is in another repository than its base: whoever wrote it may not write here.
    pub fork: bool,
    /// The commit that the base got by merging it.
    pub merged: Option<CommitId>,
    pub labels: BTreeSet<String>,
    /// Its page.
    pub url: String,
}

/// A comment on a pull request as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    pub id: u64,
    /// The name that its author logs in with.
    pub author: String,
    /// The account that landfall writes as is its author.
    pub own: bool,
    pub body: String,
    /// When it was last written.
    pub at: Timestamp,
}

/// Somebody has reviewed a pull request: approved it, asked for changes, or commented on its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Look {
    pub by: String,
    pub at: Timestamp,
}

/// How far something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// It goes on, or waits.
    Pending,
    Success,
    Failure,
}

/// What a commit is told to have passed, or not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Status {
    /// `landfall/review`, `landfall/production`.
    pub context: String,
    pub state: State,
    /// A sentence; cut at [`Forge::most_of_a_description`].
    pub description: String,
    /// Where more is to be read.
    pub url: Option<String>,
}

/// A pull request to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPullRequest {
    /// The branch with the change, pushed already.
    pub branch: String,
    /// The branch that it goes into.
    pub base: String,
    pub title: String,
    /// Markdown.
    pub body: String,
}

/// What landfall asks of a forge, for one repository there. Every call waits for its answer.
pub trait Forge: Send + Sync {
    /// The most characters of a comment.
    fn most_of_a_comment(&self) -> usize;

    /// The most characters of a status's description.
    fn most_of_a_description(&self) -> usize;

    /// How a pull request is named in text: `#12`, `!12`.
    fn named(&self, number: u64) -> String;

    /// The ref that its newest commit can be fetched by, also if it comes from a fork.
    fn head_ref(&self, number: u64) -> String;

    /// Every open pull request into a branch, oldest first.
    fn open_pull_requests(&self, base: &str) -> Result<Vec<PullRequest>, ForgeError>;

    fn pull_request(&self, number: u64) -> Result<PullRequest, ForgeError>;

    /// The pull requests that brought a commit of the base.
    fn pull_requests_of(&self, commit: &CommitId) -> Result<Vec<PullRequest>, ForgeError>;

    /// Every comment, oldest first.
    fn comments(&self, number: u64) -> Result<Vec<Comment>, ForgeError>;

    fn comment(&self, number: u64, body: &str) -> Result<(), ForgeError>;

    fn edit(&self, number: u64, comment: u64, body: &str) -> Result<(), ForgeError>;

    fn remove(&self, number: u64, comment: u64) -> Result<(), ForgeError>;

    /// The reviews by people, but not by the author of the pull request or by this account.
    fn looks(&self, number: u64) -> Result<Vec<Look>, ForgeError>;

    /// Whether an account may write to the repository, so that its word counts.
    fn may_write(&self, account: &str) -> Result<bool, ForgeError>;

    /// The newest status of each context of a commit.
    fn statuses(&self, commit: &CommitId) -> Result<Vec<Status>, ForgeError>;

    fn set_status(&self, commit: &CommitId, status: &Status) -> Result<(), ForgeError>;

    /// Adds and removes labels; makes those that the repository does not have.
    fn label(&self, pull_request: &PullRequest, add: &[String], remove: &[String]) -> Result<(), ForgeError>;

    /// Opens a pull request; gives the one that is open already for this branch and base.
    fn open(&self, new: &NewPullRequest) -> Result<PullRequest, ForgeError>;

    /// Merges into a branch that wait in a queue for their statuses: the ref and the commit of each.
    fn queued(&self, _base: &str) -> Result<Vec<(String, CommitId)>, ForgeError> {
        Ok(Vec::new())
    }

    /// The statuses without which the forge merges nothing into a branch.
    fn required(&self, branch: &str) -> Result<Vec<String>, ForgeError>;
}

/// Why a forge did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ForgeError {
    /// It is not there, or its answer did not come.
    #[error("{forge} does not answer: {why}")]
    Unreachable { forge: String, why: String },
    /// Its limit is used up.
    #[error("{forge} answers no more calls until {until}")]
    Limited { forge: String, until: Timestamp },
    /// The token is wrong, or lacks a right.
    #[error("{forge} refuses to {what} ({status}): {said}")]
    Denied {
        forge: String,
        what: &'static str,
        status: u16,
        /// In its own words.
        said: String,
    },
    /// There is no such thing, or the token may not see it.
    #[error("{forge} cannot {what}: there is none, or the token may not see it ({said})")]
    Missing { forge: String, what: &'static str, said: String },
    /// It says no.
    #[error("{forge} does not {what} ({status}): {said}")]
    Refused { forge: String, what: &'static str, status: u16, said: String },
    /// Its answer is not what its documentation says.
    #[error("{forge} answers otherwise than documented, asked to {what}: {why}")]
    Answer { forge: String, what: &'static str, why: String },
}

impl ForgeError {
    /// Whether the same call may be answered later, with nothing changed by anybody.
    pub fn passes(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Limited { .. })
            || matches!(self, Self::Refused { status, .. } if *status >= 500)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pending => "pending",
            Self::Success => "success",
            Self::Failure => "failure",
        })
    }
}

/// A commit by its whole name.
fn commit(text: &str) -> Option<CommitId> {
    let digits = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    (digits && matches!(text.len(), 40 | 64)).then(|| CommitId(text.to_owned()))
}

/// The first characters of a text, with a sign that more was there.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}
