//! Volumes and mounts: what ECS would reject.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Range, RangeInclusive};

use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{
    ContainerEntry, EbsTypeEntry, EbsVolumeEntry, EfsVolumeEntry, OperatingSystemEntry, ProcessFile, TaskEntry,
};
use super::super::what::WhatDrafts;
use super::ecs::each_task;
use crate::load::build::launch;

/// Volume names are unique, and mounted volumes exist.
pub(super) fn names_fit(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, step, task| {
        let mut seen: BTreeMap<&str, Range<usize>> = BTreeMap::new();
        for volume in &task.volume {
            if let Some(first) = seen.insert(volume.name.as_str(), volume.name.span()) {
                let title = format!("two volumes of step `{}` are named `{}`", *step.name, *volume.name);
                let finding = Finding::new(codes::DUPLICATE_VOLUME, &process.file, volume.name.span(), title);
                findings.push(finding.label("again here").related(&process.file, first, "first here"));
            }
        }
        for container in &task.container {
            for point in &container.mount_points {
                let written = &point.source_volume;
                if !seen.contains_key(written.as_str()) {
                    let title = format!("container `{}` mounts a volume that does not exist", *container.name);
                    let finding = Finding::new(codes::UNKNOWN_VOLUME, &process.file, written.span(), title)
                        .label("no [[step.volume]] of this name")
                        .suggest(written, seen.keys().copied());
                    findings.push(finding);
                }
            }
            // A patch may say that it is Windows.
            let windows = *task.operating_system_family != OperatingSystemEntry::Linux || !step.patches().is_empty();
            paths(process, container, windows, findings);
            sources(process, task, container, findings);
        }
    });
}

/// Whether a path begins at the root: on Windows at that of a drive.
fn is_absolute(path: &str, windows: bool) -> bool {
    match path.as_bytes() {
        [drive, b':', b'\\' | b'/', ..] => windows && drive.is_ascii_alphabetic(),
        [first, ..] => *first == b'/',
        [] => false,
    }
}

/// A container mounts at most one volume in one place.
fn paths(process: &Draft<ProcessFile>, container: &ContainerEntry, windows: bool, findings: &mut Vec<Finding>) {
    let mut seen = BTreeSet::new();
    for point in &container.mount_points {
        let path = &point.container_path;
        let why = if !path.contains("#{") && !is_absolute(path, windows) {
            "is not an absolute path"
        } else if !seen.insert(path.as_str()) {
            "is used twice"
        } else {
            continue;
        };
        let title = format!("the mount point `{}` of container `{}` {why}", **path, *container.name);
        findings.push(Finding::new(codes::VOLUME, &process.file, path.span(), title).label("here"));
    }
}

/// Other containers whose volumes are mounted exist, and do not mount each other's in a circle.
fn sources(process: &Draft<ProcessFile>, task: &TaskEntry, container: &ContainerEntry, findings: &mut Vec<Finding>) {
    let find = |name: &str| task.container.iter().find(|other| other.name.as_str() == name);
    let mut named = BTreeSet::new();
    for from in &container.volumes_from {
        let written = &from.source_container;
        if !named.insert(written.as_str()) {
            let title = format!("container `{}` mounts the volumes of `{}` twice", *container.name, **written);
            let finding = Finding::new(codes::DUPLICATE_VOLUME, &process.file, written.span(), title);
            findings.push(finding.label("again here"));
        }
        if find(written).is_none() {
            let title =
                format!("container `{}` mounts the volumes of a container that does not exist", *container.name);
            let finding = Finding::new(codes::UNKNOWN_CONTAINER, &process.file, written.span(), title)
                .label("not a container of this step")
                .suggest(written, task.container.iter().map(|container| container.name.as_str()));
            findings.push(finding);
            continue;
        }
        let mut ahead = vec![written.as_str()];
        let mut seen = BTreeSet::new();
        while let Some(name) = ahead.pop() {
            if name == container.name.as_str() {
                let title = format!("container `{}` mounts its own volumes, through `{}`", *container.name, **written);
                let finding = Finding::new(codes::DEPENDENCY_CYCLE, &process.file, written.span(), title);
                findings.push(finding.label("leads back here"));
                break;
            }
            if seen.insert(name) {
                let more = find(name).into_iter().flat_map(|container| &container.volumes_from);
                ahead.extend(more.map(|from| from.source_container.as_str()));
            }
        }
    }
}

/// What EFS and EBS ask of a volume.
pub(super) fn kinds_are_possible(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    each_task(drafts, |process, _, task| {
        let fargate = launch::compute(*task.runs_on.launch).is_fargate();
        let mut out = |span: Range<usize>, title: &str| {
            findings.push(Finding::new(codes::VOLUME, &process.file, span, title).label("not allowed"));
        };
        for volume in &task.volume {
            volume.efs_volume_configuration.iter().for_each(|entry| efs(entry, &mut out));
            volume.managed_ebs_volume.iter().for_each(|entry| ebs(entry, fargate, &mut out));
        }
        if let Some(second) = task.volume.iter().filter_map(|volume| volume.managed_ebs_volume.as_ref()).nth(1) {
            out(second.span(), "a task can have at most one EBS volume");
        }
    });
}

fn efs(entry: &At<EfsVolumeEntry>, out: &mut impl FnMut(Range<usize>, &str)) {
    let authorization = &entry.authorization_config;
    let ids = [(Some(&entry.file_system_id), "fs-"), (authorization.access_point_id.as_ref(), "fsap-")];
    for (id, begin) in ids.into_iter().filter_map(|(id, begin)| Some((id?, begin))) {
        let fits = |rest: &str| !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if !id.contains("#{") && !id.strip_prefix(begin).is_some_and(fits) {
            out(id.span(), &format!("`{}` is not an EFS id, such as `{begin}0123456789abcdef0`", **id));
        }
    }
    if let (Some(_), Some(root)) = (&authorization.access_point_id, &entry.root_directory)
        && root.as_str() != "/"
    {
        out(root.span(), "an access point has its own root: remove `root_directory`, or set it to `/`");
    }
    if (authorization.access_point_id.is_some() || authorization.iam) && !entry.transit_encryption {
        out(entry.span(), "an access point and `iam` need `transit_encryption = true`");
    } else if let (Some(port), false) = (&entry.transit_encryption_port, entry.transit_encryption) {
        out(port.span(), "`transit_encryption_port` has no effect without `transit_encryption = true`");
    }
}

/// What a type of volume has (EBS user guide, "Amazon EBS volume types"; ECS guide, "Use Amazon EBS volumes").
struct Offer {
    gib: RangeInclusive<u32>,
    /// Operations per second that can be had, and how many for each GiB.
    iops: Option<(RangeInclusive<u32>, u32)>,
}

fn offer(kind: EbsTypeEntry) -> Offer {
    let (gib, iops) = match kind {
        EbsTypeEntry::Gp2 => (1..=16_384, None),
        EbsTypeEntry::Gp3 => (1..=65_536, Some((3_000..=80_000, 500))),
        EbsTypeEntry::Io1 => (4..=16_384, Some((100..=64_000, 50))),
        EbsTypeEntry::Io2 => (4..=65_536, Some((100..=256_000, 1_000))),
        EbsTypeEntry::St1 | EbsTypeEntry::Sc1 => (125..=16_384, None),
        EbsTypeEntry::Standard => (1..=1_024, None),
    };
    Offer { gib, iops }
}

/// Size, operations and throughput are such as the volume's type has.
fn offered(entry: &EbsVolumeEntry, kind: EbsTypeEntry, out: &mut impl FnMut(Range<usize>, &str)) {
    let Offer { gib, iops } = offer(kind);
    let size = entry.size_in_gib.as_ref();
    if let Some(size) = size.filter(|size| !gib.contains(size)) {
        out(size.span(), &format!("a volume of this type must have {} to {} GiB", gib.start(), gib.end()));
    }
    if let (Some(written), Some((range, each))) = (&entry.iops, iops) {
        let most = size.map(|size| each.saturating_mul(**size).max(*range.start()));
        if !range.contains(written) {
            let title =
                format!("a volume of this type must have {} to {} operations per second", range.start(), range.end());
            out(written.span(), &title);
        } else if let Some(most) = most.filter(|most| **written > *most) {
            out(
                written.span(),
                &format!("a volume of this type and size can have at most {most} operations per second"),
            );
        }
    }
    let operations = entry.iops.as_deref().copied().unwrap_or(3_000);
    if let Some(much) = entry.throughput.as_ref().filter(|much| ***much > operations / 4)
        && kind == EbsTypeEntry::Gp3
    {
        out(
            much.span(),
            &format!("with {operations} operations per second, `throughput` can be at most {} MiB", operations / 4),
        );
    }
}

fn ebs(entry: &At<EbsVolumeEntry>, fargate: bool, out: &mut impl FnMut(Range<usize>, &str)) {
    if entry.size_in_gib.is_none() && entry.snapshot_id.is_none() {
        out(entry.span(), "an EBS volume needs `size_in_gib` or `snapshot_id`");
    }
    let plain = entry.encrypted.as_ref().is_some_and(|encrypted| encrypted.is_off());
    if let (Some(key), true) = (&entry.kms_key_id, plain) {
        out(key.span(), "`kms_key_id` contradicts `encrypted = false`: remove one of them");
    }
    let kind = entry.volume_type.as_deref().copied().unwrap_or(EbsTypeEntry::Gp3);
    if let (Some(written), EbsTypeEntry::Standard, true) = (&entry.volume_type, kind, fargate) {
        out(written.span(), "`standard` is not available on Fargate");
    }
    offered(entry, kind, out);
    match (kind, &entry.iops) {
        (EbsTypeEntry::Io1 | EbsTypeEntry::Io2, None) => out(entry.span(), "`io1` and `io2` need `iops`"),
        (EbsTypeEntry::Io1 | EbsTypeEntry::Io2 | EbsTypeEntry::Gp3, _) | (_, None) => {}
        (_, Some(iops)) => out(iops.span(), "`iops` is only for `gp3`, `io1` and `io2`"),
    }
    if let (Some(throughput), true) = (&entry.throughput, kind != EbsTypeEntry::Gp3) {
        out(throughput.span(), "`throughput` is only for `gp3`");
    }
}
