//! `landfall diff`: what a change does to stacks, offline.
//!
//! Both commits are rendered as they settle, and compared stack by stack. Tenants get the same step from the same texts, so
//! what differs in the same way for many of them is shown once, for the first, with the names of the others.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use clap::Args;
use serde_json::json;

use super::carries;
use super::exit::{Doing, Exit, Failure, Outcome};
use super::facts;
use super::output::{self, Format};
use super::render::tell;
use super::stacks::Slotted;
use crate::cfn::Document;
use crate::compare::{Paint, documents, with_values};
use crate::git::Reader;
use crate::load::{Loaded, Loader, Source};
use crate::model::facts::RecordedSnapshot;
use crate::model::{Catalog, Names};
use crate::promote::{Settled, settled};
use crate::template;
use crate::tree::History;
use crate::view;

/// Options of `landfall diff`.
#[derive(Args, Debug)]
pub struct Diff {
    /// The commit before
    base: String,
    /// The commit after
    #[arg(default_value = "HEAD")]
    head: String,
    /// Clone of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// Take the past from the facts of a daemon: a file, a URL, or a revision of the clone
    #[arg(long, value_name = "FILE|URL|REF")]
    facts: Option<String>,
    /// Exit with 4 where a stack differs
    #[arg(long)]
    exit_code: bool,
    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// Which stack, in the order in which stacks are shown: environments in promotion order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) order: i64,
    pub(super) environment: String,
    pub(super) project: String,
    pub(super) step: String,
    pub(super) tenant: Option<String>,
    pub(super) stack: String,
}

/// What a difference does not say without facts.
const WITHOUT: &str = "note         compares what both commits settle to, once everything has succeeded and every gate has opened; without \
                       --facts it is not known what runs now";

/// The tenants of more than this many that are alike are counted, not named, for people.
const MAX_NAMED: usize = 8;

/// A stack that differs.
pub(super) struct Difference<'k> {
    key: &'k Key,
    text: String,
    /// The other tenants' stacks that differ in the same way.
    alike: Vec<&'k Key>,
}

/// Runs `landfall diff`.
pub fn run(options: &Diff) -> Outcome {
    let repo = options.repo.display();
    let reader = Reader::open_local(&options.repo).doing(|| format!("cannot read {repo}"))?;
    let known = facts::or_none(options.facts.as_deref(), &options.repo, &reader, WITHOUT)?;
    let recorded = known.as_ref().map_or(&[][..], |known| &known.facts.snapshots);
    let (base, head) = (load_commit(&reader, &options.base, recorded)?, load_commit(&reader, &options.head, recorded)?);
    if let Some(known) = &known {
        known.tell_differences(&options.base, &settled(&base.catalog));
    }
    output::progress_lines(&view::problems::summary(&head.problems));
    let before = templates(&base.catalog);
    let after = keep_edited(templates(&head.catalog), &before, &head.catalog);
    let paint = if options.format == Format::Terminal { Paint::Ansi } else { Paint::Plain };
    let found = differences(&before, &after, &options.base, &options.head, paint);
    let refreshed = carries::between(&base.catalog, &head.catalog, known.as_ref().map(|known| &known.facts));
    match options.format {
        Format::Terminal => {
            let first = refreshed.iter().map(|sentence| format!("# {sentence}\n"));
            output::data(&first.chain(found.iter().map(drawn)).collect::<String>())?;
        }
        Format::Json => {
            refreshed.iter().for_each(|sentence| output::progress(&format!("note         {sentence}")));
            output::json(&found.iter().map(as_json).collect::<Vec<_>>())?;
        }
    }
    Ok(if options.exit_code && !found.is_empty() { Exit::Changes } else { Exit::Done })
}

/// The stacks of HEAD, but those of slots whose release is not what landed first as they are at BASE: the release goes
/// nowhere new, and stays where it runs.
fn keep_edited(
    mut after: BTreeMap<Key, Document>,
    before: &BTreeMap<Key, Document>,
    head: &Catalog,
) -> BTreeMap<Key, Document> {
    let edited: Vec<Settled<'_>> = settled(head).into_iter().filter(|slot| slot.release.edited.is_some()).collect();
    if edited.is_empty() {
        return after;
    }
    let held = |key: &Key| {
        edited.iter().any(|slot| {
            let tenant = slot.tenant.map(|tenant| tenant.name.as_str());
            let place = (slot.project.name.as_str(), slot.environment.name.as_str(), tenant);
            place == (key.project.as_str(), key.environment.as_str(), key.tenant.as_deref())
        })
    };
    after.retain(|key, _| !held(key));
    after.extend(before.iter().filter(|(key, _)| held(key)).map(|(key, document)| (key.clone(), document.clone())));
    after
}

/// Every difference; those of tenants that are alike together, under the first of them.
pub(super) fn differences<'k>(
    before: &'k BTreeMap<Key, Document>,
    after: &'k BTreeMap<Key, Document>,
    base: &str,
    head: &str,
    paint: Paint,
) -> Vec<Difference<'k>> {
    let keys: BTreeSet<&Key> = before.keys().chain(after.keys()).collect();
    let mut found: Vec<Difference<'k>> = Vec::new();
    let mut known: BTreeMap<(&str, &str, &str, String), usize> = BTreeMap::new();
    for key in keys {
        let (old, new) = (before.get(key), after.get(key));
        let place = match &key.tenant {
            Some(tenant) => format!("{} ({}, tenant {tenant})", key.stack, key.environment),
            None => format!("{} ({})", key.stack, key.environment),
        };
        let text = documents(old, new, &format!("{place} at {base}"), &format!("{place} at {head}"), paint);
        if text.is_empty() {
            continue;
        }
        if let Some(tenant) = &key.tenant {
            let shape = shape(&documents(old, new, "", "", Paint::Plain), &key.stack, tenant);
            let group = (key.environment.as_str(), key.project.as_str(), key.step.as_str(), shape);
            if let Some(first) = known.get(&group).and_then(|position| found.get_mut(*position)) {
                first.alike.push(key);
                continue;
            }
            known.insert(group, found.len());
        }
        found.push(Difference { key, text, alike: Vec::new() });
    }
    found
}

/// The lines of a difference, with what is the tenant's own taken out: equal for two stacks that differ in the same way.
fn shape(difference: &str, stack: &str, tenant: &str) -> String {
    let lines: String = difference.lines().skip(2).flat_map(|line| [line, "\n"]).collect();
    without_word(&lines.replace(stack, "\u{1}"), tenant)
}

/// A text with a placeholder for a word wherever that stands alone.
fn without_word(text: &str, word: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(word).filter(|_| !word.is_empty()) {
        out.push_str(before);
        let touches = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
        let inside = touches(before.chars().next_back()) || touches(after.chars().next());
        out.push_str(if inside { word } else { "\u{2}" });
        rest = after;
    }
    out.push_str(rest);
    out
}

pub(super) fn drawn(difference: &Difference<'_>) -> String {
    let others: Vec<&str> = difference.alike.iter().filter_map(|key| key.tenant.as_deref()).collect();
    let others: BTreeSet<&str> =
        others.into_iter().filter(|name| Some(*name) != difference.key.tenant.as_deref()).collect();
    if difference.alike.is_empty() {
        return difference.text.clone();
    }
    let named: Vec<&str> = others.iter().copied().take(MAX_NAMED).collect();
    let more = match others.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let stacks = difference.alike.len() + 1;
    let whose = match named.as_slice() {
        [] => String::new(),
        _ => format!(" of {} tenants", others.len() + 1),
    };
    let list = if named.is_empty() { String::new() } else { format!(": here, and for {}{more}", named.join(", ")) };
    format!("# {stacks} stacks{whose} differ in the same way{list}\n{}", difference.text)
}

pub(super) fn as_json(difference: &Difference<'_>) -> serde_json::Value {
    let Difference { key, text, alike } = difference;
    let alike: Vec<_> = alike.iter().map(|key| json!({ "tenant": key.tenant, "stack": key.stack })).collect();
    json!({
        "environment": key.environment,
        "project": key.project,
        "step": key.step,
        "tenant": key.tenant,
        "stack": key.stack,
        "difference": text,
        "alike": alike,
    })
}

/// Reads the files of a commit, with every release's snapshot; `recorded` are those that a daemon keeps.
///
/// # Errors
/// There is no such commit, or it cannot be read.
pub fn load_commit(reader: &Reader, revision: &str, recorded: &[RecordedSnapshot]) -> Result<Loaded, Failure> {
    let commit = reader.resolve(revision).doing(|| format!("cannot find the commit {revision}"))?;
    let tree = reader.tree(&commit).doing(|| format!("cannot read the files of {commit}"))?;
    let source = Source { tree: &tree, blobs: reader, commit: Some(&commit), history: Some(reader), recorded };
    Loader::new().load(&source).doing(|| format!("cannot read {revision}"))
}

/// What every slot of a commit settles to, with values of parameters.
fn templates(catalog: &Catalog) -> BTreeMap<Key, Document> {
    let names = Names::of(catalog);
    let mut all = BTreeMap::new();
    for slot in settled(catalog) {
        let Some(slotted) = Slotted::new(catalog, &names, &slot) else { continue };
        for context in slotted.contexts(catalog) {
            match template::render(&context) {
                Ok(rendered) => {
                    if let Ok(document) = Document::parse(&rendered.content.template) {
                        let key = Key {
                            order: slot.environment.order,
                            environment: slot.environment.name.to_string(),
                            project: slot.project.name.to_string(),
                            step: context.step.name.to_string(),
                            tenant: slot.tenant.map(|tenant| tenant.name.to_string()),
                            stack: rendered.stack.to_string(),
                        };
                        all.insert(key, with_values(&document, &rendered.content.shown_parameters()));
                    }
                }
                Err(problems) => problems.iter().for_each(tell),
            }
        }
    }
    all
}
