//! Stacks of ours that nothing wants: reported, and deleted only where the environment says `prune = true`.
//!
//! Two kinds: stacks that a slot no longer has (a step or a target went away), pruned once the slot is up to date; and
//! stacks of a slot that the commit no longer has at all. Absence counts only where nothing broken could have hidden the
//! cause.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;

use crate::model::catalog::{Gate, OnFailure};
use crate::model::decision::Because;
use crate::model::remedy::Key;
use crate::model::{
    AccountId, Decision, Environment, EnvironmentName, Hash, Place, ProjectName, Release, Slot, StackName, TenantName,
};
use crate::promote::{Desired, Ours, deploy_file};

use super::Planner;
use super::allow;
use super::draft::{Draft, Kind};
use super::judged::Judged;
use super::removal::{is_protected, nothing, removals};
use super::stacks::not_deletable;
use super::types::{Begin, MayLose, Orphan, SlotRow, Supersede};
use super::wanted::plan_id;

/// How often landfall tries to delete the stacks of a slot that is gone: no project is left to say `attempts`.
const ATTEMPTS_OF_GONE: u32 = 3;

/// How long the deployment of a slot that is gone, and its project with it, may go without progress.
const TAKEOVER: SignedDuration = SignedDuration::from_mins(5);

impl<'a> Planner<'a> {
    /// Prunes what an up-to-date slot no longer has.
    pub(super) fn prune(
        &self,
        mut draft: Draft<'a>,
        desired: &Desired<'a>,
        release: &Arc<Release>,
        judged: &Judged<'a>,
    ) -> Draft<'a> {
        let slot = &desired.slot;
        let dropped = self.dropped(slot, judged);
        if dropped.is_empty() {
            return draft;
        }
        let because = format!("{} no longer has it", release.name);
        let going = dropped.iter().fold(Hash::parts().part("prune"), |parts, ours| parts.part(&*ours.seen.id)).finish();
        let tried = self.index.attempts(slot, judged.content);
        let plan = plan_id(slot, going, None, self.index.last(slot, judged.content));
        let tried = tried.map_or(0, |tried| tried.failed);
        let allowed = self.allowance(desired, allow::Key { gate: Gate::Remove, plan: &plan, stack: None });
        let steps = self.steps(desired);
        let stays = if tried >= desired.project.attempts {
            Some(Stays::because(format!("its removal failed {tried} times")))
        } else {
            self.stays(desired.environment, &dropped)
        };
        let locked = allowed.is_none() && is_protected(desired.environment, dropped.iter().copied());
        draft = draft.with_plan(plan.clone());
        let orders = match stays {
            Some(stays) => Err(stays),
            None if locked => Err(Stays::locked(&draft, &plan)),
            None => self.deletions(dropped.iter().copied(), &steps).ok_or_else(Stays::unreachable),
        };
        match orders {
            Err(stays) => draft.orphans = stays.orphans(&dropped, &because),
            Ok(orders) => {
                draft.orphans = orphans(&dropped, true, &because, None);
                draft.kind = Kind::Removal;
                draft.plan = Some(plan.clone());
                draft.guarded = Some(removals(dropped.iter().copied()));
                let may_lose = MayLose { allowed: allowed.is_some(), key: draft.key(Gate::Remove, &plan) };
                draft.begin = Some(Begin {
                    may_lose,
                    slot: slot.clone(),
                    release: release.name.clone(),
                    from: desired.runs.clone(),
                    because: allowed.map_or(Because::Automatic, |allowance| Because::Allowed(allowance.what)),
                    plan,
                    content: judged.content,
                    attempt: tried.saturating_add(1),
                    on_failure: OnFailure::Stop,
                    orders,
                    allowed: allowed.iter().map(|allowance| allowance.id()).collect(),
                    given: None,
                    removal: false,
                    by_itself: None,
                    live: BTreeMap::new(),
                    waves: Vec::new(),
                });
            }
        }
        draft
    }

    /// The stacks that the slot has and its release does not.
    pub(super) fn dropped(&self, slot: &Slot, judged: &Judged<'a>) -> Vec<&'a Ours<'a>> {
        let wanted: BTreeSet<(&Place, &StackName)> =
            judged.stacks.iter().map(|(wanted, _)| (&wanted.target.place, &wanted.stack)).collect();
        self.index.stacks(slot).iter().filter(|ours| !wanted.contains(&(ours.place, &ours.seen.name))).collect()
    }

    /// How many stacks of each account are pruned once the slot has the release.
    pub(super) fn losing(&self, desired: &Desired<'a>, judged: &Judged<'a>) -> BTreeMap<AccountId, u32> {
        let mut losing = BTreeMap::new();
        for ours in self.dropped(&desired.slot, judged).iter().filter(|_| desired.environment.prune) {
            *losing.entry(ours.place.account.clone()).or_default() += 1;
        }
        losing
    }

    /// Slots that something is known of and that the commit does not have: held where a broken file may hide them,
    /// otherwise their stacks are orphans.
    pub(super) fn gone(&self, planned: &[Draft<'a>]) -> Vec<Draft<'a>> {
        let rows: BTreeSet<&Slot> = planned.iter().filter_map(|draft| Some(&draft.row.as_ref()?.slot)).collect();
        let unknown = self.index.slots().into_iter().filter(|slot| !rows.contains(slot));
        unknown.map(|slot| self.gone_slot(slot)).collect()
    }

    fn gone_slot(&self, slot: &Slot) -> Draft<'a> {
        let mut draft = Draft::without_row(slot.clone());
        let stacks = self.index.stacks(slot);
        let hidden = self
            .broken
            .hides_slot(slot)
            .or_else(|| stacks.iter().find_map(|ours| self.broken.hides_stack(&ours.owner)));
        if let Some(broken) = hidden {
            draft.row = self.hidden_row(slot, broken);
            return draft;
        }
        if let Some(going_on) = self.index.in_flight(slot) {
            if going_on.content != nothing(slot) {
                let takeover = self.input.catalog.project_by_id(&slot.project).map(|project| project.takeover);
                draft.supersede = Some(Supersede {
                    deployment: going_on.deployment,
                    by: None,
                    takeover: takeover.unwrap_or(TAKEOVER),
                    revoked: None,
                    not_before: None,
                });
            }
            return draft;
        }
        let all: Vec<&Ours<'_>> = stacks.iter().collect();
        if all.is_empty() {
            return draft;
        }
        let environment = self.input.catalog.environment_by_id(&slot.environment);
        let because = self.why_gone(slot);
        let content = nothing(slot);
        let tried = self.index.attempts(slot, content);
        let plan = plan_id(slot, content, None, self.index.last(slot, content));
        let tried = tried.map_or(0, |tried| tried.failed);
        let stays = match environment {
            Some(_) if tried >= ATTEMPTS_OF_GONE => {
                Some(Stays::because(format!("its removal failed {tried} times: delete it by hand")))
            }
            Some(environment) => self.stays(environment, &all),
            None => Some(Stays::because("landfall deletes nothing in an environment that it does not know")),
        };
        // Of a tenant that is gone the deploy file is still there.
        let file = self.input.catalog.project_by_id(&slot.project).and_then(|project| {
            Some((project, project.deploy.get(&environment?.name).map_or(&[][..], |file| file.allow.as_slice())))
        });
        draft.file = file.zip(environment).map(|((project, _), here)| deploy_file(project, &here.name));
        draft.allow = file.map_or(&[], |(_, allow)| allow);
        draft.plan = Some(plan.clone());
        draft = draft.with_plan(plan.clone());
        let protected = environment.is_some_and(|environment| is_protected(environment, all.iter().copied()));
        let allowed = draft.opens(self.index, self.input.now, Gate::Remove);
        let release = self.removed_release(self.index.runs(slot).as_ref(), stacks);
        let orders = match (stays, release) {
            (Some(stays), _) => Err(stays),
            (None, None) => Err(Stays::because("its description has no stamp")),
            (None, Some(_)) if protected && !allowed => Err(Stays::locked(&draft, &plan)),
            (None, Some(release)) => {
                let orders = self.deletions(all.iter().copied(), &BTreeMap::new());
                orders.map(|orders| (orders, release)).ok_or_else(Stays::unreachable)
            }
        };
        match orders {
            Err(stays) => draft.orphans = stays.orphans(&all, &because),
            Ok((orders, release)) => {
                draft.kind = Kind::Removal;
                draft.orphans = orphans(&all, true, &because, None);
                draft.guarded = Some(removals(all.iter().copied()));
                let may_lose = MayLose { allowed, key: draft.key(Gate::Remove, &plan) };
                draft.begin = Some(Begin {
                    may_lose,
                    slot: slot.clone(),
                    release,
                    from: self.index.runs(slot),
                    because: Because::Automatic,
                    plan,
                    content,
                    attempt: tried.saturating_add(1),
                    on_failure: OnFailure::Stop,
                    orders,
                    allowed: Vec::new(),
                    given: None,
                    removal: true,
                    by_itself: None,
                    live: BTreeMap::new(),
                    waves: Vec::new(),
                });
                if allowed {
                    draft.opens(self.index, self.input.now, Gate::Remove);
                }
            }
        }
        draft
    }

    /// Which of a slot's names the commit lacks.
    fn why_gone(&self, slot: &Slot) -> String {
        let catalog = self.input.catalog;
        if catalog.environment_by_id(&slot.environment).is_none() {
            return format!("{} is gone", slot.environment);
        }
        match &slot.tenant {
            Some(tenant) if catalog.project_by_id(&slot.project).is_some() => match catalog.tenant_by_id(tenant) {
                Some(_) => format!("{tenant} is no longer connected here"),
                None => format!("tenant {tenant} is gone"),
            },
            _ => format!("{} is gone", slot.project),
        }
    }

    /// Why stacks that nothing wants stay; none if they may be deleted.
    fn stays(&self, environment: &Environment, stacks: &[&Ours<'_>]) -> Option<Stays> {
        if !environment.prune {
            return Some(Stays::because(format!("{} does not say `prune = true`", environment.name)));
        }
        if let Some(broken) = stacks.iter().find_map(|ours| self.broken.hides_stack(&ours.owner)) {
            return Some(Stays::because(format!("{} may hide the reason for it", broken.at)));
        }
        let state = stacks.iter().find_map(|ours| not_deletable(ours.seen))?;
        Some(Stays::because(format!("it is {}: {}", state.status, state.way_out)))
    }

    /// The row of a slot whose project or environment is broken.
    pub(super) fn hidden_row(&self, slot: &Slot, broken: &crate::model::catalog::Broken) -> Option<SlotRow> {
        let catalog = self.input.catalog;
        let project = catalog.project_by_id(&slot.project).map(|project| project.name.clone());
        let environment = catalog.environment_by_id(&slot.environment).map(|environment| environment.name.clone());
        let runs = self.index.runs(slot);
        Some(SlotRow {
            slot: slot.clone(),
            project: project.or_else(|| ProjectName::new(slot.project.as_str()).ok())?,
            environment: environment.or_else(|| EnvironmentName::new(slot.environment.as_str()).ok())?,
            tenant: slot.tenant.as_ref().and_then(|tenant| TenantName::new(tenant.as_str()).ok()),
            decision: Decision::Held {
                wanted: None,
                runs: runs.clone(),
                reasons: vec![crate::promote::because_of(broken)],
            },
            runs,
            earliest: None,
            kept: None,
            stacks: Vec::new(),
            drift: None,
        })
    }
}

fn orphans(stacks: &[&Ours<'_>], removed: bool, why: &str, key: Option<Key>) -> Vec<Orphan> {
    let orphan = |ours: &&Ours<'_>| Orphan {
        stack: ours.seen.name.clone(),
        place: ours.place.clone(),
        owner: ours.owner.clone(),
        removed,
        why: why.to_owned(),
        key: key.clone(),
    };
    stacks.iter().map(orphan).collect()
}

/// Why stacks that nothing wants stay, and the lines that let them be deleted.
struct Stays {
    why: String,
    key: Option<Key>,
}

impl Stays {
    fn because(why: impl Into<String>) -> Self {
        Self { why: why.into(), key: None }
    }

    fn unreachable() -> Self {
        Self::because("no target names its account and region now")
    }

    /// They are protected.
    fn locked(draft: &Draft<'_>, plan: &Arc<str>) -> Self {
        let why = format!("it is protected, and is deleted by an [[allow]] of what = \"remove\" for plan {plan}");
        Self { why, key: draft.key(Gate::Remove, plan) }
    }

    fn orphans(self, stacks: &[&Ours<'_>], because: &str) -> Vec<Orphan> {
        orphans(stacks, false, &format!("{because}; {}", self.why), self.key)
    }
}
