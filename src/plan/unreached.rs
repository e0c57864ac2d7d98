//! Changes of what a project deploys that no release has: they wait in the repository, although a reader may think they are live.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::catalog::Snapshot;
use crate::model::edition::EDITION;
use crate::model::{Catalog, Decision, Project, ProjectName, Release, ReleaseName};

use super::draft::{At, Draft};
use super::types::Unreached;
use super::wanted::{Source, wanted};
use super::{Planner, Render};

/// The projects whose process or variables differ from those of every release that runs or comes: by name.
///
/// The newest release comes, wherever it is, unless it is blocked. A project without a release says so in its rows.
pub(super) fn unreached(catalog: &Catalog, drafts: &[Draft<'_>]) -> Vec<Unreached> {
    let mut releases: BTreeMap<&ProjectName, Known<'_>> = BTreeMap::new();
    for row in drafts.iter().filter_map(|draft| draft.row.as_ref()) {
        let Known { run, come: known } = releases.entry(&row.project).or_default();
        run.extend(&row.runs);
        match &row.decision {
            Decision::UpToDate { release, waiting } => {
                known.insert(release);
                known.extend(waiting.iter().map(|waiting| &waiting.release));
            }
            Decision::Deploying { release, .. } | Decision::Deploy { release, .. } => drop(known.insert(release)),
            Decision::Empty { next: wanted, .. } | Decision::Held { wanted, .. } => known.extend(wanted),
            Decision::Remove { .. } => {}
        }
    }
    let nothing = Known::default();
    let projects = catalog.projects.values();
    projects.filter_map(|project| of(project, releases.get(&project.name).unwrap_or(&nothing))).collect()
}

/// The releases that a project's slots know of.
#[derive(Default)]
struct Known<'r> {
    run: BTreeSet<&'r ReleaseName>,
    come: BTreeSet<&'r ReleaseName>,
}

fn of(project: &Project, known: &Known<'_>) -> Option<Unreached> {
    let head = project.head.as_ref()?.inputs;
    let has = |name: &ReleaseName| {
        // What cannot be read may have it.
        project
            .releases
            .get(name)
            .is_none_or(|release| release.snapshot.as_ref().map_or(true, |snapshot| snapshot.what.inputs == head))
    };
    let newest = project.releases.values().filter(|release| release.blocked.is_none());
    let newest = newest.max_by(|a, b| a.version.cmp(&b.version).then_with(|| a.name.cmp(&b.name)))?;
    let blocked = |name: &ReleaseName| project.releases.get(name).is_some_and(|release| release.blocked.is_some());
    let come = known.come.iter().filter(|name| !blocked(name));
    let reached = has(&newest.name) || known.run.iter().chain(come).any(|name| has(name));
    (!reached).then(|| Unreached { project: project.name.clone(), newest: newest.name.clone() })
}

impl<'a> Planner<'a> {
    /// Whether any slot of the project would be given something else by the files of the head than by its newest release: a
    /// comment, for one, changes files and nothing that is deployed. What cannot be rendered may.
    pub(super) fn head_differs(&self, one: &Unreached, drafts: &[Draft<'a>], renderer: &mut dyn Render) -> bool {
        let known = self.input.catalog.projects.get(&one.project);
        let Some((project, release)) = known.and_then(|project| Some((project, project.releases.get(&one.newest)?)))
        else {
            return true;
        };
        let (Some(repository), Some(head), Ok(snapshot)) =
            (&self.input.catalog.repository, &project.head, &release.snapshot)
        else {
            return true;
        };
        let made = Release {
            snapshot: Ok(Snapshot { what: head.clone(), rules: EDITION, ..snapshot.clone() }),
            ..(**release).clone()
        };
        let mut contents = |release: &Release, at: &At<'a>| {
            let source = Source {
                repository,
                project: at.project,
                environment: at.environment,
                tenant: at.tenant,
                release,
                targets: self.targets.get(&at.environment.name).map_or(&[], Vec::as_slice),
                names: &self.names,
                catalog: self.input.catalog,
            };
            let stacks = wanted(&source, renderer).ok()?;
            Some(stacks.iter().map(|stack| (stack.stack.clone(), stack.content.hash)).collect::<Vec<_>>())
        };
        let mut places = drafts.iter().filter_map(|draft| draft.at.as_ref()).filter(|at| at.project.id == project.id);
        places.any(|at| match (contents(release, at), contents(&made, at)) {
            (Some(before), Some(after)) => before != after,
            (before, after) => before.is_some() || after.is_some(),
        })
    }
}
