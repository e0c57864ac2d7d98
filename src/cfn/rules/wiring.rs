//! Rules over the containers of a task definition among each other, and over the roles that they need.

use std::collections::BTreeSet;

use super::container::each_container;
use super::seen::Seen;
use super::task::{KIND, containers, is_awsvpc, is_fargate};
use super::{Fault, Judge, Rule};
use crate::terms::linux;

const REGISTER: &str = "API reference of Amazon ECS, RegisterTaskDefinition";
const CONTAINER: &str = "API reference of Amazon ECS, ContainerDefinition";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "task-minimum", source: REGISTER, edition: 2, run: minimum },
    Rule {
        name: "fargate-only",
        source: "API reference of Amazon ECS, EphemeralStorage",
        edition: 2,
        run: fargate_only,
    },
    Rule { name: "fargate-host", source: CONTAINER, edition: 2, run: fargate_host },
    Rule { name: "execution-role", source: REGISTER, edition: 2, run: execution_role },
    Rule { name: "role-arn", source: REGISTER, edition: 2, run: roles },
    Rule {
        name: "container-circle",
        source: "API reference of Amazon ECS, ContainerDependency",
        edition: 2,
        run: circle,
    },
    Rule { name: "log-router", source: "API reference of Amazon ECS, FirelensConfiguration", edition: 2, run: router },
    Rule { name: "ulimits", source: "API reference of Amazon ECS, Ulimit", edition: 2, run: ulimits },
    Rule { name: "secret-once", source: "API reference of Amazon ECS, Secret", edition: 2, run: secrets },
    Rule { name: "timeouts", source: CONTAINER, edition: 2, run: timeouts },
    Rule { name: "environment-file", source: "API reference of Amazon ECS, EnvironmentFile", edition: 2, run: files },
    Rule { name: "windows", source: "API reference of Amazon ECS, RuntimePlatform", edition: 2, run: windows },
    Rule { name: "kernel-words", source: "API reference of Amazon ECS, KernelCapabilities", edition: 2, run: kernel },
];

/// The fewest CPU units of a task, on instances too.
const LEAST_CPU: f64 = 128.0;
/// The least memory of a container in MiB: what Docker itself needs.
const LEAST_MEMORY: f64 = 4.0;

fn minimum(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let cpu = task.get("Cpu");
        if let Some(units) = cpu.number().filter(|units| *units < LEAST_CPU && !is_fargate(&task)) {
            let aws = "Invalid 'cpu' setting for task. The minimum is 128.";
            out(Fault::at(cpu.pointer, format!("a task has at least 128 CPU units, not {units}"), aws));
        }
        for container in task.get("ContainerDefinitions").each() {
            for memory in ["Memory", "MemoryReservation"].map(|key| container.get(key)) {
                if let Some(mib) = memory.number().filter(|mib| *mib < LEAST_MEMORY) {
                    let aws = "Invalid setting for container. The memory must be at least 4 MiB.";
                    out(Fault::at(memory.pointer, format!("a container needs at least 4 MiB, not {mib}"), aws));
                }
            }
        }
    });
}

fn fargate_only(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let kinds = task.get("RequiresCompatibilities").items().unwrap_or_default();
        let others = !kinds.is_empty() && kinds.iter().all(|kind| kind.is_other_than("FARGATE"));
        let storage = task.get("EphemeralStorage");
        if others && storage.is_there() {
            let aws = "Ephemeral storage is only supported for tasks that use Fargate.";
            out(Fault::at(storage.pointer, "only a Fargate task has `EphemeralStorage`", aws));
        }
    });
}

fn fargate_host(judge: &mut Judge<'_>) {
    each_container(judge, |task, container, out| {
        for key in ["DnsServers", "DnsSearchDomains", "DockerSecurityOptions"] {
            let there = container.get(key);
            if is_fargate(task) && !there.each().is_empty() {
                let aws = format!("Fargate compatible task definitions do not support {key}.");
                out(Fault::at(there.pointer, format!("a container on Fargate has no `{key}`"), aws));
            }
        }
        let hosts = container.get("ExtraHosts");
        if is_awsvpc(task) && !hosts.each().is_empty() {
            let aws = "Extra hosts are not supported when networkMode=awsvpc.";
            out(Fault::at(hosts.pointer, "a container with `NetworkMode: awsvpc` has no `ExtraHosts`", aws));
        }
    });
}

fn execution_role(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let role = task.get("ExecutionRoleArn");
        if !role.is_missing() {
            return;
        }
        for container in task.get("ContainerDefinitions").each() {
            let logs = container.get("LogConfiguration");
            let (why, aws) = if !container.get("Secrets").each().is_empty() {
                let aws =
                    "When you are specifying container secrets, you must also specify a value for 'executionRoleArn'.";
                ("its containers have secrets", aws)
            } else if is_fargate(&task) && logs.get("LogDriver").is("awslogs") {
                let aws = "Fargate requires task definition to have execution role ARN to support log driver awslogs.";
                ("the log driver `awslogs` writes with it", aws)
            } else {
                continue;
            };
            return out(Fault::at(role.pointer, format!("the task needs `ExecutionRoleArn`: {why}"), aws));
        }
    });
}

fn roles(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        for role in ["TaskRoleArn", "ExecutionRoleArn"].map(|key| task.get(key)) {
            let other = |arn: &String| arn.starts_with("arn:") && !arn.contains(":role/");
            if let Some(arn) = role.text().filter(other) {
                let aws = "Role is not valid.";
                out(Fault::at(role.pointer, format!("`{arn}` is not the ARN of a role"), aws));
            }
        }
    });
}

fn circle(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let Some(all) = containers(&task) else { return };
        let names: Option<Vec<String>> = all.iter().map(|container| container.get("Name").text()).collect();
        let Some(names) = names else { return };
        let waits_of = |container: &Seen<'_>| -> BTreeSet<usize> {
            let on = container.get("DependsOn").each();
            let on = on.iter().filter_map(|one| one.get("ContainerName").text());
            on.filter_map(|name| names.iter().position(|known| *known == name)).collect()
        };
        let waits: Vec<BTreeSet<usize>> = all.iter().map(waits_of).collect();
        for (place, container) in all.iter().enumerate() {
            let (mut ahead, mut seen) = (vec![place], BTreeSet::new());
            while let Some(next) = ahead.pop() {
                let on = waits.get(next).into_iter().flatten();
                ahead.extend(on.copied().filter(|on| seen.insert(*on)));
            }
            if seen.contains(&place) {
                let aws = "There is a cycle in the container dependencies of the task definition.";
                let name = names.get(place).cloned().unwrap_or_default();
                let title = format!("the container `{name}` waits for itself");
                return out(Fault::at(container.get("DependsOn").pointer, title, aws));
            }
        }
    });
}

fn router(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let Some(all) = containers(&task) else { return };
        let routers: Vec<Seen<'_>> = all.iter().map(|one| one.get("FirelensConfiguration")).collect();
        let sure: Vec<&Seen<'_>> = routers.iter().filter(|router| router.is_there()).collect();
        if let [_, second, ..] = sure.as_slice() {
            let aws = "Only one container can have a firelensConfiguration.";
            out(Fault::at(second.pointer.clone(), "a task has one router of logs", aws));
        }
        if !routers.iter().all(Seen::is_missing) {
            return;
        }
        for driver in all.iter().map(|one| one.at(&["LogConfiguration", "LogDriver"])) {
            if driver.is("awsfirelens") {
                let aws = "When a container uses the awsfirelens log driver, the task definition must contain exactly one container \
                           with a firelensConfiguration.";
                let title = "the log driver `awsfirelens` needs a container with `FirelensConfiguration`";
                out(Fault::at(driver.pointer, title, aws));
            }
        }
    });
}

fn ulimits(judge: &mut Judge<'_>) {
    each_container(judge, |_, container, out| {
        let mut seen = BTreeSet::new();
        for limit in container.get("Ulimits").each() {
            let (name, soft, hard) = (limit.get("Name"), limit.get("SoftLimit"), limit.get("HardLimit"));
            if let (Some(low), Some(high)) = (soft.number(), hard.number())
                && low > high
                && high >= 0.0
            {
                let aws = "The soft limit must be less than or equal to the hard limit.";
                out(Fault::at(soft.pointer, format!("the soft limit {low} is above the hard limit {high}"), aws)
                    .doubtful());
            }
            if let Some(text) = name.text().filter(|text| !seen.insert(text.clone())) {
                let aws = format!("Duplicate ulimit '{text}'.");
                out(Fault::at(name.pointer, format!("the limit `{text}` is set twice"), aws).doubtful());
            }
        }
    });
}

fn secrets(judge: &mut Judge<'_>) {
    each_container(judge, |_, container, out| {
        let mut seen = BTreeSet::new();
        for name in container.get("Secrets").each().iter().map(|secret| secret.get("Name")) {
            if let Some(text) = name.text().filter(|text| !seen.insert(text.clone())) {
                let aws = format!("The secret name must be unique: '{text}'.");
                out(Fault::at(name.pointer, format!("two secrets are named `{text}`"), aws));
            }
        }
    });
}

fn timeouts(judge: &mut Judge<'_>) {
    each_container(judge, |task, container, out| {
        let start = container.get("StartTimeout");
        let most = if is_fargate(task) { 120.0 } else { f64::MAX };
        if let Some(seconds) = start.number().filter(|seconds| !(2.0..=most).contains(seconds)) {
            let aws = "Invalid startTimeout: it must be at least 2, and at most 120 on Fargate.";
            out(Fault::at(start.pointer, format!("a container cannot have {seconds} s to start"), aws));
        }
    });
}

fn files(judge: &mut Judge<'_>) {
    each_container(judge, |_, container, out| {
        for file in container.get("EnvironmentFiles").each().iter().map(|file| file.get("Value")) {
            let is_object = |arn: &str| arn.starts_with("arn:") && arn.contains(":s3:::") && arn.ends_with(".env");
            if let Some(text) = file.text().filter(|text| !is_object(text)) {
                let aws = "The environment file must be the ARN of an S3 object that ends in .env.";
                out(Fault::at(
                    file.pointer,
                    format!("`{text}` is not the ARN of an object in S3 that ends in `.env`"),
                    aws,
                ));
            }
        }
    });
}

fn kernel(judge: &mut Judge<'_>) {
    each_container(judge, |_, container, out| {
        let linux = container.get("LinuxParameters");
        for name in ["Add", "Drop"].iter().flat_map(|key| linux.at(&["Capabilities", key]).each()) {
            if let Some(text) = name.text().filter(|text| !linux::is_capability(text)) {
                let aws = format!("Invalid capability: {text}.");
                let short = text.strip_prefix("CAP_").filter(|short| linux::is_capability(short));
                let instead = short.map_or(String::new(), |short| format!(": write `{short}`"));
                let title = format!("`{text}` is not a capability of Linux{instead}");
                out(Fault::at(name.pointer, title, aws).doubtful());
            }
        }
        for option in linux.get("Tmpfs").each().iter().flat_map(|tmpfs| tmpfs.get("MountOptions").each()) {
            if let Some(text) = option.text().filter(|text| !linux::is_mount_option(text)) {
                let aws = format!("Invalid mount option: {text}.");
                out(Fault::at(option.pointer, format!("`{text}` is not an option of a mount in memory"), aws)
                    .doubtful());
            }
        }
        for name in container.get("SystemControls").each().iter().map(|control| control.get("Namespace")) {
            if let Some(text) = name.text().filter(|text| !linux::is_kernel_parameter(text)) {
                let aws = format!("Invalid namespaced kernel parameter: {text}.");
                out(Fault::at(
                    name.pointer,
                    format!("`{text}` is not a kernel parameter that a container can set"),
                    aws,
                )
                .doubtful());
            }
        }
    });
}

fn windows(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let platform = task.get("RuntimePlatform");
        let family = platform.get("OperatingSystemFamily");
        if !family.text().is_some_and(|text| text.starts_with("WINDOWS")) {
            return;
        }
        let (cpu, architecture) = (task.get("Cpu"), platform.get("CpuArchitecture"));
        if let Some(units) = cpu.number().filter(|units| *units < 1_024.0 && is_fargate(&task)) {
            let aws = "Windows containers on Fargate need at least 1 vCPU.";
            out(Fault::at(
                cpu.pointer,
                format!("a Windows task on Fargate has at least 1024 CPU units, not {units}"),
                aws,
            ));
        }
        if architecture.is("ARM64") {
            let aws = "Windows containers do not support the ARM64 architecture.";
            out(Fault::at(architecture.pointer, "a Windows task has the architecture `X86_64`", aws));
        }
        for container in task.get("ContainerDefinitions").each() {
            let linux = container.get("LinuxParameters");
            if linux.is_there() {
                let aws = "Windows containers do not support linuxParameters.";
                out(Fault::at(linux.pointer, "a Windows container has no `LinuxParameters`", aws));
            }
        }
    });
}
