//! How others find the tasks: Service Connect, and a service of Cloud Map with records in DNS.

use crate::model::process::{ConnectService, EcsService, Log, ServiceConnect, ServiceRegistry};

use super::super::shape::{Known, Shape};
use super::{container, id, role};

/// What ECS needs to make certificates; ECS documents this policy for it (ECS developer guide, "Amazon ECS infrastructure
/// IAM role").
const TLS_POLICY: &str = "service-role/AmazonECSInfrastructureRolePolicyForServiceConnectTransportLayerSecurity";

/// `ServiceConnectConfiguration` of the service.
pub(super) fn connect(step: &EcsService) -> Option<Shape> {
    step.service_connect_configuration.as_ref().map(|connect| {
        let log = |log: &Log| if log.is_own() { Some(container::own_log()) } else { container::log(log) };
        Shape::table(connect)
            .with("Services", Shape::some_list(connect.services.iter().map(service).collect()))
            .with("LogConfiguration", connect.log.as_ref().and_then(log))
    })
}

fn service(service: &ConnectService) -> Shape {
    let made = || Shape::attribute(id::TLS_ROLE, "Arn");
    let tls = service.tls.as_ref().map(|tls| Shape::table(tls).or("RoleArn", made));
    Shape::table(service).with("Timeout", service.timeout.as_ref().and_then(Shape::some_table)).with("Tls", tls)
}

/// Where the proxy writes; none if there is no proxy or it writes nothing.
pub(super) fn proxy_log(step: &EcsService) -> Option<&Log> {
    step.connection()?.log.as_ref()
}

/// The role with which ECS makes certificates; none if nothing is encrypted or the step names roles.
pub(super) fn tls_role(step: &EcsService) -> Option<Shape> {
    let unnamed = |connect: &ServiceConnect| {
        let mut encrypted = connect.services.iter().filter_map(|service| service.tls.as_ref());
        encrypted.any(|tls| tls.role_arn.is_none())
    };
    step.connection().filter(|connect| unnamed(connect)).map(|_| {
        let policies = vec![Known::AwsPolicy(TLS_POLICY).into()];
        role::shape(&step.task, role::trust("ecs.amazonaws.com"), Vec::new(), policies)
    })
}

/// `ServiceRegistries` of the service.
pub(super) fn registries(step: &EcsService) -> Option<Shape> {
    let made = || Shape::attribute(id::DISCOVERY_SERVICE, "Arn");
    let registry = |registry: &ServiceRegistry| Shape::table(registry).or("RegistryArn", made);
    Shape::some_list(step.service_registries.iter().map(|one| registry(one)).collect())
}

/// `AWS::ServiceDiscovery::Service`; none if the step does not make one.
pub(super) fn own_service(step: &EcsService) -> Option<Shape> {
    step.own_discovery().map(|own| Shape::resource("AWS::ServiceDiscovery::Service", Shape::table(own)))
}

/// What others need to know of an own service of Cloud Map, by the name of the output.
pub(super) fn outputs(step: &EcsService) -> Vec<(String, Shape)> {
    let arn = || (format!("{}Arn", id::DISCOVERY_SERVICE), Shape::attribute(id::DISCOVERY_SERVICE, "Arn"));
    step.own_discovery().map(|_| arn()).into_iter().collect()
}
