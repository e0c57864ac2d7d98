//! ECS Exec: its agent runs in the container and writes there.

use super::super::codes;
use super::super::finding::{Finding, list};
use super::super::what::WhatDrafts;
use super::ecs::each_task;
use crate::model::process::{Container, Task};

/// The folders that the agent writes (issue 1359 of aws/containers-roadmap).
const FOLDERS: [&str; 2] = ["/var/lib/amazon", "/var/log/amazon"];
/// The part of them that it writes.
const OWN: &str = "/ssm";

/// A root that cannot be written leaves ECS Exec without an agent: nothing is refused, and no command runs (ECS developer guide,
/// "Monitor Amazon ECS containers with ECS Exec", considerations). What an image declares as a volume can be written too, so
/// this is not certain.
pub(super) fn agents_can_write(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, step, task| {
        for container in
            task.container.iter().filter(|container| task.execute_command.is_on() && container.read_only_root.is_on())
        {
            let bare: Vec<&str> = FOLDERS.into_iter().filter(|folder| !is_writable(task, container, folder)).collect();
            if bare.is_empty() {
                continue;
            }
            let title = format!(
                "ECS Exec does not work in container `{}`: `read_only_root` stops its agent from writing",
                container.name
            );
            let finding =
                Finding::new(codes::EXEC_ON_READ_ONLY_ROOT, &process.file, container.read_only_root.span(), title);
            findings.push(
                finding
                    .about(&[&step.name, &container.name])
                    .label("the agent cannot write")
                    .help(format!("mount writable volumes at {}, or remove `execute_command`", list(&bare))),
            );
        }
    });
}

/// Whether something that can be written is mounted at a folder, around it, or at the part of it that the agent uses.
fn is_writable(task: &Task, container: &Container, folder: &str) -> bool {
    let covers = |path: &str| {
        let path = path.trim_end_matches('/');
        let rest = folder.strip_prefix(path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
        rest || path.strip_prefix(folder) == Some(OWN) || path.contains("#{")
    };
    let mounted =
        |of: &Container| of.mount_points.iter().any(|it| it.read_only.is_off() && covers(it.container_path.raw()));
    let others = container
        .volumes_from
        .iter()
        .filter(|from| from.read_only.is_off())
        .filter_map(|from| task.container.iter().find(|other| other.name == from.source_container));
    let memory = container.linux_parameters.iter().flat_map(|linux| &linux.tmpfs);
    mounted(container)
        || others.into_iter().any(|other| mounted(other))
        || memory.into_iter().any(|it| covers(it.container_path.raw()))
}
