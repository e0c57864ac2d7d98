//! `landfall doctor`: every stack with its state, the cause, and the next step.
//!
//! A stack's state has two sides: how it stands with landfall ([`Standing`]) and its status at CloudFormation. [`next`] is a
//! table over both without a gap; `tests/plan/doctor` explores it and shows that no pair is a dead end. [`diagnose`] fills
//! it with what a plan says about the stacks that are there or wanted.
//!
//! Deliberately absent: the words, which are `view/`'s, and any decision: whatever a slot is held for, the plan says.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::catalog::Gate;
use crate::model::decision::{Cause, Hold};
use crate::model::observed::PlaceSeen;
use crate::model::remedy::{Remedy, Whom};
use crate::model::slot::TAG_PREFIX;
use crate::model::stack_action::{StateAction, action};
use crate::model::{Catalog, Decision, Facts, Observed, Place, StackName, StackSeen, StackStatus};

use super::types::{DriftRow, Orphan, Planned, PutRight, SlotRow, StackChange};

/// How a stack stands with landfall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Its slot carries it, and nothing is going on.
    Wanted,
    /// Its slot stays exactly as it is deployed.
    Kept,
    /// A deployment has it in hand, or comes to it.
    Deploying,
    /// A deployment waits with it for something outside.
    Waiting,
    /// A deployment waits with it at a gate.
    AtGate,
    /// It is to be removed.
    Removing,
    /// Nothing wants it.
    Unwanted,
    /// It is not landfall's: it does not have landfall's tags.
    Foreign,
    /// It is another repository's, or another slot's.
    Theirs,
}

impl Standing {
    /// Every one.
    pub const ALL: [Standing; 9] = [
        Standing::Wanted,
        Standing::Kept,
        Standing::Deploying,
        Standing::Waiting,
        Standing::AtGate,
        Standing::Removing,
        Standing::Unwanted,
        Standing::Foreign,
        Standing::Theirs,
    ];
}

/// The next step for a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Next {
    /// Nothing: it is as it should be.
    Nothing,
    /// Nothing to do: landfall makes, changes or deletes it by itself, or goes on with what it does, as soon as nothing holds
    /// its slot.
    ByItself,
    /// Nothing to do: an operation has to end first.
    Wait,
    /// A maintainer opens a gate.
    Open(Gate),
    /// A maintainer opens the gate that the deployment names.
    Answer,
    /// A maintainer fixes what holds the slot as it is deployed.
    FixSlot,
    /// A maintainer says that it may be deleted, or deletes it.
    Prune,
    /// Its owner deletes it in AWS, or the repository gives its own stack another name.
    Delete,
    /// landfall is given another name for its own.
    Rename,
    /// Its owner repairs it in AWS.
    Repair,
    /// A maintainer decides what becomes of drift that is only reported.
    Drift,
}

/// The next step for every pair of a standing and a status; none for a stack that is not there.
pub fn next(standing: Standing, status: Option<StackStatus>) -> Next {
    let found = status.map_or(StateAction::Create, action);
    let there = status.is_some_and(|status| status != StackStatus::DeleteComplete);
    match (standing, found) {
        (Standing::Deploying | Standing::Waiting, _) => Next::ByItself,
        (Standing::AtGate, _) => Next::Answer,
        (_, StateAction::Wait) => Next::Wait,
        (Standing::Wanted, StateAction::Create | StateAction::Clear) => Next::ByItself,
        (Standing::Wanted, StateAction::Update) => Next::Nothing,
        (
            Standing::Wanted,
            StateAction::ClearBehind(gate) | StateAction::ContinueBehind(gate) | StateAction::RollbackBehind(gate),
        ) => Next::Open(gate),
        (Standing::Wanted, StateAction::ByHand) => Next::Repair,
        (Standing::Kept, _) => Next::FixSlot,
        (Standing::Removing | Standing::Unwanted, _) if !there => Next::Nothing,
        (Standing::Removing, StateAction::ClearBehind(gate)) => Next::Open(gate),
        (Standing::Removing, _) => Next::ByItself,
        (Standing::Unwanted, _) => Next::Prune,
        (Standing::Foreign | Standing::Theirs, _) if !there => Next::ByItself,
        (Standing::Foreign, StateAction::Update) => Next::Open(Gate::Adopt),
        (Standing::Foreign, _) => Next::Delete,
        (Standing::Theirs, _) => Next::Rename,
    }
}

/// A stack as `landfall doctor` shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnosis {
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// AWS account and region.
    pub place: Place,
    /// How it stands with landfall.
    pub standing: Standing,
    /// Its status; none if it does not exist, or its place cannot be seen.
    pub status: Option<StackStatus>,
    /// Its place cannot be seen.
    pub unseen: bool,
    /// The next step.
    pub next: Next,
    /// It is what it should be, and nothing is to be done.
    pub in_order: bool,
    /// What is done to it now, or would be.
    pub change: Option<StackChange>,
    /// What holds it: reasons of its own, or else those of its slot.
    pub holds: Vec<Hold>,
    /// What releases that, in the order of the reasons.
    pub remedies: Vec<Remedy>,
    /// Why it is so where no reason says it: what CloudFormation says about it, or why nothing wants it.
    pub why: Option<String>,
    /// Where it differs from what landfall put there.
    pub drift: Vec<DriftRow>,
}

/// Every stack that is wanted, ours, or in the way of one that is wanted: by place and name.
pub fn diagnose(catalog: &Catalog, facts: &Facts, observed: &Observed, planned: &Planned) -> Vec<Diagnosis> {
    let mut all: BTreeMap<(Place, StackName), Diagnosis> = BTreeMap::new();
    for row in &planned.report.slots {
        for stack in &row.stacks {
            let one = Look { facts, observed, row }.of(&stack.place, &stack.stack, Some(stack.change));
            all.insert((stack.place.clone(), stack.stack.clone()), one);
        }
    }
    for orphan in &planned.report.orphans {
        all.entry((orphan.place.clone(), orphan.stack.clone())).or_insert_with(|| left_over(observed, orphan));
    }
    // What a slot has in addition to the stacks of the release that it carries: it is removed, or held as it is.
    for (place, seen) in observed.stacks().filter(|(_, seen)| seen.status != StackStatus::DeleteComplete) {
        let key = (place.clone(), seen.name.clone());
        let Some(owner) = seen.owner().filter(|owner| Some(&owner.repository) == catalog.repository.as_ref()) else {
            continue;
        };
        let slot = owner.slot();
        if let Some(row) = planned.report.slots.iter().find(|row| row.slot == slot).filter(|_| !all.contains_key(&key))
        {
            all.insert(key, Look { facts, observed, row }.of(place, &seen.name, None));
        }
    }
    all.into_values().collect()
}

/// One slot, and what is known.
struct Look<'a> {
    facts: &'a Facts,
    observed: &'a Observed,
    row: &'a SlotRow,
}

impl Look<'_> {
    /// A stack of the slot; `change` is what the plan says about it, if the release that the slot carries has it.
    fn of(&self, place: &Place, stack: &StackName, change: Option<StackChange>) -> Diagnosis {
        let seen = self.observed.stack(place, stack);
        let status = seen.map(|seen| seen.status);
        let standing = self.standing(stack, change, seen.map(|seen| &**seen));
        let next = next(standing, status);
        let (release, holds) = self.holds(stack);
        let whom = Whom {
            project: &self.row.project,
            environment: &self.row.environment,
            tenant: self.row.tenant.as_ref(),
            release,
        };
        let mut remedies: Vec<Remedy> = Vec::new();
        for remedy in holds.iter().flat_map(|hold| Remedy::of(hold, &whom)) {
            if !remedies.contains(&remedy) {
                remedies.push(remedy);
            }
        }
        let asked = holds.iter().any(|hold| matches!(hold.cause, Cause::Unadopted { .. }));
        let drift = self.drift(place, stack);
        let by_hand = |row: &DriftRow| row.right == PutRight::Reported;
        let next = if next == Next::Nothing && drift.iter().any(by_hand) { Next::Drift } else { next };
        if drift.iter().any(|row| row.right == PutRight::NeedsAllowance) {
            let key = self.row.drift.as_ref().and_then(|drift| drift.key.clone());
            remedies.extend(key.map(Remedy::Allow));
        }
        let settled = drift.is_empty() && change.is_none_or(|change| change == StackChange::Current);
        let in_order = next == Next::Nothing && !asked && settled;
        Diagnosis {
            stack: stack.clone(),
            place: place.clone(),
            standing,
            status,
            unseen: !matches!(self.observed.places.get(place), Some(PlaceSeen::Seen { .. })),
            next,
            in_order,
            change,
            holds: if in_order { Vec::new() } else { holds.into_iter().cloned().collect() },
            remedies: if in_order { Vec::new() } else { remedies },
            why: seen.and_then(|seen| seen.reason.clone()).filter(|_| !in_order),
            drift,
        }
    }

    fn drift(&self, place: &Place, stack: &StackName) -> Vec<DriftRow> {
        let rows = self.row.drift.iter().flat_map(|drift| &drift.rows);
        rows.filter(|row| row.stack == *stack && row.place == *place).cloned().collect()
    }

    fn standing(&self, stack: &StackName, change: Option<StackChange>, seen: Option<&StackSeen>) -> Standing {
        let foreign = self
            .reasons()
            .1
            .iter()
            .any(|hold| matches!(&hold.cause, Cause::ForeignStack { stack: of, .. } if of == stack));
        if foreign {
            let tagged = seen.is_some_and(|seen| seen.tags.keys().any(|key| key.starts_with(TAG_PREFIX)));
            return if tagged { Standing::Theirs } else { Standing::Foreign };
        }
        let removed = match &self.row.decision {
            Decision::Remove { .. } => true,
            Decision::Held { reasons, .. } => {
                let removed = |hold: &Hold| matches!(hold.cause, Cause::Protected { .. } | Cause::LosesData { .. });
                reasons.iter().any(removed)
            }
            _ => false,
        };
        let Some(flight) = self.facts.in_flight(&self.row.slot) else {
            return match change {
                None if removed => Standing::Removing,
                None => Standing::Kept,
                Some(_) => Standing::Wanted,
            };
        };
        let gates: BTreeSet<_> = flight.waits_at().into_iter().filter_map(|waits| waits.cause.stack).collect();
        match change {
            _ if gates.contains(stack) => Standing::AtGate,
            _ if flight.waits.contains_key(stack) => Standing::Waiting,
            Some(StackChange::Current) => Standing::Wanted,
            _ => Standing::Deploying,
        }
    }

    /// The reasons of the slot, and the release that they are about.
    fn reasons(&self) -> (Option<&crate::model::ReleaseName>, &[Hold]) {
        match &self.row.decision {
            Decision::Held { wanted, reasons, .. } => (wanted.as_ref(), reasons),
            Decision::Empty { next, reasons } => (next.as_ref(), reasons),
            _ => (None, &[]),
        }
    }

    /// The reasons that name the stack, or else those of the slot that name none.
    fn holds(&self, stack: &StackName) -> (Option<&crate::model::ReleaseName>, Vec<&Hold>) {
        let (release, all) = self.reasons();
        let own: Vec<&Hold> = all.iter().filter(|hold| names(hold) == Some(stack)).collect();
        let of_slot = || all.iter().filter(|hold| names(hold).is_none()).collect();
        (release, if own.is_empty() { of_slot() } else { own })
    }
}

/// The stack that a reason is about.
fn names(hold: &Hold) -> Option<&StackName> {
    match &hold.cause {
        Cause::Stopped { cause, .. } | Cause::Waits { cause, .. } => cause.stack.as_ref(),
        Cause::StackState { stack, .. } | Cause::ForeignStack { stack, .. } => Some(stack),
        _ => None,
    }
}

fn left_over(observed: &Observed, orphan: &Orphan) -> Diagnosis {
    let status = observed.stack(&orphan.place, &orphan.stack).map(|seen| seen.status);
    let standing = if orphan.removed { Standing::Removing } else { Standing::Unwanted };
    let next = next(standing, status);
    Diagnosis {
        stack: orphan.stack.clone(),
        place: orphan.place.clone(),
        standing,
        status,
        unseen: false,
        next,
        in_order: next == Next::Nothing,
        change: None,
        holds: Vec::new(),
        remedies: orphan.key.clone().map(Remedy::Allow).into_iter().collect(),
        why: Some(orphan.why.clone()),
        drift: Vec::new(),
    }
}
