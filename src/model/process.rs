//! What a release deploys: images, steps and variables, as its snapshot says.
//!
//! A [`Step`] is a shape: its [`Text`] leaves may hold `#{…}` placeholders that one slot's values fill later. Nothing here
//! knows a value, so a value can never decide whether a resource exists.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::catalog::VariableValue;
use super::tenant::TenantVariable;
use super::{Hash, Id, ImageName, Location, RoleLabel, StepName};

mod balancing;
mod cloudformation;
mod container;
mod decimal;
mod definition;
mod deployment;
mod discovery;
mod given;
mod keys;
mod launch;
mod linux;
mod located;
mod logging;
mod only;
mod order;
mod output;
mod patch;
mod role;
mod run;
mod scaling;
mod schedule;
mod service;
mod size;
mod sorts;
mod text;
mod volume;

pub use balancing::*;
pub use cloudformation::*;
pub use container::*;
pub use decimal::*;
pub use definition::*;
pub use deployment::*;
pub use discovery::*;
pub use given::*;
pub use keys::*;
pub use launch::*;
pub use linux::*;
pub use located::*;
pub use logging::*;
pub use only::*;
pub use order::*;
pub use output::*;
pub use patch::*;
pub use role::*;
pub use run::*;
pub use scaling::*;
pub use schedule::*;
pub use service::*;
pub use size::*;
pub use sorts::*;
pub use text::*;
pub use volume::*;

/// Process, variables and included sets of a project at one commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct What {
    /// Hash of the files that say what: path and content of each. It is what a release's `inputs` holds.
    pub inputs: Hash,
    /// `[images]`.
    pub images: BTreeMap<ImageName, ImageRepository>,
    /// Steps in their order; at least one.
    pub steps: Vec<Arc<Step>>,
    /// Values of variables: the project's and those of the sets that it includes.
    pub variables: Vec<VariableValue>,
    /// Variables whose values tenants bring, declared by the project and the sets that it includes.
    pub tenant_variables: Vec<TenantVariable>,
}

impl What {
    /// The steps in the order in which they run.
    ///
    /// # Errors
    /// Steps that wait for each other, which no process that was loaded has.
    pub fn sequence(&self) -> Result<Vec<Placed>, Circle> {
        let steps: Vec<Waiting<'_>> = self.steps.iter().map(|step| Waiting::from(&**step)).collect();
        sequence(&steps)
    }
}

/// The kinds of value that a variable can have, by how TOML writes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueKind {
    /// Text.
    String,
    /// An integer or a decimal.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list of texts.
    List,
}

impl ValueKind {
    /// As it is written in `type`.
    pub fn as_str(self) -> &'static str {
        match self {
            ValueKind::String => "string",
            ValueKind::Number => "number",
            ValueKind::Boolean => "boolean",
            ValueKind::List => "list",
        }
    }
}

/// `[images.<name>]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageRepository {
    /// Registry and repository, without a tag.
    pub repository: Text,
    /// Where it is written.
    pub at: Location,
}

/// One step of a deployment; it renders to one stack per matching target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub name: StepName,
    /// What goes into stack names.
    pub id: Id,
    /// The role that a target must offer.
    pub role: RoleLabel,
    /// What it waits for.
    pub follows: Follows,
    /// Where it has stacks.
    pub only: Only,
    /// The outputs of other stacks that its texts use.
    pub uses: BTreeSet<OutputRef>,
    /// What it renders.
    pub kind: StepKind,
    /// What is changed of that, in their order.
    pub patches: Vec<Patch>,
    /// Where it is written.
    pub at: Location,
}

/// The kinds of step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StepKind {
    /// `ecs-service`: a Fargate service from a few lines.
    EcsService(Box<EcsService>),
    /// `ecs-task`: a task that runs once, and whose exit code decides.
    EcsTask(Box<EcsTask>),
    /// `ecs-schedule`: a task that runs at certain times.
    EcsSchedule(Box<EcsSchedule>),
    /// `cloudformation`: any template.
    CloudFormation(Box<CloudFormation>),
}

impl StepKind {
    /// The task that the step runs; none if it runs none.
    pub fn task(&self) -> Option<&Task> {
        match self {
            StepKind::EcsService(service) => Some(&service.task),
            StepKind::EcsTask(run) => Some(&run.task),
            StepKind::EcsSchedule(schedule) => Some(&schedule.task),
            StepKind::CloudFormation(_) => None,
        }
    }

    /// The containers of the step's task.
    pub fn containers(&self) -> impl Iterator<Item = &Container> {
        self.task().into_iter().flat_map(|task| &task.container).map(|container| &**container)
    }

    /// The template of its own that the step has; none if its kind renders one.
    pub fn raw(&self) -> Option<&CloudFormation> {
        match self {
            StepKind::CloudFormation(step) => Some(step),
            _ => None,
        }
    }

    /// The images that success is proved against, each with its container and where that is said.
    pub fn images(&self) -> impl Iterator<Item = (&Arc<str>, ImageName, &Location)> {
        let raw = self.raw().into_iter().flat_map(|step| &step.images);
        let raw = raw.map(|(container, image)| (container, image.image.clone(), &image.at));
        let own = self.containers().filter_map(|container| {
            Some((container.name.shared(), container.image()?, container.image.place().location()))
        });
        own.chain(raw)
    }
}

/// The built-in names that a placeholder can use, in addition to `images.<name>`, `images.<name>.tag`, `images.<name>.digest` and
/// `images.<name>.arn` for every key of `[images]`. They have a dot and a variable's name has none, so neither can hide the other. Those of the
/// tenant have a value in a tenant's slot only.
pub const BUILT_IN_NAMES: [&str; 20] = [
    "account.id",
    "account.name",
    "environment.id",
    "environment.name",
    "project.id",
    "project.name",
    "release.channel",
    "release.version",
    "stack.name",
    "step.id",
    "step.name",
    "target.cluster",
    "target.name",
    "target.partition",
    "target.public_ip",
    "target.region",
    "target.security_groups",
    "target.subnets",
    "tenant.id",
    "tenant.name",
];
