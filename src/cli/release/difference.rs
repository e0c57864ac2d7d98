//! `landfall release diff`: images, variables and steps of two releases, and what changes in each environment.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::deliver::{Deliver, Desk};
use super::super::exit::{Exit, Failure, Outcome};
use super::super::output;
use super::super::reviewed::{self, Format};
use super::{Of, project_of, release_of};
use crate::compare::Shown;
use crate::compare::ecs::Image;
use crate::model::catalog::{ImagePin, Value as Written, VariableValue};
use crate::model::{Catalog, Project, Release, ReleaseName, What};
use crate::plan::review::{BetweenReleases, between_releases};
use crate::template::{Cache, variables};
use crate::view::review::content::releases_page;
use crate::view::review::json::stacks;
use crate::view::review::{Block, Line, code, text};

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
    /// Show long differences in full
    #[arg(long)]
    unfold: bool,
}

/// Runs the command.
pub(super) fn run(options: &Diff) -> Outcome {
    let deliver = Deliver::default();
    let loaded = Desk::open(&options.of.repo, &deliver)?.load(&[], None)?;
    let project = project_of(&loaded, &options.of.project, &options.of.repo)?;
    let (before, after) = (release_of(project, &options.from)?, release_of(project, &options.to)?);
    let difference = Difference::of(&loaded.catalog, project, before, after)?;
    if options.format == Format::Json {
        output::json(&difference.json())?;
    } else {
        let lists = difference.block(before.name.as_str(), after.name.as_str());
        let mut page = releases_page(&difference.between);
        page.insert(lists.into_iter().collect());
        reviewed::draw(&page, options.format, options.unfold)?;
    }
    Ok(Exit::Done)
}

/// What a release deploys; an error if that is not known.
fn what(release: &Release) -> Result<&What, Failure> {
    match &release.snapshot {
        Ok(snapshot) => Ok(&snapshot.what),
        Err(fault) => {
            let hold = crate::model::Hold::new(crate::model::decision::Cause::Snapshot(fault.clone()));
            let name = &release.name;
            Err(Failure::new(format!("release {name} cannot be rendered: {}", crate::view::hold(&hold))))
        }
    }
}

/// One thing that differs: its name, and its value before and after; none on a side that lacks it.
type Change<T = String> = (String, Option<T>, Option<T>);

/// What differs between two releases.
pub(super) struct Difference {
    images: Vec<Change<ImagePin>>,
    variables: Vec<Change>,
    steps: Vec<Change>,
    between: BetweenReleases,
}

impl Difference {
    /// Compares what two releases of a project say, and what they deploy. Costs a rendering of every stack of both.
    ///
    /// # Errors
    /// One of the releases has no snapshot.
    pub(super) fn of(
        catalog: &Catalog,
        project: &Arc<Project>,
        before: &Release,
        after: &Release,
    ) -> Result<Self, Failure> {
        let (old, new) = (what(before)?, what(after)?);
        let images =
            |release: &Release| release.images.iter().map(|(name, pin)| (name.to_string(), pin.clone())).collect();
        let steps = |what: &What| {
            what.steps.iter().map(|step| (step.name.to_string(), format!("role {}", step.role))).collect()
        };
        Ok(Self {
            images: changes(images(before), images(after)),
            variables: hidden(&values(old), &values(new)),
            steps: changes(steps(old), steps(new)),
            between: between_releases(catalog, project, before, after, Timestamp::now(), &mut Cache::default()),
        })
    }

    /// Whether both say and deploy the same.
    pub(super) fn is_empty(&self) -> bool {
        let lists = self.images.is_empty() && self.variables.is_empty() && self.steps.is_empty();
        lists && self.between.stacks.is_empty()
    }

    /// For people: a row for each thing that differs; none if nothing does.
    pub(super) fn block(&self, from: &str, to: &str) -> Option<Block> {
        let image = |pin: &ImagePin| {
            let digest = pin.digest.as_ref().map(ToString::to_string);
            Image { repository: String::new(), tag: Some(pin.tag.to_string()), digest }.version()
        };
        let images = written_as(&self.images, image);
        let mut rows = Vec::new();
        for (kind, changes) in [("image", &images), ("variable", &self.variables), ("step", &self.steps)] {
            let value = |value: &Option<String>| value.iter().map(|value| code(value.clone())).collect::<Line>();
            let row = |(name, old, new): &Change| {
                vec![vec![text(format!("{kind} ")), code(name.clone())], value(old), value(new)]
            };
            rows.extend(changes.iter().map(row));
        }
        let head = ["the release", from, to].map(|name| vec![text(name)]).to_vec();
        (!rows.is_empty()).then_some(Block::Table { head, rows })
    }

    /// `images`, `variables`, `steps` (each with `name`, `before`, `after`), `stacks` as a review has them, `problems`.
    pub(super) fn json(&self) -> Value {
        let list = |changes: &[Change]| -> Value {
            changes.iter().map(|(name, old, new)| json!({ "name": name, "before": old, "after": new })).collect()
        };
        let image = |pin: &ImagePin| format!("{} ({})", pin.tag, pin.digest.as_deref().unwrap_or("no digest"));
        json!({
            "images": list(&written_as(&self.images, image)), "variables": list(&self.variables), "steps": list(&self.steps),
            "stacks": stacks(&self.between.stacks), "problems": self.between.problems,
        })
    }
}

/// Changes with their values in words.
fn written_as<T>(changes: &[Change<T>], words: impl Fn(&T) -> String) -> Vec<Change> {
    let words = |value: &Option<T>| value.as_ref().map(&words);
    changes.iter().map(|(name, old, new)| (name.clone(), words(old), words(new))).collect()
}

fn changes<T: Clone + PartialEq>(before: BTreeMap<String, T>, after: BTreeMap<String, T>) -> Vec<Change<T>> {
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
