//! What containers mount: the task definition's volumes, the service's EBS volumes, and the role that makes these.

use crate::model::process::{EbsVolume, EfsVolume, Task, Text, Volume};

use super::super::shape::{Known, Shape};
use super::{id, kms, role};

/// What ECS needs to make and attach volumes of EBS; ECS documents this policy for it (ECS developer guide, "Infrastructure
/// IAM role").
const EBS_POLICY: &str = "service-role/AmazonECSInfrastructureRolePolicyForVolumes";

/// `Volumes` of the task definition.
pub(super) fn volumes(task: &Task) -> Option<Shape> {
    Shape::some_list(task.volume.iter().map(|one| volume(one)).collect())
}

fn volume(volume: &Volume) -> Shape {
    let at_launch = volume.managed_ebs_volume.is_some().then(|| true.into());
    Shape::table(volume)
        .with("EFSVolumeConfiguration", volume.efs_volume_configuration.as_ref().map(efs))
        .with("ConfiguredAtLaunch", at_launch)
}

fn efs(volume: &EfsVolume) -> Shape {
    Shape::table(volume).with("AuthorizationConfig", Shape::some_table(&volume.authorization_config))
}

/// `VolumeConfigurations` of the service: what each task gets from EBS.
pub(super) fn of_service(task: &Task) -> Option<Shape> {
    let made = ebs_volumes(task).map(|(volume, ebs)| {
        Shape::map([("Name", Shape::key(&volume.name)), ("ManagedEBSVolume", Some(managed(ebs)))])
    });
    Shape::some_list(made.collect())
}

fn ebs_volumes(task: &Task) -> impl Iterator<Item = (&Volume, &EbsVolume)> {
    task.volume.iter().filter_map(|volume| Some((&**volume, volume.managed_ebs_volume.as_deref()?)))
}

fn managed(ebs: &EbsVolume) -> Shape {
    let tags = ebs.tag_specifications.iter().map(|one| {
        let own = one
            .tags
            .iter()
            .map(|(key, value)| Shape::map([("Key", Some(key.as_str().into())), ("Value", Some(Shape::text(value)))]));
        Shape::table(one).with("Tags", Shape::some_list(own.collect()))
    });
    let tags = Shape::some_list(tags.collect());
    Shape::table(ebs).with("TagSpecifications", tags).or("RoleArn", || Shape::attribute(id::VOLUME_ROLE, "Arn"))
}

/// The role with which ECS creates volumes; none if every volume names one or there are no volumes.
pub(super) fn role(task: &Task) -> Option<Shape> {
    let mut made = ebs_volumes(task).map(|(_, ebs)| ebs).filter(|ebs| ebs.role_arn.is_none()).peekable();
    made.peek()?;
    let inline = Shape::some_list(made.flat_map(key_rights).collect());
    let inline = inline.map(|statements| role::policy_of("volume-keys", statements)).into_iter().collect();
    let policies = vec![Known::AwsPolicy(EBS_POLICY).into()];
    Some(role::shape(task, role::trust("ecs.amazonaws.com"), inline, policies))
}

/// The rights to create and attach a volume that a customer key encrypts (EBS user guide, "Requirements for Amazon EBS
/// encryption", permissions for IAM principals).
fn key_rights(ebs: &EbsVolume) -> Vec<Shape> {
    let keys: Vec<&Text> = ebs.kms_key_id.iter().map(|key| &**key).collect();
    let mut actions = vec!["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"];
    if ebs.snapshot_id.is_some() {
        actions.extend(["kms:ReEncryptFrom", "kms:ReEncryptTo"]);
    }
    let mut all = kms::statements("VolumeKey", &actions, &keys, None);
    all.extend(kms::statements("VolumeKeyGrants", &["kms:CreateGrant"], &keys, Some(kms::for_aws())));
    all
}
