//! Settings of the operating system, and the files and hosts that containers name.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::codes;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{ContainerEntry, LinuxParametersEntry};
use super::super::what::WhatDrafts;
use crate::model::PARTITIONS;

/// The most environment files of a container (API reference, `ContainerDefinition.environmentFiles`).
const MAX_ENVIRONMENT_FILES: usize = 10;
/// The most exit codes of a restart policy (API reference, `ContainerRestartPolicy`).
const MAX_EXIT_CODES: usize = 50;
/// The capabilities that can be added or dropped (API reference, `KernelCapabilities`).
const CAPABILITIES: [&str; 38] = [
    "ALL",
    "AUDIT_CONTROL",
    "AUDIT_WRITE",
    "BLOCK_SUSPEND",
    "CHOWN",
    "DAC_OVERRIDE",
    "DAC_READ_SEARCH",
    "FOWNER",
    "FSETID",
    "IPC_LOCK",
    "IPC_OWNER",
    "KILL",
    "LEASE",
    "LINUX_IMMUTABLE",
    "MAC_ADMIN",
    "MAC_OVERRIDE",
    "MKNOD",
    "NET_ADMIN",
    "NET_BIND_SERVICE",
    "NET_BROADCAST",
    "NET_RAW",
    "SETFCAP",
    "SETGID",
    "SETPCAP",
    "SETUID",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_BOOT",
    "SYS_CHROOT",
    "SYS_MODULE",
    "SYS_NICE",
    "SYS_PACCT",
    "SYS_PTRACE",
    "SYS_RAWIO",
    "SYS_RESOURCE",
    "SYS_TIME",
    "SYS_TTY_CONFIG",
    "WAKE_ALARM",
];
/// Options of a mount in memory (API reference, `Tmpfs`).
const MOUNT_OPTIONS: [&str; 39] = [
    "defaults",
    "ro",
    "rw",
    "suid",
    "nosuid",
    "dev",
    "nodev",
    "exec",
    "noexec",
    "sync",
    "async",
    "dirsync",
    "remount",
    "mand",
    "nomand",
    "atime",
    "noatime",
    "diratime",
    "nodiratime",
    "bind",
    "rbind",
    "unbindable",
    "runbindable",
    "private",
    "rprivate",
    "shared",
    "rshared",
    "slave",
    "rslave",
    "relatime",
    "norelatime",
    "strictatime",
    "nostrictatime",
    "mode",
    "uid",
    "gid",
    "nr_inodes",
    "nr_blocks",
    "mpol",
];
/// Kernel parameters of the IPC namespace (ECS developer guide, "System controls").
const IPC: [&str; 8] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
];

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
        } else if !IPC.contains(&name) && !name.starts_with("net.") && !name.starts_with("fs.mqueue.") {
            let title = format!(
                "`{name}` cannot be set for a container: use a kernel parameter of IPC, `net.…` or `fs.mqueue.…`"
            );
            out(control.namespace.span(), title);
        }
    }
}

fn of_linux(linux: &LinuxParametersEntry, out: &mut impl FnMut(Range<usize>, String)) {
    for name in linux.capabilities.add.iter().chain(&linux.capabilities.drop) {
        if !CAPABILITIES.contains(&name.as_str()) {
            let help =
                name.strip_prefix("CAP_").map_or(String::new(), |short| format!(": write `{short}`, without `CAP_`"));
            out(name.span(), format!("`{}` is not a Linux capability{help}", **name));
        }
    }
    for device in &linux.devices {
        let all = &device.permissions;
        if all.iter().enumerate().any(|(index, one)| all.iter().take(index).any(|before| before == one)) {
            out(device.span(), "a permission of the device is listed twice".to_owned());
        }
    }
    for option in linux.tmpfs.iter().flat_map(|tmpfs| &tmpfs.mount_options) {
        let name = option.split_once('=').map_or(option.as_str(), |(name, _)| name);
        if !MOUNT_OPTIONS.contains(&name) {
            out(option.span(), format!("`{}` is not a mount option of an in-memory file system", **option));
        }
    }
    if let Some(over) = linux.swappiness.as_ref().filter(|value| ***value > 100) {
        out(over.span(), "`swappiness` must be 0 to 100".to_owned());
    }
    if let (Some(swappiness), None) = (&linux.swappiness, &linux.max_swap) {
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
