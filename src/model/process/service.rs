//! A task, and the step `ecs-service`, as a whole.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    CircuitBreaker, Container, Definition, Deployment, EphemeralStorage, Given, Key, Known, LoadBalancer, Located,
    Number, OptIn, PropagateTags, Rights, RoleArn, RunsOn, Scaling, ServiceConnect, ServiceOptions, ServiceRegistry,
    Switch, Text, Volume, Within, table, words,
};

table! {
    /// What a task is and where it runs: the keys of every kind of step of ECS.
    #[derive(Default)]
    #[schemars(extend("x-flat" = true))]
    pub struct Task {
        /// CPU units of the task; 1024 are one vCPU; may be `#{…}`. Optional with `launch = "ec2"`.
        cpu: Option<Number> as own,
        /// Memory of the task in MiB; may be `#{…}`. Optional with `launch = "ec2"` if each container has `memory` or
        /// `memory_reservation`.
        memory: Option<Number> as own,
        /// Processor architecture; `x86-64` by default; may be `#{…}`.
        #[serde(default)]
        architecture: Given<Architecture> as own,
        /// Operating system; `linux` by default. Windows needs `x86-64`; on Fargate at least 1024 CPU units, on instances
        /// `network_mode = "awsvpc"`.
        #[serde(default)]
        operating_system_family: Located<OperatingSystem> as own,
        /// What it runs on.
        runs_on: RunsOn as own,
        /// Containers of the task; at least one.
        #[serde(default)]
        container: Vec<Located<Container>> as own,
        /// ARN of the role that the containers have; may contain `#{…}`.
        task_role: Option<Known<RoleArn>> as own,
        /// ARN of the role that starts the task; may contain `#{…}`. Without one, landfall makes a role with least rights.
        execution_role: Option<Known<RoleArn>> as own,
        /// Rights of the task role that landfall makes.
        task_rights: Option<Located<Rights>> as own,
        /// Rights of the execution role that landfall makes, in addition to the rights that the step itself needs.
        execution_rights: Option<Located<Rights>> as own,
        /// KMS keys that encrypt the secrets, parameters and environment files of the step. The execution role that landfall
        /// makes may decrypt with these keys only. Each is an ARN, an id or `alias/…`; may contain `#{…}`.
        #[serde(default)]
        kms_keys: Vec<Known<Key>> as own,
        /// ARN of a policy that limits the rights of every role that landfall makes; may contain `#{…}`.
        permissions_boundary: Option<Text> as own,
        /// Storage of a task; only on Fargate.
        ephemeral_storage: Option<Located<EphemeralStorage>>,
        /// What containers can mount.
        #[serde(default)]
        volume: Vec<Located<Volume>> as own,
        /// Name of the task definition's family; may contain `#{…}`. By default it is the name of the stack. Give each slot its
        /// own, for example with `#{stack.name}`: the revisions of a family are numbered in an account and region.
        family: Option<Text> as own,
        /// Name of the step's log group; may contain `#{…}`. By default it is `/landfall/` and the name of the stack. Each slot
        /// needs its own, for example with `#{stack.name}`. If the name changes, CloudFormation deletes the log group with
        /// its entries and makes another one.
        log_group_name: Option<Text> as own,
        /// How many days the step's log group keeps its entries; 30 by default; may be `#{…}`. A step has a log group only if
        /// something in it writes there: when the last container gets its own `log`, CloudFormation deletes the log group with
        /// its entries.
        log_retention_days: Option<Number> as own,
        /// What only fills a property.
        definition: Definition as own,
        /// Turns on ECS Exec; may be `#{…}`. With a variable, the task role has the rights of ECS Exec in every slot.
        #[serde(default)]
        #[schemars(extend("default" = false))]
        execute_command: OptIn as own,
        /// Tags of the tasks, and of the service that runs them; values may contain `#{…}`.
        #[serde(default)]
        tags: BTreeMap<String, Text> as own,
    }
}

words! {
    /// `architecture`.
    #[derive(Default)]
    pub enum Architecture {
        /// Intel and AMD.
        #[default]
        X86_64 = "x86-64" "X86_64",
        /// Graviton.
        Arm64 = "arm64" "ARM64",
    }
}

words! {
    /// `operating_system_family`.
    #[derive(Default)]
    #[expect(missing_docs, reason = "the names are those of ECS")]
    pub enum OperatingSystem {
        #[default]
        Linux = "linux" "LINUX",
        Windows2019Full = "windows-server-2019-full" "WINDOWS_SERVER_2019_FULL",
        Windows2019Core = "windows-server-2019-core" "WINDOWS_SERVER_2019_CORE",
        Windows2022Full = "windows-server-2022-full" "WINDOWS_SERVER_2022_FULL",
        Windows2022Core = "windows-server-2022-core" "WINDOWS_SERVER_2022_CORE",
        Windows2025Full = "windows-server-2025-full" "WINDOWS_SERVER_2025_FULL",
        Windows2025Core = "windows-server-2025-core" "WINDOWS_SERVER_2025_CORE",
    }
}

/// The name of the log group of a step that does not name it.
pub const OWN_LOG_GROUP: &str = "/landfall/#{stack.name}";

impl Task {
    /// A task that says no more than it has to: every key that has a default has that of format 1.
    pub fn new(cpu: impl Into<Number>, memory: impl Into<Number>, containers: Vec<Container>) -> Self {
        let container = containers.into_iter().map(Located::from).collect();
        Self { cpu: Some(cpu.into()), memory: Some(memory.into()), container, ..Self::default() }
    }

    /// The name of its own log group, as the step writes it in options of logs.
    pub fn own_log_group(&self) -> &str {
        self.log_group_name.as_ref().map_or(OWN_LOG_GROUP, Text::raw)
    }

    /// The names of its containers.
    pub fn container_names(&self) -> BTreeSet<&str> {
        self.container.iter().map(|container| &*container.name).collect()
    }
}

table! {
    /// The step `ecs-service`.
    #[schemars(extend("x-flat" = true))]
    pub struct EcsService {
        /// What runs.
        task: Task as own,
        /// Whether ECS runs `desired_count` tasks, or one on each instance; `replica` by default.
        #[serde(default)]
        scheduling_strategy: Located<Scheduling> as own,
        /// Moves tasks if the availability zones run unequal numbers of them; may be `#{…}`. Without it, the default of ECS
        /// applies.
        availability_zone_rebalancing: Option<Given<Switch>>,
        /// How the number of tasks follows the load.
        scaling: Option<Scaling> as own,
        /// Where tasks get their tags from; `service` by default.
        #[serde(default)]
        propagate_tags: Located<PropagateTags> as own,
        /// How new tasks replace old ones.
        #[serde(default)]
        deployment_configuration: Deployment as own,
        /// Number of tasks; 1 by default; not with `scaling` or `scheduling_strategy = "daemon"`; may be `#{…}`.
        desired_count: Option<Number> as own,
        /// Lower limit of healthy tasks during a deployment, in percent of the desired count; 100 by default, and 0 with
        /// `scheduling_strategy = "daemon"`; may be `#{…}`.
        minimum_healthy_percent: Option<Given<Within<0, 100>>> as own,
        /// Upper limit of tasks during a deployment, in percent of the desired count; 200 by default, and 100 with
        /// `scheduling_strategy = "daemon"`; may be `#{…}`.
        maximum_percent: Option<Given<Within<100, 10_000>>> as own,
        /// Stops a deployment whose tasks keep failing. By default it is on, with rollback.
        #[serde(default)]
        circuit_breaker: CircuitBreaker as own,
        /// Target groups that the service registers with.
        #[serde(default)]
        load_balancer: Vec<Located<LoadBalancer>> as own,
        /// Seconds in which failing load-balancer checks are ignored after a task starts; may be `#{…}`.
        health_check_grace: Option<Number> = "HealthCheckGracePeriodSeconds",
        /// A proxy next to every task, through which services of a namespace reach each other.
        service_connect_configuration: Option<Located<ServiceConnect>> as own,
        /// A Cloud Map service through which clients find the tasks; at most one.
        #[serde(default)]
        service_registries: Vec<Located<ServiceRegistry>> as own,
        /// What only fills a property.
        options: ServiceOptions as own,
        /// Change this text to deploy the same content again, for example to read changed secrets and environment files; may
        /// contain `#{…}`.
        force_new_deployment_nonce: Option<Text> as own,
    }
}

words! {
    /// `scheduling_strategy`.
    #[derive(Default)]
    pub enum Scheduling {
        /// ECS runs this many tasks.
        #[default]
        Replica = "replica" "REPLICA",
        /// ECS runs one task on each instance of the cluster that fits; only with `launch = "ec2"`.
        Daemon = "daemon" "DAEMON",
    }
}

impl EcsService {
    /// A service that says no more than it has to: every key that has a default has that of format 1.
    pub fn new(cpu: impl Into<Number>, memory: impl Into<Number>, containers: Vec<Container>) -> Self {
        Self {
            task: Task::new(cpu, memory, containers),
            scheduling_strategy: Located::default(),
            availability_zone_rebalancing: None,
            scaling: None,
            propagate_tags: Located::default(),
            deployment_configuration: Deployment::default(),
            desired_count: None,
            minimum_healthy_percent: None,
            maximum_percent: None,
            circuit_breaker: CircuitBreaker::default(),
            load_balancer: Vec::new(),
            health_check_grace: None,
            service_connect_configuration: None,
            service_registries: Vec::new(),
            options: ServiceOptions::default(),
            force_new_deployment_nonce: None,
        }
    }

    /// Whether ECS runs one task on each instance.
    pub fn is_daemon(&self) -> bool {
        *self.scheduling_strategy == Scheduling::Daemon
    }
}
