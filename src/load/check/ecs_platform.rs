//! Fargate platform versions: they must be valid and support what the step uses.

use super::super::codes;
use super::super::finding::{Finding, list};
use super::super::what::WhatDrafts;
use crate::model::process::{Architecture, OperatingSystem, Task};
use crate::terms::fargate;

/// Versions are those of Fargate, and not older than what the step asks for. Instances have no platform version; that is reported
/// elsewhere.
pub(super) fn versions_have_it(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (step, on) in process.doc.running().filter(|(_, on)| on.compute().is_fargate()) {
        let Some(version) = on.platform_version.as_ref().filter(|version| !version.raw().contains("#{")) else {
            continue;
        };
        if !fargate::is_platform(version.raw()) {
            let title = format!("`{version}` is not a Fargate platform version");
            let finding = Finding::new(codes::INVALID_VALUE, &process.file, version.span(), title);
            let finding = finding.label("unknown version");
            findings
                .push(finding.help("write `LATEST`, or `1.4.0`, which is the newest for Linux (`1.0.0` for Windows)"));
        }
        let linux = |task: &&Task| *task.operating_system_family == OperatingSystem::Linux;
        let wanted = step.task().filter(linux).map(newer).unwrap_or_default();
        if fargate::is_before_1_4(version.raw()) && !wanted.is_empty() {
            let verb = if wanted.len() == 1 { "needs" } else { "need" };
            let title = format!("{} {verb} Fargate platform version 1.4.0 or later", list(&wanted));
            let finding = Finding::new(codes::NOT_WITH_LAUNCH, &process.file, version.span(), title);
            findings.push(finding.label("too old").help("without `platform_version`, ECS uses the latest version"));
        }
    }
}

/// The keys that version 1.4.0 was the first to have.
///
/// API reference: `ContainerDefinition` (`environmentFiles`, `systemControls`), `KernelCapabilities`, `EphemeralStorage`,
/// `CapacityProviderStrategyItem` (ARM64). ECS developer guide: "Use Amazon EFS volumes", "Use Amazon EBS volumes", "Monitor
/// containers with ECS Exec", "Restart individual containers", "Pass Secrets Manager secrets" (keys of their JSON).
fn newer(task: &Task) -> Vec<&'static str> {
    let any_volume = |efs: bool| {
        task.volume
            .iter()
            .any(|it| if efs { it.efs_volume_configuration.is_some() } else { it.managed_ebs_volume.is_some() })
    };
    let all = &task.container;
    let keys = all
        .iter()
        .flat_map(|container| container.secrets.values())
        .any(|secret| secret.key.is_some() || secret.version_stage.is_some() || secret.version_id.is_some());
    let added = all.iter().filter_map(|container| container.linux_parameters.as_ref());
    let wanted = [
        (task.architecture.written() == Some(Architecture::Arm64), "arm64"),
        (task.ephemeral_storage.is_some(), "ephemeral_storage"),
        (task.execute_command.is_on(), "execute_command"),
        (any_volume(true), "efs_volume_configuration"),
        (any_volume(false), "managed_ebs_volume"),
        (all.iter().any(|container| !container.environment_files.is_empty()), "environment_files"),
        (all.iter().any(|container| !container.system_controls.is_empty()), "system_controls"),
        (all.iter().any(|container| container.restart_policy.is_some()), "restart_policy"),
        (added.into_iter().any(|linux| !linux.capabilities.add.is_empty()), "capabilities"),
        (keys, "key"),
    ];
    wanted.into_iter().filter_map(|(wanted, name)| wanted.then_some(name)).collect()
}
