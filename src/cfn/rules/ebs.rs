//! Rules over the volumes of EBS that tasks of a service get.

use std::ops::RangeInclusive;

use super::seen::Seen;
use super::{Fault, Judge, Rule, service, task};

pub(super) const RULES: &[Rule] = &[Rule {
    name: "ebs-volume",
    source: "EBS user guide, Amazon EBS volume types; ECS developer guide, Use Amazon EBS volumes with Amazon ECS",
    edition: 4,
    run: volumes,
}];

/// A type, its sizes in GiB, and the operations per second that can be had with how many for each GiB.
type Offer = (&'static str, RangeInclusive<u32>, Option<(RangeInclusive<u32>, u32)>);

const OFFERS: [Offer; 7] = [
    ("gp2", 1..=16_384, None),
    ("gp3", 1..=65_536, Some((3_000..=80_000, 500))),
    ("io1", 4..=16_384, Some((100..=64_000, 50))),
    ("io2", 4..=65_536, Some((100..=256_000, 1_000))),
    ("st1", 125..=16_384, None),
    ("sc1", 125..=16_384, None),
    ("standard", 1..=1_024, None),
];
/// What a volume of gp3 has if nothing is said.
const OPERATIONS: f64 = 3_000.0;

fn volumes(judge: &mut Judge<'_>) {
    judge.each(service::KIND, |template, service, out| {
        let task = template.referred(&service.get("TaskDefinition"), task::KIND);
        let fargate = task.is_some_and(|task| task::is_fargate(&task));
        let all: Vec<Seen<'_>> =
            service.get("VolumeConfigurations").each().iter().map(|one| one.get("ManagedEBSVolume")).collect();
        all.iter().for_each(|volume| {
            of_volume(volume, fargate, &mut |at, title| {
                let aws = format!("Invalid EBS volume configuration: {title}.");
                out(Fault::at(at.pointer.clone(), title, aws));
            })
        });
    });
}

fn of_volume<'a>(volume: &Seen<'a>, fargate: bool, out: &mut dyn FnMut(&Seen<'a>, String)) {
    let [key, kind, iops, throughput, size] =
        ["KmsKeyId", "VolumeType", "Iops", "Throughput", "SizeInGiB"].map(|name| volume.get(name));
    if key.is_there() && volume.get("Encrypted").flag() == Some(false) {
        out(&key, "`KmsKeyId` contradicts `Encrypted: false`: remove one of them".to_owned());
    }
    if volume.is_map() && size.is_missing() && volume.get("SnapshotId").is_missing() {
        out(volume, "a volume of EBS needs a size or a snapshot".to_owned());
    }
    let rate = volume.get("VolumeInitializationRate");
    if rate.is_there() && volume.get("SnapshotId").is_missing() {
        out(&rate, "`VolumeInitializationRate` is only for volumes from a snapshot".to_owned());
    }
    let name = if kind.is_missing() { Some("gp3".to_owned()) } else { kind.text() };
    let Some((name, gib, of_iops)) = OFFERS.iter().find(|(known, ..)| Some(*known) == name.as_deref()) else { return };
    if *name == "standard" && fargate {
        out(&kind, "`standard` is not available on Fargate".to_owned());
    }
    let within = |number: f64, range: &RangeInclusive<u32>| {
        (f64::from(*range.start())..=f64::from(*range.end())).contains(&number)
    };
    if size.number().is_some_and(|number| !within(number, gib)) {
        out(&size, format!("a volume of this type must have {} to {} GiB", gib.start(), gib.end()));
    }
    match of_iops {
        None if iops.is_there() => out(&iops, "`Iops` is only for `gp3`, `io1` and `io2`".to_owned()),
        Some((range, each)) => {
            if matches!(*name, "io1" | "io2") && iops.is_missing() && volume.is_map() {
                out(volume, "`io1` and `io2` need `Iops`".to_owned());
            }
            let most = size.number().map(|size| (size * f64::from(*each)).max(f64::from(*range.start())));
            match iops.number() {
                Some(many) if !within(many, range) => out(
                    &iops,
                    format!(
                        "a volume of this type must have {} to {} operations per second",
                        range.start(),
                        range.end()
                    ),
                ),
                Some(many) => {
                    if let Some(most) = most.filter(|most| many > *most) {
                        out(
                            &iops,
                            format!("a volume of this type and size can have at most {most} operations per second"),
                        );
                    }
                }
                None => {}
            }
        }
        None => {}
    }
    let operations = if iops.is_missing() { Some(OPERATIONS) } else { iops.number() };
    match (*name, throughput.number(), operations) {
        ("gp3", Some(mib), Some(operations)) if mib > (operations / 4.0).floor() => out(
            &throughput,
            format!(
                "with {operations} operations per second, `Throughput` can be at most {} MiB",
                (operations / 4.0).floor()
            ),
        ),
        ("gp3", ..) => {}
        (_, Some(_), _) => out(&throughput, "`Throughput` is only for `gp3`".to_owned()),
        _ => {}
    }
}
