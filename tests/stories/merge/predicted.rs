//! What a review says about each stack.

use std::collections::{BTreeMap, BTreeSet};

use landfall::compare::Action;
use landfall::plan::review::{Fate, Review};

/// What is said of a stack.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Said {
    /// `created`, `changed`, `deleted`, `left behind`, `runs`.
    pub(super) fate: &'static str,
    /// Resources that are replaced for certain.
    pub(super) replaced: BTreeSet<String>,
    /// Resources that may be.
    pub(super) maybe: BTreeSet<String>,
    /// Resources that leave the stack.
    pub(super) removed: BTreeSet<String>,
    /// The gates at which it stops.
    pub(super) stops: BTreeSet<String>,
}

/// By place and name.
pub(super) fn said(review: &Review) -> BTreeMap<String, Said> {
    let mut all = BTreeMap::new();
    for stack in &review.stacks {
        let of = |actions: &[Action]| -> BTreeSet<String> {
            let found = stack.effects.resources.iter().filter(|change| actions.contains(&change.action));
            found.map(|change| change.id.to_string()).collect()
        };
        let fate = match stack.fate {
            Fate::Create => "created",
            Fate::Update => "changed",
            Fate::Nothing => continue,
            Fate::Run => "runs",
            Fate::Delete => "deleted",
            // It waits at its gate, which only a stack that exists has.
            Fate::Fail if stack.would_fail() => "changed",
            Fate::Fail => {
                let said = Said { fate: "failed", ..Said::default() };
                all.insert(format!("{} in {}", stack.stack, stack.place), said);
                continue;
            }
        };
        let deleted = stack.fate == Fate::Delete;
        let said = Said {
            fate,
            replaced: of(&[Action::Replace]),
            maybe: of(&[Action::MayReplace, Action::Revision]),
            removed: if deleted { BTreeSet::new() } else { of(&[Action::Remove]) },
            stops: stack.stops.iter().map(|stop| stop.gate.as_str().to_owned()).collect(),
        };
        all.insert(format!("{} in {}", stack.stack, stack.place), said);
    }
    for orphan in &review.left {
        let said = Said { fate: "left behind", ..Said::default() };
        all.insert(format!("{} in {}", orphan.stack, orphan.place), said);
    }
    all
}
