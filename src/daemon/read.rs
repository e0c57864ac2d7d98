//! Reading the head: files → catalog, and the record of what landed with it.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::{DaemonError, Upstream, orders};
use crate::engine::Engine;
use crate::load::{Loaded, Loader, Source};
use crate::model::edition::EDITION;
use crate::model::journal::Entry;
use crate::model::{Catalog, CommitId, Facts};
use crate::problem::{self, Ending, Problem};

/// More problems of one commit than this are counted and not logged, errors first.
const LOGGED: usize = 20;

/// What one commit says.
#[derive(Clone)]
pub(super) struct Reading {
    pub(super) commit: CommitId,
    pub(super) catalog: Arc<Catalog>,
    problems: Vec<Problem>,
    endings: Vec<Ending>,
}

impl Reading {
    /// The problems of the commit at a time.
    pub(super) fn problems_at(&self, now: Timestamp) -> Arc<[Problem]> {
        problem::at(&self.problems, &self.endings, now).into()
    }
}

/// Reads commits, each once.
#[derive(Default)]
pub(super) struct Reader {
    loader: Loader,
    last: Option<Reading>,
    /// Commits that the branch's home keeps, as far as it was asked to.
    kept: HashSet<CommitId>,
}

impl Reader {
    /// Reads a commit. What landed with it is journaled before anything is planned from it: the commit itself, and the
    /// snapshot of every release that is new, which from then on never moves; it is kept before it is journaled.
    pub(super) async fn read(
        &mut self,
        commit: &CommitId,
        upstream: &dyn Upstream,
        engine: &mut Engine,
        now: Timestamp,
    ) -> Result<Reading, DaemonError> {
        let reading = match &self.last {
            Some(last) if last.commit == *commit => last.clone(),
            _ => self.load(commit, upstream, engine.facts(), now)?,
        };
        self.last = Some(reading.clone());
        let mut entries = landed(&reading, engine.facts());
        entries.extend(self.orders(&reading, upstream, engine.facts(), now)?);
        self.keep(&reading, upstream, engine.facts()).await?;
        engine.record(now, entries).await?;
        Ok(reading)
    }

    /// The orders that came with a new head, journaled with it.
    fn orders(
        &mut self,
        reading: &Reading,
        upstream: &dyn Upstream,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Vec<Entry>, DaemonError> {
        let head = (&reading.commit, &*reading.catalog);
        let failed = |source| DaemonError::Files { commit: reading.commit.to_string(), source };
        orders::since_last(&mut self.loader, &*upstream.history(), head, facts, now).map_err(failed)
    }

    /// Keeps every commit that a release comes from, or once came from: also those that were recorded by an earlier start,
    /// whose mirror may be gone.
    async fn keep(&mut self, reading: &Reading, upstream: &dyn Upstream, facts: &Facts) -> Result<(), DaemonError> {
        let releases = reading.catalog.projects.values().flat_map(|project| project.releases.values());
        let snapshots = releases.filter_map(|release| release.snapshot.as_ref().ok()?.commit.as_ref());
        let recorded = facts.snapshots.iter().map(|recorded| &recorded.commit);
        let new: BTreeSet<&CommitId> =
            snapshots.chain(recorded).filter(|commit| !self.kept.contains(*commit)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let new: Vec<CommitId> = new.into_iter().cloned().collect();
        upstream.keep(&new).await.map_err(DaemonError::Keep)?;
        self.kept.extend(new);
        Ok(())
    }

    fn load(
        &mut self,
        commit: &CommitId,
        upstream: &dyn Upstream,
        facts: &Facts,
        now: Timestamp,
    ) -> Result<Reading, DaemonError> {
        let history = upstream.history();
        let failed = |source| DaemonError::Files { commit: commit.to_string(), source };
        let tree = history.tree(commit).map_err(failed)?;
        let source = Source {
            tree: &tree,
            blobs: &*history,
            commit: Some(commit),
            history: Some(&*history),
            facts: Some(facts),
        };
        let loaded = self.loader.load(&source).map_err(failed)?;
        let problems: Vec<Problem> = loaded.problems_at(now).into_iter().filter(Problem::counts).collect();
        for problem in problems.iter().take(LOGGED) {
            let holds = problem.blocks.join(", ");
            tracing::warn!(commit = %commit, at = %problem.span.at, code = problem.code, holds, "{}", problem.title);
        }
        if let Some(more) = problems.len().checked_sub(LOGGED).filter(|more| *more > 0) {
            tracing::warn!(commit = %commit, more, "the commit has more problems: landfall check reports all of them");
        }
        let Loaded { catalog, problems, endings } = loaded;
        Ok(Reading { commit: commit.clone(), catalog: Arc::new(catalog), problems, endings })
    }
}

/// What the journal does not say yet.
fn landed(reading: &Reading, facts: &Facts) -> Vec<Entry> {
    let mut entries = Vec::new();
    if facts.commit.as_ref() != Some(&reading.commit) {
        entries.push(Entry::Landed { commit: reading.commit.clone() });
    }
    let known: BTreeSet<_> = facts.snapshots.iter().map(|known| (&known.project, &known.release)).collect();
    for project in reading.catalog.projects.values() {
        for release in project.releases.values() {
            let Ok(snapshot) = &release.snapshot else { continue };
            let Some(commit) = &snapshot.commit else { continue };
            if !known.contains(&(&project.id, &release.name)) {
                entries.push(Entry::Snapshot {
                    project: project.id.clone(),
                    release: release.name.clone(),
                    commit: commit.clone(),
                    content: release.content,
                    rules: EDITION,
                });
            }
        }
    }
    entries
}
