//! Rules over how many of something a container has, and over what it has once.

use std::collections::BTreeSet;

use super::container::each_container;
use super::seen::Seen;
use super::task::{self, KIND, is_awsvpc};
use super::{Fault, Judge, Rule};

const CONTAINER: &str = "API reference of Amazon ECS, ContainerDefinition";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "container-counts", source: CONTAINER, edition: 3, run: counts },
    Rule { name: "container-repeats", source: CONTAINER, edition: 3, run: repeats },
    Rule { name: "swappiness", source: "API reference of Amazon ECS, LinuxParameters", edition: 3, run: swappiness },
    Rule {
        name: "health-check-line",
        source: "API reference of Amazon ECS, HealthCheck",
        edition: 3,
        run: health_check,
    },
    Rule {
        name: "port-without-network",
        source: "API reference of Amazon ECS, RegisterTaskDefinition",
        edition: 3,
        run: without_network,
    },
    Rule { name: "host-port", source: "API reference of Amazon ECS, PortMapping", edition: 3, run: host_ports },
    Rule { name: "volumes-from-circle", source: "API reference of Amazon ECS, VolumeFrom", edition: 3, run: circle },
];

fn counts(judge: &mut Judge<'_>) {
    each_container(judge, |_, container, out| {
        let lists = [
            (container.get("EnvironmentFiles"), 10, "a container has at most 10 environment files"),
            (
                container.at(&["RestartPolicy", "IgnoredExitCodes"]),
                50,
                "a restart policy ignores at most 50 exit codes",
            ),
        ];
        for (list, most, title) in lists {
            if let Some(extra) = list.each().into_iter().nth(most) {
                out(Fault::at(extra.pointer, title, format!("The list can have at most {most} items.")));
            }
        }
    });
}

/// Reports the second of two values that are the same.
fn once<'a>(values: impl IntoIterator<Item = Seen<'a>>, title: impl Fn(&str) -> String, out: &mut dyn FnMut(Fault)) {
    let mut seen = BTreeSet::new();
    for value in values {
        if let Some(text) = value.text().filter(|text| !seen.insert(text.clone())) {
            let aws = format!("Duplicate value '{text}'.");
            out(Fault::at(value.pointer, title(&text), aws).doubtful());
        }
    }
}

fn repeats(judge: &mut Judge<'_>) {
    each_container(judge, |_, container, out| {
        let of = |list: &'static str, key: &'static str| {
            container.get(list).each().into_iter().map(|one| one.get(key)).collect::<Vec<_>>()
        };
        once(of("SystemControls", "Namespace"), |name| format!("the kernel parameter `{name}` is set twice"), out);
        once(of("ResourceRequirements", "Type"), |kind| format!("`{kind}` is required twice"), out);
        once(of("VolumesFrom", "SourceContainer"), |name| format!("the volumes of `{name}` are mounted twice"), out);
        for device in container.at(&["LinuxParameters", "Devices"]).each() {
            once(device.get("Permissions").each(), |word| format!("the device has the permission `{word}` twice"), out);
        }
    });
}

fn swappiness(judge: &mut Judge<'_>) {
    each_container(judge, |_, container, out| {
        let linux = container.get("LinuxParameters");
        let (swappiness, most) = (linux.get("Swappiness"), linux.get("MaxSwap"));
        if swappiness.is_there() && most.is_missing() {
            let aws = "If maxSwap is not specified, swappiness is ignored.";
            out(Fault::at(swappiness.pointer, "`Swappiness` has no effect without `MaxSwap`", aws).doubtful());
        }
    });
}

fn health_check(judge: &mut Judge<'_>) {
    each_container(judge, |_, container, out| {
        let check = container.get("HealthCheck");
        let command = check.get("Command");
        let Some(parts) = command.items() else { return };
        let first = parts.first().and_then(Seen::text);
        let title = match (first.as_deref(), parts.len()) {
            _ if check.is_missing() => return,
            (None, 0) => "a health check needs a `Command`",
            (Some("CMD" | "CMD-SHELL"), 1) => "the command of the health check is missing",
            (Some("CMD-SHELL"), count) if count > 2 => "`CMD-SHELL` takes exactly one line for the shell",
            _ => return,
        };
        out(Fault::at(command.pointer, title, "Invalid health check command.").doubtful());
    });
}

fn host_ports(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let ports = task.get("ContainerDefinitions").each().into_iter().flat_map(|one| one.get("PortMappings").each());
        let mut seen = BTreeSet::new();
        for port in ports.filter(|_| !is_awsvpc(&task)) {
            let (host, protocol) = (port.get("HostPort"), port.get("Protocol"));
            let protocol = if protocol.is_missing() { Some("tcp".to_owned()) } else { protocol.text() };
            let (Some(number), Some(protocol)) = (host.number().filter(|number| *number != 0.0), protocol) else {
                continue;
            };
            if !seen.insert((number as u32, protocol.clone())) {
                let aws = format!("The host port {number}/{protocol} is used by more than one port mapping.");
                out(Fault::at(host.pointer, format!("port {number} of the instance is used twice in the task"), aws));
            }
        }
        // In network mode `bridge`, two containers can have the same port, and one container cannot.
        for container in task.get("ContainerDefinitions").each().iter().filter(|_| task.get("NetworkMode").is("bridge"))
        {
            let mut seen = BTreeSet::new();
            for port in container.get("PortMappings").each() {
                let (inner, protocol) = (port.get("ContainerPort"), port.get("Protocol"));
                let protocol = if protocol.is_missing() { Some("tcp".to_owned()) } else { protocol.text() };
                let (Some(number), Some(protocol)) = (inner.number(), protocol) else { continue };
                if !seen.insert((number as u32, protocol)) {
                    let aws = format!("The container port {number} is mapped more than once.");
                    let title = format!("port {number} is used twice in the container");
                    out(Fault::at(inner.pointer, title, aws).doubtful());
                }
            }
        }
    });
}

fn circle(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, task, out| {
        let Some(all) = task::containers(&task) else { return };
        let named = |name: &str| all.iter().find(|one| one.get("Name").is(name));
        let sources = |one: &Seen<'_>| -> Vec<String> {
            one.get("VolumesFrom").each().iter().filter_map(|from| from.get("SourceContainer").text()).collect()
        };
        for container in &all {
            let Some(own) = container.get("Name").text() else { continue };
            let (mut ahead, mut seen) = (sources(container), BTreeSet::new());
            while let Some(name) = ahead.pop() {
                if name == own {
                    let aws = "There is a cycle in volumesFrom of the task definition.";
                    let title = format!("the container `{own}` mounts its own volumes");
                    return out(Fault::at(container.get("VolumesFrom").pointer, title, aws));
                }
                if seen.insert(name.clone()) {
                    ahead.extend(named(&name).into_iter().flat_map(sources));
                }
            }
        }
    });
}

fn without_network(judge: &mut Judge<'_>) {
    each_container(judge, |task, container, out| {
        if let (true, Some(port)) = (task.get("NetworkMode").is("none"), container.get("PortMappings").each().first()) {
            let aws = "Port mappings are not supported with the none network mode.";
            let title = "a container has no ports with `NetworkMode: none`";
            out(Fault::at(port.get("ContainerPort").pointer, title, aws));
        }
    });
}
