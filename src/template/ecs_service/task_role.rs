//! `AWS::IAM::Role` that the containers have, made only where ECS Exec asks for one.

use serde_json::json;

use crate::model::process::EcsService;

use super::super::shape::Shape;
use super::{execution_role, id};

/// The role's ARN: the one that the step gives, that of the role that is made, or none.
pub(super) fn arn(step: &EcsService) -> Option<Shape> {
    match &step.task_role {
        Some(role) => Some(Shape::text(role)),
        None => step.execute_command.then(|| Shape::attribute(id::TASK_ROLE, "Arn")),
    }
}

/// A role with the rights that ECS Exec needs and no other (ECS developer guide, "ECS Exec permissions"); these actions
/// take no resource. None without ECS Exec, and where the step gives a role.
pub(super) fn shape(step: &EcsService) -> Option<Shape> {
    if step.task_role.is_some() || !step.execute_command {
        return None;
    }
    let policy = json!({
        "PolicyName": "execute-command",
        "PolicyDocument": {
            "Version": "2012-10-17",
            "Statement": [{
                "Sid": "Channels",
                "Effect": "Allow",
                "Action": [
                    "ssmmessages:CreateControlChannel",
                    "ssmmessages:CreateDataChannel",
                    "ssmmessages:OpenControlChannel",
                    "ssmmessages:OpenDataChannel",
                ],
                "Resource": "*",
            }],
        },
    });
    Some(Shape::resource(
        "AWS::IAM::Role",
        Shape::map([
            ("AssumeRolePolicyDocument", Some(Shape::Fixed(execution_role::trust()))),
            ("Policies", Some(Shape::List(vec![Shape::Fixed(policy)]))),
        ]),
    ))
}
