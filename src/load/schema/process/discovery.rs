//! How others find the tasks: Service Connect and Cloud Map.

use schemars::JsonSchema;
use serde::Deserialize;

use super::LogEntry;
use crate::load::schema::At;

/// `[step.service_connect_configuration]`: a proxy beside every task, by which services of a namespace reach each other.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceConnectEntry {
    /// Whether it is switched on; `true` by default.
    #[serde(default = "on")]
    pub enabled: bool,
    /// Name or ARN of a namespace of Cloud Map, the cluster's default by default; may hold `#{…}`.
    pub namespace: Option<At<String>>,
    /// What others can reach; none for a service that only reaches others.
    #[serde(default)]
    pub services: Vec<At<ConnectServiceEntry>>,
    /// Where the output of the proxy goes; nowhere by default. With the driver `awslogs` and no options: to the step's log
    /// group.
    pub log: Option<At<LogEntry>>,
    /// Logs every request into the output of the proxy.
    pub access_log_configuration: Option<At<AccessLogEntry>>,
}

fn on() -> bool {
    true
}

/// One of `services`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectServiceEntry {
    /// `name` of a port of a container.
    pub port_name: At<String>,
    /// Its name in the namespace, unique there; the port's by default; may hold `#{…}`.
    pub discovery_name: Option<At<String>>,
    /// Where clients find it; at most one.
    #[serde(default)]
    pub client_aliases: Vec<At<ClientAliasEntry>>,
    /// Port on which the proxy listens; by default the container's, and in network mode `bridge` one that ECS chooses.
    pub ingress_port_override: Option<At<u16>>,
    /// When connections and requests end.
    pub timeout: Option<At<ConnectTimeoutEntry>>,
    /// Encrypts what comes to it.
    pub tls: Option<At<ConnectTlsEntry>>,
}

/// One of `client_aliases`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientAliasEntry {
    /// Port that clients use.
    #[schemars(range(min = 1, max = 65535))]
    pub port: At<u16>,
    /// Name that clients use, `<discovery name>.<namespace>` by default; may hold `#{…}`.
    pub dns_name: Option<At<String>>,
    /// Which requests go to the new tasks before traffic moves; with a strategy other than `rolling`.
    pub test_traffic_rules: Option<At<TestTrafficEntry>>,
}

/// `test_traffic_rules`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestTrafficEntry {
    /// Requests with this header.
    pub header: TestHeaderEntry,
}

/// `header` of test traffic.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestHeaderEntry {
    /// Its name; may hold `#{…}`.
    pub name: At<String>,
    /// Its value; any by default.
    pub value: Option<TestHeaderValueEntry>,
}

/// `value` of a header of test traffic.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestHeaderValueEntry {
    /// Exactly this; may hold `#{…}`.
    pub exact: At<String>,
}

/// `timeout` of a service of Service Connect; 0 for none.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectTimeoutEntry {
    /// Seconds until an idle connection ends; 300 by default, and 3600 without `app_protocol`.
    pub idle_timeout_seconds: Option<u32>,
    /// Seconds until a request ends; only for a port with `app_protocol`.
    pub per_request_timeout_seconds: Option<u32>,
}

/// `tls` of a service of Service Connect.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectTlsEntry {
    /// Who signs its certificates.
    pub issuer_certificate_authority: IssuerEntry,
    /// ARN of the KMS key for the private key, AWS's own by default; may hold `#{…}`; with `role_arn`.
    pub kms_key: Option<At<String>>,
    /// ARN of the role with which ECS makes certificates; may hold `#{…}`. Without one, a role is made.
    pub role_arn: Option<At<String>>,
}

/// `issuer_certificate_authority`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuerEntry {
    /// ARN of an authority of AWS Private CA; may hold `#{…}`.
    pub aws_pca_authority_arn: At<String>,
}

/// `access_log_configuration`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessLogEntry {
    /// How a line looks.
    pub format: AccessLogFormatEntry,
    /// Keeps what follows `?`, which may hold secrets; `false` by default.
    pub include_query_parameters: Option<bool>,
}

/// `format` of access logs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AccessLogFormatEntry {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// `[[step.service_registries]]`: the tasks are found by a service of Cloud Map; at most one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceRegistryEntry {
    /// ARN of a service of Cloud Map that is there; may hold `#{…}`.
    pub registry_arn: Option<At<String>>,
    /// A service of Cloud Map that the step makes.
    pub own_service: Option<At<OwnDiscoveryEntry>>,
    /// Container whose port is found: in network modes `bridge` and `host`, and for records of type `srv`.
    pub container_name: Option<At<String>>,
    /// Its port.
    pub container_port: Option<At<u16>>,
    /// Instead of both: a port for records of type `srv`; only in network mode `awsvpc`.
    pub port: Option<At<u16>>,
}

/// `own_service`: a service of Cloud Map. Another name or namespace replaces it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnDiscoveryEntry {
    /// Id of its namespace, `ns-…`; may hold `#{…}`.
    pub namespace_id: At<String>,
    /// Its name, by which the tasks are found; may hold `#{…}`.
    pub name: At<String>,
    /// What it is for; may hold `#{…}`.
    pub description: Option<At<String>>,
    /// Its records in DNS; none where tasks are found by calls of Cloud Map alone.
    pub dns_config: Option<At<DnsConfigEntry>>,
    /// ECS tells Cloud Map which tasks are healthy. Another choice replaces the service.
    pub health_check_custom_config: Option<HealthCheckCustomEntry>,
}

/// `dns_config`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DnsConfigEntry {
    /// Records of each task; at least one, each type once.
    pub dns_records: At<Vec<At<DnsRecordEntry>>>,
    /// Which tasks an answer names; `multivalue` by default.
    pub routing_policy: Option<At<RoutingPolicyEntry>>,
}

/// One of `dns_records`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DnsRecordEntry {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: DnsRecordTypeEntry,
    /// Seconds for which an answer is kept.
    pub ttl: u32,
}

/// `type` of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DnsRecordTypeEntry {
    /// Address.
    A,
    /// Address of IPv6.
    Aaaa,
    /// Port and address.
    Srv,
}

/// `routing_policy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RoutingPolicyEntry {
    /// Up to eight healthy tasks.
    Multivalue,
    /// One healthy task by chance.
    Weighted,
}

/// `health_check_custom_config`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheckCustomEntry {
    /// Intervals of 30 seconds until a change counts: 1 to 10. Cloud Map now always takes 1.
    #[schemars(range(min = 1, max = 10))]
    pub failure_threshold: Option<u32>,
}
