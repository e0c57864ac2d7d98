//! A container's settings of the Linux kernel.

use super::{Flag, Given, Literal, Number, Text, Within, table, words};

table! {
    /// One of `ulimits`.
    pub struct Ulimit {
        /// Which limit; may be `#{…}`.
        name: Given<UlimitName>,
        /// The limit that applies, or -1 for none; may be `#{…}`.
        soft_limit: Given<i32>,
        /// The highest value to which the container may raise `soft_limit`, or -1 for any; may be `#{…}`.
        hard_limit: Given<i32>,
    }
}

words! {
    /// `name` of a ulimit.
    #[expect(missing_docs, reason = "the names are those of setrlimit")]
    pub enum UlimitName {
        Core = "core" "core",
        Cpu = "cpu" "cpu",
        Data = "data" "data",
        Fsize = "fsize" "fsize",
        Locks = "locks" "locks",
        Memlock = "memlock" "memlock",
        Msgqueue = "msgqueue" "msgqueue",
        Nice = "nice" "nice",
        Nofile = "nofile" "nofile",
        Nproc = "nproc" "nproc",
        Rss = "rss" "rss",
        Rtprio = "rtprio" "rtprio",
        Rttime = "rttime" "rttime",
        Sigpending = "sigpending" "sigpending",
        Stack = "stack" "stack",
    }
}

table! {
    /// One of `system_controls`.
    pub struct SystemControl {
        /// A kernel parameter of IPC, or one that begins with `net.` or `fs.mqueue.`.
        namespace: Literal,
        /// Its value; may contain `#{…}`.
        value: Text,
    }
}

table! {
    /// `linux_parameters` of a container.
    pub struct LinuxParameters {
        /// Adds capabilities to Docker's default ones, or drops some of them.
        #[serde(default)]
        capabilities: Capabilities as own,
        /// Runs an init process that forwards signals and reaps processes; may be `#{…}`.
        #[serde(default)]
        #[schemars(extend("default" = false))]
        init_process_enabled: Flag,
        /// Devices of the host; not on Fargate.
        #[serde(default)]
        devices: Vec<Device>,
        /// Size of `/dev/shm` in MiB; only with `launch = "ec2"`; may be `#{…}`.
        shared_memory_size: Option<Number>,
        /// File systems in memory.
        #[serde(default)]
        tmpfs: Vec<Tmpfs>,
        /// Swap in MiB; only with `launch = "ec2"`; may be `#{…}`.
        max_swap: Option<Number>,
        /// How readily the kernel swaps: 0 to 100, with `max_swap`; only with `launch = "ec2"`; may be `#{…}`.
        swappiness: Option<Given<Within<0, 100>>>,
    }
}

table! {
    /// `capabilities`.
    #[derive(Default)]
    pub struct Capabilities {
        /// Capabilities to add to Docker's default ones; Fargate allows only `SYS_PTRACE`; may be `#{…}`.
        #[serde(default)]
        add: Vec<Text>,
        /// Capabilities to drop from Docker's default ones; may be `#{…}`.
        #[serde(default)]
        drop: Vec<Text>,
    }
}

table! {
    /// One of `devices`.
    pub struct Device {
        /// Path on the host; may contain `#{…}`.
        host_path: Text,
        /// Path in the container; may contain `#{…}`. Default: `host_path`.
        container_path: Option<Text>,
        /// What the container may do; all of it by default; may be `#{…}`.
        #[serde(default)]
        permissions: Vec<Given<DevicePermission>>,
    }
}

words! {
    /// One of `permissions` of a device.
    pub enum DevicePermission {
        /// Read it.
        Read = "read" "read",
        /// Write it.
        Write = "write" "write",
        /// Create the device node.
        Mknod = "mknod" "mknod",
    }
}

table! {
    /// One of `tmpfs`.
    pub struct Tmpfs {
        /// Where it is mounted; may contain `#{…}`.
        container_path: Text,
        /// Its largest size in MiB; may be `#{…}`.
        size: Given<Within<1, { u32::MAX }>>,
        /// Options of the mount, like `rw` and `noexec`; may be `#{…}`.
        #[serde(default)]
        #[schemars(extend("default" = []))]
        mount_options: Vec<Text>,
    }
}
