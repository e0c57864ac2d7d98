//! The whole daemon in one thread on virtual time: random commits, failures and crashes from one seed, and laws that hold
//! after every step. `LANDFALL_SEED=n` runs one seed alone, `LANDFALL_SEEDS=n` that many.

mod dice;
mod laws;
#[cfg(feature = "planted-mistakes")]
mod planted;
mod repository;
mod run;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use run::{Planted, Trace, run};

/// Seeds that every run of the tests goes through.
const SEEDS: u64 = 500;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs seeds on every processor, each in one thread of its own; stops handing out seeds when `enough` says so.
fn sweep(seeds: u64, planted: Planted, enough: impl Fn(&Trace) -> bool + Sync) -> Vec<Trace> {
    let next = AtomicU64::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let mut traces: Vec<Trace> = std::thread::scope(|scope| {
        let work = || {
            let mut traces = Vec::new();
            loop {
                let seed = next.fetch_add(1, Ordering::SeqCst);
                if seed >= seeds {
                    return traces;
                }
                let trace = run(seed, planted);
                if enough(&trace) {
                    next.store(seeds, Ordering::SeqCst);
                }
                traces.push(trace);
            }
        };
        let started: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        started.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    traces.sort_by_key(|trace| trace.seed);
    traces
}

fn told(traces: &[Trace]) -> String {
    let mut lines: BTreeMap<String, u64> = BTreeMap::new();
    for trace in traces {
        for (what, times) in &trace.happened {
            *lines.entry(what.clone()).or_insert(0) += times;
        }
        for (law, times) in &trace.laws {
            *lines.entry(format!("law: {law:?}")).or_insert(0) += times;
        }
        for (outcome, times) in &trace.outcomes {
            *lines.entry(format!("deployment {outcome}")).or_insert(0) += times;
        }
    }
    lines.iter().map(|(what, times)| format!("{times:>8}  {what}\n")).collect()
}

#[test]
fn the_laws_hold() {
    if let Some(seed) = number("LANDFALL_SEED") {
        let trace = run(seed, Planted::default());
        println!("{}", told(std::slice::from_ref(&trace)));
        assert_eq!(trace.verdict, Ok(()), "seed {seed}");
        return;
    }
    let traces = sweep(number("LANDFALL_SEEDS").unwrap_or(SEEDS), Planted::default(), |_| false);
    println!("{} seeds\n{}", traces.len(), told(&traces));
    let broken: Vec<String> = traces
        .iter()
        .filter_map(|trace| {
            let (law, said) = trace.verdict.as_ref().err()?;
            Some(format!("seed {}: {law:?}: {said}", trace.seed))
        })
        .collect();
    assert!(broken.is_empty(), "{} seeds break a law:\n{}", broken.len(), broken.join("\n"));
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in [3, 14, 159] {
        assert_eq!(run(seed, Planted::default()).hash, run(seed, Planted::default()).hash, "seed {seed}");
    }
    assert_ne!(run(1, Planted::default()).hash, run(2, Planted::default()).hash);
}
