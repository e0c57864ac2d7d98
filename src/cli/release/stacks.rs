//! The stacks of two releases, next to each other. Tenants get the same step from the same texts, so what differs in the same
//! way for many of them is shown once, for the first, with the names of the others.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;

use crate::cfn::Document;
use crate::compare::{Paint, documents};
use crate::view::alike::without_word;

/// Which stack, in the order in which stacks are shown: environments in promotion order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) order: i64,
    pub(super) environment: String,
    pub(super) project: String,
    pub(super) step: String,
    pub(super) tenant: Option<String>,
    pub(super) stack: String,
}

/// The tenants of more than this many that are alike are counted, not named, for people.
const MAX_NAMED: usize = 8;

/// A stack that differs.
pub(super) struct Difference<'k> {
    key: &'k Key,
    text: String,
    /// The other tenants' stacks that differ in the same way.
    alike: Vec<&'k Key>,
}

/// Every difference; those of tenants that are alike together, under the first of them.
pub(super) fn differences<'k>(
    before: &'k BTreeMap<Key, Document>,
    after: &'k BTreeMap<Key, Document>,
    base: &str,
    head: &str,
    paint: Paint,
) -> Vec<Difference<'k>> {
    let keys: BTreeSet<&Key> = before.keys().chain(after.keys()).collect();
    let mut found: Vec<Difference<'k>> = Vec::new();
    let mut known: BTreeMap<(&str, &str, &str, String), usize> = BTreeMap::new();
    for key in keys {
        let (old, new) = (before.get(key), after.get(key));
        let place = match &key.tenant {
            Some(tenant) => format!("{} ({}, tenant {tenant})", key.stack, key.environment),
            None => format!("{} ({})", key.stack, key.environment),
        };
        let text = documents(old, new, &format!("{place} at {base}"), &format!("{place} at {head}"), paint);
        if text.is_empty() {
            continue;
        }
        if let Some(tenant) = &key.tenant {
            let shape = shape(&documents(old, new, "", "", Paint::Plain), &key.stack, tenant);
            let group = (key.environment.as_str(), key.project.as_str(), key.step.as_str(), shape);
            if let Some(first) = known.get(&group).and_then(|position| found.get_mut(*position)) {
                first.alike.push(key);
                continue;
            }
            known.insert(group, found.len());
        }
        found.push(Difference { key, text, alike: Vec::new() });
    }
    found
}

/// The lines of a difference, with what is the tenant's own taken out: equal for two stacks that differ in the same way.
fn shape(difference: &str, stack: &str, tenant: &str) -> String {
    let lines: String = difference.lines().skip(2).flat_map(|line| [line, "\n"]).collect();
    without_word(&lines.replace(stack, "\u{1}"), tenant)
}

pub(super) fn drawn(difference: &Difference<'_>) -> String {
    let others: Vec<&str> = difference.alike.iter().filter_map(|key| key.tenant.as_deref()).collect();
    let others: BTreeSet<&str> =
        others.into_iter().filter(|name| Some(*name) != difference.key.tenant.as_deref()).collect();
    if difference.alike.is_empty() {
        return difference.text.clone();
    }
    let named: Vec<&str> = others.iter().copied().take(MAX_NAMED).collect();
    let more = match others.len() - named.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let stacks = difference.alike.len() + 1;
    let whose = match named.as_slice() {
        [] => String::new(),
        _ => format!(" of {} tenants", others.len() + 1),
    };
    let list = if named.is_empty() { String::new() } else { format!(": here, and for {}{more}", named.join(", ")) };
    format!("# {stacks} stacks{whose} differ in the same way{list}\n{}", difference.text)
}

pub(super) fn as_json(difference: &Difference<'_>) -> serde_json::Value {
    let Difference { key, text, alike } = difference;
    let alike: Vec<_> = alike.iter().map(|key| json!({ "tenant": key.tenant, "stack": key.stack })).collect();
    json!({
        "environment": key.environment,
        "project": key.project,
        "step": key.step,
        "tenant": key.tenant,
        "stack": key.stack,
        "difference": text,
        "alike": alike,
    })
}
