//! How requests reach the tasks: what the service registers with, and the target groups, rules, load balancers and
//! listeners that the step makes for that.
//!
//! If a deployment moves traffic between two sets of tasks, an own target group gets a second one, and every rule forwards
//! to both with weights that ECS sets.

use serde_json::json;

use crate::model::Hash;
use crate::model::process::{
    AdvancedConfiguration, BalancerType, EcsService, Given, Listener, ListenerRule, LoadBalancer, OwnLoadBalancer,
    OwnTargetGroup, ProtocolVersion, Strategy, Text, Value,
};

use super::super::shape::{Leaf, Leaves, NetworkIds, Shape};
use super::{id, launch};

/// A target group that the step makes.
pub(super) struct Own<'s> {
    pub(super) group: &'s OwnTargetGroup,
    pub(super) balancer: &'s LoadBalancer,
    /// What goes into its logical ids.
    id: String,
}

/// `LoadBalancers` of the service.
pub(super) fn of_service(step: &EcsService) -> Option<Shape> {
    Shape::some_list(step.load_balancer.iter().map(|balancer| registration(step, balancer)).collect())
}

fn registration(step: &EcsService, balancer: &LoadBalancer) -> Shape {
    let shape = Shape::table(balancer);
    match own(balancer) {
        None => shape.with("AdvancedConfiguration", balancer.advanced_configuration.as_deref().map(given)),
        Some(own) => shape
            .with("TargetGroupArn", Some(Shape::reference(&group_id(&own))))
            .with("AdvancedConfiguration", shifts(step).then(|| own_advanced(&own))),
    }
}

fn given(advanced: &AdvancedConfiguration) -> Shape {
    Shape::table(advanced).or("RoleArn", || Shape::attribute(id::TRAFFIC_ROLE, "Arn"))
}

fn own_advanced(own: &Own<'_>) -> Shape {
    let rule = |test: bool| {
        let mut rules = own.group.listener_rule.iter();
        rules.find(|rule| rule.test == test).map(|rule| Shape::reference(&rule_id(own, rule)))
    };
    let listener = |test: bool| {
        let balancer = own.group.own_load_balancer.as_ref()?;
        let listener = balancer.sending().find(|listener| *listener.test == test)?;
        // A network load balancer has no rules: ECS changes the listener itself.
        let id = match *balancer.kind {
            BalancerType::Network => listener_id(own, listener),
            BalancerType::Application => own_rule_id(own, listener),
        };
        Some(Shape::reference(&id))
    };
    Shape::map([
        ("AlternateTargetGroupArn", Some(Shape::reference(&alternate_id(own)))),
        ("ProductionListenerRule", rule(false).or_else(|| listener(false))),
        ("TestListenerRule", rule(true).or_else(|| listener(true))),
        ("RoleArn", Some(Shape::attribute(id::TRAFFIC_ROLE, "Arn"))),
    ])
}

fn shifts(step: &EcsService) -> bool {
    *step.deployment_configuration.strategy != Strategy::Rolling
}

fn own(balancer: &LoadBalancer) -> Option<Own<'_>> {
    let group = balancer.own_target_group.as_deref()?;
    Some(Own { group, balancer, id: balancer.own_id(group) })
}

pub(super) fn own_groups(step: &EcsService) -> impl Iterator<Item = Own<'_>> {
    step.load_balancer.iter().filter_map(|balancer| own(balancer))
}

fn group_id(own: &Own<'_>) -> String {
    format!("TargetGroup{}", own.id)
}

fn alternate_id(own: &Own<'_>) -> String {
    format!("AlternateTargetGroup{}", own.id)
}

fn balancer_id(own: &Own<'_>) -> String {
    format!("LoadBalancer{}", own.id)
}

pub(super) fn security_group_id(own: &Own<'_>) -> String {
    format!("LoadBalancerSecurityGroup{}", own.id)
}

/// By its priority as it is written, not its place: a rule that is put before others must not take their places.
fn rule_id(own: &Own<'_>, rule: &ListenerRule) -> String {
    let priority: String = match &rule.priority {
        Given::Written(number, _) => number.0.to_string(),
        Given::Filled(text) => text.raw().chars().filter(char::is_ascii_alphanumeric).collect(),
    };
    format!("ListenerRule{}P{priority}", own.id)
}

fn listener_id(own: &Own<'_>, listener: &Listener) -> String {
    format!("Listener{}L{}", own.id, listener.port.0)
}

fn own_rule_id(own: &Own<'_>, listener: &Listener) -> String {
    format!("ListenerRule{}L{}", own.id, listener.port.0)
}

/// By what is written of the certificate, not its place: one that is put before others must not take their places.
fn certificate_id(own: &Own<'_>, listener: &Listener, arn: &Text) -> String {
    format!("ListenerCertificate{}L{}H{}", own.id, listener.port.0, Hash::of(arn.raw().as_bytes()).short())
}

/// What the service waits for: ECS takes no target group that no load balancer has.
pub(super) fn needed_by_service(step: &EcsService) -> Vec<String> {
    let of_group = |own: &Own<'_>| {
        let rules = own.group.listener_rule.iter().map(|rule| rule_id(own, rule));
        let listeners = own.group.own_load_balancer.iter().flat_map(|balancer| balancer.sending());
        let listeners = listeners
            .map(|listener| if has_rule(step, own) { own_rule_id(own, listener) } else { listener_id(own, listener) });
        rules.chain(listeners).collect::<Vec<_>>()
    };
    own_groups(step).flat_map(|own| of_group(&own)).collect()
}

/// The full name of an application load balancer and of the own target group that it has, as Application Auto Scaling joins
/// them: of one that the step makes, or else of the one whose listener a rule is on.
pub(super) fn request_label(step: &EcsService) -> Option<Shape> {
    let group = |own: &Own<'_>| Shape::attribute(&group_id(own), "TargetGroupFullName");
    let joined =
        |parts: Vec<Shape>| Shape::map([("Fn::Join", Some(Shape::List(vec![Shape::from("/"), Shape::List(parts)])))]);
    if let Some(own) = own_groups(step).find(|own| own.group.makes(BalancerType::Application)) {
        return Some(joined(vec![Shape::attribute(&balancer_id(&own), "LoadBalancerFullName"), group(&own)]));
    }
    let first = |own: Own<'_>| {
        let rule = own.group.listener_rule.iter().find(|rule| !rule.test)?;
        Some((group(&own), Shape::text(&rule.listener_arn)))
    };
    let (group, listener) = own_groups(step).find_map(first)?;
    // `arn:…:listener/app/<name>/<id>/<id of the listener>`.
    let part = |index: u32| {
        let split = Shape::map([("Fn::Split", Some(Shape::List(vec!["/".into(), listener.clone()])))]);
        Shape::map([("Fn::Select", Some(Shape::List(vec![index.into(), split])))])
    };
    Some(joined(vec!["app".into(), part(2), part(3), group]))
}

/// The resources, by logical id.
pub(super) fn resources(step: &EcsService) -> Vec<(String, Shape)> {
    let mut all = Vec::new();
    for own in own_groups(step) {
        all.push((group_id(&own), target_group(step, &own)));
        if shifts(step) {
            all.push((alternate_id(&own), target_group(step, &own)));
        }
        all.extend(own.group.listener_rule.iter().map(|rule| (rule_id(&own, rule), listener_rule(step, &own, rule))));
        if let Some(made) = &own.group.own_load_balancer {
            all.extend(load_balancer(step, &own, made));
        }
    }
    all
}

/// What others need to know of own load balancers, by the name of the output.
pub(super) fn outputs(step: &EcsService) -> Vec<(String, Shape)> {
    let mut all = Vec::new();
    for own in own_groups(step) {
        all.push((format!("{}Arn", group_id(&own)), Shape::reference(&group_id(&own))));
        if let Some(made) = &own.group.own_load_balancer {
            all.push((format!("{}Arn", balancer_id(&own)), Shape::reference(&balancer_id(&own))));
            all.push((format!("{}DnsName", balancer_id(&own)), Shape::attribute(&balancer_id(&own), "DNSName")));
            if made.makes_security_group() {
                let group = Shape::attribute(&security_group_id(&own), "GroupId");
                all.push((format!("{}Id", security_group_id(&own)), group));
            }
        }
    }
    all
}

fn target_group(step: &EcsService, own: &Own<'_>) -> Shape {
    let (group, check) = (own.group, &own.group.health_check);
    let matcher = check.matcher.as_ref().map(|codes| {
        let grpc = group.protocol_version.as_deref() == Some(&ProtocolVersion::Grpc);
        Shape::map([(if grpc { "GrpcCode" } else { "HttpCode" }, Some(Shape::text(codes)))])
    });
    let kind = if step.task.runs_on.has_interface() { "ip" } else { "instance" };
    let properties = Shape::table(group)
        .and(check)
        .with("TargetType", Some(kind.into()))
        .with("Port", Shape::key(&own.balancer.port))
        // As a string, because it may also be `traffic-port`.
        .with("HealthCheckPort", check.port.as_ref().and_then(as_string))
        .with("Matcher", matcher)
        .with("TargetGroupAttributes", group_attributes(group));
    Shape::resource("AWS::ElasticLoadBalancingV2::TargetGroup", properties)
}

/// A value as a string, where AWS takes nothing else.
fn as_string(value: &impl Value) -> Option<Shape> {
    Shape::key(value).map(|shape| match shape {
        Shape::Written(value, place) => Shape::Written(value.to_string().into(), place),
        filled => filled,
    })
}

/// Attributes of which some have no value.
fn attributes<const N: usize>(pairs: [(&str, Option<Shape>); N]) -> Option<Shape> {
    let pair = |(key, value): (&str, Shape)| Shape::map([("Key", Some(key.into())), ("Value", Some(value))]);
    Shape::some_list(pairs.into_iter().filter_map(|(key, value)| Some(pair((key, value?)))).collect())
}

fn group_attributes(group: &OwnTargetGroup) -> Option<Shape> {
    let sticks = group.stickiness.is_some();
    attributes([
        ("deregistration_delay.timeout_seconds", as_string(&group.deregistration_delay)),
        ("slow_start.duration_seconds", as_string(&group.slow_start)),
        ("stickiness.enabled", sticks.then(|| "true".into())),
        ("stickiness.type", sticks.then(|| "lb_cookie".into())),
        ("stickiness.lb_cookie.duration_seconds", as_string(&group.stickiness)),
    ])
}

/// Forwards to the target group; to both with weights if a deployment moves traffic between them.
fn forward(step: &EcsService, own: &Own<'_>) -> Shape {
    let to = |id: String, weight: u32| json!({ "TargetGroupArn": { "Ref": id }, "Weight": weight });
    Shape::Fixed(if shifts(step) {
        json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": [to(group_id(own), 1), to(alternate_id(own), 0)] } }])
    } else {
        json!([{ "Type": "forward", "TargetGroupArn": { "Ref": group_id(own) } }])
    })
}

fn listener_rule(step: &EcsService, own: &Own<'_>, rule: &ListenerRule) -> Shape {
    let texts = |texts: &[Text]| Some(Shape::Leaves(Leaves::Texts(texts.to_vec())));
    let condition = |field: &str, config: &str, written: &[Text]| {
        let values = Shape::map([("Values", texts(written))]);
        (!written.is_empty()).then(|| Shape::map([("Field", Some(field.into())), (config, Some(values))]))
    };
    let headers = rule.http_header.iter().map(|(name, written)| {
        let config = Shape::map([("HttpHeaderName", Some((&**name).into())), ("Values", texts(written))]);
        Some(Shape::map([("Field", Some("http-header".into())), ("HttpHeaderConfig", Some(config))]))
    });
    let conditions = [
        condition("host-header", "HostHeaderConfig", &rule.host_header),
        condition("path-pattern", "PathPatternConfig", &rule.path_pattern),
        condition("http-request-method", "HttpRequestMethodConfig", &rule.http_request_method),
        condition("source-ip", "SourceIpConfig", &rule.source_ip),
    ];
    let conditions = conditions.into_iter().chain(headers).flatten().collect();
    let properties =
        Shape::table(rule).with("Conditions", Some(Shape::List(conditions))).with("Actions", Some(forward(step, own)));
    Shape::resource("AWS::ElasticLoadBalancingV2::ListenerRule", properties)
}

fn load_balancer(step: &EcsService, own: &Own<'_>, made: &OwnLoadBalancer) -> Vec<(String, Shape)> {
    let groups = match &made.security_groups {
        Some(_) => {
            Some(Shape::Leaves(Leaves::Network(NetworkIds::SecurityGroups, launch::texts(&made.security_groups))))
        }
        None => {
            made.makes_security_group().then(|| Shape::List(vec![Shape::attribute(&security_group_id(own), "GroupId")]))
        }
    };
    let protected = Some(&made.deletion_protection).filter(|protected| !protected.is_off());
    let settings = attributes([
        ("idle_timeout.timeout_seconds", as_string(&made.idle_timeout)),
        ("deletion_protection.enabled", protected.and_then(as_string)),
    ]);
    let subnets = launch::texts(&made.subnets).or_else(|| launch::texts(&step.task.runs_on.subnets));
    let of = match *made.kind {
        BalancerType::Network => NetworkIds::Subnets,
        BalancerType::Application => NetworkIds::BalancerSubnets,
    };
    let properties = Shape::table(made)
        .with("Subnets", Some(Shape::Leaves(Leaves::Network(of, subnets))))
        .with("SecurityGroups", groups)
        .with("LoadBalancerAttributes", settings);
    let mut all = vec![(balancer_id(own), Shape::resource("AWS::ElasticLoadBalancingV2::LoadBalancer", properties))];
    if made.makes_security_group() {
        all.push((security_group_id(own), security_group(own, made)));
    }
    for listener in &made.listener {
        all.push((listener_id(own, listener), listener_shape(step, own, listener)));
        if listener.redirect_to.is_none() && has_rule(step, own) {
            all.push((own_rule_id(own, listener), every_path(step, own, listener)));
        }
        for arn in &listener.additional_certificate_arns {
            all.push((certificate_id(own, listener, arn), more(own, listener, arn)));
        }
    }
    all
}

/// Whether the listeners of an own load balancer need a rule: ECS moves traffic through rules and cannot use a listener's
/// default action.
fn has_rule(step: &EcsService, own: &Own<'_>) -> bool {
    shifts(step) && own.group.makes(BalancerType::Application)
}

fn security_group(own: &Own<'_>, made: &OwnLoadBalancer) -> Shape {
    let rules = made.listener.iter().flat_map(|listener| {
        let each = |network: &Text, protocol: &str| {
            Shape::map([
                ("IpProtocol", Some(protocol.into())),
                ("FromPort", Shape::key(&listener.port)),
                ("ToPort", Shape::key(&listener.port)),
                (
                    if network.raw().contains(':') { "CidrIpv6" } else { "CidrIp" },
                    Some(Shape::Leaf(Leaf::Network(network.clone()))),
                ),
            ])
        };
        let transports = listener.protocol.transports();
        made.ingress.iter().flat_map(move |network| transports.iter().map(move |protocol| each(network, protocol)))
    });
    Shape::resource(
        "AWS::EC2::SecurityGroup",
        Shape::map([
            ("GroupDescription", Some("Who may reach the load balancer".into())),
            ("VpcId", Shape::key(&own.group.vpc_id)),
            ("SecurityGroupIngress", Some(Shape::List(rules.collect()))),
        ]),
    )
}

fn listener_shape(step: &EcsService, own: &Own<'_>, listener: &Listener) -> Shape {
    let actions = match &listener.redirect_to {
        Some(port) => Shape::Fixed(json!([{ "Type": "redirect", "RedirectConfig": {
            "Protocol": "HTTPS", "Port": port.0.to_string(), "StatusCode": "HTTP_301",
        } }])),
        None if has_rule(step, own) => Shape::Fixed(json!([{ "Type": "fixed-response", "FixedResponseConfig": {
            "StatusCode": "503",
        } }])),
        None => forward_all(own),
    };
    let properties = Shape::table(listener)
        .with("LoadBalancerArn", Some(Shape::reference(&balancer_id(own))))
        .with("Certificates", listener.certificate_arn.as_deref().map(certificates))
        .with("DefaultActions", Some(actions));
    Shape::resource("AWS::ElasticLoadBalancingV2::Listener", properties)
}

fn certificates(arn: &Text) -> Shape {
    Shape::List(vec![Shape::map([("CertificateArn", Some(Shape::arn(arn)))])])
}

/// One more certificate of a listener: such a resource takes one (CloudFormation reference, `ListenerCertificate`).
fn more(own: &Own<'_>, listener: &Listener, arn: &Text) -> Shape {
    Shape::resource(
        "AWS::ElasticLoadBalancingV2::ListenerCertificate",
        Shape::map([
            ("ListenerArn", Some(Shape::reference(&listener_id(own, listener)))),
            ("Certificates", Some(certificates(arn))),
        ]),
    )
}

/// A listener's own action: to the one target group, which ECS changes itself if the listener belongs to a network load
/// balancer.
fn forward_all(own: &Own<'_>) -> Shape {
    Shape::Fixed(json!([{ "Type": "forward", "TargetGroupArn": { "Ref": group_id(own) } }]))
}

fn every_path(step: &EcsService, own: &Own<'_>, listener: &Listener) -> Shape {
    Shape::resource(
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        Shape::map([
            ("ListenerArn", Some(Shape::reference(&listener_id(own, listener)))),
            ("Priority", Some(1.into())),
            (
                "Conditions",
                Some(Shape::Fixed(json!([{ "Field": "path-pattern", "PathPatternConfig": { "Values": ["/*"] } }]))),
            ),
            ("Actions", Some(forward(step, own))),
        ]),
    )
}
