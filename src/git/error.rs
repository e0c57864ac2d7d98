//! What can go wrong with git: what landfall tried, on what, and how to fix it.

use std::path::PathBuf;

/// Why git could not do what was asked. Messages never contain a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GitError {
    /// A repository cannot be opened.
    #[error("cannot open the git repository {}", path.display())]
    Open {
        /// Where it should be.
        path: PathBuf,
        /// The error of libgit2 underneath.
        #[source]
        source: git2::Error,
    },
    /// A repository belongs to another user, who could have git do things in our name.
    #[error(
        "the git repository {path} belongs to another user; run landfall as that user, or trust it by \
         `git config --global --add safe.directory {path}`",
        path = path.display()
    )]
    Owner {
        /// Where it is.
        path: PathBuf,
        /// What the library said.
        #[source]
        source: git2::Error,
    },
    /// The mirror, in the operator's state folder, cannot be read or written.
    #[error("cannot {what} in the mirror {}", path.display())]
    Mirror {
        /// What was tried.
        what: String,
        /// The mirror's folder.
        path: PathBuf,
        /// The error of libgit2 underneath.
        #[source]
        source: git2::Error,
    },
    /// A file that the operator named cannot be read.
    #[error("cannot read the {what} {}", path.display())]
    File {
        /// What the file is for.
        what: &'static str,
        /// Where it should be.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The address is of a kind that landfall does not speak.
    #[error("{remote} is not the address of a git repository that landfall can follow: {why}")]
    Address {
        /// The address, without a password.
        remote: String,
        /// What is wrong with it.
        why: String,
    },
    /// The remote did not answer in time.
    #[error("{remote} did not answer within {seconds} s ({during}); landfall asks again")]
    TimedOut {
        /// Address of the remote, without a password.
        remote: String,
        /// The timeout.
        seconds: u64,
        /// What was going on.
        during: &'static str,
        /// What the library said.
        #[source]
        source: git2::Error,
    },
    /// The remote sends, but so slowly that the fetch does not end.
    #[error(
        "{remote} is still sending after {seconds} s; landfall stopped and asks again. If the repository is that \
         large or the connection that slow, raise `limit` of `[git]` in the configuration"
    )]
    TooSlow {
        /// Address of the remote, without a password.
        remote: String,
        /// How long a visit may take.
        seconds: u64,
    },
    /// The remote does not take what was pushed.
    #[error("{remote} rejects {reference}: {why}")]
    Refused {
        /// Address of the remote, without a password.
        remote: String,
        /// What was pushed.
        reference: String,
        /// In the remote's words.
        why: String,
    },
    /// A commit is to be signed, and is not.
    #[error("cannot sign the commit to {branch}: {why}")]
    Unsigned {
        /// The branch that it was for.
        branch: String,
        /// In the words of the program that signs.
        why: String,
    },
    /// A commit that should have facts has none.
    #[error("`{revision}` in {} has no file facts.json", path.display())]
    NoFacts {
        /// As it was given.
        revision: String,
        /// Folder of the git repository.
        path: PathBuf,
    },
    /// The remote could not be reached, or broke off.
    #[error("cannot reach {remote} ({during})")]
    Unreachable {
        /// Address of the remote, without a password.
        remote: String,
        /// What was going on.
        during: &'static str,
        /// The error of libgit2 underneath.
        #[source]
        source: git2::Error,
    },
    /// The remote does not take the credentials, or there are none to show.
    #[error("{remote} denies access: {why}")]
    Denied {
        /// Address of the remote, without a password.
        remote: String,
        /// What was shown and what to do about it.
        why: String,
        /// What the library said.
        #[source]
        source: git2::Error,
    },
    /// The server's certificate is not signed by an authority that is trusted.
    #[error(
        "the certificate of {remote} is not trusted; if its authority is your own, name its certificate file as `ca`"
    )]
    Certificate {
        /// Address of the remote, without a password.
        remote: String,
        /// What the library said.
        #[source]
        source: git2::Error,
    },
    /// The server's ssh key is not the one in the known hosts file.
    #[error("{why}")]
    HostKey {
        /// What was found, its fingerprint, and the line that would make it known.
        why: String,
    },
    /// The remote answers, but not as git expects.
    #[error(
        "{remote} does not answer like a git server; if it is a shallow clone, run \
         `git fetch --unshallow` in it"
    )]
    Answer {
        /// Address of the remote, without a password.
        remote: String,
        /// What the library said.
        #[source]
        source: git2::Error,
    },
    /// The repository has no commit yet.
    #[error("{remote} has no commit yet; it will be read as soon as one is pushed")]
    Empty {
        /// Address of the remote, without a password.
        remote: String,
    },
    /// The tracked branch is not there.
    #[error("{remote} has no branch `{branch}`{}; if it was renamed, name the new one", listed(there))]
    NoBranch {
        /// Address of the remote, without a password.
        remote: String,
        branch: String,
        /// The branches that are there.
        there: Vec<String>,
    },
    /// No branch was named and the remote does not say which is its default.
    #[error("{remote} does not say which branch is its default{}; name the branch to follow", listed(there))]
    NoDefault {
        /// Address of the remote, without a password.
        remote: String,
        /// The branches that are there.
        there: Vec<String>,
    },
    /// The remote does not have its whole history.
    #[error(
        "{remote} is a shallow clone, so landfall cannot know when a release landed; run `git fetch --unshallow` in it"
    )]
    Shallow {
        /// Address of the remote, without a password.
        remote: String,
    },
    /// The remote does not have all its objects.
    #[error(
        "{remote} is a partial clone and lacks objects; run `git fetch --refetch --no-filter` in it, or follow its origin"
    )]
    Partial {
        /// Address of the remote, without a password.
        remote: String,
    },
    /// A revision names no commit.
    #[error("`{revision}` is not a commit in {}", path.display())]
    Revision {
        /// As it was given.
        revision: String,
        /// Folder of the git repository.
        path: PathBuf,
        /// The error of libgit2 underneath.
        #[source]
        source: git2::Error,
    },
    /// A revision names no commit here, but a branch of a remote has the name.
    #[error("`{revision}` is not a commit in {}: did you mean {}?", path.display(), there.join(" or "))]
    Remote {
        /// As it was given.
        revision: String,
        /// Folder of the git repository.
        path: PathBuf,
        /// The branches of remotes with that name, in backquotes.
        there: Vec<String>,
    },
    /// Two commits without a common one cannot be merged.
    #[error(
        "`{base}` and `{head}` have no commit in common, so they cannot be merged: to compare them as they are, add `--two-dot`"
    )]
    Unrelated {
        /// The revision before.
        base: String,
        /// The revision after.
        head: String,
    },
    /// Two commits change the same lines.
    #[error(
        "merging `{head}` into `{base}` conflicts in {}{}: merge `{base}` into `{head}` and resolve it there, or compare the commits \
         as they are with `--two-dot`",
        paths.join(", "),
        if *more > 0 { format!(" and {more} more") } else { String::new() }
    )]
    Conflict {
        /// The revision before.
        base: String,
        /// The revision after.
        head: String,
        /// The files that conflict, as many as are shown.
        paths: Vec<String>,
        /// How many more there are.
        more: usize,
    },
    /// A shallow clone lacks part of the history that is needed.
    #[error(
        "{} is a shallow clone and lacks {what}: run `git fetch --unshallow` in it, or `git fetch --deepen=200` if it is not far back \
         (in CI, check out the whole history: `fetch-depth: 0` or `GIT_DEPTH: 0`)",
        path.display()
    )]
    Cut {
        /// The clone.
        path: PathBuf,
        /// What is missing.
        what: String,
    },
    /// The files of a commit cannot be read.
    #[error("cannot read the files of {commit}")]
    Files {
        commit: crate::model::CommitId,
        /// Why.
        #[source]
        source: Box<crate::tree::TreeError>,
    },
    /// The name cannot be part of a ref.
    #[error("`{name}` cannot be the name of a git {what}")]
    Name {
        name: String,
        /// What it should have named.
        what: &'static str,
    },
    /// The repository has no remote of the name.
    #[error("{} has no remote `{name}`; add it with `git remote add {name} …`", path.display())]
    NoRemote {
        name: String,
        /// Folder of the git repository.
        path: PathBuf,
        /// What the library said.
        #[source]
        source: git2::Error,
    },
    /// A commit cannot be written.
    #[error("cannot {what} in {}", path.display())]
    Write {
        /// What was tried.
        what: String,
        /// Folder of the git repository.
        path: PathBuf,
        /// The error of libgit2 underneath.
        #[source]
        source: git2::Error,
    },
    /// The work tree has changes of its own in the files that a commit would change.
    #[error("nothing was written in {}: {} changed there since the last commit; commit or stash these first", path.display(), paths.join(", "))]
    Dirty {
        /// The work tree.
        path: PathBuf,
        /// The files that differ.
        paths: Vec<String>,
    },
    /// The refs of a local repository cannot be watched.
    #[error("cannot watch the refs of {}; landfall polls it instead", path.display())]
    Watch {
        /// Folder of the git repository.
        path: PathBuf,
        /// Why.
        #[source]
        source: notify::Error,
    },
}

fn listed(branches: &[String]) -> String {
    const SHOWN: usize = 8;
    match branches.len() {
        0 => String::new(),
        n if n <= SHOWN => format!(" (it has {})", branches.join(", ")),
        n => format!(" (it has {} and {} more)", branches[..SHOWN].join(", "), n - SHOWN),
    }
}

impl GitError {
    /// Whether the remote could not be seen: it does not answer, answers as no git server does, or does not let landfall in.
    pub fn is_unseen(&self) -> bool {
        matches!(
            self,
            GitError::TimedOut { .. }
                | GitError::TooSlow { .. }
                | GitError::Unreachable { .. }
                | GitError::Denied { .. }
                | GitError::Certificate { .. }
                | GitError::HostKey { .. }
                | GitError::Answer { .. }
        )
    }
}
