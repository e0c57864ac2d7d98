//! How others find the tasks: Service Connect and Cloud Map.

use schemars::JsonSchema;
use serde::Deserialize;

use super::LogEntry;
use crate::load::schema::At;

/// `[step.service_connect_configuration]`: a proxy next to every task, through which services of a namespace reach each
/// other.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceConnectEntry {
    /// Whether it is on; `true` by default.
    #[serde(default = "on")]
    pub enabled: bool,
    /// Name or ARN of a Cloud Map namespace. Default: the cluster's default namespace; may contain `#{…}`.
    pub namespace: Option<At<String>>,
    /// The services that others can reach. Empty for a service that only calls others.
    #[serde(default)]
    pub services: Vec<At<ConnectServiceEntry>>,
    /// Where the output of the proxy goes. Default: it is discarded. With the driver `awslogs` and no options: the step's
    /// log group.
    pub log: Option<At<LogEntry>>,
    /// Writes every request to the output of the proxy.
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
    /// Its name in the namespace, unique there. Default: the name of the port; may contain `#{…}`.
    pub discovery_name: Option<At<String>>,
    /// The name and port that clients use; at most one.
    #[serde(default)]
    pub client_aliases: Vec<At<ClientAliasEntry>>,
    /// Port on which the proxy listens. Default: the container's port; in network mode `bridge`, ECS chooses one.
    pub ingress_port_override: Option<At<u16>>,
    /// Timeouts of connections and requests.
    pub timeout: Option<At<ConnectTimeoutEntry>>,
    /// Encrypts its traffic.
    pub tls: Option<At<ConnectTlsEntry>>,
}

/// One of `client_aliases`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ClientAliasEntry {
    /// Port that clients use.
    #[schemars(range(min = 1, max = 65535))]
    pub port: At<u16>,
    /// Name that clients use. Default: `<discovery name>.<namespace>`; may contain `#{…}`.
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
    /// Its name; may contain `#{…}`.
    pub name: At<String>,
    /// Its value; any by default.
    pub value: Option<TestHeaderValueEntry>,
}

/// `value` of a header of test traffic.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestHeaderValueEntry {
    /// Exactly this; may contain `#{…}`.
    pub exact: At<String>,
}

/// `timeout` of a Service Connect service; 0 means no timeout.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectTimeoutEntry {
    /// Seconds until an idle connection ends; 300 by default, and 3600 without `app_protocol`.
    pub idle_timeout_seconds: Option<u32>,
    /// Seconds until a request ends; only for a port with `app_protocol`.
    pub per_request_timeout_seconds: Option<u32>,
}

/// `tls` of a Service Connect service.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectTlsEntry {
    /// Who signs its certificates.
    pub issuer_certificate_authority: IssuerEntry,
    /// ARN of the KMS key that encrypts the private key; needs `role_arn`; may contain `#{…}`. Default: a key of AWS.
    pub kms_key: Option<At<String>>,
    /// ARN of the role with which ECS makes certificates; may contain `#{…}`. Without one, landfall makes a role.
    pub role_arn: Option<At<String>>,
}

/// `issuer_certificate_authority`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssuerEntry {
    /// ARN of a certificate authority of AWS Private CA; may contain `#{…}`.
    pub aws_pca_authority_arn: At<String>,
}

/// `access_log_configuration`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccessLogEntry {
    /// The format of a line.
    pub format: AccessLogFormatEntry,
    /// Keeps the query string (after `?`), which may contain secrets; `false` by default.
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

/// `[[step.service_registries]]`: clients find the tasks through a Cloud Map service; at most one.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceRegistryEntry {
    /// ARN of an existing Cloud Map service; may contain `#{…}`.
    pub registry_arn: Option<At<String>>,
    /// A Cloud Map service that the step makes.
    pub own_service: Option<At<OwnDiscoveryEntry>>,
    /// Container whose port is registered: in network modes `bridge` and `host`, and for records of type `srv`.
    pub container_name: Option<At<String>>,
    /// Its port.
    pub container_port: Option<At<u16>>,
    /// A port for records of type `srv`, instead of `container_name` and `container_port`; only in network mode `awsvpc`.
    pub port: Option<At<u16>>,
}

/// `own_service`: a Cloud Map service. A new name or namespace replaces it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OwnDiscoveryEntry {
    /// Id of its namespace, `ns-…`; may contain `#{…}`.
    pub namespace_id: At<String>,
    /// The name under which clients find the tasks; may contain `#{…}`.
    pub name: At<String>,
    /// What it is for; may contain `#{…}`.
    pub description: Option<At<String>>,
    /// Its DNS records. Without them, clients find the tasks only through the Cloud Map API.
    pub dns_config: Option<At<DnsConfigEntry>>,
    /// ECS reports to Cloud Map which tasks are healthy. Changing this replaces the service.
    pub health_check_custom_config: Option<HealthCheckCustomEntry>,
}

/// `dns_config`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DnsConfigEntry {
    /// Records of each task; at least one, each type once.
    pub dns_records: At<Vec<At<DnsRecordEntry>>>,
    /// Which tasks a DNS answer contains; `multivalue` by default.
    pub routing_policy: Option<At<RoutingPolicyEntry>>,
}

/// One of `dns_records`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DnsRecordEntry {
    /// Its type.
    #[serde(rename = "type")]
    pub kind: DnsRecordTypeEntry,
    /// Seconds for which clients may cache an answer.
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
    /// One random healthy task.
    Weighted,
}

/// `health_check_custom_config`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheckCustomEntry {
    /// Intervals of 30 seconds until a change counts: 1 to 10. Cloud Map now always uses 1.
    #[schemars(range(min = 1, max = 10))]
    pub failure_threshold: Option<u32>,
}
