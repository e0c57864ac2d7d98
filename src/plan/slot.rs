//! What is done to one slot: its stacks for the release that it carries, against what is there.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::catalog::{Allowance, Gate};
use crate::model::decision::{Because, Cause, Waiting};
use crate::model::facts::Attempts;
use crate::model::journal::{Action, Order, Outcome};
use crate::model::{Decision, Hash, Hold, Release, ReleaseName};
use crate::promote::{Desired, Want, deploy_file};

use super::Planner;
use super::allow::{Key, fitting};
use super::draft::{Draft, Guarded};
use super::render::Render;
use super::stacks::{Verdict, judge};
use super::types::{Begin, StackChange, StackRow};
use super::wanted::{Source, Wanted, plan_id, slot_content, wanted};

/// The stacks of a slot for one release, judged.
pub(super) struct Judged<'a> {
    pub(super) stacks: Vec<(Wanted<'a>, Verdict)>,
    pub(super) content: Hash,
    pub(super) plan: Arc<str>,
}

/// What else is said while a release is carried.
enum Beside {
    /// It is the one that is wanted; newer ones wait.
    Newer(Vec<Waiting>),
    /// It is carried while another, whose gates are closed, is wanted.
    Wanted(ReleaseName, Vec<Hold>),
}

impl Beside {
    /// The slot is held.
    fn held<'a>(self, desired: &Desired<'a>, release: &Release, more: Vec<Hold>) -> Draft<'a> {
        let (wanted, mut reasons) = match self {
            Beside::Newer(_) => (release.name.clone(), Vec::new()),
            Beside::Wanted(wanted, reasons) => (wanted, reasons),
        };
        reasons.extend(more);
        Draft::held(desired, Some(wanted), reasons)
    }

    /// The slot has what it carries.
    fn settled<'a>(self, desired: &Desired<'a>, release: &Release) -> Draft<'a> {
        match self {
            Beside::Newer(waiting) => Draft::of(desired, Decision::UpToDate { release: release.name.clone(), waiting }),
            Beside::Wanted(..) => self.held(desired, release, Vec::new()),
        }
    }
}

/// How a deployment is let begin.
struct Entry<'f> {
    attempt: u32,
    allowed: Option<&'f Allowance>,
}

impl<'a> Planner<'a> {
    /// Plans one slot.
    pub(super) fn slot(&self, desired: Desired<'a>, renderer: &mut dyn Render) -> Draft<'a> {
        let going_on = self.index.in_flight(&desired.slot);
        match (desired.want.clone(), going_on) {
            (Want::Remove { at }, _) => self.remove(&desired, &at),
            (Want::Carry { release, because, waiting }, _) => {
                self.carry(&desired, release, because, Beside::Newer(waiting), renderer)
            }
            (
                Want::Wait { reasons, .. } | Want::AsDeployed { reasons, .. } | Want::Nothing { reasons, .. },
                Some(going_on),
            ) => self.goes_on(&desired, going_on, reasons),
            (Want::Wait { wanted, meanwhile: Some(release), reasons }, None) => {
                self.carry(&desired, release, Because::Back, Beside::Wanted(wanted, reasons), renderer)
            }
            (Want::Wait { wanted, meanwhile: None, reasons }, None) => Draft::held(&desired, Some(wanted), reasons),
            (Want::AsDeployed { wanted, reasons }, None) => Draft::held(&desired, wanted, reasons),
            (Want::Nothing { next, reasons }, None) => Draft::of(&desired, Decision::Empty { next, reasons }),
        }
    }

    fn carry(
        &self,
        desired: &Desired<'a>,
        release: &'a Arc<Release>,
        because: Because,
        beside: Beside,
        renderer: &mut dyn Render,
    ) -> Draft<'a> {
        let going_on = self.index.in_flight(&desired.slot);
        let judged = match (self.judge(desired, release, renderer), going_on) {
            (Ok(judged), _) => judged,
            (Err(hold), Some(going_on)) => return self.goes_on(desired, going_on, vec![*hold]),
            (Err(hold), None) => return Draft::held(desired, Some(release.name.clone()), vec![*hold]),
        };
        if let Some(going_on) = going_on {
            let draft = if going_on.content == judged.content {
                self.goes_on(desired, going_on, Vec::new())
            } else {
                self.newer_order(desired, going_on, Some(release.name.clone()))
            };
            return draft.with_stacks(rows(&judged, true));
        }
        let obstacles = self.obstacles(desired, &judged);
        if !obstacles.is_empty() {
            return beside.held(desired, release, obstacles).with_stacks(rows(&judged, true));
        }
        let runs = self.index.running(&desired.slot).is_some_and(|run| run.release == release.name);
        if runs && judged.differing().next().is_none() {
            let kept = matches!((&beside, &because), (Beside::Newer(_), Because::Back));
            let mut draft = beside.settled(desired, release).with_stacks(rows(&judged, false));
            if let Some(row) = draft.row.as_mut().filter(|_| kept) {
                row.kept = Some(deploy_file(desired.project, &desired.environment.name));
            }
            return self.prune(draft, desired, release, &judged);
        }
        match self.enter(desired, &judged) {
            Ok(entry) => self.begin(desired, release, because, judged, entry),
            Err(hold) => beside.held(desired, release, vec![*hold]).with_stacks(rows(&judged, true)),
        }
    }

    /// A deployment begins.
    fn begin(
        &self,
        desired: &Desired<'a>,
        release: &Release,
        because: Because,
        judged: Judged<'a>,
        entry: Entry<'_>,
    ) -> Draft<'a> {
        let running = self.index.running(&desired.slot).filter(|run| run.release == release.name);
        let live = running.is_some() && self.index.is_whole(&desired.slot);
        let because = match entry.allowed {
            Some(allowance) => Because::Allowed(allowance.what),
            None if live => Because::Differs {
                stacks: judged.differing().map(|wanted| wanted.stack.clone()).collect(),
                parts: Vec::new(),
            },
            None => because,
        };
        let (name, from) = (release.name.clone(), desired.runs.clone());
        let decision = Decision::Deploy { release: name.clone(), from: from.clone(), because: because.clone() };
        let mut draft = Draft::of(desired, decision).with_stacks(rows(&judged, false));
        draft.guarded = live.then(|| changes(&judged));
        draft.begin = Some(Begin {
            slot: desired.slot.clone(),
            release: name,
            from,
            because,
            plan: judged.plan.clone(),
            content: judged.content,
            attempt: entry.attempt,
            on_failure: desired.project.on_failure,
            orders: self.orders(desired, judged),
            allowed: entry.allowed.iter().map(|allowance| allowance.id()).collect(),
            removal: false,
            live: BTreeMap::new(),
            waves: Vec::new(),
        });
        draft
    }

    /// Renders the slot's stacks and compares each with what is there.
    fn judge(
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
        };
        let stacks = wanted(&source, renderer).map_err(cannot)?;
        let content = slot_content(&stacks);
        let plan = plan_id(&desired.slot, content);
        let mut judged = Vec::with_capacity(stacks.len());
        for wanted in stacks {
            let verdict = judge(self.input.observed, &wanted);
            judged.push((wanted, verdict));
        }
        Ok(Judged { stacks: judged, content, plan })
    }

    /// Why stacks cannot be deployed as they are. A state whose gate an allowance opens is none: the engine stops there
    /// and goes through with the same allowance.
    fn obstacles(&self, desired: &Desired<'a>, judged: &Judged<'a>) -> Vec<Hold> {
        let mut holds: Vec<Hold> = Vec::new();
        for (wanted, verdict) in &judged.stacks {
            let hold = match verdict {
                Verdict::Current | Verdict::Put(_) => continue,
                Verdict::Unseen(hold) | Verdict::Foreign(hold) => hold.clone(),
                Verdict::State(state) => {
                    let stack = Some(&wanted.stack);
                    let key = state.gate.map(|gate| Key { gate, plan: &judged.plan, stack });
                    if key.is_some_and(|key| self.allowance(desired, key).is_some()) {
                        continue;
                    }
                    Hold::new(Cause::StackState {
                        stack: wanted.stack.clone(),
                        status: state.status.as_str(),
                        way_out: state.way_out.clone(),
                        gate: state.gate,
                        plan: judged.plan.clone(),
                        file: deploy_file(desired.project, &desired.environment.name),
                    })
                }
            };
            if !holds.contains(&hold) {
                holds.push(hold);
            }
        }
        holds
    }

    /// Whether the content may be tried (again), and as which attempt.
    fn enter(&self, desired: &Desired<'a>, judged: &Judged<'a>) -> Result<Entry<'a>, Box<Hold>> {
        let Some(tried) = self.index.attempts(&desired.slot, judged.content) else {
            return Ok(Entry { attempt: 1, allowed: None });
        };
        let attempt = tried.failed.saturating_add(1);
        if tried.failed < desired.project.attempts {
            return Ok(Entry { attempt, allowed: None });
        }
        let key = Key { gate: Gate::Retry, plan: &judged.plan, stack: None };
        match self.allowance(desired, key) {
            Some(allowance) => Ok(Entry { attempt, allowed: Some(allowance) }),
            None => Err(Box::new(self.tried(desired, tried, &judged.plan))),
        }
    }

    /// The reason of a content that was tried as often as allowed.
    pub(super) fn tried(&self, desired: &Desired<'_>, tried: &Attempts, plan: &Arc<str>) -> Hold {
        let cause = match &tried.outcome {
            Outcome::Failed(cause) => Some(cause.clone()),
            _ => None,
        };
        Hold {
            cause: Cause::Attempts {
                failed: tried.failed,
                deployment: tried.deployment,
                cause,
                plan: plan.clone(),
                file: deploy_file(desired.project, &desired.environment.name),
            },
            since: Some(tried.ended),
            until: None,
        }
    }

    /// The first allowance of the slot's deploy file that opens a gate.
    pub(super) fn allowance(&self, desired: &Desired<'a>, key: Key<'_>) -> Option<&'a Allowance> {
        let file = desired.project.deploy.get(&desired.environment.name)?;
        fitting(&file.allow, self.index, &desired.slot, self.input.now, key).next()
    }

    /// The operations on the slot's stacks. Current ones are left out, but for those that nobody has proved: where the
    /// slot never ran anything and nothing was tried, and the one in which the last attempt failed. A change set without
    /// changes leads to the proof.
    fn orders(&self, desired: &Desired<'a>, judged: Judged<'a>) -> Vec<Order> {
        let tried = self.index.attempts(&desired.slot, judged.content);
        let unknown = tried.is_none() && !self.index.ever_ran_anything(&desired.slot);
        let failed = tried.and_then(|tried| match &tried.outcome {
            Outcome::Failed(cause) => cause.stack.clone(),
            _ => None,
        });
        let needed = |wanted: &Wanted<'_>, verdict: &Verdict| {
            *verdict != Verdict::Current || unknown || failed.as_ref() == Some(&wanted.stack)
        };
        let stacks = judged.stacks.into_iter().filter(|(wanted, verdict)| needed(wanted, verdict));
        stacks
            .map(|(wanted, _)| Order {
                wave: 0,
                adopt: false,
                step: wanted.position,
                stack: wanted.stack,
                place: wanted.target.place.clone(),
                access: wanted.target.access.clone(),
                action: Action::Put(Box::new(wanted.content)),
            })
            .collect()
    }
}

impl<'a> Judged<'a> {
    /// The stacks that are not what they should be.
    fn differing(&self) -> impl Iterator<Item = &Wanted<'a>> {
        self.stacks.iter().filter(|(_, verdict)| *verdict != Verdict::Current).map(|(wanted, _)| wanted)
    }
}

/// What a live change adds to what is pending: existing stacks that change.
fn changes(judged: &Judged<'_>) -> Guarded {
    let mut pending = BTreeMap::new();
    for (wanted, verdict) in &judged.stacks {
        if *verdict == Verdict::Put(StackChange::Update) {
            *pending.entry(wanted.target.place.account.clone()).or_default() += 1;
        }
    }
    Guarded { removes: false, pending }
}

/// The rows of a slot's stacks.
fn rows(judged: &Judged<'_>, held: bool) -> Vec<StackRow> {
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
            Verdict::State(_) if !held => StackChange::Update,
            Verdict::Foreign(_) | Verdict::State(_) => StackChange::Waits,
        },
    };
    judged.stacks.iter().map(row).collect()
}
