//! How requests reach the tasks.

use std::collections::BTreeMap;

use super::{
    CertificateArn, Flag, Given, Known, ListenerArn, Literal, Located, PortNumber, RoleArn, SecurityGroupId, SubnetId,
    TargetGroupArn, Text, TrafficArn, VpcId, Within, table, words,
};

/// A port that no slot decides: it names resources.
pub type FixedPort = Located<Within<1, 65_535>>;

table! {
    /// `[[step.load_balancer]]`: a container registers with either `target_group` or `own_target_group`.
    pub struct LoadBalancer {
        /// ARN of an existing target group; may contain `#{…}`.
        target_group: Option<Known<TargetGroupArn>> = "TargetGroupArn",
        /// A target group that the step makes.
        own_target_group: Option<Located<OwnTargetGroup>> as own,
        /// Name of a container of the step.
        container: Literal = "ContainerName",
        /// One of its ports.
        port: FixedPort = "ContainerPort",
        /// With `target_group` and a strategy other than `rolling`: the second target group and the rules that move traffic.
        advanced_configuration: Option<Located<AdvancedConfiguration>> as own,
    }
}

table! {
    /// `advanced_configuration`.
    pub struct AdvancedConfiguration {
        /// ARN of the other target group; may contain `#{…}`.
        alternate_target_group: Known<TargetGroupArn> = "AlternateTargetGroupArn",
        /// ARN of the listener rule (application) or listener (network) for traffic; may contain `#{…}`.
        production_listener_rule: Known<TrafficArn>,
        /// ARN of the listener rule (application) or listener (network) for test traffic; may contain `#{…}`.
        test_listener_rule: Option<Known<TrafficArn>>,
        /// ARN of the role with which ECS moves traffic; may contain `#{…}`. Without one, landfall makes a role.
        role_arn: Option<Known<RoleArn>>,
    }
}

table! {
    /// `own_target_group`.
    pub struct OwnTargetGroup {
        /// Part of the target group's logical id: letters and digits. Default: the container's name and port. A new name
        /// replaces the target group.
        name: Option<Literal> as own,
        /// Id of the VPC; may contain `#{…}`.
        vpc_id: Known<VpcId>,
        /// How targets are reached; `http` by default.
        #[serde(default)]
        protocol: Located<TargetProtocol>,
        /// With `http` and `https`: the version of the protocol; `http1` by default.
        protocol_version: Option<Located<ProtocolVersion>>,
        /// Seconds in which a leaving target finishes its requests: 0 to 3600; 300 by default; may be `#{…}`.
        deregistration_delay: Option<Given<Within<0, 3600>>> as own,
        /// Seconds in which a new target gets a growing share of requests: 30 to 900; may be `#{…}`. Off by default; only for
        /// `http` and `https`.
        slow_start: Option<Given<Within<30, 900>>> as own,
        /// Seconds in which a client's requests go to the same target: 1 to 604800; may be `#{…}`. Off by default; only for
        /// `http` and `https`.
        stickiness: Option<Given<Within<1, 604_800>>> as own,
        /// How targets are checked.
        #[serde(default)]
        health_check: TargetHealthCheck as own,
        /// Rules on existing listeners.
        #[serde(default)]
        listener_rule: Vec<Located<ListenerRule>> as own,
        /// A load balancer that the step makes for the target group.
        own_load_balancer: Option<Located<OwnLoadBalancer>> as own,
    }
}

words! {
    /// `protocol` of a target group.
    #[derive(Default)]
    #[expect(missing_docs, reason = "the names are those of the protocols")]
    pub enum TargetProtocol {
        #[default]
        Http = "http" "HTTP",
        Https = "https" "HTTPS",
        Tcp = "tcp" "TCP",
        Tls = "tls" "TLS",
        Udp = "udp" "UDP",
        TcpUdp = "tcp-udp" "TCP_UDP",
    }
}

impl TargetProtocol {
    /// Whether it is one of application load balancers.
    pub fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }

    /// What security groups call the protocols that it is sent over.
    pub fn transports(self) -> &'static [&'static str] {
        match self {
            Self::Udp => &["udp"],
            Self::TcpUdp => &["tcp", "udp"],
            Self::Http | Self::Https | Self::Tcp | Self::Tls => &["tcp"],
        }
    }
}

words! {
    /// `protocol_version` of a target group.
    #[expect(missing_docs, reason = "the names are those of the protocols")]
    pub enum ProtocolVersion {
        Http1 = "http1" "HTTP1",
        Http2 = "http2" "HTTP2",
        Grpc = "grpc" "GRPC",
    }
}

table! {
    /// `health_check` of a target group; times in seconds.
    #[derive(Default)]
    pub struct TargetHealthCheck {
        /// The protocol of the check. Default: the protocol of the traffic, or TCP if the load balancer cannot check that
        /// protocol.
        protocol: Option<Located<HealthProtocol>> = "HealthCheckProtocol",
        /// Path that is requested; `/` by default; may contain `#{…}`.
        path: Option<Text> = "HealthCheckPath",
        /// Port that is checked; may be `#{…}`. Default: the port of the traffic.
        port: Option<PortNumber> as own,
        /// Response codes that count as healthy, such as `200-299`; `200` by default; may contain `#{…}`.
        matcher: Option<Text> as own,
        /// Seconds between two checks: 5 to 300; 30 by default; may be `#{…}`.
        interval: Option<Given<Within<5, 300>>> = "HealthCheckIntervalSeconds",
        /// Seconds until a check counts as failed: 2 to 120; may be `#{…}`.
        timeout: Option<Given<Within<2, 120>>> = "HealthCheckTimeoutSeconds",
        /// Passed checks until a target is healthy: 2 to 10; may be `#{…}`.
        healthy_threshold: Option<Given<Within<2, 10>>> = "HealthyThresholdCount",
        /// Failed checks until a target is unhealthy: 2 to 10; may be `#{…}`.
        unhealthy_threshold: Option<Given<Within<2, 10>>> = "UnhealthyThresholdCount",
    }
}

words! {
    /// `protocol` of a health check.
    #[expect(missing_docs, reason = "the names are those of the protocols")]
    pub enum HealthProtocol {
        Http = "http" "HTTP",
        Https = "https" "HTTPS",
        Tcp = "tcp" "TCP",
    }
}

/// The order of a rule (API reference of Elastic Load Balancing, `CreateRule`).
pub type Priority = Given<Within<1, 50_000>>;

table! {
    /// `[[step.load_balancer.own_target_group.listener_rule]]`.
    pub struct ListenerRule {
        /// ARN of the listener of an application load balancer; may contain `#{…}`.
        listener_arn: Known<ListenerArn>,
        /// 1 to 50000, unique on the listener and among these rules; lower numbers come first; may be `#{…}`.
        priority: Priority,
        /// For the test traffic of a strategy other than `rolling`.
        #[serde(default)]
        test: bool as own,
        /// Host names; may contain `#{…}`.
        #[serde(default)]
        host_header: Vec<Text> as own,
        /// Paths; may contain `#{…}`.
        #[serde(default)]
        path_pattern: Vec<Text> as own,
        /// Methods; may contain `#{…}`.
        #[serde(default)]
        http_request_method: Vec<Text> as own,
        /// Networks of clients; may contain `#{…}`.
        #[serde(default)]
        source_ip: Vec<Text> as own,
        /// Headers and their values; values may contain `#{…}`.
        #[serde(default)]
        http_header: BTreeMap<String, Vec<Text>> as own,
    }
}

table! {
    /// `own_load_balancer`.
    pub struct OwnLoadBalancer {
        /// The type of load balancer; `application` by default.
        #[serde(rename = "type", default)]
        kind: Located<BalancerType> = "Type",
        /// Whether it has public addresses; `internal` by default; may be `#{…}`.
        #[serde(default)]
        scheme: Given<Scheme>,
        /// Subnets of the load balancer. Default: those of the tasks; may contain `#{…}`.
        subnets: Option<Vec<Known<SubnetId>>> as own,
        /// Security groups; may contain `#{…}`. Without any, landfall makes one that admits `ingress`. If you name groups, the
        /// groups of the tasks must admit them.
        security_groups: Option<Vec<Known<SecurityGroupId>>> as own,
        /// Networks that landfall's security group admits to the ports of the listeners; may contain `#{…}`.
        #[serde(default)]
        ingress: Vec<Text> as own,
        /// With `ingress`: landfall makes a security group that admits the load balancer to the ports of the container and
        /// the health check; `true` by default. The tasks get it in addition to at most four of their own. Tasks without
        /// their own network interface (`network_mode`) have no security groups: the groups of the instances must admit the
        /// load balancer.
        task_ingress: Option<Located<bool>> as own,
        /// Seconds until an idle connection is closed: 1 to 4000; only for `application`; may be `#{…}`.
        idle_timeout: Option<Given<Within<1, 4000>>> as own,
        /// Turns on deletion protection; may be `#{…}`.
        #[serde(default)]
        #[schemars(extend("default" = false))]
        deletion_protection: Flag as own,
        /// Listeners; at least one.
        #[serde(default)]
        listener: Vec<Located<Listener>> as own,
    }
}

words! {
    /// `type` of a load balancer.
    #[derive(Default)]
    pub enum BalancerType {
        /// Requests.
        #[default]
        Application = "application" "application",
        /// Connections.
        Network = "network" "network",
    }
}

words! {
    /// `scheme` of a load balancer.
    #[derive(Default)]
    pub enum Scheme {
        /// Addresses of the VPC.
        #[default]
        Internal = "internal" "internal",
        /// Public addresses.
        InternetFacing = "internet-facing" "internet-facing",
    }
}

table! {
    /// `listener` of an own load balancer.
    pub struct Listener {
        /// Its port.
        port: FixedPort,
        /// `http`, `https`; with a network load balancer `tcp`, `tls`, `udp`, `tcp-udp`.
        protocol: Located<TargetProtocol>,
        /// ARN of its certificate, for `https` and `tls`; may contain `#{…}`.
        certificate_arn: Option<Known<CertificateArn>> as own,
        /// ARNs of more certificates, for clients that ask for another host name; with `https` and `tls`; may contain `#{…}`. A
        /// load balancer can have at most 25, unless AWS raises that quota.
        #[serde(default)]
        additional_certificate_arns: Vec<Known<CertificateArn>> as own,
        /// Ciphers and versions, for `https` and `tls`; may contain `#{…}`.
        ssl_policy: Option<Text>,
        /// With `http`: redirects clients to HTTPS on this port and sends nothing to the tasks.
        redirect_to: Option<FixedPort> as own,
        /// For the test traffic of a strategy other than `rolling`: the new tasks get requests here before they get production
        /// traffic.
        #[serde(default)]
        test: Located<bool> as own,
    }
}

impl LoadBalancer {
    /// What goes into the logical ids of an own target group: the name that is written, or container and port in letters and
    /// digits.
    pub fn own_id(&self, own: &OwnTargetGroup) -> String {
        if let Some(name) = &own.name {
            return name.to_string();
        }
        let mut id = String::new();
        for part in self.container.split(|c: char| !c.is_ascii_alphanumeric()) {
            let mut letters = part.chars();
            id.extend(letters.next().map(|first| first.to_ascii_uppercase()));
            id.push_str(letters.as_str());
        }
        format!("{id}{}", self.port.0)
    }
}

impl OwnTargetGroup {
    /// The load balancer that is made for it, if it is of this type.
    pub fn makes(&self, kind: BalancerType) -> bool {
        self.own_load_balancer.as_ref().is_some_and(|made| *made.kind == kind)
    }
}

impl OwnLoadBalancer {
    /// Whether its security group is made.
    pub fn makes_security_group(&self) -> bool {
        self.security_groups.is_none() && !self.ingress.is_empty()
    }

    /// Whether the step lets it reach tasks that have an interface of their own.
    pub fn reaches_tasks(&self) -> bool {
        self.task_ingress.as_deref() != Some(&false) && self.makes_security_group()
    }

    /// The listeners that send to the tasks.
    pub fn sending(&self) -> impl Iterator<Item = &Located<Listener>> {
        self.listener.iter().filter(|listener| listener.redirect_to.is_none())
    }
}
