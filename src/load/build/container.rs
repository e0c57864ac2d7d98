//! Containers of a step.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Maker, linux, volume};
use crate::load::codes;
use crate::load::finding::Finding;
use crate::load::schema::At;
use crate::load::schema::process::{
    AppProtocolEntry, ConditionEntry, ContainerEntry, DependencyEntry, FirelensEntry, FirelensKindEntry,
    HealthCheckEntry, HostEntryEntry, LogEntry, PortEntry, ProtocolEntry, RestartPolicyEntry, SecretEntry,
};
use crate::model::process::{
    Condition, Container, Dependency, Firelens, HealthCheck, HostEntry, LogConfiguration, Port, Protocol,
    RestartPolicy, Secret, SecretPart,
};

pub(crate) fn container(make: &mut Maker<'_>, entry: &At<ContainerEntry>) -> Option<Container> {
    container_name(make, &entry.name);
    let image = make.name(&entry.image);
    let least = Container::new(Arc::from(entry.name.as_str()), image?, make.file.at(entry.span().start));
    let one = entry.port.as_ref().map(|port| Port {
        container_port: **port,
        host_port: None,
        protocol: Protocol::Tcp,
        name: None,
        app_protocol: None,
    });
    let credentials = entry.repository_credentials.as_ref();
    Some(Container {
        essential: make.flag(&entry.essential),
        cpu: make.optional(&entry.cpu),
        memory: make.optional(&entry.memory),
        memory_reservation: make.optional(&entry.memory_reservation),
        ports: one.into_iter().chain(entry.ports.iter().map(port)).collect(),
        environment_files: make.texts(&entry.environment_files),
        environment: make.text_map(&entry.environment),
        secrets: secrets(make, &entry.secrets),
        command: make.texts(&entry.command),
        entry_point: make.texts(&entry.entry_point),
        working_directory: make.optional_text(&entry.working_directory),
        user: make.optional_text(&entry.user),
        read_only_root: make.flag(&entry.read_only_root),
        stop_timeout: entry.stop_timeout.as_deref().copied(),
        start_timeout: entry.start_timeout.as_deref().copied(),
        repository_credentials: credentials.and_then(|entry| make.text(&entry.credentials_parameter)),
        gpus: entry.resource_requirements.first().map(|entry| entry.value),
        docker_labels: make.text_map(&entry.docker_labels),
        interactive: make.flag(&entry.interactive),
        pseudo_terminal: make.flag(&entry.pseudo_terminal),
        privileged: make.flag(&entry.privileged),
        hostname: make.optional_text(&entry.hostname),
        dns_servers: make.texts(&entry.dns_servers),
        dns_search_domains: make.texts(&entry.dns_search_domains),
        extra_hosts: entry.extra_hosts.iter().filter_map(|entry| host_entry(make, entry)).collect(),
        docker_security_options: make.texts(&entry.docker_security_options),
        ulimits: entry.ulimits.iter().map(|entry| linux::ulimit(entry)).collect(),
        linux: entry.linux_parameters.as_ref().map(|entry| linux::parameters(make, entry)),
        system_controls: entry.system_controls.iter().map(|entry| linux::system_control(entry)).collect(),
        restart: entry.restart_policy.as_ref().filter(|entry| entry.enabled).map(restart_policy),
        health_check: entry.health_check.as_ref().map(|entry| health_check(make, entry)),
        depends_on: entry.depends_on.iter().map(|entry| dependency(entry)).collect(),
        mount_points: entry.mount_points.iter().filter_map(|entry| volume::mount_point(make, entry)).collect(),
        volumes_from: entry.volumes_from.iter().map(|entry| volume::volumes_from(make, entry)).collect(),
        firelens: entry.firelens_configuration.as_ref().map(|entry| firelens(make, entry)),
        log: entry.log.as_ref().map(|entry| log(make, entry)),
        ..least
    })
}

fn dependency(entry: &DependencyEntry) -> Dependency {
    Dependency {
        container: Arc::from(entry.container.as_str()),
        condition: match entry.condition {
            ConditionEntry::Start => Condition::Start,
            ConditionEntry::Complete => Condition::Complete,
            ConditionEntry::Success => Condition::Success,
            ConditionEntry::Healthy => Condition::Healthy,
        },
    }
}

fn host_entry(make: &mut Maker<'_>, entry: &HostEntryEntry) -> Option<HostEntry> {
    Some(HostEntry { hostname: make.text(&entry.hostname)?, ip_address: make.text(&entry.ip_address)? })
}

fn restart_policy(entry: &RestartPolicyEntry) -> RestartPolicy {
    RestartPolicy {
        ignored_exit_codes: entry.ignored_exit_codes.to_vec(),
        attempt_period: entry.restart_attempt_period,
    }
}

fn container_name(make: &mut Maker<'_>, name: &At<String>) {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if name.is_empty() || name.len() > 255 || !name.chars().all(fine) {
        let title =
            format!("`{}` is not a valid container name: use letters, digits, `-` and `_`, at most 255", **name);
        let finding = Finding::new(codes::INVALID_NAME, make.file, name.span(), title);
        make.findings.push(finding.label("not a name"));
    }
}

fn port(entry: &At<PortEntry>) -> Port {
    Port {
        container_port: entry.port,
        host_port: entry.host_port.as_deref().copied(),
        protocol: match entry.protocol {
            ProtocolEntry::Tcp => Protocol::Tcp,
            ProtocolEntry::Udp => Protocol::Udp,
        },
        name: entry.name.as_ref().map(|name| Arc::from(name.as_str())),
        app_protocol: entry.app_protocol.as_deref().map(|protocol| match protocol {
            AppProtocolEntry::Http => "http",
            AppProtocolEntry::Http2 => "http2",
            AppProtocolEntry::Grpc => "grpc",
        }),
    }
}

fn secrets(make: &mut Maker<'_>, entries: &BTreeMap<String, At<SecretEntry>>) -> BTreeMap<Arc<str>, Secret> {
    let pairs = entries.iter().filter_map(|(name, entry)| Some((Arc::from(name.as_str()), secret(make, entry)?)));
    pairs.collect()
}

fn secret(make: &mut Maker<'_>, entry: &At<SecretEntry>) -> Option<Secret> {
    match (&entry.secret, &entry.parameter) {
        (Some(arn), None) => {
            if let (Some(_), Some(id)) = (&entry.version_stage, &entry.version_id) {
                make.invalid(id.span(), "a secret has `version_stage` or `version_id`, not both");
                return None;
            }
            let [key, stage, version] =
                [&entry.key, &entry.version_stage, &entry.version_id].map(|text| make.optional_text(text));
            Some(Secret::Secret { arn: make.text(arn)?, part: SecretPart { key, stage, version } })
        }
        (None, Some(name)) if [&entry.key, &entry.version_stage, &entry.version_id].iter().all(|it| it.is_none()) => {
            Some(Secret::Parameter { name: make.text(name)? })
        }
        _ => {
            let finding = Finding::new(
                codes::SECRET_REFERENCE,
                make.file,
                entry.span(),
                "a secret is either `secret`, with `key` if its value is JSON, or `parameter` alone",
            );
            make.findings.push(finding.label("not exactly one reference"));
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

fn firelens(make: &mut Maker<'_>, entry: &FirelensEntry) -> Firelens {
    let router = match entry.kind {
        FirelensKindEntry::Fluentbit => "fluentbit",
        FirelensKindEntry::Fluentd => "fluentd",
    };
    Firelens { router: Arc::from(router), options: make.text_map(&entry.options) }
}

/// Reads a log configuration.
pub(crate) fn log(make: &mut Maker<'_>, entry: &LogEntry) -> LogConfiguration {
    LogConfiguration {
        driver: Arc::from(entry.driver.as_str()),
        options: make.text_map(&entry.options),
        secrets: secrets(make, &entry.secrets),
    }
}
