//! What a pull request should have, compared with what it has: the calls that bring it there.
//!
//! Pure but for [`look`] and [`carry_out`], which read and write. Nothing is remembered between two looks: what was written is read
//! back from the pull request itself.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::marker::{self, Marker, Purpose, Seen, Writer, text_of};
use super::{Comment, Forge, ForgeError, Look, PullRequest, State, Status, cut};
use crate::model::CommitId;
use crate::view::merged::Merged;
use crate::view::review::{Block, Outcome, Page, code, markdown, strong, text};

/// The status of the review.
pub const REVIEW: &str = "landfall/review";

/// What a pull request should have.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Id of the repository of landfall's files.
    pub repository: String,
    pub writer: Writer,
    /// The commit that was reviewed.
    pub head: CommitId,
    /// The review as Markdown; at most [`room`] characters.
    pub text: String,
    pub outcome: Outcome,
    /// Of the head.
    pub status: Status,
    /// The labels that apply.
    pub labels: BTreeSet<String>,
    /// All labels that landfall sets and removes.
    pub ours: BTreeSet<String>,
}

/// What a pull request has.
#[derive(Clone, Debug)]
pub struct Found {
    pub pull_request: PullRequest,
    pub comments: Vec<Comment>,
    pub looks: Vec<Look>,
    /// Of its head.
    pub statuses: Vec<Status>,
    /// The commit that the daemon's review is of, if there is one whose author may write to the repository.
    pub by_daemon: Option<CommitId>,
}

/// A call that changes something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    Comment(String),
    Edit { comment: u64, body: String },
    Remove { comment: u64 },
    Label { add: Vec<String>, remove: Vec<String> },
    Status(Status),
}

/// How many characters a review may have.
pub fn room(forge: &dyn Forge) -> usize {
    forge.most_of_a_comment().saturating_sub(marker::LONGEST)
}

/// Reads what a pull request has.
pub fn look(forge: &dyn Forge, pull_request: PullRequest, repository: &str) -> Result<Found, ForgeError> {
    let number = pull_request.number;
    let comments = forge.comments(number)?;
    let mut by_daemon = None;
    for comment in &comments {
        let marker = Marker::of(&comment.body).filter(|marker| marker.repository == repository);
        if let Some(Marker { writer: Writer::Daemon, purpose: Purpose::Review { head, .. }, .. }) = marker
            && (comment.own || forge.may_write(&comment.author)?)
        {
            by_daemon = Some(head);
        }
    }
    let (looks, statuses) = (forge.looks(number)?, forge.statuses(&pull_request.head)?);
    Ok(Found { pull_request, comments, looks, statuses, by_daemon })
}

/// The calls that are missing, in their order. None for a pull request that is closed, or that has another head by now: the next look
/// sees that one.
pub fn missing(wanted: &Wanted, found: &Found, limit: usize, now: Timestamp) -> Vec<Act> {
    if !found.pull_request.open || found.pull_request.head != wanted.head {
        return Vec::new();
    }
    let own = |comment: &&Comment| comment.own && purpose_of(wanted, comment).is_some();
    let reviews: Vec<&Comment> =
        found.comments.iter().filter(own).filter(|comment| is_review(wanted, comment)).collect();
    if wanted.writer == Writer::Job && found.by_daemon.as_ref() == Some(&wanted.head) {
        return elsewhere(wanted, &reviews);
    }
    let (mut acts, before) = (Vec::new(), reviews.first().map_or_else(Vec::new, |comment| seen_in(wanted, comment)));
    let now_seen = Seen { head: wanted.head.clone(), outcome: wanted.outcome.hash.clone(), at: now };
    let seen = marker::remember(before.clone(), now_seen);
    let body =
        marked(wanted, Purpose::Review { head: wanted.head.clone(), outcome: wanted.outcome.hash.clone(), seen })
            .on(&wanted.text);
    match reviews.split_first() {
        None => acts.push(Act::Comment(body)),
        Some((first, more)) => {
            if !is_same(wanted, first, &body) {
                acts.push(Act::Edit { comment: first.id, body });
            }
            acts.extend(more.iter().map(|comment| Act::Remove { comment: comment.id }));
        }
    }
    acts.extend(changed(wanted, found, &before).map(Act::Comment));
    let has = &found.pull_request.labels;
    let add: Vec<String> = wanted.labels.difference(has).cloned().collect();
    let remove: Vec<String> =
        wanted.ours.difference(&wanted.labels).filter(|label| has.contains(*label)).cloned().collect();
    if !add.is_empty() || !remove.is_empty() {
        acts.push(Act::Label { add, remove });
    }
    acts.extend(unset(&wanted.status, &found.statuses, limit).map(Act::Status));
    acts
}

/// The comments that are missing on a merged pull request: of each alarm once, and of its end.
pub fn untold(repository: &str, comments: &[Comment], merged: &Merged) -> Vec<Act> {
    let told: BTreeSet<String> =
        comments.iter().filter(|comment| comment.own).flat_map(|one| keys(repository, one)).collect();
    let news = merged.alarms.iter().filter(|alarm| !alarm.keys.is_subset(&told));
    let news = news.map(|alarm| (alarm.keys.clone(), &alarm.page));
    let done = merged.done.iter().filter(|_| !told.contains(DONE)).map(|page| ([DONE.to_owned()].into(), page));
    let comment = |(keys, page): (BTreeSet<String>, &Page)| {
        let marker =
            Marker { repository: repository.to_owned(), writer: Writer::Daemon, purpose: Purpose::Told { keys } };
        Act::Comment(marker.on(&markdown(page)))
    };
    news.chain(done).map(comment).collect()
}

/// Whether landfall has reviewed a pull request, from a job or by the daemon.
pub fn is_reviewed(repository: &str, comments: &[Comment]) -> bool {
    let marked = |comment: &Comment| Marker::of(&comment.body).is_some_and(|marker| marker.repository == repository);
    comments.iter().any(marked)
}

/// What the end is known by.
const DONE: &str = "done";

fn keys(repository: &str, comment: &Comment) -> BTreeSet<String> {
    match Marker::of(&comment.body) {
        Some(Marker { repository: of, purpose: Purpose::Told { keys }, .. }) if of == repository => keys,
        _ => BTreeSet::new(),
    }
}

/// Makes the calls, and stops at the first that fails: the next look goes on from there.
pub fn carry_out(forge: &dyn Forge, pull_request: &PullRequest, acts: &[Act]) -> Result<(), ForgeError> {
    let number = pull_request.number;
    for act in acts {
        match act {
            Act::Comment(body) => forge.comment(number, body)?,
            Act::Edit { comment, body } => forge.edit(number, *comment, body)?,
            Act::Remove { comment } => forge.remove(number, *comment)?,
            Act::Label { add, remove } => forge.label(pull_request, add, remove)?,
            Act::Status(status) => forge.set_status(&pull_request.head, status)?,
        }
    }
    Ok(())
}

/// The status of a review: what is wrong with the change, or what it does and waits for.
pub fn review_status(outcome: &Outcome, problems: usize, denied: Option<&str>, url: Option<String>) -> Status {
    let (state, description) = match (problems, denied) {
        (1.., _) => {
            let problems = if problems == 1 { "1 problem".to_owned() } else { format!("{problems} problems") };
            (State::Failure, format!("{problems}: see the comment, or run `landfall check`. {}", outcome.sentence))
        }
        (0, Some(denied)) => (State::Failure, format!("denied: {denied}. {}", outcome.sentence)),
        (0, None) if outcome.waits.is_empty() => (State::Success, outcome.sentence.clone()),
        (0, None) => (State::Success, format!("Waits: {}. {}", outcome.waits.join("; "), outcome.sentence)),
    };
    Status { context: REVIEW.to_owned(), state, description, url }
}

/// A status, unless it is there already.
pub fn unset(status: &Status, known: &[Status], limit: usize) -> Option<Status> {
    let description = cut(&status.description, limit);
    let is_there = |known: &Status| {
        known.context == status.context
            && known.state == status.state
            && known.description == description
            && known.url == status.url
    };
    (!known.iter().any(is_there)).then(|| Status { description, ..status.clone() })
}

fn marked(wanted: &Wanted, purpose: Purpose) -> Marker {
    Marker { repository: wanted.repository.clone(), writer: wanted.writer, purpose }
}

/// What a comment is for, if this writer wrote it for this repository.
fn purpose_of(wanted: &Wanted, comment: &Comment) -> Option<Purpose> {
    let marker = Marker::of(&comment.body)?;
    (marker.repository == wanted.repository && marker.writer == wanted.writer).then_some(marker.purpose)
}

fn is_review(wanted: &Wanted, comment: &Comment) -> bool {
    matches!(purpose_of(wanted, comment), Some(Purpose::Review { .. } | Purpose::Elsewhere))
}

fn seen_in(wanted: &Wanted, comment: &Comment) -> Vec<Seen> {
    match purpose_of(wanted, comment) {
        Some(Purpose::Review { seen, .. }) => seen,
        _ => Vec::new(),
    }
}

/// Whether a comment says the same of the same commit. The last line, on what the review was made from, does not count: the age of facts is
/// no reason to edit.
fn is_same(wanted: &Wanted, comment: &Comment, body: &str) -> bool {
    let is_of_head = matches!(
        purpose_of(wanted, comment),
        Some(Purpose::Review { head, outcome, .. }) if head == wanted.head && outcome == wanted.outcome.hash
    );
    let said = |body: &str| -> Vec<String> {
        let lines = text_of(body).trim_end().lines().filter(|line| !line.starts_with("<sub>"));
        lines.map(|line| line.trim_end().to_owned()).collect()
    };
    is_of_head && said(&comment.body) == said(body)
}

/// A job's comment, once the daemon writes the review.
fn elsewhere(wanted: &Wanted, reviews: &[&Comment]) -> Vec<Act> {
    let mut acts = Vec::new();
    if let Some((first, more)) = reviews.split_first() {
        if purpose_of(wanted, first) != Some(Purpose::Elsewhere) {
            let body = marked(wanted, Purpose::Elsewhere).on("The review is in the comment of landfall's daemon.");
            acts.push(Act::Edit { comment: first.id, body });
        }
        acts.extend(more.iter().map(|comment| Act::Remove { comment: comment.id }));
    }
    acts
}

/// A comment of its own that what people reviewed is not what merging does now: an edited comment is overlooked.
fn changed(wanted: &Wanted, found: &Found, before: &[Seen]) -> Option<String> {
    let looked = found.looks.iter().map(|look| look.at).max()?;
    let then = before.iter().rev().find(|seen| seen.at <= looked)?;
    let now = &wanted.outcome.hash;
    let is_told = |comment: &Comment| {
        let told = Purpose::Changed { outcome: now.clone() };
        comment.own && comment.at >= looked && purpose_of(wanted, comment) == Some(told)
    };
    if then.outcome == *now || found.comments.iter().any(is_told) {
        return None;
    }
    let said = vec![
        strong("What merging this does has changed since it was reviewed."),
        text(" The last review by a person was of "),
        code(then.head.short().to_owned()),
        text("; the newest commit is "),
        code(wanted.head.short().to_owned()),
        text(format!(". {}", wanted.outcome.sentence)),
    ];
    let page = Page { blocks: vec![Block::Paragraph(said)] };
    Some(marked(wanted, Purpose::Changed { outcome: now.clone() }).on(&markdown(&page)))
}
