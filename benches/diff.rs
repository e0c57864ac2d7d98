//! Comparing two commits of a repository with a long history, as a command in a clone does: a reader and a loader that know
//! nothing yet. Milliseconds depend on the machine; the ratios and the counts do not.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a benchmark prints, and may fail loudly")]

#[path = "../tests/costs/long.rs"]
mod long;

use std::time::{Duration, Instant};

use landfall::git::Reader;
use landfall::load::{Loader, Source};
use landfall::tree::History;
use long::{Shape, make};

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let started = Instant::now();
    (run(), started.elapsed())
}

/// Loads a commit as a whole; how long that takes.
fn load(reader: &Reader, loader: &mut Loader, revision: &str) -> Duration {
    let (_, took) = timed(|| {
        let commit = reader.resolve(revision).unwrap();
        let tree = reader.tree(&commit).unwrap();
        let source = Source { tree: &tree, blobs: reader, commit: Some(&commit), history: Some(reader), facts: None };
        loader.load(&source).unwrap()
    });
    took
}

fn main() {
    println!(
        "{:>8}  {:>8}  {:>10}  {:>10}  {:>9}  {:>8}  {:>8}  {:>8}",
        "stacks", "commits", "first", "second", "ratio", "walked", "trees", "blobs"
    );
    for (projects, pins) in [(4, 0), (250, 0), (250, 8_999), (2_500, 2_499)] {
        let dir = tempfile::tempdir().unwrap();
        let repository = make(dir.path(), Shape { projects, releases: 3, pins });
        let reader = Reader::open_local(&repository).unwrap();
        let mut loader = Loader::new();
        let first = load(&reader, &mut loader, "main~1");
        let second = load(&reader, &mut loader, "main");
        let counts = reader.counts();
        println!(
            "{:>8}  {:>8}  {:>7} ms  {:>7} ms  {:>8.1}x  {:>8}  {:>8}  {:>8}",
            4 * projects,
            counts.commits,
            first.as_millis(),
            second.as_millis(),
            first.as_secs_f64() / second.as_secs_f64(),
            counts.walked,
            counts.trees,
            counts.blobs,
        );
    }
}
