//! From a commit to a plan, at 10, 1,000 and 10,000 stacks: what the first commit costs, what one more costs, and how both
//! grow. Milliseconds depend on the machine; the ratios and the counts do not.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    dead_code,
    missing_docs,
    reason = "a benchmark prints, and may fail loudly"
)]

#[path = "../tests/costs/many.rs"]
mod many;

use std::time::Instant;

use many::Many;

fn main() {
    println!("{:>8}  {:>10}  {:>10}  {:>9}  {:>8}  {:>8}", "stacks", "first", "one more", "ratio", "read", "rendered");
    for stacks in [10, 1_000, 10_000] {
        let dir = tempfile::tempdir().unwrap();
        let mut many = Many::new(dir.path(), stacks);
        let started = Instant::now();
        many.plan();
        let first = started.elapsed();
        let before = many.done();
        many.commit_release(3);
        let started = Instant::now();
        many.plan();
        let more = started.elapsed();
        let after = many.done();
        println!(
            "{stacks:>8}  {:>7} ms  {:>7} ms  {:>8.1}x  {:>8}  {:>8}",
            first.as_millis(),
            more.as_millis(),
            first.as_secs_f64() / more.as_secs_f64(),
            after.blobs - before.blobs,
            after.rendered - before.rendered,
        );
    }
}
