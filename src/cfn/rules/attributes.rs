//! Rules over the attributes of target groups and load balancers, which are pairs of texts.

use std::collections::BTreeSet;

use super::seen::Seen;
use super::{Fault, Judge, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule {
        name: "target-group-attribute",
        source: "API reference of Elastic Load Balancing, TargetGroupAttribute",
        edition: 4,
        run: of_target_groups,
    },
    Rule {
        name: "balancer-attribute",
        source: "API reference of Elastic Load Balancing, LoadBalancerAttribute",
        edition: 4,
        run: of_balancers,
    },
];

/// What an attribute is for.
#[derive(Clone, Copy, PartialEq)]
enum For {
    All,
    /// Application load balancers and their target groups.
    Http,
    /// Network load balancers and their target groups.
    Tcp,
}

/// What an attribute takes.
enum Takes {
    Flag,
    Words(&'static [&'static str]),
    /// Numbers, perhaps with a word instead.
    Numbers(&'static str, u32, u32),
    Any,
}

use Takes::{Any, Flag, Numbers, Words};

type Attributes = &'static [(&'static str, For, Takes)];

const TARGET_GROUP: Attributes = &[
    ("deregistration_delay.timeout_seconds", For::All, Numbers("", 0, 3_600)),
    ("stickiness.enabled", For::All, Flag),
    (
        "stickiness.type",
        For::All,
        Words(&["lb_cookie", "app_cookie", "source_ip", "source_ip_dest_ip", "source_ip_dest_ip_proto"]),
    ),
    ("load_balancing.cross_zone.enabled", For::All, Words(&["true", "false", "use_load_balancer_configuration"])),
    ("target_group_health.dns_failover.minimum_healthy_targets.count", For::All, Numbers("off", 1, 1_000_000)),
    ("target_group_health.dns_failover.minimum_healthy_targets.percentage", For::All, Numbers("off", 1, 100)),
    ("target_group_health.unhealthy_state_routing.minimum_healthy_targets.count", For::All, Numbers("", 1, 1_000_000)),
    (
        "target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage",
        For::All,
        Numbers("off", 1, 100),
    ),
    (
        "load_balancing.algorithm.type",
        For::Http,
        Words(&["round_robin", "least_outstanding_requests", "weighted_random"]),
    ),
    ("load_balancing.algorithm.anomaly_mitigation", For::Http, Words(&["on", "off"])),
    ("slow_start.duration_seconds", For::Http, Numbers("0", 30, 900)),
    ("stickiness.app_cookie.cookie_name", For::Http, Any),
    ("stickiness.app_cookie.duration_seconds", For::Http, Numbers("", 1, 604_800)),
    ("stickiness.lb_cookie.duration_seconds", For::Http, Numbers("", 1, 604_800)),
    ("lambda.multi_value_headers.enabled", For::All, Flag),
    ("deregistration_delay.connection_termination.enabled", For::Tcp, Flag),
    ("preserve_client_ip.enabled", For::Tcp, Flag),
    ("proxy_protocol_v2.enabled", For::Tcp, Flag),
    ("target_health_state.unhealthy.connection_termination.enabled", For::Tcp, Flag),
    ("target_health_state.unhealthy.draining_interval_seconds", For::Tcp, Numbers("", 0, 360_000)),
    ("target_failover.on_deregistration", For::All, Words(&["rebalance", "no_rebalance"])),
    ("target_failover.on_unhealthy", For::All, Words(&["rebalance", "no_rebalance"])),
];

const BALANCER: Attributes = &[
    ("deletion_protection.enabled", For::All, Flag),
    ("load_balancing.cross_zone.enabled", For::All, Flag),
    ("access_logs.s3.enabled", For::All, Flag),
    ("access_logs.s3.bucket", For::All, Any),
    ("access_logs.s3.prefix", For::All, Any),
    ("ipv6.deny_all_igw_traffic", For::All, Flag),
    ("zonal_shift.config.enabled", For::All, Flag),
    ("client_keep_alive.seconds", For::Http, Numbers("", 60, 604_800)),
    ("connection_logs.s3.enabled", For::Http, Flag),
    ("connection_logs.s3.bucket", For::Http, Any),
    ("connection_logs.s3.prefix", For::Http, Any),
    ("health_check_logs.s3.enabled", For::Http, Flag),
    ("health_check_logs.s3.bucket", For::Http, Any),
    ("health_check_logs.s3.prefix", For::Http, Any),
    ("idle_timeout.timeout_seconds", For::Http, Numbers("", 1, 4_000)),
    ("routing.http.desync_mitigation_mode", For::Http, Words(&["monitor", "defensive", "strictest"])),
    ("routing.http.drop_invalid_header_fields.enabled", For::Http, Flag),
    ("routing.http.preserve_host_header.enabled", For::Http, Flag),
    ("routing.http.x_amzn_tls_version_and_cipher_suite.enabled", For::Http, Flag),
    ("routing.http.xff_client_port.enabled", For::Http, Flag),
    ("routing.http.xff_header_processing.mode", For::Http, Words(&["append", "preserve", "remove"])),
    ("routing.http2.enabled", For::Http, Flag),
    ("waf.fail_open.enabled", For::Http, Flag),
    (
        "dns_record.client_routing_policy",
        For::Tcp,
        Words(&["availability_zone_affinity", "partial_availability_zone_affinity", "any_availability_zone"]),
    ),
    ("secondary_ips.auto_assigned.per_subnet", For::Tcp, Numbers("", 0, 7)),
];

impl Takes {
    /// What is wrong with a value.
    fn wrong(&self, text: &str) -> Option<String> {
        let (fits, wanted) = match self {
            Flag => (matches!(text, "true" | "false"), "`true` or `false`".to_owned()),
            Words(words) => (words.contains(&text), words.join(", ")),
            Numbers(word, least, most) => {
                let fits = text.parse().is_ok_and(|number: u32| (*least..=*most).contains(&number));
                let or = if word.is_empty() { String::new() } else { format!(", or `{word}`") };
                (fits || !word.is_empty() && text == *word, format!("{least} to {most}{or}"))
            }
            Any => (!text.is_empty(), "a text".to_owned()),
        };
        (!fits).then(|| format!("`{text}` does not fit: {wanted}"))
    }
}

fn of_target_groups(judge: &mut Judge<'_>) {
    judge.each("AWS::ElasticLoadBalancingV2::TargetGroup", |_, group, out| {
        let whose = match group.get("Protocol").text().as_deref() {
            Some("HTTP" | "HTTPS") => Some(For::Http),
            Some("TCP" | "TLS" | "UDP" | "TCP_UDP") => Some(For::Tcp),
            _ => None,
        };
        let list = group.get("TargetGroupAttributes");
        each(&list, TARGET_GROUP, whose, out);
        let (kind, cookie) = (value(&list, "stickiness.type"), value(&list, "stickiness.app_cookie.cookie_name"));
        let text = |found: &Option<Seen<'_>>| found.as_ref().and_then(Seen::text).unwrap_or_default();
        if let Some(at) = kind.as_ref().filter(|kind| kind.is("app_cookie") && cookie.is_none() && is_whole(&list)) {
            let aws = "You must specify a cookie name for application-based stickiness";
            let title = "`app_cookie` needs `stickiness.app_cookie.cookie_name`";
            out(Fault::at(at.pointer.clone(), title, aws));
        }
        if let Some(at) = cookie.filter(|name| name.text().is_some_and(|name| name.starts_with("AWSALB"))) {
            let aws = "The cookie name is reserved for use by the load balancer";
            out(Fault::at(at.pointer, "names that begin with `AWSALB` are reserved for the load balancer", aws));
        }
        let slow = value(&list, "slow_start.duration_seconds");
        let algorithm = text(&value(&list, "load_balancing.algorithm.type"));
        if let Some(at) = slow.filter(|slow| slow.is_other_than("0") && !matches!(&*algorithm, "" | "round_robin")) {
            let aws = "Slow start mode cannot be enabled with this load balancing algorithm";
            out(Fault::at(at.pointer, format!("slow start does not work with `{algorithm}`"), aws));
        }
        let sticky = match whose {
            Some(For::Http) => &["lb_cookie", "app_cookie"][..],
            Some(_) => &["source_ip"],
            None => &[],
        };
        if let Some(at) =
            kind.filter(|kind| !sticky.is_empty() && kind.text().is_some_and(|kind| !sticky.contains(&&*kind)))
        {
            let title = format!("with this protocol, stickiness is of the type {}", sticky.join(" or "));
            out(Fault::at(at.pointer, title.clone(), format!("Stickiness type is not supported: {title}.")));
        }
    });
}

fn of_balancers(judge: &mut Judge<'_>) {
    judge.each("AWS::ElasticLoadBalancingV2::LoadBalancer", |_, balancer, out| {
        let kind = balancer.get("Type");
        let whose = match kind.text().as_deref() {
            None if kind.is_missing() => Some(For::Http),
            Some("application") => Some(For::Http),
            Some("network") => Some(For::Tcp),
            _ => None,
        };
        let list = balancer.get("LoadBalancerAttributes");
        each(&list, BALANCER, whose, out);
        for logs in ["access_logs", "connection_logs", "health_check_logs"] {
            let on = value(&list, &format!("{logs}.s3.enabled")).filter(|on| on.is("true"));
            if let Some(at) = on.filter(|_| value(&list, &format!("{logs}.s3.bucket")).is_none() && is_whole(&list)) {
                let aws = "The S3 bucket name must be specified when logs are enabled";
                out(Fault::at(at.pointer, format!("logs need a bucket: `{logs}.s3.bucket`"), aws));
            }
        }
    });
}

/// Whether every attribute of a list is known.
fn is_whole(list: &Seen<'_>) -> bool {
    list.items().is_some_and(|items| items.iter().all(|item| item.get("Key").text().is_some()))
}

/// The value of an attribute.
fn value<'a>(list: &Seen<'a>, key: &str) -> Option<Seen<'a>> {
    list.each().into_iter().find(|item| item.get("Key").is(key)).map(|item| item.get("Value"))
}

fn each(list: &Seen<'_>, known: Attributes, whose: Option<For>, out: &mut dyn FnMut(Fault)) {
    let mut seen = BTreeSet::new();
    for item in list.each() {
        let key = item.get("Key");
        let Some(name) = key.text() else { continue };
        if !seen.insert(name.clone()) {
            let aws = format!("Attribute key '{name}' is specified more than once");
            out(Fault::at(key.pointer, format!("`{name}` is set twice"), aws));
            continue;
        }
        let Some((_, of, takes)) = known.iter().find(|(key, ..)| *key == name) else {
            let aws = format!("Attribute key '{name}' is not recognized");
            let names = known.iter().map(|(key, ..)| (*key).to_owned()).collect();
            out(Fault::at(key.pointer, format!("`{name}` is not an attribute"), aws).among(name, names).doubtful());
            continue;
        };
        if whose.is_some_and(|whose| *of != For::All && *of != whose) {
            let group = name.split('.').next().unwrap_or_default();
            let title = match of {
                For::Http => format!("`{group}` is only for `http` and `https`"),
                _ => format!("`{group}` is only for network load balancers"),
            };
            out(Fault::at(item.get("Value").pointer, title, format!("Attribute key '{name}' is not recognized")));
            continue;
        }
        let value = item.get("Value");
        if let Some(title) = value.text().and_then(|text| takes.wrong(&text)) {
            let aws = format!("Invalid value for the attribute '{name}': {title}");
            out(Fault::at(value.pointer, title, aws));
        }
    }
}
