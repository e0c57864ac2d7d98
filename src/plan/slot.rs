//! What is done to one slot: its stacks for the release that it carries, against what is there.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::model::catalog::{Allowance, Gate};
use crate::model::decision::{Because, Cause, Waiting};
use crate::model::facts::Attempts;
use crate::model::journal::{self, DeploymentId, Outcome};
use crate::model::{Decision, Hold, Release, ReleaseName, StackName};
use crate::promote::{Desired, Want, deploy_file};

use super::Planner;
use super::allow::{Key, Keys};
use super::draft::{Draft, Kind};
use super::judged::Judged;
use super::kept;
use super::render::Render;

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
pub(super) struct Entry<'f> {
    pub(super) attempt: u32,
    /// The allowance that lets it be tried again.
    pub(super) retried: Option<&'f Allowance>,
    /// Every allowance that opened something.
    pub(super) allowed: Vec<&'f Allowance>,
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
            // What was blocked or withdrawn while it is deployed gives way to what the slot is to run meanwhile.
            (Want::Wait { wanted, meanwhile: Some(release), reasons }, Some(going_on))
                if going_on.release != release.name && self.revoked(&desired, going_on).is_some() =>
            {
                self.carry(&desired, release, Because::Back, Beside::Wanted(wanted, reasons), renderer)
            }
            (
                Want::Wait { reasons, .. } | Want::AsDeployed { reasons, .. } | Want::Nothing { reasons, .. },
                Some(going_on),
            ) => Draft { plans: None, ..self.goes_on(&desired, going_on, reasons) },
            (Want::Wait { wanted, meanwhile: Some(release), reasons }, None) => {
                self.carry(&desired, release, Because::Back, Beside::Wanted(wanted, reasons), renderer)
            }
            (Want::Wait { wanted, meanwhile: None, reasons }, None) => Draft::held(&desired, Some(wanted), reasons),
            (Want::AsDeployed { wanted, reasons }, None) => Draft::held(&desired, wanted, reasons),
            (Want::Nothing { next, reasons }, None) => {
                Draft { plans: Some(BTreeSet::new()), ..Draft::of(&desired, Decision::Empty { next, reasons }) }
            }
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
            (Err(hold), None) => return Draft::held(desired, Some(release.name.clone()), vec![*hold]).unsettled(),
        };
        let wanted = matches!(beside, Beside::Newer(_));
        let (content, plan, feeds) = (judged.content, judged.plan.clone(), judged.feeds());
        let loses = self.losing(desired, &judged);
        let mut draft = match going_on {
            None => self.carried(desired, release, because, beside, judged),
            Some(going_on) => {
                let draft = if going_on.content == judged.content {
                    self.goes_on(desired, going_on, Vec::new())
                } else {
                    self.newer_order(desired, going_on, Some(release.name.clone()))
                };
                draft.with_stacks(judged.rows(true)).unsettled()
            }
        };
        draft.feeds = feeds;
        // What is pruned already counts as that.
        if draft.kind != Kind::Removal && draft.orphans.is_empty() {
            draft.loses = loses;
        }
        draft.failed = self.index.attempts(&desired.slot, content).is_some();
        draft.plan.get_or_insert_with(|| plan.clone());
        // What is wanted but waits has a plan that is not known yet.
        if wanted { draft.with_plan(plan) } else { Draft { plans: None, ..draft } }
    }

    /// Nothing is going on in the slot.
    fn carried(
        &self,
        desired: &Desired<'a>,
        release: &'a Arc<Release>,
        because: Because,
        beside: Beside,
        judged: Judged<'a>,
    ) -> Draft<'a> {
        let obstacles = self.obstacles(desired, &judged);
        if !obstacles.holds.is_empty() {
            let held = beside.held(desired, release, obstacles.holds).with_stacks(judged.rows(true));
            return Draft { adoptions: obstacles.adoptions, ..held };
        }
        let runs = self.index.running(&desired.slot).is_some_and(|run| run.release == release.name);
        if runs && judged.differing().next().is_none() {
            let kept = matches!((&beside, &because), (Beside::Newer(_), Because::Back));
            let mut draft = beside.settled(desired, release).with_stacks(judged.rows(false));
            if let Some(row) = draft.row.as_mut().filter(|_| kept) {
                row.kept = Some(Box::new(kept::lines(desired)));
            }
            return self.prune(draft, desired, release, &judged);
        }
        match self.enter(desired, &judged, obstacles.allowed) {
            Ok(entry) if entry.allowed.is_empty() && self.brake(desired, &judged).is_some() => {
                let brake = self.brake(desired, &judged).into_iter().collect();
                beside.held(desired, release, brake).with_stacks(judged.rows(true))
            }
            Ok(entry) => self.begin(desired, release, because, judged, entry),
            Err(hold) => beside.held(desired, release, vec![*hold]).with_stacks(judged.rows(true)),
        }
    }

    /// Why what was deployed with success, and still differs, is not deployed again at once.
    fn brake(&self, desired: &Desired<'a>, judged: &Judged<'a>) -> Option<Hold> {
        let last = self.input.facts.repeat(&desired.slot, judged.content, judged.given)?;
        let again = last.again();
        // A pause longer than the longest means that the clock was set back.
        let longest = jiff::SignedDuration::from_hours(1);
        let waits = again > self.input.now && again.duration_since(self.input.now) <= longest;
        waits.then(|| Hold {
            cause: Cause::Repeats {
                deployment: last.deployment,
                times: last.times,
                stacks: judged.differing().map(|wanted| wanted.stack.clone()).collect(),
            },
            since: Some(last.ended),
            until: Some(again),
        })
    }

    /// Whether the content may be tried (again), and as which attempt. `allowed` opened other gates.
    fn enter(
        &self,
        desired: &Desired<'a>,
        judged: &Judged<'a>,
        mut allowed: Vec<&'a Allowance>,
    ) -> Result<Entry<'a>, Box<Hold>> {
        let tried = self.index.attempts(&desired.slot, judged.content);
        let attempt = tried.map_or(0, |tried| tried.failed).saturating_add(1);
        let decided = |tried: &Attempts| match &tried.outcome {
            Outcome::Failed(cause) => cause.is_decided() || cause.is_lasting(),
            _ => false,
        };
        let may = tried.is_none_or(|tried| tried.failed < desired.project.attempts && !decided(tried));
        let failed_task = judged.differing().find_map(|wanted| Some((self.failed_task(wanted)?, &wanted.stack)));
        if may && failed_task.is_none() {
            return Ok(Entry { attempt, retried: None, allowed });
        }
        let key = Key { gate: Gate::Retry, plan: &judged.plan, stack: None };
        match self.allowance(desired, key) {
            Some(allowance) => {
                allowed.push(allowance);
                Ok(Entry { attempt, retried: Some(allowance), allowed })
            }
            None => Err(Box::new(match (tried, failed_task) {
                (tried, Some(task)) => self.task_tried(desired, tried, task, &judged.plan),
                (Some(tried), None) => self.tried(desired, tried, &judged.plan),
                (None, None) => return Ok(Entry { attempt, retried: None, allowed }),
            })),
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

    /// The reason of a content with a task that is not to be repeated and came to no good end.
    fn task_tried(
        &self,
        desired: &Desired<'_>,
        tried: Option<&Attempts>,
        (deployment, stack): (DeploymentId, &StackName),
        plan: &Arc<str>,
    ) -> Hold {
        let why = "its task may have done a part of its work, so landfall does not run it again by itself";
        let seen = tried.map(|tried| self.tried(desired, tried, plan));
        let mut hold = seen.unwrap_or_else(|| Hold {
            cause: Cause::Attempts {
                failed: 1,
                deployment,
                cause: None,
                plan: plan.clone(),
                file: deploy_file(desired.project, &desired.environment.name),
            },
            since: None,
            until: None,
        });
        if let Cause::Attempts { cause, .. } = &mut hold.cause {
            let sentence = match &*cause {
                Some(cause) => format!("{}; {why}", cause.sentence),
                None => format!("stack {stack} was to run its task; {why}"),
            };
            let code = Arc::from(journal::Cause::TASK_FAILED);
            *cause =
                Some(journal::Cause { code, sentence, stack: Some(stack.clone()), gate: None, foreseen: Vec::new() });
        }
        hold
    }

    /// The first allowance of the slot's deploy file that opens a gate.
    pub(super) fn allowance(&self, desired: &Desired<'a>, key: Key<'_>) -> Option<&'a Allowance> {
        self.keys(desired).and_then(|keys| keys.fitting(key).next())
    }

    /// The allowances of the slot's deploy file.
    pub(super) fn keys<'k>(&'k self, desired: &'k Desired<'a>) -> Option<Keys<'a, 'k>> {
        let file = desired.project.deploy.get(&desired.environment.name)?;
        Some(Keys {
            allow: &file.allow,
            index: self.index,
            slot: &desired.slot,
            tenant: desired.tenant.map(|tenant| &tenant.name),
            now: self.input.now,
        })
    }
}
