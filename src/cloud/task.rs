//! Tasks that are run once, and what containers wrote: the words of the port for them.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::TaskRun;
use crate::model::journal::ContainerEnd;

/// A task to be run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunTaskRequest {
    /// ARN of the revision of the task definition.
    pub definition: Arc<str>,
    /// Everything else that is asked for.
    pub run: TaskRun,
    /// The client token, which the task also carries as its `startedBy`. ECS takes at most 64 characters of it.
    pub token: Arc<str>,
}

/// Which task is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhichTask {
    /// The one with this ARN.
    Arn(Arc<str>),
    /// The one that was started with this token, which its `startedBy` says.
    StartedBy {
        token: Arc<str>,
        /// The family of its task definition: stopped tasks can only be listed by that.
        family: Arc<str>,
    },
}

/// A task that was run once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskSeen {
    pub arn: Arc<str>,
    /// Where it is in its life, as AWS writes it: `PROVISIONING`, `RUNNING`, …
    pub status: String,
    /// ECS has begun to stop it, or it has stopped.
    pub stopping: bool,
    /// How it ended, once it has.
    pub end: Option<TaskEnd>,
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskEnd {
    /// ECS's code, such as `EssentialContainerExited`.
    pub code: String,
    /// The message of ECS.
    pub reason: String,
    pub containers: Vec<ContainerEnd>,
    /// When it stopped.
    pub at: Timestamp,
}

/// A stream of CloudWatch Logs.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogStream {
    /// Name of the log group.
    pub group: Arc<str>,
    /// Name of the stream: for `awslogs`, prefix/container/taskId.
    pub stream: Arc<str>,
}

/// Whether ECS says with these words that it has no room for a task now. Room may come without a change of the request, so the
/// task is tried again.
///
/// The words are a failure's `reason`, or the message of an error. \[doc: "API failure reasons"; api: `ClientException`, the quota of
/// tasks in PROVISIONING; iss: gchq/sleeper#904 for Fargate's words in a failure without an ARN, aws/aws-sdk-ruby#3047\]
pub fn lacks_room(words: &str) -> bool {
    // An instance without memory, CPU, ports or interfaces left, and one whose agent is disconnected.
    words.starts_with("RESOURCE:")
        || words == "AGENT"
        // Fargate, in the subnets' availability zones.
        || words.contains("Capacity is unavailable at this time")
        // The account's quota of tasks, or of their vCPUs, that run at the same time.
        || words.contains("reached the limit on the number of")
        || words.contains("Tasks provisioning capacity limit exceeded")
}
