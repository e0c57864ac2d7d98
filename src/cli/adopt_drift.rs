//! `landfall adopt-drift`: the change to the files that keeps what somebody changed outside of landfall.
//!
//! ```text
//! facts: what differs ─┐
//! files ───────────────┴─► ways to write it (ways) ─► each tried: all stacks rendered before and after (picture) ─► patch
//! ```
//!
//! A way is taken only if the stack then says what is there, and nothing else in any stack of the project changes. Deliberately
//! absent: writing the files. Whoever wants them pipes the patch into `git apply`.

mod picture;
mod ways;

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use self::picture::{Changes, Picture, picture};
use self::ways::{Scene, Way, ways};
use super::ask::{Ask, http_url};
use super::config::Config;
use super::deliver::{Deliver, Desk};
use super::exit::{Exit, Failure, Outcome};
use super::output::{self, Format};
use super::past::Past;
use super::reviewed::of_this_repository;
use crate::compare::{Paint, unified, visible};
use crate::load::Loaded;
use crate::model::drift::{Drifted, StackDrift};
use crate::model::{Catalog, Facts, Place, ProjectName, StackName};
use crate::plan::{is_whole, spot};

/// Options of `landfall adopt-drift`.
#[derive(Args, Debug)]
pub struct AdoptDrift {
    /// The stack, as `landfall plan` names it
    stack: String,
    /// Ask the daemon at this URL, with the token in `LANDFALL_TOKEN` if it needs one
    #[arg(long, value_name = "URL", value_parser = http_url, conflicts_with_all = ["store", "facts", "config"])]
    server: Option<String>,
    /// Read what differs from this store of a daemon
    #[arg(long, value_name = "sqlite:FILE")]
    store: Option<String>,
    /// Read what differs from the facts that a daemon served or pushed: a file, a URL, or a revision of the clone
    #[arg(long, value_name = "FILE|URL|REF", conflicts_with = "store")]
    facts: Option<String>,
    /// Folder of the repository
    #[arg(long, value_name = "DIR", default_value = ".")]
    repo: PathBuf,
    /// The operator's configuration file; it may name the store
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// A difference that the changed files keep.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The difference.
    pub item: Drifted,
    /// How, in a few words.
    pub how: String,
    /// The other stacks that change too.
    pub others: Vec<StackName>,
    /// The other stacks in which the same value is written otherwise: a variable fills in a text where a number was.
    pub rewritten: Vec<StackName>,
}

/// What keeps the drift of a stack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Adoption {
    /// The stack's project.
    pub project: ProjectName,
    /// What the files keep.
    pub kept: Vec<Kept>,
    /// What they do not, each with the reason.
    pub left: Vec<(Drifted, String)>,
    /// The files by path: as they were, none if there was none, and as they are to be.
    pub files: BTreeMap<String, (Option<String>, String)>,
}

/// The files of a repository, for whoever edits them.
pub trait Files {
    /// A file as it is; none if there is none.
    ///
    /// # Errors
    /// It cannot be read.
    fn text(&self, path: &str) -> Result<Option<String>, Failure>;
    /// What the files say with these in their place, each release made of them.
    ///
    /// # Errors
    /// They cannot be read.
    fn load(&self, edits: &[(&str, &str)]) -> Result<Loaded, Failure>;
}

impl Files for Desk<'_> {
    fn text(&self, path: &str) -> Result<Option<String>, Failure> {
        Desk::text(self, path)
    }

    fn load(&self, edits: &[(&str, &str)]) -> Result<Loaded, Failure> {
        self.load_head(edits)
    }
}

impl Adoption {
    /// Finds for everything that is known to differ in a stack how the files can say it. Costs, for each difference, a rendering of
    /// the project for each way that is tried.
    ///
    /// # Errors
    /// The repository has no such stack, or its project cannot be read.
    pub fn of(stack: &str, facts: &Facts, files: &dyn Files) -> Result<Self, Failure> {
        let loaded = files.load(&[])?;
        let (project, stack, place) = owner(&loaded.catalog, stack)?;
        let cannot = |why: String| Failure { exit: Exit::Problems, ..Failure::new(why) };
        let mut now = picture(loaded, &project, &stack, &place)
            .map_err(|why| cannot(why).help("`landfall check` lists the problems of the repository"))?;
        let mut adoption = Self { project, kept: Vec::new(), left: Vec::new(), files: BTreeMap::new() };
        for item in differences(facts, &stack, &place) {
            match adoption.keep(&item, &now, files)? {
                Ok((kept, next)) => {
                    adoption.kept.push(kept);
                    now = next;
                }
                Err(why) => adoption.left.push((item, why)),
            }
        }
        Ok(adoption)
    }

    /// The first way that keeps a difference and changes nothing else, taken; or why there is none.
    fn keep(
        &mut self,
        item: &Drifted,
        now: &Picture,
        files: &dyn Files,
    ) -> Result<Result<(Kept, Picture), String>, Failure> {
        if let Some(why) = cannot(item, &self.project) {
            return Ok(Err(why));
        }
        let Some(spot) = now.content().and_then(|content| spot(content, &now.place, item)) else {
            return Ok(Err("the template has no place for it".to_owned()));
        };
        let Some(scene) = Scene::of(now) else { return Ok(Err("the step cannot be found".to_owned())) };
        let text = |path: &str| match self.files.get(path) {
            Some((_, text)) => Ok(Some(text.clone())),
            None => files.text(path),
        };
        let mut why: Option<String> = None;
        for Way { how, everywhere, edits } in ways(&scene, item, &spot, &text)? {
            let mut all: BTreeMap<&str, &str> =
                self.files.iter().map(|(path, (_, text))| (path.as_str(), text.as_str())).collect();
            all.extend(edits.iter().map(|(path, text)| (path.as_str(), text.as_str())));
            let next = files.load(&all.into_iter().collect::<Vec<_>>())?;
            let next = picture(next, &self.project, &now.stack, &now.place).and_then(|next| {
                let Changes { others, rewritten } = now.changes(&next, item, &spot)?;
                match everywhere || others.is_empty() {
                    true => Ok((next, others, rewritten)),
                    false => Err(format!("it would also change {}", names(&others))),
                }
            });
            match next {
                Ok((next, others, rewritten)) => {
                    for (path, text) in edits {
                        let before = files.text(&path)?;
                        self.files.entry(path).and_modify(|(_, new)| new.clone_from(&text)).or_insert((before, text));
                    }
                    return Ok(Ok((Kept { item: item.clone(), how, others, rewritten }, next)));
                }
                // What stands in the way of the most fitting one.
                Err(reason) => drop(why.get_or_insert(reason)),
            }
        }
        Ok(Err(why.unwrap_or_else(|| "no key, patch or template of the project can say it".to_owned())))
    }

    /// The change to the files, as `git apply` takes it; empty if none is needed or possible.
    pub fn patch(&self) -> String {
        let one = |(path, (before, after)): (&String, &(Option<String>, String))| {
            let from = before.as_ref().map_or("/dev/null".to_owned(), |_| format!("a/{path}"));
            unified(before.as_deref(), after, &from, &format!("b/{path}"), Paint::Plain)
        };
        self.files.iter().map(one).collect()
    }

    /// What is kept and what is not, in lines.
    pub fn told(&self) -> String {
        let mut lines = String::new();
        for Kept { item, how, others, rewritten } in &self.kept {
            lines.push_str(&format!("keeps        {}: {how}\n", place_of(item)));
            if !others.is_empty() {
                lines.push_str(&format!("             this also changes {}\n", names(others)));
            }
            if !rewritten.is_empty() {
                lines.push_str(&format!("             the same value, as a text, in {}\n", names(rewritten)));
            }
        }
        for (item, why) in &self.left {
            lines.push_str(&format!("left         {}: {why}\n", place_of(item)));
        }
        if !self.kept.is_empty() {
            lines.push_str(&format!(
                "takes effect with a new release: landfall release new {}; until it is deployed, the drift is still told\n",
                self.project
            ));
        }
        lines
    }

    fn json(&self) -> Value {
        let item =
            |item: &Drifted| json!({ "resource": item.resource, "path": item.path, "was": item.was, "is": item.is });
        let kept = self.kept.iter().map(|kept| {
            let mut value = item(&kept.item);
            value["how"] = json!(kept.how);
            value["others"] = json!(kept.others);
            value["rewritten"] = json!(kept.rewritten);
            value
        });
        let left = self.left.iter().map(|(left, why)| {
            let mut value = item(left);
            value["why"] = json!(why);
            value
        });
        let files = self.files.iter().map(|(path, (_, text))| json!({ "path": path, "text": text }));
        json!({
            "project": self.project,
            "kept": kept.collect::<Vec<_>>(),
            "left": left.collect::<Vec<_>>(),
            "files": files.collect::<Vec<_>>(),
            "patch": self.patch(),
        })
    }
}

fn place_of(item: &Drifted) -> String {
    visible(&item.place())
}

fn names(stacks: &[StackName]) -> String {
    stacks.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// What is known to differ in a stack, each place once.
fn differences(facts: &Facts, stack: &StackName, place: &Place) -> Vec<Drifted> {
    let of_it = |row: &&StackDrift| row.stack == *stack && row.place == *place;
    let mut items: Vec<Drifted> = Vec::new();
    for (item, _) in facts.drift.iter().filter(of_it).flat_map(|row| &row.items) {
        // Two sources may see the same; and a service has another task definition because of what differs inside.
        if !items.iter().any(|known| known.place() == item.place()) {
            items.push(item.clone());
        }
    }
    let inside = |item: &Drifted| item.path.starts_with("TaskDefinition/");
    let told: Vec<_> = items.iter().filter(|item| inside(item)).map(|item| item.resource.clone()).collect();
    items.retain(|item| item.path != "TaskDefinition" || !told.contains(&item.resource));
    items.sort_by_key(Drifted::place);
    items
}

/// Why no file can keep a difference, whatever it says.
fn cannot(item: &Drifted, project: &ProjectName) -> Option<String> {
    let whole = |value: &Option<String>| value.as_deref().is_none_or(is_whole);
    if item.resource.is_empty() {
        return Some("it is about the stack as a whole: change the step or its template by hand".to_owned());
    }
    if item.path.is_empty() {
        let what = if item.is.is_none() { "it was deleted" } else { "it was added" };
        return Some(format!("{what}: which resources there are is decided by the step or its template"));
    }
    if item.path.ends_with("/Image") && item.path.contains("ContainerDefinitions/") {
        return Some(format!("an image comes with a release: landfall release new {project}"));
    }
    if !whole(&item.was) || !whole(&item.is) {
        return Some("landfall does not keep its value: it may be secret, or is too long".to_owned());
    }
    None
}

/// Whose stack it is, and where.
fn owner(catalog: &Catalog, stack: &str) -> Result<(ProjectName, StackName, Place), Failure> {
    picture::owner(catalog, stack).ok_or_else(|| {
        Failure::new(format!("no project of this repository has a stack {stack}"))
            .help("`landfall plan` names the stacks that were changed")
    })
}

/// Runs the command: 0 if the change to the files keeps everything that differs, 1 if something is left.
pub fn run(options: &AdoptDrift) -> Outcome {
    let AdoptDrift { server, store, facts, repo, config, .. } = options;
    let ask = Ask {
        server: server.clone(),
        repo: repo.clone(),
        store: store.clone(),
        facts: facts.clone(),
        endpoint: None,
        config: config.clone(),
    };
    ask.needs_past()?;
    let past = Past::from(&ask, &Config::load(config.as_deref())?)?;
    let deliver = Deliver::default();
    let desk = Desk::open(repo, &deliver)?;
    let Some(facts) = past.facts() else { return Err(Failure::usage("nothing is known of the past")) };
    let loaded = desk.load_head(&[])?;
    of_this_repository(facts, past.source().unwrap_or_default(), &loaded, &loaded, repo)?;
    let adoption = Adoption::of(&options.stack, facts, &desk)?;
    match options.format {
        Format::Json => output::json(&adoption.json())?,
        Format::Terminal => {
            output::data(&adoption.patch())?;
            output::progress(adoption.told().trim_end());
            if adoption.kept.is_empty() && adoption.left.is_empty() {
                output::progress(&format!("unchanged    landfall knows of no drift in {}", options.stack));
            }
        }
    }
    Ok(if adoption.left.is_empty() { Exit::Done } else { Exit::Failed })
}
