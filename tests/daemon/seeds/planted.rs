//! Mistakes that are planted into the engine, one at a time: the seeds have to find each.

use landfall::engine::Mistake;

use super::laws::Law;
use super::sweep;

fn found(mistake: Mistake, by: &[Law]) {
    let traces = sweep(super::SEEDS, Some(mistake), |trace| trace.verdict.is_err());
    let broken =
        traces.iter().find_map(|trace| trace.verdict.as_ref().err().map(|(law, said)| (trace.seed, *law, said)));
    let Some((seed, law, said)) = broken else { panic!("{} seeds do not find {mistake:?}", traces.len()) };
    println!("{mistake:?}: seed {seed} breaks {law:?}: {said}");
    assert!(by.contains(&law), "{mistake:?} was found by {law:?}, which says nothing of it: {said}");
}

#[test]
fn effect_before_intent() {
    found(Mistake::EffectBeforeIntent, &[Law::Intended]);
}

#[test]
fn no_token() {
    found(Mistake::NoToken, &[Law::Intended, Law::NothingTwice]);
}

#[test]
fn success_by_stack_status() {
    found(Mistake::SuccessByStackStatus, &[Law::Proved, Law::True]);
}

#[test]
fn blind_retry() {
    found(Mistake::BlindRetry, &[Law::Intended, Law::NothingTwice]);
}

#[test]
fn fence_skipped() {
    found(Mistake::FenceSkipped, &[Law::Fenced, Law::OneEnd, Law::NothingTwice]);
}
