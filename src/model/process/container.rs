//! The containers of a task.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{
    Firelens, Flag, LinuxParameters, LogConfiguration, MountPoint, Number, SystemControl, Text, Ulimit, VolumesFrom,
};
use crate::model::{ImageName, Location};

/// `[[step.container]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    /// Its name, unique in the step.
    pub name: Arc<str>,
    /// A key of `[images]`.
    pub image: ImageName,
    /// The task stops when it stops.
    pub essential: Flag,
    /// CPU units reserved.
    pub cpu: Option<Number>,
    /// Hard limit in MiB.
    pub memory: Option<Number>,
    /// Soft limit in MiB.
    pub memory_reservation: Option<Number>,
    pub ports: Vec<Port>,
    /// Files in S3 whose lines are plain variables: the ARNs of the objects.
    pub environment_files: Vec<Text>,
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
    pub read_only_root: Flag,
    /// Seconds between SIGTERM and SIGKILL, at most 120 on Fargate.
    pub stop_timeout: Option<u32>,
    /// Seconds until a container that others wait for has failed to start.
    pub start_timeout: Option<u32>,
    /// ARN of the secret with which the image's registry is entered.
    pub repository_credentials: Option<Text>,
    pub gpus: Option<u32>,
    /// Labels that Docker keeps with the container.
    pub docker_labels: BTreeMap<Arc<str>, Text>,
    /// Standard input stays open.
    pub interactive: Flag,
    /// A terminal is allocated.
    pub pseudo_terminal: Flag,
    /// It may do on the instance what root may.
    pub privileged: Flag,
    /// Its host name.
    pub hostname: Option<Text>,
    /// DNS servers instead of the instance's.
    pub dns_servers: Vec<Text>,
    /// DNS search domains instead of the instance's.
    pub dns_search_domains: Vec<Text>,
    /// Lines of `/etc/hosts`.
    pub extra_hosts: Vec<HostEntry>,
    /// Labels of SELinux and AppArmor, and the like.
    pub docker_security_options: Vec<Text>,
    /// Limits of the operating system.
    pub ulimits: Vec<Ulimit>,
    /// What it asks of the Linux kernel.
    pub linux: Option<LinuxParameters>,
    /// Kernel parameters of its namespaces.
    pub system_controls: Vec<SystemControl>,
    /// ECS starts it again where it ends, without ending the task.
    pub restart: Option<RestartPolicy>,
    pub health_check: Option<HealthCheck>,
    /// Containers that must have come so far before this one starts.
    pub depends_on: Vec<Dependency>,
    /// Volumes of the step.
    pub mount_points: Vec<MountPoint>,
    /// Volumes of other containers.
    pub volumes_from: Vec<VolumesFrom>,
    /// It routes the logs of others.
    pub firelens: Option<Firelens>,
    /// Where its output goes; without it, to the step's log group.
    pub log: Option<LogConfiguration>,
    /// Where it is written.
    pub at: Location,
}

impl Container {
    /// An essential container that says no more than it has to.
    pub fn new(name: Arc<str>, image: ImageName, at: Location) -> Self {
        Self {
            name,
            image,
            essential: Flag::Written(true),
            cpu: None,
            memory: None,
            memory_reservation: None,
            ports: Vec::new(),
            environment_files: Vec::new(),
            environment: BTreeMap::new(),
            secrets: BTreeMap::new(),
            command: Vec::new(),
            entry_point: Vec::new(),
            working_directory: None,
            user: None,
            read_only_root: Flag::Written(false),
            stop_timeout: None,
            start_timeout: None,
            repository_credentials: None,
            gpus: None,
            docker_labels: BTreeMap::new(),
            interactive: Flag::Written(false),
            pseudo_terminal: Flag::Written(false),
            privileged: Flag::Written(false),
            hostname: None,
            dns_servers: Vec::new(),
            dns_search_domains: Vec::new(),
            extra_hosts: Vec::new(),
            docker_security_options: Vec::new(),
            ulimits: Vec::new(),
            linux: None,
            system_controls: Vec::new(),
            restart: None,
            health_check: None,
            depends_on: Vec::new(),
            mount_points: Vec::new(),
            volumes_from: Vec::new(),
            firelens: None,
            log: None,
            at,
        }
    }
}

/// A line of `/etc/hosts`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostEntry {
    /// The name.
    pub hostname: Text,
    pub ip_address: Text,
}

/// `restart_policy`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartPolicy {
    /// Exit codes after which it stays stopped.
    pub ignored_exit_codes: Vec<i32>,
    /// Seconds for which it has to run before it is started again.
    pub attempt_period: Option<u32>,
}

/// A port of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Port in the container.
    pub container_port: u16,
    /// Port on the instance; only in network mode `bridge`, where ECS otherwise chooses one.
    pub host_port: Option<u16>,
    /// `tcp` or `udp`.
    pub protocol: Protocol,
    /// Name of the port mapping.
    pub name: Option<Arc<str>>,
    /// `http`, `http2` or `grpc`, for Service Connect; TCP unless said.
    pub app_protocol: Option<&'static str>,
}

/// Transport protocol of a port.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    #[default]
    Tcp,
    Udp,
}

/// A reference to a secret value, never the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Secret {
    /// A secret in Secrets Manager.
    Secret { arn: Text, part: SecretPart },
    /// A parameter of SSM.
    Parameter {
        /// Its ARN, or its name in the target's account and region; an output with which it begins is a name.
        name: Text,
    },
}

/// What of a secret in Secrets Manager is read; all of its current version unless said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SecretPart {
    /// One key of its JSON value.
    pub key: Option<Text>,
    /// The label of a version.
    pub stage: Option<Text>,
    /// The id of a version, where no label is given.
    pub version: Option<Text>,
}

impl SecretPart {
    /// Key, label and id, in the order in which ECS takes them; none if nothing is said.
    pub fn texts(&self) -> Option<[Option<&Text>; 3]> {
        let all = [&self.key, &self.stage, &self.version].map(Option::as_ref);
        all.iter().any(Option::is_some).then_some(all)
    }
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
