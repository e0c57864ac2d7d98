//! Ids of subnets and security groups, addresses, and lists without duplicates: what EC2 and ELB would reject.
//!
//! Only literal texts are checked; a text with a placeholder is known later.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::super::codes;
use super::super::finding::Finding;
use super::super::what::WhatDrafts;
use super::ecs::{each_service, each_task, for_each_key_of};
use crate::model::process::{Kind, Known, LoadBalancer, NetworkMode, Port, Task, Text};
use crate::terms::network;

type Out<'a> = dyn FnMut(&Text, String) + 'a;

/// Ids are of the kind that is asked for, and lists name each once.
pub(super) fn ids_fit(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    let mut out = |text: &Text, title: String| {
        findings.push(Finding::new(codes::INVALID_VALUE, &process.file, text.span(), title).label("AWS rejects this"));
    };
    for step in &process.doc.step {
        for_each_key_of(step, &mut |text, kind| {
            if let Kind::Id(of) = kind {
                id(of.begins(), text, &mut out);
            }
        });
    }
    for (_, on) in process.doc.running() {
        ids_once(&on.subnets, &mut out);
        ids_once(&on.security_groups, &mut out);
    }
    for (_, _, service) in process.doc.services() {
        for own in service.load_balancer.iter().filter_map(|balancer| balancer.own_target_group.as_ref()) {
            if let Some(balancer) = &own.own_load_balancer {
                ids_once(&balancer.subnets, &mut out);
                ids_once(&balancer.security_groups, &mut out);
                balancer.ingress.iter().for_each(|text| is_network(text, &mut out));
            }
            for rule in &own.listener_rule {
                let plain = [&rule.host_header, &rule.path_pattern, &rule.http_request_method, &rule.source_ip];
                plain.into_iter().chain(rule.http_header.values()).for_each(|values| once(values, &mut out));
            }
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
        if *task.runs_on.network_mode != NetworkMode::Bridge {
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
fn has_fixed_port(task: &Task, balancer: &LoadBalancer) -> bool {
    let container = task.container.iter().find(|container| container.name == balancer.container);
    let mut ports = container.into_iter().flat_map(|container| &container.ports);
    let fixed = |port: &Port| port.host_port.as_ref().is_some_and(|port| port.number() != Some(0));
    ports.any(|port| port.port.number() == Some(balancer.port.0) && fixed(port))
}

fn id(begin: &str, id: &Text, out: &mut Out<'_>) {
    let fits = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if !id.raw().contains("#{") && !id.raw().strip_prefix(begin).is_some_and(fits) {
        out(id, format!("`{id}` is not an id such as `{begin}0123456789abcdef0`"));
    }
}

fn ids_once<S>(ids: &Option<Vec<Known<S>>>, out: &mut Out<'_>) {
    once(ids.iter().flatten().map(|id| &**id).filter(|id| !id.raw().contains("#{")), out);
}

fn once<'a>(written: impl IntoIterator<Item = &'a Text>, out: &mut Out<'_>) {
    let mut seen = BTreeSet::new();
    for text in written.into_iter().filter(|text| !seen.insert(text.raw())) {
        out(text, format!("`{text}` is listed twice"));
    }
}

/// What the security group of a load balancer lets in: a text without `:` is a network of IPv4.
fn is_network(text: &Text, out: &mut Out<'_>) {
    if !text.raw().contains("#{") && !network::is_network(text.raw()) {
        out(text, format!("`{text}` is not a network, like `10.0.0.0/8` or `2001:db8::/32`"));
    }
}
