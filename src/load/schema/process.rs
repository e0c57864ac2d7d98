//! `process.toml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;
use crate::model::process::{
    Container, Definition, EphemeralStorage, Number, OptIn, ServiceConnect, ServiceOptions, ServiceRegistry, Volume,
};

mod balancing;
mod deployment;
mod launch;
mod patch;
mod raw;
mod role;
mod run;
mod scaling;
mod schedule;
pub mod steps;

pub use balancing::*;
pub use deployment::*;
pub use launch::*;
pub use patch::*;
pub use raw::*;
pub use role::*;
pub use run::*;
pub use scaling::*;
pub use schedule::*;

/// `projects/<name>/process.toml`: what is deployed. Text may contain `#{variable}` where a key says so.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessFile {
    /// Where images come from. Containers use these names.
    #[serde(default)]
    pub images: BTreeMap<String, At<ImageEntry>>,
    /// The steps in order. Each renders to one stack per target that offers its role.
    #[serde(default)]
    #[schemars(with = "Vec<serde_json::Value>")] // In the file they are as `steps::flat` has them.
    pub step: Vec<At<StepEntry>>,
}

/// `[images.<name>]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageEntry {
    /// Registry and repository, without a tag; may contain `#{…}`. Each release supplies the tag and the digest.
    pub repository: At<String>,
}

/// `[[step]]`: what every kind of step has, and what its own kind has.
///
/// In a file, all keys are at the level of `kind`; [`steps::grouped`] sorts them before serde reads them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepEntry {
    /// Its name, unique in the process.
    pub name: At<String>,
    /// Used in stack names instead of the name.
    pub id: Option<At<String>>,
    /// The role that a target must offer.
    pub role: At<String>,
    /// The steps that this step waits for, instead of every step above it. With an empty list, it waits for none.
    pub after: Option<At<Vec<At<String>>>>,
    /// Starts together with the step above it, and waits for the same steps.
    pub parallel: Option<At<bool>>,
    /// The environments in which the step has stacks. Default: all.
    #[serde(default)]
    pub environments: Vec<At<String>>,
    /// The channels whose releases contain the step. Default: all.
    #[serde(default)]
    pub channels: Vec<At<String>>,
    /// Tenants that this step deploys for, in addition to `tenant_tags`. Default: all tenants, and slots without a tenant.
    #[serde(default)]
    pub tenants: Vec<At<String>>,
    /// Tenants that this step deploys for, by tag (`set/tag`): one tag of each set must match.
    #[serde(default)]
    pub tenant_tags: Vec<At<String>>,
    /// What the step renders.
    pub of: StepOf,
}

/// The keys of a step that its kind has.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepOf {
    /// A service with log group, execution role and task definition.
    EcsService(Box<EcsServiceEntry>),
    /// A task that runs once, like a migration, with log group, roles and task definition; its exit code decides.
    EcsTask(Box<EcsTaskEntry>),
    /// A task that EventBridge Scheduler runs at certain times, with log group, roles and task definition.
    EcsSchedule(Box<EcsScheduleEntry>),
    /// Your own CloudFormation template.
    #[serde(rename = "cloudformation")]
    CloudFormation(Box<CloudFormationEntry>),
}

/// `kind = "ecs-service"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct EcsServiceEntry {
    /// What runs.
    pub task: TaskEntry,
    /// The number of tasks, and how new tasks replace old ones.
    pub service: ServiceEntry,
    /// Changes to its template.
    pub overlay: OverlayEntry,
}

/// `kind = "ecs-task"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct EcsTaskEntry {
    /// What runs.
    pub task: TaskEntry,
    /// How it runs once.
    pub run: RunEntry,
    /// Changes to its template.
    pub overlay: OverlayEntry,
}

/// `kind = "ecs-schedule"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct EcsScheduleEntry {
    /// What runs.
    pub task: TaskEntry,
    /// When, and how EventBridge Scheduler starts it.
    pub schedule: ScheduleEntry,
    /// Changes to its template.
    pub overlay: OverlayEntry,
}

impl StepEntry {
    /// The keys of the step's task; none if it runs no task.
    pub fn task(&self) -> Option<&TaskEntry> {
        match &self.of {
            StepOf::EcsService(entry) => Some(&entry.task),
            StepOf::EcsTask(entry) => Some(&entry.task),
            StepOf::EcsSchedule(entry) => Some(&entry.task),
            StepOf::CloudFormation(_) => None,
        }
    }

    /// Where the step's task runs; none if it runs no task.
    pub fn runs_on(&self) -> Option<&RunsOnEntry> {
        let given = self.stack().and_then(|stack| Some(&stack.run.as_ref()?.runs_on));
        self.task().map(|task| &task.runs_on).or(given)
    }

    /// The keys of the step's service; none if it makes no service.
    pub fn service(&self) -> Option<&ServiceEntry> {
        match &self.of {
            StepOf::EcsService(entry) => Some(&entry.service),
            StepOf::EcsTask(_) | StepOf::EcsSchedule(_) | StepOf::CloudFormation(_) => None,
        }
    }

    /// How the step's task runs once; none if it does not.
    pub fn run(&self) -> Option<&RunEntry> {
        match &self.of {
            StepOf::EcsTask(entry) => Some(&entry.run),
            StepOf::EcsService(_) | StepOf::EcsSchedule(_) | StepOf::CloudFormation(_) => None,
        }
    }

    /// The keys of the step's schedule; none if it has no schedule.
    pub fn schedule(&self) -> Option<&ScheduleEntry> {
        match &self.of {
            StepOf::EcsSchedule(entry) => Some(&entry.schedule),
            StepOf::EcsService(_) | StepOf::EcsTask(_) | StepOf::CloudFormation(_) => None,
        }
    }

    /// Changes to the template that the step renders; nothing if the step has its own template.
    pub fn patches(&self) -> &[At<PatchEntry>] {
        match &self.of {
            StepOf::EcsService(entry) => &entry.overlay.patch,
            StepOf::EcsTask(entry) => &entry.overlay.patch,
            StepOf::EcsSchedule(entry) => &entry.overlay.patch,
            StepOf::CloudFormation(_) => &[],
        }
    }

    /// The keys of the step's template; none if it has no template.
    pub fn stack(&self) -> Option<&StackEntry> {
        match &self.of {
            StepOf::CloudFormation(entry) => Some(&entry.stack),
            StepOf::EcsService(_) | StepOf::EcsTask(_) | StepOf::EcsSchedule(_) => None,
        }
    }
}

impl ProcessFile {
    /// The steps that run tasks.
    pub fn tasks(&self) -> impl Iterator<Item = (&At<StepEntry>, &TaskEntry)> {
        self.step.iter().filter_map(|step| Some((step, step.task()?)))
    }

    /// The steps that run tasks, their own or those of templates, with what says where.
    pub fn running(&self) -> impl Iterator<Item = (&At<StepEntry>, &RunsOnEntry)> {
        self.step.iter().filter_map(|step| Some((step, step.runs_on()?)))
    }

    /// The steps that run tasks on a schedule.
    pub fn schedules(&self) -> impl Iterator<Item = (&At<StepEntry>, &TaskEntry, &ScheduleEntry)> {
        self.step.iter().filter_map(|step| Some((step, step.task()?, step.schedule()?)))
    }

    /// The steps whose tasks run once.
    pub fn runs(&self) -> impl Iterator<Item = (&At<StepEntry>, &TaskEntry, &RunEntry)> {
        self.step.iter().filter_map(|step| Some((step, step.task()?, step.run()?)))
    }

    /// The steps that make services.
    pub fn services(&self) -> impl Iterator<Item = (&At<StepEntry>, &TaskEntry, &ServiceEntry)> {
        self.step.iter().filter_map(|step| Some((step, step.task()?, step.service()?)))
    }
}

/// What a task is and where it runs: the keys of every kind of step of ECS.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct TaskEntry {
    /// CPU units of the task; 1024 are one vCPU; may be `#{…}`. Optional with `launch = "ec2"`.
    pub cpu: Option<Number>,
    /// Memory of the task in MiB; may be `#{…}`. Optional with `launch = "ec2"` if each container has `memory` or
    /// `memory_reservation`.
    pub memory: Option<Number>,
    /// Processor architecture; `x86-64` by default.
    #[serde(default)]
    pub architecture: ArchitectureEntry,
    /// Operating system; `linux` by default. Windows needs `x86-64`; on Fargate at least 1024 CPU units, on instances
    /// `network_mode = "awsvpc"`.
    #[serde(default)]
    pub operating_system_family: At<OperatingSystemEntry>,
    /// What it runs on.
    pub runs_on: RunsOnEntry,
    /// Containers of the task; at least one.
    #[serde(default)]
    pub container: Vec<At<Container>>,
    /// ARN of the role that the containers have; may contain `#{…}`.
    pub task_role: Option<At<String>>,
    /// ARN of the role that starts the task; may contain `#{…}`. Without one, landfall makes a role with least rights.
    pub execution_role: Option<At<String>>,
    /// Rights of the task role that landfall makes.
    pub task_rights: Option<At<RightsEntry>>,
    /// Rights of the execution role that landfall makes, in addition to the rights that the step itself needs.
    pub execution_rights: Option<At<RightsEntry>>,
    /// KMS keys that encrypt the secrets, parameters and environment files of the step. The execution role that landfall
    /// makes may decrypt with these keys only. Each is an ARN, an id or `alias/…`; may contain `#{…}`.
    #[serde(default)]
    pub kms_keys: Vec<At<String>>,
    /// ARN of a policy that limits the rights of every role that landfall makes; may contain `#{…}`.
    pub permissions_boundary: Option<At<String>>,
    /// Storage of a task; only on Fargate.
    pub ephemeral_storage: Option<At<EphemeralStorage>>,
    /// What containers can mount.
    #[serde(default)]
    pub volume: Vec<At<Volume>>,
    /// How many days the step's log group keeps its entries; 30 by default. A step has a log group only if something in
    /// it writes there: when the last container gets its own `log`, CloudFormation deletes the log group with its
    /// entries.
    pub log_retention_days: Option<At<u32>>,
    /// What only fills a property.
    pub definition: Definition,
    /// Turns on ECS Exec; may be `#{…}`. With a variable, the task role has the rights of ECS Exec in every slot.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub execute_command: OptIn,
    /// Tags of the tasks, and of the service that runs them; values may contain `#{…}`.
    #[serde(default)]
    pub tags: BTreeMap<String, At<String>>,
}

/// The service of an `ecs-service`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct ServiceEntry {
    /// Moves tasks if the availability zones run unequal numbers of them. Without it, the default of ECS applies.
    pub availability_zone_rebalancing: Option<At<bool>>,
    /// How the number of tasks follows the load.
    pub scaling: Option<At<ScalingEntry>>,
    /// Where tasks get their tags from; `service` by default.
    #[serde(default)]
    pub propagate_tags: PropagateTagsEntry,
    /// How new tasks replace old ones.
    #[serde(default)]
    pub deployment_configuration: DeploymentEntry,
    /// Number of tasks; 1 by default; not with `scaling`; may be `#{…}`.
    pub desired_count: Option<Number>,
    /// Lower limit of healthy tasks during a deployment, in percent of the desired count; 100 by default.
    pub minimum_healthy_percent: Option<At<u32>>,
    /// Upper limit of tasks during a deployment, in percent of the desired count; 200 by default.
    pub maximum_percent: Option<At<u32>>,
    /// Stops a deployment whose tasks keep failing. By default it is on, with rollback.
    #[serde(default)]
    pub circuit_breaker: CircuitBreakerEntry,
    /// Target groups that the service registers with.
    #[serde(default)]
    pub load_balancer: Vec<At<LoadBalancerEntry>>,
    /// Seconds in which failing load-balancer checks are ignored after a task starts.
    pub health_check_grace: Option<At<u32>>,
    /// A proxy next to every task, through which services of a namespace reach each other.
    pub service_connect_configuration: Option<At<ServiceConnect>>,
    /// A Cloud Map service through which clients find the tasks; at most one.
    #[serde(default)]
    pub service_registries: Vec<At<ServiceRegistry>>,
    /// What only fills a property.
    pub options: ServiceOptions,
    /// Change this text to deploy the same content again, for example to read changed secrets and environment files; may
    /// contain `#{…}`.
    pub force_new_deployment_nonce: Option<At<String>>,
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

/// `operating_system_family`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OperatingSystemEntry {
    #[default]
    Linux,
    #[serde(rename = "windows-server-2019-full")]
    Windows2019Full,
    #[serde(rename = "windows-server-2019-core")]
    Windows2019Core,
    #[serde(rename = "windows-server-2022-full")]
    Windows2022Full,
    #[serde(rename = "windows-server-2022-core")]
    Windows2022Core,
    #[serde(rename = "windows-server-2025-full")]
    Windows2025Full,
    #[serde(rename = "windows-server-2025-core")]
    Windows2025Core,
}

impl OperatingSystemEntry {
    /// As ECS calls it.
    pub fn family(self) -> &'static str {
        match self {
            Self::Linux => "LINUX",
            Self::Windows2019Full => "WINDOWS_SERVER_2019_FULL",
            Self::Windows2019Core => "WINDOWS_SERVER_2019_CORE",
            Self::Windows2022Full => "WINDOWS_SERVER_2022_FULL",
            Self::Windows2022Core => "WINDOWS_SERVER_2022_CORE",
            Self::Windows2025Full => "WINDOWS_SERVER_2025_FULL",
            Self::Windows2025Core => "WINDOWS_SERVER_2025_CORE",
        }
    }
}

/// `circuit_breaker`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct CircuitBreakerEntry {
    /// Stops a deployment whose tasks keep failing.
    pub enabled: bool,
    /// Restores the last working deployment.
    pub rollback: bool,
    /// The number of failures that stops the deployment. Default: half of the desired count, at least 3 and at most 200.
    pub threshold_configuration: Option<ThresholdEntry>,
    /// Resets the count of failures when a task becomes healthy; `true` by default.
    pub reset_on_healthy_task: Option<bool>,
}

impl Default for CircuitBreakerEntry {
    fn default() -> Self {
        Self { enabled: true, rollback: true, threshold_configuration: None, reset_on_healthy_task: None }
    }
}
