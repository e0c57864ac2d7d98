//! `[[accept]]` of every file that may have it: whether an entry names something that can be accepted, and where.
//!
//! A wrong entry is an error that holds nothing: without it the finding counts, which is what a wrong acceptance must lead to.
//! Deliberately absent: what an acceptance is applied to (`load/accepted.rs`), and the time.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use crate::load::codes;
use crate::load::drafts::{Draft, Drafts};
use crate::load::finding::{File, Finding, list, nearest};
use crate::load::schema::At;
use crate::load::schema::accept::AcceptEntry;
use crate::model::Accept;
use crate::model::accept::{Accepted, Home};
use crate::model::catalog::Gate;
use crate::model::risk::{self, RISKS};
use crate::problem::Level;

/// A file accepts at most so many findings: a file with more hides its warnings instead of giving reasons.
const MOST: usize = 100;

/// An acceptance, and where in which file.
pub(crate) struct Written {
    pub(crate) accept: Arc<Accept>,
    pub(crate) file: Arc<File>,
    pub(crate) span: Range<usize>,
}

/// Reads the acceptances of every file.
pub(crate) fn all(drafts: &Drafts, findings: &mut Vec<Finding>) -> Vec<Written> {
    let mut reader = Reader { found: Vec::new(), findings };
    if let Some(root) = &drafts.root {
        reader.read(root, &root.doc.accept, &Home::Repository);
    }
    drafts.environments.read.values().for_each(|draft| reader.read(draft, &draft.doc.accept, &Home::File));
    drafts.tenants.read.values().for_each(|draft| reader.read(draft, &draft.doc.accept, &Home::File));
    drafts.freezes.read.values().for_each(|draft| reader.read(draft, &draft.doc.accept, &Home::File));
    for (name, files) in &drafts.projects {
        if let Some(draft) = &files.project {
            reader.read(draft, &draft.doc.accept, &Home::Project(name.clone()));
        }
        for (environment, draft) in &files.deploys.read {
            reader.read(draft, &draft.doc.accept, &Home::Deploy(name.clone(), environment.clone()));
        }
    }
    reader.found
}

struct Reader<'a> {
    found: Vec<Written>,
    findings: &'a mut Vec<Finding>,
}

impl Reader<'_> {
    fn read<T>(&mut self, draft: &Draft<T>, entries: &[At<AcceptEntry>], home: &Home) {
        let mut seen: BTreeSet<(Accepted, &str)> = BTreeSet::new();
        if let Some(entry) = entries.get(MOST) {
            let title = format!("a file accepts at most {MOST} findings, and this one has {}", entries.len());
            let help = "fix findings, or accept several at once with a shorter `where`".to_owned();
            self.wrong(&draft.file, entry.what.span(), title, Some(help));
        }
        for entry in entries.iter().take(MOST) {
            let what = self.what(&draft.file, entry, home);
            let blank =
                [("where", &entry.place, "name what the finding is about"), ("reason", &entry.reason, "say why")];
            let blank = blank.into_iter().find(|(_, value, _)| value.trim().is_empty());
            if let Some((key, value, help)) = blank {
                self.wrong(&draft.file, value.span(), format!("`{key}` must not be empty: {help}"), None);
            }
            let (Some(what), None) = (what, blank) else { continue };
            if !seen.insert((what, entry.place.as_str())) {
                let title = format!("this file already accepts `{}` at `{}`", what.as_str(), *entry.place);
                let help = "delete one of the two".to_owned();
                self.wrong(&draft.file, entry.place.span(), title, Some(help));
                continue;
            }
            self.found.push(Written {
                accept: Arc::new(Accept {
                    what,
                    place: Arc::from(entry.place.as_str()),
                    reason: Arc::from(entry.reason.as_str()),
                    until: entry.until.as_ref().map(|date| date.0),
                    home: home.clone(),
                    at: draft.file.at(entry.span().start),
                }),
                file: draft.file.clone(),
                span: entry.span(),
            });
        }
    }

    /// What it accepts; none, with a finding, if that cannot be accepted here.
    fn what(&mut self, file: &Arc<File>, entry: &AcceptEntry, home: &Home) -> Option<Accepted> {
        let (name, span) = (entry.what.0.as_str(), entry.what.span());
        if let Some(code) = codes::acceptable().find(|code| code.code == name) {
            return Some(Accepted::Warning(code.code));
        }
        let of_project = matches!(home, Home::Project(_) | Home::Deploy(..));
        let (title, help) = match risk::find(name) {
            Some(kind) if kind.lasts && of_project => return Some(Accepted::Risk(kind.id)),
            Some(kind) if kind.lasts => (
                format!("`{name}` is a risk of a project's stacks, and this file is not in a project"),
                "move the lines to `project.toml`, or to a file in `deploy/` for one environment".to_owned(),
            ),
            Some(_) => {
                (format!("`{name}` is a risk of a single change, and cannot be accepted in advance"), of_change(name))
            }
            None => refusal(name, of_project),
        };
        self.wrong(file, span, title, Some(help));
        None
    }

    fn wrong(&mut self, file: &File, span: Range<usize>, title: String, help: Option<String>) {
        let finding = Finding::new(codes::ACCEPT, file, span, title).label("does not count");
        let finding = help.into_iter().fold(finding, Finding::help);
        self.findings.push(finding.holds_nothing());
    }
}

/// What to do about a risk of a single change.
fn of_change(name: &str) -> String {
    match name {
        "stateful-replacement" | "stateful-removal" | "stack-deleted" => {
            "an `[[allow]]` in a deploy file opens its gate: the review prints the lines".to_owned()
        }
        _ => "the reviewer decides about each change that has it".to_owned(),
    }
}

/// Why a name that is neither a risk nor a warning that can be accepted is refused, and what to do.
fn refusal(name: &str, of_project: bool) -> (String, String) {
    if Gate::ALL.iter().any(|gate| gate.as_str() == name) {
        let help = "write `[[allow]]` in a deploy file: the gate prints the lines that open it";
        return (format!("`{name}` is a gate, and `[[accept]]` opens none"), help.to_owned());
    }
    match codes::find(name).map(|code| code.level) {
        Some(Level::Error) => {
            (format!("`{name}` is an error, and errors cannot be accepted"), "fix what it reports".to_owned())
        }
        Some(Level::Warning | Level::Note) => (
            format!("`{name}` is about a clone or about an `[[accept]]`, and cannot be accepted"),
            "fix what it reports".to_owned(),
        ),
        None => {
            let risks = RISKS.iter().filter(|kind| kind.lasts && of_project).map(|kind| kind.id);
            let known: Vec<&str> = codes::acceptable().map(|code| code.code).chain(risks).collect();
            let meant = nearest(name, known.iter().copied()).map(|near| format!("did you mean `{near}`? "));
            let help = format!("{}available: {}", meant.unwrap_or_default(), list(&known));
            (format!("`{name}` is neither a warning nor a risk"), help)
        }
    }
}
