//! `landfall convert`: a step becomes the template that it renders, and nothing that is deployed changes.

use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use serde_json::json;

use super::config::Config;
use super::deliver::{Deliver, Delivered, Desk};
use super::exit::{Doing, Exit, Failure, Outcome};
use super::output::{self, Format};
use super::release::project_of;
use super::render::known;
use super::stacks::{head_contexts, heads};
use crate::compare::{Paint, Shown, unified};
use crate::edit::{self, NewStep};
use crate::load::Loaded;
use crate::load::schema::process::steps::{common_keys, run_keys};
use crate::model::process::StepKind;
use crate::model::{Names, Project, ProjectName, Step, StepName};
use crate::problem::{Level, Problem};
use crate::template::RUN;
use crate::template::convert::{self, Proof};

/// Options of `landfall convert`.
#[derive(Args, Debug)]
pub struct Convert {
    /// The project
    project: ProjectName,
    /// The step
    step: StepName,
    /// Print the files, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Folder of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    #[command(flatten)]
    deliver: Deliver,
    /// The operator's configuration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// A file to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Its path in the repository.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// A step as a template, not yet proved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conversion {
    /// Name of the project's folder.
    pub project: ProjectName,
    /// Name of the step in `process.toml`.
    pub step: StepName,
    /// The template.
    pub template: Written,
    /// The process.
    pub process: Written,
    /// The process as it was.
    pub before: String,
    /// The step runs a task once.
    pub runs: bool,
    /// Comments of the process that go with the keys at which they stood.
    pub comments: Vec<String>,
}

impl Conversion {
    /// Writes a step as a template. `text` gives the files as they are.
    ///
    /// # Errors
    /// The step does not exist, its kind has no template, its values have no common form, or something else
    /// has the template's place.
    pub fn of(
        loaded: &Loaded,
        project: &Arc<Project>,
        step: &StepName,
        text: impl Fn(&str) -> Result<Option<String>, Failure>,
    ) -> Result<Self, Failure> {
        let found = convertible(project, step)?;
        let (catalog, names) = (&loaded.catalog, Names::of(&loaded.catalog));
        let heads = heads(catalog, project);
        let contexts: Vec<_> =
            head_contexts(catalog, project, &names, &heads).filter(|context| context.step.name == *step).collect();
        let cannot = format!("cannot convert step {step} of {}", project.name);
        if contexts.is_empty() {
            let help = "a stack needs a target that offers the step's role, and conditions that fit";
            return Err(
                Failure::new(format!("{cannot}: it has no stack anywhere, so nothing could be proved")).help(help)
            );
        }
        let document = convert::template(&contexts).map_err(|obstacles| {
            let all: Vec<String> = obstacles.iter().map(ToString::to_string).collect();
            Failure::new(format!("{cannot}: {}", all.join("; ")))
        })?;
        let name = format!("{step}.yaml");
        let folder = format!("projects/{}", project.name);
        let head = format!("# What the step `{}` of kind `{}` rendered.\n", found.name, kind(found));
        let template = Written { path: format!("{folder}/templates/{name}"), text: head + &document.yaml() };
        if text(&template.path)?.is_some_and(|there| there != template.text) {
            let help = "move it away, or give the step another name";
            return Err(Failure::new(format!("{cannot}: {} exists with other content", template.path)).help(help));
        }
        let path = format!("{folder}/process.toml");
        let process = text(&path)?.ok_or_else(|| Failure::new(format!("there is no file {path}")))?;
        let runs = matches!(found.kind, StepKind::EcsTask(_));
        let (keeps, run) = (common_keys(), run_keys());
        let run: Vec<&str> = run.iter().map(String::as_str).collect();
        let new = NewStep { template: &name, keeps: &keeps, runs: runs.then_some((RUN, &run)) };
        let edited = edit::convert(&process, step, &new);
        let edited = edited.doing(|| format!("cannot edit {path}"))?;
        Ok(Self {
            project: project.name.clone(),
            step: step.clone(),
            template,
            process: Written { path, text: edited.text },
            before: process,
            runs,
            comments: edited.comments,
        })
    }

    /// The files, in the order in which they are to be written.
    pub fn files(&self) -> [(&str, &str); 2] {
        [&self.template, &self.process].map(|written| (written.path.as_str(), written.text.as_str()))
    }

    /// Proves that every stack of the project is the same by the files as they were and with these in their place.
    ///
    /// # Errors
    /// The files have errors now, or a stack differs; says which, and in what.
    pub fn prove(&self, before: &Loaded, after: &Loaded) -> Result<Proof, Failure> {
        let cannot = || format!("step {} of {} is not the same as a template", self.step, self.project);
        let sides = [before, after].map(|loaded| loaded.catalog.projects.get(&self.project));
        let [Some(old), Some(new)] = sides else { return Err(Failure::new(cannot())) };
        if new.head.is_none() {
            let new_one = |problem: &&Problem| problem.level == Level::Error && !before.problems.contains(problem);
            let first = after.problems.iter().find(new_one);
            let why = first.map(|problem| format!(": {} ({})", problem.title, problem.span.at)).unwrap_or_default();
            return Err(Failure::new(cannot() + &why));
        }
        let sequence = |project: &Project| project.head.as_ref().map(|what| what.sequence());
        if sequence(old) != sequence(new) {
            return Err(Failure::new(cannot()).because("the steps would run in another order"));
        }
        let names = [before, after].map(|loaded| Names::of(&loaded.catalog));
        let slots = [heads(&before.catalog, old), heads(&after.catalog, new)];
        let [old_names, new_names] = &names;
        let [old_slots, new_slots] = &slots;
        let old: Vec<_> = head_contexts(&before.catalog, old, old_names, old_slots).collect();
        let new: Vec<_> = head_contexts(&after.catalog, new, new_names, new_slots).collect();
        convert::prove(&old, &new, &self.step).map_err(|mut found| {
            let name = found.what.rsplit('/').next().unwrap_or_default().to_owned();
            let (before, after) = Shown::pair(&name, Some(&found.before), Some(&found.after));
            found.before = before.map(Shown::into_text).unwrap_or_default();
            found.after = after.map(Shown::into_text).unwrap_or_default();
            Failure::new(cannot()).because(found.to_string())
        })
    }

    /// What was done, in lines; what would be, if nothing was delivered.
    pub fn told(&self, proof: Proof, delivered: Option<&Delivered>) -> String {
        let Self { project, step, template, process, comments, .. } = self;
        let mut text = String::new();
        if delivered.is_none() {
            let changes = unified(Some(&self.before), &process.text, &process.path, &process.path, Paint::Plain);
            text.push_str(&format!("{}:\n{}\n{changes}\n", template.path, template.text));
        }
        let (is, count) = (if delivered.is_some() { "is now" } else { "would become" }, counted(proof.stacks));
        text.push_str(&format!("step         {step} of {project} {is} the template {}\n", template.path));
        text.push_str(&format!(
            "proved       {count} of it come out the same to the byte: template, parameters, name, tags,\n"
        ));
        let run = if self.runs { ", task to run" } else { "" };
        text.push_str(&format!("             capabilities, content hash, images to prove{run}\n"));
        if proof.others > 0 {
            text.push_str(&format!("             and so do {} of the other steps\n", counted(proof.others)));
        }
        if !comments.is_empty() {
            text.push_str("comments     gone with the keys at which they stood:\n");
            let lines = comments.iter().map(|line| format!("{}\n", format!("             # {line}").trim_end()));
            text.extend(lines);
        }
        text.push_str(&format!(
            "takes effect with the next release, which changes nothing that is deployed; releases that are there keep the step\n\
             {:13}as it was, unless `landfall release refresh {project} …` gives them the template\n",
            ""
        ));
        match delivered.map(|delivered| &delivered.commit) {
            None => {}
            Some(Some(commit)) => text.push_str(&format!("way back     git revert {}\n", commit.short())),
            Some(None) => {
                text.push_str(&format!("way back     git restore {}, and delete\n", process.path));
                text.push_str(&format!("             {}\n", template.path));
            }
        }
        text
    }
}

/// The step, where its kind can be converted.
fn convertible<'a>(project: &'a Project, step: &StepName) -> Result<&'a Step, Failure> {
    let what = project.head.as_ref().ok_or_else(|| {
        let failure = Failure::new(format!("the process or variables of {} have errors", project.name));
        Failure { exit: Exit::Problems, ..failure.help("`landfall check` lists the problems") }
    })?;
    known("step", step, what.steps.iter().map(|step| &step.name))?;
    let mut named = what.steps.iter().filter(|found| found.name == *step);
    let found = named.next();
    if named.next().is_some() {
        let failure =
            Failure::usage(format!("several steps are named `{step}`, and each would need a template of its own"));
        return Err(failure.help("convert works on a step that is the only one of its name"));
    }
    let found = found.ok_or_else(|| Failure::usage(format!("there is no step `{step}`")))?;
    match &found.kind {
        StepKind::EcsService(_) | StepKind::EcsSchedule(_) | StepKind::EcsTask(_) => Ok(found),
        StepKind::CloudFormation(raw) => {
            let help = format!("its template is {}", raw.template.at.file);
            Err(Failure::usage(format!("step {step} is of kind `cloudformation` already")).help(help))
        }
    }
}

fn kind(step: &Step) -> &'static str {
    match &step.kind {
        StepKind::EcsService(_) => "ecs-service",
        StepKind::EcsTask(_) => "ecs-task",
        StepKind::EcsSchedule(_) => "ecs-schedule",
        StepKind::CloudFormation(_) => "cloudformation",
    }
}

/// Runs the command.
pub fn run(options: &Convert) -> Outcome {
    let config = Config::load(options.config.as_deref())?;
    let desk = Desk::open(&options.repo, &options.deliver)?;
    let before = desk.load_head(&[])?;
    let project = project_of(&before, &options.project, &options.repo)?;
    let conversion = Conversion::of(&before, project, &options.step, |path| desk.text(path))?;
    let after = desk.load_head(&conversion.files())?;
    let proof = conversion.prove(&before, &after)?;
    let message = format!("Convert {} of {} to a template", conversion.step, conversion.project);
    let delivered = match options.dry_run {
        true => None,
        false => Some(desk.put_all(&conversion.files(), &message, &config)?),
    };
    match options.format {
        Format::Terminal => output::data(&conversion.told(proof, delivered.as_ref()))?,
        Format::Json => output::json(&json!({
            "project": conversion.project,
            "step": conversion.step,
            "template": conversion.template.path,
            "template_text": conversion.template.text,
            "process": conversion.process.path,
            "process_text": conversion.process.text,
            "comments": conversion.comments,
            "stacks": proof.stacks,
            "others": proof.others,
            "delivered": delivered,
        }))?,
    }
    Ok(Exit::Done)
}

fn counted(stacks: usize) -> String {
    if stacks == 1 { "1 stack".to_owned() } else { format!("{stacks} stacks") }
}
