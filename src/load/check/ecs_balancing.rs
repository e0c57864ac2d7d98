//! Own target groups, listener rules and load balancers: what Elastic Load Balancing would reject.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::super::codes;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{
    BalancerTypeEntry, HealthProtocolEntry, ListenerEntry, ListenerRuleEntry, LoadBalancerEntry, OwnLoadBalancerEntry,
    OwnTargetGroupEntry, ProtocolVersionEntry, ServiceEntry, TargetProtocolEntry, TaskEntry,
};
use super::super::what::WhatDrafts;
use crate::load::build::balancing::own_id;
use crate::model::process::{MAX_PRIORITY, Protocol, Text};
use crate::terms::network;

/// The most values of all conditions of a rule (quotas of application load balancers).
const MAX_VALUES: usize = 5;
/// The most target groups of a service (ECS developer guide, "Registering multiple target groups with a service").
const MAX_GROUPS: usize = 5;
/// Seconds until a check over HTTP has failed that says nothing else (API reference, `CreateTargetGroup`).
const TIMEOUT: u32 = 5;

type Out<'a> = dyn FnMut(Range<usize>, &str) + 'a;

pub(super) fn balancing_is_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (_, task, service) in process.doc.services() {
        let mut out = |span: Range<usize>, title: &str| {
            findings.push(Finding::new(codes::BALANCING, &process.file, span, title).label("does not fit"));
        };
        if let Some(extra) = service.load_balancer.get(MAX_GROUPS) {
            out(extra.span(), "a service can register with at most 5 target groups");
        }
        registered_twice(service, &mut out);
        let ids = own_ids(service);
        let mut seen = BTreeSet::new();
        for balancer in &service.load_balancer {
            let Some(own) = &balancer.own_target_group else { continue };
            let id = own_id(balancer, own);
            let span = own.name.as_ref().map_or_else(|| own.span(), At::span);
            if id.is_empty() || id.len() > 60 || !id.chars().all(|c| c.is_ascii_alphanumeric()) {
                out(span, "the name of a target group may contain only letters and digits, at most 60");
            } else if !seen.insert(id.clone()) {
                out(span, "two own target groups have the same name: set `name`");
            } else if let Some(other) = taken(&id, &ids) {
                out(
                    span,
                    &format!(
                        "`{id}` and `{other}` would give two resources the same logical id: set a different `name`"
                    ),
                );
            }
            target_group(own, &mut out);
            reaches(task, balancer, own, &mut out);
            health_check(own, &mut out);
            own.listener_rule.iter().for_each(|entry| rule(entry, &mut out));
            own.own_load_balancer.iter().for_each(|entry| load_balancer(own, entry, &mut out));
        }
    }
}

/// One port of a container, and one target group that is given, at most once.
fn registered_twice(service: &ServiceEntry, out: &mut Out<'_>) {
    let mut seen = BTreeSet::new();
    for balancer in &service.load_balancer {
        let Some(group) = &balancer.target_group else { continue };
        if !seen.insert((group.as_str(), balancer.container.as_str(), *balancer.port)) {
            out(group.span(), "this port already registers with this target group");
        }
    }
}

/// What the target group speaks can be spoken at the container's port.
fn reaches(task: &TaskEntry, balancer: &LoadBalancerEntry, own: &OwnTargetGroupEntry, out: &mut Out<'_>) {
    let Some(container) = task.container.iter().find(|container| *container.name == **balancer.container) else {
        return;
    };
    let ports = container.all_ports().filter(|port| port.port.number() == Some(u32::from(*balancer.port)));
    let spoken: Vec<Option<Protocol>> = ports.map(|port| port.protocol.written()).collect();
    let (needed, name) = match *own.protocol {
        TargetProtocolEntry::Udp => (Protocol::Udp, "udp"),
        TargetProtocolEntry::TcpUdp => return,
        _ => (Protocol::Tcp, "tcp"),
    };
    let may_be = |spoken: &Option<Protocol>| spoken.is_none_or(|spoken| spoken == needed);
    if !spoken.is_empty() && !spoken.iter().any(may_be) {
        out(balancer.port.span(), &format!("the target group needs a port with `protocol = \"{name}\"`"));
    }
}

fn own_ids(service: &ServiceEntry) -> BTreeSet<String> {
    let own = service.load_balancer.iter().filter_map(|balancer| Some((balancer, balancer.own_target_group.as_ref()?)));
    own.map(|(balancer, own)| own_id(balancer, own)).collect()
}

/// The other own target group whose resources would be called like those of this one: the id of a security group or a rule
/// begins with that of a load balancer or a listener.
fn taken<'a>(id: &'a str, ids: &BTreeSet<String>) -> Option<&'a str> {
    let rest = ["SecurityGroup", "Rule"].into_iter().filter_map(|begin| id.strip_prefix(begin));
    rest.into_iter().find(|rest| ids.contains(*rest))
}

fn speaks_http(protocol: TargetProtocolEntry) -> bool {
    matches!(protocol, TargetProtocolEntry::Http | TargetProtocolEntry::Https)
}

fn target_group(own: &At<OwnTargetGroupEntry>, out: &mut Out<'_>) {
    match (own.listener_rule.is_empty(), &own.own_load_balancer) {
        (true, None) => {
            out(own.span(), "no listener sends to this target group: it needs `listener_rule` or `own_load_balancer`")
        }
        (false, Some(balancer)) => {
            out(
                balancer.span(),
                "a target group belongs to one load balancer: use either `listener_rule` or `own_load_balancer`",
            );
        }
        _ => {}
    }
    let http = speaks_http(*own.protocol);
    let only = "is only for `http` and `https`";
    if let (Some(version), false) = (&own.protocol_version, http) {
        out(version.span(), &format!("`protocol_version` {only}"));
    }
    if let (Some(seconds), false) = (&own.slow_start, http) {
        out(seconds.span(), &format!("`slow_start` {only}"));
    }
    if let (Some(seconds), false) = (&own.stickiness, http) {
        out(seconds.span(), &format!("`stickiness` {only}"));
    }
    if let (Some(rule), false) = (own.listener_rule.first(), http) {
        out(rule.span(), &format!("`listener_rule` {only}"));
    }
    if let (Some(matcher), true) = (&own.health_check.matcher, http) {
        codes_fit(matcher, own.protocol_version.as_deref() == Some(&ProtocolVersionEntry::Grpc), out);
    }
    let written = |rule: &At<ListenerRuleEntry>| rule.priority.written();
    for rule in own.listener_rule.iter().filter(|rule| written(rule) == Some(0) || written(rule) > Some(MAX_PRIORITY)) {
        out(rule.priority.span(), "a priority must be 1 to 50000");
    }
    let mut seen = HashSet::new();
    if let Some(again) =
        own.listener_rule.iter().find(|rule| !seen.insert((written(rule), rule.priority.text().map(Text::raw))))
    {
        out(again.priority.span(), "two rules have the same priority: landfall tells rules apart by it");
    }
}

/// Codes of a healthy answer: numbers and ranges, of HTTP or of gRPC (API reference, `Matcher`).
fn codes_fit(matcher: &At<String>, grpc: bool, out: &mut Out<'_>) {
    let (least, most) = if grpc { (0, 99) } else { (200, 499) };
    let number = |text: &str| text.trim().parse::<u32>().ok().filter(|code| (least..=most).contains(code));
    let fits = |part: &str| match part.split_once('-') {
        Some((from, to)) => number(from).zip(number(to)).is_some_and(|(from, to)| from <= to),
        None => number(part).is_some(),
    };
    if !matcher.contains("#{") && !matcher.split(',').all(fits) {
        out(
            matcher.span(),
            match grpc {
                true => {
                    "with `protocol_version = \"grpc\"`, `matcher` must list gRPC codes: 0 to 99, like `0` or `0,12`"
                }
                false => {
                    "`matcher` must list HTTP codes: 200 to 499, like `200` or `200-299`; gRPC codes need `protocol_version`"
                }
            },
        );
    }
}

fn health_check(own: &OwnTargetGroupEntry, out: &mut Out<'_>) {
    let check = &own.health_check;
    let http = match check.protocol {
        Some(protocol) => protocol != HealthProtocolEntry::Tcp,
        None => speaks_http(*own.protocol),
    };
    for (key, value) in [("path", &check.path), ("matcher", &check.matcher)] {
        if let (Some(value), false) = (value, http) {
            out(value.span(), &format!("`{key}` is only for checks over HTTP: set `protocol`"));
        }
    }
    if let Some(path) = check.path.as_ref().filter(|path| !path.starts_with('/') && !path.starts_with("#{")) {
        out(path.span(), "`path` must begin with `/`");
    }
    if let (Some(timeout), true) = (&check.timeout, check.timeout.as_deref() >= check.interval.as_deref().or(Some(&30)))
    {
        out(timeout.span(), "`timeout` must be below `interval`");
    }
    if let (Some(interval), None, true) = (&check.interval, &check.timeout, speaks_http(*own.protocol))
        && **interval <= TIMEOUT
    {
        out(interval.span(), "`interval` must be above `timeout`, which is 5 seconds by default: set `timeout` too");
    }
    if let (true, Some(HealthProtocolEntry::Tcp)) = (speaks_http(*own.protocol), check.protocol) {
        out(own.vpc_id.span(), "an application load balancer can only check over HTTP or HTTPS");
    }
}

fn rule(entry: &At<ListenerRuleEntry>, out: &mut Out<'_>) {
    let plain = [&entry.host_header, &entry.path_pattern, &entry.http_request_method, &entry.source_ip];
    let values =
        plain.iter().map(|list| list.len()).sum::<usize>() + entry.http_header.values().map(Vec::len).sum::<usize>();
    if values == 0 || entry.http_header.values().any(Vec::is_empty) {
        out(entry.span(), "a rule needs a condition, and a header condition needs values");
    } else if values > MAX_VALUES {
        out(entry.span(), "a rule can have at most 5 values in all its conditions together");
    }
    let is_method = |text: &str| {
        (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || b"-_".contains(&byte))
    };
    for method in entry.http_request_method.iter().filter(|text| !text.contains("#{") && !is_method(text)) {
        out(method.span(), "a method may contain only upper-case letters, `-` and `_`, at most 40: `GET`");
    }
    networks(&entry.source_ip, out);
}

fn networks(written: &[At<String>], out: &mut Out<'_>) {
    for text in written.iter().filter(|text| !text.contains("#{") && !network::is_network(text)) {
        let title = format!("`{}` is not a network, like `10.0.0.0/8` or `2001:db8::/32`", **text);
        out(text.span(), &title);
    }
}

fn load_balancer(own: &OwnTargetGroupEntry, entry: &At<OwnLoadBalancerEntry>, out: &mut Out<'_>) {
    let network = entry.kind == BalancerTypeEntry::Network;
    if network == speaks_http(*own.protocol) {
        let title = if network {
            "a network load balancer can only send over `tcp`, `tls`, `udp` or `tcp-udp`"
        } else {
            "an application load balancer can only send over `http` or `https`"
        };
        out(own.vpc_id.span(), title);
    }
    match (&entry.security_groups, entry.ingress.first()) {
        (Some(_), Some(first)) => out(
            first.span(),
            "`ingress` is for the security group that landfall makes: remove it, or remove `security_groups`",
        ),
        (None, None) if !network => {
            out(
                entry.span(),
                "an application load balancer needs `security_groups`, or `ingress` for a security group that landfall makes",
            );
        }
        _ => {}
    }
    networks(&entry.ingress, out);
    if let (Some(said), true) = (&entry.task_ingress, entry.security_groups.is_some() || entry.ingress.is_empty()) {
        out(said.span(), "`task_ingress` is for the security group that landfall makes for `ingress`");
    }
    if let (Some(timeout), true) = (&entry.idle_timeout, network) {
        out(timeout.span(), "`idle_timeout` is only for `type = \"application\"`");
    }
    if entry.listener.iter().all(|listener| listener.redirect_to.is_some()) {
        out(entry.span(), "no listener sends requests to the tasks");
    }
    let mut seen = BTreeSet::new();
    for one in &entry.listener {
        if !seen.insert(*one.port) {
            out(one.port.span(), "two listeners have the same port");
        }
        listener(own, one, network, out);
    }
}

/// The protocols of target groups that a listener of a network load balancer sends to (guide of network load balancers,
/// "Listener configuration").
fn sends_to(listener: TargetProtocolEntry, group: TargetProtocolEntry) -> bool {
    use TargetProtocolEntry::{Tcp, TcpUdp, Tls, Udp};
    match listener {
        Tcp => matches!(group, Tcp | TcpUdp),
        Tls => matches!(group, Tcp | Tls),
        Udp => matches!(group, Udp | TcpUdp),
        TcpUdp => group == TcpUdp,
        TargetProtocolEntry::Http | TargetProtocolEntry::Https => true,
    }
}

fn listener(own: &OwnTargetGroupEntry, entry: &At<ListenerEntry>, network: bool, out: &mut Out<'_>) {
    let group = *own.protocol;
    if network && !speaks_http(*entry.protocol) && !speaks_http(group) && !sends_to(*entry.protocol, group) {
        let title = "this listener cannot send to the target group: `tcp` sends to `tcp` and `tcp-udp`, `tls` to `tcp` and \
                     `tls`, `udp` to `udp` and `tcp-udp`, `tcp-udp` to `tcp-udp`";
        out(entry.protocol.span(), title);
    }
    let plain = *entry.protocol == TargetProtocolEntry::Http && entry.redirect_to.is_none();
    if plain && own.protocol_version.as_deref() == Some(&ProtocolVersionEntry::Grpc) {
        out(entry.protocol.span(), "a gRPC target group needs listeners with `https`");
    }
    if network == speaks_http(*entry.protocol) {
        let title = if network {
            "a network load balancer cannot use `http` or `https`"
        } else {
            "an application load balancer can only use `http` or `https`"
        };
        out(entry.protocol.span(), title);
    }
    let secure = matches!(*entry.protocol, TargetProtocolEntry::Https | TargetProtocolEntry::Tls);
    match (&entry.certificate_arn, secure) {
        (None, true) => out(entry.span(), "`https` and `tls` need `certificate_arn`"),
        (Some(arn), false) => out(arn.span(), "`certificate_arn` is only for `https` and `tls`"),
        _ => {}
    }
    let more = &entry.additional_certificate_arns;
    if let (Some(first), false) = (more.first(), secure) {
        out(first.span(), "`additional_certificate_arns` is only for `https` and `tls`");
    }
    let mut seen: BTreeSet<&str> = entry.certificate_arn.iter().map(|arn| arn.as_str()).collect();
    if let Some(again) = more.iter().find(|arn| !seen.insert(arn.as_str())) {
        out(again.span(), "the listener already has this certificate");
    }
    if let (Some(_), true) = (&entry.redirect_to, *entry.test) {
        out(
            entry.test.span(),
            "a listener with `redirect_to` sends nothing to the tasks, so it cannot have test traffic",
        );
    }
    if let (Some(policy), false) = (&entry.ssl_policy, secure) {
        out(policy.span(), "`ssl_policy` is only for `https` and `tls`");
    }
    if let (Some(port), false) = (&entry.redirect_to, *entry.protocol == TargetProtocolEntry::Http) {
        out(port.span(), "`redirect_to` is only for `http`");
    }
}
