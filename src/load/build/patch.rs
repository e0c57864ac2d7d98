//! Patches: changes that an author makes to the template that a step renders.

use std::ops::Range;
use std::sync::Arc;

use serde_json::{Number, Value};

use super::Maker;
use crate::load::codes;
use crate::load::finding::Finding;
use crate::load::schema::At;
use crate::load::schema::process::{Pairs, PatchEntry, PatchValueEntry, PolicyEntry};
use crate::load::template::{Role, decides_reference, list, map};
use crate::model::process::{MAX_STEPS, Part, Patch, PatchPath, PatchSet};

/// As many characters of a path that is none are shown.
const MAX_SHOWN: usize = 80;
/// The most changes that the patches of a step may make: with more, write a template instead.
const MAX_CHANGES: usize = 500;
/// The most values that they bring, maps and lists counted too.
const MAX_VALUES: usize = 5_000;

/// Reads the patches of a step; one of which a part cannot be read is left out.
pub(crate) fn patches(make: &mut Maker<'_>, entries: &[At<PatchEntry>]) -> Vec<Patch> {
    let (mut changes, mut values) = (0, 0);
    for entry in entries {
        changes += changes_of(entry);
        values += values_of(entry);
        if changes > MAX_CHANGES || values > MAX_VALUES {
            let title = format!(
                "the patches of a step can make at most {MAX_CHANGES} changes and set at most {MAX_VALUES} values"
            );
            let finding = Finding::new(codes::PATCH, make.file, entry.resource.span(), title).label("too many");
            let help = "`landfall convert` turns the step into a template, which has no such limit";
            make.findings.push(finding.help(help));
            return Vec::new();
        }
    }
    entries.iter().filter_map(|entry| patch(make, entry)).collect()
}

/// How much a patch changes: what is compared with everything else that patches change.
fn changes_of(entry: &PatchEntry) -> usize {
    let appended: usize = entry.append.values().map(|items| 1 + items.len()).sum();
    let set = entry.set.iter().count() + entry.set_unchecked.iter().count();
    let others = entry.metadata.iter().count() + entry.outputs.iter().count();
    1 + appended + set + others + entry.remove.len() + entry.depends_on.len()
}

/// How many values a patch brings.
fn values_of(entry: &PatchEntry) -> usize {
    fn of(value: &PatchValueEntry) -> usize {
        match value {
            PatchValueEntry::List(items) => 1 + items.iter().map(|item| of(item)).sum::<usize>(),
            PatchValueEntry::Map(pairs) => 1 + pairs.iter().map(|(_, inside)| of(inside)).sum::<usize>(),
            _ => 1,
        }
    }
    let maps = [&entry.set, &entry.set_unchecked, &entry.metadata, &entry.outputs];
    let own: usize = maps.iter().flat_map(|map| map.values()).map(|value| of(value)).sum();
    own + entry.append.values().flat_map(|items| items.iter()).map(|item| of(item)).sum::<usize>()
}

fn patch(make: &mut Maker<'_>, entry: &At<PatchEntry>) -> Option<Patch> {
    let mut set = Vec::new();
    for (pairs, checked) in [(&entry.set, true), (&entry.set_unchecked, false)] {
        for (key, written) in pairs.iter() {
            let (path, value) = (path(make, key)?, part(make, written, Role::Value)?);
            set.push(PatchSet { path, value, checked });
        }
    }
    let mut append = Vec::new();
    for (key, written) in entry.append.iter() {
        let items = written.iter().map(|item| part(make, item, Role::Element)).collect::<Option<_>>();
        append.push((path(make, key)?, items?));
    }
    let mut outputs = Vec::new();
    for (name, written) in entry.outputs.iter() {
        no_macro(make, name)?;
        outputs.push((Arc::from(name.as_str()), at(make, name.span()), part(make, written, Role::Value)?));
    }
    let remove = entry.remove.iter().map(|written| path(make, written)).collect::<Option<_>>();
    let text = |written: &At<String>, make: &Maker<'_>| (Arc::from(written.as_str()), at(make, written.span()));
    let patch = Patch {
        resource: Arc::from(entry.resource.as_str()),
        kind: entry.kind.as_ref().map(|kind| text(kind, make)),
        remove: remove?,
        set,
        append,
        attributes: attributes(make, entry)?,
        depends_on: entry.depends_on.iter().map(|id| text(id, make)).collect(),
        metadata: metadata(make, &entry.metadata)?,
        outputs,
        at: at(make, entry.resource.span()),
    };
    if says_nothing(&patch) {
        let title = format!("the patch of `{}` changes nothing", patch.resource);
        let finding = Finding::new(codes::PATCH, make.file, entry.resource.span(), title).label("no change");
        make.findings.push(finding.help("add `set`, `append`, `remove`, or `type` to add a resource"));
        return None;
    }
    Some(patch)
}

fn says_nothing(patch: &Patch) -> bool {
    patch.kind.is_none()
        && patch.remove.is_empty()
        && patch.set.is_empty()
        && patch.append.is_empty()
        && patch.attributes.is_empty()
        && patch.depends_on.is_empty()
        && patch.metadata.is_empty()
        && patch.outputs.is_empty()
}

fn at(make: &Maker<'_>, span: Range<usize>) -> crate::model::Location {
    make.file.at(span.start)
}

fn metadata(make: &mut Maker<'_>, entry: &Pairs<At<PatchValueEntry>>) -> Option<Vec<(Arc<str>, Part)>> {
    let pairs = entry.iter();
    let one = |(key, written): (&At<String>, &At<PatchValueEntry>)| {
        no_macro(make, key)?;
        Some((Arc::from(key.as_str()), part(make, written, Role::Value)?))
    };
    pairs.map(one).collect()
}

fn attributes(make: &mut Maker<'_>, entry: &PatchEntry) -> Option<Vec<(&'static str, &'static str)>> {
    if entry.update_replace_policy == Some(PolicyEntry::RetainExceptOnCreate) {
        make.invalid(entry.resource.span(), "`retain-except-on-create` is only for `deletion_policy`");
        return None;
    }
    let policy = |policy| match policy {
        PolicyEntry::Delete => "Delete",
        PolicyEntry::Retain => "Retain",
        PolicyEntry::RetainExceptOnCreate => "RetainExceptOnCreate",
        PolicyEntry::Snapshot => "Snapshot",
    };
    let deletion = entry.deletion_policy.map(|written| ("DeletionPolicy", policy(written)));
    let replacement = entry.update_replace_policy.map(|written| ("UpdateReplacePolicy", policy(written)));
    Some(deletion.into_iter().chain(replacement).collect())
}

/// A macro could rewrite everything around it, including what landfall relies on, and its result cannot be checked.
fn no_macro(make: &mut Maker<'_>, key: &At<String>) -> Option<()> {
    if !is_macro(key) {
        return Some(());
    }
    let title = format!("a patch cannot call `{}`: its result is not known before deployment", **key);
    let finding = Finding::new(codes::PATCH_OF_PROOF, make.file, key.span(), title).label("a macro");
    make.findings.push(finding.help("a step of kind `cloudformation` can use macros in its template"));
    None
}

fn is_macro(key: &str) -> bool {
    key == "Fn::Transform" || key.starts_with("Fn::ForEach")
}

fn path(make: &mut Maker<'_>, written: &At<String>) -> Option<PatchPath> {
    let path = PatchPath::parse(written, at(make, written.span()));
    if let Some(step) = path.iter().flat_map(|path| &path.steps).find(|step| is_macro(step)) {
        no_macro(make, &At::new(written.span(), step.to_string()))?;
    }
    if path.is_none() {
        let shown: String = written.chars().take(MAX_SHOWN).collect();
        let cut = if shown.len() < written.len() { "…" } else { "" };
        let title = format!(
            "`{shown}{cut}` is not a path: at most {MAX_STEPS} keys joined by `.`, like `LinuxParameters.MaxSwap`"
        );
        make.invalid(written.span(), title);
    }
    path
}

fn part(make: &mut Maker<'_>, written: &At<PatchValueEntry>, role: Role) -> Option<Part> {
    Some(match &**written {
        PatchValueEntry::Text(text) => text_part(make, text, written.span(), role)?,
        PatchValueEntry::Integer(number) => Part::Fixed(Value::from(*number)),
        PatchValueEntry::Decimal(number) => Part::Fixed(decimal(make, *number, written.span())?),
        PatchValueEntry::Boolean(truth) => Part::Fixed(Value::Bool(*truth)),
        PatchValueEntry::List(items) => {
            let items = items.iter().enumerate().map(|(index, item)| part(make, item, role.of_element(index)));
            list(items.collect::<Option<_>>()?)
        }
        PatchValueEntry::Map(pairs) => {
            let one = |(key, inside): &(At<String>, At<PatchValueEntry>)| {
                no_macro(make, key)?;
                Some((key.to_string(), part(make, inside, Role::under(key))?))
            };
            map(pairs.iter().map(one).collect::<Option<_>>()?)
        }
    })
}

/// A number with a fraction, if it can be written exactly as it was: it becomes text if AWS asks for text.
fn decimal(make: &mut Maker<'_>, number: f64, span: Range<usize>) -> Option<Value> {
    let written = make.file.text.get(span.clone()).unwrap_or("").trim();
    let value = Number::from_f64(number)?;
    let kept = value.to_string();
    if kept == written.trim_start_matches('+') {
        return Some(Value::Number(value));
    }
    let title = format!("`{written}` cannot be kept exactly: it would become `{kept}`");
    make.invalid_but(span, title, "put it in quotes, or write the other form");
    None
}

fn text_part(make: &mut Maker<'_>, written: &str, span: Range<usize>, role: Role) -> Option<Part> {
    if !written.contains("#{") {
        return Some(Part::Fixed(Value::from(written)));
    }
    let text = make.text_at(written, span.clone())?;
    if role == Role::Substitution && decides_reference(&text) {
        let title = "a placeholder inside `${…}` would decide what the template refers to";
        let finding = Finding::new(codes::TEMPLATE_PLACEHOLDER, make.file, span, title);
        make.findings.push(finding.label("must be literal"));
        return None;
    }
    Some(role.of_text(text))
}
