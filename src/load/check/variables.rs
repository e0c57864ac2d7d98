//! Variables: values with equal scopes, and placeholders that name no variable.

use std::collections::{BTreeMap, BTreeSet};

use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::{Finding, MAX_PER_FILE};
use super::super::schema::VariablesFile;
use super::super::schema::variables::ScopeEntry;
use super::super::what::WhatDrafts;
use crate::model::Location;
use crate::model::process::Text;

/// Scopes as sets, so that the order in which names are written does not matter.
fn scope_key(scope: &ScopeEntry) -> Vec<BTreeSet<&str>> {
    let ScopeEntry { step, target, role, tenant, tenant_tag, environment, channel } = scope;
    let kinds = [step, target, role, tenant, tenant_tag, environment, channel];
    kinds.into_iter().map(|kind| kind.iter().flat_map(|names| names.0.iter().map(String::as_str)).collect()).collect()
}

pub(super) fn differ(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    // A project beats its sets, so only values of the same rank collide.
    let own: Vec<&Draft<VariablesFile>> = drafts.variables.iter().collect();
    let sets: Vec<&Draft<VariablesFile>> = drafts.sets.iter().map(|(_, draft)| draft).collect();
    for rank in [own, sets] {
        let mut seen = BTreeMap::new();
        for draft in rank {
            for variable in &draft.doc.variable {
                let key = (variable.name.as_str(), scope_key(&variable.scope));
                let Some((file, span)) = seen.insert(key, (&draft.file, variable.name.span())) else { continue };
                let title = format!("`{}` has two values with the same scope", *variable.name);
                let finding = Finding::new(codes::DUPLICATE_VARIABLE, &draft.file, variable.name.span(), title)
                    .label("again here")
                    .help("remove one of them, or change its scope")
                    .related(file, span, "first here");
                findings.push(finding);
            }
        }
    }
}

pub(super) fn placeholders_exist(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    if !drafts.variables_complete {
        return;
    }
    let files = drafts.variables.iter().chain(drafts.sets.iter().map(|(_, draft)| draft));
    let mut known: BTreeSet<&str> = BTreeSet::new();
    for draft in files.clone() {
        known.extend(draft.doc.variable.iter().map(|variable| variable.name.as_str()));
        known.extend(draft.doc.tenant_variable.iter().map(|variable| variable.name.as_str()));
    }
    let mut each = |file: &super::super::finding::File, span: std::ops::Range<usize>, text: &str| {
        let at = Location { file: file.path.clone(), line: 1, column: 1 };
        let Ok(parsed) = Text::parse(text, at) else { return };
        for name in parsed.placeholders().filter(|name| !name.contains('.') && !known.contains(name)) {
            // Each looks for the nearest name, which costs as much as there are names.
            if findings.len() > 2 * MAX_PER_FILE {
                return;
            }
            let span = super::outputs::placeholder(file, span.clone(), name);
            let title = format!("variable `{name}` has no value");
            let finding = Finding::new(codes::UNKNOWN_VARIABLE, file, span, title)
                .label("not in `variables.toml`, and not in an included set")
                .suggest(name, known.iter().copied());
            findings.push(finding);
        }
    };
    for draft in files.clone() {
        for variable in &draft.doc.variable {
            variable.value.texts().iter().for_each(|text| each(&draft.file, variable.value.span(), text));
        }
        for default in draft.doc.tenant_variable.iter().filter_map(|variable| variable.default.as_ref()) {
            default.texts().iter().for_each(|text| each(&draft.file, default.span(), text));
        }
    }
    if let Some(process) = &drafts.process {
        super::ecs::for_each_text(&process.doc, |text| each(&process.file, text.span(), text));
        for value in process.doc.step.iter().filter_map(|step| step.stack()).flat_map(|entry| entry.parameters.values())
        {
            value.texts().iter().for_each(|text| each(&process.file, value.span(), text));
        }
    }
    for draft in drafts.templates.values() {
        draft.texts.iter().for_each(|(bytes, text)| each(&draft.file, bytes.clone(), text.raw()));
    }
}
