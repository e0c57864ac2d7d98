//! A deployment that is executing while something newer waits: how far it is, whether it fails, and when it gives way.
//!
//! What is seen is journaled, so that a restart neither forgets when something last moved nor waits anew: marks of progress,
//! the first sign of failure, and the decision itself. The plan says what waits, how long a standstill may last, and whether
//! the release was blocked or withdrawn; here is decided when. Called only where an operation goes forward and all evidence of
//! it has been collected. Deliberately absent: the calls that cancel (`follow.rs`), and one-off tasks, which are never taken over.

use jiff::{SignedDuration, Timestamp};

use super::{Effect, Seen, Subject, evidence};
use crate::cloud::{ServiceDeployment, ServiceSeen, StoppedTask};
use crate::engine::cause;
use crate::model::Hash;
use crate::model::journal::{Cause, Entry, Evidence};

/// At most one mark of progress in so many seconds is journaled for one stack.
const PACE: i64 = 5;

/// What is to be noted of an operation that began at `since` and goes forward: progress, failure, or that a newer order takes
/// over. None when there is nothing new.
pub(super) fn next(s: &Subject<'_>, seen: &Seen, since: Timestamp) -> Option<Effect> {
    progressed(s, seen).or_else(|| fails(s, seen)).or_else(|| taken_over(s, since))
}

/// The service deployments that this operation began.
fn begun<'a>(s: &Subject<'_>, seen: &'a Seen) -> impl Iterator<Item = (&'a ServiceSeen, &'a ServiceDeployment)> {
    let services = seen.services.iter().flatten().filter_map(|(_, service)| service.as_ref());
    let state = s.state;
    services
        .filter_map(|service| Some((service, service.deployment.as_ref()?)))
        .filter(|(service, deployment)| !state.was_before(&service.arn, &deployment.arn))
}

fn progressed(s: &Subject<'_>, seen: &Seen) -> Option<Effect> {
    let mark = mark(s, seen);
    if s.state.progress.as_ref().is_some_and(|last| last.mark == mark || !s.older_than(last.at, PACE)) {
        return None;
    }
    let sum = |of: fn(&ServiceDeployment) -> u32| begun(s, seen).map(|(_, one)| of(one)).fold(0, u32::saturating_add);
    let (running, wanted) = (sum(|one| one.running), sum(|one| one.requested));
    Some(Effect::Note(vec![s.evidence(Evidence::Progressed { mark, running, wanted })]))
}

/// A hash of how far the operation is: its newest event, and of each service deployment the status, the tasks that run, the
/// stage, the traffic and the hooks that it passed. Stopped tasks are not progress.
fn mark(s: &Subject<'_>, seen: &Seen) -> String {
    let newest = seen.events.iter().flatten().find(|event| evidence::is_ours(s, event));
    let mut parts = Hash::parts().part(newest.map_or("", |event| &*event.id));
    for (service, one) in begun(s, seen) {
        let tasks = format!("{} of {}", one.running, one.requested);
        parts = parts.part(&*service.arn).part(&*one.arn).part(one.status.as_str()).part(tasks);
        if let Some(shift) = &one.shift {
            let traffic = [shift.test, shift.production].map(|it| it.map_or_else(String::new, |it| it.to_string()));
            parts = parts.part(&shift.stage).part(traffic.join(" "));
            for hook in &shift.hooks {
                parts = parts.part(&*hook.id).part(hook.status.as_str());
            }
        }
    }
    parts.finish().short().to_string()
}

/// The first sign that the operation fails.
fn fails(s: &Subject<'_>, seen: &Seen) -> Option<Effect> {
    if s.state.fails.is_some() {
        return None;
    }
    let cause = sign(s, seen)?;
    Some(Effect::Note(vec![s.evidence(Evidence::Fails { code: cause.code.to_string(), sentence: cause.sentence })]))
}

fn sign(s: &Subject<'_>, seen: &Seen) -> Option<Cause> {
    let new = |task: &&StoppedTask| begun(s, seen).any(|(_, one)| one.task_definition == task.task_definition);
    let stopped = seen.tasks.iter().flatten().filter(new).find(|task| is_failure(task));
    if let Some(task) = stopped {
        let sentence = format!("a task of the new revision stopped, {}: {}", task.code, task.reason);
        let root = cause::root_cause(s.stack(), &s.state.evidence);
        return Some(root.unwrap_or_else(|| cause::cause("task-stopped", s.stack(), sentence)));
    }
    let counted = begun(s, seen).map(|(_, one)| one.failures).max().filter(|failures| *failures > 0)?;
    let root = cause::root_cause(s.stack(), &s.state.evidence);
    let sentence = format!("ECS counts {counted} failed tasks of the new revision");
    Some(root.unwrap_or_else(|| cause::cause("task-stopped", s.stack(), sentence)))
}

/// Whether a task of the new revision stopped because of itself: it ended, it did not start, or it was unhealthy. A stop
/// by scaling in, by a person or by a lost machine says nothing about the release.
fn is_failure(task: &StoppedTask) -> bool {
    let reason = task.reason.to_ascii_lowercase();
    cause::BY_THEMSELVES.contains(&task.code.as_str())
        || reason.contains("health check")
        || reason.contains("unhealthy")
}

/// The decision: something newer waits, its time has come, and the deployment is not wanted, fails, or stands still.
fn taken_over(s: &Subject<'_>, since: Timestamp) -> Option<Effect> {
    let superseded = s.deployment.superseded.as_ref().filter(|_| s.deployment.taken_over.is_none())?;
    if superseded.not_before.is_some_and(|at| at > s.now) {
        return None;
    }
    let revoked = superseded.revoked.clone();
    let cause = revoked.or_else(|| s.deployment.fails().cloned()).or_else(|| stalled(s, since, superseded.takeover))?;
    let (deployment, by) = (s.opened.deployment, superseded.by.clone());
    Some(Effect::Note(vec![Entry::TakenOver { deployment, by, cause }]))
}

/// Nothing has moved for too long, in any of the deployment's stacks.
fn stalled(s: &Subject<'_>, since: Timestamp, takeover: SignedDuration) -> Option<Cause> {
    let last = s.deployment.progressed().map_or(since, |last| last.max(since));
    let idle = s.now.duration_since(last) >= takeover;
    idle.then(|| cause::cause(Cause::STALLED, s.stack(), format!("nothing has progressed for {takeover:#}")))
}
