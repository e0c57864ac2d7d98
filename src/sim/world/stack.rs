//! Stacks: what they are, what they remember, and the operation that they are in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value};

use super::change_set::ChangeSet;
use super::drift::{Drift, Records};
use super::early::{SetOperation, Validation};
use super::guard::Invocation;
use super::imports::Importing;
use super::outside::policies::Wanted;
use super::template::Template;
use super::transform::Expansion;
use crate::model::StackStatus;

#[derive(Clone, Debug)]
pub struct Stack {
    /// Its id: another one for each incarnation of a name.
    pub id: Arc<str>,
    pub name: String,
    pub status: StackStatus,
    /// Why.
    pub reason: Option<String>,
    /// What it was last asked to be, and what it was before as long as it can return to that.
    pub shape: Shape,
    /// What a rollback returns to.
    pub previous: Option<Box<Previous>>,
    /// When it was created.
    pub created: Timestamp,
    /// When its last update began.
    pub updated: Option<Timestamp>,
    /// When it was deleted.
    pub deleted: Option<Timestamp>,
    /// Whether it is protected from deletion.
    pub protected: bool,
    /// Which updates are allowed; all without one.
    pub policy: Option<Value>,
    /// The same for the update that goes on.
    pub policy_of_update: Option<Value>,
    /// After how many minutes its creation fails.
    pub timeout: Option<u32>,
    /// Whether a failed operation stays as it is.
    pub keep_failed: bool,
    /// Whether a failed creation deletes the stack.
    pub delete_failed: bool,
    /// Its resources by logical id.
    pub resources: IndexMap<String, Resource>,
    /// Evaluated outputs.
    pub outputs: Vec<Output>,
    /// Its events, oldest first.
    pub events: Vec<Event>,
    /// What only DescribeEvents shows, oldest first: what validations found, and the ends of the creation of change sets.
    pub findings: Vec<Event>,
    /// Its change sets by name.
    pub change_sets: IndexMap<String, ChangeSet>,
    /// What goes on.
    pub operation: Option<Operation>,
    /// Resources that still have to be deleted, from an operation that stopped before its cleanup.
    pub leftover: Vec<Resource>,
    /// Tokens of accepted calls, with what they asked for.
    pub tokens: BTreeMap<String, String>,
    /// The type and id of its operations, oldest first. A rollback is an operation of its own.
    pub operations: Vec<(&'static str, Arc<str>)>,
    /// What is known of its drift.
    pub drift: Drift,
    /// How it was before the last execution, for as many reads.
    pub stale: Option<(u32, Box<Stack>)>,
    /// Where it is nested; none for one that stands by itself.
    pub nest: Option<Nest>,
    /// What the next operation of a nested stack imports, by the change set of its root.
    pub importing: Importing,
    /// Nested stacks in review that the change set of its operation has made, by logical id.
    pub reviewed: BTreeMap<String, Arc<str>>,
}

/// Where a stack is nested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nest {
    /// The id of the stack whose resource it is.
    pub parent: Arc<str>,
    /// The id of the outermost stack.
    pub root: Arc<str>,
    /// How many stacks it is in.
    pub depth: usize,
}

/// What a stack is asked to be.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The template as it was given.
    pub body: Arc<str>,
    /// What transforms made of it; none if it has none.
    pub expansion: Option<Expansion>,
    /// The template that is deployed, read.
    pub template: Arc<Template>,
    /// Values of all parameters, as they were given.
    pub parameters: BTreeMap<String, String>,
    /// What `Ref` gives for each: of a parameter whose value SSM keeps, that value.
    pub values: BTreeMap<String, String>,
    /// Stack tags.
    pub tags: BTreeMap<String, String>,
    pub capabilities: Vec<String>,
    /// The role that CloudFormation should use.
    pub role: Option<String>,
    /// The topics that hear of its events; nobody sends them anything here.
    pub notifications: Vec<String>,
    /// What rolls an operation back.
    pub monitoring: Monitoring,
}

/// `RollbackConfiguration`: alarms that roll an operation back while it goes on, and for some time after.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Monitoring {
    /// ARN and type of each alarm.
    pub triggers: Vec<(String, String)>,
    /// For how long the alarms count after the last resource; minutes.
    pub minutes: u32,
}

impl Monitoring {
    /// Names of the alarms.
    pub fn alarms(&self) -> Vec<String> {
        self.triggers.iter().map(|(arn, _)| arn.rsplit(":alarm:").next().unwrap_or(arn).to_owned()).collect()
    }
}

impl Shape {
    /// The values of parameters that SSM keeps.
    pub fn resolved(&self) -> impl Iterator<Item = (&String, &String)> {
        self.values.iter().filter(|(name, value)| self.parameters.get(*name) != Some(value))
    }

    /// Whether nothing but resources differs.
    pub fn is_same_beside_resources(&self, other: &Shape) -> bool {
        self.tags == other.tags
            && self.template.outputs == other.template.outputs
            && self.role == other.role
            && self.notifications == other.notifications
            && self.monitoring == other.monitoring
    }
}

/// What a rollback returns to.
#[derive(Clone, Debug)]
pub struct Previous {
    /// Template, parameters, tags.
    pub shape: Shape,
    /// What the last deployment made of the resources, where they were not like that when the update began.
    pub deployed: Option<Records>,
    pub resources: IndexMap<String, Resource>,
    pub outputs: Vec<Output>,
}

impl Previous {
    /// What a rollback of an update that begins now returns to.
    pub(super) fn of(stack: &Stack) -> Self {
        let (shape, resources, outputs) = (stack.shape.clone(), stack.resources.clone(), stack.outputs.clone());
        Self { shape, deployed: None, resources, outputs }
    }
}

/// An evaluated output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Output {
    pub key: String,
    pub value: String,
    pub description: Option<String>,
    /// The name under which it is exported.
    pub export: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Logical id of the resource in the template.
    pub logical: String,
    /// Its type.
    pub kind: String,
    /// Physical id, once there is one.
    pub physical_id: Option<String>,
    /// Evaluated properties.
    pub properties: Map<String, Value>,
    /// Stack tags that it carries.
    pub tags: BTreeMap<String, String>,
    pub attributes: BTreeMap<String, String>,
    /// Attributes that are lists: only providers of custom resources give such.
    pub lists: BTreeMap<String, Value>,
    /// The provider of a custom resource hides its attributes.
    pub no_echo: bool,
    /// Its status, as AWS writes it.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// When that was.
    pub at: Timestamp,
    /// The resources that it needs.
    pub needs: BTreeSet<String>,
    /// What becomes of it when it is removed.
    pub deletion_policy: String,
    /// What becomes of it when it is replaced.
    pub replace_policy: String,
}

#[derive(Clone, Debug)]
pub struct Event {
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// Logical id; the stack's name for the stack itself.
    pub logical: String,
    pub physical_id: Option<String>,
    /// The type.
    pub kind: String,
    /// Status, as AWS writes it.
    pub status: String,
    /// Why.
    pub reason: Option<String>,
    /// Properties as JSON.
    pub properties: Option<String>,
    /// The token of the operation.
    pub token: Option<Arc<str>>,
    /// The id of the operation; none while the stack is only reviewed.
    pub operation: Option<Arc<str>>,
    /// The change set whose creation it belongs to.
    pub set: Option<SetOperation>,
    /// What a validation found.
    pub validation: Option<Validation>,
    /// The hook that was invoked.
    pub hook: Option<Invocation>,
}

impl Event {
    /// Why, in the words of CloudFormation or of the hook that was invoked.
    pub fn said(&self) -> Option<&str> {
        let hook = self.hook.as_ref().and_then(|invocation| invocation.reason.as_deref());
        self.reason.as_deref().or(hook)
    }
}

/// What goes on in a stack.
#[derive(Clone, Debug)]
pub struct Operation {
    /// Which phase it is in.
    pub phase: Phase,
    /// The token of the call that began it.
    pub token: Option<Arc<str>>,
    /// Operations on resources that are under way, by logical id, or physical id if something is deleted.
    pub running: BTreeMap<String, Running>,
    /// Logical ids that are finished in this phase.
    pub done: BTreeSet<String>,
    /// Resources to be deleted at the end.
    pub cleanup: Vec<Resource>,
    /// Logical ids that failed.
    pub failed: Vec<String>,
    /// Resources that a continued rollback leaves as they are.
    pub skip: BTreeSet<String>,
    /// Resources that DeleteStack leaves.
    pub retain: BTreeSet<String>,
    /// The failed creation came to its end by deleting the stack.
    pub then_delete: bool,
    /// What a rollback lets the stack remember again when it has ended.
    pub records: Option<Records>,
    /// Until when alarms are watched after the last resource.
    pub watched_until: Option<Timestamp>,
    /// Before its cleanup it waits for the parent of a nested stack, which may still take it back.
    pub holds: bool,
    /// What it imports.
    pub imports: Importing,
    /// Why it fails before it changes anything.
    pub invalid: Option<String>,
}

/// The phases of operations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Create,
    /// UPDATE, and after it its cleanup.
    Update,
    /// UPDATE_COMPLETE_CLEANUP.
    UpdateCleanup,
    /// ROLLBACK of a creation.
    Rollback,
    UpdateRollback,
    /// UPDATE_ROLLBACK_COMPLETE_CLEANUP.
    UpdateRollbackCleanup,
    Delete,
}

impl Phase {
    /// Whether resources are made and changed, rather than only deleted.
    pub fn forward(self) -> bool {
        matches!(self, Phase::Create | Phase::Update | Phase::UpdateRollback)
    }
}

/// An operation on a resource that is under way.
#[derive(Clone, Debug)]
pub struct Running {
    /// The word: `CREATE`, `UPDATE`, `IMPORT` or `DELETE`.
    pub verb: &'static str,
    /// What it will be.
    pub next: Resource,
    /// The resource that it replaces, which is deleted after it exists.
    pub replaces: Option<Resource>,
    /// What it waits for.
    pub until: Until,
    /// It will fail, with this reason.
    pub fails: Option<String>,
}

/// What an operation on a resource waits for.
#[derive(Clone, Debug)]
pub enum Until {
    Time(Timestamp),
    /// The end of a service deployment, or the time at which CloudFormation gives up.
    Deployment {
        /// ARN of the service.
        service: String,
        /// ARN of the deployment.
        deployment: String,
        /// When CloudFormation gives up.
        deadline: Timestamp,
    },
    /// Signals to the handle of a wait condition.
    Signals {
        /// The handle's key.
        key: String,
        /// How many.
        count: usize,
        /// When the condition times out.
        deadline: Timestamp,
    },
    /// Signals of SignalResource.
    ResourceSignals {
        /// The resource's key.
        key: String,
        wanted: Wanted,
        /// When the rest counts as failed.
        deadline: Timestamp,
    },
    /// The response of the provider of a custom resource.
    Response {
        /// The request's key.
        key: String,
        /// When CloudFormation gives up.
        deadline: Timestamp,
    },
    /// What goes on in a nested stack.
    Stack {
        /// Its id.
        id: Arc<str>,
        goal: Goal,
    },
}

/// What a nested stack is to come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Goal {
    Create,
    Update,
    Rollback,
    Delete,
}

impl Until {
    /// The key at which something outside of the account answers.
    pub fn key(&self) -> Option<&String> {
        match self {
            Until::Signals { key, .. } | Until::Response { key, .. } => Some(key),
            Until::Time(_) | Until::Deployment { .. } | Until::ResourceSignals { .. } | Until::Stack { .. } => None,
        }
    }
}

impl Operation {
    /// An operation that begins.
    pub fn new(phase: Phase, token: Option<Arc<str>>) -> Self {
        Self {
            phase,
            token,
            running: BTreeMap::new(),
            done: BTreeSet::new(),
            cleanup: Vec::new(),
            failed: Vec::new(),
            skip: BTreeSet::new(),
            retain: BTreeSet::new(),
            then_delete: false,
            records: None,
            watched_until: None,
            holds: false,
            imports: Importing::default(),
            invalid: None,
        }
    }
}

impl Stack {
    /// The type of an operation of this id.
    pub fn operation_of(&self, id: &str) -> Option<&'static str> {
        self.operations.iter().find(|(_, own)| &**own == id).map(|(kind, _)| *kind)
    }

    /// When its creation fails, whatever is still under way.
    pub fn deadline(&self) -> Option<Timestamp> {
        let minutes = jiff::SignedDuration::from_mins(i64::from(self.timeout?));
        self.created.checked_add(minutes).ok()
    }

    /// Whether the stack can still be found by its name.
    pub fn lives(&self) -> bool {
        self.status != StackStatus::DeleteComplete
    }

    /// Whether a continued rollback may leave a resource as it is.
    pub fn can_skip(&self, logical: &str) -> bool {
        self.resources.get(logical).is_some_and(|resource| resource.status.ends_with("_FAILED"))
    }

    /// Exported outputs: name and value.
    pub fn exports(&self) -> impl Iterator<Item = (&str, &str)> {
        self.outputs.iter().filter_map(|output| Some((output.export.as_deref()?, output.value.as_str())))
    }
}
