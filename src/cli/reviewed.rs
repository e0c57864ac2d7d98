//! A review, made and printed: the commands that change files, or compare commits, all show the same page.

use std::path::Path;

use clap::ValueEnum;
use jiff::Timestamp;

use super::exit::Failure;
use super::facts::Known;
use super::output;
use crate::load::Loaded;
use crate::model::Facts;
use crate::plan::review::{Change, Review, review};
use crate::problem::Level;
use crate::template::Cache;
use crate::view::Style;
use crate::view::review::content::{About, page};
use crate::view::review::{Page, Screen, html, json, markdown, terminal};

/// `--format` of a review.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people at a terminal.
    #[value(help = None::<&str>)]
    #[default]
    Terminal,
    /// For the comment of a pull request.
    #[value(help = None::<&str>)]
    Markdown,
    /// One page that needs nothing else.
    #[value(help = None::<&str>)]
    Html,
    /// For programs: stable and documented.
    #[value(help = None::<&str>)]
    Json,
}

/// Columns where a terminal does not say how many it has.
const COLUMNS: usize = 100;

/// Works out what a change does. The time is that of the facts, or else the given one, so that every reader gets the same answer.
pub fn reviewed(base: &Loaded, head: &Loaded, facts: Option<&Facts>, at: Timestamp) -> Review {
    let now = facts.and_then(|facts| facts.as_of).unwrap_or(at);
    let change = Change { base: &base.catalog, head: &head.catalog, facts, observed: None, now };
    review(&change, &mut Cache::default())
}

/// What is said of a change, apart from the names of its sides.
pub fn about(head: &Loaded, known: Option<&Known>) -> About {
    let errors = head.problems.iter().filter(|problem| problem.level == Level::Error);
    About {
        facts: known.map(|known| known.source().to_owned()),
        asked: known.map(|_| Timestamp::now()),
        problems: errors.cloned().collect(),
        ..About::default()
    }
}

/// Prints a review as data.
///
/// # Errors
/// It cannot be written.
pub fn print(review: &Review, about: &About, format: Format, unfold: bool) -> Result<(), Failure> {
    match format {
        Format::Json => output::json(&json(review, about)),
        format => draw(&page(review, about), format, unfold),
    }
}

/// Prints a page; nothing in a format that has none.
///
/// # Errors
/// It cannot be written.
pub fn draw(page: &Page, format: Format, unfold: bool) -> Result<(), Failure> {
    match format {
        Format::Terminal => {
            let screen = Screen { width: output::width().unwrap_or(COLUMNS), style: Style { color: true }, unfold };
            output::data(&terminal(page, screen))
        }
        Format::Markdown => output::data(&markdown(page)),
        Format::Html => output::data(&html(page)),
        Format::Json => Ok(()),
    }
}

/// Facts of another repository say nothing about this one.
///
/// # Errors
/// The facts know only slots of projects that the repository does not have.
pub fn of_this_repository(
    facts: &Facts,
    source: &str,
    base: &Loaded,
    head: &Loaded,
    repo: &Path,
) -> Result<(), Failure> {
    let is_known = |id| base.catalog.project_by_id(id).is_some() || head.catalog.project_by_id(id).is_some();
    let mut runs = facts.runs.iter().filter(|run| run.to.is_none()).peekable();
    if runs.peek().is_none() || runs.any(|run| is_known(&run.slot.project)) {
        return Ok(());
    }
    let message = format!("the facts of {source} are of another repository than {}", repo.display());
    Err(Failure::new(message)
        .help("this repository has none of the daemon's projects: ask the daemon of this repository"))
}
