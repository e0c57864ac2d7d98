//! Rules over load balancers: listeners, rules of listeners, target groups.

use std::collections::BTreeSet;

use super::{Fault, Judge, Rule};

const API: &str = "API reference of Elastic Load Balancing";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "listener-certificate",
        source: "API reference of Elastic Load Balancing, CreateListener",
        run: certificate,
    },
    Rule {
        name: "target-health-check",
        source: "API reference of Elastic Load Balancing, CreateTargetGroup",
        run: timeout,
    },
    Rule { name: "rule-priority", source: API, run: priority },
];

fn certificate(judge: &mut Judge<'_>) {
    judge.each("AWS::ElasticLoadBalancingV2::Listener", |_, listener, out| {
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
    judge.each("AWS::ElasticLoadBalancingV2::TargetGroup", |_, group, out| {
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
    let kind = "AWS::ElasticLoadBalancingV2::ListenerRule";
    let mut seen = BTreeSet::new();
    let mut twice = BTreeSet::new();
    for rule in judge.template.of_kind(kind) {
        let (listener, priority) = (rule.get("ListenerArn"), rule.get("Priority"));
        let (Some(listener), Some(text)) = (listener.same(), priority.text()) else { continue };
        if !seen.insert((listener, text)) {
            twice.insert(priority.pointer);
        }
    }
    judge.each(kind, |_, rule, out| {
        let priority = rule.get("Priority");
        if twice.contains(&priority.pointer) {
            let text = priority.text().unwrap_or_default();
            let aws = format!("Priority '{text}' is currently in use");
            out(Fault::at(priority.pointer, format!("two rules of the listener have the priority {text}"), aws));
        }
    });
}
