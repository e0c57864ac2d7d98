//! What a row is about.

use serde::Serialize;

/// What a row is about, in the order in which rows are read. `container` is the name of a container.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(tag = "about", rename_all = "kebab-case")]
pub enum What {
    Container {
        /// Its name.
        container: String,
    },
    /// The image of a container.
    Image {
        /// Its name.
        container: String,
    },
    /// A variable of a container.
    Variable {
        /// The container's name.
        container: String,
        /// The variable's name.
        name: String,
    },
    /// Where a container gets a secret variable from.
    Secret {
        /// The container's name.
        container: String,
        /// The variable's name.
        name: String,
    },
    /// A file in S3 with variables of a container.
    VariableFiles {
        /// The container's name.
        container: String,
    },
    /// CPU of a task, or of one of its containers.
    Cpu {
        /// The container's name; none for the task.
        container: Option<String>,
    },
    /// Memory of a task, or of one of its containers.
    Memory {
        /// The container's name; none for the task.
        container: Option<String>,
    },
    /// Memory that is reserved for a container.
    MemoryReservation {
        /// The container's name.
        container: String,
    },
    /// The ports that a container listens on.
    Ports {
        /// The container's name.
        container: String,
    },
    /// How a container is checked.
    HealthCheck {
        /// The container's name.
        container: String,
    },
    /// What a container runs.
    Command {
        /// The container's name.
        container: String,
    },
    /// What a container's command is given to.
    EntryPoint {
        /// The container's name.
        container: String,
    },
    /// Whom a container runs as.
    User {
        /// The container's name.
        container: String,
    },
    /// Whether a container may do anything on its machine.
    Privileged {
        /// The container's name.
        container: String,
    },
    /// Whether the task ends with a container.
    Essential {
        /// The container's name.
        container: String,
    },
    /// Where a container's log goes.
    Log {
        /// The container's name.
        container: String,
    },
    /// The role that the program has.
    TaskRole,
    /// The role with which ECS starts the task.
    ExecutionRole,
    /// Operating system and processor.
    Platform,
    /// How the task is connected to the network.
    NetworkMode,
    /// Volumes of the task.
    Volumes,
    Cluster,
    /// How many tasks run.
    Tasks,
    /// How tasks are exchanged.
    Strategy,
    /// How many tasks may and must run while they are exchanged.
    Percent,
    /// When ECS gives a rollout up.
    CircuitBreaker,
    /// Alarms that end a rollout.
    Alarms,
    /// Stops on the way of a rollout.
    Hooks,
    /// Where a load balancer sends requests.
    LoadBalancer {
        /// Container and port.
        name: String,
    },
    /// How long ECS ignores a load balancer's checks after a task's start.
    GracePeriod,
    /// Launch type or capacity providers.
    Capacity,
    Subnets,
    SecurityGroups,
    /// Whether tasks get public addresses.
    PublicIp,
    /// Service Connect and registries.
    Discovery,
    /// Whether people may run commands in the containers.
    ExecuteCommand,
    /// A forced deployment of the same content.
    ForcedDeployment,
    /// The fewest tasks that scaling leaves.
    ScalingMinimum,
    /// The most tasks that scaling starts.
    ScalingMaximum,
    /// Bounds at set times.
    ScheduledScaling {
        /// The name of the action.
        name: String,
    },
    /// What a scaling policy follows.
    ScalingPolicy,
    /// When a schedule starts its tasks.
    Schedule,
    /// Whether a schedule is on.
    State,
}

impl What {
    /// The name that says whether the value is a secret; empty for what is none.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Variable { name, .. } => name,
            _ => "",
        }
    }
}

impl std::fmt::Display for What {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let of = |f: &mut std::fmt::Formatter<'_>, word: &str, container: &str| write!(f, "{word} `{container}`");
        match self {
            Self::Container { container } => of(f, "container", container),
            Self::Image { container } => of(f, "image", container),
            Self::Variable { name, .. } => write!(f, "`{name}`"),
            Self::Secret { name, .. } => of(f, "secret", name),
            Self::VariableFiles { container } => of(f, "variable files", container),
            Self::Cpu { container: None } => f.write_str("CPU"),
            Self::Cpu { container: Some(container) } => of(f, "CPU", container),
            Self::Memory { container: None } => f.write_str("memory"),
            Self::Memory { container: Some(container) } => of(f, "memory", container),
            Self::MemoryReservation { container } => of(f, "reserved memory", container),
            Self::Ports { container } => of(f, "ports", container),
            Self::HealthCheck { container } => of(f, "health check", container),
            Self::Command { container } => of(f, "command", container),
            Self::EntryPoint { container } => of(f, "entry point", container),
            Self::User { container } => of(f, "user", container),
            Self::Privileged { container } => of(f, "privileged", container),
            Self::Essential { container } => of(f, "essential", container),
            Self::Log { container } => of(f, "log", container),
            Self::TaskRole => f.write_str("task role"),
            Self::ExecutionRole => f.write_str("execution role"),
            Self::Platform => f.write_str("platform"),
            Self::NetworkMode => f.write_str("network mode"),
            Self::Volumes => f.write_str("volumes"),
            Self::Cluster => f.write_str("cluster"),
            Self::Tasks => f.write_str("tasks"),
            Self::Strategy => f.write_str("strategy"),
            Self::Percent => f.write_str("healthy and maximum percent"),
            Self::CircuitBreaker => f.write_str("circuit breaker"),
            Self::Alarms => f.write_str("alarms"),
            Self::Hooks => f.write_str("hooks"),
            Self::LoadBalancer { name } => of(f, "load balancer", name),
            Self::GracePeriod => f.write_str("grace period of checks"),
            Self::Capacity => f.write_str("capacity"),
            Self::Subnets => f.write_str("subnets"),
            Self::SecurityGroups => f.write_str("security groups"),
            Self::PublicIp => f.write_str("public IP"),
            Self::Discovery => f.write_str("service discovery"),
            Self::ExecuteCommand => f.write_str("execute command"),
            Self::ForcedDeployment => f.write_str("forced deployment"),
            Self::ScalingMinimum => f.write_str("scaling minimum"),
            Self::ScalingMaximum => f.write_str("scaling maximum"),
            Self::ScheduledScaling { name } => of(f, "scheduled scaling", name),
            Self::ScalingPolicy => f.write_str("scaling policy"),
            Self::Schedule => f.write_str("schedule"),
            Self::State => f.write_str("state"),
        }
    }
}
