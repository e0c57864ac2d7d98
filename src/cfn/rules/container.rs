//! Rules over the containers of task definitions, one container at a time.

use std::collections::BTreeSet;

use super::seen::Seen;
use super::task::{KIND, is_awsvpc, is_fargate};
use super::{Fault, Judge, Rule};

const CONTAINER: &str = "API reference of Amazon ECS, ContainerDefinition";
const FARGATE: &str = "Amazon ECS developer guide, task definition differences for Fargate";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "secret-and-variable",
        source: "API reference of Amazon ECS, Secret",
        edition: 1,
        run: secret_and_variable,
    },
    Rule { name: "health-check", source: "API reference of Amazon ECS, HealthCheck", edition: 1, run: health_check },
    Rule { name: "fargate-container", source: FARGATE, edition: 1, run: fargate_container },
    Rule {
        name: "fargate-log-driver",
        source: "API reference of Amazon ECS, LogConfiguration",
        edition: 1,
        run: fargate_log_driver,
    },
    Rule {
        name: "awslogs-options",
        source: "Amazon ECS developer guide, awslogs log driver",
        edition: 1,
        run: awslogs_options,
    },
    Rule { name: "awsvpc-container", source: CONTAINER, edition: 1, run: awsvpc_container },
];

/// The log drivers that Fargate has.
const DRIVERS: [&str; 3] = ["awslogs", "splunk", "awsfirelens"];

/// Judges every container, with its task definition.
pub(super) fn each_container(judge: &mut Judge<'_>, run: impl Fn(&Seen<'_>, &Seen<'_>, &mut dyn FnMut(Fault))) {
    judge.each(KIND, |_, task, out| {
        task.get("ContainerDefinitions").each().iter().for_each(|container| run(&task, container, out));
    });
}

fn secret_and_variable(judge: &mut Judge<'_>) {
    each_container(judge, |_, container, out| {
        let named = |list: &'static str| -> Vec<(Seen<'_>, String)> {
            let names = container.get(list).each().into_iter().map(|one| one.get("Name"));
            names.filter_map(|name| name.text().map(|text| (name, text))).collect()
        };
        let plain: BTreeSet<String> = named("Environment").into_iter().map(|(_, name)| name).collect();
        for (place, name) in named("Secrets").into_iter().filter(|(_, name)| plain.contains(name)) {
            let aws = "The secret name must be unique and not shared with any new or existing environment variables set on the \
                       container, such as";
            let title = format!("`{name}` is both a secret and a variable of the container");
            out(Fault::at(place.pointer, title, format!("{aws} '{name}'.")));
        }
    });
}

fn health_check(judge: &mut Judge<'_>) {
    each_container(judge, |_, container, out| {
        let check = container.get("HealthCheck");
        let command = check.get("Command");
        if let Some(first) = command.items().unwrap_or_default().first().and_then(Seen::text)
            && !["CMD", "CMD-SHELL", "NONE"].contains(&first.as_str())
        {
            let aws = "Health check command must begin with CMD, CMD-SHELL or NONE.";
            out(Fault::at(command.pointer, "the command must begin with `CMD` or `CMD-SHELL`", aws));
        }
        let bounds =
            [("Interval", 5.0, 300.0), ("Timeout", 2.0, 120.0), ("Retries", 1.0, 10.0), ("StartPeriod", 0.0, 300.0)];
        for (key, least, most) in bounds {
            let value = check.get(key);
            if let Some(number) = value.number().filter(|number| !(least..=most).contains(number)) {
                let aws = format!("Health check {key} must be between {least} and {most}.");
                out(Fault::at(value.pointer, format!("`{key}` is {number}, and must be {least} to {most}"), aws));
            }
        }
    });
}

fn fargate_container(judge: &mut Judge<'_>) {
    each_container(judge, |task, container, out| {
        if !is_fargate(task) {
            return;
        }
        let privileged = container.get("Privileged");
        if privileged.flag() == Some(true) {
            let aws = "Fargate compatible task definitions do not support privileged.";
            out(Fault::at(privileged.pointer, "a container on Fargate cannot be privileged", aws));
        }
        let stop = container.get("StopTimeout");
        if let Some(seconds) = stop.number().filter(|seconds| *seconds > 120.0) {
            let aws = "The stopTimeout value must be 120 or less for Fargate.";
            out(Fault::at(
                stop.pointer,
                format!("on Fargate a container has at most 120 s to stop, not {seconds}"),
                aws,
            ));
        }
        for required in container.get("ResourceRequirements").each() {
            let kind = required.get("Type");
            if kind.is("GPU") {
                let aws = "Fargate compatible task definitions do not support GPU.";
                out(Fault::at(kind.pointer, "Fargate has no GPU", aws));
            }
        }
        let linux = container.get("LinuxParameters");
        for key in ["Devices", "MaxSwap", "SharedMemorySize", "Swappiness"] {
            let there = linux.get(key);
            if there.is_there() && (key != "Devices" || !there.each().is_empty()) {
                let aws = format!("Fargate compatible task definitions do not support {key}.");
                out(Fault::at(there.pointer, format!("a container on Fargate has no `{key}`"), aws));
            }
        }
        for added in linux.at(&["Capabilities", "Add"]).each() {
            if let Some(name) = added.text().filter(|name| name != "SYS_PTRACE") {
                let aws = "Fargate only supports adding the SYS_PTRACE kernel capability.";
                out(Fault::at(added.pointer, format!("on Fargate only `SYS_PTRACE` can be added, not `{name}`"), aws));
            }
        }
    });
}

fn fargate_log_driver(judge: &mut Judge<'_>) {
    each_container(judge, |task, container, out| {
        let driver = container.at(&["LogConfiguration", "LogDriver"]);
        if let Some(name) = driver.text().filter(|name| is_fargate(task) && !DRIVERS.contains(&name.as_str())) {
            let aws = format!("Fargate compatible task definitions do not support log driver {name}.");
            let title = format!("Fargate has no log driver `{name}`: it has `awslogs`, `splunk` and `awsfirelens`");
            out(Fault::at(driver.pointer, title, aws));
        }
    });
}

fn awslogs_options(judge: &mut Judge<'_>) {
    each_container(judge, |task, container, out| {
        let logs = container.get("LogConfiguration");
        if !logs.get("LogDriver").is("awslogs") {
            return;
        }
        let options = logs.get("Options");
        let prefix = is_fargate(task).then_some("awslogs-stream-prefix");
        for key in ["awslogs-group", "awslogs-region"].into_iter().chain(prefix) {
            if options.get(key).is_missing() {
                let aws = format!("Log driver awslogs requires options: {key}.");
                out(Fault::at(
                    options.get(key).pointer,
                    format!("the log driver `awslogs` needs the option `{key}`"),
                    aws,
                ));
            }
        }
    });
}

fn awsvpc_container(judge: &mut Judge<'_>) {
    each_container(judge, |task, container, out| {
        if !is_awsvpc(task) {
            return;
        }
        let (links, host) = (container.get("Links"), container.get("Hostname"));
        if !links.each().is_empty() {
            let aws = "Links are not supported when networkMode=awsvpc.";
            out(Fault::at(links.pointer, "a container with `NetworkMode: awsvpc` has no links", aws));
        }
        if host.text().is_some() {
            let aws = "Hostname is not supported on container when networkMode=awsvpc.";
            out(Fault::at(host.pointer, "a container with `NetworkMode: awsvpc` has no hostname", aws));
        }
    });
}
