//! A task, and the step `ecs-service`, as a whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Container, Definition, Deployment, EphemeralStorage, Launch, LoadBalancer, Number, OptIn, PropagateTags, Rights,
    Scaling, ServiceConnect, ServiceOptions, ServiceRegistry, Text, Threshold, Volume,
};

/// Processor architecture of a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Architecture {
    /// `X86_64`.
    #[default]
    X86_64,
    /// `ARM64`.
    Arm64,
}

/// What a task is and where it runs: what every step of ECS has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// CPU units of the task; 1024 are one vCPU.
    pub cpu: Option<Number>,
    /// Memory of the task in MiB.
    pub memory: Option<Number>,
    /// Processor architecture.
    pub architecture: Architecture,
    /// Operating system, as ECS calls it.
    pub operating_system: &'static str,
    /// What the task runs on.
    pub launch: Launch,
    /// At least one, of which at least one is essential.
    pub containers: Vec<Container>,
    /// Subnets instead of the target's.
    pub subnets: Option<Vec<Text>>,
    /// Security groups instead of the target's.
    pub security_groups: Option<Vec<Text>>,
    /// Public address instead of the target's choice.
    pub public_ip: Option<bool>,
    /// ARN of the role that the containers have.
    pub task_role: Option<Text>,
    /// ARN of the role that ECS uses to start the task; without one, a role with least rights is made.
    pub execution_role: Option<Text>,
    /// How long logs are kept, in days: one of the values that CloudWatch Logs takes.
    pub log_retention_days: u32,
    /// Rights of the made task role.
    pub task_rights: Rights,
    /// Rights of the made execution role, in addition to those that it needs for what the step names.
    pub execution_rights: Rights,
    /// Keys of KMS that the made execution role may decrypt with: ARNs, ids, or `alias/…`.
    pub kms_keys: Vec<Text>,
    /// ARN of the policy beyond which no made role has rights.
    pub permissions_boundary: Option<Text>,
    /// What gives the tags of tasks.
    pub propagate_tags: PropagateTags,
    /// Storage of a task on Fargate.
    pub ephemeral_storage: Option<EphemeralStorage>,
    /// What containers can mount.
    pub volumes: Vec<Volume>,
    /// What only fills a property.
    pub definition: Definition,
    /// ECS Exec is switched on.
    pub execute_command: OptIn,
    /// Tags of the tasks, and of what runs them.
    pub tags: BTreeMap<Arc<str>, Text>,
}

impl Task {
    /// A task that says no more than it has to: every key that has a default has that of format 1.
    pub fn new(cpu: impl Into<Number>, memory: impl Into<Number>, containers: Vec<Container>) -> Self {
        Self {
            cpu: Some(cpu.into()),
            memory: Some(memory.into()),
            architecture: Architecture::X86_64,
            operating_system: "LINUX",
            launch: Launch::default(),
            containers,
            subnets: None,
            security_groups: None,
            public_ip: None,
            task_role: None,
            execution_role: None,
            log_retention_days: LOG_RETENTION_DAYS,
            task_rights: Rights::default(),
            execution_rights: Rights::default(),
            kms_keys: Vec::new(),
            permissions_boundary: None,
            propagate_tags: PropagateTags::default(),
            ephemeral_storage: None,
            volumes: Vec::new(),
            definition: Definition::default(),
            execute_command: OptIn::default(),
            tags: BTreeMap::new(),
        }
    }
}

/// The step `ecs-service`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EcsService {
    /// What runs.
    pub task: Task,
    /// How the number of tasks follows the load; the desired count is then not landfall's to say.
    pub scaling: Option<Scaling>,
    /// How one set of tasks takes the place of another.
    pub deployment: Deployment,
    /// Number of tasks.
    pub desired_count: Number,
    /// Lower limit of healthy tasks during a deployment, in percent of the desired count.
    pub minimum_healthy_percent: u32,
    /// Upper limit of tasks during a deployment, in percent of the desired count.
    pub maximum_percent: u32,
    /// The circuit breaker; none when it is switched off.
    pub circuit_breaker: Option<CircuitBreaker>,
    /// Moves tasks when availability zones carry unequal numbers; ECS's default unless said.
    pub rebalancing: Option<bool>,
    /// Target groups that the service registers with.
    pub load_balancers: Vec<LoadBalancer>,
    /// Seconds in which failing load-balancer checks are ignored after a task starts.
    pub health_check_grace: Option<u32>,
    /// How the service takes part in a namespace of Service Connect; as it was if nothing is said.
    pub connect: Option<ServiceConnect>,
    /// The service of Cloud Map by which the tasks are found; at most one.
    pub registries: Vec<ServiceRegistry>,
    /// What only fills a property.
    pub options: ServiceOptions,
    /// Another text makes a new deployment of the same.
    pub nonce: Option<Text>,
}

impl EcsService {
    /// A service that says no more than it has to: every key that has a default has that of format 1.
    pub fn new(cpu: impl Into<Number>, memory: impl Into<Number>, containers: Vec<Container>) -> Self {
        Self::of(Task::new(cpu, memory, containers))
    }

    /// A service that runs these tasks and says nothing more.
    pub fn of(task: Task) -> Self {
        Self {
            task,
            scaling: None,
            deployment: Deployment::default(),
            desired_count: 1.into(),
            minimum_healthy_percent: 100,
            maximum_percent: 200,
            circuit_breaker: Some(CircuitBreaker { rollback: true, threshold: None, reset_on_healthy_task: None }),
            rebalancing: None,
            load_balancers: Vec::new(),
            health_check_grace: None,
            connect: None,
            registries: Vec::new(),
            options: ServiceOptions::default(),
            nonce: None,
        }
    }
}

/// How long logs are kept if nothing is said.
const LOG_RETENTION_DAYS: u32 = 30;

/// `circuit_breaker`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitBreaker {
    /// The last working deployment is put back.
    pub rollback: bool,
    /// How many failures are too many; ECS's own rule unless said.
    pub threshold: Option<Threshold>,
    /// A healthy task makes the count of failures zero; ECS's own choice unless said.
    pub reset_on_healthy_task: Option<bool>,
}
