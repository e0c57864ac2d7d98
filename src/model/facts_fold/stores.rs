//! What records of other stores, and of operations that the journal has lost, do to facts.

use jiff::Timestamp;

use super::rows::Index;
use crate::model::Facts;
use crate::model::facts::{LearnedRun, OpenQuestion};
use crate::model::journal::{Agreed, Learned, Question};

/// A slot was found with another content than the journal knew: the run that it knew is over.
pub(super) fn learned(facts: &mut Facts, index: &mut Index, learned: &Learned, at: Timestamp) {
    // What this store put there is not what is there any more.
    for found in &learned.stacks {
        let at = (found.place.clone(), found.stack.clone());
        let other = index.puts.find(&facts.puts, &at).is_some_and(|put| found.content != Some(put.content));
        if other {
            index.puts.remove(&mut facts.puts, &at);
        }
    }
    let Some(release) = &learned.release else { return };
    if let Some(place) = index.running.remove(&learned.slot) {
        facts.runs[place].to = Some(at);
    }
    if let Some(place) = index.learned.insert(learned.slot.clone(), facts.learned.len()) {
        facts.learned[place].over = true;
    }
    facts.learned.push(LearnedRun { slot: learned.slot.clone(), release: release.clone(), at, over: false });
}

/// The question is asked, perhaps with its answer, or changes; an answer that was about the same stores still holds.
pub(super) fn asks(facts: &mut Facts, question: Option<&Question>, answered: bool, at: Timestamp) {
    let before = facts.question.take();
    facts.question = question.map(|question| {
        let (since, agreed) = before.map_or((at, false), |before| {
            (before.since, before.agreed && question.stores.is_subset(&before.question.stores))
        });
        OpenQuestion { question: question.clone(), since, agreed: agreed || answered }
    });
}

/// The operator answered, if that answer is about the stores that the question is about.
pub(super) fn agreed(facts: &mut Facts, agreed: &Agreed) {
    if let Some(open) = &mut facts.question
        && open.question.repository == agreed.repository
        && open.question.stores.is_subset(&agreed.stores)
    {
        open.agreed = true;
    }
}
