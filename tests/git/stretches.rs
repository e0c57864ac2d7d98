//! A long history is walked in stretches, by several threads: what they find is what a commit after the other gives.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Arc;

use landfall::git::{Reader, range};
use landfall::model::CommitId;
use landfall::tree::{History, Landing};

use super::repository::Repo;

const COMMITS: usize = 4_500;

/// Files, and after how many commits each comes or goes. The first two fall on and beside the ends of stretches.
const FILES: [(&str, usize); 5] = [
    ("projects/a/releases/1.toml", 1023),
    ("projects/a/releases/2.toml", 1024),
    ("projects/b/releases/1.toml", 7),
    ("projects/c/releases/1.toml", 4_001),
    ("landfall.toml", 1_900),
];

fn history(repo: &Repo) -> Vec<CommitId> {
    let mut stream = String::new();
    for commit in 0..COMMITS {
        let told = format!("commit refs/heads/main\ncommitter A <a@example.com> {commit} +0000\ndata 0\n");
        let number = commit.to_string();
        write!(stream, "{told}M 100644 inline readme\ndata {}\n{number}\n", number.len()).unwrap();
        for (file, every) in FILES {
            match (commit % every, commit / every % 2) {
                (0, 0) => write!(stream, "M 100644 inline {file}\ndata {}\n{number}\n", number.len()).unwrap(),
                (0, _) => writeln!(stream, "D {file}").unwrap(),
                _ => {}
            }
        }
    }
    let mut git = Command::new("git");
    git.args(["fast-import", "--quiet", "--force"]).current_dir(&repo.path).stdin(Stdio::piped());
    let mut import = git.spawn().unwrap();
    import.stdin.take().unwrap().write_all(stream.as_bytes()).unwrap();
    assert!(import.wait().unwrap().success());
    let listed = repo.git(&["rev-list", "--reverse", "--first-parent", "main"]);
    listed.lines().map(|id| CommitId(id.to_owned())).collect()
}

/// When the file landed for the first and for the last time, as seen from a commit.
fn expected(commits: &[CommitId], head: usize, every: usize) -> (CommitId, Landing) {
    let round = head / every;
    let last = if round.is_multiple_of(2) { Landing::At(commits[round * every].clone()) } else { Landing::Absent };
    (commits[0].clone(), last)
}

#[test]
fn stretches_give_what_single_commits_give() {
    let repo = Repo::new();
    let commits = history(&repo);
    assert_eq!(commits.len(), COMMITS);
    let all: Vec<Arc<str>> = FILES.iter().map(|(file, _)| Arc::from(*file)).collect();
    let ends = [COMMITS - 1, 0, 1_022, 1_023, 1_024, 2_046, 2_047, 2_048, 2_049, 3_333, 4_002, COMMITS - 1];
    // One reader sees the heads one after the other, back and forth, another one only its own; the third is asked about
    // one file more each time.
    let (back_and_forth, asked_more) = (open(&repo), open(&repo));
    for (turn, head) in ends.into_iter().enumerate() {
        let id = &commits[head];
        let want = |file: &str| expected(&commits, head, FILES.iter().find(|(name, _)| *name == file).unwrap().1);
        let some = &all[..all.len().min(turn + 1)];
        for (reader, paths) in [(&back_and_forth, &all[..]), (&open(&repo), &all[..]), (&asked_more, some)] {
            let landings: BTreeMap<_, _> = paths.iter().map(|path| (path.clone(), want(path).1)).collect();
            assert_eq!(reader.landings(id, paths).unwrap(), landings, "from commit {head}");
            let firsts: BTreeMap<_, _> = paths.iter().map(|path| (path.clone(), want(path).0)).collect();
            assert_eq!(reader.first_landings(id, paths).unwrap(), firsts, "from commit {head}");
        }
    }
    assert_eq!(back_and_forth.counts().commits, COMMITS as u64, "no commit is read twice");
}

#[test]
fn a_merge_in_memory_ends_a_long_line() {
    let repo = Repo::new();
    let commits = history(&repo);
    repo.git(&["checkout", "--quiet", "-b", "side", "main~10"]);
    let new = "projects/d/releases/1.toml";
    repo.commit(&[(new, "1\n")]);
    let reader = open(&repo);
    let merged = reader.between(&range::parse("main", Some("side"), false).unwrap()).unwrap();
    let paths: Vec<Arc<str>> = FILES.iter().map(|(file, _)| *file).chain([new]).map(Arc::from).collect();
    let landings = reader.landings(&merged.head.commit, &paths).unwrap();
    assert_eq!(landings[new], Landing::At(merged.head.commit.clone()));
    for (file, every) in FILES {
        assert_eq!(landings[file], expected(&commits, COMMITS - 1, every).1, "{file}");
    }
}

/// The threads open the repository again, as the caller's path names it: here that of a linked work tree.
#[test]
fn a_linked_work_tree_is_walked_too() {
    let repo = Repo::new();
    let commits = history(&repo);
    let folder = tempfile::tempdir().unwrap();
    let linked = folder.path().join("linked");
    repo.git(&["worktree", "add", "--quiet", "--detach", linked.to_str().unwrap(), "main"]);
    for (file, every) in FILES {
        let landings = open(&Repo::at(&linked)).landings(&commits[COMMITS - 1], &[Arc::from(file)]).unwrap();
        assert_eq!(landings[file], expected(&commits, COMMITS - 1, every).1, "{file}");
    }
}

fn open(repo: &Repo) -> Reader {
    Reader::open_local(&repo.path).unwrap()
}
