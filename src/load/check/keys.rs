//! What AWS would refuse in what the keys of steps render, told in the words of the keys.

use std::collections::HashSet;
use std::sync::OnceLock;

use serde_json::Value;

use super::super::codes;
use super::super::finding::Finding;
use super::super::schema::Kind;
use super::super::what::WhatDrafts;
use crate::model::What;
use crate::template;

/// Judges the steps of a process that is otherwise in order.
pub(crate) fn fit(drafts: &WhatDrafts, what: &What, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    for (step, entry) in what.steps.iter().zip(&process.doc.step) {
        for problem in template::check_keys(step, what) {
            let code = if problem.together { codes::RESOURCE_RULE } else { codes::RESOURCE_PROPERTY };
            let span = problem.place.map_or_else(|| entry.name.span(), |place| place.span());
            let written = process.file.text.get(span.clone()).unwrap_or_default().trim_matches(['"', '\'']);
            let title = in_keys(&problem.title, written);
            let finding = Finding::new(code, &process.file, span, title);
            let finding = finding.label("AWS would refuse this").since(problem.edition);
            findings.push(match problem.help {
                Some(help) => finding.help(help),
                None => finding,
            });
        }
    }
}

/// A sentence about properties as one about the keys of the same name: `` `NetworkMode: awsvpc` `` becomes
/// `` `network_mode = "awsvpc"` ``. What the user wrote stays as it is, although it may read like a property.
fn in_keys(title: &str, written: &str) -> String {
    let parts = title.split('`').enumerate().map(|(place, part)| match place % 2 {
        1 if part != written => in_key(part).unwrap_or_else(|| part.to_owned()),
        _ => part.to_owned(),
    });
    parts.collect::<Vec<_>>().join("`")
}

/// The key for a property, with its value if one is given; none if no key has that name.
fn in_key(quoted: &str) -> Option<String> {
    let (name, value) = quoted.split_once(": ").map_or((quoted, None), |(name, value)| (name, Some(value)));
    let key = snake(name).filter(|key| known().contains(key.as_str()))?;
    Some(match value {
        None => key,
        Some("true" | "ENABLED") => format!("{key} = true"),
        Some("false" | "DISABLED") => format!("{key} = false"),
        Some(word) => format!("{key} = \"{}\"", word.to_ascii_lowercase().replace('_', "-")),
    })
}

/// A name in Pascal case as one in snake case; none if it is something else.
fn snake(name: &str) -> Option<String> {
    let plain = name.starts_with(|c: char| c.is_ascii_uppercase()) && name.contains(|c: char| c.is_ascii_lowercase());
    if !plain || !name.chars().all(|c| c.is_ascii_alphanumeric()) {
        return None;
    }
    let mut key = String::new();
    for (place, letter) in name.chars().enumerate() {
        if letter.is_ascii_uppercase() && place > 0 {
            key.push('_');
        }
        key.push(letter.to_ascii_lowercase());
    }
    Some(key)
}

/// Every key of a process.
fn known() -> &'static HashSet<String> {
    fn collect(schema: &Value, keys: &mut HashSet<String>) {
        match schema {
            Value::Object(map) => {
                let properties = map.get("properties").and_then(Value::as_object);
                keys.extend(properties.into_iter().flat_map(|properties| properties.keys().cloned()));
                map.values().for_each(|inside| collect(inside, keys));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, keys)),
            _ => {}
        }
    }
    static KEYS: OnceLock<HashSet<String>> = OnceLock::new();
    KEYS.get_or_init(|| {
        let mut keys = HashSet::new();
        collect(Kind::Process.schema(), &mut keys);
        keys
    })
}
