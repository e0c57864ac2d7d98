//! Containers of a step: what ECS would reject, or accept but never start.

use std::ops::Range;

use super::super::codes::{self, Code};
use super::super::drafts::Draft;
use super::super::finding::Finding;
use super::super::schema::process::ProcessFile;
use super::super::what::WhatDrafts;
use super::ecs::each_task;
use crate::model::process::{
    Compute, Container, ContainerSizes, Located, Number, OperatingSystem, SizeOf, SizeRule, Sizes, Task,
};

/// The fewest CPU units of a Windows task on Fargate (ECS developer guide, "Task CPU and memory").
const LEAST_OF_WINDOWS: u32 = 1_024;

fn each_container(drafts: &WhatDrafts, mut run: impl FnMut(&Draft<ProcessFile>, &Task, &Located<Container>)) {
    each_task(drafts, |process, _, task| task.container.iter().for_each(|container| run(process, task, container)));
}

/// A task has a size; on instances it may leave that to its containers.
pub(super) fn sizes_are_given(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, step, task| {
        let small = task.cpu.as_ref().filter(|cpu| cpu.written().is_some_and(|units| units < LEAST_OF_WINDOWS));
        let windows = *task.operating_system_family != OperatingSystem::Linux;
        if let (Some(cpu), true, true) = (small, windows, task.runs_on.compute().is_fargate()) {
            let title = format!("a Windows task on Fargate has at least {LEAST_OF_WINDOWS} CPU units");
            findings.push(Finding::new(codes::FARGATE_SIZE, &process.file, cpu.span(), title).label("too small"));
        }
        if task.runs_on.compute() != Compute::Ec2 {
            for (key, _) in [("cpu", &task.cpu), ("memory", &task.memory)].into_iter().filter(|(_, it)| it.is_none()) {
                let title = format!("`step` needs the key `{key}`");
                let finding = Finding::new(codes::MISSING_KEY, &process.file, step.span(), title);
                findings.push(finding.label(format!("`{key}` is missing")));
            }
            return;
        }
        let bare = |one: &&Located<Container>| one.memory.is_none() && one.memory_reservation.is_none();
        for container in task.container.iter().filter(|_| task.memory.is_none()).filter(bare) {
            let title = format!("container `{}` needs `memory` or `memory_reservation`", container.name);
            let finding = Finding::new(codes::CONTAINER_SIZES, &process.file, container.name.span(), title);
            findings.push(finding.label("no memory, and none of the step").help("or set `memory` of the step"));
        }
    });
}

/// Where something is written, if it is.
fn span(number: &Option<Number>) -> Option<Range<usize>> {
    number.as_ref().map(Number::span)
}

/// The numbers of tasks and containers, as far as no variable decides them.
pub(super) fn sizes(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, step, task| {
        let number = |entry: &Option<Number>| entry.as_ref().and_then(|number| number.written());
        let containers = task.container.iter().map(|container| ContainerSizes {
            name: &container.name,
            cpu: number(&container.cpu),
            memory: number(&container.memory),
            memory_reservation: number(&container.memory_reservation),
        });
        let sizes = Sizes {
            step: &step.name,
            compute: task.runs_on.compute(),
            cpu: number(&task.cpu),
            memory: number(&task.memory),
            containers: containers.collect(),
        };
        for fault in sizes.faults() {
            let code = match fault.rule {
                SizeRule::Fargate => codes::FARGATE_SIZE,
                SizeRule::Task => codes::TASK_SIZE,
                SizeRule::Containers => codes::CONTAINER_SIZES,
            };
            let container = |place: usize| task.container.get(place);
            let (span, limit) = match fault.of {
                SizeOf::Cpu => (span(&task.cpu).unwrap_or_default(), None),
                SizeOf::Memory => (span(&task.memory).unwrap_or_default(), None),
                SizeOf::Reservation(place) => {
                    let Some(container) = container(place) else { continue };
                    (span(&container.memory_reservation).unwrap_or_default(), span(&container.memory))
                }
            };
            let finding = Finding::new(code, &process.file, span, fault.title).label(fault.label);
            let finding = if fault.help.is_empty() { finding } else { finding.help(fault.help) };
            findings.push(match limit {
                Some(limit) => finding.related(&process.file, limit, "the limit"),
                None => finding,
            });
        }
    });
}

pub(super) fn images_exist(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_container(drafts, |process, _, container| {
        if !process.doc.images.contains_key(&*container.image) {
            let title = format!("container `{}` names an image that does not exist", container.name);
            let finding = Finding::new(codes::UNKNOWN_IMAGE, &process.file, container.image.span(), title)
                .label(format!("no [images.{}] in this file", container.image))
                .suggest(&container.image, process.doc.images.keys().map(String::as_str));
            findings.push(finding);
        }
    });
}

/// Names of variables that a process can have, and of labels.
pub(super) fn names_of_variables(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_container(drafts, |process, _, container| {
        if let Some(nameless) = container.docker_labels.get("") {
            let title = format!("container `{}` has a label without a name", container.name);
            let finding = Finding::new(codes::INVALID_VALUE, &process.file, nameless.span(), title);
            findings.push(finding.label("a value without a name"));
        }
        let variables = container.environment.iter().map(|(name, value)| (name, value.span()));
        let secrets = container.secrets.iter();
        let secrets = secrets.map(|(name, secret)| (name, secret.span()));
        for (name, span) in variables.chain(secrets) {
            let why = match name.trim() {
                name if name.is_empty() || name.contains(['=', '\0']) => {
                    "a variable's name must not be blank or contain `=`"
                }
                name if name.contains("#{") => "placeholders work in values, never in names",
                _ => continue,
            };
            let title = format!("container `{}` has a variable named `{name}`", container.name);
            findings.push(Finding::new(codes::INVALID_VALUE, &process.file, span, title).label(why));
        }
    });
}

/// Memory that a container can have.
pub(super) fn limits(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_container(drafts, |process, _, container| {
        let mut out = |code: &Code, span, title: String, label: &str| {
            findings.push(Finding::new(code, &process.file, span, title).label(label));
        };
        let memories = container.memory.iter().chain(&container.memory_reservation);
        for memory in memories.filter(|memory| memory.written().is_some_and(|mib| mib < 6)) {
            out(codes::INVALID_VALUE, memory.span(), "a container needs at least 6 MiB".to_owned(), "6 or more");
        }
    });
}
