//! Rules over load balancers: listeners, rules of listeners, target groups, and the security groups before them.

use std::collections::BTreeSet;

use super::seen::Seen;
use super::{Fault, Judge, Rule};
use crate::terms::network;

const API: &str = "API reference of Elastic Load Balancing";
pub(super) const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
pub(super) use crate::cfn::LISTENER_RULE;
pub(super) const BALANCER: &str = "AWS::ElasticLoadBalancingV2::LoadBalancer";
pub(super) const TARGET_GROUP: &str = "AWS::ElasticLoadBalancingV2::TargetGroup";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "listener-certificate",
        source: "API reference of Elastic Load Balancing, CreateListener",
        edition: 1,
        run: certificate,
    },
    Rule {
        name: "target-health-check",
        source: "API reference of Elastic Load Balancing, CreateTargetGroup",
        edition: 1,
        run: timeout,
    },
    Rule { name: "rule-priority", source: API, edition: 1, run: priority },
    Rule {
        name: "listener-protocol",
        source: "API reference of Elastic Load Balancing, CreateListener",
        edition: 2,
        run: protocol,
    },
    Rule {
        name: "certificate-arn",
        source: "API reference of Elastic Load Balancing, Certificate",
        edition: 2,
        run: certificate_arn,
    },
    Rule {
        name: "listener-action",
        source: "API reference of Elastic Load Balancing, Action",
        edition: 2,
        run: action,
    },
    Rule {
        name: "balancer-subnets",
        source: "API reference of Elastic Load Balancing, CreateLoadBalancer",
        edition: 2,
        run: subnets,
    },
    Rule {
        name: "target-group",
        source: "API reference of Elastic Load Balancing, CreateTargetGroup",
        edition: 2,
        run: target_group,
    },
    Rule { name: "ingress", source: "API reference of Amazon EC2, IpPermission", edition: 2, run: ingress },
];

fn certificate(judge: &mut Judge<'_>) {
    judge.each(LISTENER, |_, listener, out| {
        let (protocol, certificates) = (listener.get("Protocol"), listener.get("Certificates"));
        let none = certificates.items().is_some_and(|all| all.is_empty());
        match protocol.text().as_deref() {
            Some(secure @ ("HTTPS" | "TLS")) if none => {
                let aws = format!("A certificate must be specified for {secure} listeners");
                out(Fault::at(certificates.pointer, format!("a listener for {secure} needs a certificate"), aws));
            }
            Some(plain @ ("HTTP" | "TCP" | "UDP" | "TCP_UDP")) if !certificates.each().is_empty() => {
                let aws = format!("A certificate cannot be specified for {plain} listeners");
                out(Fault::at(certificates.pointer, format!("a listener for {plain} has no certificate"), aws));
            }
            _ => {}
        }
    });
}

fn timeout(judge: &mut Judge<'_>) {
    judge.each(TARGET_GROUP, |_, group, out| {
        let (timeout, interval) = (group.get("HealthCheckTimeoutSeconds"), group.get("HealthCheckIntervalSeconds"));
        let http = ["HTTP", "HTTPS"].into_iter().any(|protocol| group.get("Protocol").is(protocol));
        if let (Some(timeout_s), Some(interval_s), true) = (timeout.number(), interval.number(), http)
            && timeout_s >= interval_s
        {
            let aws = "Health check interval must be greater than the timeout.";
            let title = format!("a health check every {interval_s} s cannot wait {timeout_s} s for its answer");
            out(Fault::at(timeout.pointer, title, aws));
        }
    });
}

fn priority(judge: &mut Judge<'_>) {
    let mut seen = BTreeSet::new();
    let mut twice = BTreeSet::new();
    for rule in judge.template.of_kind(LISTENER_RULE) {
        let (listener, priority) = (rule.get("ListenerArn"), rule.get("Priority"));
        let (Some(listener), Some(text)) = (listener.same(), priority.text()) else { continue };
        if !seen.insert((listener, text)) {
            twice.insert(priority.pointer);
        }
    }
    judge.each(LISTENER_RULE, |_, rule, out| {
        let priority = rule.get("Priority");
        if twice.contains(&priority.pointer) {
            let text = priority.text().unwrap_or_default();
            let aws = format!("Priority '{text}' is currently in use");
            out(Fault::at(priority.pointer, format!("two rules of the listener have the priority {text}"), aws));
        }
    });
}

fn protocol(judge: &mut Judge<'_>) {
    judge.each(LISTENER, |template, listener, out| {
        let Some(balancer) = template.referred(&listener.get("LoadBalancerArn"), BALANCER) else { return };
        let (kind, protocol) = (balancer.get("Type"), listener.get("Protocol"));
        let application = kind.is_missing() || kind.is("application");
        let of_http = |text: &str| matches!(text, "HTTP" | "HTTPS");
        let Some(text) = protocol.text() else { return };
        if application && !of_http(&text) {
            let aws = format!("Listener protocol '{text}' must be one of 'HTTPS, HTTP'");
            let title = format!("an application load balancer listens for HTTP or HTTPS, not {text}");
            out(Fault::at(protocol.pointer, title, aws));
        } else if kind.is("network") && of_http(&text) {
            let aws = format!("Listener protocol '{text}' is not supported by network load balancers");
            out(Fault::at(protocol.pointer, format!("a network load balancer does not listen for {text}"), aws));
        }
    });
}

fn certificate_arn(judge: &mut Judge<'_>) {
    judge.each(LISTENER, |_, listener, out| {
        for arn in listener.get("Certificates").each().iter().map(|one| one.get("CertificateArn")) {
            let is_one = |arn: &str| arn.starts_with("arn:") && (arn.contains(":acm:") || arn.contains(":iam:"));
            if let Some(text) = arn.text().filter(|text| !is_one(text)) {
                let aws = format!("Certificate ARN '{text}' is not valid");
                out(Fault::at(arn.pointer, format!("`{text}` is not the ARN of a certificate"), aws));
            }
        }
    });
}

/// An action has what its type needs.
fn of_action(action: &Seen<'_>, out: &mut dyn FnMut(Fault)) {
    let kind = action.get("Type");
    let either: &[&'static str] = match kind.text().as_deref() {
        Some("forward") => &["TargetGroupArn", "ForwardConfig"],
        Some("redirect") => &["RedirectConfig"],
        Some("fixed-response") => &["FixedResponseConfig"],
        _ => return,
    };
    if let [first, ..] = either
        && either.iter().all(|key| action.get(key).is_missing())
    {
        let name = kind.text().unwrap_or_default();
        let aws = format!("Action of type '{name}' requires {first}");
        out(Fault::at(action.get(first).pointer, format!("an action `{name}` needs `{first}`"), aws));
    }
}

fn action(judge: &mut Judge<'_>) {
    judge.each(LISTENER, |_, listener, out| {
        listener.get("DefaultActions").each().iter().for_each(|action| of_action(action, out));
    });
    judge.each(LISTENER_RULE, |_, rule, out| {
        rule.get("Actions").each().iter().for_each(|action| of_action(action, out));
    });
}

fn subnets(judge: &mut Judge<'_>) {
    judge.each(BALANCER, |_, balancer, out| {
        let kind = balancer.get("Type");
        let application = kind.is_missing() || kind.is("application");
        let (subnets, mappings) = (balancer.get("Subnets"), balancer.get("SubnetMappings"));
        for all in [&subnets, &mappings] {
            if application && all.is_there() && all.items().is_some_and(|all| all.len() < 2) {
                let aws = "At least two subnets in two different Availability Zones must be specified";
                out(Fault::at(all.pointer.clone(), "an application load balancer needs two subnets", aws).doubtful());
            }
        }
        if subnets.is_there() && mappings.is_there() {
            let aws = "You must specify either subnets or subnet mappings, not both";
            out(Fault::at(mappings.pointer, "a load balancer has `Subnets` or `SubnetMappings`", aws));
        }
    });
}

fn target_group(judge: &mut Judge<'_>) {
    judge.each(TARGET_GROUP, |_, group, out| {
        let (path, kind) = (group.get("HealthCheckPath"), group.get("TargetType"));
        if let Some(text) = path.text().filter(|text| !text.starts_with('/')) {
            let aws = format!("Health check path '{text}' must begin with a '/' character");
            out(Fault::at(path.pointer, format!("the path `{text}` must begin with `/`"), aws));
        }
        if kind.is_other_than("lambda") || kind.is_missing() {
            for key in ["Protocol", "Port", "VpcId"].into_iter().filter(|key| group.get(key).is_missing()) {
                let aws = format!("A {key} must be specified");
                out(Fault::at(group.get(key).pointer, format!("a target group needs `{key}`"), aws));
            }
        }
    });
}

fn ingress(judge: &mut Judge<'_>) {
    let of_rule = |rule: &Seen<'_>, out: &mut dyn FnMut(Fault)| {
        for cidr in ["CidrIp", "CidrIpv6"].map(|key| rule.get(key)) {
            if let Some(text) = cidr.text().filter(|text| !network::is_network(text)) {
                let aws = format!("CIDR block {text} is malformed");
                out(Fault::at(cidr.pointer, format!("`{text}` is not a network such as `10.0.0.0/8`"), aws));
            }
        }
        let (from, to) = (rule.get("FromPort"), rule.get("ToPort"));
        let ports = ["tcp", "udp", "6", "17"].iter().any(|protocol| rule.get("IpProtocol").is(protocol));
        if let (Some(low), Some(high), true) = (from.number(), to.number(), ports)
            && low > high
        {
            let aws = format!("Invalid TCP/UDP port range ({low}:{high})");
            out(Fault::at(from.pointer, format!("the ports begin with {low} and end with {high}"), aws));
        }
    };
    judge.each("AWS::EC2::SecurityGroup", |_, group, out| {
        let both = ["SecurityGroupIngress", "SecurityGroupEgress"].map(|key| group.get(key).each());
        both.iter().flatten().for_each(|rule| of_rule(rule, out));
    });
    for kind in ["AWS::EC2::SecurityGroupIngress", "AWS::EC2::SecurityGroupEgress"] {
        judge.each(kind, |_, rule, out| of_rule(&rule, out));
    }
}
