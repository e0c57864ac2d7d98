//! A deployment of a release as it begins: its operations, the waves of its targets, and why it begins.

use crate::model::decision::Because;
use crate::model::journal::{Action, Order, Outcome, TargetWave};
use crate::model::wave::{Wave, Waves, WavesOf};
use crate::model::{Decision, Release, Run};
use crate::promote::Desired;

use super::Planner;
use super::draft::{Draft, Kind};
use super::judged::Judged;
use super::live;
use super::outputs;
use super::slot::Entry;
use super::stacks::Verdict;
use super::types::{Begin, ByItself, MayLose, StackChange};
use super::unless;
use super::wanted::Wanted;
use super::waves::REST;

impl<'a> Planner<'a> {
    /// A deployment begins.
    pub(super) fn begin(
        &self,
        desired: &Desired<'a>,
        release: &Release,
        because: Because,
        judged: Judged<'a>,
        entry: Entry<'_>,
    ) -> Draft<'a> {
        let by_itself = unless::conditions(desired, release, &because).map(|conditions| {
            let prunes = self.dropped(&desired.slot, &judged).into_iter().filter(|_| desired.environment.prune);
            ByItself { prunes: prunes.map(|ours| ours.seen.name.clone()).collect(), ..conditions }
        });
        let running = self.index.running(&desired.slot).filter(|run| run.release == release.name);
        let whole = running.filter(|_| self.index.is_whole(&desired.slot));
        let parts = live::parts(desired, &judged);
        let because = match (entry.retried, whole) {
            (Some(allowance), _) => Because::Allowed(allowance.what),
            (None, Some(run)) => Because::Differs {
                stacks: judged.differing().map(|wanted| wanted.stack.clone()).collect(),
                parts: live::changed(run, &parts, &judged).into_iter().chain(judged.outputs.clone()).collect(),
            },
            (None, None) => because,
        };
        let (name, from) = (release.name.clone(), desired.runs.clone());
        let decision = Decision::Deploy { release: name.clone(), from: from.clone(), because: because.clone() };
        let mut draft = Draft::of(desired, decision).with_stacks(judged.rows(false)).unsettled();
        draft.guarded = whole.map(|_| judged.changes());
        // A stack that others changed or deleted is restored; only other content is a change that has an order.
        let differs = |run: &Run| run.content != judged.content || !judged.outputs.is_empty();
        let other = whole.is_some_and(differs) && !self.index.stacks(&desired.slot).is_empty();
        draft.kind = if other { Kind::Live } else { Kind::Release };
        draft.plan = Some(judged.plan.clone());
        let plan = judged.plan.clone();
        let (content, given) = (judged.content, judged.given);
        let orders = self.orders(desired, judged);
        draft.begin = Some(Begin {
            slot: desired.slot.clone(),
            release: name,
            from,
            because,
            plan,
            content,
            given,
            attempt: entry.attempt,
            on_failure: desired.project.on_failure,
            waves: target_waves(desired, &orders),
            orders,
            allowed: entry.allowed.iter().map(|allowance| allowance.id()).collect(),
            removal: false,
            may_lose: MayLose::default(),
            by_itself,
            live: parts,
        });
        draft
    }

    /// The operations on the slot's stacks. Current ones are left out, but for those that are not proved: where the
    /// slot never ran anything and nothing was tried, and the one in which the last attempt failed. A change set without
    /// changes leads to the proof.
    fn orders(&self, desired: &Desired<'a>, judged: Judged<'a>) -> Vec<Order> {
        let tried = self.index.attempts(&desired.slot, judged.content);
        let unproved = self.index.unproved(&desired.slot).is_some();
        let unknown = unproved || tried.is_none() && !self.index.ever_ran_anything(&desired.slot);
        let failed = tried.and_then(|tried| match &tried.outcome {
            Outcome::Failed(cause) => cause.stack.clone(),
            _ => None,
        });
        let needed = |wanted: &Wanted<'_>, verdict: &Verdict| {
            *verdict != Verdict::Current || unknown || failed.as_ref() == Some(&wanted.stack)
        };
        let waves = waves(desired);
        let stacks = judged.stacks.into_iter().filter(|(wanted, verdict)| needed(wanted, verdict));
        let mut orders: Vec<Order> = stacks
            .map(|(wanted, verdict)| Order {
                wave: waves.map_or(0, |waves| waves.position(&wanted.target.tags)),
                adopt: matches!(verdict, Verdict::Foreign(_)),
                as_found: unknown && verdict == Verdict::Current,
                repair: verdict == Verdict::Put(StackChange::Repair),
                services: self.restored(desired, &wanted, &verdict),
                step: wanted.position,
                after: wanted.after,
                stack: wanted.stack,
                place: wanted.target.place.clone(),
                access: wanted.target.access.clone(),
                action: Action::Put(Box::new(wanted.content)),
            })
            .collect();
        outputs::bring_forward(&mut orders);
        orders.sort_by_key(|order| (order.wave, order.step));
        orders
    }
}

/// The waves of targets that are kept in the slot.
fn waves<'a>(desired: &Desired<'a>) -> Option<&'a Waves> {
    let waves = desired.project.waves.as_ref();
    waves.filter(|waves| waves.of == WavesOf::Targets && waves.apply_in(&desired.environment.name))
}

/// The waves that the orders are in; none if all targets are deployed to at once.
fn target_waves(desired: &Desired<'_>, orders: &[Order]) -> Vec<TargetWave> {
    let Some(waves) = waves(desired).filter(|_| !orders.is_empty()) else { return Vec::new() };
    let group = |wave: &Wave| TargetWave {
        name: wave.name.clone(),
        concurrency: wave.concurrency,
        soak: wave.soak.as_secs(),
        failures: wave.failures,
    };
    let rest = orders.iter().any(|order| order.wave >= waves.groups.len());
    let rest = rest.then(|| TargetWave { name: REST.into(), concurrency: None, soak: 0, failures: 0 });
    waves.groups.iter().map(group).chain(rest).collect()
}
