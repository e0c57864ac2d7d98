//! The difference of two documents for people: resource by resource, property by property, without noise.
//!
//! Each hunk is headed by the resource and its type, and lines by the path of the property. Only what differs is shown, not what
//! stands around it. Lists of things with names (containers, variables, tags, policies) are compared by name, other lists by
//! content. Secrets are hidden on both sides ([`super::secret`]).
//!
//! Not a difference: the template's description, in which landfall stamps release and content; the order of keys; and characters
//! that AWS returns as `?` ([`unmangled`]).

mod lists;
mod write;

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::{Map, Value};

use super::secret::Vault;
use super::unified::{Paint, Style, line};
use super::values::{HEADING, MASKED};
use crate::cfn::Document;
use write::Writer;

/// Which side of a difference has a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Sign {
    /// Both; it says where the lines below it are.
    Both,
    /// Only the document before.
    Before,
    /// Only the document after.
    After,
}

/// A line of a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Which side has it.
    pub sign: Sign,
    /// Its text, indented below the head of its hunk, for people.
    pub text: String,
}

/// What differs in one resource, or in one section of the template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hunk {
    /// The resource and its type, like `Service (AWS::ECS::Service)`, or the section.
    pub head: String,
    /// Which side has the resource.
    pub sign: Sign,
    /// The lines that differ, with those that say where.
    pub lines: Vec<Line>,
}

/// Sections in the order in which they are shown; the rest follows.
const SECTIONS: &[&str] =
    &["Transform", "Parameters", HEADING, "Rules", "Mappings", "Conditions", "Resources", "Outputs"];

/// The difference of two documents, in the order of the template; empty if they are equal for people. A missing document has
/// nothing. Costs a comparison of the documents, and a search for secrets in the resources that differ.
pub fn hunks(before: Option<&Document>, after: Option<&Document>) -> Vec<Hunk> {
    if before == after {
        return Vec::new();
    }
    let mut vault = Vault::default();
    let mut seal =
        |one: Option<&Document>, other: Option<&Document>| one.map(|one| vault.document(&differing(one, other)));
    let (before, after) = (seal(before, after), seal(after, before));
    let none = Map::new();
    let [old, new] = [&before, &after].map(|document| document.as_ref().map_or(&none, Document::as_map));
    let mut hunks = Vec::new();
    for section in sections(old, new) {
        let parts = [old, new].map(|document| document.get(section).unwrap_or(&Value::Null));
        match (section, parts.map(|part| part.as_object().unwrap_or(&none))) {
            ("Resources", [old, new]) => {
                hunks.extend(names(old, new).into_iter().filter_map(|id| resource(id, old.get(id), new.get(id))))
            }
            (HEADING, [old, new]) => hunks.extend(given(old, new)),
            _ => {
                let [old, new] = parts.map(|part| Some(part).filter(|part| !part.is_null()));
                hunks.extend(hunk(section.to_owned(), |writer| writer.section(section, old, new)));
            }
        }
    }
    hunks
}

/// A document without the resources that another one has too: what looks for secrets costs more than what compares.
fn differing<'d>(one: &'d Document, other: Option<&Document>) -> Cow<'d, Document> {
    let Some(other) = other else { return Cow::Borrowed(one) };
    let mut sections = one.as_map().clone();
    if let Some(Value::Object(resources)) = sections.get_mut("Resources") {
        let same = other.section("Resources").and_then(Value::as_object);
        resources.retain(|id, body| same.and_then(|same| same.get(id)) != Some(body));
    }
    Cow::Owned(Document::from_sections(sections))
}

/// [`hunks`] as text under the names `from` and `to`; empty if there are none.
pub fn documents(before: Option<&Document>, after: Option<&Document>, from: &str, to: &str, paint: Paint) -> String {
    let hunks = hunks(before, after);
    let mut out = String::new();
    if hunks.is_empty() {
        return out;
    }
    line(&mut out, paint, Style::Head, &format!("--- {from}"));
    line(&mut out, paint, Style::Head, &format!("+++ {to}"));
    for hunk in hunks {
        draw(&mut out, paint, hunk.sign, &hunk.head, true);
        for inside in hunk.lines {
            draw(&mut out, paint, inside.sign, &inside.text, false);
        }
    }
    out
}

fn draw(out: &mut String, paint: Paint, sign: Sign, text: &str, head: bool) {
    let (mark, style) = match sign {
        Sign::Before => ('-', Style::Old),
        Sign::After => ('+', Style::New),
        Sign::Both => (' ', if head { Style::Place } else { Style::Same }),
    };
    line(out, paint, style, &format!("{mark} {text}"));
}

/// A deployed document as it was before AWS returned it: a text that is the wanted one but for characters outside of ASCII, which
/// AWS returns as `?` (GetTemplate), is the wanted one.
#[must_use]
pub fn unmangled(deployed: &Document, wanted: &Document) -> Document {
    fn of(deployed: &Value, wanted: &Value) -> Value {
        match (deployed, wanted) {
            (Value::String(one), Value::String(other)) if one.len() < other.len() && one.is_ascii() => {
                let same = other.chars().map(|c| if c.is_ascii() { c } else { '?' }).eq(one.chars());
                if same { wanted.clone() } else { deployed.clone() }
            }
            (Value::Array(one), Value::Array(other)) if one.len() == other.len() => {
                Value::Array(one.iter().zip(other).map(|(one, other)| of(one, other)).collect())
            }
            (Value::Object(one), Value::Object(other)) => Value::Object(of_map(one, other)),
            _ => deployed.clone(),
        }
    }
    fn of_map(one: &Map<String, Value>, other: &Map<String, Value>) -> Map<String, Value> {
        one.iter()
            .map(|(key, value)| (key.clone(), other.get(key).map_or_else(|| value.clone(), |other| of(value, other))))
            .collect()
    }
    Document::from_sections(of_map(deployed.as_map(), wanted.as_map()))
}

/// The sections of both, but the description.
fn sections<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> Vec<&'a str> {
    let mut all = names(old, new);
    all.retain(|name| *name != "Description");
    let rank = |name: &str| SECTIONS.iter().position(|section| *section == name).unwrap_or(SECTIONS.len());
    all.sort_by_key(|name| (rank(name), *name));
    all
}

/// The keys of both, sorted.
fn names<'a>(old: &'a Map<String, Value>, new: &'a Map<String, Value>) -> Vec<&'a str> {
    let all: BTreeSet<&str> = old.keys().chain(new.keys()).map(String::as_str).collect();
    all.into_iter().collect()
}

/// A hunk of what is written about both; none if nothing is.
fn hunk(head: String, write: impl FnOnce(&mut Writer)) -> Option<Hunk> {
    let mut writer = Writer::default();
    write(&mut writer);
    let lines = writer.into_lines();
    (!lines.is_empty()).then_some(Hunk { head, sign: Sign::Both, lines })
}

fn resource(id: &str, old: Option<&Value>, new: Option<&Value>) -> Option<Hunk> {
    let kind = |body: &Value| body.get("Type").and_then(Value::as_str).unwrap_or("no type").to_owned();
    match (old, new) {
        (Some(old), Some(new)) => {
            let (was, is) = (kind(old), kind(new));
            let kind = if was == is { is } else { format!("{was} → {is}") };
            hunk(write::head(id, &kind), |writer| writer.resource(old, new))
        }
        (Some(only), None) => Some(alone(id, &kind(only), Sign::Before, only)),
        (None, Some(only)) => Some(alone(id, &kind(only), Sign::After, only)),
        (None, None) => None,
    }
}

/// A resource that only one side has.
fn alone(id: &str, kind: &str, sign: Sign, body: &Value) -> Hunk {
    let mut writer = Writer::default();
    writer.alone(sign, body);
    Hunk { head: write::head(id, kind), sign, lines: writer.into_lines() }
}

/// Values of parameters. AWS does not return those that are declared NoEcho.
fn given(old: &Map<String, Value>, new: &Map<String, Value>) -> Option<Hunk> {
    let masked = |value: Option<&Value>| value.is_some_and(|value| value == MASKED);
    hunk(HEADING.to_owned(), |writer| {
        for name in names(old, new) {
            match (old.get(name), new.get(name)) {
                (old, Some(new)) if masked(old) && *new != MASKED => writer.unknown(name, new),
                (old, new) => writer.values(&[], name, old, new),
            }
        }
    })
}
