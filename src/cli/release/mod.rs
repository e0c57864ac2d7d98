//! `landfall release`: makes releases, shows them, compares them, and gives one another snapshot.

mod difference;
mod images;
mod new;
mod refresh;
mod show;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};

use super::exit::{Exit, Failure, Outcome};
use super::render::known;
use super::{help, output};
use crate::load::Loaded;
use crate::model::{Project, ProjectName, Release, ReleaseName};

/// The commands about releases.
#[derive(Subcommand, Debug)]
pub enum ReleaseCommand {
    /// Write a new release with the newest images that its channel allows
    #[command(after_help = help::RELEASE_NEW)]
    New(new::New),
    /// List the releases of a project, the highest version first
    #[command(after_help = help::RELEASE_LIST)]
    List(show::List),
    /// Show one release: its images, its snapshot, and its pins
    #[command(after_help = help::RELEASE_SHOW)]
    Show(show::Show),
    /// Show the differences between two releases, in each environment
    #[command(after_help = help::RELEASE_DIFF)]
    Diff(difference::Diff),
    /// Give a release the process and variables of a newer commit, and show what that changes
    #[command(after_help = help::RELEASE_REFRESH)]
    Refresh(refresh::Refresh),
}

/// Which repository, project and folder.
#[derive(Args, Debug)]
pub struct Of {
    /// The project
    project: ProjectName,
    /// Folder of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
}

/// Runs one of them.
pub fn run(command: &ReleaseCommand) -> Outcome {
    match command {
        ReleaseCommand::New(options) => new::run(options),
        ReleaseCommand::List(options) => show::list(options),
        ReleaseCommand::Show(options) => show::show(options),
        ReleaseCommand::Diff(options) => difference::run(options),
        ReleaseCommand::Refresh(options) => refresh::run(options),
    }
}

/// The project of a repository that was read.
///
/// # Errors
/// There is no such project, or the repository cannot be read so far.
pub fn project_of<'a>(loaded: &'a Loaded, name: &ProjectName, dir: &Path) -> Result<&'a Arc<Project>, Failure> {
    let projects = &loaded.catalog.projects;
    if let Some(project) = projects.get(name) {
        if loaded.has_errors() {
            output::progress("note         the repository has errors (landfall check)");
        }
        return Ok(project);
    }
    if loaded.has_errors() {
        let failure = Failure::new(format!("project {name} cannot be read in {}", dir.display()));
        return Err(Failure { exit: Exit::Problems, ..failure.help("`landfall check` lists the problems") });
    }
    known("project", name, projects.keys())?;
    Err(Failure::usage(format!("there is no project `{name}`")))
}

/// A release of a project.
///
/// # Errors
/// The release does not exist; the message lists those that do.
pub fn release_of<'a>(project: &'a Project, name: &ReleaseName) -> Result<&'a Arc<Release>, Failure> {
    project.releases.get(name).ok_or_else(|| {
        let highest: Vec<String> =
            project.releases_highest_first().iter().take(5).map(|release| release.name.to_string()).collect();
        let help = match highest.as_slice() {
            [] => format!("it has none; `landfall release new {}` makes one", project.name),
            highest => format!("the highest are {}", highest.join(", ")),
        };
        Failure::usage(format!("project {} has no release `{name}`", project.name)).help(help)
    })
}

/// The file of a release.
pub fn release_file(project: &ProjectName, release: &ReleaseName) -> String {
    format!("projects/{project}/releases/{release}.toml")
}
