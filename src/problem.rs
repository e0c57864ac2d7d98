//! Problems in a repository: level, place, code, hint, and what they hold.
//!
//! The loader finds them, `view/` draws them, the planner holds what depends on them. The codes and their documentation are
//! one table in `load/codes.rs`.

use std::ops::Range;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{Accept, Location};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// What depends on it is held.
    Error,
    /// Probably not what was meant; holds nothing.
    Warning,
    /// What was not looked at, or is only here and not in the commit; holds nothing.
    Note,
}

impl Level {
    /// Every level, the worst first.
    pub const ALL: [Level; 3] = [Level::Error, Level::Warning, Level::Note];
}

/// A piece of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// Where it begins.
    pub at: Location,
    /// Its bytes in the file.
    pub bytes: Range<usize>,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// A code of the table, like `unknown-environment`.
    pub code: &'static str,
    /// How bad it is.
    pub level: Level,
    /// One sentence, without a full stop: what is wrong.
    pub title: String,
    /// Where.
    pub span: Span,
    /// A few words under the place.
    pub label: String,
    /// How to fix it.
    pub help: Option<String>,
    /// Other places that belong to it (the other definition, the other user), with a few words each.
    pub related: Vec<(Span, String)>,
    /// What is held because of it, and at what.
    pub blocks: Vec<String>,
    /// The text of the file that the span is in, for drawing.
    pub source: Option<Arc<str>>,
    /// What it is about besides its file, as `where` of an `[[accept]]` names it: names with `/` between them. Empty if only the
    /// file tells.
    pub about: String,
    /// What accepts it. Only a warning can be accepted; it then counts nowhere.
    pub accepted: Option<Arc<Accept>>,
}

impl Problem {
    /// Whether it counts: it is not accepted.
    pub fn counts(&self) -> bool {
        self.accepted.is_none()
    }
}

/// A warning that there is once the last day of an acceptance is over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ending {
    pub accept: Arc<Accept>,
    pub warning: Problem,
}

/// The problems that there are at a time. Those that were found have every acceptance in force.
pub fn at(found: &[Problem], endings: &[Ending], now: Timestamp) -> Vec<Problem> {
    let over: Vec<&Ending> = endings.iter().filter(|ending| ending.accept.is_over(now)).collect();
    // One that is over says so, whether or not it would still accept something.
    let told = |problem: &&Problem| {
        !over.iter().any(|ending| ending.warning.span == problem.span && problem.code != ending.warning.code)
    };
    let mut all: Vec<Problem> = found.iter().filter(told).cloned().collect();
    for problem in &mut all {
        problem.accepted = problem.accepted.take().filter(|accept| !accept.is_over(now));
    }
    all.extend(over.iter().map(|ending| ending.warning.clone()));
    in_order(&mut all);
    all
}

/// Sorts problems for printing: errors first, since what else is reported often only follows from
/// them; then by place.
pub fn in_order(problems: &mut [Problem]) {
    problems.sort_by(|a, b| (a.level, &a.span.at, a.code, &a.title).cmp(&(b.level, &b.span.at, b.code, &b.title)));
}
