//! `process.toml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;

/// `projects/<name>/process.toml`: what is deployed, as a shape. Text may hold `#{variable}` where it is said.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessFile {
    /// Where images come from, by the name that containers use.
    #[serde(default)]
    pub images: BTreeMap<String, At<ImageEntry>>,
    /// Steps in their order; each renders to one stack per target that offers its role.
    #[serde(default)]
    pub step: Vec<At<StepEntry>>,
}

/// `[images.<name>]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageEntry {
    /// Registry and repository, without a tag; may hold `#{…}`. A release brings tag and digest.
    pub repository: At<String>,
}

/// `[[step]]` of kind `ecs-service`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepEntry {
    /// Its name, unique in the process.
    pub name: At<String>,
    /// What goes into stack names; by default the name.
    pub id: Option<At<String>>,
    /// What the step renders.
    pub kind: StepKindEntry,
    /// The role that a target must offer.
    pub role: At<String>,
    /// CPU units of the task; 1024 are one vCPU.
    pub cpu: At<u32>,
    /// Memory of the task in MiB.
    pub memory: At<u32>,
    /// Processor architecture; `x86-64` by default.
    #[serde(default)]
    pub architecture: ArchitectureEntry,
    /// Containers of the task; at least one.
    #[serde(default)]
    pub container: Vec<At<ContainerEntry>>,
    /// Number of tasks; 1 by default.
    pub desired_count: Option<At<u32>>,
    /// Lower limit of healthy tasks during a deployment, in percent of the desired count; 100 by default.
    pub minimum_healthy_percent: Option<At<u32>>,
    /// Upper limit of tasks during a deployment, in percent of the desired count; 200 by default.
    pub maximum_percent: Option<At<u32>>,
    /// Stops a deployment whose tasks keep failing; on, with rollback, by default.
    #[serde(default)]
    pub circuit_breaker: CircuitBreakerEntry,
    /// Subnets instead of the target's; each may hold `#{…}`.
    pub subnets: Option<Vec<At<String>>>,
    /// Security groups instead of the target's; each may hold `#{…}`.
    pub security_groups: Option<Vec<At<String>>>,
    /// Public address instead of the target's choice.
    pub public_ip: Option<bool>,
    /// Target groups that the service registers with.
    #[serde(default)]
    pub load_balancer: Vec<At<LoadBalancerEntry>>,
    /// Seconds in which failing load-balancer checks are ignored after a task starts.
    pub health_check_grace: Option<At<u32>>,
    /// ARN of the role that the containers have; may hold `#{…}`.
    pub task_role: Option<At<String>>,
    /// ARN of the role that starts the task; may hold `#{…}`. Without one, a role with least rights is made.
    pub execution_role: Option<At<String>>,
    /// How long logs are kept, in days; 30 by default.
    pub log_retention_days: Option<At<u32>>,
    /// Switches ECS Exec on.
    #[serde(default)]
    pub execute_command: bool,
    /// Tags of service and tasks; values may hold `#{…}`.
    #[serde(default)]
    pub tags: BTreeMap<String, At<String>>,
}

/// `kind` of a step.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepKindEntry {
    /// A Fargate service with log group, execution role and task definition.
    EcsService,
}

/// `architecture`.
#[derive(Clone, Copy, Debug, Default, Deserialize, JsonSchema)]
pub enum ArchitectureEntry {
    /// Intel and AMD.
    #[default]
    #[serde(rename = "x86-64")]
    X86_64,
    /// Graviton.
    #[serde(rename = "arm64")]
    Arm64,
}

/// `circuit_breaker`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CircuitBreakerEntry {
    /// Stops a deployment whose tasks keep failing.
    pub enabled: bool,
    /// Puts the last working deployment back.
    pub rollback: bool,
}

impl Default for CircuitBreakerEntry {
    fn default() -> Self {
        Self { enabled: true, rollback: true }
    }
}

/// `[[step.load_balancer]]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoadBalancerEntry {
    /// ARN of the target group; may hold `#{…}`.
    pub target_group: At<String>,
    /// Name of a container of the step.
    pub container: At<String>,
    /// One of its ports.
    pub port: At<u16>,
}

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
    /// CPU units reserved for it.
    pub cpu: Option<At<u32>>,
    /// Hard limit in MiB.
    pub memory: Option<At<u32>>,
    /// Soft limit in MiB.
    pub memory_reservation: Option<At<u32>>,
    /// Its only port, over TCP.
    pub port: Option<At<u16>>,
    /// Its ports, where it has several or they need more than a number.
    #[serde(default)]
    pub ports: Vec<At<PortEntry>>,
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
    pub read_only_root: bool,
    /// Seconds between SIGTERM and SIGKILL; at most 120 on Fargate.
    pub stop_timeout: Option<At<u32>>,
    /// Health check that ECS runs in the container.
    pub health_check: Option<HealthCheckEntry>,
    /// Containers that must have come so far before this one starts.
    #[serde(default)]
    pub depends_on: Vec<At<DependencyEntry>>,
    /// Where its output goes; without it, to the step's log group.
    pub log: Option<LogEntry>,
}

fn yes() -> bool {
    true
}

/// One of `ports`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PortEntry {
    /// Port in the container.
    #[schemars(range(min = 1, max = 65535))]
    pub port: u16,
    /// `tcp` by default.
    #[serde(default)]
    pub protocol: ProtocolEntry,
    /// Name of the port mapping.
    pub name: Option<At<String>>,
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
    /// ARN of a secret in Secrets Manager; may hold `#{…}`.
    pub secret: Option<At<String>>,
    /// One key of the secret's JSON value; may hold `#{…}`.
    pub key: Option<At<String>>,
    /// ARN of an SSM parameter, or its name in the target's account and region; may hold `#{…}`.
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

/// `log` of a container.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LogEntry {
    /// A log driver of Fargate: `awslogs`, `splunk` or `awsfirelens`.
    pub driver: At<String>,
    /// Options of the driver; values may hold `#{…}`.
    #[serde(default)]
    pub options: BTreeMap<String, At<String>>,
    /// Options whose values are secrets.
    #[serde(default)]
    pub secrets: BTreeMap<String, At<SecretEntry>>,
}
