//! What a release deploys: images, steps and variables, as its snapshot says.
//!
//! A [`Step`] is a shape: its [`Text`] leaves may hold `#{…}` placeholders that one slot's values fill later. Nothing here
//! knows a value, so a value can never decide whether a resource exists.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::catalog::VariableValue;
use super::tenant::TenantVariable;
use super::{Hash, Id, ImageName, Location, RoleLabel, StepName};

/// Process, variables and included sets of a project at one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct What {
    /// Hash of the files that say what: path and content of each. It is what a release's `inputs` holds.
    pub inputs: Hash,
    /// `[images]`.
    pub images: BTreeMap<ImageName, ImageRepository>,
    /// Steps in their order; at least one.
    pub steps: Vec<Arc<Step>>,
    /// Values of variables: the project's and those of the sets that it includes.
    pub variables: Vec<VariableValue>,
    /// Variables whose values tenants bring, declared by the project and the sets that it includes.
    pub tenant_variables: Vec<TenantVariable>,
}

/// The kinds of value that a variable can have, by how TOML writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Text.
    String,
    /// An integer or a decimal.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list of texts.
    List,
}

impl ValueKind {
    /// As it is written in `type`.
    pub fn as_str(self) -> &'static str {
        match self {
            ValueKind::String => "string",
            ValueKind::Number => "number",
            ValueKind::Boolean => "boolean",
            ValueKind::List => "list",
        }
    }
}

/// `[images.<name>]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRepository {
    /// Registry and repository, without a tag.
    pub repository: Text,
    /// Where it is written.
    pub at: Location,
}

/// One step of a deployment; it renders to one stack per matching target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Its name.
    pub name: StepName,
    /// What goes into stack names.
    pub id: Id,
    /// The role that a target must offer.
    pub role: RoleLabel,
    /// What it renders.
    pub kind: StepKind,
    /// Where it is written.
    pub at: Location,
}

/// The kinds of step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// `ecs-service`: a Fargate service from a few lines.
    EcsService(Box<EcsService>),
}

/// Text that may hold `#{name}` placeholders. `##{` stands for `#{` itself.
#[derive(Clone, Debug)]
pub struct Text {
    raw: Arc<str>,
    pieces: Arc<[Piece]>,
    at: Location,
}

/// A part of a [`Text`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// As it is.
    Literal(Arc<str>),
    /// The name between `#{` and `}`.
    Placeholder(Arc<str>),
}

/// Why a text cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// No `}` follows a `#{`.
    #[error("`#{{` at position {0} is never closed")]
    Unclosed(usize),
    /// A name that cannot be one.
    #[error("`{0}` is not the name of a variable: letters, digits, `_`, `-` and, for built-in names, `.`")]
    Name(String),
}

impl Text {
    /// Reads the placeholders of a text.
    pub fn parse(raw: &str, at: Location) -> Result<Self, TextError> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut rest = raw;
        while let Some(found) = rest.find("#{") {
            if rest[..found].ends_with('#') {
                literal.push_str(&rest[..found - 1]);
                literal.push_str("#{");
                rest = &rest[found + 2..];
                continue;
            }
            literal.push_str(&rest[..found]);
            let inside = &rest[found + 2..];
            let position = raw.len() - rest.len() + found + 1;
            let end = inside.find('}').ok_or(TextError::Unclosed(position))?;
            let name = inside[..end].trim();
            let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
            if name.is_empty() || !name.chars().all(fine) {
                return Err(TextError::Name(name.to_owned()));
            }
            if !literal.is_empty() {
                pieces.push(Piece::Literal(Arc::from(std::mem::take(&mut literal))));
            }
            pieces.push(Piece::Placeholder(Arc::from(name)));
            rest = &inside[end + 1..];
        }
        literal.push_str(rest);
        if !literal.is_empty() {
            pieces.push(Piece::Literal(Arc::from(literal)));
        }
        Ok(Self { raw: Arc::from(raw), pieces: Arc::from(pieces), at })
    }

    /// The text as it is written.
    pub fn raw(&self) -> &str {
        &self.raw
    }

    /// Its parts.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }

    /// Where it is written.
    pub fn at(&self) -> &Location {
        &self.at
    }

    /// The names of its placeholders, in order.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Placeholder(name) => Some(&**name),
            Piece::Literal(_) => None,
        })
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.raw == other.raw
    }
}

impl Eq for Text {}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.raw)
    }
}

/// The built-in names that a placeholder can use, beside `images.<name>`, `images.<name>.tag` and `images.<name>.digest`
/// for every key of `[images]`. They have a dot and a variable's name has none, so neither can hide the other. Those of the
/// tenant have a value in a tenant's slot only.
pub const BUILT_IN_NAMES: [&str; 16] = [
    "account.id",
    "account.name",
    "environment.id",
    "environment.name",
    "project.id",
    "project.name",
    "release.channel",
    "release.version",
    "stack.name",
    "step.id",
    "step.name",
    "target.cluster",
    "target.name",
    "target.region",
    "tenant.id",
    "tenant.name",
];

/// Processor architecture of a Fargate task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Architecture {
    /// `X86_64`.
    #[default]
    X86_64,
    /// `ARM64`.
    Arm64,
}

/// The step `ecs-service`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcsService {
    /// CPU units of the task; 1024 are one vCPU.
    pub cpu: u32,
    /// Memory of the task in MiB.
    pub memory: u32,
    /// Processor architecture.
    pub architecture: Architecture,
    /// At least one, of which at least one is essential.
    pub containers: Vec<Container>,
    /// Number of tasks.
    pub desired_count: u32,
    /// Lower limit of healthy tasks during a deployment, in percent of the desired count.
    pub minimum_healthy_percent: u32,
    /// Upper limit of tasks during a deployment, in percent of the desired count.
    pub maximum_percent: u32,
    /// The circuit breaker; none when it is switched off.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Subnets instead of the target's.
    pub subnets: Option<Vec<Text>>,
    /// Security groups instead of the target's.
    pub security_groups: Option<Vec<Text>>,
    /// Public address instead of the target's choice.
    pub public_ip: Option<bool>,
    /// Target groups that the service registers with.
    pub load_balancers: Vec<LoadBalancer>,
    /// Seconds in which failing load-balancer checks are ignored after a task starts.
    pub health_check_grace: Option<u32>,
    /// ARN of the role that the containers have.
    pub task_role: Option<Text>,
    /// ARN of the role that ECS uses to start the task; without one, a role with least rights is made.
    pub execution_role: Option<Text>,
    /// How long logs are kept, in days: one of the values that CloudWatch Logs takes.
    pub log_retention_days: u32,
    /// ECS Exec is switched on.
    pub execute_command: bool,
    /// Tags of service and tasks.
    pub tags: BTreeMap<Arc<str>, Text>,
}

/// `circuit_breaker`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// The last working deployment is put back.
    pub rollback: bool,
}

/// `[[step.container]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its name, unique in the step.
    pub name: Arc<str>,
    /// A key of `[images]`.
    pub image: ImageName,
    /// The task stops when it stops.
    pub essential: bool,
    /// CPU units reserved.
    pub cpu: Option<u32>,
    /// Hard limit in MiB.
    pub memory: Option<u32>,
    /// Soft limit in MiB.
    pub memory_reservation: Option<u32>,
    /// Ports.
    pub ports: Vec<Port>,
    /// Plain variables.
    pub environment: BTreeMap<Arc<str>, Text>,
    /// Variables whose values are read from Secrets Manager or SSM when the task starts.
    pub secrets: BTreeMap<Arc<str>, Secret>,
    /// Arguments; one element each.
    pub command: Vec<Text>,
    /// Entry point; one element each.
    pub entry_point: Vec<Text>,
    /// Folder in which the command runs.
    pub working_directory: Option<Text>,
    /// User, as `user`, `uid`, `user:group`.
    pub user: Option<Text>,
    /// The root file system cannot be written.
    pub read_only_root: bool,
    /// Seconds between SIGTERM and SIGKILL, at most 120 on Fargate.
    pub stop_timeout: Option<u32>,
    /// Health check.
    pub health_check: Option<HealthCheck>,
    /// Containers that must have come so far before this one starts.
    pub depends_on: Vec<Dependency>,
    /// Where its output goes; without it, to the step's log group.
    pub log: Option<LogConfiguration>,
    /// Where it is written.
    pub at: Location,
}

/// A port of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Port in the container.
    pub container_port: u16,
    /// `tcp` or `udp`.
    pub protocol: Protocol,
    /// Name of the port mapping.
    pub name: Option<Arc<str>>,
}

/// Transport protocol of a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

/// A reference to a secret value, never the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// A secret in Secrets Manager.
    Secret {
        /// Its ARN.
        arn: Text,
        /// One key of its JSON value.
        key: Option<Text>,
    },
    /// A parameter of SSM.
    Parameter {
        /// Its ARN, or its name in the target's account and region.
        name: Text,
    },
}

/// `health_check`. Times in seconds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HealthCheck {
    /// Begins with `CMD` or `CMD-SHELL`.
    pub command: Vec<Text>,
    /// Between two checks.
    pub interval: Option<u32>,
    /// Until a check has failed.
    pub timeout: Option<u32>,
    /// Failures in a row until the container is unhealthy.
    pub retries: Option<u32>,
    /// In which failures do not count after the start.
    pub start_period: Option<u32>,
}

/// `depends_on`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependency {
    /// Name of another container of the step.
    pub container: Arc<str>,
    /// How far it must have come.
    pub condition: Condition,
}

/// How far a container must have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `START`.
    Start,
    /// `COMPLETE`.
    Complete,
    /// `SUCCESS`: it ended with exit code 0.
    Success,
    /// `HEALTHY`: its health check passes.
    Healthy,
}

/// `log`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfiguration {
    /// `awslogs`, `splunk`, …
    pub driver: Arc<str>,
    /// Options of the driver.
    pub options: BTreeMap<Arc<str>, Text>,
    /// Options whose values are secrets.
    pub secrets: BTreeMap<Arc<str>, Secret>,
}

/// A target group that a container registers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadBalancer {
    /// ARN of the target group.
    pub target_group: Text,
    /// Name of a container of the step.
    pub container: Arc<str>,
    /// One of its ports.
    pub port: u16,
    /// Where it is written.
    pub at: Location,
}
