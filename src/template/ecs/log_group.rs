//! `AWS::Logs::LogGroup`: where containers write that say nothing else, and what says that it writes there.

use crate::model::process::{Log, Task, Text};

use super::super::shape::{Known, Leaf, Shape};

/// How long entries are kept if nothing is said.
const RETENTION_DAYS: u32 = 30;

/// The log group; none if nothing in the step writes to it. `proxy` is the log configuration of the container that ECS
/// adds.
///
/// ECS Exec needs no log group: it is logged where the cluster says, or with the output of a container.
pub(super) fn shape(task: &Task, proxy: Option<&Log>) -> Option<Shape> {
    (written_to(task, proxy) || named(task, proxy)).then(|| {
        Shape::resource(
            "AWS::Logs::LogGroup",
            Shape::map([
                ("LogGroupName", Some(Shape::key(&task.log_group_name).unwrap_or_else(|| Known::LogGroup.into()))),
                (
                    "RetentionInDays",
                    Some(Shape::key(&task.log_retention_days).unwrap_or_else(|| RETENTION_DAYS.into())),
                ),
            ]),
        )
    })
}

/// The ARN of the log group, with its streams.
pub(super) fn streams(task: &Task) -> Shape {
    let named = |name: &Text| Shape::Leaf(Leaf::LogGroupArn(name.clone(), None));
    task.log_group_name.as_ref().map_or_else(|| Known::LogGroupArn.into(), named)
}

/// Whether a container or the proxy writes there without saying so.
pub(super) fn written_to(task: &Task, proxy: Option<&Log>) -> bool {
    task.container.iter().any(|container| container.log.is_none()) || proxy.is_some_and(Log::is_own)
}

/// Whether an option of a log driver or a log router says its name.
fn named(task: &Task, proxy: Option<&Log>) -> bool {
    let containers = task.container.iter().flat_map(|container| {
        let log = container.log.iter().flat_map(|log| log.options.values());
        log.chain(container.firelens_configuration.iter().flat_map(|router| router.options.values()))
    });
    let proxy = proxy.into_iter().flat_map(|log| log.options.values());
    containers.chain(proxy).any(|option: &Text| option.raw() == task.own_log_group())
}
