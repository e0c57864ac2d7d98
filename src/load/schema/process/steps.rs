//! The kinds of step: their keys stand beside `kind` in a file, and are read as groups of keys that kinds share.
//!
//! Serde would read a tagged enum through a copy without places, so the keys are sorted into groups first ([`grouped`]).
//! The same types give the schema: [`flat`] makes of the groups one table per kind, as it is written.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use schemars::SchemaGenerator;
use serde_json::{Map, Value, json};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::StepEntry;

/// The key that says of which kind a step is.
const KIND: &str = "kind";
/// The field of [`StepEntry`] that holds the groups of its kind.
const OF: &str = "of";

/// A kind of step, as the types say.
#[derive(Debug)]
struct Kind {
    /// As it is written.
    name: String,
    /// What it is, a sentence.
    description: Value,
    /// The schemas of its groups of keys, by name.
    groups: Map<String, Value>,
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
        let (name, entry) = branch.get("properties")?.as_object()?.iter().next()?;
        let groups = entry.get("properties")?.as_object()?.clone();
        Some(Kind { name: name.clone(), description: branch.get("description").cloned()?, groups })
    };
    let kinds = branches.iter().filter_map(kind).collect();
    Kinds { common, kinds }
}

/// The keys that every kind of step has, beside `kind`.
pub fn common_keys() -> Vec<&'static str> {
    let keys = KINDS.common.get("properties").and_then(Value::as_object);
    keys.into_iter().flatten().map(|(key, _)| key.as_str()).collect()
}

/// The keys that say where and how a template's task runs.
pub fn run_keys() -> Vec<&'static str> {
    let kind = KINDS.kinds.iter().find(|kind| kind.name == "cloudformation");
    let run = kind.and_then(|kind| kind.groups.get("stack")?.pointer("/properties/run"));
    let tables = run.into_iter().flat_map(|run| {
        let either = run.get("anyOf").and_then(Value::as_array).into_iter().flatten();
        either.chain(std::iter::once(run)).filter_map(|table| table.get("properties")?.as_object())
    });
    tables.flatten().map(|(key, _)| key.as_str()).collect()
}

/// The schema of a step as it is written: one table per kind.
pub(in crate::load::schema) fn flat() -> Value {
    let Kinds { common, kinds } = &*KINDS;
    let branches: Vec<Value> = kinds.iter().map(|kind| flat_kind(common, kind)).collect();
    json!({ "type": "object", "required": [KIND], "oneOf": branches })
}

fn flat_kind(common: &Value, kind: &Kind) -> Value {
    let mut properties = Map::new();
    let mut required = vec![json!(KIND)];
    let tag = json!({ "type": "string", "const": kind.name, "description": "What the step renders." });
    properties.insert(KIND.to_owned(), tag);
    for group in std::iter::once(common).chain(kind.groups.values()) {
        let keys = group.get("properties").and_then(Value::as_object).into_iter().flatten();
        properties.extend(keys.map(|(key, schema)| (key.clone(), schema.clone())));
        let needs = group.get("required").and_then(Value::as_array).into_iter().flatten();
        required.extend(needs.filter(|key| *key != OF).cloned());
    }
    json!({
        "type": "object",
        "description": kind.description,
        "required": required,
        "properties": properties,
        "additionalProperties": false,
    })
}

/// Sorts the keys of each step into the groups of its kind. Keys that no group has are left beside `name`, where serde
/// refuses them.
pub(crate) fn grouped(table: Spanned<DeTable<'_>>) -> Spanned<DeTable<'_>> {
    let span = table.span();
    let mut table = table.into_inner();
    if let Some(steps) = table.get_mut("step")
        && let DeValue::Array(steps) = steps.get_mut()
    {
        for step in steps.iter_mut() {
            let span = step.span();
            if let DeValue::Table(keys) = step.get_mut() {
                let sorted = sort(std::mem::take(keys), span);
                *keys = sorted;
            }
        }
    }
    Spanned::new(span, table)
}

fn sort<'t>(mut keys: DeTable<'t>, span: std::ops::Range<usize>) -> DeTable<'t> {
    let spanned = |table: DeTable<'t>| Spanned::new(span.clone(), DeValue::Table(table));
    let name = |text: String| Spanned::new(span.clone(), text.into());
    let Some(written) = keys.get(KIND).and_then(|kind| kind.get_ref().as_str().map(str::to_owned)) else { return keys };
    let Some(kind) = KINDS.kinds.iter().find(|kind| kind.name == written) else { return keys };
    keys.remove(KIND);
    let mut groups: BTreeMap<&str, DeTable<'_>> = kind.groups.keys().map(|group| (&**group, DeTable::new())).collect();
    let mut rest = DeTable::new();
    for (key, value) in keys {
        let has = |schema: &Value| schema.get("properties").is_some_and(|known| known.get(&**key.get_ref()).is_some());
        let group = kind.groups.iter().find(|(_, schema)| has(schema));
        let group = group.and_then(|(group, _)| groups.get_mut(&**group)).unwrap_or(&mut rest);
        group.insert(key, value);
    }
    let mut entry = DeTable::new();
    for (group, keys) in groups {
        entry.insert(name(group.to_owned()), spanned(keys));
    }
    let mut of = DeTable::new();
    of.insert(name(kind.name.clone()), spanned(entry));
    rest.insert(name(OF.to_owned()), spanned(of));
    rest
}
