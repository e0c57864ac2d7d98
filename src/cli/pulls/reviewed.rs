//! What merging a pull request does, and what the pull request should have to say so.

use std::collections::BTreeSet;
use std::path::Path;

use jiff::Timestamp;

use super::super::compared::{Compared, compare};
use super::super::config::Labels;
use super::super::diff::{Deny, is_denied};
use super::super::exit::{Doing, Failure};
use super::super::facts::Known;
use super::super::reviewed::{about, of_this_repository};
use crate::forge::keep::{Wanted, review_status, room};
use crate::forge::{Forge, PullRequest, Writer};
use crate::git::Reader;
use crate::git::range::{How, Range};
use crate::model::CommitId;
use crate::view::review::content::{About, page};
use crate::view::review::{Sign, comment, html, outcome};

/// What would be merged.
pub struct Subject {
    /// The branch that it goes into.
    pub base: String,
    pub head: CommitId,
    /// As people call it.
    pub named: String,
    /// Whoever wrote it may not know the facts.
    pub fork: bool,
}

impl Subject {
    /// A pull request.
    pub fn of(pull_request: &PullRequest, forge: &dyn Forge) -> Self {
        Self {
            base: pull_request.base.clone(),
            head: pull_request.head.clone(),
            named: forge.named(pull_request.number),
            fork: pull_request.fork,
        }
    }
}

/// What merging it does.
pub struct Reviewed {
    pub head: CommitId,
    pub compared: Compared,
    pub about: About,
    /// The time of the facts, or of the commits.
    pub at: Timestamp,
}

/// How it is said at the forge.
pub struct Say<'a> {
    pub forge: &'a dyn Forge,
    pub writer: Writer,
    /// From this level on, a risk fails the status.
    pub deny: Option<Deny>,
    /// Without it, labels are left alone.
    pub labels: Option<&'a Labels>,
    /// Where the whole review is.
    pub whole: Option<String>,
}

/// Merges into a revision, in memory, and looks what that does.
///
/// # Errors
/// The two conflict, or a shallow clone lacks what is needed; the facts are of another repository.
pub fn review(
    reader: &Reader,
    repo: &Path,
    base: &str,
    subject: &Subject,
    known: Option<&Known>,
) -> Result<Reviewed, Failure> {
    let range = Range { base: base.to_owned(), head: subject.head.0.clone(), how: How::Merge };
    let ends = reader.ends(&range).doing(|| format!("cannot compare {range}"))?;
    let time = |commit, name: &str| reader.time(commit).doing(|| format!("cannot read {name}"));
    let at = time(&ends.tip, &range.head)?.max(time(&ends.base, &range.base)?);
    let past = known.map(|known| &known.facts);
    let compared = compare(reader, &range, &ends, past, at)?;
    if let Some(known) = known {
        of_this_repository(&known.facts, known.source(), &compared.base, &compared.head, repo)?;
    }
    let about = About {
        base: subject.base.clone(),
        head: subject.named.clone(),
        tip: Some(ends.tip.clone()),
        merge_base: ends.merge_base.filter(|_| ends.merged).map(|commit| commit.short().to_owned()),
        moved: ends.moved && ends.merged,
        ..about(&compared.head, known)
    };
    let at = past.and_then(|facts| facts.as_of).unwrap_or(at);
    Ok(Reviewed { head: subject.head.clone(), compared, about, at })
}

impl Reviewed {
    /// The whole review as one page.
    pub fn html(&self) -> String {
        html(&page(&self.compared.review, &self.about))
    }

    /// What the pull request should have.
    pub fn wanted(&self, say: &Say<'_>) -> Wanted {
        let Compared { base, head, review } = &self.compared;
        let outcome = outcome(review, &head.catalog);
        let label = |sign| say.labels.and_then(|labels| labels.of(sign));
        let denied = is_denied(review, say.deny).then_some("a risk is at the level that is denied, or above it");
        let repository = head.catalog.repository.as_ref().or(base.catalog.repository.as_ref());
        Wanted {
            repository: repository.map_or_else(|| "unknown".to_owned(), ToString::to_string),
            writer: say.writer,
            head: self.head.clone(),
            text: comment(review, &self.about, room(say.forge), say.whole.as_deref()),
            status: review_status(&outcome, self.about.problems.len(), denied, say.whole.clone()),
            labels: outcome.signs.iter().copied().filter_map(label).collect(),
            ours: Sign::ALL.into_iter().filter_map(label).collect::<BTreeSet<_>>(),
            outcome,
        }
    }
}
