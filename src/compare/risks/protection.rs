//! Protection that goes: policies of deletion, switches against it, versions, backups, encryption.

use super::super::known::{Known, Thing, flag, number};
use super::{Level, Risks, named};

/// Switches that protect, whatever the type. DeletionProtection of Cognito is a word.
const SWITCHES: &[(&[&str], &str)] = &[
    (&["DeletionProtection"], "protection against deletion"),
    (&["DeletionProtectionEnabled"], "protection against deletion"),
    (&["TerminationProtection"], "protection against termination"),
    (&["DisableApiTermination"], "protection against termination"),
    (&["PointInTimeRecoverySpecification", "PointInTimeRecoveryEnabled"], "recovery to a point in time"),
    (&["EnableKeyRotation"], "the rotation of its key"),
    (&["ObjectLockEnabled"], "the lock of its objects"),
    (&["StorageEncrypted"], "encryption"),
    (&["Encrypted"], "encryption"),
    (&["CopyTagsToSnapshot"], "tags on its snapshots"),
];
/// Days for which backups are kept: 0 is none.
const RETENTIONS: &[&str] = &[
    "BackupRetentionPeriod",
    "SnapshotRetentionLimit",
    "AutomaticBackupRetentionDays",
    "AutomatedSnapshotRetentionPeriod",
];
/// Policies, and how much they protect.
const POLICIES: &[&str] = &["DeletionPolicy", "UpdateReplacePolicy"];

pub(super) fn find(old: &Known, new: &Known, all: &mut Risks) {
    for (id, is) in new.iter() {
        let Some(was) = old.get(id).filter(|was| was.kind == is.kind) else { continue };
        let mut gone: Vec<String> = Vec::new();
        gone.extend(POLICIES.iter().filter_map(|policy| weaker(policy, was, is)));
        gone.extend(switches(was, is));
        gone.extend(attributes(was, is));
        gone.extend(versions(was, is));
        gone.extend(RETENTIONS.iter().filter_map(|key| retention(key, was, is)));
        for what in gone {
            all.put("protection-removed", Level::High, id, format!("{} loses {what}", named(id, &is.kind)));
        }
    }
}

/// A policy that keeps less than before. Without one, RDS keeps a snapshot of what has no cluster, and all else is deleted.
fn weaker(policy: &str, was: &Thing, is: &Thing) -> Option<String> {
    let rank = |thing: &Thing| match thing.settings.get(policy).map(String::as_str) {
        Some("Retain" | "RetainExceptOnCreate") => 2,
        Some("Snapshot") => 1,
        _ => 0,
    };
    let before = was.settings.get(policy)?;
    let after = is.settings.get(policy).map_or("nothing", String::as_str);
    (rank(is) < rank(was)).then(|| format!("its {policy} {before}: it has {after} now"))
}

fn switches(was: &Thing, is: &Thing) -> Vec<String> {
    let on = |thing: &Thing, path: &[&str]| {
        thing.at(path).is_some_and(|value| {
            flag(value) == Some(true) || value == "ACTIVE" || value == "Enabled" || value == "ENABLED"
        })
    };
    let lost = SWITCHES.iter().filter(|(path, _)| on(was, path) && !on(is, path));
    lost.map(|(_, what)| (*what).to_owned()).collect()
}

/// Attributes of load balancers, which are a list of keys and values.
fn attributes(was: &Thing, is: &Thing) -> Vec<String> {
    let on = |thing: &Thing| {
        thing.list(&["LoadBalancerAttributes"]).iter().any(|attribute| {
            attribute.get("Key").is_some_and(|key| key == "deletion_protection.enabled")
                && attribute.get("Value").and_then(flag) == Some(true)
        })
    };
    (on(was) && !on(is)).then(|| "protection against deletion".to_owned()).into_iter().collect()
}

fn versions(was: &Thing, is: &Thing) -> Vec<String> {
    let on = |thing: &Thing| thing.text(&["VersioningConfiguration", "Status"]).as_deref() == Some("Enabled");
    (on(was) && !on(is)).then(|| "the versions of its objects".to_owned()).into_iter().collect()
}

fn retention(key: &str, was: &Thing, is: &Thing) -> Option<String> {
    let days = |thing: &Thing| thing.at(&[key]).and_then(number);
    let before = days(was).filter(|days| *days > 0.0)?;
    // Without the property, AWS keeps backups for a day.
    let after = days(is).unwrap_or(1.0);
    if after == 0.0 {
        return Some("its backups".to_owned());
    }
    (after < before).then(|| format!("backups older than {after} days, of {before}"))
}
