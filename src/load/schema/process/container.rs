//! `[[step.container]]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    FirelensEntry, LinuxParametersEntry, LogEntry, MountPointEntry, SystemControlEntry, UlimitEntry, VolumesFromEntry,
};
use crate::load::schema::At;
use crate::load::schema::values::{FlagEntry, NumberEntry};

/// `[[step.container]]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerEntry {
    /// Its name, unique in the step.
    pub name: At<String>,
    /// A name in `[images]`.
    pub image: At<String>,
    /// If this container stops, the task stops; `true` by default; may be `#{…}`.
    #[serde(default = "yes")]
    #[schemars(extend("default" = true))]
    pub essential: At<FlagEntry>,
    /// CPU units reserved for it; may be `#{…}`.
    pub cpu: Option<At<NumberEntry>>,
    /// Hard limit in MiB; may be `#{…}`.
    pub memory: Option<At<NumberEntry>>,
    /// Soft limit in MiB; may be `#{…}`.
    pub memory_reservation: Option<At<NumberEntry>>,
    /// The container's port, over TCP, if it has only one.
    pub port: Option<At<u16>>,
    /// The container's ports, if it has several or a port needs more than a number.
    #[serde(default)]
    pub ports: Vec<At<PortEntry>>,
    /// ARNs of S3 objects with one variable per line, at most 10; may contain `#{…}`. The execution role that landfall
    /// makes may read them.
    #[serde(default)]
    pub environment_files: Vec<At<String>>,
    /// Plain variables; values may contain `#{…}`.
    #[serde(default)]
    pub environment: BTreeMap<String, At<String>>,
    /// Variables whose values are read from Secrets Manager or SSM when the task starts.
    #[serde(default)]
    pub secrets: BTreeMap<String, At<SecretEntry>>,
    /// Arguments, one element each; may contain `#{…}`.
    #[serde(default)]
    pub command: Vec<At<String>>,
    /// Entry point, one element each; may contain `#{…}`.
    #[serde(default)]
    pub entry_point: Vec<At<String>>,
    /// Folder in which the command runs; may contain `#{…}`.
    pub working_directory: Option<At<String>>,
    /// User, as `user`, `uid` or `user:group`; may contain `#{…}`.
    pub user: Option<At<String>>,
    /// Makes the root file system read-only; may be `#{…}`.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub read_only_root: At<FlagEntry>,
    /// Seconds between SIGTERM and SIGKILL; at most 120 on Fargate.
    pub stop_timeout: Option<At<u32>>,
    /// Seconds in which the container must reach the condition that other containers wait for: at least 2, at most 120
    /// on Fargate.
    pub start_timeout: Option<At<u32>>,
    /// Credentials for the image's registry. The execution role that landfall makes may read the secret.
    pub repository_credentials: Option<RepositoryCredentialsEntry>,
    /// GPUs; not on Fargate.
    #[serde(default)]
    pub resource_requirements: Vec<At<ResourceRequirementEntry>>,
    /// Docker labels of the container; values may contain `#{…}`; not with `launch = "managed"`.
    #[serde(default)]
    pub docker_labels: BTreeMap<String, At<String>>,
    /// Keeps standard input open; may be `#{…}`.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub interactive: At<FlagEntry>,
    /// Allocates a terminal; may be `#{…}`.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub pseudo_terminal: At<FlagEntry>,
    /// Gives the container root's rights on the instance; not on Fargate; may be `#{…}`.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub privileged: At<FlagEntry>,
    /// Its host name; may contain `#{…}`; only with `launch = "ec2"`, and not in network mode `awsvpc`.
    pub hostname: Option<At<String>>,
    /// DNS servers; may contain `#{…}`; only with `launch = "ec2"`.
    #[serde(default)]
    pub dns_servers: Vec<At<String>>,
    /// DNS search domains; may contain `#{…}`; only with `launch = "ec2"`.
    #[serde(default)]
    pub dns_search_domains: Vec<At<String>>,
    /// Lines of `/etc/hosts`; only with `launch = "ec2"`, and not in network mode `awsvpc`.
    #[serde(default)]
    pub extra_hosts: Vec<At<HostEntryEntry>>,
    /// Labels for SELinux, AppArmor and similar systems; may contain `#{…}`; only with `launch = "ec2"`.
    #[serde(default)]
    pub docker_security_options: Vec<At<String>>,
    /// Limits of the operating system.
    #[serde(default)]
    pub ulimits: Vec<At<UlimitEntry>>,
    /// Settings of the Linux kernel.
    pub linux_parameters: Option<LinuxParametersEntry>,
    /// Kernel parameters of its namespaces.
    #[serde(default)]
    pub system_controls: Vec<At<SystemControlEntry>>,
    /// Restarts the container when it ends, without ending the task.
    pub restart_policy: Option<RestartPolicyEntry>,
    /// Health check that ECS runs in the container.
    pub health_check: Option<HealthCheckEntry>,
    /// Containers that must reach a condition before this one starts.
    #[serde(default)]
    pub depends_on: Vec<At<DependencyEntry>>,
    /// Volumes of the step that it mounts.
    #[serde(default)]
    pub mount_points: Vec<At<MountPointEntry>>,
    /// Other containers whose volumes it mounts.
    #[serde(default)]
    pub volumes_from: Vec<At<VolumesFromEntry>>,
    /// Makes this container the log router for containers with the driver `awsfirelens`. A step can have one router.
    pub firelens_configuration: Option<At<FirelensEntry>>,
    /// Where its output goes. Default: the step's log group.
    pub log: Option<LogEntry>,
}

fn yes() -> At<FlagEntry> {
    At::new(0..0, FlagEntry::Written(true))
}

/// `repository_credentials`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositoryCredentialsEntry {
    /// ARN of a secret in Secrets Manager with `username` and `password`, with or without its six random characters; may
    /// contain `#{…}`.
    pub credentials_parameter: At<String>,
}

/// One of `resource_requirements`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResourceRequirementEntry {
    /// What is required.
    #[serde(rename = "type")]
    pub kind: ResourceKindEntry,
    /// How many.
    #[schemars(range(min = 1, max = 64))]
    pub value: u32,
}

/// `type` of a resource requirement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ResourceKindEntry {
    /// GPUs of the instance.
    Gpu,
}

/// One of `extra_hosts`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostEntryEntry {
    /// The name; may contain `#{…}`.
    pub hostname: At<String>,
    /// Its address; may contain `#{…}`.
    pub ip_address: At<String>,
}

/// `restart_policy` of a container.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestartPolicyEntry {
    /// Whether the container is restarted.
    pub enabled: bool,
    /// Exit codes after which ECS does not restart the container, at most 50.
    #[serde(default)]
    pub ignored_exit_codes: At<Vec<i32>>,
    /// Seconds that the container must run before ECS can restart it: 60 to 1800; 300 by default.
    #[schemars(range(min = 60, max = 1800))]
    pub restart_attempt_period: Option<u32>,
}

/// One of `ports`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortEntry {
    /// Port in the container.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// Port on the instance; only in network mode `bridge`. Without it, ECS chooses one.
    pub host_port: Option<At<u16>>,
    /// `tcp` by default.
    #[serde(default)]
    pub protocol: ProtocolEntry,
    /// Name of the port mapping, unique in the step: lower-case letters, digits, `_` and `-`, at most 64.
    pub name: Option<At<String>>,
    /// The protocol on this port, for Service Connect. Default: TCP. A service keeps the protocol that it was made with.
    pub app_protocol: Option<At<AppProtocolEntry>>,
}

/// `app_protocol`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of the protocols")]
pub enum AppProtocolEntry {
    Http,
    Http2,
    Grpc,
}

/// `protocol`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ProtocolEntry {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

/// A reference to a secret value: `{ secret = "<arn>", key = "password" }` or `{ parameter = "<arn or name>" }`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SecretEntry {
    /// ARN of a secret in Secrets Manager, with or without its six random characters; may contain `#{…}`. If the whole
    /// value is an output of a stack, the output must be the whole ARN. If the secret's own name ends in `-` and six
    /// letters or digits, write the whole ARN.
    pub secret: Option<At<String>>,
    /// One key of the secret's JSON value; may contain `#{…}`.
    pub key: Option<At<String>>,
    /// Which version of the secret: its label, such as `AWSPREVIOUS`; the current one by default; may contain `#{…}`.
    pub version_stage: Option<At<String>>,
    /// Which version of the secret: its id; not with `version_stage`; may contain `#{…}`.
    pub version_id: Option<At<String>>,
    /// ARN of an SSM parameter, or its name in the target's account and region; may contain `#{…}`. If it begins with an
    /// output of a stack, the output must be the name, not the ARN.
    pub parameter: Option<At<String>>,
}

/// `health_check`; times in seconds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheckEntry {
    /// Begins with `CMD` or `CMD-SHELL`; one element per argument; may contain `#{…}`.
    pub command: At<Vec<At<String>>>,
    /// Seconds between two checks: 5 to 300.
    #[schemars(range(min = 5, max = 300))]
    pub interval: Option<u32>,
    /// Seconds until a check counts as failed: 2 to 60.
    #[schemars(range(min = 2, max = 60))]
    pub timeout: Option<u32>,
    /// Failures in a row until the container is unhealthy: 1 to 10.
    #[schemars(range(min = 1, max = 10))]
    pub retries: Option<u32>,
    /// Seconds after the start in which failures do not count: 0 to 300.
    #[schemars(range(min = 0, max = 300))]
    pub start_period: Option<u32>,
}

/// One of `depends_on`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DependencyEntry {
    /// Name of another container of the step.
    pub container: At<String>,
    /// The condition that it must reach; `start` by default.
    #[serde(default)]
    pub condition: ConditionEntry,
}

/// `condition` of a dependency.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ConditionEntry {
    /// It was started.
    #[default]
    Start,
    /// It ended.
    Complete,
    /// It ended with exit code 0.
    Success,
    /// Its health check passes.
    Healthy,
}
