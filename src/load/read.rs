//! One file: from bytes to a document, with every error in its form.

use std::sync::Arc;

use serde::de::DeserializeOwned;
use toml::de::DeTable;

use super::build::one_line;
use super::codes::{self, Code};
use super::finding::{File, Finding, MAX_PER_FILE, list};
use super::schema::walk::{self, Fault, FaultKind};
use super::schema::{self, Kind};
use crate::tree::MAX_FILE;

/// How deep tables and lists may be nested.
const MAX_DEPTH: usize = 16;
/// The parser goes on after an error, and later ones often only follow from the first.
const MAX_SYNTAX: usize = 3;

/// What a file says.
#[derive(Clone, Debug)]
pub(crate) enum Document {
    Root(Arc<schema::RootFile>),
    Environment(Arc<schema::EnvironmentFile>),
    Target(Arc<schema::TargetFile>),
    Tenant(Arc<schema::TenantFile>),
    Freeze(Arc<schema::FreezeFile>),
    Lifecycle(Arc<schema::LifecycleFile>),
    Variables(Arc<schema::VariablesFile>),
    Project(Arc<schema::ProjectFile>),
    Process(Arc<schema::ProcessFile>),
    Release(Arc<schema::ReleaseFile>),
    Deploy(Arc<schema::DeployFile>),
}

/// A file that was read.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// Its text; none if it is not text.
    pub(crate) file: Option<Arc<File>>,
    /// Its content; none if its form has errors.
    pub(crate) document: Option<Document>,
    /// What is wrong with its form.
    pub(crate) findings: Vec<Finding>,
}

impl Parsed {
    fn failed(file: Option<Arc<File>>, findings: Vec<Finding>) -> Self {
        Self { file, document: None, findings }
    }

    /// A file that the repository could not give because of its size.
    pub(crate) fn too_large(path: &Arc<str>) -> Self {
        let title = format!("`{path}` is larger than {MAX_FILE} bytes, the most that landfall reads");
        Self::failed(None, vec![Finding::whole(codes::FILE_TOO_LARGE, path, title)])
    }
}

/// Reads a file of a kind. Costs its length.
pub(crate) fn parse(path: &Arc<str>, kind: Kind, bytes: &[u8]) -> Parsed {
    if bytes.len() as u64 > MAX_FILE {
        return Parsed::too_large(path);
    }
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let title = format!("`{path}` is not UTF-8 text (first invalid byte: {})", error.valid_up_to());
            return Parsed::failed(None, vec![Finding::whole(codes::NOT_UTF8, path, title)]);
        }
    };
    let file = Arc::new(File::new(path.clone(), text));
    let (table, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        if let Some(finding) = conflict(&file) {
            return Parsed::failed(Some(file), vec![finding]);
        }
        let findings = errors.iter().take(MAX_SYNTAX).map(|error| syntax(&file, error)).collect();
        return Parsed::failed(Some(file), findings);
    }
    if walk::depth(table.get_ref()) > MAX_DEPTH {
        let title = format!("`{path}` nests tables and lists more than {MAX_DEPTH} levels deep");
        let finding = Finding::new(codes::TOO_DEEP, &file, 0..0, title);
        return Parsed::failed(Some(file), vec![finding]);
    }
    let controls = walk::controls(table.get_ref());
    if !controls.is_empty() {
        let findings = controls.into_iter().take(2 * MAX_PER_FILE).map(|(span, found)| control(&file, span, found));
        let findings = findings.collect();
        return Parsed::failed(Some(file), findings);
    }
    let faults = walk::faults(kind.schema(), &table);
    if !faults.is_empty() {
        // This limit leaves out no more than the limit for the whole file, see `assemble`.
        let findings = faults.iter().take(2 * MAX_PER_FILE).map(|fault| of_fault(&file, kind, fault)).collect();
        return Parsed::failed(Some(file), findings);
    }
    let table = if kind == Kind::Process { schema::process::steps::grouped(table) } else { table };
    match document(kind, toml::Deserializer::from(table)) {
        Ok(document) => Parsed { file: Some(file), document: Some(document), findings: Vec::new() },
        Err(error) => {
            let title = one_line(error.message());
            let finding = Finding::new(codes::INVALID_VALUE, &file, error.span().unwrap_or(0..0), title);
            Parsed::failed(Some(file), vec![finding.label("not allowed for this key")])
        }
    }
}

fn document(kind: Kind, from: toml::Deserializer<'_>) -> Result<Document, toml::de::Error> {
    fn read<T: DeserializeOwned>(from: toml::Deserializer<'_>) -> Result<Arc<T>, toml::de::Error> {
        T::deserialize(from).map(Arc::new)
    }
    Ok(match kind {
        Kind::Root => Document::Root(read(from)?),
        Kind::Environment => Document::Environment(read(from)?),
        Kind::Target => Document::Target(read(from)?),
        Kind::Tenant => Document::Tenant(read(from)?),
        Kind::Freeze => Document::Freeze(read(from)?),
        Kind::Lifecycle => Document::Lifecycle(read(from)?),
        Kind::Variables => Document::Variables(read(from)?),
        Kind::Project => Document::Project(read(from)?),
        Kind::Process => Document::Process(read(from)?),
        Kind::Release => Document::Release(read(from)?),
        Kind::Deploy => Document::Deploy(read(from)?),
    })
}

fn syntax(file: &File, error: &toml::de::Error) -> Finding {
    let title = format!("`{}` is not valid TOML: {}", file.path, one_line(error.message()));
    Finding::new(codes::SYNTAX, file, error.span().unwrap_or(0..0), title).label("here")
}

/// That git left the marks of a merge in the file: what the parser says about them does not help.
fn conflict(file: &File) -> Option<Finding> {
    let mut at = 0;
    let mut marks: [Option<usize>; 3] = [None; 3];
    for line in file.text.split_inclusive('\n') {
        for (mark, place) in ["<<<<<<< ", "=======", ">>>>>>> "].into_iter().zip(&mut marks) {
            if place.is_none() && line.starts_with(mark) {
                *place = Some(at);
            }
        }
        at += line.len();
    }
    let [Some(begin), Some(_), Some(_)] = marks else { return None };
    let title = format!("`{}` has conflict markers that a merge left", file.path);
    let finding = Finding::new(codes::SYNTAX, file, begin..begin + 7, title).label("the first of them");
    Some(finding.help("keep one side of each conflict, delete the lines with the markers, and git add the file"))
}

fn control(file: &File, span: std::ops::Range<usize>, found: char) -> Finding {
    let title = format!("a text contains the control character U+{:04X}", u32::from(found));
    Finding::new(codes::CONTROL_CHARACTER, file, span, title)
        .label("not a tab or a line break")
        .help("remove it: on a terminal it could colour or hide output")
}

/// Values of landfall's format that this version does not have yet, and what they are for.
const LATER_VALUES: &[(&str, &str)] = &[("restore", "a way back for the stacks of a failed deployment")];

/// Why a key takes no variable.
const LITERAL: &str = "no variable can decide this key: which resources there are, or how landfall runs them, depends on it. Steps may \
                       differ by environment: limit each with `environments`";

fn of_fault(file: &File, kind: Kind, fault: &Fault) -> Finding {
    let new = |code: &Code, title: String| Finding::new(code, file, fault.span.clone(), title);
    match &fault.kind {
        FaultKind::UnknownKey { key, table, known } => {
            let title = format!("unknown key `{key}` in {}", whose(kind, table.as_deref()));
            let finding = new(codes::UNKNOWN_KEY, title).label("unknown key");
            if key == "accept" {
                let help = match kind {
                    Kind::Process | Kind::Variables | Kind::Release => {
                        "accept findings in the project's `project.toml`: what is here is part of what releases deploy"
                    }
                    _ => "accept findings about this file in `landfall.toml`",
                };
                return finding.help(help);
            }
            // Only steps with their own template lack this key.
            if key == "patch" && known.iter().any(|known| known == "template") {
                let help = "a step of kind `cloudformation` has no patches: change its template";
                return finding.help(help);
            }
            finding.suggest(key, known.iter().map(String::as_str))
        }
        FaultKind::MissingKey { key, table } => {
            let finding = new(codes::MISSING_KEY, format!("{} needs the key `{key}`", whose(kind, table.as_deref())));
            let finding = finding.label(format!("`{key}` is missing"));
            match (kind, key.as_str()) {
                (Kind::Freeze, "time_zone") => {
                    finding.help("add the time zone of the times: time_zone = \"Europe/Berlin\", or \"UTC\"")
                }
                _ => finding,
            }
        }
        FaultKind::WrongType { expected, found } => {
            let title = format!("expected {expected}, found {found}");
            let finding = new(codes::WRONG_TYPE, title).label(format!("not {expected}"));
            if *found == "text" && is_secret(file, fault.span.start) {
                let how = "a secret is a reference, never its value: { secret = \"arn:aws:secretsmanager:…\" } or \
                           { parameter = \"arn:aws:ssm:…\" }";
                return finding.help(how);
            }
            let written = file.text.get(fault.span.clone()).unwrap_or_default();
            if kind == Kind::Process && *found == "text" && written.contains("#{") {
                return finding.help(LITERAL);
            }
            match retyped(expected, found, written) {
                Some(help) => finding.help(help),
                None => finding,
            }
        }
        FaultKind::NotOneOf { value, allowed } => {
            let allowed: Vec<&str> = allowed.iter().map(String::as_str).collect();
            let title = match allowed.as_slice() {
                [only] => format!("`{value}` is not allowed: the only value of this key is `{only}`"),
                _ => format!("`{value}` is not one of {}", list(&allowed)),
            };
            let finding = new(codes::INVALID_VALUE, title).label("not allowed for this key");
            if kind == Kind::Process && value.contains("#{") {
                return finding.help(LITERAL);
            }
            match LATER_VALUES.iter().find(|(later, _)| later == value) {
                Some((_, what)) => finding.help(format!("this version of landfall does not have {what} yet")),
                // The title has the allowed values already.
                None => finding.suggest_near(value, allowed),
            }
        }
        FaultKind::OutOfRange { value, minimum, maximum } => {
            let range = match (minimum, maximum) {
                (Some(least), Some(most)) => format!("{least} to {most}"),
                (Some(least), None) => format!("{least} or more"),
                (None, Some(most)) => format!("{most} or less"),
                (None, None) => "another number".to_owned(),
            };
            new(codes::INVALID_VALUE, format!("{value} is out of range: expected {range}")).label("out of range")
        }
    }
}

/// How the same value is written with the expected type, if quotes or brackets are all that is wrong.
fn retyped(expected: &str, found: &str, written: &str) -> Option<String> {
    let bare = written.trim_matches(['"', '\'']);
    match (expected, found) {
        (_, _) if written.is_empty() || written.contains('\n') => None,
        ("text in quotes", "a whole number" | "a number with a fraction" | "true or false" | "a date or time") => {
            Some(format!("put it in quotes: `\"{written}\"`"))
        }
        ("a list", "text") => Some(format!("put it in brackets: `[{written}]`")),
        ("a whole number", "text") => bare.parse::<i64>().ok().map(|_| format!("remove the quotes: `{bare}`")),
        ("true or false", "text") => bare.parse::<bool>().ok().map(|_| format!("remove the quotes: `{bare}`")),
        (date, "text") if date.ends_with("without quotes") && bare.starts_with(|c: char| c.is_ascii_digit()) => {
            Some(format!("remove the quotes: `{bare}`"))
        }
        _ => None,
    }
}

/// Whether a value stands in the table `secrets` of a container, as far as the lines before it tell.
fn is_secret(file: &File, at: usize) -> bool {
    let before = file.text.get(..at).unwrap_or_default();
    let (above, line) = before.rsplit_once('\n').unwrap_or(("", before));
    let header = || above.lines().rev().map(str::trim).find(|line| line.starts_with('['));
    line.trim_start().starts_with("secrets") || header().is_some_and(|header| header.ends_with(".secrets]"))
}

/// The table that keys are in, or what the file is.
fn whose(kind: Kind, table: Option<&str>) -> String {
    table.map_or_else(|| a(kind).to_owned(), |table| format!("`{table}`"))
}

fn a(kind: Kind) -> &'static str {
    match kind {
        Kind::Root => "`landfall.toml`",
        Kind::Environment => "an environment",
        Kind::Target => "a target",
        Kind::Tenant => "a tenant",
        Kind::Freeze => "a freeze",
        Kind::Lifecycle => "a lifecycle",
        Kind::Variables => "a variables file",
        Kind::Project => "a project",
        Kind::Process => "a process",
        Kind::Release => "a release",
        Kind::Deploy => "a deploy file",
    }
}
