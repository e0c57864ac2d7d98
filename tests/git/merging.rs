//! Merges in memory: what git makes of the same two commits, and what a loader reads in it.

use std::sync::Arc;

use landfall::git::range::{How, Range, RangeError, parse};
use landfall::git::{Between, GitError, Reader};
use landfall::load::{Loader, Source};
use landfall::model::CommitId;
use landfall::tree::{History, Landing};
use tempfile::TempDir;

use super::repository::{Repo, contents, git};

fn range(base: &str, head: &str) -> Range {
    parse(base, Some(head), false).unwrap()
}

fn reader(repo: &Repo) -> Reader {
    Reader::open_local(&repo.path).unwrap()
}

fn between(repo: &Repo, range: &Range) -> Between {
    reader(repo).between(range).unwrap()
}

/// The merge as git makes it, in a clone of its own, with the merge's id.
struct Real {
    _folder: TempDir,
    repo: Repo,
}

impl Real {
    /// None if git finds a conflict.
    fn merge(repo: &Repo, base: &str, head: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("clone");
        git(folder.path(), &["clone", "--quiet", repo.path.to_str().unwrap(), "clone"]);
        let clone = Repo::at(&path);
        clone.git(&["checkout", "--quiet", "--detach", &format!("origin/{base}")]);
        let merge = std::process::Command::new("git")
            .args(["-c", "user.name=x", "-c", "user.email=x@example.com"])
            .args([
                "merge",
                "--quiet",
                "--no-ff",
                "--no-edit",
                "--strategy-option=no-renames",
                &format!("origin/{head}"),
            ])
            .current_dir(&path)
            .output()
            .unwrap();
        merge.status.success().then_some(Self { _folder: folder, repo: clone })
    }
}

#[test]
fn ranges_are_written_as_in_git() {
    let of = |base: &str, head: &str, how| Range { base: base.to_owned(), head: head.to_owned(), how };
    for (written, second, two_dot, expected) in [
        ("main", None, false, of("main", "HEAD", How::Tips)),
        ("main", None, true, of("main", "HEAD", How::Tips)),
        ("main", Some("mine"), false, of("main", "mine", How::Merge)),
        ("main", Some("mine"), true, of("main", "mine", How::Tips)),
        ("main..mine", None, false, of("main", "mine", How::Tips)),
        ("main..mine", None, true, of("main", "mine", How::Tips)),
        ("main...mine", None, false, of("main", "mine", How::Since)),
        ("v1.0.0..", None, false, of("v1.0.0", "HEAD", How::Tips)),
        ("...mine", None, false, of("HEAD", "mine", How::Since)),
    ] {
        assert_eq!(parse(written, second, two_dot), Ok(expected), "{written} {second:?}");
    }
    for (written, second, two_dot) in [
        ("main..mine", Some("other"), false),
        ("main", Some("mine...other"), false),
        ("main...mine", None, true),
        ("a..b..c", None, false),
        ("a....b", None, false),
        ("..", None, false),
        ("...", None, false),
    ] {
        assert!(parse(written, second, two_dot).is_err(), "{written} {second:?}");
    }
    let said = parse("main...mine", None, true).unwrap_err();
    assert_eq!(said, RangeError::TwoDot("main...mine".to_owned()));
    assert!(said.to_string().contains("BASE..HEAD"), "{said}");
}

/// Main and a branch that both went on, with releases on either side.
fn diverged() -> Repo {
    let repo = Repo::new();
    repo.commit(&[("readme", "1\n"), ("projects/a/releases/1.toml", "1\n"), ("both", "1\n2\n3\n4\n5\n6\n7\n8\n9\n")]);
    repo.git(&["checkout", "--quiet", "-b", "mine"]);
    repo.commit(&[("projects/a/releases/2.toml", "2\n"), ("both", "one\n2\n3\n4\n5\n6\n7\n8\n9\n")]);
    repo.commit(&[("mine", "1\n")]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.commit(&[("projects/a/releases/3.toml", "3\n"), ("both", "1\n2\n3\n4\n5\n6\n7\n8\nnine\n")]);
    repo
}

#[test]
fn a_branch_is_compared_as_it_will_be_merged_and_nothing_is_written() {
    let repo = diverged();
    let files = contents(&repo.path.join(".git"));
    let reader = reader(&repo);
    let found = reader.between(&range("main", "mine")).unwrap();
    let (base, tip) = (repo.id("main"), repo.id("mine"));
    assert_eq!((&found.base.commit, &found.tip, &found.merge_base), (&base, &tip, &Some(repo.id("main~1"))));
    assert!(found.moved && found.merged);
    assert_eq!(contents(&repo.path.join(".git")), files);
    let real = Real::merge(&repo, "main", "mine").unwrap();
    assert_eq!(&*found.head.tree.root.id.0, real.repo.git(&["rev-parse", "HEAD^{tree}"]));

    let paths = ["1", "2", "3", "4"].map(|n| Arc::from(format!("projects/a/releases/{n}.toml")));
    let landings = reader.landings(&found.head.commit, &paths).unwrap();
    let at = |n: usize| landings[&paths[n - 1]].clone();
    assert_eq!(at(1), Landing::At(repo.id("main~1")));
    assert_eq!(at(2), Landing::At(found.head.commit.clone()), "new on the branch: it lands in the merge");
    assert_eq!(at(3), Landing::At(base.clone()));
    assert_eq!(at(4), Landing::Absent);
    assert_eq!(reader.parent(&found.head.commit).unwrap(), Some(base));
    let again = reader.between(&range("main", "mine")).unwrap();
    assert_eq!(again.head.commit, found.head.commit, "the same merge has the same id");
}

#[test]
fn the_other_forms_compare_commits_that_exist() {
    let repo = diverged();
    let (main, mine, common) = (repo.id("main"), repo.id("mine"), repo.id("main~1"));
    let ends = |base: &str, head: Option<&str>, two_dot| {
        let found = reader(&repo).ends(&parse(base, head, two_dot).unwrap()).unwrap();
        assert!(found.moved && !found.merged);
        assert_eq!(found.merge_base.as_ref(), Some(&common));
        (found.base, found.head)
    };
    assert_eq!(ends("main", Some("mine"), true), (main.clone(), mine.clone()));
    assert_eq!(ends("main..mine", None, false), (main, mine.clone()));
    assert_eq!(ends("main...mine", None, false), (common.clone(), mine.clone()));
    repo.git(&["checkout", "--quiet", "mine"]);
    assert_eq!(ends("main", None, false), (repo.id("main"), mine));
}

#[test]
fn a_branch_that_main_has_changes_nothing_and_one_on_top_of_main_is_still_a_merge() {
    let repo = Repo::new();
    let first = repo.commit(&[("a", "1\n")]);
    repo.git(&["checkout", "--quiet", "-b", "mine"]);
    let second = repo.commit(&[("projects/a/releases/1.toml", "1\n")]);
    let merged = between(&repo, &range("mine", "main"));
    assert_eq!((&merged.base.commit, &merged.head.commit, &merged.tip), (&second, &second, &first));
    assert!(!merged.merged && merged.moved);
    let ahead = between(&repo, &range("main", "mine"));
    assert!(ahead.merged && !ahead.moved);
    assert_eq!(ahead.head.tree, reader(&repo).tree(&second).unwrap());
    assert_ne!(ahead.head.commit, second, "a forge merges with a merge commit");
    let same = between(&repo, &range("mine", "mine"));
    assert_eq!((&same.base.commit, &same.head.commit, same.moved), (&second, &second, false));
}

#[test]
fn a_conflict_names_its_files() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n"), ("gone", "1\n"), ("c", "1\n")]);
    repo.git(&["checkout", "--quiet", "-b", "mine"]);
    repo.commit(&[("a", "mine\n"), ("gone", ""), ("c", "mine\n")]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.commit(&[("a", "main\n"), ("gone", "2\n")]);
    let files = contents(&repo.path.join(".git"));
    let error = reader(&repo).between(&range("main", "mine")).unwrap_err();
    let said = error.to_string();
    assert!(said.contains("merging `mine` into `main` conflicts in a, gone: merge"), "{said}");
    assert_eq!(contents(&repo.path.join(".git")), files);
    assert!(reader(&repo).between(&parse("main", Some("mine"), true).unwrap()).is_ok());
}

#[test]
fn commits_without_a_common_one_are_not_merged() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    repo.git(&["checkout", "--quiet", "--orphan", "other"]);
    repo.commit(&[("b", "1\n")]);
    let error = reader(&repo).between(&range("main", "other")).unwrap_err();
    assert!(matches!(error, GitError::Unrelated { .. }), "{error}");
    assert!(reader(&repo).between(&parse("main...other", None, false).unwrap()).is_err());
    let tips = between(&repo, &parse("main..other", None, false).unwrap());
    assert_eq!((tips.merge_base, tips.moved), (None, false));
}

#[test]
fn several_merge_bases_are_merged_as_git_does() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n2\n3\n4\n5\n6\n7\n8\n9\n")]);
    repo.git(&["checkout", "--quiet", "-b", "mine"]);
    repo.commit(&[("a", "one\n2\n3\n4\n5\n6\n7\n8\n9\n")]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.commit(&[("a", "1\n2\n3\n4\n5\n6\n7\n8\nnine\n")]);
    repo.git(&["branch", "old"]);
    repo.git(&["merge", "--quiet", "--no-edit", "mine"]);
    repo.git(&["checkout", "--quiet", "mine"]);
    repo.git(&["merge", "--quiet", "--no-edit", "old"]);
    repo.commit(&[("a", "one\n2\n3\n4\nfive\n6\n7\n8\nnine\n")]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.commit(&[("b", "1\n")]);
    assert_eq!(repo.git(&["merge-base", "--all", "main", "mine"]).lines().count(), 2);
    let found = between(&repo, &range("main", "mine"));
    let real = Real::merge(&repo, "main", "mine").unwrap();
    assert_eq!(&*found.head.tree.root.id.0, real.repo.git(&["rev-parse", "HEAD^{tree}"]));
}

#[test]
fn a_shallow_clone_says_what_to_fetch_where_it_cannot_know() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    let common = repo.commit(&[("a", "2\n")]);
    repo.git(&["checkout", "--quiet", "-b", "mine"]);
    repo.commit(&[("b", "1\n")]);
    repo.commit(&[("b", "2\n")]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.commit(&[("c", "1\n")]);
    let folder = repo.path.parent().unwrap();
    let clone = |depth: &str| {
        let path = folder.join(format!("shallow-{depth}"));
        let (url, name) = (format!("file://{}", repo.path.display()), path.to_str().unwrap());
        git(folder, &["clone", "--quiet", "--no-single-branch", "--depth", depth, &url, name]);
        Reader::open_local(&path).unwrap()
    };
    let (shallow, enough) = (clone("2"), clone("3"));
    let merge = range("main", "origin/mine");
    let error = shallow.between(&merge).unwrap_err();
    assert!(matches!(error, GitError::Cut { .. }), "{error}");
    assert!(error.to_string().contains("`git fetch --unshallow`"), "{error}");
    let tips = shallow.between(&parse("main..origin/mine", None, false).unwrap()).unwrap();
    assert_eq!((tips.merge_base, tips.moved), (None, false), "not known, and not needed");
    let found = enough.between(&merge).unwrap();
    assert_eq!((found.merge_base, found.moved), (Some(common), true));
    let real = Real::merge(&repo, "main", "mine").unwrap();
    assert_eq!(&*found.head.tree.root.id.0, real.repo.git(&["rev-parse", "HEAD^{tree}"]));
}

#[test]
fn a_branch_that_only_a_remote_has_is_suggested() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    repo.git(&["branch", "mine"]);
    let folder = repo.path.parent().unwrap();
    git(folder, &["clone", "--quiet", repo.path.to_str().unwrap(), "clone"]);
    let clone = Reader::open_local(&folder.join("clone")).unwrap();
    let said = clone.between(&range("main", "mine")).unwrap_err().to_string();
    assert!(said.contains("`mine` is not a commit") && said.contains("did you mean `origin/mine`?"), "{said}");
}

/// A step of a fixed sequence of numbers.
fn roll(dice: &mut u64, below: u64) -> u64 {
    *dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*dice >> 33) % below
}

/// A commit that changes lines, adds and deletes files.
fn edit(repo: &Repo, dice: &mut u64) {
    for _ in 0..2 {
        let path = format!("projects/p{}/f{}", roll(dice, 2), roll(dice, 2));
        let text = match std::fs::read_to_string(repo.path.join(&path)) {
            Ok(_) if roll(dice, 6) == 0 => String::new(),
            Ok(text) => {
                let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
                let at = roll(dice, lines.len() as u64) as usize;
                lines[at] = format!("{path} line {at} is {}", roll(dice, 3));
                lines.iter().map(|line| format!("{line}\n")).collect()
            }
            Err(_) => (0..12).map(|line| format!("{path} line {line}\n")).collect(),
        };
        repo.write(&[(&path, &text)]);
    }
    repo.commit(&[]);
}

#[test]
fn random_branches_merge_as_git_merges_them() {
    let (mut dice, mut merged, mut conflicts) = (11, 0, 0);
    for round in 0..14 {
        let repo = Repo::new();
        repo.commit(&[("readme", "1\n")]);
        (0..2).for_each(|_| edit(&repo, &mut dice));
        repo.git(&["branch", "mine"]);
        edit(&repo, &mut dice);
        repo.git(&["checkout", "--quiet", "mine"]);
        edit(&repo, &mut dice);
        match (Real::merge(&repo, "main", "mine"), reader(&repo).between(&range("main", "mine"))) {
            (Some(real), Ok(found)) => {
                merged += 1;
                assert_eq!(&*found.head.tree.root.id.0, real.repo.git(&["rev-parse", "HEAD^{tree}"]), "round {round}");
            }
            (None, Err(GitError::Conflict { paths, .. })) => {
                conflicts += 1;
                assert!(!paths.is_empty());
            }
            (real, found) => panic!("round {round}: git merges: {}, landfall: {found:?}", real.is_some()),
        }
    }
    assert!(merged > 4 && conflicts > 2, "{merged} merged, {conflicts} conflicts");
}

/// Everything that a loader finds in a commit, with one commit's id replaced.
fn loaded(reader: &Reader, commit: &CommitId, named: &str) -> String {
    let tree = reader.tree(commit).unwrap();
    let source = Source { tree: &tree, blobs: reader, commit: Some(commit), history: Some(reader), facts: None };
    let loaded = Loader::new().load(&source).unwrap();
    assert!(!loaded.catalog.projects.is_empty() && !loaded.has_errors(), "{:?}", loaded.problems);
    format!("{:?}", (loaded.catalog, loaded.problems)).replace(&commit.0, named)
}

#[test]
fn a_loader_sees_in_the_merge_what_it_sees_after_it() {
    let release = |tag: &str| format!("format = 1\nchannel = \"default\"\n[images]\nweb = {{ tag = \"{tag}\" }}\n");
    let process = |cpu: u32| {
        format!(
            "[images.web]\nrepository = \"registry.example.com/web\"\n[[step]]\nname = \"web\"\nkind = \"ecs-service\"\n\
             role = \"web\"\ncpu = {cpu}\nmemory = 1024\n[[step.container]]\nname = \"app\"\nimage = \"web\"\nport = 8080\n"
        )
    };
    let target = "kind = \"ecs-cluster\"\nenvironments = [\"test\"]\nroles = [\"web\"]\naccount = \"main\"\n\
                  region = \"eu-west-1\"\ncluster = \"test\"\n[network]\nsubnets = [\"subnet-0a0a0a0a\"]\n\
                  security_groups = [\"sg-0a0a0a0a\"]\n";
    let repo = Repo::new();
    repo.commit(&[
        ("landfall.toml", "id = \"one\"\n[accounts.main]\nid = \"111111111111\"\n"),
        ("environments/test.toml", "order = 1\n"),
        ("targets/test.toml", target),
        ("projects/web/project.toml", "lifecycle = \"standard\"\n"),
        ("projects/web/process.toml", &process(256)),
        ("projects/web/releases/1.0.0.toml", &release("1.0.0")),
        ("lifecycles/standard.toml", "[[phase]]\nname = \"Test\"\nautomatic = [\"test\"]\n"),
    ]);
    repo.git(&["branch", "mine"]);
    repo.commit(&[
        ("projects/web/process.toml", &process(512)),
        ("projects/web/releases/1.1.0.toml", &release("1.1.0")),
    ]);
    repo.git(&["checkout", "--quiet", "mine"]);
    repo.commit(&[("projects/web/releases/1.2.0.toml", &release("1.2.0"))]);
    repo.commit(&[("environments/test.toml", "order = 2\n")]);
    let reader = reader(&repo);
    let found = reader.between(&range("main", "mine")).unwrap();
    let real = Real::merge(&repo, "main", "mine").unwrap();
    let after = Reader::open_local(&real.repo.path).unwrap();
    let ours = loaded(&reader, &found.head.commit, "MERGE");
    assert_eq!(ours, loaded(&after, &real.repo.head(), "MERGE"));
    assert!(ours.contains("MERGE"), "release 1.2.0 has the merge as its snapshot");
}
