//! A value as it may be shown, and two of them around a change.

use std::collections::BTreeSet;

use serde::Serialize;

use super::super::escape::visible;
use super::names::{Named, judge};
use super::{CLOSE, OPEN, Vault, hook};

/// A value for people: without its secrets, on one line, with unseen characters written out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Shown {
    /// The text; what is secret in it reads `(hidden)`, or `(hidden, changed)` after a change.
    pub text: String,
    /// Whether something is hidden.
    pub hidden: bool,
}

impl Shown {
    /// A value under a name. An empty name says nothing.
    pub fn new(name: &str, text: &str) -> Self {
        Self::of(&Vault::default().text(judge(name), hook(name), text), None)
    }

    /// A text of our own, in which nothing is secret.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: visible(&text.into()), hidden: false }
    }

    /// A value under a name before and after a change: the text after it says for each secret whether it changed.
    pub fn pair(name: &str, before: Option<&str>, after: Option<&str>) -> (Option<Self>, Option<Self>) {
        Self::both(judge(name), hook(name), before, after)
    }

    /// The same for a value whose names were judged.
    pub(in super::super) fn pair_of(
        named: Named,
        before: Option<&str>,
        after: Option<&str>,
    ) -> (Option<Self>, Option<Self>) {
        Self::both(named, false, before, after)
    }

    fn both(named: Named, hook: bool, before: Option<&str>, after: Option<&str>) -> (Option<Self>, Option<Self>) {
        let mut vault = Vault::default();
        let mut seal = |text: &str| vault.text(named, hook, text);
        let (before, after) = (before.map(&mut seal), after.map(&mut seal));
        let shown = |sealed: &String, other: Option<&String>| Self::of(sealed, other.map(String::as_str));
        (before.as_ref().map(|sealed| shown(sealed, None)), after.as_ref().map(|sealed| shown(sealed, before.as_ref())))
    }

    fn of(sealed: &str, before: Option<&str>) -> Self {
        Self { text: visible(&against(sealed, before)), hidden: sealed.contains(OPEN) }
    }

    /// The text alone.
    pub fn into_text(self) -> String {
        self.text
    }
}

impl std::fmt::Display for Shown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// What stands for a secret.
const HIDDEN: &str = "(hidden)";
/// What stands for a secret that is another one than before.
const CHANGED: &str = "(hidden, changed)";

/// A sealed text for people; of each secret that a sealed text before it does not have, that it changed, if that has any.
pub(in super::super) fn against(sealed: &str, before: Option<&str>) -> String {
    let known = before.map(seals).unwrap_or_default();
    open(sealed, |number| if known.is_empty() || known.contains(number) { HIDDEN } else { CHANGED })
}

/// The numbers of the secrets of a sealed text.
fn seals(sealed: &str) -> BTreeSet<&str> {
    sealed.split(OPEN).skip(1).filter_map(|part| part.split_once(CLOSE)).map(|(number, _)| number).collect()
}

/// A sealed text with a word in place of each secret.
pub(super) fn open(sealed: &str, word: impl Fn(&str) -> &'static str) -> String {
    let mut parts = sealed.split(OPEN);
    let mut out = parts.next().unwrap_or("").to_owned();
    for part in parts {
        let (number, rest) = part.split_once(CLOSE).unwrap_or(("", part));
        out.push_str(word(number));
        out.push_str(rest);
    }
    out
}
