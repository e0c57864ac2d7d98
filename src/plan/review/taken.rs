//! Names and priorities that are taken: AWS refuses to make a resource whose fixed name another one has, and to give a rule the
//! priority that another rule has on its listener.
//!
//! CloudFormation makes the new resource before it removes the old one. So a name is also taken by a resource of the same
//! stack that is about to go, and by one that is to be replaced and keeps its name. Rules of one stack that change in place give
//! their priorities away and take others in an order that only AWS knows: they hold nothing against each other here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::cfn::{Document, Given, LISTENER_RULE, RulePriority, naming, rule_priorities};
use crate::compare::{Action, Named, ResourceChange, named, type_name, visible};
use crate::model::journal;
use crate::model::{Place, StackName};
use crate::template::Rendered;

use super::super::expected::{place_values, wanted_values};
use super::types::{Refused, Shown, Unique};
use super::world::Key;

/// Scope, type, and what only one resource of the type can have there.
type Claim = (String, Arc<str>, Unique);

/// Who has which name and which priority.
#[derive(Clone, Debug, Default)]
pub(super) struct Taken {
    holders: BTreeMap<Claim, BTreeSet<(Key, Arc<str>)>>,
    claims: BTreeMap<Key, Vec<Claim>>,
}

impl Taken {
    /// The names and priorities of all these stacks. It reads each of them once.
    pub(super) fn of(deployed: &BTreeMap<Key, Shown>) -> Self {
        let mut all = Self::default();
        deployed.iter().for_each(|(key, shown)| all.put(key, shown));
        all
    }

    /// A stack has these names and priorities from now on.
    pub(super) fn put(&mut self, key: &Key, shown: &Shown) {
        self.remove(key);
        let Ok(document) = Document::parse(&shown.template) else { return };
        let mut values = place_values(&key.0);
        values.extend(shown.values.iter().map(|(name, value)| (name.clone(), Some(value.clone()))));
        for (id, kind, wants) in unique(Given { document: &document, values: &values }) {
            let claim = (scope(&kind, &key.0), kind, wants);
            self.claims.entry(key.clone()).or_default().push(claim.clone());
            self.holders.entry(claim).or_default().insert((key.clone(), id));
        }
    }

    /// A stack is gone.
    pub(super) fn remove(&mut self, key: &Key) {
        for claim in self.claims.remove(key).into_iter().flatten() {
            if let Some(holders) = self.holders.get_mut(&claim) {
                holders.retain(|(holder, _)| holder != key);
            }
        }
    }

    /// What AWS refuses of a stack, given what happens to its resources.
    pub(super) fn refused(&self, key: &Key, changes: &[ResourceChange], after: Given<'_>) -> Vec<Refused> {
        let changes: BTreeMap<&str, &ResourceChange> = changes.iter().map(|change| (&*change.id, change)).collect();
        let refused = |(id, kind, wants): (Arc<str>, Arc<str>, Unique)| {
            let change = changes.get(&*id).filter(|change| change.certain)?;
            let holders = self.holders.get(&(scope(&kind, &key.0), kind.clone(), wants.clone()))?;
            let ((place, stack), holder) = match wants {
                Unique::Name(_) => holders.first().filter(|_| made(change))?,
                Unique::Priority { .. } => {
                    let in_place =
                        |change: &&ResourceChange| matches!(change.action, Action::Update | Action::MayReplace);
                    let moves = |holder: &str| changes.get(holder).is_some_and(in_place);
                    let mut standing = holders.iter().filter(|(at, holder)| at != key || !moves(holder));
                    standing
                        .find(|(at, holder)| at != key || *holder != id)
                        .filter(|_| made(change) || moved(change))?
                }
            };
            Some(Refused {
                resource: id,
                kind: type_name(&kind),
                wants,
                place: place.clone(),
                stack: stack.clone(),
                holder: holder.clone(),
            })
        };
        unique(after).filter_map(refused).collect()
    }
}

/// Whether a change may want something that only one resource can have.
pub(super) fn claims(change: &ResourceChange) -> bool {
    let named = made(change) && !naming(&change.kind).is_empty();
    named || &*change.kind == LISTENER_RULE && (made(change) || moved(change))
}

fn made(change: &ResourceChange) -> bool {
    matches!(change.action, Action::Create | Action::Replace)
}

/// Whether a rule gets another priority in place.
fn moved(change: &ResourceChange) -> bool {
    change.action == Action::Update && change.causes.iter().any(|cause| cause.certain && cause.path == "Priority")
}

/// What the resources of a template want that nothing else can have: id, type, and that.
fn unique(given: Given<'_>) -> impl Iterator<Item = (Arc<str>, Arc<str>, Unique)> {
    let names = named(given).into_iter().map(|Named { id, kind, name }| (id, kind, Unique::Name(name)));
    let rules = rule_priorities(given).into_iter();
    names.chain(rules.map(|RulePriority { id, listener, priority }| {
        (id, Arc::from(LISTENER_RULE), Unique::Priority { listener, priority })
    }))
}

/// The rules of a rendered stack whose listeners and priorities are known before it is deployed.
pub fn priorities(rendered: &Rendered, place: &Place) -> Vec<RulePriority> {
    let Ok(document) = Document::parse(&rendered.content.template) else { return Vec::new() };
    let values = wanted_values(place, &rendered.content.parameters);
    rule_priorities(Given { document: &document, values: &values })
}

/// Where a name can exist once: buckets in the whole world, IAM in an account, everything else in an account and region.
fn scope(kind: &str, place: &Place) -> String {
    match kind {
        "AWS::S3::Bucket" => String::new(),
        kind if kind.starts_with("AWS::IAM::") => place.account.to_string(),
        _ => place.to_string(),
    }
}

impl Unique {
    /// In a few words.
    pub fn brief(&self) -> String {
        match self {
            Self::Name(name) => format!("the name {name}"),
            Self::Priority { priority, .. } => format!("priority {priority} of a listener"),
        }
    }
}

impl Refused {
    /// Why, in a sentence without a full stop.
    pub fn sentence(&self, in_stack: &StackName) -> String {
        let Self { resource, kind, wants, stack, holder, .. } = self;
        let at = if stack == in_stack { "in the same stack".to_owned() } else { format!("in stack {stack}") };
        let name = match wants {
            Unique::Name(name) => visible(name),
            Unique::Priority { listener, priority } => {
                let listener = listener.split_once(":listener/").map_or(listener.as_str(), |(_, name)| name);
                let (listener, priority) = (visible(listener), visible(priority));
                return format!(
                    "{resource} ({kind}) cannot have priority {priority} on listener {listener}: it is taken by {holder} {at}"
                );
            }
        };
        if stack == in_stack && holder == resource {
            return format!(
                "{resource} ({kind}) would be replaced, and its name {name} is fixed: give it another name"
            );
        }
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
