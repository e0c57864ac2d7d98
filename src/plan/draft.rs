//! What is worked out for one slot, before the guard looks at all of them together.

use std::collections::BTreeMap;

use crate::model::AccountId;
use crate::model::catalog::Allowance;
use crate::model::{Decision, Hold, ReleaseName};
use crate::promote::Desired;

use super::types::{Begin, Opening, Orphan, SlotRow, StackChange, StackRow, Supersede};

/// Everything that one slot brings into plan and report.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    /// Its row; none for a slot that the commit no longer has.
    pub(super) row: Option<SlotRow>,
    pub(super) begin: Option<Begin>,
    pub(super) supersede: Option<Supersede>,
    pub(super) open: Vec<Opening>,
    pub(super) orphans: Vec<Orphan>,
    /// What of `begin` the guard counts.
    pub(super) guarded: Option<Guarded>,
    /// The allowances of its deploy file.
    pub(super) allow: &'a [Allowance],
}

/// What a deployment adds to what is pending in each account.
#[derive(Clone, Debug)]
pub(super) struct Guarded {
    /// Removals rather than changes.
    pub(super) removes: bool,
    /// Stacks by account.
    pub(super) pending: BTreeMap<AccountId, u32>,
}

impl<'a> Draft<'a> {
    /// A draft that only says what is decided.
    pub(super) fn of(desired: &Desired<'a>, decision: Decision) -> Self {
        let row = SlotRow {
            slot: desired.slot.clone(),
            project: desired.project.name.clone(),
            environment: desired.environment.name.clone(),
            tenant: desired.tenant.map(|tenant| tenant.name.clone()),
            decision,
            runs: desired.runs.clone(),
            kept: None,
            stacks: Vec::new(),
        };
        let file = desired.project.deploy.get(&desired.environment.name);
        let allow = file.map_or(&[][..], |file| file.allow.as_slice());
        Self { row: Some(row), allow, ..Self::without_row() }
    }

    /// A draft for a slot that the commit no longer has.
    pub(super) fn without_row() -> Self {
        Self {
            row: None,
            begin: None,
            supersede: None,
            open: Vec::new(),
            orphans: Vec::new(),
            guarded: None,
            allow: &[],
        }
    }

    /// A slot that is held.
    pub(super) fn held(desired: &Desired<'a>, wanted: Option<ReleaseName>, reasons: Vec<Hold>) -> Self {
        Self::of(desired, Decision::Held { wanted, runs: desired.runs.clone(), reasons })
    }

    /// With rows for its stacks.
    pub(super) fn with_stacks(mut self, stacks: Vec<StackRow>) -> Self {
        if let Some(row) = &mut self.row {
            row.stacks = stacks;
        }
        self
    }

    /// Takes back what was going to begin, for a reason.
    pub(super) fn hold(&mut self, hold: Hold, why: &str) {
        let wanted = self.begin.take().filter(|begin| !begin.removal).map(|begin| begin.release);
        for orphan in self.orphans.iter_mut().filter(|orphan| orphan.removed) {
            orphan.removed = false;
            why.clone_into(&mut orphan.why);
        }
        let Some(row) = &mut self.row else { return };
        match &mut row.decision {
            Decision::UpToDate { .. } => {}
            Decision::Held { reasons, .. } => reasons.push(hold),
            decision => *decision = Decision::Held { wanted, runs: row.runs.clone(), reasons: vec![hold] },
        }
        for stack in &mut row.stacks {
            if !matches!(stack.change, StackChange::Current | StackChange::Unknown) {
                stack.change = StackChange::Waits;
            }
        }
    }
}
