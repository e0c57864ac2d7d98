//! Why a stack failed, from its evidence: one sentence, the root cause first.
//!
//! A container that exits or an image that cannot be pulled explains the service that did not settle, which explains the
//! resource that failed, which explains the stack: the first of these that there is evidence for is the cause.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::cloud::TaskEnd;
use crate::model::StackName;
use crate::model::journal::{Cause, Evidence};

/// A cause without a gate.
pub(crate) fn cause(code: &str, stack: &StackName, sentence: impl Into<String>) -> Cause {
    Cause { code: code.into(), sentence: sentence.into(), stack: Some(stack.clone()), gate: None, foreseen: Vec::new() }
}

/// The root cause in the evidence; none if the evidence shows no cause.
pub(crate) fn root_cause(stack: &StackName, evidence: &[Evidence]) -> Option<Cause> {
    container_exits(stack, evidence)
        .or_else(|| task_not_started(stack, evidence))
        .or_else(|| unhealthy(stack, evidence))
        .or_else(|| resource_failed(stack, evidence))
}

/// The root cause, or what the stack's own status and reason say.
pub(crate) fn of_stack(stack: &StackName, evidence: &[Evidence], status: &str, reason: Option<&str>) -> Cause {
    root_cause(stack, evidence).unwrap_or_else(|| {
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        cause("stack-failed", stack, format!("the stack ended as {status}{reason}"))
    })
}

/// Stop codes of tasks that ended by themselves. In all others ECS or a person stopped the task, and its containers'
/// exit codes say no more than that they were. \[api: TaskStopCode\]
pub(crate) const BY_THEMSELVES: [&str; 2] = ["EssentialContainerExited", "TaskFailedToStart"];

/// Exit codes of a container that was told to stop (SIGTERM) or was killed (SIGKILL), as the others of a task are when one
/// of them exits.
const KILLED: [i32; 2] = [143, 137];

fn container_exits(stack: &StackName, evidence: &[Evidence]) -> Option<Cause> {
    let mut ends: BTreeMap<(&str, i32), (u32, Option<&str>)> = BTreeMap::new();
    for item in evidence {
        let Evidence::TaskStopped { containers, code, .. } = item else { continue };
        for end in containers.iter().filter(|_| BY_THEMSELVES.contains(&code.as_str())) {
            if let Some(code) = end.exit_code.filter(|code| *code != 0) {
                let entry = ends.entry((&end.name, code)).or_insert((0, None));
                entry.0 += 1;
                entry.1 = entry.1.or(end.reason.as_deref());
            }
        }
    }
    // An end of its own before one that followed from it; then the most frequent; of equal ones the first by name.
    let own = |code: i32, reason: Option<&str>| reason.is_some() || !KILLED.contains(&code);
    let ((name, code), (times, reason)) =
        ends.into_iter().rev().max_by_key(|((_, code), (times, reason))| (own(*code, *reason), *times))?;
    let times = if times == 1 { "once".to_owned() } else { format!("{times} times") };
    let said = said_by(evidence, name, reason);
    Some(cause("container-exits", stack, format!("container `{name}` exits with {code}, {times}{said}")))
}

/// How much of a line is part of a sentence, in characters.
const SAID: usize = 200;

/// What a container said last, or else what ECS says about its end, as the end of a sentence.
fn said_by(evidence: &[Evidence], of: &str, reason: Option<&str>) -> String {
    let lines = evidence.iter().rev().find_map(|item| match item {
        Evidence::LogLines { container, lines, .. } if container == of => Some(lines),
        _ => None,
    });
    let last = lines.and_then(|lines| lines.iter().rev().map(|line| line.trim()).find(|line| !line.is_empty()));
    match (last, reason) {
        (Some(line), _) if line.chars().count() > SAID => {
            format!(": \"{}…\"", line.chars().take(SAID).collect::<String>())
        }
        (Some(line), _) => format!(": \"{line}\""),
        (None, Some(reason)) => format!(": {reason}"),
        (None, None) => String::new(),
    }
}

/// Why a task that was run once failed. `counts` says which containers decide.
pub(crate) fn of_task(stack: &StackName, evidence: &[Evidence], end: &TaskEnd, counts: &dyn Fn(&str) -> bool) -> Cause {
    let deciding = || end.containers.iter().filter(|end| counts(&end.name));
    let failed = deciding().filter(|end| end.exit_code.is_some_and(|code| code != 0));
    let own = failed.clone().find(|end| end.exit_code.is_some_and(|code| !KILLED.contains(&code)));
    let by_itself = BY_THEMSELVES.contains(&end.code.as_str());
    if let Some((container, code)) =
        own.or(failed.clone().next().filter(|_| by_itself)).and_then(|c| Some((c, c.exit_code?)))
    {
        let said = said_by(evidence, &container.name, container.reason.as_deref());
        let sentence = format!("container `{}` of the task exits with {code}{said}", container.name);
        return cause("container-exits", stack, sentence);
    }
    let stopped = Evidence::TaskStopped {
        task: String::new(),
        code: end.code.clone(),
        reason: end.reason.clone(),
        containers: end.containers.clone(),
        at: end.at,
    };
    task_not_started(stack, std::slice::from_ref(&stopped)).unwrap_or_else(|| {
        let silent = deciding().find(|end| end.exit_code.is_none()).and_then(|end| end.reason.as_deref());
        let why = silent.unwrap_or(&end.reason);
        cause("task-stopped", stack, format!("the task was stopped before it finished ({}): {why}", end.code))
    })
}

/// Words of ECS for an image that cannot be had. \[doc: CannotPullContainerError and its kin\]
const PULL: [&str; 3] = ["CannotPull", "pull image", "ImageNotFound"];

fn task_not_started(stack: &StackName, evidence: &[Evidence]) -> Option<Cause> {
    let mut not_started = None;
    for item in evidence {
        let Evidence::TaskStopped { code, reason, containers, .. } = item else { continue };
        let pull = |text: &str| PULL.iter().any(|word| text.contains(word));
        if let Some(end) = containers.iter().find(|end| end.reason.as_deref().is_some_and(pull)) {
            let reason = end.reason.as_deref().unwrap_or_default();
            let sentence = format!("the image of container `{}` cannot be pulled: {reason}", end.name);
            return Some(cause("image-not-pulled", stack, sentence));
        }
        if pull(reason) {
            return Some(cause("image-not-pulled", stack, format!("an image cannot be pulled: {reason}")));
        }
        if code == "TaskFailedToStart" && not_started.is_none() {
            not_started = Some(cause("task-not-started", stack, format!("a task cannot start: {reason}")));
        }
    }
    not_started
}

fn unhealthy(stack: &StackName, evidence: &[Evidence]) -> Option<Cause> {
    evidence.iter().find_map(|item| match item {
        Evidence::TaskStopped { reason, .. } if reason.to_ascii_lowercase().contains("health check") => {
            Some(cause("unhealthy", stack, format!("tasks are stopped as unhealthy: {reason}")))
        }
        _ => None,
    })
}

/// What failed last, in a sentence: why a rollback cannot go on.
pub(crate) fn last_failure(evidence: &[Evidence]) -> Option<String> {
    let failed = evidence.iter().filter_map(|item| match item {
        Evidence::ResourceFailed { resource, kind, reason, at } => Some((*at, resource, kind, reason)),
        _ => None,
    });
    let (_, resource, kind, reason) = failed.max_by_key(|(at, ..)| *at)?;
    Some(format!("{resource} ({kind}) failed: {reason}"))
}

/// How long the stack may take, as people write it in `deadline`.
pub(crate) fn limit(seconds: i64) -> String {
    format!("{:#}", SignedDuration::from_secs(seconds))
}

fn resource_failed(stack: &StackName, evidence: &[Evidence]) -> Option<Cause> {
    let mut failed: Vec<_> = evidence
        .iter()
        .filter_map(|item| match item {
            Evidence::ResourceFailed { resource, kind, reason, at } => Some((*at, resource, kind, reason)),
            _ => None,
        })
        .collect();
    failed.sort_by_key(|(at, ..)| *at);
    // A resource that was only cancelled because something else failed is not the cause.
    let (_, resource, kind, reason) =
        failed.iter().find(|(_, _, _, reason)| !reason.contains(CANCELLED)).or(failed.first())?;
    Some(cause(FAILED, stack, format!("{resource} ({kind}) failed: {reason}")))
}

/// The code of a resource that failed.
const FAILED: &str = "resource-failed";

/// CloudFormation's word for a resource that it gave up because of something else: `Resource update cancelled`.
const CANCELLED: &str = "cancelled";

/// Whether a root cause is only that: no resource failed for a reason of its own.
pub(crate) fn is_cancelled(cause: &Cause) -> bool {
    &*cause.code == FAILED && cause.sentence.contains(CANCELLED)
}
