//! The containers of a task.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{
    Firelens, Flag, Given, Known, LinuxParameters, Literal, Located, Log, MountPoint, Number, OptIn, PortNumber,
    Secret, SecretArn, SystemControl, Text, Ulimit, VolumesFrom, Wanted, Within, table, words,
};
use crate::model::ImageName;

table! {
    /// `[[step.container]]`.
    pub struct Container {
        /// Its name, unique in the step.
        name: Literal,
        /// A name in `[images]`.
        image: Literal as own,
        /// If this container stops, the task stops; `true` by default; may be `#{…}`.
        #[serde(default = "yes")]
        #[schemars(extend("default" = true))]
        essential: Flag,
        /// CPU units reserved for it; may be `#{…}`.
        cpu: Option<Number>,
        /// Hard limit in MiB; may be `#{…}`.
        memory: Option<Number> as own,
        /// Soft limit in MiB; may be `#{…}`.
        memory_reservation: Option<Number> as own,
        /// The container's port, over TCP, if it has only one; may be `#{…}`.
        port: Option<PortNumber> as own,
        /// The container's ports, if it has several or a port needs more than a number.
        #[serde(default)]
        ports: Vec<Port> as own,
        /// ARNs of S3 objects with one variable per line, at most 10; may contain `#{…}`. The execution role that landfall
        /// makes may read them.
        #[serde(default)]
        environment_files: Vec<Text> as own,
        /// Plain variables; values may contain `#{…}`.
        #[serde(default)]
        environment: BTreeMap<String, Text> as own,
        /// Variables whose values are read from Secrets Manager or SSM when the task starts.
        #[serde(default)]
        secrets: BTreeMap<String, Located<Secret>> as own,
        /// Arguments, one element each; may contain `#{…}`.
        #[serde(default)]
        command: Vec<Text>,
        /// Entry point, one element each; may contain `#{…}`.
        #[serde(default)]
        entry_point: Vec<Text>,
        /// Folder in which the command runs; may contain `#{…}`.
        working_directory: Option<Text>,
        /// User, as `user`, `uid` or `user:group`; may contain `#{…}`.
        user: Option<Text>,
        /// Makes the root file system read-only; may be `#{…}`.
        #[serde(default)]
        #[schemars(extend("default" = false))]
        read_only_root: OptIn = "ReadonlyRootFilesystem",
        /// Seconds between SIGTERM and SIGKILL; at most 120 on Fargate; may be `#{…}`.
        stop_timeout: Option<Number>,
        /// Seconds in which the container must reach the condition that other containers wait for: at least 2, at most 120
        /// on Fargate; may be `#{…}`.
        start_timeout: Option<Number>,
        /// Credentials for the image's registry. The execution role that landfall makes may read the secret.
        repository_credentials: Option<RepositoryCredentials>,
        /// GPUs; not on Fargate.
        #[serde(default)]
        resource_requirements: Vec<ResourceRequirement>,
        /// A credential specification, for Active Directory: `credentialspec:` or, on Fargate, `credentialspecdomainless:`, and
        /// the ARN of a file; at most one; may contain `#{…}`.
        #[serde(default)]
        credential_specs: Vec<Text>,
        /// Containers that it can reach by name without ports; only in network mode `bridge`; may contain `#{…}`.
        #[serde(default)]
        links: Vec<Text>,
        /// Whether ECS resolves image tags to digests when a deployment starts; `enabled` by default; may be `#{…}`.
        version_consistency: Option<Given<VersionConsistency>>,
        /// Docker labels of the container; values may contain `#{…}`; not with `launch = "managed"`.
        #[serde(default)]
        docker_labels: BTreeMap<String, Text>,
        /// Keeps standard input open; may be `#{…}`.
        #[serde(default)]
        #[schemars(extend("default" = false))]
        interactive: OptIn,
        /// Allocates a terminal; may be `#{…}`.
        #[serde(default)]
        #[schemars(extend("default" = false))]
        pseudo_terminal: OptIn,
        /// Turns the container's network off; may be `#{…}`.
        disable_networking: Option<Flag>,
        /// Gives the container root's rights on the instance; not on Fargate; may be `#{…}`.
        #[serde(default)]
        #[schemars(extend("default" = false))]
        privileged: OptIn,
        /// Its host name; may contain `#{…}`; only with `launch = "ec2"`, and not in network mode `awsvpc`.
        hostname: Option<Text>,
        /// DNS servers; may contain `#{…}`; only with `launch = "ec2"`.
        #[serde(default)]
        dns_servers: Vec<Text>,
        /// DNS search domains; may contain `#{…}`; only with `launch = "ec2"`.
        #[serde(default)]
        dns_search_domains: Vec<Text>,
        /// Lines of `/etc/hosts`; only with `launch = "ec2"`, and not in network mode `awsvpc`.
        #[serde(default)]
        extra_hosts: Vec<ExtraHost>,
        /// Labels for SELinux, AppArmor and similar systems; may contain `#{…}`; only with `launch = "ec2"`.
        #[serde(default)]
        docker_security_options: Vec<Text>,
        /// Limits of the operating system.
        #[serde(default)]
        ulimits: Vec<Ulimit>,
        /// Settings of the Linux kernel.
        linux_parameters: Option<LinuxParameters>,
        /// Kernel parameters of its namespaces.
        #[serde(default)]
        system_controls: Vec<SystemControl>,
        /// Restarts the container when it ends, without ending the task.
        restart_policy: Option<RestartPolicy> as own,
        /// Health check that ECS runs in the container.
        health_check: Option<HealthCheck>,
        /// Containers that must reach a condition before this one starts.
        #[serde(default)]
        depends_on: Vec<Dependency>,
        /// Volumes of the step that it mounts.
        #[serde(default)]
        mount_points: Vec<MountPoint>,
        /// Other containers whose volumes it mounts.
        #[serde(default)]
        volumes_from: Vec<VolumesFrom>,
        /// Makes this container the log router for containers with the driver `awsfirelens`. A step can have one router.
        firelens_configuration: Option<Located<Firelens>>,
        /// Where its output goes. Default: the step's log group.
        log: Option<Log> as own,
    }
}

fn yes() -> Flag {
    true.into()
}

impl Container {
    /// The image's key of `[images]`; none if it cannot be one.
    pub fn image(&self) -> Option<ImageName> {
        self.image.parse().ok()
    }

    /// All of its ports, that of `port` first.
    pub fn all_ports(&self) -> impl Iterator<Item = Cow<'_, Port>> {
        let one = self.port.iter().map(|port| Cow::Owned(Port::new(port.clone())));
        one.chain(self.ports.iter().map(Cow::Borrowed))
    }
}

table! {
    /// `repository_credentials`.
    pub struct RepositoryCredentials {
        /// ARN of a secret in Secrets Manager with `username` and `password`, with or without its six random characters; may
        /// contain `#{…}`.
        credentials_parameter: Known<SecretArn>,
    }
}

table! {
    /// One of `resource_requirements`.
    pub struct ResourceRequirement {
        /// What is required; may be `#{…}`.
        #[serde(rename = "type")]
        kind: Given<ResourceKind> = "Type",
        /// How many: 1 to 64; may be `#{…}`.
        value: Given<Gpus>,
        /// How containers share a GPU; only with `launch = "managed"`.
        sharing_strategy: Option<SharingStrategy>,
    }
}

table! {
    /// `sharing_strategy` of a GPU.
    pub struct SharingStrategy {
        /// Through the Multi-Process Service of NVIDIA.
        nvidia_mps: NvidiaMps,
    }
}

table! {
    /// `nvidia_mps`.
    pub struct NvidiaMps {
        /// Percent of the GPU's threads, at most; may be `#{…}`.
        max_compute_percent: Option<Given<Within<1, 100>>>,
        /// MiB of the GPU's memory; may be `#{…}`.
        memory: Option<Number>,
    }
}

words! {
    /// `version_consistency`.
    pub enum VersionConsistency {
        /// All tasks of a deployment run the same image, even if the tag moves.
        Enabled = "enabled" "enabled",
        /// Each task runs the image that the tag names when the task starts.
        Disabled = "disabled" "disabled",
    }
}

words! {
    /// `type` of a resource requirement.
    pub enum ResourceKind {
        /// GPUs of the instance.
        Gpu = "gpu" "GPU",
    }
}

/// A number of GPUs, which ECS takes as a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, schemars::JsonSchema)]
#[schemars(inline)]
pub struct Gpus(Within<1, 64>);

impl Wanted for Gpus {
    const NEEDS: &'static str = "a whole number";
    const KIND: super::Kind = <Within<1, 64> as Wanted>::KIND;

    fn of_number(value: i64) -> Option<Result<Self, String>> {
        Within::of_number(value).map(|number| number.map(Self))
    }
    fn rendered(self) -> serde_json::Value {
        self.0.0.to_string().into()
    }
}

table! {
    /// One of `extra_hosts`.
    pub struct ExtraHost {
        /// The name; may contain `#{…}`.
        hostname: Text,
        /// Its address; may contain `#{…}`.
        ip_address: Text,
    }
}

table! {
    /// `restart_policy` of a container.
    pub struct RestartPolicy {
        /// Whether the container is restarted; may be `#{…}`.
        enabled: Flag,
        /// Exit codes after which ECS does not restart the container, at most 50; may be `#{…}`.
        #[serde(default)]
        ignored_exit_codes: Vec<Given<i32>>,
        /// Seconds that the container must run before ECS can restart it: 60 to 1800; 300 by default; may be `#{…}`.
        restart_attempt_period: Option<Given<Within<60, 1800>>>,
    }
}

table! {
    /// One of `ports`.
    pub struct Port {
        /// Port in the container; may be `#{…}`.
        port: PortNumber = "ContainerPort",
        /// Port on the instance; only in network mode `bridge`; may be `#{…}`. Without it, ECS chooses one.
        host_port: Option<Given<Within<0, 65_535>>>,
        /// `tcp` by default; may be `#{…}`.
        #[serde(default = "tcp")]
        #[schemars(extend("default" = "tcp"))]
        protocol: Given<Protocol>,
        /// Name of the port mapping, unique in the step: lower-case letters, digits, `_` and `-`, at most 64; may contain `#{…}`.
        name: Option<Text>,
        /// The protocol on this port, for Service Connect; may be `#{…}`. Default: TCP. A service keeps the protocol that it was
        /// made with.
        app_protocol: Option<Given<AppProtocol>>,
    }
}

fn tcp() -> Given<Protocol> {
    Protocol::Tcp.into()
}

impl Port {
    /// A port that says no more than its number.
    pub fn new(port: PortNumber) -> Self {
        Self { port, host_port: None, protocol: tcp(), name: None, app_protocol: None }
    }
}

words! {
    /// `app_protocol`.
    #[expect(missing_docs, reason = "the names are those of the protocols")]
    pub enum AppProtocol {
        Http = "http" "http",
        Http2 = "http2" "http2",
        Grpc = "grpc" "grpc",
    }
}

words! {
    /// `protocol`.
    pub enum Protocol {
        /// TCP.
        Tcp = "tcp" "tcp",
        /// UDP.
        Udp = "udp" "udp",
    }
}

table! {
    /// `health_check`; times in seconds.
    pub struct HealthCheck {
        /// Begins with `CMD` or `CMD-SHELL`; one element per argument; may contain `#{…}`.
        command: Vec<Text>,
        /// Seconds between two checks: 5 to 300; may be `#{…}`.
        interval: Option<Given<Within<5, 300>>>,
        /// Seconds until a check counts as failed: 2 to 60; may be `#{…}`.
        timeout: Option<Given<Within<2, 60>>>,
        /// Failures in a row until the container is unhealthy: 1 to 10; may be `#{…}`.
        retries: Option<Given<Within<1, 10>>>,
        /// Seconds after the start in which failures do not count: 0 to 300; may be `#{…}`.
        start_period: Option<Given<Within<0, 300>>>,
    }
}

table! {
    /// One of `depends_on`.
    pub struct Dependency {
        /// Name of another container of the step.
        container: Literal = "ContainerName",
        /// The condition that it must reach; `start` by default; may be `#{…}`.
        #[serde(default = "start")]
        #[schemars(extend("default" = "start"))]
        condition: Given<Condition>,
    }
}

fn start() -> Given<Condition> {
    Condition::Start.into()
}

words! {
    /// `condition` of a dependency.
    pub enum Condition {
        /// It was started.
        Start = "start" "START",
        /// It ended.
        Complete = "complete" "COMPLETE",
        /// It ended with exit code 0.
        Success = "success" "SUCCESS",
        /// Its health check passes.
        Healthy = "healthy" "HEALTHY",
    }
}
