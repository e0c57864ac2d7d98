//! The history as JSON.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Skipped, Told, about, drifts, skips, told};
use crate::model::drift::DriftSeen;
use crate::model::journal::{DeploymentId, Record};

/// Deployments, skipped orders and drift (both without a number) as JSON, the newest first: `deployment`, `slot`, `release`, `commit`, `plan`, `attempt`, `began`, `ended`
/// (RFC 3339 or null), `outcome` as in the journal (null while it goes on), `stopped` (the cause of the gate that it waits at,
/// or null), `taken_over` (`by` and `cause` where a newer order took its place while it was executing, or null), and `until`,
/// when it is decided without an allowance (or null). What was seen of drift has the outcome `drift`, with a `sentence`, and `drift`:
/// the record as it is stored.
pub fn list_json(records: &[Record]) -> Value {
    let mut all: Vec<(Timestamp, Value)> = told(records).values().rev().map(|told| (told.at, summary(told))).collect();
    all.extend(skips(records).map(|(at, skipped)| (at, skip_json(at, &skipped))));
    all.extend(drifts(records).map(|(at, seen)| (at, drift_json(at, seen))));
    all.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
    all.into_iter().map(|(_, value)| value).collect()
}

/// A skipped order, with the fields of a deployment: there is no number, no plan and no attempt.
fn skip_json(at: Timestamp, skipped: &Skipped<'_>) -> Value {
    json!({
        "deployment": null,
        "slot": skipped.slot,
        "release": skipped.release,
        "commit": skipped.commit,
        "plan": null,
        "attempt": null,
        "began": at.to_string(),
        "ended": at.to_string(),
        "outcome": { "outcome": "skipped", "sentence": skipped.why },
        "taken_over": null,
        "stopped": null,
        "until": null,
    })
}

/// What was seen of drift, with the fields of a deployment: it is about a stack, not about a slot or a release.
fn drift_json(at: Timestamp, seen: &DriftSeen) -> Value {
    json!({
        "deployment": null,
        "slot": null,
        "release": null,
        "commit": null,
        "plan": null,
        "attempt": null,
        "began": at.to_string(),
        "ended": at.to_string(),
        "outcome": { "outcome": "drift", "sentence": seen.sentence() },
        "taken_over": null,
        "stopped": null,
        "until": null,
        "drift": seen,
    })
}

/// One deployment as JSON: what [`list_json`] says about it, with `journal`: its records as they are stored.
pub fn deployment_json(records: &[Record], id: DeploymentId) -> Option<Value> {
    let all = told(records);
    let mut value = summary(all.get(&id)?);
    let own = records.iter().filter(|record| about(&record.entry) == Some(id));
    value["journal"] = own.map(|record| json!(record)).collect();
    Some(value)
}

fn summary(told: &Told<'_>) -> Value {
    let gate = told.gates.values().next();
    json!({
        "deployment": told.opened.deployment,
        "slot": told.opened.slot,
        "release": told.opened.release,
        "commit": told.opened.commit,
        "plan": told.opened.plan,
        "attempt": told.opened.attempt,
        "began": told.at.to_string(),
        "ended": told.ended.map(|(at, _)| at.to_string()),
        "outcome": told.ended.map(|(_, outcome)| outcome),
        "taken_over": told.taken_over.map(|(by, cause)| json!({ "by": by, "cause": cause })),
        "stopped": gate.map(|(cause, _)| cause),
        "until": gate.and_then(|(_, until)| until.as_ref()).map(ToString::to_string),
    })
}
