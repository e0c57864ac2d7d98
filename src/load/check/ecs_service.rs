//! The service of a step: load balancers, percentages, logs, tags, ARNs.

use super::super::codes;
use super::super::finding::Finding;
use super::super::what::WhatDrafts;
use super::arn;
use super::ecs::{each_service, each_task, for_each_key_of};
use crate::model::process::{ArnOf, Kind, Text};

/// Days that CloudWatch Logs keeps logs for (AWS documentation of PutRetentionPolicy).
const RETENTION: [u32; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];
/// Tags that ECS takes on a resource. landfall puts its own on the stack, which CloudFormation counts with them.
const MAX_TAGS: usize = 50;
/// A boundary of the rights of roles.
const POLICY: ArnOf = ArnOf { service: "iam", resource: "policy/", words: "a policy", or_name: false, or: None };
/// How many of them landfall and CloudFormation need for themselves.
const OWN_TAGS: usize = 9;

pub(super) fn load_balancers_have_ports(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_service(drafts, |process, step, task, service| {
        for balancer in &service.load_balancer {
            let written = &balancer.container;
            let Some(container) = task.container.iter().find(|container| container.name == *written) else {
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
            let port = balancer.port.0;
            if !ports.contains(&port) {
                let title = format!("container `{written}` has no port {port}");
                let has: Vec<String> = ports.iter().map(u32::to_string).collect();
                let finding = Finding::new(codes::LOAD_BALANCER_PORT, &process.file, balancer.port.span(), title)
                    .label("not a port of this container");
                findings.push(match has.as_slice() {
                    [] => finding.help(format!("set `port = {port}` in the container")),
                    _ => finding.help(format!("its ports: {}", has.join(", "))),
                });
            }
        }
    });
}

pub(super) fn log_retention_exists(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, _, task| {
        let Some((days, written)) = task.log_retention_days.as_ref().and_then(|days| Some((days, days.written()?)))
        else {
            return;
        };
        if RETENTION.contains(&written) {
            return;
        }
        let near = RETENTION.iter().copied().find(|known| *known > written).unwrap_or(3653);
        let title = format!("CloudWatch Logs cannot keep logs for {written} days");
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
            } else if value.raw().chars().count() > 256 && !value.raw().contains("#{") {
                "a value can have at most 256 characters"
            } else if !key.chars().all(is_of_tag) || !value.raw().contains("#{") && !value.raw().chars().all(is_of_tag)
            {
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

/// Texts are ARNs of what their keys are for, as far as no variable decides them.
pub(super) fn arns_have_the_right_kind(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    let mut check = |text: &Text, of: &ArnOf| {
        if let Err(why) = arn::fits(text.raw(), of.service, of.resource) {
            let title = format!("`{text}` is not the ARN of {}: {why}", of.words);
            let finding = Finding::new(codes::ARN, &process.file, text.span(), title);
            findings.push(finding.label(format!("not the ARN of {}", of.words)));
        }
    };
    for step in &process.doc.step {
        for_each_key_of(step, &mut |text, kind| {
            let Kind::Arn(of) = kind else { return };
            let is_other = |(has, _): &(&str, _)| text.raw().contains(has);
            let of = of.or.filter(is_other).map_or(of, |(_, other)| other);
            if !of.or_name || text.raw().starts_with("arn:") {
                check(text, of);
            }
        });
        let boundary = step.task().and_then(|task| task.permissions_boundary.as_ref());
        // Those of AWS itself have `aws` for an account.
        if let Some(policy) = boundary.filter(|policy| !policy.raw().contains(":iam::aws:policy/")) {
            check(policy, &POLICY);
        }
    }
}
