//! Containers of a step: what ECS would reject, or accept but never start.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::codes::{self, Code};
use super::super::drafts::Draft;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{
    ConditionEntry, ContainerEntry, NetworkModeEntry, OperatingSystemEntry, ProcessFile, ProtocolEntry, TaskEntry,
};
use super::super::schema::values::NumberEntry;
use super::super::what::WhatDrafts;
use super::ecs::each_task;
use crate::load::build::launch;
use crate::model::process::{Compute, ContainerSizes, SizeOf, SizeRule, Sizes};

/// The fewest CPU units of a Windows task on Fargate (ECS developer guide, "Task CPU and memory").
const LEAST_OF_WINDOWS: u32 = 1_024;

fn each_container(drafts: &WhatDrafts, mut run: impl FnMut(&Draft<ProcessFile>, &TaskEntry, &At<ContainerEntry>)) {
    each_task(drafts, |process, _, task| task.container.iter().for_each(|container| run(process, task, container)));
}

/// A task has a size; on instances it may leave that to its containers.
pub(super) fn sizes_are_given(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, step, task| {
        let small = task.cpu.as_ref().filter(|cpu| cpu.written().is_some_and(|units| units < LEAST_OF_WINDOWS));
        let windows = *task.operating_system_family != OperatingSystemEntry::Linux;
        if let (Some(cpu), true, true) = (small, windows, launch::compute(*task.runs_on.launch).is_fargate()) {
            let title = format!("a Windows task on Fargate has at least {LEAST_OF_WINDOWS} CPU units");
            findings.push(Finding::new(codes::FARGATE_SIZE, &process.file, cpu.span(), title).label("too small"));
        }
        if launch::compute(*task.runs_on.launch) != Compute::Ec2 {
            for (key, _) in [("cpu", &task.cpu), ("memory", &task.memory)].into_iter().filter(|(_, it)| it.is_none()) {
                let title = format!("`step` needs the key `{key}`");
                let finding = Finding::new(codes::MISSING_KEY, &process.file, step.span(), title);
                findings.push(finding.label(format!("`{key}` is missing")));
            }
            return;
        }
        let bare = |one: &&At<ContainerEntry>| one.memory.is_none() && one.memory_reservation.is_none();
        for container in task.container.iter().filter(|_| task.memory.is_none()).filter(bare) {
            let title = format!("container `{}` needs `memory` or `memory_reservation`", *container.name);
            let finding = Finding::new(codes::CONTAINER_SIZES, &process.file, container.name.span(), title);
            findings.push(finding.label("no memory, and none of the step").help("or set `memory` of the step"));
        }
    });
}

/// Where something is written, if it is.
fn span<T>(entry: &Option<At<T>>) -> Option<Range<usize>> {
    entry.as_ref().map(At::span)
}

/// The numbers of tasks and containers, as far as no variable decides them.
pub(super) fn sizes(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, step, task| {
        let number = |entry: &Option<At<NumberEntry>>| entry.as_ref().and_then(|number| number.written());
        let containers = task.container.iter().map(|container| ContainerSizes {
            name: &container.name,
            cpu: number(&container.cpu),
            memory: number(&container.memory),
            memory_reservation: number(&container.memory_reservation),
        });
        let sizes = Sizes {
            step: &step.name,
            compute: launch::compute(*task.runs_on.launch),
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

pub(super) fn names_differ(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, step, task| {
        let mut seen = BTreeMap::new();
        for container in &task.container {
            if let Some(first) = seen.insert(container.name.as_str(), container.name.span()) {
                let title = format!("two containers of step `{}` are named `{}`", *step.name, *container.name);
                let finding = Finding::new(codes::DUPLICATE_CONTAINER, &process.file, container.name.span(), title);
                findings.push(finding.label("again here").related(&process.file, first, "first here"));
            }
        }
    });
}

pub(super) fn one_is_essential(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, step, task| {
        if !task.container.is_empty() && task.container.iter().all(|container| container.essential.is_off()) {
            let title = format!("no container of step `{}` is essential", *step.name);
            let finding = Finding::new(codes::NO_ESSENTIAL_CONTAINER, &process.file, step.name.span(), title);
            findings.push(finding.label("at least one must be").help("remove `essential`: it is true by default"));
        }
    });
}

pub(super) fn images_exist(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_container(drafts, |process, _, container| {
        if !process.doc.images.contains_key(container.image.as_str()) {
            let title = format!("container `{}` names an image that does not exist", *container.name);
            let finding = Finding::new(codes::UNKNOWN_IMAGE, &process.file, container.image.span(), title)
                .label(format!("no [images.{}] in this file", *container.image))
                .suggest(&container.image, process.doc.images.keys().map(String::as_str));
            findings.push(finding);
        }
    });
}

pub(super) fn ports_differ(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, step, task| {
        // With its own or the instance's network interface, a task can use each port once; in network mode `bridge`, each
        // container can.
        let shared = *task.runs_on.network_mode != NetworkModeEntry::Bridge;
        let (mut seen, mut of_host) = (BTreeMap::new(), BTreeMap::new());
        for container in &task.container {
            if !shared {
                seen.clear();
            }
            for (port, udp, span) in ports_of(container) {
                if port == 0 {
                    let finding = Finding::new(codes::INVALID_VALUE, &process.file, span, "0 is not a port");
                    findings.push(finding.label("1 to 65535"));
                } else if let Some(first) = seen.insert((port, udp), span.clone()) {
                    let title = format!("port {port} is used twice in step `{}`", *step.name);
                    let finding = Finding::new(codes::DUPLICATE_PORT, &process.file, span, title);
                    findings.push(finding.label("again here").related(&process.file, first, "first here"));
                }
            }
            // 0, or none, is any free port of the instance.
            for port in container.ports.iter().filter(|port| port.host_port.as_deref().is_some_and(|port| *port != 0)) {
                let Some(host) = &port.host_port else { continue };
                if let Some(first) = of_host.insert((**host, port.protocol == ProtocolEntry::Udp), host.span()) {
                    let title = format!("port {} of the instance is used twice in step `{}`", **host, *step.name);
                    let finding = Finding::new(codes::DUPLICATE_PORT, &process.file, host.span(), title);
                    findings.push(finding.label("again here").related(&process.file, first, "first here"));
                }
            }
        }
    });
}

/// Each port of a container, whether it is one of UDP, and where it is written.
fn ports_of(container: &ContainerEntry) -> impl Iterator<Item = (u16, bool, Range<usize>)> {
    let one = container.port.iter().map(|port| (**port, false, port.span()));
    one.chain(container.ports.iter().map(|port| (port.port, port.protocol == ProtocolEntry::Udp, port.span())))
}

/// Names of variables that a process can have, and of labels.
pub(super) fn names_of_variables(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_container(drafts, |process, _, container| {
        if let Some(nameless) = container.docker_labels.get("") {
            let title = format!("container `{}` has a label without a name", *container.name);
            let finding = Finding::new(codes::INVALID_VALUE, &process.file, nameless.span(), title);
            findings.push(finding.label("a value without a name"));
        }
        let variables = container.environment.iter().map(|(name, value)| (name, value.span()));
        let secrets = container.secrets.iter().map(|(name, secret)| (name, secret.span()));
        for (name, span) in variables.chain(secrets) {
            let why = match name.trim() {
                name if name.is_empty() || name.contains(['=', '\0']) => {
                    "a variable's name must not be blank or contain `=`"
                }
                name if name.contains("#{") => "placeholders work in values, never in names",
                _ => continue,
            };
            let title = format!("container `{}` has a variable named `{name}`", *container.name);
            findings.push(Finding::new(codes::INVALID_VALUE, &process.file, span, title).label(why));
        }
    });
}

pub(super) fn dependencies_can_happen(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, _, task| {
        let by_name: BTreeMap<&str, &At<ContainerEntry>> =
            task.container.iter().map(|container| (container.name.as_str(), container)).collect();
        for container in &task.container {
            for dependency in &container.depends_on {
                let written = &dependency.container;
                let Some(other) = by_name.get(written.as_str()) else {
                    let title = format!("container `{}` waits for a container that does not exist", *container.name);
                    let finding = Finding::new(codes::UNKNOWN_CONTAINER, &process.file, written.span(), title)
                        .label("not a container of this step")
                        .suggest(written, by_name.keys().copied());
                    findings.push(finding);
                    continue;
                };
                let why = match dependency.condition {
                    ConditionEntry::Healthy if other.health_check.is_none() => "it has no health check",
                    ConditionEntry::Complete | ConditionEntry::Success if other.essential.is_on() => {
                        "it is essential: when it ends, the task ends"
                    }
                    _ => continue,
                };
                let title = format!("container `{}` waits for `{}`, but {why}", *container.name, **written);
                let finding = Finding::new(codes::DEPENDENCY_CONDITION, &process.file, dependency.span(), title);
                findings.push(finding.label("can never happen"));
            }
        }
        for cycle in cycles(task) {
            let names: Vec<String> = cycle.iter().map(|container| format!("`{}`", *container.name)).collect();
            let (Some(first), Some(first_name)) = (cycle.first(), names.first()) else { continue };
            let title = format!("containers wait for each other: {} → {first_name}", names.join(" → "));
            let mut finding = Finding::new(codes::DEPENDENCY_CYCLE, &process.file, first.name.span(), title);
            for other in cycle.iter().skip(1) {
                finding = finding.related(&process.file, other.name.span(), "and this one");
            }
            findings.push(finding.label("it waits for itself"));
        }
    });
}

/// Every cycle once, in the order in which it is walked, beginning at its first container in the file.
fn cycles(task: &TaskEntry) -> Vec<Vec<&At<ContainerEntry>>> {
    let index = |name: &str| task.container.iter().position(|container| container.name.as_str() == name);
    let mut state = vec![State::New; task.container.len()];
    let mut found = Vec::new();
    for start in 0..task.container.len() {
        // The way walked, each with the number of its dependency that comes next: no recursion, so no depth to bound.
        let mut way: Vec<(usize, usize)> = Vec::new();
        if state.get(start) == Some(&State::New) {
            way.push((start, 0));
        }
        while let Some((at, next)) = way.pop() {
            state[at] = State::OnTheWay;
            let Some(dependency) = task.container.get(at).and_then(|container| container.depends_on.get(next)) else {
                state[at] = State::Done;
                continue;
            };
            way.push((at, next + 1));
            match index(&dependency.container) {
                Some(to) if state[to] == State::New => way.push((to, 0)),
                Some(to) if state[to] == State::OnTheWay => {
                    let from = way.iter().position(|(on, _)| *on == to).unwrap_or(0);
                    found.push(way[from..].iter().filter_map(|(on, _)| task.container.get(*on)).collect());
                }
                _ => {}
            }
        }
    }
    found
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    OnTheWay,
    Done,
}

pub(super) fn health_checks_begin_with_cmd(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_container(drafts, |process, _, container| {
        let Some(check) = &container.health_check else { return };
        let title = match check.command.iter().map(|part| part.as_str()).collect::<Vec<_>>().as_slice() {
            ["CMD", _, ..] | ["CMD-SHELL", _] => return,
            ["CMD-SHELL", _, ..] => "`CMD-SHELL` takes exactly one line for the shell",
            ["CMD" | "CMD-SHELL"] => "the command is missing",
            _ => "the command must begin with `CMD` or `CMD-SHELL`",
        };
        let title = format!("the health check of container `{}` cannot run: {title}", *container.name);
        let finding = Finding::new(codes::HEALTH_CHECK_COMMAND, &process.file, check.command.span(), title)
            .label("here")
            .help("write it like `[\"CMD-SHELL\", \"curl -f http://localhost/ || exit 1\"]`");
        findings.push(finding);
    });
}

pub(super) fn secret_or_variable(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_container(drafts, |process, _, container| {
        for (name, secret) in &container.secrets {
            if let Some(plain) = container.environment.get(name) {
                let title =
                    format!("container `{}` has `{name}` under both `environment` and `secrets`", *container.name);
                let finding = Finding::new(codes::SECRET_AND_VARIABLE, &process.file, secret.span(), title);
                findings.push(finding.label("the secret").related(&process.file, plain.span(), "the variable"));
            }
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
