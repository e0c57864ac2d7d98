//! Logs: existing drivers, required options, and routers.

use std::collections::BTreeMap;

use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::Finding;
use super::super::schema::process::ProcessFile;
use super::super::what::WhatDrafts;
use super::ecs::each_task;
use crate::model::process::{Compute, Firelens, Located, Log, Task, Text};

/// Options of the driver `awslogs` (ECS API reference, `LogConfiguration`).
const AWSLOGS: [&str; 8] = [
    "awslogs-create-group",
    "awslogs-datetime-format",
    "awslogs-group",
    "awslogs-multiline-pattern",
    "awslogs-region",
    "awslogs-stream-prefix",
    "max-buffer-size",
    "mode",
];
/// Log drivers: first those of Fargate, then the one that only instances have which ECS manages and others, then those of others.
const DRIVERS: [&str; 8] = ["awslogs", "splunk", "awsfirelens", "json-file", "fluentd", "gelf", "journald", "syslog"];
/// Options without which a driver does not start, given plainly or as secrets (ECS API reference, `LogConfiguration`; Docker's
/// manual, "Graylog Extended Format logging driver").
const NEEDED: [(&str, &str); 3] = [("splunk", "splunk-token"), ("splunk", "splunk-url"), ("gelf", "gelf-address")];
/// How messages wait for a driver (ECS API reference, `LogConfiguration`).
const MODES: [&str; 2] = ["blocking", "non-blocking"];
/// Options of a log router (ECS developer guide, "FireLens task definition").
const ROUTER: [&str; 3] = ["enable-ecs-log-metadata", Firelens::FILE_TYPE, Firelens::FILE_VALUE];

pub(super) fn options_fit(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (_, task) in process.doc.tasks() {
        let compute = task.runs_on.compute();
        for log in task.container.iter().filter_map(|container| container.log.as_ref()) {
            findings.extend(unknown_driver(process, log, compute));
            options(process, log, compute, findings);
        }
    }
}

/// A log driver that the capacity does not have (ECS API reference, `LogConfiguration`).
pub(super) fn unknown_driver(process: &Draft<ProcessFile>, log: &Log, compute: Compute) -> Option<Finding> {
    let (drivers, who) = match compute {
        Compute::Fargate | Compute::FargateSpot => (DRIVERS.get(..3), "Fargate has"),
        Compute::Managed => (DRIVERS.get(..4), "an instance that ECS manages has"),
        Compute::Ec2 => (DRIVERS.get(..), "ECS has"),
    };
    let drivers = drivers.unwrap_or_default();
    if log.is_off() || drivers.contains(&&*log.driver) {
        return None;
    }
    let title = format!("{who} no log driver `{}`", log.driver);
    let finding = Finding::new(codes::INVALID_VALUE, &process.file, log.driver.span(), title);
    Some(finding.label(drivers.join(", ")))
}

/// What the options of a driver lack, or have too much.
pub(super) fn options(process: &Draft<ProcessFile>, log: &Log, compute: Compute, findings: &mut Vec<Finding>) {
    let mut out = |span, title: String, label: &str| {
        findings.push(Finding::new(codes::LOG_OPTIONS, &process.file, span, title).label(label));
    };
    let driver = &*log.driver;
    let said = |option: &str| log.options.contains_key(option) || log.secrets.contains_key(option);
    for option in NEEDED.iter().filter(|(of, option)| *of == driver && !said(option)).map(|(_, option)| option) {
        out(
            log.driver.span(),
            format!("the log driver `{driver}` needs the option `{option}`"),
            "this option is missing",
        );
    }
    let first = log.options.values().map(Text::span).chain(log.secrets.values().map(Located::span)).next();
    if let (true, Some(span)) = (log.is_off(), first) {
        out(span, "the log driver `none` has no options".to_owned(), "nothing is sent anywhere");
    }
    if let Some(nameless) = log.options.get("") {
        out(nameless.span(), format!("an option of the log driver `{driver}` has no name"), "a value without a name");
    }
    // Other options of this driver are those of the router's output.
    let mode = log.options.get("mode").filter(|_| driver != "awsfirelens");
    if let Some(mode) = mode.filter(|mode| !MODES.contains(&mode.raw()) && !mode.raw().contains("#{")) {
        out(mode.span(), format!("`{}` is not a log driver `mode`", mode), "`blocking` or `non-blocking`");
    }
    if driver == "awslogs" {
        awslogs(process, log, compute.is_fargate(), findings);
    }
}

/// What the options of the driver `awslogs` lack, or have too much.
fn awslogs(process: &Draft<ProcessFile>, log: &Log, fargate: bool, findings: &mut Vec<Finding>) {
    let [format, pattern] = ["awslogs-datetime-format", "awslogs-multiline-pattern"].map(|key| log.options.get(key));
    if let (Some(_), Some(pattern)) = (format, pattern) {
        let title = "`awslogs-datetime-format` and `awslogs-multiline-pattern` exclude each other";
        let finding = Finding::new(codes::LOG_OPTIONS, &process.file, pattern.span(), title);
        findings.push(finding.label("remove one of them"));
    }
    let needed: &[&str] = if fargate {
        &["awslogs-group", "awslogs-region", "awslogs-stream-prefix"]
    } else {
        &["awslogs-group", "awslogs-region"]
    };
    for option in needed.iter().filter(|option| !log.options.contains_key(**option)) {
        let title = format!("the log driver `awslogs` needs the option `{option}`");
        let finding =
            Finding::new(codes::LOG_OPTIONS, &process.file, log.driver.span(), title).label("this option is missing");
        findings.push(finding.help("or remove `log`: the output then goes to the step's own log group"));
    }
    for (option, value) in log.options.iter().filter(|(option, _)| !AWSLOGS.contains(&option.as_str())) {
        let title = format!("the log driver `awslogs` has no option `{option}`");
        let finding = Finding::new(codes::LOG_OPTIONS, &process.file, value.span(), title).label("its value");
        findings.push(finding.suggest(option, AWSLOGS.iter().copied()));
    }
}

/// `log_retention_days` and `log_group_name` are only allowed if the step has a log group.
pub(super) fn log_group_of_something(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, step, task| {
        let days = task.log_retention_days.as_ref().map(|days| ("log_retention_days", days.span()));
        let name = task.log_group_name.as_ref().map(|name| ("log_group_name", name.span()));
        let written: Vec<_> = days.into_iter().chain(name).collect();
        if written.is_empty() {
            return;
        }
        let connect = step.service().and_then(|service| service.service_connect_configuration.as_ref());
        let proxy = connect.and_then(|connect| connect.log.as_ref());
        let logs = task.container.iter().filter_map(|container| container.log.as_ref()).chain(proxy);
        let routers = task.container.iter().filter_map(|container| container.firelens_configuration.as_ref());
        let options = logs.map(|log| &log.options).chain(routers.map(|router| &router.options));
        let named = options.flat_map(BTreeMap::values).any(|option| option.raw() == task.own_log_group());
        if !named && task.container.iter().all(|container| container.log.is_some()) && !proxy.is_some_and(Log::is_own) {
            for (key, span) in written {
                let title = format!("step `{}` sets `{key}`, but nothing in it writes to its log group", *step.name);
                let finding =
                    Finding::new(codes::LOG_RETENTION, &process.file, span, title).label("no log group to apply to");
                findings.push(finding.help("remove it, or remove a container's `log`"));
            }
        }
    });
}

/// One container routes, and those that send to it have one.
pub(super) fn routers_fit(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (step, task) in process.doc.tasks() {
        let routers: Vec<_> = task.container.iter().filter(|c| c.firelens_configuration.is_some()).collect();
        let mut out = |span, title: String| {
            findings.push(Finding::new(codes::FIRELENS, &process.file, span, title).label("does not fit"));
        };
        if let Some(second) = routers.get(1).and_then(|container| container.firelens_configuration.as_ref()) {
            out(second.span(), format!("step `{}` has two log routers", *step.name));
        }
        for container in &task.container {
            let Some(log) = container.log.as_ref().filter(|log| &*log.driver == "awsfirelens") else { continue };
            if routers.is_empty() {
                let title =
                    format!("container `{}` sends its logs to a router, and the step has no router", container.name);
                out(log.driver.span(), title);
            } else if container.firelens_configuration.is_some() {
                out(log.driver.span(), format!("container `{}` sends its logs to itself", container.name));
            }
        }
        for entry in routers.iter().filter_map(|container| container.firelens_configuration.as_ref()) {
            router(process, task, entry, findings);
        }
    }
}

fn router(process: &Draft<ProcessFile>, task: &Task, entry: &Firelens, findings: &mut Vec<Finding>) {
    let fargate = task.runs_on.compute().is_fargate();
    let mut out = |code, span, title: String| {
        findings.push(Finding::new(code, &process.file, span, title).label("does not fit"));
    };
    for (option, value) in entry.options.iter().filter(|(option, _)| !ROUTER.contains(&option.as_str())) {
        let title = format!("a log router has no option `{option}`: its options are {}", ROUTER.join(", "));
        out(codes::FIRELENS, value.span(), title);
    }
    match (entry.options.get(Firelens::FILE_TYPE), entry.options.get(Firelens::FILE_VALUE)) {
        (Some(kind), Some(_)) if kind.raw() == "s3" && fargate => {
            let title = "Fargate cannot read the configuration from S3: use a `file` in the image".to_owned();
            out(codes::NOT_WITH_LAUNCH, kind.span(), title);
        }
        (Some(kind), Some(_)) if !matches!(kind.raw(), "s3" | "file") => {
            out(codes::FIRELENS, kind.span(), format!("`config-file-type` must be `file` or `s3`, not `{}`", kind));
        }
        (Some(one), None) | (None, Some(one)) => {
            let title = "`config-file-type` and `config-file-value` must be set together".to_owned();
            out(codes::FIRELENS, one.span(), title);
        }
        _ => {}
    }
}
