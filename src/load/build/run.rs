//! How a task runs once.

use std::sync::Arc;

use jiff::SignedDuration;

use super::{Maker, process};
use crate::load::schema::process::{EcsTaskEntry, RunEntry, StackRunEntry};
use crate::model::process::{EcsTask, Task, TemplateRun};

/// How long a task may take that says nothing.
const TIMEOUT: SignedDuration = SignedDuration::from_mins(30);

/// Reads an `ecs-task`. Its task takes the tags of the task definition, and those of the step.
pub(crate) fn run(make: &mut Maker<'_>, entry: &EcsTaskEntry) -> Option<EcsTask> {
    let task = process::task(make, &entry.task);
    once(make, task, &entry.run)
}

/// Reads what a template runs. Size and containers of its task are the template's.
pub(crate) fn of_template(make: &mut Maker<'_>, entry: &StackRunEntry) -> Option<TemplateRun> {
    let runs_on = make.settled(&entry.runs_on);
    let execute_command = make.settled(&entry.execute_command);
    let task = Task { execute_command, runs_on, ..Task::default() };
    let run = once(make, task, &entry.run)?;
    Some(TemplateRun { definition: Arc::from(entry.task_definition.as_str()), run })
}

fn once(make: &mut Maker<'_>, task: Task, entry: &RunEntry) -> Option<EcsTask> {
    let timeout = entry.timeout.as_ref().map_or(Some(TIMEOUT), |written| make.duration(written))?;
    Some(EcsTask { task, timeout, repeatable: entry.repeatable })
}
