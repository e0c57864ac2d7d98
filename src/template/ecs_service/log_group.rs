//! `AWS::Logs::LogGroup`: where containers write that say nothing else.

use crate::model::process::EcsService;

use super::super::shape::{Known, Shape};

/// Always there, so that a step that sends its logs elsewhere for a while keeps what it has written.
pub(super) fn shape(step: &EcsService) -> Shape {
    Shape::resource(
        "AWS::Logs::LogGroup",
        Shape::map([
            ("LogGroupName", Some(Known::LogGroup.into())),
            ("RetentionInDays", Some(step.log_retention_days.into())),
        ]),
    )
}
