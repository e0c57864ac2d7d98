//! Declarations that differ between two versions of a stack: parameters by value, mappings and conditions by content.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cfn::{Given, Reference, canonical, references};

use super::resources::Why;
use super::secret::{Named, Shown};

/// The declarations of two versions.
pub(super) struct Declared<'a> {
    pub(super) before: Given<'a>,
    pub(super) after: Given<'a>,
}

impl<'a> Declared<'a> {
    pub(super) fn between(before: Given<'a>, after: Given<'a>) -> Self {
        Self { before, after }
    }

    /// Whether a value that reads the same in both is another one because of what it refers to: for certain or perhaps, and
    /// why. Costs the declarations that it leads to, each once.
    pub(super) fn behind(&self, value: &Value) -> Option<(bool, Why)> {
        let mut pending = references(value);
        if pending.is_empty() {
            return None;
        }
        let texts = self.before.text(value).zip(self.after.text(value));
        if texts.as_ref().is_some_and(|(before, after)| before == after) {
            return None;
        }
        let mut seen = BTreeSet::new();
        let mut change: Option<(bool, Why)> = None;
        while let Some(reference) = pending.pop_first() {
            if !seen.insert(reference.clone()) {
                continue;
            }
            let found = match &reference {
                Reference::Name(name) => self.parameter(name),
                Reference::Mapping(name) => {
                    self.text("Mappings", name).then(|| (true, Why::Mapping { name: name.clone() }))
                }
                Reference::Condition(name) => match (self.before.condition(name), self.after.condition(name)) {
                    // Whatever it is made of, it says the same.
                    (Some(_), Some(_)) => self.condition(name).map(|why| (true, why)),
                    (_, holds) => {
                        let inside = self.after.document.section("Conditions").and_then(|all| all.get(name));
                        pending.extend(inside.map(references).into_iter().flatten());
                        self.text("Conditions", name).then(|| (true, Why::Condition { name: name.clone(), holds }))
                    }
                },
                Reference::Attribute(..) | Reference::Unknown => None,
            };
            // The first that is certain tells why, otherwise the first that is not.
            if let Some((certain, _)) = found
                && change.as_ref().is_none_or(|(known, _)| certain && !known)
            {
                change = found;
            }
        }
        // What differs may be what the place of the stack says.
        let other = || texts.map(|_| (true, Why::Text { before: None, after: None }));
        change.or_else(other)
    }

    /// The condition as a reason, if it is known to hold on one side and not on the other.
    pub(super) fn condition(&self, name: &str) -> Option<Why> {
        let (before, after) = (self.before.condition(name)?, self.after.condition(name)?);
        (before != after).then(|| Why::Condition { name: name.to_owned(), holds: Some(after) })
    }

    fn parameter(&self, name: &str) -> Option<(bool, Why)> {
        // Any other name is that of a resource, or of what the place of the stack says.
        self.after.document.section("Parameters").and_then(|all| all.get(name))?;
        let (before, after) = (self.before.parameter(name), self.after.parameter(name));
        // What is not known may be another one every time.
        let certain = before.is_some() && after.is_some();
        if certain && before == after {
            return None;
        }
        let named = if self.is_silent(name) { Named::Declared } else { Named::of(name) };
        let (before, after) = Shown::pair_of(named, before.as_deref(), after.as_deref());
        let (before, after) = (before.map(Shown::into_text), after.map(Shown::into_text));
        Some((certain, Why::Parameter { name: name.to_owned(), before, after }))
    }

    /// Whether a parameter is declared NoEcho on either side.
    fn is_silent(&self, name: &str) -> bool {
        [self.before, self.after].iter().any(|given| {
            let flag = given.document.section("Parameters").and_then(|all| all.get(name)?.get("NoEcho"));
            flag.is_some_and(|flag| *flag != Value::Bool(false) && flag != "false")
        })
    }

    /// Whether a declaration is written differently.
    fn text(&self, section: &str, name: &str) -> bool {
        let text = |given: Given<'a>| given.document.section(section).and_then(|all| all.get(name)).map(canonical);
        text(self.before) != text(self.after)
    }
}
