//! Service Connect and Cloud Map: what ECS would reject, and what clients could never find.
//!
//! From the ECS API reference (`ServiceConnectService`, `ServiceConnectClientAlias`, `ServiceRegistry`, `PortMapping`) and the
//! developer guide ("Service Connect", "Service discovery").

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{
    ConnectServiceEntry, DnsRecordTypeEntry, LogEntry, NetworkModeEntry, OwnDiscoveryEntry, PortEntry, ProcessFile,
    ProtocolEntry, ServiceConnectEntry, ServiceEntry, ServiceRegistryEntry, StrategyEntry, TaskEntry,
};
use super::super::what::WhatDrafts;
use super::ecs::{each_service, each_task};
use super::{ecs_logs, ecs_platform};
use crate::load::build::{discovery, launch};

/// The longest name of a port and of a service in a namespace.
const MAX_NAME: usize = 64;
/// The longest name of an alias.
const MAX_DNS_NAME: usize = 127;

type Out<'a> = dyn FnMut(Range<usize>, &str) + 'a;

/// Port names are unique, and `app_protocol` is only set if it has an effect.
pub(super) fn port_names_fit(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, step, task| {
        let mut seen = BTreeMap::new();
        for port in task.container.iter().flat_map(|container| &container.ports) {
            let mut out = |span: Range<usize>, title: String| {
                findings.push(Finding::new(codes::PORT_NAME, &process.file, span, title).label("does not fit"));
            };
            if let Some(spoken) = &port.app_protocol {
                if port.name.is_none() {
                    out(
                        spoken.span(),
                        "`app_protocol` is for Service Connect and needs a `name` for the port".to_owned(),
                    );
                } else if port.protocol == ProtocolEntry::Udp {
                    out(spoken.span(), "`app_protocol` is only for TCP".to_owned());
                }
            }
            let Some(name) = &port.name else { continue };
            if !is_name(name, MAX_NAME, "") {
                let title = format!(
                    "`{}` is not a valid port name: use lower-case letters, digits, `_` and `-`, at most 64",
                    **name
                );
                out(name.span(), title);
            }
            if let Some(first) = seen.insert(name.as_str(), name.span()) {
                let title = format!("two ports of step `{}` are named `{}`", *step.name, **name);
                let finding = Finding::new(codes::PORT_NAME, &process.file, name.span(), title);
                findings.push(finding.label("again here").related(&process.file, first, "first here"));
            }
        }
    });
}

/// Lower-case letters, digits, `_`, `-` and these characters, not with `-` first.
fn is_name(text: &str, most: usize, others: &str) -> bool {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_-".contains(c) || others.contains(c);
    !text.is_empty() && text.len() <= most && !text.starts_with('-') && text.chars().all(fine)
}

/// What is filled in later is not known yet.
fn is_known(text: &str) -> bool {
    !text.contains("#{")
}

/// What a service says about Service Connect.
pub(super) fn connections_are_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_service(drafts, |process, _, task, service| {
        let Some(connect) = &service.service_connect_configuration else { return };
        unknown_ports(process, task, connect, findings);
        if let Some(log) = &connect.log {
            proxy_log(process, task, log, findings);
        }
        let mut out = |span: Range<usize>, title: &str| {
            findings.push(Finding::new(codes::SERVICE_CONNECT, &process.file, span, title).label("does not fit"));
        };
        connection(task, connect, &mut out);
        let mut names = BTreeSet::new();
        for entry in &connect.services {
            let name = entry.discovery_name.as_ref().unwrap_or(&entry.port_name);
            if !names.insert(name.as_str()) {
                out(name.span(), "two services have the same name in the namespace: set `discovery_name`");
            }
            connected(task, service, entry, &mut out);
        }
        let mut overrides = BTreeSet::new();
        for port in connect.services.iter().filter_map(|entry| entry.ingress_port_override.as_ref()) {
            if !overrides.insert(**port) {
                out(port.span(), "two services have the same `ingress_port_override`");
            }
        }
        let mut aliases = BTreeSet::new();
        for alias in connect.services.iter().flat_map(|entry| &entry.client_aliases) {
            let name = alias.dns_name.as_ref().map(|name| name.as_str());
            if name.is_some() && !aliases.insert((name, *alias.port)) {
                out(alias.span(), "two aliases have the same name and port");
            }
        }
    });
}

fn ports(task: &TaskEntry) -> impl Iterator<Item = &At<PortEntry>> {
    task.container.iter().flat_map(|container| &container.ports)
}

fn port_called<'a>(task: &'a TaskEntry, name: &str) -> Option<&'a At<PortEntry>> {
    ports(task).find(|port| port.name.as_ref().is_some_and(|known| known.as_str() == name))
}

fn unknown_ports(
    process: &Draft<ProcessFile>,
    task: &TaskEntry,
    connect: &ServiceConnectEntry,
    findings: &mut Vec<Finding>,
) {
    for name in connect.services.iter().map(|entry| &entry.port_name) {
        if port_called(task, name).is_none() {
            let title = format!("no container port is named `{}`", **name);
            let known = ports(task).filter_map(|port| port.name.as_ref()).map(|name| name.as_str());
            let finding = Finding::new(codes::UNKNOWN_PORT_NAME, &process.file, name.span(), title)
                .label("no port of this step has this name")
                .help(format!("add it in the container: `ports = [{{ port = 8080, name = \"{}\" }}]`", **name))
                .suggest(name, known);
            findings.push(finding);
        }
    }
}

/// Where the proxy writes: like a container's log, but options may be left out.
fn proxy_log(process: &Draft<ProcessFile>, task: &TaskEntry, log: &At<LogEntry>, findings: &mut Vec<Finding>) {
    let compute = launch::compute(*task.runs_on.launch);
    findings.extend(ecs_logs::unknown_driver(process, log, compute));
    let routed = task.container.iter().any(|container| container.firelens_configuration.is_some());
    if !discovery::own_log(log) {
        ecs_logs::options(process, log, compute, findings);
    }
    if log.driver.as_str() == "awsfirelens" && !routed {
        let title = "the Service Connect proxy sends its logs to a router, and the step has no router";
        let finding = Finding::new(codes::FIRELENS, &process.file, log.driver.span(), title);
        findings.push(finding.label("does not fit"));
    }
}

fn connection(task: &TaskEntry, connect: &At<ServiceConnectEntry>, out: &mut Out<'_>) {
    let says = connect.namespace.is_some()
        || !connect.services.is_empty()
        || connect.log.is_some()
        || connect.access_log_configuration.is_some();
    if !connect.enabled && says {
        out(connect.span(), "`enabled = false` leaves the namespace: remove the other keys");
    }
    if *task.runs_on.network_mode == NetworkModeEntry::Host {
        out(connect.span(), "Service Connect does not work in network mode `host`");
    }
    if let (Some(log), None) = (&connect.access_log_configuration, &connect.log) {
        out(log.span(), "`access_log_configuration` writes to the output of the proxy: set `log` too");
    }
    if let Some(version) = task.runs_on.platform_version.as_ref().filter(|version| ecs_platform::is_old(version)) {
        out(version.span(), "Service Connect needs `platform_version` 1.4.0 or later");
    }
}

fn connected(task: &TaskEntry, service: &ServiceEntry, entry: &ConnectServiceEntry, out: &mut Out<'_>) {
    if let Some(name) = entry.discovery_name.as_ref().filter(|name| is_known(name) && !is_name(name, MAX_NAME, "")) {
        out(name.span(), "a name in a namespace may contain only lower-case letters, digits, `_` and `-`, at most 64");
    }
    if let Some(second) = entry.client_aliases.get(1) {
        out(second.span(), "a service can have at most one client alias");
    }
    let rolling = *service.deployment_configuration.strategy == StrategyEntry::Rolling;
    for alias in &entry.client_aliases {
        let name = alias.dns_name.as_ref();
        if let Some(name) = name.filter(|name| is_known(name) && !is_name(name, MAX_DNS_NAME, ".")) {
            out(
                name.span(),
                "a name for clients may contain only lower-case letters, digits, `_`, `-` and `.`, at most 127",
            );
        }
        if let (Some(rules), true) = (&alias.test_traffic_rules, rolling) {
            out(rules.span(), "`test_traffic_rules` are not for `strategy = \"rolling\"`");
        }
    }
    let own_network = *task.runs_on.network_mode == NetworkModeEntry::Awsvpc;
    let ports_of_task = || {
        let one = task.container.iter().filter_map(|container| container.port.as_deref().copied());
        one.chain(ports(task).map(|port| port.port))
    };
    if let Some(port) = &entry.ingress_port_override
        && (**port == 0 || own_network && ports_of_task().any(|taken| taken == **port))
    {
        out(port.span(), "the proxy listens on a port that no container uses");
    }
    let port = port_called(task, &entry.port_name);
    if port.is_some_and(|port| port.protocol == ProtocolEntry::Udp) {
        out(entry.port_name.span(), "Service Connect is for TCP, and this port is UDP");
    }
    let timed = entry.timeout.as_ref().filter(|timeout| timeout.per_request_timeout_seconds.is_some());
    if let (Some(timeout), true) = (timed, port.is_some_and(|port| port.app_protocol.is_none())) {
        out(timeout.span(), "`per_request_timeout_seconds` needs an `app_protocol` on the port");
    }
    if let Some(tls) = &entry.tls
        && let (Some(key), None) = (&tls.kms_key, &tls.role_arn)
    {
        out(key.span(), "`kms_key` needs `role_arn`: the role that landfall makes has no rights to your key");
    }
}

/// What a service says about Cloud Map.
pub(super) fn registries_are_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_service(drafts, |process, step, task, service| {
        for entry in &service.service_registries {
            if let Some(finding) = unknown_container(process, &step.name, task, entry) {
                findings.push(finding);
            }
        }
        let mut out = |span: Range<usize>, title: &str| {
            findings.push(Finding::new(codes::SERVICE_REGISTRY, &process.file, span, title).label("does not fit"));
        };
        if let Some(second) = service.service_registries.get(1) {
            out(second.span(), "ECS registers a service's tasks with only one Cloud Map service");
        }
        for entry in &service.service_registries {
            ports_of_registry(task, entry, &mut out);
            entry.own_service.iter().for_each(|own| own_service(task, entry, own, &mut out));
        }
    });
}

fn unknown_container(
    process: &Draft<ProcessFile>,
    step: &str,
    task: &TaskEntry,
    entry: &ServiceRegistryEntry,
) -> Option<Finding> {
    let written = entry.container_name.as_ref()?;
    let known = || task.container.iter().map(|container| container.name.as_str());
    if known().any(|name| name == written.as_str()) {
        return None;
    }
    let title = format!("a service registry of step `{step}` names a container that does not exist");
    let finding = Finding::new(codes::UNKNOWN_CONTAINER, &process.file, written.span(), title);
    Some(finding.label("not a container of this step").suggest(written, known()))
}

fn ports_of_registry(task: &TaskEntry, entry: &At<ServiceRegistryEntry>, out: &mut Out<'_>) {
    let own_network = *task.runs_on.network_mode == NetworkModeEntry::Awsvpc;
    match (&entry.container_name, &entry.port) {
        (Some(_), Some(port)) => {
            out(port.span(), "set either `port` or `container_name` and `container_port`, not both")
        }
        (None, Some(port)) if !own_network => out(port.span(), "`port` is only for network mode `awsvpc`"),
        (None, None) if !own_network => {
            out(entry.span(), "network modes `bridge` and `host` need `container_name` and `container_port`")
        }
        _ => {}
    }
    let container = entry
        .container_name
        .as_ref()
        .and_then(|name| task.container.iter().find(|it| it.name.as_str() == name.as_str()));
    if let (Some(container), Some(port)) = (container, &entry.container_port) {
        let one = container.port.iter().map(|port| **port);
        if !one.chain(container.ports.iter().map(|port| port.port)).any(|known| known == **port) {
            out(port.span(), "the container has no such port");
        }
    }
}

/// Whether Cloud Map takes the name of a service (API reference, `CreateService`, and the resource schema's pattern).
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

fn own_service(task: &TaskEntry, entry: &ServiceRegistryEntry, own: &At<OwnDiscoveryEntry>, out: &mut Out<'_>) {
    if is_known(&own.name) && !is_service_name(&own.name) {
        out(
            own.name.span(),
            "a name in a Cloud Map namespace may contain only letters, digits, `_` and `-`, in parts of at most 63 joined by `.`, at most 127",
        );
    }
    let own_network = *task.runs_on.network_mode == NetworkModeEntry::Awsvpc;
    let Some(dns) = &own.dns_config else {
        return;
    };
    if dns.dns_records.is_empty() {
        out(dns.dns_records.span(), "`dns_records` is empty");
    }
    let mut seen = BTreeSet::new();
    if let Some(again) = dns.dns_records.iter().find(|record| !seen.insert(record.kind)) {
        out(again.span(), "two records have the same type");
    }
    let address = dns.dns_records.iter().find(|record| record.kind != DnsRecordTypeEntry::Srv);
    let port = dns.dns_records.iter().find(|record| record.kind == DnsRecordTypeEntry::Srv);
    let named = entry.container_name.is_some() || entry.port.is_some();
    match (address, port) {
        (Some(address), _) if !own_network => {
            out(address.span(), "in network modes `bridge` and `host`, records must have the type `srv`");
        }
        (_, Some(port)) if own_network && !named => {
            out(
                port.span(),
                "a record of type `srv` needs a port: set `container_name` and `container_port`, or `port`",
            );
        }
        (Some(_), None) if named => {
            out(dns.dns_records.span(), "only records of type `srv` contain a port");
        }
        _ => {}
    }
}
