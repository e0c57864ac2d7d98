//! References to outputs of stacks: they are only allowed in texts of steps and their templates, and what they name must
//! exist.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::super::codes::{self, Code};
use super::super::finding::{File, Finding, MAX_PER_FILE};
use super::super::schema::At;
use super::super::schema::process::StepEntry;
use super::super::schema::values::ValueEntry;
use super::super::what::WhatDrafts;
use super::super::world::World;
use super::ecs::for_each_text_of;
use crate::model::process::{OutputRef, Piece, Text};
use crate::model::{Location, ProjectName, What};
use crate::template;

/// The references in a text, each with its name.
fn references(text: &str) -> Vec<String> {
    let at = Location { file: "".into(), line: 1, column: 1 };
    let Ok(text) = Text::parse(text, at) else { return Vec::new() };
    text.placeholders().filter(|name| OutputRef::parse(name).is_some()).map(str::to_owned).collect()
}

/// The place of a placeholder if its text is written without escapes; otherwise the place of the text.
pub(super) fn placeholder(file: &File, text: Range<usize>, name: &str) -> Range<usize> {
    let written = file.text.get(text.clone()).and_then(|source| source.find(&format!("#{{{name}}}")));
    written.map_or(text.clone(), |at| text.start + at..text.start + at + name.len() + 3)
}

/// No variable's value, and no repository of an image, is an output.
pub(super) fn stand_in_steps(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let files = drafts.variables.iter().chain(drafts.sets.iter().map(|(_, draft)| draft));
    for draft in files {
        let values = draft.doc.variable.iter().map(|variable| &variable.value);
        let defaults = draft.doc.tenant_variable.iter().filter_map(|variable| variable.default.as_ref());
        for value in values.chain(defaults) {
            // Of as many as a file can have only the first are shown, see `assemble`.
            let all = value.texts().iter().flat_map(|text| references(text));
            for name in all.take((2 * MAX_PER_FILE).saturating_sub(findings.len())) {
                findings.push(in_value(&draft.file, value.span(), &name));
            }
        }
    }
    let Some(process) = &drafts.process else { return };
    for image in process.doc.images.values() {
        for name in references(&image.repository) {
            let span = placeholder(&process.file, image.repository.span(), &name);
            let title = "an image's repository cannot use the output of a stack";
            let finding = Finding::new(codes::OUTPUT_REFERENCE, &process.file, span, title);
            findings.push(finding.label("must be known before anything is deployed"));
        }
    }
    for entry in process.doc.step.iter().filter_map(|step| step.stack()) {
        for value in entry.parameters.values().filter(|value| !stands_alone(value)) {
            for name in value.texts().iter().flat_map(|text| references(text)) {
                let span = placeholder(&process.file, value.span(), &name);
                let title = "the value of a template's parameter mixes an output with other text";
                let finding = Finding::new(codes::OUTPUT_REFERENCE, &process.file, span, title);
                findings.push(
                    finding
                        .label("the output must be the whole value")
                        .help("pass only the output, and add the other text with `Fn::Sub` in the template"),
                );
            }
        }
    }
}

/// Whether a value is one placeholder and nothing else.
fn stands_alone(value: &At<ValueEntry>) -> bool {
    let ValueEntry::One(text, _) = &**value else { return false };
    let at = Location { file: "".into(), line: 1, column: 1 };
    Text::parse(text, at).is_ok_and(|text| matches!(text.pieces(), [Piece::Placeholder(_)]))
}

/// No value in a tenant's file is an output.
pub(super) fn tenants_have_none(world: &World, findings: &mut Vec<Finding>) {
    for draft in world.drafts.tenants.read.values() {
        for entry in &draft.doc.variable {
            for name in entry.value.texts().iter().flat_map(|text| references(text)) {
                findings.push(in_value(&draft.file, entry.value.span(), &name));
            }
        }
    }
}

fn in_value(file: &File, text: Range<usize>, name: &str) -> Finding {
    let title = "a variable's value cannot use the output of a stack";
    Finding::new(codes::OUTPUT_REFERENCE, file, placeholder(file, text, name), title)
        .label("unknown until the stack exists")
        .help("write the reference directly into the step")
}

/// Every reference of a step with its place: in its texts, in the values that it gives to parameters, in its template.
fn each_reference<'a>(
    drafts: &'a WhatDrafts,
    step: &'a StepEntry,
    mut each: impl FnMut(&'a File, Range<usize>, String),
) {
    let Some(process) = &drafts.process else { return };
    let mut found = |file: &'a File, bytes: Range<usize>, text: &str| {
        for name in references(text) {
            each(file, placeholder(file, bytes.clone(), &name), name);
        }
    };
    for_each_text_of(step, |text| found(&process.file, text.span(), text));
    let Some(stack) = step.stack() else { return };
    for value in stack.parameters.values() {
        value.texts().iter().for_each(|text| found(&process.file, value.span(), text));
    }
    if let Some(template) = drafts.template(&stack.template) {
        template.texts.iter().for_each(|(bytes, text)| found(&template.file, bytes.clone(), text.raw()));
    }
}

/// A reference in a step of a project's head.
struct Used<'a> {
    world: &'a World,
    project: &'a ProjectName,
    file: &'a File,
    /// The project's own process, if it has no error.
    own: Option<&'a What>,
    name: String,
    span: Range<usize>,
}

/// Everything that the references in the newest steps name exists, as far as that can be known.
pub(super) fn are_there(world: &World, findings: &mut Vec<Finding>) {
    for (project, built) in &world.projects {
        let Some(process) = &built.head.drafts.process else { continue };
        // Steps may share a template.
        let mut told: BTreeSet<(&str, usize)> = BTreeSet::new();
        for step in &process.doc.step {
            each_reference(&built.head.drafts, step, |file, span, name| {
                if told.insert((&file.path, span.start)) {
                    let own = built.head.what.as_deref();
                    findings.extend(Used { world, project, file, own, name, span }.finding());
                }
            });
        }
    }
}

impl<'a> Used<'a> {
    fn found(&self, code: &Code, title: String) -> Finding {
        Finding::new(code, self.file, self.span.clone(), title)
    }

    fn finding(&self) -> Option<Finding> {
        let reference = match OutputRef::parse(&self.name)? {
            Ok(reference) => reference,
            Err(no) => return Some(self.found(codes::OUTPUT_REFERENCE, no.to_string()).label("not a reference")),
        };
        let targets = &self.world.drafts.targets;
        if let Some(target) = reference.target.as_ref().filter(|target| !targets.has(target.as_str())) {
            let title = "a reference to an output names a target that does not exist".to_owned();
            let finding = self.found(codes::UNKNOWN_TARGET, title).label(format!("no file targets/{target}.toml"));
            return Some(finding.suggest(target.as_str(), targets.names()));
        }
        let what = match &reference.project {
            None => self.own?,
            Some(name) if name == self.project => {
                let own = OutputRef { project: None, ..reference };
                let title = "a reference to an output names its own project".to_owned();
                let finding = self.found(codes::OUTPUT_REFERENCE, title).label("this project");
                return Some(finding.help(format!("write `#{{{own}}}`")));
            }
            Some(name) if !self.world.drafts.has_project(name.as_str()) => {
                let title = "a reference to an output names a project that does not exist".to_owned();
                let known = self.world.drafts.project_names().filter(|known| *known != self.project);
                let finding = self.found(codes::UNKNOWN_PROJECT, title).label(format!("no folder projects/{name}"));
                return Some(finding.suggest(name.as_str(), known.map(|known| known.as_str())));
            }
            Some(name) => self.world.projects.get(name)?.head.what.as_deref()?,
        };
        self.in_what(&reference, what)
    }

    fn in_what(&self, reference: &OutputRef, what: &What) -> Option<Finding> {
        let name = &reference.step;
        let steps = || what.steps.iter().filter(|step| step.name == *name);
        let Some(step) = steps().next() else {
            let title = "a reference to an output names a step that does not exist".to_owned();
            let finding = self.found(codes::UNKNOWN_STEP, title).label(format!("no step is named `{name}`"));
            return Some(finding.suggest(name.as_str(), what.steps.iter().map(|step| step.name.as_str())));
        };
        let has = |known: &[String]| known.iter().any(|name| **name == *reference.output);
        // Of steps with one name, each slot has one: what it lacks is reported there.
        if steps().any(|step| template::outputs(step, what).is_none_or(|known| has(&known))) {
            return None;
        }
        let known = template::outputs(step, what)?;
        let title = format!("step `{name}` has no output `{}`", reference.output);
        let label =
            if known.is_empty() { "the step's stacks have no outputs" } else { "not an output of the step's stacks" };
        let known = known.iter().map(String::as_str);
        Some(self.found(codes::UNKNOWN_OUTPUT, title).label(label).suggest(&reference.output, known))
    }
}

/// Projects do not use outputs of each other in a circle: every one of them would wait for another one's stacks.
pub(super) fn projects_can_begin(world: &World, findings: &mut Vec<Finding>) {
    let mut uses: BTreeMap<&ProjectName, BTreeSet<&ProjectName>> = BTreeMap::new();
    for (name, project) in &world.projects {
        let steps = project.head.what.iter().flat_map(|what| &what.steps);
        let others = steps.flat_map(|step| &step.uses).filter_map(|output| output.project.as_ref());
        uses.entry(name).or_default().extend(others.filter(|other| *other != name));
    }
    let mut told: BTreeSet<&ProjectName> = BTreeSet::new();
    for name in world.projects.keys() {
        let Some(circle) = circle(name, &uses).filter(|_| !told.contains(name)) else { continue };
        told.extend(&circle);
        findings.extend(in_circle(world, &circle));
    }
}

/// The shortest way from a project back to itself.
fn circle<'a>(
    from: &'a ProjectName,
    uses: &BTreeMap<&'a ProjectName, BTreeSet<&'a ProjectName>>,
) -> Option<Vec<&'a ProjectName>> {
    let mut ways: Vec<Vec<&ProjectName>> = vec![vec![from]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            for next in way.last().and_then(|last| uses.get(last)).into_iter().flatten() {
                let mut further = way.clone();
                further.push(next);
                if *next == from {
                    return Some(further);
                }
                if seen.insert(*next) {
                    longer.push(further);
                }
            }
        }
        ways = longer;
    }
    None
}

fn in_circle(world: &World, circle: &[&ProjectName]) -> Option<Finding> {
    let (first, next) = (circle.first()?, circle.get(1)?);
    let drafts = &world.projects.get(*first)?.head.drafts;
    let (file, span) = drafts.process.as_ref()?.doc.step.iter().find_map(|step| used(drafts, step, next))?;
    let names: Vec<&str> = circle.iter().map(|name| name.as_str()).collect();
    let title = format!("projects wait for each other's outputs: {}", names.join(" → "));
    let finding = Finding::new(codes::PROJECT_CIRCLE, file, span, title)
        .label("none of them could start")
        .help("move what they all need into a separate project");
    Some(finding)
}

/// Where a step uses an output of a project.
fn used<'a>(drafts: &'a WhatDrafts, step: &'a StepEntry, project: &ProjectName) -> Option<(&'a File, Range<usize>)> {
    let mut found = None;
    each_reference(drafts, step, |file, span, name| {
        let of = OutputRef::parse(&name).and_then(Result::ok).and_then(|reference| reference.project);
        if found.is_none() && of.as_ref() == Some(project) {
            found = Some((file, span));
        }
    });
    found
}
