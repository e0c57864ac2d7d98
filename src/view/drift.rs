//! Drift for people and as JSON: what differs in a stack from what landfall put there, since when, and what is done about it.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::compare::visible;
use crate::model::drift::Drifted;
use crate::plan::{DriftRow, PutRight, SlotDrift};

use super::{remedy, time};

/// So many differences of a slot are printed; the JSON has all.
const LINES: usize = 12;

/// The lines below a slot, with those that let it be put right.
pub(super) fn lines(drift: &SlotDrift, now: Timestamp) -> Vec<String> {
    let mut lines = told(&drift.rows, now);
    if let Some(key) = &drift.key {
        let plan = &key.plan;
        lines.push(format!(
            "to let it be put right, add to {} (or: landfall allow {plan} --what redeploy --reason \"…\")",
            key.file
        ));
        lines.extend(remedy::allow_lines(key).lines().map(|line| format!("  {line}")));
    }
    lines
}

/// For each stack a line, and below it what differs.
pub(super) fn told(rows: &[DriftRow], now: Timestamp) -> Vec<String> {
    let mut lines = Vec::new();
    let told: Vec<&DriftRow> = rows.iter().filter(|row| !is_implied(row, rows)).collect();
    let mut head: Option<String> = None;
    for row in told.iter().take(LINES) {
        let own = headline(row, now);
        if head.as_ref() != Some(&own) {
            lines.push(own.clone());
            head = Some(own);
        }
        lines.push(format!("  {}", what(&row.item)));
    }
    let more = told.len().saturating_sub(LINES);
    if more > 0 {
        lines.push(format!("  and {more} more differences"));
    }
    lines
}

/// Whether other rows say in what a task definition differs from another one.
fn is_implied(row: &DriftRow, all: &[DriftRow]) -> bool {
    let below = |other: &DriftRow| {
        let same = other.stack == row.stack && other.place == row.place && other.item.resource == row.item.resource;
        same && other.item.path.starts_with("TaskDefinition/")
    };
    row.item.path == "TaskDefinition" && all.iter().any(below)
}

/// Which stack, since when, by whom, and what is done.
fn headline(row: &DriftRow, now: Timestamp) -> String {
    let since = row.since.map(|since| match now.duration_since(since) {
        new if new.as_secs() <= 0 => ", seen just now".to_owned(),
        age => format!(", seen {} ago", time::took(age)),
    });
    let by = row.by.as_ref().map(|by| format!(" by {}", visible(by))).unwrap_or_default();
    format!("{} was changed{by}{}; {}", row.stack, since.unwrap_or_default(), done(row.right))
}

/// What differs, in a few words.
pub(in crate::view) fn what(item: &Drifted) -> String {
    let place = visible(&item.place());
    match (place.is_empty(), &item.was, &item.is) {
        (true, _, _) => "it was deleted, and is made again".to_owned(),
        (_, Some(_), None) if item.path.is_empty() => format!("{place} ({}) was deleted", visible(&item.kind)),
        (_, None, Some(_)) if item.path.is_empty() => format!("{place} ({}) was added", visible(&item.kind)),
        (_, Some(was), Some(is)) => format!("{place} was {}, is {}", visible(was), visible(is)),
        (_, Some(was), None) => format!("{place} was {}, is not set", visible(was)),
        (_, None, Some(is)) => format!("{place} was not set, is {}", visible(is)),
        (_, None, None) => format!("{place} differs"),
    }
}

fn done(right: PutRight) -> &'static str {
    match right {
        PutRight::Reported => "only reported",
        PutRight::NeedsAllowance => "put right after an allowance, because the environment is protected",
        PutRight::NextLook => "put right after the next look at AWS confirms it",
        PutRight::Held => "put right when nothing holds the slot",
        PutRight::Now => "put right now",
    }
}

/// As JSON: each with `stack`, `account`, `region`, `resource`, `type`, `path`, `was`, `is`, `since` (RFC 3339), `seen_by` (`template`,
/// `services` or `detection`), `by` and `action` (`report`, `needs-allowance`, `next-look`, `held`, `now`).
pub(super) fn json(drift: Option<&SlotDrift>) -> Value {
    let row = |row: &DriftRow| {
        json!({
            "stack": row.stack,
            "account": row.place.account.as_str(),
            "region": row.place.region.as_str(),
            "resource": row.item.resource,
            "type": row.item.kind,
            "path": row.item.path,
            "was": row.item.was,
            "is": row.item.is,
            "since": row.since.map(|since| since.to_string()),
            "seen_by": row.source.as_str(),
            "by": row.by,
            "action": action(row.right),
        })
    };
    drift.map_or(&[][..], |drift| &drift.rows).iter().map(row).collect()
}

fn action(right: PutRight) -> &'static str {
    match right {
        PutRight::Reported => "report",
        PutRight::NeedsAllowance => "needs-allowance",
        PutRight::NextLook => "next-look",
        PutRight::Held => "held",
        PutRight::Now => "now",
    }
}
