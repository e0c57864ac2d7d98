//! What is worked out for one slot, before what concerns several slots (freezes, the order of live changes, waves, the
//! guard) looks at all of them together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::catalog::{Allowance, Gate};
use crate::model::{
    AccountId, Decision, Environment, Hold, Project, ReleaseName, Slot, StackName, Tenant, TenantName, remedy,
};
use crate::promote::{Desired, Index, deploy_file};

use super::allow::{self, Keys};
use super::outputs::Key;
use super::types::{Adoption, Begin, Opening, Orphan, SlotRow, StackChange, StackRow, Supersede};

/// Everything that one slot brings into plan and report.
#[derive(Debug)]
pub(super) struct Draft<'a> {
    /// Ids of project, environment and tenant.
    pub(super) slot: Slot,
    /// Where it is in the commit; none for a slot that the commit no longer has.
    pub(super) at: Option<At<'a>>,
    /// Its row; none for a slot that the commit no longer has.
    pub(super) row: Option<SlotRow>,
    pub(super) begin: Option<Begin>,
    /// What kind of thing begins.
    pub(super) kind: Kind,
    pub(super) supersede: Option<Supersede>,
    pub(super) open: Vec<Opening>,
    pub(super) orphans: Vec<Orphan>,
    /// What of `begin` the guard counts.
    pub(super) guarded: Option<Guarded>,
    /// Stacks that it loses and that are pruned once it has what it is to carry, by account: the guard counts them from the
    /// beginning.
    pub(super) loses: BTreeMap<AccountId, u32>,
    /// The allowances of its deploy file.
    pub(super) allow: &'a [Allowance],
    /// The deploy file in which it could be allowed; none if its project or environment is gone.
    pub(super) file: Option<Arc<str>>,
    /// The plans that an allowance for the slot can name today; none if they cannot be known.
    pub(super) plans: Option<BTreeSet<Arc<str>>>,
    /// The plan of what would begin, or take the place of what is in flight.
    pub(super) plan: Option<Arc<str>>,
    /// Stacks of the release that it carries are not what they should be, cannot be judged, or are on their way.
    pub(super) unsettled: bool,
    /// What it carries failed here since it last succeeded.
    pub(super) failed: bool,
    /// Stacks of others that could be taken over for it.
    pub(super) adoptions: Vec<Adoption>,
    /// Why `begin` does not begin after all.
    pub(super) stops: Vec<Stop>,
    /// The stacks whose outputs its stacks use, each with the one that uses it.
    pub(super) feeds: Vec<(Key, StackName)>,
}

/// Where a slot is in the commit.
#[derive(Clone, Copy, Debug)]
pub(super) struct At<'a> {
    pub(super) project: &'a Arc<Project>,
    pub(super) environment: &'a Arc<Environment>,
    pub(super) tenant: Option<&'a Arc<Tenant>>,
}

/// What kind of thing begins in a slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    /// Another release, the first, or what the slot runs put back as it was.
    #[default]
    Release,
    /// The release that runs, with other content: something outside the release changed.
    Live,
    /// Stacks are deleted: all of them, or those that the slot no longer has.
    Removal,
}

/// A reason for which nothing begins, with the sentence that stacks which would be removed are given.
#[derive(Clone, Debug)]
pub(super) struct Stop {
    pub(super) hold: Hold,
    pub(super) why: String,
    /// The lines that let it through.
    pub(super) key: Option<remedy::Key>,
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
            earliest: desired.earliest,
            kept: None,
            stacks: Vec::new(),
            drift: None,
        };
        let at = At { project: desired.project, environment: desired.environment, tenant: desired.tenant };
        let file = desired.project.deploy.get(&desired.environment.name);
        let allow = file.map_or(&[][..], |file| file.allow.as_slice());
        let file = Some(deploy_file(desired.project, &desired.environment.name));
        Self { row: Some(row), at: Some(at), allow, file, ..Self::without_row(desired.slot.clone()) }
    }

    /// A draft for a slot that the commit no longer has.
    pub(super) fn without_row(slot: Slot) -> Self {
        Self {
            slot,
            at: None,
            row: None,
            begin: None,
            kind: Kind::default(),
            supersede: None,
            open: Vec::new(),
            orphans: Vec::new(),
            guarded: None,
            loses: BTreeMap::new(),
            allow: &[],
            file: None,
            plans: None,
            plan: None,
            unsettled: false,
            failed: false,
            adoptions: Vec::new(),
            stops: Vec::new(),
            feeds: Vec::new(),
        }
    }

    /// A slot that is held.
    pub(super) fn held(desired: &Desired<'a>, wanted: Option<ReleaseName>, reasons: Vec<Hold>) -> Self {
        Self::of(desired, Decision::Held { wanted, runs: desired.runs.clone(), reasons })
    }

    /// With rows for its stacks.
    pub(super) fn with_stacks(mut self, stacks: Vec<StackRow>) -> Self {
        self.unsettled = self.unsettled || stacks.iter().any(|stack| stack.change != StackChange::Current);
        if let Some(row) = &mut self.row {
            row.stacks = stacks;
        }
        self
    }

    /// With a plan that an allowance can name.
    pub(super) fn with_plan(mut self, plan: Arc<str>) -> Self {
        self.plans.get_or_insert_default().insert(plan);
        self
    }

    /// With stacks that cannot be judged.
    pub(super) fn unsettled(mut self) -> Self {
        self.unsettled = true;
        self
    }

    /// Opens a gate for what begins (or takes the place of what is in flight), where an allowance does.
    pub(super) fn opens(&mut self, index: &Index<'_>, now: Timestamp, gate: Gate) -> bool {
        let named = self.tenant();
        let keys = Keys { allow: self.allow, index, slot: &self.slot, tenant: named.as_ref(), now };
        let Some(plan) = &self.plan else { return false };
        let Some(allowance) = keys.fitting(allow::Key { gate, plan, stack: None }).next() else { return false };
        if let Some(begin) = self.begin.as_mut().filter(|begin| !begin.allowed.contains(&allowance.id())) {
            begin.allowed.push(allowance.id());
        }
        true
    }

    /// The name of its tenant; of one that is gone, its id.
    fn tenant(&self) -> Option<TenantName> {
        let tenant = self.row.as_ref().and_then(|row| row.tenant.clone());
        tenant.or_else(|| self.slot.tenant.as_ref().and_then(|id| id.as_str().parse().ok()))
    }

    /// The lines that open a gate of the slot; none if no file could contain them. They name the tenant only if the commit
    /// has it: the plan is the slot's own, and an allowance for an unknown tenant is a problem.
    pub(super) fn key(&self, what: Gate, plan: &Arc<str>) -> Option<remedy::Key> {
        let file = self.file.clone()?;
        let tenant = self.row.as_ref().and_then(|row| row.tenant.clone());
        Some(remedy::Key { file, what, stack: None, tenant, plan: plan.clone(), or: None })
    }

    /// Remembers a reason for which nothing begins, and the gate that an allowance opens.
    pub(super) fn stop(&mut self, hold: Hold, why: impl Into<String>, gate: Option<Gate>) {
        let key = gate.zip(self.plan.as_ref()).and_then(|(gate, plan)| self.key(gate, plan));
        self.stops.push(Stop { hold, why: why.into(), key });
    }

    /// Takes back what was going to begin, if there are reasons.
    pub(super) fn heed(&mut self) {
        let stops = std::mem::take(&mut self.stops);
        let Some(first) = stops.first() else { return };
        let wanted = self.begin.take().filter(|_| self.kind != Kind::Removal).map(|begin| begin.release);
        for orphan in self.orphans.iter_mut().filter(|orphan| orphan.removed) {
            orphan.removed = false;
            orphan.why = format!("{}; {}", orphan.why, first.why);
            orphan.key = first.key.clone();
        }
        let Some(row) = &mut self.row else { return };
        let holds = stops.into_iter().map(|stop| stop.hold);
        match &mut row.decision {
            Decision::UpToDate { .. } => {}
            Decision::Held { reasons, .. } => reasons.extend(holds),
            decision => {
                *decision = Decision::Held { wanted, runs: row.runs.clone(), reasons: holds.collect() };
            }
        }
        for stack in &mut row.stacks {
            if !matches!(stack.change, StackChange::Current | StackChange::Unknown) {
                stack.change = StackChange::Waits;
            }
        }
    }
}
