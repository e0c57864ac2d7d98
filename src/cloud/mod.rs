//! The port to AWS: what landfall asks, in its own words.
//!
//! [`Observe`] is for readers; [`Change`] is for the engine alone. `aws/` implements both over the AWS SDK and
//! `sim/` in process. Deliberately absent: waiting, and any decision, such as whether to repeat a failed operation. An
//! implementation may retry a call that AWS throttled or that certainly did not arrive; it never repeats a call whose
//! outcome is unknown.

mod error;
mod service;
mod sort;
mod task;
mod template;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde_json::Value;

pub use error::{CloudError, Consequence};
pub use service::*;
pub use sort::{Came, Fault, changes, sort};
pub use task::{LogStream, RunTaskRequest, TaskEnd, TaskSeen, WhichTask, lacks_room};
pub use template::{TemplateObject, TemplateSource};

use crate::model::drift::{Drifted, ServiceSettings};
use crate::model::journal::ExpectedChange;
use crate::model::place::Access;
use crate::model::{AccountId, BucketName, Place, StackName, StackSeen, StackStatus};

/// A place and the way to reach it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct At {
    /// Account and region.
    pub place: Place,
    /// The role to assume.
    pub access: Access,
}

/// A result of the cloud.
pub type Result<T> = std::result::Result<T, CloudError>;

/// Who the credentials are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// AWS account, twelve digits.
    pub account: AccountId,
    /// ARN of the user or of the assumed role's session.
    pub arn: Arc<str>,
}

/// What is denied or throttled if a change set fails of it.
const MAKES: &str = "a call of the change set";

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSetSeen {
    pub name: Arc<str>,
    /// Its id (ARN).
    pub id: Arc<str>,
    /// Id of its stack.
    pub stack_id: Arc<str>,
    /// Whether it is made.
    pub status: ChangeSetStatus,
    /// Whether it can be executed.
    pub execution: Execution,
    /// Why, when AWS says.
    pub reason: Option<String>,
    /// What will change, all pages.
    pub changes: Vec<ResourceChange>,
}

impl ChangeSetSeen {
    /// Whether it failed because there is nothing to change. \[doc: both sentences, by path\]
    pub fn is_no_change(&self) -> bool {
        let reason = self.reason.as_deref().unwrap_or("");
        self.status == ChangeSetStatus::Failed
            && (reason.starts_with("The submitted information didn't contain changes.")
                || reason.contains("No updates are to be performed"))
    }

    /// Why AWS failed it, if that says nothing of the content: AWS denies or throttles something that it asks on the way.
    pub fn outage(&self) -> Option<CloudError> {
        let message = self.reason.clone().filter(|_| self.status == ChangeSetStatus::Failed)?;
        let says = |words: &[&str]| words.iter().any(|word| message.contains(word));
        if says(&["is not authorized to perform", "AccessDenied"]) {
            return Some(CloudError::Denied { operation: MAKES, message });
        }
        says(&["Rate exceeded", "Throttling"]).then_some(CloudError::Throttled { operation: MAKES, message })
    }
}

/// Whether a change set is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeSetStatus {
    /// AWS is working it out (CREATE_PENDING, CREATE_IN_PROGRESS).
    Creating,
    /// It can be read.
    Complete,
    /// It could not be made, or has nothing to change.
    Failed,
    /// It is being deleted or is deleted.
    Deleted,
}

/// Whether a change set can be executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Execution {
    Unavailable,
    Available,
    /// EXECUTE_IN_PROGRESS.
    InProgress,
    /// EXECUTE_COMPLETE.
    Complete,
    /// EXECUTE_FAILED.
    Failed,
    /// OBSOLETE: the stack changed since.
    Obsolete,
}

/// One row of a change set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResourceChange {
    /// Logical id, type and effect, as the engine compares them with the plan.
    pub change: ExpectedChange,
    /// The properties that cause it, with whether each recreates the resource (`Never`, `Conditionally`, `Always`).
    pub causes: Vec<PropertyChange>,
}

/// A property that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyChange {
    /// The property's name, or the attribute (`Tags`, `Metadata`, …) where no property changes.
    pub name: String,
    /// `Never`, `Conditionally` or `Always`.
    pub recreates: String,
    /// It is certain already (Static), or depends on what another resource becomes (Dynamic).
    pub certain: bool,
    /// Before, where AWS says.
    pub before: Option<String>,
    /// After, where AWS says.
    pub after: Option<String>,
}

/// Something that CloudFormation found wrong before it changed anything: by its own validation, or by a Hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Logical id of the resource; empty if it is about the whole template.
    pub resource: String,
    /// Where in the template, as CloudFormation writes it; empty if it does not say.
    pub path: String,
    /// Why.
    pub reason: String,
    /// It fails the change set; otherwise it is a warning.
    pub fails: bool,
}

/// Why something failed that a Hook does not let through.
pub fn said_by_hook(hook: &str, reason: Option<&str>) -> String {
    format!("the Hook {hook} says: {}", reason.unwrap_or("nothing"))
}

/// One event of a stack. That of a Hook which fails the operation has the Hook's own status (`HOOK_COMPLETE_FAILED`), and what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackEvent {
    pub id: Arc<str>,
    /// When.
    pub at: Timestamp,
    /// Logical id: the stack's name for the stack itself.
    pub resource: String,
    pub physical_id: Option<String>,
    /// Its type.
    pub kind: String,
    /// Status, as AWS writes it: `CREATE_FAILED`, …
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// The token of the call that started the operation.
    pub token: Option<Arc<str>>,
}

/// A resource of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackResource {
    /// Logical id of the resource in the template.
    pub logical_id: String,
    /// Physical id, once there is one.
    pub physical_id: Option<String>,
    /// Its type.
    pub kind: String,
    /// Its status, as AWS writes it.
    pub status: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSeen {
    pub arn: Arc<str>,
    /// `ACTIVE`, `INACTIVE`, …
    pub status: String,
}

/// Reads. Every page is read; an answer that cannot be understood is an error, never an empty list.
#[async_trait]
pub trait Observe: Send + Sync {
    /// Who we are there.
    async fn identity(&self, at: &At) -> Result<Identity>;
    /// Every stack, by one paged DescribeStacks without a name, but no deleted ones and no nested ones: a nested stack carries
    /// its root's tags, landfall's own among them, and is a resource of the stack that it is nested in.
    async fn stacks(&self, at: &At) -> Result<Vec<StackSeen>>;
    /// One stack by name, or by id, which also finds deleted ones; none if there is none.
    async fn stack(&self, at: &At, name_or_id: &str) -> Result<Option<StackSeen>>;
    /// The template as it was given (GetTemplate, Original); none if there is no stack.
    async fn template(&self, at: &At, stack: &StackName) -> Result<Option<String>>;
    /// A change set, all pages; none if there is none.
    async fn change_set(&self, at: &At, stack: &str, name: &str) -> Result<Option<ChangeSetSeen>>;
    /// What CloudFormation found wrong with the template of a change set, by the change set's ARN (DescribeEvents).
    async fn findings(&self, at: &At, change_set: &str) -> Result<Vec<Finding>>;
    /// Events, newest first, from the newest back to the first that carries another token than `token` and is older than
    /// the operation's beginning. Reads no page more than that takes.
    async fn events(&self, at: &At, stack_id: &str, token: &str) -> Result<Vec<StackEvent>>;
    /// The newest event's token: whose operation it was. One page.
    async fn last_token(&self, at: &At, stack_id: &str) -> Result<Option<Arc<str>>>;
    /// The resources of a stack.
    async fn resources(&self, at: &At, stack_id: &str) -> Result<Vec<StackResource>>;
    /// A service by its ARN, with its newest service deployment and that one's revision; none if there is none.
    async fn service(&self, at: &At, arn: &str) -> Result<Option<ServiceSeen>>;
    /// Tasks of a service that stopped and can still be described.
    async fn stopped_tasks(&self, at: &At, service: &ServiceSeen) -> Result<Vec<StoppedTask>>;
    /// A task that was run once; none if there is none, or none any more: about an hour after its end.
    async fn task(&self, at: &At, cluster: &str, which: &WhichTask) -> Result<Option<TaskSeen>>;
    /// The last events of a log stream, at most so many, the newest last; none if there is no such stream.
    async fn log_lines(&self, at: &At, stream: &LogStream, last: usize) -> Result<Vec<String>>;
    /// What is set of services, by ARN, from as few calls as AWS allows; those that do not exist are left out.
    async fn settings(&self, at: &At, arns: &[Arc<str>]) -> Result<BTreeMap<Arc<str>, ServiceSettings>>;
    /// A revision of a task definition, by ARN, with the properties that CloudFormation has for it; what is a list of named things
    /// is an object by name. None if ECS does not know it.
    async fn task_definition(&self, at: &At, arn: &str) -> Result<Option<Value>>;
    /// Asks CloudFormation to detect drift of a stack; it does so asynchronously, and the listing tells when it has. Changes
    /// nothing of the stack. Fine if a detection is running.
    async fn detect_drift(&self, at: &At, stack_id: &str) -> Result<()>;
    /// Where the resources of a stack differ from its template, as CloudFormation detected it last.
    async fn drift(&self, at: &At, stack_id: &str) -> Result<Vec<Drifted>>;
    /// A cluster by name; none if there is none.
    async fn cluster(&self, at: &At, name: &str) -> Result<Option<ClusterSeen>>;
    /// Whether there is a bucket of that name. One of another account is denied, one in another region an error.
    async fn bucket(&self, at: &At, name: &BucketName) -> Result<bool>;
}

/// A change set to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSetRequest {
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// `lf-<deployment>-<attempt>`.
    pub name: Arc<str>,
    /// The stack is new; otherwise it is updated.
    pub create: bool,
    /// The template, with its description.
    pub template: TemplateSource,
    /// Every parameter with its value.
    pub parameters: BTreeMap<String, String>,
    /// Stack tags.
    pub tags: BTreeMap<String, String>,
    pub capabilities: Vec<Arc<str>>,
    pub token: Arc<str>,
    /// It is compared with what is there, so that executing it also puts right what drifted (`DeploymentMode` is `REVERT_DRIFT`).
    pub reverts: bool,
}

/// Changes. Each carries a token or is idempotent by reading first; see `model::journal::Call` for which.
#[async_trait]
pub trait Change: Observe {
    /// Puts a template where a change set can be made from it. Its name says what is in it, so doing it again is fine.
    async fn put_template(&self, at: &At, object: &TemplateObject, body: &str) -> Result<()>;
    /// Asks for a change set; it is made asynchronously.
    async fn create_change_set(&self, at: &At, request: &ChangeSetRequest) -> Result<()>;
    async fn execute_change_set(&self, at: &At, stack: &StackName, name: &str, token: &str) -> Result<()>;
    /// Deletes it; fine if it is gone.
    async fn delete_change_set(&self, at: &At, stack: &StackName, name: &str) -> Result<()>;
    /// Deletes the stack with this id.
    async fn delete_stack(&self, at: &At, stack_id: &str, token: &str) -> Result<()>;
    /// Cancels an update that is in progress; it rolls back.
    async fn cancel_update(&self, at: &At, stack: &StackName, token: &str) -> Result<()>;
    /// Continues a rollback that failed, leaving some resources as they are.
    async fn continue_rollback(&self, at: &At, stack: &StackName, skip: &[Arc<str>], token: &str) -> Result<()>;
    /// Rolls back a stack whose update failed without a rollback.
    async fn rollback_stack(&self, at: &At, stack: &StackName, token: &str) -> Result<()>;
    /// Switches termination protection.
    async fn set_protection(&self, at: &At, stack: &StackName, on: bool) -> Result<()>;
    /// Gives a service these settings: `ServiceConnectConfiguration` and `VolumeConfigurations`, null for none. No token.
    async fn restore_service(&self, at: &At, arn: &str, settings: &ServiceSettings) -> Result<()>;
    /// Answers a pause hook of the service deployment with this ARN. AWS rejects an answer to a hook that does not wait.
    async fn continue_service_deployment(
        &self,
        at: &At,
        deployment: &str,
        hook: &str,
        answer: HookAnswer,
    ) -> Result<()>;
    /// Runs one task; gives its ARN. The same request again is the same task, as long as AWS remembers its token: for a day,
    /// but no longer than an hour after the task's end. \[doc: Ensuring idempotency\]
    async fn run_task(&self, at: &At, request: &RunTaskRequest) -> Result<Arc<str>>;
    /// Stops a task; fine if it has stopped.
    async fn stop_task(&self, at: &At, cluster: &str, task: &str, reason: &str) -> Result<()>;
}

/// Whether a status is one that a deployment can begin from.
pub fn deployable(status: StackStatus) -> bool {
    matches!(
        status,
        StackStatus::CreateComplete
            | StackStatus::UpdateComplete
            | StackStatus::UpdateRollbackComplete
            | StackStatus::ImportComplete
            | StackStatus::ImportRollbackComplete
            | StackStatus::ReviewInProgress
    )
}
