//! What is seen while an operation runs, and would be gone after it: failed resources, stopped tasks, words of services.

use jiff::Timestamp;

use super::{Effect, Look, Seen, Subject, logs};
use crate::cloud::{ServiceDeploymentStatus, ServiceSeen, StackEvent, StoppedTask};
use crate::engine::token::Purpose;
use crate::model::StackSeen;
use crate::model::journal::Evidence;

/// At most so many stopped tasks and words of services are journaled for one stack: a crashing task is the same each time.
const MOST: usize = 30;

/// Looks at whatever may hold evidence and journals what is new. None when everything has been looked at and journaled.
pub(super) fn collect(s: &Subject<'_>, seen: &Seen, stack: &StackSeen) -> Option<Effect> {
    let token = s.token(Purpose::Execute(s.state.round()));
    let Some(events) = &seen.events else { return Some(Effect::Look(Look::Events(stack.id.clone(), token))) };
    if let Some(effect) = look_at_services(seen, stack) {
        return Some(effect);
    }
    let settled = |service: &ServiceSeen| {
        service.deployment.as_ref().is_none_or(|d| d.status == ServiceDeploymentStatus::Successful)
    };
    let services: Vec<&ServiceSeen> =
        seen.services.iter().flatten().filter_map(|(_, service)| service.as_ref()).collect();
    if seen.tasks.is_none() && !services.iter().all(|service| settled(service)) {
        return Some(Effect::Look(Look::Tasks));
    }
    let began = began(s, events, &services);
    let mut new: Vec<Evidence> = Vec::new();
    new.extend(events.iter().rev().filter(|event| is_ours(s, event)).filter_map(resource_failed));
    // Stopped tasks can be described for an hour: those of the attempt before, and old ones that were scaled in, too.
    new.extend(seen.tasks.iter().flatten().filter(|task| began <= Some(task.created)).map(task_stopped));
    for service in services {
        let events = service.events.iter().rev().filter(|event| began <= Some(event.at));
        new.extend(events.map(|event| Evidence::ServiceEvent {
            service: service.arn.to_string(),
            message: event.message.clone(),
            at: event.at,
        }));
    }
    let new = only_new(s, new);
    if new.is_empty() {
        return logs::of_services(s, seen);
    }
    Some(Effect::Note(new.into_iter().map(|item| s.evidence(item)).collect()))
}

/// Looks at the stack's resources and then at its services. None when that has been done.
pub(super) fn look_at_services(seen: &Seen, stack: &StackSeen) -> Option<Effect> {
    let Some(resources) = &seen.resources else { return Some(Effect::Look(Look::Resources(stack.id.clone()))) };
    if seen.services.is_none() {
        let services = resources.iter().filter(|resource| resource.kind == "AWS::ECS::Service");
        let gone = |status: &str| status == "DELETE_COMPLETE";
        let arns =
            services.filter(|resource| !gone(&resource.status)).filter_map(|resource| resource.physical_id.clone());
        return Some(Effect::Look(Look::Services(arns.collect())));
    }
    None
}

/// Whether an event belongs to one of this stack's operations.
pub(super) fn is_ours(s: &Subject<'_>, event: &StackEvent) -> bool {
    event.token.as_ref().is_some_and(|token| s.state.is_ours(token))
}

/// When what is looked at began: our operation by its first event, which has the clock of AWS; where there was nothing to
/// execute, the newest service deployment. What is older belongs to something else.
pub(super) fn began(s: &Subject<'_>, events: &[StackEvent], services: &[&ServiceSeen]) -> Option<Timestamp> {
    let operation = events.iter().filter(|event| is_ours(s, event)).map(|event| event.at).min();
    let executed = s.call(Purpose::Execute(s.state.round())).map(|call| call.first);
    let deployments = services.iter().filter_map(|service| service.deployment.as_ref());
    operation.or(executed).or_else(|| deployments.map(|deployment| deployment.created).min())
}

fn resource_failed(event: &StackEvent) -> Option<Evidence> {
    let of_stack = event.kind == "AWS::CloudFormation::Stack" && !event.status.starts_with("HOOK_");
    if !event.status.ends_with("_FAILED") || of_stack {
        return None;
    }
    Some(Evidence::ResourceFailed {
        resource: event.resource.clone(),
        kind: event.kind.clone(),
        reason: event.reason.clone().unwrap_or_default(),
        at: event.at,
    })
}

fn task_stopped(task: &StoppedTask) -> Evidence {
    Evidence::TaskStopped {
        task: task.arn.to_string(),
        code: task.code.clone(),
        reason: task.reason.clone(),
        containers: task.containers.clone(),
        at: task.at,
    }
}

/// Leaves out what is journaled already, and what is more of the same than anybody reads.
fn only_new(s: &Subject<'_>, items: Vec<Evidence>) -> Vec<Evidence> {
    let noisy = |item: &Evidence| matches!(item, Evidence::TaskStopped { .. } | Evidence::ServiceEvent { .. });
    let mut count = s.state.evidence.iter().filter(|item| noisy(item)).count();
    let mut new: Vec<Evidence> = Vec::new();
    for item in items {
        if s.state.evidence.contains(&item) || new.contains(&item) {
            continue;
        }
        if noisy(&item) {
            count += 1;
            if count > MOST {
                continue;
            }
        }
        new.push(item);
    }
    new
}
