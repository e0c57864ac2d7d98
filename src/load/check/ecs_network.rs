//! Ids of subnets and security groups, addresses, and lists without duplicates: what EC2 and ELB would reject.
//!
//! Only literal texts are checked; a text with a placeholder is known later.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::codes;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{LoadBalancerEntry, NetworkModeEntry, TaskEntry};
use super::super::what::WhatDrafts;
use super::ecs::{each_service, each_task};
use crate::model::process::Port;

type Out<'a> = dyn FnMut(&At<String>, String) + 'a;

/// Ids are of the kind that is asked for, and lists name each once.
pub(super) fn ids_fit(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    let mut out = |text: &At<String>, title: String| {
        findings.push(Finding::new(codes::INVALID_VALUE, &process.file, text.span(), title).label("AWS rejects this"));
    };
    for (_, on) in process.doc.running() {
        ids("subnet-", on.subnets.iter().flatten(), &mut out);
        ids("sg-", on.security_groups.iter().flatten(), &mut out);
    }
    for (_, _, service) in process.doc.services() {
        for own in service.load_balancer.iter().filter_map(|balancer| balancer.own_target_group.as_ref()) {
            ids("vpc-", [&own.vpc_id], &mut out);
            if let Some(balancer) = &own.own_load_balancer {
                ids("subnet-", balancer.subnets.iter().flatten(), &mut out);
                ids("sg-", balancer.security_groups.iter().flatten(), &mut out);
            }
            for rule in &own.listener_rule {
                let plain = [&rule.host_header, &rule.path_pattern, &rule.http_request_method, &rule.source_ip];
                plain.into_iter().chain(rule.http_header.values()).for_each(|values| once(values, &mut out));
            }
        }
        for own in service.service_registries.iter().filter_map(|registry| registry.own_service.as_ref()) {
            let id = &own.namespace_id;
            ids("ns-", [&At::new(id.span(), id.raw().to_owned())], &mut out);
        }
    }
}

/// Lines of `/etc/hosts` have addresses.
pub(super) fn addresses_fit(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, _, task| {
        for line in task.container.iter().flat_map(|container| &container.extra_hosts) {
            let written = &line.ip_address;
            if !written.raw().contains("#{") && written.raw().parse::<IpAddr>().is_err() {
                let title = format!("`{}` is not an address, like `10.0.0.1`", written);
                let finding = Finding::new(codes::INVALID_VALUE, &process.file, written.span(), title);
                findings.push(finding.label("an address of IPv4 or IPv6"));
            }
        }
    });
}

/// Behind a bridge a target is reached at any port of the instance, so a check of a fixed one does not find it.
pub(super) fn checks_find_ports(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_service(drafts, |process, _, task, service| {
        if *task.runs_on.network_mode != NetworkModeEntry::Bridge {
            return;
        }
        for balancer in service.load_balancer.iter().filter(|balancer| !has_fixed_port(task, balancer)) {
            let Some(port) = balancer.own_target_group.as_ref().and_then(|own| own.health_check.port.as_ref()) else {
                continue;
            };
            let title = "the health check uses a fixed port, but each task gets a random port of the instance";
            let finding = Finding::new(codes::BALANCING, &process.file, port.span(), title).label("does not fit");
            findings.push(
                finding
                    .help("remove `port` to check the port that gets the traffic, or set the container's `host_port`"),
            );
        }
    });
}

/// Whether the port that registers has a port of the instance to itself.
fn has_fixed_port(task: &TaskEntry, balancer: &LoadBalancerEntry) -> bool {
    let container = task.container.iter().find(|container| *container.name == **balancer.container);
    let mut ports = container.into_iter().flat_map(|container| &container.ports);
    let fixed = |port: &Port| port.host_port.as_ref().is_some_and(|port| port.number() != Some(0));
    ports.any(|port| port.port.number() == Some(u32::from(*balancer.port)) && fixed(port))
}

fn ids<'a>(begin: &str, written: impl IntoIterator<Item = &'a At<String>>, out: &mut Out<'_>) {
    let mut seen = BTreeSet::new();
    for id in written.into_iter().filter(|id| !id.contains("#{")) {
        let fits =
            |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if !id.strip_prefix(begin).is_some_and(fits) {
            out(id, format!("`{}` is not an id such as `{begin}0123456789abcdef0`", **id));
        } else if !seen.insert(id.as_str()) {
            out(id, format!("`{}` is listed twice", **id));
        }
    }
}

fn once(written: &[At<String>], out: &mut Out<'_>) {
    let mut seen = BTreeSet::new();
    for text in written.iter().filter(|text| !seen.insert(text.as_str())) {
        out(text, format!("`{}` is listed twice", **text));
    }
}
