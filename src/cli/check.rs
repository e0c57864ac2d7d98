//! `landfall check`: every problem in a repository, offline.
//!
//! Reads a folder as it lies there, and renders every step of every project for every environment, tenant and target that
//! it goes to, with a release of every channel, so that it also reports a value that is missing in only one of them. In the work tree
//! of a clone it reads the history as a daemon would, and adds what only git knows, see `clone`.

mod clone;
mod priorities;
mod risks;

pub use clone::uncommitted;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;

use super::exit::{Exit, Failure, Outcome};
use super::folder::{Layers, read_clone};
use super::output::{self, Format};
use super::stacks::{head_contexts, heads};
use crate::git::WorkTree;
use crate::load::{Loaded, Loader, Source};
use crate::model::catalog::Catalog;
use crate::model::{Location, Names};
use crate::problem::{Level, Problem, Span, in_order};
use crate::template::{self, RenderProblem};
use crate::tree::{Blobs, FileTree, TreeError};
use crate::view;

/// More problems of rendering in one file than this are not shown: one stack's are much like another's.
const MAX_PER_FILE: usize = 100;

/// Options of `landfall check`.
#[derive(Args, Debug)]
pub struct Check {
    /// Folder of the repository
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Fail if the clone lacks the history needed to find edited releases
    #[arg(long)]
    history: bool,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// Runs the command: silent and 0 without problems, 3 with errors, 0 with warnings and notes only.
pub fn run(options: &Check) -> Outcome {
    let problems = problems_in(&options.dir, options.history, Timestamp::now()).map_err(|error| {
        Failure::new(format!("cannot read the repository in `{}`", options.dir.display())).because(error)
    })?;
    match options.format {
        Format::Terminal => output::data(&view::problems::terminal(&problems, true))?,
        Format::Json => output::json(&view::problems::json(&problems))?,
    }
    let errors = problems.iter().any(|problem| problem.level == Level::Error);
    Ok(if errors { Exit::Problems } else { Exit::Done })
}

/// Every problem in a folder: of its files, of what they render to, and in a clone of what only git knows. A history that
/// is not there is a note, or an error where it was asked for. Acceptances whose last day is over at the time do not count.
///
/// # Errors
/// The folder cannot be read.
pub fn problems_in(dir: &Path, history: bool, now: Timestamp) -> Result<Vec<Problem>, TreeError> {
    let unread = if history { Level::Error } else { Level::Note };
    let failed = |error| TreeError::Read { what: format!("`{}`", dir.display()), source: Box::new(error) };
    let work_tree = match WorkTree::at(dir) {
        Ok(Some(work_tree)) => work_tree,
        without => {
            let (tree, folder) = read_clone(dir, None)?;
            let mut problems = problems(&tree, &folder, now)?;
            problems.extend(without.err().map(|error| clone::unreadable(&error, unread)));
            return Ok(sorted(problems));
        }
    };
    let reader = work_tree.reader().map_err(failed)?;
    let (tree, folder) = read_clone(dir, Some(&work_tree))?;
    let blobs = Layers { folder, git: Some(&reader), ..Layers::default() };
    let commit = Some(work_tree.head());
    let source = Source { tree: &tree, blobs: &blobs, commit, history: Some(&reader), facts: None };
    let loaded = Loader::new().load_on_top(&source)?;
    let of_git = clone::problems(&work_tree, &loaded.catalog, unread);
    let mut problems = with_rendering(&source, &loaded, now);
    problems.extend(of_git);
    Ok(sorted(problems))
}

/// Every problem in a tree: of its files, and of what they render to.
///
/// # Errors
/// The tree's contents cannot be read.
pub fn problems(tree: &FileTree, blobs: &dyn Blobs, now: Timestamp) -> Result<Vec<Problem>, TreeError> {
    let source = Source { tree, blobs, commit: None, history: None, facts: None };
    let loaded = Loader::new().load(&source)?;
    Ok(sorted(with_rendering(&source, &loaded, now)))
}

fn sorted(mut problems: Vec<Problem>) -> Vec<Problem> {
    in_order(&mut problems);
    problems
}

/// Adds what shows when the files are rendered.
fn with_rendering(source: &Source<'_>, loaded: &Loaded, now: Timestamp) -> Vec<Problem> {
    let mut problems = loaded.problems_at(now);
    let (mut seen, mut texts, mut shown) = (BTreeSet::new(), BTreeMap::new(), BTreeMap::new());
    for found in rendering(&loaded.catalog) {
        let file = found.at.file.clone();
        // Of many stacks with the same problem at the same place, the first is enough.
        let said = found.title.strip_prefix("stack `").and_then(|rest| rest.split_once("`: ")).map(|(_, said)| said);
        if !seen.insert((found.at.clone(), found.code, said.unwrap_or(&found.title).to_owned())) {
            continue;
        }
        let shown: &mut usize = shown.entry(file.clone()).or_default();
        *shown += 1;
        if *shown <= MAX_PER_FILE {
            // Once for each file: a problem holds the text that it is drawn in.
            let text = || text_of(source.tree, source.blobs, &found.at);
            let text = texts.entry(file).or_insert_with(text).clone();
            problems.push(as_problem(found, text));
        }
    }
    for priorities::Conflict { problem: found, bytes, other } in priorities::conflicts(&loaded.catalog) {
        // One place may be that of many stacks.
        if !seen.insert((found.at.clone(), found.code, String::new())) {
            continue;
        }
        let text = || text_of(source.tree, source.blobs, &found.at);
        let text = texts.entry(found.at.file.clone()).or_insert_with(text).clone();
        let mut problem = as_problem(found, text);
        if !bytes.is_empty() {
            problem.span.bytes = bytes;
        }
        problem.label = "taken".to_owned();
        problem.related.extend(other);
        problems.push(problem);
    }
    // An error may hide what is accepted.
    if !problems.iter().any(|problem| problem.level == Level::Error) {
        let idle = risks::idle(&loaded.catalog, now);
        problems.extend(idle.iter().map(|accept| {
            let text =
                texts.entry(accept.at.file.clone()).or_insert_with(|| text_of(source.tree, source.blobs, &accept.at));
            risks::problem(accept, text.clone())
        }));
    }
    problems
}

/// Renders what the head says in every slot: for each channel, with its highest release. Costs one rendering per stack and
/// channel.
fn rendering(catalog: &Catalog) -> Vec<RenderProblem> {
    let names = &Names::of(catalog);
    let mut found = Vec::new();
    for project in catalog.projects.values() {
        let heads = heads(catalog, project);
        let contexts = head_contexts(catalog, project, names, &heads);
        found.extend(contexts.filter_map(|context| template::render(&context).err()).flatten());
    }
    found
}

fn text_of(tree: &FileTree, blobs: &dyn Blobs, at: &Location) -> Option<Arc<str>> {
    let bytes = blobs.read(tree.file(&at.file)?).ok()?;
    std::str::from_utf8(&bytes).ok().map(Arc::from)
}

fn as_problem(found: RenderProblem, source: Option<Arc<str>>) -> Problem {
    let bytes = source.as_deref().map_or(0..0, |text| value_at(text, &found.at));
    Problem {
        code: found.code,
        level: Level::Error,
        title: found.title,
        span: Span { at: found.at, bytes },
        label: String::new(),
        help: found.help,
        related: Vec::new(),
        blocks: Vec::new(),
        source,
        about: String::new(),
        accepted: None,
    }
}

/// The bytes of a value on one line that begins at a place: up to the quote that closes it.
fn value_at(text: &str, at: &Location) -> std::ops::Range<usize> {
    let lines = text.split_inclusive('\n').take(at.line.saturating_sub(1) as usize);
    let line: usize = lines.map(str::len).sum();
    let rest = text.get(line..).unwrap_or("");
    let column = at.column.saturating_sub(1) as usize;
    let begin = rest.char_indices().nth(column).map_or(rest.len(), |(byte, _)| byte);
    let value = rest.get(begin..).unwrap_or("").lines().next().unwrap_or("");
    let length = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => {
            value.get(1..).and_then(|inside| inside.find(quote)).map_or(value.len(), |end| end + 2)
        }
        _ => value.len(),
    };
    line + begin..line + begin + length
}
