//! What containers mount.

use std::sync::Arc;

use super::{Flag, Text};

/// `[[step.volume]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Volume {
    /// Its name, unique in the step.
    pub name: Arc<str>,
    /// Where its data are.
    pub kind: VolumeKind,
}

/// Where the data of a volume are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VolumeKind {
    /// In the task's own storage, and gone with it.
    Task,
    /// In a folder of the instance.
    Host(Text),
    /// In a file system of EFS.
    Efs(EfsVolume),
    /// On a volume of EBS that ECS makes for each task.
    Ebs(Box<EbsVolume>),
}

/// `efs_volume_configuration`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EfsVolume {
    /// Id of the file system.
    pub file_system: Text,
    /// Folder in it that is the volume's root.
    pub root_directory: Option<Text>,
    /// Data are encrypted on their way.
    pub transit_encryption: bool,
    /// Port of the encrypted connection.
    pub transit_encryption_port: Option<u16>,
    /// Id of the access point.
    pub access_point: Option<Text>,
    /// The file system asks for the task role's rights.
    pub iam: bool,
}

/// `managed_ebs_volume`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EbsVolume {
    /// ARN of the role with which ECS makes volumes; without one, a role is made.
    pub role: Option<Text>,
    /// Its size in GiB; the snapshot's unless said.
    pub size: Option<u32>,
    /// The snapshot that it is made from.
    pub snapshot: Option<Text>,
    /// `gp3`, `io2`, …
    pub volume_type: Option<Arc<str>>,
    /// Operations per second.
    pub iops: Option<u32>,
    /// MiB per second.
    pub throughput: Option<u32>,
    pub encrypted: Option<Flag>,
    /// With this key of KMS.
    pub kms_key: Option<Text>,
    /// `ext3`, `ext4` or `xfs`.
    pub filesystem: Option<Arc<str>>,
}

/// `mount_points`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MountPoint {
    /// Name of a volume of the step.
    pub volume: Arc<str>,
    /// Where it is mounted.
    pub container_path: Text,
    /// The container cannot write it.
    pub read_only: Flag,
}

/// `volumes_from`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VolumesFrom {
    /// The container whose volumes are mounted here, too.
    pub container: Arc<str>,
    /// This container cannot write them.
    pub read_only: Flag,
}
