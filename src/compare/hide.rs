//! Hides values that look secret, judged by their name or their form.
//!
//! landfall never puts a secret into a template; this is for secrets in plain variables by mistake, and for stacks that
//! others made. A short hash in place of the value shows whether it changed.

use serde_json::{Map, Value};

use crate::cfn::Document;
use crate::model::Hash;

/// Parts of names, in lower case and without `-` and `_`, whose values are hidden.
const NAMES: &[&str] =
    &["password", "passwd", "passphrase", "secret", "token", "apikey", "accesskey", "privatekey", "credential"];
/// What secrets of well-known makers begin with.
const BEGINNINGS: &[&str] =
    &["-----BEGIN ", "AKIA", "ASIA", "ghp_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "sk_live_"];

/// The document with every string hidden that looks like a secret. References to secrets stay visible.
pub fn hide(document: &Document) -> Document {
    Document::from_sections(hide_map(document.as_map()))
}

/// A value under a name, hidden if the name or the value looks like a secret's.
pub fn hide_named(name: &str, text: &str) -> String {
    let secret = looks_named(name) && !is_reference(text);
    if secret || looks_secret(text) { hidden(text) } else { text.to_owned() }
}

/// Whether the names at an entry of a map say that its value is secret.
pub(super) fn is_secret_entry(map: &Map<String, Value>, key: &str) -> bool {
    looks_named(key) || (key == "Value" && is_named_secret(map))
}

/// A text as it may be shown, where the names around it say whether it is secret.
pub(super) fn shown(text: &str, secret: bool) -> String {
    if (secret && !is_reference(text)) || looks_secret(text) { hidden(text) } else { text.to_owned() }
}

/// Whether a name says that its value is secret.
pub(super) fn is_secret_name(name: &str) -> bool {
    looks_named(name)
}

/// Whether a map names what its `Value` is, and that is secret.
fn is_named_secret(map: &Map<String, Value>) -> bool {
    ["Name", "Key"].iter().filter_map(|key| map.get(*key)?.as_str()).any(looks_named)
}

fn hide_map(map: &Map<String, Value>) -> Map<String, Value> {
    let named = is_named_secret(map);
    let no_echo =
        matches!(map.get("NoEcho"), Some(Value::Bool(true))) || map.get("NoEcho").is_some_and(|v| v == "true");
    map.iter()
        .map(|(key, value)| {
            let secret = looks_named(key) || (key == "Value" && named) || (key == "Default" && no_echo);
            (key.clone(), hide_value(value, secret))
        })
        .collect()
}

fn hide_value(value: &Value, secret: bool) -> Value {
    match value {
        Value::Object(map) => Value::Object(hide_map(map)),
        Value::Array(items) => Value::Array(items.iter().map(|item| hide_value(item, secret)).collect()),
        Value::String(text) if (secret && !is_reference(text)) || looks_secret(text) => Value::String(hidden(text)),
        other => other.clone(),
    }
}

fn looks_named(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    NAMES.iter().any(|part| plain.contains(part))
}

fn looks_secret(text: &str) -> bool {
    BEGINNINGS.iter().any(|beginning| text.starts_with(beginning)) || has_password_in_url(text)
}

fn has_password_in_url(text: &str) -> bool {
    text.match_indices("://").any(|(at, found)| {
        let rest = &text[at + found.len()..];
        let authority = rest.split(['/', '?', '#', ' ']).next().unwrap_or("");
        authority
            .rsplit_once('@')
            .is_some_and(|(user, _)| user.split_once(':').is_some_and(|(_, word)| !word.is_empty()))
    })
}

fn is_reference(text: &str) -> bool {
    text.is_empty() || text.starts_with("arn:") || text.starts_with("{{resolve:")
}

/// Six digits are enough to see a change, and too few to confirm a guess by.
fn hidden(text: &str) -> String {
    let hash = Hash::of(text.as_bytes()).hex();
    format!("(hidden {})", hash.get(..6).unwrap_or(&hash))
}
