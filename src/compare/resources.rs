//! What happens to each resource of a stack between two documents, and why.
//!
//! [`resources`] is the one function that says it: a review shows it before the merge, and [`changes`], what the engine holds
//! against a change set, is a view of it. It predicts what CloudFormation announces, and may be wider than what AWS does in
//! the end, as AWS's own change sets are: a resource that uses an attribute of a changed one "may change". It is never
//! narrower, so that a removal or replacement that AWS announces and that is not here is a reason to stop.
//!
//! Deliberately absent: what macros and loops make (they are compared as they are written), and changes in place that
//! interrupt, which AWS's schemas do not tell.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use crate::cfn::{Given, Recreates, Resource, has_snapshot_by_default, interrupts, keeps_data, type_name};
use crate::model::journal::{Effect, ExpectedChange, Fate};

use super::declared::Declared;
use super::follow;
use super::parts::{self, Edge};

/// What happens to one resource. Serialised for the JSON of a review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ResourceChange {
    /// Logical id of the resource in the template.
    pub id: Arc<str>,
    /// The type that it has afterwards; for what is removed, the one that it had.
    pub kind: Arc<str>,
    /// The type that it had before, if that is another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub was: Option<Arc<str>>,
    /// The type in AWS's own words: `RDS DBInstance`.
    pub name: String,
    /// What happens.
    pub action: Action,
    /// Whether that is certain. If not, it depends on a value that only AWS knows, and may turn out to be no change.
    pub certain: bool,
    /// What becomes of the resource that was there, if it is removed, replaced, or may be.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fate: Option<Fate>,
    /// Whether the resource that was there, or the new one, keeps data ([`keeps_data`]).
    pub keeps_data: bool,
    /// Whether its absence interrupts requests ([`interrupts`]).
    pub interrupts: bool,
    /// Why: first what differs in the resource itself, by path, then what follows from other resources. Empty for what only
    /// one of the documents has.
    pub causes: Vec<Cause>,
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is made.
    Create,
    /// The resource stays as it is; what changes is what CloudFormation does with it later, or when: `DeletionPolicy`,
    /// `UpdatePolicy`, `DependsOn`, `Metadata`, ….
    Settings,
    /// It changes in place.
    Update,
    /// A task definition gets a new revision: CloudFormation calls that a replacement, and nothing is lost.
    Revision,
    /// It changes, and may be replaced: AWS says so when it knows all values.
    MayReplace,
    /// A new resource takes its place.
    Replace,
    /// It is removed from the stack.
    Remove,
}

/// Something that changes a resource.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cause {
    /// Where: the path of a property, such as `Cluster` or `LoadBalancers/0/TargetGroupArn`, or the name of another part of the
    /// resource: `Type`, `Condition`, `DependsOn`, `DeletionPolicy`, ….
    pub path: String,
    /// What a change there does to the resource.
    pub recreates: Recreates,
    /// Whether the value is another one for certain.
    pub certain: bool,
    /// What makes it another one.
    #[serde(flatten)]
    pub why: Why,
}

/// What makes a value another one. Secrets are hidden, also values of NoEcho parameters.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Why {
    /// It is written differently. Each side is there if it is a scalar; none for a map, a list, a function, or nothing.
    Text { before: Option<String>, after: Option<String> },
    /// A parameter has another value, or may have: none for a value that is not known, or not shown.
    Parameter { name: String, before: Option<String>, after: Option<String> },
    /// A mapping says something else.
    Mapping { name: String },
    /// A condition holds now, or no longer does, or that is not known.
    Condition {
        name: String,
        /// Whether it holds afterwards, if that is known.
        holds: Option<bool>,
    },
    /// It refers to another resource, to which something happens.
    Follows {
        /// That resource's logical id.
        resource: String,
        /// The attribute that is used; none for its physical id.
        #[serde(skip_serializing_if = "Option::is_none")]
        attribute: Option<String>,
        /// What happens to that resource.
        action: Action,
    },
}

/// What happens to every resource between one template with its values and another, by logical id; those to which nothing
/// happens are left out. Without one before, everything is created; without one after, everything is removed.
///
/// A resource whose condition is known to be false does not exist. If the condition is not known, the resource counts as
/// existing, so that its removal is never predicted.
pub fn resources(before: Option<Given<'_>>, after: Option<Given<'_>>) -> Vec<ResourceChange> {
    let old = before.map(there).unwrap_or_default();
    let new = after.map(there).unwrap_or_default();
    let mut marks: BTreeMap<&str, Mark> = BTreeMap::new();
    let mut edges: Vec<Edge<'_>> = Vec::new();
    if let (Some(before), Some(after)) = (before, after) {
        let declared = Declared::between(before, after);
        for (id, resource) in &new {
            let Some(was) = old.get(id) else { continue };
            let found = parts::between(*was, *resource, &declared);
            edges.extend(found.edges.into_iter().filter(|edge| new.contains_key(&*edge.to)));
            marks.extend(Mark::of(found.causes).map(|mark| (*id, mark)));
        }
        follow::spread(&new, &edges, &mut marks);
    }
    for (id, resource) in &new {
        if !old.contains_key(id) {
            let certain = after.and_then(|after| after.has(*resource)).is_some();
            let was_off = before.and_then(|before| before.document.resource(id)).is_some();
            let cause = was_off.then(|| condition(*resource, after)).flatten();
            marks.insert(id, Mark { effect: Effect::Add, certain, causes: cause.into_iter().collect() });
        }
    }
    for (id, resource) in old.iter().filter(|(id, _)| !new.contains_key(*id)) {
        let certain = before.and_then(|before| before.has(*resource)).is_some();
        let off = after.and_then(|after| after.document.resource(id));
        let cause = off.and_then(|resource| condition(resource, after));
        marks.insert(id, Mark { effect: Effect::Remove, certain, causes: cause.into_iter().collect() });
    }
    marks.into_iter().filter_map(|(id, mark)| change(id, old.get(id).copied(), new.get(id).copied(), mark)).collect()
}

/// What CloudFormation is expected to announce: [`resources`] without what it does not announce, and without reasons.
pub fn changes(before: Option<Given<'_>>, after: Given<'_>) -> Vec<ExpectedChange> {
    resources(before, Some(after)).iter().filter_map(ResourceChange::announced).collect()
}

impl ResourceChange {
    /// What CloudFormation is expected to announce of it. Of a change of `Condition` or `DependsOn` alone it announces nothing
    /// (DescribeChangeSet, `ResourceChange.Scope`).
    pub fn announced(&self) -> Option<ExpectedChange> {
        let effect = match self.action {
            Action::Create => Effect::Add,
            Action::Settings if self.causes.iter().all(|cause| parts::is_silent(&cause.path)) => return None,
            Action::Settings | Action::Update => Effect::Modify,
            Action::Revision if self.certain => Effect::Replace,
            Action::Revision | Action::MayReplace => Effect::MayReplace,
            Action::Replace => Effect::Replace,
            Action::Remove => Effect::Remove,
        };
        Some(ExpectedChange { resource: self.id.clone(), kind: self.kind.clone(), effect, fate: self.fate })
    }
}

/// What was found out about a resource so far.
pub(super) struct Mark {
    pub(super) effect: Effect,
    pub(super) certain: bool,
    pub(super) causes: Vec<Cause>,
}

impl Mark {
    /// What the causes in a resource itself lead to; none without a cause.
    fn of(causes: Vec<Cause>) -> Option<Self> {
        let mut mark = Self { effect: Effect::Modify, certain: false, causes: Vec::new() };
        for cause in causes {
            mark.add(cause);
        }
        (!mark.causes.is_empty()).then_some(mark)
    }

    /// Whether only settings differ, of which nothing follows for others.
    pub(super) fn is_setting(&self) -> bool {
        self.effect == Effect::Modify && self.causes.iter().all(|cause| parts::is_setting(&cause.path))
    }

    pub(super) fn add(&mut self, cause: Cause) {
        let effect = effect_of(cause.recreates, cause.certain);
        match effect.cmp(&self.effect) {
            std::cmp::Ordering::Greater => (self.effect, self.certain) = (effect, cause.certain),
            std::cmp::Ordering::Equal => self.certain |= cause.certain,
            std::cmp::Ordering::Less => {}
        }
        self.causes.push(cause);
    }
}

/// What a change does where it recreates so: a value that only may be another one never replaces for certain.
pub(super) fn effect_of(recreates: Recreates, certain: bool) -> Effect {
    match recreates {
        Recreates::Never => Effect::Modify,
        Recreates::Always if certain => Effect::Replace,
        Recreates::Perhaps | Recreates::Always => Effect::MayReplace,
    }
}

/// The resources that exist or may exist.
fn there(given: Given<'_>) -> BTreeMap<&str, Resource<'_>> {
    let resources = given.document.resources().filter(|resource| given.has(*resource) != Some(false));
    resources.map(|resource| (resource.id, resource)).collect()
}

/// The condition that decides whether a resource exists.
fn condition(resource: Resource<'_>, after: Option<Given<'_>>) -> Option<Cause> {
    let name = resource.body.get("Condition")?.as_str()?;
    let holds = after.and_then(|after| after.condition(name));
    let why = Why::Condition { name: name.to_owned(), holds };
    Some(Cause { path: "Condition".to_owned(), recreates: Recreates::Never, certain: holds.is_some(), why })
}

fn change(id: &str, old: Option<Resource<'_>>, new: Option<Resource<'_>>, mark: Mark) -> Option<ResourceChange> {
    let shown = new.or(old)?;
    let kinds = || [old, new].into_iter().flatten().map(|resource| resource.kind());
    let is_task = shown.kind() == "AWS::ECS::TaskDefinition" && kinds().all(|kind| kind == shown.kind());
    let action = match mark.effect {
        Effect::Add => Action::Create,
        Effect::Modify if mark.is_setting() => Action::Settings,
        Effect::Modify => Action::Update,
        Effect::MayReplace | Effect::Replace if is_task => Action::Revision,
        Effect::MayReplace => Action::MayReplace,
        Effect::Replace => Action::Replace,
        Effect::Remove => Action::Remove,
    };
    // A revision that only may be made is not certain, whatever else of the task definition is.
    let certain = mark.certain && !(action == Action::Revision && mark.effect == Effect::MayReplace);
    Some(ResourceChange {
        id: Arc::from(id),
        kind: Arc::from(shown.kind()),
        was: old.filter(|old| old.kind() != shown.kind()).map(|old| Arc::from(old.kind())),
        name: type_name(shown.kind()),
        action,
        certain,
        fate: fate(action, old, new),
        keeps_data: kinds().any(keeps_data),
        interrupts: kinds().any(interrupts),
        causes: mark.causes,
    })
}

/// What becomes of the resource that was there.
///
/// The policy of the deployed template counts for a removal. For a replacement, AWS does not document whether the old or the
/// new template's policy counts: the one that keeps less is taken. \[doc: "DeletionPolicy attribute", "UpdateReplacePolicy
/// attribute"\]
fn fate(action: Action, old: Option<Resource<'_>>, new: Option<Resource<'_>>) -> Option<Fate> {
    let replace_policy = |resource: Resource<'_>| policy(resource, "UpdateReplacePolicy").unwrap_or(Fate::Deleted);
    match action {
        Action::Remove => old.map(|old| {
            let by_default = has_snapshot_by_default(old.kind(), old.properties());
            policy(old, "DeletionPolicy").unwrap_or(if by_default { Fate::Snapshot } else { Fate::Deleted })
        }),
        Action::Replace | Action::MayReplace => [old, new].into_iter().flatten().map(replace_policy).min(),
        Action::Create | Action::Settings | Action::Update | Action::Revision => None,
    }
}

fn policy(resource: Resource<'_>, name: &str) -> Option<Fate> {
    match resource.body.get(name)?.as_str() {
        Some("Retain" | "RetainExceptOnCreate") => Some(Fate::Kept),
        Some("Snapshot") => Some(Fate::Snapshot),
        _ => Some(Fate::Deleted),
    }
}
