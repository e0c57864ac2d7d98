//! Volumes and mounts: what ECS would reject.

use std::ops::Range;

use super::super::codes;
use super::super::finding::Finding;
use super::super::what::WhatDrafts;
use super::ecs::each_task;
use crate::model::process::EfsVolume;

/// One kind for each volume, at most one volume of EBS, and nothing that EFS takes no notice of.
pub(super) fn kinds_are_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, _, task| {
        let mut out = |span: Range<usize>, title: &str| {
            findings.push(Finding::new(codes::VOLUME, &process.file, span, title).label("not allowed"));
        };
        for volume in &task.volume {
            let kinds = [
                volume.host.is_some(),
                volume.efs_volume_configuration.is_some(),
                volume.managed_ebs_volume.is_some(),
                volume.docker_volume_configuration.is_some(),
                volume.fsx_windows_file_server_volume_configuration.is_some(),
                volume.s3_files_volume_configuration.is_some(),
            ];
            if kinds.into_iter().filter(|kind| *kind).count() > 1 {
                out(volume.span(), "a volume can be of one kind only");
            }
            volume.efs_volume_configuration.iter().for_each(|entry| efs(entry, &mut out));
        }
        if let Some(second) = task.volume.iter().filter_map(|volume| volume.managed_ebs_volume.as_ref()).nth(1) {
            out(second.span(), "a task can have at most one EBS volume");
        }
    });
}

/// AWS accepts a port without encryption, and ignores it.
fn efs(entry: &EfsVolume, out: &mut impl FnMut(Range<usize>, &str)) {
    if let (Some(port), true) = (&entry.transit_encryption_port, entry.transit_encryption.is_off()) {
        out(port.span(), "`transit_encryption_port` has no effect without `transit_encryption = true`");
    }
}
