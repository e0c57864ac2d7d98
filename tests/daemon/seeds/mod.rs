//! The whole daemon in one thread on virtual time: random commits, failures and crashes from one seed, and laws that hold
//! after every step. `LANDFALL_SEED=n` runs one seed alone and prints what happens in it, `LANDFALL_SEEDS=n` that many,
//! beginning with `LANDFALL_SEEDS_FROM=n`.

mod dice;
mod laws;
mod people;
#[cfg(feature = "planted-mistakes")]
mod planted;
mod repository;
mod run;
mod stores;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use laws::Law;
use run::{Planted, Trace, play, run};

/// Seeds that every run of the tests goes through.
const SEEDS: u64 = 500;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// What many seeds came to: counts of all, and every seed that breaks a law.
#[derive(Default)]
struct Sum {
    seeds: u64,
    lines: BTreeMap<String, u64>,
    broken: BTreeMap<u64, (Law, String)>,
}

impl Sum {
    fn add(&mut self, trace: Trace) {
        self.seeds += 1;
        let happened = trace.happened.into_iter();
        let laws = trace.laws.into_iter().map(|(law, times)| (format!("law: {law:?}"), times));
        let outcomes = trace.outcomes.into_iter().map(|(outcome, times)| (format!("deployment {outcome}"), times));
        for (what, times) in happened.chain(laws).chain(outcomes) {
            *self.lines.entry(what).or_insert(0) += times;
        }
        if let Err(broken) = trace.verdict {
            self.broken.insert(trace.seed, broken);
        }
    }

    fn join(mut self, other: Self) -> Self {
        self.seeds += other.seeds;
        for (what, times) in other.lines {
            *self.lines.entry(what).or_insert(0) += times;
        }
        self.broken.extend(other.broken);
        self
    }

    fn told(&self) -> String {
        let lines = self.lines.iter().map(|(what, times)| format!("{times:>10}  {what}\n"));
        format!("{} seeds\n{}", self.seeds, lines.collect::<String>())
    }
}

/// Runs seeds on every processor, each in one thread of its own. `first` ends it with the first seed that breaks a law.
fn sweep(seeds: Range<u64>, planted: Planted, first: bool) -> Sum {
    let next = AtomicU64::new(seeds.start);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let work = || {
            let mut sum = Sum::default();
            loop {
                let seed = next.fetch_add(1, Ordering::SeqCst);
                if seed >= seeds.end {
                    return sum;
                }
                sum.add(run(seed, planted));
                if first && !sum.broken.is_empty() {
                    next.store(seeds.end, Ordering::SeqCst);
                }
            }
        };
        let started: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        started.into_iter().map(|worker| worker.join().unwrap()).fold(Sum::default(), Sum::join)
    })
}

#[test]
fn the_laws_hold() {
    let seeds = match number("LANDFALL_SEED") {
        Some(seed) => {
            if let Err((law, said)) = play(seed, Planted::default(), true).verdict {
                panic!("seed {seed}: {law:?}: {said}");
            }
            return;
        }
        None => {
            let from = number("LANDFALL_SEEDS_FROM").unwrap_or(0);
            from..from + number("LANDFALL_SEEDS").unwrap_or(SEEDS)
        }
    };
    let sum = sweep(seeds.clone(), Planted::default(), false);
    println!("from seed {}: {}", seeds.start, sum.told());
    let broken: Vec<String> =
        sum.broken.iter().map(|(seed, (law, said))| format!("seed {seed}: {law:?}: {said}")).collect();
    assert!(broken.is_empty(), "{} seeds break a law:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [3, 14, 159] {
        assert_eq!(run(seed, Planted::default()).hash, run(seed, Planted::default()).hash, "seed {seed}");
    }
    assert_ne!(run(1, Planted::default()).hash, run(2, Planted::default()).hash);
}
