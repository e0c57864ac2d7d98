//! How requests reach the tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Flag, Number, Text};
use crate::model::Location;

/// `[[step.load_balancer]]`: a target group that a container registers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadBalancer {
    pub target_group: TargetGroup,
    /// Name of a container of the step.
    pub container: Arc<str>,
    /// One of its ports.
    pub port: u16,
    /// What a deployment needs that moves traffic between two target groups.
    pub advanced: Option<AdvancedConfiguration>,
    /// Where it is written.
    pub at: Location,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetGroup {
    /// One that is there: its ARN.
    Given(Text),
    /// One that the step makes.
    Own(Box<OwnTargetGroup>),
}

/// `advanced_configuration` of a given target group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvancedConfiguration {
    /// ARN of the other target group.
    pub alternate_target_group: Text,
    /// ARN of the listener rule (application) or listener (network) for traffic.
    pub production_listener_rule: Text,
    /// The same for test traffic.
    pub test_listener_rule: Option<Text>,
    /// ARN of the role with which ECS moves traffic; without one, a role is made.
    pub role: Option<Text>,
}

/// `own_target_group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnTargetGroup {
    /// What goes into its logical id, unique in the step.
    pub id: Arc<str>,
    /// Id of the VPC.
    pub vpc: Text,
    /// `HTTP`, `TCP`, …
    pub protocol: &'static str,
    /// `HTTP1`, `HTTP2`, `GRPC`.
    pub protocol_version: Option<&'static str>,
    /// Seconds in which a target that leaves ends what it does.
    pub deregistration_delay: Option<u32>,
    /// Seconds in which a new target gets more and more requests.
    pub slow_start: Option<u32>,
    /// Requests of a client go to the same target for so many seconds.
    pub stickiness: Option<u32>,
    /// How its targets are checked.
    pub health_check: TargetHealthCheck,
    /// Rules on listeners that are there.
    pub rules: Vec<ListenerRule>,
    /// The load balancer that is made for it.
    pub balancer: Option<OwnLoadBalancer>,
}

/// `health_check` of a target group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetHealthCheck {
    /// `HTTP`, `HTTPS`, `TCP`; the target group's unless said.
    pub protocol: Option<&'static str>,
    /// Path that is asked.
    pub path: Option<Text>,
    /// Port that is asked; the traffic's unless said.
    pub port: Option<u16>,
    /// Codes that are healthy.
    pub matcher: Option<Text>,
    /// Seconds between two checks.
    pub interval: Option<u32>,
    /// Seconds until a check has failed.
    pub timeout: Option<u32>,
    /// Passed checks until a target is healthy.
    pub healthy_threshold: Option<u32>,
    /// Failed checks until a target is unhealthy.
    pub unhealthy_threshold: Option<u32>,
}

/// The highest number of a rule (API reference, `CreateRule`).
pub const MAX_PRIORITY: u32 = 50_000;

/// A rule on a listener.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenerRule {
    /// ARN of the listener.
    pub listener: Text,
    /// Unique on the listener; the least is first.
    pub priority: Number,
    /// For test traffic of a deployment that moves traffic between two target groups.
    pub test: bool,
    /// Host names.
    pub hosts: Vec<Text>,
    pub paths: Vec<Text>,
    pub methods: Vec<Text>,
    /// Networks of clients.
    pub sources: Vec<Text>,
    /// Headers and their values.
    pub headers: BTreeMap<Arc<str>, Vec<Text>>,
}

/// `own_load_balancer`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnLoadBalancer {
    /// It balances connections, not requests.
    pub network: bool,
    /// It has public addresses.
    pub internet_facing: bool,
    /// Subnets instead of those of the tasks.
    pub subnets: Option<Vec<Text>>,
    /// Security groups; without any, one is made.
    pub security_groups: Option<Vec<Text>>,
    /// Networks that the made security group lets in.
    pub ingress: Vec<Text>,
    /// With a made security group: the tasks get one that lets it in.
    pub task_ingress: bool,
    /// Seconds until an idle connection is closed.
    pub idle_timeout: Option<u32>,
    /// It can only be deleted after this is taken away.
    pub deletion_protection: Flag,
    /// At least one.
    pub listeners: Vec<Listener>,
}

impl OwnLoadBalancer {
    /// Whether its security group is made.
    pub fn makes_security_group(&self) -> bool {
        self.security_groups.is_none() && !self.ingress.is_empty()
    }

    /// Whether the step lets it reach tasks that have an interface of their own.
    pub fn reaches_tasks(&self) -> bool {
        self.task_ingress && self.makes_security_group()
    }
}

/// A listener of an own load balancer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    pub port: u16,
    /// `HTTP`, `HTTPS`, `TCP`, `TLS`, `UDP`.
    pub protocol: &'static str,
    /// ARN of its certificate.
    pub certificate: Option<Text>,
    /// ARNs of the certificates for clients that ask for other names.
    pub additional_certificates: Vec<Text>,
    /// Ciphers and versions.
    pub ssl_policy: Option<Text>,
    /// Sends clients to HTTPS on this port.
    pub redirect_to: Option<u16>,
    /// For test traffic of a deployment that moves traffic between two target groups.
    pub test: bool,
}
