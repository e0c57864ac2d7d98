//! `AWS::Logs::LogGroup`: where containers write that say nothing else.

use crate::model::process::Task;

use super::super::shape::{Known, Shape};

/// Always there, so that a step that sends its logs elsewhere for a while keeps what it has written.
pub(super) fn shape(task: &Task) -> Shape {
    Shape::resource(
        "AWS::Logs::LogGroup",
        Shape::map([
            ("LogGroupName", Some(Known::LogGroup.into())),
            ("RetentionInDays", Some(task.log_retention_days.into())),
        ]),
    )
}
