//! What ran where and when, from facts: the past without its evidence.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::model::Facts;

use super::style::{Style, Tone};
use super::table::{Cell, Table};
use super::time;

/// One line per run, the newest first: deployment, slot, release, since when, for how long, and whether it still runs.
pub fn terminal(facts: &Facts, now: Timestamp, style: Style) -> String {
    let mut table = Table::default();
    for run in facts.runs.iter().rev() {
        let (tone, word) = match run.to {
            Some(to) => (Tone::Faint, format!("until {}", time::point(to))),
            None => (Tone::Good, "runs".to_owned()),
        };
        let columns = [
            run.deployment.to_string(),
            run.slot.to_string(),
            run.release.to_string(),
            time::point(run.from),
            time::took(run.lasted(now)),
        ];
        let last = Cell { drawn: style.paint(tone, &word), plain: word };
        table.push(columns.into_iter().map(Cell::plain).chain([last]).collect());
    }
    if facts.runs.is_empty() { "nothing has run yet\n".to_owned() } else { table.draw() }
}

/// The runs of the facts as JSON, the newest first.
pub fn json(facts: &Facts) -> Value {
    json!(facts.runs.iter().rev().collect::<Vec<_>>())
}
