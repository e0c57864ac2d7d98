//! From a review to a page: what a reader sees, in the order in which it matters.
//!
//! One sentence, the danger first; what cannot be read; the matrix of projects and environments; the stacks, equal ones
//! together; what happens besides; what the page was made from.

mod begins;
mod groups;
mod headline;
mod matrix;
mod notes;
mod stacks;
mod words;

use jiff::Timestamp;

use crate::model::CommitId;
use crate::plan::review::{Basis, BetweenReleases, Review};
use crate::problem::Problem;
use crate::view::time;

use super::blocks::{Block, Line, Page, Weight, code, strong, text};

pub use begins::begins_page;
pub use headline::headline;
pub(in crate::view) use headline::list;
pub use stacks::{LeftOut, Room};

/// What a review is of, in the words of the one who asked for it.
#[derive(Clone, Debug, Default)]
pub struct About {
    /// The name of the base: a branch, a commit.
    pub base: String,
    /// The name of the head.
    pub head: String,
    /// The commit of the head, if what is reviewed is its merge into the base.
    pub tip: Option<CommitId>,
    /// The commit at which the two parted, if the head was merged into the base to look.
    pub merge_base: Option<String>,
    /// The base has moved since the two parted.
    pub moved: bool,
    /// Where the facts are from.
    pub facts: Option<String>,
    /// When the review was asked for; only used to say how old facts are.
    pub asked: Option<Timestamp>,
    /// The errors of the head, as `check` reports them.
    pub problems: Vec<Problem>,
}

pub fn page(review: &Review, about: &About) -> Page {
    page_within(review, about, Room::ALL).0
}

/// A page that shows only so much of the stacks, with what it leaves out.
pub fn page_within(review: &Review, about: &About, room: Room) -> (Page, LeftOut) {
    let (stacks, left_out) = stacks::stacks(&review.stacks, room);
    let mut blocks = vec![Block::Heading { level: 1, text: headline(review) }];
    blocks.extend(stale(review, about));
    blocks.extend(notes::problems(review, about));
    blocks.extend(matrix::matrix(review));
    blocks.extend(notes::why_now(review));
    blocks.extend(words::risks(&review.stacks));
    blocks.extend(words::accepts(review));
    blocks.extend(notes::held(review));
    blocks.extend(stacks);
    blocks.extend(words::rights_and_exposure(&review.stacks));
    blocks.extend(words::size(&review.environments, &review.stacks));
    blocks.extend(notes::left(review));
    blocks.extend(notes::notes(review));
    blocks.push(Block::Footer(footer(review, about)));
    (Page { blocks }, left_out)
}

/// The page on what one release changes of another.
pub fn releases_page(between: &BetweenReleases) -> Page {
    let BetweenReleases { from, to, environments, stacks, problems } = between;
    let said = match stacks.is_empty() {
        true => format!("{from} and {to} deploy the same."),
        false => format!("From {from} to {to}: {}.", headline::counts(stacks)),
    };
    let mut blocks = vec![Block::Heading { level: 1, text: vec![text(said)] }];
    if !problems.is_empty() {
        let body = vec![Block::List(problems.iter().map(|problem| vec![text(problem.clone())]).collect())];
        let title = vec![strong("What cannot be rendered is not compared")];
        blocks.push(Block::Callout { weight: Weight::Danger, title, body });
    }
    blocks.extend(words::risks(stacks));
    blocks.extend(stacks::stacks(stacks, Room::ALL).0);
    blocks.extend(words::rights_and_exposure(stacks));
    blocks.extend(words::size(environments, stacks));
    let footer = "both releases rendered for every slot of the project; gates, pins and what runs are not read";
    blocks.push(Block::Footer(vec![text(footer)]));
    Page { blocks }
}

/// Facts older than this say little about now.
const STALE: jiff::SignedDuration = jiff::SignedDuration::from_hours(1);

/// A sentence on facts that are old; nothing if they are not.
fn stale(review: &Review, about: &About) -> Option<Block> {
    let Basis::Facts { as_of: Some(as_of) } = review.basis else { return None };
    let age = about.asked?.duration_since(as_of);
    (age > STALE).then(|| {
        let old = format!("The facts are stale: they are {} old, and the daemon has moved on since.", time::left(age));
        Block::Paragraph(vec![strong(old)])
    })
}

fn footer(review: &Review, about: &About) -> Line {
    let short = |commit: &Option<CommitId>| commit.as_ref().map(|commit| commit.short().to_owned());
    let name = |label: &str, commit: Option<String>| match commit {
        Some(commit) if !label.is_empty() && !label.starts_with(&commit) => format!("{label} ({commit})"),
        Some(commit) => commit,
        None => label.to_owned(),
    };
    let mut line = vec![text("from "), code(name(&about.base, short(&review.base)))];
    let head = about.tip.as_ref().or(review.head.as_ref()).cloned();
    line.extend([text(" to "), code(name(&about.head, short(&head)))]);
    if let Some(merge_base) = &about.merge_base {
        let moved = if about.moved { ", and the base has moved since" } else { "" };
        line.extend([text(", merged (they parted at "), code(merge_base.clone()), text(format!("{moved})"))]);
    }
    line.push(text(match (&review.basis, &about.facts) {
        (Basis::Settled, _) => {
            " · offline: compares what both settle to, once everything has succeeded; no gate is known to be open"
                .to_owned()
        }
        (Basis::Facts { as_of }, from) => {
            let from = from.as_deref().map(|from| format!(" of {from}")).unwrap_or_default();
            let age = as_of.map(|at| format!(" as of {}", time::point(at))).unwrap_or_default();
            format!(" · with the facts{from}{age}")
        }
    }));
    line.push(text(" · nothing in the repository was run to make this"));
    line
}
