//! Rules over task definitions as a whole.

use std::collections::BTreeSet;

use super::seen::Seen;
use super::{Fault, Judge, Rule};
use crate::terms::fargate;

pub(super) const KIND: &str = "AWS::ECS::TaskDefinition";

const REGISTER: &str = "API reference of Amazon ECS, RegisterTaskDefinition";
const FARGATE: &str = "Amazon ECS developer guide, task definition differences for Fargate";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "fargate-size",
        source: "Amazon ECS developer guide, Fargate task sizes",
        edition: 1,
        run: fargate_size,
    },
    Rule { name: "fargate-network", source: FARGATE, edition: 1, run: fargate_network },
    Rule { name: "fargate-namespaces", source: FARGATE, edition: 1, run: fargate_namespaces },
    Rule { name: "fargate-volumes", source: FARGATE, edition: 1, run: fargate_volumes },
    Rule {
        name: "ephemeral-storage",
        source: "API reference of Amazon ECS, EphemeralStorage",
        edition: 1,
        run: ephemeral_storage,
    },
    Rule { name: "task-containers", source: REGISTER, edition: 1, run: has_containers },
    Rule {
        name: "essential-container",
        source: "API reference of Amazon ECS, ContainerDefinition",
        edition: 1,
        run: essential,
    },
    Rule { name: "container-names", source: REGISTER, edition: 1, run: container_names },
    Rule {
        name: "container-memory",
        source: "API reference of Amazon ECS, ContainerDefinition",
        edition: 1,
        run: memory,
    },
    Rule { name: "task-size", source: "API reference of Amazon ECS, ContainerDefinition", edition: 1, run: fits_task },
    Rule { name: "volume-names", source: "API reference of Amazon ECS, MountPoint", edition: 1, run: volume_names },
    Rule { name: "port-conflict", source: "API reference of Amazon ECS, PortMapping", edition: 1, run: port_conflict },
    Rule {
        name: "dependencies",
        source: "API reference of Amazon ECS, ContainerDependency",
        edition: 1,
        run: dependencies,
    },
];

/// Whether a task definition asks for Fargate.
pub(super) fn is_fargate(task: &Seen<'_>) -> bool {
    task.get("RequiresCompatibilities").each().iter().any(|one| one.is("FARGATE"))
}

/// Whether its tasks have a network interface of their own.
pub(super) fn is_awsvpc(task: &Seen<'_>) -> bool {
    task.get("NetworkMode").is("awsvpc")
}

/// The containers, if all of them are known.
pub(super) fn containers<'a>(task: &Seen<'a>) -> Option<Vec<Seen<'a>>> {
    task.get("ContainerDefinitions").items()
}

/// The names of the containers that are known.
pub(super) fn names(task: &Seen<'_>) -> Vec<String> {
    task.get("ContainerDefinitions").each().iter().filter_map(|container| container.get("Name").text()).collect()
}

/// CPU units, also as `1 vCPU`.
fn cpu(of: &Seen<'_>) -> Option<u32> {
    sized(of, "vcpu", 1_024.0)
}

/// MiB, also as `2 GB`.
fn mib(of: &Seen<'_>) -> Option<u32> {
    sized(of, "gb", 1_024.0)
}

fn sized(of: &Seen<'_>, unit: &str, times: f64) -> Option<u32> {
    let text = of.text()?.trim().to_ascii_lowercase();
    let number = match text.strip_suffix(unit) {
        Some(number) => number.trim().parse::<f64>().ok()? * times,
        None => text.parse::<f64>().ok()?,
    };
    ((0.0..1e9).contains(&number) && number.fract() == 0.0).then_some(number as u32)
}

fn fargate_size(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        if !is_fargate(&task) {
            return;
        }
        for key in ["Cpu", "Memory"].into_iter().filter(|key| task.get(key).is_missing()) {
            let aws = format!("Fargate requires that '{}' be defined at the task level.", key.to_ascii_lowercase());
            out(Fault::at(task.get(key).pointer, format!("a Fargate task needs `{key}`"), aws));
        }
        let (Some(units), memory) = (cpu(&task.get("Cpu")), mib(&task.get("Memory"))) else { return };
        let aws = |memory: Option<u32>| {
            let memory = memory.map_or_else(|| "null".to_owned(), |memory| memory.to_string());
            format!(
                "No Fargate configuration exists for given values: {units} CPU, {memory} memory. See the Amazon ECS documentation \
                 for the valid values."
            )
        };
        let Some(sizes) = fargate::memory(units) else {
            let title = format!("Fargate has no task of {units} CPU units");
            return out(Fault::at(task.get("Cpu").pointer, title, aws(memory)));
        };
        if let Some(memory) = memory.filter(|memory| !sizes.have(*memory)) {
            let title =
                format!("Fargate has no task of {units} CPU units with {memory} MiB: it has {} with them", sizes.words());
            out(Fault::at(task.get("Memory").pointer, title, aws(Some(memory))));
        }
    });
}

fn fargate_network(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let mode = task.get("NetworkMode");
        if is_fargate(&task) && (mode.is_missing() || mode.is_other_than("awsvpc")) {
            let title = "a Fargate task needs `NetworkMode: awsvpc`";
            out(Fault::at(mode.pointer, title, "Fargate only supports network mode 'awsvpc'."));
        }
    });
}

fn fargate_namespaces(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        if !is_fargate(&task) {
            return;
        }
        let (pid, ipc) = (task.get("PidMode"), task.get("IpcMode"));
        if pid.is("host") {
            let aws = "Fargate only supports pidMode 'task'.";
            out(Fault::at(pid.pointer, "a Fargate task cannot share the processes of its host", aws));
        }
        if ipc.text().is_some() {
            let aws = "IPC mode is not supported on Fargate.";
            out(Fault::at(ipc.pointer, "a Fargate task has no `IpcMode`", aws));
        }
    });
}

fn fargate_volumes(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        for volume in task.get("Volumes").each().into_iter().filter(|_| is_fargate(&task)) {
            let (path, docker) = (volume.at(&["Host", "SourcePath"]), volume.get("DockerVolumeConfiguration"));
            if path.text().is_some() {
                let aws = "Fargate compatible task definitions do not support sourcePath.";
                out(Fault::at(path.pointer, "a Fargate task has no folder of its host", aws));
            }
            if docker.is_there() {
                let aws = "Fargate compatible task definitions do not support dockerVolumeConfiguration.";
                out(Fault::at(docker.pointer, "a Fargate task has no Docker volume", aws));
            }
        }
    });
}

fn ephemeral_storage(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let size = task.at(&["EphemeralStorage", "SizeInGiB"]);
        if let Some(gib) = size.number().filter(|gib| !(21.0..=200.0).contains(gib)) {
            let aws = "Invalid ephemeral storage size: it must be between 21 and 200 GiB.";
            out(Fault::at(size.pointer, format!("ephemeral storage has 21 to 200 GiB, not {gib}"), aws));
        }
    });
}

fn has_containers(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let all = task.get("ContainerDefinitions");
        if all.items().is_some_and(|all| all.is_empty()) {
            out(Fault::at(all.pointer, "a task definition needs a container", "Container list cannot be empty."));
        }
    });
}

fn essential(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let all = containers(&task).unwrap_or_default();
        if !all.is_empty() && all.iter().all(|container| container.get("Essential").flag() == Some(false)) {
            let aws =
                "Invalid setting for container. At least one container in a task definition must be marked essential.";
            let pointer = task.get("ContainerDefinitions").pointer;
            out(Fault::at(pointer, "at least one container must be essential", aws));
        }
    });
}

fn container_names(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let mut seen = BTreeSet::new();
        for name in task.get("ContainerDefinitions").each().iter().map(|container| container.get("Name")) {
            let Some(text) = name.text() else { continue };
            if !seen.insert(text.clone()) {
                let aws = "Container.name should be unique in a task definition.";
                out(Fault::at(name.pointer, format!("two containers are named `{text}`"), aws));
            }
        }
    });
}

fn memory(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        for container in task.get("ContainerDefinitions").each() {
            let (limit, kept) = (container.get("Memory"), container.get("MemoryReservation"));
            let name = container.get("Name").text().unwrap_or_default();
            if let (Some(most), Some(least)) = (limit.number(), kept.number())
                && least > most
            {
                let aws = format!(
                    "Invalid setting for container '{name}'. The memory reservation must be less than or equal to the memory limit."
                );
                let title = "the reservation is larger than the container's memory";
                out(Fault::at(kept.pointer.clone(), title, aws));
            }
            if task.get("Memory").is_missing() && limit.is_missing() && kept.is_missing() {
                let aws = format!(
                    "Invalid setting for container '{name}'. At least one of 'memory' or 'memoryReservation' must be specified."
                );
                let title = "the container needs `Memory` or `MemoryReservation`, because its task has no `Memory`";
                out(Fault::at(container.pointer, title, aws));
            }
        }
    });
}

fn fits_task(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let all = task.get("ContainerDefinitions").each();
        let sum = |key: &'static str, or: &'static str| -> f64 {
            let of = |one: &Seen<'_>| one.get(key).number().or_else(|| one.get(or).number());
            all.iter().filter_map(of).sum()
        };
        let parts = [
            ("Cpu", cpu(&task.get("Cpu")), sum("Cpu", "Cpu"), "CPU units"),
            ("Memory", mib(&task.get("Memory")), sum("Memory", "MemoryReservation"), "MiB"),
        ];
        for (key, limit, sum, unit) in parts {
            if let Some(limit) = limit.filter(|limit| sum > f64::from(*limit)) {
                let aws = format!(
                    "The total {} of the containers ({sum}) is greater than the {} of the task ({limit}).",
                    key.to_ascii_lowercase(),
                    key.to_ascii_lowercase()
                );
                let title = format!("the containers have {sum} {unit}, the task {limit}");
                out(Fault::at(task.get(key).pointer, title, aws));
            }
        }
    });
}

fn volume_names(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let Some(volumes) = task.get("Volumes").items() else { return };
        let names: Option<BTreeSet<String>> = volumes.iter().map(|volume| volume.get("Name").text()).collect();
        let Some(names) = names else { return };
        for container in task.get("ContainerDefinitions").each() {
            for source in container.get("MountPoints").each().iter().map(|point| point.get("SourceVolume")) {
                if let Some(name) = source.text().filter(|name| !names.contains(name)) {
                    let aws = format!("Unknown volume '{name}'.");
                    let title = format!("the task definition has no volume `{name}`");
                    out(Fault::at(source.pointer, title, aws).among(name, names.iter().cloned().collect()));
                }
            }
        }
    });
}

fn port_conflict(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let shared = is_awsvpc(&task) || task.get("NetworkMode").is("host");
        let mut seen = BTreeSet::new();
        for container in task.get("ContainerDefinitions").each().into_iter().filter(|_| shared) {
            for mapping in container.get("PortMappings").each() {
                let (port, host) = (mapping.get("ContainerPort"), mapping.get("HostPort"));
                let Some(number) = port.number() else { continue };
                if let Some(other) = host.number().filter(|other| *other != number && *other != 0.0) {
                    let aws =
                        "When networkMode=awsvpc, the host ports and container ports in port mappings must match.";
                    let title = format!("the host's port {other} is not the container's port {number}");
                    out(Fault::at(host.pointer.clone(), title, aws));
                }
                let protocol = mapping.get("Protocol");
                let protocol = if protocol.is_missing() { Some("tcp".to_owned()) } else { protocol.text() };
                let Some(protocol) = protocol else { continue };
                if !seen.insert((number as u32, protocol.clone())) {
                    let aws = format!("Port {number}/{protocol} is used by more than one port mapping.");
                    out(Fault::at(port.pointer, format!("port {number} is used twice in the task"), aws));
                }
            }
        }
    });
}

fn dependencies(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let Some(all) = containers(&task) else { return };
        let names: Option<Vec<String>> = all.iter().map(|container| container.get("Name").text()).collect();
        let Some(names) = names else { return };
        for container in &all {
            for dependency in container.get("DependsOn").each() {
                let (on, condition) = (dependency.get("ContainerName"), dependency.get("Condition"));
                let Some(name) = on.text() else { continue };
                let Some(other) = names.iter().position(|known| *known == name).and_then(|place| all.get(place)) else {
                    let aws = format!("Container '{name}' in dependsOn does not exist in the task definition.");
                    let title = format!("the task definition has no container `{name}`");
                    out(Fault::at(on.pointer, title, aws).among(name, names.clone()));
                    continue;
                };
                let essential = other.get("Essential");
                let is_essential = essential.is_missing() || essential.flag() == Some(true);
                let why = match condition.text().as_deref() {
                    Some("HEALTHY") if other.get("HealthCheck").is_missing() => "it has no health check",
                    Some("COMPLETE" | "SUCCESS") if is_essential => "it is essential: when it ends, the task ends",
                    _ => continue,
                };
                let aws = format!("Invalid dependsOn condition for container '{name}'.");
                out(Fault::at(condition.pointer, format!("the container waits for `{name}`, but {why}"), aws));
            }
        }
    });
}
