//! The keys of a review's JSON, and what each means.
//!
//! The words of these types are read by whoever opens `docs/review.schema.json`, which is made from them.

mod besides;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use crate::compare::{Action as Compared, Recreates};
use crate::model::journal::Fate;
use crate::plan::review::Fate as StackFate;

pub use besides::{Accept, Accepted, Broken, Left, Note, Problem, Related};

/// What merging a change does: `landfall diff --format json`. Keys are never taken away or given another meaning; new ones may
/// come. Times are RFC 3339 in UTC.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(title = "landfall review")]
pub struct Review {
    /// The first sentence of the review: what happens, the danger first.
    pub sentence: String,
    /// The commit before.
    pub base: Side,
    /// The commit after.
    pub head: Side,
    /// The commit at which the two parted, if the head was merged into the base to look.
    pub merge_base: Option<String>,
    /// Whether the base has moved since the two parted.
    pub moved: bool,
    /// The facts that it is made with. Without facts, both commits are compared as they settle, and no gate is known to be open.
    pub facts: Option<Facts>,
    /// The problems of the head, as `landfall check` reports them.
    #[schemars(with = "Vec<Problem>")]
    pub problems: Value,
    /// The environments that the change touches, in promotion order.
    pub environments: Vec<String>,
    /// The slots that the change touches: by project, then in promotion order, then by tenant.
    pub slots: Vec<SlotReview>,
    /// The stacks that the change touches, in the order of the slots, then in the order in which they are changed.
    pub stacks: Vec<StackReview>,
    /// Stacks that nothing wants any more and that stay.
    pub left: Vec<Left>,
    /// What happens besides the stacks.
    pub notes: Vec<Note>,
    /// The `[[accept]]` that the change adds or changes.
    pub accepts: Vec<Accept>,
    /// What cannot be read at the head and could be read at the base. What depends on it stays as it is deployed.
    pub broken: Vec<Broken>,
    /// What could be read neither at the base nor at the head.
    pub still_broken: Vec<Broken>,
}

/// One side of the comparison.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Side {
    /// What it was asked for by: a branch, a tag, a commit.
    pub name: String,
    /// The commit, 40 hexadecimal digits; null for a merge that exists only in memory.
    pub commit: Option<String>,
}

/// The facts of a daemon.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Facts {
    /// Where they are from: a file, an address, a revision.
    pub from: Option<String>,
    /// Until when they tell everything.
    pub as_of: Option<String>,
}

/// Ids of a project, an environment and a tenant. A rename keeps them.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Slot {
    /// Id of the project.
    pub project: String,
    /// Id of the environment.
    pub environment: String,
    /// Id of the tenant; absent for the untenanted slot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
}

/// What the change does to a slot.
#[derive(Debug, Serialize, JsonSchema)]
pub struct SlotReview {
    /// The slot, by ids.
    pub slot: Slot,
    /// Name of its project.
    pub project: String,
    /// Name of its environment.
    pub environment: String,
    /// Name of its tenant.
    pub tenant: Option<String>,
    /// The release that it runs before.
    pub from: Option<String>,
    /// The release that it runs after.
    pub to: Option<String>,
    /// Whether it goes to a lower version.
    pub rollback: bool,
    /// When it happens.
    pub happens: Happens,
    /// What has to come first, for `after` and `held`; the problems of the base, for `unknown`.
    #[schemars(with = "Vec<Reason>")]
    pub reasons: Vec<Value>,
    /// The gates at which it stops, for `stops`.
    pub stops: Vec<Stop>,
    /// Without facts: what earlier phases ask for, which a release that was there before is taken to have passed.
    /// And what a release that enters by itself must not do there.
    #[schemars(with = "Vec<Reason>")]
    pub assumed: Vec<Value>,
    /// With facts, and if it waits for time alone: when it can begin at the earliest.
    pub earliest: Option<String>,
    /// Why it moves.
    #[schemars(with = "Option<Because>")]
    pub because: Option<Value>,
}

/// When a slot comes to what it runs after the change.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Happens {
    /// At once when the change lands.
    OnMerge,
    /// By itself, after its reasons.
    After,
    /// It begins, and stops at gates.
    Stops,
    /// It begins, and AWS refuses it: names or priorities that its stacks want are taken.
    Fails,
    /// It stays as it is, for other reasons than before.
    Held,
    /// What held it before does so no longer, and nothing else happens.
    Freed,
    /// What it has before cannot be known, because the base has problems: so neither can what changes.
    Unknown,
}

/// Why something is held, and what releases it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Reason {
    /// A stable word for the cause.
    pub code: String,
    /// The reason in one sentence.
    pub sentence: String,
    /// Since when, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The earliest time at which it can end by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// When landfall looks again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_try: Option<String>,
    /// The ways out: each alone releases this reason.
    pub remedies: Vec<Remedy>,
    /// The lines that open the gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow: Option<Allow>,
}

/// A way out.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Remedy {
    /// A stable word for the kind.
    pub code: String,
    /// What to do, in one sentence.
    pub does: String,
    /// The file that the lines go into.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// Lines of TOML.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lines: Option<String>,
    /// The command that does it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
}

/// The lines that open a gate.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Allow {
    /// The file that they go into.
    pub file: String,
    /// The lines.
    pub toml: String,
    /// The plan that they name.
    pub plan: String,
    /// What else `what` may be: at a pause hook, to restore the old release.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub or: Option<String>,
}

/// The lines that open a gate at which a deployment will stop.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Foreseen {
    /// The deploy file that they go into.
    pub file: String,
    /// The lines.
    pub toml: String,
    /// The release that they name.
    pub release: String,
    /// What they allow: `replace` or `remove`.
    pub change: String,
}

/// Why a slot moves.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Because {
    /// `pinned`, `automatic`, `in-turn`, `differs`, `allowed` or `back`.
    pub code: String,
    /// Where the pin is written, for `pinned`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Location>,
    /// The commit that ordered it, for `in-turn`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The stacks that differ, for `differs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stacks: Option<Vec<String>>,
    /// The live parts that changed, for `differs`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parts: Option<Vec<String>>,
    /// The gate, for `allowed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<String>,
}

/// A gate at which a deployment stops.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Stop {
    /// The stack.
    pub stack: String,
    /// The gate: what an allowance says in `what`.
    pub gate: String,
    /// Logical ids of the resources that it is about.
    pub resources: Vec<String>,
    /// A stable word for the cause.
    pub code: String,
    /// Why, in one sentence.
    pub sentence: String,
    /// The lines that open it, also in the same change; null if no deploy file could contain them.
    pub allow: Option<Foreseen>,
}

/// An account and a region.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Place {
    /// Id of the account.
    pub account: String,
    /// The region.
    pub region: String,
}

/// A place in a file of the repository.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Location {
    /// Path in the repository.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
}

/// What the change does to a stack.
#[derive(Debug, Serialize, JsonSchema)]
pub struct StackReview {
    /// Its slot, by ids.
    pub slot: Slot,
    /// Name of its project.
    pub project: String,
    /// Name of its environment.
    pub environment: String,
    /// Name of its tenant.
    pub tenant: Option<String>,
    /// Name of its step; null if neither commit has it.
    pub step: Option<String>,
    /// Name of its target; null if neither commit has it.
    pub target: Option<String>,
    /// The ECS cluster of its target.
    pub cluster: Option<String>,
    /// The stack.
    pub stack: String,
    /// Where it is.
    pub place: Place,
    /// What happens to it.
    pub happens: StackHappens,
    /// Where the stack of its name was made before, if its target moved.
    pub moved_from: Option<Place>,
    /// The release that it carries before.
    pub from: Option<String>,
    /// The release that it carries after.
    pub to: Option<String>,
    /// Its resources to which something happens.
    pub resources: Vec<Resource>,
    /// What changes in ECS, a value for each resource: `resource`, `subject`, `rows` (`what`, `before`, `after`), `rollout`.
    pub words: Vec<Value>,
    /// The rights that the change gives: `resource`, `kind`, `place`, `statement`, `grant` with what is given.
    pub rights: Vec<Value>,
    /// What becomes reachable by everyone: `resource`, `kind`, `exposed` with its details.
    pub exposure: Vec<Value>,
    /// What a reviewer must not overlook, the worst first.
    pub risks: Vec<Risk>,
    /// The gates at which it stops. Then nothing of it happens until they are opened.
    pub stops: Vec<Stop>,
    /// What AWS refuses because its name or priority is taken, each in a sentence. Then nothing of it happens either.
    pub refused: Vec<String>,
    /// What others changed in it, and what this deployment makes of that; only with facts.
    pub drift: Vec<DriftReview>,
    /// The difference of its templates as text, with secrets hidden; empty if there is none.
    pub difference: String,
}

/// Something that was changed outside of landfall in a stack that is deployed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct DriftReview {
    /// Logical id of the resource; empty for the stack itself.
    pub resource: String,
    /// Its type.
    #[serde(rename = "type")]
    pub kind: String,
    /// The property and what is in it, separated by `/`.
    pub path: String,
    /// What landfall put there.
    pub was: Option<String>,
    /// What is there.
    pub is: Option<String>,
    /// What the new template says, if that can be told.
    pub comes: Option<String>,
    /// `gone` (it was deleted, and AWS fails the deployment that changes it), `undone`, `unset` (the resource is written, but its template does not set this: AWS decides), `agrees` (the new template says
    /// what is there) or `stays`.
    pub fate: String,
}

/// A risk.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Risk {
    /// Its name: `stateful-replacement`, `public-ports`, ….
    pub id: String,
    /// `low`, `medium`, `high` or `critical`.
    pub level: String,
    /// Logical id of the resource; null for the whole stack.
    pub resource: Option<String>,
    /// One sentence without a full stop.
    pub sentence: String,
    /// What `where` of an `[[accept]]` says to accept exactly this risk; null if it is of a single change and cannot be accepted.
    #[serde(rename = "where")]
    pub place: Option<String>,
    /// Why it is accepted. It then does not count for `--deny`.
    pub accepted: Option<Accepted>,
}

/// What happens to a stack.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StackHappens {
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

impl From<StackFate> for StackHappens {
    fn from(fate: StackFate) -> Self {
        match fate {
            StackFate::Create => Self::Create,
            StackFate::Update => Self::Update,
            StackFate::Nothing => Self::Nothing,
            StackFate::Run => Self::Run,
            StackFate::Delete => Self::Delete,
            StackFate::Fail => Self::Fail,
        }
    }
}

/// What happens to a resource.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Resource {
    /// Logical id.
    pub id: String,
    /// The type afterwards: `AWS::RDS::DBInstance`.
    pub kind: String,
    /// The type before, if that is another one.
    pub was: Option<String>,
    /// The type in AWS's own words: `RDS DBInstance`.
    pub name: String,
    /// What happens.
    pub action: Action,
    /// Whether that is certain. If not, it depends on a value that only AWS knows.
    pub certain: bool,
    /// What becomes of the resource that was there, if it is removed, replaced, or may be.
    pub leaves: Option<Leaves>,
    /// Whether it keeps data.
    pub keeps_data: bool,
    /// Whether its absence interrupts requests.
    pub interrupts: bool,
    /// Why.
    pub causes: Vec<Cause>,
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// It is made.
    Create,
    /// It stays as it is; what CloudFormation does with it later changes: `DeletionPolicy`, `DependsOn`, ….
    Settings,
    /// It changes in place.
    Update,
    /// A task definition gets a new revision.
    Revision,
    /// It changes, and may be replaced.
    MayReplace,
    /// A new resource takes its place.
    Replace,
    /// It is removed from the stack.
    Remove,
}

impl From<Compared> for Action {
    fn from(action: Compared) -> Self {
        match action {
            Compared::Create => Self::Create,
            Compared::Settings => Self::Settings,
            Compared::Update => Self::Update,
            Compared::Revision => Self::Revision,
            Compared::MayReplace => Self::MayReplace,
            Compared::Replace => Self::Replace,
            Compared::Remove => Self::Remove,
        }
    }
}

/// What becomes of a resource that is removed or replaced, by the policy in its template.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Leaves {
    /// It is deleted.
    Deleted,
    /// It is deleted after a snapshot of it was made.
    Snapshot,
    /// It stays, outside of the stack.
    Kept,
}

impl From<Fate> for Leaves {
    fn from(fate: Fate) -> Self {
        match fate {
            Fate::Deleted => Self::Deleted,
            Fate::Snapshot => Self::Snapshot,
            Fate::Kept => Self::Kept,
        }
    }
}

/// Something that changes a resource.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Cause {
    /// The path of a property, such as `LoadBalancers/0/TargetGroupArn`, or the name of another part of the resource:
    /// `Type`, `Condition`, `DependsOn`, `DeletionPolicy`, ….
    pub path: String,
    /// Whether a change there recreates the resource.
    pub recreates: RecreatesIt,
    /// Whether the value is another one for certain.
    pub certain: bool,
    /// What makes it another one.
    #[serde(flatten)]
    pub because: Why,
}

/// Whether a change of a property recreates its resource.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RecreatesIt {
    /// It changes in place.
    Never,
    /// It depends, or is not known.
    Perhaps,
    /// A new resource takes the old one's place.
    Always,
}

impl From<Recreates> for RecreatesIt {
    fn from(recreates: Recreates) -> Self {
        match recreates {
            Recreates::Never => Self::Never,
            Recreates::Perhaps => Self::Perhaps,
            Recreates::Always => Self::Always,
        }
    }
}

/// What makes a value another one. Values that look secret are hidden.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "because", rename_all = "kebab-case")]
pub enum Why {
    /// It is written differently.
    Text {
        /// Before; null if it is not one text, number or truth.
        before: Option<String>,
        /// After; null if it is not one text, number or truth.
        after: Option<String>,
    },
    /// A parameter has another value, or may have.
    Parameter {
        /// Its name.
        name: String,
        /// Before; null if it is not known or not shown.
        before: Option<String>,
        /// After; null if it is not known or not shown.
        after: Option<String>,
    },
    /// A mapping says something else.
    Mapping {
        /// Its name.
        name: String,
    },
    /// A condition holds now, or no longer does, or that is not known.
    Condition {
        /// Its name.
        name: String,
        /// Whether it holds afterwards; null if that is not known.
        holds: Option<bool>,
    },
    /// It refers to another resource, to which something happens.
    Follows {
        /// That resource's logical id.
        resource: String,
        /// The attribute that is used; null for its physical id.
        attribute: Option<String>,
        /// What happens to that resource.
        action: Action,
    },
}
