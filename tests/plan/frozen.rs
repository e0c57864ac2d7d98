//! Repositories of format 1, deployed when it was frozen, have nothing to be deployed: not by this landfall either.
//!
//! `golden/1/plans/<name>.json` holds the facts and the stacks that were there; `golden/1/repository` is a copy of the example
//! repository of that day. `LANDFALL_BLESS=1` writes those that are new.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::cli::folder::read_folder;
use landfall::load::{Loader, Source};
use landfall::model::facts::{Run, TaskRan};
use landfall::model::journal::{Action, DeploymentId};
use landfall::model::observed::PlaceSeen;
use landfall::model::{Catalog, CommitId, Facts, Observed, StackSeen, StackStatus};
use landfall::plan::{Begin, Input, Planned, plan};
use landfall::template::Cache;
use landfall::view::{self, Style};

use crate::support::frozen::{blessing, check, list, unfreezing};
use crate::support::steps::{folder, golden, read};

/// What was there when the format was frozen.
#[derive(Clone, serde::Serialize, serde::Deserialize)]
pub(super) struct Deployed {
    pub(super) now: Timestamp,
    pub(super) facts: Facts,
    observed: Observed,
}

impl Deployed {
    /// Nothing, in places that can be seen.
    pub(super) fn nothing(catalog: &Catalog) -> Self {
        let now: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        let seen = PlaceSeen::Seen { at: now, stacks: BTreeMap::new() };
        let places = catalog.targets.values().map(|target| (target.place.clone(), seen.clone())).collect();
        Self { now, facts: Facts::default(), observed: Observed { places } }
    }

    pub(super) fn plan(&self, catalog: &Catalog) -> Planned {
        let input = Input { catalog, facts: &self.facts, observed: &self.observed, now: self.now };
        plan(&input, &mut Cache::default())
    }

    /// Carries out plans until one is empty.
    pub(super) fn settle(&mut self, catalog: &Catalog) {
        for round in 0..50 {
            let planned = self.plan(catalog);
            if planned.plan.begin.is_empty() {
                return;
            }
            planned.plan.begin.iter().for_each(|begin| self.succeed(begin, round));
            self.now += SignedDuration::from_hours(2);
        }
        panic!("plans do not come to an end");
    }

    fn succeed(&mut self, begin: &Begin, round: u64) {
        for order in &begin.orders {
            let Action::Put(content) = &order.action else { panic!("only what is new is deployed here") };
            let seen = StackSeen {
                name: order.stack.clone(),
                id: Arc::from(format!("arn:aws:cloudformation:{}:stack/{}/{round}", order.place.region, order.stack)),
                status: StackStatus::CreateComplete,
                reason: None,
                description: Some(content.description.to_string()),
                tags: content.tags.clone(),
                outputs: BTreeMap::new(),
                parameters: BTreeMap::new(),
                created: self.now,
                updated: None,
                protected: content.protected,
                drift: None,
            };
            if content.task.is_some() {
                let deployment = DeploymentId(self.facts.runs.len() as u64 + 1);
                let (place, stack) = (order.place.clone(), order.stack.clone());
                self.facts.tasks.push(TaskRan { place, stack, content: content.hash, deployment });
            }
            if let Some(PlaceSeen::Seen { stacks, .. }) = self.observed.places.get_mut(&order.place) {
                stacks.insert(order.stack.clone(), Arc::new(seen));
            }
        }
        let now = self.now;
        for run in self.facts.runs.iter_mut().filter(|run| run.slot == begin.slot && run.to.is_none()) {
            run.to = Some(now);
        }
        self.facts.runs.push(Run {
            slot: begin.slot.clone(),
            release: begin.release.clone(),
            content: begin.content,
            deployment: DeploymentId(self.facts.runs.len() as u64 + 1),
            commit: CommitId("8c1d0f2000000000000000000000000000000000".to_owned()),
            from: now,
            to: None,
            live: begin.live.clone(),
            proved_by_ecs: true,
        });
    }
}

/// Copies a folder without what is hidden in it.
fn copy(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            copy(&path, &to.join(&name));
        } else {
            std::fs::create_dir_all(to).unwrap();
            std::fs::copy(&path, to.join(&name)).unwrap();
        }
    }
}

fn example() -> Catalog {
    let (tree, blobs) = read_folder(&folder("golden/1/repository")).unwrap();
    let source = Source { tree: &tree, blobs: &blobs, commit: None, history: None, facts: None };
    Loader::new().load(&source).unwrap().catalog
}

/// The repositories, by name: that of every golden step, and the example.
fn repositories() -> BTreeMap<String, Catalog> {
    let frozen = list().keys().any(|name| name.starts_with("repository/"));
    if blessing() && (!frozen || unfreezing()) {
        let to = folder("golden/1/repository");
        let _ = std::fs::remove_dir_all(&to);
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("example-repo"), &to);
    }
    let steps = golden().into_iter().map(|(name, process)| (format!("steps-{name}"), read(&process).catalog));
    steps.chain([("example".to_owned(), example())]).collect()
}

#[test]
fn repositories_of_format_1_have_nothing_to_deploy() {
    let (mut stacks, mut wrong) = (0, Vec::new());
    let repositories = repositories();
    for (name, catalog) in &repositories {
        let file = format!("plans/{name}.json");
        let path = folder("golden/1").join(&file);
        if blessing() && (!path.exists() || unfreezing() || !list().contains_key(&file)) {
            let mut deployed = Deployed::nothing(catalog);
            deployed.settle(catalog);
            check(&file, &format!("{}\n", serde_json::to_string_pretty(&deployed).unwrap()));
        }
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("golden/1/{file} is not there: LANDFALL_BLESS=1"));
        let deployed: Deployed = serde_json::from_str(&text).unwrap();
        stacks += deployed.observed.stacks().count();
        let planned = deployed.plan(catalog);
        if !planned.plan.is_empty() {
            let said = view::plan::terminal(&planned.report, deployed.now, Style::PLAIN);
            wrong.push(format!("{name}:\n{said}"));
        }
    }
    println!("{stacks} stacks of {} repositories of format 1 stay as they are", repositories.len());
    assert!(wrong.is_empty(), "format 1 renders something else than when it was frozen:\n{}", wrong.join("\n"));
}

#[test]
fn every_frozen_plan_has_its_repository() {
    let known: BTreeSet<String> = repositories().into_keys().collect();
    for name in list().keys().filter_map(|name| name.strip_prefix("plans/")?.strip_suffix(".json")) {
        assert!(known.contains(name), "golden/1/plans/{name}.json belongs to nothing: keep its step");
    }
}
