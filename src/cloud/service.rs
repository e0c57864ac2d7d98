//! Services of ECS, their deployments and their tasks, in the words of the port.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::model::drift::ServiceSettings;
use crate::model::journal::ContainerEnd;

/// A service, with its newest service deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSeen {
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
    /// What is set of it.
    pub settings: ServiceSettings,
}

/// What a service said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceEvent {
    pub id: Arc<str>,
    /// When.
    pub at: Timestamp,
    /// Its words.
    pub message: String,
}

/// A service deployment with the revision that it brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceDeployment {
    pub arn: Arc<str>,
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
    /// Where it is on its way through the stages; none if tasks are exchanged one by one.
    pub shift: Option<TrafficShift>,
}

impl ServiceDeployment {
    /// The pause hook at which it waits for an answer.
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
    /// How much of the test traffic the new revision gets; none if AWS does not say.
    pub test: Option<Percent>,
    /// How much of the production traffic it gets; none if AWS does not say.
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
    /// A word that this version does not know: landfall does not wait for an answer.
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
    pub arn: Arc<str>,
    pub task_definition: Arc<str>,
    /// ECS's code, such as `EssentialContainerExited`.
    pub code: String,
    /// The message of ECS.
    pub reason: String,
    pub containers: Vec<ContainerEnd>,
    /// When it was created: which operation it belongs to.
    pub created: Timestamp,
    /// When it stopped.
    pub at: Timestamp,
}
