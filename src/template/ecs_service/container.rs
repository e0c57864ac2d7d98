//! One container of the task definition.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::process::{Condition, Container, HealthCheck, LogConfiguration, Port, Protocol, Secret, Text};

use super::super::shape::{Known, Leaf, Shape};
use super::{id, secrets};

/// The container definition. Every key that the step leaves out is left out, so that ECS's default applies.
pub(super) fn shape(container: &Container) -> Shape {
    let number = |value: Option<u32>| value.map(Shape::from);
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
        ("Essential", Some(container.essential.into())),
        ("Cpu", number(container.cpu)),
        ("Memory", number(container.memory)),
        ("MemoryReservation", number(container.memory_reservation)),
        ("PortMappings", Shape::some_list(container.ports.iter().map(port).collect())),
        ("Environment", environment(&container.environment)),
        ("Secrets", secret_list(&container.secrets)),
        ("Command", Shape::some_texts(&container.command)),
        ("EntryPoint", Shape::some_texts(&container.entry_point)),
        ("WorkingDirectory", text(&container.working_directory)),
        ("User", text(&container.user)),
        ("ReadonlyRootFilesystem", container.read_only_root.then(|| true.into())),
        ("StopTimeout", number(container.stop_timeout)),
        ("HealthCheck", container.health_check.as_ref().map(health_check)),
        ("DependsOn", Shape::some_list(depends_on.collect())),
        ("LogConfiguration", Some(container.log.as_ref().map_or_else(own_log, log))),
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
        ("Protocol", Some(protocol.into())),
        ("Name", port.name.as_deref().map(Shape::from)),
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

fn log(log: &LogConfiguration) -> Shape {
    let options = log.options.iter().map(|(key, value)| (key.to_string(), Shape::text(value))).collect::<Vec<_>>();
    Shape::map([
        ("LogDriver", Some((&*log.driver).into())),
        ("Options", (!options.is_empty()).then_some(Shape::Map(options))),
        ("SecretOptions", secret_list(&log.secrets)),
    ])
}

/// The step's log group; streams are named `task/<container>/<task id>`.
fn own_log() -> Shape {
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
