//! A review as JSON, for programs: [`shape`] says what there is, and the schema that is published comes from it.
//!
//! A program gets what the pages say, as values: names, releases, places, actions with their causes, reasons with what releases
//! them, and the difference of each stack. Templates and hashes of contents are left out, because a guess at a secret in
//! one could be tested against them. Keys are never taken away or given another meaning; new ones may come.

pub mod shape;

use std::sync::Arc;

use serde_json::Value;

use super::content::{About, headline};
use super::text::plain;
use crate::compare::{self, ResourceChange, visible};
use crate::model::catalog::{Broken, Subject, Unnamed};
use crate::model::remedy::{Foreseen, Key, Whom};
use crate::model::{Accept, CommitId, Hold, Location, Place, Slot};
use crate::plan::review::{Acceptance, Basis, DriftReview, How, Note, Review, SlotReview, StackReview, Stop};
use crate::plan::{Orphan, StaleAllowance, Unreached};
use crate::view::{plan, problems, reasons, remedy};

/// A review as JSON; null if it cannot be written, which no value of it causes.
pub fn json(review: &Review, about: &About) -> Value {
    serde_json::to_value(shape(review, about)).unwrap_or_default()
}

/// Stacks as a review has them: the `stacks` of [`json`].
pub fn stacks(stacks: &[StackReview]) -> Value {
    value(&stacks.iter().map(stack).collect::<Vec<_>>())
}

/// The JSON Schema of [`json`], draft 2020-12.
pub fn schema() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    settings.into_generator().into_root_schema_for::<shape::Review>().to_value()
}

fn shape(review: &Review, about: &About) -> shape::Review {
    shape::Review {
        sentence: plain(&headline(review)),
        base: side(&about.base, &review.base),
        head: side(&about.head, &review.head),
        merge_base: about.merge_base.clone(),
        moved: about.moved,
        facts: match review.basis {
            Basis::Settled => None,
            Basis::Facts { as_of } => {
                Some(shape::Facts { from: about.facts.clone(), as_of: as_of.map(|at| at.to_string()) })
            }
        },
        problems: problems::json(&about.problems),
        environments: review.environments.iter().map(ToString::to_string).collect(),
        slots: review.slots.iter().map(slot).collect(),
        stacks: review.stacks.iter().map(stack).collect(),
        left: review.left.iter().map(orphan).collect(),
        notes: review.notes.iter().map(note).collect(),
        accepts: review.accepts.iter().map(accept).collect(),
        broken: review.broken.iter().map(broken).collect(),
        still_broken: review.still_broken.iter().map(broken).collect(),
    }
}

fn side(name: &str, commit: &Option<CommitId>) -> shape::Side {
    shape::Side { name: name.to_owned(), commit: commit.as_ref().map(ToString::to_string) }
}

fn slot(slot: &SlotReview) -> shape::SlotReview {
    let whom = Whom {
        project: &slot.project,
        environment: &slot.environment,
        tenant: slot.tenant.as_ref(),
        release: slot.to.as_ref(),
    };
    let all = |holds: &[Hold]| holds.iter().map(|hold| reasons::json(hold, &whom)).collect();
    let (happens, reasons, stops) = match &slot.how {
        How::OnMerge => (shape::Happens::OnMerge, Vec::new(), Vec::new()),
        How::After(holds) => (shape::Happens::After, all(holds), Vec::new()),
        How::Stops(stops) => (shape::Happens::Stops, Vec::new(), stops.iter().map(stop).collect()),
        How::Fails(_) => (shape::Happens::Fails, Vec::new(), Vec::new()),
        How::Held(holds) => (shape::Happens::Held, all(holds), Vec::new()),
        How::Freed => (shape::Happens::Freed, Vec::new(), Vec::new()),
        How::Unknown(holds) => (shape::Happens::Unknown, all(holds), Vec::new()),
    };
    shape::SlotReview {
        slot: ids(&slot.slot),
        project: slot.project.to_string(),
        environment: slot.environment.to_string(),
        tenant: slot.tenant.as_ref().map(ToString::to_string),
        from: slot.from.as_ref().map(ToString::to_string),
        to: slot.to.as_ref().map(ToString::to_string),
        rollback: slot.rollback,
        happens,
        reasons,
        stops,
        assumed: all(&slot.assumed),
        earliest: slot.earliest.map(|at| at.to_string()),
        because: slot.because.as_ref().map(plan::because_json),
    }
}

fn stack(stack: &StackReview) -> shape::StackReview {
    shape::StackReview {
        slot: ids(&stack.slot),
        project: stack.project.to_string(),
        environment: stack.environment.to_string(),
        tenant: stack.tenant.as_ref().map(ToString::to_string),
        step: stack.step.as_ref().map(ToString::to_string),
        target: stack.target.as_ref().map(ToString::to_string),
        cluster: stack.cluster.as_ref().map(ToString::to_string),
        stack: stack.stack.to_string(),
        place: place(&stack.place),
        happens: stack.fate.into(),
        moved_from: stack.moved_from.as_ref().map(place),
        from: stack.before.as_ref().map(|shown| shown.release.to_string()),
        to: stack.after.as_ref().map(|shown| shown.release.to_string()),
        resources: stack.effects.resources.iter().map(resource).collect(),
        words: stack.effects.words.iter().map(value).collect(),
        rights: stack.effects.rights.iter().map(value).collect(),
        exposure: stack.effects.exposure.iter().map(value).collect(),
        risks: stack.effects.risks.iter().map(|one| risk(stack, one)).collect(),
        stops: stack.stops.iter().map(stop).collect(),
        refused: stack.refused.iter().map(|refused| refused.sentence(&stack.stack)).collect(),
        drift: stack.drift.iter().map(drift).collect(),
        difference: stack.difference(),
    }
}

fn drift(drift: &DriftReview) -> shape::DriftReview {
    let shown = |text: &Option<String>| text.as_deref().map(visible);
    shape::DriftReview {
        resource: visible(&drift.item.resource),
        kind: visible(&drift.item.kind),
        path: visible(&drift.item.path),
        was: shown(&drift.item.was),
        is: shown(&drift.item.is),
        comes: shown(&drift.comes),
        fate: value(&drift.fate).as_str().unwrap_or_default().to_owned(),
    }
}

fn value(of: &impl serde::Serialize) -> Value {
    serde_json::to_value(of).unwrap_or_default()
}

fn risk(stack: &StackReview, risk: &compare::Risk) -> shape::Risk {
    shape::Risk {
        id: risk.id.to_owned(),
        level: value(&risk.level).as_str().unwrap_or_default().to_owned(),
        resource: risk.resource.as_ref().map(ToString::to_string),
        sentence: risk.sentence.clone(),
        place: stack.place_of(risk),
        accepted: stack.acceptance(risk).map(|Acceptance { accept, new }| shape::Accepted {
            reason: compare::hide_text(&accept.reason),
            until: accept.until.map(|until| until.to_string()),
            at: location(&accept.at),
            new: *new,
        }),
    }
}

fn accept(accept: &Arc<Accept>) -> shape::Accept {
    shape::Accept {
        what: accept.what.as_str().to_owned(),
        place: compare::hide_text(&accept.place),
        reason: compare::hide_text(&accept.reason),
        until: accept.until.map(|until| until.to_string()),
        at: location(&accept.at),
    }
}

fn resource(change: &ResourceChange) -> shape::Resource {
    shape::Resource {
        id: change.id.to_string(),
        kind: change.kind.to_string(),
        was: change.was.as_ref().map(ToString::to_string),
        name: change.name.clone(),
        action: change.action.into(),
        certain: change.certain,
        leaves: change.fate.map(Into::into),
        keeps_data: change.keeps_data,
        interrupts: change.interrupts,
        causes: change.causes.iter().map(cause).collect(),
    }
}

fn cause(cause: &compare::Cause) -> shape::Cause {
    let scalar = |text: &Option<String>| text.as_deref().map(visible);
    let because = match &cause.why {
        compare::Why::Text { before, after } => shape::Why::Text { before: scalar(before), after: scalar(after) },
        compare::Why::Parameter { name, before, after } => {
            shape::Why::Parameter { name: name.clone(), before: scalar(before), after: scalar(after) }
        }
        compare::Why::Mapping { name } => shape::Why::Mapping { name: name.clone() },
        compare::Why::Condition { name, holds } => shape::Why::Condition { name: name.clone(), holds: *holds },
        compare::Why::Follows { resource, attribute, action } => {
            shape::Why::Follows { resource: resource.clone(), attribute: attribute.clone(), action: (*action).into() }
        }
    };
    shape::Cause { path: cause.path.clone(), recreates: cause.recreates.into(), certain: cause.certain, because }
}

fn stop(stop: &Stop) -> shape::Stop {
    shape::Stop {
        stack: stop.stack.to_string(),
        gate: stop.gate.as_str().to_owned(),
        resources: stop.resources.iter().map(ToString::to_string).collect(),
        code: stop.code.to_string(),
        sentence: stop.sentence.clone(),
        allow: stop.key.as_ref().map(foreseen),
    }
}

fn foreseen(key: &Foreseen) -> shape::Foreseen {
    shape::Foreseen {
        file: key.file.to_string(),
        toml: remedy::foreseen_lines(key),
        release: key.release.to_string(),
        change: key.change.as_str().to_owned(),
    }
}

fn allow(key: &Key) -> shape::Allow {
    shape::Allow {
        file: key.file.to_string(),
        toml: remedy::allow_lines(key),
        plan: key.plan.to_string(),
        or: key.or.map(|gate| gate.as_str().to_owned()),
    }
}

fn orphan(orphan: &Orphan) -> shape::Left {
    shape::Left {
        stack: orphan.stack.to_string(),
        place: place(&orphan.place),
        owner: orphan.owner.tags(),
        removed: orphan.removed,
        why: orphan.why.clone(),
        allow: orphan.key.as_ref().map(allow),
    }
}

fn note(note: &Note) -> shape::Note {
    match note {
        Note::Repository { from, to, stacks } => {
            shape::Note::Repository { from: from.to_string(), to: to.to_string(), stacks: *stacks }
        }
        Note::Unreached(Unreached { project, newest }) => shape::Note::Unreached {
            project: project.to_string(),
            newest: newest.to_string(),
            new: format!("landfall release new {project}"),
            refresh: format!("landfall release refresh {project} {newest}"),
        },
        Note::Refreshed { project, release, slots } => shape::Note::Refreshed {
            project: project.to_string(),
            release: release.to_string(),
            slots: slots.iter().map(ids).collect(),
        },
        Note::Ungated { project, phase, opens } => shape::Note::Ungated {
            project: project.to_string(),
            phase: phase.to_string(),
            opens: opens.iter().map(ToString::to_string).collect(),
        },
        Note::Opens { at, gate, slot } => {
            shape::Note::Opens { at: location(at), gate: gate.as_str().to_owned(), slot: ids(slot) }
        }
        Note::OpensNothing(StaleAllowance { at, gate, why }) => {
            shape::Note::OpensNothing { at: location(at), gate: gate.as_str().to_owned(), why: why.clone() }
        }
        Note::Blocked { project, release, reason } => shape::Note::Blocked {
            project: project.to_string(),
            release: release.to_string(),
            reason: reason.to_string(),
        },
    }
}

fn broken(broken: &Broken) -> shape::Broken {
    let (kind, names): (&str, Vec<String>) = match &broken.subject {
        Subject::Repository => ("repository", Vec::new()),
        Subject::Environment(name) => ("environment", vec![name.to_string()]),
        Subject::Target(name) => ("target", vec![name.to_string()]),
        Subject::Tenant(name) => ("tenant", vec![name.to_string()]),
        Subject::Freeze(name) => ("freeze", vec![name.to_string()]),
        Subject::Lifecycle(name) => ("lifecycle", vec![name.to_string()]),
        Subject::Project(name) => ("project", vec![name.to_string()]),
        Subject::What(project) => ("process", vec![project.to_string()]),
        Subject::Release(project, release) => ("release", vec![project.to_string(), release.to_string()]),
        Subject::Releases(project) => ("release", vec![project.to_string()]),
        Subject::Deploy(project, environment) => ("deploy", vec![project.to_string(), environment.to_string()]),
        Subject::Unnamed(Unnamed::Environment) => ("environment", Vec::new()),
        Subject::Unnamed(Unnamed::Target) => ("target", Vec::new()),
        Subject::Unnamed(Unnamed::Tenant) => ("tenant", Vec::new()),
        Subject::Unnamed(Unnamed::Project) => ("project", Vec::new()),
    };
    shape::Broken {
        kind: kind.to_owned(),
        names,
        code: broken.code.to_owned(),
        title: broken.title.clone(),
        at: location(&broken.at),
    }
}

fn ids(slot: &Slot) -> shape::Slot {
    shape::Slot {
        project: slot.project.to_string(),
        environment: slot.environment.to_string(),
        tenant: slot.tenant.as_ref().map(ToString::to_string),
    }
}

fn place(place: &Place) -> shape::Place {
    shape::Place { account: place.account.to_string(), region: place.region.to_string() }
}

fn location(at: &Location) -> shape::Location {
    shape::Location { file: at.file.to_string(), line: at.line, column: at.column }
}
