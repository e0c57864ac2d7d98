//! What a change comes to, in a few words and signs: for statuses, labels, and to tell whether it still comes to the same.

use std::collections::BTreeSet;

use crate::compare::Action;
use crate::model::{Catalog, Hash};
use crate::plan::review::{Fate, How, Review, StackReview};
use crate::view::reasons::{code, hold};

use super::content::headline;
use super::text::plain;

/// What a label can say of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sign {
    /// It changes no stack and holds nothing.
    NoChange,
    /// It changes a stack of a protected environment.
    Production,
    /// It replaces a resource.
    Replaces,
    /// It removes a resource, or a whole stack.
    Removes,
    /// It gives or takes rights.
    Rights,
}

impl Sign {
    /// Every one, in the order of their weight.
    pub const ALL: [Self; 5] = [Self::NoChange, Self::Production, Self::Replaces, Self::Removes, Self::Rights];

    /// What the label is called, unless the operator says otherwise.
    pub fn label(self) -> &'static str {
        match self {
            Self::NoChange => "landfall: no change",
            Self::Production => "landfall: deploys production",
            Self::Replaces => "landfall: replaces",
            Self::Removes => "landfall: removes",
            Self::Rights => "landfall: rights",
        }
    }
}

/// What merging a change comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The first sentence of the review, without any format.
    pub sentence: String,
    pub signs: BTreeSet<Sign>,
    /// What slots that move wait for, in sentences.
    pub waits: Vec<String>,
    /// Equal for changes with the same stacks, dangers and gates, whatever else differs in their templates.
    pub hash: String,
}

/// What a review comes to; the catalog is that of the head.
pub fn outcome(review: &Review, catalog: &Catalog) -> Outcome {
    let sentence = plain(&headline(review));
    Outcome { sentence, signs: signs(review, catalog), waits: waits(review), hash: hash(review) }
}

/// Each gate once, with the environments that wait at it.
fn waits(review: &Review) -> Vec<String> {
    let mut waits: Vec<(String, Vec<String>)> = Vec::new();
    for slot in &review.slots {
        let (How::After(holds) | How::Held(holds)) = &slot.how else { continue };
        for said in holds.iter().map(hold) {
            let environment = slot.environment.to_string();
            match waits.iter_mut().find(|(known, _)| *known == said) {
                Some((_, environments)) if environments.contains(&environment) => {}
                Some((_, environments)) => environments.push(environment),
                None => waits.push((said, vec![environment])),
            }
        }
    }
    waits.into_iter().map(|(said, environments)| format!("{}: {said}", environments.join(", "))).collect()
}

fn signs(review: &Review, catalog: &Catalog) -> BTreeSet<Sign> {
    if review.is_empty() {
        return [Sign::NoChange].into();
    }
    let is_protected = |stack: &StackReview| {
        let environment = catalog.environments.values().find(|environment| environment.name == stack.environment);
        environment.is_some_and(|environment| environment.protected)
    };
    let acts = |stack: &&StackReview| !matches!(stack.fate, Fate::Nothing | Fate::Fail);
    let mut signs = BTreeSet::new();
    for stack in review.stacks.iter().filter(acts) {
        let does = |action: Action| stack.effects.resources.iter().any(|change| change.action == action);
        let gone = stack.fate == Fate::Delete;
        signs.extend(is_protected(stack).then_some(Sign::Production));
        signs.extend((!gone && does(Action::Replace)).then_some(Sign::Replaces));
        signs.extend((gone || does(Action::Remove)).then_some(Sign::Removes));
        signs.extend((!stack.effects.rights.is_empty()).then_some(Sign::Rights));
    }
    signs
}

/// Stacks with their fates, dangers and gates, in an order of their own.
fn hash(review: &Review) -> String {
    let mut lines = BTreeSet::new();
    for stack in &review.stacks {
        let (place, name) = (&stack.place, &stack.stack);
        lines.insert(format!("stack {place} {name} {:?}", stack.fate));
        for risk in stack.effects.risks.iter().filter(|risk| stack.acceptance(risk).is_none()) {
            lines.insert(format!("risk {place} {name} {} {:?} {:?}", risk.id, risk.resource, risk.part));
        }
        lines.extend(stack.stops.iter().map(|stop| format!("stop {place} {name} {} {:?}", stop.code, stop.resources)));
        lines.extend(stack.refused.iter().map(|refused| format!("refused {place} {name} {}", refused.resource)));
    }
    for slot in &review.slots {
        let (word, holds) = match &slot.how {
            How::OnMerge => ("on-merge", None),
            How::After(holds) => ("after", Some(holds)),
            How::Held(holds) => ("held", Some(holds)),
            How::Unknown(holds) => ("unknown", Some(holds)),
            How::Stops(_) => ("stops", None),
            How::Fails(_) => ("fails", None),
            How::Freed => ("freed", None),
        };
        let holds: BTreeSet<&str> = holds.into_iter().flatten().map(|hold| code(&hold.cause)).collect();
        lines.insert(format!("slot {} {:?} {:?} {word} {holds:?}", slot.slot, slot.from, slot.to));
    }
    lines.extend(review.left.iter().map(|orphan| format!("left {} {}", orphan.place, orphan.stack)));
    lines.extend(review.broken.iter().map(|broken| format!("broken {broken:?}")));
    let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
    Hash::of(text.as_bytes()).hex().chars().take(16).collect()
}
