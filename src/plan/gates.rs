//! The one table of gates for removals and replacements inside a stack.
//!
//! | the resource | predicted | not predicted, or uncertain |
//! | --- | --- | --- |
//! | keeps data | stops unless allowed | stops unless allowed |
//! | keeps nothing | goes on; a risk if its absence interrupts requests | uncertain: goes on, "may change" · certain: stops unless allowed |
//!
//! *Predicted* means that [`compare::resources`](crate::compare::resources()) from the content that the stack carries to the
//! content wanted now contains it. A resource that its policy keeps (`Retain`) loses nothing and never stops; one of which a
//! snapshot is made stops like any other that keeps data. A task definition gets a new revision and never stops.
//!
//! A review asks before the merge, with what is predicted ([`Row::predicted`]); the engine asks with what AWS announced in the
//! change set. Both get the same sentences.

use std::sync::Arc;

use crate::cfn::{Recreates, interrupts, keeps_data, type_name};
use crate::compare::ResourceChange;
use crate::model::catalog::Gate;
use crate::model::journal::{Effect, ExpectedChange, Fate};

/// A change of one resource, to be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row<'a> {
    /// Logical id.
    pub resource: &'a str,
    /// Its type.
    pub kind: &'a str,
    /// What happens: as AWS announced it, or, before AWS was asked, as predicted.
    pub effect: Effect,
    /// What was predicted; none if nothing was.
    pub predicted: Option<Effect>,
    /// What becomes of the resource that is there.
    pub fate: Fate,
    /// Whether it keeps data.
    pub keeps_data: bool,
    /// What replaces it: properties, or other parts of the resource.
    pub because: Vec<&'a str>,
}

/// What the table says about a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It goes on: nothing of value is lost.
    Goes,
    /// It goes on: what is there leaves the stack and is kept.
    Kept,
    /// It goes on, as a risk: its absence interrupts requests.
    Risk,
    /// It goes on, and may be replaced: AWS cannot tell yet.
    MayChange,
    /// It stops until an allowance opens the gate.
    Stops(Stop),
}

/// Why a change stops.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stop {
    /// The gate that an allowance opens.
    pub gate: Gate,
    /// `removes-data`, `replaces-data`, `unexpected-removal` or `unexpected-replacement`.
    pub code: &'static str,
    /// One sentence without a full stop: "Db (RDS DBInstance) would be replaced because of Engine, and keeps data".
    pub sentence: String,
}

impl<'a> Row<'a> {
    /// A change that is predicted, before AWS is asked.
    pub fn predicted(change: &'a ResourceChange) -> Option<Self> {
        let effect = change.announced()?.effect;
        let causes = change.causes.iter().filter(|cause| cause.recreates != Recreates::Never);
        Some(Self {
            resource: &change.id,
            kind: &change.kind,
            effect,
            predicted: Some(effect),
            fate: change.fate.unwrap_or(Fate::Deleted),
            keeps_data: change.keeps_data,
            because: causes.map(|cause| cause.path.as_str()).collect(),
        })
    }

    /// A change that AWS announced, for these reasons, next to what was predicted. Where AWS does not say what becomes of the
    /// resource, as for uncertain replacements, the prediction does.
    pub fn announced(change: &'a ExpectedChange, because: Vec<&'a str>, expected: &[ExpectedChange]) -> Self {
        let predicted = expected.iter().find(|expected| expected.resource == change.resource);
        Self {
            resource: &change.resource,
            kind: &change.kind,
            effect: change.effect,
            predicted: predicted.map(|expected| expected.effect),
            fate: change.fate.or(predicted.and_then(|expected| expected.fate)).unwrap_or(Fate::Deleted),
            keeps_data: keeps_data(&change.kind),
            because,
        }
    }

    /// What the table says about it.
    pub fn judge(&self) -> Verdict {
        let lost = matches!(self.effect, Effect::Remove | Effect::Replace | Effect::MayReplace);
        if !lost || self.kind == "AWS::ECS::TaskDefinition" {
            return Verdict::Goes;
        }
        if self.fate == Fate::Kept {
            return Verdict::Kept;
        }
        if self.keeps_data {
            return Verdict::Stops(self.stop(true));
        }
        match self.effect {
            Effect::MayReplace => Verdict::MayChange,
            _ if !self.is_predicted() => Verdict::Stops(self.stop(false)),
            _ if interrupts(self.kind) => Verdict::Risk,
            _ => Verdict::Goes,
        }
    }

    /// Whether what happens was predicted, for certain or as possible.
    fn is_predicted(&self) -> bool {
        match self.effect {
            Effect::Remove => self.predicted == Some(Effect::Remove),
            _ => matches!(self.predicted, Some(Effect::Replace | Effect::MayReplace)),
        }
    }

    fn stop(&self, data: bool) -> Stop {
        let (gate, code, verb) = match (self.effect, data) {
            (Effect::Remove, true) => (Gate::Remove, "removes-data", "would be removed"),
            (Effect::Remove, false) => (Gate::Remove, "unexpected-removal", "would be removed"),
            (Effect::MayReplace, _) => (Gate::Replace, "replaces-data", "may be replaced"),
            (_, true) => (Gate::Replace, "replaces-data", "would be replaced"),
            (_, false) => (Gate::Replace, "unexpected-replacement", "would be replaced"),
        };
        let because =
            if self.because.is_empty() { String::new() } else { format!(" because of {}", self.because.join(", ")) };
        let what = match (data, self.is_predicted()) {
            (true, true) => ", and keeps data",
            (true, false) => ", keeps data, and the plan did not expect it",
            (false, _) => ", and the plan did not expect it",
        };
        let snapshot = if self.fate == Fate::Snapshot { " (AWS makes a snapshot first)" } else { "" };
        let sentence = format!("{} ({}) {verb}{because}{what}{snapshot}", self.resource, type_name(self.kind));
        Stop { gate, code, sentence }
    }
}

/// What stops at one gate: all of it, so that who opens the gate knows everything that it opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The gate, as `what` of an `[[allow]]` names it.
    pub gate: Gate,
    /// The code of the first.
    pub code: &'static str,
    /// The resources that stop, in the order of the rows.
    pub resources: Vec<Arc<str>>,
    /// Those of them of which the change was predicted.
    pub foreseen: Vec<Arc<str>>,
    /// A sentence for each, joined.
    pub sentence: String,
}

/// The first gate that some changes stop at, with everything that stops at it, apart from what is open.
pub fn closed(rows: &[Row<'_>], is_open: impl Fn(Gate, &str) -> bool) -> Option<Closed> {
    let stops = rows.iter().filter_map(|row| match row.judge() {
        Verdict::Stops(stop) if !is_open(stop.gate, row.resource) => Some((row, stop)),
        _ => None,
    });
    let stops: Vec<(&Row<'_>, Stop)> = stops.collect();
    let first = &stops.first()?.1;
    let (gate, code) = (first.gate, first.code);
    let at_gate = || stops.iter().filter(|(_, stop)| stop.gate == gate);
    let sentences: Vec<&str> = at_gate().map(|(_, stop)| stop.sentence.as_str()).collect();
    let foreseen = at_gate().filter(|(row, _)| row.is_predicted());
    Some(Closed {
        gate,
        code,
        resources: at_gate().map(|(row, _)| Arc::from(row.resource)).collect(),
        foreseen: foreseen.map(|(row, _)| Arc::from(row.resource)).collect(),
        sentence: sentences.join("; "),
    })
}
