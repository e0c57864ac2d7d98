//! What the daemon cannot see, since when, and when it tries again.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::time;
use crate::model::decision::Cause;
use crate::model::health::{Health, Sight};
use crate::model::{Decision, Hold, Place};
use crate::plan::Report;

/// One line for each thing that cannot be seen, also because it answers with a refusal; empty if everything can.
pub fn terminal(health: &Health, now: Timestamp) -> String {
    after(health, now, &BTreeSet::new())
}

/// The same after the reasons for these places were printed: their lines are short.
pub fn after(health: &Health, now: Timestamp, told: &BTreeSet<Place>) -> String {
    let told: BTreeSet<String> = told.iter().map(ToString::to_string).collect();
    let mut text = String::new();
    for (name, unseen) in health.unseen() {
        let age = time::took(now.duration_since(unseen.since));
        let next = unseen.again.map(|again| format!("; next try {}", time::point(again))).unwrap_or_default();
        let error = if told.contains(&name) { String::new() } else { format!(": {}", unseen.error) };
        text.push_str(&match age.is_empty() || unseen.since >= now {
            true => format!("{name} cannot be seen{error}{next}\n"),
            false => format!("{name} has not been seen for {age}{error}{next}\n"),
        });
    }
    text
}

/// A report that is printed below these lines: why a place cannot be seen is not told again in every row.
pub fn below(report: &Report, health: &Health) -> Report {
    let mut report = report.clone();
    for row in &mut report.slots {
        let (Decision::Held { reasons, .. } | Decision::Empty { reasons, .. }) = &mut row.decision else { continue };
        for hold in reasons {
            let Cause::PlaceUnseen { place, error } = &mut hold.cause else { continue };
            let above = health.places.get(place).and_then(|sight| sight.unseen.as_ref());
            if above.is_some_and(|above| above.error == *error) {
                *error = "see above".to_owned();
            }
        }
    }
    report
}

/// The places that slots are held for because they cannot be seen.
pub fn holding(report: &Report) -> BTreeSet<Place> {
    let holds = report.slots.iter().flat_map(|row| match &row.decision {
        Decision::Held { reasons, .. } | Decision::Empty { reasons, .. } => reasons.as_slice(),
        _ => &[],
    });
    let place = |hold: &Hold| match &hold.cause {
        Cause::PlaceUnseen { place, .. } => Some(place.clone()),
        _ => None,
    };
    holds.filter_map(place).collect()
}

/// What does not answer, as JSON: each with `what` (`git`, `store`, or account and region), `since`, `error` and `next_try`.
pub fn unseen_json(health: &Health) -> Value {
    let one = |(name, unseen): (String, &crate::model::health::Unseen)| {
        json!({
            "what": name,
            "since": unseen.since.to_string(),
            "error": unseen.error,
            "next_try": unseen.again.map(|again| again.to_string()),
        })
    };
    health.unseen().into_iter().map(one).collect()
}

/// Everything that the daemon depends on, as JSON: `ready`, and `git`, `store` and `places`, each with `seen`, `age_seconds`,
/// and where it does not answer `since`, `error` and `next_try`. With it `warnings`, which do not count for `ready`.
pub fn json(health: &Health, warnings: &[String], now: Timestamp) -> Value {
    let sight = |sight: &Sight| {
        let unseen = sight.unseen.as_ref();
        json!({
            "ready": sight.is_fine(),
            "seen": sight.seen.map(|at| at.to_string()),
            "age_seconds": sight.seen.map(|at| now.duration_since(at).as_secs()),
            "since": unseen.map(|unseen| unseen.since.to_string()),
            "error": unseen.map(|unseen| unseen.error.clone()),
            "next_try": unseen.and_then(|unseen| unseen.again).map(|again| again.to_string()),
        })
    };
    let place = |(place, seen): (&Place, &Sight)| {
        let mut value = sight(seen);
        if let Some(object) = value.as_object_mut() {
            object.insert("place".to_owned(), place.to_string().into());
        }
        value
    };
    json!({
        "ready": health.is_ready(),
        "at": now.to_string(),
        "git": sight(&health.git),
        "store": sight(&health.store),
        "places": health.places.iter().map(place).collect::<Vec<_>>(),
        "warnings": warnings,
    })
}
