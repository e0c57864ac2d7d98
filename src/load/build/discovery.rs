//! How others find the tasks: Service Connect and Cloud Map.

use std::sync::Arc;

use super::{Maker, container};
use crate::load::schema::At;
use crate::load::schema::process::{
    AccessLogFormatEntry, ClientAliasEntry, ConnectServiceEntry, ConnectTlsEntry, DnsConfigEntry, DnsRecordTypeEntry,
    LogEntry, OwnDiscoveryEntry, RoutingPolicyEntry, ServiceConnectEntry, ServiceRegistryEntry, TestTrafficEntry,
};
use crate::model::process::{
    AccessLog, ClientAlias, ConnectService, ConnectTls, Connection, DiscoveryService, DnsConfig, OwnDiscovery,
    ProxyLog, ServiceConnect, ServiceRegistry, TestHeader,
};

pub(crate) fn connect(make: &mut Maker<'_>, entry: &ServiceConnectEntry) -> ServiceConnect {
    if !entry.enabled {
        return ServiceConnect::Off;
    }
    ServiceConnect::On(Box::new(Connection {
        namespace: make.optional_text(&entry.namespace),
        services: entry.services.iter().filter_map(|entry| service(make, entry)).collect(),
        log: entry.log.as_ref().map(|entry| log(make, entry)),
        access_log: entry.access_log_configuration.as_deref().map(|entry| AccessLog {
            json: entry.format == AccessLogFormatEntry::Json,
            query_parameters: entry.include_query_parameters,
        }),
    }))
}

/// Whether the entry asks for the step's own log group.
pub(crate) fn own_log(entry: &LogEntry) -> bool {
    entry.driver.as_str() == "awslogs" && entry.options.is_empty() && entry.secrets.is_empty()
}

fn log(make: &mut Maker<'_>, entry: &LogEntry) -> ProxyLog {
    if own_log(entry) { ProxyLog::Own } else { ProxyLog::Driver(container::log(make, entry)) }
}

fn service(make: &mut Maker<'_>, entry: &ConnectServiceEntry) -> Option<ConnectService> {
    let timeout = entry.timeout.as_deref();
    Some(ConnectService {
        port_name: Arc::from(entry.port_name.as_str()),
        discovery_name: make.optional_text(&entry.discovery_name),
        aliases: entry.client_aliases.iter().map(|entry| alias(make, entry)).collect(),
        ingress_port: entry.ingress_port_override.as_deref().copied(),
        idle_timeout: timeout.and_then(|timeout| timeout.idle_timeout_seconds),
        request_timeout: timeout.and_then(|timeout| timeout.per_request_timeout_seconds),
        tls: match &entry.tls {
            Some(entry) => Some(tls(make, entry)?),
            None => None,
        },
    })
}

fn alias(make: &mut Maker<'_>, entry: &ClientAliasEntry) -> ClientAlias {
    let test_header = entry.test_traffic_rules.as_deref().and_then(|rules| test_header(make, rules));
    ClientAlias { port: *entry.port, dns_name: make.optional_text(&entry.dns_name), test_header }
}

fn test_header(make: &mut Maker<'_>, entry: &TestTrafficEntry) -> Option<TestHeader> {
    let exact = entry.header.value.as_ref().and_then(|value| make.text(&value.exact));
    Some(TestHeader { name: make.text(&entry.header.name)?, exact })
}

fn tls(make: &mut Maker<'_>, entry: &ConnectTlsEntry) -> Option<ConnectTls> {
    Some(ConnectTls {
        authority: make.text(&entry.issuer_certificate_authority.aws_pca_authority_arn)?,
        kms_key: make.optional_text(&entry.kms_key),
        role: make.optional_text(&entry.role_arn),
    })
}

/// Reads one of `service_registries`.
pub(crate) fn registry(make: &mut Maker<'_>, entry: &At<ServiceRegistryEntry>) -> Option<ServiceRegistry> {
    let service = match (&entry.registry_arn, &entry.own_service) {
        (Some(arn), None) => DiscoveryService::Given(make.text(arn)?),
        (None, Some(own)) => DiscoveryService::Own(own_service(make, own)?),
        _ => {
            make.invalid(entry.span(), "a registry needs exactly one of `registry_arn` and `own_service`");
            return None;
        }
    };
    let container = match (&entry.container_name, &entry.container_port) {
        (Some(name), Some(port)) => Some((Arc::from(name.as_str()), **port)),
        (None, None) => None,
        _ => {
            make.invalid(entry.span(), "`container_name` and `container_port` must be set together");
            return None;
        }
    };
    Some(ServiceRegistry { service, container, port: entry.port.as_deref().copied() })
}

fn own_service(make: &mut Maker<'_>, entry: &OwnDiscoveryEntry) -> Option<OwnDiscovery> {
    Some(OwnDiscovery {
        namespace: make.text(&entry.namespace_id)?,
        name: make.text(&entry.name)?,
        description: make.optional_text(&entry.description),
        dns: entry.dns_config.as_deref().map(dns),
        custom_health: entry.health_check_custom_config.map(|config| config.failure_threshold),
    })
}

fn dns(entry: &DnsConfigEntry) -> DnsConfig {
    let kind = |kind| match kind {
        DnsRecordTypeEntry::A => "A",
        DnsRecordTypeEntry::Aaaa => "AAAA",
        DnsRecordTypeEntry::Srv => "SRV",
    };
    DnsConfig {
        records: entry.dns_records.iter().map(|record| (kind(record.kind), record.ttl)).collect(),
        routing: entry.routing_policy.as_deref().map(|policy| match policy {
            RoutingPolicyEntry::Multivalue => "MULTIVALUE",
            RoutingPolicyEntry::Weighted => "WEIGHTED",
        }),
    }
}
