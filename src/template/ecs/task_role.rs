//! `AWS::IAM::Role` that the containers have, made only if something needs it: the step's own rights, ECS Exec, or a file
//! system that checks IAM.

use serde_json::json;

use crate::model::process::{EfsVolume, Task, Text, Volume};

use super::super::shape::{Leaf, Shape};
use super::{id, role};

/// The role's ARN: the one that the step gives, that of the role that is made, or none.
pub(super) fn arn(task: &Task) -> Option<Shape> {
    Shape::key(&task.task_role).or_else(|| is_made(task).then(|| Shape::attribute(id::TASK_ROLE, "Arn")))
}

fn is_made(task: &Task) -> bool {
    !task.execute_command.is_off()
        || task.task_rights.as_ref().is_some_and(|rights| !rights.is_empty())
        || guarded(task).next().is_some()
}

/// A role with exactly the rights that the step needs. None if it needs no rights or names a role.
pub(super) fn shape(task: &Task) -> Option<Shape> {
    if task.task_role.is_some() || !is_made(task) {
        return None;
    }
    let files: Vec<Shape> = guarded(task).map(|(volume, efs)| file_system(task, volume, efs)).collect();
    let inline = [
        (!task.execute_command.is_off()).then(execute_command),
        (!files.is_empty()).then(|| role::policy("volumes", files)),
        role::own(task.task_rights.as_deref()),
    ];
    let inline = inline.into_iter().flatten().collect();
    Some(role::shape(task, role::trust("ecs-tasks.amazonaws.com"), inline, role::managed(task.task_rights.as_deref())))
}

/// What ECS Exec needs (ECS developer guide, "ECS Exec permissions"); these actions take no resource.
fn execute_command() -> Shape {
    Shape::Fixed(json!({
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
    }))
}

/// The volumes whose file systems ask for the task role's rights.
fn guarded(task: &Task) -> impl Iterator<Item = (&Volume, &EfsVolume)> {
    let efs = task.volume.iter().filter_map(|volume| Some((&**volume, volume.efs_volume_configuration.as_ref()?)));
    efs.filter(|(_, efs)| !efs.authorization_config.iam.is_off())
}

/// Lets the task mount a file system, and write it where a container may; only through the access point, if there is one
/// (EFS user guide, "Using IAM to control file system data access").
fn file_system(task: &Task, volume: &Volume, efs: &EfsVolume) -> Shape {
    let mut points = task.container.iter().flat_map(|container| &container.mount_points);
    let writes = points.any(|point| point.source_volume == volume.name && point.read_only.written() != Some(true));
    let mut actions = vec!["elasticfilesystem:ClientMount"];
    if writes {
        actions.push("elasticfilesystem:ClientWrite");
    }
    let through = efs.authorization_config.access_point_id.as_deref().map(|point| {
        let arn = Shape::Leaf(Leaf::AccessPointArn(point.clone()));
        Shape::map([("StringEquals", Some(Shape::map([("elasticfilesystem:AccessPointArn", Some(arn))])))])
    });
    Shape::map([
        ("Effect", Some("Allow".into())),
        ("Action", Some(Shape::Fixed(json!(actions)))),
        ("Resource", Some(Shape::Leaf(Leaf::FileSystemArn(Text::clone(&efs.file_system_id))))),
        ("Condition", through),
    ])
}
