//! The kinds of step. In a file their keys are at the level of `kind`; they are read as groups of keys that kinds share.
//!
//! Serde would read a tagged enum, or a field that it flattens, through a copy without places. So a struct whose keys stand
//! among those of the table around it is marked ([`FLAT`]), and keys are sorted into such groups before serde reads them
//! ([`grouped`]). The same types give the schema: [`flat`] makes of the groups one table per kind, as it is written.

use std::ops::Range;
use std::sync::LazyLock;

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::StepEntry;

/// The key with the kind of a step.
const KIND: &str = "kind";
/// The field of [`StepEntry`] that holds the keys of its kind.
const OF: &str = "of";
/// The mark, in its schema, of a struct whose keys are written among those of the table around it.
const FLAT: &str = "x-flat";

/// A kind of step, as the types say.
#[derive(Debug)]
struct Kind {
    /// As it is written.
    name: String,
    /// What it is, a sentence.
    description: Value,
    /// The schema of its keys, in groups.
    entry: Value,
}

/// The keys that every step has, and the kinds.
#[derive(Debug)]
struct Kinds {
    common: Value,
    kinds: Vec<Kind>,
}

static KINDS: LazyLock<Kinds> = LazyLock::new(|| {
    let settings = schemars::generate::SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    kinds(SchemaGenerator::new(settings).into_root_schema_for::<StepEntry>().to_value())
});

fn kinds(mut common: Value) -> Kinds {
    let of = common.pointer_mut("/properties").and_then(Value::as_object_mut).and_then(|keys| keys.remove(OF));
    let branches = of.as_ref().and_then(|of| of.get("oneOf")).and_then(Value::as_array).cloned().unwrap_or_default();
    let kind = |branch: &Value| {
        let (name, entry) = properties(branch).next()?;
        Some(Kind { name: name.clone(), description: branch.get("description").cloned()?, entry: entry.clone() })
    };
    let kinds = branches.iter().filter_map(kind).collect();
    Kinds { common, kinds }
}

/// The properties of a table, which may also be one that can be absent.
fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let or_absent = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let tables = std::iter::once(schema).chain(or_absent);
    tables.filter_map(|table| table.get("properties")?.as_object()).flatten()
}

fn groups(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    properties(schema).filter(|(_, inner)| inner.get(FLAT).is_some())
}

/// Whether a table has a key, directly or in a group.
fn has(schema: &Value, key: &str) -> bool {
    let own = schema.get("properties").and_then(|known| known.get(key)).is_some_and(|inner| inner.get(FLAT).is_none());
    own || groups(schema).any(|(_, group)| has(group, key))
}

/// The keys that every kind of step has besides `kind`.
pub fn common_keys() -> Vec<&'static str> {
    properties(&KINDS.common).map(|(key, _)| key.as_str()).collect()
}

/// The keys that say where and how a template's task runs.
pub fn run_keys() -> Vec<String> {
    let kind = KINDS.kinds.iter().find(|kind| kind.name == "cloudformation");
    let entry = kind.map(|kind| flattened(&kind.entry)).unwrap_or_default();
    let run = properties(&entry).find(|(key, _)| *key == "run");
    run.into_iter().flat_map(|(_, table)| properties(table)).map(|(key, _)| key.clone()).collect()
}

/// The schema of a step as it is written: one table per kind.
pub(in crate::load::schema) fn flat() -> Value {
    let branches: Vec<Value> = KINDS.kinds.iter().map(flat_kind).collect();
    json!({ "type": "object", "required": [KIND], "oneOf": branches })
}

fn flat_kind(kind: &Kind) -> Value {
    let tag = json!({ "type": "string", "const": kind.name, "description": "What the step renders." });
    let own = [(OF.to_owned(), kind.entry.clone())];
    let keys = properties(&KINDS.common).map(|(key, schema)| (key.clone(), schema.clone()));
    let keys: Map<String, Value> = std::iter::once((KIND.to_owned(), tag)).chain(keys).chain(own).collect();
    let needs = KINDS.common.get("required").and_then(Value::as_array).into_iter().flatten().cloned();
    let required: Vec<Value> = std::iter::once(json!(KIND)).chain(needs).collect();
    flattened(&json!({
        "type": "object",
        "description": kind.description,
        "required": required,
        "properties": keys,
        "additionalProperties": false,
    }))
}

/// A schema with each table as it is written: the keys of its groups among its own.
fn flattened(schema: &Value) -> Value {
    match schema {
        Value::Object(object) => {
            let mut table: Map<String, Value> =
                object.iter().map(|(key, inner)| (key.clone(), flattened(inner))).collect();
            if groups(schema).next().is_some() {
                spread(&mut table);
            }
            Value::Object(table)
        }
        Value::Array(items) => Value::Array(items.iter().map(flattened).collect()),
        other => other.clone(),
    }
}

/// Moves the keys of a table's groups, which are flat themselves, among the table's own keys.
fn spread(table: &mut Map<String, Value>) {
    let Some(keys) = table.get_mut("properties").and_then(Value::as_object_mut) else { return };
    let (mut spread, mut names, mut needs) = (Map::new(), Vec::new(), Vec::new());
    for (key, schema) in std::mem::take(keys) {
        if schema.get(FLAT).is_none() {
            spread.insert(key, schema);
            continue;
        }
        spread.extend(properties(&schema).map(|(key, inner)| (key.clone(), inner.clone())));
        needs.extend(schema.get("required").and_then(Value::as_array).into_iter().flatten().cloned());
        names.push(Value::String(key));
    }
    *keys = spread;
    if let Some(required) = table.get_mut("required").and_then(Value::as_array_mut) {
        required.retain(|name| !names.contains(name));
        required.append(&mut needs);
    }
}

/// Sorts the keys of each step into the groups of its kind. Keys that belong to no group stay, so that serde rejects them.
pub(crate) fn grouped(table: Spanned<DeTable<'_>>) -> Spanned<DeTable<'_>> {
    let span = table.span();
    let mut table = table.into_inner();
    if let Some(steps) = table.get_mut("step")
        && let DeValue::Array(steps) = steps.get_mut()
    {
        for step in steps.iter_mut() {
            let span = step.span();
            if let DeValue::Table(keys) = step.get_mut() {
                let sorted = of_kind(std::mem::take(keys), &span);
                *keys = sorted;
            }
        }
    }
    Spanned::new(span, table)
}

fn of_kind<'t>(mut keys: DeTable<'t>, span: &Range<usize>) -> DeTable<'t> {
    let Some(written) = keys.get(KIND).and_then(|kind| kind.get_ref().as_str().map(str::to_owned)) else { return keys };
    let Some(kind) = KINDS.kinds.iter().find(|kind| kind.name == written) else { return keys };
    keys.remove(KIND);
    let (mut common, mut own) = (DeTable::new(), DeTable::new());
    for (key, value) in keys {
        let table = if has(&KINDS.common, key.get_ref()) { &mut common } else { &mut own };
        table.insert(key, value);
    }
    let mut of = DeTable::new();
    put(&mut of, &kind.name, sorted(&kind.entry, own, span), span);
    put(&mut common, OF, of, span);
    common
}

/// A table with its keys in the groups that its schema has.
fn sorted<'t>(schema: &Value, keys: DeTable<'t>, span: &Range<usize>) -> DeTable<'t> {
    let mut groups: Vec<_> = groups(schema).map(|(name, group)| (name, group, DeTable::new())).collect();
    let mut table = DeTable::new();
    for (key, mut value) in keys {
        if let Some((.., group)) = groups.iter_mut().find(|(_, group, _)| has(group, key.get_ref())) {
            group.insert(key, value);
            continue;
        }
        if let Some((_, inner)) = properties(schema).find(|(name, _)| **name == **key.get_ref()) {
            sort_inside(inner, &mut value);
        }
        table.insert(key, value);
    }
    for (name, group, keys) in groups {
        put(&mut table, name, sorted(group, keys, span), span);
    }
    table
}

/// Sorts the keys of a table, or of each table of a list.
fn sort_inside(schema: &Value, value: &mut Spanned<DeValue<'_>>) {
    let span = value.span();
    match value.get_mut() {
        DeValue::Table(keys) => {
            let inside = sorted(schema, std::mem::take(keys), &span);
            *keys = inside;
        }
        DeValue::Array(items) => {
            let of_items = schema.get("items").unwrap_or(schema);
            items.iter_mut().for_each(|item| sort_inside(of_items, item));
        }
        _ => {}
    }
}

fn put<'t>(table: &mut DeTable<'t>, name: &str, inner: DeTable<'t>, span: &Range<usize>) {
    let name = Spanned::new(span.clone(), name.to_owned().into());
    table.insert(name, Spanned::new(span.clone(), DeValue::Table(inner)));
}
