//! How requests reach the tasks: what the service registers with, and the target groups, rules, load balancers and
//! listeners that the step makes for that.
//!
//! If a deployment moves traffic between two sets of tasks, an own target group gets a second one, and every rule forwards
//! to both with weights that ECS sets.

use serde_json::json;

use crate::model::Hash;
use crate::model::process::{
    EcsService, Flag, IdOf, Listener, ListenerRule, LoadBalancer, MAX_PRIORITY, NetworkMode, Number, OwnLoadBalancer,
    OwnTargetGroup, Strategy, TargetGroup, Text,
};

use super::super::shape::{Leaf, Leaves, NetworkIds, Shape};
use super::id;

/// `LoadBalancers` of the service.
pub(super) fn of_service(step: &EcsService) -> Option<Shape> {
    Shape::some_list(step.load_balancers.iter().map(|balancer| registration(step, balancer)).collect())
}

fn registration(step: &EcsService, balancer: &LoadBalancer) -> Shape {
    let (target_group, advanced) = match &balancer.target_group {
        TargetGroup::Given(arn) => (Shape::arn(arn), given(balancer)),
        TargetGroup::Own(own) => (Shape::reference(&group_id(own)), shifts(step).then(|| own_advanced(own))),
    };
    Shape::map([
        ("ContainerName", Some((&*balancer.container).into())),
        ("ContainerPort", Some(balancer.port.into())),
        ("TargetGroupArn", Some(target_group)),
        ("AdvancedConfiguration", advanced),
    ])
}

fn given(balancer: &LoadBalancer) -> Option<Shape> {
    let role =
        |role: &Option<Text>| role.as_ref().map_or_else(|| Shape::attribute(id::TRAFFIC_ROLE, "Arn"), Shape::role);
    balancer.advanced.as_ref().map(|advanced| {
        Shape::map([
            ("AlternateTargetGroupArn", Some(Shape::arn(&advanced.alternate_target_group))),
            ("ProductionListenerRule", Some(Shape::arn(&advanced.production_listener_rule))),
            ("TestListenerRule", advanced.test_listener_rule.as_ref().map(Shape::arn)),
            ("RoleArn", Some(role(&advanced.role))),
        ])
    })
}

fn own_advanced(own: &OwnTargetGroup) -> Shape {
    let rule =
        |test: bool| own.rules.iter().find(|rule| rule.test == test).map(|rule| Shape::reference(&rule_id(own, rule)));
    let listener = |test: bool| {
        let balancer = own.balancer.as_ref()?;
        let mut sends = balancer.listeners.iter().filter(|listener| listener.redirect_to.is_none());
        let listener = sends.find(|listener| listener.test == test)?;
        // A network load balancer has no rules: ECS changes the listener itself.
        let id = if balancer.network { listener_id(own, listener) } else { own_rule_id(own, listener) };
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
    step.deployment.strategy != Strategy::Rolling
}

pub(super) fn own_groups(step: &EcsService) -> impl Iterator<Item = (&LoadBalancer, &OwnTargetGroup)> {
    step.load_balancers.iter().filter_map(|balancer| match &balancer.target_group {
        TargetGroup::Own(own) => Some((balancer, &**own)),
        TargetGroup::Given(_) => None,
    })
}

fn group_id(own: &OwnTargetGroup) -> String {
    format!("TargetGroup{}", own.id)
}

fn alternate_id(own: &OwnTargetGroup) -> String {
    format!("AlternateTargetGroup{}", own.id)
}

fn balancer_id(own: &OwnTargetGroup) -> String {
    format!("LoadBalancer{}", own.id)
}

pub(super) fn security_group_id(own: &OwnTargetGroup) -> String {
    format!("LoadBalancerSecurityGroup{}", own.id)
}

/// By its priority as it is written, not its place: a rule that is put before others must not take their places.
fn rule_id(own: &OwnTargetGroup, rule: &ListenerRule) -> String {
    let priority: String = match &rule.priority {
        Number::Written(number, _) => number.to_string(),
        Number::Filled(text) => text.raw().chars().filter(char::is_ascii_alphanumeric).collect(),
    };
    format!("ListenerRule{}P{priority}", own.id)
}

fn listener_id(own: &OwnTargetGroup, listener: &Listener) -> String {
    format!("Listener{}L{}", own.id, listener.port)
}

fn own_rule_id(own: &OwnTargetGroup, listener: &Listener) -> String {
    format!("ListenerRule{}L{}", own.id, listener.port)
}

/// By what is written of the certificate, not its place: one that is put before others must not take their places.
fn certificate_id(own: &OwnTargetGroup, listener: &Listener, arn: &Text) -> String {
    format!("ListenerCertificate{}L{}H{}", own.id, listener.port, Hash::of(arn.raw().as_bytes()).short())
}

/// What the service waits for: ECS takes no target group that no load balancer has.
pub(super) fn needed_by_service(step: &EcsService) -> Vec<String> {
    let of_group = |own: &OwnTargetGroup| {
        let rules = own.rules.iter().map(|rule| rule_id(own, rule));
        let listeners = own.balancer.iter().flat_map(|balancer| &balancer.listeners);
        let listeners = listeners
            .filter(|listener| listener.redirect_to.is_none())
            .map(|listener| if has_rule(step, own) { own_rule_id(own, listener) } else { listener_id(own, listener) });
        rules.chain(listeners).collect::<Vec<_>>()
    };
    own_groups(step).flat_map(|(_, own)| of_group(own)).collect()
}

/// The full name of an application load balancer and of the own target group that it has, as Application Auto Scaling joins
/// them: of one that the step makes, or else of the one whose listener a rule is on.
pub(super) fn request_label(step: &EcsService) -> Option<Shape> {
    let group = |own: &OwnTargetGroup| Shape::attribute(&group_id(own), "TargetGroupFullName");
    let joined =
        |parts: Vec<Shape>| Shape::map([("Fn::Join", Some(Shape::List(vec![Shape::from("/"), Shape::List(parts)])))]);
    let makes_one = |own: &OwnTargetGroup| own.balancer.as_ref().is_some_and(|balancer| !balancer.network);
    if let Some((_, own)) = own_groups(step).find(|(_, own)| makes_one(own)) {
        return Some(joined(vec![Shape::attribute(&balancer_id(own), "LoadBalancerFullName"), group(own)]));
    }
    let (own, rule) = own_groups(step).find_map(|(_, own)| Some((own, own.rules.iter().find(|rule| !rule.test)?)))?;
    // `arn:…:listener/app/<name>/<id>/<id of the listener>`.
    let part = |index: u32| {
        let split = Shape::map([("Fn::Split", Some(Shape::List(vec!["/".into(), Shape::text(&rule.listener)])))]);
        Shape::map([("Fn::Select", Some(Shape::List(vec![index.into(), split])))])
    };
    Some(joined(vec!["app".into(), part(2), part(3), group(own)]))
}

/// The resources, by logical id.
pub(super) fn resources(step: &EcsService) -> Vec<(String, Shape)> {
    let mut all = Vec::new();
    for (balancer, own) in own_groups(step) {
        all.push((group_id(own), target_group(step, balancer, own)));
        if shifts(step) {
            all.push((alternate_id(own), target_group(step, balancer, own)));
        }
        all.extend(own.rules.iter().map(|rule| (rule_id(own, rule), listener_rule(step, own, rule))));
        if let Some(made) = &own.balancer {
            all.extend(load_balancer(step, own, made));
        }
    }
    all
}

/// What others need to know of own load balancers, by the name of the output.
pub(super) fn outputs(step: &EcsService) -> Vec<(String, Shape)> {
    let mut all = Vec::new();
    for (_, own) in own_groups(step) {
        all.push((format!("{}Arn", group_id(own)), Shape::reference(&group_id(own))));
        if let Some(made) = &own.balancer {
            all.push((format!("{}Arn", balancer_id(own)), Shape::reference(&balancer_id(own))));
            all.push((format!("{}DnsName", balancer_id(own)), Shape::attribute(&balancer_id(own), "DNSName")));
            if made.makes_security_group() {
                let group = Shape::attribute(&security_group_id(own), "GroupId");
                all.push((format!("{}Id", security_group_id(own)), group));
            }
        }
    }
    all
}

fn target_group(step: &EcsService, balancer: &LoadBalancer, own: &OwnTargetGroup) -> Shape {
    let check = &own.health_check;
    let matcher = check.matcher.as_ref().map(|codes| {
        let key = if own.protocol_version == Some("GRPC") { "GrpcCode" } else { "HttpCode" };
        Shape::map([(key, Some(Shape::text(codes)))])
    });
    let kind = if step.task.launch.network == NetworkMode::Awsvpc { "ip" } else { "instance" };
    Shape::resource(
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        Shape::map([
            ("VpcId", Some(Shape::id(&own.vpc, IdOf::Vpc))),
            ("TargetType", Some(kind.into())),
            ("Port", Some(balancer.port.into())),
            ("Protocol", Some(own.protocol.into())),
            ("ProtocolVersion", own.protocol_version.map(Shape::from)),
            ("HealthCheckProtocol", check.protocol.map(Shape::from)),
            ("HealthCheckPath", check.path.as_ref().map(Shape::text)),
            // As a string, because it may also be `traffic-port`.
            ("HealthCheckPort", check.port.map(|port| port.to_string().into())),
            ("Matcher", matcher),
            ("HealthCheckIntervalSeconds", check.interval.map(Shape::from)),
            ("HealthCheckTimeoutSeconds", check.timeout.map(Shape::from)),
            ("HealthyThresholdCount", check.healthy_threshold.map(Shape::from)),
            ("UnhealthyThresholdCount", check.unhealthy_threshold.map(Shape::from)),
            ("TargetGroupAttributes", group_attributes(own)),
        ]),
    )
}

fn attributes(pairs: Vec<(&str, Shape)>) -> Option<Shape> {
    let pair = |(key, value): (&str, Shape)| Shape::map([("Key", Some(key.into())), ("Value", Some(value))]);
    Shape::some_list(pairs.into_iter().map(pair).collect())
}

fn group_attributes(own: &OwnTargetGroup) -> Option<Shape> {
    let mut pairs = Vec::new();
    if let Some(delay) = own.deregistration_delay {
        pairs.push(("deregistration_delay.timeout_seconds", delay.to_string().into()));
    }
    if let Some(seconds) = own.slow_start {
        pairs.push(("slow_start.duration_seconds", seconds.to_string().into()));
    }
    if let Some(seconds) = own.stickiness {
        pairs.push(("stickiness.enabled", "true".into()));
        pairs.push(("stickiness.type", "lb_cookie".into()));
        pairs.push(("stickiness.lb_cookie.duration_seconds", seconds.to_string().into()));
    }
    attributes(pairs)
}

/// Forwards to the target group; to both with weights if a deployment moves traffic between them.
fn forward(step: &EcsService, own: &OwnTargetGroup) -> Shape {
    let to = |id: String, weight: u32| json!({ "TargetGroupArn": { "Ref": id }, "Weight": weight });
    Shape::Fixed(if shifts(step) {
        json!([{ "Type": "forward", "ForwardConfig": { "TargetGroups": [to(group_id(own), 1), to(alternate_id(own), 0)] } }])
    } else {
        json!([{ "Type": "forward", "TargetGroupArn": { "Ref": group_id(own) } }])
    })
}

fn listener_rule(step: &EcsService, own: &OwnTargetGroup, rule: &ListenerRule) -> Shape {
    let values = |texts: &[Text]| Shape::map([("Values", Some(Shape::Leaves(Leaves::Texts(texts.to_vec()))))]);
    let condition = |field: &str, config: &str, texts: &[Text]| {
        (!texts.is_empty()).then(|| Shape::map([("Field", Some(field.into())), (config, Some(values(texts)))]))
    };
    let headers = rule.headers.iter().map(|(name, texts)| {
        let config = Shape::map([
            ("HttpHeaderName", Some((&**name).into())),
            ("Values", Some(Shape::Leaves(Leaves::Texts(texts.clone())))),
        ]);
        Some(Shape::map([("Field", Some("http-header".into())), ("HttpHeaderConfig", Some(config))]))
    });
    let conditions = [
        condition("host-header", "HostHeaderConfig", &rule.hosts),
        condition("path-pattern", "PathPatternConfig", &rule.paths),
        condition("http-request-method", "HttpRequestMethodConfig", &rule.methods),
        condition("source-ip", "SourceIpConfig", &rule.sources),
    ];
    Shape::resource(
        "AWS::ElasticLoadBalancingV2::ListenerRule",
        Shape::map([
            ("ListenerArn", Some(Shape::arn(&rule.listener))),
            ("Priority", Some(Shape::number(&rule.priority, 1..=MAX_PRIORITY))),
            ("Conditions", Some(Shape::List(conditions.into_iter().chain(headers).flatten().collect()))),
            ("Actions", Some(forward(step, own))),
        ]),
    )
}

fn load_balancer(step: &EcsService, own: &OwnTargetGroup, made: &OwnLoadBalancer) -> Vec<(String, Shape)> {
    let groups = match &made.security_groups {
        Some(groups) => Some(Shape::Leaves(Leaves::Network(NetworkIds::SecurityGroups, Some(groups.clone())))),
        None => {
            made.makes_security_group().then(|| Shape::List(vec![Shape::attribute(&security_group_id(own), "GroupId")]))
        }
    };
    let mut settings = Vec::new();
    if let Some(seconds) = made.idle_timeout {
        settings.push(("idle_timeout.timeout_seconds", seconds.to_string().into()));
    }
    match &made.deletion_protection {
        Flag::Written(false, _) => {}
        Flag::Written(true, place) => {
            settings.push(("deletion_protection.enabled", Shape::Written("true".into(), place.clone())));
        }
        protected => settings.push(("deletion_protection.enabled", Shape::flag(protected))),
    }
    let subnets = made.subnets.clone().or_else(|| step.task.subnets.clone());
    let subnets = if made.network {
        Leaves::Network(NetworkIds::Subnets, subnets)
    } else {
        Leaves::Network(NetworkIds::BalancerSubnets, subnets)
    };
    let balancer = Shape::resource(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        Shape::map([
            ("Type", Some(if made.network { "network" } else { "application" }.into())),
            ("Scheme", Some(if made.internet_facing { "internet-facing" } else { "internal" }.into())),
            ("Subnets", Some(Shape::Leaves(subnets))),
            ("SecurityGroups", groups),
            ("LoadBalancerAttributes", attributes(settings)),
        ]),
    );
    let mut all = vec![(balancer_id(own), balancer)];
    if made.makes_security_group() {
        all.push((security_group_id(own), security_group(own, made)));
    }
    for listener in &made.listeners {
        all.push((listener_id(own, listener), listener_shape(step, own, listener)));
        if listener.redirect_to.is_none() && has_rule(step, own) {
            all.push((own_rule_id(own, listener), every_path(step, own, listener)));
        }
        for arn in &listener.additional_certificates {
            all.push((certificate_id(own, listener, arn), more(own, listener, arn)));
        }
    }
    all
}

/// Whether the listeners of an own load balancer need a rule: ECS moves traffic through rules and cannot use a listener's
/// default action.
fn has_rule(step: &EcsService, own: &OwnTargetGroup) -> bool {
    shifts(step) && own.balancer.as_ref().is_some_and(|balancer| !balancer.network)
}

fn security_group(own: &OwnTargetGroup, made: &OwnLoadBalancer) -> Shape {
    let rules = made.listeners.iter().flat_map(|listener| {
        let protocols: &[&str] = match listener.protocol {
            "UDP" => &["udp"],
            "TCP_UDP" => &["tcp", "udp"],
            _ => &["tcp"],
        };
        let each = |network: &Text, protocol: &str| {
            Shape::map([
                ("IpProtocol", Some(protocol.into())),
                ("FromPort", Some(listener.port.into())),
                ("ToPort", Some(listener.port.into())),
                (
                    if network.raw().contains(':') { "CidrIpv6" } else { "CidrIp" },
                    Some(Shape::Leaf(Leaf::Network(network.clone()))),
                ),
            ])
        };
        made.ingress.iter().flat_map(move |network| protocols.iter().map(move |protocol| each(network, protocol)))
    });
    Shape::resource(
        "AWS::EC2::SecurityGroup",
        Shape::map([
            ("GroupDescription", Some("Who may reach the load balancer".into())),
            ("VpcId", Some(Shape::id(&own.vpc, IdOf::Vpc))),
            ("SecurityGroupIngress", Some(Shape::List(rules.collect()))),
        ]),
    )
}

fn listener_shape(step: &EcsService, own: &OwnTargetGroup, listener: &Listener) -> Shape {
    let actions = match listener.redirect_to {
        Some(port) => Shape::Fixed(json!([{ "Type": "redirect", "RedirectConfig": {
            "Protocol": "HTTPS", "Port": port.to_string(), "StatusCode": "HTTP_301",
        } }])),
        None if has_rule(step, own) => Shape::Fixed(json!([{ "Type": "fixed-response", "FixedResponseConfig": {
            "StatusCode": "503",
        } }])),
        None => forward_all(own),
    };
    Shape::resource(
        "AWS::ElasticLoadBalancingV2::Listener",
        Shape::map([
            ("LoadBalancerArn", Some(Shape::reference(&balancer_id(own)))),
            ("Port", Some(listener.port.into())),
            ("Protocol", Some(listener.protocol.into())),
            ("Certificates", listener.certificate.as_ref().map(certificates)),
            ("SslPolicy", listener.ssl_policy.as_ref().map(Shape::text)),
            ("DefaultActions", Some(actions)),
        ]),
    )
}

fn certificates(arn: &Text) -> Shape {
    Shape::List(vec![Shape::map([("CertificateArn", Some(Shape::arn(arn)))])])
}

/// One more certificate of a listener: such a resource takes one (CloudFormation reference, `ListenerCertificate`).
fn more(own: &OwnTargetGroup, listener: &Listener, arn: &Text) -> Shape {
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
fn forward_all(own: &OwnTargetGroup) -> Shape {
    Shape::Fixed(json!([{ "Type": "forward", "TargetGroupArn": { "Ref": group_id(own) } }]))
}

fn every_path(step: &EcsService, own: &OwnTargetGroup, listener: &Listener) -> Shape {
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
