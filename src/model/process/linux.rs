//! What a container asks of the Linux kernel.

use std::sync::Arc;

use super::Flag;

/// `ulimits`: a limit of the operating system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ulimit {
    /// `nofile`, `core`, …
    pub name: Arc<str>,
    /// What applies.
    pub soft: u64,
    /// Up to where the container may raise it.
    pub hard: u64,
}

/// `system_controls`: a kernel parameter of the container's namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemControl {
    /// `net.core.somaxconn`, `kernel.msgmax`, …
    pub namespace: Arc<str>,
    pub value: Arc<str>,
}

/// `linux_parameters`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LinuxParameters {
    /// Capabilities in addition to Docker's default ones.
    pub add_capabilities: Vec<Arc<str>>,
    /// Default capabilities that are taken away.
    pub drop_capabilities: Vec<Arc<str>>,
    /// An init process forwards signals and reaps processes.
    pub init_process: Flag,
    /// Devices of the host.
    pub devices: Vec<Device>,
    /// Size of `/dev/shm` in MiB.
    pub shared_memory_size: Option<u32>,
    /// File systems in memory.
    pub tmpfs: Vec<Tmpfs>,
    /// Swap in MiB.
    pub max_swap: Option<u32>,
    /// How readily the kernel swaps, 0 to 100.
    pub swappiness: Option<u32>,
}

/// A device of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    /// Path on the host.
    pub host_path: Arc<str>,
    /// Path in the container; the host's unless said.
    pub container_path: Option<Arc<str>>,
    /// `read`, `write`, `mknod`; all of them unless said.
    pub permissions: Vec<Arc<str>>,
}

/// A file system in memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tmpfs {
    /// Where it is mounted.
    pub container_path: Arc<str>,
    /// Its largest size in MiB.
    pub size: u32,
    /// `rw`, `noexec`, …
    pub mount_options: Vec<Arc<str>>,
}
