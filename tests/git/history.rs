//! Trees and landings of real histories.

use std::collections::BTreeMap;
use std::sync::Arc;

use landfall::git::{Counts, Reader};
use landfall::model::CommitId;
use landfall::tree::{Blobs, History, Landing, MAX_FILE, Node, TreeError};

use super::repository::{Repo, git};

const FILE: &str = "projects/a/releases/1.toml";

fn landing(history: &dyn History, head: &CommitId, path: &str) -> Landing {
    history.landings(head, &[Arc::from(path)]).unwrap().remove(path).unwrap()
}

/// The answer, and that a reader that saw every commit before gives the same.
fn settled(repo: &Repo, stepwise: &Reader, path: &str) -> Landing {
    let head = repo.head();
    let fresh = landing(&Reader::open_local(&repo.path).unwrap(), &head, path);
    assert_eq!(landing(stepwise, &head, path), fresh);
    fresh
}

#[test]
fn a_release_lands_with_its_squash_its_rebase_or_its_merge() {
    let repo = Repo::new();
    repo.commit(&[("readme", "1\n")]);
    let stepwise = Reader::open_local(&repo.path).unwrap();
    assert_eq!(settled(&repo, &stepwise, FILE), Landing::Absent);

    repo.git(&["checkout", "--quiet", "-b", "squashed"]);
    repo.commit(&[(FILE, "1\n")]);
    repo.commit(&[(FILE, "2\n")]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--squash", "squashed"]);
    let squash = repo.commit(&[]);
    assert_eq!(settled(&repo, &stepwise, FILE), Landing::At(squash.clone()));
    repo.commit(&[(FILE, "edited\n")]);
    assert_eq!(settled(&repo, &stepwise, FILE), Landing::At(squash));

    repo.git(&["checkout", "--quiet", "-b", "rebased", "HEAD~1"]);
    repo.commit(&[("b.toml", "1\n")]);
    repo.commit(&[("c.toml", "1\n")]);
    repo.git(&["rebase", "--quiet", "main"]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--ff-only", "rebased"]);
    assert_eq!(settled(&repo, &stepwise, "b.toml"), Landing::At(repo.id("HEAD~1")));
    assert_eq!(settled(&repo, &stepwise, "c.toml"), Landing::At(repo.head()));

    repo.git(&["checkout", "--quiet", "-b", "side", "HEAD~1"]);
    repo.commit(&[("d.toml", "1\n")]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", "side"]);
    assert_eq!(settled(&repo, &stepwise, "d.toml"), Landing::At(repo.head()), "the merge, not the commit on the side");
}

#[test]
fn a_foxtrot_merge_moves_the_landing_to_the_merge() {
    let repo = Repo::new();
    repo.commit(&[("readme", "1\n")]);
    let stepwise = Reader::open_local(&repo.path).unwrap();
    repo.git(&["checkout", "--quiet", "-b", "mine"]);
    repo.commit(&[("mine", "1\n")]);
    repo.git(&["checkout", "--quiet", "main"]);
    let landed = repo.commit(&[(FILE, "1\n")]);
    assert_eq!(settled(&repo, &stepwise, FILE), Landing::At(landed));
    // `git pull` on the side and a push of it: main's old line becomes the second parent.
    repo.git(&["checkout", "--quiet", "mine"]);
    repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", "main"]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--ff-only", "mine"]);
    assert_eq!(settled(&repo, &stepwise, FILE), Landing::At(repo.head()));
}

#[test]
fn a_revert_of_a_revert_lands_anew() {
    let repo = Repo::new();
    repo.commit(&[("readme", "1\n")]);
    let stepwise = Reader::open_local(&repo.path).unwrap();
    let first = repo.commit(&[(FILE, "1\n")]);
    assert_eq!(settled(&repo, &stepwise, FILE), Landing::At(first));
    repo.git(&["revert", "--no-edit", "HEAD"]);
    assert_eq!(settled(&repo, &stepwise, FILE), Landing::Absent);
    repo.git(&["revert", "--no-edit", "HEAD"]);
    assert_eq!(settled(&repo, &stepwise, FILE), Landing::At(repo.head()));
    repo.git(&["reset", "--quiet", "--hard", "HEAD~3"]);
    assert_eq!(settled(&repo, &stepwise, FILE), Landing::Absent, "after a force-push");
}

#[test]
fn the_first_landing_outlives_a_withdrawal_and_a_new_file_costs_no_second_walk() {
    let repo = Repo::new();
    let first = repo.commit(&[(FILE, "1\n")]);
    repo.commit(&[(FILE, "")]);
    for step in 0..20 {
        repo.commit(&[("readme", &format!("{step}\n"))]);
    }
    let again = repo.commit(&[(FILE, "2\n")]);
    let reader = Reader::open_local(&repo.path).unwrap();
    let firsts = |head: &CommitId, paths: &[&str]| {
        let paths: Vec<Arc<str>> = paths.iter().map(|path| Arc::from(*path)).collect();
        reader.first_landings(head, &paths).unwrap().into_values().collect::<Vec<_>>()
    };
    assert_eq!(firsts(&again, &[FILE]), std::slice::from_ref(&first));
    let walked = reader.counts();
    let new = repo.commit(&[("projects/a/releases/2.toml", "1\n")]);
    assert_eq!(firsts(&new, &[FILE, "projects/a/releases/2.toml"]), [first, new]);
    assert_eq!(reader.counts().commits - walked.commits, 1, "the new commit");
}

#[test]
fn a_folder_or_a_link_in_place_of_the_file_is_not_the_file() {
    let repo = Repo::new();
    repo.commit(&[("x/y", "1\n")]);
    repo.git(&["rm", "--quiet", "-r", "x"]);
    let landed = repo.commit(&[("x", "1\n")]);
    let reader = Reader::open_local(&repo.path).unwrap();
    assert_eq!(landing(&reader, &landed, "x"), Landing::At(landed.clone()));
    assert_eq!(landing(&reader, &landed, "x/y"), Landing::Absent);
}

#[test]
fn a_shallow_clone_says_so_and_answers_what_it_can() {
    let repo = Repo::new();
    repo.commit(&[("old", "1\n")]);
    repo.commit(&[("middle", "1\n")]);
    let new = repo.commit(&[("new", "1\n")]);
    let folder = repo.path.parent().unwrap();
    git(folder, &["clone", "--quiet", "--depth=2", &format!("file://{}", repo.path.display()), "shallow"]);
    let reader = Reader::open_local(&folder.join("shallow")).unwrap();
    assert_eq!(landing(&reader, &new, "new"), Landing::At(new.clone()));
    assert_eq!(landing(&reader, &new, "middle"), Landing::Shallow);
    assert_eq!(landing(&reader, &new, "old"), Landing::Shallow);
    assert_eq!(landing(&reader, &new, "none"), Landing::Absent);
    assert!(!reader.has(&repo.id("HEAD~2")));
}

#[test]
fn commits_between_two_heads_are_told_unless_the_first_was_left_behind() {
    let repo = Repo::new();
    let first = repo.commit(&[("a", "1\n")]);
    let second = repo.commit(&[("a", "2\n")]);
    repo.git(&["checkout", "--quiet", "-b", "side"]);
    repo.commit(&[("b", "1\n")]);
    repo.git(&["checkout", "--quiet", "main"]);
    repo.git(&["merge", "--quiet", "--no-ff", "--no-edit", "side"]);
    let merge = repo.head();
    let reader = Reader::open_local(&repo.path).unwrap();
    assert_eq!(reader.after(&first, &merge, 9).unwrap(), [second.clone(), merge.clone()], "the side is no order");
    assert_eq!(reader.after(&merge, &merge, 9).unwrap(), []);
    assert_eq!(reader.after(&first, &merge, 1).unwrap(), std::slice::from_ref(&merge), "more than are looked at");
    repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]);
    let other = repo.commit(&[("c", "1\n")]);
    assert_eq!(reader.after(&merge, &other, 9).unwrap(), std::slice::from_ref(&other), "a force-push");
}

#[test]
fn the_same_answers_as_the_history_in_memory() {
    use landfall::tree::memory::MemoryHistory;
    let repo = Repo::new();
    let stepwise = Reader::open_local(&repo.path).unwrap();
    let mut memory = MemoryHistory::new();
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    let mut pairs: BTreeMap<CommitId, CommitId> = BTreeMap::new();
    let paths: Vec<Arc<str>> = (0..6).map(|n| Arc::from(format!("d{}/f{n}", n % 2))).collect();
    let mut dice = 7u64;
    for step in 0..40 {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let path = paths[(dice >> 33) as usize % paths.len()].to_string();
        let text = format!("{step}\n");
        if files.remove(&path).is_none() {
            files.insert(path.clone(), text.clone());
            repo.commit(&[("tick", &text), (&path, &text)]);
        } else {
            repo.commit(&[("tick", &text), (&path, "")]);
        }
        files.insert("tick".to_owned(), text);
        let ours = memory.commit(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
        pairs.insert(ours.clone(), repo.head());
        let expected: BTreeMap<Arc<str>, Landing> = memory
            .landings(&ours, &paths)
            .unwrap()
            .into_iter()
            .map(|(path, landing)| match landing {
                Landing::At(commit) => (path, Landing::At(pairs[&commit].clone())),
                other => (path, other),
            })
            .collect();
        if step % 3 == 0 {
            assert_eq!(stepwise.landings(&repo.head(), &paths).unwrap(), expected, "step {step}");
        }
        let fresh = Reader::open_local(&repo.path).unwrap();
        assert_eq!(fresh.landings(&repo.head(), &paths).unwrap(), expected, "step {step}");
        let firsts = memory.first_landings(&ours, &paths).unwrap();
        let firsts: BTreeMap<Arc<str>, CommitId> =
            firsts.into_iter().map(|(path, commit)| (path, pairs[&commit].clone())).collect();
        if step % 3 == 0 {
            assert_eq!(stepwise.first_landings(&repo.head(), &paths).unwrap(), firsts, "step {step}");
        }
        assert_eq!(fresh.first_landings(&repo.head(), &paths).unwrap(), firsts, "step {step}");
    }
}

/// What reading the next commit costs in a repository with so many projects.
fn cost_of_one_file(projects: usize) -> (Counts, Counts) {
    let repo = Repo::new();
    for n in 0..projects {
        repo.write(&[
            (&format!("projects/p{n}/releases/1.toml"), "x\n"),
            (&format!("projects/p{n}/project.toml"), "y\n"),
        ]);
    }
    let first = repo.commit(&[]);
    let paths: Vec<Arc<str>> = (0..projects).map(|n| Arc::from(format!("projects/p{n}/releases/1.toml"))).collect();
    let reader = Reader::open_local(&repo.path).unwrap();
    let held = reader.tree(&first).unwrap();
    reader.landings(&first, &paths).unwrap();
    let before = reader.counts();

    let second = repo.commit(&[("projects/p3/process.toml", "new\n")]);
    let tree = reader.tree(&second).unwrap();
    let same = |at: &str| Arc::ptr_eq(held.folder(at).unwrap(), tree.folder(at).unwrap());
    assert!(same("projects/p2") && same("projects/p3/releases") && !same("projects/p3"));
    let read = reader.counts();
    let landings = reader.landings(&second, &paths).unwrap();
    assert!(landings.values().all(|landing| *landing == Landing::At(first.clone())));
    let walked = reader.counts();
    let less = |a: Counts, b: Counts| Counts {
        commits: a.commits - b.commits,
        trees: a.trees - b.trees,
        walked: a.walked - b.walked,
        blobs: a.blobs - b.blobs,
    };
    (less(read, before), less(walked, read))
}

#[test]
fn one_file_costs_the_same_in_a_small_and_in_a_large_repository() {
    let (read, walked) = cost_of_one_file(10);
    assert_eq!(
        read,
        Counts { commits: 1, trees: 3, walked: 0, blobs: 0 },
        "the commit, and the folders on the way to the file"
    );
    assert_eq!((read, walked), cost_of_one_file(1000));
}

#[test]
fn links_and_submodules_are_refused_and_odd_names_too() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    std::os::unix::fs::symlink("/etc/passwd", repo.path.join("link")).unwrap();
    std::os::unix::fs::symlink("..", repo.path.join("folder")).unwrap();
    repo.git(&["add", "--all"]);
    let id = repo.head().0;
    repo.git(&["update-index", "--add", "--cacheinfo", &format!("160000,{id},module")]);
    repo.git(&["commit", "--quiet", "--message", "odd"]);
    let reader = Reader::open_local(&repo.path).unwrap();
    let tree = reader.tree(&repo.head()).unwrap();
    for name in ["link", "folder", "module"] {
        assert!(matches!(tree.get(name), Some(Node::Refused(_))), "{name}");
    }
    assert!(tree.get("folder/a").is_none() && tree.file("a").is_some());
}

#[test]
fn large_files_and_deep_folders_are_refused() {
    let repo = Repo::new();
    let large = "x".repeat(usize::try_from(MAX_FILE).unwrap() + 1);
    let deep = format!("{}end", "d/".repeat(40));
    repo.commit(&[("large", &large), (&deep, "1\n")]);
    let reader = Reader::open_local(&repo.path).unwrap();
    let tree = reader.tree(&repo.head()).unwrap();
    let read = reader.read(tree.file("large").unwrap());
    assert!(matches!(read, Err(TreeError::TooLarge { limit: MAX_FILE, .. })));
    assert!(tree.file(&deep).is_none());
    assert!(tree.folder(&vec!["d"; 31].join("/")).is_some());
    assert!(matches!(tree.get(&vec!["d"; 32].join("/")), Some(Node::Refused(why)) if why.contains("deeper than 32")));
}

#[test]
fn a_tree_that_unfolds_without_end_is_an_error_and_costs_nothing() {
    let repo = Repo::new();
    let blob = {
        repo.write(&[("f", "x\n")]);
        repo.git(&["hash-object", "-w", "f"])
    };
    let mut tree = String::new();
    for level in 0..24 {
        let (mode, kind, id) = if level == 0 { ("100644", "blob", &blob) } else { ("040000", "tree", &tree) };
        let listing = (0..8).map(|n| format!("{mode} {kind} {id}\te{n}\n")).collect::<String>();
        std::fs::write(repo.path.join("listing"), listing).unwrap();
        let script = "git mktree < listing";
        let output = std::process::Command::new("sh").args(["-c", script]).current_dir(&repo.path).output().unwrap();
        tree = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    }
    let commit = CommitId(repo.git(&["commit-tree", &tree, "-m", "bomb"]));
    let reader = Reader::open_local(&repo.path).unwrap();
    assert!(matches!(reader.tree(&commit), Err(TreeError::Read { .. })));
    assert_eq!(reader.counts().trees, 24);
}

#[test]
fn revisions_are_resolved_like_git_does() {
    let repo = Repo::new();
    let first = repo.commit(&[("a", "1\n")]);
    let second = repo.commit(&[("a", "2\n")]);
    repo.git(&["tag", "--annotate", "v1", "--message", "v1", "HEAD~1"]);
    let reader = Reader::open_local(&repo.path.join(".")).unwrap();
    assert_eq!(reader.resolve("HEAD~1").unwrap(), first);
    assert_eq!(reader.resolve("v1").unwrap(), first);
    assert_eq!(reader.resolve("main").unwrap(), second);
    assert_eq!(reader.resolve(second.short()).unwrap(), second);
    assert_eq!(reader.merge_base(&first, &second).unwrap(), Some(first));
    let said = reader.resolve("nothing").unwrap_err().to_string();
    assert!(said.contains("`nothing` is not a commit"), "{said}");
}
