//! What a review says besides slots and stacks: what is left behind, notes, problems.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Allow, Location, Place, Slot};

/// A stack that nothing wants any more.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Left {
    /// The stack.
    pub stack: String,
    /// Where it is.
    pub place: Place,
    /// Whose it was: the tags that landfall gave it.
    pub owner: BTreeMap<String, String>,
    /// Whether it is deleted; otherwise it stays.
    pub removed: bool,
    /// Why it is not wanted, or why it stays, in one sentence.
    pub why: String,
    /// The lines that let it be deleted, if a gate keeps it.
    pub allow: Option<Allow>,
}

/// Something that a change does besides changing stacks.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Note {
    /// The repository gets another id: every stack that it has was made under the old one, and landfall changes none of them
    /// any more.
    Repository {
        /// The id before.
        from: String,
        /// The id after.
        to: String,
        /// How many stacks it has.
        stacks: usize,
    },
    /// A project's change reaches no release: only a new one, or a refreshed one, would have it.
    Unreached {
        /// The project.
        project: String,
        /// Its newest release, which was made before the change.
        newest: String,
        /// The command that makes a release that has the change.
        new: String,
        /// The command that gives the change to the newest release.
        refresh: String,
    },
    /// A release takes its process and variables from another commit than before, and is deployed again where it runs.
    Refreshed {
        /// The project.
        project: String,
        /// The release.
        release: String,
        /// The slots that run it.
        slots: Vec<Slot>,
    },
    /// A phase or an environment is gone from a lifecycle, and with it what releases had to pass.
    Ungated {
        /// The project.
        project: String,
        /// The phase that is gone.
        phase: String,
        /// The environments of later phases, which releases enter without it.
        opens: Vec<String>,
    },
    /// An allowance of the change opens a gate.
    Opens {
        /// Where it is written.
        at: Location,
        /// The gate.
        gate: String,
        /// The slot.
        slot: Slot,
    },
    /// An allowance of the change opens nothing.
    OpensNothing {
        /// Where it is written.
        at: Location,
        /// The gate that it is for.
        gate: String,
        /// Why it opens nothing, in one sentence.
        why: String,
    },
    /// A release may not go anywhere new any more.
    Blocked {
        /// The project.
        project: String,
        /// The release.
        release: String,
        /// Why, as its file says.
        reason: String,
    },
}

/// An `[[accept]]` that the change adds or changes.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Accept {
    /// The code of a warning or the name of a risk.
    pub what: String,
    /// What it is about.
    #[serde(rename = "where")]
    pub place: String,
    /// Why, as the file says.
    pub reason: String,
    /// Its last day.
    pub until: Option<String>,
    /// Where it is written.
    pub at: Location,
}

/// Why a risk is accepted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Accepted {
    /// Why, as the file says.
    pub reason: String,
    /// The last day.
    pub until: Option<String>,
    /// Where the `[[accept]]` is written.
    pub at: Location,
    /// Whether the reviewed change itself adds the `[[accept]]`, or changes it.
    pub new: bool,
}

/// Something that cannot be read.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Broken {
    /// `repository`, `environment`, `target`, `tenant`, `freeze`, `lifecycle`, `project`, `process`, `release` or `deploy`.
    pub kind: String,
    /// Its name; of a release the project and the release, of a deploy file the project and the environment. Empty if the name cannot be
    /// read.
    pub names: Vec<String>,
    /// The problem's code, one of those in problems.md.
    pub code: String,
    /// The problem in one sentence.
    pub title: String,
    /// Where it is written.
    pub at: Location,
}

/// A problem, as `landfall check --format json` prints it.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Problem {
    /// `error`, `warning` or `note`.
    pub level: String,
    /// One of those in problems.md.
    pub code: String,
    /// The problem in one sentence.
    pub title: String,
    /// Path in the repository.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What stands under the place; may be empty.
    pub label: String,
    /// How to fix it.
    pub help: Option<String>,
    /// Other places that belong to it.
    pub related: Vec<Related>,
    /// The projects that are held as deployed because of it.
    pub blocks: Vec<String>,
    /// What it is about, as `where` of an `[[accept]]` may name it; null if only the file tells.
    #[serde(rename = "where")]
    pub place: Option<String>,
    /// Why it is accepted: only a warning can be.
    pub accepted: Option<AcceptedProblem>,
}

/// Why a warning is accepted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AcceptedProblem {
    /// Why, as the file says.
    pub reason: String,
    /// The last day.
    pub until: Option<String>,
    /// The file with the `[[accept]]`.
    pub file: String,
    /// Its line, from 1.
    pub line: u32,
}

/// Another place that belongs to a problem.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Related {
    /// Path in the repository.
    pub file: String,
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// What the place has to do with it.
    pub label: String,
}
