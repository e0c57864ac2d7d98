//! What containers mount.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::load::schema::At;
use crate::load::schema::values::FlagEntry;

/// `[[step.volume]]`: in the task's own storage, unless another key names a place.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VolumeEntry {
    /// Its name, unique in the step.
    pub name: At<String>,
    /// A folder of the instance; only with `launch = "ec2"`.
    pub host: Option<At<HostVolumeEntry>>,
    /// An EFS file system.
    pub efs_volume_configuration: Option<At<EfsVolumeEntry>>,
    /// An EBS volume that ECS creates for each task; at most one per step.
    pub managed_ebs_volume: Option<At<EbsVolumeEntry>>,
}

/// `host` of a volume.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HostVolumeEntry {
    /// Folder on the instance; may contain `#{…}`.
    pub source_path: At<String>,
}

/// `efs_volume_configuration`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EfsVolumeEntry {
    /// Id of the file system; may contain `#{…}`.
    pub file_system_id: At<String>,
    /// Folder in the file system that is the volume's root; `/` by default; with an access point only `/`. May hold `#{…}`.
    pub root_directory: Option<At<String>>,
    /// Encrypts data in transit; required for an access point and for `iam`.
    #[serde(default)]
    pub transit_encryption: bool,
    /// Port of the encrypted connection. Default: any free port.
    pub transit_encryption_port: Option<At<u16>>,
    /// Access point and IAM authorization.
    #[serde(default)]
    pub authorization_config: EfsAuthorizationEntry,
}

/// `authorization_config` of an EFS volume.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EfsAuthorizationEntry {
    /// Id of an access point; may contain `#{…}`.
    pub access_point_id: Option<At<String>>,
    /// The file system checks the rights of the task role. A task role that landfall makes gets these rights.
    #[serde(default)]
    pub iam: bool,
}

/// `managed_ebs_volume`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EbsVolumeEntry {
    /// ARN of the role with which ECS creates volumes; may contain `#{…}`. Without one, landfall makes a role.
    pub role_arn: Option<At<String>>,
    /// Its size. Default: the size of the snapshot. `gp2` has 1 to 16384, `gp3` 1 to 65536, `io1` 4 to 16384, `io2` 4 to
    /// 65536, `st1` and `sc1` 125 to 16384, `standard` 1 to 1024.
    #[schemars(range(min = 1, max = 65_536))]
    pub size_in_gib: Option<At<u32>>,
    /// The snapshot that it is created from; may contain `#{…}`.
    pub snapshot_id: Option<At<String>>,
    /// Its type; `gp3` by default; `standard` not on Fargate.
    pub volume_type: Option<At<EbsTypeEntry>>,
    /// Operations per second; required for `io1` (100 to 64000) and `io2` (100 to 256000), optional for `gp3` (3000 to
    /// 80000).
    pub iops: Option<At<u32>>,
    /// MiB per second, at most a quarter of `iops`; only for `gp3`.
    #[schemars(range(min = 125, max = 2_000))]
    pub throughput: Option<At<u32>>,
    /// Whether it is encrypted; may be `#{…}`.
    pub encrypted: Option<At<FlagEntry>>,
    /// ARN, id or `alias/…` of the KMS key that encrypts it; may contain `#{…}`. A role that landfall makes may use it.
    pub kms_key_id: Option<At<String>>,
    /// File system on it; `xfs` by default.
    pub filesystem_type: Option<FilesystemTypeEntry>,
}

/// `volume_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of EBS")]
pub enum EbsTypeEntry {
    Gp2,
    Gp3,
    Io1,
    Io2,
    St1,
    Sc1,
    Standard,
}

/// `filesystem_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "the names are those of Linux")]
pub enum FilesystemTypeEntry {
    Ext3,
    Ext4,
    Xfs,
}

/// `ephemeral_storage`.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EphemeralStorageEntry {
    /// GiB, 21 to 200. Default: 20.
    #[schemars(range(min = 21, max = 200))]
    pub size_in_gib: u32,
}

/// One of `mount_points`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MountPointEntry {
    /// Name of a volume of the step.
    pub source_volume: At<String>,
    /// Where it is mounted; may contain `#{…}`.
    pub container_path: At<String>,
    /// The container cannot write to it; may be `#{…}`.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub read_only: At<FlagEntry>,
}

/// One of `volumes_from`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VolumesFromEntry {
    /// Name of another container of the step.
    pub source_container: At<String>,
    /// This container cannot write to them; may be `#{…}`.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub read_only: At<FlagEntry>,
}
