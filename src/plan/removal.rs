//! Removing what a slot has: all of it, because the deploy file says `release = "none"` or the slot itself is gone.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::catalog::{Gate, OnFailure};
use crate::model::decision::{Because, Cause};
use crate::model::journal::{Action, Order};
use crate::model::{
    Decision, Environment, Hash, Hold, Location, Place, ReleaseName, Slot, StackName, StackOwner, StackSeen,
    StackStatus,
};
use crate::promote::{Desired, Ours, deploy_file};

use super::Planner;
use super::allow::Key;
use super::draft::{Draft, Guarded, Kind};
use super::stacks::{State, not_deletable, unseen};
use super::types::{Begin, MayLose};
use super::wanted::plan_id;

/// The content of a slot that has nothing: the same however many stacks are still there, so that a removal which got half
/// way is the same removal.
pub(super) fn nothing(slot: &Slot) -> Hash {
    Hash::parts().part("removal").part(slot.to_string()).finish()
}

/// What a removal adds to what is pending.
pub(super) fn removals<'s>(stacks: impl Iterator<Item = &'s Ours<'s>>) -> Guarded {
    let mut pending = BTreeMap::new();
    for ours in stacks {
        *pending.entry(ours.place.account.clone()).or_default() += 1;
    }
    Guarded { removes: true, pending }
}

impl<'a> Planner<'a> {
    /// The deploy file says `release = "none"`.
    pub(super) fn remove(&self, desired: &Desired<'a>, at: &Location) -> Draft<'a> {
        let slot = &desired.slot;
        let content = nothing(slot);
        let tried = self.index.attempts(slot, content);
        let plan = plan_id(slot, content, None, self.index.last(slot, content));
        if let Some(going_on) = self.index.in_flight(slot) {
            let mut draft = if going_on.content == content {
                self.goes_on(desired, going_on, Vec::new())
            } else {
                self.newer_order(desired, going_on, None)
            };
            draft.plan = Some(plan.clone());
            return draft.with_plan(plan);
        }
        let targets = self.targets.get(&desired.environment.name).map_or(&[][..], Vec::as_slice);
        let places: std::collections::BTreeSet<_> = targets.iter().map(|target| &target.place).collect();
        let mut reasons: Vec<Hold> =
            places.into_iter().filter_map(|place| unseen(self.input.observed, place)).collect();
        let stacks = self.index.stacks(slot);
        // Where facts still say that something runs, a removal without stacks tells them that it is gone.
        let begun = self.begun(desired);
        if stacks.is_empty() && begun.is_empty() && desired.runs.is_none() && reasons.is_empty() {
            let reasons = vec![Hold::new(Cause::PinnedNone { at: at.clone() })];
            return Draft::of(desired, Decision::Empty { next: None, reasons }).with_plan(plan);
        }
        reasons.extend(self.undeletable(desired, stacks, &plan));
        let guarded = removals(stacks.iter());
        let removal = self.allowance(desired, Key { gate: Gate::Remove, plan: &plan, stack: None });
        if removal.is_none() && is_protected(desired.environment, stacks.iter()) {
            let stacks = guarded.pending.values().sum();
            reasons.push(Hold::new(Cause::Protected { stacks, plan: plan.clone() }));
        }
        let mut allowed: Vec<_> = removal.into_iter().collect();
        if let Some(tried) = tried.filter(|tried| tried.failed >= desired.project.attempts) {
            let allowance = self.allowance(desired, Key { gate: Gate::Retry, plan: &plan, stack: None });
            reasons.extend(allowance.is_none().then(|| self.tried(desired, tried, &plan)));
            allowed.extend(allowance);
        }
        let steps = self.steps(desired);
        let orders = self.deletions(stacks.iter(), &steps);
        let release = self.removed_release(desired.runs.as_ref(), stacks);
        let release = release.or_else(|| begun.first().map(|(release, _)| release.clone()));
        let (Some(release), Some(mut orders)) = (release, orders) else {
            // Where places cannot be seen, that alone may be why nothing is known.
            if reasons.is_empty() || !stacks.is_empty() {
                reasons.push(cannot_reach(slot));
            }
            return Draft::held(desired, None, reasons).with_plan(plan);
        };
        if !reasons.is_empty() {
            // What waits counts for the guard too.
            let guarded = Some(guarded);
            return Draft { guarded, ..Draft::held(desired, None, reasons).with_plan(plan) };
        }
        orders.extend(begun.into_iter().map(|(_, order)| order));
        orders.sort_by(|a, b| (a.step, &a.place, &a.stack).cmp(&(b.step, &b.place, &b.stack)));
        let mut draft = Draft::of(desired, Decision::Remove { from: desired.runs.clone() }).with_plan(plan.clone());
        draft.kind = Kind::Removal;
        draft.plan = Some(plan.clone());
        draft.guarded = Some(guarded);
        let may_lose = MayLose { allowed: removal.is_some(), key: draft.key(Gate::Remove, &plan) };
        draft.begin = Some(Begin {
            may_lose,
            live: BTreeMap::new(),
            waves: Vec::new(),
            slot: slot.clone(),
            release,
            from: desired.runs.clone(),
            because: allowed
                .last()
                .map_or_else(|| Because::Pinned(at.clone()), |allowance| Because::Allowed(allowance.what)),
            plan,
            content,
            attempt: tried.map_or(1, |tried| tried.failed.saturating_add(1)),
            on_failure: OnFailure::Stop,
            orders,
            allowed: allowed.iter().map(|allowance| allowance.id()).collect(),
            given: None,
            removal: true,
            by_itself: None,
        });
        draft
    }

    /// Deletions of the stacks under review that a first change set left behind when it failed: they have no tags and no
    /// resources yet, so only their names tell. Each with the release that was tried. The engine deletes none that it did
    /// not make.
    fn begun(&self, desired: &Desired<'a>) -> Vec<(ReleaseName, Order)> {
        let Some(repository) = &self.input.catalog.repository else { return Vec::new() };
        let mut found: BTreeMap<(Place, StackName), (ReleaseName, Order)> = BTreeMap::new();
        let targets = self.targets.get(&desired.environment.name).map_or(&[][..], Vec::as_slice);
        let tried = self.index.tried(&desired.slot).filter_map(|tried| desired.project.releases.get(&tried.release));
        for (release, snapshot) in tried.filter_map(|release| Some((release, release.snapshot.as_ref().ok()?))) {
            for (step, target) in snapshot.what.steps.iter().flat_map(|step| targets.iter().map(move |to| (step, to))) {
                let stack = StackName::of(&StackOwner {
                    repository: repository.clone(),
                    project: desired.project.id.clone(),
                    step: step.id.clone(),
                    environment: desired.environment.id.clone(),
                    target: target.id.clone(),
                    tenant: desired.tenant.map(|tenant| tenant.id.clone()),
                });
                let seen = self.input.observed.stack(&target.place, &stack);
                let made = self.input.facts.made(&target.place, &stack);
                let review = |seen: &&Arc<StackSeen>| {
                    made && seen.status == StackStatus::ReviewInProgress && seen.tags.is_empty()
                };
                let Some(seen) = seen.filter(review) else { continue };
                let order = Order {
                    wave: 0,
                    adopt: false,
                    as_found: false,
                    repair: false,
                    services: BTreeMap::new(),
                    step: 0,
                    after: None,
                    stack: stack.clone(),
                    place: target.place.clone(),
                    access: target.access.clone(),
                    action: Action::Delete { id: seen.id.clone(), unprotect: false },
                };
                found.insert((target.place.clone(), stack), (release.name.clone(), order));
            }
        }
        found.into_values().collect()
    }

    /// Reasons of the stacks that cannot be deleted in their state.
    fn undeletable(&self, desired: &Desired<'a>, stacks: &[Ours<'_>], plan: &Arc<str>) -> Vec<Hold> {
        let hold = |ours: &Ours<'_>, state: State| {
            let gate = state.gate.map(|gate| Key { gate, plan, stack: Some(&ours.seen.name) });
            if gate.is_some_and(|key| self.allowance(desired, key).is_some()) {
                return None;
            }
            Some(Hold::new(Cause::StackState {
                stack: ours.seen.name.clone(),
                status: state.status.as_str(),
                way_out: state.way_out,
                gate: state.gate,
                plan: plan.clone(),
                file: deploy_file(desired.project, &desired.environment.name),
            }))
        };
        stacks.iter().filter_map(|ours| hold(ours, not_deletable(ours.seen)?)).collect()
    }

    /// Deletions in reverse step order; stacks of steps that no longer exist go first.
    ///
    /// None if an account is not known how to reach. Whether protected ones may be deleted is decided before.
    pub(super) fn deletions<'s>(
        &self,
        stacks: impl Iterator<Item = &'s Ours<'s>>,
        steps: &BTreeMap<crate::model::Id, usize>,
    ) -> Option<Vec<Order>> {
        let count = steps.len();
        let order = |ours: &Ours<'_>| {
            let access = self.places.get(ours.place)?;
            Some(Order {
                wave: 0,
                adopt: false,
                as_found: false,
                repair: false,
                services: BTreeMap::new(),
                step: steps.get(&ours.owner.step).map_or(0, |position| count - position),
                after: None,
                stack: ours.seen.name.clone(),
                place: ours.place.clone(),
                access: access.clone(),
                action: Action::Delete { id: ours.seen.id.clone(), unprotect: ours.seen.protected },
            })
        };
        let mut orders = stacks.map(order).collect::<Option<Vec<_>>>()?;
        orders.sort_by(|a, b| (a.step, &a.place, &a.stack).cmp(&(b.step, &b.place, &b.stack)));
        Some(orders)
    }

    /// The places of the steps of what a slot runs, in the order in which they run.
    pub(super) fn steps(&self, desired: &Desired<'a>) -> BTreeMap<crate::model::Id, usize> {
        let release = desired.runs.as_ref().and_then(|name| desired.project.releases.get(name));
        let what = release.and_then(|release| release.snapshot.as_ref().ok()).map(|snapshot| &snapshot.what);
        let Some(what) = what.or(desired.project.head.as_ref()) else { return BTreeMap::new() };
        let placed = what.sequence().unwrap_or_default().into_iter().enumerate();
        placed.filter_map(|(place, placed)| Some((what.steps.get(placed.step)?.id.clone(), place))).collect()
    }

    /// The release that a removal removes: what runs, or what a stamp says.
    pub(super) fn removed_release(&self, runs: Option<&ReleaseName>, stacks: &[Ours<'_>]) -> Option<ReleaseName> {
        runs.cloned().or_else(|| stacks.iter().find_map(|ours| ours.seen.stamp()).map(|stamp| stamp.release))
    }
}

/// Whether an `[[allow]]` has to say that these stacks are removed: the environment is protected, or one of them is.
pub(super) fn is_protected<'s>(environment: &Environment, mut stacks: impl Iterator<Item = &'s Ours<'s>>) -> bool {
    stacks.next().is_some_and(|first| environment.protected || first.seen.protected)
        || stacks.any(|ours| ours.seen.protected)
}

/// The reason where stacks are there that cannot be dealt with.
fn cannot_reach(slot: &Slot) -> Hold {
    let problem = format!("the stacks of {slot} have no stamp, or are in an account that no target names now");
    Hold::new(Cause::CannotRender { problems: vec![problem] })
}
