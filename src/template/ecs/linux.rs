//! A container's settings of the Linux kernel.

use std::sync::Arc;

use crate::model::process::{Device, LinuxParameters, SystemControl, Tmpfs, Ulimit};

use super::super::shape::Shape;

/// `Ulimits`; none if there are none.
pub(super) fn ulimits(all: &[Ulimit]) -> Option<Shape> {
    let ulimit = |ulimit: &Ulimit| {
        Shape::map([
            ("Name", Some((&*ulimit.name).into())),
            ("SoftLimit", Some(ulimit.soft.into())),
            ("HardLimit", Some(ulimit.hard.into())),
        ])
    };
    Shape::some_list(all.iter().map(ulimit).collect())
}

/// `SystemControls`; none if there are none.
pub(super) fn system_controls(all: &[SystemControl]) -> Option<Shape> {
    let control = |control: &SystemControl| {
        Shape::map([("Namespace", Some((&*control.namespace).into())), ("Value", Some((&*control.value).into()))])
    };
    Shape::some_list(all.iter().map(control).collect())
}

pub(super) fn parameters(linux: &LinuxParameters) -> Shape {
    let capabilities = Shape::map([("Add", names(&linux.add_capabilities)), ("Drop", names(&linux.drop_capabilities))]);
    let some = !linux.add_capabilities.is_empty() || !linux.drop_capabilities.is_empty();
    Shape::map([
        ("Capabilities", some.then_some(capabilities)),
        ("Devices", Shape::some_list(linux.devices.iter().map(device).collect())),
        ("InitProcessEnabled", Some(Shape::flag(&linux.init_process))),
        ("MaxSwap", linux.max_swap.map(Shape::from)),
        ("SharedMemorySize", linux.shared_memory_size.map(Shape::from)),
        ("Swappiness", linux.swappiness.map(Shape::from)),
        ("Tmpfs", Shape::some_list(linux.tmpfs.iter().map(tmpfs).collect())),
    ])
}

fn device(device: &Device) -> Shape {
    Shape::map([
        ("HostPath", Some((&*device.host_path).into())),
        ("ContainerPath", device.container_path.as_deref().map(Shape::from)),
        ("Permissions", names(&device.permissions)),
    ])
}

fn tmpfs(tmpfs: &Tmpfs) -> Shape {
    Shape::map([
        ("ContainerPath", Some((&*tmpfs.container_path).into())),
        ("Size", Some(tmpfs.size.into())),
        ("MountOptions", names(&tmpfs.mount_options)),
    ])
}

fn names(all: &[Arc<str>]) -> Option<Shape> {
    Shape::some_list(all.iter().map(|name| (&**name).into()).collect())
}
