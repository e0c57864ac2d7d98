//! Rules over names of ports, and over what reaches tasks by them: Service Connect, VPC Lattice, gateways.

use std::collections::BTreeSet;

use super::rollout::strategy_of;
use super::seen::Seen;
use super::service::{KIND, each_with_task};
use super::task::{self, is_awsvpc};
use super::{Fault, Judge, Rule};
use crate::terms::fargate;

const MAPPING: &str = "API reference of Amazon ECS, PortMapping";
const CONNECT: &str = "API reference of Amazon ECS, ServiceConnectService";
const GUIDE: &str = "Amazon ECS developer guide, Service Connect";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "service-connect-port", source: CONNECT, edition: 1, run: connected_ports },
    Rule { name: "port-name", source: MAPPING, edition: 2, run: port_names },
    Rule { name: "connect-alias", source: CONNECT, edition: 2, run: aliases },
    Rule { name: "port-name-form", source: MAPPING, edition: 3, run: forms_of_port_names },
    Rule { name: "connect-name-form", source: CONNECT, edition: 3, run: forms_of_names },
    Rule { name: "connect-port-use", source: CONNECT, edition: 3, run: uses_of_ports },
    Rule { name: "connect-task", source: GUIDE, edition: 3, run: connected_tasks },
    Rule { name: "connect-traffic", source: GUIDE, edition: 3, run: traffic },
    Rule {
        name: "gateway-port",
        source: "API reference of Amazon ECS, VpcLatticeConfiguration",
        edition: 3,
        run: gateway_ports,
    },
];

/// Lower-case letters, digits, `_`, `-` and these characters, not with `-` first.
fn is_name(text: &str, most: usize, others: &str) -> bool {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c) || others.contains(c);
    (1..=most).contains(&text.len()) && !text.starts_with('-') && text.chars().all(fine)
}

/// The ports of all containers of a task definition, if they are known.
fn ports<'a>(task: &Seen<'a>) -> Option<Vec<Seen<'a>>> {
    let of_each: Option<Vec<_>> = task::containers(task)?.iter().map(|one| one.get("PortMappings").items()).collect();
    Some(of_each?.into_iter().flatten().collect())
}

fn offered<'a>(service: &Seen<'a>) -> Vec<Seen<'a>> {
    service.at(&["ServiceConnectConfiguration", "Services"]).each()
}

/// Reports names that no port of the task definition has.
fn named_ports(task: &Seen<'_>, users: Vec<Seen<'_>>, out: &mut dyn FnMut(Fault)) {
    let Some(ports) = ports(task) else { return };
    let names = ports.iter().map(|port| port.get("Name")).filter(|name| !name.is_missing());
    let Some(names) = names.map(|name| name.text()).collect::<Option<Vec<String>>>() else { return };
    for port in users.iter().map(|user| user.get("PortName")) {
        if let Some(name) = port.text().filter(|name| !names.contains(name)) {
            let aws = format!("Unable to find a port mapping with name {name} in the task definition.");
            let title = format!("no port of the task definition is named `{name}`");
            out(Fault::at(port.pointer, title, aws).among(name, names.clone()));
        }
    }
}

fn connected_ports(judge: &mut Judge<'_>) {
    each_with_task(judge, |_, service, task, out| named_ports(task, offered(service), out));
}

fn gateway_ports(judge: &mut Judge<'_>) {
    each_with_task(judge, |_, service, task, out| {
        for list in ["VpcLatticeConfigurations", "GatewayConnectors"] {
            named_ports(task, service.get(list).each(), out);
        }
    });
}

fn port_names(judge: &mut Judge<'_>) {
    judge.each(task::KIND, |_, task, out| {
        let mut seen = BTreeSet::new();
        let ports = task.get("ContainerDefinitions").each().into_iter().flat_map(|one| one.get("PortMappings").each());
        for name in ports.map(|mapping| mapping.get("Name")) {
            if let Some(text) = name.text().filter(|text| !seen.insert(text.clone())) {
                let aws = "Port mapping name must be unique within a task definition.";
                out(Fault::at(name.pointer, format!("two ports are named `{text}`"), aws));
            }
        }
    });
}

fn forms_of_port_names(judge: &mut Judge<'_>) {
    judge.each(task::KIND, |_, task, out| {
        for port in task.get("ContainerDefinitions").each().iter().flat_map(|one| one.get("PortMappings").each()) {
            let (name, spoken) = (port.get("Name"), port.get("AppProtocol"));
            if let Some(text) = name.text().filter(|text| !is_name(text, 64, "")) {
                let aws = format!("Invalid port mapping name '{text}'.");
                let title = format!(
                    "`{text}` is not a name for a port: use lower-case letters, digits, `_` and `-`, at most 64, not with `-` first"
                );
                out(Fault::at(name.pointer.clone(), title, aws));
            }
            if spoken.is_there() && name.is_missing() {
                let aws = "A port mapping with an application protocol needs a name.";
                let title = "`AppProtocol` is for Service Connect and needs a `Name` for the port";
                out(Fault::at(spoken.pointer.clone(), title, aws).doubtful());
            }
            if spoken.is_there() && port.get("Protocol").is("udp") {
                let aws = "An application protocol is only supported with the tcp protocol.";
                out(Fault::at(spoken.pointer, "`AppProtocol` is only for TCP", aws).doubtful());
            }
        }
    });
}

fn aliases(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        let mut seen = BTreeSet::new();
        for offered in offered(&service) {
            if let Some(second) = offered.get("ClientAliases").each().into_iter().nth(1) {
                let aws = "A Service Connect service can have at most one client alias.";
                out(Fault::at(second.pointer, "a service of Service Connect has at most one client alias", aws));
            }
            let (name, port) = (offered.get("DiscoveryName"), offered.get("PortName"));
            let name = if name.is_missing() { port } else { name };
            if let Some(text) = name.text().filter(|text| !seen.insert(text.clone())) {
                let aws = format!("The discovery name {text} must be unique.");
                let title =
                    format!("two services have the name `{text}` in the namespace: give one another `DiscoveryName`");
                out(Fault::at(name.pointer, title, aws));
            }
        }
    });
}

fn forms_of_names(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        let mut seen = BTreeSet::new();
        for offered in offered(&service) {
            let name = offered.get("DiscoveryName");
            if let Some(text) = name.text().filter(|text| !is_name(text, 64, "")) {
                let aws = format!("Invalid discovery name '{text}'.");
                let title = format!(
                    "`{text}` is not a name in a namespace: use lower-case letters, digits, `_` and `-`, at most 64, not with `-` first"
                );
                out(Fault::at(name.pointer, title, aws));
            }
            for alias in offered.get("ClientAliases").each() {
                let (name, port) = (alias.get("DnsName"), alias.get("Port"));
                let Some(text) = name.text() else { continue };
                if !is_name(&text, 127, ".") {
                    let aws = format!("Invalid client alias DNS name '{text}'.");
                    let title = format!(
                        "`{text}` is not a name for clients: use lower-case letters, digits, `_`, `-` and `.`, at most 127, not \
                         with `-` first"
                    );
                    out(Fault::at(name.pointer, title, aws));
                } else if port.text().is_some_and(|port| !seen.insert((text.clone(), port))) {
                    let aws = format!("The client alias {text} must be unique.");
                    out(Fault::at(name.pointer, "two aliases have the same name and port", aws));
                }
            }
        }
    });
}

fn uses_of_ports(judge: &mut Judge<'_>) {
    each_with_task(judge, |_, service, task, out| {
        let ports = ports(task).unwrap_or_default();
        let mut overrides = BTreeSet::new();
        for offered in offered(service) {
            let (over, asked) =
                (offered.get("IngressPortOverride"), offered.at(&["Timeout", "PerRequestTimeoutSeconds"]));
            let in_use = |port: &String| {
                port == "0" || is_awsvpc(task) && ports.iter().any(|open| open.get("ContainerPort").is(port))
            };
            if over.text().is_some_and(|port| in_use(&port)) {
                let aws = "The ingress port override must not be a port of a container.";
                let title = "the proxy of Service Connect listens on a port that no container uses";
                out(Fault::at(over.pointer.clone(), title, aws).doubtful());
            }
            if over.text().is_some_and(|port| !overrides.insert(port)) {
                let aws = "The ingress port override must be unique.";
                out(Fault::at(over.pointer, "two services have the same `IngressPortOverride`", aws));
            }
            let name = offered.get("PortName").text();
            let Some(port) = name.and_then(|name| ports.iter().find(|port| port.get("Name").is(&name))) else {
                continue;
            };
            if port.get("Protocol").is("udp") {
                let aws = "Service Connect does not support the udp protocol.";
                out(Fault::at(
                    offered.get("PortName").pointer,
                    "Service Connect is for TCP, and this port is UDP",
                    aws,
                ));
            }
            if asked.is_there() && port.get("AppProtocol").is_missing() {
                let aws = "A per-request timeout is only supported with an application protocol.";
                let title = "a timeout of requests needs an `AppProtocol` of the port";
                out(Fault::at(asked.pointer, title, aws).doubtful());
            }
        }
    });
}

fn connected_tasks(judge: &mut Judge<'_>) {
    each_with_task(judge, |_, service, task, out| {
        let connect = service.get("ServiceConnectConfiguration");
        let (version, log) = (service.get("PlatformVersion"), connect.get("AccessLogConfiguration"));
        if log.is_there() && connect.get("LogConfiguration").is_missing() {
            let aws = "An access log configuration needs a log configuration.";
            let title = "access logs go to the output of the proxy, and it has no `LogConfiguration`";
            out(Fault::at(log.pointer, title, aws).doubtful());
        }
        if connect.get("Enabled").flag() != Some(true) {
            return;
        }
        if task.get("NetworkMode").is("host") {
            let aws = "Service Connect is not supported for tasks that use the host network mode.";
            let pointer = connect.get("Enabled").pointer;
            out(Fault::at(pointer, "Service Connect does not work in network mode `host`", aws));
        }
        if version.text().is_some_and(|version| fargate::is_before_1_4(&version)) {
            let aws = "Service Connect requires Fargate platform version 1.4.0 or later.";
            out(Fault::at(version.pointer, "Service Connect needs platform version 1.4.0 or later", aws));
        }
    });
}

fn traffic(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        let rolling = strategy_of(&service.get("DeploymentConfiguration")).is_some_and(|name| name == "ROLLING");
        let controller = service.at(&["DeploymentController", "Type"]);
        if !rolling || !(controller.is_missing() || controller.is("ECS")) {
            return;
        }
        for alias in offered(&service).iter().flat_map(|offered| offered.get("ClientAliases").each()) {
            let rules = alias.get("TestTrafficRules");
            if rules.is_there() {
                let aws = "Test traffic rules are not supported with the ROLLING deployment strategy.";
                out(Fault::at(rules.pointer, "rules for test traffic are not for `Strategy: ROLLING`", aws).doubtful());
            }
        }
    });
}
