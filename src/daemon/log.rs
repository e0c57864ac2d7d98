//! The log: every record as one line, with commit, slot, stack and deployment as fields.

use std::collections::BTreeMap;

use crate::model::facts::InFlight;
use crate::model::journal::{DeploymentId, Entry, Outcome, Record, Reply};

/// What the records of a deployment do not repeat.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    commit: String,
    slot: String,
}

impl Flight {
    pub(super) fn of(flight: &InFlight) -> Self {
        Self { commit: flight.commit.to_string(), slot: flight.slot.to_string() }
    }
}

type Flying = BTreeMap<DeploymentId, Flight>;

/// Writes a record to the log. `flying` has the deployments that go on.
pub(super) fn record(flying: &mut Flying, record: &Record) {
    let seq = record.seq;
    match &record.entry {
        Entry::Landed { commit } => tracing::info!(seq, %commit, "landed"),
        Entry::Snapshot { project, release, commit, .. } => {
            tracing::info!(seq, %commit, %project, %release, "a release landed");
        }
        Entry::Ordered { slot, release, commit } => tracing::info!(seq, %commit, %slot, %release, "ordered"),
        Entry::Skipped { slot, release, commit, why } => {
            tracing::warn!(seq, %commit, %slot, %release, "an order is skipped: {why}");
        }
        Entry::Opened(opened) => {
            let stacks = opened.orders.len();
            tracing::info!(
                seq, commit = %opened.commit, slot = %opened.slot, deployment = %opened.deployment,
                release = %opened.release, attempt = opened.attempt, stacks, "deployment begins"
            );
            let flight = Flight { commit: opened.commit.to_string(), slot: opened.slot.to_string() };
            flying.insert(opened.deployment, flight);
        }
        Entry::Ended { deployment, outcome } => {
            let (commit, slot) = whose(flying, *deployment);
            match outcome {
                Outcome::Failed(cause) => {
                    tracing::warn!(seq, commit, slot, %deployment, code = %cause.code, "deployment failed: {}", cause.sentence);
                }
                outcome => tracing::info!(seq, commit, slot, %deployment, "deployment ended: {}", word(outcome)),
            }
            flying.remove(deployment);
        }
        Entry::StackEnded { deployment, stack, outcome } => {
            let (commit, slot) = whose(flying, *deployment);
            tracing::info!(seq, commit, slot, %stack, %deployment, "stack ended: {}", word(outcome));
        }
        Entry::Stopped { deployment, stack, cause, .. } => {
            let (commit, slot) = whose(flying, *deployment);
            tracing::warn!(seq, commit, slot, %stack, %deployment, code = %cause.code, "waits at a gate: {}", cause.sentence);
        }
        Entry::Waits { deployment, stack, cause: Some(cause), .. } => {
            let (commit, slot) = whose(flying, *deployment);
            tracing::warn!(seq, commit, slot, %stack, %deployment, code = %cause.code, "waits: {}", cause.sentence);
        }
        Entry::GateGone { deployment, stack } | Entry::Waits { deployment, stack, cause: None, .. } => {
            let (commit, slot) = whose(flying, *deployment);
            tracing::info!(seq, commit, slot, %stack, %deployment, "goes on");
        }
        Entry::Intent { deployment, stack, call, token } => {
            let (commit, slot) = whose(flying, *deployment);
            tracing::info!(seq, commit, slot, %stack, %deployment, ?call, %token, "asks AWS");
        }
        Entry::Reply { deployment, stack, call, reply } => {
            let (commit, slot) = whose(flying, *deployment);
            match reply {
                Reply::Accepted => tracing::debug!(seq, commit, slot, %stack, %deployment, ?call, "AWS accepts"),
                Reply::Refused { error } => {
                    tracing::warn!(seq, commit, slot, %stack, %deployment, ?call, error, "AWS rejects");
                }
                Reply::Lost { error } => {
                    tracing::warn!(seq, commit, slot, %stack, %deployment, ?call, error, "no answer from AWS");
                }
            }
        }
        Entry::TakenOver { deployment, by, cause } => {
            let (commit, slot) = whose(flying, *deployment);
            let by = by.as_ref().map(ToString::to_string);
            tracing::warn!(seq, commit, slot, %deployment, by, code = %cause.code, "a newer order takes over: {}", cause.sentence);
        }
        Entry::Evidence { deployment, stack, item } => {
            let (commit, slot) = whose(flying, *deployment);
            tracing::debug!(seq, commit, slot, %stack, %deployment, ?item, "evidence");
        }
        Entry::Drift(seen) => {
            tracing::warn!(seq, place = %seen.place, source = seen.source.as_str(), "{}", seen.sentence())
        }
        Entry::Incarnation { .. }
        | Entry::Learned(_)
        | Entry::Asks { .. }
        | Entry::Agreed(_)
        | Entry::Adopted { .. } => {
            tracing::warn!(seq, "{}", record.entry.about_stores().unwrap_or_default());
        }
        entry => tracing::info!(seq, ?entry, "recorded"),
    }
}

fn whose(flying: &Flying, deployment: DeploymentId) -> (Option<&str>, Option<&str>) {
    let flight = flying.get(&deployment);
    (flight.map(|flight| flight.commit.as_str()), flight.map(|flight| flight.slot.as_str()))
}

fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Proved => "proved",
        Outcome::StackStatusOnly => "proved by stack status only",
        Outcome::Unchanged => "unchanged",
        Outcome::Removed => "removed",
        Outcome::Failed(_) => "failed",
        Outcome::Superseded { .. } => "superseded",
    }
}
