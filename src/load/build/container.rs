//! Containers of a step.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Maker;
use crate::load::codes;
use crate::load::finding::Finding;
use crate::load::schema::At;
use crate::load::schema::process::{
    ConditionEntry, ContainerEntry, HealthCheckEntry, LogEntry, PortEntry, ProtocolEntry, SecretEntry,
};
use crate::model::process::{
    Condition, Container, Dependency, HealthCheck, LogConfiguration, Port, Protocol, Secret, Text,
};

/// Reads a container.
pub(crate) fn container(make: &mut Maker<'_>, entry: &At<ContainerEntry>) -> Option<Container> {
    let number = |value: &Option<At<u32>>| value.as_deref().copied();
    container_name(make, &entry.name);
    let image = make.name(&entry.image);
    let one = entry.port.as_ref().map(|port| Port { container_port: **port, protocol: Protocol::Tcp, name: None });
    Some(Container {
        name: Arc::from(entry.name.as_str()),
        essential: entry.essential,
        cpu: number(&entry.cpu),
        memory: number(&entry.memory),
        memory_reservation: number(&entry.memory_reservation),
        ports: one.into_iter().chain(entry.ports.iter().map(port)).collect(),
        environment: texts(make, &entry.environment),
        secrets: secrets(make, &entry.secrets),
        command: make.texts(&entry.command),
        entry_point: make.texts(&entry.entry_point),
        working_directory: entry.working_directory.as_ref().and_then(|text| make.text(text)),
        user: entry.user.as_ref().and_then(|text| make.text(text)),
        read_only_root: entry.read_only_root,
        stop_timeout: number(&entry.stop_timeout),
        health_check: entry.health_check.as_ref().map(|entry| health_check(make, entry)),
        depends_on: entry
            .depends_on
            .iter()
            .map(|entry| Dependency {
                container: Arc::from(entry.container.as_str()),
                condition: match entry.condition {
                    ConditionEntry::Start => Condition::Start,
                    ConditionEntry::Complete => Condition::Complete,
                    ConditionEntry::Success => Condition::Success,
                    ConditionEntry::Healthy => Condition::Healthy,
                },
            })
            .collect(),
        log: entry.log.as_ref().map(|entry| log(make, entry)),
        at: make.file.at(entry.span().start),
        image: image?,
    })
}

fn container_name(make: &mut Maker<'_>, name: &At<String>) {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > 255 || !name.chars().all(fine) {
        let title = format!("`{}` is not the name of a container: letters, digits, `-` and `_`, at most 255", **name);
        let finding = Finding::new(codes::INVALID_NAME, make.file, name.span(), title);
        make.findings.push(finding.label("not a name"));
    }
}

fn port(entry: &At<PortEntry>) -> Port {
    Port {
        container_port: entry.port,
        protocol: match entry.protocol {
            ProtocolEntry::Tcp => Protocol::Tcp,
            ProtocolEntry::Udp => Protocol::Udp,
        },
        name: entry.name.as_ref().map(|name| Arc::from(name.as_str())),
    }
}

fn texts(make: &mut Maker<'_>, entries: &BTreeMap<String, At<String>>) -> BTreeMap<Arc<str>, Text> {
    let pairs = entries.iter().filter_map(|(key, value)| Some((Arc::from(key.as_str()), make.text(value)?)));
    pairs.collect()
}

fn secrets(make: &mut Maker<'_>, entries: &BTreeMap<String, At<SecretEntry>>) -> BTreeMap<Arc<str>, Secret> {
    let pairs = entries.iter().filter_map(|(name, entry)| Some((Arc::from(name.as_str()), secret(make, entry)?)));
    pairs.collect()
}

fn secret(make: &mut Maker<'_>, entry: &At<SecretEntry>) -> Option<Secret> {
    match (&entry.secret, &entry.parameter) {
        (Some(arn), None) => {
            let key = match &entry.key {
                Some(key) => Some(make.text(key)?),
                None => None,
            };
            Some(Secret::Secret { arn: make.text(arn)?, key })
        }
        (None, Some(name)) if entry.key.is_none() => Some(Secret::Parameter { name: make.text(name)? }),
        _ => {
            let finding = Finding::new(
                codes::SECRET_REFERENCE,
                make.file,
                entry.span(),
                "a secret is either `secret`, with `key` where its value is JSON, or `parameter`",
            );
            make.findings.push(finding.label("not one reference"));
            None
        }
    }
}

fn health_check(make: &mut Maker<'_>, entry: &HealthCheckEntry) -> HealthCheck {
    HealthCheck {
        command: make.texts(&entry.command),
        interval: entry.interval,
        timeout: entry.timeout,
        retries: entry.retries,
        start_period: entry.start_period,
    }
}

fn log(make: &mut Maker<'_>, entry: &LogEntry) -> LogConfiguration {
    LogConfiguration {
        driver: Arc::from(entry.driver.as_str()),
        options: texts(make, &entry.options),
        secrets: secrets(make, &entry.secrets),
    }
}
