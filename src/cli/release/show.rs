//! `landfall release list` and `release show`: what releases there are, offline.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use clap::Args;
use serde_json::{Value, json};

use super::super::carries;
use super::super::deliver::{Deliver, Desk};
use super::super::exit::{Exit, Outcome};
use super::super::facts::Known;
use super::super::output::{self, Format};
use super::{Of, project_of, release_of};
use crate::model::catalog::{Pin, SnapshotFault};
use crate::model::decision::Cause;
use crate::model::{Hold, Project, Release, ReleaseName};
use crate::view::table::{Cell, Table};

/// Options of `landfall release list`.
#[derive(Args, Debug)]
pub struct List {
    #[command(flatten)]
    of: Of,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// Options of `landfall release show`.
#[derive(Args, Debug)]
pub struct Show {
    #[command(flatten)]
    of: Of,
    /// The release
    version: ReleaseName,
    /// List the slots that run the release now, from a daemon's facts: a file, a URL, or a revision of the clone
    #[arg(long, value_name = "FILE|URL|REF")]
    facts: Option<String>,
    /// Output format
    #[arg(long, value_name = "FORMAT", default_value = "terminal")]
    format: Format,
}

/// Runs `landfall release list`.
pub(super) fn list(options: &List) -> Outcome {
    let deliver = Deliver::default();
    let loaded = Desk::open(&options.of.repo, &deliver)?.load(&[], None)?;
    let project = project_of(&loaded, &options.of.project, &options.of.repo)?;
    let all = project.releases_highest_first();
    if options.format == Format::Json {
        let value = |release: &&Arc<Release>| value(project, release, &carries::refreshed(project, release, None));
        output::json(&all.iter().map(value).collect::<Vec<_>>())?;
        return Ok(Exit::Done);
    }
    let mut table = Table::default();
    for release in all {
        let images = release.images.iter().map(|(name, pin)| format!("{name} {}", pin.tag));
        let pinned = pinned(project, release);
        let state = [state(release), (!pinned.is_empty()).then(|| format!("pinned in {}", pinned.join(", ")))];
        table.push(vec![
            Cell::plain(release.name.as_str()),
            Cell::plain(release.channel.as_str()),
            Cell::plain(images.collect::<Vec<_>>().join(", ")),
            Cell::plain(state.into_iter().flatten().collect::<Vec<_>>().join("; ")),
        ]);
    }
    output::page(&table.draw())?;
    if project.releases.is_empty() {
        output::progress(&format!(
            "{} has no release; `landfall release new {}` makes one",
            project.name, project.name
        ));
    }
    Ok(Exit::Done)
}

/// Runs `landfall release show`.
pub(super) fn show(options: &Show) -> Outcome {
    let deliver = Deliver::default();
    let loaded = Desk::open(&options.of.repo, &deliver)?.load(&[], None)?;
    let project = project_of(&loaded, &options.of.project, &options.of.repo)?;
    let release = release_of(project, &options.version)?;
    let known = Known::of(options.facts.as_deref(), &options.of.repo)?;
    let redeploys = carries::refreshed(project, release, known.as_ref().map(|known| &known.facts));
    match options.format {
        Format::Json => {
            output::json(&value(project, release, &redeploys))?;
        }
        Format::Terminal => output::page(&page(project, release, &redeploys))?,
    }
    Ok(Exit::Done)
}

fn page(project: &Project, release: &Release, redeploys: &str) -> String {
    let mut text = format!("{} {}\n{redeploys}\n", project.name, release.name);
    let mut line = |key: &str, what: &str| {
        let _ = writeln!(text, "{key:<12} {what}");
    };
    line("channel", release.channel.as_str());
    line("format", &release.format.to_string());
    let inputs = release.inputs.map_or_else(|| "none: it was written by hand".to_owned(), |inputs| inputs.to_string());
    line("inputs", &inputs);
    line("snapshot", &snapshot(release));
    if let Some(reason) = &release.blocked {
        line("blocked", reason);
    }
    if let Some(edited) = edited(release) {
        line("held", &edited);
    }
    for (name, pin) in &release.images {
        line("image", &format!("{name} {} {}", pin.tag, pin.digest.as_deref().unwrap_or("(no digest)")));
        for (platform, digest) in &pin.platforms {
            line("", &format!("{platform} {digest}"));
        }
    }
    for (step, after) in steps(release) {
        let order = if after.is_empty() { "at once".to_owned() } else { format!("after {}", after.join(" and ")) };
        line("step", &format!("{step}, {order}"));
    }
    let pinned = pinned(project, release);
    line("pinned", if pinned.is_empty() { "nowhere".to_owned() } else { pinned.join(", ") }.as_str());
    text
}

/// Where its process and variables come from, or why from nowhere.
fn snapshot(release: &Release) -> String {
    match &release.snapshot {
        Ok(snapshot) => match &snapshot.commit {
            Some(commit) => commit.to_string(),
            None => "the files of this folder, which is not a git repository".to_owned(),
        },
        Err(fault) => fault_in_words(fault),
    }
}

fn fault_in_words(fault: &SnapshotFault) -> String {
    crate::view::hold(&Hold::new(Cause::Snapshot(fault.clone())))
}

/// That its file is not what landed first.
fn edited(release: &Release) -> Option<String> {
    let landed = release.edited.clone()?;
    Some(crate::view::hold(&Hold::new(Cause::Edited { landed, at: release.at.clone() })))
}

/// What keeps it from going anywhere new.
fn state(release: &Release) -> Option<String> {
    let blocked = release.blocked.as_ref().map(|reason| format!("blocked: {reason}"));
    let blocked = blocked.or_else(|| edited(release));
    blocked.or_else(|| release.snapshot.as_ref().err().map(fault_in_words))
}

/// The environments, and tenants in them, whose deploy files name the release.
fn pinned(project: &Project, release: &Release) -> Vec<String> {
    let names = |pin: &Pin| matches!(pin, Pin::Release(name) if *name == release.name);
    let mut all = Vec::new();
    for (environment, deploy) in &project.deploy {
        if deploy.pin.as_ref().is_some_and(names) {
            all.push(environment.to_string());
        }
        let tenants = deploy.tenants.iter().filter(|(_, (pin, _))| names(pin));
        all.extend(tenants.map(|(tenant, _)| format!("{environment} for {tenant}")));
    }
    all
}

/// Its steps in the order in which they run, each with those that it waits for, without those that these wait for themselves.
fn steps(release: &Release) -> Vec<(&str, Vec<&str>)> {
    let Ok(snapshot) = &release.snapshot else { return Vec::new() };
    let (what, placed) = (&snapshot.what, snapshot.what.sequence().unwrap_or_default());
    let name = |place: &usize| Some(what.steps.get(placed.get(*place)?.step)?.name.as_str());
    let waits = |place: &usize, other: &usize| placed.get(*place).is_some_and(|one| one.after.contains(other));
    let direct = |after: &BTreeSet<usize>| {
        after.iter().filter(|place| !after.iter().any(|other| waits(other, place))).filter_map(name).collect()
    };
    placed.iter().enumerate().filter_map(|(place, one)| Some((name(&place)?, direct(&one.after)))).collect()
}

/// `release`, `channel`, `format`, `inputs`, `snapshot` (the commit), `fault` (why there is none), `blocked`, `edited`
/// (that its file is not what landed first), `images` (each with `tag`, `digest`, `platforms`), `steps` (in their order: `step`, `after`), `pinned` (where deploy files name it),
/// `redeploys` (which slots a refresh redeploys).
fn value(project: &Project, release: &Release, redeploys: &str) -> Value {
    json!({
        "release": release.name,
        "channel": release.channel,
        "format": release.format,
        "inputs": release.inputs.map(|inputs| inputs.to_string()),
        "snapshot": release.snapshot.as_ref().ok().and_then(|snapshot| snapshot.commit.clone()),
        "fault": release.snapshot.as_ref().err().map(fault_in_words),
        "blocked": release.blocked,
        "edited": edited(release),
        "images": release.images.iter().map(|(name, pin)| (name.to_string(), json!(pin))).collect::<serde_json::Map<_, _>>(),
        "steps": steps(release)
            .into_iter()
            .map(|(step, after)| json!({ "step": step, "after": after }))
            .collect::<Vec<_>>(),
        "pinned": pinned(project, release),
        "redeploys": redeploys,
    })
}
