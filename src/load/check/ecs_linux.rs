//! Settings of the operating system, and the files and hosts that containers name.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::codes;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{ContainerEntry, LinuxParametersEntry};
use super::super::what::WhatDrafts;
use crate::model::PARTITIONS;
use crate::terms::linux;

/// The most environment files of a container (API reference, `ContainerDefinition.environmentFiles`).
const MAX_ENVIRONMENT_FILES: usize = 10;
/// The most exit codes of a restart policy (API reference, `ContainerRestartPolicy`).
const MAX_EXIT_CODES: usize = 50;

/// Values of a container that ECS does not take, whatever it runs on.
pub(super) fn values_are_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for container in process.doc.tasks().flat_map(|(_, task)| &task.container) {
        let mut out = |span: Range<usize>, title: String| {
            findings.push(Finding::new(codes::INVALID_VALUE, &process.file, span, title).label("not allowed"));
        };
        ulimits(container, &mut out);
        system_controls(container, &mut out);
        container.linux_parameters.iter().for_each(|linux| of_linux(linux, &mut out));
        environment_files(container, &mut out);
        if let Some(short) = container.start_timeout.as_ref().filter(|seconds| ***seconds < 2) {
            out(short.span(), "`start_timeout` must be at least 2 seconds".to_owned());
        }
        if let Some(extra) = container.resource_requirements.get(1) {
            out(extra.span(), "GPUs can be required only once per container".to_owned());
        }
        if let Some(policy) = container.restart_policy.as_ref().filter(|p| p.ignored_exit_codes.len() > MAX_EXIT_CODES)
        {
            out(
                policy.ignored_exit_codes.span(),
                format!("a restart policy can ignore at most {MAX_EXIT_CODES} exit codes"),
            );
        }
    }
}

fn ulimits(container: &ContainerEntry, out: &mut impl FnMut(Range<usize>, String)) {
    let mut seen = BTreeSet::new();
    for ulimit in &container.ulimits {
        if !seen.insert(ulimit.name) {
            out(ulimit.span(), format!("the ulimit `{}` is listed twice", ulimit.name.as_str()));
        }
        if *ulimit.soft_limit > *ulimit.hard_limit {
            let title = format!("the soft limit of `{}` is above its hard limit", ulimit.name.as_str());
            out(ulimit.soft_limit.span(), title);
        }
    }
}

fn system_controls(container: &ContainerEntry, out: &mut impl FnMut(Range<usize>, String)) {
    let mut seen = BTreeSet::new();
    for control in &container.system_controls {
        let name = control.namespace.as_str();
        if !seen.insert(name) {
            out(control.namespace.span(), format!("the kernel parameter `{name}` is listed twice"));
        } else if !linux::is_kernel_parameter(name) {
            let title = format!(
                "`{name}` cannot be set for a container: use a kernel parameter of IPC, `net.…` or `fs.mqueue.…`"
            );
            out(control.namespace.span(), title);
        }
    }
}

fn of_linux(written: &LinuxParametersEntry, out: &mut impl FnMut(Range<usize>, String)) {
    for name in written.capabilities.add.iter().chain(&written.capabilities.drop) {
        if !linux::is_capability(name) {
            let help =
                name.strip_prefix("CAP_").map_or(String::new(), |short| format!(": write `{short}`, without `CAP_`"));
            out(name.span(), format!("`{}` is not a Linux capability{help}", **name));
        }
    }
    for device in &written.devices {
        let all = &device.permissions;
        if all.iter().enumerate().any(|(index, one)| all.iter().take(index).any(|before| before == one)) {
            out(device.span(), "a permission of the device is listed twice".to_owned());
        }
    }
    for option in written.tmpfs.iter().flat_map(|tmpfs| &tmpfs.mount_options) {
        if !linux::is_mount_option(option) {
            out(option.span(), format!("`{}` is not a mount option of an in-memory file system", **option));
        }
    }
    if let Some(over) = written.swappiness.as_ref().filter(|value| ***value > 100) {
        out(over.span(), "`swappiness` must be 0 to 100".to_owned());
    }
    if let (Some(swappiness), None) = (&written.swappiness, &written.max_swap) {
        out(swappiness.span(), "`swappiness` has no effect without `max_swap`".to_owned());
    }
}

fn environment_files(container: &ContainerEntry, out: &mut impl FnMut(Range<usize>, String)) {
    if let Some(extra) = container.environment_files.get(MAX_ENVIRONMENT_FILES) {
        out(extra.span(), format!("a container can have at most {MAX_ENVIRONMENT_FILES} environment files"));
    }
    for file in &container.environment_files {
        if let Err(why) = object(file) {
            out(file.span(), format!("`{}` is not the ARN of an environment file in S3: {why}", **file));
        }
    }
}

/// Whether the text is `arn:<partition>:s3:::<bucket>/<key>.env`; one with placeholders is not known yet.
fn object(file: &At<String>) -> Result<(), &'static str> {
    if file.contains("#{") {
        return Ok(());
    }
    let parts: Vec<&str> = file.splitn(6, ':').collect();
    let path = match parts.as_slice() {
        ["arn", partition, "s3", "", "", path] if PARTITIONS.contains(partition) => path,
        _ => return Err("expected one like `arn:aws:s3:::bucket/folder/file.env`"),
    };
    match path.split_once('/') {
        Some((bucket, key)) if !bucket.is_empty() && key.ends_with(".env") => Ok(()),
        Some(_) => Err("its name does not end in `.env`"),
        None => Err("it does not name an object"),
    }
}
