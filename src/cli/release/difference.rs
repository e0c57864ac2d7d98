//! `landfall release diff`: images, variables and steps of two releases, and the templates that differ in each environment.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::super::deliver::{Deliver, Desk};
use super::super::exit::{Exit, Failure, Outcome};
use super::super::output::{self, Format};
use super::super::stacks::{Slotted, seats};
use super::stacks::{Key, as_json, differences, drawn};
use super::{Of, project_of, release_of};
use crate::cfn::Document;
use crate::compare::{Paint, Shown};
use crate::model::catalog::{ImagePin, Value as Written, VariableValue};
use crate::model::{Catalog, Names, Project, Release, ReleaseName, What};
use crate::promote::{Seat, Settled};
use crate::template::{self, variables};

/// Options of `landfall release diff`.
#[derive(Args, Debug)]
pub struct Diff {
    #[command(flatten)]
    of: Of,
    /// The release before
    from: ReleaseName,
    /// The release after
    to: ReleaseName,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// Runs the command.
pub(super) fn run(options: &Diff) -> Outcome {
    let deliver = Deliver::default();
    let loaded = Desk::open(&options.of.repo, &deliver)?.load(&[], &[])?;
    let project = project_of(&loaded, &options.of.project, &options.of.repo)?;
    let side = |name| Ok::<_, Failure>(Side { catalog: &loaded.catalog, project, release: release_of(project, name)? });
    let (before, after) = (side(&options.from)?, side(&options.to)?);
    let difference = Difference::of(&before, &after)?;
    match options.format {
        Format::Terminal => output::data(&difference.text(options.from.as_str(), options.to.as_str(), Paint::Ansi))?,
        Format::Json => output::json(&difference.json(options.from.as_str(), options.to.as_str()))?,
    }
    Ok(Exit::Done)
}

/// A release as one state of the repository has it.
#[derive(Clone, Copy)]
pub(super) struct Side<'a> {
    pub(super) catalog: &'a Catalog,
    pub(super) project: &'a Arc<Project>,
    pub(super) release: &'a Arc<Release>,
}

impl Side<'_> {
    fn what(&self) -> Result<&What, Failure> {
        match &self.release.snapshot {
            Ok(snapshot) => Ok(&snapshot.what),
            Err(fault) => {
                let hold = crate::model::Hold::new(crate::model::decision::Cause::Snapshot(fault.clone()));
                let name = &self.release.name;
                Err(Failure::new(format!("release {name} cannot be rendered: {}", crate::view::hold(&hold))))
            }
        }
    }
}

/// One thing that differs; none on a side that lacks it.
type Change = (String, Option<String>, Option<String>);

/// What differs.
pub(super) struct Difference {
    images: Vec<Change>,
    variables: Vec<Change>,
    steps: Vec<Change>,
    /// Every template, before and after.
    stacks: [BTreeMap<Key, Document>; 2],
    /// What cannot be rendered, in sentences.
    problems: BTreeSet<String>,
}

impl Difference {
    /// Compares what two releases deploy in every environment. Costs a rendering of every stack of both.
    ///
    /// # Errors
    /// One has no snapshot.
    pub(super) fn of(before: &Side<'_>, after: &Side<'_>) -> Result<Self, Failure> {
        let (old, new) = (before.what()?, after.what()?);
        let image = |pin: &ImagePin| format!("{} ({})", pin.tag, pin.digest.as_deref().unwrap_or("no digest"));
        let images =
            |release: &Release| release.images.iter().map(|(name, pin)| (name.to_string(), image(pin))).collect();
        let steps = |what: &What| {
            what.steps.iter().map(|step| (step.name.to_string(), format!("role {}", step.role))).collect()
        };
        let mut problems = BTreeSet::new();
        let stacks = [stacks(before, &mut problems), stacks(after, &mut problems)];
        Ok(Self {
            images: changes(images(before.release), images(after.release)),
            variables: hidden(&values(old), &values(new)),
            steps: changes(steps(old), steps(new)),
            stacks,
            problems,
        })
    }

    /// Whether what is deployed is the same.
    pub(super) fn is_empty(&self) -> bool {
        let [before, after] = &self.stacks;
        let lists = [&self.images, &self.variables, &self.steps];
        lists.iter().all(|list| list.is_empty()) && differences(before, after, "", "", Paint::Plain).is_empty()
    }

    /// For people: what changed in a line each, then the templates.
    pub(super) fn text(&self, from: &str, to: &str, paint: Paint) -> String {
        let mut text = String::new();
        for (kind, changes) in [("image", &self.images), ("variable", &self.variables), ("step", &self.steps)] {
            for (name, old, new) in changes {
                let _ = match (old, new) {
                    (Some(old), Some(new)) => writeln!(text, "{kind:<9} {name}: {old} → {new}"),
                    (None, Some(new)) => writeln!(text, "{kind:<9} {name}: new, {new}"),
                    (Some(old), None) => writeln!(text, "{kind:<9} {name}: gone, was {old}"),
                    (None, None) => Ok(()),
                };
            }
        }
        for problem in &self.problems {
            let _ = writeln!(text, "cannot be rendered: {problem}");
        }
        let [before, after] = &self.stacks;
        for difference in differences(before, after, from, to, paint) {
            text.push('\n');
            text.push_str(&drawn(&difference));
        }
        if text.is_empty() {
            text = format!("{from} and {to} deploy the same\n");
        }
        text
    }

    /// `images`, `variables`, `steps` (each with `name`, `before`, `after`), `stacks` (as
    /// `landfall diff` gives them), `problems`.
    pub(super) fn json(&self, from: &str, to: &str) -> Value {
        let list = |changes: &[Change]| -> Value {
            changes.iter().map(|(name, old, new)| json!({ "name": name, "before": old, "after": new })).collect()
        };
        let [before, after] = &self.stacks;
        let stacks = differences(before, after, from, to, Paint::Plain);
        json!({
            "images": list(&self.images), "variables": list(&self.variables), "steps": list(&self.steps),
            "stacks": stacks.iter().map(as_json).collect::<Vec<_>>(), "problems": self.problems,
        })
    }
}

fn changes(before: BTreeMap<String, String>, after: BTreeMap<String, String>) -> Vec<Change> {
    let names: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let change = |name: &String| {
        let (old, new) = (before.get(name), after.get(name));
        (old != new).then(|| (name.clone(), old.cloned(), new.cloned()))
    };
    names.into_iter().filter_map(change).collect()
}

/// The values that differ, for people: secrets are hidden, and their change is seen.
fn hidden(before: &Values, after: &Values) -> Vec<Change> {
    let keys: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let change = |key: &(String, String)| {
        let (old, new) = (before.get(key), after.get(key));
        let (shown_old, shown_new) = Shown::pair(&key.1, old.map(String::as_str), new.map(String::as_str));
        let name = format!("{}{}", key.1, key.0);
        (old != new).then(|| (name, shown_old.map(Shown::into_text), shown_new.map(Shown::into_text)))
    };
    let mut all: Vec<Change> = keys.into_iter().filter_map(change).collect();
    all.sort();
    all
}

/// The values of variables, by scope and name.
type Values = BTreeMap<(String, String), String>;

fn values(what: &What) -> Values {
    let mut all = Values::new();
    for value in &what.variables {
        let place = if value.from_set { format!(" in {}", value.at.file) } else { String::new() };
        let scope = format!(" ({}){place}", variables::scope_words(&value.scope));
        let text = all.entry((scope, value.name.to_string())).or_default();
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(&written(value));
    }
    all
}

fn written(value: &VariableValue) -> String {
    match &value.value {
        Written::Text(text) => text.to_string(),
        Written::List(items) => {
            let items: Vec<String> = items.iter().map(ToString::to_string).collect();
            format!("[{}]", items.join(", "))
        }
    }
}

/// Every stack of a release, wherever the head gives the project a slot.
fn stacks(side: &Side<'_>, problems: &mut BTreeSet<String>) -> BTreeMap<Key, Document> {
    let (names, mut all) = (Names::of(side.catalog), BTreeMap::new());
    for seat in seats(side.catalog, side.project) {
        let Seat { environment, tenant, .. } = seat;
        let slot = Settled { project: side.project, environment, tenant, release: side.release };
        let Some(slotted) = Slotted::new(side.catalog, &names, &slot) else { continue };
        for context in slotted.contexts(side.catalog) {
            match template::render(&context) {
                Ok(rendered) => {
                    let key = Key {
                        order: environment.order,
                        environment: environment.name.to_string(),
                        project: side.project.name.to_string(),
                        step: context.step.name.to_string(),
                        tenant: tenant.map(|tenant| tenant.name.to_string()),
                        stack: rendered.stack.to_string(),
                    };
                    all.extend(Document::parse(&rendered.content.template).ok().map(|document| (key, document)));
                }
                Err(found) => {
                    let name = &side.release.name;
                    let told = |problem: &template::RenderProblem| {
                        format!("{name}: {} ({})", crate::view::problems::sentence(&problem.title), problem.at)
                    };
                    problems.extend(found.iter().map(told));
                }
            }
        }
    }
    all
}
