//! Volumes and mounts: what ECS would reject.

use std::ops::{Range, RangeInclusive};

use super::super::codes;
use super::super::finding::Finding;
use super::super::what::WhatDrafts;
use super::ecs::each_task;
use crate::model::process::{EbsType, EbsVolume, EfsVolume, Given, Located};

/// What EFS and EBS ask of a volume.
pub(super) fn kinds_are_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, _, task| {
        let fargate = task.runs_on.compute().is_fargate();
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
            volume.managed_ebs_volume.iter().for_each(|entry| ebs(entry, fargate, &mut out));
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

/// What a type of volume has (EBS user guide, "Amazon EBS volume types"; ECS guide, "Use Amazon EBS volumes").
struct Offer {
    gib: RangeInclusive<u32>,
    /// Operations per second that can be had, and how many for each GiB.
    iops: Option<(RangeInclusive<u32>, u32)>,
}

fn offer(kind: EbsType) -> Offer {
    let (gib, iops) = match kind {
        EbsType::Gp2 => (1..=16_384, None),
        EbsType::Gp3 => (1..=65_536, Some((3_000..=80_000, 500))),
        EbsType::Io1 => (4..=16_384, Some((100..=64_000, 50))),
        EbsType::Io2 => (4..=65_536, Some((100..=256_000, 1_000))),
        EbsType::St1 | EbsType::Sc1 => (125..=16_384, None),
        EbsType::Standard => (1..=1_024, None),
    };
    Offer { gib, iops }
}

/// Size, operations and throughput are such as the volume's type has, as far as no slot decides them.
fn offered(entry: &EbsVolume, kind: EbsType, out: &mut impl FnMut(Range<usize>, &str)) {
    let Offer { gib, iops } = offer(kind);
    let size = entry.size_in_gib.as_ref().and_then(Given::number);
    if let (Some(written), Some(size)) = (&entry.size_in_gib, size)
        && !gib.contains(&size)
    {
        out(written.span(), &format!("a volume of this type must have {} to {} GiB", gib.start(), gib.end()));
    }
    if let (Some(written), Some((range, each))) = (&entry.iops, iops)
        && let Some(many) = written.written()
    {
        let most = size.map(|size| each.saturating_mul(size).max(*range.start()));
        if !range.contains(&many) {
            let title =
                format!("a volume of this type must have {} to {} operations per second", range.start(), range.end());
            out(written.span(), &title);
        } else if let Some(most) = most.filter(|most| many > *most) {
            let title = format!("a volume of this type and size can have at most {most} operations per second");
            out(written.span(), &title);
        }
    }
    let operations = entry.iops.as_ref().map_or(Some(3_000), Given::written);
    if let (Some(written), Some(operations), EbsType::Gp3) = (&entry.throughput, operations, kind)
        && written.number() > Some(operations / 4)
    {
        let most = operations / 4;
        let title = format!("with {operations} operations per second, `throughput` can be at most {most} MiB");
        out(written.span(), &title);
    }
}

fn ebs(entry: &Located<EbsVolume>, fargate: bool, out: &mut impl FnMut(Range<usize>, &str)) {
    let span = entry.span();
    if entry.size_in_gib.is_none() && entry.snapshot_id.is_none() {
        out(span.clone(), "an EBS volume needs `size_in_gib` or `snapshot_id`");
    }
    let plain = entry.encrypted.as_ref().is_some_and(|encrypted| encrypted.is_off());
    if let (Some(key), true) = (&entry.kms_key_id, plain) {
        out(key.span(), "`kms_key_id` contradicts `encrypted = false`: remove one of them");
    }
    let Some(kind) = entry.volume_type.as_ref().map_or(Some(EbsType::Gp3), Given::written) else { return };
    if let (Some(written), EbsType::Standard, true) = (&entry.volume_type, kind, fargate) {
        out(written.span(), "`standard` is not available on Fargate");
    }
    offered(entry, kind, out);
    match (kind, &entry.iops) {
        (EbsType::Io1 | EbsType::Io2, None) => out(span, "`io1` and `io2` need `iops`"),
        (EbsType::Io1 | EbsType::Io2 | EbsType::Gp3, _) | (_, None) => {}
        (_, Some(iops)) => out(iops.span(), "`iops` is only for `gp3`, `io1` and `io2`"),
    }
    if let (Some(throughput), true) = (&entry.throughput, kind != EbsType::Gp3) {
        out(throughput.span(), "`throughput` is only for `gp3`");
    }
}
