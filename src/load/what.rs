//! What a project deploys in one tree: its process, the templates that it names, its variables and the variable sets that
//! it includes.
//!
//! Keyed by the ids of its files, so a thousand releases with the same *what* share one.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::build;
use super::build::raw::is_path;
use super::cache::Cache;
use super::check;
use super::codes;
use super::drafts::{Draft, Reader};
use super::finding::Finding;
use super::schema::{Kind, ProcessFile, ProjectFile, VariablesFile};
use super::template::TemplateDraft;
use crate::model::catalog::Subject;
use crate::model::{Hash, Id, ProjectName, What};
use crate::problem::{Level, Problem};
use crate::tree::{BlobId, FileTree, Node, TreeError};

/// The ids of the files that say what, by path.
pub(crate) type WhatKey = (ProjectName, Vec<(Arc<str>, BlobId)>);

/// The files that say what.
#[derive(Debug)]
pub(crate) struct WhatDrafts {
    pub(crate) name: ProjectName,
    pub(crate) project: Option<Draft<ProjectFile>>,
    pub(crate) process: Option<Draft<ProcessFile>>,
    pub(crate) variables: Option<Draft<VariablesFile>>,
    /// Sets in the order in which the project includes them.
    pub(crate) sets: Vec<(Id, Draft<VariablesFile>)>,
    /// The templates that its steps name and that could be read, by their path in `templates/`.
    pub(crate) templates: BTreeMap<Arc<str>, Arc<TemplateDraft>>,
    /// Every file that may give a variable a value could be read.
    pub(crate) variables_complete: bool,
}

impl WhatDrafts {
    /// The template of this path.
    pub(crate) fn template(&self, path: &str) -> Option<&TemplateDraft> {
        self.templates.get(path).map(AsRef::as_ref)
    }
}

/// What was made of them.
#[derive(Debug)]
pub(crate) struct WhatOutcome {
    /// None if the files have an error, other than of new rules and what can be accepted.
    pub(crate) what: Option<Arc<What>>,
    /// Everything that is wrong with them.
    pub(crate) findings: Vec<Finding>,
    /// The files, for checks that need more than them.
    pub(crate) drafts: WhatDrafts,
}

impl WhatOutcome {
    /// The first error in one sentence, with its place.
    pub(crate) fn first_error(&self) -> Option<String> {
        self.findings.iter().find(|finding| is_error(finding)).map(sentence)
    }

    /// The first error of a rule of the editions from 1 to this one.
    pub(crate) fn breaks(&self, edition: u16) -> Option<String> {
        let breaks = |finding: &&Finding| is_error(finding) && (1..=edition).contains(&finding.since);
        self.findings.iter().find(breaks).map(sentence)
    }

    /// The first error that an acceptance could make a warning and none does.
    pub(crate) fn unaccepted(&self, accepts: impl Fn(&Problem) -> bool) -> Option<String> {
        let counts = |finding: &&Finding| is_error(finding) && finding.acceptable && !accepts(&finding.problem);
        self.findings.iter().find(counts).map(sentence)
    }

    /// The first error of a rule that is newer than the first edition.
    pub(crate) fn newer(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| is_error(finding) && finding.since > 0)
    }
}

/// Reads a project's *what* from a tree. `known` is kept between loads.
pub(crate) fn what_in(
    tree: &FileTree,
    name: &ProjectName,
    reader: &mut Reader<'_>,
    known: &mut Cache<WhatKey, Arc<WhatOutcome>>,
) -> Result<Arc<WhatOutcome>, TreeError> {
    let mut key: Vec<(Arc<str>, BlobId)> = Vec::new();
    let mut findings = Vec::new();
    let mut find = |path: Arc<str>| {
        let blob = match tree.get(&path) {
            Some(Node::File(blob)) => Some(blob.clone()),
            _ => None,
        };
        key.extend(blob.clone().map(|blob| (path.clone(), blob)));
        blob.map(|blob| (path, blob))
    };
    let folder = format!("projects/{name}");
    let project = find(Arc::from(format!("{folder}/project.toml")));
    let process = find(Arc::from(format!("{folder}/process.toml")));
    let variables = find(Arc::from(format!("{folder}/variables.toml")));
    let project = match project {
        Some((path, blob)) => reader.draft::<ProjectFile>(&path, Kind::Project, &blob, &mut findings)?,
        None => None,
    };
    let included: Vec<_> = project.iter().flat_map(|draft| draft.doc.variables.iter()).collect();
    let mut sets = Vec::new();
    for include in included {
        let found = Id::new(include)
            .ok()
            .and_then(|set| Some((set, find(Arc::from(format!("variables/{}.toml", **include)))?)));
        sets.push((include, found));
    }
    let process = match process {
        Some((path, blob)) => reader.draft::<ProcessFile>(&path, Kind::Process, &blob, &mut findings)?,
        None => None,
    };
    let mut templates = BTreeMap::new();
    let mut missing = Vec::new();
    for entry in process.iter().flat_map(|draft| &draft.doc.step).filter_map(|step| step.stack()) {
        let path = entry.template.as_str();
        match is_path(path).then(|| find(Arc::from(format!("{folder}/templates/{path}")))).flatten() {
            Some(found) => drop(templates.insert(path.to_owned(), found)),
            None if is_path(path) => missing.push(&entry.template),
            None => {}
        }
    }
    let others = tree.folder(&format!("{folder}/templates")).filter(|_| !missing.is_empty());
    // What there is instead is suggested.
    key.extend(others.map(|folder| (Arc::from("templates"), BlobId(folder.id.0.clone()))));
    for written in missing {
        let Some(process) = &process else { continue };
        let title = format!("project `{name}` has no template `{}`", **written);
        let finding = Finding::new(codes::MISSING_TEMPLATE, &process.file, written.span(), title)
            .label(format!("no file {folder}/templates/{}", **written))
            .suggest(written, others.into_iter().flat_map(|folder| folder.entries.keys()).map(|name| &**name));
        findings.push(finding);
    }
    let key = (name.clone(), key);
    if let Some(outcome) = known.get(&key) {
        return Ok(outcome);
    }
    let mut drafts = WhatDrafts {
        name: name.clone(),
        project: project.clone(),
        process: process.clone(),
        variables: None,
        sets: Vec::new(),
        templates: BTreeMap::new(),
        variables_complete: project.is_some(),
    };
    for (name, (path, blob)) in templates {
        let parsed = reader.template(&path, &blob)?;
        findings.extend(parsed.findings.iter().cloned());
        drafts.templates.extend(parsed.draft.clone().map(|draft| (Arc::from(name), draft)));
    }
    if let Some((path, blob)) = variables {
        drafts.variables = reader.draft(&path, Kind::Variables, &blob, &mut findings)?;
        drafts.variables_complete &= drafts.variables.is_some();
    }
    for (include, found) in sets {
        match found {
            Some((set, (path, blob))) => {
                if let Some(draft) = reader.draft(&path, Kind::Variables, &blob, &mut findings)? {
                    drafts.sets.push((set, draft));
                } else {
                    drafts.variables_complete = false;
                }
            }
            None => {
                drafts.variables_complete = false;
                let Some(project) = &project else { continue };
                let title = format!("project `{name}` includes a variable set that does not exist");
                let known = tree.folder("variables").map(|folder| folder.entries.keys().cloned().collect::<Vec<_>>());
                let known = known.unwrap_or_default();
                findings.push(
                    Finding::new(codes::UNKNOWN_VARIABLE_SET, &project.file, include.span(), title)
                        .label(format!("no file variables/{}.toml", **include))
                        .suggest(include, known.iter().filter_map(|file| file.strip_suffix(".toml"))),
                );
            }
        }
    }
    reader.counts.whats_built += 1;
    let outcome = Arc::new(outcome(drafts, findings));
    known.put(key, outcome.clone());
    Ok(outcome)
}

fn outcome(drafts: WhatDrafts, mut findings: Vec<Finding>) -> WhatOutcome {
    let inputs = inputs(&drafts);
    let built = build::process::what(&drafts, inputs, &mut findings);
    for check in check::WHAT_CHECKS {
        (check.run)(&drafts, &mut findings);
    }
    // What the steps render is judged, so everything else must be right.
    if let (Some(what), false) = (&built, has_error(&findings)) {
        check::keys::fit(&drafts, what, &mut findings);
        check::patches::fit(&drafts, what, &mut findings);
    }
    let broken = has_error(&findings);
    for finding in &mut findings {
        // An error in a variable set is one of every project that includes it.
        if finding.problem.span.at.file.starts_with("variables/") {
            finding.hides.push(Subject::What(drafts.name.clone()));
        }
    }
    let what = if broken { None } else { built.map(Arc::new) };
    WhatOutcome { what, findings, drafts }
}

fn is_error(finding: &Finding) -> bool {
    finding.problem.level == Level::Error
}

/// An error in one sentence, with its place.
fn sentence(finding: &Finding) -> String {
    format!("{} ({})", finding.problem.title, finding.problem.span.at)
}

/// Whether there is an error that every version of landfall found.
fn has_error(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| is_error(finding) && finding.since == 0 && !finding.acceptable)
}

/// Hash over name and content of each file that says what: what a release's `inputs` holds. A project's own files are
/// named without its folder, so renaming a project changes nothing.
fn inputs(drafts: &WhatDrafts) -> Hash {
    let mut hash = Hash::parts();
    let mut add = |name: &str, content: Hash| hash = hash.clone().part(name).part(content.hex());
    if let Some(draft) = &drafts.process {
        add("process.toml", draft.file.content);
    }
    if let Some(draft) = &drafts.variables {
        add("variables.toml", draft.file.content);
    }
    let mut sets: Vec<_> = drafts.sets.iter().collect();
    sets.sort_by(|a, b| a.0.cmp(&b.0));
    for (set, draft) in sets {
        add(&format!("variables/{set}.toml"), draft.file.content);
    }
    for (path, template) in &drafts.templates {
        add(&format!("templates/{path}"), template.file.content);
    }
    hash.finish()
}
