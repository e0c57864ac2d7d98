//! Secrets that are written out where they were referred to, or anywhere for the first time.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::secret::{OPEN, Vault};
use super::{Level, Risks};
use crate::cfn::{Document, Given};

/// Keys that name a thing in its list.
const NAMES: &[&str] = &["Name", "Key", "ContainerName", "PolicyName"];

/// Where values stand: a resource's id (or a section's name), and the path in it.
type Leaves = BTreeMap<(String, String), String>;

pub(super) fn find(before: Option<Given<'_>>, after: Option<Given<'_>>, all: &mut Risks) {
    let mut vault = Vault::default();
    let mut of =
        |given: Option<Given<'_>>| given.map(|given| leaves(&vault.document(given.document))).unwrap_or_default();
    let (old, new) = (of(before), of(after));
    for (resource, path) in new.iter().filter(|(_, text)| text.contains(OPEN)).map(|(place, _)| place) {
        let place = (resource.clone(), path.clone());
        // A container's variable may have been one of its secrets.
        let secret = path.replace("/Environment/", "/Secrets/").replace("/Value", "/ValueFrom");
        let was = old.get(&place).or_else(|| old.get(&(resource.clone(), secret)));
        let shown = path.replace("/Value", "");
        match was {
            Some(was) if was.contains(OPEN) => {}
            Some(was) if refers(was) || path.contains("/Environment/") && !old.contains_key(&place) => {
                all.put(
                    "secret-in-plain-text",
                    Level::Critical,
                    resource,
                    format!("`{resource}` writes out the secret at {shown}, which was a reference"),
                );
            }
            _ => all.put_part(
                "plain-secret",
                Level::High,
                (resource, Some(shown.clone())),
                format!("`{resource}` writes out what looks like a secret at {shown}"),
            ),
        }
    }
}

/// Whether a value only refers to a secret.
fn refers(text: &str) -> bool {
    text.contains("{{resolve:") || text.starts_with("arn:") || text == FUNCTION
}

/// Stands for what only AWS knows.
const FUNCTION: &str = "function";

fn leaves(sealed: &Document) -> Leaves {
    let mut found = Leaves::new();
    for (section, value) in sealed.as_map() {
        match (section.as_str(), value) {
            ("Resources", Value::Object(all)) => all.iter().for_each(|(id, body)| {
                collect(id, "", body.get("Properties").unwrap_or(&Value::Null), &mut found);
            }),
            ("Parameters" | "Outputs" | "Mappings", value) => collect(section, "", value, &mut found),
            _ => {}
        }
    }
    found
}

fn collect(resource: &str, path: &str, value: &Value, found: &mut Leaves) {
    let below = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}/{key}") };
    match value {
        Value::Object(map) => {
            let function = map.len() == 1 && map.keys().all(|key| key == "Ref" || key.starts_with("Fn::"));
            if function {
                // A secret inside of it is a text below; the place itself refers.
                found.insert((resource.to_owned(), path.to_owned()), FUNCTION.to_owned());
            }
            for (key, inside) in map {
                let below = if function { path.to_owned() } else { below(key) };
                collect(resource, &below, inside, found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                let name = NAMES
                    .iter()
                    .find_map(|key| item.get(*key)?.as_str())
                    .map_or_else(|| index.to_string(), str::to_owned);
                collect(resource, &below(&name), item, found);
            }
        }
        Value::String(text) => {
            let place = (resource.to_owned(), path.to_owned());
            // Of a function's parts, one that is secret counts.
            if text.contains(OPEN) || !found.contains_key(&place) {
                found.insert(place, text.clone());
            }
        }
        _ => {}
    }
}
