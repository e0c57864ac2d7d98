//! Rules over what listeners and their rules do with a request, and over what of a resource decides the rest of it.

use std::collections::BTreeSet;

use super::seen::Seen;
use super::{Fault, Judge, Rule};

pub(super) const RULES: &[Rule] = &[
    Rule { name: "actions", source: "API reference of Elastic Load Balancing, Action", edition: 4, run: actions },
    Rule {
        name: "rule-fields",
        source: "API reference of Elastic Load Balancing, RuleCondition",
        edition: 4,
        run: fields,
    },
    Rule {
        name: "target-of-function",
        source: "API reference of Elastic Load Balancing, CreateTargetGroup",
        edition: 4,
        run: function,
    },
    Rule {
        name: "mutual-authentication",
        source: "API reference of Elastic Load Balancing, MutualAuthenticationAttributes",
        edition: 4,
        run: mutual,
    },
    Rule {
        name: "alarm-periods",
        source: "API reference of Amazon CloudWatch, PutMetricAlarm",
        edition: 4,
        run: datapoints,
    },
    Rule {
        name: "schedule-window",
        source: "API reference of EventBridge Scheduler, FlexibleTimeWindow",
        edition: 4,
        run: window,
    },
];

const LISTENER: &str = "AWS::ElasticLoadBalancingV2::Listener";
/// The types of actions that let a user pass, and what each says more.
const CONFIGURED: [(&str, &str); 3] = [
    ("authenticate-oidc", "AuthenticateOidcConfig"),
    ("authenticate-cognito", "AuthenticateCognitoConfig"),
    ("jwt-validation", "JwtValidationConfig"),
];

fn actions(judge: &mut Judge<'_>) {
    judge.each(LISTENER, |_, listener, out| {
        let actions = listener.get("DefaultActions");
        of_list(&actions, out);
        let plain = listener.get("Protocol").is("HTTP");
        let authenticates =
            |action: &Seen<'_>| action.get("Type").text().is_some_and(|kind| kind.starts_with("authenticate-"));
        if let Some(action) = actions.each().into_iter().find(|action| plain && authenticates(action)) {
            let aws = "Authenticate actions are only supported on HTTPS listeners";
            out(Fault::at(action.get("Type").pointer, "users are authenticated on listeners with `HTTPS` only", aws));
        }
        let tcp = ["TCP", "TLS", "UDP", "TCP_UDP"].iter().any(|one| listener.get("Protocol").is(one));
        let other = actions.each().into_iter().find(|action| action.get("Type").is_other_than("forward"));
        if let Some(action) = other.filter(|_| tcp) {
            let aws = "The action type is not supported by network load balancers";
            out(Fault::at(action.get("Type").pointer, "a network load balancer can only `forward`", aws));
        }
        let alpn = listener.get("AlpnPolicy");
        if alpn.is_there() && listener.get("Protocol").is_other_than("TLS") {
            let aws = "ALPN policy is only supported for TLS listeners";
            out(Fault::at(alpn.pointer, "`AlpnPolicy` is only for listeners with `TLS`", aws));
        }
    });
    judge.each("AWS::ElasticLoadBalancingV2::ListenerRule", |_, rule, out| of_list(&rule.get("Actions"), out));
}

/// Exactly one action ends the request, each says what its type needs, and no two have the same place.
fn of_list(list: &Seen<'_>, out: &mut dyn FnMut(Fault)) {
    let Some(actions) = list.items() else { return };
    let mut orders = BTreeSet::new();
    let mut last = Vec::new();
    for action in &actions {
        let (kind, order) = (action.get("Type"), action.get("Order"));
        if let Some(text) = order.text().filter(|text| !orders.insert(text.clone())) {
            let aws = "Action order must be unique";
            out(Fault::at(order.pointer, format!("two actions have the order {text}"), aws));
        }
        let Some(kind) = kind.text() else { return };
        let needed = CONFIGURED.iter().find(|(name, _)| *name == kind).map(|(_, needed)| *needed);
        if let Some(needed) = needed.filter(|needed| action.get(needed).is_missing()) {
            let aws = format!("You must specify {needed} for the action type {kind}");
            out(Fault::at(action.pointer.clone(), format!("an action of the type `{kind}` needs `{needed}`"), aws));
        }
        if matches!(kind.as_str(), "forward" | "redirect" | "fixed-response") {
            last.push(action);
        }
    }
    let aws = "The actions must contain exactly one forward, redirect or fixed-response action";
    match last.as_slice() {
        [] if !actions.is_empty() => {
            out(Fault::at(list.pointer.clone(), "no action forwards, redirects or answers", aws));
        }
        [_, second, ..] => {
            out(Fault::at(second.pointer.clone(), "only one action can forward, redirect or answer", aws));
        }
        _ => {}
    }
}

/// A condition says what its field needs, and some fields can be asked for once.
fn fields(judge: &mut Judge<'_>) {
    const FIELDS: [(&str, &str); 6] = [
        ("host-header", "HostHeaderConfig"),
        ("path-pattern", "PathPatternConfig"),
        ("http-header", "HttpHeaderConfig"),
        ("http-request-method", "HttpRequestMethodConfig"),
        ("query-string", "QueryStringConfig"),
        ("source-ip", "SourceIpConfig"),
    ];
    judge.each("AWS::ElasticLoadBalancingV2::ListenerRule", |_, rule, out| {
        let mut seen = BTreeSet::new();
        for condition in rule.get("Conditions").each() {
            let field = condition.get("Field");
            let Some(text) = field.text() else { continue };
            let Some((_, config)) = FIELDS.iter().find(|(name, _)| *name == text) else { continue };
            if [*config, "Values", "RegexValues"].iter().all(|key| condition.get(key).is_missing()) {
                let aws = format!("Condition '{text}' must have {config}");
                out(Fault::at(condition.pointer.clone(), format!("a condition on `{text}` needs `{config}`"), aws));
            }
            let once = !matches!(text.as_str(), "http-header" | "query-string");
            if once && !seen.insert(text.clone()) {
                let aws = format!("A rule can only have one '{text}' condition");
                out(Fault::at(field.pointer, format!("a rule can have one condition on `{text}`"), aws));
            }
        }
    });
}

/// A function has no port, and only what a function is called for may go unchecked.
fn function(judge: &mut Judge<'_>) {
    judge.each("AWS::ElasticLoadBalancingV2::TargetGroup", |_, group, out| {
        let (kind, checked) = (group.get("TargetType"), group.get("HealthCheckEnabled"));
        if kind.is("lambda") {
            for key in ["Port", "Protocol", "VpcId"] {
                let there = group.get(key);
                if there.is_there() {
                    let aws = format!("{key} cannot be specified for target groups with target type lambda");
                    out(Fault::at(there.pointer, format!("a group of a function has no `{key}`"), aws));
                }
            }
        } else if checked.flag() == Some(false) && (kind.is_missing() || kind.text().is_some()) {
            let aws = "Health check enabled must be true for target groups with target type instance, ip or alb";
            out(Fault::at(checked.pointer, "only the check of a function can be off", aws));
        }
    });
}

fn mutual(judge: &mut Judge<'_>) {
    judge.each(LISTENER, |_, listener, out| {
        let mutual = listener.get("MutualAuthentication");
        if mutual.get("Mode").is("verify") && mutual.get("TrustStoreArn").is_missing() {
            let aws = "A trust store ARN must be specified when mutual authentication is set to verify";
            out(Fault::at(mutual.pointer, "`verify` needs `TrustStoreArn`", aws));
        }
    });
}

fn datapoints(judge: &mut Judge<'_>) {
    judge.each("AWS::CloudWatch::Alarm", |_, alarm, out| {
        let (points, periods) = (alarm.get("DatapointsToAlarm"), alarm.get("EvaluationPeriods"));
        if let (Some(many), Some(most)) = (points.number(), periods.number())
            && many > most
        {
            let aws = "Datapoints to alarm should be less than or equal to evaluation periods";
            out(Fault::at(points.pointer, format!("{many} datapoints cannot be had of {most} periods"), aws));
        }
    });
}

fn window(judge: &mut Judge<'_>) {
    judge.each("AWS::Scheduler::Schedule", |_, schedule, out| {
        let window = schedule.get("FlexibleTimeWindow");
        let minutes = window.get("MaximumWindowInMinutes");
        if window.get("Mode").is("OFF") && minutes.is_there() {
            let aws = "Invalid FlexibleTimeWindow: MaximumWindowInMinutes cannot be set when the mode is OFF.";
            out(Fault::at(minutes.pointer, "a window is only for the mode `FLEXIBLE`", aws));
        }
        let target = schedule.get("Target");
        let cluster = target.get("Arn").text().is_some_and(|arn| arn.contains(":ecs:") && arn.contains(":cluster/"));
        if cluster && target.get("EcsParameters").is_missing() {
            let aws = "EcsParameters must be specified for the target.";
            out(Fault::at(target.pointer, "a target that is a cluster needs `EcsParameters`", aws));
        }
    });
}
