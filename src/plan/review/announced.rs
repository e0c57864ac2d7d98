//! What AWS announced for a stack, resource by resource, next to what was predicted of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::facts::Announced;
use crate::model::journal::{Effect, ExpectedChange};

/// One resource in both answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answers {
    /// Logical id.
    pub resource: Arc<str>,
    /// Its type.
    pub kind: Arc<str>,
    /// What landfall predicted; none if it predicted no change.
    pub predicted: Option<Effect>,
    /// What AWS announced in the change set; none if it announced no change.
    pub announced: Option<Effect>,
}

impl Answers {
    /// Whether both can be true. A replacement that one side holds possible agrees with one, and with a change in place that
    /// the other side names, unless only AWS holds it possible.
    pub fn agree(&self) -> bool {
        match (self.predicted, self.announced) {
            (Some(Effect::MayReplace), Some(Effect::Modify | Effect::Replace))
            | (Some(Effect::Replace), Some(Effect::MayReplace)) => true,
            (predicted, announced) => predicted == announced,
        }
    }
}

/// Both answers for each resource that either of them names, by logical id.
pub fn answers(of: &Announced) -> Vec<Answers> {
    let by_id = |changes: &[ExpectedChange]| -> BTreeMap<Arc<str>, ExpectedChange> {
        changes.iter().map(|change| (change.resource.clone(), change.clone())).collect()
    };
    let (predicted, announced) = (by_id(&of.predicted), by_id(&of.changes));
    let mut all: BTreeMap<Arc<str>, Answers> = BTreeMap::new();
    for (id, change) in announced.iter().chain(&predicted) {
        all.entry(id.clone()).or_insert_with(|| Answers {
            resource: id.clone(),
            kind: change.kind.clone(),
            predicted: predicted.get(id).map(|change| change.effect),
            announced: announced.get(id).map(|change| change.effect),
        });
    }
    all.into_values().collect()
}
