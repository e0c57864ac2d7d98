//! Revisions of task definitions, as the properties that CloudFormation has for them.

use aws_sdk_ecs::types as ecs;
use serde_json::Value;

use super::answer::Reader;
use super::clients::AwsCloud;
use super::observe::found;
use super::operation::Operation;
use super::properties::{Properties, in_order, map, named, sorted, texts};
use crate::cloud::{At, CloudError, Result};

impl AwsCloud {
    pub(super) async fn definition_seen(&self, at: &At, arn: &str) -> Result<Option<Value>> {
        let operation = Operation::DescribeTaskDefinition;
        let answer = self
            .call(at, operation, |clients| clients.ecs.describe_task_definition().task_definition(arn).send())
            .await;
        let answer = match answer {
            // ECS has no code of its own for it: ClientException, "Unable to describe task definition."
            Err(CloudError::Invalid { message, .. }) if message.contains("Unable to describe task definition") => {
                return Ok(None);
            }
            answer => found(answer)?,
        };
        let Some(answer) = answer else { return Ok(None) };
        let definition = Reader(operation).field("taskDefinition", answer.task_definition)?;
        Ok(Some(properties(&definition)))
    }
}

/// Without what ECS adds on its own: ARN, revision, status, times, and what it derives from the rest.
fn properties(definition: &ecs::TaskDefinition) -> Value {
    let platform = definition.runtime_platform().map(|platform| {
        Properties::default()
            .with("CpuArchitecture", platform.cpu_architecture().map(|word| word.as_str()))
            .with("OperatingSystemFamily", platform.operating_system_family().map(|word| word.as_str()))
            .object()
    });
    let storage = definition
        .ephemeral_storage()
        .map(|storage| Properties::default().with("SizeInGiB", Some(storage.size_in_gib())).object());
    let proxy = definition.proxy_configuration().map(|proxy| {
        Properties::default()
            .with("Type", proxy.r#type().map(|word| word.as_str()))
            .with("ContainerName", Some(proxy.container_name()))
            .having("ProxyConfigurationProperties", pairs(proxy.properties()))
            .object()
    });
    let compatibilities = sorted(definition.requires_compatibilities(), |word| Value::from(word.as_str()));
    let volumes = definition.volumes().iter().filter_map(|one| Some((one.name()?, volume(one))));
    let containers = definition.container_definitions().iter().filter_map(|one| Some((one.name()?, container(one))));
    Properties::default()
        .with("Cpu", definition.cpu())
        .with("Memory", definition.memory())
        .with("NetworkMode", definition.network_mode().map(|word| word.as_str()))
        .with("PidMode", definition.pid_mode().map(|word| word.as_str()))
        .with("IpcMode", definition.ipc_mode().map(|word| word.as_str()))
        .with("TaskRoleArn", definition.task_role_arn())
        .with("ExecutionRoleArn", definition.execution_role_arn())
        .having("RequiresCompatibilities", compatibilities)
        .with("RuntimePlatform", platform)
        .with("EphemeralStorage", storage)
        .with("EnableFaultInjection", definition.enable_fault_injection())
        .with("ProxyConfiguration", proxy)
        .having("PlacementConstraints", sorted(definition.placement_constraints(), constraint))
        .having("Volumes", named(volumes))
        .having("ContainerDefinitions", named(containers))
        .object()
}

fn constraint(one: &ecs::TaskDefinitionPlacementConstraint) -> Value {
    Properties::default()
        .with("Type", one.r#type().map(|word| word.as_str()))
        .with("Expression", one.expression())
        .object()
}

fn volume(volume: &ecs::Volume) -> Value {
    let host = Properties::default().with("SourcePath", volume.host().and_then(|host| host.source_path())).object();
    let docker = volume.docker_volume_configuration().map(|docker| {
        Properties::default()
            .with("Scope", docker.scope().map(|word| word.as_str()))
            .with("Autoprovision", docker.autoprovision())
            .with("Driver", docker.driver())
            .having("DriverOpts", map(docker.driver_opts()))
            .having("Labels", map(docker.labels()))
            .object()
    });
    let efs = volume.efs_volume_configuration().map(|efs| {
        let authorization = efs.authorization_config().map(|authorization| {
            Properties::default()
                .with("AccessPointId", authorization.access_point_id())
                .with("IAM", authorization.iam().map(|word| word.as_str()))
                .object()
        });
        Properties::default()
            .with("FilesystemId", Some(efs.file_system_id()))
            .with("RootDirectory", efs.root_directory())
            .with("TransitEncryption", efs.transit_encryption().map(|word| word.as_str()))
            .with("TransitEncryptionPort", efs.transit_encryption_port())
            .with("AuthorizationConfig", authorization)
            .object()
    });
    let fsx = volume.fsx_windows_file_server_volume_configuration().map(|fsx| {
        let authorization = fsx.authorization_config().map(|authorization| {
            Properties::default()
                .with("CredentialsParameter", Some(authorization.credentials_parameter()))
                .with("Domain", Some(authorization.domain()))
                .object()
        });
        Properties::default()
            .with("FileSystemId", Some(fsx.file_system_id()))
            .with("RootDirectory", Some(fsx.root_directory()))
            .with("AuthorizationConfig", authorization)
            .object()
    });
    Properties::default()
        .having("Host", host)
        .with("DockerVolumeConfiguration", docker)
        .with("EFSVolumeConfiguration", efs)
        .with("FSxWindowsFileServerVolumeConfiguration", fsx)
        .with("ConfiguredAtLaunch", volume.configured_at_launch())
        .object()
}

fn container(of: &ecs::ContainerDefinition) -> Value {
    let texts_in_order = |items: &[String]| in_order(items, |text| Value::from(text.as_str()));
    let credentials = of.repository_credentials().map(|credentials| {
        Properties::default().with("CredentialsParameter", Some(credentials.credentials_parameter())).object()
    });
    let process = Properties::default()
        .with("Image", of.image())
        .with("RepositoryCredentials", credentials)
        .with("Essential", of.essential())
        .having("EntryPoint", texts_in_order(of.entry_point()))
        .having("Command", texts_in_order(of.command()))
        .having("Environment", pairs(of.environment()))
        .having("EnvironmentFiles", in_order(of.environment_files(), environment_file))
        .having("Secrets", secrets(of.secrets()))
        .with("User", of.user())
        .with("WorkingDirectory", of.working_directory())
        .with("Interactive", of.interactive())
        .with("PseudoTerminal", of.pseudo_terminal())
        .with("Privileged", of.privileged())
        .with("ReadonlyRootFilesystem", of.readonly_root_filesystem())
        .with("StartTimeout", of.start_timeout())
        .with("StopTimeout", of.stop_timeout())
        .with("VersionConsistency", of.version_consistency().map(|word| word.as_str()))
        .with("RestartPolicy", of.restart_policy().map(restart_policy))
        .with("HealthCheck", of.health_check().map(health_check))
        .having("DependsOn", sorted(of.depends_on(), dependency));
    let limits = process
        // Zero is what ECS answers if no share was given.
        .with("Cpu", Some(of.cpu()))
        .with("Memory", of.memory())
        .with("MemoryReservation", of.memory_reservation())
        .having("ResourceRequirements", sorted(of.resource_requirements(), requirement))
        .having("Ulimits", sorted(of.ulimits(), ulimit))
        .having("SystemControls", sorted(of.system_controls(), system_control))
        .having("LinuxParameters", of.linux_parameters().map_or(Value::Null, linux))
        .having("DockerSecurityOptions", texts(of.docker_security_options()))
        .having("CredentialSpecs", texts(of.credential_specs()));
    let network = limits
        .having("PortMappings", sorted(of.port_mappings(), port_mapping))
        .having("Links", texts(of.links()))
        .with("Hostname", of.hostname())
        .with("DisableNetworking", of.disable_networking())
        .having("DnsServers", texts_in_order(of.dns_servers()))
        .having("DnsSearchDomains", texts_in_order(of.dns_search_domains()))
        .having("ExtraHosts", in_order(of.extra_hosts(), extra_host));
    network
        .having("MountPoints", sorted(of.mount_points(), mount_point))
        .having("VolumesFrom", sorted(of.volumes_from(), volume_from))
        .having("DockerLabels", map(of.docker_labels()))
        .with("LogConfiguration", of.log_configuration().map(log_configuration))
        .with("FirelensConfiguration", of.firelens_configuration().map(firelens))
        .object()
}

/// An object by name.
fn pairs(pairs: &[ecs::KeyValuePair]) -> Value {
    named(pairs.iter().filter_map(|pair| Some((pair.name()?, pair.value().unwrap_or("")))))
}

/// An object by name: where each value comes from, never the value itself.
fn secrets(secrets: &[ecs::Secret]) -> Value {
    named(secrets.iter().map(|secret| (secret.name(), secret.value_from())))
}

fn environment_file(file: &ecs::EnvironmentFile) -> Value {
    Properties::default().with("Type", Some(file.r#type().as_str())).with("Value", Some(file.value())).object()
}

fn restart_policy(policy: &ecs::ContainerRestartPolicy) -> Value {
    Properties::default()
        .with("Enabled", Some(policy.enabled()))
        .having("IgnoredExitCodes", sorted(policy.ignored_exit_codes(), |code| Value::from(*code)))
        .with("RestartAttemptPeriod", policy.restart_attempt_period())
        .object()
}

fn health_check(check: &ecs::HealthCheck) -> Value {
    Properties::default()
        .having("Command", in_order(check.command(), |text| Value::from(text.as_str())))
        .with("Interval", check.interval())
        .with("Timeout", check.timeout())
        .with("Retries", check.retries())
        .with("StartPeriod", check.start_period())
        .object()
}

fn dependency(on: &ecs::ContainerDependency) -> Value {
    Properties::default()
        .with("ContainerName", Some(on.container_name()))
        .with("Condition", Some(on.condition().as_str()))
        .object()
}

fn requirement(one: &ecs::ResourceRequirement) -> Value {
    Properties::default().with("Type", Some(one.r#type().as_str())).with("Value", Some(one.value())).object()
}

fn ulimit(limit: &ecs::Ulimit) -> Value {
    Properties::default()
        .with("Name", Some(limit.name().as_str()))
        .with("SoftLimit", Some(limit.soft_limit()))
        .with("HardLimit", Some(limit.hard_limit()))
        .object()
}

fn system_control(control: &ecs::SystemControl) -> Value {
    Properties::default().with("Namespace", control.namespace()).with("Value", control.value()).object()
}

fn linux(linux: &ecs::LinuxParameters) -> Value {
    let capabilities = linux.capabilities().map_or(Value::Null, |capabilities| {
        Properties::default()
            .having("Add", texts(capabilities.add()))
            .having("Drop", texts(capabilities.drop()))
            .object()
    });
    Properties::default()
        .having("Capabilities", capabilities)
        .having("Devices", sorted(linux.devices(), device))
        .with("InitProcessEnabled", linux.init_process_enabled())
        .with("SharedMemorySize", linux.shared_memory_size())
        .having("Tmpfs", sorted(linux.tmpfs(), tmpfs))
        .with("MaxSwap", linux.max_swap())
        .with("Swappiness", linux.swappiness())
        .object()
}

fn device(device: &ecs::Device) -> Value {
    Properties::default()
        .with("HostPath", Some(device.host_path()))
        .with("ContainerPath", device.container_path())
        .having("Permissions", sorted(device.permissions(), |word| Value::from(word.as_str())))
        .object()
}

fn tmpfs(tmpfs: &ecs::Tmpfs) -> Value {
    Properties::default()
        .with("ContainerPath", Some(tmpfs.container_path()))
        .with("Size", Some(tmpfs.size()))
        .having("MountOptions", texts(tmpfs.mount_options()))
        .object()
}

fn port_mapping(port: &ecs::PortMapping) -> Value {
    Properties::default()
        .with("ContainerPort", port.container_port())
        .with("ContainerPortRange", port.container_port_range())
        .with("HostPort", port.host_port())
        .with("Protocol", port.protocol().map(|word| word.as_str()))
        .with("AppProtocol", port.app_protocol().map(|word| word.as_str()))
        .with("Name", port.name())
        .object()
}

fn extra_host(host: &ecs::HostEntry) -> Value {
    Properties::default().with("Hostname", Some(host.hostname())).with("IpAddress", Some(host.ip_address())).object()
}

fn mount_point(mount: &ecs::MountPoint) -> Value {
    Properties::default()
        .with("SourceVolume", mount.source_volume())
        .with("ContainerPath", mount.container_path())
        .with("ReadOnly", mount.read_only())
        .object()
}

fn volume_from(from: &ecs::VolumeFrom) -> Value {
    Properties::default().with("SourceContainer", from.source_container()).with("ReadOnly", from.read_only()).object()
}

fn firelens(firelens: &ecs::FirelensConfiguration) -> Value {
    Properties::default()
        .with("Type", Some(firelens.r#type().as_str()))
        .having("Options", map(firelens.options()))
        .object()
}

/// The log configuration of a container, or of the proxy of Service Connect.
pub(super) fn log_configuration(log: &ecs::LogConfiguration) -> Value {
    Properties::default()
        .with("LogDriver", Some(log.log_driver().as_str()))
        .having("Options", map(log.options()))
        .having("SecretOptions", secrets(log.secret_options()))
        .object()
}

pub(super) fn tag(tag: &ecs::Tag) -> Value {
    Properties::default().with("Key", tag.key()).with("Value", tag.value()).object()
}
