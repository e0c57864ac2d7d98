//! One container of the task definition.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::process::{
    Condition, Container, Firelens, HealthCheck, HostEntry, LogConfiguration, Number, Port, Protocol, RestartPolicy,
    Secret, Text,
};

use super::super::shape::{Known, Leaf, Shape};
use super::{id, linux, secrets, volume};

/// The container definition. Every key that the step leaves out is left out, so that ECS's default applies.
pub(super) fn shape(container: &Container) -> Shape {
    let text = |value: &Option<Text>| value.as_ref().map(Shape::text);
    let depends_on = container.depends_on.iter().map(|dependency| {
        Shape::map([
            ("ContainerName", Some((&*dependency.container).into())),
            ("Condition", Some(condition(dependency.condition).into())),
        ])
    });
    Shape::map([
        ("Name", Some((&*container.name).into())),
        ("Image", Some(Shape::Leaf(Leaf::Image(container.image.clone(), container.at.clone())))),
        ("Essential", Some(Shape::flag(&container.essential))),
        ("Cpu", number(&container.cpu, 0)),
        ("Memory", number(&container.memory, 6)),
        ("MemoryReservation", number(&container.memory_reservation, 6)),
        ("PortMappings", Shape::some_list(container.ports.iter().map(port).collect())),
        ("EnvironmentFiles", environment_files(&container.environment_files)),
        ("Environment", environment(&container.environment)),
        ("Secrets", secret_list(&container.secrets)),
        ("Command", Shape::some_texts(&container.command)),
        ("EntryPoint", Shape::some_texts(&container.entry_point)),
        ("WorkingDirectory", text(&container.working_directory)),
        ("User", text(&container.user)),
        ("ReadonlyRootFilesystem", Shape::on(&container.read_only_root)),
        ("StopTimeout", container.stop_timeout.map(Shape::from)),
        ("StartTimeout", container.start_timeout.map(Shape::from)),
        ("RepositoryCredentials", container.repository_credentials.as_ref().map(repository_credentials)),
        ("ResourceRequirements", container.gpus.map(gpus)),
        ("DockerLabels", some_map(&container.docker_labels)),
        ("Interactive", Shape::on(&container.interactive)),
        ("PseudoTerminal", Shape::on(&container.pseudo_terminal)),
        ("Privileged", Shape::on(&container.privileged)),
        ("Hostname", text(&container.hostname)),
        ("DnsServers", Shape::some_texts(&container.dns_servers)),
        ("DnsSearchDomains", Shape::some_texts(&container.dns_search_domains)),
        ("ExtraHosts", Shape::some_list(container.extra_hosts.iter().map(host_entry).collect())),
        ("DockerSecurityOptions", Shape::some_texts(&container.docker_security_options)),
        ("Ulimits", linux::ulimits(&container.ulimits)),
        ("LinuxParameters", container.linux.as_ref().map(linux::parameters)),
        ("SystemControls", linux::system_controls(&container.system_controls)),
        ("RestartPolicy", container.restart.as_ref().map(restart_policy)),
        ("HealthCheck", container.health_check.as_ref().map(health_check)),
        ("DependsOn", Shape::some_list(depends_on.collect())),
        ("MountPoints", volume::mount_points(&container.mount_points)),
        ("VolumesFrom", volume::volumes_from(&container.volumes_from)),
        ("FirelensConfiguration", container.firelens.as_ref().map(firelens)),
        ("LogConfiguration", Some(container.log.as_ref().map_or_else(own_log, log))),
    ])
}

fn environment_files(files: &[Text]) -> Option<Shape> {
    let file = |arn: &Text| {
        Shape::map([("Type", Some("s3".into())), ("Value", Some(Shape::Leaf(Leaf::ObjectArn(arn.clone()))))])
    };
    Shape::some_list(files.iter().map(file).collect())
}

fn repository_credentials(arn: &Text) -> Shape {
    Shape::map([("CredentialsParameter", Some(Shape::Leaf(Leaf::SecretArn(arn.clone()))))])
}

fn gpus(count: u32) -> Shape {
    // ECS takes the number as a string.
    let gpus = Shape::map([("Type", Some("GPU".into())), ("Value", Some(count.to_string().into()))]);
    Shape::List(vec![gpus])
}

/// Texts by key; none if there are none.
pub(super) fn some_map(texts: &BTreeMap<Arc<str>, Text>) -> Option<Shape> {
    let pairs = texts.iter().map(|(key, value)| (key.to_string(), Shape::text(value))).collect::<Vec<_>>();
    (!pairs.is_empty()).then_some(Shape::Map(pairs))
}

fn host_entry(entry: &HostEntry) -> Shape {
    Shape::map([("Hostname", Some(Shape::text(&entry.hostname))), ("IpAddress", Some(Shape::text(&entry.ip_address)))])
}

fn restart_policy(policy: &RestartPolicy) -> Shape {
    let ignored = policy.ignored_exit_codes.iter().map(|code| Shape::from(*code)).collect();
    Shape::map([
        ("Enabled", Some(true.into())),
        ("IgnoredExitCodes", Shape::some_list(ignored)),
        ("RestartAttemptPeriod", policy.attempt_period.map(Shape::from)),
    ])
}

fn condition(condition: Condition) -> &'static str {
    match condition {
        Condition::Start => "START",
        Condition::Complete => "COMPLETE",
        Condition::Success => "SUCCESS",
        Condition::Healthy => "HEALTHY",
    }
}

fn port(port: &Port) -> Shape {
    let protocol = match port.protocol {
        Protocol::Tcp => "tcp",
        Protocol::Udp => "udp",
    };
    Shape::map([
        ("ContainerPort", Some(port.container_port.into())),
        ("HostPort", port.host_port.map(Shape::from)),
        ("Protocol", Some(protocol.into())),
        ("Name", port.name.as_deref().map(Shape::from)),
        ("AppProtocol", port.app_protocol.map(Shape::from)),
    ])
}

fn environment(variables: &BTreeMap<Arc<str>, Text>) -> Option<Shape> {
    let pair = |(name, value): (&Arc<str>, &Text)| {
        Shape::map([("Name", Some((&**name).into())), ("Value", Some(Shape::text(value)))])
    };
    Shape::some_list(variables.iter().map(pair).collect())
}

fn secret_list(all: &BTreeMap<Arc<str>, Secret>) -> Option<Shape> {
    let pair = |(name, secret): (&Arc<str>, &Secret)| {
        Shape::map([("Name", Some((&**name).into())), ("ValueFrom", Some(secrets::value_from(secret)))])
    };
    Shape::some_list(all.iter().map(pair).collect())
}

fn health_check(check: &HealthCheck) -> Shape {
    Shape::map([
        ("Command", Shape::some_texts(&check.command)),
        ("Interval", check.interval.map(Shape::from)),
        ("Timeout", check.timeout.map(Shape::from)),
        ("Retries", check.retries.map(Shape::from)),
        ("StartPeriod", check.start_period.map(Shape::from)),
    ])
}

fn firelens(router: &Firelens) -> Shape {
    Shape::map([("Type", Some((&*router.router).into())), ("Options", some_map(&router.options))])
}

/// A log configuration that a step writes.
pub(super) fn log(log: &LogConfiguration) -> Shape {
    Shape::map([
        ("LogDriver", Some((&*log.driver).into())),
        ("Options", some_map(&log.options)),
        ("SecretOptions", secret_list(&log.secrets)),
    ])
}

/// The step's log group; streams are named `task/<container>/<task id>`.
pub(super) fn own_log() -> Shape {
    Shape::map([
        ("LogDriver", Some("awslogs".into())),
        (
            "Options",
            Some(Shape::map([
                ("awslogs-group", Some(Shape::reference(id::LOG_GROUP))),
                ("awslogs-region", Some(Known::Region.into())),
                ("awslogs-stream-prefix", Some("task".into())),
            ])),
        ),
    ])
}

fn number(number: &Option<Number>, least: u32) -> Option<Shape> {
    number.as_ref().map(|number| Shape::number(number, least..=u32::MAX))
}
