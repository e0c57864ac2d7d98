//! The status report: what is where, since when, and what is going on.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::model::decision::Cause;
use crate::model::journal::DeploymentId;
use crate::model::moving::Moving;
use crate::model::{Decision, Facts, Hold};
use crate::plan::{Report, SlotRow, StackChange};

use super::plan::{decision_json, state};
use super::style::{Style, Tone};
use super::table::{Cell, Table};
use super::time;
use super::{alike, moving};

/// One line per slot: project, environment, what runs, since when, state. Tenants that are alike share one.
pub fn terminal(report: &Report, facts: &Facts, moving: &[Moving], now: Timestamp, style: Style) -> String {
    let mut table = Table::default();
    let mut project = None;
    let runs = |row: &SlotRow| row.runs.as_ref().map_or_else(|| "–".to_owned(), ToString::to_string);
    for group in alike::groups(&report.slots, |row| (runs(row), word(row, moving, now).1)) {
        let Some(&row) = group.first() else { continue };
        let first = if project == Some(&row.project) { String::new() } else { row.project.to_string() };
        project = Some(&row.project);
        let since =
            |row: &SlotRow| since(row, facts).map(|since| format!("for {}", time::took(now.duration_since(since))));
        let (own, same) = (since(row), |other: &&SlotRow| since(other) == since(row));
        let since = own.filter(|_| group.iter().all(same));
        let (tone, word) = word(row, moving, now);
        table.push(vec![
            Cell { drawn: style.paint(Tone::Name, &first), plain: first },
            Cell::plain(alike::place(&group)),
            Cell::plain(runs(row)),
            Cell::plain(since.unwrap_or_default()),
            Cell { drawn: style.paint(tone, &word), plain: word },
        ]);
    }
    if report.slots.is_empty() { "nothing runs, and nothing is wanted\n".to_owned() } else { table.draw() }
}

/// Since when the slot runs what it runs, where facts tell.
fn since(row: &SlotRow, facts: &Facts) -> Option<Timestamp> {
    facts.running(&row.slot).filter(|run| Some(&run.release) == row.runs.as_ref()).map(|run| run.from)
}

/// The state of a slot. One that drifted is current in what landfall put there and not in what is there.
fn word(row: &SlotRow, moving: &[Moving], now: Timestamp) -> (Tone, String) {
    match (decided(&row.decision, moving, now), row.drift.as_ref()) {
        ((_, word), Some(drift)) => {
            let stacks: std::collections::BTreeSet<_> = drift.rows.iter().map(|row| (&row.place, &row.stack)).collect();
            let drifted = if stacks.len() == 1 { "1 stack".to_owned() } else { format!("{} stacks", stacks.len()) };
            (Tone::Held, format!("{word}, {drifted} drifted (see landfall plan)"))
        }
        (decided, None) => decided,
    }
}

fn decided(decision: &Decision, moving: &[Moving], now: Timestamp) -> (Tone, String) {
    match decision {
        Decision::Deploying { release, deployment, .. } => {
            let goes_on = moving::sentence(&own(moving, *deployment), now);
            let goes_on = goes_on.map(|sentence| format!(": {sentence}")).unwrap_or_default();
            (Tone::Moves, format!("{release} is being deployed (deployment {deployment}){goes_on}"))
        }
        Decision::Deploy { release, .. } => (Tone::Moves, format!("{release} is about to be deployed")),
        Decision::Held { reasons, .. } if reasons.iter().any(|hold| matches!(hold.cause, Cause::Unadopted { .. })) => {
            (Tone::Held, "held, another store deployed its stacks (landfall store adopt)".to_owned())
        }
        Decision::Held { wanted: Some(wanted), reasons, .. } if pause(reasons).is_some() => {
            let until = pause(reasons).and_then(|hold| hold.until);
            let until = until.map(|until| format!(" until {}", time::point(until))).unwrap_or_default();
            (Tone::Held, format!("{wanted} waits at a pause hook{until}"))
        }
        Decision::Held { wanted: Some(wanted), runs, .. } if runs.as_ref() != Some(wanted) => {
            (Tone::Held, format!("held, {wanted} is wanted"))
        }
        Decision::UpToDate { waiting, .. } => match waiting.first() {
            Some(waiting) => (Tone::Good, format!("current, {} waits", waiting.release)),
            None => (Tone::Good, "current".to_owned()),
        },
        Decision::Empty { next: Some(next), .. } => (Tone::Faint, format!("nothing yet, {next} waits")),
        other => {
            let (tone, word) = state(other);
            (tone, word.to_owned())
        }
    }
}

/// What goes on in the stacks of a deployment.
fn own(moving: &[Moving], deployment: DeploymentId) -> Vec<&Moving> {
    moving.iter().filter(|one| one.deployment == deployment).collect()
}

/// The pause hook that a slot waits at.
fn pause(reasons: &[Hold]) -> Option<&Hold> {
    let paused = |hold: &&Hold| matches!(&hold.cause, Cause::Stopped { cause, .. } if cause.is_pause());
    reasons.iter().find(paused)
}

/// The status as JSON: `commit`, `at`, `slots`, each with `project`, `environment`, `tenant`, `release` (what runs), `since`
/// (RFC 3339), `decision` as in the plan's JSON, `stacks` (how many it has) with `current` (how many have what they should be
/// given), `moving` (what goes on in stacks that are being changed), and `drift` as in the plan's JSON.
pub fn json(report: &Report, facts: &Facts, moving: &[Moving]) -> Value {
    let slot = |row: &SlotRow| {
        json!({
            "project": row.project.as_str(),
            "environment": row.environment.as_str(),
            "tenant": row.tenant,
            "release": row.runs,
            "since": since(row, facts).map(|since| since.to_string()),
            "decision": decision_json(row),
            "stacks": row.stacks.len(),
            "current": row.stacks.iter().filter(|stack| stack.change == StackChange::Current).count(),
            "moving": match &row.decision {
                Decision::Deploying { deployment, .. } => own(moving, *deployment),
                _ => Vec::new(),
            },
            "drift": super::drift::json(row.drift.as_deref()),
        })
    };
    json!({
        "commit": report.commit.as_ref().map(ToString::to_string),
        "at": report.at.map(|at| at.to_string()),
        "slots": report.slots.iter().map(slot).collect::<Vec<_>>(),
    })
}
