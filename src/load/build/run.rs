//! How a task runs once.

use std::sync::Arc;

use jiff::SignedDuration;

use super::{Maker, launch, process};
use crate::load::schema::At;
use crate::load::schema::process::{EcsTaskEntry, StackRunEntry};
use crate::model::process::{EcsTask, Task, TemplateRun};

/// How long a task may take that says nothing.
const TIMEOUT: SignedDuration = SignedDuration::from_mins(30);

/// Reads an `ecs-task`. Its task takes the tags of the task definition, and those of the step.
pub(crate) fn run(make: &mut Maker<'_>, entry: &EcsTaskEntry) -> Option<EcsTask> {
    let task = process::task_without_service(make, &entry.task);
    let timeout = timeout(make, entry.run.timeout.as_ref())?;
    Some(EcsTask { task, timeout, repeatable: entry.run.repeatable })
}

/// Reads what a template runs. Size and containers of its task are the template's.
pub(crate) fn of_template(make: &mut Maker<'_>, entry: &StackRunEntry) -> Option<TemplateRun> {
    let task = Task {
        launch: launch::launch(make, entry.into()),
        subnets: entry.subnets.as_ref().map(|list| make.texts(list)),
        security_groups: entry.security_groups.as_ref().map(|list| make.texts(list)),
        public_ip: entry.public_ip.as_deref().copied(),
        execute_command: entry.execute_command,
        ..Task::new(0, 0, Vec::new())
    };
    let timeout = timeout(make, entry.timeout.as_ref())?;
    let run = EcsTask { task, timeout, repeatable: entry.repeatable };
    Some(TemplateRun { definition: Arc::from(entry.task_definition.as_str()), run })
}

fn timeout(make: &mut Maker<'_>, written: Option<&At<String>>) -> Option<SignedDuration> {
    written.map_or(Some(TIMEOUT), |written| make.duration(written))
}
