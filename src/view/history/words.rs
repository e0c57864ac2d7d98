//! One line per thing that happened to a stack, in words.

use super::{Step, in_words, stopped};
use crate::compare::hide_text;
use crate::model::journal::{Call, ContainerEnd, Evidence, Reply};

fn call(call: Call) -> &'static str {
    match call {
        Call::PutTemplate => "PutObject",
        Call::CreateChangeSet => "CreateChangeSet",
        Call::ExecuteChangeSet => "ExecuteChangeSet",
        Call::DeleteChangeSet => "DeleteChangeSet",
        Call::DeleteStack => "DeleteStack",
        Call::CancelUpdate => "CancelUpdateStack",
        Call::ContinueRollback => "ContinueUpdateRollback",
        Call::RollbackStack => "RollbackStack",
        Call::SetProtection => "UpdateTerminationProtection",
        Call::ContinueServiceDeployment => "ContinueServiceDeployment",
        Call::RunTask => "RunTask",
        Call::UpdateService => "UpdateService",
        Call::StopTask => "StopTask",
    }
}

pub(super) fn words(step: &Step<'_>) -> Option<String> {
    Some(match step {
        Step::Asked(asked) => format!("asks for {}", call(*asked)),
        Step::Answered(asked, Reply::Accepted) => format!("{} accepted", call(*asked)),
        Step::Answered(asked, Reply::Refused { error }) => format!("{} rejected: {error}", call(*asked)),
        Step::Answered(asked, Reply::Lost { error }) => format!("{} got no answer: {error}", call(*asked)),
        Step::Seen(item) => return evidence(item),
        Step::Stopped(cause, until) => format!("waits: {}", stopped(cause, *until)),
        Step::Waits(Some(cause)) => format!("waits: {}", cause.sentence),
        Step::Waits(None) => "goes on".to_owned(),
        Step::Opened(gate) => format!("gate `{gate}` opened"),
        Step::TakenOver(by, cause) => {
            let by = by.map_or_else(|| "a removal".to_owned(), ToString::to_string);
            format!("{by} takes over: {}", cause.sentence)
        }
        Step::Gone => "waits no longer: it was decided in AWS".to_owned(),
        Step::Ended(outcome) => in_words(outcome),
    })
}

/// What was seen, in words; none for what is of no interest to people.
fn evidence(item: &Evidence) -> Option<String> {
    Some(match item {
        Evidence::RanBefore { .. } | Evidence::Progressed { .. } | Evidence::InPlace { .. } => return None,
        Evidence::Fails { sentence, .. } => format!("fails: {sentence}"),
        Evidence::Announced { changes } => {
            let named = changes.iter().map(|change| format!("{} {}", effect(change.effect), change.resource));
            format!("AWS will {}", named.collect::<Vec<_>>().join(", "))
        }
        Evidence::CarriedBefore => {
            "the stack had this content before, and this is not in the store's journal".to_owned()
        }
        Evidence::NoChange { reason } => format!("nothing to change: {reason}"),
        Evidence::StackLeft { status } => format!("the stack is {status}"),
        Evidence::OutputRead { parameter, value } => format!("parameter {parameter} is {value}"),
        Evidence::ResourceFailed { resource, kind, reason, .. } => format!("{resource} ({kind}) failed: {reason}"),
        Evidence::TaskStopped { code, reason, containers, .. } => {
            format!("task stopped, {code}: {reason}{}", ends(containers))
        }
        Evidence::TaskStarted { task } => format!("task {} was started", short(task)),
        Evidence::TaskEnded { task, code, reason, containers, .. } => {
            format!("task {} ended, {code}: {reason}{}", short(task), ends(containers))
        }
        Evidence::TaskNotRun { why } => format!("the task is not run: {why}"),
        Evidence::TaskLost { why } => format!("how the task ended cannot be learned: {why}"),
        Evidence::LogLines { task, container, lines } => {
            let said: String = lines.iter().map(|line| format!("\n{:>13}| {}", "", hide_text(line))).collect();
            let count = if lines.len() == 1 { "line".to_owned() } else { format!("{} lines", lines.len()) };
            format!("the last {count} of container {container}, task {}{said}", short(task))
        }
        Evidence::LogUnread { task, container, error } => {
            format!("the lines of container {container}, task {}, cannot be read: {error}", short(task))
        }
        Evidence::ServiceEvent { message, .. } => service_event(message),
        Evidence::Paused { stage, .. } => format!("service: pauses at {stage}"),
        Evidence::HookEnded { status, .. } => format!("service: the pause ends as {status}"),
        Evidence::ServiceDeployment { status, reason, running, desired, .. } => {
            let reason = reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
            format!("service deployment {status}{reason}, {running} of {desired} tasks run")
        }
    })
}

/// The ends of containers, each after a semicolon.
fn ends(containers: &[ContainerEnd]) -> String {
    let told = containers.iter().filter(|container| container.exit_code.is_some() || container.reason.is_some());
    let ends = told.map(|container| {
        let code = container.exit_code.map(|code| format!(" exit {code}")).unwrap_or_default();
        let reason = container.reason.as_ref().map(|reason| format!(" ({reason})")).unwrap_or_default();
        format!("; {}{code}{reason}", container.name)
    });
    ends.collect()
}

/// The first digits of a task's id.
fn short(task: &str) -> &str {
    let id = task.rsplit('/').next().unwrap_or(task);
    id.get(..8).unwrap_or(id)
}

/// What ECS says about a service, which begins with the service's long name: `(service NAME) has started 2 tasks: …`.
fn service_event(message: &str) -> String {
    match message.strip_prefix("(service ").and_then(|rest| rest.split_once(") ")) {
        Some((_, said)) => format!("service: {said}"),
        None => message.to_owned(),
    }
}

fn effect(effect: crate::model::journal::Effect) -> &'static str {
    use crate::model::journal::Effect;
    match effect {
        Effect::Add => "add",
        Effect::Modify => "modify",
        Effect::MayReplace => "maybe replace",
        Effect::Replace => "replace",
        Effect::Remove => "remove",
    }
}
