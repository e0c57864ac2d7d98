//! How requests reach the tasks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;
use crate::load::schema::values::NumberEntry;

/// `[[step.load_balancer]]`: a container registers with `target_group` or with `own_target_group`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadBalancerEntry {
    /// ARN of a target group that is there; may hold `#{…}`.
    pub target_group: Option<At<String>>,
    /// A target group that the step makes.
    pub own_target_group: Option<At<OwnTargetGroupEntry>>,
    /// Name of a container of the step.
    pub container: At<String>,
    /// One of its ports.
    pub port: At<u16>,
    /// With `target_group` and a strategy other than `rolling`: what else moves traffic.
    pub advanced_configuration: Option<At<AdvancedConfigurationEntry>>,
}

/// `advanced_configuration`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvancedConfigurationEntry {
    /// ARN of the other target group; may hold `#{…}`.
    pub alternate_target_group: At<String>,
    /// ARN of the listener rule (application) or listener (network) for traffic; may hold `#{…}`.
    pub production_listener_rule: At<String>,
    /// The same for test traffic; may hold `#{…}`.
    pub test_listener_rule: Option<At<String>>,
    /// ARN of the role with which ECS moves traffic; may hold `#{…}`. Without one, a role is made.
    pub role_arn: Option<At<String>>,
}

/// `own_target_group`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnTargetGroupEntry {
    /// What goes into its logical id: letters and digits; the container's name and port by default. Another name replaces it.
    pub name: Option<At<String>>,
    /// Id of the VPC; may hold `#{…}`.
    pub vpc_id: At<String>,
    /// How targets are reached; `http` by default.
    #[serde(default)]
    pub protocol: At<TargetProtocolEntry>,
    /// With `http` and `https`: version of the protocol; `http1` by default.
    pub protocol_version: Option<At<ProtocolVersionEntry>>,
    /// Seconds in which a target that leaves ends what it does: 0 to 3600; 300 by default.
    #[schemars(range(min = 0, max = 3600))]
    pub deregistration_delay: Option<u32>,
    /// Seconds in which a new target gets more and more requests: 30 to 900; off by default; for `http` and `https`.
    #[schemars(range(min = 30, max = 900))]
    pub slow_start: Option<At<u32>>,
    /// Seconds in which requests of a client go to the same target: 1 to 604800; off by default; for `http` and `https`.
    #[schemars(range(min = 1, max = 604_800))]
    pub stickiness: Option<At<u32>>,
    /// How targets are checked.
    #[serde(default)]
    pub health_check: TargetHealthCheckEntry,
    /// Rules on listeners that are there.
    #[serde(default)]
    pub listener_rule: Vec<At<ListenerRuleEntry>>,
    /// A load balancer for it.
    pub own_load_balancer: Option<At<OwnLoadBalancerEntry>>,
}

/// `protocol` of a target group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of the protocols")]
pub enum TargetProtocolEntry {
    #[default]
    Http,
    Https,
    Tcp,
    Tls,
    Udp,
    TcpUdp,
}

/// `protocol_version` of a target group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of the protocols")]
pub enum ProtocolVersionEntry {
    Http1,
    Http2,
    Grpc,
}

/// `health_check` of a target group; times in seconds.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetHealthCheckEntry {
    /// How it asks; by default like traffic, and TCP where that cannot be asked.
    pub protocol: Option<HealthProtocolEntry>,
    /// Path that is asked, `/` by default; may hold `#{…}`.
    pub path: Option<At<String>>,
    /// Port that is asked; the traffic's by default.
    pub port: Option<At<u16>>,
    /// Codes that are healthy, like `200-299`; `200` by default; may hold `#{…}`.
    pub matcher: Option<At<String>>,
    /// Between two checks: 5 to 300; 30 by default.
    #[schemars(range(min = 5, max = 300))]
    pub interval: Option<At<u32>>,
    /// Until a check has failed: 2 to 120.
    #[schemars(range(min = 2, max = 120))]
    pub timeout: Option<At<u32>>,
    /// Passed checks until a target is healthy: 2 to 10.
    #[schemars(range(min = 2, max = 10))]
    pub healthy_threshold: Option<u32>,
    /// Failed checks until a target is unhealthy: 2 to 10.
    #[schemars(range(min = 2, max = 10))]
    pub unhealthy_threshold: Option<u32>,
}

/// `protocol` of a health check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "the names are those of the protocols")]
pub enum HealthProtocolEntry {
    Http,
    Https,
    Tcp,
}

/// `[[step.load_balancer.own_target_group.listener_rule]]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListenerRuleEntry {
    /// ARN of the listener of an application load balancer; may hold `#{…}`.
    pub listener_arn: At<String>,
    /// 1 to 50000, unique on the listener, and among the rules here; the least is first; may be `#{…}`.
    pub priority: At<NumberEntry>,
    /// For the test traffic of a strategy other than `rolling`.
    #[serde(default)]
    pub test: bool,
    /// Host names; may hold `#{…}`.
    #[serde(default)]
    pub host_header: Vec<At<String>>,
    /// Paths; may hold `#{…}`.
    #[serde(default)]
    pub path_pattern: Vec<At<String>>,
    /// Methods; may hold `#{…}`.
    #[serde(default)]
    pub http_request_method: Vec<At<String>>,
    /// Networks of clients; may hold `#{…}`.
    #[serde(default)]
    pub source_ip: Vec<At<String>>,
    /// Headers and their values; values may hold `#{…}`.
    #[serde(default)]
    pub http_header: BTreeMap<String, Vec<At<String>>>,
}

/// `own_load_balancer`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnLoadBalancerEntry {
    /// What it balances; `application` by default.
    #[serde(rename = "type", default)]
    pub kind: BalancerTypeEntry,
    /// Whether it has public addresses; `internal` by default.
    #[serde(default)]
    pub scheme: SchemeEntry,
    /// Subnets instead of those of the tasks; may hold `#{…}`.
    pub subnets: Option<Vec<At<String>>>,
    /// Security groups; may hold `#{…}`. Without any, one is made that lets `ingress` in. Groups that are given have to be let
    /// in by those of the tasks.
    pub security_groups: Option<Vec<At<String>>>,
    /// Networks that the made security group lets in, at the ports of the listeners; may hold `#{…}`.
    #[serde(default)]
    pub ingress: Vec<At<String>>,
    /// With `ingress`: the tasks get a security group beside theirs, at most four, that lets the load balancer reach the
    /// container's port and that of the health check; `true` by default. Tasks without an interface of their own
    /// (`network_mode`) have no security groups: those of the instances have to let it in.
    pub task_ingress: Option<At<bool>>,
    /// Seconds until an idle connection is closed: 1 to 4000; for `application`.
    #[schemars(range(min = 1, max = 4000))]
    pub idle_timeout: Option<At<u32>>,
    /// Keeps it from being deleted.
    #[serde(default)]
    pub deletion_protection: bool,
    /// Listeners; at least one.
    #[serde(default)]
    pub listener: Vec<At<ListenerEntry>>,
}

/// `type` of a load balancer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum BalancerTypeEntry {
    /// Requests.
    #[default]
    Application,
    /// Connections.
    Network,
}

/// `scheme` of a load balancer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SchemeEntry {
    /// Addresses of the VPC.
    #[default]
    Internal,
    /// Public addresses.
    InternetFacing,
}

/// `listener` of an own load balancer.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListenerEntry {
    /// Its port.
    pub port: At<u16>,
    /// `http`, `https`; with a network load balancer `tcp`, `tls`, `udp`, `tcp-udp`.
    pub protocol: At<TargetProtocolEntry>,
    /// ARN of its certificate, for `https` and `tls`; may hold `#{…}`.
    pub certificate_arn: Option<At<String>>,
    /// ARNs of more certificates, for clients that ask for a name which that one has not; with `https` and `tls`; may hold
    /// `#{…}`. A load balancer has at most 25, unless AWS raises that quota.
    #[serde(default)]
    pub additional_certificate_arns: Vec<At<String>>,
    /// Ciphers and versions, for `https` and `tls`; may hold `#{…}`.
    pub ssl_policy: Option<At<String>>,
    /// With `http`: sends clients to HTTPS on this port, and nothing to the tasks.
    pub redirect_to: Option<At<u16>>,
    /// For the test traffic of a strategy other than `rolling`: the new tasks are reached here before they are reached by
    /// everybody.
    #[serde(default)]
    pub test: At<bool>,
}
