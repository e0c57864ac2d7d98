//! A container's settings of the Linux kernel.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;
use crate::load::schema::values::FlagEntry;

/// One of `ulimits`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UlimitEntry {
    /// Which limit.
    pub name: UlimitNameEntry,
    /// The limit that applies.
    pub soft_limit: At<u32>,
    /// The highest value to which the container may raise `soft_limit`.
    pub hard_limit: At<u32>,
}

/// `name` of a ulimit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of setrlimit")]
pub enum UlimitNameEntry {
    Core,
    Cpu,
    Data,
    Fsize,
    Locks,
    Memlock,
    Msgqueue,
    Nice,
    Nofile,
    Nproc,
    Rss,
    Rtprio,
    Rttime,
    Sigpending,
    Stack,
}

impl UlimitNameEntry {
    /// As it is written, and as AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::Cpu => "cpu",
            Self::Data => "data",
            Self::Fsize => "fsize",
            Self::Locks => "locks",
            Self::Memlock => "memlock",
            Self::Msgqueue => "msgqueue",
            Self::Nice => "nice",
            Self::Nofile => "nofile",
            Self::Nproc => "nproc",
            Self::Rss => "rss",
            Self::Rtprio => "rtprio",
            Self::Rttime => "rttime",
            Self::Sigpending => "sigpending",
            Self::Stack => "stack",
        }
    }
}

/// One of `system_controls`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SystemControlEntry {
    /// A kernel parameter of IPC, or one that begins with `net.` or `fs.mqueue.`.
    pub namespace: At<String>,
    /// Its value.
    pub value: String,
}

/// `linux_parameters` of a container.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LinuxParametersEntry {
    /// Adds capabilities to Docker's default ones, or drops some of them.
    #[serde(default)]
    pub capabilities: CapabilitiesEntry,
    /// Runs an init process that forwards signals and reaps processes; may be `#{…}`.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub init_process_enabled: At<FlagEntry>,
    /// Devices of the host; not on Fargate.
    #[serde(default)]
    pub devices: Vec<At<DeviceEntry>>,
    /// Size of `/dev/shm` in MiB; only with `launch = "ec2"`.
    pub shared_memory_size: Option<At<u32>>,
    /// File systems in memory.
    #[serde(default)]
    pub tmpfs: Vec<At<TmpfsEntry>>,
    /// Swap in MiB; only with `launch = "ec2"`.
    pub max_swap: Option<At<u32>>,
    /// How readily the kernel swaps: 0 to 100, with `max_swap`; only with `launch = "ec2"`.
    pub swappiness: Option<At<u32>>,
}

/// `capabilities`.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapabilitiesEntry {
    /// Capabilities to add to Docker's default ones; Fargate allows only `SYS_PTRACE`.
    #[serde(default)]
    pub add: Vec<At<String>>,
    /// Capabilities to drop from Docker's default ones.
    #[serde(default)]
    pub drop: Vec<At<String>>,
}

/// One of `devices`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeviceEntry {
    /// Path on the host.
    pub host_path: String,
    /// Path in the container. Default: `host_path`.
    pub container_path: Option<String>,
    /// What the container may do; all of it by default.
    #[serde(default)]
    pub permissions: Vec<DevicePermissionEntry>,
}

/// One of `permissions` of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DevicePermissionEntry {
    /// Read it.
    Read,
    /// Write it.
    Write,
    /// Create the device node.
    Mknod,
}

/// One of `tmpfs`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TmpfsEntry {
    /// Where it is mounted.
    pub container_path: String,
    /// Its largest size in MiB.
    #[schemars(range(min = 1))]
    pub size: u32,
    /// Options of the mount, like `rw` and `noexec`.
    #[serde(default)]
    #[schemars(extend("default" = []))]
    pub mount_options: Vec<At<String>>,
}
