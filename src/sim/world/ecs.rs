//! ECS of one region: clusters, task definitions, services, and what each of them remembers.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::capacity::{Placement, Shortage};
use super::health::Failing;
use super::lifecycle::Shift;

/// ECS of one account and region.
#[derive(Clone, Debug, Default)]
pub struct Ecs {
    /// Clusters by name.
    pub clusters: BTreeMap<String, Cluster>,
    /// Task definitions by ARN.
    pub task_definitions: BTreeMap<String, TaskDefinition>,
    /// The newest revision of each family.
    pub families: BTreeMap<String, u32>,
    /// Services by ARN.
    pub services: BTreeMap<String, Service>,
    /// Tasks that no service runs, by ARN; stopped ones stay for an hour.
    pub tasks: BTreeMap<String, super::tasks::OneTask>,
    /// What RunTask was asked for, by cluster and client token.
    pub tokens: BTreeMap<(String, String), super::tasks::Asked>,
}

#[derive(Clone, Debug, Default)]
pub struct Cluster {
    pub arn: String,
    pub name: String,
    /// Whether it exists; a deleted one is remembered as inactive.
    pub active: bool,
    /// Its own tags.
    pub tags: BTreeMap<String, String>,
    /// Tags that a stack gave it.
    pub inherited: BTreeMap<String, String>,
}

impl Cluster {
    /// Its own tags and those of its stack; own ones win.
    pub fn all_tags(&self) -> BTreeMap<String, String> {
        self.inherited.iter().chain(&self.tags).map(|(key, value)| (key.clone(), value.clone())).collect()
    }
}

/// A revision of a task definition.
#[derive(Clone, Debug)]
pub struct TaskDefinition {
    pub arn: String,
    pub family: String,
    pub revision: u32,
    /// Whether new tasks may use it.
    pub active: bool,
    /// When it was registered.
    pub registered: Timestamp,
    /// When it was deregistered.
    pub deregistered: Option<Timestamp>,
    /// Tags that a stack gave it.
    pub inherited: BTreeMap<String, String>,
    /// What it was registered with, keys as in CloudFormation (`ContainerDefinitions`, …).
    pub properties: Map<String, Value>,
}

impl TaskDefinition {
    /// What it says with this key, as text.
    pub fn text(&self, key: &str) -> Option<String> {
        self.properties.get(key).and_then(super::eval::as_text)
    }

    /// Its containers: name and image.
    pub fn containers(&self) -> Vec<(String, String)> {
        let list = self.properties.get("ContainerDefinitions").and_then(Value::as_array);
        let text = |container: &Value, key: &str| container.get(key).and_then(Value::as_str).unwrap_or("").to_owned();
        list.into_iter().flatten().map(|container| (text(container, "Name"), text(container, "Image"))).collect()
    }
}

#[derive(Clone, Debug)]
pub struct Service {
    pub arn: String,
    pub name: String,
    /// ARN of its cluster.
    pub cluster: String,
    /// When it was created.
    pub created: Timestamp,
    /// `ACTIVE` or `INACTIVE`.
    pub status: &'static str,
    /// Tasks asked for.
    pub desired: u32,
    /// The task definition that it should use.
    pub task_definition: String,
    /// Tags that a stack gave it.
    pub inherited: BTreeMap<String, String>,
    /// What it was made with, keys as in CloudFormation.
    pub properties: Map<String, Value>,
    /// Every revision, oldest first.
    pub revisions: Vec<Revision>,
    /// Every service deployment, oldest first.
    pub deployments: Vec<Deployment>,
    /// Its tasks; stopped ones stay for an hour.
    pub tasks: Vec<Task>,
    /// The latest hundred events, newest first.
    pub events: VecDeque<Said>,
    /// The stack that made it, which is notified when a deployment ends.
    pub stack: Option<String>,
    /// The deployment id that ECS itself uses in events: `ecs-svc/0123…`, of the current service deployment.
    pub deployment_id: String,
    /// Its latest events say that it has reached a steady state.
    pub steady: bool,
    /// Tasks in a row that did not start.
    pub failed_starts: u32,
    /// No task is launched before this time, because tasks repeatedly failed to start.
    pub throttled_until: Option<Timestamp>,
    /// Whether it has no capacity for a task.
    pub shortage: Shortage,
}

/// An event of a service.
#[derive(Clone, Debug)]
pub struct Said {
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The words.
    pub message: String,
}

/// A service revision.
#[derive(Clone, Debug)]
pub struct Revision {
    pub arn: String,
    pub task_definition: String,
    /// When it was created.
    pub created: Timestamp,
    /// Container, image, digest.
    pub images: Vec<(String, String, String)>,
}

/// A service deployment.
#[derive(Clone, Debug)]
pub struct Deployment {
    pub arn: String,
    pub status: DeploymentStatus,
    /// Why.
    pub reason: Option<String>,
    /// When it was created.
    pub created: Timestamp,
    /// When it came to its end.
    pub finished: Option<Timestamp>,
    /// ARN of the revision that it brings.
    pub target: String,
    /// ARN of the revision that ran before.
    pub source: Option<String>,
    /// Tasks that failed.
    pub failures: u32,
    /// When it counts as failed; none without a circuit breaker.
    pub threshold: Option<u32>,
    /// Whether it puts the source back when it fails.
    pub rolls_back: bool,
    /// How it moves traffic; none if tasks are replaced one by one.
    pub shift: Option<Shift>,
    /// The alarms that it watches: one that had gone off before is not watched.
    pub watched: Vec<String>,
    /// The alarms that ended it.
    pub alarmed: Vec<String>,
    /// When and why it began to roll back.
    pub rollback: Option<(Timestamp, String)>,
}

/// Status of a service deployment, as far as it occurs here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are AWS's own")]
pub enum DeploymentStatus {
    InProgress,
    StopRequested,
    Stopped,
    Successful,
    RollbackInProgress,
    RollbackSuccessful,
    RollbackFailed,
}

impl DeploymentStatus {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "IN_PROGRESS",
            Self::StopRequested => "STOP_REQUESTED",
            Self::Stopped => "STOPPED",
            Self::Successful => "SUCCESSFUL",
            Self::RollbackInProgress => "ROLLBACK_IN_PROGRESS",
            Self::RollbackSuccessful => "ROLLBACK_SUCCESSFUL",
            Self::RollbackFailed => "ROLLBACK_FAILED",
        }
    }

    /// Whether it still goes on.
    pub fn active(self) -> bool {
        matches!(self, Self::InProgress | Self::StopRequested | Self::RollbackInProgress)
    }
}

#[derive(Clone, Debug)]
pub struct Task {
    pub arn: String,
    pub id: String,
    /// ARN of its revision.
    pub revision: String,
    pub task_definition: String,
    pub placement: Placement,
    /// Tags that it was started with, and later ones.
    pub tags: BTreeMap<String, String>,
    /// Where it is in its life.
    pub state: TaskState,
    /// What will become of it.
    pub fate: Fate,
    /// When it was created.
    pub created: Timestamp,
    /// When it started to run.
    pub started: Option<Timestamp>,
    /// The health check that it fails.
    pub failing: Option<Failing>,
}

/// Where a task is in its life.
#[derive(Clone, Debug, PartialEq)]
pub enum TaskState {
    /// It will have started, or failed, by then; none if never.
    Pending(Option<Timestamp>),
    /// It runs.
    Running,
    /// It ended.
    Stopped(Box<End>),
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// The stop code.
    pub code: &'static str,
    /// The stopped reason.
    pub reason: String,
    /// Container, exit code, reason.
    pub containers: Vec<(String, Option<i32>, Option<String>)>,
}

/// What becomes of a task, by its images.
#[derive(Clone, Debug, PartialEq)]
pub enum Fate {
    Runs,
    /// A container exits: its name, code and reason.
    Crashes(String, i32, Option<String>),
    /// An image cannot be pulled.
    CannotPull(String),
    /// It never starts.
    Hangs,
}

impl Service {
    /// It is deleted, with its tasks, and what it was doing ends.
    pub(super) fn end(&mut self, now: Timestamp) {
        self.status = "INACTIVE";
        for deployment in self.deployments.iter_mut().filter(|deployment| deployment.status.active()) {
            deployment.status = DeploymentStatus::Stopped;
            deployment.finished = Some(now);
            deployment.reason = Some("The service is not active.".to_owned());
        }
        self.desired = 0;
        self.tasks.clear();
    }

    /// The newest service deployment.
    pub fn newest(&self) -> Option<&Deployment> {
        self.deployments.last()
    }

    /// The revision with that ARN.
    pub fn revision(&self, arn: &str) -> Option<&Revision> {
        self.revisions.iter().find(|revision| revision.arn == arn)
    }

    /// Tasks that run, of one revision or of all.
    pub fn running(&self, revision: Option<&str>) -> u32 {
        self.count(revision, |task| task.state == TaskState::Running)
    }

    /// Tasks that are starting, of one revision or of all.
    pub fn pending(&self, revision: Option<&str>) -> u32 {
        self.count(revision, |task| matches!(task.state, TaskState::Pending(_)))
    }

    /// Tasks that run and pass their health checks, of one revision or of all.
    pub fn healthy(&self, revision: Option<&str>) -> u32 {
        self.count(revision, Task::is_healthy)
    }

    /// Tasks that are unhealthy, of one revision or of all.
    pub fn unhealthy(&self, revision: Option<&str>) -> u32 {
        self.count(revision, Task::is_unhealthy)
    }

    fn count(&self, revision: Option<&str>, which: impl Fn(&Task) -> bool) -> u32 {
        let of = |task: &&Task| revision.is_none_or(|arn| task.revision == arn) && which(task);
        u32::try_from(self.tasks.iter().filter(of).count()).unwrap_or(u32::MAX)
    }

    /// A number from its deployment configuration.
    pub fn percent(&self, key: &str, default: u32) -> u32 {
        self.properties.get("DeploymentConfiguration").and_then(|c| c.get(key)).and_then(number).unwrap_or(default)
    }

    /// Whether it takes part in a namespace of Service Connect. \[doc: a proxy container is added to each of its tasks\]
    pub fn connected(&self) -> bool {
        let enabled = self.properties.get("ServiceConnectConfiguration").and_then(|c| c.get("Enabled"));
        enabled.and_then(super::eval::as_text).is_some_and(|text| text == "true")
    }

    /// The circuit breaker: whether it is on, and whether it rolls back.
    pub fn breaker(&self) -> (bool, bool) {
        let breaker = self
            .properties
            .get("DeploymentConfiguration")
            .and_then(|configuration| configuration.get("DeploymentCircuitBreaker"));
        let flag = |key: &str| {
            breaker
                .and_then(|breaker| breaker.get(key))
                .and_then(super::eval::as_text)
                .is_some_and(|text| text == "true")
        };
        (flag("Enable"), flag("Rollback"))
    }

    /// The alarms that its deployments watch, and whether one that goes off rolls a deployment back. \[doc: "How CloudWatch
    /// alarms detect Amazon ECS deployment failures"\]
    pub fn alarms(&self) -> Option<(Vec<String>, bool)> {
        let alarms = self.properties.get("DeploymentConfiguration")?.get("Alarms")?;
        let flag = |key: &str| alarms.get(key).and_then(super::eval::as_text).is_some_and(|text| text == "true");
        let names = alarms.get("AlarmNames").and_then(Value::as_array).into_iter().flatten();
        flag("Enable").then(|| (names.filter_map(super::eval::as_text).collect(), flag("Rollback")))
    }

    /// Failures after which the circuit breaker fires. \[doc: half of the desired count, at least 3, at most 200; or by
    /// `ThresholdConfiguration`\]
    pub fn threshold(&self) -> u32 {
        let configuration = self
            .properties
            .get("DeploymentConfiguration")
            .and_then(|configuration| configuration.get("DeploymentCircuitBreaker"))
            .and_then(|breaker| breaker.get("ThresholdConfiguration"));
        let value = configuration.and_then(|c| c.get("Value")).and_then(number).unwrap_or(50);
        let share = (self.desired.saturating_mul(value)).div_ceil(100);
        match configuration.and_then(|c| c.get("Type")).and_then(Value::as_str) {
            Some("COUNT") => value.max(1),
            Some("UNBOUNDED_PERCENT") => share.max(1),
            _ => share.clamp(3, 200),
        }
    }
}

/// A number, also where it is written as text.
pub fn number(value: &Value) -> Option<u32> {
    super::eval::as_text(value)?.parse().ok()
}
