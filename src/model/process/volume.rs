//! What containers mount.

use std::collections::BTreeMap;

use super::{
    AccessPointId, FileSystemId, Flag, Given, Key, Known, Literal, Located, Number, OptIn, PortNumber, RoleArn,
    SecretArn, Switch, Text, Within, table, words,
};

table! {
    /// `[[step.volume]]`: in the task's own storage, unless another key names a place.
    pub struct Volume {
        /// Its name, unique in the step.
        name: Literal,
        /// A folder of the instance; only with `launch = "ec2"`.
        host: Option<HostVolume>,
        /// An EFS file system.
        efs_volume_configuration: Option<EfsVolume> as own,
        /// An EBS volume that ECS creates for each task; at most one per step.
        managed_ebs_volume: Option<Located<EbsVolume>> as own,
        /// A volume of Docker; only with `launch = "ec2"`.
        docker_volume_configuration: Option<Located<DockerVolume>>,
        /// A file system of FSx for Windows File Server; only with `launch = "ec2"`.
        fsx_windows_file_server_volume_configuration: Option<Located<FsxVolume>> = "FSxWindowsFileServerVolumeConfiguration",
        /// A file system of S3 Files. The task role needs the rights to use it: see `task_rights`.
        s3_files_volume_configuration: Option<S3FilesVolume>,
    }
}

table! {
    /// `host` of a volume.
    pub struct HostVolume {
        /// Folder on the instance; may contain `#{…}`.
        source_path: Text,
    }
}

table! {
    /// `efs_volume_configuration`.
    pub struct EfsVolume {
        /// Id of the file system; may contain `#{…}`.
        file_system_id: Known<FileSystemId> = "FilesystemId",
        /// Folder in the file system that is the volume's root; `/` by default; with an access point only `/`. May hold `#{…}`.
        root_directory: Option<Text>,
        /// Encrypts data in transit; required for an access point and for `iam`; may be `#{…}`.
        #[serde(default)]
        #[schemars(extend("default" = false))]
        transit_encryption: OptIn<Switch>,
        /// Port of the encrypted connection; may be `#{…}`. Default: any free port.
        transit_encryption_port: Option<PortNumber>,
        /// Access point and IAM authorization.
        #[serde(default)]
        authorization_config: EfsAuthorization as own,
    }
}

table! {
    /// `authorization_config` of an EFS volume.
    #[derive(Default)]
    pub struct EfsAuthorization {
        /// Id of an access point; may contain `#{…}`.
        access_point_id: Option<Known<AccessPointId>>,
        /// The file system checks the rights of the task role; may be `#{…}`. A task role that landfall makes gets these rights.
        #[serde(default)]
        #[schemars(extend("default" = false))]
        iam: OptIn<Switch> = "IAM",
    }
}

table! {
    /// `managed_ebs_volume`.
    pub struct EbsVolume {
        /// ARN of the role with which ECS creates volumes; may contain `#{…}`. Without one, landfall makes a role.
        role_arn: Option<Known<RoleArn>>,
        /// Its size; may be `#{…}`. Default: the size of the snapshot. `gp2` has 1 to 16384, `gp3` 1 to 65536, `io1` 4 to 16384,
        /// `io2` 4 to 65536, `st1` and `sc1` 125 to 16384, `standard` 1 to 1024.
        size_in_gib: Option<Given<Within<1, 65_536>>> = "SizeInGiB",
        /// The snapshot that it is created from; may contain `#{…}`.
        snapshot_id: Option<Text>,
        /// Its type; `gp3` by default; `standard` not on Fargate; may be `#{…}`.
        volume_type: Option<Given<EbsType>>,
        /// Operations per second; required for `io1` (100 to 64000) and `io2` (100 to 256000), optional for `gp3` (3000 to
        /// 80000); may be `#{…}`.
        iops: Option<Number>,
        /// MiB per second, at most a quarter of `iops`; only for `gp3`; may be `#{…}`.
        throughput: Option<Given<Within<125, 2_000>>>,
        /// Whether it is encrypted; may be `#{…}`.
        encrypted: Option<Flag>,
        /// ARN, id or `alias/…` of the KMS key that encrypts it; may contain `#{…}`. A role that landfall makes may use it.
        kms_key_id: Option<Known<Key>>,
        /// File system on it; `xfs` by default; may be `#{…}`.
        filesystem_type: Option<Given<FilesystemType>>,
        /// MiB per second with which the data of a snapshot are loaded; may be `#{…}`.
        volume_initialization_rate: Option<Number>,
        /// Tags of the volume.
        #[serde(default)]
        tag_specifications: Vec<VolumeTags> as own,
    }
}

words! {
    /// `volume_type`.
    #[expect(missing_docs, reason = "the names are those of EBS")]
    pub enum EbsType {
        Gp2 = "gp2" "gp2",
        Gp3 = "gp3" "gp3",
        Io1 = "io1" "io1",
        Io2 = "io2" "io2",
        St1 = "st1" "st1",
        Sc1 = "sc1" "sc1",
        Standard = "standard" "standard",
    }
}

words! {
    /// `filesystem_type`.
    #[expect(missing_docs, reason = "the names are those of Linux")]
    pub enum FilesystemType {
        Ext3 = "ext3" "ext3",
        Ext4 = "ext4" "ext4",
        Xfs = "xfs" "xfs",
    }
}

table! {
    /// One of `tag_specifications`.
    pub struct VolumeTags {
        /// What has them; `volume` by default.
        #[serde(default = "volume")]
        #[schemars(extend("default" = "volume"))]
        resource_type: Given<TaggedResource>,
        /// Where the volume gets more tags from; may be `#{…}`.
        propagate_tags: Option<Given<VolumeTagsFrom>>,
        /// Its own tags; values may contain `#{…}`.
        #[serde(default)]
        tags: BTreeMap<String, Text> as own,
    }
}

fn volume() -> Given<TaggedResource> {
    TaggedResource::Volume.into()
}

words! {
    /// `resource_type` of tags.
    pub enum TaggedResource {
        /// The volume.
        Volume = "volume" "volume",
    }
}

words! {
    /// `propagate_tags` of a volume.
    pub enum VolumeTagsFrom {
        /// From the service.
        Service = "service" "SERVICE",
        /// From the task definition.
        TaskDefinition = "task-definition" "TASK_DEFINITION",
    }
}

table! {
    /// `docker_volume_configuration`.
    pub struct DockerVolume {
        /// How long it lives; `task` by default; may be `#{…}`.
        scope: Option<Given<DockerScope>>,
        /// Creates it if it is not there; with `scope = "shared"`; may be `#{…}`.
        autoprovision: Option<Flag>,
        /// Its driver; may contain `#{…}`.
        driver: Option<Text>,
        /// Options of the driver; values may contain `#{…}`.
        #[serde(default)]
        driver_opts: BTreeMap<String, Text>,
        /// Its labels; values may contain `#{…}`.
        #[serde(default)]
        labels: BTreeMap<String, Text>,
    }
}

words! {
    /// `scope` of a Docker volume.
    pub enum DockerScope {
        /// As long as the task.
        Task = "task" "task",
        /// Longer than the task.
        Shared = "shared" "shared",
    }
}

table! {
    /// `fsx_windows_file_server_volume_configuration`.
    pub struct FsxVolume {
        /// Id of the file system; may contain `#{…}`.
        file_system_id: Text,
        /// Folder in the file system that is the volume's root; may contain `#{…}`.
        root_directory: Text,
        /// How the tasks sign in.
        authorization_config: FsxAuthorization,
    }
}

table! {
    /// `authorization_config` of an FSx volume.
    pub struct FsxAuthorization {
        /// ARN of a secret in Secrets Manager with `username` and `password`; may contain `#{…}`. The execution role that landfall
        /// makes may read it.
        credentials_parameter: Known<SecretArn>,
        /// Name of the directory's domain; may contain `#{…}`.
        domain: Text,
    }
}

table! {
    /// `s3_files_volume_configuration`.
    pub struct S3FilesVolume {
        /// ARN of the file system; may contain `#{…}`.
        file_system_arn: Text,
        /// Folder in the file system that is the volume's root; may contain `#{…}`.
        root_directory: Option<Text>,
        /// Port of the encrypted connection; may be `#{…}`.
        transit_encryption_port: Option<PortNumber>,
        /// ARN of an access point; may contain `#{…}`.
        access_point_arn: Option<Text>,
    }
}

table! {
    /// One of `mount_points`.
    pub struct MountPoint {
        /// Name of a volume of the step.
        source_volume: Literal,
        /// Where it is mounted; may contain `#{…}`.
        container_path: Text,
        /// The container cannot write to it; may be `#{…}`.
        #[serde(default)]
        #[schemars(extend("default" = false))]
        read_only: Flag,
    }
}

table! {
    /// One of `volumes_from`.
    pub struct VolumesFrom {
        /// Name of another container of the step.
        source_container: Literal,
        /// This container cannot write to them; may be `#{…}`.
        #[serde(default)]
        #[schemars(extend("default" = false))]
        read_only: Flag,
    }
}

table! {
    /// `ephemeral_storage`.
    pub struct EphemeralStorage {
        /// GiB, 21 to 200; may be `#{…}`. Default: 20.
        size_in_gib: Given<Within<21, 200>> = "SizeInGiB",
    }
}
