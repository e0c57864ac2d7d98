//! Mistakes that are planted into the engine, one at a time: the seeds have to find each.

use std::time::{Duration, Instant};

use landfall::engine::Mistake;

use super::laws::Law;
use super::sweep;

/// How long one mistake may stay unfound.
const PATIENCE: Duration = Duration::from_secs(60);

fn found(mistake: Mistake, by: &[Law]) {
    let begun = Instant::now();
    let sum = sweep(0..super::SEEDS, Some(mistake), true);
    let took = begun.elapsed();
    let Some((seed, (law, said))) = sum.broken.iter().next() else {
        panic!("{} seeds do not find {mistake:?}", sum.seeds)
    };
    println!("{mistake:?}: seed {seed} breaks {law:?} after {:.1} s: {said}", took.as_secs_f64());
    assert!(by.contains(law), "{mistake:?} was found by {law:?}, which says nothing of it: {said}");
    assert!(took < PATIENCE, "{mistake:?} was found after {took:?}");
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

#[test]
fn evidence_dropped() {
    found(Mistake::EvidenceDropped, &[Law::Proved]);
}

#[test]
fn ends_twice() {
    found(Mistake::EndsTwice, &[Law::OneEnd]);
}

#[test]
fn begins_twice() {
    found(Mistake::BeginsTwice, &[Law::OneEnd]);
}

#[test]
fn one_token() {
    found(Mistake::OneToken, &[Law::OneToken]);
}

#[test]
fn answers_hooks() {
    found(Mistake::AnswersHooks, &[Law::Asked]);
}

#[test]
fn runs_again() {
    found(Mistake::RunsAgain, &[Law::OnceOnly]);
}

#[test]
fn silent() {
    found(Mistake::Silent, &[Law::Accounted]);
}
