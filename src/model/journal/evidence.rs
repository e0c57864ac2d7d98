//! What is seen while a deployment goes on, and would be gone after it.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::ExpectedChange;
use crate::model::StackStatus;
use crate::model::drift::ServiceLeft;

/// Something that was seen.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(tag = "evidence", rename_all = "kebab-case")]
pub enum Evidence {
    /// The changes that AWS announced.
    Announced {
        /// Them.
        changes: Vec<ExpectedChange>,
    },
    /// AWS says that the stack is what the change set would make it.
    NoChange {
        /// The message of AWS.
        reason: String,
    },
    /// The status in which an operation that was carried out left the stack.
    StackLeft {
        /// It; `DELETE_COMPLETE` where the stack is gone.
        status: StackStatus,
    },
    /// The stack has the content, as AWS confirmed: by carrying it out, or by saying that there is nothing to change.
    InPlace {
        /// When the stack was last changed then.
        changed: Timestamp,
        /// Its services as ECS describes them, by ARN; none if AWS had nothing to change, so that what is there may be drift.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        services: Option<BTreeMap<std::sync::Arc<str>, ServiceLeft>>,
    },
    /// An output of another stack, as it was when it was read.
    OutputRead {
        /// The parameter that it fills.
        parameter: String,
        value: String,
    },
    ResourceFailed {
        /// Logical id of the resource in the template.
        resource: String,
        /// Its type.
        kind: String,
        /// The message of AWS.
        reason: String,
        /// When.
        at: Timestamp,
    },
    TaskStopped {
        /// Its ARN.
        task: String,
        /// The stop code: `EssentialContainerExited`, …
        code: String,
        /// The message of ECS.
        reason: String,
        /// The containers that ended, with exit code and reason.
        containers: Vec<ContainerEnd>,
        /// When.
        at: Timestamp,
    },
    /// A task that is run once was started.
    TaskStarted {
        /// Its ARN.
        task: String,
    },
    /// The task that is run once came to its end.
    TaskEnded {
        /// Its ARN.
        task: String,
        /// The stop code: `EssentialContainerExited`, …
        code: String,
        /// The message of ECS.
        reason: String,
        /// Its containers, with exit code and reason.
        containers: Vec<ContainerEnd>,
        /// When.
        at: Timestamp,
    },
    /// The task that is run once is not run, and why.
    TaskNotRun {
        /// In a sentence.
        why: String,
    },
    /// How the task that is run once ended can no longer be learned.
    TaskLost {
        /// What was tried, in a sentence.
        why: String,
    },
    /// The last lines that a container wrote: see [`last_lines`](super::task::last_lines) for how many.
    LogLines {
        /// ARN of its task.
        task: String,
        container: String,
        /// Them, the newest last.
        lines: Vec<String>,
    },
    /// The lines that a container wrote cannot be read.
    LogUnread {
        /// ARN of its task.
        task: String,
        container: String,
        /// The message of AWS.
        error: String,
    },
    /// A service said something.
    ServiceEvent {
        /// The service's ARN.
        service: String,
        /// Its words.
        message: String,
        /// When.
        at: Timestamp,
    },
    /// Before it was changed, the stack carried the content that it is to be given, and the journal has no record of that: in a
    /// lost part of the store's life, or in another store, the content's task may have run.
    CarriedBefore,
    /// The newest service deployments of the stack's services, just before its change set is executed: whatever is none of
    /// them afterwards was begun by the operation.
    RanBefore {
        /// ARN of the service deployment, by the service's ARN; services without one are left out.
        deployments: BTreeMap<String, String>,
    },
    /// The operation is further than when it was last looked at: a stack event, a task that runs, a stage that is passed.
    Progressed {
        /// Hash of how far it is: the same as long as nothing moves.
        mark: String,
        /// How many tasks of the new revisions run.
        running: u32,
        /// How many are asked for.
        wanted: u32,
    },
    /// The operation fails as far as can be seen, though AWS goes on trying: a task of the new revision stopped.
    Fails {
        /// A stable code, as in a [`Cause`](super::Cause).
        code: String,
        /// Why, in a sentence.
        sentence: String,
    },
    /// A service deployment came to a pause hook.
    Paused {
        /// The service's ARN.
        service: String,
        /// ARN of the service deployment.
        service_deployment: String,
        /// The hook's id.
        hook: String,
        /// The stage, as AWS writes it.
        stage: String,
        /// When ECS decides by itself.
        until: Option<Timestamp>,
        /// It then goes on, instead of back.
        continues: bool,
        /// It is one that puts the old revision back.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        back: bool,
    },
    /// A pause hook waits no longer.
    HookEnded {
        /// Its id.
        hook: String,
        /// What became of it, as AWS writes it: `SUCCEEDED`, `FAILED`, `TIMED_OUT`.
        status: String,
    },
    /// The state of a service deployment at the end.
    ServiceDeployment {
        /// The service's ARN.
        service: String,
        /// `SUCCESSFUL`, `ROLLBACK_SUCCESSFUL`, …
        status: String,
        /// Why.
        reason: Option<String>,
        /// Tasks that run the target revision, and how many were asked for.
        running: u32,
        /// How many were asked for.
        desired: u32,
        /// Digests that ECS resolved, by container.
        images: BTreeMap<String, String>,
    },
}

/// A container that ended.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ContainerEnd {
    pub name: String,
    /// Its exit code, if it got so far.
    pub exit_code: Option<i32>,
    /// What ECS says.
    pub reason: Option<String>,
}
