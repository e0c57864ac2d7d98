//! References to outputs of other stacks: `#{steps.network.outputs.VpcId}`.
//!
//! A reference is not a value: it becomes a parameter of the template, whose value is read when the stack is deployed. It stands
//! in a text of a step and nowhere else.

use std::fmt;
use std::sync::Arc;

use super::super::{ProjectName, StepName, TargetName};

/// An output of a stack: of another step, or of a step of another project.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutputRef {
    /// The project; none for the own one.
    pub project: Option<ProjectName>,
    /// The step whose stack it is.
    pub step: StepName,
    /// The target; none for the consumer's own, or else the only one.
    pub target: Option<TargetName>,
    /// The output's name in the template.
    pub output: Arc<str>,
}

/// A placeholder that begins like a reference to an output but is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`#{{{0}}}` is not a reference to an output: write `#{{steps.STEP.outputs.OUTPUT}}`; for another target add `.at.TARGET` \
     after the step, for another project put `projects.PROJECT.` in front"
)]
pub struct NoOutputRef(pub String);

impl OutputRef {
    /// Reads the name in a placeholder; none if it is that of a variable or a built-in one.
    pub fn parse(name: &str) -> Option<Result<Self, NoOutputRef>> {
        let first = name.split('.').next()?;
        if !name.contains('.') || !matches!(first, "steps" | "projects") {
            return None;
        }
        Some(Self::read(name).ok_or_else(|| NoOutputRef(name.to_owned())))
    }

    fn read(name: &str) -> Option<Self> {
        let (project, rest) = match name.strip_prefix("projects.") {
            Some(rest) => {
                let (project, rest) = rest.split_once('.')?;
                (Some(project.parse().ok()?), rest)
            }
            None => (None, name),
        };
        let (step, rest) = rest.strip_prefix("steps.")?.split_once('.')?;
        let (target, rest) = match rest.strip_prefix("at.") {
            Some(rest) => {
                let (target, rest) = rest.split_once('.')?;
                (Some(target.parse().ok()?), rest)
            }
            None => (None, rest),
        };
        let output = rest.strip_prefix("outputs.")?;
        // A logical id (CloudFormation user guide, "Outputs").
        let is_id = !output.is_empty() && output.len() <= 255 && output.chars().all(|c| c.is_ascii_alphanumeric());
        is_id.then(|| Some(Self { project, step: step.parse().ok()?, target, output: Arc::from(output) }))?
    }

    /// The same output at a target.
    pub fn at(&self, target: &TargetName) -> Self {
        Self { target: Some(target.clone()), ..self.clone() }
    }
}

impl fmt::Display for OutputRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(project) = &self.project {
            write!(f, "projects.{project}.")?;
        }
        write!(f, "steps.{}.", self.step)?;
        if let Some(target) = &self.target {
            write!(f, "at.{target}.")?;
        }
        write!(f, "outputs.{}", self.output)
    }
}
