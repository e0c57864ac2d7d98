//! Proof from ECS that a stack runs what it was given.
//!
//! For every service in the stack: its newest service deployment was successful, the revision that it brought uses the
//! stack's task definition, and the images that ECS resolved for the containers that we named have the release's digests.
//! Containers that others add (Service Connect, GuardDuty) are not looked at. A service deployment that was rolled back is
//! a failure, whatever the stack says.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::state::Answer;
use super::{Effect, Request, Seen, Subject, evidence, follow, left, restore, takeover, task};
use crate::cloud::{ServiceDeployment, ServiceDeploymentStatus as Status, ServiceSeen, StackResource};
use crate::engine::cause;
use crate::engine::mistakes::Mistake;
use crate::engine::token::Purpose;
use crate::model::StackSeen;
use crate::model::journal::{Call, Content, Entry, Evidence, Outcome};

/// What ECS says about a stack's services.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// There is nothing to prove: no service, nothing asked for, or no service deployment ever.
    Nothing,
    /// They run what they should.
    Proved,
    /// Not yet; what is missing.
    NotYet(String),
    /// They do not, and time will not help; code and sentence.
    Wrong(&'static str, String),
}

/// What to do now for a stack whose operation is complete, or that needed none. `since` is when it began.
pub(super) fn next(s: &Subject<'_>, content: &Content, seen: &Seen, stack: &StackSeen, since: Timestamp) -> Effect {
    if s.mistakes.makes(Mistake::SuccessByStackStatus) {
        return finish(s, seen, stack, vec![], Outcome::Proved);
    }
    if let Some(effect) = protect(s, content, stack, since) {
        return effect;
    }
    if let Some(effect) = evidence::look_at_services(seen, stack) {
        return effect;
    }
    if let Some(effect) = restore::next(s, seen, since) {
        return effect;
    }
    let nothing = BTreeMap::new();
    let services = seen.services.as_ref().unwrap_or(&nothing);
    let states = || services.values().flatten().filter_map(state_of).collect::<Vec<_>>();
    let verdict = match unseen(s, seen, services) {
        Some(missing) => Verdict::NotYet(missing),
        None => judge(content, seen.resources.as_deref().unwrap_or_default(), services),
    };
    if let (Verdict::Nothing | Verdict::Proved, Some(run)) = (&verdict, &content.task) {
        return task::next(s, run, seen, stack, states());
    }
    match verdict {
        Verdict::Nothing if s.state.no_change.is_some() => finish(s, seen, stack, vec![], Outcome::Unchanged),
        Verdict::Nothing => finish(s, seen, stack, vec![], Outcome::StackStatusOnly),
        Verdict::Proved => finish(s, seen, stack, states(), Outcome::Proved),
        Verdict::NotYet(missing) if s.late(since, s.deadline(content)) => {
            let limit = cause::limit(s.deadline(content));
            wrong(s, seen, stack, states(), "not-proved", format!("not within {limit}: {missing}"))
        }
        Verdict::NotYet(_) => not_yet(s, seen, stack, since),
        Verdict::Wrong(code, sentence) => wrong(s, seen, stack, states(), code, sentence),
    }
}

/// The stack is complete, and its services are not: they are waited for, unless a newer order takes over.
fn not_yet(s: &Subject<'_>, seen: &Seen, stack: &StackSeen, since: Timestamp) -> Effect {
    let effect = evidence::collect(s, seen, stack).or_else(|| takeover::next(s, seen, since));
    effect.unwrap_or_else(|| match s.deployment.taken_over.as_ref().and(s.deployment.instead()) {
        Some(by) => s.end_as(stack.status, Outcome::Superseded { by: by.clone() }),
        None => s.poll(since),
    })
}

/// Switches termination protection on if it is wanted and off. It is never switched off by a deployment.
fn protect(s: &Subject<'_>, content: &Content, stack: &StackSeen, since: Timestamp) -> Option<Effect> {
    if !content.protected || stack.protected {
        return None;
    }
    match s.call(Purpose::Protect) {
        Some(call) if call.answer == Answer::Accepted && !s.older_than(call.at, super::STALE) => Some(s.poll(since)),
        Some(call) if call.answer == Answer::Accepted => None,
        _ => Some(s.ask(Call::SetProtection, Purpose::Protect, Request::Protect(true))),
    }
}

fn wrong(
    s: &Subject<'_>,
    seen: &Seen,
    stack: &StackSeen,
    states: Vec<Evidence>,
    code: &str,
    sentence: String,
) -> Effect {
    if let Some(effect) = evidence::collect(s, seen, stack) {
        return effect;
    }
    let root = cause::root_cause(s.stack(), &s.state.evidence);
    let cause = root.unwrap_or_else(|| cause::cause(code, s.stack(), sentence));
    follow::not_proved(s, states, stack.status, cause)
}

fn finish(s: &Subject<'_>, seen: &Seen, stack: &StackSeen, states: Vec<Evidence>, outcome: Outcome) -> Effect {
    let mut entries: Vec<Entry> = states.into_iter().map(|item| s.evidence(item)).collect();
    if s.state.no_change.is_none() {
        entries.push(s.evidence(Evidence::StackLeft { status: stack.status }));
    }
    entries.push(in_place(s, seen, stack));
    entries.push(s.ended(outcome));
    Effect::Note(entries)
}

/// The record that the stack has its content, with the time and the services by which a later change is noticed. If AWS had
/// nothing to change, the services are left out: what is there may be drift.
pub(super) fn in_place(s: &Subject<'_>, seen: &Seen, stack: &StackSeen) -> Entry {
    let services = s.state.no_change.is_none().then(|| left::services(seen));
    s.evidence(Evidence::InPlace { changed: stack.changed(), services })
}

/// The first service that this operation updated a moment ago, and for which ECS shows no newer service deployment than before:
/// what is read may lag behind. Not every update of a service begins one.
fn unseen(s: &Subject<'_>, seen: &Seen, services: &BTreeMap<String, Option<ServiceSeen>>) -> Option<String> {
    let updated = |service: &ServiceSeen| {
        let events = seen.events.iter().flatten().filter(|event| evidence::is_ours(s, event));
        let done = events.filter(|event| event.physical_id.as_deref() == Some(&*service.arn));
        done.filter(|event| event.status == "UPDATE_COMPLETE").map(|event| event.at).max()
    };
    let lags = |service: &&ServiceSeen| {
        let known = service.deployment.as_ref().is_some_and(|one| s.state.was_before(&service.arn, &one.arn));
        known && updated(service).is_some_and(|at| !s.older_than(at, super::STALE))
    };
    let service = services.values().flatten().find(lags)?;
    Some(format!("ECS shows no newer service deployment of {} than before", service.arn))
}

fn state_of(service: &ServiceSeen) -> Option<Evidence> {
    let deployment = service.deployment.as_ref()?;
    let digest = |(name, image): (&String, &crate::cloud::ResolvedImage)| Some((name.clone(), image.digest.clone()?));
    Some(Evidence::ServiceDeployment {
        service: service.arn.to_string(),
        status: deployment.status.as_str().to_owned(),
        reason: deployment.reason.clone(),
        running: deployment.running,
        desired: deployment.requested,
        images: deployment.images.iter().filter_map(digest).collect(),
    })
}

fn judge(content: &Content, resources: &[StackResource], services: &BTreeMap<String, Option<ServiceSeen>>) -> Verdict {
    let definitions: BTreeSet<&str> = resources
        .iter()
        .filter(|resource| resource.kind == "AWS::ECS::TaskDefinition")
        .filter_map(|resource| resource.physical_id.as_deref())
        .collect();
    let mut not_yet = None;
    let mut proved = false;
    for (arn, service) in services {
        let Some(service) = service else {
            not_yet = not_yet.or(Some(format!("service {arn} does not exist")));
            continue;
        };
        match judge_one(content, &definitions, service) {
            Verdict::Nothing => {}
            Verdict::Proved => proved = true,
            Verdict::NotYet(missing) => not_yet = not_yet.or(Some(missing)),
            wrong @ Verdict::Wrong(..) => return wrong,
        }
    }
    if let Some(missing) = not_yet {
        return Verdict::NotYet(missing);
    }
    if !proved {
        return Verdict::Nothing;
    }
    unresolved(content, services).map_or(Verdict::Proved, Verdict::NotYet)
}

fn judge_one(content: &Content, definitions: &BTreeSet<&str>, service: &ServiceSeen) -> Verdict {
    let Some(deployment) = &service.deployment else { return Verdict::Nothing };
    let reason = deployment.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    match deployment.status {
        Status::RollbackSuccessful | Status::RollbackFailed => {
            Verdict::Wrong("service-rolled-back", format!("ECS rolled the service back{reason}"))
        }
        Status::Stopped => {
            Verdict::Wrong("service-deployment-stopped", format!("the service deployment was stopped{reason}"))
        }
        Status::Pending
        | Status::InProgress
        | Status::StopRequested
        | Status::RollbackRequested
        | Status::RollbackInProgress
        | Status::Unknown => Verdict::NotYet(format!("the service deployment is {}", deployment.status.as_str())),
        // A service that asks for no tasks proves nothing by running them.
        Status::Successful if service.desired == 0 => Verdict::Nothing,
        Status::Successful => judge_revision(content, definitions, service, deployment),
    }
}

fn judge_revision(
    content: &Content,
    definitions: &BTreeSet<&str>,
    service: &ServiceSeen,
    deployment: &ServiceDeployment,
) -> Verdict {
    let revision = &*deployment.task_definition;
    let right =
        if definitions.is_empty() { *service.task_definition == *revision } else { definitions.contains(revision) };
    if !right {
        return Verdict::NotYet(format!("the service runs {revision}, which is not the stack's task definition"));
    }
    for (container, wanted) in &content.images {
        let Some(image) = deployment.images.get(&**container) else { continue };
        let Some(digest) = &image.digest else { continue };
        if !wanted.digests.is_empty() && !wanted.digests.iter().any(|wanted| **wanted == **digest) {
            let sentence = format!("container `{container}` runs {digest}, which is not {}", wanted.image);
            return Verdict::Wrong("wrong-image", sentence);
        }
    }
    Verdict::Proved
}

/// The first container with recorded digests for which ECS has resolved no image in any service.
fn unresolved(content: &Content, services: &BTreeMap<String, Option<ServiceSeen>>) -> Option<String> {
    let resolved = |container: &str| {
        let deployments = services.values().flatten().filter_map(|service| service.deployment.as_ref());
        deployments.filter_map(|d| d.images.get(container)).any(|image| image.digest.is_some())
    };
    let wanted = content.images.iter().filter(|(_, image)| !image.digests.is_empty());
    let missing = wanted.map(|(container, _)| container).find(|container| !resolved(container))?;
    Some(format!("ECS has not resolved the image of container `{missing}`"))
}
