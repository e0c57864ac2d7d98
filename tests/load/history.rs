//! Snapshots, and what a commit costs.

use std::sync::Arc;

use jiff::Timestamp;
use landfall::load::{Counts, Loaded, Loader, Source};
use landfall::model::catalog::SnapshotFault;
use landfall::model::facts::RecordedSnapshot;
use landfall::model::{CommitId, Facts, Id, Release, ReleaseName};
use landfall::tree::History;
use landfall::tree::memory::MemoryHistory;

use super::support::{Files, files_in, root};

fn base() -> Files {
    files_in(&root().join("tests/load/base"))
}

fn commit(history: &mut MemoryHistory, files: &Files) -> CommitId {
    history.commit(files.iter().map(|(path, text)| (path.as_str(), text.as_str())))
}

fn load_at(loader: &mut Loader, history: &MemoryHistory, head: &CommitId, recorded: &[RecordedSnapshot]) -> Loaded {
    let tree = history.tree(head).unwrap();
    let facts = Facts { snapshots: recorded.to_vec(), ..Facts::default() };
    let source =
        Source { tree: &tree, blobs: history, commit: Some(head), history: Some(history), facts: Some(&facts) };
    loader.load(&source).unwrap()
}

fn release(loaded: &Loaded, name: &str) -> Arc<Release> {
    loaded.catalog.projects["shop"].releases[name].clone()
}

const RELEASE: &str = "projects/shop/releases/1.0.0.toml";
const PROCESS: &str = "projects/shop/process.toml";

/// Two commits: the release lands, then the process changes.
fn two_commits() -> (MemoryHistory, Files, CommitId, CommitId) {
    let mut history = MemoryHistory::new();
    let mut files = base();
    let first = commit(&mut history, &files);
    let changed = files[PROCESS].replace("memory = 512", "memory = 1024");
    files.insert(PROCESS.to_owned(), changed);
    let second = commit(&mut history, &files);
    (history, files, first, second)
}

#[test]
fn a_release_keeps_what_the_commit_had_that_it_landed_with() {
    let (history, _, first, second) = two_commits();
    let loaded = load_at(&mut Loader::new(), &history, &second, &[]);
    assert!(loaded.problems.is_empty());
    let snapshot = release(&loaded, "1.0.0").snapshot.clone().unwrap();
    assert_eq!(snapshot.commit, Some(first));
    let head = loaded.catalog.projects["shop"].head.clone().unwrap();
    assert_ne!(head.inputs, snapshot.what.inputs);
}

#[test]
fn the_file_names_another_snapshot_and_wins_over_the_record() {
    let (mut history, mut files, first, second) = two_commits();
    files.insert(RELEASE.to_owned(), format!("snapshot = \"{second}\"\n{}", files[RELEASE]));
    let third = commit(&mut history, &files);
    let loaded = load_at(&mut Loader::new(), &history, &second, &[]);
    let recorded = [RecordedSnapshot {
        project: Id::new("shop").unwrap(),
        release: ReleaseName::new("1.0.0").unwrap(),
        commit: first.clone(),
        content: release(&loaded, "1.0.0").content,
        at: Timestamp::UNIX_EPOCH,
        rules: 0,
    }];
    let with_record = load_at(&mut Loader::new(), &history, &second, &recorded);
    assert_eq!(release(&with_record, "1.0.0").snapshot.as_ref().unwrap().commit, Some(first));
    let refreshed = load_at(&mut Loader::new(), &history, &third, &recorded);
    assert!(refreshed.problems.is_empty());
    assert_eq!(release(&refreshed, "1.0.0").snapshot.as_ref().unwrap().commit, Some(second));
}

#[test]
fn a_record_survives_a_release_that_lands_again() {
    let (mut history, mut files, first, _) = two_commits();
    let loaded = load_at(&mut Loader::new(), &history, &first, &[]);
    let recorded = [RecordedSnapshot {
        project: Id::new("shop").unwrap(),
        release: ReleaseName::new("1.0.0").unwrap(),
        commit: first.clone(),
        content: release(&loaded, "1.0.0").content,
        at: Timestamp::UNIX_EPOCH,
        rules: 0,
    }];
    let text = files.remove(RELEASE).unwrap();
    let deploy = files.remove("projects/shop/deploy/test.toml").unwrap();
    commit(&mut history, &files);
    files.insert(RELEASE.to_owned(), text.replace("1.0.0", "1.0.0-other"));
    files.insert("projects/shop/deploy/test.toml".to_owned(), deploy);
    let again = commit(&mut history, &files);
    for known in [&recorded[..], &[]] {
        let loaded = load_at(&mut Loader::new(), &history, &again, known);
        let codes: Vec<&str> = loaded.problems.iter().map(|problem| problem.code).collect();
        assert_eq!(codes, ["release-edited"]);
        assert!(loaded.catalog.broken.is_empty(), "what landed first stays in force");
        let kept = release(&loaded, "1.0.0");
        assert_eq!(kept.snapshot.as_ref().unwrap().commit.as_ref(), Some(&first));
        assert_eq!(&*kept.images["web"].tag, "1.0.0");
        assert_eq!((kept.content, kept.edited.as_ref()), (recorded[0].content, Some(&first)));
    }
}

#[test]
fn files_that_differ_from_the_inputs_are_a_fault_until_a_snapshot_is_named() {
    let mut history = MemoryHistory::new();
    let mut files = base();
    let other = format!("b3:{}", "0".repeat(64));
    files.insert(
        RELEASE.to_owned(),
        files[RELEASE].replace("format = 1\n", &format!("format = 1\ninputs = \"{other}\"\n")),
    );
    let first = commit(&mut history, &files);
    let loaded = load_at(&mut Loader::new(), &history, &first, &[]);
    let found = loaded.catalog.projects["shop"].head.as_ref().unwrap().inputs;
    let fault = release(&loaded, "1.0.0").snapshot.clone().unwrap_err();
    assert_eq!(fault, SnapshotFault::Differs { expected: other.parse().unwrap(), found });
    files.insert(RELEASE.to_owned(), format!("snapshot = \"{first}\"\n{}", files[RELEASE]));
    let second = commit(&mut history, &files);
    let loaded = load_at(&mut Loader::new(), &history, &second, &[]);
    assert!(release(&loaded, "1.0.0").snapshot.is_ok());
}

#[test]
fn a_snapshot_that_is_not_there_or_broken_is_a_fault() {
    let mut history = MemoryHistory::new();
    let mut files = base();
    let nowhere = "0123456789012345678901234567890123456789";
    let release_text = files[RELEASE].clone();
    files.insert(RELEASE.to_owned(), format!("snapshot = \"{nowhere}\"\n{release_text}"));
    let first = commit(&mut history, &files);
    let loaded = load_at(&mut Loader::new(), &history, &first, &[]);
    let fault = release(&loaded, "1.0.0").snapshot.clone().unwrap_err();
    assert_eq!(fault, SnapshotFault::Missing(CommitId(nowhere.to_owned())));

    let mut history = MemoryHistory::new();
    let mut files = base();
    let process = files.insert(PROCESS.to_owned(), "step = 1\n".to_owned()).unwrap();
    commit(&mut history, &files);
    files.insert(PROCESS.to_owned(), process);
    let mended = commit(&mut history, &files);
    let loaded = load_at(&mut Loader::new(), &history, &mended, &[]);
    assert!(loaded.problems.is_empty(), "an old commit's problems are told by the release only");
    match release(&loaded, "1.0.0").snapshot.clone().unwrap_err() {
        SnapshotFault::Broken { problem } => {
            assert_eq!(problem, "expected a list, found a whole number (projects/shop/process.toml:1)");
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_broken_process_holds_new_releases_and_no_landed_one() {
    let (mut history, mut files, first, _) = two_commits();
    files.insert(PROCESS.to_owned(), "step = 1\n".to_owned());
    files.insert("projects/shop/releases/1.1.0.toml".to_owned(), files[RELEASE].clone());
    let head = commit(&mut history, &files);
    let loaded = load_at(&mut Loader::new(), &history, &head, &[]);
    assert!(loaded.catalog.projects["shop"].head.is_none());
    assert_eq!(release(&loaded, "1.0.0").snapshot.as_ref().unwrap().commit, Some(first));
    assert!(matches!(release(&loaded, "1.1.0").snapshot, Err(SnapshotFault::Broken { .. })));
}

/// So many projects, each with one release that is deployed to two environments.
fn large(projects: usize) -> Files {
    let base = base();
    let mut files = Files::new();
    for (path, text) in base {
        match path.strip_prefix("projects/shop/") {
            Some(rest) => {
                for number in 0..projects {
                    // The same text everywhere would be one content, read once.
                    files.insert(format!("projects/shop-{number}/{rest}"), format!("# {number}\n{text}"));
                }
            }
            None => {
                files.insert(path, text);
            }
        }
    }
    files
}

fn difference(before: Counts, after: Counts) -> Counts {
    Counts {
        blobs_read: after.blobs_read - before.blobs_read,
        files_parsed: after.files_parsed - before.files_parsed,
        whats_built: after.whats_built - before.whats_built,
        trees_read: after.trees_read - before.trees_read,
        scopes_compared: after.scopes_compared - before.scopes_compared,
    }
}

#[test]
fn a_commit_costs_what_it_changes_however_large_the_repository() {
    let mut costs = Vec::new();
    for projects in [5, 500] {
        let mut history = MemoryHistory::new();
        let mut files = large(projects);
        let mut loader = Loader::new();
        let head = commit(&mut history, &files);
        load_at(&mut loader, &history, &head, &[]);
        let before = loader.counts();
        files.insert(
            "projects/shop-3/process.toml".to_owned(),
            files["projects/shop-3/process.toml"].replace("512", "1024"),
        );
        let head = commit(&mut history, &files);
        let loaded = load_at(&mut loader, &history, &head, &[]);
        assert!(loaded.problems.is_empty());
        let changed = difference(before, loader.counts());
        let before = loader.counts();
        load_at(&mut loader, &history, &head, &[]);
        assert_eq!(difference(before, loader.counts()), Counts::default(), "the same commit again costs nothing");
        costs.push(changed);
    }
    assert_eq!(costs[0], costs[1]);
    assert_eq!((costs[0].blobs_read, costs[0].files_parsed, costs[0].whats_built), (1, 1, 1));
}

#[test]
fn a_thousand_releases_with_the_same_files_are_read_once() {
    let mut history = MemoryHistory::new();
    let mut files = base();
    for number in 0..1_000 {
        files.insert(format!("projects/shop/releases/2.0.{number}.toml"), format!("# {number}\n{}", files[RELEASE]));
    }
    let head = commit(&mut history, &files);
    let mut loader = Loader::new();
    let loaded = load_at(&mut loader, &history, &head, &[]);
    assert_eq!(loaded.catalog.projects["shop"].releases.len(), 1_001);
    assert_eq!(loader.counts().whats_built, 1);
    assert_eq!(loader.counts().files_parsed as usize, files.len());
}
