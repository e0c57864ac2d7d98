//! `[[step.container]]`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{
    FirelensEntry, LinuxParametersEntry, LogEntry, MountPointEntry, SystemControlEntry, UlimitEntry, VolumesFromEntry,
};
use crate::load::schema::At;
use crate::load::schema::values::NumberEntry;

/// `[[step.container]]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContainerEntry {
    /// Its name, unique in the step.
    pub name: At<String>,
    /// A name in `[images]`, never a tag.
    pub image: At<String>,
    /// The task stops when this container stops; `true` by default.
    #[serde(default = "yes")]
    pub essential: bool,
    /// CPU units reserved for it; may be `#{…}`.
    pub cpu: Option<At<NumberEntry>>,
    /// Hard limit in MiB; may be `#{…}`.
    pub memory: Option<At<NumberEntry>>,
    /// Soft limit in MiB; may be `#{…}`.
    pub memory_reservation: Option<At<NumberEntry>>,
    /// Its only port, over TCP.
    pub port: Option<At<u16>>,
    /// Its ports, where it has several or they need more than a number.
    #[serde(default)]
    pub ports: Vec<At<PortEntry>>,
    /// ARNs of objects in S3 whose lines are plain variables, at most 10; may hold `#{…}`. The execution role that is made
    /// may read them.
    #[serde(default)]
    pub environment_files: Vec<At<String>>,
    /// Plain variables; values may hold `#{…}`.
    #[serde(default)]
    pub environment: BTreeMap<String, At<String>>,
    /// Variables whose values are read from Secrets Manager or SSM when the task starts.
    #[serde(default)]
    pub secrets: BTreeMap<String, At<SecretEntry>>,
    /// Arguments, one element each; may hold `#{…}`.
    #[serde(default)]
    pub command: Vec<At<String>>,
    /// Entry point, one element each; may hold `#{…}`.
    #[serde(default)]
    pub entry_point: Vec<At<String>>,
    /// Folder in which the command runs; may hold `#{…}`.
    pub working_directory: Option<At<String>>,
    /// User, as `user`, `uid` or `user:group`; may hold `#{…}`.
    pub user: Option<At<String>>,
    /// Makes the root file system read-only.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub read_only_root: At<bool>,
    /// Seconds between SIGTERM and SIGKILL; at most 120 on Fargate.
    pub stop_timeout: Option<At<u32>>,
    /// Seconds until a container that others wait for has failed to start: 2 or more; at most 120 on Fargate.
    pub start_timeout: Option<At<u32>>,
    /// How the image's registry is entered. The execution role that is made may read the secret.
    pub repository_credentials: Option<RepositoryCredentialsEntry>,
    /// GPUs; not on Fargate.
    #[serde(default)]
    pub resource_requirements: Vec<At<ResourceRequirementEntry>>,
    /// Labels that Docker keeps with the container; values may hold `#{…}`; not with `launch = "managed"`.
    #[serde(default)]
    pub docker_labels: BTreeMap<String, At<String>>,
    /// Keeps standard input open.
    #[serde(default)]
    pub interactive: bool,
    /// Allocates a terminal.
    #[serde(default)]
    pub pseudo_terminal: bool,
    /// Lets it do on the instance what root may; not on Fargate.
    #[serde(default)]
    pub privileged: At<bool>,
    /// Its host name; may hold `#{…}`; only with `launch = "ec2"`, and not in network mode `awsvpc`.
    pub hostname: Option<At<String>>,
    /// DNS servers; may hold `#{…}`; only with `launch = "ec2"`.
    #[serde(default)]
    pub dns_servers: Vec<At<String>>,
    /// DNS search domains; may hold `#{…}`; only with `launch = "ec2"`.
    #[serde(default)]
    pub dns_search_domains: Vec<At<String>>,
    /// Lines of `/etc/hosts`; only with `launch = "ec2"`, and not in network mode `awsvpc`.
    #[serde(default)]
    pub extra_hosts: Vec<At<HostEntryEntry>>,
    /// Labels of SELinux and AppArmor, and the like; may hold `#{…}`; only with `launch = "ec2"`.
    #[serde(default)]
    pub docker_security_options: Vec<At<String>>,
    /// Limits of the operating system.
    #[serde(default)]
    pub ulimits: Vec<At<UlimitEntry>>,
    /// What it asks of the Linux kernel.
    pub linux_parameters: Option<LinuxParametersEntry>,
    /// Kernel parameters of its namespaces.
    #[serde(default)]
    pub system_controls: Vec<At<SystemControlEntry>>,
    /// Starts it again where it ends, without ending the task.
    pub restart_policy: Option<RestartPolicyEntry>,
    /// Health check that ECS runs in the container.
    pub health_check: Option<HealthCheckEntry>,
    /// Containers that must have come so far before this one starts.
    #[serde(default)]
    pub depends_on: Vec<At<DependencyEntry>>,
    /// Volumes of the step that it mounts.
    #[serde(default)]
    pub mount_points: Vec<At<MountPointEntry>>,
    /// Other containers whose volumes it mounts.
    #[serde(default)]
    pub volumes_from: Vec<At<VolumesFromEntry>>,
    /// Makes it the router of the logs of those with the driver `awsfirelens`; one container of a step can be that.
    pub firelens_configuration: Option<At<FirelensEntry>>,
    /// Where its output goes; without it, to the step's log group.
    pub log: Option<LogEntry>,
}

fn yes() -> bool {
    true
}

/// `repository_credentials`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RepositoryCredentialsEntry {
    /// ARN of a secret in Secrets Manager with `username` and `password`, with its six random characters or without them; may
    /// hold `#{…}`.
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
    /// The name; may hold `#{…}`.
    pub hostname: At<String>,
    /// Its address; may hold `#{…}`.
    pub ip_address: At<String>,
}

/// `restart_policy` of a container.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestartPolicyEntry {
    /// Whether it is started again.
    pub enabled: bool,
    /// Exit codes after which it stays stopped, at most 50.
    #[serde(default)]
    pub ignored_exit_codes: At<Vec<i32>>,
    /// Seconds for which it has to run before it is started again: 60 to 1800, 300 by default.
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
    /// Port on the instance; only in network mode `bridge`, where ECS otherwise chooses one.
    pub host_port: Option<At<u16>>,
    /// `tcp` by default.
    #[serde(default)]
    pub protocol: ProtocolEntry,
    /// Name of the port mapping, unique in the step: lower-case letters, digits, `_` and `-`, at most 64.
    pub name: Option<At<String>>,
    /// What is spoken there, for Service Connect; TCP by default. A service keeps what it was made with.
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
    /// ARN of a secret in Secrets Manager, with its six random characters or without them; may hold `#{…}`. An output of a stack
    /// that is all of it is the whole ARN. Where the secret's own name ends in `-` and six letters or digits, the whole ARN is
    /// needed.
    pub secret: Option<At<String>>,
    /// One key of the secret's JSON value; may hold `#{…}`.
    pub key: Option<At<String>>,
    /// ARN of an SSM parameter, or its name in the target's account and region; may hold `#{…}`. An output of a stack with which
    /// it begins is its name, not its ARN.
    pub parameter: Option<At<String>>,
}

/// `health_check`; times in seconds.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HealthCheckEntry {
    /// Begins with `CMD` or `CMD-SHELL`; one element per argument; may hold `#{…}`.
    pub command: At<Vec<At<String>>>,
    /// Between two checks: 5 to 300.
    #[schemars(range(min = 5, max = 300))]
    pub interval: Option<u32>,
    /// Until a check has failed: 2 to 60.
    #[schemars(range(min = 2, max = 60))]
    pub timeout: Option<u32>,
    /// Failures in a row until the container is unhealthy: 1 to 10.
    #[schemars(range(min = 1, max = 10))]
    pub retries: Option<u32>,
    /// In which failures do not count after the start: 0 to 300.
    #[schemars(range(min = 0, max = 300))]
    pub start_period: Option<u32>,
}

/// One of `depends_on`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DependencyEntry {
    /// Name of another container of the step.
    pub container: At<String>,
    /// How far it must have come; `start` by default.
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
