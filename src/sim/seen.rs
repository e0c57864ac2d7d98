//! What the account has, in the words of the port.

use std::sync::Arc;

use jiff::Timestamp;

use super::fault::HookMode;
use super::settings::settings;
use super::world::capacity::Unplaced;
use super::world::ecs::{Deployment, Service, TaskState};
use super::world::guard::FOUND;
use super::world::lifecycle::Shift;
use super::world::stack::Event;
use super::world::tasks::OneTask;
use super::world::{self, StackView};
use crate::cloud::{
    ChangeSetSeen, ChangeSetStatus, CloudError, Execution, Finding, HookAnswer, HookStatus, PauseHook, Percent,
    PropertyChange, ResolvedImage, ResourceChange, ServiceDeployment, ServiceDeploymentStatus, ServiceEvent,
    ServiceSeen, StackEvent, TaskEnd, TaskSeen, TrafficShift, lacks_room, said_by_hook,
};
use crate::model::journal::{ContainerEnd, Effect, ExpectedChange, Fate};
use crate::model::observed::DriftChecked;
use crate::model::{StackName, StackSeen};

pub(super) fn seen(view: StackView) -> StackSeen {
    StackSeen {
        name: StackName::seen(&view.name),
        id: view.id,
        status: view.status,
        reason: view.reason,
        description: view.description,
        tags: view.tags,
        outputs: view.outputs.into_iter().map(|output| (output.key, output.value)).collect(),
        parameters: view.parameters,
        created: view.created,
        updated: view.updated,
        protected: view.protected,
        drift: checked(view.drift),
    }
}

pub(super) fn event(event: &Event) -> StackEvent {
    let fails = event.hook.as_ref().filter(|hook| hook.mode == HookMode::Fail);
    let hook = fails.and_then(|hook| Some((FOUND, said_by_hook(&hook.hook, Some(hook.reason.as_deref()?)))));
    let (status, reason) = match hook {
        Some((status, reason)) => (status.to_owned(), Some(reason)),
        None => (event.status.clone(), event.reason.clone()),
    };
    StackEvent {
        id: event.id.as_str().into(),
        at: event.at,
        resource: event.logical.clone(),
        physical_id: event.physical_id.clone(),
        kind: event.kind.clone(),
        status,
        reason,
        token: event.token.clone(),
    }
}

/// What an event says was found wrong.
pub(super) fn finding(event: &Event) -> Option<Finding> {
    let of = |path: &str, reason: &str, fails| Finding {
        resource: event.logical.clone(),
        path: path.to_owned(),
        reason: reason.to_owned(),
        fails,
    };
    if let Some(found) = &event.validation {
        return Some(of(&found.path, &found.reason, found.fails));
    }
    let hook = event.hook.as_ref()?;
    Some(of("", hook.reason.as_deref()?, hook.mode == HookMode::Fail))
}

fn change(change: &world::Change) -> ResourceChange {
    let effect = match (change.action, change.replacement) {
        ("Add" | "Import", _) => Effect::Add,
        ("Remove", _) => Effect::Remove,
        (_, Some("True")) => Effect::Replace,
        (_, Some("Conditional")) => Effect::MayReplace,
        _ => Effect::Modify,
    };
    let causes = change.details.iter().map(|detail| PropertyChange {
        name: detail.name.clone().unwrap_or_else(|| detail.attribute.to_owned()),
        recreates: detail.recreates.to_owned(),
        certain: detail.evaluation == "Static",
        before: detail.before.clone(),
        after: detail.after.clone(),
    });
    ResourceChange {
        change: ExpectedChange {
            resource: change.logical.as_str().into(),
            kind: change.kind.as_str().into(),
            effect,
            fate: change.policy.map(|policy| match policy {
                "Retain" | "ReplaceAndRetain" => Fate::Kept,
                "Snapshot" | "ReplaceAndSnapshot" => Fate::Snapshot,
                _ => Fate::Deleted,
            }),
        },
        causes: causes.collect(),
    }
}

pub(super) fn change_set(set: &world::ChangeSet, stack_id: &Arc<str>) -> ChangeSetSeen {
    ChangeSetSeen {
        name: set.name.as_str().into(),
        id: set.id.as_str().into(),
        stack_id: stack_id.clone(),
        status: match set.status {
            "CREATE_COMPLETE" => ChangeSetStatus::Complete,
            "FAILED" => ChangeSetStatus::Failed,
            _ => ChangeSetStatus::Creating,
        },
        execution: match set.execution {
            "AVAILABLE" => Execution::Available,
            "EXECUTE_COMPLETE" => Execution::Complete,
            "OBSOLETE" => Execution::Obsolete,
            _ => Execution::Unavailable,
        },
        reason: set.reason.clone(),
        changes: set.changes.iter().map(change).collect(),
    }
}

pub(super) fn service(service: &Service) -> ServiceSeen {
    let deployment = service.newest().map(|newest| {
        let revision = service.revision(&newest.target);
        ServiceDeployment {
            arn: newest.arn.as_str().into(),
            status: status(newest.status.as_str()),
            reason: newest.reason.clone(),
            created: newest.created,
            task_definition: revision.map_or("", |revision| revision.task_definition.as_str()).into(),
            running: service.running(Some(&newest.target)),
            requested: service.desired,
            failures: newest.failures,
            images: revision
                .into_iter()
                .flat_map(|revision| revision.images.iter())
                .map(|(name, image, digest)| {
                    (
                        name.clone(),
                        ResolvedImage {
                            image: image.clone(),
                            digest: Some(digest.clone()).filter(|digest| !digest.is_empty()),
                        },
                    )
                })
                .collect(),
            shift: newest.shift.as_ref().map(|shift| moving(service, newest, shift)),
        }
    });
    ServiceSeen {
        arn: service.arn.as_str().into(),
        cluster: service.cluster.as_str().into(),
        task_definition: service.task_definition.as_str().into(),
        desired: service.desired,
        running: service.running(None),
        events: service
            .events
            .iter()
            .map(|said| ServiceEvent { id: said.id.as_str().into(), at: said.at, message: said.message.clone() })
            .collect(),
        deployment,
        settings: settings(service),
    }
}

fn moving(service: &Service, deployment: &Deployment, shift: &Shift) -> TrafficShift {
    let strategy = service.properties.get("DeploymentConfiguration").and_then(|one| one.get("Strategy"));
    let (test, production) = if deployment.rollback.is_some() { (0.0, 0.0) } else { shift.weights() };
    TrafficShift {
        strategy: strategy.and_then(serde_json::Value::as_str).unwrap_or_default().to_owned(),
        stage: shift.stage.as_str().to_owned(),
        test: Some(Percent::new(test)),
        production: Some(Percent::new(production)),
        hooks: shift
            .hooks
            .iter()
            .filter(|hook| hook.function.is_none())
            .map(|hook| PauseHook {
                id: hook.id.as_str().into(),
                status: HookStatus::parse(hook.status.as_str()),
                expires: Some(hook.expires),
                then: if hook.continues { HookAnswer::Continue } else { HookAnswer::Rollback },
            })
            .collect(),
    }
}

fn status(word: &str) -> ServiceDeploymentStatus {
    use ServiceDeploymentStatus as S;
    [S::Pending, S::InProgress, S::StopRequested, S::Stopped, S::Successful, S::RollbackRequested]
        .into_iter()
        .chain([S::RollbackInProgress, S::RollbackSuccessful, S::RollbackFailed])
        .find(|status| status.as_str() == word)
        .unwrap_or(S::Unknown)
}

pub(super) fn container_ends(containers: &[(String, Option<i32>, Option<String>)]) -> Vec<ContainerEnd> {
    let end = |(name, exit_code, reason): &(String, Option<i32>, Option<String>)| ContainerEnd {
        name: name.clone(),
        exit_code: *exit_code,
        reason: reason.clone(),
    };
    containers.iter().map(end).collect()
}

pub(super) fn one_task(task: &OneTask) -> TaskSeen {
    let end = match &task.state {
        TaskState::Stopped(end) => Some(TaskEnd {
            code: end.code.to_owned(),
            reason: end.reason.clone(),
            containers: container_ends(&end.containers),
            at: end.at,
        }),
        _ => None,
    };
    let status = match &task.state {
        TaskState::Pending(_) => "PROVISIONING",
        TaskState::Running => "RUNNING",
        TaskState::Stopped(_) => "STOPPED",
    };
    TaskSeen {
        arn: task.arn.as_str().into(),
        status: status.to_owned(),
        stopping: end.is_some() || task.stop.is_some(),
        end,
    }
}

/// As the adapter of AWS sorts it: a full cluster may have room later.
pub(super) fn not_placed(why: &Unplaced) -> CloudError {
    let (operation, message) = ("RunTask", format!("no capacity for the task: {}", why.reason));
    match lacks_room(&why.reason) {
        true => CloudError::Conflict { operation, message },
        false => CloudError::Invalid { operation, message },
    }
}

/// What drift detection found, unless nothing was looked at since the stack changed.
fn checked((status, at): (&str, Option<Timestamp>)) -> Option<DriftChecked> {
    let drifted = match status {
        "DRIFTED" => true,
        "IN_SYNC" => false,
        _ => return None,
    };
    Some(DriftChecked { drifted, at: at? })
}
