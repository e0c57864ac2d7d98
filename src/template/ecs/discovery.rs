//! How others find the tasks: Service Connect, and a service of Cloud Map with records in DNS.

use crate::model::process::{
    AccessLog, ClientAlias, ConnectService, ConnectTls, Connection, DiscoveryService, DnsConfig, EcsService,
    OwnDiscovery, ProxyLog, ServiceConnect, ServiceRegistry, TestHeader,
};

use super::super::shape::{IdOf, Known, Shape};
use super::{container, id, role};

/// What ECS needs to make certificates; ECS documents this policy for it (ECS developer guide, "Amazon ECS infrastructure
/// IAM role").
const TLS_POLICY: &str = "service-role/AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity";

/// `ServiceConnectConfiguration` of the service.
pub(super) fn connect(step: &EcsService) -> Option<Shape> {
    step.connect.as_ref().map(|connect| match connect {
        ServiceConnect::Off => Shape::map([("Enabled", Some(false.into()))]),
        ServiceConnect::On(connection) => connection_shape(connection),
    })
}

fn connection_shape(connection: &Connection) -> Shape {
    Shape::map([
        ("Enabled", Some(true.into())),
        ("Namespace", connection.namespace.as_ref().map(Shape::arn)),
        ("Services", Shape::some_list(connection.services.iter().map(service).collect())),
        ("LogConfiguration", connection.log.as_ref().map(log)),
        ("AccessLogConfiguration", connection.access_log.map(access_log)),
    ])
}

fn log(log: &ProxyLog) -> Shape {
    match log {
        ProxyLog::Own => container::own_log(),
        ProxyLog::Driver(log) => container::log(log),
    }
}

/// Where the proxy writes; none if there is no proxy or it writes nothing.
pub(super) fn proxy_log(step: &EcsService) -> Option<&ProxyLog> {
    step.connection()?.log.as_ref()
}

fn access_log(log: AccessLog) -> Shape {
    let kept = |kept: bool| if kept { "ENABLED" } else { "DISABLED" };
    Shape::map([
        ("Format", Some(if log.json { "JSON" } else { "TEXT" }.into())),
        ("IncludeQueryParameters", log.query_parameters.map(|on| kept(on).into())),
    ])
}

fn service(service: &ConnectService) -> Shape {
    let timeout = Shape::map([
        ("IdleTimeoutSeconds", service.idle_timeout.map(Shape::from)),
        ("PerRequestTimeoutSeconds", service.request_timeout.map(Shape::from)),
    ]);
    let timed = service.idle_timeout.is_some() || service.request_timeout.is_some();
    Shape::map([
        ("PortName", Some((&*service.port_name).into())),
        ("DiscoveryName", service.discovery_name.as_ref().map(Shape::text)),
        ("ClientAliases", Shape::some_list(service.aliases.iter().map(alias).collect())),
        ("IngressPortOverride", service.ingress_port.map(Shape::from)),
        ("Timeout", timed.then_some(timeout)),
        ("Tls", service.tls.as_ref().map(tls)),
    ])
}

fn alias(alias: &ClientAlias) -> Shape {
    Shape::map([
        ("Port", Some(alias.port.into())),
        ("DnsName", alias.dns_name.as_ref().map(Shape::text)),
        ("TestTrafficRules", alias.test_header.as_ref().map(test_traffic)),
    ])
}

fn test_traffic(header: &TestHeader) -> Shape {
    let exact = header.exact.as_ref().map(|value| Shape::map([("Exact", Some(Shape::text(value)))]));
    let header = Shape::map([("Name", Some(Shape::text(&header.name))), ("Value", exact)]);
    Shape::map([("Header", Some(header))])
}

fn tls(tls: &ConnectTls) -> Shape {
    let authority = Shape::map([("AwsPcaAuthorityArn", Some(Shape::arn(&tls.authority)))]);
    let role = tls.role.as_ref().map_or_else(|| Shape::attribute(id::TLS_ROLE, "Arn"), Shape::role);
    Shape::map([
        ("IssuerCertificateAuthority", Some(authority)),
        ("KmsKey", tls.kms_key.as_ref().map(Shape::arn)),
        ("RoleArn", Some(role)),
    ])
}

/// The role with which ECS makes certificates; none if nothing is encrypted or the step names roles.
pub(super) fn tls_role(step: &EcsService) -> Option<Shape> {
    let mut encrypted = step.connection()?.services.iter().filter_map(|service| service.tls.as_ref());
    encrypted.any(|tls| tls.role.is_none()).then(|| {
        let policies = vec![Known::AwsPolicy(TLS_POLICY).into()];
        role::shape(&step.task, role::trust("ecs.amazonaws.com"), Vec::new(), policies)
    })
}

/// `ServiceRegistries` of the service.
pub(super) fn registries(step: &EcsService) -> Option<Shape> {
    Shape::some_list(step.registries.iter().map(registry).collect())
}

fn registry(registry: &ServiceRegistry) -> Shape {
    let arn = match &registry.service {
        DiscoveryService::Given(arn) => Shape::arn(arn),
        DiscoveryService::Own(_) => Shape::attribute(id::DISCOVERY_SERVICE, "Arn"),
    };
    let container = registry.container.as_ref();
    Shape::map([
        ("RegistryArn", Some(arn)),
        ("ContainerName", container.map(|(name, _)| (&**name).into())),
        ("ContainerPort", container.map(|(_, port)| (*port).into())),
        ("Port", registry.port.map(Shape::from)),
    ])
}

/// `AWS::ServiceDiscovery::Service`; none if the step does not make one.
pub(super) fn own_service(step: &EcsService) -> Option<Shape> {
    step.own_discovery().map(|own| {
        Shape::resource(
            "AWS::ServiceDiscovery::Service",
            Shape::map([
                ("NamespaceId", Some(Shape::id(&own.namespace, IdOf::Namespace))),
                ("Name", Some(Shape::text(&own.name))),
                ("Description", own.description.as_ref().map(Shape::text)),
                ("DnsConfig", own.dns.as_ref().map(dns)),
                ("HealthCheckCustomConfig", custom_health(own)),
            ]),
        )
    })
}

fn dns(dns: &DnsConfig) -> Shape {
    let record = |(kind, ttl): &(&str, u32)| Shape::map([("Type", Some((*kind).into())), ("TTL", Some((*ttl).into()))]);
    Shape::map([
        ("DnsRecords", Some(Shape::List(dns.records.iter().map(record).collect()))),
        ("RoutingPolicy", dns.routing.map(Shape::from)),
    ])
}

fn custom_health(own: &OwnDiscovery) -> Option<Shape> {
    own.custom_health.map(|threshold| Shape::map([("FailureThreshold", threshold.map(Shape::from))]))
}

/// What others need to know of an own service of Cloud Map, by the name of the output.
pub(super) fn outputs(step: &EcsService) -> Vec<(String, Shape)> {
    let arn = || (format!("{}Arn", id::DISCOVERY_SERVICE), Shape::attribute(id::DISCOVERY_SERVICE, "Arn"));
    step.own_discovery().map(|_| arn()).into_iter().collect()
}
