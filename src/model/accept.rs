//! `[[accept]]`: findings that the repository accepts, each with a reason.
//!
//! A finding is a warning of `check`, or a risk of a review that lasts. An accepted one is still shown, and no longer counts.
//! What is accepted is always read from the head, also for older releases. Deliberately absent: anything that is deployed. An
//! acceptance is part of no hash, opens no gate and changes no plan: errors are fixed, and gates have `[[allow]]`.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;

use super::{EnvironmentName, Location, ProjectName, allowance};

/// What kind of finding is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Accepted {
    /// A warning, by its code.
    Warning(&'static str),
    /// A risk, by its name.
    Risk(&'static str),
}

impl Accepted {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Accepted::Warning(name) | Accepted::Risk(name) => name,
        }
    }
}

/// Where an acceptance is written, which limits what it counts for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Home {
    /// `landfall.toml`: warnings about files that are in no project.
    Repository,
    /// The file of an environment, a tenant or a freeze: warnings about this file.
    File,
    /// `project.toml`: findings about the project, in every environment.
    Project(ProjectName),
    /// A deploy file: warnings about this file, and risks of the project in this environment.
    Deploy(ProjectName, EnvironmentName),
}

/// One `[[accept]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accept {
    pub what: Accepted,
    /// `where`: a file, or names from the outermost to the innermost with `/` between them. Fewer names cover more.
    pub place: Arc<str>,
    /// Why, for those who read it later.
    pub reason: Arc<str>,
    /// Until the end of this day, UTC.
    pub until: Option<Date>,
    pub home: Home,
    /// Where it is written.
    pub at: Location,
}

impl Accept {
    /// Whether its place is this one, or one around it.
    pub fn covers(&self, place: &str) -> bool {
        around(place).any(|outer| outer == &*self.place)
    }

    /// Whether its last day is over.
    pub fn is_over(&self, now: Timestamp) -> bool {
        allowance::is_over(self.until, now)
    }

    /// Whether it counts for the stacks of a project in an environment.
    pub fn is_for(&self, project: &ProjectName, environment: &EnvironmentName) -> bool {
        match &self.home {
            Home::Project(own) => own == project,
            Home::Deploy(own, there) => own == project && there == environment,
            Home::Repository | Home::File => false,
        }
    }
}

/// A place and those around it, the innermost first: `web/app`, `web`. Nothing for an empty one.
pub fn around(place: &str) -> impl Iterator<Item = &str> {
    let whole = Some(place).filter(|place| !place.is_empty());
    std::iter::successors(whole, |place| place.rsplit_once('/').map(|(outer, _)| outer))
}
