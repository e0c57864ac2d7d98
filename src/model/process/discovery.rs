//! How others find the tasks: Service Connect and Cloud Map.

use std::sync::Arc;

use super::{LogConfiguration, Text};

/// `service_connect_configuration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceConnect {
    /// It is switched off.
    Off,
    /// It is switched on.
    On(Box<Connection>),
}

/// How a service takes part in a namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    /// Name or ARN of the namespace; the cluster's default unless said.
    pub namespace: Option<Text>,
    /// What others can reach.
    pub services: Vec<ConnectService>,
    /// Where the output of the proxy goes.
    pub log: Option<ProxyLog>,
    /// Every request is logged.
    pub access_log: Option<AccessLog>,
}

/// A port that others can reach.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectService {
    /// Name of a port of a container.
    pub port_name: Arc<str>,
    /// Name in the namespace; the port's unless said.
    pub discovery_name: Option<Text>,
    /// Where clients find it.
    pub aliases: Vec<ClientAlias>,
    /// Port on which the proxy listens.
    pub ingress_port: Option<u16>,
    /// Seconds until an idle connection ends.
    pub idle_timeout: Option<u32>,
    /// Seconds until a request ends.
    pub request_timeout: Option<u32>,
    /// What comes to it is encrypted.
    pub tls: Option<ConnectTls>,
}

/// Where clients find a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAlias {
    /// Port that clients use.
    pub port: u16,
    /// Name that clients use.
    pub dns_name: Option<Text>,
    /// Header of requests that go to the new tasks before traffic moves.
    pub test_header: Option<TestHeader>,
}

/// A header that marks test traffic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestHeader {
    pub name: Text,
    /// Its value; any unless said.
    pub exact: Option<Text>,
}

/// `tls`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConnectTls {
    /// ARN of the authority that signs.
    pub authority: Text,
    /// ARN of the KMS key for the private key.
    pub kms_key: Option<Text>,
    /// ARN of the role with which ECS makes certificates; without one, a role is made.
    pub role: Option<Text>,
}

/// Where the output of a proxy goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProxyLog {
    /// To the step's log group.
    Own,
    /// Where a driver takes it.
    Driver(LogConfiguration),
}

/// `access_log_configuration`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessLog {
    /// Lines are JSON, not text.
    pub json: bool,
    /// What follows `?` is kept; ECS's own choice unless said.
    pub query_parameters: Option<bool>,
}

/// One of `service_registries`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceRegistry {
    /// Which service of Cloud Map.
    pub service: DiscoveryService,
    /// The container whose port is found, and the port.
    pub container: Option<(Arc<str>, u16)>,
    /// A port that no container has.
    pub port: Option<u16>,
}

/// A service of Cloud Map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiscoveryService {
    /// One that is there: its ARN.
    Given(Text),
    /// One that the step makes.
    Own(OwnDiscovery),
}

/// `own_service`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnDiscovery {
    /// Id of its namespace.
    pub namespace: Text,
    pub name: Text,
    /// What it is for.
    pub description: Option<Text>,
    /// Its records in DNS.
    pub dns: Option<DnsConfig>,
    /// ECS tells which tasks are healthy, after so many intervals where it is said.
    pub custom_health: Option<Option<u32>>,
}

/// `dns_config`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsConfig {
    /// Type, as AWS writes it, and seconds for which an answer is kept.
    pub records: Vec<(&'static str, u32)>,
    /// `MULTIVALUE` or `WEIGHTED`; Cloud Map's own choice unless said.
    pub routing: Option<&'static str>,
}

impl super::EcsService {
    /// How the service takes part in a namespace of Service Connect; none if it does not.
    pub fn connection(&self) -> Option<&Connection> {
        match &self.connect {
            Some(ServiceConnect::On(connection)) => Some(connection),
            Some(ServiceConnect::Off) | None => None,
        }
    }

    /// The service of Cloud Map that the step makes.
    pub fn own_discovery(&self) -> Option<&OwnDiscovery> {
        self.registries.iter().find_map(|registry| match &registry.service {
            DiscoveryService::Own(own) => Some(own),
            DiscoveryService::Given(_) => None,
        })
    }
}
