//! How requests reach the tasks.

use std::sync::Arc;

use super::Maker;
use crate::load::schema::At;
use crate::load::schema::process::{
    AdvancedConfigurationEntry, BalancerTypeEntry, HealthProtocolEntry, ListenerEntry, ListenerRuleEntry,
    LoadBalancerEntry, OwnLoadBalancerEntry, OwnTargetGroupEntry, ProtocolVersionEntry, SchemeEntry,
    TargetHealthCheckEntry, TargetProtocolEntry,
};
use crate::model::process::{
    AdvancedConfiguration, Listener, ListenerRule, LoadBalancer, OwnLoadBalancer, OwnTargetGroup, TargetGroup,
    TargetHealthCheck,
};

/// Reads a load balancer.
pub(crate) fn load_balancer(make: &mut Maker<'_>, entry: &At<LoadBalancerEntry>) -> Option<LoadBalancer> {
    let target_group = match (&entry.target_group, &entry.own_target_group) {
        (Some(arn), None) => TargetGroup::Given(make.text(arn)?),
        (None, Some(own)) => TargetGroup::Own(Box::new(target_group(make, own, own_id(entry, own))?)),
        _ => {
            make.invalid(entry.span(), "a container needs exactly one of `target_group` and `own_target_group`");
            return None;
        }
    };
    Some(LoadBalancer {
        target_group,
        container: Arc::from(entry.container.as_str()),
        port: *entry.port,
        advanced: entry.advanced_configuration.as_ref().and_then(|entry| advanced(make, entry)),
        at: make.file.at(entry.span().start),
    })
}

/// What goes into logical ids: the name that is written, or container and port in letters and digits.
pub(crate) fn own_id(entry: &LoadBalancerEntry, own: &OwnTargetGroupEntry) -> String {
    if let Some(name) = &own.name {
        return name.as_str().to_owned();
    }
    let mut id = String::new();
    for part in entry.container.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut letters = part.chars();
        id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        id.push_str(letters.as_str());
    }
    format!("{id}{}", *entry.port)
}

fn advanced(make: &mut Maker<'_>, entry: &AdvancedConfigurationEntry) -> Option<AdvancedConfiguration> {
    Some(AdvancedConfiguration {
        alternate_target_group: make.text(&entry.alternate_target_group)?,
        production_listener_rule: make.text(&entry.production_listener_rule)?,
        test_listener_rule: make.optional_text(&entry.test_listener_rule),
        role: make.optional_text(&entry.role_arn),
    })
}

/// As AWS writes it.
fn protocol(entry: TargetProtocolEntry) -> &'static str {
    match entry {
        TargetProtocolEntry::Http => "HTTP",
        TargetProtocolEntry::Https => "HTTPS",
        TargetProtocolEntry::Tcp => "TCP",
        TargetProtocolEntry::Tls => "TLS",
        TargetProtocolEntry::Udp => "UDP",
        TargetProtocolEntry::TcpUdp => "TCP_UDP",
    }
}

fn target_group(make: &mut Maker<'_>, entry: &OwnTargetGroupEntry, id: String) -> Option<OwnTargetGroup> {
    Some(OwnTargetGroup {
        id: Arc::from(id),
        vpc: make.text(&entry.vpc_id)?,
        protocol: protocol(*entry.protocol),
        protocol_version: entry.protocol_version.as_deref().map(|version| match version {
            ProtocolVersionEntry::Http1 => "HTTP1",
            ProtocolVersionEntry::Http2 => "HTTP2",
            ProtocolVersionEntry::Grpc => "GRPC",
        }),
        deregistration_delay: entry.deregistration_delay,
        slow_start: entry.slow_start.as_deref().copied(),
        stickiness: entry.stickiness.as_deref().copied(),
        health_check: health_check(make, &entry.health_check),
        rules: entry.listener_rule.iter().filter_map(|entry| rule(make, entry)).collect(),
        balancer: entry.own_load_balancer.as_ref().map(|entry| balancer(make, entry)),
    })
}

fn health_check(make: &mut Maker<'_>, entry: &TargetHealthCheckEntry) -> TargetHealthCheck {
    TargetHealthCheck {
        protocol: entry.protocol.map(|protocol| match protocol {
            HealthProtocolEntry::Http => "HTTP",
            HealthProtocolEntry::Https => "HTTPS",
            HealthProtocolEntry::Tcp => "TCP",
        }),
        path: make.optional_text(&entry.path),
        port: entry.port.as_deref().copied(),
        matcher: make.optional_text(&entry.matcher),
        interval: entry.interval.as_deref().copied(),
        timeout: entry.timeout.as_deref().copied(),
        healthy_threshold: entry.healthy_threshold,
        unhealthy_threshold: entry.unhealthy_threshold,
    }
}

fn rule(make: &mut Maker<'_>, entry: &ListenerRuleEntry) -> Option<ListenerRule> {
    let headers =
        entry.http_header.iter().map(|(name, values)| (Arc::from(name.as_str()), make.texts(values))).collect();
    Some(ListenerRule {
        listener: make.text(&entry.listener_arn)?,
        priority: make.settled(&entry.priority),
        test: entry.test,
        hosts: make.texts(&entry.host_header),
        paths: make.texts(&entry.path_pattern),
        methods: make.texts(&entry.http_request_method),
        sources: make.texts(&entry.source_ip),
        headers,
    })
}

fn balancer(make: &mut Maker<'_>, entry: &OwnLoadBalancerEntry) -> OwnLoadBalancer {
    OwnLoadBalancer {
        network: entry.kind == BalancerTypeEntry::Network,
        internet_facing: entry.scheme == SchemeEntry::InternetFacing,
        subnets: entry.subnets.as_ref().map(|list| make.texts(list)),
        security_groups: entry.security_groups.as_ref().map(|list| make.texts(list)),
        ingress: make.texts(&entry.ingress),
        task_ingress: entry.task_ingress.as_deref().copied().unwrap_or(true),
        idle_timeout: entry.idle_timeout.as_deref().copied(),
        deletion_protection: make.settled(&entry.deletion_protection),
        listeners: entry.listener.iter().map(|entry| listener(make, entry)).collect(),
    }
}

fn listener(make: &mut Maker<'_>, entry: &ListenerEntry) -> Listener {
    Listener {
        port: *entry.port,
        protocol: protocol(*entry.protocol),
        certificate: make.optional_text(&entry.certificate_arn),
        additional_certificates: make.texts(&entry.additional_certificate_arns),
        ssl_policy: make.optional_text(&entry.ssl_policy),
        redirect_to: entry.redirect_to.as_deref().copied(),
        test: *entry.test,
    }
}
