//! What a daemon does, told to people as it happens: one line per thing that happens, the project first.
//!
//! It listens to the daemon ([`Events`]) and knows nothing that is not in the journal and in the report. The log says the
//! same things to machines.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use jiff::{SignedDuration, Timestamp};

use crate::cfn::type_name;
use crate::daemon::Events;
use crate::model::facts::InFlight;
use crate::model::journal::{Cause, DeploymentId, Effect, Entry, Evidence, ExpectedChange, Opened, Outcome, Record};
use crate::model::{
    Catalog, CommitId, Decision, EnvironmentName, Id, ProjectName, ReleaseName, Slot, StackName, TenantName,
};
use crate::plan::{Report, SlotRow};
use crate::problem::{Level, Problem};
use crate::view;

/// Writes progress lines.
pub struct Progress {
    write: Box<dyn Fn(&str) + Send + Sync>,
    told: Mutex<Told>,
}

#[derive(Default)]
struct Told {
    projects: BTreeMap<Id, ProjectName>,
    environments: BTreeMap<Id, EnvironmentName>,
    tenants: BTreeMap<Id, TenantName>,
    flying: BTreeMap<DeploymentId, Flying>,
    held: BTreeMap<Slot, Option<(String, String)>>,
    read: Option<CommitId>,
}

struct Flying {
    whose: Whose,
    stacks: usize,
    since: Timestamp,
    announced: BTreeMap<StackName, Vec<ExpectedChange>>,
    settled: BTreeMap<StackName, String>,
}

/// Slot and release of a deployment.
#[derive(Clone)]
struct Whose {
    slot: Slot,
    release: ReleaseName,
}

impl Flying {
    fn new(slot: &Slot, release: &ReleaseName, stacks: usize, since: Timestamp) -> Self {
        let whose = Whose { slot: slot.clone(), release: release.clone() };
        Self { whose, stacks, since, announced: BTreeMap::new(), settled: BTreeMap::new() }
    }
}

/// The columns before the sentence.
struct Row<'a> {
    project: &'a str,
    release: &'a str,
    environment: &'a str,
    width: usize,
}

impl Progress {
    /// Gives each line to `write`.
    pub fn new(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { write: Box::new(write), told: Mutex::default() }
    }

    fn told(&self) -> std::sync::MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One line; environments have room for tenants if there are any.
    fn line(&self, row: &Row<'_>, verb: &str, color: AnsiColor, sentence: &str) {
        let style = Style::new().fg_color(Some(color.into()));
        let head = format!("{:<12} {:<6} {:<width$}", row.project, row.release, row.environment, width = row.width);
        (self.write)(&format!("{head}  {style}{verb:<10}{style:#}  {sentence}"));
    }
}

impl Told {
    fn width(&self) -> usize {
        if self.tenants.is_empty() { 12 } else { 24 }
    }

    fn environment(&self, slot: &Slot) -> String {
        let name = self.environments.get(&slot.environment);
        let environment = name.map_or_else(|| slot.environment.to_string(), ToString::to_string);
        let Some(tenant) = &slot.tenant else { return environment };
        let tenant = self.tenants.get(tenant).map_or_else(|| tenant.to_string(), ToString::to_string);
        format!("{environment}, {tenant}")
    }

    fn project(&self, slot: &Slot) -> String {
        self.projects.get(&slot.project).map_or_else(|| slot.project.to_string(), ToString::to_string)
    }
}

impl Events for Progress {
    fn read(&self, commit: &CommitId, catalog: &Catalog, problems: &[Problem]) {
        let mut told = self.told();
        for project in catalog.projects.values() {
            told.projects.insert(project.id.clone(), project.name.clone());
        }
        for environment in catalog.environments.values() {
            told.environments.insert(environment.id.clone(), environment.name.clone());
        }
        for tenant in catalog.tenants.values() {
            told.tenants.insert(tenant.id.clone(), tenant.name.clone());
        }
        if told.read.replace(commit.clone()).as_ref() == Some(commit) {
            return;
        }
        drop(told);
        let mut text = format!(
            "{}, {}, {}, read at {}",
            count(catalog.projects.len(), "project"),
            count(catalog.environments.len(), "environment"),
            count(catalog.targets.len(), "target"),
            commit.short()
        );
        let errors = problems.iter().filter(|problem| problem.level == Level::Error).count();
        if errors > 0 {
            text.push_str(&format!("; {}: what depends on them is held", count(errors, "error")));
        }
        (self.write)(&format!("{:<12} {text}", "repository"));
        for problem in problems.iter().filter(|problem| problem.level == Level::Error) {
            (self.write)(&format!("{:<12} {}  {} ({})", "", problem.span.at, problem.title, problem.code));
        }
    }

    fn planned(&self, report: &Report) {
        self.planned_slots(&report.slots);
    }

    fn resumed(&self, flights: &[InFlight]) {
        let mut told = self.told();
        for flight in flights.iter().filter(|flight| flight.stopped.is_none()) {
            if told.flying.contains_key(&flight.deployment) {
                continue;
            }
            // How many stacks it has is not told: each line then says which stack it is about.
            let flying = Flying::new(&flight.slot, &flight.release, usize::MAX, flight.since);
            let sentence = format!("deployment {}, begun {}", flight.deployment, view::time::point(flight.since));
            self.about(&told, &flying.whose, "goes on", AnsiColor::Blue, &sentence);
            told.flying.insert(flight.deployment, flying);
        }
    }

    fn recorded(&self, record: &Record) {
        match &record.entry {
            Entry::Opened(opened) => self.opened(opened, record.at),
            Entry::Evidence { deployment, stack, item } => self.evidence(*deployment, stack, item),
            Entry::StackEnded { deployment, stack, outcome } => {
                self.stack_ended(*deployment, stack, outcome, record.at)
            }
            Entry::Stopped { deployment, stack, cause, until } => {
                let told = self.told();
                if let Some(flying) = told.flying.get(deployment) {
                    let until = until.map(|until| format!(", until {}", view::time::point(until))).unwrap_or_default();
                    // If there are several, each line says which stack it is about.
                    let which = if flying.stacks > 1 { format!("{stack}: ") } else { String::new() };
                    let sentence = format!("{which}{}{until} (landfall history {deployment})", cause.sentence);
                    self.about(&told, &flying.whose, "waits", AnsiColor::Yellow, &sentence);
                }
            }
            Entry::TakenOver { deployment, by, cause } => self.taken_over(*deployment, by.as_ref(), cause),
            Entry::Ended { deployment, outcome } => self.ended(*deployment, outcome, record.at),
            Entry::Incarnation { .. }
            | Entry::Learned(_)
            | Entry::Asks { .. }
            | Entry::Agreed(_)
            | Entry::Adopted { .. } => {
                if let Some(sentence) = record.entry.about_stores() {
                    (self.write)(&format!("{:<12} {sentence}", "store"));
                }
            }
            Entry::Drift(seen) => (self.write)(&format!("{:<12} {}", "drift", seen.sentence())),
            Entry::Skipped { slot, release, why, .. } => {
                let told = self.told();
                let whose = Whose { slot: slot.clone(), release: release.clone() };
                self.about(&told, &whose, "skipped", AnsiColor::Yellow, why);
            }
            Entry::Ordered { .. }
            | Entry::Landed { .. }
            | Entry::Snapshot { .. }
            | Entry::Intent { .. }
            | Entry::Reply { .. }
            | Entry::GateOpened { .. }
            | Entry::GateGone { .. }
            | Entry::Waits { .. }
            | Entry::Used(_) => {}
        }
    }

    fn failed(&self, error: &(dyn std::error::Error + 'static), again: Duration) {
        let sentence = super::exit::chain(error);
        (self.write)(&format!("{:<12} {sentence}; again in {}", "daemon", seconds(again.as_secs_f64())));
    }

    fn warned(&self, warning: &str) {
        (self.write)(&format!("{:<12} {warning}", "warning"));
    }
}

impl Progress {
    fn about(&self, told: &Told, whose: &Whose, verb: &str, color: AnsiColor, sentence: &str) {
        let row = Row {
            project: &told.project(&whose.slot),
            release: whose.release.as_str(),
            environment: &told.environment(&whose.slot),
            width: told.width(),
        };
        self.line(&row, verb, color, sentence);
    }

    /// Says why slots are held, where that was not said before: tenants alike in one line.
    fn planned_slots(&self, rows: &[SlotRow]) {
        for group in view::alike::groups(rows, held) {
            let is_news = |row: &&SlotRow| {
                let now = held(row);
                let before = self.told().held.insert(row.slot.clone(), now.clone());
                before.unwrap_or_default() != now && now.is_some()
            };
            let news: Vec<&SlotRow> = group.into_iter().filter(is_news).collect();
            let Some((row, (release, sentence))) = news.first().and_then(|row| Some((row, held(row)?))) else {
                continue;
            };
            let columns = Row {
                project: row.project.as_str(),
                release: &release,
                environment: &view::alike::place(&news),
                width: self.told().width(),
            };
            self.line(&columns, "held", AnsiColor::Yellow, &sentence);
        }
    }

    fn opened(&self, opened: &Opened, since: Timestamp) {
        let mut told = self.told();
        let stacks: Vec<&str> = opened.orders.iter().map(|order| order.stack.as_str()).collect();
        let sentence = match stacks.as_slice() {
            [] => "its stacks already exist".to_owned(),
            [first, second, third, rest @ ..] if !rest.is_empty() => {
                format!("{first}, {second}, {third} and {} more", rest.len())
            }
            all => all.join(", "),
        };
        let verb = if opened.removal { "removing" } else { "deploying" };
        let flying = Flying::new(&opened.slot, &opened.release, opened.orders.len(), since);
        self.about(&told, &flying.whose, verb, AnsiColor::Blue, &sentence);
        told.flying.insert(opened.deployment, flying);
    }

    fn evidence(&self, deployment: DeploymentId, stack: &StackName, item: &Evidence) {
        let mut told = self.told();
        let Some(flying) = told.flying.get_mut(&deployment) else { return };
        match item {
            Evidence::Announced { changes } => {
                flying.announced.insert(stack.clone(), changes.clone());
            }
            Evidence::ServiceDeployment { running, desired, images, .. } => {
                let mut digests: Vec<&String> = images.values().collect();
                digests.dedup();
                let images: Vec<String> = digests.into_iter().map(|digest| short_digest(digest)).collect();
                flying.settled.insert(
                    stack.clone(),
                    format!("{running} of {desired} tasks run {}", images.join(", "))
                        .trim_end_matches(" run ")
                        .to_owned(),
                );
            }
            Evidence::TaskStarted { .. } => {
                let whose = flying.whose.clone();
                self.about(&told, &whose, "running", AnsiColor::Blue, &format!("the task of {stack}"));
            }
            Evidence::TaskEnded { .. } => {
                flying.settled.insert(stack.clone(), "the task ended with exit code 0".to_owned());
            }
            Evidence::TaskNotRun { why } => {
                flying.settled.insert(stack.clone(), format!("the task is not run: {why}"));
            }
            Evidence::OutputRead { .. }
            | Evidence::NoChange { .. }
            | Evidence::InPlace { .. }
            | Evidence::StackLeft { .. }
            | Evidence::ResourceFailed { .. }
            | Evidence::TaskStopped { .. }
            | Evidence::RanBefore { .. }
            | Evidence::CarriedBefore
            | Evidence::Progressed { .. }
            | Evidence::Fails { .. }
            | Evidence::Paused { .. }
            | Evidence::HookEnded { .. }
            | Evidence::TaskLost { .. }
            | Evidence::LogLines { .. }
            | Evidence::LogUnread { .. }
            | Evidence::ServiceEvent { .. } => {}
        }
    }

    fn stack_ended(&self, deployment: DeploymentId, stack: &StackName, outcome: &Outcome, at: Timestamp) {
        let told = self.told();
        let Some(flying) = told.flying.get(&deployment) else { return };
        if !outcome.succeeded() {
            return;
        }
        // If there are several, each line says which stack it is about.
        let which = if flying.stacks > 1 { format!("  {stack}") } else { String::new() };
        if let Some(changes) = flying.announced.get(stack) {
            for (verb, sentence) in changed(changes) {
                self.about(&told, &flying.whose, verb, AnsiColor::Green, &format!("{sentence}{which}"));
            }
        }
        if let Some(settled) = flying.settled.get(stack) {
            let took = took(flying.since, at);
            self.about(&told, &flying.whose, "settled", AnsiColor::Green, &format!("{settled}  {took}{which}"));
        }
    }

    fn taken_over(&self, deployment: DeploymentId, by: Option<&ReleaseName>, cause: &Cause) {
        let told = self.told();
        let Some(flying) = told.flying.get(&deployment) else { return };
        let by = by.map_or_else(|| "a removal".to_owned(), ToString::to_string);
        let sentence = format!("by {by}: {} (deployment {deployment} is cancelled)", cause.sentence);
        self.about(&told, &flying.whose, "taken over", AnsiColor::Yellow, &sentence);
    }

    fn ended(&self, deployment: DeploymentId, outcome: &Outcome, at: Timestamp) {
        let mut told = self.told();
        let Some(flying) = told.flying.remove(&deployment) else { return };
        let took = took(flying.since, at);
        let (verb, color, sentence) = match outcome {
            Outcome::Failed(cause) => (
                "failed",
                AnsiColor::Red,
                format!("{} (deployment {deployment}, {took}: landfall history {deployment})", cause.sentence),
            ),
            Outcome::Superseded { by: Some(by) } => ("superseded", AnsiColor::Yellow, format!("{by} is wanted now")),
            Outcome::Superseded { by: None } => ("superseded", AnsiColor::Yellow, "nothing is wanted now".to_owned()),
            Outcome::Removed => ("removed", AnsiColor::Green, took),
            Outcome::Unchanged => ("current", AnsiColor::Green, "nothing had to change".to_owned()),
            Outcome::StackStatusOnly => ("deployed", AnsiColor::Green, format!("{took}, proved by stack status only")),
            Outcome::Proved => ("deployed", AnsiColor::Green, took),
        };
        self.about(&told, &flying.whose, verb, color, &sentence);
    }
}

/// What was announced, by what happens: made, changed, replaced, removed.
fn changed(changes: &[ExpectedChange]) -> Vec<(&'static str, String)> {
    ["created", "changed", "replaced", "removed"]
        .into_iter()
        .filter_map(|verb| {
            let kinds: Vec<String> =
                changes.iter().map(happened).filter(|(happened, _)| *happened == verb).map(|(_, kind)| kind).collect();
            (!kinds.is_empty()).then(|| (verb, kinds.join(", ")))
        })
        .collect()
}

/// What happens to one resource. Every change of a task definition replaces it: that is its new revision, and no alarm.
fn happened(change: &ExpectedChange) -> (&'static str, String) {
    let kind = type_name(&change.kind);
    match change.effect {
        Effect::Add => ("created", kind),
        Effect::Replace if &*change.kind == "AWS::ECS::TaskDefinition" => ("changed", format!("new {kind} revision")),
        Effect::Modify | Effect::MayReplace => ("changed", kind),
        Effect::Replace => ("replaced", kind),
        Effect::Remove => ("removed", kind),
    }
}

fn short_digest(digest: &str) -> String {
    match digest.get(..11) {
        Some(short) => format!("{short}…"),
        None => digest.to_owned(),
    }
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

fn took(from: Timestamp, to: Timestamp) -> String {
    let span: SignedDuration = to.duration_since(from);
    seconds(span.as_secs_f64())
}

/// A span as people say it: `4.1 s`, `3 min 12 s`, `2 h 5 min`.
fn seconds(span: f64) -> String {
    let whole = span.round() as u64;
    match whole {
        0..60 => format!("{span:.1} s"),
        60..3600 => format!("{} min {} s", whole / 60, whole % 60),
        _ => format!("{} h {} min", whole / 3600, whole % 3600 / 60),
    }
}

/// The release that a slot waits for, and why; none if it waits for nothing.
fn held(row: &SlotRow) -> Option<(String, String)> {
    let (release, reasons) = match &row.decision {
        Decision::Held { wanted, reasons, .. } => (wanted.as_ref(), reasons.as_slice()),
        Decision::Empty { next: Some(next), reasons } => (Some(next), reasons.as_slice()),
        Decision::UpToDate { waiting, .. } => {
            let waiting = waiting.first()?;
            (Some(&waiting.release), waiting.reasons.as_slice())
        }
        Decision::Empty { .. } | Decision::Deploying { .. } | Decision::Deploy { .. } | Decision::Remove { .. } => {
            return None;
        }
    };
    let sentence = reasons.iter().map(view::hold).collect::<Vec<_>>().join("; ");
    Some((release.map(ToString::to_string).unwrap_or_default(), sentence))
}
