//! What a commit costs: it grows with the commit, not with the repository. Counted, never timed.

mod drift;
mod history;
mod long;
mod many;

use many::{Cost, Many};

fn minus(after: Cost, before: Cost) -> Cost {
    Cost {
        blobs: after.blobs - before.blobs,
        parsed: after.parsed - before.parsed,
        whats: after.whats - before.whats,
        rendered: after.rendered - before.rendered,
    }
}

/// What a commit costs that adds one release to a repository of so many stacks.
fn cost_of_a_release(stacks: usize) -> (Cost, u64) {
    let dir = tempfile::tempdir().unwrap();
    let mut many = Many::new(dir.path(), stacks);
    let first = many.plan();
    assert_eq!(first.report.slots.len(), stacks);
    let (before, trees) = (many.done(), many.trees());
    many.commit_release(3);
    many.plan();
    (minus(many.done(), before), many.trees() - trees)
}

#[test]
fn a_commit_reads_parses_and_renders_what_it_reaches() {
    let (small, trees_of_small) = cost_of_a_release(10);
    let (large, trees_of_large) = cost_of_a_release(1_000);
    assert_eq!(small, large);
    assert_eq!(trees_of_small, trees_of_large);
    assert_eq!(small, Cost { blobs: 1, parsed: 1, whats: 0, rendered: 1 });
}

#[test]
fn a_poll_without_news_reads_no_object() {
    let dir = tempfile::tempdir().unwrap();
    let mut many = Many::new(dir.path(), 10);
    many.plan();
    let (before, trees) = (many.done(), many.trees());
    many.idle_poll();
    assert_eq!((many.done(), many.trees()), (before, trees));
}

#[test]
fn planning_ten_times_gives_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let mut many = Many::new(dir.path(), 40);
    let first = format!("{:?}", many.plan());
    for _ in 0..9 {
        assert_eq!(format!("{:?}", many.plan()), first);
    }
}
