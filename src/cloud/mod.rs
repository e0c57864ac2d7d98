//! The port to AWS: what landfall asks, in its own words.
//!
//! [`Observe`] is for everybody who reads; [`Change`] is for the engine alone. `aws/` implements both over the AWS SDK and
//! `sim/` in process. Deliberately absent: waiting, retrying with a purpose, and any decision. An implementation may retry
//! a call that AWS throttled or that is known not to have arrived; it never repeats one whose outcome is unknown.

mod error;
mod template;

pub use error::{CloudError, Consequence};
pub use template::{TemplateObject, TemplateSource};
mod task;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;

pub use task::{LogStream, RunTaskRequest, TaskEnd, TaskSeen, WhichTask};

use crate::model::journal::{ContainerEnd, ExpectedChange};
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
    /// The account.
    pub account: AccountId,
    /// ARN of the user or of the assumed role's session.
    pub arn: Arc<str>,
}

/// A change set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSetSeen {
    /// Its name.
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
    /// UNAVAILABLE.
    Unavailable,
    /// AVAILABLE.
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
    /// `Properties`, `Tags`, …; with the property's name.
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

/// One event of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StackEvent {
    /// Its id.
    pub id: Arc<str>,
    /// When.
    pub at: Timestamp,
    /// Logical id: the stack's name for the stack itself.
    pub resource: String,
    /// Physical id.
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
    /// Logical id.
    pub logical_id: String,
    /// Physical id, once there is one.
    pub physical_id: Option<String>,
    /// Its type.
    pub kind: String,
    /// Its status, as AWS writes it.
    pub status: String,
}

/// A service, with its newest service deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSeen {
    /// Its ARN.
    pub arn: Arc<str>,
    /// ARN of its cluster.
    pub cluster: Arc<str>,
    /// ARN of the task definition that it says it uses.
    pub task_definition: Arc<str>,
    /// Tasks asked for.
    pub desired: u32,
    /// Tasks that run.
    pub running: u32,
    /// The latest events, newest first.
    pub events: Vec<ServiceEvent>,
    /// The newest service deployment; none if there never was one.
    pub deployment: Option<ServiceDeployment>,
}

/// What a service said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEvent {
    /// Its id.
    pub id: Arc<str>,
    /// When.
    pub at: Timestamp,
    /// Its words.
    pub message: String,
}

/// A service deployment with the revision that it brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceDeployment {
    /// Its ARN.
    pub arn: Arc<str>,
    /// Its status.
    pub status: ServiceDeploymentStatus,
    /// Why.
    pub reason: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// Task definition of the revision that it brings.
    pub task_definition: Arc<str>,
    /// Tasks of that revision that run.
    pub running: u32,
    /// Tasks of that revision that were asked for.
    pub requested: u32,
    /// Failures that the circuit breaker counted.
    pub failures: u32,
    /// Images that ECS resolved, by container name.
    pub images: BTreeMap<String, ResolvedImage>,
    /// Where it is on its way through the stages; none where tasks are exchanged one by one.
    pub shift: Option<TrafficShift>,
}

impl ServiceDeployment {
    /// The pause hook at which it waits for somebody.
    pub fn waits_at(&self) -> Option<&PauseHook> {
        let shift = self.shift.as_ref().filter(|_| self.status == ServiceDeploymentStatus::InProgress)?;
        shift.hooks.iter().find(|hook| hook.status == HookStatus::AwaitingAction)
    }
}

/// How far a service deployment is that moves traffic from one set of tasks to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrafficShift {
    /// `BLUE_GREEN`, `LINEAR` or `CANARY`, as AWS writes it.
    pub strategy: String,
    /// The stage, as AWS writes it: `POST_TEST_TRAFFIC_SHIFT`, …
    pub stage: String,
    /// How much of the test traffic the new revision gets; none where AWS does not say.
    pub test: Option<Percent>,
    /// How much of the production traffic it gets; none where AWS does not say.
    pub production: Option<Percent>,
    /// The pause hooks that it came to.
    pub hooks: Vec<PauseHook>,
}

/// A part of the traffic, in tenths of a percent: what ECS can be told exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u16);

impl Percent {
    /// From a number of percent; what is below 0 or above 100 becomes that.
    pub fn new(percent: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
        Self((percent.clamp(0.0, 100.0) * 10.0).round() as u16)
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, tenths) = (self.0 / 10, self.0 % 10);
        if tenths == 0 { write!(f, "{whole} %") } else { write!(f, "{whole}.{tenths} %") }
    }
}

/// A pause hook of a service deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PauseHook {
    /// Its id, by which it is answered.
    pub id: Arc<str>,
    /// What became of it.
    pub status: HookStatus,
    /// When ECS acts by itself.
    pub expires: Option<Timestamp>,
    /// What ECS does then.
    pub then: HookAnswer,
}

/// What became of a hook. \[api: DeploymentLifecycleHookStatus, November 2026\]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are AWS's own")]
pub enum HookStatus {
    AwaitingAction,
    InProgress,
    Succeeded,
    Failed,
    TimedOut,
    /// A word that this version does not know: nobody is waited for.
    Unknown,
}

impl HookStatus {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AwaitingAction => "AWAITING_ACTION",
            Self::InProgress => "IN_PROGRESS",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// The status that AWS writes so.
    pub fn parse(word: &str) -> Self {
        let known = [Self::AwaitingAction, Self::InProgress, Self::Succeeded, Self::Failed, Self::TimedOut];
        known.into_iter().find(|status| status.as_str() == word).unwrap_or(Self::Unknown)
    }
}

/// The answer to a pause hook. \[api: DeploymentLifecycleHookAction\]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HookAnswer {
    /// The deployment goes on.
    Continue,
    /// The old revision is put back.
    Rollback,
}

/// An image as ECS resolved it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedImage {
    /// As the task definition names it.
    pub image: String,
    /// `sha256:…`; none when ECS did not resolve it.
    pub digest: Option<String>,
}

/// Status of a service deployment. \[api: ServiceDeploymentStatus, November 2026\]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are AWS's own")]
pub enum ServiceDeploymentStatus {
    Pending,
    InProgress,
    StopRequested,
    Stopped,
    Successful,
    RollbackRequested,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
    /// A word that this version does not know: neither success nor failure.
    Unknown,
}

impl ServiceDeploymentStatus {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::StopRequested => "STOP_REQUESTED",
            Self::Stopped => "STOPPED",
            Self::Successful => "SUCCESSFUL",
            Self::RollbackRequested => "ROLLBACK_REQUESTED",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// A task that stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoppedTask {
    /// Its ARN.
    pub arn: Arc<str>,
    /// Its task definition.
    pub task_definition: Arc<str>,
    /// The stop code.
    pub code: String,
    /// What ECS says.
    pub reason: String,
    /// Its containers.
    pub containers: Vec<ContainerEnd>,
    /// When it was created: which operation it belongs to.
    pub created: Timestamp,
    /// When it stopped.
    pub at: Timestamp,
}

/// A cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterSeen {
    /// Its ARN.
    pub arn: Arc<str>,
    /// `ACTIVE`, `INACTIVE`, …
    pub status: String,
}

/// Reads. Every page is read; an answer that cannot be understood is an error, never an empty list.
#[async_trait]
pub trait Observe: Send + Sync {
    /// Who we are there.
    async fn identity(&self, at: &At) -> Result<Identity>;
    /// Every stack but deleted ones: one paged DescribeStacks without a name.
    async fn stacks(&self, at: &At) -> Result<Vec<StackSeen>>;
    /// One stack by name, or by id, which also finds deleted ones; none if there is none.
    async fn stack(&self, at: &At, name_or_id: &str) -> Result<Option<StackSeen>>;
    /// The template as it was given (GetTemplate, Original); none if there is no stack.
    async fn template(&self, at: &At, stack: &StackName) -> Result<Option<String>>;
    /// A change set, all pages; none if there is none.
    async fn change_set(&self, at: &At, stack: &str, name: &str) -> Result<Option<ChangeSetSeen>>;
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
    /// A cluster by name; none if there is none.
    async fn cluster(&self, at: &At, name: &str) -> Result<Option<ClusterSeen>>;
    /// Whether there is a bucket of that name. One of another account is denied, one in another region an error.
    async fn bucket(&self, at: &At, name: &BucketName) -> Result<bool>;
}

/// A change set to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSetRequest {
    /// The stack.
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
    /// Capabilities.
    pub capabilities: Vec<Arc<str>>,
    /// The token.
    pub token: Arc<str>,
}

/// Changes. Each carries a token or is idempotent by reading first; see `model::journal::Call` for which.
#[async_trait]
pub trait Change: Observe {
    /// Puts a template where a change set can be made from it. Its name says what is in it, so doing it again is fine.
    async fn put_template(&self, at: &At, object: &TemplateObject, body: &str) -> Result<()>;
    /// Asks for a change set; it is made asynchronously.
    async fn create_change_set(&self, at: &At, request: &ChangeSetRequest) -> Result<()>;
    /// Executes it.
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
    /// Answers a pause hook of the service deployment with this ARN. AWS refuses an answer to a hook that does not wait.
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
