//! A review, made and printed: the commands that change files, or compare commits, all show the same page.

use std::path::Path;

use clap::ValueEnum;
use jiff::Timestamp;

use super::ask::Ask;
use super::config::Config;
use super::exit::Failure;
use super::facts::Known;
use super::past::Past;
use super::{output, wire};
use crate::daemon;
use crate::load::Loaded;
use crate::model::Facts;
use crate::plan::review::{Change, Review, review};
use crate::problem::Level;
use crate::template::Cache;
use crate::view::Style;
use crate::view::review::content::{About, page};
use crate::view::review::{Screen, html, json, markdown, terminal};

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
    let page = page(review, about);
    match format {
        Format::Terminal => {
            let screen = Screen { width: output::width().unwrap_or(COLUMNS), style: Style { color: true }, unfold };
            output::data(&terminal(&page, screen))
        }
        Format::Markdown => output::data(&markdown(&page)),
        Format::Html => output::data(&html(&page)),
        Format::Json => output::json(&json(review, about)),
    }
}

/// Facts of another repository say nothing about this one.
///
/// # Errors
/// The facts know only slots of projects that the repository does not have.
pub fn of_this_repository(known: &Known, base: &Loaded, head: &Loaded, repo: &Path) -> Result<(), Failure> {
    let is_known = |id| base.catalog.project_by_id(id).is_some() || head.catalog.project_by_id(id).is_some();
    let mut runs = known.facts.runs.iter().filter(|run| run.to.is_none()).peekable();
    if runs.peek().is_none() || runs.any(|run| is_known(&run.slot.project)) {
        return Ok(());
    }
    let message = format!("the facts of {} are of another repository than {}", known.source(), repo.display());
    Err(Failure::new(message)
        .help("this repository has none of the daemon's projects: ask the daemon of this repository"))
}

/// Says what an edit of files does, once it lands. With a store, AWS is looked at.
///
/// # Errors
/// AWS cannot be asked at all, or nothing can be written.
pub fn said(before: &Loaded, after: &Loaded, past: &Past, ask: &Ask, config: &Config) -> Result<(), Failure> {
    let now = Timestamp::now();
    let observed = match past {
        Past::Store(facts) => {
            let cloud = wire::cloud(config, ask.endpoint.as_deref());
            let places = daemon::places(&after.catalog, facts);
            Some(super::runtime()?.block_on(daemon::observe(&cloud, places, now)).0)
        }
        Past::Told(..) | Past::Nothing => None,
    };
    let facts = past.facts();
    let change = Change { base: &before.catalog, head: &after.catalog, facts, observed: observed.as_ref(), now };
    let review = review(&change, &mut Cache::default());
    let errors = after.problems.iter().filter(|problem| problem.level == Level::Error);
    let about = About {
        base: "HEAD".to_owned(),
        head: "this edit".to_owned(),
        facts: past.source().map(str::to_owned),
        asked: facts.map(|_| now),
        problems: errors.cloned().collect(),
        ..About::default()
    };
    print(&review, &about, Format::Terminal, false)
}
