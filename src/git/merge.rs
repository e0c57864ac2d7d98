//! What merging one commit into another gives, without doing it.
//!
//! The merge is made by libgit2, as a real commit with two parents, in memory: nothing is written to the repository, and
//! the reader that made it reads it like any other commit, with its landings. So a release that is new on the branch lands
//! in the merge, as it does when a forge merges a pull request with a merge commit. A rebase or a fast-forward lands each
//! commit by itself instead; the files are the same at the end.
//!
//! Deliberately absent: renamed folders, which git's own merge follows and libgit2's does not; and the configuration of
//! merges.

use git2::{Commit, ErrorCode, Index, MergeOptions, Oid, Repository, Signature};

use super::line::shallow;
use super::range::{How, Range};
use super::{GitError, Reader, commit_id, oid};
use crate::model::CommitId;
use crate::tree::FileTree;

/// Before the repository's own store, which writes loose objects (priority 1).
const FIRST: i32 = 1000;
/// More paths than this are counted.
const MAX_PATHS: usize = 20;

/// Two commits with their files.
#[derive(Clone, Debug)]
pub struct Between {
    /// The commit before.
    pub base: Side,
    /// The commit after. Where the head was merged into the base, this is the merge, and only the reader that made it has it.
    pub head: Side,
    /// The head as it was named, not merged.
    pub tip: CommitId,
    /// The commit that both have in common; none without one, and where a shallow clone does not tell.
    pub merge_base: Option<CommitId>,
    /// The base has commits that the head has not: it moved since the head's branch began.
    pub moved: bool,
    /// The head is a merge that does not exist yet.
    pub merged: bool,
}

/// One commit with its files.
#[derive(Clone, Debug)]
pub struct Side {
    /// Full id of the commit.
    pub commit: CommitId,
    pub tree: FileTree,
}

impl Reader {
    /// The commits that a range compares, with their files. Both are read by this reader.
    ///
    /// # Errors
    /// A revision is not a commit; the two conflict or have nothing in common; a shallow clone lacks what is needed.
    pub fn between(&self, range: &Range) -> Result<Between, GitError> {
        let ends = self.ends(range)?;
        let side = |commit: CommitId| {
            let tree = self.files(&commit)?;
            Ok(Side { commit, tree })
        };
        let Ends { base, head, tip, merge_base, moved, merged } = ends;
        Ok(Between { base: side(base)?, head: side(head)?, tip, merge_base, moved, merged })
    }

    /// The commits that a range compares, without reading their files.
    ///
    /// # Errors
    /// Those of [`Reader::between`].
    pub fn ends(&self, range: &Range) -> Result<Ends, GitError> {
        let (base, tip) = (self.resolve(&range.base)?, self.resolve(&range.head)?);
        self.with(|repository| {
            let failed = |source| unmerged(range, repository, source);
            let (one, two) = (oid(&base).map_err(failed)?, oid(&tip).map_err(failed)?);
            let bases = merge_bases(repository, one, two).map_err(failed)?;
            let known = is_certain(repository, one, two, &bases).map_err(failed)?;
            if range.how != How::Tips {
                if !known {
                    let what = format!("the commit that `{}` and `{}` have in common", range.base, range.head);
                    return Err(cut(repository, what));
                }
                if bases.is_empty() {
                    return Err(GitError::Unrelated { base: range.base.clone(), head: range.head.clone() });
                }
            }
            let merge_base = bases.first().copied().filter(|_| known);
            let moved = merge_base.is_some_and(|common| common != one);
            let made = match range.how {
                // What the base has already changes nothing.
                How::Merge if merge_base != Some(two) => Some(merge(repository, range, one, two, &bases)?),
                _ => None,
            };
            let (base, head) = match (range.how, merge_base, made) {
                (_, _, Some(made)) => (base, commit_id(made)),
                (How::Since, Some(common), None) => (commit_id(common), tip.clone()),
                (How::Merge, _, None) => (base.clone(), base),
                _ => (base, tip.clone()),
            };
            Ok(Ends { base, head, tip, merge_base: merge_base.map(commit_id), moved, merged: made.is_some() })
        })
    }

    fn files(&self, commit: &CommitId) -> Result<FileTree, GitError> {
        use crate::tree::History;
        self.tree(commit).map_err(|source| GitError::Files { commit: commit.clone(), source: Box::new(source) })
    }
}

/// The commits of a [`Between`], without their files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ends {
    /// The commit before.
    pub base: CommitId,
    /// The commit after: the merge, if the range merges.
    pub head: CommitId,
    /// The head as it was named.
    pub tip: CommitId,
    /// The commit that both have in common.
    pub merge_base: Option<CommitId>,
    /// The base has commits that the head has not.
    pub moved: bool,
    /// The head is a merge that does not exist yet.
    pub merged: bool,
}

/// The best commits that two have in common: several after merges in both directions.
fn merge_bases(repository: &Repository, one: Oid, two: Oid) -> Result<Vec<Oid>, git2::Error> {
    match repository.merge_bases(one, two) {
        Ok(found) => Ok(found.iter().copied().collect()),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Whether commits that a shallow clone lacks cannot change what two have in common. Costs the commits since then.
fn is_certain(repository: &Repository, one: Oid, two: Oid, bases: &[Oid]) -> Result<bool, git2::Error> {
    let ends = shallow(repository);
    if ends.is_empty() {
        return Ok(true);
    }
    let mut walk = repository.revwalk()?;
    for tip in [one, two] {
        walk.push(tip)?;
    }
    for base in bases {
        walk.hide(*base)?;
    }
    for commit in walk {
        match commit {
            Ok(commit) if ends.contains(&commit) => return Ok(false),
            Ok(_) => {}
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(false),
            Err(error) => return Err(error),
        }
    }
    Ok(!bases.is_empty())
}

/// Makes the merge in memory.
fn merge(repository: &Repository, range: &Range, base: Oid, head: Oid, bases: &[Oid]) -> Result<Oid, GitError> {
    let failed = |source| unmerged(range, repository, source);
    let find = |id| repository.find_commit(id).map_err(failed);
    let (ours, theirs) = (find(base)?, find(head)?);
    // Not removed again: a reader writes nothing else.
    repository.odb().and_then(|odb| odb.add_new_mempack_backend(FIRST).map(drop)).map_err(failed)?;
    let tree = if bases == [base] {
        theirs.tree_id()
    } else {
        let mut options = MergeOptions::new();
        options.find_renames(true);
        let mut index = repository.merge_commits(&ours, &theirs, Some(&options)).map_err(failed)?;
        if index.has_conflicts() {
            return Err(conflict(range, &index).map_err(failed)?);
        }
        index.write_tree_to(repository).map_err(failed)?
    };
    commit(repository, tree, &ours, &theirs).map_err(failed)
}

/// The same id for the same two commits, on every machine.
fn commit(repository: &Repository, tree: Oid, ours: &Commit<'_>, theirs: &Commit<'_>) -> Result<Oid, git2::Error> {
    let time = ours.time().seconds().max(theirs.time().seconds());
    let who = Signature::new("landfall", "landfall@localhost", &git2::Time::new(time, 0))?;
    let message = format!("Merge {} into {}\n", theirs.id(), ours.id());
    repository.commit(None, &who, &who, &message, &repository.find_tree(tree)?, &[ours, theirs])
}

fn conflict(range: &Range, index: &Index) -> Result<GitError, git2::Error> {
    let mut paths = std::collections::BTreeSet::new();
    for conflict in index.conflicts()? {
        let conflict = conflict?;
        let sides = [conflict.our, conflict.their, conflict.ancestor];
        paths.extend(sides.into_iter().flatten().map(|entry| String::from_utf8_lossy(&entry.path).into_owned()));
    }
    let more = paths.len().saturating_sub(MAX_PATHS);
    let paths = paths.into_iter().take(MAX_PATHS).collect();
    Ok(GitError::Conflict { base: range.base.clone(), head: range.head.clone(), paths, more })
}

/// A shallow clone lacks something.
fn cut(repository: &Repository, what: String) -> GitError {
    let path = repository.workdir().unwrap_or_else(|| repository.path()).to_owned();
    GitError::Cut { path, what }
}

fn unmerged(range: &Range, repository: &Repository, source: git2::Error) -> GitError {
    GitError::Revision { revision: range.to_string(), path: repository.path().to_owned(), source }
}
