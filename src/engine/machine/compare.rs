//! What AWS announced, held against what the plan expects.

use std::sync::Arc;

use super::StackState;
use crate::cloud::ResourceChange;
use crate::model::catalog::Gate;
use crate::model::journal::ExpectedChange;
use crate::plan::gates::{self, Row};

/// An announced change that waits for an allowance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unexpected {
    /// The gate that it waits at.
    pub(crate) gate: Gate,
    /// `replaces-data`, `unexpected-removal`, …
    pub(crate) code: &'static str,
    /// One sentence for each resource.
    pub(crate) sentence: String,
    /// The resources of which this was predicted.
    pub(crate) foreseen: Vec<Arc<str>>,
}

/// The first gate that the announced changes stop at, by the table of [`gates`].
pub(crate) fn unexpected(
    expected: &[ExpectedChange],
    announced: &[ResourceChange],
    state: &StackState,
) -> Option<Unexpected> {
    let rows = announced.iter().map(|row| {
        let because = causes(row, |recreates| recreates != "Never");
        Row::announced(&row.change, because, expected)
    });
    let rows: Vec<Row<'_>> = rows.collect();
    let closed = gates::closed(&rows, |gate, resource| state.is_open(gate, Some(&Arc::from(resource))))?;
    Some(Unexpected { gate: closed.gate, code: closed.code, sentence: closed.sentence, foreseen: closed.foreseen })
}

/// The properties that cause a change, those of them that recreate the resource so.
fn causes(row: &ResourceChange, recreates: impl Fn(&str) -> bool) -> Vec<&str> {
    let causes = row.causes.iter().filter(|cause| recreates(&cause.recreates));
    causes.map(|cause| cause.name.as_str()).collect()
}

/// The same as words; empty without any.
pub(super) fn cause_of(row: &ResourceChange, recreates: impl Fn(&str) -> bool) -> String {
    let names = causes(row, recreates);
    if names.is_empty() { String::new() } else { format!(" because of {}", names.join(", ")) }
}
