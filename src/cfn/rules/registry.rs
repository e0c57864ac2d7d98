//! Rules over the services of Cloud Map by which others find tasks.

use std::collections::BTreeSet;

use super::seen::Seen;
use super::service::{container, each_with_task, opens};
use super::task::{self, is_awsvpc};
use super::{Fault, Judge, Rule};

const REGISTRY: &str = "API reference of Amazon ECS, ServiceRegistry";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "registry-container", source: REGISTRY, edition: 2, run: registered_containers },
    Rule { name: "registry-port", source: REGISTRY, edition: 3, run: registered_ports },
    Rule { name: "registry-records", source: REGISTRY, edition: 3, run: records },
    Rule {
        name: "discovery-name",
        source: "API reference of AWS Cloud Map, CreateService",
        edition: 3,
        run: discovery_names,
    },
];

/// Whether the tasks certainly have the network of their instance.
fn is_shared(task: &Seen<'_>) -> bool {
    let mode = task.get("NetworkMode");
    mode.is_missing() || mode.is("bridge") || mode.is("host")
}

fn registered_containers(judge: &mut Judge<'_>) {
    each_with_task(judge, |_, service, task, out| {
        let Some(all) = task::containers(task) else { return };
        let names = task::names(task);
        if names.len() < all.len() {
            return;
        }
        for name in service.get("ServiceRegistries").each().iter().map(|registry| registry.get("ContainerName")) {
            if let Some(text) = name.text().filter(|text| !names.contains(text)) {
                let aws = format!("The container {text} does not exist in the task definition.");
                let title = format!("the task definition has no container `{text}`");
                out(Fault::at(name.pointer, title, aws).among(text, names.clone()));
            }
        }
    });
}

fn registered_ports(judge: &mut Judge<'_>) {
    each_with_task(judge, |_, service, task, out| {
        let registries = service.get("ServiceRegistries").each();
        if let Some(second) = registries.get(1) {
            let aws = "Only one service registry is supported.";
            let title = "ECS registers a service's tasks with only one Cloud Map service";
            out(Fault::at(second.get("RegistryArn").pointer, title, aws));
        }
        let shared = is_shared(task);
        for registry in registries {
            let [name, inner, port] = ["ContainerName", "ContainerPort", "Port"].map(|key| registry.get(key));
            let mut refuse = |at: &Seen<'_>, title: &str, aws: &str| out(Fault::at(at.pointer.clone(), title, aws));
            if name.is_there() && port.is_there() {
                let aws = "Specify either a port or a container name and container port for the service registry.";
                refuse(&port, "a registry has `Port`, or `ContainerName` and `ContainerPort`, not both", aws);
            } else if name.is_there() && inner.is_missing() || inner.is_there() && name.is_missing() {
                let aws = "A container name and a container port must be specified together.";
                let there = if name.is_there() { &name } else { &inner };
                refuse(there, "`ContainerName` and `ContainerPort` must be set together", aws);
            } else if shared && port.is_there() {
                let aws = "The port of a service registry is only supported with the awsvpc network mode.";
                refuse(&port, "`Port` of a registry is only for network mode `awsvpc`", aws);
            } else if shared && name.is_missing() && port.is_missing() {
                let aws = "A container name and container port are required for this network mode.";
                let title =
                    "the network modes `bridge` and `host` need `ContainerName` and `ContainerPort` of the registry";
                refuse(&registry.get("RegistryArn"), title, aws);
            }
            let Some(named) = name.text().and_then(|name| container(task, &name)?) else { continue };
            if let (Some(number), Some(false)) = (inner.number(), opens(&named, &inner)) {
                let aws = format!("The container did not have a container port {number} defined.");
                out(Fault::at(inner.pointer, format!("the container has no port {number}"), aws));
            }
        }
    });
}

/// Whether Cloud Map takes the name of a service.
fn is_service_name(name: &str) -> bool {
    let letter = |byte: &u8| byte.is_ascii_alphanumeric();
    let edge = |byte: Option<&u8>| byte.is_some_and(|byte| letter(byte) || *byte == b'_');
    let part = |part: &str| match part.as_bytes() {
        [one] => letter(one),
        all => {
            (2..=63).contains(&all.len())
                && edge(all.first())
                && edge(all.last())
                && all.iter().all(|byte| letter(byte) || matches!(byte, b'_' | b'-'))
        }
    };
    name == "." || name.len() <= 127 && name.split('.').all(part)
}

fn discovery_names(judge: &mut Judge<'_>) {
    judge.each("AWS::ServiceDiscovery::Service", |_, service, out| {
        let name = service.get("Name");
        if let Some(text) = name.text().filter(|text| !is_service_name(text)) {
            let aws = format!("Invalid service name '{text}'.");
            let title = format!(
                "`{text}` is not a name in a Cloud Map namespace: use letters, digits, `_` and `-`, in parts of at most 63 joined by \
                 `.`, at most 127"
            );
            out(Fault::at(name.pointer, title, aws));
        }
    });
}

fn records(judge: &mut Judge<'_>) {
    judge.each("AWS::ServiceDiscovery::Service", |_, service, out| {
        let records = service.at(&["DnsConfig", "DnsRecords"]);
        if records.is_there() && records.items().is_some_and(|all| all.is_empty()) {
            let aws = "DnsRecords must have at least one record.";
            out(Fault::at(records.pointer.clone(), "a DNS configuration has at least one record", aws));
        }
        let mut seen = BTreeSet::new();
        for kind in records.each().iter().map(|record| record.get("Type")) {
            if kind.text().is_some_and(|text| !seen.insert(text)) {
                let aws = "Each type of DNS record can be given once.";
                out(Fault::at(kind.pointer, "two records have the same type", aws));
            }
        }
    });
    each_with_task(judge, |template, service, task, out| {
        let shared = is_shared(task);
        for registry in service.get("ServiceRegistries").each() {
            let arn = registry.get("RegistryArn");
            let Some(found) = template.referred(&arn, "AWS::ServiceDiscovery::Service") else { continue };
            let Some(records) = found.at(&["DnsConfig", "DnsRecords"]).items() else { continue };
            let is_srv = |record: &&Seen<'_>| record.get("Type").is("SRV");
            let (srv, other) = (records.iter().find(is_srv), records.iter().find(|one| !is_srv(one)));
            let ports = ["ContainerName", "Port"].map(|key| registry.get(key));
            match (srv, other) {
                (_, Some(other)) if shared && other.get("Type").text().is_some() => {
                    let aws = "Only SRV records are supported for the bridge and host network modes.";
                    let title = "in network modes `bridge` and `host`, records must have the type `SRV`";
                    out(Fault::at(other.get("Type").pointer, title, aws));
                }
                (Some(srv), _) if is_awsvpc(task) && ports.iter().all(Seen::is_missing) => {
                    let aws = "A port must be specified for SRV records.";
                    let title = "a record of type `SRV` needs a port: `ContainerName` and `ContainerPort`, or `Port`";
                    out(Fault::at(srv.get("Type").pointer, title, aws));
                }
                (None, Some(other)) if ports.iter().any(Seen::is_there) && other.get("Type").text().is_some() => {
                    let aws = "A port must not be specified for A and AAAA records.";
                    let there = ports.into_iter().find(Seen::is_there).unwrap_or(arn);
                    out(Fault::at(there.pointer, "only records of type `SRV` contain a port", aws));
                }
                _ => {}
            }
        }
    });
}
