//! The snapshot rules over real git histories: what a release deploys, however its pull request was merged and whatever
//! became of the branch since.

use std::sync::Arc;

use jiff::Timestamp;
use landfall::git::Reader;
use landfall::load::{Loaded, Loader, Source};
use landfall::model::catalog::SnapshotFault;
use landfall::model::facts::RecordedSnapshot;
use landfall::model::{CommitId, Facts, Release};
use landfall::tree::History;

use super::support::{Files, files_in, root};
use crate::git::repository::{Mirrored, Repo, git, mirror};

const RELEASE: &str = "projects/shop/releases/1.0.0.toml";
const PROCESS: &str = "projects/shop/process.toml";
const PIN: &str = "projects/shop/deploy/test.toml";

/// The base repository without its release; and its files, the release's among them.
fn shop() -> (Repo, Files) {
    let (repo, files) = (Repo::new(), files_in(&root().join("tests/load/base")));
    let without = files.iter().filter(|(path, _)| ![RELEASE, PIN].contains(&path.as_str()));
    let without: Vec<(&str, &str)> = without.map(|(path, text)| (path.as_str(), text.as_str())).collect();
    repo.commit(&without);
    (repo, files)
}

/// The process with another size.
fn sized(files: &Files, memory: u32) -> String {
    files[PROCESS].replace("memory = 512", &format!("memory = {memory}"))
}

/// The release with the `inputs` of the files that a commit has.
fn with_inputs(repo: &Repo, files: &Files, commit: &CommitId) -> String {
    let head = load(&local(repo), commit, &[]).catalog.projects["shop"].head.clone().unwrap();
    files[RELEASE].replace("format = 1\n", &format!("format = 1\ninputs = \"{}\"\n", head.inputs))
}

fn local(repo: &Repo) -> Reader {
    Reader::open_local(&repo.path).unwrap()
}

fn load(history: &dyn History, head: &CommitId, recorded: &[RecordedSnapshot]) -> Loaded {
    let tree = history.tree(head).unwrap();
    let facts = Facts { snapshots: recorded.to_vec(), ..Facts::default() };
    let source =
        Source { tree: &tree, blobs: history, commit: Some(head), history: Some(history), facts: Some(&facts) };
    Loader::new().load(&source).unwrap()
}

fn release(loaded: &Loaded, project: &str) -> Arc<Release> {
    loaded.catalog.projects[project].releases["1.0.0"].clone()
}

/// The commit that release 1.0.0 comes from, and the memory that it asks for.
fn comes_from(history: &dyn History, head: &CommitId, recorded: &[RecordedSnapshot]) -> (CommitId, String) {
    snapshot(&load(history, head, recorded), "shop")
}

fn snapshot(loaded: &Loaded, project: &str) -> (CommitId, String) {
    let snapshot = release(loaded, project).snapshot.clone().unwrap();
    let step = format!("{:?}", snapshot.what.steps[0]);
    let memory = step.split("memory").nth(1).unwrap().chars().skip_while(|c| !c.is_ascii_digit());
    (snapshot.commit.unwrap(), memory.take_while(char::is_ascii_digit).collect())
}

fn fault(history: &dyn History, head: &CommitId, recorded: &[RecordedSnapshot]) -> SnapshotFault {
    release(&load(history, head, recorded), "shop").snapshot.clone().unwrap_err()
}

/// What the daemon journals when it reads a commit for the first time.
fn recorded(loaded: &Loaded) -> Vec<RecordedSnapshot> {
    let all = loaded.catalog.projects.values().flat_map(|project| {
        project.releases.values().filter_map(|release| {
            Some(RecordedSnapshot {
                project: project.id.clone(),
                release: release.name.clone(),
                commit: release.snapshot.as_ref().ok()?.commit.clone()?,
                content: release.content,
                at: Timestamp::UNIX_EPOCH,
                rules: 0,
            })
        })
    });
    all.collect()
}

fn codes(loaded: &Loaded) -> Vec<&str> {
    loaded.problems.iter().map(|problem| problem.code).collect()
}

#[test]
fn a_squash_lands_all_of_a_pull_request_and_a_rebase_each_commit() {
    for squash in [true, false] {
        for release_first in [false, true] {
            let (repo, files) = shop();
            repo.git(&["checkout", "--quiet", "-b", "request"]);
            let changed = repo.commit(&[(PROCESS, &sized(&files, 1024))]);
            let text = with_inputs(&repo, &files, &changed);
            if release_first {
                repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
                repo.commit(&[(RELEASE, &text)]);
                repo.commit(&[(PROCESS, &sized(&files, 1024))]);
            } else {
                repo.commit(&[(RELEASE, &text)]);
            }
            repo.git(&["checkout", "--quiet", "main"]);
            repo.commit(&[("README.md", "meanwhile\n")]);
            if squash {
                repo.git(&["merge", "--quiet", "--squash", "request"]);
                repo.commit(&[]);
            } else {
                repo.git(&["checkout", "--quiet", "request"]);
                repo.git(&["rebase", "--quiet", "main"]);
                repo.git(&["checkout", "--quiet", "main"]);
                repo.git(&["merge", "--quiet", "--ff-only", "request"]);
            }
            let head = repo.head();
            if !squash && release_first {
                // Rebased, it landed before the process that it was made from.
                let (first, reader) = (fault(&local(&repo), &head, &[]), local(&repo));
                assert!(matches!(first, SnapshotFault::Differs { .. }), "{first:?}");
                let refreshed = repo.commit(&[(RELEASE, &format!("snapshot = \"{head}\"\n{text}"))]);
                assert_eq!(comes_from(&reader, &refreshed, &[]), (head, "1024".to_owned()));
            } else {
                assert_eq!(
                    comes_from(&local(&repo), &head, &[]),
                    (head, "1024".to_owned()),
                    "{squash} {release_first}"
                );
            }
        }
    }
}

#[test]
fn a_merge_brings_what_both_sides_have() {
    let (repo, files) = shop();
    repo.git(&["checkout", "--quiet", "-b", "request"]);
    repo.commit(&[(RELEASE, &files[RELEASE])]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.commit(&[(PROCESS, &sized(&files, 2048))]);
    repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", "request"]);
    assert_eq!(comes_from(&local(&repo), &repo.head(), &[]), (repo.head(), "2048".to_owned()));
}

#[test]
fn a_foxtrot_merge_moves_nothing_that_was_recorded() {
    let (repo, files) = shop();
    repo.git(&["checkout", "--quiet", "-b", "mine"]);
    repo.commit(&[(PROCESS, &sized(&files, 2048))]);
    repo.git(&["checkout", "--quiet", "main"]);
    let text = with_inputs(&repo, &files, &repo.head());
    let landed = repo.commit(&[(RELEASE, &text)]);
    let known = recorded(&load(&local(&repo), &landed, &[]));
    // `git pull` on the other branch, pushed as main: what was main's line is the second parent now.
    repo.git(&["checkout", "--quiet", "mine"]);
    repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", "main"]);
    let foxtrot = repo.head();
    assert_eq!(comes_from(&local(&repo), &foxtrot, &known), (landed, "512".to_owned()));
    let unknown = fault(&local(&repo), &foxtrot, &[]);
    assert!(matches!(unknown, SnapshotFault::Differs { .. }), "other files than it was made from: {unknown:?}");
}

#[test]
fn a_revert_of_a_revert_is_the_release_that_landed_first() {
    let (repo, files) = shop();
    let landed = repo.commit(&[(RELEASE, &files[RELEASE])]);
    let known = recorded(&load(&local(&repo), &landed, &[]));
    repo.git(&["revert", "--no-edit", "HEAD"]);
    assert!(load(&local(&repo), &repo.head(), &known).catalog.projects["shop"].releases.is_empty());
    repo.commit(&[(PROCESS, &sized(&files, 1024))]);
    repo.git(&["revert", "--no-edit", "HEAD~1"]);
    let again = repo.head();
    let loaded = load(&local(&repo), &again, &known);
    assert_eq!((snapshot(&loaded, "shop"), codes(&loaded)), ((landed, "512".to_owned()), vec![]));
    assert_eq!(comes_from(&local(&repo), &again, &[]), (again, "1024".to_owned()), "what nobody saw land first");
}

#[test]
fn an_edited_release_and_one_that_lands_again_with_other_content_stay_what_they_were() {
    let (repo, files) = shop();
    let landed = repo.commit(&[(RELEASE, &files[RELEASE])]);
    let known = recorded(&load(&local(&repo), &landed, &[]));
    let other = files[RELEASE].replace("1.0.0", "1.0.0-other");
    let edited = repo.commit(&[(RELEASE, &other)]);
    repo.commit(&[(RELEASE, "")]);
    let again = repo.commit(&[(RELEASE, &other)]);
    for (head, known) in [(&edited, &known[..]), (&edited, &[]), (&again, &known[..]), (&again, &[])] {
        let loaded = load(&local(&repo), head, known);
        assert_eq!(codes(&loaded), ["release-edited"]);
        assert_eq!(loaded.problems[0].blocks, ["shop 1.0.0 where it does not run yet"]);
        assert_eq!(release(&loaded, "shop").edited.as_ref(), Some(&landed), "it goes nowhere new");
        assert_eq!(snapshot(&loaded, "shop").0, landed);
        assert_eq!(&*release(&loaded, "shop").images["web"].tag, "1.0.0");
    }
    let blocked = repo.commit(&[(RELEASE, &format!("blocked = \"it leaks\"\n{}", files[RELEASE]))]);
    let loaded = load(&local(&repo), &blocked, &known);
    assert!(codes(&loaded).is_empty() && release(&loaded, "shop").blocked.is_some(), "{:?}", loaded.problems);
    assert_eq!(release(&loaded, "shop").edited, None);
}

#[test]
fn a_release_that_landed_with_errors_landed_with_what_it_was_mended_to() {
    let (repo, files) = shop();
    repo.commit(&[(RELEASE, "format = \n")]);
    repo.commit(&[(RELEASE, "")]);
    repo.commit(&[(RELEASE, &files[RELEASE])]);
    let loaded = load(&local(&repo), &repo.head(), &[]);
    assert_eq!((codes(&loaded), release(&loaded, "shop").edited.clone()), (vec![], None));
}

#[test]
fn a_release_moves_with_its_project_where_the_project_has_an_id() {
    let (repo, files) = shop();
    let project = format!("id = \"s\"\n{}", files["projects/shop/project.toml"]);
    let landed = repo.commit(&[(RELEASE, &files[RELEASE]), ("projects/shop/project.toml", &project)]);
    let known = recorded(&load(&local(&repo), &landed, &[]));
    repo.git(&["mv", "projects/shop", "projects/store"]);
    let moved = repo.commit(&[("projects/store/process.toml", &sized(&files, 2048))]);
    let loaded = load(&local(&repo), &moved, &known);
    assert_eq!((snapshot(&loaded, "store"), codes(&loaded)), ((landed.clone(), "512".to_owned()), vec![]));
    let unrecorded = load(&local(&repo), &moved, &[]);
    assert_eq!(snapshot(&unrecorded, "store"), (moved, "2048".to_owned()), "unrecorded, it lands there");
    // Another project takes the name that is free.
    let project = &files["projects/shop/project.toml"];
    let taken = repo.commit(&[
        ("projects/shop/project.toml", project),
        (PROCESS, &sized(&files, 1024)),
        (RELEASE, &files[RELEASE]),
    ]);
    let loaded = load(&local(&repo), &taken, &known);
    assert_eq!((snapshot(&loaded, "store"), codes(&loaded)), ((landed.clone(), "512".to_owned()), vec![]));
    assert_eq!(snapshot(&loaded, "shop"), (taken, "1024".to_owned()), "it is another project's");
    let other = files[RELEASE].replace("1.0.0", "1.0.0-other");
    let edited = repo.commit(&[("projects/store/releases/1.0.0.toml", &other)]);
    let loaded = load(&local(&repo), &edited, &known);
    assert_eq!((snapshot(&loaded, "store").0, codes(&loaded)), (landed, vec!["release-edited"]));
    assert_eq!(&*release(&loaded, "store").images["web"].tag, "1.0.0");
}

#[test]
fn a_project_without_an_id_is_another_one_after_its_folder_moved() {
    let (repo, files) = shop();
    let landed = repo.commit(&[(RELEASE, &files[RELEASE])]);
    let known = recorded(&load(&local(&repo), &landed, &[]));
    repo.git(&["mv", "projects/shop", "projects/store"]);
    let moved = repo.commit(&[("projects/store/process.toml", &sized(&files, 2048))]);
    let loaded = load(&local(&repo), &moved, &known);
    assert_eq!(loaded.catalog.projects["store"].id.as_str(), "store");
    assert_eq!(snapshot(&loaded, "store"), (moved, "2048".to_owned()));
}

#[test]
fn a_shallow_clone_tells_what_it_does_not_know() {
    let (repo, files) = shop();
    repo.commit(&[(RELEASE, &files[RELEASE])]);
    let head = repo.commit(&[("README.md", "1\n")]);
    let folder = repo.path.parent().unwrap();
    git(folder, &["clone", "--quiet", "--depth=1", &format!("file://{}", repo.path.display()), "shallow"]);
    let shallow = Repo::at(&folder.join("shallow"));
    assert_eq!(fault(&local(&shallow), &head, &[]), SnapshotFault::Shallow);
    shallow.git(&["fetch", "--quiet", "--unshallow"]);
    assert_eq!(comes_from(&local(&shallow), &head, &[]).1, "512");
}

#[test]
fn a_snapshot_on_another_branch_is_not_what_landed() {
    let (repo, files) = shop();
    repo.git(&["checkout", "--quiet", "-b", "unreviewed"]);
    let elsewhere = repo.commit(&[(PROCESS, &sized(&files, 2048))]);
    repo.git(&["checkout", "--quiet", "main"]);
    let head = repo.commit(&[(RELEASE, &format!("snapshot = \"{elsewhere}\"\n{}", files[RELEASE]))]);
    let Mirrored { mirror, .. } = &mirror(repo.remote());
    mirror.poll().unwrap();
    assert_eq!(fault(mirror, &head, &[]), SnapshotFault::Missing(elsewhere.clone()), "the daemon follows one branch");
    repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", "unreviewed"]);
    let merged = mirror.poll().unwrap().head;
    assert_eq!(comes_from(mirror, &merged, &[]), (elsewhere, "2048".to_owned()));
}

#[test]
fn a_commit_that_vanished_is_known_where_it_was_kept() {
    for keep in [true, false] {
        let (repo, files) = shop();
        let Mirrored { mirror, folder } = &mirror(repo.remote());
        let landed = repo.commit(&[(RELEASE, &files[RELEASE])]);
        mirror.poll().unwrap();
        let known = recorded(&load(mirror, &landed, &[]));
        if keep {
            mirror.keep(std::slice::from_ref(&landed)).unwrap();
        }
        repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
        let new = repo.commit(&[(RELEASE, &files[RELEASE]), (PROCESS, &sized(&files, 1024))]);
        assert_eq!(mirror.poll().unwrap().head, new);
        git(&folder.path().join("mirror"), &["gc", "--quiet", "--prune=now"]);
        let reopened = landfall::git::Mirror::open(&folder.path().join("mirror"), repo.remote()).unwrap();
        if keep {
            assert_eq!(comes_from(&reopened, &new, &known), (landed, "512".to_owned()));
        } else {
            assert_eq!(fault(&reopened, &new, &known), SnapshotFault::Missing(landed), "never a guess");
        }
    }
}
