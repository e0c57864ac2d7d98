//! The two commits of `landfall diff`, read and reviewed: only as far as they can differ, if that gives the same review.
//!
//! [`Loader::load_pair`] leaves out projects that the change cannot reach. Their stacks count in two places: the guard compares
//! what is pending with the stacks of an account, and facts tell what is pending in other projects. So with facts, and if the
//! guard or a stack without a cause has a say, both commits are read whole.

use jiff::Timestamp;

use super::exit::{Doing, Failure};
use super::reviewed::reviewed;
use crate::git::range::Range;
use crate::git::{Ends, Reader};
use crate::load::{Loaded, Loader, Source};
use crate::model::catalog::SnapshotFault;
use crate::model::{CommitId, Facts};
use crate::plan::review::Review;
use crate::promote::unreadable;
use crate::tree::History;

/// Two commits and the review of what leads from one to the other.
pub struct Compared {
    /// The commit before.
    pub base: Loaded,
    /// The commit after.
    pub head: Loaded,
    /// What the change does.
    pub review: Review,
}

/// Reads two commits and reviews the change. The time is that of the facts, or else the given one.
///
/// # Errors
/// The files cannot be read, or a shallow clone lacks what a release deploys.
pub fn compare(
    reader: &Reader,
    range: &Range,
    ends: &Ends,
    facts: Option<&Facts>,
    at: Timestamp,
) -> Result<Compared, Failure> {
    let mut loader = Loader::new();
    if facts.is_none() {
        let pair = loader.load_pair(reader, &ends.base, &ends.head, None);
        let pair = pair.doing(|| format!("cannot read {range}"))?;
        let is_whole = pair.only.is_none();
        let compared = of(pair.base, pair.head, range, None, at)?;
        if is_whole || !compared.review.depends_on_all() {
            return Ok(compared);
        }
    }
    let mut load = |commit: &CommitId, revision: &str| -> Result<Loaded, Failure> {
        let tree = reader.tree(commit).doing(|| format!("cannot read the files of {revision}"))?;
        let source = Source { tree: &tree, blobs: reader, commit: Some(commit), history: Some(reader), facts };
        loader.load(&source).doing(|| format!("cannot read {revision}"))
    };
    let (base, head) = (load(&ends.base, &range.base)?, load(&ends.head, &range.head)?);
    of(base, head, range, facts, at)
}

fn of(base: Loaded, head: Loaded, range: &Range, facts: Option<&Facts>, at: Timestamp) -> Result<Compared, Failure> {
    complete(&base, &range.base)?;
    complete(&head, &range.head)?;
    let review = reviewed(&base, &head, facts, at);
    Ok(Compared { base, head, review })
}

/// A release that runs or comes, and that a shallow clone cannot read, is an error: nothing is guessed.
fn complete(loaded: &Loaded, revision: &str) -> Result<(), Failure> {
    for (project, release, fault) in unreadable(&loaded.catalog) {
        let commit = match fault {
            SnapshotFault::Shallow => "the commit that release landed with".to_owned(),
            SnapshotFault::Missing(commit) => format!("commit {}", commit.short()),
            _ => continue,
        };
        let message =
            format!("this clone lacks {commit} ({project} {release}), so what {revision} deploys is not known");
        return Err(Failure::new(message).help("run `git fetch --unshallow`, then try again"));
    }
    Ok(())
}
