//! Own target groups, listener rules and load balancers: what makes no resource, or two of one name, or reaches no task.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;

use super::super::codes;
use super::super::finding::Finding;
use super::super::what::WhatDrafts;
use super::ecs::fits_resource_id;
use crate::model::process::{
    BalancerType, Listener, LoadBalancer, Located, OwnLoadBalancer, OwnTargetGroup, Protocol, TargetProtocol, Task,
    Text,
};

type Out<'a> = dyn FnMut(Range<usize>, &str) + 'a;

pub(super) fn balancing_is_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (_, task, service) in process.doc.services() {
        let mut out = |span: Range<usize>, title: &str| {
            findings.push(Finding::new(codes::BALANCING, &process.file, span, title).label("does not fit"));
        };
        names(&service.load_balancer, &mut out);
        for balancer in &service.load_balancer {
            if balancer.target_group.is_some() == balancer.own_target_group.is_some() {
                let title = "a container needs exactly one of `target_group` and `own_target_group`";
                out(balancer.span(), title);
            }
            let Some(own) = &balancer.own_target_group else { continue };
            target_group(own, &mut out);
            reaches(task, balancer, own, &mut out);
            own.own_load_balancer.iter().for_each(|made| load_balancer(made, &mut out));
        }
    }
}

/// Own target groups that resources can be named by.
fn names(balancers: &[Located<LoadBalancer>], out: &mut Out<'_>) {
    let own = || balancers.iter().filter_map(|balancer| Some((balancer, balancer.own_target_group.as_ref()?)));
    let ids: BTreeSet<String> = own().map(|(balancer, own)| balancer.own_id(own)).collect();
    let mut seen = BTreeSet::new();
    for (balancer, own) in own() {
        let id = balancer.own_id(own);
        let span = own.name.as_ref().map_or_else(|| own.span(), |name| name.span());
        if !fits_resource_id(&id, 60) {
            out(span, "the name of a target group may contain only letters and digits, at most 60");
        } else if !seen.insert(id.clone()) {
            out(span, "two own target groups have the same name: set `name`");
        } else if let Some(other) = taken(&id, &ids) {
            let title =
                format!("`{id}` and `{other}` would give two resources the same logical id: set a different `name`");
            out(span, &title);
        }
    }
}

/// The other own target group whose resources would be called like those of this one: the id of a security group or a rule
/// begins with that of a load balancer or a listener.
fn taken<'a>(id: &'a str, ids: &BTreeSet<String>) -> Option<&'a str> {
    let rest = ["SecurityGroup", "Rule"].into_iter().filter_map(|begin| id.strip_prefix(begin));
    rest.into_iter().find(|rest| ids.contains(*rest))
}

/// What the target group speaks can be spoken at the container's port.
fn reaches(task: &Task, balancer: &LoadBalancer, own: &OwnTargetGroup, out: &mut Out<'_>) {
    let Some(container) = task.container.iter().find(|container| container.name == balancer.container) else {
        return;
    };
    let ports = container.all_ports().filter(|port| port.port.number() == Some(balancer.port.0));
    let spoken: Vec<Option<Protocol>> = ports.map(|port| port.protocol.written()).collect();
    let (needed, name) = match *own.protocol {
        TargetProtocol::Udp => (Protocol::Udp, "udp"),
        TargetProtocol::TcpUdp => return,
        _ => (Protocol::Tcp, "tcp"),
    };
    let may_be = |spoken: &Option<Protocol>| spoken.is_none_or(|spoken| spoken == needed);
    if !spoken.is_empty() && !spoken.iter().any(may_be) {
        out(balancer.port.span(), &format!("the target group needs a port with `protocol = \"{name}\"`"));
    }
}

fn target_group(own: &Located<OwnTargetGroup>, out: &mut Out<'_>) {
    match (own.listener_rule.is_empty(), &own.own_load_balancer) {
        (true, None) => {
            out(own.span(), "no listener sends to this target group: it needs `listener_rule` or `own_load_balancer`");
        }
        (false, Some(balancer)) => {
            out(
                balancer.span(),
                "a target group belongs to one load balancer: use either `listener_rule` or `own_load_balancer`",
            );
        }
        _ => {}
    }
    if let (Some(rule), false) = (own.listener_rule.first(), own.protocol.is_http()) {
        out(rule.span(), "`listener_rule` is only for `http` and `https`");
    }
    let mut seen = HashSet::new();
    let mut again = own.listener_rule.iter().map(|rule| &rule.priority);
    if let Some(again) = again.find(|priority| !seen.insert((priority.number(), priority.text().map(Text::raw)))) {
        out(again.span(), "two rules have the same priority: landfall tells rules apart by it");
    }
}

fn load_balancer(made: &Located<OwnLoadBalancer>, out: &mut Out<'_>) {
    let network = *made.kind == BalancerType::Network;
    match (&made.security_groups, made.ingress.first()) {
        (Some(_), Some(first)) => out(
            first.span(),
            "`ingress` is for the security group that landfall makes: remove it, or remove `security_groups`",
        ),
        (None, None) if !network => {
            let title = "an application load balancer needs `security_groups`, or `ingress` for a security group that landfall \
                         makes";
            out(made.span(), title);
        }
        _ => {}
    }
    if let (Some(said), true) = (&made.task_ingress, made.security_groups.is_some() || made.ingress.is_empty()) {
        out(said.span(), "`task_ingress` is for the security group that landfall makes for `ingress`");
    }
    if let (Some(timeout), true) = (&made.idle_timeout, network) {
        out(timeout.span(), "`idle_timeout` is only for `type = \"application\"`");
    }
    if made.sending().next().is_none() {
        out(made.span(), "no listener sends requests to the tasks");
    }
    let mut seen = BTreeSet::new();
    for one in &made.listener {
        if !seen.insert(one.port.0) {
            out(one.port.span(), "two listeners have the same port");
        }
        listener(one, out);
    }
}

/// What makes another resource, or none.
fn listener(one: &Listener, out: &mut Out<'_>) {
    let secure = matches!(*one.protocol, TargetProtocol::Https | TargetProtocol::Tls);
    let more = &one.additional_certificate_arns;
    if let (Some(first), false) = (more.first(), secure) {
        out(first.span(), "`additional_certificate_arns` is only for `https` and `tls`");
    }
    let mut seen: BTreeSet<&str> = one.certificate_arn.iter().map(|arn| arn.raw()).collect();
    if let Some(again) = more.iter().find(|arn| !seen.insert(arn.raw())) {
        out(again.span(), "the listener already has this certificate");
    }
    let Some(port) = &one.redirect_to else { return };
    if *one.test {
        let title = "a listener with `redirect_to` sends nothing to the tasks, so it cannot have test traffic";
        out(one.test.span(), title);
    }
    if *one.protocol != TargetProtocol::Http {
        out(port.span(), "`redirect_to` is only for `http`");
    }
}
