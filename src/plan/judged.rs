//! The stacks of a slot for the release that it carries, each against what is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::catalog::{Allowance, Gate};
use crate::model::decision::Cause;
use crate::model::journal::DeploymentId;
use crate::model::{Hash, Hold, Release, StackName, StepName};
use crate::promote::{Desired, deploy_file};

use super::Planner;
use super::allow;
use super::draft::Guarded;
use super::outputs::Key;
use super::render::Render;
use super::stacks::{Foreign, State, Verdict, judge};
use super::types::{Adoption, PutRight, StackChange, StackRow};
use super::wanted::{Source, Wanted, plan_id, slot_content, wanted};

/// The stacks of a slot for one release, judged.
pub(super) struct Judged<'a> {
    pub(super) stacks: Vec<(Wanted<'a>, Verdict)>,
    pub(super) content: Hash,
    /// Hash over the outputs of other slots' stacks that are used, as they are now.
    pub(super) given: Option<Hash>,
    pub(super) plan: Arc<str>,
    /// Outputs of other stacks that have another value than was deployed with, in words.
    pub(super) outputs: Vec<Arc<str>>,
}

/// What stands in the way of stacks, and the allowances that took something out of it.
#[derive(Default)]
pub(super) struct Obstacles<'a> {
    pub(super) holds: Vec<Hold>,
    pub(super) allowed: Vec<&'a Allowance>,
    /// Stacks that could be taken over.
    pub(super) adoptions: Vec<Adoption>,
}

fn adoption(wanted: &Wanted<'_>) -> Adoption {
    Adoption {
        stack: wanted.stack.clone(),
        place: wanted.target.place.clone(),
        access: wanted.target.access.clone(),
        content: Box::new(wanted.content.clone()),
    }
}

impl<'a> Planner<'a> {
    /// Renders the slot's stacks and compares each with what is there.
    pub(super) fn judge(
        &self,
        desired: &Desired<'a>,
        release: &'a Arc<Release>,
        renderer: &mut dyn Render,
    ) -> Result<Judged<'a>, Box<Hold>> {
        let cannot = |problems| Box::new(Hold::new(Cause::CannotRender { problems }));
        let Some(repository) = &self.input.catalog.repository else {
            return Err(cannot(vec!["landfall.toml gives the repository no id".to_owned()]));
        };
        let source = Source {
            repository,
            project: desired.project,
            environment: desired.environment,
            tenant: desired.tenant,
            release,
            targets: self.targets.get(&desired.environment.name).map_or(&[], Vec::as_slice),
            names: &self.names,
            catalog: self.input.catalog,
        };
        let stacks = wanted(&source, renderer).map_err(cannot)?;
        let content = slot_content(&stacks);
        let last = self.index.last(&desired.slot, content);
        let last = stacks.iter().filter_map(|wanted| self.failed_task(wanted)).chain(last).max();
        let mut judged = Vec::with_capacity(stacks.len());
        for wanted in stacks {
            let made = self.input.facts.made(&wanted.target.place, &wanted.stack);
            let put = self.puts.get(&(&wanted.target.place, &wanted.stack)).copied();
            let verdict = match judge(self.input.observed, &wanted, made, put) {
                Verdict::Current if self.has_to_run(desired, content, &wanted) => Verdict::Put(StackChange::Run),
                verdict => verdict,
            };
            judged.push((wanted, verdict));
        }
        let outputs = self.follow(&mut judged);
        let given = self.given(&judged);
        let plan = plan_id(&desired.slot, content, given, last);
        for (wanted, verdict) in judged.iter_mut().filter(|(_, verdict)| *verdict == Verdict::Current) {
            if self.put_right(desired, wanted, &plan) == PutRight::Now {
                *verdict = Verdict::Put(StackChange::Repair);
            }
        }
        Ok(Judged { stacks: judged, content, given, plan, outputs })
    }

    /// Whether the stack's task has not run with its content. If nothing is known of the slot's past, nothing is known of
    /// its tasks either: then the engine says what can be told.
    fn has_to_run(&self, desired: &Desired<'a>, content: Hash, wanted: &Wanted<'_>) -> bool {
        let known = self.index.ever_ran_anything(&desired.slot)
            || self.index.attempts(&desired.slot, content).is_some()
            || self.failed_task(wanted).is_some();
        let ran = self.input.facts.task_ran(&wanted.target.place, &wanted.stack, wanted.content.hash);
        let found = self.index.unproved(&desired.slot).is_some();
        wanted.content.task.is_some() && known && ran.is_none() && !found
    }

    /// The last deployment in which the stack's task ran with what it has and came to no good end, if it is not to be repeated.
    pub(super) fn failed_task(&self, wanted: &Wanted<'_>) -> Option<DeploymentId> {
        wanted.content.task.as_ref().filter(|task| !task.repeatable)?;
        self.input.facts.task_failed(&wanted.target.place, &wanted.stack, wanted.content.hash)
    }

    /// Why stacks cannot be deployed as they are. A state whose gate an allowance opens is none: the engine stops there
    /// and goes through with the same allowance. A stack that an allowance lets be taken over is none either.
    pub(super) fn obstacles(&self, desired: &Desired<'a>, judged: &Judged<'a>) -> Obstacles<'a> {
        let mut found = Obstacles::default();
        for (wanted, verdict) in &judged.stacks {
            let key = |gate| allow::Key { gate, plan: &judged.plan, stack: Some(&wanted.stack) };
            let hold = match verdict {
                Verdict::Current => continue,
                Verdict::Put(change) => {
                    let repair = *change == StackChange::Repair && desired.environment.protected;
                    let allowance = self.allowance(desired, key(Gate::Redeploy)).filter(|_| repair);
                    let new = |one: &&Allowance| !found.allowed.iter().any(|known| std::ptr::eq(*known, *one));
                    let allowance = allowance.filter(new);
                    found.allowed.extend(allowance);
                    self.missing(wanted, &judged.stacks, &mut found.holds);
                    continue;
                }
                Verdict::Unseen(hold) => hold.clone(),
                Verdict::Foreign(foreign) => {
                    match self.allowance(desired, key(Gate::Adopt)).filter(|_| foreign.adoptable) {
                        Some(allowance) => {
                            found.allowed.push(allowance);
                            continue;
                        }
                        None => {
                            found.adoptions.extend(foreign.adoptable.then(|| adoption(wanted)));
                            self.foreign(desired, wanted, foreign, &judged.plan)
                        }
                    }
                }
                Verdict::State(state) => {
                    if state.gate.is_some_and(|gate| self.allowance(desired, key(gate)).is_some()) {
                        continue;
                    }
                    self.state(desired, wanted, state, &judged.plan)
                }
            };
            if !found.holds.contains(&hold) {
                found.holds.push(hold);
            }
        }
        found
    }

    fn foreign(&self, desired: &Desired<'a>, wanted: &Wanted<'_>, foreign: &Foreign, plan: &Arc<str>) -> Hold {
        Hold::new(Cause::ForeignStack {
            stack: wanted.stack.clone(),
            place: wanted.target.place.clone(),
            target: wanted.target.name.clone(),
            owner: foreign.owner.clone(),
            review: foreign.review,
            plan: foreign.adoptable.then(|| plan.clone()),
            file: deploy_file(desired.project, &desired.environment.name),
        })
    }

    fn state(&self, desired: &Desired<'a>, wanted: &Wanted<'_>, state: &State, plan: &Arc<str>) -> Hold {
        Hold::new(Cause::StackState {
            stack: wanted.stack.clone(),
            status: state.status.as_str(),
            way_out: state.way_out.clone(),
            gate: state.gate,
            plan: plan.clone(),
            file: deploy_file(desired.project, &desired.environment.name),
        })
    }
}

impl<'a> Judged<'a> {
    /// The stacks that are not what they should be.
    pub(super) fn differing(&self) -> impl Iterator<Item = &Wanted<'a>> {
        self.stacks.iter().filter(|(_, verdict)| *verdict != Verdict::Current).map(|(wanted, _)| wanted)
    }

    /// What a live change adds to what is pending: existing stacks that change.
    pub(super) fn changes(&self) -> Guarded {
        let mut pending = BTreeMap::new();
        for (wanted, verdict) in &self.stacks {
            if matches!(verdict, Verdict::Put(StackChange::Update | StackChange::Repair)) {
                *pending.entry(wanted.target.place.account.clone()).or_default() += 1;
            }
        }
        Guarded { removes: false, pending }
    }

    /// The rows of the stacks, of a slot that is held or goes on.
    pub(super) fn rows(&self, held: bool) -> Vec<StackRow> {
        let order = self.order();
        let row = |(wanted, verdict): &(Wanted<'_>, Verdict)| StackRow {
            step: wanted.step.name.clone(),
            target: wanted.target.name.clone(),
            stack: wanted.stack.clone(),
            place: wanted.target.place.clone(),
            change: match verdict {
                Verdict::Current => StackChange::Current,
                Verdict::Put(_) if held => StackChange::Waits,
                Verdict::Put(change) => *change,
                Verdict::Unseen(_) => StackChange::Unknown,
                Verdict::State(_) | Verdict::Foreign(_) if !held => StackChange::Update,
                Verdict::Foreign(_) | Verdict::State(_) => StackChange::Waits,
            },
            after: order.get(&wanted.position).cloned().unwrap_or_default(),
            consumers: Vec::new(),
        };
        self.stacks.iter().map(row).collect()
    }

    /// The stacks whose outputs are used, each with the stack that uses it.
    pub(super) fn feeds(&self) -> Vec<(Key, StackName)> {
        let mut feeds = Vec::new();
        for (wanted, _) in &self.stacks {
            feeds.extend(wanted.feds().into_iter().map(|fed| (fed.producer, wanted.stack.clone())));
        }
        feeds
    }

    /// For each step that has stacks here, by its position, those that it waits for, without those that these wait for
    /// themselves.
    fn order(&self) -> BTreeMap<usize, Vec<StepName>> {
        let steps: BTreeMap<usize, &Wanted<'_>> =
            self.stacks.iter().map(|(wanted, _)| (wanted.position, wanted)).collect();
        let after = |wanted: &Wanted<'_>| {
            let before: Vec<&Wanted<'_>> =
                steps.values().copied().filter(|other| wanted.waits_for(other.position)).collect();
            let implied = |position| before.iter().any(|other| other.waits_for(position));
            before.iter().filter(|other| !implied(other.position)).map(|other| other.step.name.clone()).collect()
        };
        steps.iter().map(|(position, wanted)| (*position, after(wanted))).collect()
    }
}
