//! What is set of services, as the properties that CloudFormation has for them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aws_sdk_ecs::types as ecs;
use serde_json::Value;

use super::answer::Reader;
use super::clients::AwsCloud;
use super::definition::{log_configuration, tag};
use super::observe::found;
use super::operation::Operation;
use super::properties::{Properties, in_order, sorted, texts};
use super::services::cluster_of;
use crate::cloud::{At, Result};
use crate::model::drift::ServiceSettings;

/// DescribeServices accepts at most so many. \[doc\]
const SERVICES_PER_CALL: usize = 10;

impl AwsCloud {
    pub(super) async fn settings_seen(
        &self,
        at: &At,
        arns: &[Arc<str>],
    ) -> Result<BTreeMap<Arc<str>, ServiceSettings>> {
        let mut clusters: BTreeMap<Option<String>, BTreeSet<Arc<str>>> = BTreeMap::new();
        for arn in arns {
            clusters.entry(cluster_of(arn)).or_default().insert(arn.clone());
        }
        let mut settings = BTreeMap::new();
        for (cluster, arns) in clusters {
            let arns: Vec<Arc<str>> = arns.into_iter().collect();
            for some in arns.chunks(SERVICES_PER_CALL) {
                settings.extend(self.settings_in(at, cluster.as_deref(), some).await?);
            }
        }
        Ok(settings)
    }

    /// The settings of some services of one cluster, by one call.
    async fn settings_in(
        &self,
        at: &At,
        cluster: Option<&str>,
        arns: &[Arc<str>],
    ) -> Result<Vec<(Arc<str>, ServiceSettings)>> {
        let operation = Operation::DescribeServices;
        let asked: Vec<String> = arns.iter().map(ToString::to_string).collect();
        let answer = self
            .call(at, operation, |clients| {
                let call = clients.ecs.describe_services().set_cluster(cluster.map(str::to_owned));
                call.set_services(Some(asked.clone())).send()
            })
            .await;
        // Without its cluster no service exists.
        let Some(answer) = found(answer)? else { return Ok(Vec::new()) };
        let read = Reader(operation);
        if let Some(failure) = answer.failures().iter().find(|failure| failure.reason() != Some("MISSING")) {
            let why = failure.reason().unwrap_or("no reason given");
            return Err(read.wrong(format!("{} cannot be described: {why}", failure.arn().unwrap_or("a service"))));
        }
        let missing = answer.failures().len();
        let services = read.field("services", answer.services)?;
        if services.len() + missing < arns.len() {
            let (asked, got) = (arns.len(), services.len() + missing);
            return Err(read.wrong(format!("asked for {asked} services, got {got}")));
        }
        let mut settings = Vec::new();
        for service in services.iter().filter(|service| service.status() != Some("INACTIVE")) {
            let arn = read.text("serviceArn", service.service_arn())?;
            settings.push((arn, settings_of(service)));
        }
        Ok(settings)
    }
}

/// What is set of a service. What CloudFormation can only write is read from the primary deployment.
pub(super) fn settings_of(service: &ecs::Service) -> ServiceSettings {
    let daemon = service.scheduling_strategy() == Some(&ecs::SchedulingStrategy::Daemon);
    let rebalancing = service.availability_zone_rebalancing();
    let mut all = Properties::default()
        .with("TaskDefinition", service.task_definition())
        // ECS counts the instances of a daemon's cluster.
        .with("DesiredCount", (!daemon).then_some(service.desired_count))
        .with("LaunchType", service.launch_type().map(|word| word.as_str()))
        .having("CapacityProviderStrategy", sorted(service.capacity_provider_strategy(), provider))
        .with("PlatformVersion", service.platform_version())
        .having("NetworkConfiguration", network(service.network_configuration()))
        .having("DeploymentConfiguration", service.deployment_configuration().map_or(Value::Null, deployment))
        .having("LoadBalancers", sorted(service.load_balancers(), load_balancer))
        .with("HealthCheckGracePeriodSeconds", service.health_check_grace_period_seconds())
        .with("EnableExecuteCommand", Some(service.enable_execute_command()))
        .with("EnableECSManagedTags", Some(service.enable_ecs_managed_tags()))
        .with("PropagateTags", service.propagate_tags().map(|word| word.as_str()))
        .with("AvailabilityZoneRebalancing", rebalancing.map(|word| word.as_str()))
        .having("ServiceRegistries", sorted(service.service_registries(), registry))
        .having("PlacementConstraints", sorted(service.placement_constraints(), constraint))
        .having("PlacementStrategies", in_order(service.placement_strategy(), strategy));
    if let Some(primary) = service.deployments().iter().find(|one| one.status() == Some("PRIMARY")) {
        // Switched off is the same as never set.
        let connect = primary.service_connect_configuration().filter(|connect| connect.enabled());
        all = all
            .having("ServiceConnectConfiguration", connect.map_or(Value::Null, service_connect))
            .having("VolumeConfigurations", sorted(primary.volume_configurations(), volume));
    }
    all.into_map().into_iter().collect()
}

fn provider(item: &ecs::CapacityProviderStrategyItem) -> Value {
    Properties::default()
        .with("CapacityProvider", Some(item.capacity_provider()))
        .with("Weight", Some(item.weight()))
        .with("Base", Some(item.base()))
        .object()
}

fn network(network: Option<&ecs::NetworkConfiguration>) -> Value {
    let vpc = network.and_then(|network| network.awsvpc_configuration()).map(|vpc| {
        Properties::default()
            .having("Subnets", texts(vpc.subnets()))
            .having("SecurityGroups", texts(vpc.security_groups()))
            .with("AssignPublicIp", vpc.assign_public_ip().map(|word| word.as_str()))
            .object()
    });
    Properties::default().with("AwsvpcConfiguration", vpc).object()
}

fn deployment(of: &ecs::DeploymentConfiguration) -> Value {
    let breaker = of.deployment_circuit_breaker().map(|breaker| {
        let threshold = breaker.threshold_configuration().map(|threshold| {
            let kind = threshold.r#type().as_str();
            Properties::default().with("Type", Some(kind)).with("Value", Some(threshold.value())).object()
        });
        Properties::default()
            .with("Enable", Some(breaker.enable()))
            .with("Rollback", Some(breaker.rollback()))
            .with("ResetOnHealthyTask", breaker.reset_on_healthy_task())
            .with("ThresholdConfiguration", threshold)
            .object()
    });
    let alarms = of.alarms().map(|alarms| {
        Properties::default()
            .with("AlarmNames", Some(texts(alarms.alarm_names())))
            .with("Enable", Some(alarms.enable()))
            .with("Rollback", Some(alarms.rollback()))
            .object()
    });
    let linear = of.linear_configuration().map(|linear| {
        Properties::default()
            .with("StepPercent", linear.step_percent())
            .with("StepBakeTimeInMinutes", linear.step_bake_time_in_minutes())
            .object()
    });
    let canary = of.canary_configuration().map(|canary| {
        Properties::default()
            .with("CanaryPercent", canary.canary_percent())
            .with("CanaryBakeTimeInMinutes", canary.canary_bake_time_in_minutes())
            .object()
    });
    let early = of.early_success_criteria().map(|early| {
        let cleanup = early.source_service_revision_cleanup();
        Properties::default()
            .with("Enable", Some(early.enable()))
            .with("HealthyPercent", early.healthy_percent())
            .with("SourceServiceRevisionCleanup", cleanup.map(|word| word.as_str()))
            .object()
    });
    Properties::default()
        .with("MinimumHealthyPercent", of.minimum_healthy_percent())
        .with("MaximumPercent", of.maximum_percent())
        .with("Strategy", of.strategy().map(|word| word.as_str()))
        .with("BakeTimeInMinutes", of.bake_time_in_minutes())
        .with("DeploymentCircuitBreaker", breaker)
        .with("Alarms", alarms)
        .with("LinearConfiguration", linear)
        .with("CanaryConfiguration", canary)
        .with("EarlySuccessCriteria", early)
        .having("LifecycleHooks", sorted(of.lifecycle_hooks(), hook))
        .object()
}

fn hook(hook: &ecs::DeploymentLifecycleHook) -> Value {
    let timeout = hook.timeout_configuration().map(|timeout| {
        Properties::default()
            .with("TimeoutInMinutes", timeout.timeout_in_minutes())
            .with("Action", timeout.action().map(|word| word.as_str()))
            .object()
    });
    Properties::default()
        .with("TargetType", hook.target_type().map(|word| word.as_str()))
        .with("HookTargetArn", hook.hook_target_arn())
        .with("RoleArn", hook.role_arn())
        .having("LifecycleStages", sorted(hook.lifecycle_stages(), |stage| Value::from(stage.as_str())))
        .with("TimeoutConfiguration", timeout)
        .object()
}

/// ECS exchanges the two target groups when it shifts traffic, so neither is a setting.
fn load_balancer(balancer: &ecs::LoadBalancer) -> Value {
    let advanced = balancer.advanced_configuration();
    let group = balancer.target_group_arn().filter(|_| advanced.is_none());
    let advanced = advanced.map(|advanced| {
        Properties::default()
            .with("ProductionListenerRule", advanced.production_listener_rule())
            .with("TestListenerRule", advanced.test_listener_rule())
            .with("RoleArn", advanced.role_arn())
            .object()
    });
    Properties::default()
        .with("ContainerName", balancer.container_name())
        .with("ContainerPort", balancer.container_port())
        .with("LoadBalancerName", balancer.load_balancer_name())
        .with("TargetGroupArn", group)
        .with("AdvancedConfiguration", advanced)
        .object()
}

fn registry(registry: &ecs::ServiceRegistry) -> Value {
    Properties::default()
        .with("RegistryArn", registry.registry_arn())
        .with("Port", registry.port())
        .with("ContainerName", registry.container_name())
        .with("ContainerPort", registry.container_port())
        .object()
}

fn constraint(one: &ecs::PlacementConstraint) -> Value {
    Properties::default()
        .with("Type", one.r#type().map(|word| word.as_str()))
        .with("Expression", one.expression())
        .object()
}

/// ECS applies strategies in their order.
fn strategy(one: &ecs::PlacementStrategy) -> Value {
    Properties::default().with("Type", one.r#type().map(|word| word.as_str())).with("Field", one.field()).object()
}

fn service_connect(connect: &ecs::ServiceConnectConfiguration) -> Value {
    let access = connect.access_log_configuration().map(|access| {
        Properties::default()
            .with("Format", Some(access.format().as_str()))
            .with("IncludeQueryParameters", access.include_query_parameters().map(|word| word.as_str()))
            .object()
    });
    Properties::default()
        .with("Enabled", Some(connect.enabled()))
        .with("Namespace", connect.namespace())
        .having("Services", sorted(connect.services(), connect_service))
        .with("LogConfiguration", connect.log_configuration().map(log_configuration))
        .with("AccessLogConfiguration", access)
        .object()
}

fn connect_service(service: &ecs::ServiceConnectService) -> Value {
    let timeout = service.timeout().map(|timeout| {
        Properties::default()
            .with("IdleTimeoutSeconds", timeout.idle_timeout_seconds())
            .with("PerRequestTimeoutSeconds", timeout.per_request_timeout_seconds())
            .object()
    });
    let tls = service.tls().map(|tls| {
        let authority = tls.issuer_certificate_authority().and_then(|authority| authority.aws_pca_authority_arn());
        let authority = Properties::default().with("AwsPcaAuthorityArn", authority).object();
        Properties::default()
            .having("IssuerCertificateAuthority", authority)
            .with("KmsKey", tls.kms_key())
            .with("RoleArn", tls.role_arn())
            .object()
    });
    Properties::default()
        .with("PortName", Some(service.port_name()))
        .with("DiscoveryName", service.discovery_name())
        .having("ClientAliases", sorted(service.client_aliases(), client_alias))
        .with("IngressPortOverride", service.ingress_port_override())
        .with("Timeout", timeout)
        .with("Tls", tls)
        .object()
}

fn client_alias(alias: &ecs::ServiceConnectClientAlias) -> Value {
    let header = alias.test_traffic_rules().and_then(|rules| rules.header()).map(|header| {
        let exact = header.value().map(|value| Properties::default().with("Exact", Some(value.exact())).object());
        Properties::default().with("Name", Some(header.name())).with("Value", exact).object()
    });
    let rules = Properties::default().with("Header", header).object();
    Properties::default()
        .with("Port", Some(alias.port()))
        .with("DnsName", alias.dns_name())
        .having("TestTrafficRules", rules)
        .object()
}

fn volume(volume: &ecs::ServiceVolumeConfiguration) -> Value {
    let managed = volume.managed_ebs_volume().map(|managed| {
        Properties::default()
            .with("RoleArn", Some(managed.role_arn()))
            .with("Encrypted", managed.encrypted())
            .with("KmsKeyId", managed.kms_key_id())
            .with("VolumeType", managed.volume_type())
            .with("SizeInGiB", managed.size_in_gib())
            .with("SnapshotId", managed.snapshot_id())
            .with("VolumeInitializationRate", managed.volume_initialization_rate())
            .with("Iops", managed.iops())
            .with("Throughput", managed.throughput())
            .with("FilesystemType", managed.filesystem_type().map(|word| word.as_str()))
            .having("TagSpecifications", sorted(managed.tag_specifications(), tags_of_volume))
            .object()
    });
    Properties::default().with("Name", Some(volume.name())).with("ManagedEBSVolume", managed).object()
}

fn tags_of_volume(tags: &ecs::EbsTagSpecification) -> Value {
    Properties::default()
        .with("ResourceType", Some(tags.resource_type().as_str()))
        .having("Tags", sorted(tags.tags(), tag))
        .with("PropagateTags", tags.propagate_tags().map(|word| word.as_str()))
        .object()
}
