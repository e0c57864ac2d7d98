//! One container of the task definition.

use std::collections::BTreeMap;

use crate::model::process::{Container, LinuxParameters, Located, Log, Number, Secret, Text};

use super::super::shape::{Known, Leaf, Shape};
use super::{id, secrets};

/// The container definition. Every key that the step leaves out is left out, so that ECS's default applies.
pub(super) fn shape(container: &Container) -> Shape {
    let image = container.image().map(|image| Leaf::Image(image, container.image.place().location().clone()));
    let ports = container.all_ports().map(|port| Shape::table(&*port));
    let restart = container.restart_policy.as_ref().filter(|policy| !policy.enabled.is_off());
    Shape::table(container)
        .with("Image", image.map(Shape::Leaf))
        .with("Memory", container.memory.as_ref().map(memory))
        .with("MemoryReservation", container.memory_reservation.as_ref().map(memory))
        .with("PortMappings", Shape::some_list(ports.collect()))
        .with("EnvironmentFiles", environment_files(&container.environment_files))
        .with("Environment", environment(&container.environment))
        .with("Secrets", secret_list(&container.secrets))
        .with("LinuxParameters", container.linux_parameters.as_ref().map(linux))
        .with("RestartPolicy", restart.map(Shape::table))
        .with("LogConfiguration", container.log.as_ref().map_or_else(|| Some(own_log()), log))
}

fn memory(number: &Number) -> Shape {
    Shape::number(number, 6..=i64::from(u32::MAX))
}

fn linux(linux: &LinuxParameters) -> Shape {
    Shape::table(linux).with("Capabilities", Shape::some_table(&linux.capabilities))
}

fn environment_files(files: &[Text]) -> Option<Shape> {
    let file = |arn: &Text| {
        Shape::map([("Type", Some("s3".into())), ("Value", Some(Shape::Leaf(Leaf::ObjectArn(arn.clone()))))])
    };
    Shape::some_list(files.iter().map(file).collect())
}

fn environment(variables: &BTreeMap<String, Text>) -> Option<Shape> {
    let pair = |(name, value): (&String, &Text)| {
        Shape::map([("Name", Some(name.as_str().into())), ("Value", Some(Shape::text(value)))])
    };
    Shape::some_list(variables.iter().map(pair).collect())
}

fn secret_list(all: &BTreeMap<String, Located<Secret>>) -> Option<Shape> {
    let pair = |(name, secret): (&String, &Located<Secret>)| {
        Shape::map([("Name", Some(name.as_str().into())), ("ValueFrom", secrets::value_from(secret))])
    };
    Shape::some_list(all.iter().map(pair).collect())
}

/// A log configuration that a step writes.
pub(super) fn log(log: &Log) -> Option<Shape> {
    (!log.is_off()).then(|| Shape::table(log).with("SecretOptions", secret_list(&log.secrets)))
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
