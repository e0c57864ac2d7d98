//! A container's settings of the Linux kernel.

use std::sync::Arc;

use super::Maker;
use crate::load::schema::process::{
    DeviceEntry, DevicePermissionEntry, LinuxParametersEntry, SystemControlEntry, TmpfsEntry, UlimitEntry,
};
use crate::model::process::{Device, LinuxParameters, SystemControl, Tmpfs, Ulimit};

pub(crate) fn ulimit(entry: &UlimitEntry) -> Ulimit {
    Ulimit {
        name: Arc::from(entry.name.as_str()),
        soft: u64::from(*entry.soft_limit),
        hard: u64::from(*entry.hard_limit),
    }
}

pub(crate) fn system_control(entry: &SystemControlEntry) -> SystemControl {
    SystemControl { namespace: Arc::from(entry.namespace.as_str()), value: Arc::from(entry.value.as_str()) }
}

pub(crate) fn parameters(make: &mut Maker<'_>, entry: &LinuxParametersEntry) -> LinuxParameters {
    let names = |list: &[crate::load::schema::At<String>]| list.iter().map(|name| Arc::from(name.as_str())).collect();
    LinuxParameters {
        add_capabilities: names(&entry.capabilities.add),
        drop_capabilities: names(&entry.capabilities.drop),
        init_process: make.flag(&entry.init_process_enabled),
        devices: entry.devices.iter().map(|entry| device(entry)).collect(),
        shared_memory_size: entry.shared_memory_size.as_deref().copied(),
        tmpfs: entry.tmpfs.iter().map(|entry| tmpfs(entry)).collect(),
        max_swap: entry.max_swap.as_deref().copied(),
        swappiness: entry.swappiness.as_deref().copied(),
    }
}

fn device(entry: &DeviceEntry) -> Device {
    let permission = |permission: &DevicePermissionEntry| {
        Arc::from(match permission {
            DevicePermissionEntry::Read => "read",
            DevicePermissionEntry::Write => "write",
            DevicePermissionEntry::Mknod => "mknod",
        })
    };
    Device {
        host_path: Arc::from(entry.host_path.as_str()),
        container_path: entry.container_path.as_deref().map(Arc::from),
        permissions: entry.permissions.iter().map(permission).collect(),
    }
}

fn tmpfs(entry: &TmpfsEntry) -> Tmpfs {
    Tmpfs {
        container_path: Arc::from(entry.container_path.as_str()),
        size: entry.size,
        mount_options: entry.mount_options.iter().map(|option| Arc::from(option.as_str())).collect(),
    }
}
