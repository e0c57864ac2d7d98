//! Commits that a person asked for: the demo's repository, and commands that write a file and commit it.
//!
//! A commit is made of the branch's own tree and the changes, never of the index, so what is staged stays staged and is not
//! committed. Where the branch is checked out, the changed files are brought into the work tree first; if one of them differs
//! there from the last commit, nothing is written at all.

use std::cell::RefCell;
use std::path::Path;

use git2::build::{CheckoutBuilder, TreeUpdateBuilder};
use git2::{CheckoutNotificationType, ErrorCode, FileMode, Oid, Repository, Signature, Time};
use jiff::Timestamp;

use super::{GitError, commit_id, copy};
use crate::crash;
use crate::model::CommitId;

/// Who writes a commit, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Author {
    pub name: String,
    /// Mail address.
    pub email: String,
    /// When; written with offset 0.
    pub time: Timestamp,
}

/// A file that a commit changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change<'a> {
    /// Path from the root, with `/`.
    pub path: &'a str,
    /// The new content; none removes the file.
    pub content: Option<&'a [u8]>,
}

/// Gives the signature over a commit, or says why there is none.
pub type Sign<'a> = &'a dyn Fn(&str) -> Result<String, String>;

/// How git's configuration wants commits to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signing {
    /// `openpgp`, `ssh` or `x509`.
    pub format: String,
    /// `user.signingkey`.
    pub key: Option<String>,
    /// The program that signs.
    pub program: Option<String>,
}

/// Writes commits into a repository.
pub struct Writer {
    pub(super) repository: Repository,
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("path", &self.path()).finish()
    }
}

impl Writer {
    /// Makes a repository with a work tree in a folder, its HEAD on a branch that has no commit yet.
    pub fn init(dir: &Path, branch: &str) -> Result<Self, GitError> {
        let mut options = git2::RepositoryInitOptions::new();
        options.initial_head(branch).mkpath(true).no_reinit(true).external_template(false);
        let made = crash::around("make a repository", || Repository::init_opts(dir, &options));
        Ok(Self { repository: made.map_err(|source| GitError::Open { path: dir.to_owned(), source })? })
    }

    /// Opens the repository that a folder is in, like git does.
    pub fn open(dir: &Path) -> Result<Self, GitError> {
        let found = Repository::discover(dir);
        Ok(Self { repository: found.map_err(|source| copy::unopened(dir, source))? })
    }

    /// The work tree's folder, or the repository's where it is bare.
    pub fn path(&self) -> &Path {
        self.repository.workdir().unwrap_or_else(|| self.repository.path())
    }

    /// The branch that is checked out, whether or not it has a commit; none if HEAD is detached.
    pub fn branch(&self) -> Option<String> {
        let head = self.repository.find_reference("HEAD").ok()?;
        head.symbolic_target().ok()??.strip_prefix("refs/heads/").map(str::to_owned)
    }

    /// The author that the user's git configuration names, at a time.
    pub fn author(&self, time: Timestamp) -> Result<Author, GitError> {
        let missing = |source| self.failed("find `user.name` and `user.email` in git's configuration", source);
        let config = self.repository.config().and_then(|mut config| config.snapshot()).map_err(missing)?;
        let name = config.get_str("user.name").map_err(missing)?.to_owned();
        let email = config.get_str("user.email").map_err(missing)?.to_owned();
        Ok(Author { name, email, time })
    }

    /// How commits are to be signed; none if `commit.gpgSign` does not say that they are.
    pub fn signing(&self) -> Result<Option<Signing>, GitError> {
        let failed = |source| self.failed("read git's configuration", source);
        let config = self.repository.config().and_then(|mut config| config.snapshot()).map_err(failed)?;
        if !config.get_bool("commit.gpgSign").unwrap_or(false) {
            return Ok(None);
        }
        let get = |key: &str| config.get_str(key).ok().map(str::to_owned);
        let format = get("gpg.format").unwrap_or_else(|| "openpgp".to_owned());
        let own = get(&format!("gpg.{format}.program"));
        let program = own.or_else(|| get("gpg.program").filter(|_| format == "openpgp"));
        Ok(Some(Signing { format, key: get("user.signingKey"), program }))
    }

    /// Commits changes onto a branch, making the branch if it has no commit yet. A change that changes nothing makes no
    /// commit: the answer is then the branch's head.
    pub fn commit(
        &self,
        branch: &str,
        changes: &[Change<'_>],
        author: &Author,
        message: &str,
    ) -> Result<CommitId, GitError> {
        self.commit_signed(branch, changes, author, message, None)
    }

    /// The same, with a signature over the commit. A signature that is not given leaves everything as it was.
    pub fn commit_signed(
        &self,
        branch: &str,
        changes: &[Change<'_>],
        author: &Author,
        message: &str,
        sign: Option<Sign<'_>>,
    ) -> Result<CommitId, GitError> {
        if !git2::Branch::name_is_valid(branch).unwrap_or(false) {
            return Err(GitError::Name { name: branch.to_owned(), what: "branch" });
        }
        if let Some(wrong) = changes.iter().find(|change| !is_plain(change.path)) {
            return Err(GitError::Name { name: wrong.path.to_owned(), what: "file" });
        }
        let failed = |source| self.failed(&format!("commit to `{branch}`"), source);
        let name = format!("refs/heads/{branch}");
        let parent = match self.repository.refname_to_id(&name) {
            Ok(id) => Some(self.repository.find_commit(id).map_err(failed)?),
            Err(error) if error.code() == ErrorCode::NotFound => None,
            Err(error) => return Err(failed(error)),
        };
        let tree = self.tree(parent.as_ref(), changes).map_err(failed)?;
        if let Some(parent) = parent.as_ref().filter(|parent| parent.tree_id() == tree) {
            return Ok(commit_id(parent.id()));
        }
        let unsigned = self.unsigned(parent.as_ref(), tree, author, message).map_err(failed)?;
        let signature = match sign {
            Some(sign) => Some(sign(&unsigned).map_err(|why| GitError::Unsigned { branch: branch.to_owned(), why })?),
            None => None,
        };
        if !self.repository.is_bare() && self.branch().as_deref() == Some(branch) {
            self.check_out(tree, changes)?;
        }
        self.record(&name, parent, (&unsigned, signature.as_deref()), message).map(commit_id).map_err(failed)
    }

    fn tree(&self, parent: Option<&git2::Commit<'_>>, changes: &[Change<'_>]) -> Result<Oid, git2::Error> {
        let repository = &self.repository;
        let base = match parent {
            Some(parent) => parent.tree()?,
            None => repository.find_tree(repository.treebuilder(None)?.write()?)?,
        };
        let mut update = TreeUpdateBuilder::new();
        for change in changes {
            match change.content {
                Some(bytes) => {
                    let before = base.get_path(Path::new(change.path)).ok().map(|entry| entry.filemode());
                    let mode = if before == Some(0o100_755) { FileMode::BlobExecutable } else { FileMode::Blob };
                    update.upsert(change.path, repository.blob(bytes)?, mode);
                }
                None if base.get_path(Path::new(change.path)).is_ok() => {
                    update.remove(change.path);
                }
                None => {}
            }
        }
        update.create_updated(repository, &base)
    }

    /// Brings the changed files, and only them, into the work tree and the index; nothing where one of them differs there. A file
    /// that has its new content already, as a killed commit leaves it, only goes into the index.
    fn check_out(&self, tree: Oid, changes: &[Change<'_>]) -> Result<(), GitError> {
        let (there, missing): (Vec<_>, Vec<_>) = changes.iter().partition(|change| self.is_there(change));
        if !missing.is_empty() {
            self.update_work_tree(tree, &missing)?;
        }
        if there.is_empty() {
            return Ok(());
        }
        let index = || {
            let mut index = self.repository.index()?;
            there.iter().try_for_each(|change| index.add_path(Path::new(change.path)))?;
            index.write()
        };
        crash::around("update the index", index).map_err(|source| self.failed("update the index", source))
    }

    /// Whether a file of the work tree has its new content.
    fn is_there(&self, change: &Change<'_>) -> bool {
        let path = self.path().join(change.path);
        let plain = std::fs::symlink_metadata(&path).is_ok_and(|found| found.is_file());
        plain && change.content.is_some_and(|new| std::fs::read(&path).is_ok_and(|old| old == new))
    }

    fn update_work_tree(&self, tree: Oid, changes: &[&Change<'_>]) -> Result<(), GitError> {
        let conflicts = RefCell::new(Vec::new());
        let mut options = CheckoutBuilder::new();
        options.safe().recreate_missing(true).disable_pathspec_match(true);
        options.notify_on(CheckoutNotificationType::CONFLICT);
        options.notify(|_, path, _, _, _| {
            conflicts.borrow_mut().extend(path.map(|path| path.display().to_string()));
            true
        });
        for change in changes {
            options.path(change.path);
        }
        let done = self.repository.find_object(tree, None).and_then(|tree| {
            crash::around("update the work tree", || self.repository.checkout_tree(&tree, Some(&mut options)))
        });
        drop(options);
        let paths = conflicts.into_inner();
        match done {
            Err(_) if !paths.is_empty() => Err(GitError::Dirty { path: self.path().to_owned(), paths }),
            done => done.map_err(|source| self.failed("update the work tree", source)),
        }
    }

    /// The commit as it is signed.
    fn unsigned(
        &self,
        parent: Option<&git2::Commit<'_>>,
        tree: Oid,
        author: &Author,
        message: &str,
    ) -> Result<String, git2::Error> {
        let signature = Signature::new(&author.name, &author.email, &Time::new(author.time.as_second(), 0))?;
        let tree = self.repository.find_tree(tree)?;
        let parents: Vec<&git2::Commit<'_>> = parent.into_iter().collect();
        let buffer = self.repository.commit_create_buffer(&signature, &signature, message, &tree, &parents)?;
        buffer.as_str().map(str::to_owned)
    }

    /// Writes the commit, and moves the branch to it unless it was moved meanwhile.
    fn record(
        &self,
        name: &str,
        parent: Option<git2::Commit<'_>>,
        (unsigned, signature): (&str, Option<&str>),
        message: &str,
    ) -> Result<Oid, git2::Error> {
        let repository = &self.repository;
        let note = format!("commit: {}", message.lines().next().unwrap_or_default());
        let id = match signature {
            Some(signature) => repository.commit_signed(unsigned, signature, None)?,
            None => repository.odb()?.write(git2::ObjectType::Commit, unsigned.as_bytes())?,
        };
        crash::around("commit to the branch", || match parent {
            Some(parent) => repository.reference_matching(name, id, true, parent.id(), &note),
            None => repository.reference(name, id, false, &note),
        })?;
        Ok(id)
    }

    pub(super) fn failed(&self, what: &str, source: git2::Error) -> GitError {
        GitError::Write { what: what.to_owned(), path: self.path().to_owned(), source }
    }
}

/// A path that stays inside the work tree and outside the repository.
fn is_plain(path: &str) -> bool {
    let odd = |part: &str| part.is_empty() || part == "." || part == ".." || part.eq_ignore_ascii_case(".git");
    !path.contains(['\\', '\0']) && !path.split('/').any(odd)
}
