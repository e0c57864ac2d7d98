//! The service of a step: load balancers, percentages, logs, tags, ARNs.

use super::super::codes;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{ScheduleEntry, ServiceEntry, TaskEntry};
use super::super::what::WhatDrafts;
use super::arn;
use super::ecs::{each_service, each_task};
use crate::model::process::{Kind, Text, Value};

/// Days that CloudWatch Logs keeps logs for (AWS documentation of PutRetentionPolicy).
const RETENTION: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];
/// Tags that ECS takes on a resource. landfall puts its own on the stack, which CloudFormation counts with them.
const MAX_TAGS: usize = 50;
/// How many of them landfall and CloudFormation need for themselves.
const OWN_TAGS: usize = 9;

pub(super) fn load_balancers_have_ports(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_service(drafts, |process, step, task, service| {
        for balancer in &service.load_balancer {
            let written = &balancer.container;
            let Some(container) = task.container.iter().find(|container| *container.name == **written) else {
                let title = format!("a load balancer of step `{}` names a container that does not exist", *step.name);
                let finding = Finding::new(codes::UNKNOWN_CONTAINER, &process.file, written.span(), title)
                    .label("not a container of this step")
                    .suggest(written, task.container.iter().map(|container| &*container.name));
                findings.push(finding);
                continue;
            };
            let Some(ports) = container.all_ports().map(|port| port.port.number()).collect::<Option<Vec<u32>>>() else {
                continue;
            };
            if !ports.contains(&u32::from(*balancer.port)) {
                let title = format!("container `{}` has no port {}", **written, *balancer.port);
                let has: Vec<String> = ports.iter().map(u32::to_string).collect();
                let finding = Finding::new(codes::LOAD_BALANCER_PORT, &process.file, balancer.port.span(), title)
                    .label("not a port of this container");
                findings.push(match has.as_slice() {
                    [] => finding.help(format!("set `port = {}` in the container", *balancer.port)),
                    _ => finding.help(format!("its ports: {}", has.join(", "))),
                });
            }
        }
    });
}

/// A rolling deployment must be able to stop an old task or to start a new one.
pub(super) fn percentages_leave_room(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_service(drafts, |process, step, _, service| {
        let (minimum, maximum) = (&service.minimum_healthy_percent, &service.maximum_percent);
        let mut out = |span, title: String, label: &str| {
            findings.push(Finding::new(codes::PERCENT_RANGE, &process.file, span, title).label(label));
        };
        if let Some(value) = minimum.as_ref().filter(|value| ***value > 100) {
            out(value.span(), format!("`minimum_healthy_percent` of {} cannot be reached", **value), "0 to 100");
        } else if let Some(value) = maximum.as_ref().filter(|value| !(100..=10_000).contains(&***value)) {
            out(value.span(), format!("`maximum_percent` of {} is out of range", **value), "100 or more");
        } else {
            let least = minimum.as_deref().copied().unwrap_or(100);
            let most = maximum.as_deref().copied().unwrap_or(200);
            let place = maximum.as_ref().or(minimum.as_ref());
            if let (true, Some(place)) = (least == 100 && most == 100, place) {
                let title = format!("step `{}` allows neither stopping an old task nor starting a new one", *step.name);
                out(place.span(), title, "lower `minimum_healthy_percent` or raise `maximum_percent`");
            }
        }
    });
}

pub(super) fn log_retention_exists(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, _, task| {
        let Some(days) = task.log_retention_days.as_ref().filter(|days| !RETENTION.contains(&***days)) else { return };
        let near = RETENTION.iter().copied().find(|known| known > &**days).unwrap_or(3653);
        let title = format!("CloudWatch Logs cannot keep logs for {} days", **days);
        let finding = Finding::new(codes::LOG_RETENTION, &process.file, days.span(), title)
            .label("not an allowed number of days");
        findings
            .push(finding.help(format!(
                "the next longer period is {near} days; allowed are 1, 3, 5, 7, 14, 30, 60, 90, 120, …"
            )));
    });
}

pub(super) fn tags_fit(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, step, task| {
        if task.tags.len() > MAX_TAGS - OWN_TAGS {
            let title = format!("step `{}` has {} tags", *step.name, task.tags.len());
            let label = format!(
                "at most {} of {MAX_TAGS}: {OWN_TAGS} are reserved for CloudFormation and landfall",
                MAX_TAGS - OWN_TAGS
            );
            findings.push(Finding::new(codes::TAGS, &process.file, step.name.span(), title).label(label));
        }
        for (key, value) in &task.tags {
            let lower = key.to_ascii_lowercase();
            let why = if key.is_empty() || key.chars().count() > 128 {
                "a key must have 1 to 128 characters"
            } else if lower.starts_with("aws:") {
                "keys that begin with `aws:` are reserved for AWS"
            } else if lower.starts_with(crate::model::slot::TAG_PREFIX) {
                "keys that begin with `landfall:` are reserved for landfall"
            } else if value.chars().count() > 256 && !value.contains("#{") {
                "a value can have at most 256 characters"
            } else if !key.chars().all(is_of_tag) || !value.contains("#{") && !value.chars().all(is_of_tag) {
                "use only letters, digits, spaces and `+ - = . _ : / @`"
            } else {
                continue;
            };
            let title = format!("the tag `{key}` is not allowed: {why}");
            findings.push(Finding::new(codes::TAGS, &process.file, value.span(), title).label("this tag"));
        }
    });
}

/// Whether ECS takes a character in a tag (API reference, `Tag`).
fn is_of_tag(c: char) -> bool {
    c.is_alphanumeric() || " +-=._:/@".contains(c)
}

pub(super) fn arns_have_the_right_kind(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    let mut check = |text: &At<String>, service: &str, resource: &str, what: &str| {
        if let Err(why) = arn::fits(text, service, resource) {
            let title = format!("`{}` is not the ARN of {what}: {why}", **text);
            let finding = Finding::new(codes::ARN, &process.file, text.span(), title);
            findings.push(finding.label(format!("not the ARN of {what}")));
        }
    };
    for step in &process.doc.step {
        step.service().into_iter().for_each(|service| arns_of_service(service, &mut check));
        step.schedule().into_iter().for_each(|schedule| arns_of_schedule(schedule, &mut check));
        step.task().into_iter().for_each(|task| arns_of_task(task, &mut check));
    }
}

/// Takes a text, and the service, the begin of the resource and the words for what its ARN is of.
type CheckArn<'a> = dyn FnMut(&At<String>, &str, &str, &str) + 'a;

fn arns_of_service(service: &ServiceEntry, check: &mut CheckArn<'_>) {
    for balancer in &service.load_balancer {
        let advanced = balancer.advanced_configuration.as_ref();
        let groups = balancer.target_group.iter().chain(advanced.map(|advanced| &advanced.alternate_target_group));
        groups.for_each(|group| check(group, "elasticloadbalancing", "targetgroup/", "a target group"));
        let own = balancer.own_target_group.iter().flat_map(|own| &own.listener_rule);
        own.for_each(|rule| {
            let what = "a listener of an application load balancer";
            check(&rule.listener_arn, "elasticloadbalancing", "listener/app/", what);
        });
        let made = balancer.own_target_group.iter().filter_map(|own| own.own_load_balancer.as_ref());
        let listeners = made.flat_map(|made| &made.listener);
        let certificates = listeners.flat_map(|it| it.certificate_arn.iter().chain(&it.additional_certificate_arns));
        certificates.for_each(|arn| certificate(arn, check));
        advanced.iter().for_each(|advanced| {
            std::iter::once(&advanced.production_listener_rule)
                .chain(&advanced.test_listener_rule)
                .for_each(|rule| traffic(rule, check));
        });
        let role = advanced.and_then(|advanced| advanced.role_arn.as_ref());
        role.iter().for_each(|role| check(role, "iam", "role/", "a role"));
    }
    arns_of_keys(service.service_connect_configuration.as_deref(), check);
    arns_of_keys([&service.options], check);
    arns_of_keys(service.service_registries.iter().map(|registry| &**registry), check);
    for hook in &service.deployment_configuration.lifecycle_hooks {
        hook.hook_target_arn.iter().for_each(|arn| check(arn, "lambda", "function:", "a Lambda function"));
        hook.role_arn.iter().for_each(|role| check(role, "iam", "role/", "a role"));
    }
}

/// Of Certificate Manager, or one that was uploaded to IAM.
fn certificate(arn: &At<String>, check: &mut CheckArn<'_>) {
    match arn.contains(":iam:") {
        true => check(arn, "iam", "server-certificate/", "a certificate"),
        false => check(arn, "acm", "certificate/", "a certificate"),
    }
}

/// Where ECS moves traffic: a rule of an application load balancer, or a listener of a network load balancer.
fn traffic(arn: &At<String>, check: &mut CheckArn<'_>) {
    match arn.contains(":listener/net/") {
        true => check(arn, "elasticloadbalancing", "listener/net/", "a listener of a network load balancer"),
        false => {
            let what = "a rule of an application load balancer or a listener of a network load balancer";
            check(arn, "elasticloadbalancing", "listener-rule/app/", what);
        }
    }
}

fn arns_of_schedule(schedule: &ScheduleEntry, check: &mut CheckArn<'_>) {
    schedule.schedule_role.iter().for_each(|role| check(role, "iam", "role/", "a role"));
    schedule.dead_letter_config.iter().for_each(|queue| check(&queue.arn, "sqs", "", "a queue"));
}

/// Those of keys that say what they are of.
fn arns_of_keys<'a, V: Value + 'a>(values: impl IntoIterator<Item = &'a V>, check: &mut CheckArn<'_>) {
    let mut each = |text: &Text, kind: Kind| {
        if let Kind::Arn(of) = kind
            && (!of.or_name || text.raw().starts_with("arn:"))
        {
            check(&At::new(text.span(), text.raw().to_owned()), of.service, of.resource, of.words);
        }
    };
    values.into_iter().for_each(|value| value.each_text(&mut each));
}

fn arns_of_task(task: &TaskEntry, check: &mut CheckArn<'_>) {
    for role in task.task_role.iter().chain(&task.execution_role) {
        check(role, "iam", "role/", "a role");
    }
    // Those of AWS itself have `aws` for an account.
    if let Some(policy) = task.permissions_boundary.as_ref().filter(|policy| !policy.contains(":iam::aws:policy/")) {
        check(policy, "iam", "policy/", "a policy");
    }
    arns_of_keys(task.volume.iter().map(|volume| &**volume), check);
    arns_of_keys(task.container.iter().map(|container| &**container), check);
}
