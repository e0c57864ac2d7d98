//! Rules over where containers, and the proxy of Service Connect, send their logs.

use super::container::each_container;
use super::seen::Seen;
use super::{Fault, Judge, Rule, service, task};

const SOURCE: &str = "API reference of Amazon ECS, LogConfiguration";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "log-options", source: SOURCE, edition: 4, run: options },
    Rule {
        name: "log-router-options",
        source: "ECS developer guide, FireLens task definition",
        edition: 4,
        run: routers,
    },
];

/// Options of the driver `awslogs`.
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
/// Options without which a driver does not start, given plainly or as secrets (also Docker's manual, "Graylog Extended Format
/// logging driver").
const NEEDED: [(&str, &str); 3] = [("splunk", "splunk-token"), ("splunk", "splunk-url"), ("gelf", "gelf-address")];
/// Those of `awslogs`; the last on Fargate. For containers, another rule asks for them.
const OF_AWSLOGS: [&str; 3] = ["awslogs-group", "awslogs-region", "awslogs-stream-prefix"];
/// How messages wait for a driver.
const MODES: [&str; 2] = ["blocking", "non-blocking"];

fn options(judge: &mut Judge<'_>) {
    each_container(judge, |_, container, out| of_log(&container.get("LogConfiguration"), &[], out));
    judge.each(service::KIND, |template, service, out| {
        let task = template.referred(&service.get("TaskDefinition"), task::KIND);
        let log = service.at(&["ServiceConnectConfiguration", "LogConfiguration"]);
        let many = if task.is_some_and(|task| task::is_fargate(&task)) { 3 } else { 2 };
        let needed = if log.get("LogDriver").is("awslogs") { OF_AWSLOGS.get(..many) } else { None };
        of_log(&log, needed.unwrap_or_default(), out);
    });
}

/// `needed` are further options without which its driver does not start.
fn of_log(log: &Seen<'_>, needed: &[&str], out: &mut dyn FnMut(Fault)) {
    let (driver, options) = (log.get("LogDriver"), log.get("Options"));
    let Some(name) = driver.text() else { return };
    let keys = options.keys();
    // What is given as a secret is named in a list.
    let secrets: Vec<String> =
        log.get("SecretOptions").each().iter().filter_map(|one| one.get("Name").text()).collect();
    let open = !options.is_missing() && !options.is_map() || log.get("SecretOptions").items().is_none();
    let said = |option: &str| open || keys.contains(&option) || secrets.iter().any(|secret| secret == option);
    let of_driver = NEEDED.iter().filter(|(of, _)| *of == name).map(|(_, option)| *option);
    let needed = of_driver.chain(needed.iter().copied());
    for option in needed.filter(|option| !said(option)) {
        let aws = format!("Log driver {name} requires options: {option}");
        out(Fault::at(driver.pointer.clone(), format!("the log driver `{name}` needs the option `{option}`"), aws));
    }
    // Other options of `awsfirelens` are those of the output of the router.
    let mode = options.get("mode");
    if let Some(text) = mode.text().filter(|text| name != "awsfirelens" && !MODES.contains(&text.as_str())) {
        let aws = format!("Invalid log driver mode: {text}");
        out(Fault::at(mode.pointer, format!("`{text}` is not a log driver `mode`: `blocking` or `non-blocking`"), aws));
    }
    if name != "awslogs" {
        return;
    }
    for option in keys.iter().filter(|option| !AWSLOGS.contains(option)) {
        let aws = format!("Log driver awslogs disallows options: {option}");
        let names = AWSLOGS.iter().map(|name| (*name).to_owned()).collect();
        let title = format!("the log driver `awslogs` has no option `{option}`");
        out(Fault::at(options.pointer.clone(), title, aws).among((*option).to_owned(), names));
    }
    if keys.contains(&"awslogs-datetime-format") && keys.contains(&"awslogs-multiline-pattern") {
        let title = "`awslogs-datetime-format` and `awslogs-multiline-pattern` exclude each other";
        let aws = "You cannot configure both the awslogs-datetime-format and awslogs-multiline-pattern options.";
        out(Fault::at(options.get("awslogs-multiline-pattern").pointer, title, aws));
    }
}

/// What a router can be told, and where it finds its configuration.
fn routers(judge: &mut Judge<'_>) {
    const ROUTER: [&str; 3] = ["enable-ecs-log-metadata", "config-file-type", "config-file-value"];
    each_container(judge, |task, container, out| {
        let options = container.at(&["FirelensConfiguration", "Options"]);
        for option in options.keys().iter().filter(|option| !ROUTER.contains(option)) {
            let title = format!("a log router has no option `{option}`: its options are {}", ROUTER.join(", "));
            out(Fault::at(options.pointer.clone(), title, "Invalid FireLens option."));
        }
        let (kind, value) = (options.get("config-file-type"), options.get("config-file-value"));
        if kind.is("s3") && task::is_fargate(task) {
            let title = "Fargate cannot read the configuration from S3: use a `file` in the image";
            out(Fault::at(kind.pointer.clone(), title, "S3 config files are not supported on Fargate."));
        }
        if let Some(text) = kind.text().filter(|kind| !matches!(kind.as_str(), "s3" | "file")) {
            let title = format!("`config-file-type` must be `file` or `s3`, not `{text}`");
            out(Fault::at(kind.pointer.clone(), title, "config-file-type must be s3 or file."));
        }
        if options.is_map() && kind.is_missing() != value.is_missing() {
            let title = "`config-file-type` and `config-file-value` must be set together";
            let at = if kind.is_missing() { value } else { kind };
            out(Fault::at(at.pointer, title, "config-file-type and config-file-value must both be set."));
        }
    });
}
