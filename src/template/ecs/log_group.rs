//! `AWS::Logs::LogGroup`: where containers write that say nothing else, and what says that it writes there.

use crate::model::process::{OWN_LOG_GROUP, ProxyLog, Task, Text};

use super::super::shape::{Known, Shape};

/// The log group; none if nothing in the step writes to it. `proxy` is the log configuration of the container that ECS
/// adds.
///
/// ECS Exec needs no log group: it is logged where the cluster says, or with the output of a container.
pub(super) fn shape(task: &Task, proxy: Option<&ProxyLog>) -> Option<Shape> {
    (written_to(task, proxy) || named(task, proxy)).then(|| {
        Shape::resource(
            "AWS::Logs::LogGroup",
            Shape::map([
                ("LogGroupName", Some(Known::LogGroup.into())),
                ("RetentionInDays", Some(task.log_retention_days.into())),
            ]),
        )
    })
}

/// Whether a container or the proxy writes there without saying so.
pub(super) fn written_to(task: &Task, proxy: Option<&ProxyLog>) -> bool {
    task.containers.iter().any(|container| container.log.is_none()) || matches!(proxy, Some(ProxyLog::Own))
}

/// Whether an option of a log driver or a log router says its name.
fn named(task: &Task, proxy: Option<&ProxyLog>) -> bool {
    let containers = task.containers.iter().flat_map(|container| {
        let log = container.log.iter().flat_map(|log| log.options.values());
        log.chain(container.firelens.iter().flat_map(|router| router.options.values()))
    });
    let proxy = match proxy {
        Some(ProxyLog::Driver(log)) => Some(log.options.values()),
        Some(ProxyLog::Own) | None => None,
    };
    containers.chain(proxy.into_iter().flatten()).any(|option: &Text| option.raw() == OWN_LOG_GROUP)
}
