//! The watch on a local repository's refs.

use std::path::Path;
use std::time::Duration;

use landfall::git::{GitError, watch};
use tokio::sync::mpsc::{Receiver, channel};

use super::repository::{Repo, mirror};

/// Waits for a wake; a minute without one is a failure, whatever the machine is busy with.
async fn woken(wakes: &mut Receiver<()>, by: &str) {
    let wake = tokio::time::timeout(Duration::from_secs(60), wakes.recv()).await;
    assert_eq!(wake.unwrap_or_else(|_| panic!("nobody was woken by {by}")), Some(()));
}

/// Watches a folder, does something, and waits for the wake.
async fn wakes(folder: &Path, by: &str, act: impl FnOnce()) {
    let (sender, mut receiver) = channel(1);
    let _watch = watch(folder, sender).unwrap();
    act();
    woken(&mut receiver, by).await;
}

#[tokio::test]
async fn whatever_moves_a_ref_wakes() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    let at = &repo.path;
    wakes(at, "a commit", || drop(repo.commit(&[("a", "2\n")]))).await;
    wakes(at, "packing refs", || drop(repo.git(&["pack-refs", "--all"]))).await;
    wakes(at, "a commit over a packed ref", || drop(repo.commit(&[("a", "3\n")]))).await;
    wakes(at, "a branch in a folder", || drop(repo.git(&["branch", "feature/one"]))).await;
    wakes(at, "another branch", || drop(repo.git(&["checkout", "--quiet", "feature/one"]))).await;
    wakes(at, "a branch that goes", || drop(repo.git(&["branch", "--delete", "--force", "main"]))).await;
    wakes(&at.join(".git"), "a reset", || drop(repo.git(&["reset", "--quiet", "--hard", "HEAD~1"]))).await;
}

#[tokio::test]
async fn a_push_into_a_bare_repository_wakes() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    let bare = Repo::bare();
    let push = || drop(repo.git(&["push", "--quiet", bare.path.to_str().unwrap(), "main"]));
    wakes(&bare.path, "the first push", push).await;
    repo.commit(&[("a", "2\n")]);
    wakes(&bare.path, "the next push", push).await;
}

#[tokio::test]
async fn a_linked_work_tree_is_woken_by_its_own_head_and_by_the_shared_refs() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    let linked = repo.path.parent().unwrap().join("linked");
    repo.git(&["worktree", "add", "--quiet", "-b", "side", linked.to_str().unwrap()]);
    let side = Repo::at(&linked);
    wakes(&linked, "a commit there", || drop(side.commit(&[("a", "2\n")]))).await;
    wakes(&linked, "its HEAD", || drop(side.git(&["checkout", "--quiet", "--detach"]))).await;
    wakes(&linked, "a commit in the main one", || drop(repo.commit(&[("a", "3\n")]))).await;
}

#[tokio::test]
async fn looking_and_working_wake_nobody() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    let mirrored = mirror(repo.remote());
    mirrored.mirror.poll().unwrap();
    let (sender, mut receiver) = channel(100);
    let _watch = watch(&repo.path, sender).unwrap();
    for n in 0..20 {
        mirrored.mirror.poll().unwrap();
        repo.write(&[("a", &format!("{n}\n"))]);
        repo.git(&["add", "a"]);
    }
    // A rename into refs is one event; wakes of what went before it would be taken first, and leave these behind.
    let head = repo.head().0;
    for n in 0..3 {
        let new = repo.path.join("new");
        std::fs::write(&new, format!("{head}\n")).unwrap();
        std::fs::rename(&new, repo.path.join(format!(".git/refs/heads/marker{n}"))).unwrap();
        woken(&mut receiver, "a marker").await;
    }
    assert!(receiver.try_recv().is_err(), "more wakes than refs that changed");
}

#[tokio::test]
async fn wakes_that_nobody_took_are_one() {
    let repo = Repo::new();
    repo.commit(&[("a", "1\n")]);
    let (sender, mut receiver) = channel(1);
    let watching = watch(&repo.path, sender).unwrap();
    for n in 0..10 {
        repo.commit(&[("a", &format!("{n}\n"))]);
    }
    let taken = tokio::time::timeout(Duration::from_secs(60), async {
        while receiver.is_empty() {
            tokio::task::yield_now().await;
        }
        drop(watching);
        let mut taken = 0;
        while receiver.recv().await.is_some() {
            taken += 1;
        }
        taken
    });
    assert_eq!(taken.await.expect("a wake, and an end when the watch is dropped"), 1);
}

#[test]
fn what_is_no_repository_cannot_be_watched() {
    let folder = tempfile::tempdir().unwrap();
    assert!(matches!(watch(folder.path(), channel(1).0), Err(GitError::Open { .. })));
}
