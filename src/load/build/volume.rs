//! What containers mount.

use std::sync::Arc;

use super::Maker;
use crate::load::schema::At;
use crate::load::schema::process::{
    EbsTypeEntry, EbsVolumeEntry, EfsVolumeEntry, FilesystemTypeEntry, MountPointEntry, VolumeEntry, VolumesFromEntry,
};
use crate::model::process::{EbsVolume, EfsVolume, MountPoint, Volume, VolumeKind, VolumesFrom};

/// Reads a volume; one that says two places is reported.
pub(crate) fn volume(make: &mut Maker<'_>, entry: &At<VolumeEntry>) -> Option<Volume> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    if entry.name.is_empty() || entry.name.len() > 255 || !entry.name.chars().all(fine) {
        let title =
            format!("`{}` is not a valid volume name: use letters, digits, `-` and `_`, at most 255", *entry.name);
        make.invalid(entry.name.span(), title);
    }
    let kind = match (&entry.host, &entry.efs_volume_configuration, &entry.managed_ebs_volume) {
        (None, None, None) => VolumeKind::Task,
        (Some(host), None, None) => VolumeKind::Host(make.text(&host.source_path)?),
        (None, Some(entry), None) => VolumeKind::Efs(efs(make, entry)?),
        (None, None, Some(entry)) => VolumeKind::Ebs(Box::new(ebs(make, entry))),
        _ => {
            make.invalid(entry.span(), "a volume can only be one of `host`, EFS and EBS");
            return None;
        }
    };
    Some(Volume { name: Arc::from(entry.name.as_str()), kind })
}

fn efs(make: &mut Maker<'_>, entry: &EfsVolumeEntry) -> Option<EfsVolume> {
    Some(EfsVolume {
        file_system: make.text(&entry.file_system_id)?,
        root_directory: make.optional_text(&entry.root_directory),
        transit_encryption: entry.transit_encryption,
        transit_encryption_port: entry.transit_encryption_port.as_deref().copied(),
        access_point: make.optional_text(&entry.authorization_config.access_point_id),
        iam: entry.authorization_config.iam,
    })
}

fn ebs(make: &mut Maker<'_>, entry: &EbsVolumeEntry) -> EbsVolume {
    let kind = |kind: EbsTypeEntry| match kind {
        EbsTypeEntry::Gp2 => "gp2",
        EbsTypeEntry::Gp3 => "gp3",
        EbsTypeEntry::Io1 => "io1",
        EbsTypeEntry::Io2 => "io2",
        EbsTypeEntry::St1 => "st1",
        EbsTypeEntry::Sc1 => "sc1",
        EbsTypeEntry::Standard => "standard",
    };
    let filesystem = |kind: FilesystemTypeEntry| match kind {
        FilesystemTypeEntry::Ext3 => "ext3",
        FilesystemTypeEntry::Ext4 => "ext4",
        FilesystemTypeEntry::Xfs => "xfs",
    };
    EbsVolume {
        role: make.optional_text(&entry.role_arn),
        size: entry.size_in_gib.as_deref().copied(),
        snapshot: make.optional_text(&entry.snapshot_id),
        volume_type: entry.volume_type.as_deref().map(|it| Arc::from(kind(*it))),
        iops: entry.iops.as_deref().copied(),
        throughput: entry.throughput.as_deref().copied(),
        encrypted: make.optional(&entry.encrypted),
        kms_key: make.optional_text(&entry.kms_key_id),
        filesystem: entry.filesystem_type.map(|it| Arc::from(filesystem(it))),
    }
}

/// Reads a mount point.
pub(crate) fn mount_point(make: &mut Maker<'_>, entry: &MountPointEntry) -> Option<MountPoint> {
    Some(MountPoint {
        volume: Arc::from(entry.source_volume.as_str()),
        container_path: make.text(&entry.container_path)?,
        read_only: make.flag(&entry.read_only),
    })
}

/// Reads whose volumes are mounted.
pub(crate) fn volumes_from(make: &mut Maker<'_>, entry: &VolumesFromEntry) -> VolumesFrom {
    VolumesFrom { container: Arc::from(entry.source_container.as_str()), read_only: make.flag(&entry.read_only) }
}
