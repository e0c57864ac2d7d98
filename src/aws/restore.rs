//! What CloudFormation writes of services and never reads, from its properties to ECS's own types: the way back of `settings.rs`.

use aws_sdk_ecs::types as ecs;
use serde_json::Value;

use super::clients::AwsCloud;
use super::operation::Operation;
use super::services::cluster_of;
use crate::cloud::{At, CloudError, Result};
use crate::model::drift::ServiceSettings;

impl AwsCloud {
    pub(super) async fn put_settings(&self, at: &At, arn: &str, settings: &ServiceSettings) -> Result<()> {
        let unreadable = |error: aws_sdk_ecs::error::BuildError| CloudError::Invalid {
            operation: Operation::UpdateService.as_str(),
            message: error.to_string(),
        };
        let connect = settings.get("ServiceConnectConfiguration").map(|value| connect(In(value)));
        let volumes = settings.get("VolumeConfigurations").map(|value| In(value).each(volume));
        let connect = connect.transpose().map_err(unreadable)?;
        let volumes = volumes.transpose().map_err(unreadable)?;
        self.call(at, Operation::UpdateService, |clients| {
            let call = clients.ecs.update_service().service(arn).set_cluster(cluster_of(arn));
            let call = call.set_service_connect_configuration(connect.clone());
            call.set_volume_configurations(volumes.clone()).send()
        })
        .await
        .map(drop)
    }
}

/// A build of the SDK's types: one fails without what ECS requires.
type Built<T> = std::result::Result<T, aws_sdk_ecs::error::BuildError>;

/// Properties that are read; what is not there is null.
#[derive(Clone, Copy)]
struct In<'a>(&'a Value);

impl<'a> In<'a> {
    fn at(self, name: &str) -> In<'a> {
        In(self.0.get(name).unwrap_or(&Value::Null))
    }

    fn text(self, name: &str) -> Option<String> {
        self.at(name).0.as_str().map(str::to_owned)
    }

    fn number(self, name: &str) -> Option<i32> {
        self.at(name).0.as_i64().and_then(|number| i32::try_from(number).ok())
    }

    fn flag(self, name: &str) -> Option<bool> {
        self.at(name).0.as_bool()
    }

    /// Makes something of an object, if there is one.
    fn of<T>(self, name: &str, make: impl Fn(In<'a>) -> T) -> Option<T> {
        let inside = self.at(name);
        inside.0.is_object().then(|| make(inside))
    }

    fn each<T>(self, make: impl Fn(In<'a>) -> Built<T>) -> Built<Vec<T>> {
        self.0.as_array().into_iter().flatten().map(|item| make(In(item))).collect()
    }
}

/// Without settings it is off: leaving it out would leave it as it is.
fn connect(from: In<'_>) -> Built<ecs::ServiceConnectConfiguration> {
    let services = from.at("Services").each(service)?;
    let access = from.of("AccessLogConfiguration", access_log).transpose()?;
    Ok(ecs::ServiceConnectConfiguration::builder()
        .enabled(from.flag("Enabled").unwrap_or(false))
        .set_namespace(from.text("Namespace"))
        .set_services((!services.is_empty()).then_some(services))
        .set_log_configuration(from.of("LogConfiguration", log).transpose()?)
        .set_access_log_configuration(access)
        .build())
}

fn access_log(from: In<'_>) -> Built<ecs::ServiceConnectAccessLogConfiguration> {
    let include = from.text("IncludeQueryParameters");
    ecs::ServiceConnectAccessLogConfiguration::builder()
        .set_format(from.text("Format").map(|word| word.as_str().into()))
        .set_include_query_parameters(include.map(|word| word.as_str().into()))
        .build()
}

fn service(from: In<'_>) -> Built<ecs::ServiceConnectService> {
    let timeout = from.of("Timeout", |timeout| {
        ecs::TimeoutConfiguration::builder()
            .set_idle_timeout_seconds(timeout.number("IdleTimeoutSeconds"))
            .set_per_request_timeout_seconds(timeout.number("PerRequestTimeoutSeconds"))
            .build()
    });
    let tls = from.of("Tls", |tls| {
        let authority = tls.at("IssuerCertificateAuthority").text("AwsPcaAuthorityArn");
        let authority = ecs::ServiceConnectTlsCertificateAuthority::builder().set_aws_pca_authority_arn(authority);
        ecs::ServiceConnectTlsConfiguration::builder()
            .issuer_certificate_authority(authority.build())
            .set_kms_key(tls.text("KmsKey"))
            .set_role_arn(tls.text("RoleArn"))
            .build()
    });
    let aliases = from.at("ClientAliases").each(alias)?;
    ecs::ServiceConnectService::builder()
        .set_port_name(from.text("PortName"))
        .set_discovery_name(from.text("DiscoveryName"))
        .set_client_aliases((!aliases.is_empty()).then_some(aliases))
        .set_ingress_port_override(from.number("IngressPortOverride"))
        .set_timeout(timeout)
        .set_tls(tls)
        .build()
}

fn alias(from: In<'_>) -> Built<ecs::ServiceConnectClientAlias> {
    let header = |header: In<'_>| -> Built<ecs::ServiceConnectTestTrafficHeaderRules> {
        let exact = header.at("Value").text("Exact");
        let matches = |exact| ecs::ServiceConnectTestTrafficHeaderMatchRules::builder().exact(exact).build();
        ecs::ServiceConnectTestTrafficHeaderRules::builder()
            .set_name(header.text("Name"))
            .set_value(exact.map(matches).transpose()?)
            .build()
    };
    let header = from.at("TestTrafficRules").of("Header", header).transpose()?;
    let rules = header.map(|header| ecs::ServiceConnectTestTrafficRules::builder().header(header).build());
    ecs::ServiceConnectClientAlias::builder()
        .set_port(from.number("Port"))
        .set_dns_name(from.text("DnsName"))
        .set_test_traffic_rules(rules)
        .build()
}

fn log(from: In<'_>) -> Built<ecs::LogConfiguration> {
    let options = from.of("Options", |options| {
        let pairs = options.0.as_object().into_iter().flatten();
        pairs.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
    });
    let secrets = from.of("SecretOptions", |secrets| {
        let secret = |(name, from): (&String, &Value)| {
            let from = from.as_str().map(str::to_owned);
            ecs::Secret::builder().name(name).set_value_from(from).build()
        };
        secrets.0.as_object().into_iter().flatten().map(secret).collect::<Built<Vec<_>>>()
    });
    ecs::LogConfiguration::builder()
        .set_log_driver(from.text("LogDriver").map(|word| word.as_str().into()))
        .set_options(options)
        .set_secret_options(secrets.transpose()?)
        .build()
}

fn volume(from: In<'_>) -> Built<ecs::ServiceVolumeConfiguration> {
    ecs::ServiceVolumeConfiguration::builder()
        .set_name(from.text("Name"))
        .set_managed_ebs_volume(from.of("ManagedEBSVolume", managed).transpose()?)
        .build()
}

fn managed(from: In<'_>) -> Built<ecs::ServiceManagedEbsVolumeConfiguration> {
    let tags = from.at("TagSpecifications").each(tags)?;
    ecs::ServiceManagedEbsVolumeConfiguration::builder()
        .set_role_arn(from.text("RoleArn"))
        .set_encrypted(from.flag("Encrypted"))
        .set_kms_key_id(from.text("KmsKeyId"))
        .set_volume_type(from.text("VolumeType"))
        .set_size_in_gib(from.number("SizeInGiB"))
        .set_snapshot_id(from.text("SnapshotId"))
        .set_volume_initialization_rate(from.number("VolumeInitializationRate"))
        .set_iops(from.number("Iops"))
        .set_throughput(from.number("Throughput"))
        .set_filesystem_type(from.text("FilesystemType").map(|word| word.as_str().into()))
        .set_tag_specifications((!tags.is_empty()).then_some(tags))
        .build()
}

fn tags(from: In<'_>) -> Built<ecs::EbsTagSpecification> {
    let tag = |tag: In<'_>| Ok(ecs::Tag::builder().set_key(tag.text("Key")).set_value(tag.text("Value")).build());
    let tags = from.at("Tags").each(tag)?;
    ecs::EbsTagSpecification::builder()
        .set_resource_type(from.text("ResourceType").map(|word| word.as_str().into()))
        .set_tags((!tags.is_empty()).then_some(tags))
        .set_propagate_tags(from.text("PropagateTags").map(|word| word.as_str().into()))
        .build()
}
