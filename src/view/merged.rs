//! What becomes of a change after it was merged: one sentence per environment, and what people have to know of it.
//!
//! [`moves`] takes from a review which slots the change moves, and to what. [`merged`] compares that with the daemon's newest plan.
//! Deliberately absent: what any of this was told before, and to whom.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::plan::details;
use super::reasons::{code, hold};
use super::review::content::list;
use super::review::{Block, Line, Page, strong, text};
use crate::model::decision::Cause;
use crate::model::{Decision, EnvironmentName, Hash, Hold, ProjectName, ReleaseName, Slot, Standing, TenantName};
use crate::plan::review::{How, Review};
use crate::plan::{Report, SlotRow};

/// A slot that a change moves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Move {
    pub slot: Slot,
    pub project: ProjectName,
    pub environment: EnvironmentName,
    pub tenant: Option<TenantName>,
    /// The release that it is to run.
    pub to: ReleaseName,
}

/// How far a change is in an environment, from good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Course {
    /// It is there, or something newer took its place.
    Done,
    /// It goes on or waits.
    GoesOn,
    Failed,
}

/// A change in one environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InEnvironment {
    pub environment: EnvironmentName,
    pub course: Course,
    pub sentence: String,
}

/// Something that a person has to know or decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// What it is known by: the same for the same failure, and for the same gate.
    pub keys: BTreeSet<String>,
    pub page: Page,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    pub environments: Vec<InEnvironment>,
    pub alarms: Vec<Alarm>,
    /// What is told once everything is there; none before, and if all of it was superseded.
    pub done: Option<Page>,
    /// Nothing more comes of it.
    pub over: bool,
}

/// The slots that a change moves by itself or at once, in the order of the review.
pub fn moves(review: &Review) -> Vec<Move> {
    let moved = review.slots.iter().filter(|slot| match slot.how {
        How::OnMerge | How::After(_) | How::Stops(_) | How::Fails(_) => true,
        How::Held(_) | How::Freed | How::Unknown(_) => false,
    });
    let moved = moved.filter_map(|slot| {
        Some(Move {
            slot: slot.slot.clone(),
            project: slot.project.clone(),
            environment: slot.environment.clone(),
            tenant: slot.tenant.clone(),
            to: slot.to.clone()?,
        })
    });
    moved.collect()
}

/// How one slot stands.
enum Stand {
    Deployed,
    /// The slot has, or is to have, something else; the release, if there is one.
    Superseded(Option<ReleaseName>),
    GoesOn(String),
    /// A person is asked.
    Asks(String, Told),
    Failed(String, Told),
}

/// What is said of a slot in full.
struct Told {
    key: String,
    lines: Vec<String>,
}

/// What became of a change by the daemon's newest plan. `speaks` is false for a slot that a newer change moves to the same release: its
/// alarms are told there.
pub fn merged(moves: &[Move], report: &Report, speaks: &dyn Fn(&Move) -> bool, now: Timestamp) -> Merged {
    let rows: BTreeMap<&Slot, &SlotRow> = report.slots.iter().map(|row| (&row.slot, row)).collect();
    let stands: Vec<(&Move, Stand)> =
        moves.iter().map(|one| (one, stand(one, rows.get(&one.slot).copied(), now))).collect();
    let over = stands.iter().all(|(_, stand)| matches!(stand, Stand::Deployed | Stand::Superseded(_)));
    let spoken = stands.iter().filter(|(one, _)| speaks(one));
    Merged {
        environments: environments(&stands),
        alarms: alarms(&spoken.collect::<Vec<_>>()),
        done: over.then(|| done(&stands)).flatten(),
        over,
    }
}

fn stand(one: &Move, row: Option<&SlotRow>, now: Timestamp) -> Stand {
    let Some(row) = row else { return Stand::Superseded(None) };
    let to = &one.to;
    match &row.decision {
        Decision::UpToDate { release, .. } if release == to => Stand::Deployed,
        Decision::UpToDate { release, waiting } => match waiting.iter().find(|waiting| waiting.release == *to) {
            Some(waiting) => held(row, to, &waiting.reasons, now),
            None => Stand::Superseded(Some(release.clone())),
        },
        Decision::Deploying { release, deployment, .. } if release == to => {
            Stand::GoesOn(format!("is being deployed (deployment {deployment})"))
        }
        Decision::Deploying { release, .. } => Stand::GoesOn(format!("waits: {release} is being deployed")),
        Decision::Deploy { release, .. } if release == to => Stand::GoesOn("is about to be deployed".to_owned()),
        Decision::Deploy { release, .. } => Stand::GoesOn(format!("waits: {release} is about to be deployed")),
        Decision::Held { wanted, reasons, .. } if wanted.as_ref().is_none_or(|wanted| wanted == to) => {
            held(row, to, reasons, now)
        }
        Decision::Held { wanted, .. } => Stand::Superseded(wanted.clone()),
        Decision::Empty { next, reasons } if next.as_ref() == Some(to) => held(row, to, reasons, now),
        Decision::Empty { next, .. } => Stand::Superseded(next.clone()),
        Decision::Remove { .. } => Stand::Superseded(None),
    }
}

fn held(row: &SlotRow, to: &ReleaseName, reasons: &[Hold], now: Timestamp) -> Stand {
    let said = reasons.iter().map(hold).collect::<Vec<_>>().join("; ");
    let evidence = reasons.iter().find_map(|hold| match &hold.cause {
        Cause::Attempts { deployment, .. } => Some(format!("evidence: landfall history {deployment}")),
        _ => None,
    });
    let lines = || details(row, now).into_iter().chain(evidence.clone()).collect();
    let told = |which: &str| Told { key: key(row, to, which, reasons), lines: lines() };
    let standing = reasons.iter().map(|hold| Standing::of(&hold.cause)).max().unwrap_or_default();
    let failed = reasons.iter().any(|hold| matches!(hold.cause, Cause::Attempts { .. }));
    match standing {
        _ if failed => Stand::Failed(said, told("failed")),
        Standing::Stopped => Stand::Asks(format!("waits: {said}"), told("asks")),
        Standing::Fine | Standing::Unseen => Stand::GoesOn(format!("waits: {said}")),
    }
}

/// A failure is known by its deployment, everything else by the slot and its gates: counts and times in their sentences change.
fn key(row: &SlotRow, to: &ReleaseName, which: &str, reasons: &[Hold]) -> String {
    let mut text = format!("{which} {:?} {to}", row.slot);
    for reason in reasons.iter().filter(|hold| Standing::of(&hold.cause) == Standing::Stopped) {
        text.push_str(&match &reason.cause {
            Cause::Attempts { deployment, .. } => format!(" deployment {deployment}"),
            cause => format!(" {}", code(cause)),
        });
    }
    Hash::of(text.as_bytes()).hex().chars().take(16).collect()
}

/// One sentence per environment, the worst first in it.
fn environments(stands: &[(&Move, Stand)]) -> Vec<InEnvironment> {
    let mut all: Vec<InEnvironment> = Vec::new();
    let mut order: Vec<&EnvironmentName> = Vec::new();
    for (one, _) in stands {
        if !order.contains(&&one.environment) {
            order.push(&one.environment);
        }
    }
    for environment in order {
        let here = stands.iter().filter(|(one, _)| one.environment == *environment);
        let mut said: BTreeMap<(std::cmp::Reverse<Course>, String), usize> = BTreeMap::new();
        for (one, stand) in here {
            let (course, rest) = word(stand);
            let sentence = format!("{} {} {rest}", one.project, one.to);
            *said.entry((std::cmp::Reverse(course), sentence)).or_default() += 1;
        }
        let course = said.keys().next().map_or(Course::Done, |(course, _)| course.0);
        let sentences = said.into_iter().map(|((_, sentence), count)| match count {
            1 => sentence,
            count => format!("{sentence} ({count} tenants)"),
        });
        let sentence = sentences.collect::<Vec<_>>().join(". ");
        all.push(InEnvironment { environment: environment.clone(), course, sentence });
    }
    all
}

fn word(stand: &Stand) -> (Course, String) {
    match stand {
        Stand::Deployed => (Course::Done, "is deployed".to_owned()),
        Stand::Superseded(Some(by)) => (Course::Done, format!("was superseded by {by}")),
        Stand::Superseded(None) => (Course::Done, "is not wanted any more".to_owned()),
        Stand::GoesOn(said) | Stand::Asks(said, _) => (Course::GoesOn, said.clone()),
        Stand::Failed(said, _) => (Course::Failed, said.clone()),
    }
}

/// Slots with the same lines are told together.
fn alarms(stands: &[&(&Move, Stand)]) -> Vec<Alarm> {
    struct Group<'a> {
        first: &'a Move,
        word: &'static str,
        lines: &'a [String],
        keys: BTreeSet<String>,
    }
    let mut groups: Vec<Group<'_>> = Vec::new();
    for (one, stand) in stands {
        let (word, told) = match stand {
            Stand::Asks(_, told) => ("is held", told),
            Stand::Failed(_, told) => ("failed", told),
            Stand::Deployed | Stand::Superseded(_) | Stand::GoesOn(_) => continue,
        };
        let same = |group: &&mut Group<'_>| {
            let place = (&group.first.project, &group.first.environment, &group.first.to);
            place == (&one.project, &one.environment, &one.to) && group.lines == told.lines
        };
        match groups.iter_mut().find(same) {
            Some(group) => _ = group.keys.insert(told.key.clone()),
            None => groups.push(Group { first: one, word, lines: &told.lines, keys: [told.key.clone()].into() }),
        }
    }
    let alarm = |group: Group<'_>| {
        let Move { project, environment, tenant, to, .. } = group.first;
        let tenants = match (tenant, group.keys.len()) {
            (Some(tenant), 1) => format!(", {tenant}"),
            (Some(_), count) => format!(", {count} tenants"),
            (None, _) => String::new(),
        };
        let title = format!("{project} {to} {} in {environment}{tenants}.", group.word);
        let lines = group.lines.join("\n") + "\n";
        let blocks = vec![Block::Paragraph(vec![strong(title)]), Block::Code { language: "text", text: lines }];
        Alarm { keys: group.keys, page: Page { blocks } }
    };
    groups.into_iter().map(alarm).collect()
}

/// One line; none if nothing of it is there.
fn done(stands: &[(&Move, Stand)]) -> Option<Page> {
    let mut releases: Vec<((&ProjectName, &ReleaseName), Vec<&EnvironmentName>)> = Vec::new();
    for (one, _) in stands.iter().filter(|(_, stand)| matches!(stand, Stand::Deployed)) {
        let name = (&one.project, &one.to);
        match releases.iter_mut().find(|(known, _)| *known == name) {
            Some((_, environments)) if environments.contains(&&one.environment) => {}
            Some((_, environments)) => environments.push(&one.environment),
            None => releases.push((name, vec![&one.environment])),
        }
    }
    if releases.is_empty() {
        return None;
    }
    let said = releases.iter().map(|((project, release), environments)| {
        let names: Vec<String> = environments.iter().map(ToString::to_string).collect();
        format!("{project} {release} in {}", list(&names))
    });
    let line: Line = vec![strong("Deployed"), text(format!(": {}.", said.collect::<Vec<_>>().join("; ")))];
    Some(Page { blocks: vec![Block::Paragraph(line)] })
}
