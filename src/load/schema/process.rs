//! `process.toml`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::At;
use crate::model::process::{EcsSchedule, EcsService, RunsOn, Schedule, Task};

mod patch;
mod raw;
mod run;
pub mod steps;

pub use patch::*;
pub use raw::*;
pub use run::*;

/// `projects/<name>/process.toml`: what is deployed. Text may contain `#{variable}` where a key says so.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProcessFile {
    /// Where images come from. Containers use these names.
    #[serde(default)]
    pub images: BTreeMap<String, At<ImageEntry>>,
    /// The steps in order. Each renders to one stack per target that offers its role.
    #[serde(default)]
    #[schemars(with = "Vec<serde_json::Value>")] // In the file they are as `steps::flat` has them.
    pub step: Vec<At<StepEntry>>,
}

/// `[images.<name>]`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageEntry {
    /// Registry and repository, without a tag; may contain `#{…}`. Each release supplies the tag and the digest.
    pub repository: At<String>,
}

/// `[[step]]`: what every kind of step has, and what its own kind has.
///
/// In a file, all keys are at the level of `kind`; [`steps::grouped`] sorts them before serde reads them.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepEntry {
    /// Its name. Steps with the same name share their stacks: no slot may contain two of them, so limit each to different
    /// `environments`, `channels` or `tenants`.
    pub name: At<String>,
    /// Used in stack names instead of the name.
    pub id: Option<At<String>>,
    /// The role that a target must offer.
    pub role: At<String>,
    /// The steps that this step waits for, instead of every step above it. With an empty list, it waits for none.
    pub after: Option<At<Vec<At<String>>>>,
    /// Starts together with the step above it, and waits for the same steps.
    pub parallel: Option<At<bool>>,
    /// The environments in which the step has stacks. Default: all.
    #[serde(default)]
    pub environments: Vec<At<String>>,
    /// The channels whose releases contain the step. Default: all.
    #[serde(default)]
    pub channels: Vec<At<String>>,
    /// Tenants that this step deploys for, in addition to `tenant_tags`. Default: all tenants, and slots without a tenant.
    #[serde(default)]
    pub tenants: Vec<At<String>>,
    /// Tenants that this step deploys for, by tag (`set/tag`): one tag of each set must match.
    #[serde(default)]
    pub tenant_tags: Vec<At<String>>,
    /// What the step renders.
    pub of: StepOf,
}

/// The keys of a step that its kind has.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum StepOf {
    /// A service with log group, execution role and task definition.
    EcsService(Box<EcsServiceEntry>),
    /// A task that runs once, like a migration, with log group, roles and task definition; its exit code decides.
    EcsTask(Box<EcsTaskEntry>),
    /// A task that EventBridge Scheduler runs at certain times, with log group, roles and task definition.
    EcsSchedule(Box<EcsScheduleEntry>),
    /// Your own CloudFormation template.
    #[serde(rename = "cloudformation")]
    CloudFormation(Box<CloudFormationEntry>),
}

/// `kind = "ecs-service"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct EcsServiceEntry {
    /// What runs, how many times, and how new tasks replace old ones.
    pub service: EcsService,
    /// Changes to its template.
    pub overlay: OverlayEntry,
}

/// `kind = "ecs-task"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct EcsTaskEntry {
    /// What runs.
    pub task: Task,
    /// How it runs once.
    pub run: RunEntry,
    /// Changes to its template.
    pub overlay: OverlayEntry,
}

/// `kind = "ecs-schedule"`.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("x-flat" = true))]
pub struct EcsScheduleEntry {
    /// What runs, and when.
    pub schedule: EcsSchedule,
    /// Changes to its template.
    pub overlay: OverlayEntry,
}

impl StepEntry {
    /// What its stacks are named by: its id, or its name.
    pub fn identity(&self) -> &At<String> {
        self.id.as_ref().unwrap_or(&self.name)
    }

    /// The keys of the step's task; none if it runs no task.
    pub fn task(&self) -> Option<&Task> {
        match &self.of {
            StepOf::EcsService(entry) => Some(&entry.service.task),
            StepOf::EcsTask(entry) => Some(&entry.task),
            StepOf::EcsSchedule(entry) => Some(&entry.schedule.task),
            StepOf::CloudFormation(_) => None,
        }
    }

    /// Where the step's task runs; none if it runs no task.
    pub fn runs_on(&self) -> Option<&RunsOn> {
        let given = self.stack().and_then(|stack| Some(&stack.run.as_ref()?.runs_on));
        self.task().map(|task| &task.runs_on).or(given)
    }

    /// The keys of the step's service; none if it makes no service.
    pub fn service(&self) -> Option<&EcsService> {
        match &self.of {
            StepOf::EcsService(entry) => Some(&entry.service),
            StepOf::EcsTask(_) | StepOf::EcsSchedule(_) | StepOf::CloudFormation(_) => None,
        }
    }

    /// How the step's task runs once; none if it does not.
    pub fn run(&self) -> Option<&RunEntry> {
        match &self.of {
            StepOf::EcsTask(entry) => Some(&entry.run),
            StepOf::EcsService(_) | StepOf::EcsSchedule(_) | StepOf::CloudFormation(_) => None,
        }
    }

    /// The keys of the step's schedule; none if it has no schedule.
    pub fn schedule(&self) -> Option<&Schedule> {
        match &self.of {
            StepOf::EcsSchedule(entry) => Some(&entry.schedule.schedule),
            StepOf::EcsService(_) | StepOf::EcsTask(_) | StepOf::CloudFormation(_) => None,
        }
    }

    /// Changes to the template that the step renders; nothing if the step has its own template.
    pub fn patches(&self) -> &[At<PatchEntry>] {
        match &self.of {
            StepOf::EcsService(entry) => &entry.overlay.patch,
            StepOf::EcsTask(entry) => &entry.overlay.patch,
            StepOf::EcsSchedule(entry) => &entry.overlay.patch,
            StepOf::CloudFormation(_) => &[],
        }
    }

    /// The keys of the step's template; none if it has no template.
    pub fn stack(&self) -> Option<&StackEntry> {
        match &self.of {
            StepOf::CloudFormation(entry) => Some(&entry.stack),
            StepOf::EcsService(_) | StepOf::EcsTask(_) | StepOf::EcsSchedule(_) => None,
        }
    }
}

impl ProcessFile {
    /// The steps that run tasks.
    pub fn tasks(&self) -> impl Iterator<Item = (&At<StepEntry>, &Task)> {
        self.step.iter().filter_map(|step| Some((step, step.task()?)))
    }

    /// The steps that run tasks, their own or those of templates, with what says where.
    pub fn running(&self) -> impl Iterator<Item = (&At<StepEntry>, &RunsOn)> {
        self.step.iter().filter_map(|step| Some((step, step.runs_on()?)))
    }

    /// The steps that run tasks on a schedule.
    pub fn schedules(&self) -> impl Iterator<Item = (&At<StepEntry>, &Task, &Schedule)> {
        self.step.iter().filter_map(|step| Some((step, step.task()?, step.schedule()?)))
    }

    /// The steps whose tasks run once.
    pub fn runs(&self) -> impl Iterator<Item = (&At<StepEntry>, &Task, &RunEntry)> {
        self.step.iter().filter_map(|step| Some((step, step.task()?, step.run()?)))
    }

    /// The steps that make services.
    pub fn services(&self) -> impl Iterator<Item = (&At<StepEntry>, &Task, &EcsService)> {
        self.step.iter().filter_map(|step| Some((step, step.task()?, step.service()?)))
    }
}
