//! `landfall render` and `landfall diff`: the exact templates, offline.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use super::exit::{Doing, Exit, Failure, Outcome};
use super::facts;
use super::folder::read_folder;
use super::output::{self, Format};
use crate::cfn::Document;
use crate::compare::{Paint, documents};
use crate::git::Reader;
use crate::load::{Loaded, Loader, Source};
use crate::model::facts::RecordedSnapshot;
use crate::model::{Catalog, EnvironmentName, Names, ProjectName, ReleaseName, StepName};
use crate::promote::{Settled, settled};
use crate::template::{self, Context, RenderProblem, Rendered};
use crate::tree::History;

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
    /// This release, instead of what each environment settles to
    #[arg(long)]
    release: Option<ReleaseName>,
    /// Only this step
    #[arg(long)]
    step: Option<StepName>,
    /// YAML for people, or the JSON that AWS is given
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// Options of `landfall diff`.
#[derive(Args, Debug)]
pub struct Diff {
    /// The commit before
    base: String,
    /// The commit after
    #[arg(default_value = "HEAD")]
    head: String,
    /// Clone of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// Take the past from the facts of a daemon: a file, a URL, or a revision of the clone
    #[arg(long, value_name = "FILE|URL|REF")]
    facts: Option<String>,
    /// Exit with 4 where a stack differs
    #[arg(long)]
    exit_code: bool,
    /// How it is shown
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// Reads a folder, or fails with exit code 3 where its `landfall.toml` cannot be read.
pub fn load_folder(dir: &std::path::Path) -> Result<Loaded, Failure> {
    let shown = dir.display();
    let (tree, blobs) = read_folder(dir).doing(|| format!("cannot read {shown}"))?;
    let source = Source { tree: &tree, blobs: &blobs, commit: None, history: None, recorded: &[] };
    let loaded = Loader::new().load(&source).doing(|| format!("cannot read the repository in {shown}"))?;
    if loaded.catalog.repository.is_none() {
        let why =
            if dir.join("landfall.toml").exists() { "its landfall.toml is wrong" } else { "it has no landfall.toml" };
        let failure = Failure::new(format!("{shown} is no repository that landfall can read: {why}"));
        let failure = failure.help("`landfall check` says what is wrong; `landfall init` writes a first repository");
        return Err(Failure { exit: Exit::Problems, ..failure });
    }
    if loaded.has_errors() {
        output::progress("note         the repository has errors: what depends on them is left out (landfall check)");
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
        [] => format!("there is no {kind} at all; `landfall check` says what is wrong with the repository"),
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
    let slots: Vec<Settled<'_>> = match &options.release {
        Some(name) => {
            let release =
                project.releases.get(name).ok_or_else(|| Failure::usage(format!("there is no release `{name}`")))?;
            let environments = catalog.environments_in_order().into_iter();
            environments.map(|environment| Settled { project, environment, tenant: None, release }).collect()
        }
        None => settled(&catalog).into_iter().filter(|slot| slot.project.name == options.project).collect(),
    };
    let mut text = String::new();
    let mut wrong = false;
    for slot in slots.iter().filter(|slot| options.environment.as_ref().is_none_or(|e| *e == slot.environment.name)) {
        for (step, rendered) in stacks(&catalog, slot) {
            if options.step.as_ref().is_some_and(|only| only.as_str() != step) {
                continue;
            }
            match rendered {
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
        return Err(Failure::new(format!("nothing of {} is rendered by these options", options.project))
            .help("a stack needs a step, and a target that belongs to the environment and offers the step's role"));
    }
    Ok(if wrong { Exit::Problems } else { Exit::Done })
}

fn tell(problem: &RenderProblem) {
    output::progress(&format!("error[{}]: {}: {}", problem.code, problem.at, problem.title));
}

fn drawn(rendered: &Rendered, format: Format) -> String {
    let body = template::body(&rendered.content);
    match (format, Document::parse(&body)) {
        (Format::Terminal, Ok(document)) => format!("# {}\n{}\n", rendered.stack, document.yaml()),
        _ => format!("{body}\n"),
    }
}

/// Every stack of a slot, by step.
fn stacks<'a>(catalog: &'a Catalog, slot: &Settled<'a>) -> Vec<(&'a str, Result<Rendered, Vec<RenderProblem>>)> {
    let (Some(repository), Ok(snapshot)) = (&catalog.repository, &slot.release.snapshot) else { return Vec::new() };
    let mut all = Vec::new();
    let names = &Names::of(catalog);
    for step in &snapshot.what.steps {
        let targets = catalog
            .targets
            .values()
            .filter(|target| target.roles.contains(&step.role) && target.environments.contains(&slot.environment.name))
            .filter(|target| target.takes(slot.tenant.map(|tenant| &**tenant)));
        for target in targets {
            let context = Context {
                repository,
                project: slot.project,
                release: slot.release,
                what: &snapshot.what,
                environment: slot.environment,
                target,
                step,
                tenant: None,
                names,
            };
            all.push((step.name.as_str(), template::render(&context)));
        }
    }
    all
}

/// What a difference does not say without facts.
const WITHOUT: &str = "note         compares what both commits settle to, once everything has succeeded and every gate has opened; without \
                       --facts it is not known what runs now";

/// A stack as a commit settles: environment, stack and template.
type Templates = BTreeMap<(i64, String, String), Document>;

/// Runs `landfall diff`.
pub fn diff(options: &Diff) -> Outcome {
    let repo = options.repo.display();
    let reader = Reader::open_local(&options.repo).doing(|| format!("cannot read {repo}"))?;
    let known = facts::or_none(options.facts.as_deref(), &options.repo, &reader, WITHOUT)?;
    let recorded = known.as_ref().map_or(&[][..], |known| &known.facts.snapshots);
    let (base, head) = (load_commit(&reader, &options.base, recorded)?, load_commit(&reader, &options.head, recorded)?);
    if let Some(known) = &known {
        known.tell_differences(&options.base, &settled(&base.catalog));
    }
    let (before, after) = (templates(&base.catalog), templates(&head.catalog));
    let paint = if options.format == Format::Terminal { Paint::Ansi } else { Paint::Plain };
    let mut found = Vec::new();
    let keys: std::collections::BTreeSet<_> = before.keys().chain(after.keys()).collect();
    for key in keys {
        let (_, environment, stack) = key;
        let from = format!("{stack} ({environment}) at {}", options.base);
        let to = format!("{stack} ({environment}) at {}", options.head);
        let text = documents(before.get(key), after.get(key), &from, &to, paint);
        if !text.is_empty() {
            found.push((environment, stack, text));
        }
    }
    match options.format {
        Format::Terminal => output::data(&found.iter().map(|(_, _, text)| text.as_str()).collect::<String>())?,
        Format::Json => output::json(
            &found
                .iter()
                .map(|(environment, stack, text)| {
                    serde_json::json!({ "environment": environment, "stack": stack, "difference": text })
                })
                .collect::<Vec<_>>(),
        )?,
    }
    Ok(if options.exit_code && !found.is_empty() { Exit::Changes } else { Exit::Done })
}

/// Reads the files of a commit.
fn load_commit(reader: &Reader, revision: &str, recorded: &[RecordedSnapshot]) -> Result<Loaded, Failure> {
    let commit = reader.resolve(revision).doing(|| format!("cannot find the commit {revision}"))?;
    let tree = reader.tree(&commit).doing(|| format!("cannot read the files of {commit}"))?;
    let source = Source { tree: &tree, blobs: reader, commit: Some(&commit), history: Some(reader), recorded };
    Loader::new().load(&source).doing(|| format!("cannot read {revision}"))
}

/// What every slot of a commit settles to.
fn templates(catalog: &Catalog) -> Templates {
    let mut all = Templates::new();
    for slot in settled(catalog) {
        for (_, rendered) in stacks(catalog, &slot) {
            match rendered {
                Ok(rendered) => {
                    if let Ok(document) = Document::parse(&rendered.content.template) {
                        let environment = slot.environment;
                        let key = (environment.order, environment.name.to_string(), rendered.stack.to_string());
                        all.insert(key, document);
                    }
                }
                Err(problems) => problems.iter().for_each(tell),
            }
        }
    }
    all
}
