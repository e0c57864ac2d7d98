//! Names that are taken: AWS refuses to make a resource whose fixed name another one has.
//!
//! CloudFormation makes the new resource before it removes the old one. So a name is also taken by a resource of the same
//! stack that is about to go, and by one that is to be replaced and keeps its name.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cfn::{Document, Given};
use crate::compare::{Action, Named, ResourceChange, named, type_name, visible};
use crate::model::journal;
use crate::model::{Place, StackName};

use super::super::expected::place_values;
use super::types::{Refused, Shown};
use super::world::Key;

/// Scope, type and name.
type Name = (String, Arc<str>, String);

/// Who has which name.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    holders: BTreeMap<Name, BTreeSet<(Key, Arc<str>)>>,
    names: BTreeMap<Key, Vec<Name>>,
}

impl Taken {
    /// The names of all these stacks. It reads each of them once.
    pub(super) fn of(deployed: &BTreeMap<Key, Shown>) -> Self {
        let mut all = Self::default();
        deployed.iter().for_each(|(key, shown)| all.put(key, shown));
        all
    }

    /// A stack has these names from now on.
    pub(super) fn put(&mut self, key: &Key, shown: &Shown) {
        self.remove(key);
        let Ok(document) = Document::parse(&shown.template) else { return };
        let mut values = place_values(&key.0);
        values.extend(shown.values.iter().map(|(name, value)| (name.clone(), Some(value.clone()))));
        for Named { id, kind, name } in named(Given { document: &document, values: &values }) {
            let name = (scope(&kind, &key.0), kind, name);
            self.names.entry(key.clone()).or_default().push(name.clone());
            self.holders.entry(name).or_default().insert((key.clone(), id));
        }
    }

    /// A stack is gone.
    pub(super) fn remove(&mut self, key: &Key) {
        for name in self.names.remove(key).into_iter().flatten() {
            if let Some(holders) = self.holders.get_mut(&name) {
                holders.retain(|(holder, _)| holder != key);
            }
        }
    }

    /// What AWS refuses to make of a stack, given what happens to its resources.
    pub(super) fn refused(&self, key: &Key, changes: &[ResourceChange], after: Given<'_>) -> Vec<Refused> {
        let made = |named: &Named| {
            let made =
                |change: &&ResourceChange| matches!(change.action, Action::Create | Action::Replace) && change.certain;
            changes.iter().filter(made).any(|change| change.id == named.id)
        };
        let refused = |named: Named| {
            let holders = self.holders.get(&(scope(&named.kind, &key.0), named.kind.clone(), named.name.clone()))?;
            let ((place, stack), resource) = holders.first()?.clone();
            Some(Refused {
                resource: named.id,
                kind: type_name(&named.kind),
                name: named.name,
                place,
                stack,
                holder: resource,
            })
        };
        named(after).into_iter().filter(made).filter_map(refused).collect()
    }
}

/// Where a name can exist once: buckets in the whole world, IAM in an account, everything else in an account and region.
fn scope(kind: &str, place: &Place) -> String {
    match kind {
        "AWS::S3::Bucket" => String::new(),
        kind if kind.starts_with("AWS::IAM::") => place.account.to_string(),
        _ => place.to_string(),
    }
}

impl Refused {
    /// Why, in a sentence without a full stop.
    pub fn sentence(&self, in_stack: &StackName) -> String {
        let Self { resource, kind, name, stack, holder, .. } = self;
        let name = visible(name);
        if stack == in_stack && holder == resource {
            return format!(
                "{resource} ({kind}) would be replaced, and its name {name} is fixed: give it another name"
            );
        }
        let at = if stack == in_stack { "in the same stack".to_owned() } else { format!("in stack {stack}") };
        format!("{resource} ({kind}) cannot be created: its name {name} is taken by {holder} {at}")
    }

    /// As the engine would journal it.
    pub(super) fn cause(&self, in_stack: &StackName) -> journal::Cause {
        journal::Cause {
            code: Arc::from("stack-failed"),
            sentence: self.sentence(in_stack),
            stack: Some(in_stack.clone()),
            gate: None,
            foreseen: Vec::new(),
        }
    }
}
