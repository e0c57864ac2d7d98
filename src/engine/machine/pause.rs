//! Service deployments that wait at a pause hook, and the stack's operation with them.
//!
//! On the way forward an allowance answers: `continue` lets the deployment go on, `rollback` has ECS put the old revision
//! back. Where a newer commit takes the deployment's place, the old revision is put back without asking. On the way back
//! landfall does not ask there: a rollback's own deployment reaches the same hooks, and goes on, because what ran before may
//! always run again. The call has no token: it is made only while ECS says that the hook waits, and ECS takes one answer to
//! a hook.

use jiff::Timestamp;

use super::state::{Answer, Pause};
use super::{CLOCKS, Effect, Request, STALE, Seen, Subject, evidence};
use crate::cloud::{HookAnswer, HookStatus, PauseHook, ServiceDeployment, ServiceSeen, TrafficShift};
use crate::engine::cause;
use crate::engine::mistakes::Mistake;
use crate::engine::token::Purpose;
use crate::model::catalog::Gate;
use crate::model::journal::{Call, Cause, Evidence};
use crate::model::{ReleaseName, StackSeen, StackStatus};

/// Which way a stack goes whose service waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// To the new revision: a person decides.
    Forward,
    /// Back to the old one.
    Back,
}

/// A service deployment at its hook.
struct Waiting<'a> {
    service: &'a ServiceSeen,
    deployment: &'a ServiceDeployment,
    shift: &'a TrafficShift,
    hook: &'a PauseHook,
}

/// What to do now for a stack whose operation goes on, where a service of it waits at a pause hook, or did.
pub(super) fn next(s: &Subject<'_>, seen: &Seen, stack: &StackSeen) -> Option<Effect> {
    if let Some(status) = s.state.pauses.last().and_then(|pause| ended(pause, seen)) {
        return Some(over(s, status));
    }
    let way = way(s, seen, stack);
    let waiting = waiting(s, seen).filter(|waiting| way == Some(way_of(s, seen, stack, waiting)));
    let (Some(waiting), Some(way)) = (waiting, way) else {
        return s.state.waits_at_hook().then(|| Effect::Note(vec![s.gate_gone()]));
    };
    match s.state.pauses.last().filter(|pause| *pause.hook == *waiting.hook.id) {
        None => Some(came_to(s, way, &waiting, stack)),
        Some(pause) => Some(at_hook(s, way, pause, &waiting, stack)),
    }
}

/// The direction of the operation; none if no hook matters.
fn way(s: &Subject<'_>, seen: &Seen, stack: &StackSeen) -> Option<Way> {
    match stack.status {
        StackStatus::CreateInProgress | StackStatus::UpdateInProgress => Some(Way::Forward),
        StackStatus::UpdateRollbackInProgress => turned(s, seen, stack).map(|_| Way::Back),
        _ => None,
    }
}

/// The direction of a service deployment: only what was begun when the stack had turned round, and CloudFormation put this
/// very service back, goes back. One that was seen on its way forward stays one that goes forward.
fn way_of(s: &Subject<'_>, seen: &Seen, stack: &StackSeen, waiting: &Waiting<'_>) -> Way {
    let known = s.state.pauses.iter().find(|pause| *pause.deployment == *waiting.deployment.arn);
    let back = match known {
        Some(pause) => pause.back,
        None => put_back(s, seen, stack, waiting.service).is_some_and(|at| waiting.deployment.created >= at - CLOCKS),
    };
    if back { Way::Back } else { Way::Forward }
}

/// When CloudFormation began to put a service back, by its clock; none if it has not.
fn put_back(s: &Subject<'_>, seen: &Seen, stack: &StackSeen, service: &ServiceSeen) -> Option<Timestamp> {
    let turned = turned(s, seen, stack)?;
    let events = seen.events.iter().flatten().filter(|event| event.physical_id.as_deref() == Some(&*service.arn));
    let begun = events.filter(|event| event.status == "UPDATE_IN_PROGRESS" && event.at >= turned);
    begun.map(|event| event.at).min()
}

/// When the stack turned round in this operation, whoever made it: a person may have cancelled the update.
fn turned(s: &Subject<'_>, seen: &Seen, stack: &StackSeen) -> Option<Timestamp> {
    let events = seen.events.as_deref().unwrap_or_default();
    let began = evidence::began(s, events, &[])?;
    let of_stack = events.iter().filter(|event| event.physical_id.as_deref() == Some(&*stack.id));
    let turns = of_stack.filter(|event| event.status == "UPDATE_ROLLBACK_IN_PROGRESS" && event.at >= began);
    turns.map(|event| event.at).max()
}

/// The first service whose deployment, begun by this operation, waits at a hook. One that was there before the change set was
/// executed waits for a person.
fn waiting<'a>(s: &Subject<'_>, seen: &'a Seen) -> Option<Waiting<'a>> {
    let mut services = seen.services.iter().flatten().filter_map(|(_, one)| one.as_ref());
    services.find_map(|service| {
        let deployment = service.deployment.as_ref().filter(|one| !s.state.was_before(&service.arn, &one.arn))?;
        let (shift, hook) = (deployment.shift.as_ref()?, deployment.waits_at()?);
        Some(Waiting { service, deployment, shift, hook })
    })
}

/// What became of a hook that was waited at, where ECS says so now and did not before.
fn ended(pause: &Pause, seen: &Seen) -> Option<(String, HookStatus)> {
    if pause.ended.is_some() {
        return None;
    }
    let deployments = seen.services.iter().flatten().filter_map(|(_, service)| service.as_ref()?.deployment.as_ref());
    let hook = deployments.filter_map(|one| one.shift.as_ref()).flat_map(|shift| &shift.hooks);
    let hook = hook.into_iter().find(|hook| *hook.id == *pause.hook)?;
    (hook.status != HookStatus::AwaitingAction).then(|| (pause.hook.clone(), hook.status))
}

/// The hook waits no longer.
fn over(s: &Subject<'_>, (hook, status): (String, HookStatus)) -> Effect {
    let mut entries = vec![s.evidence(Evidence::HookEnded { hook, status: status.as_str().to_owned() })];
    if s.state.waits_at_hook() {
        entries.push(s.gate_gone());
    }
    Effect::Note(entries)
}

/// A hook that the journal does not know yet.
fn came_to(s: &Subject<'_>, way: Way, waiting: &Waiting<'_>, stack: &StackSeen) -> Effect {
    let hook = waiting.hook;
    let mut entries = vec![s.evidence(Evidence::Paused {
        service: waiting.service.arn.to_string(),
        service_deployment: waiting.deployment.arn.to_string(),
        hook: hook.id.to_string(),
        stage: waiting.shift.stage.clone(),
        until: hook.expires,
        continues: hook.then == HookAnswer::Continue,
        back: way == Way::Back,
    })];
    if s.state.waits_at_hook() {
        entries.push(s.gate_gone());
    }
    if way == Way::Forward && s.superseded.is_none() {
        entries.push(s.stopped(asks(s, waiting, stack), hook.expires));
    }
    Effect::Note(entries)
}

/// The decision that is needed, as a sentence.
fn asks(s: &Subject<'_>, waiting: &Waiting<'_>, stack: &StackSeen) -> Cause {
    let first = stack.status == StackStatus::CreateInProgress;
    let TrafficShift { stage, test, production, .. } = waiting.shift;
    let traffic = match (test, production) {
        (Some(test), Some(production)) => {
            format!(": {test} of the test traffic and {production} of the production traffic go to the new tasks")
        }
        _ => String::new(),
    };
    let then = match waiting.hook.then {
        HookAnswer::Continue => "lets it go on",
        HookAnswer::Rollback if first => "fails the deployment, and CloudFormation removes the new resources",
        HookAnswer::Rollback => "restores the old release",
    };
    let code = if first { Cause::PAUSED_FIRST } else { Cause::PAUSED };
    let sentence = format!("the service is at its pause hook {stage}{traffic}; without an answer, ECS {then}");
    Cause { gate: Some(Gate::Continue), ..cause::cause(code, s.stack(), sentence) }
}

/// A hook that waits, and that the journal knows.
fn at_hook(s: &Subject<'_>, way: Way, pause: &Pause, waiting: &Waiting<'_>, stack: &StackSeen) -> Effect {
    let answer = match (way, pause.answer, s.superseded) {
        (Way::Back, ..) | (_, Some(Gate::Continue), _) => HookAnswer::Continue,
        (_, Some(_), _) | (_, None, Some(_)) => HookAnswer::Rollback,
        (Way::Forward, None, None) if s.mistakes.makes(Mistake::AnswersHooks) => HookAnswer::Continue,
        (Way::Forward, None, None) if s.state.stopped.is_some() => return Effect::Gate,
        (Way::Forward, None, None) => {
            return Effect::Note(vec![s.stopped(asks(s, waiting, stack), waiting.hook.expires)]);
        }
    };
    if s.state.waits_at_hook() {
        return Effect::Note(vec![s.gate_gone()]);
    }
    let count = s.state.pauses.len();
    let purpose = match answer {
        HookAnswer::Continue => Purpose::GoOn(count),
        HookAnswer::Rollback => Purpose::GoBack(count),
    };
    match s.call(purpose) {
        Some(call) if call.answer == Answer::Accepted && !s.older_than(call.at, STALE) => s.poll(call.at),
        _ => {
            let (deployment, hook) = (waiting.deployment.arn.clone(), waiting.hook.id.clone());
            s.ask(Call::ContinueServiceDeployment, purpose, Request::Answer { deployment, hook, answer })
        }
    }
}

/// Where the old revision was put back because something newer is wanted: what that is. Where that was taken back
/// meanwhile, it is the same release again.
pub(super) fn gave_way(s: &Subject<'_>) -> Option<Option<ReleaseName>> {
    let timed_out = |pause: &Pause| pause.ended.as_deref() == Some(HookStatus::TimedOut.as_str());
    let asked = |count| s.call(Purpose::GoBack(count)).is_some_and(|call| call.answer != Answer::Refused);
    let mut counted = s.state.pauses.iter().zip(1..);
    let gave_way = counted.any(|(pause, count)| pause.answer.is_none() && !timed_out(pause) && asked(count));
    gave_way.then(|| s.deployment.instead().cloned().unwrap_or_else(|| Some(s.opened.release.clone())))
}

/// The failure that was decided at a pause hook; none if no hook decided it.
pub(super) fn cause(s: &Subject<'_>, left: StackStatus) -> Option<Cause> {
    // What updates leave; anything else is left of a first create.
    let old = matches!(left, StackStatus::UpdateRollbackComplete | StackStatus::UpdateRollbackFailed);
    s.state.pauses.iter().rev().find_map(|pause| decided(s, pause, old))
}

fn decided(s: &Subject<'_>, pause: &Pause, old: bool) -> Option<Cause> {
    let stage = &pause.stage;
    match (pause.answer, pause.ended.as_deref()) {
        (Some(Gate::Rollback), _) => {
            let what = if old { "restored the old release" } else { "ended the first deployment" };
            let sentence = format!("an allowance {what} at the pause hook {stage}");
            Some(cause::cause(Cause::PUT_BACK, s.stack(), sentence))
        }
        // Where ECS does not tell what became of it, the clock does.
        (None, ended) if !pause.continues && ended.is_none_or(|ended| ended == HookStatus::TimedOut.as_str()) => {
            let until = pause.until.filter(|until| *until <= s.now)?;
            let until = until.strftime("%Y-%m-%d %H:%M UTC");
            let what = if old { "restored the old release" } else { "ended the first deployment" };
            let sentence = format!("the pause hook {stage} got no answer until {until}, and ECS {what}");
            Some(cause::cause(Cause::EXPIRED, s.stack(), sentence))
        }
        _ => None,
    }
}
