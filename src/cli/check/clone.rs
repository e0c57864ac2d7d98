//! What only git knows of the files in a clone: what no commit will have, and where the history ends.

use std::path::Path;
use std::sync::Arc;

use crate::git::{Apart, GitError, WorkTree};
use crate::load::codes::{self, Code};
use crate::model::Location;
use crate::model::catalog::{Catalog, SnapshotFault};
use crate::problem::{Level, Problem, Span};

/// More files than this are counted and not named.
const NAMED: usize = 3;

/// Where the files of a repository lie.
const PLACES: [&str; 8] =
    ["landfall.toml", "environments", "targets", "tenants", "freezes", "lifecycles", "variables", "projects"];

/// What git says about a work tree; `unread` is how bad it is that part of the history is not there.
pub(super) fn problems(work_tree: &WorkTree, catalog: &Catalog, unread: Level) -> Vec<Problem> {
    let mut found = Vec::new();
    match work_tree.apart(&PLACES) {
        Ok(apart) => found.extend(of_files(&apart)),
        Err(error) => found.push(unreadable(&error, unread)),
    }
    if work_tree.is_shallow() {
        let unknown = releases_without_history(catalog);
        let help = "git fetch --unshallow";
        let title = match unknown {
            0 => "the clone is shallow: releases that landed before it begins may have been edited".to_owned(),
            1 => "the clone is shallow: 1 release landed before it begins and is not checked".to_owned(),
            more => format!("the clone is shallow: {more} releases landed before it begins and are not checked"),
        };
        found.push(Problem { level: unread, ..problem(codes::HISTORY_NOT_CHECKED, "landfall.toml", title, help) });
    }
    if let Some(branch) = work_tree.foxtrot() {
        let title = format!("the last merge makes {branch} its second parent: its releases would land anew");
        let help = format!("merge your branch into {branch}, or rebase on it: git rebase {branch}");
        found.push(problem(codes::FOXTROT_MERGE, "landfall.toml", title, &help));
    }
    found
}

/// That git cannot be asked.
pub(super) fn unreadable(error: &GitError, level: Level) -> Problem {
    let why = crate::cli::exit::chain(error);
    let title = format!("the history is not checked: {why}");
    Problem { level, ..problem(codes::HISTORY_NOT_CHECKED, "landfall.toml", title, "see `git status`") }
}

fn of_files(apart: &Apart) -> Vec<Problem> {
    let ignored = apart.ignored.iter().filter(|path| is_ours(path) || path.ends_with('/'));
    let mut found: Vec<Problem> = ignored
        .map(|path| {
            let title = format!("git ignores `{path}`, so no commit will have it");
            let help = format!("remove it from .gitignore, or add it anyway: git add --force {path}");
            problem(codes::IGNORED_FILE, path.trim_end_matches('/'), title, &help)
        })
        .collect();
    let untracked: Vec<&String> = apart.untracked.iter().filter(|path| is_ours(path)).collect();
    if let [first, ..] = untracked.as_slice() {
        let title = format!("{} not in git yet: a daemon reads commits", named(&untracked));
        found.push(problem(codes::UNCOMMITTED_FILE, first, title, "git add, and git commit"));
    }
    found
}

/// Whether a path is of a file that landfall reads.
fn is_ours(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    !name.starts_with('.') && (name.ends_with(".toml") || path.contains("/templates/"))
}

/// The first of some files, and a verb.
fn named(paths: &[&String]) -> String {
    let names: Vec<String> = paths.iter().take(NAMED).map(|path| format!("`{path}`")).collect();
    let more = match paths.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let verb = if paths.len() == 1 { "is" } else { "are" };
    format!("{}{more} {verb}", names.join(", "))
}

/// What lies uncommitted in a folder that a daemon follows, in a sentence; none if everything is committed, or if it is not a work tree.
pub fn uncommitted(folder: &Path) -> Option<String> {
    let apart = WorkTree::at(folder).ok()??.apart(&PLACES).ok()?;
    let files: Vec<&String> = apart.changed.iter().chain(&apart.untracked).filter(|path| is_ours(path)).collect();
    (!files.is_empty()).then(|| format!("{} not committed: the daemon deploys commits", named(&files)))
}

fn releases_without_history(catalog: &Catalog) -> usize {
    let releases = catalog.projects.values().flat_map(|project| project.releases.values());
    releases.filter(|release| matches!(release.snapshot, Err(SnapshotFault::Shallow))).count()
}

fn problem(code: &'static Code, file: &str, title: String, help: &str) -> Problem {
    Problem {
        code: code.code,
        level: code.level,
        title,
        span: Span { at: Location { file: Arc::from(file), line: 1, column: 1 }, bytes: 0..0 },
        label: String::new(),
        help: Some(help.to_owned()),
        related: Vec::new(),
        blocks: Vec::new(),
        source: None,
        about: String::new(),
        accepted: None,
    }
}
