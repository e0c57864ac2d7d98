//! Logs: existing drivers, and who routes whose.

use std::collections::BTreeMap;

use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::Finding;
use super::super::schema::process::ProcessFile;
use super::super::what::WhatDrafts;
use super::ecs::each_task;
use crate::model::process::{Compute, Located, Log, Text};

/// Log drivers: first those of Fargate, then the one that only instances have which ECS manages and others, then those of others.
const DRIVERS: [&str; 8] = ["awslogs", "splunk", "awsfirelens", "json-file", "fluentd", "gelf", "journald", "syslog"];
pub(super) fn options_fit(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (_, task) in process.doc.tasks() {
        let compute = task.runs_on.compute();
        for log in task.container.iter().filter_map(|container| container.log.as_ref()) {
            findings.extend(unknown_driver(process, log, compute));
            options(process, log, findings);
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

/// Options that nothing reads.
pub(super) fn options(process: &Draft<ProcessFile>, log: &Log, findings: &mut Vec<Finding>) {
    let mut out = |span, title: String, label: &str| {
        findings.push(Finding::new(codes::LOG_OPTIONS, &process.file, span, title).label(label));
    };
    let driver = &*log.driver;
    let first = log.options.values().map(Text::span).chain(log.secrets.values().map(Located::span)).next();
    if let (true, Some(span)) = (log.is_off(), first) {
        out(span, "the log driver `none` has no options".to_owned(), "nothing is sent anywhere");
    }
    if let Some(nameless) = log.options.get("") {
        out(nameless.span(), format!("an option of the log driver `{driver}` has no name"), "a value without a name");
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
    }
}
