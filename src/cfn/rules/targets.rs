//! Rules over target groups: what they speak, how they check, and what sends to them.

use std::collections::BTreeSet;

use super::balancing::{BALANCER, LISTENER, LISTENER_RULE, TARGET_GROUP};
use super::seen::{Seen, Template};
use super::service::KIND;
use super::{Fault, Judge, Rule};

const GROUP: &str = "API reference of Elastic Load Balancing, CreateTargetGroup";

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "service-groups",
        source: "Amazon ECS developer guide, Registering multiple target groups with a service",
        edition: 3,
        run: registrations,
    },
    Rule { name: "target-protocol", source: GROUP, edition: 3, run: protocol },
    Rule { name: "target-check", source: GROUP, edition: 3, run: check },
    Rule { name: "target-codes", source: "API reference of Elastic Load Balancing, Matcher", edition: 3, run: codes },
    Rule {
        name: "listener-target",
        source: "guide of network load balancers, Listener configuration",
        edition: 3,
        run: sent,
    },
    Rule {
        name: "listener-policy",
        source: "API reference of Elastic Load Balancing, CreateListener",
        edition: 3,
        run: policy,
    },
    Rule {
        name: "rule-conditions",
        source: "API reference of Elastic Load Balancing, RuleCondition; quotas of application load balancers",
        edition: 3,
        run: conditions,
    },
];

/// The most target groups of a service.
const MAX_GROUPS: usize = 5;
/// The most values of all conditions of a rule.
const MAX_VALUES: usize = 5;
/// Seconds between two checks, and until a check over HTTP has failed, if nothing else is said.
const INTERVAL: f64 = 30.0;
const TIMEOUT: f64 = 5.0;

fn registrations(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, service, out| {
        let all = service.get("LoadBalancers").each();
        if let Some(extra) = all.get(MAX_GROUPS) {
            let aws = "loadBalancers can have at most 5 items.";
            out(Fault::at(
                extra.get("ContainerName").pointer,
                "a service can register with at most 5 target groups",
                aws,
            ));
        }
        let mut seen = BTreeSet::new();
        for one in all {
            let (group, name, port) = (one.get("TargetGroupArn"), one.get("ContainerName"), one.get("ContainerPort"));
            let (Some(same), Some(name), Some(port)) = (group.same(), name.text(), port.text()) else { continue };
            if !seen.insert((same, name, port)) {
                let aws = "The target group is specified more than once for the same container port.";
                out(Fault::at(group.pointer, "this port already registers with this target group", aws));
            }
        }
    });
}

fn is_http(protocol: &Seen<'_>) -> Option<bool> {
    protocol.text().map(|text| matches!(text.as_str(), "HTTP" | "HTTPS"))
}

fn protocol(judge: &mut Judge<'_>) {
    judge.each(TARGET_GROUP, |_, group, out| {
        if is_http(&group.get("Protocol")) != Some(false) {
            return;
        }
        let version = group.get("ProtocolVersion");
        if version.is_there() {
            let aws = "Protocol version can only be specified for HTTP and HTTPS target groups.";
            out(Fault::at(version.pointer, "`ProtocolVersion` is only for `http` and `https`", aws));
        }
    });
}

fn check(judge: &mut Judge<'_>) {
    judge.each(TARGET_GROUP, |_, group, out| {
        let Some(http) = is_http(&group.get("Protocol")) else { return };
        let checked = group.get("HealthCheckProtocol");
        if http && checked.is("TCP") {
            let aws = "Health check protocol 'TCP' is not supported for HTTP and HTTPS target groups.";
            out(Fault::at(checked.pointer, "an application load balancer can only check over HTTP or HTTPS", aws));
            return;
        }
        let over_http = if checked.is_missing() { Some(http) } else { is_http(&checked) };
        if over_http == Some(false) {
            for (key, what) in [("HealthCheckPath", "path"), ("Matcher", "matcher")] {
                let there = group.get(key);
                if there.is_there() {
                    let aws = format!("{key} is only supported for HTTP and HTTPS health checks.");
                    let title = format!("`{what}` is only for checks over HTTP: set the protocol of the check");
                    out(Fault::at(there.pointer, title, aws));
                }
            }
        }
        times(&group, http, out);
    });
}

/// A check has failed before the next one begins.
fn times(group: &Seen<'_>, http: bool, out: &mut dyn FnMut(Fault)) {
    let (timeout, interval) = (group.get("HealthCheckTimeoutSeconds"), group.get("HealthCheckIntervalSeconds"));
    let aws = "Health check interval must be greater than the timeout.";
    let late = |timeout: f64, interval: f64| if http { timeout >= interval } else { timeout > interval };
    if let (Some(seconds), Some(next), false) = (timeout.number(), interval.number(), http)
        && late(seconds, next)
    {
        let title = format!("a health check every {next} s cannot wait {seconds} s for its answer");
        out(Fault::at(timeout.pointer.clone(), title, aws));
    }
    if let (Some(seconds), true) = (timeout.number(), interval.is_missing())
        && late(seconds, INTERVAL)
    {
        let title = format!("a health check every 30 s, as by default, cannot wait {seconds} s for its answer");
        out(Fault::at(timeout.pointer.clone(), title, aws));
    }
    if let (Some(seconds), true, true) = (interval.number(), timeout.is_missing(), http)
        && seconds <= TIMEOUT
    {
        let title = format!(
            "a health check every {seconds} s cannot wait 5 s for its answer, as by default: set its timeout too"
        );
        out(Fault::at(interval.pointer, title, aws));
    }
}

/// Codes of a healthy answer: numbers and ranges, of HTTP or of gRPC.
fn codes(judge: &mut Judge<'_>) {
    judge.each(TARGET_GROUP, |_, group, out| {
        let version = group.get("ProtocolVersion");
        let grpc = version.is("GRPC");
        if !grpc && !version.is_missing() && version.text().is_none() {
            return;
        }
        // A network load balancer takes more codes.
        let most = if is_http(&group.get("Protocol")) == Some(true) { 499 } else { 599 };
        let (key, least, most) = if grpc { ("GrpcCode", 0, 99) } else { ("HttpCode", 200, most) };
        let other = group.at(&["Matcher", if grpc { "HttpCode" } else { "GrpcCode" }]);
        let written = group.at(&["Matcher", key]);
        let number = |text: &str| text.trim().parse::<u32>().ok().filter(|code| (least..=most).contains(code));
        let fits = |part: &str| match part.split_once('-') {
            Some((from, to)) => number(from).zip(number(to)).is_some_and(|(from, to)| from <= to),
            None => number(part).is_some(),
        };
        let wrong = written.text().is_some_and(|text| !text.split(',').all(fits));
        let title = match grpc {
            true => "the codes of a gRPC target group are 0 to 99, like `0` or `0,12`",
            false if most == 599 => "the codes of a healthy answer over HTTP are 200 to 599, like `200` or `200-299`",
            false => "the codes of a healthy answer over HTTP are 200 to 499, like `200` or `200-299`",
        };
        if wrong || other.is_there() {
            let at = if wrong { written.pointer } else { other.pointer };
            out(Fault::at(at, title, "Health check matcher is not valid."));
        }
    });
}

/// The target groups that an action sends to.
fn groups<'a>(template: &Template<'a>, action: &Seen<'a>) -> Vec<Seen<'a>> {
    let many = action.at(&["ForwardConfig", "TargetGroups"]).each();
    let all = std::iter::once(action.get("TargetGroupArn")).chain(many.iter().map(|one| one.get("TargetGroupArn")));
    all.filter_map(|group| template.referred(&group, TARGET_GROUP)).collect()
}

/// The protocols of target groups that a listener of a network load balancer sends to.
fn sends_to(listener: &str, group: &str) -> bool {
    match listener {
        "TCP" => matches!(group, "TCP" | "TCP_UDP"),
        "TLS" => matches!(group, "TCP" | "TLS"),
        "UDP" => matches!(group, "UDP" | "TCP_UDP"),
        "TCP_UDP" => group == "TCP_UDP",
        _ => true,
    }
}

fn sent(judge: &mut Judge<'_>) {
    judge.each(LISTENER, |template, listener, out| {
        let Some(text) = listener.get("Protocol").text() else { return };
        for group in listener.get("DefaultActions").each().iter().flat_map(|action| groups(template, action)) {
            to_group(template, &listener, &text, &group, out);
        }
    });
    judge.each(LISTENER_RULE, |template, rule, out| {
        let Some(listener) = template.referred(&rule.get("ListenerArn"), LISTENER) else { return };
        let Some(text) = listener.get("Protocol").text() else { return };
        for group in rule.get("Actions").each().iter().flat_map(|action| groups(template, action)) {
            to_group(template, &listener, &text, &group, out);
        }
    });
}

fn to_group(template: &Template<'_>, listener: &Seen<'_>, speaks: &str, group: &Seen<'_>, out: &mut dyn FnMut(Fault)) {
    let Some(protocol) = group.get("Protocol").text() else { return };
    let kind = template.referred(&listener.get("LoadBalancerArn"), BALANCER).map(|balancer| balancer.get("Type"));
    let network = kind.and_then(|kind| if kind.is_missing() { Some(false) } else { Some(kind.text()? == "network") });
    let of_http = matches!(protocol.as_str(), "HTTP" | "HTTPS");
    // What the load balancer does not speak is reported as such.
    if network == Some(matches!(speaks, "HTTP" | "HTTPS")) {
        return;
    }
    let at = listener.get("Protocol").pointer;
    let aws = "The target group protocol is not compatible with the listener protocol.";
    if network == Some(of_http) {
        let title = if of_http {
            "a network load balancer can only send over `tcp`, `tls`, `udp` or `tcp-udp`"
        } else {
            "an application load balancer can only send over `http` or `https`"
        };
        out(Fault::at(group.get("Protocol").pointer, title, aws));
    } else if !sends_to(speaks, &protocol) {
        let title = "this listener cannot send to the target group: `tcp` sends to `tcp` and `tcp-udp`, `tls` to `tcp` and \
                     `tls`, `udp` to `udp` and `tcp-udp`, `tcp-udp` to `tcp-udp`";
        out(Fault::at(at, title, aws));
    } else if speaks == "HTTP" && group.get("ProtocolVersion").is("GRPC") {
        let aws = "Listener protocol 'HTTP' is not supported with a target group with the protocol-version 'GRPC'";
        out(Fault::at(at, "a gRPC target group needs listeners with `https`", aws));
    }
}

fn policy(judge: &mut Judge<'_>) {
    judge.each(LISTENER, |_, listener, out| {
        let (protocol, policy) = (listener.get("Protocol"), listener.get("SslPolicy"));
        if policy.is_there() && ["HTTP", "TCP", "UDP", "TCP_UDP"].iter().any(|plain| protocol.is(plain)) {
            let aws = "An SSL policy cannot be specified for listeners without TLS";
            out(Fault::at(policy.pointer, "`SslPolicy` is only for `https` and `tls`", aws));
        }
    });
}

/// Where the values of a condition are.
const CONFIGS: [&str; 5] =
    ["HostHeaderConfig", "PathPatternConfig", "HttpRequestMethodConfig", "SourceIpConfig", "HttpHeaderConfig"];

fn conditions(judge: &mut Judge<'_>) {
    judge.each(LISTENER_RULE, |_, rule, out| {
        let all = rule.get("Conditions");
        let Some(known) = all.items() else { return };
        if known.is_empty() {
            let aws = "A condition must be specified";
            out(Fault::at(all.pointer, "a rule needs a condition", aws));
            return;
        }
        let mut count = 0;
        for condition in &known {
            count += condition.get("Values").each().len() + condition.get("RegexValues").each().len();
            for config in CONFIGS {
                let there = condition.get(config);
                let (values, patterns) = (there.get("Values"), there.get("RegexValues"));
                count += values.each().len() + patterns.each().len();
                let none = values.items().is_some_and(|values| values.is_empty()) && patterns.is_missing();
                if there.is_there() && none {
                    let aws = "A condition value must be specified";
                    out(Fault::at(values.pointer, "a condition needs values", aws));
                }
            }
            of_methods(condition, out);
        }
        if count > MAX_VALUES {
            let aws = format!("Rules can have at most {MAX_VALUES} condition values");
            out(Fault::at(all.pointer, "a rule can have at most 5 values in all its conditions together", aws));
        }
    });
}

fn of_methods(condition: &Seen<'_>, out: &mut dyn FnMut(Fault)) {
    let is_method = |text: &String| {
        (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_uppercase() || b"-_".contains(&byte))
    };
    for method in condition.at(&["HttpRequestMethodConfig", "Values"]).each() {
        if let Some(text) = method.text().filter(|text| !is_method(text)) {
            let aws = format!("Condition value '{text}' is not a valid HTTP request method");
            let title = "a method may contain only upper-case letters, `-` and `_`, at most 40: `GET`";
            out(Fault::at(method.pointer, title, aws));
        }
    }
    for network in condition.at(&["SourceIpConfig", "Values"]).each() {
        if let Some(text) = network.text().filter(|text| !crate::terms::network::is_network(text)) {
            let aws = format!("The CIDR block '{text}' is not valid");
            let title = format!("`{text}` is not a network, like `10.0.0.0/8` or `2001:db8::/32`");
            out(Fault::at(network.pointer, title, aws));
        }
    }
}
