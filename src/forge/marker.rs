//! The hidden first line of what landfall writes on a pull request: how it knows its own comments again.
//!
//! A marker proves nothing: anybody can write one. So only comments of landfall's own account are edited, and only the word of
//! accounts that may write to the repository counts.

use std::collections::BTreeSet;
use std::fmt;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::commit;
use crate::model::CommitId;

/// Who writes the comments of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Writer {
    /// The daemon, with what it knows.
    Daemon,
    /// `landfall review` in a job.
    Job,
}

impl Writer {
    const ALL: [Self; 2] = [Self::Daemon, Self::Job];

    fn word(self) -> &'static str {
        match self {
            Self::Daemon => "daemon",
            Self::Job => "job",
        }
    }
}

/// What a comment is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The review, edited in place.
    Review {
        /// It is of this commit.
        head: CommitId,
        /// What it came to, as a hash.
        outcome: String,
        /// Earlier outcomes, oldest first, with this one.
        seen: Vec<Seen>,
    },
    /// It came to something else since people reviewed it.
    Changed {
        /// What it comes to, as a hash.
        outcome: String,
    },
    /// What became of it after it was merged.
    Told {
        /// What each thing is known by.
        keys: BTreeSet<String>,
    },
    /// Another writer writes the review.
    Elsewhere,
}

/// When an outcome was first told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub head: CommitId,
    pub outcome: String,
    pub at: Timestamp,
}

/// So many outcomes are remembered.
const REMEMBERED: usize = 20;

/// A marker takes at most so many characters.
pub(super) const LONGEST: usize = 2500;

/// The hidden line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Marker {
    /// Id of the repository of landfall's files.
    pub repository: String,
    pub writer: Writer,
    pub purpose: Purpose,
}

const OPEN: &str = "<!-- landfall ";
const CLOSE: &str = " -->";

impl Marker {
    /// The marker of a comment; none if it has none that can be read.
    pub fn of(body: &str) -> Option<Self> {
        let line = body.lines().next()?.trim_end();
        let fields: Vec<(&str, &str)> = line
            .strip_prefix(OPEN)?
            .strip_suffix(CLOSE)?
            .split(' ')
            .filter_map(|field| field.split_once('='))
            .collect();
        let get = |key: &str| fields.iter().find(|(known, _)| *known == key).map(|(_, value)| *value);
        let writer = Writer::ALL.into_iter().find(|writer| get("writer") == Some(writer.word()))?;
        let outcome = || get("outcome").map(str::to_owned);
        let purpose = match get("about")? {
            "review" => Purpose::Review {
                head: commit(get("head")?)?,
                outcome: outcome()?,
                seen: get("seen")?.split(',').filter_map(seen).collect(),
            },
            "changed" => Purpose::Changed { outcome: outcome()? },
            "told" => Purpose::Told { keys: get("keys")?.split(',').map(str::to_owned).collect() },
            "elsewhere" => Purpose::Elsewhere,
            _ => return None,
        };
        Some(Self { repository: get("repository")?.to_owned(), writer, purpose })
    }

    /// A comment with this marker.
    pub fn on(&self, text: &str) -> String {
        format!("{self}\n{text}")
    }
}

/// What of a comment people read.
pub fn text_of(body: &str) -> &str {
    match body.split_once('\n') {
        Some((first, rest)) if first.starts_with(OPEN) => rest,
        _ => body,
    }
}

/// What an outcome is remembered as, once there is one more.
pub(super) fn remember(mut seen: Vec<Seen>, next: Seen) -> Vec<Seen> {
    if seen.last().is_none_or(|last| last.outcome != next.outcome) {
        seen.push(next);
    }
    seen.split_off(seen.len().saturating_sub(REMEMBERED))
}

fn seen(text: &str) -> Option<Seen> {
    let mut parts = text.split(':');
    let (head, outcome, at) = (parts.next()?, parts.next()?, parts.next()?);
    let at = Timestamp::from_second(at.parse().ok()?).ok()?;
    Some(Seen { head: commit(head)?, outcome: outcome.to_owned(), at })
}

impl fmt::Display for Marker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{OPEN}repository={} writer={}", self.repository, self.writer.word())?;
        match &self.purpose {
            Purpose::Review { head, outcome, seen } => {
                let mut all = String::new();
                for seen in seen {
                    let comma = if all.is_empty() { "" } else { "," };
                    write!(all, "{comma}{}:{}:{}", seen.head, seen.outcome, seen.at.as_second())?;
                }
                write!(f, " about=review head={head} outcome={outcome} seen={all}")?;
            }
            Purpose::Changed { outcome } => write!(f, " about=changed outcome={outcome}")?,
            Purpose::Told { keys } => {
                write!(f, " about=told keys={}", keys.iter().map(String::as_str).collect::<Vec<_>>().join(","))?;
            }
            Purpose::Elsewhere => write!(f, " about=elsewhere")?,
        }
        f.write_str(CLOSE)
    }
}
