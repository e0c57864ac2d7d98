//! YAML for people: short, stable, and quoted so that every reader gets the value that was meant.
//!
//! A writer of our own, because the order of keys (`Type` first, then what matters) and CloudFormation's short tags are
//! what makes a template readable, and no serde writer knows them. A string is written plain only where YAML 1.1 and 1.2
//! both read it as that string; everything else is quoted.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// Keys of a template in their order; the rest is sorted by name behind them, as everywhere.
const SECTIONS: &[&str] = &[
    "AWSTemplateFormatVersion",
    "Description",
    "Transform",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
];
/// Keys of a resource that come before its properties.
const OF_RESOURCE: &[&str] = &["Type", "Condition", "DependsOn"];
/// Keys that say what a map is about.
const ANYWHERE: &[&str] = &["Name", "Key", "PolicyName", "ContainerName", "Version", "Sid", "Effect", "Image"];

/// Functions whose short tag takes a string.
const SCALAR_TAGS: &[&str] = &["Sub", "GetAZs", "ImportValue", "Base64"];
/// Functions whose short tag takes a list.
const LIST_TAGS: &[&str] =
    &["And", "Cidr", "Equals", "FindInMap", "If", "Join", "Not", "Or", "Select", "Split", "Sub", "GetAtt"];

/// Writes any JSON value as YAML that ends in a line break. Keys are taken to be shorter than 1,000 characters, as all of
/// CloudFormation's are: YAML would want longer ones announced.
pub fn yaml(value: &Value) -> String {
    let mut out = String::new();
    match value {
        Value::Object(map) if tagged(map).is_none() && !map.is_empty() => mapping(map, 0, &mut out),
        Value::Array(items) if !items.is_empty() => sequence(items, 0, &mut out),
        other => {
            after_key(other, 0, &mut out);
            out = out.trim_start().to_owned();
        }
    }
    out
}

/// Writes a template, with an empty line between resources.
pub(super) fn document(root: &Map<String, Value>) -> String {
    let mut out = String::new();
    for (key, value) in ordered(root, SECTIONS) {
        match value {
            Value::Object(resources) if key == "Resources" && !resources.is_empty() => {
                out.push_str("Resources:\n");
                for (index, (id, body)) in ordered(resources, &[]).into_iter().enumerate() {
                    if index > 0 {
                        out.push('\n');
                    }
                    resource(id, body, &mut out);
                }
            }
            _ => entry(key, value, 0, &mut out),
        }
    }
    out
}

fn resource(id: &str, body: &Value, out: &mut String) {
    match body {
        Value::Object(map) if !map.is_empty() && tagged(map).is_none() => {
            pad(2, out);
            scalar(id, out);
            out.push_str(":\n");
            for (key, value) in ordered(map, OF_RESOURCE) {
                entry(key, value, 4, out);
            }
        }
        other => entry(id, other, 2, out),
    }
}

fn ordered<'a>(map: &'a Map<String, Value>, first: &[&str]) -> Vec<(&'a String, &'a Value)> {
    let rank = |key: &str| first.iter().position(|first| *first == key).unwrap_or(first.len());
    let mut entries: Vec<_> = map.iter().collect();
    entries.sort_by(|a, b| (rank(a.0), a.0).cmp(&(rank(b.0), b.0)));
    entries
}

fn mapping(map: &Map<String, Value>, indent: usize, out: &mut String) {
    for (key, value) in ordered(map, ANYWHERE) {
        entry(key, value, indent, out);
    }
}

fn entry(key: &str, value: &Value, indent: usize, out: &mut String) {
    pad(indent, out);
    scalar(key, out);
    out.push(':');
    after_key(value, indent, out);
}

/// What follows `key:` or `-`: on the same line, or indented below.
fn after_key(value: &Value, indent: usize, out: &mut String) {
    match value {
        Value::Object(map) => match tagged(map) {
            Some((tag, inside)) => {
                let _ = write!(out, " !{tag}");
                after_tag(tag, inside, indent, out);
            }
            None if map.is_empty() => out.push_str(" {}\n"),
            None => {
                out.push('\n');
                mapping(map, indent + 2, out);
            }
        },
        Value::Array(items) if items.is_empty() => out.push_str(" []\n"),
        Value::Array(items) => {
            out.push('\n');
            sequence(items, indent + 2, out);
        }
        Value::String(text) => {
            out.push(' ');
            scalar(text, out);
            out.push('\n');
        }
        other => {
            let _ = writeln!(out, " {other}");
        }
    }
}

fn after_tag(tag: &str, inside: &Value, indent: usize, out: &mut String) {
    match inside {
        Value::Array(items) if tag == "GetAtt" => {
            let parts: Vec<&str> = items.iter().filter_map(Value::as_str).collect();
            out.push(' ');
            scalar(&parts.join("."), out);
            out.push('\n');
        }
        other => after_key(other, indent, out),
    }
}

/// The short tag of an intrinsic function, if the function is written in a form that the tag supports.
fn tagged(map: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (key, inside) = map.iter().next().filter(|_| map.len() == 1)?;
    if key == "Ref" {
        return inside.is_string().then_some(("Ref", inside));
    }
    let tag = key.strip_prefix("Fn::")?;
    let fits = match inside {
        Value::String(_) => SCALAR_TAGS.contains(&tag),
        Value::Array(items) if tag == "GetAtt" => {
            // `!GetAtt A.B.C` is A and B.C; a dot in the resource's name would move the border.
            matches!(items.as_slice(), [Value::String(id), Value::String(name)]
                if !id.is_empty() && !id.contains('.') && !name.is_empty())
        }
        Value::Array(items) => LIST_TAGS.contains(&tag) && !items.is_empty(),
        _ => false,
    };
    fits.then_some((tag, inside))
}

fn sequence(items: &[Value], indent: usize, out: &mut String) {
    for item in items {
        pad(indent, out);
        out.push('-');
        match item {
            Value::Object(map) if !map.is_empty() && tagged(map).is_none() => {
                // The first key follows the dash on its line: write the mapping two levels deeper, then remove its
                // indentation.
                let mut inside = String::new();
                mapping(map, indent + 2, &mut inside);
                out.push(' ');
                out.push_str(inside.get(indent + 2..).unwrap_or(""));
            }
            other => after_key(other, indent, out),
        }
    }
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

/// Writes a string: plain if that is safe, otherwise in double quotes.
fn scalar(text: &str, out: &mut String) {
    if plain(text) {
        out.push_str(text);
        return;
    }
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if printable(c) => out.push(c),
            c if u32::from(c) <= 0xff => {
                let _ = write!(out, "\\x{:02X}", u32::from(c));
            }
            c if u32::from(c) <= 0xffff => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => {
                let _ = write!(out, "\\U{:08X}", u32::from(c));
            }
        }
    }
    out.push('"');
}

/// The characters that YAML 1.2 takes unescaped inside double quotes and every reader keeps: no control characters, no
/// line separators, no byte order mark, nothing outside of `c-printable`, no marks that turn the direction of text, which could
/// show a reviewer something else than what is there, and nothing that is not seen (zero-width and tag characters).
fn printable(character: char) -> bool {
    let marks =
        |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let unseen = |c| {
        matches!(c, '\u{ad}' | '\u{34f}' | '\u{115f}'..='\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}'
            | '\u{2060}'..='\u{2064}' | '\u{206a}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
    };
    match character {
        '\u{20}'..='\u{7e}' => true,
        '\u{2028}' | '\u{2029}' | '\u{feff}' => false,
        c if marks(c) || unseen(c) => false,
        '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' => true,
        c => u32::from(c) >= 0x1_0000 && !c.is_control(),
    }
}

/// Whether every reader takes the text, written without quotes, as this very string.
fn plain(text: &str) -> bool {
    let inside = |c: char| {
        c.is_ascii_alphanumeric()
            || matches!(c, '_' | '-' | '.' | '/' | '+' | '$' | '(' | ')' | '@' | ' ' | ':' | '=' | ';')
    };
    let Some(first) = text.chars().next() else { return false };
    (first.is_ascii_alphabetic() || first == '/')
        && text.chars().all(inside)
        && !text.ends_with([' ', ':'])
        && !text.contains(": ")
        && !text.contains("  ")
        && !means_something_else(text)
}

/// Words that YAML 1.1 or 1.2 reads as a boolean, as nothing, or as a number, in any case.
fn means_something_else(text: &str) -> bool {
    const WORDS: &[&str] =
        &["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity", "none"];
    WORDS.iter().any(|word| text.eq_ignore_ascii_case(word))
}
