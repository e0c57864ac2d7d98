//! Declarations that differ between two versions of a stack: parameters by value, mappings and conditions by content.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::cfn::{Given, Reference, canonical, references};

/// How sure it is that a value is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sureness {
    /// It may be: another part knows a value of it.
    Possible,
    /// What it is made of differs.
    Certain,
}

/// The declarations of two versions.
pub(super) struct Declared<'a> {
    before: Given<'a>,
    after: Given<'a>,
}

impl<'a> Declared<'a> {
    pub(super) fn between(before: Given<'a>, after: Given<'a>) -> Self {
        Self { before, after }
    }

    /// Whether a value that reads the same in both is another one, because of what it refers to. Costs the declarations that
    /// it leads to, each once.
    pub(super) fn behind(&self, value: &Value) -> Option<Sureness> {
        let mut pending = references(value);
        let mut seen = BTreeSet::new();
        let mut change = None;
        while let Some(reference) = pending.pop_first() {
            if !seen.insert(reference.clone()) {
                continue;
            }
            change = change.max(match &reference {
                Reference::Name(name) => self.parameter(name),
                Reference::Mapping(name) => self.text("Mappings", name),
                Reference::Condition(name) => {
                    match (self.before.condition(name), self.after.condition(name)) {
                        // Whatever it is made of, it says the same.
                        (Some(before), Some(after)) => (before != after).then_some(Sureness::Certain),
                        _ => {
                            let inside = self.after.document.section("Conditions").and_then(|all| all.get(name));
                            pending.extend(inside.map(references).into_iter().flatten());
                            self.text("Conditions", name)
                        }
                    }
                }
                Reference::Attribute(..) | Reference::Unknown => None,
            });
        }
        change
    }

    fn parameter(&self, name: &str) -> Option<Sureness> {
        // Any other name is that of a resource, or of what the place of the stack says.
        self.after.document.section("Parameters").and_then(|all| all.get(name))?;
        match (self.before.parameter(name), self.after.parameter(name)) {
            (Some(before), Some(after)) => (before != after).then_some(Sureness::Certain),
            // What is not known may be another one every time.
            _ => Some(Sureness::Possible),
        }
    }

    fn text(&self, section: &str, name: &str) -> Option<Sureness> {
        let text = |given: Given<'a>| given.document.section(section).and_then(|all| all.get(name)).map(canonical);
        (text(self.before) != text(self.after)).then_some(Sureness::Certain)
    }
}
