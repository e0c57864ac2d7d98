//! How a task runs once.

use jiff::SignedDuration;

use super::{Maker, process};
use crate::load::schema::process::EcsTaskEntry;
use crate::model::process::EcsTask;

/// How long a task may take that says nothing.
const TIMEOUT: SignedDuration = SignedDuration::from_mins(30);

/// Reads an `ecs-task`. Its task takes the tags of the task definition, and those of the step.
pub(crate) fn run(make: &mut Maker<'_>, entry: &EcsTaskEntry) -> Option<EcsTask> {
    let task = process::task_without_service(make, &entry.task);
    let timeout = match &entry.run.timeout {
        Some(written) => make.duration(written)?,
        None => TIMEOUT,
    };
    Some(EcsTask { task, timeout, repeatable: entry.run.repeatable })
}
