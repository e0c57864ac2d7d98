//! Releases that landed before a rule was there stay what they are.

use landfall::cfn::{self, rules};
use landfall::load::{Loaded, Loader, Source};
use landfall::model::catalog::SnapshotFault;
use landfall::model::edition::{EDITION, EVERY_TYPE};
use landfall::model::facts::RecordedSnapshot;
use landfall::model::{CommitId, Facts};
use landfall::problem::Level;
use landfall::tree::History as _;
use landfall::tree::memory::MemoryHistory;
use serde_json::Value;

use super::frozen::Deployed;
use crate::cfn::rules::whole;
use crate::load::support::{Files, files_in};

const PROCESS: &str = "projects/shop/process.toml";
const PIN: &str = "projects/shop/deploy/test.toml";

/// A repository with a step for each rule, whose template breaks it.
fn files() -> Files {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = files_in(&root.join("tests/load/base"));
    let examples = std::fs::read_to_string(root.join("tests/cfn/rules.yaml")).unwrap();
    let Value::Object(examples) = cfn::read(&examples).unwrap().into_value() else { panic!("a map of rules") };
    for (rule, example) in &examples {
        let template = whole(&example["refused"]);
        files.insert(format!("projects/shop/templates/{rule}.json"), template.to_string());
        let step = format!(
            "\n[[step]]\nname = \"{rule}\"\nkind = \"cloudformation\"\nrole = \"web\"\ntemplate = \"{rule}.json\"\n"
        );
        files.get_mut(PROCESS).unwrap().push_str(&step);
    }
    files
}

struct Repository {
    history: MemoryHistory,
    files: Files,
}

impl Repository {
    fn commit(&mut self) -> CommitId {
        self.history.commit(self.files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
    }

    /// Lands a release of another size, and pins test to it.
    fn release(&mut self, name: &str, memory: u32) -> CommitId {
        let process = self.files[PROCESS].lines().map(|line| match line.starts_with("memory = ") {
            true => format!("memory = {memory}\n"),
            false => format!("{line}\n"),
        });
        let process = process.collect();
        self.files.insert(PROCESS.to_owned(), process);
        let release = self.files["projects/shop/releases/1.0.0.toml"].clone();
        self.files.insert(format!("projects/shop/releases/{name}.toml"), release);
        self.pin(name)
    }

    fn pin(&mut self, name: &str) -> CommitId {
        self.files.insert(PIN.to_owned(), format!("release = \"{name}\"\n"));
        self.commit()
    }

    fn load(&self, head: &CommitId, facts: Option<&Facts>) -> Loaded {
        let tree = self.history.tree(head).unwrap();
        let history = &self.history;
        let source = Source { tree: &tree, blobs: history, commit: Some(head), history: Some(history), facts };
        Loader::new().load(&source).unwrap()
    }
}

/// What a daemon journals of the releases that it can read.
fn record(facts: &mut Facts, loaded: &Loaded, rules: u16) {
    for project in loaded.catalog.projects.values() {
        for release in project.releases.values() {
            let Some(commit) = release.snapshot.as_ref().ok().and_then(|found| found.commit.clone()) else { continue };
            let known = |known: &RecordedSnapshot| known.release == release.name;
            if !facts.snapshots.iter().any(known) {
                facts.snapshots.push(RecordedSnapshot {
                    project: project.id.clone(),
                    release: release.name.clone(),
                    commit,
                    content: release.content,
                    at: "2026-11-23T08:00:00Z".parse().unwrap(),
                    rules,
                });
            }
        }
    }
}

fn fault(loaded: &Loaded, release: &str) -> Option<SnapshotFault> {
    let releases = &loaded.catalog.projects["shop"].releases;
    let found = releases.iter().find(|(name, _)| name.as_str() == release).unwrap().1;
    found.snapshot.clone().err()
}

#[test]
fn landed_releases_that_break_every_new_rule_stay_and_can_be_rolled_back_to() {
    let mut repository = Repository { history: MemoryHistory::new(), files: files() };
    let first = repository.commit();
    // An earlier landfall, which had none of these rules, took the repository as it is.
    let before = repository.load(&first, None);
    let mut deployed = Deployed::nothing(&before.catalog);
    record(&mut deployed.facts, &before, 0);
    deployed.settle(&repository.load(&first, Some(&deployed.facts)).catalog);
    let second = repository.release("1.1.0", 1_024);
    record(&mut deployed.facts, &repository.load(&second, None), 0);
    deployed.settle(&repository.load(&second, Some(&deployed.facts)).catalog);
    assert_eq!(deployed.facts.runs.len(), 4, "both releases ran in both environments");

    let loaded = repository.load(&second, Some(&deployed.facts));
    let broken = loaded.problems.iter().filter(|problem| problem.code == "resource-rule").count();
    let doubtful = loaded.problems.iter().filter(|problem| problem.code == "doubtful-property").count();
    assert_eq!(broken + doubtful, rules().count(), "the head breaks every rule");
    assert!(broken > 2 * doubtful, "{broken} rules are certain, {doubtful} are not");
    let planned = deployed.plan(&loaded.catalog);
    assert!(planned.plan.is_empty() && planned.report.slots.len() == 2, "{:?}", planned.report);

    let back = repository.pin("1.0.0");
    let loaded = repository.load(&back, Some(&deployed.facts));
    assert!(loaded.problems.iter().any(|problem| problem.code == "newer-rule" && problem.level == Level::Warning));
    let planned = deployed.plan(&loaded.catalog);
    let begins: Vec<_> = planned.plan.begin.iter().map(|begin| begin.release.as_str()).collect();
    assert_eq!(begins, ["1.0.0"], "the rollback deploys");

    // A restored store recorded nothing, but finds what runs.
    let found = Facts { snapshots: Vec::new(), ..deployed.facts.clone() };
    assert_eq!(fault(&repository.load(&back, Some(&found)), "1.0.0"), None);

    // What lands now is held.
    let new = repository.release("1.2.0", 2_048);
    let loaded = repository.load(&new, Some(&deployed.facts));
    assert!(matches!(fault(&loaded, "1.2.0"), Some(SnapshotFault::Broken { .. })));
    assert_eq!(fault(&loaded, "1.1.0"), None);
    assert!(deployed.plan(&loaded.catalog).plan.is_empty());
    // Also after a record by this landfall, which only makes one of what it can read.
    let mut later = deployed.facts.clone();
    record(&mut later, &loaded, EDITION);
    assert_eq!(later.snapshots.len(), 2);
    // Without facts, the age of a release is unknown.
    assert_eq!(fault(&repository.load(&new, None), "1.2.0"), None);
}

#[test]
fn a_release_that_this_landfall_recorded_is_held_to_its_rules_until_it_ran() {
    let mut repository = Repository { history: MemoryHistory::new(), files: files() };
    let first = repository.commit();
    let mut facts = Facts::default();
    record(&mut facts, &repository.load(&first, None), EDITION);
    assert!(matches!(fault(&repository.load(&first, Some(&facts)), "1.0.0"), Some(SnapshotFault::Broken { .. })));
    facts.snapshots.iter_mut().for_each(|known| known.rules = 0);
    assert_eq!(fault(&repository.load(&first, Some(&facts)), "1.0.0"), None);
}

/// What is known only once a slot's values are filled in is judged then.
#[test]
fn a_slot_whose_values_break_a_rule_is_held_unless_its_release_is_older() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = files_in(&root.join("tests/load/base"));
    let template = r##"{"Resources": {"Task": {"Type": "AWS::ECS::TaskDefinition", "Properties": {
  "RequiresCompatibilities": ["FARGATE"], "NetworkMode": "awsvpc", "Cpu": "256",
  "Memory": "#{size}",
  "ContainerDefinitions": [{"Name": "app", "Image": "x"}]}}}}"##;
    files.insert("projects/shop/templates/sized.json".to_owned(), template.to_owned());
    let step = "\n[[step]]\nname = \"sized\"\nkind = \"cloudformation\"\nrole = \"web\"\ntemplate = \"sized.json\"\n";
    files.get_mut(PROCESS).unwrap().push_str(step);
    let sizes = "\n[[variable]]\nname = \"size\"\nvalue = \"512\"\n[[variable]]\nname = \"size\"\nvalue = \"4096\"\nscope = { \
                 environment = \"development\" }\n";
    files.get_mut("projects/shop/variables.toml").unwrap().push_str(sizes);
    let mut repository = Repository { history: MemoryHistory::new(), files };
    let first = repository.commit();
    let loaded = repository.load(&first, Some(&Facts::default()));
    assert!(!loaded.has_errors(), "{:#?}", loaded.problems);
    let mut deployed = Deployed::nothing(&loaded.catalog);
    record(&mut deployed.facts, &loaded, EDITION);
    let planned = deployed.plan(&repository.load(&first, Some(&deployed.facts)).catalog);
    assert!(planned.plan.begin.is_empty(), "{:#?}", planned.plan.begin);
    let report = format!("{:?}", planned.report);
    let words = "AWS would refuse `Task` at `Memory`: Fargate has no task of 256 CPU units with 4096 MiB";
    assert!(report.contains(words) && report.contains("(projects/shop/templates/sized.json:3)"), "{report}");
    // Editions before judged what is written only.
    deployed.facts.snapshots.iter_mut().for_each(|known| known.rules = EVERY_TYPE - 1);
    let planned = deployed.plan(&repository.load(&first, Some(&deployed.facts)).catalog);
    assert_eq!(planned.plan.begin.len(), 1, "{:#?}", planned.report);
}

/// An error that only the author can judge: a word for "none" is not a secret. What the head accepts counts for older releases too.
#[test]
fn a_value_that_is_no_secret_can_be_accepted_for_what_landed_before() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = files_in(&root.join("tests/load/base"));
    let template = r#"{"Parameters": {"User": {"Type": "String", "NoEcho": true, "Default": "none"},
  "Word": {"Type": "String", "NoEcho": true}}, "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}"#;
    files.insert("projects/shop/templates/topic.json".to_owned(), template.to_owned());
    let step = "\n[[step]]\nname = \"topic\"\nkind = \"cloudformation\"\nrole = \"web\"\ntemplate = \"topic.json\"\nparameters = { \
                Word = \"admin\" }\n";
    files.get_mut(PROCESS).unwrap().push_str(step);
    let mut repository = Repository { history: MemoryHistory::new(), files };
    let first = repository.commit();
    let codes = |loaded: &Loaded| -> Vec<(&str, Level)> {
        loaded.problems.iter().map(|problem| (problem.code, problem.level)).collect()
    };
    let loaded = repository.load(&first, Some(&Facts::default()));
    assert_eq!(codes(&loaded), [("secret-parameter", Level::Error)]);
    assert!(matches!(fault(&loaded, "1.0.0"), Some(SnapshotFault::Broken { .. })));

    let accepts = |name: &str| {
        format!(
            "\n[[accept]]\nwhat = \"secret-parameter\"\nwhere = \"{name}\"\nreason = \"it is a word, not a secret\"\n"
        )
    };
    repository.files.get_mut("projects/shop/project.toml").unwrap().push_str(&accepts("User"));
    let second = repository.commit();
    let loaded = repository.load(&second, Some(&Facts::default()));
    assert_eq!(codes(&loaded), [("secret-parameter", Level::Warning)]);
    assert!(loaded.problems[0].accepted.is_some() && fault(&loaded, "1.0.0").is_none());
    let deployed = Deployed::nothing(&loaded.catalog);
    let report = |loaded: &Loaded| format!("{:?}", deployed.plan(&loaded.catalog).report);
    let words = "parameter `Word` is declared NoEcho, and its value is in the repository";
    assert!(report(&loaded).contains(words), "the step's own value is another one");

    repository.files.get_mut("projects/shop/project.toml").unwrap().push_str(&accepts("Word"));
    let third = repository.commit();
    let loaded = repository.load(&third, Some(&Facts::default()));
    assert_eq!(deployed.plan(&loaded.catalog).plan.begin.len(), 1, "{}", report(&loaded));
}
