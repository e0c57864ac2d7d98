//! `landfall why`: where a value comes from, and what it beat.
//!
//! It asks `template::variables::explain` for every stack of one slot and tells what is the same for several stacks once.
//! An output of a stack has no value in the repository: what it was when a stack was deployed, facts tell ([`outputs`]).

mod outputs;

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::ask::http_url;
use super::diff::load_commit;
use super::exit::{Doing, Exit, Failure, Outcome};
use super::output::{self, Format};
use super::render::{known, load_folder};
use super::stacks::{Slotted, seats};
use crate::compare::hide_named;
use crate::git::Reader;
use crate::load::Loaded;
use crate::model::catalog::Value as Written;
use crate::model::{
    Catalog, CommitId, EnvironmentName, Location, Names, Project, ProjectName, Release, ReleaseName, StepName,
    TargetName, TenantName,
};
use crate::promote::{Seat, Settled, settled};
use crate::template::variables::{Contender, Declared, Explained, Origin, Reference, Resolved, Verdict, explain};
use crate::template::{RenderProblem, explain_output};
use outputs::Told;

/// Options of `landfall why`.
#[derive(Args, Debug)]
pub struct Why {
    /// The project
    project: ProjectName,
    /// Name of a variable, or one of landfall's own names
    name: String,
    /// The environment
    #[arg(long)]
    environment: EnvironmentName,
    /// The tenant, for its slot
    #[arg(long)]
    tenant: Option<TenantName>,
    /// Only this step
    #[arg(long)]
    step: Option<StepName>,
    /// Only this target
    #[arg(long)]
    target: Option<TargetName>,
    /// This release, instead of the one that the slot will run
    #[arg(long)]
    release: Option<ReleaseName>,
    /// Folder of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// Read this commit instead of the files of the folder
    #[arg(long, value_name = "COMMIT")]
    commit: Option<String>,
    /// Ask the daemon at this URL for the last value of an output, with the token in `LANDFALL_TOKEN` if it needs one
    #[arg(long, value_name = "URL", value_parser = http_url, conflicts_with_all = ["store", "facts"])]
    server: Option<String>,
    /// Read past deployments from this store of a daemon
    #[arg(long, value_name = "sqlite:FILE")]
    store: Option<String>,
    /// Read past deployments from the facts that a daemon served or pushed: a file, a URL, or a revision of the clone
    #[arg(long, value_name = "FILE|URL|REF", conflicts_with = "store")]
    facts: Option<String>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// What is to be said about several stacks alike.
struct Answer {
    stacks: Vec<(StepName, TargetName)>,
    said: Said,
}

/// What is said about one stack.
#[derive(PartialEq)]
enum Said {
    /// A variable, or one of landfall's own names.
    Value(Box<Explained>),
    /// An output of a stack.
    Output(Box<Result<Told, RenderProblem>>),
}

impl Said {
    fn has_value(&self) -> bool {
        match self {
            Said::Value(explained) => explained.value.is_ok(),
            Said::Output(told) => told.is_ok(),
        }
    }
}

/// The commits that values come from, if they are known.
struct Commits<'a> {
    snapshot: Option<&'a CommitId>,
    head: Option<&'a CommitId>,
}

impl<'a> Commits<'a> {
    fn of(&self, origin: Origin) -> Option<&'a CommitId> {
        match origin {
            Origin::Tenant { .. } => self.head,
            Origin::Project | Origin::Set | Origin::Default { .. } => self.snapshot,
        }
    }
}

/// Runs `landfall why`: 0 if the name has a value, 3 if it has none.
pub fn run(options: &Why) -> Outcome {
    let catalog = load(options)?.catalog;
    known("project", &options.project, catalog.projects.keys())?;
    let Some(project) = catalog.projects.get(&options.project) else { return Ok(Exit::Done) };
    let seat = seat(&catalog, project, options)?;
    let release = release(&catalog, &seat, options)?;
    let names = Names::of(&catalog);
    let slot = Settled { project: seat.project, environment: seat.environment, tenant: seat.tenant, release };
    let answers = answers(&catalog, &names, &slot, options)?;
    let snapshot = release.snapshot.as_ref().ok().and_then(|snapshot| snapshot.commit.as_ref());
    let commits = Commits { snapshot, head: catalog.commit.as_ref() };
    match options.format {
        Format::Terminal => output::data(&terminal(&answers, &options.name, &commits))?,
        Format::Json => {
            let answers = answers.iter().map(|answer| as_json(answer, &options.name, release, &commits));
            let answers: Vec<Value> = answers.collect();
            output::json(&answers)?;
        }
    }
    let resolved = answers.iter().all(|answer| answer.said.has_value());
    Ok(if resolved { Exit::Done } else { Exit::Problems })
}

fn load(options: &Why) -> Result<Loaded, Failure> {
    let Some(revision) = &options.commit else { return load_folder(&options.repo) };
    let reader = Reader::open_local(&options.repo).doing(|| format!("cannot read {}", options.repo.display()))?;
    load_commit(&reader, revision, None)
}

/// The slot that is asked for.
fn seat<'a>(catalog: &'a Catalog, project: &'a Arc<Project>, options: &Why) -> Result<Seat<'a>, Failure> {
    known("environment", &options.environment, catalog.environments.keys())?;
    if let Some(tenant) = &options.tenant {
        known("tenant", tenant, catalog.tenants.keys())?;
    }
    let here: Vec<Seat<'a>> =
        seats(catalog, project).filter(|seat| seat.environment.name == options.environment).collect();
    let tenants: Vec<String> =
        here.iter().filter_map(|seat| seat.tenant).map(|tenant| tenant.name.to_string()).collect();
    let asked = |seat: &Seat<'_>| seat.tenant.map(|tenant| &tenant.name) == options.tenant.as_ref();
    here.into_iter().find(asked).ok_or_else(|| {
        let (project, environment) = (&project.name, &options.environment);
        let without = match &options.tenant {
            Some(tenant) => format!("{project} has no slot for tenant {tenant} in {environment}"),
            None => format!("{project} has no slot without a tenant in {environment}"),
        };
        let help = match tenants.as_slice() {
            [] if options.tenant.is_some() => format!("{project} has no tenants there: leave out --tenant"),
            [] => "no tenant is connected to it there either".to_owned(),
            tenants => format!("name one of its tenants there with --tenant: {}", tenants.join(", ")),
        };
        Failure::usage(without).help(help)
    })
}

/// The release that is asked for: the one that is named, what the slot settles to, or else the highest.
fn release<'a>(catalog: &'a Catalog, seat: &Seat<'a>, options: &Why) -> Result<&'a Arc<Release>, Failure> {
    let project = seat.project;
    if let Some(name) = &options.release {
        known("release", name, project.releases.keys())?;
        return project.releases.get(name).ok_or_else(|| Failure::usage(format!("there is no release `{name}`")));
    }
    let own = settled(catalog).into_iter().find(|slot| {
        slot.project.name == project.name
            && slot.environment.name == seat.environment.name
            && slot.tenant.map(|tenant| &tenant.name) == seat.tenant.map(|tenant| &tenant.name)
    });
    if let Some(slot) = own {
        return Ok(slot.release);
    }
    let highest = project.releases_highest_first().into_iter().next();
    let highest = highest.ok_or_else(|| {
        Failure::new(format!("{} has no release, and values belong to releases", project.name))
            .help("`landfall check` renders the files without a release")
    })?;
    output::progress(&format!("note         no release settles there yet: this is for release {}", highest.name));
    Ok(highest)
}

fn answers<'a>(
    catalog: &'a Catalog,
    names: &'a Names,
    slot: &Settled<'a>,
    options: &Why,
) -> Result<Vec<Answer>, Failure> {
    let slotted = Slotted::new(catalog, names, slot).ok_or_else(|| {
        Failure::new(format!("release {} has no snapshot, so its values are not known", slot.release.name))
            .help("`landfall plan` says why; without --commit, landfall reads the files of the folder")
    })?;
    if let Some(step) = &options.step {
        known("step", step, slotted.what.steps.iter().map(|step| &step.name))?;
    }
    if let Some(target) = &options.target {
        known("target", target, catalog.targets.keys())?;
    }
    let facts = outputs::facts(options)?;
    let mut answers: Vec<Answer> = Vec::new();
    for context in slotted.contexts(catalog) {
        let asked = options.step.as_ref().is_none_or(|step| *step == context.step.name)
            && options.target.as_ref().is_none_or(|target| *target == context.target.name);
        if !asked {
            continue;
        }
        let said = match explain_output(&context, &options.name) {
            Some(given) => Said::Output(Box::new(given.map(|given| Told::new(given, &context, facts.as_ref())))),
            None => Said::Value(Box::new(explain(&context, &options.name))),
        };
        let stack = (context.step.name.clone(), context.target.name.clone());
        match answers.iter_mut().find(|answer| answer.said == said) {
            Some(answer) => answer.stacks.push(stack),
            None => answers.push(Answer { stacks: vec![stack], said }),
        }
    }
    outputs::only_users(&mut answers);
    if answers.is_empty() {
        let (project, environment) = (&slot.project.name, &slot.environment.name);
        return Err(Failure::new(format!(
            "release {} of {project} has no such stack in {environment}",
            slot.release.name
        ))
        .help("a stack needs a step, and a target that belongs to the environment and offers the step's role"));
    }
    Ok(answers)
}

/// The stacks in words: `step web at prod-eu, prod-us`.
fn heading(stacks: &[(StepName, TargetName)]) -> String {
    let mut steps: Vec<(&StepName, Vec<&str>)> = Vec::new();
    for (step, target) in stacks {
        match steps.iter_mut().find(|(known, _)| *known == step) {
            Some((_, targets)) => targets.push(target.as_str()),
            None => steps.push((step, vec![target.as_str()])),
        }
    }
    let each: Vec<String> =
        steps.iter().map(|(step, targets)| format!("step {step} at {}", targets.join(", "))).collect();
    each.join("; ")
}

fn terminal(answers: &[Answer], name: &str, commits: &Commits<'_>) -> String {
    let mut text = String::new();
    for (index, answer) in answers.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        if answers.len() > 1 {
            let _ = writeln!(text, "{}:", heading(&answer.stacks));
        }
        match &answer.said {
            Said::Value(explained) => tell(&mut text, explained, name, commits),
            Said::Output(told) => match &**told {
                Ok(told) => told.tell(&mut text),
                Err(problem) => cannot(&mut text, problem),
            },
        }
    }
    text
}

fn tell(text: &mut String, explained: &Explained, name: &str, commits: &Commits<'_>) {
    match &explained.value {
        Ok(value) => {
            let _ = writeln!(text, "{}", resolved(name, value));
        }
        Err(problem) => cannot(text, problem),
    }
    let mut rows: Vec<[String; 4]> = Vec::new();
    rows.extend(
        explained.built_in.iter().map(|meaning| ["is".to_owned(), meaning.clone(), String::new(), String::new()]),
    );
    rows.extend(explained.values.iter().map(|value| row(value, explained.values.first(), commits)));
    rows.extend(explained.declared.iter().map(|declared| {
        let description = declared.description.clone().unwrap_or_default();
        ["declared".to_owned(), declared.at.to_string(), declaration(declared), description]
    }));
    let winner = explained.values.first().filter(|value| value.verdict == Verdict::Wins);
    if let Some(winner) = winner.filter(|_| !explained.references.is_empty()) {
        rows.push(["written".to_owned(), written(name, &winner.written), String::new(), String::new()]);
    }
    rows.extend(explained.references.iter().map(reference));
    table(text, &rows);
}

fn cannot(text: &mut String, problem: &RenderProblem) {
    let title = crate::view::problems::sentence(&problem.title);
    let _ = writeln!(text, "error[{}]: {title} ({})", problem.code, problem.at);
    if let Some(help) = &problem.help {
        let _ = writeln!(text, "  help: {help}");
    }
}

fn row(value: &Contender, first: Option<&Contender>, commits: &Commits<'_>) -> [String; 4] {
    let at = commits.of(value.origin);
    let usual = first.is_some_and(|first| !std::ptr::eq(first, value) && commits.of(first.origin) == at);
    let at = at.filter(|_| !usual).map(|commit| format!("at {}", commit.short()));
    let more: Vec<String> = value.verdict.reason().into_iter().chain(at).collect();
    [value.verdict.word().to_owned(), value.at.to_string(), value.scope.clone(), more.join(", ")]
}

fn declaration(declared: &Declared) -> String {
    let required = if declared.required { ", required" } else { "" };
    format!("tenant variable, {}{required}", declared.kind.as_str())
}

fn reference(reference: &Reference) -> [String; 4] {
    let value = match &reference.value {
        Ok(value) => resolved(&reference.name, value),
        Err(problem) => format!("error[{}]: {}", problem.code, problem.title),
    };
    let at = reference.at.as_ref().map(ToString::to_string).or_else(|| reference.built_in.clone());
    ["where".to_owned(), reference.name.clone(), value, at.unwrap_or_default()]
}

/// Rows with their columns below each other.
fn table(text: &mut String, rows: &[[String; 4]]) {
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let [first, second, third] = [0, 1, 2].map(|column| width(column).unwrap_or(0));
    for [word, place, scope, more] in rows {
        let line = format!("  {word:first$}  {place:second$}   {scope:third$}   {more}");
        let _ = writeln!(text, "{}", line.trim_end());
    }
}

/// A value without its secrets: a log or a terminal may be read by others.
fn resolved(name: &str, value: &Resolved) -> String {
    match value {
        Resolved::Text(text) => hide_named(name, text),
        Resolved::List(items) => list(name, items.iter().map(|item| &**item)),
    }
}

fn written(name: &str, value: &Written) -> String {
    match value {
        Written::Text(text) => hide_named(name, text.raw()),
        Written::List(texts) => list(name, texts.iter().map(|text| text.raw())),
    }
}

fn list<'a>(name: &str, items: impl Iterator<Item = &'a str>) -> String {
    let items: Vec<String> = items.map(|item| format!("\"{}\"", hide_named(name, item))).collect();
    format!("[{}]", items.join(", "))
}

fn as_json(answer: &Answer, name: &str, release: &Release, commits: &Commits<'_>) -> Value {
    let stacks = answer.stacks.iter().map(|(step, target)| json!({ "step": step, "target": target }));
    let mut shown = json!({
        "name": name,
        "release": release.name,
        "stacks": stacks.collect::<Vec<_>>(),
        "value": null,
        "problem": null,
        "built_in": null,
        "declared": null,
        "values": [],
        "references": [],
        "output": null,
    });
    let own = match &answer.said {
        Said::Value(explained) => explained_json(name, explained, commits),
        Said::Output(told) => match &**told {
            Ok(told) => json!({ "output": told.json() }),
            Err(problem) => json!({ "problem": problem_json(problem) }),
        },
    };
    if let (Some(shown), Value::Object(own)) = (shown.as_object_mut(), own) {
        shown.extend(own);
    }
    shown
}

fn explained_json(name: &str, explained: &Explained, commits: &Commits<'_>) -> Value {
    let values: Vec<Value> = explained.values.iter().map(|value| contender_json(name, value, commits)).collect();
    let references = explained.references.iter().map(|one| {
        let (value, problem) = outcome_json(&one.name, &one.value);
        let at = one.at.as_ref().map(place_json);
        json!({ "name": one.name, "value": value, "problem": problem, "at": at, "built_in": one.built_in })
    });
    let declared = explained.declared.as_ref().map(|declared| {
        json!({
            "at": place_json(&declared.at),
            "type": declared.kind.as_str(),
            "required": declared.required,
            "description": declared.description,
        })
    });
    let (value, problem) = outcome_json(name, &explained.value);
    json!({
        "value": value,
        "problem": problem,
        "built_in": explained.built_in,
        "declared": declared,
        "values": values,
        "references": references.collect::<Vec<_>>(),
    })
}

fn contender_json(name: &str, value: &Contender, commits: &Commits<'_>) -> Value {
    json!({
        "verdict": value.verdict.word(),
        "reason": value.verdict.reason(),
        "written": match &value.written {
            Written::Text(text) => json!(hide_named(name, text.raw())),
            Written::List(texts) => json!(texts.iter().map(|text| hide_named(name, text.raw())).collect::<Vec<_>>()),
        },
        "type": value.kind.as_str(),
        "scope": value.scope,
        "at": place_json(&value.at),
        "commit": commits.of(value.origin),
    })
}

fn outcome_json(name: &str, value: &Result<Resolved, RenderProblem>) -> (Value, Value) {
    match value {
        Ok(Resolved::Text(text)) => (json!(hide_named(name, text)), Value::Null),
        Ok(Resolved::List(items)) => {
            (json!(items.iter().map(|item| hide_named(name, item)).collect::<Vec<_>>()), Value::Null)
        }
        Err(problem) => (Value::Null, problem_json(problem)),
    }
}

fn problem_json(problem: &RenderProblem) -> Value {
    let RenderProblem { code, title, at, help } = problem;
    json!({ "code": code, "title": title, "at": place_json(at), "help": help })
}

fn place_json(at: &Location) -> Value {
    json!({ "file": &*at.file, "line": at.line, "column": at.column })
}
