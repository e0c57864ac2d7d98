//! How requests reach the tasks.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;
use crate::model::process::{Flag, Number};

/// `[[step.load_balancer]]`: a container registers with either `target_group` or `own_target_group`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadBalancerEntry {
    /// ARN of an existing target group; may contain `#{…}`.
    pub target_group: Option<At<String>>,
    /// A target group that the step makes.
    pub own_target_group: Option<At<OwnTargetGroupEntry>>,
    /// Name of a container of the step.
    pub container: At<String>,
    /// One of its ports.
    pub port: At<u16>,
    /// With `target_group` and a strategy other than `rolling`: the second target group and the rules that move traffic.
    pub advanced_configuration: Option<At<AdvancedConfigurationEntry>>,
}

/// `advanced_configuration`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AdvancedConfigurationEntry {
    /// ARN of the other target group; may contain `#{…}`.
    pub alternate_target_group: At<String>,
    /// ARN of the listener rule (application) or listener (network) for traffic; may contain `#{…}`.
    pub production_listener_rule: At<String>,
    /// ARN of the listener rule (application) or listener (network) for test traffic; may contain `#{…}`.
    pub test_listener_rule: Option<At<String>>,
    /// ARN of the role with which ECS moves traffic; may contain `#{…}`. Without one, landfall makes a role.
    pub role_arn: Option<At<String>>,
}

/// `own_target_group`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnTargetGroupEntry {
    /// Part of the target group's logical id: letters and digits. Default: the container's name and port. A new name
    /// replaces the target group.
    pub name: Option<At<String>>,
    /// Id of the VPC; may contain `#{…}`.
    pub vpc_id: At<String>,
    /// How targets are reached; `http` by default.
    #[serde(default)]
    pub protocol: At<TargetProtocolEntry>,
    /// With `http` and `https`: the version of the protocol; `http1` by default.
    pub protocol_version: Option<At<ProtocolVersionEntry>>,
    /// Seconds in which a leaving target finishes its requests: 0 to 3600; 300 by default.
    #[schemars(range(min = 0, max = 3600))]
    pub deregistration_delay: Option<u32>,
    /// Seconds in which a new target gets a growing share of requests: 30 to 900. Off by default; only for `http` and
    /// `https`.
    #[schemars(range(min = 30, max = 900))]
    pub slow_start: Option<At<u32>>,
    /// Seconds in which a client's requests go to the same target: 1 to 604800. Off by default; only for `http` and
    /// `https`.
    #[schemars(range(min = 1, max = 604_800))]
    pub stickiness: Option<At<u32>>,
    /// How targets are checked.
    #[serde(default)]
    pub health_check: TargetHealthCheckEntry,
    /// Rules on existing listeners.
    #[serde(default)]
    pub listener_rule: Vec<At<ListenerRuleEntry>>,
    /// A load balancer that the step makes for the target group.
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
    /// The protocol of the check. Default: the protocol of the traffic, or TCP if the load balancer cannot check that
    /// protocol.
    pub protocol: Option<HealthProtocolEntry>,
    /// Path that is requested; `/` by default; may contain `#{…}`.
    pub path: Option<At<String>>,
    /// Port that is checked. Default: the port of the traffic.
    pub port: Option<At<u16>>,
    /// Response codes that count as healthy, such as `200-299`; `200` by default; may contain `#{…}`.
    pub matcher: Option<At<String>>,
    /// Seconds between two checks: 5 to 300; 30 by default.
    #[schemars(range(min = 5, max = 300))]
    pub interval: Option<At<u32>>,
    /// Seconds until a check counts as failed: 2 to 120.
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
    /// ARN of the listener of an application load balancer; may contain `#{…}`.
    pub listener_arn: At<String>,
    /// 1 to 50000, unique on the listener and among these rules; lower numbers come first; may be `#{…}`.
    pub priority: Number,
    /// For the test traffic of a strategy other than `rolling`.
    #[serde(default)]
    pub test: bool,
    /// Host names; may contain `#{…}`.
    #[serde(default)]
    pub host_header: Vec<At<String>>,
    /// Paths; may contain `#{…}`.
    #[serde(default)]
    pub path_pattern: Vec<At<String>>,
    /// Methods; may contain `#{…}`.
    #[serde(default)]
    pub http_request_method: Vec<At<String>>,
    /// Networks of clients; may contain `#{…}`.
    #[serde(default)]
    pub source_ip: Vec<At<String>>,
    /// Headers and their values; values may contain `#{…}`.
    #[serde(default)]
    pub http_header: BTreeMap<String, Vec<At<String>>>,
}

/// `own_load_balancer`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnLoadBalancerEntry {
    /// The type of load balancer; `application` by default.
    #[serde(rename = "type", default)]
    pub kind: BalancerTypeEntry,
    /// Whether it has public addresses; `internal` by default.
    #[serde(default)]
    pub scheme: SchemeEntry,
    /// Subnets of the load balancer. Default: those of the tasks; may contain `#{…}`.
    pub subnets: Option<Vec<At<String>>>,
    /// Security groups; may contain `#{…}`. Without any, landfall makes one that admits `ingress`. If you name groups, the
    /// groups of the tasks must admit them.
    pub security_groups: Option<Vec<At<String>>>,
    /// Networks that landfall's security group admits to the ports of the listeners; may contain `#{…}`.
    #[serde(default)]
    pub ingress: Vec<At<String>>,
    /// With `ingress`: landfall makes a security group that admits the load balancer to the ports of the container and
    /// the health check; `true` by default. The tasks get it in addition to at most four of their own. Tasks without
    /// their own network interface (`network_mode`) have no security groups: the groups of the instances must admit the
    /// load balancer.
    pub task_ingress: Option<At<bool>>,
    /// Seconds until an idle connection is closed: 1 to 4000; only for `application`.
    #[schemars(range(min = 1, max = 4000))]
    pub idle_timeout: Option<At<u32>>,
    /// Turns on deletion protection; may be `#{…}`.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub deletion_protection: Flag,
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
    /// ARN of its certificate, for `https` and `tls`; may contain `#{…}`.
    pub certificate_arn: Option<At<String>>,
    /// ARNs of more certificates, for clients that ask for another host name; with `https` and `tls`; may contain `#{…}`. A
    /// load balancer can have at most 25, unless AWS raises that quota.
    #[serde(default)]
    pub additional_certificate_arns: Vec<At<String>>,
    /// Ciphers and versions, for `https` and `tls`; may contain `#{…}`.
    pub ssl_policy: Option<At<String>>,
    /// With `http`: redirects clients to HTTPS on this port and sends nothing to the tasks.
    pub redirect_to: Option<At<u16>>,
    /// For the test traffic of a strategy other than `rolling`: the new tasks get requests here before they get production
    /// traffic.
    #[serde(default)]
    pub test: At<bool>,
}
