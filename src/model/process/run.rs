//! The step `ecs-task`.

use jiff::SignedDuration;

use super::Task;

/// A task that runs once when its stack is as ordered, and whose exit code decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcsTask {
    /// What runs.
    pub task: Task,
    /// How long it may take from its start to its end before it is stopped and has failed.
    pub timeout: SignedDuration,
    /// It does no harm to run it once more with the same content.
    pub repeatable: bool,
}
