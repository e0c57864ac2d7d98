//! The order of steps: it must be possible.

use std::collections::BTreeSet;

use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::{ProcessFile, StepEntry};
use super::super::what::WhatDrafts;
use crate::load::build::process::uses;
use crate::model::StepName;
use crate::model::process::{Circle, Follows, Waiting, sequence};

pub(super) fn steps_can_run(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (above, step) in process.doc.step.iter().enumerate() {
        named(process, step, findings);
        contradictions(process, step, above, findings);
    }
    let steps: Vec<Ordered<'_>> = process.doc.step.iter().filter_map(|step| order(step, drafts)).collect();
    let waiting: Vec<Waiting<'_>> = steps.iter().map(Ordered::waiting).collect();
    if let Err(circle) = sequence(&waiting) {
        findings.push(in_circle(process, &circle));
    }
}

/// The steps that `after` names exist.
fn named(process: &Draft<ProcessFile>, step: &At<StepEntry>, findings: &mut Vec<Finding>) {
    let known = || process.doc.step.iter().map(|step| step.name.as_str());
    for written in step.after.iter().flat_map(|after| after.iter()) {
        if known().any(|name| name == written.as_str()) || written.parse::<StepName>().is_err() {
            continue;
        }
        let title = format!("`after` of step `{}` names a step that does not exist", *step.name);
        let finding = Finding::new(codes::UNKNOWN_STEP, &process.file, written.span(), title)
            .label(format!("no step is named `{}`", **written))
            .suggest(written, known().filter(|name| *name != step.name.as_str()));
        findings.push(finding);
    }
}

fn contradictions(process: &Draft<ProcessFile>, step: &At<StepEntry>, above: usize, findings: &mut Vec<Finding>) {
    let Some(parallel) = step.parallel.as_ref().filter(|parallel| ***parallel) else { return };
    let mut out = |title: String, label: &str, help: &str| {
        let finding = Finding::new(codes::STEP_ORDER, &process.file, parallel.span(), title);
        findings.push(finding.label(label).help(help));
    };
    if step.after.is_some() {
        let title = format!("step `{}` has both `after` and `parallel`", *step.name);
        out(title, "a step can have only one of them", "keep one of the two");
    } else if above == 0 {
        let title = format!("step `{}` has `parallel` but no step above it", *step.name);
        out(title, "no step above it", "move `parallel = true` to the second of the two steps");
    }
}

/// A step as far as its order goes.
struct Ordered<'a> {
    step: &'a StepEntry,
    name: StepName,
    follows: Follows,
    uses: BTreeSet<StepName>,
}

impl Ordered<'_> {
    fn waiting(&self) -> Waiting<'_> {
        let only =
            [&self.step.environments, &self.step.channels].map(|names| names.iter().map(|it| it.as_str()).collect());
        Waiting { name: &self.name, follows: &self.follows, uses: self.uses.iter().collect(), only }
    }
}

/// The order settings of a step; none if its name is invalid.
fn order<'a>(step: &'a StepEntry, drafts: &WhatDrafts) -> Option<Ordered<'a>> {
    let beside = step.parallel.as_deref().copied().unwrap_or_default();
    let follows = match &step.after {
        Some(names) => Follows::These(names.iter().filter_map(|name| name.parse().ok()).collect()),
        None if beside => Follows::Beside,
        None => Follows::All,
    };
    let uses =
        uses(step, drafts).into_iter().filter(|output| output.project.is_none()).map(|output| output.step).collect();
    Some(Ordered { step, name: step.name.parse().ok()?, follows, uses })
}

fn in_circle(process: &Draft<ProcessFile>, circle: &Circle) -> Finding {
    let first = circle.0.first().map_or("", StepName::as_str);
    let next = circle.0.get(1).map_or("", StepName::as_str);
    let step = process.doc.step.iter().find(|step| step.name.as_str() == first);
    let written =
        step.and_then(|step| step.after.iter().flat_map(|after| after.iter()).find(|name| name.as_str() == next));
    let span = written.map(At::span).or_else(|| step.map(|step| step.name.span())).unwrap_or(0..0);
    let title = match first == next {
        true => format!("step `{first}` waits for itself"),
        false => format!("steps wait for each other: {circle}"),
    };
    Finding::new(codes::STEP_CIRCLE, &process.file, span, title).label("none of them could start")
}
