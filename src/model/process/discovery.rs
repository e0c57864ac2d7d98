//! How others find the tasks: Service Connect and Cloud Map.

use super::{
    AuthorityArn, DiscoveryServiceArn, Flag, Given, KmsKeyArn, Known, Log, NamespaceArn, NamespaceId, Number,
    PortNumber, RoleArn, Switch, Text, table, words,
};

table! {
    /// `[step.service_connect_configuration]`: a proxy next to every task, through which services of a namespace reach each
    /// other.
    pub struct ServiceConnect {
        /// Whether it is on; `true` by default; may be `#{…}`.
        #[serde(default = "on")]
        #[schemars(extend("default" = true))]
        enabled: Flag,
        /// Name or ARN of a Cloud Map namespace. Default: the cluster's default namespace; may contain `#{…}`.
        namespace: Option<Known<NamespaceArn>>,
        /// The services that others can reach. Empty for a service that only calls others.
        #[serde(default)]
        services: Vec<ConnectService>,
        /// Where the output of the proxy goes. Default: it is discarded. With the driver `awslogs` and no options: the step's
        /// log group.
        log: Option<Log> as own,
        /// Writes every request to the output of the proxy.
        access_log_configuration: Option<AccessLog>,
        /// Settings of the container that ECS adds for the proxy.
        #[serde(default)]
        container_configurations: Vec<ProxyContainer>,
    }
}

fn on() -> Flag {
    true.into()
}

table! {
    /// One of `services`.
    pub struct ConnectService {
        /// `name` of a port of a container; may contain `#{…}`.
        port_name: Text,
        /// Its name in the namespace, unique there. Default: the name of the port; may contain `#{…}`.
        discovery_name: Option<Text>,
        /// The name and port that clients use; at most one.
        #[serde(default)]
        client_aliases: Vec<ClientAlias>,
        /// Port on which the proxy listens; may be `#{…}`. Default: the container's port; in network mode `bridge`, ECS chooses
        /// one.
        ingress_port_override: Option<PortNumber>,
        /// Timeouts of connections and requests.
        timeout: Option<ConnectTimeout>,
        /// Encrypts its traffic.
        tls: Option<ConnectTls>,
    }
}

table! {
    /// One of `client_aliases`.
    pub struct ClientAlias {
        /// Port that clients use; may be `#{…}`.
        port: PortNumber,
        /// Name that clients use. Default: `<discovery name>.<namespace>`; may contain `#{…}`.
        dns_name: Option<Text>,
        /// Which requests go to the new tasks before traffic moves; with a strategy other than `rolling`.
        test_traffic_rules: Option<TestTraffic>,
    }
}

table! {
    /// `test_traffic_rules`.
    pub struct TestTraffic {
        /// Requests with this header.
        header: TestHeader,
    }
}

table! {
    /// `header` of test traffic.
    pub struct TestHeader {
        /// Its name; may contain `#{…}`.
        name: Text,
        /// Its value; any by default.
        value: Option<TestHeaderValue>,
    }
}

table! {
    /// `value` of a header of test traffic.
    pub struct TestHeaderValue {
        /// Exactly this; may contain `#{…}`.
        exact: Text,
    }
}

table! {
    /// `timeout` of a Service Connect service; 0 means no timeout.
    pub struct ConnectTimeout {
        /// Seconds until an idle connection ends; 300 by default, and 3600 without `app_protocol`; may be `#{…}`.
        idle_timeout_seconds: Option<Number>,
        /// Seconds until a request ends; only for a port with `app_protocol`; may be `#{…}`.
        per_request_timeout_seconds: Option<Number>,
    }
}

table! {
    /// `tls` of a Service Connect service.
    pub struct ConnectTls {
        /// Who signs its certificates.
        issuer_certificate_authority: Issuer,
        /// ARN of the KMS key that encrypts the private key; needs `role_arn`; may contain `#{…}`. Default: a key of AWS.
        kms_key: Option<Known<KmsKeyArn>>,
        /// ARN of the role with which ECS makes certificates; may contain `#{…}`. Without one, landfall makes a role.
        role_arn: Option<Known<RoleArn>>,
    }
}

table! {
    /// `issuer_certificate_authority`.
    pub struct Issuer {
        /// ARN of a certificate authority of AWS Private CA; may contain `#{…}`.
        aws_pca_authority_arn: Known<AuthorityArn>,
    }
}

table! {
    /// One of `container_configurations`.
    pub struct ProxyContainer {
        /// How much the proxy says; may be `#{…}`.
        log_level: Option<Given<ProxyLogLevel>>,
    }
}

words! {
    /// `log_level` of a proxy.
    pub enum ProxyLogLevel {
        /// What it does.
        Info = "info" "info",
        /// Also why.
        Debug = "debug" "debug",
    }
}

table! {
    /// `access_log_configuration`.
    pub struct AccessLog {
        /// The format of a line; may be `#{…}`.
        format: Given<AccessLogFormat>,
        /// Keeps the query string (after `?`), which may contain secrets; `false` by default; may be `#{…}`.
        include_query_parameters: Option<Given<Switch>>,
    }
}

words! {
    /// `format` of access logs.
    pub enum AccessLogFormat {
        /// For people.
        Text = "text" "TEXT",
        /// For programs.
        Json = "json" "JSON",
    }
}

table! {
    /// `[[step.service_registries]]`: clients find the tasks through a Cloud Map service; at most one.
    pub struct ServiceRegistry {
        /// ARN of an existing Cloud Map service; may contain `#{…}`.
        registry_arn: Option<Known<DiscoveryServiceArn>>,
        /// A Cloud Map service that the step makes.
        own_service: Option<OwnDiscovery> as own,
        /// Container whose port is registered: in network modes `bridge` and `host`, and for records of type `srv`; may contain
        /// `#{…}`.
        container_name: Option<Text>,
        /// Its port; may be `#{…}`.
        container_port: Option<PortNumber>,
        /// A port for records of type `srv`, instead of `container_name` and `container_port`; only in network mode `awsvpc`; may
        /// be `#{…}`.
        port: Option<PortNumber>,
    }
}

table! {
    /// `own_service`: a Cloud Map service. A new name or namespace replaces it.
    pub struct OwnDiscovery {
        /// Id of its namespace, `ns-…`; may contain `#{…}`.
        namespace_id: Known<NamespaceId>,
        /// The name under which clients find the tasks; may contain `#{…}`.
        name: Text,
        /// What it is for; may contain `#{…}`.
        description: Option<Text>,
        /// Its DNS records. Without them, clients find the tasks only through the Cloud Map API.
        dns_config: Option<DnsConfig>,
        /// ECS reports to Cloud Map which tasks are healthy. Changing this replaces the service.
        health_check_custom_config: Option<CustomHealth>,
    }
}

table! {
    /// `dns_config`.
    pub struct DnsConfig {
        /// Records of each task; at least one, each type once.
        dns_records: Vec<DnsRecord>,
        /// Which tasks a DNS answer contains; `multivalue` by default; may be `#{…}`.
        routing_policy: Option<Given<RoutingPolicy>>,
    }
}

table! {
    /// One of `dns_records`.
    pub struct DnsRecord {
        /// Its type; may be `#{…}`.
        #[serde(rename = "type")]
        kind: Given<DnsRecordType> = "Type",
        /// Seconds for which clients may cache an answer; may be `#{…}`.
        ttl: Number = "TTL",
    }
}

words! {
    /// `type` of a record.
    pub enum DnsRecordType {
        /// Address.
        A = "a" "A",
        /// Address of IPv6.
        Aaaa = "aaaa" "AAAA",
        /// Port and address.
        Srv = "srv" "SRV",
    }
}

words! {
    /// `routing_policy`.
    pub enum RoutingPolicy {
        /// Up to eight healthy tasks.
        Multivalue = "multivalue" "MULTIVALUE",
        /// One random healthy task.
        Weighted = "weighted" "WEIGHTED",
    }
}

table! {
    /// `health_check_custom_config`.
    pub struct CustomHealth {
        /// Intervals of 30 seconds until a change counts: 1 to 10; may be `#{…}`. Cloud Map now always uses 1.
        failure_threshold: Option<Number>,
    }
}

impl super::EcsService {
    /// How the service takes part in a namespace of Service Connect; none if it certainly does not.
    pub fn connection(&self) -> Option<&ServiceConnect> {
        self.service_connect_configuration.as_deref().filter(|connect| !connect.enabled.is_off())
    }

    /// The service of Cloud Map that the step makes.
    pub fn own_discovery(&self) -> Option<&OwnDiscovery> {
        self.service_registries.iter().find_map(|registry| registry.own_service.as_ref())
    }
}
