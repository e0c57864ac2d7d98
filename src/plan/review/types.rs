//! What a change does, as values: slot by slot, stack by stack, resource by resource.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::cfn::Document;
use crate::compare::{Paint, documents, with_values};
use crate::model::catalog::{Broken, Gate};
use crate::model::decision::{Because, Cause};
use crate::model::journal;
use crate::model::remedy::Foreseen;
use crate::model::{
    Accept, CommitId, EnvironmentName, Hash, Hold, Id, Location, Place, ProjectName, ReleaseName, Slot, StackName,
    StepName, TargetName, TenantName,
};

use super::super::types::{Orphan, StaleAllowance, Unreached};
use super::accepts::Acceptance;
use super::drift::DriftReview;
use super::effects::Effects;

/// What happens if a change is merged, and the daemon then does all that it does by itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Review {
    /// The commit before.
    pub base: Option<CommitId>,
    /// The commit after.
    pub head: Option<CommitId>,
    /// What it is made from.
    pub basis: Basis,
    /// The environments that it touches, in promotion order.
    pub environments: Vec<EnvironmentName>,
    /// The slots that the change touches: by project, then in promotion order, then by tenant.
    pub slots: Vec<SlotReview>,
    /// The stacks that the change touches, in the order of the slots, then in the order in which they are changed.
    pub stacks: Vec<StackReview>,
    /// Stacks that lose their cause and stay.
    pub left: Vec<Orphan>,
    /// What happens besides the stacks.
    pub notes: Vec<Note>,
    /// The acceptances that the change brings. They change nothing that is deployed.
    pub accepts: Vec<Arc<Accept>>,
    /// What cannot be read at the head, and could at the base.
    pub broken: Vec<Broken>,
    /// What could be read neither at the base nor at the head.
    pub still_broken: Vec<Broken>,
}

impl Review {
    /// Whether the merge changes nothing that landfall decides or does.
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
            && self.stacks.is_empty()
            && self.left.is_empty()
            && self.notes.is_empty()
            && self.broken.is_empty()
    }

    /// Whether it depends on how many stacks there are in all: the guard held something, or a stack lost its cause. It is then
    /// not right for catalogs that were read only in part.
    pub fn depends_on_all(&self) -> bool {
        let guarded = |holds: &[Hold]| holds.iter().any(|hold| matches!(hold.cause, Cause::Guard { .. }));
        let guarded = |slot: &SlotReview| match &slot.how {
            How::After(holds) | How::Held(holds) | How::Unknown(holds) => guarded(holds),
            How::OnMerge | How::Stops(_) | How::Fails(_) | How::Freed => false,
        };
        !self.left.is_empty() || self.slots.iter().any(guarded)
    }

    /// Whether it changes a stack, by itself and now or later.
    pub fn changes_stacks(&self) -> bool {
        self.stacks.iter().any(|stack| stack.fate != Fate::Nothing)
    }

    /// The stacks of a slot.
    pub fn stacks_of<'r>(&'r self, slot: &'r Slot) -> impl Iterator<Item = &'r StackReview> {
        self.stacks.iter().filter(move |stack| &stack.slot == slot)
    }
}

/// What is known of the past.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Nothing: the base is taken to have settled. Everything succeeded, every soak elapsed, no freeze held.
    Settled,
    /// The facts of a daemon.
    Facts {
        /// Until when they tell everything.
        as_of: Option<Timestamp>,
    },
}

/// What a change does to a slot.
#[derive(Clone, Debug, PartialEq)]
pub struct SlotReview {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// Name of the project's folder.
    pub project: ProjectName,
    /// Name of the environment's file, without `.toml`.
    pub environment: EnvironmentName,
    /// Its tenant; of one that is gone, its id.
    pub tenant: Option<TenantName>,
    /// What it runs before.
    pub from: Option<ReleaseName>,
    /// What it runs after.
    pub to: Option<ReleaseName>,
    /// It goes to a lower version.
    pub rollback: bool,
    /// How it gets there, or why not.
    pub how: How,
    /// Without facts: what earlier phases ask for, which a release that was there before is taken to have passed. And what a
    /// release that enters by itself must not do there.
    pub assumed: Vec<Hold>,
    /// With facts, and if it waits for time alone: when it can begin at the earliest.
    pub earliest: Option<Timestamp>,
    /// Why it moves.
    pub because: Option<Because>,
}

/// How a slot comes to what it runs after a change.
#[derive(Clone, Debug, PartialEq)]
pub enum How {
    /// At once when the change lands.
    OnMerge,
    /// By itself, after these.
    After(Vec<Hold>),
    /// It begins, and stops at gates.
    Stops(Vec<Stop>),
    /// It begins, and AWS refuses it: these stacks want names or priorities that are taken.
    Fails(Vec<(StackName, Refused)>),
    /// It stays as it is, for other reasons than before.
    Held(Vec<Hold>),
    /// What held it before does so no longer, and nothing else happens.
    Freed,
    /// What it has before cannot be known, because the base has these problems: so neither can what changes.
    Unknown(Vec<Hold>),
}

/// A gate at which a deployment stops.
#[derive(Clone, Debug, PartialEq)]
pub struct Stop {
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// The gate, as `what` of an `[[allow]]` names it.
    pub gate: Gate,
    /// The resources that it is about.
    pub resources: Vec<Arc<str>>,
    /// `replaces-data`, `removes-data`, …
    pub code: Arc<str>,
    /// Why, in a sentence.
    pub sentence: String,
    /// The lines that open it; none if no deploy file could contain them.
    pub key: Option<Foreseen>,
}

impl Stop {
    /// As the engine journals it.
    pub(super) fn cause(&self) -> journal::Cause {
        journal::Cause {
            code: self.code.clone(),
            sentence: self.sentence.clone(),
            stack: Some(self.stack.clone()),
            gate: Some(self.gate),
            // A review stops at nothing that it does not predict.
            foreseen: self.resources.clone(),
        }
    }
}

/// What happens to a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is created.
    Create,
    /// It is changed.
    Update,
    /// It is given another template, in which CloudFormation finds nothing to change.
    Nothing,
    /// It stays as it is, and its task runs again.
    Run,
    /// It is deleted.
    Delete,
    /// AWS refuses to create or change it, and it stays as it is.
    Fail,
}

/// What only one resource can have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Unique {
    /// A name that a template fixes.
    Name(String),
    /// The priority of a rule on a listener.
    Priority {
        /// ARN of the listener.
        listener: String,
        priority: String,
    },
}

/// A resource that AWS refuses to make or to change, because what it wants is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    pub resource: Arc<str>,
    /// Its type, in AWS's words.
    pub kind: String,
    pub wants: Unique,
    /// Where that is.
    pub place: Place,
    /// The stack that has it.
    pub stack: StackName,
    /// The resource that has it.
    pub holder: Arc<str>,
}

/// What a change does to a stack.
#[derive(Clone, Debug, PartialEq)]
pub struct StackReview {
    /// Ids of project, environment and tenant.
    pub slot: Slot,
    /// Name of the project's folder.
    pub project: ProjectName,
    /// Name of the environment's file, without `.toml`.
    pub environment: EnvironmentName,
    pub tenant: Option<TenantName>,
    /// Its step; none if neither commit has it.
    pub step: Option<StepName>,
    /// Its target; none if neither commit has it.
    pub target: Option<TargetName>,
    /// The ECS cluster of its target.
    pub cluster: Option<Arc<str>>,
    /// Name of the stack in its account and region.
    pub stack: StackName,
    /// Account and region.
    pub place: Place,
    /// What happens to it.
    pub fate: Fate,
    /// It is created here because its target moved: the stack of its name that was made there stays or is deleted.
    pub moved_from: Option<Place>,
    /// What that does, read from its documents.
    pub effects: Effects,
    /// The acceptances that count for its risks, those that were there before first.
    pub accepts: Vec<Acceptance>,
    /// The gates at which it stops; then nothing of it happens.
    pub stops: Vec<Stop>,
    /// What AWS refuses to make or to change; then nothing of it happens either.
    pub refused: Vec<Refused>,
    /// What becomes of what others changed in it, as far as that is known.
    pub drift: Vec<DriftReview>,
    /// What it has before; for one that moves, what the other has.
    pub before: Option<Shown>,
    /// What it has after.
    pub after: Option<Shown>,
}

/// What a stack was given, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// The template, as canonical JSON.
    pub template: Arc<str>,
    /// Values of its parameters; another stack's output by its name.
    pub values: BTreeMap<String, String>,
    pub content: Hash,
    /// Version of the release, as in its file's name.
    pub release: ReleaseName,
}

impl Shown {
    /// The template with the values of its parameters, for people; none if it is not a template.
    pub fn document(&self) -> Option<Document> {
        Document::parse(&self.template).ok().map(|document| with_values(&document, &self.values))
    }
}

impl StackReview {
    /// Whether AWS would refuse it once the gates that it stops at are open.
    pub fn would_fail(&self) -> bool {
        self.fate == Fate::Fail && !self.stops.is_empty()
    }

    /// The difference of its templates as text, with hidden what is secret; empty if there is none.
    pub fn difference(&self) -> String {
        let document = |shown: &Option<Shown>| shown.as_ref().and_then(Shown::document);
        let (before, after) = (document(&self.before), document(&self.after));
        documents(before.as_ref(), after.as_ref(), self.stack.as_str(), self.stack.as_str(), Paint::Plain)
    }
}

/// What happens to a stack in a rehearsal.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StackEvent {
    pub(super) stack: StackName,
    pub(super) place: Place,
    pub(super) step: usize,
    pub(super) fate: Fate,
    pub(super) refused: Vec<Refused>,
    pub(super) effects: Effects,
    pub(super) before: Option<Shown>,
    pub(super) after: Option<Shown>,
}

impl StackEvent {
    /// Whether there is something to see. A stack that is looked at again because an output might have changed, and has not, has
    /// nothing.
    pub(super) fn is_seen(&self) -> bool {
        let given = |shown: &Option<Shown>| shown.as_ref().map(|shown| (shown.template.clone(), shown.values.clone()));
        self.fate != Fate::Nothing || given(&self.before) != given(&self.after)
    }
}

/// Something that a change does besides changing stacks.
#[derive(Clone, Debug, PartialEq)]
pub enum Note {
    /// The repository gets another id. Every stack that it has was made under the old one, so landfall leaves all of
    /// them alone.
    Repository {
        /// The id before.
        from: Id,
        /// The id after.
        to: Id,
        /// How many stacks it has.
        stacks: usize,
    },
    /// A project's change reaches no release: only a new one, or a refreshed one, would have it.
    Unreached(Unreached),
    /// A release takes its process and variables from another commit than before.
    Refreshed {
        /// Name of the project's folder.
        project: ProjectName,
        /// Version of the release, as in its file's name.
        release: ReleaseName,
        /// The slots that run it, redeployed by themselves.
        slots: Vec<Slot>,
    },
    /// A phase or an environment is gone from a lifecycle, and with it what releases had to pass.
    Ungated {
        /// Name of the project's folder.
        project: ProjectName,
        /// The phase that is gone.
        phase: Arc<str>,
        /// The environments of later phases, which releases enter without it.
        opens: Vec<EnvironmentName>,
    },
    /// An allowance of the change opens this.
    Opens {
        /// Where it is written.
        at: Location,
        /// The gate, as `what` of an `[[allow]]` names it.
        gate: Gate,
        /// Ids of project, environment and tenant.
        slot: Slot,
    },
    /// An allowance of the change opens nothing.
    OpensNothing(StaleAllowance),
    /// A release may not go anywhere new any more.
    Blocked {
        /// Name of the project's folder.
        project: ProjectName,
        /// Version of the release, as in its file's name.
        release: ReleaseName,
        /// Why.
        reason: Arc<str>,
    },
}
