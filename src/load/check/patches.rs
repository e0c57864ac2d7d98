//! Patches, applied to what their steps render.

use std::ops::Range;

use super::super::codes::{self, Code};
use super::super::finding::{File, Finding};
use super::super::schema::At;
use super::super::schema::process::{PatchEntry, PatchValueEntry, StepEntry};
use super::super::what::WhatDrafts;
use crate::model::{Location, What};
use crate::template::{self, PatchFault, PatchProblem};

/// What is wrong with the patches of a process that is otherwise in order.
pub(crate) fn fit(drafts: &WhatDrafts, what: &What, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for step in &what.steps {
        for problem in template::check_patches(step, what) {
            let span = span(&process.file, &process.doc.step, &problem);
            let (code, label) = code(problem.fault);
            let finding = Finding::new(code, &process.file, span, problem.title).label(label).since(problem.edition);
            findings.push(match problem.help {
                Some(help) => finding.help(help),
                None => finding,
            });
        }
    }
}

fn code(fault: PatchFault) -> (&'static Code, &'static str) {
    match fault {
        PatchFault::Resource => (codes::UNKNOWN_RESOURCE, "not a resource here"),
        PatchFault::Path => (codes::PATCH_PATH, "leads nowhere"),
        PatchFault::Twice => (codes::PATCH, "there already"),
        PatchFault::Proof => (codes::PATCH_OF_PROOF, "must stay as it is"),
        PatchFault::Property => (codes::RESOURCE_PROPERTY, "does not match the schema"),
        PatchFault::Rule => (codes::RESOURCE_RULE, "AWS would refuse this"),
        PatchFault::Template => (codes::TEMPLATE, "CloudFormation would reject this"),
        PatchFault::Placeholder => (codes::TEMPLATE_PLACEHOLDER, "must be literal"),
    }
}

/// The bytes of the part of a patch that a problem is about.
fn span(file: &File, steps: &[At<StepEntry>], problem: &PatchProblem) -> Range<usize> {
    let patches = steps.iter().flat_map(|step| step.patches());
    let here = |span: &Range<usize>| is_at(file, span, &problem.at);
    let found = patches.flat_map(|patch| parts(patch)).find(|(span, _)| here(span));
    match found {
        Some((key, Some(value))) => inside(value, &problem.inside).unwrap_or(key),
        Some((key, None)) => key,
        None => 0..0,
    }
}

fn is_at(file: &File, span: &Range<usize>, at: &Location) -> bool {
    file.at(span.start) == *at
}

/// What of a patch can be meant: keys, paths and ids with their values.
fn parts(patch: &PatchEntry) -> impl Iterator<Item = (Range<usize>, Option<&At<PatchValueEntry>>)> {
    let plain = std::iter::once(&patch.resource).chain(&patch.kind).chain(&patch.remove).chain(&patch.depends_on);
    let lists = patch.append.iter().map(|(key, _)| key);
    let values = patch.set.iter().chain(patch.set_unchecked.iter()).chain(patch.outputs.iter());
    plain.chain(lists).map(|one| (one.span(), None)).chain(values.map(|(key, value)| (key.span(), Some(value))))
}

/// The bytes of a part of a value: of its key if it has one. None for the whole value.
fn inside(value: &At<PatchValueEntry>, pointer: &str) -> Option<Range<usize>> {
    let (mut value, mut bytes) = (value, None);
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        let (span, next) = match &**value {
            PatchValueEntry::Map(pairs) => {
                pairs.iter().find(|(key, _)| **key == step).map(|(key, of)| (key.span(), of))?
            }
            PatchValueEntry::List(items) => items.get(step.parse::<usize>().ok()?).map(|item| (item.span(), item))?,
            _ => return bytes,
        };
        (value, bytes) = (next, Some(span));
    }
    bytes
}
