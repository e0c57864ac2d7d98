//! Compares a parsed file with the JSON Schema of its kind, and names every difference with its bytes.
//!
//! serde stops at the first error; a person wants all of them. Both use the same types, so they cannot disagree: if
//! something passes here and still fails in serde, the caller reports serde's message.

use std::ops::Range;

use serde_json::Value;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::load::finding::nearest;

/// A difference between a file and its schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, in bytes.
    pub span: Range<usize>,
    /// What.
    pub kind: FaultKind,
}

/// What is different.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// A key that the schema does not have.
    UnknownKey {
        /// It.
        key: String,
        /// The table that it is in; none for the file itself.
        table: Option<String>,
        /// The keys that may stand there.
        known: Vec<String>,
    },
    /// A key that must be there is not.
    MissingKey {
        /// It.
        key: String,
        /// The table that needs it; none for the file itself.
        table: Option<String>,
    },
    /// A value of another type.
    WrongType {
        /// What is expected, for people.
        expected: String,
        /// The type that was found, for people.
        found: &'static str,
    },
    /// A text that is none of the allowed ones.
    NotOneOf {
        /// It.
        value: String,
        /// The allowed ones.
        allowed: Vec<String>,
    },
    /// A number outside its range.
    OutOfRange {
        /// It.
        value: i64,
        /// The smallest allowed.
        minimum: Option<i64>,
        /// The largest allowed.
        maximum: Option<i64>,
    },
}

/// More differences than this are not looked for: only the first few of a file are reported, and each takes far more memory than
/// it is written in.
const MOST: usize = 10_000;

/// The table that is compared.
#[derive(Clone, Copy, Default)]
struct Within<'t> {
    name: Option<&'t str>,
    /// It is one of those that this table has under names of the user's own.
    entry_of: Option<&'t str>,
}

impl Within<'_> {
    fn said(self) -> Option<String> {
        let name = self.name?;
        Some(self.entry_of.map_or_else(|| name.to_owned(), |of| format!("{of}.{name}")))
    }
}

/// Every difference between a table and a schema, in the order of the file; of very many not all.
pub fn faults(schema: &Value, table: &Spanned<DeTable<'_>>) -> Vec<Fault> {
    let mut out = Vec::new();
    walk_table(schema, table.get_ref(), table.span(), Within::default(), &mut out);
    out.sort_by_key(|fault| fault.span.start);
    out
}

fn walk_table(schema: &Value, table: &DeTable<'_>, span: Range<usize>, within: Within<'_>, out: &mut Vec<Fault>) {
    let properties = schema.get("properties").and_then(Value::as_object);
    let others = schema.get("additionalProperties");
    let mut unknown = Vec::new();
    for (key, value) in table.iter() {
        if out.len() >= MOST {
            return;
        }
        let name: &str = key.get_ref();
        match (properties.and_then(|known| known.get(name)), others) {
            (Some(inner), _) => walk(inner, value, Within { name: Some(name), entry_of: None }, out),
            (None, Some(inner @ Value::Object(_))) => {
                walk(inner, value, Within { name: Some(name), entry_of: within.name }, out);
            }
            (None, Some(Value::Bool(true))) => {}
            (None, _) => {
                let known = properties.map(|known| known.keys().cloned().collect()).unwrap_or_default();
                out.push(Fault {
                    span: key.span(),
                    kind: FaultKind::UnknownKey { key: name.to_owned(), table: within.said(), known },
                });
                unknown.push(name);
            }
        }
    }
    for key in schema.get("required").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        // A misspelt key is reported once, where it is written.
        let misspelt = || unknown.iter().any(|written| nearest(written, [key]).is_some());
        if !table.contains_key(key) && !misspelt() {
            let kind = FaultKind::MissingKey { key: key.to_owned(), table: within.said() };
            out.push(Fault { span: span.clone(), kind });
        }
    }
}

fn walk(schema: &Value, value: &Spanned<DeValue<'_>>, within: Within<'_>, out: &mut Vec<Fault>) {
    if out.len() >= MOST {
        return;
    }
    if let Some(choices) = choices(schema) {
        return walk_choices(choices, value, within, out);
    }
    if !type_fits(schema, value.get_ref()) {
        out.push(wrong_type(vec![schema], value));
        return;
    }
    match value.get_ref() {
        DeValue::Table(table) => walk_table(schema, table, value.span(), within, out),
        DeValue::Array(items) => {
            if let Some(inner) = schema.get("items") {
                items.iter().for_each(|item| walk(inner, item, within, out));
            }
        }
        DeValue::String(text) => walk_text(&[schema], text, value.span(), out),
        DeValue::Integer(number) => {
            let Ok(number) = i64::from_str_radix(number.as_str(), number.radix()) else { return };
            let minimum = schema.get("minimum").and_then(Value::as_i64);
            let maximum = schema.get("maximum").and_then(Value::as_i64);
            if minimum.is_some_and(|least| number < least) || maximum.is_some_and(|most| number > most) {
                let kind = FaultKind::OutOfRange { value: number, minimum, maximum };
                out.push(Fault { span: value.span(), kind });
            }
        }
        DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

fn choices(schema: &Value) -> Option<&Vec<Value>> {
    schema.get("oneOf").or_else(|| schema.get("anyOf")).and_then(Value::as_array)
}

fn walk_choices(choices: &[Value], value: &Spanned<DeValue<'_>>, within: Within<'_>, out: &mut Vec<Fault>) {
    let fitting: Vec<&Value> = choices.iter().filter(|choice| type_fits(choice, value.get_ref())).collect();
    match (fitting.as_slice(), value.get_ref()) {
        ([], _) => out.push(wrong_type(choices.iter().collect(), value)),
        (some, DeValue::Table(table)) if some.iter().any(|choice| tag(choice).is_some()) => {
            walk_tagged(some, table, value.span(), within, out);
        }
        (some, DeValue::String(text)) => walk_text(some, text, value.span(), out),
        ([first, ..], _) => walk(first, value, within, out),
    }
}

/// The key that distinguishes the alternatives, and its value in this one.
fn tag(choice: &Value) -> Option<(&str, &str)> {
    let properties = choice.get("properties")?.as_object()?;
    properties.iter().find_map(|(key, schema)| Some((key.as_str(), schema.get("const")?.as_str()?)))
}

/// Compares a table with the alternative that its tag names.
fn walk_tagged(choices: &[&Value], table: &DeTable<'_>, span: Range<usize>, within: Within<'_>, out: &mut Vec<Fault>) {
    let tags: Vec<(&str, &str)> = choices.iter().filter_map(|choice| tag(choice)).collect();
    let Some((key, _)) = tags.first().copied() else { return };
    let Some(written) = table.get(key) else {
        out.push(Fault { span, kind: FaultKind::MissingKey { key: key.to_owned(), table: within.said() } });
        return;
    };
    let chosen =
        choices.iter().find(|choice| tag(choice).is_some_and(|(_, name)| written.get_ref().as_str() == Some(name)));
    match (chosen, written.get_ref().as_str()) {
        (Some(chosen), _) => walk_table(chosen, table, span, within, out),
        (None, Some(value)) => {
            let allowed = tags.iter().map(|(_, name)| (*name).to_owned()).collect();
            let kind = FaultKind::NotOneOf { value: value.to_owned(), allowed };
            out.push(Fault { span: written.span(), kind });
        }
        (None, None) => out.push(wrong_type(vec![&serde_json::json!({ "type": "string" })], written)),
    }
}

/// Compares a text with the texts that the alternatives allow; an alternative that lists none allows every one, or every one with
/// placeholders.
fn walk_text(schemas: &[&Value], text: &str, span: Range<usize>, out: &mut Vec<Fault>) {
    let mut allowed = Vec::new();
    let inner = schemas.iter().flat_map(|schema| choices(schema).map_or(std::slice::from_ref(*schema), Vec::as_slice));
    for schema in inner {
        let listed: Vec<&Value> = match (schema.get("const"), schema.get("enum").and_then(Value::as_array)) {
            (Some(only), _) => vec![only],
            (None, Some(several)) => several.iter().collect(),
            (None, None) if schema.get("pattern").is_some() && !text.contains("#{") => continue,
            (None, None) => return,
        };
        allowed.extend(listed.into_iter().filter_map(Value::as_str).map(str::to_owned));
    }
    if !allowed.is_empty() && !allowed.iter().any(|one| one == text) {
        out.push(Fault { span, kind: FaultKind::NotOneOf { value: text.to_owned(), allowed } });
    }
}

fn types(schema: &Value) -> Vec<&str> {
    match schema.get("type") {
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(several)) => several.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

fn type_fits(schema: &Value, value: &DeValue<'_>) -> bool {
    if let Some(choices) = choices(schema) {
        return choices.iter().any(|choice| type_fits(choice, value));
    }
    let types = types(schema);
    let date = date(schema).is_some();
    types.is_empty()
        || types.iter().any(|name| match value {
            DeValue::String(_) => *name == "string" && !date,
            DeValue::Integer(_) => matches!(*name, "integer" | "number"),
            DeValue::Float(_) => *name == "number",
            DeValue::Boolean(_) => *name == "boolean",
            DeValue::Datetime(_) => *name == "string" && date,
            DeValue::Array(_) => *name == "array",
            DeValue::Table(_) => *name == "object",
        })
}

/// What a schema of TOML's dates and times asks for, for people; none for a schema of anything else.
fn date(schema: &Value) -> Option<&'static str> {
    match schema.get("format")?.as_str()? {
        "date" => Some("a day like 2026-12-01, without quotes"),
        "date-time-local" => Some("a day and time like 2026-12-01T08:00:00, without quotes"),
        _ => None,
    }
}

fn wrong_type(schemas: Vec<&Value>, value: &Spanned<DeValue<'_>>) -> Fault {
    let mut expected: Vec<&str> = Vec::new();
    for schema in schemas {
        let date = date(schema);
        for name in types(schema) {
            let words = match name {
                "string" if date.is_some() => date.unwrap_or_default(),
                "string" => "text in quotes",
                "integer" => "a whole number",
                "number" => "a number",
                "boolean" => "true or false",
                "array" => "a list",
                _ => "a table",
            };
            if !expected.contains(&words) {
                expected.push(words);
            }
        }
    }
    let found = match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    Fault { span: value.span(), kind: FaultKind::WrongType { expected: expected.join(" or "), found } }
}

/// How deep tables and lists are nested in a value.
pub fn depth(table: &DeTable<'_>) -> usize {
    fn of(value: &DeValue<'_>) -> usize {
        match value {
            DeValue::Table(table) => depth(table),
            DeValue::Array(items) => 1 + items.iter().map(|item| of(item.get_ref())).max().unwrap_or(0),
            _ => 0,
        }
    }
    1 + table.values().map(|value| of(value.get_ref())).max().unwrap_or(0)
}

/// Where texts and keys have control characters other than tab and line break, and which.
pub fn controls(table: &DeTable<'_>) -> Vec<(Range<usize>, char)> {
    fn first(text: &str) -> Option<char> {
        let text = text.replace("\r\n", "\n");
        text.chars().find(|c| c.is_control() && !matches!(c, '\t' | '\n'))
    }
    fn value(inside: &Spanned<DeValue<'_>>, out: &mut Vec<(Range<usize>, char)>) {
        match inside.get_ref() {
            DeValue::String(text) => out.extend(first(text).map(|found| (inside.span(), found))),
            DeValue::Array(items) => items.iter().for_each(|item| value(item, out)),
            DeValue::Table(table) => inner(table, out),
            _ => {}
        }
    }
    fn inner(table: &DeTable<'_>, out: &mut Vec<(Range<usize>, char)>) {
        for (key, inside) in table.iter() {
            out.extend(first(key.get_ref()).map(|found| (key.span(), found)));
            value(inside, out);
        }
    }
    let mut out = Vec::new();
    inner(table, &mut out);
    out
}
