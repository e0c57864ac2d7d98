//! The rights of a task, and its tags.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Maker;
use crate::load::schema::At;
use crate::load::schema::process::{EffectEntry, PropagateTagsEntry, RightsEntry, StatementEntry};
use crate::model::process::{PropagateTags, Rights, Statement};

/// Reads rights; none if the key is absent.
pub(crate) fn rights(make: &mut Maker<'_>, entry: Option<&At<RightsEntry>>) -> Rights {
    let Some(entry) = entry else { return Rights::default() };
    Rights {
        policies: make.texts(&entry.managed_policy_arns),
        statements: entry.statement.iter().map(|entry| statement(make, entry)).collect(),
    }
}

fn statement(make: &mut Maker<'_>, entry: &StatementEntry) -> Statement {
    let mut conditions = BTreeMap::new();
    for (operator, keys) in &entry.conditions {
        let keys = keys.iter().map(|(key, values)| (Arc::from(key.as_str()), make.texts(values))).collect();
        conditions.insert(Arc::from(operator.as_str()), keys);
    }
    Statement {
        deny: entry.effect == EffectEntry::Deny,
        actions: make.texts(&entry.actions),
        resources: make.texts(&entry.resources),
        conditions,
    }
}

/// Reads what gives the tags of tasks.
pub(crate) fn propagate_tags(entry: PropagateTagsEntry) -> PropagateTags {
    match entry {
        PropagateTagsEntry::Service => PropagateTags::Service,
        PropagateTagsEntry::TaskDefinition => PropagateTags::TaskDefinition,
        PropagateTagsEntry::None => PropagateTags::None,
    }
}
