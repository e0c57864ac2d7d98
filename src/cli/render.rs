//! `landfall render`: the exact templates, offline.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;

use super::exit::{Doing, Exit, Failure, Outcome};
use super::folder::read_folder;
use super::output::{self, Format};
use super::stacks::{Slotted, seats};
use crate::cfn::Document;
use crate::compare::hide_named;
use crate::load::{Loaded, Loader, Source};
use crate::model::{Catalog, EnvironmentName, Names, Project, ProjectName, ReleaseName, StepName, TenantName};
use crate::promote::{Settled, settled};
use crate::template::{self, RenderProblem, Rendered};

/// Options of `landfall render`.
#[derive(Args, Debug)]
pub struct Render {
    /// The project
    project: ProjectName,
    /// Folder of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// Only this environment
    #[arg(long)]
    environment: Option<EnvironmentName>,
    /// Only this tenant
    #[arg(long)]
    tenant: Option<TenantName>,
    /// This release, instead of the one that each environment will run
    #[arg(long)]
    release: Option<ReleaseName>,
    /// Only this step
    #[arg(long)]
    step: Option<StepName>,
    /// YAML for people, or the JSON that AWS gets
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// Reads a folder, or fails with exit code 3 where its `landfall.toml` cannot be read.
pub fn load_folder(dir: &std::path::Path) -> Result<Loaded, Failure> {
    let shown = dir.display();
    let (tree, blobs) = read_folder(dir).doing(|| format!("cannot read {shown}"))?;
    let source = Source { tree: &tree, blobs: &blobs, commit: None, history: None, facts: None };
    let loaded = Loader::new().load(&source).doing(|| format!("cannot read the repository in {shown}"))?;
    if loaded.catalog.repository.is_none() {
        let why =
            if dir.join("landfall.toml").exists() { "its landfall.toml is wrong" } else { "it has no landfall.toml" };
        let failure = Failure::new(format!("{shown} is not a repository that landfall can read: {why}"));
        let failure = failure.help("`landfall check` lists the problems; `landfall init` writes a first repository");
        return Err(Failure { exit: Exit::Problems, ..failure });
    }
    if loaded.has_errors() {
        output::progress(
            "note         the repository has errors: landfall leaves out what depends on them (landfall check)",
        );
    }
    Ok(loaded)
}

/// That a name which was given is one that is there.
///
/// # Errors
/// It is not; says which ones are.
pub fn known<'a, N: Eq + std::fmt::Display + 'a>(
    kind: &str,
    name: &N,
    mut there: impl Iterator<Item = &'a N> + Clone,
) -> Result<(), Failure> {
    let names: Vec<String> = there.clone().map(ToString::to_string).collect();
    if there.any(|one| one == name) {
        return Ok(());
    }
    let help = match names.as_slice() {
        [] => format!("there is no {kind} at all; `landfall check` lists the problems of the repository"),
        [only] => format!("the only {kind} is {only}"),
        names => format!("the {kind}s are {}", names.join(", ")),
    };
    Err(Failure::usage(format!("there is no {kind} `{name}`")).help(help))
}

/// Runs `landfall render`.
pub fn run(options: &Render) -> Outcome {
    let catalog = load_folder(&options.repo)?.catalog;
    known("project", &options.project, catalog.projects.keys())?;
    let Some(project) = catalog.projects.get(&options.project) else { return Ok(Exit::Done) };
    if let Some(environment) = &options.environment {
        known("environment", environment, catalog.environments.keys())?;
    }
    if let Some(release) = &options.release {
        known("release", release, project.releases.keys())?;
    }
    if let Some(tenant) = &options.tenant {
        known("tenant", tenant, catalog.tenants.keys())?;
    }
    let names = Names::of(&catalog);
    let mut text = String::new();
    let mut wrong = false;
    let slots = slots(&catalog, project, options);
    if slots.is_empty() {
        return Err(nothing_settles(options));
    }
    let slots: Vec<Slotted<'_>> = slots.iter().filter_map(|slot| Slotted::new(&catalog, &names, slot)).collect();
    if let Some(step) = &options.step {
        let there: BTreeSet<_> = slots.iter().flat_map(|slot| slot.steps()).map(|step| &step.name).collect();
        known("step", step, there.iter().copied())?;
    }
    for slot in slots {
        let stacks = slot.contexts(&catalog);
        for context in stacks.filter(|context| options.step.as_ref().is_none_or(|only| *only == context.step.name)) {
            match template::render(&context) {
                Ok(rendered) => text.push_str(&drawn(&rendered, options.format)),
                Err(problems) => {
                    wrong = true;
                    problems.iter().for_each(tell);
                }
            }
        }
    }
    output::data(&text)?;
    if text.is_empty() && !wrong {
        return Err(Failure::new(format!("these options render nothing of {}", options.project))
            .help(
                "a stack needs a step, and a target that belongs to the environment, offers the step's role, and is for the \
                 slot's tenant, or for none",
            ));
    }
    Ok(if wrong { Exit::Problems } else { Exit::Done })
}

/// No environment that is asked for settles to a release.
fn nothing_settles(options: &Render) -> Failure {
    let environment = options.environment.as_ref().map_or(String::new(), |name| format!(" in {name}"));
    let tenant = options.tenant.as_ref().map_or(String::new(), |name| format!(" for {name}"));
    let title = format!("no release of {} is wanted{environment}{tenant}", options.project);
    let help = "--release renders a release that no environment has yet; a tenant's slot needs `[projects]` in the tenant's file";
    Failure::new(title).help(help)
}

/// The slots that are asked for, each with its release.
fn slots<'a>(catalog: &'a Catalog, project: &'a Arc<Project>, options: &Render) -> Vec<Settled<'a>> {
    let all: Vec<Settled<'a>> = match options.release.as_ref().and_then(|name| project.releases.get(name)) {
        Some(release) => seats(catalog, project)
            .map(|seat| Settled { project, environment: seat.environment, tenant: seat.tenant, release })
            .collect(),
        None => settled(catalog).into_iter().filter(|slot| slot.project.name == project.name).collect(),
    };
    let asked = |slot: &Settled<'_>| {
        options.environment.as_ref().is_none_or(|environment| *environment == slot.environment.name)
            && options.tenant.as_ref().is_none_or(|tenant| slot.tenant.is_some_and(|one| one.name == *tenant))
    };
    all.into_iter().filter(asked).collect()
}

/// Tells a problem of rendering on stderr.
pub fn tell(problem: &RenderProblem) {
    let title = crate::view::problems::sentence(&problem.title);
    output::progress(&format!("error[{}]: {}: {title}", problem.code, problem.at));
}

fn drawn(rendered: &Rendered, format: Format) -> String {
    let body = template::body(&rendered.content);
    match (format, Document::parse(&body)) {
        (Format::Terminal, Ok(document)) => {
            let values = rendered.content.shown_parameters();
            let line = |(name, value): (&String, &String)| {
                format!("# parameter {name}: {}\n", serde_json::Value::from(hide_named(name, value)))
            };
            format!("# {}\n{}{}\n", rendered.stack, values.iter().map(line).collect::<String>(), document.yaml())
        }
        _ => format!("{body}\n"),
    }
}
