//! What containers mount: the task definition's volumes, the service's EBS volumes, and the role that makes these.

use serde_json::json;

use crate::model::process::{EbsVolume, EfsVolume, MountPoint, Task, Text, Volume, VolumeKind, VolumesFrom};

use super::super::shape::{IdOf, Known, Leaf, Shape};
use super::{id, kms, role};

/// What ECS needs to make and attach volumes of EBS; ECS documents this policy for it (ECS developer guide, "Infrastructure
/// IAM role").
const EBS_POLICY: &str = "service-role/AmazonECSInfrastructureRolePolicyForVolumes";

/// `Volumes` of the task definition.
pub(super) fn volumes(task: &Task) -> Option<Shape> {
    Shape::some_list(task.volumes.iter().map(volume).collect())
}

fn volume(volume: &Volume) -> Shape {
    let name = Some((&*volume.name).into());
    match &volume.kind {
        VolumeKind::Task => Shape::map([("Name", name)]),
        VolumeKind::Host(path) => {
            let host = Shape::map([("SourcePath", Some(Shape::text(path)))]);
            Shape::map([("Name", name), ("Host", Some(host))])
        }
        VolumeKind::Efs(volume) => Shape::map([("Name", name), ("EFSVolumeConfiguration", Some(efs(volume)))]),
        VolumeKind::Ebs(_) => Shape::map([("Name", name), ("ConfiguredAtLaunch", Some(true.into()))]),
    }
}

fn efs(volume: &EfsVolume) -> Shape {
    let authorization = Shape::map([
        ("AccessPointId", volume.access_point.as_ref().map(|id| Shape::id(id, IdOf::AccessPoint))),
        ("IAM", volume.iam.then(|| "ENABLED".into())),
    ]);
    let authorized = volume.access_point.is_some() || volume.iam;
    Shape::map([
        ("FilesystemId", Some(Shape::id(&volume.file_system, IdOf::FileSystem))),
        ("RootDirectory", volume.root_directory.as_ref().map(Shape::text)),
        ("TransitEncryption", volume.transit_encryption.then(|| "ENABLED".into())),
        ("TransitEncryptionPort", volume.transit_encryption_port.map(Shape::from)),
        ("AuthorizationConfig", authorized.then_some(authorization)),
    ])
}

/// `MountPoints` of a container.
pub(super) fn mount_points(all: &[MountPoint]) -> Option<Shape> {
    let point = |point: &MountPoint| {
        Shape::map([
            ("SourceVolume", Some((&*point.volume).into())),
            ("ContainerPath", Some(Shape::text(&point.container_path))),
            ("ReadOnly", Some(Shape::flag(&point.read_only))),
        ])
    };
    Shape::some_list(all.iter().map(point).collect())
}

/// `VolumesFrom` of a container.
pub(super) fn volumes_from(all: &[VolumesFrom]) -> Option<Shape> {
    let from = |from: &VolumesFrom| {
        Shape::map([
            ("SourceContainer", Some((&*from.container).into())),
            ("ReadOnly", Some(Shape::flag(&from.read_only))),
        ])
    };
    Shape::some_list(all.iter().map(from).collect())
}

/// `VolumeConfigurations` of the service: what each task gets from EBS.
pub(super) fn of_service(task: &Task) -> Option<Shape> {
    let made = ebs_volumes(task).map(|(volume, ebs)| {
        Shape::map([("Name", Some((&*volume.name).into())), ("ManagedEBSVolume", Some(managed(ebs)))])
    });
    Shape::some_list(made.collect())
}

fn ebs_volumes(task: &Task) -> impl Iterator<Item = (&Volume, &EbsVolume)> {
    task.volumes.iter().filter_map(|volume| match &volume.kind {
        VolumeKind::Ebs(ebs) => Some((volume, &**ebs)),
        _ => None,
    })
}

fn managed(ebs: &EbsVolume) -> Shape {
    let role = ebs.role.as_ref().map_or_else(|| Shape::attribute(id::VOLUME_ROLE, "Arn"), Shape::role);
    let word = |word: &Option<std::sync::Arc<str>>| word.as_deref().map(Shape::from);
    Shape::map([
        ("RoleArn", Some(role)),
        ("SizeInGiB", ebs.size.map(Shape::from)),
        ("SnapshotId", ebs.snapshot.as_ref().map(Shape::text)),
        ("VolumeType", word(&ebs.volume_type)),
        ("Iops", ebs.iops.map(Shape::from)),
        ("Throughput", ebs.throughput.map(Shape::from)),
        ("Encrypted", ebs.encrypted.as_ref().map(Shape::flag)),
        ("KmsKeyId", ebs.kms_key.as_ref().map(|key| Shape::Leaf(Leaf::Key(key.clone())))),
        ("FilesystemType", word(&ebs.filesystem)),
    ])
}

/// The role with which ECS creates volumes; none if every volume names one or there are no volumes.
pub(super) fn role(task: &Task) -> Option<Shape> {
    let mut made = ebs_volumes(task).map(|(_, ebs)| ebs).filter(|ebs| ebs.role.is_none()).peekable();
    made.peek()?;
    let inline = Shape::some_list(made.flat_map(key_rights).collect());
    let inline = inline.map(|statements| role::policy_of("volume-keys", statements)).into_iter().collect();
    let policies = vec![Known::AwsPolicy(EBS_POLICY).into()];
    Some(role::shape(task, role::trust("ecs.amazonaws.com"), inline, policies))
}

/// The rights to create and attach a volume that a customer key encrypts (EBS user guide, "Requirements for Amazon EBS
/// encryption", permissions for IAM principals).
fn key_rights(ebs: &EbsVolume) -> Vec<Shape> {
    let keys: Vec<Text> = ebs.kms_key.iter().cloned().collect();
    let mut actions = vec!["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKeyWithoutPlaintext"];
    if ebs.snapshot.is_some() {
        actions.extend(["kms:ReEncryptFrom", "kms:ReEncryptTo"]);
    }
    let mut all = kms::statements("VolumeKey", &actions, &keys, None);
    all.extend(kms::statements("VolumeKeyGrants", &["kms:CreateGrant"], &keys, Some(kms::for_aws())));
    all
}

/// `EphemeralStorage` of the task definition.
pub(super) fn ephemeral(task: &Task) -> Option<Shape> {
    task.ephemeral_storage.map(|size| Shape::Fixed(json!({ "SizeInGiB": size })))
}
