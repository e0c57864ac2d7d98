//! What is secret, decided in one place, for everything that prints a value.
//!
//! landfall never puts a secret into a template. This module finds secrets that a user wrote as plain values by mistake, that
//! stacks of others contain, or that programs and AWS return. A value is judged by its name ([`names`]), by its form
//! ([`tokens`], [`urls`], [`commands`]), and by the names and values inside it ([`pairs`], JSON, [`encoded`] text). If the exact
//! place of the secret in a longer text is known, only the secret is hidden, otherwise the whole text.
//!
//! A hidden value shows as `(hidden)`, and after a change as `(hidden, changed)`: no hash and no length, because a guess could be
//! tested against them. References (`{{resolve:…}}`, ARNs, names in SSM) are not secrets and stay visible.
//!
//! Deliberately absent: entropy as a reason by itself, because digests, ids and hashes are most of what templates contain; and
//! settings, because what is secret must not depend on a repository's files.

mod commands;
mod encoded;
mod names;
mod pairs;
mod reference;
mod shown;
mod tokens;
mod tree;
mod urls;
mod words;

use std::collections::BTreeMap;
use std::ops::Range;

use serde_json::Value;

use super::escape::visible;
use crate::cfn::Document;
use names::judge;

pub(super) use names::Named;
pub use shown::Shown;
pub(super) use shown::against;

/// Stands for a part of a text that is not literal, where parts are joined.
const OPAQUE: char = '\u{fffc}';
/// What a hidden value is between in a sealed text; noncharacters, which are written out where they come in from outside.
pub(super) const OPEN: char = '\u{fdd0}';
pub(super) const CLOSE: char = '\u{fdd1}';

/// How deep text inside of text is looked into: JSON in base64 in JSON.
const DEEPEST: usize = 4;

/// The document with every secret hidden. References to secrets stay visible.
pub fn hide(document: &Document) -> Document {
    let sealed = Vault::default().document(document);
    Document::from_sections(opened_map(sealed.as_map()))
}

/// A value under a name, for people: without its secrets, and with unseen characters written out ([`visible`]).
pub fn hide_named(name: &str, text: &str) -> String {
    Shown::new(name, text).into_text()
}

/// A text without a name, like a message, without the secrets that its form gives away. Its line breaks stay.
pub fn hide_text(text: &str) -> String {
    opened(&Vault::default().text(Named::Plain, false, text))
}

/// The secrets in a value under a name, as they are written: what has to be taken out of other texts about it.
pub fn secrets_of(name: &str, text: &str) -> Vec<String> {
    let mut vault = Vault::default();
    vault.text(judge(name), hook(name), text);
    vault.known.into_keys().collect()
}

/// Whether a value under a name is hidden, or a part of it is.
pub fn is_secret(name: &str, text: &str) -> bool {
    !secrets_of(name, text).is_empty()
}

/// Whether a name says that its value is a secret.
pub fn names_secret(name: &str) -> bool {
    judge(name) > Named::Login
}

/// Whether a value is hidden as a whole because of what its name says.
fn hides(named: Named, value: &str) -> bool {
    use reference::{is_reference, is_setting, is_switch, looks_random};
    let login = |value: &str| {
        let digits = (4..=8).contains(&value.len()) && value.chars().all(|c| c.is_ascii_digit());
        let pair = value.split_once(':').is_some_and(|(user, password)| {
            !user.is_empty()
                && !password.is_empty()
                && !password.starts_with('/')
                && !value.contains(char::is_whitespace)
        });
        digits || pair || encoded::is_basic(value)
    };
    match named {
        Named::Plain => false,
        _ if is_reference(value) => false,
        Named::Perhaps => looks_random(value),
        Named::Login => looks_random(value) || login(value),
        Named::Secret => !is_setting(value),
        Named::Password => !is_switch(value),
        Named::Declared => true,
    }
}

/// Whether a name is that of a webhook, in whose path the secret is.
fn hook(name: &str) -> bool {
    names::words(name).iter().any(|word| word.contains("hook"))
}

/// Takes secrets out of texts and remembers them: equal secrets are equal in sealed texts, and nothing else of them is.
#[derive(Debug, Default)]
pub(super) struct Vault {
    known: BTreeMap<String, usize>,
    /// What was sealed already: two documents have most of their texts in common.
    done: BTreeMap<(Named, bool, String), String>,
}

impl Vault {
    /// The text with its secrets sealed.
    fn text(&mut self, named: Named, hook: bool, text: &str) -> String {
        self.at_depth(named, hook, text, 0)
    }

    fn at_depth(&mut self, named: Named, hook: bool, text: &str, depth: usize) -> String {
        // Of what is inside of other texts nothing comes twice.
        let key = (depth == 0).then(|| (named, hook, text.to_owned()));
        if let Some(done) = key.as_ref().and_then(|key| self.done.get(key)) {
            return done.clone();
        }
        let sealed = self.sealed(named, hook, &clean(text), depth);
        self.done.extend(key.map(|key| (key, sealed.clone())));
        sealed
    }

    fn sealed(&mut self, named: Named, hook: bool, text: &str, depth: usize) -> String {
        if !hides(named, text)
            && let Some(sealed) = self.json(text, depth)
        {
            return sealed;
        }
        let spans = self.spans(named, hook, text, depth);
        self.cut(text, &spans)
    }

    /// JSON in a text, with the secrets in it sealed; none if it is not JSON or has no secrets.
    fn json(&mut self, text: &str, depth: usize) -> Option<String> {
        let trimmed = text.trim();
        let framed =
            trimmed.starts_with('{') && trimmed.ends_with('}') || trimmed.starts_with('[') && trimmed.ends_with(']');
        if !framed || depth >= DEEPEST {
            return None;
        }
        let value: Value = serde_json::from_str(trimmed).ok()?;
        let sealed = tree::Walk { vault: self, depth: depth + 1 }.value(&value, Named::Plain, "");
        (sealed != value).then(|| sealed.to_string())
    }

    /// Where the secrets of a text are: in order, apart from each other, without the references among them.
    fn spans(&mut self, named: Named, hook: bool, text: &str, depth: usize) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        if hides(named, text) {
            found.push(0..text.len());
        } else if !is_plain(text) {
            let has = |characters: &[char]| text.contains(characters);
            tokens::find(text, &mut found);
            if has(&['/', '@']) {
                urls::find(text, hook, &mut found);
            }
            if has(&['=', ':', '<', ' ', '(', '"', '\'']) {
                pairs::find(text, &mut found);
                commands::find(text, &mut found);
            }
            if depth < DEEPEST {
                encoded::find(
                    text,
                    &mut |inside| self.at_depth(Named::Plain, false, inside, depth + 1) != inside,
                    &mut found,
                );
            }
        }
        apart(text, found)
    }

    /// The text with the given parts sealed.
    fn cut(&mut self, text: &str, spans: &[Range<usize>]) -> String {
        let mut out = String::with_capacity(text.len());
        let mut at = 0;
        for span in spans {
            out.push_str(text.get(at..span.start).unwrap_or(""));
            out.push_str(&self.seal(text.get(span.clone()).unwrap_or("")));
            at = span.end;
        }
        out.push_str(text.get(at..).unwrap_or(""));
        out
    }

    fn seal(&mut self, secret: &str) -> String {
        let next = self.known.len();
        let number = *self.known.entry(secret.to_owned()).or_insert(next);
        format!("{OPEN}{number}{CLOSE}")
    }

    /// The document with its secrets sealed.
    pub(super) fn document(&mut self, document: &Document) -> Document {
        tree::Walk { vault: self, depth: 0 }.document(document)
    }
}

/// Whether a text is too plain to have the form of a secret, as most texts of templates are.
fn is_plain(text: &str) -> bool {
    let word = |c: char| c.is_ascii_alphabetic() || matches!(c, '.' | '-' | '/');
    text.len() < 6
        || text.len() < 40 && text.chars().all(word) && !(text.contains('/') && text.contains('.'))
        || text.starts_with("arn:") && !text.contains(['@', '?', '=', ' '])
}

/// The text without the characters that mean something here.
fn clean(text: &str) -> String {
    if !text.contains([OPEN, CLOSE, OPAQUE]) {
        return text.to_owned();
    }
    text.chars()
        .map(|c| if matches!(c, OPEN | CLOSE | OPAQUE) { visible(&c.to_string()) } else { c.to_string() })
        .collect()
}

/// Spans in order and joined where they touch, with references and what is not literal taken out.
fn apart(text: &str, mut found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    found.sort_by_key(|span| (span.start, span.end));
    let mut joined: Vec<Range<usize>> = Vec::new();
    for span in found.into_iter().filter(|span| span.start < span.end && text.get(span.clone()).is_some()) {
        match joined.last_mut().filter(|last| last.end >= span.start) {
            Some(last) => last.end = last.end.max(span.end),
            None => joined.push(span),
        }
    }
    joined.into_iter().flat_map(|span| without_references(text, span)).collect()
}

/// What is left of a span without dynamic references and parts that are not literal.
fn without_references(text: &str, span: Range<usize>) -> Vec<Range<usize>> {
    let mut left = Vec::new();
    let (mut begin, mut at) = (span.start, span.start);
    while at < span.end {
        let here = text.get(at..span.end).unwrap_or("");
        let dynamic = here.starts_with("{{resolve:") || here.starts_with(OPAQUE);
        match reference::placeholder(here).filter(|_| dynamic) {
            Some(length) => {
                left.push(begin..at);
                at += length;
                begin = at;
            }
            None => at += here.chars().next().map_or(1, char::len_utf8),
        }
    }
    left.push(begin..span.end);
    let whole = left.len() == 1;
    let literal = |span: &Range<usize>| {
        text.get(span.clone()).is_some_and(|text| whole || text.chars().any(char::is_alphanumeric))
    };
    left.into_iter().filter(|span| span.start < span.end).filter(literal).collect()
}

/// A sealed text for people.
fn opened(sealed: &str) -> String {
    shown::open(sealed, |_| "(hidden)")
}

fn opened_value(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(opened(text)),
        Value::Array(items) => Value::Array(items.iter().map(opened_value).collect()),
        Value::Object(map) => Value::Object(opened_map(map)),
        other => other.clone(),
    }
}

fn opened_map(map: &serde_json::Map<String, Value>) -> serde_json::Map<String, Value> {
    map.iter().map(|(key, value)| (opened(key), opened_value(value))).collect()
}
