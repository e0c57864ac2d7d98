//! From a step of a release to the content of a stack: shape, then fill.
//!
//! *Shape* turns a step into a template whose leaves may hold placeholders, and sees no value. *Fill* puts the values of
//! one slot and target into the leaves of the parsed tree. Deliberately absent: I/O, and anything that AWS would have to
//! be asked for.

use crate::model::journal::Content;
use crate::model::{Environment, Id, Location, Project, Release, StackName, StackOwner, Step, Target, What};

/// What one stack is rendered from.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Id of the repository.
    pub repository: &'a Id,
    /// The project.
    pub project: &'a Project,
    /// The release.
    pub release: &'a Release,
    /// Its *what*.
    pub what: &'a What,
    /// The environment, as the head has it.
    pub environment: &'a Environment,
    /// The target, as the head has it.
    pub target: &'a Target,
    /// The step.
    pub step: &'a Step,
}

/// A rendered stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendered {
    /// Whose it is.
    pub owner: StackOwner,
    /// Its name.
    pub stack: StackName,
    /// What CloudFormation is given. `expected` is empty: only a comparison with what is deployed can tell.
    pub content: Content,
}

/// Why a stack cannot be rendered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RenderProblem {
    /// A code of the table.
    pub code: &'static str,
    /// One sentence.
    pub title: String,
    /// Where.
    pub at: Location,
    /// What would mend it.
    pub help: Option<String>,
}
