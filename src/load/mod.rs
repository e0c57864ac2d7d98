//! From files at one commit to a catalog and every problem in them.
//!
//! ```text
//! FileTree ─► drafts (schema/: what files say) ─► build/ (what they mean) ─► check/ (whether it fits) ─► assemble ─► Catalog
//!                 └─ what (process and variables, at the head and at each release's snapshot) ┘               └─► Problems
//! ```
//!
//! [`Loader`] keeps what it has read: a file by its content, a *what* by its set of contents, a snapshot by its commit.
//! So the work for a commit depends only on what it changed. All problems come in one pass; a file with an error hides
//! only what depends on it ([`Catalog::broken`]). Deliberately absent: git, the file system, rendering, and any
//! decision about what is deployed.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::facts::RecordedSnapshot;
use crate::model::{Catalog, CommitId, Facts, Id, ProjectName};
use crate::problem::{self, Ending, Problem};
use crate::tree::{BlobId, Blobs, FileTree, History, TreeError};

mod accepted;
mod build;
mod cache;
pub mod check;
pub mod codes;
mod drafts;
mod finding;
mod part;
mod read;
pub mod schema;
mod snapshot;
mod template;
mod what;
mod world;

pub use build::release::FORMAT;
pub use part::{Pair, Reach, reach};

/// What is read.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub tree: &'a FileTree,
    /// Their contents.
    pub blobs: &'a dyn Blobs,
    /// The commit that the files are of; none for a folder.
    pub commit: Option<&'a CommitId>,
    /// The history behind the commit; without it, every release's snapshot is the files' own *what*.
    pub history: Option<&'a dyn History>,
    /// The past: snapshots that were recorded when releases landed, which win over what the history says now, and what slots
    /// ran. Without it, a release that landed is taken to be older than every rule.
    pub facts: Option<&'a Facts>,
}

impl<'a> Source<'a> {
    fn recorded(&self) -> &'a [RecordedSnapshot] {
        self.facts.map_or(&[], |facts| &facts.snapshots)
    }
}

/// What was found.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// What the files say, without what is broken.
    pub catalog: Catalog,
    /// Everything that is wrong, by file and line, as if every acceptance were in force.
    pub problems: Vec<Problem>,
    /// The warnings that come when acceptances end.
    pub endings: Vec<Ending>,
}

impl Loaded {
    /// The problems at a time: what an acceptance whose last day is over accepts, counts again.
    pub fn problems_at(&self, now: Timestamp) -> Vec<Problem> {
        problem::at(&self.problems, &self.endings, now)
    }

    /// Whether any problem is an error.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.level == problem::Level::Error)
    }
}

/// What loading cost since the loader was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Contents that were asked of [`Blobs`].
    pub blobs_read: u64,
    /// Files that were parsed.
    pub files_parsed: u64,
    /// Sets of process, variables and included variable sets that were built and checked.
    pub whats_built: u64,
    /// Trees of other commits that were asked of [`History`].
    pub trees_read: u64,
    /// Scopes of variables that were compared with another one.
    pub scopes_compared: u64,
}

/// Reads commits, and keeps what the next one shares with the last.
#[derive(Debug, Default)]
pub struct Loader {
    files: cache::Cache<(Arc<str>, BlobId), Arc<read::Parsed>>,
    templates: cache::Cache<(Arc<str>, BlobId), Arc<template::ParsedTemplate>>,
    whats: cache::Cache<what::WhatKey, Arc<what::WhatOutcome>>,
    snapshots: cache::Cache<(ProjectName, Id, CommitId), snapshot::KnownSnapshot>,
    names: cache::Cache<snapshot::NamesKey, Arc<crate::model::Names>>,
    landed: cache::Cache<(Arc<str>, CommitId), Option<BlobId>>,
    counts: Counts,
}

impl Loader {
    /// A loader that knows nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What loading cost since the loader was made.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Reads one commit or folder. Wrong files are problems; an error is a repository that cannot be read.
    ///
    /// # Errors
    /// The files cannot be read.
    pub fn load(&mut self, source: &Source<'_>) -> Result<Loaded, TreeError> {
        self.read(source, false, None).map(|(loaded, _)| loaded)
    }

    /// Reads the files of a folder on top of a commit: a release that has not landed yet is made of the files as they are.
    ///
    /// # Errors
    /// The files cannot be read.
    pub fn load_on_top(&mut self, source: &Source<'_>) -> Result<Loaded, TreeError> {
        self.read(source, true, None).map(|(loaded, _)| loaded)
    }

    /// Reads the files; of the projects all, or only those.
    fn read(
        &mut self,
        source: &Source<'_>,
        on_top: bool,
        only: Option<&BTreeSet<ProjectName>>,
    ) -> Result<(Loaded, part::Needs), TreeError> {
        let mut findings = Vec::new();
        let mut reader = drafts::Reader {
            blobs: source.blobs,
            files: &mut self.files,
            templates: &mut self.templates,
            counts: &mut self.counts,
        };
        let drafts = drafts::read_all(source.tree, only, &mut reader, &mut findings)?;
        let mut world = world::build(source.tree, drafts, &mut reader, &mut self.whats, &mut findings)?;
        let mut snapshots = snapshot::Snapshots {
            source,
            on_top,
            reader,
            whats: &mut self.whats,
            known: &mut self.snapshots,
            names: &mut self.names,
            landed: &mut self.landed,
        };
        snapshots.resolve(&mut world, &mut findings)?;
        for check in check::CHECKS {
            (check.run)(&world, &mut findings);
        }
        self.counts.scopes_compared += world.compared.get();
        self.files.sweep();
        self.templates.sweep();
        self.whats.sweep();
        self.snapshots.sweep();
        self.names.sweep();
        self.landed.sweep();
        let needs = if only.is_some() { part::Needs::of(&world) } else { part::Needs::default() };
        Ok((build::assemble::assemble(source, &world, findings), needs))
    }
}
