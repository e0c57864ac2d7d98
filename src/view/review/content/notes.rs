//! What happens besides the stacks: problems, gates that open, stacks left behind, changes that reach no release.

use std::collections::BTreeSet;

use crate::model::Location;
use crate::model::catalog::Broken;
use crate::model::decision::{Because, Cause};
use crate::plan::Orphan;
use crate::plan::review::{How, Note, Review};
use crate::view::reasons;

use super::super::blocks::{Block, Line, Weight, code, strong, text};
use super::About;
use super::headline::list;

/// So many lines of one kind are said; more are counted.
const SAID: usize = 12;

/// What cannot be read.
pub(super) fn problems(review: &Review, about: &About) -> Vec<Block> {
    let mut blocks = Vec::new();
    let said = |broken: &Broken| {
        vec![code(broken.at.to_string()), text(format!(": error[{}]: {}", broken.code, broken.title))]
    };
    let lines = |all: &[Broken]| {
        let mut lines: Vec<Line> = Vec::new();
        for line in all.iter().map(said) {
            if !lines.contains(&line) {
                lines.push(line);
            }
        }
        Block::List(limited(lines.into_iter()))
    };
    if !review.broken.is_empty() {
        let mut body = vec![lines(&review.broken)];
        body.push(Block::Paragraph(vec![
            text("What depends on these files stays as deployed until they are fixed: "),
            code("landfall check"),
            text(" shows each place."),
        ]));
        let title = vec![strong("This change has problems")];
        blocks.push(Block::Callout { weight: Weight::Danger, title, body });
    }
    if !review.still_broken.is_empty() {
        let body = vec![lines(&review.still_broken)];
        let title = vec![text("Problems that were there before")];
        blocks.push(Block::Callout { weight: Weight::Note, title, body });
    }
    let known =
        |at: &Location| review.broken.iter().chain(&review.still_broken).any(|broken| broken.at.file == at.file);
    let others = about.problems.iter().filter(|problem| !known(&problem.span.at));
    let others: Vec<Line> = others
        .map(|problem| {
            vec![code(problem.span.at.to_string()), text(format!(": error[{}]: {}", problem.code, problem.title))]
        })
        .collect();
    if !others.is_empty() {
        let title = vec![strong("The head has problems")];
        let body = vec![Block::List(limited(others.into_iter()))];
        blocks.push(Block::Callout { weight: Weight::Danger, title, body });
    }
    blocks
}

/// Lines, of which only so many are said.
fn limited(lines: impl Iterator<Item = Line>) -> Vec<Line> {
    let mut all: Vec<Line> = lines.collect();
    let more = all.len().saturating_sub(SAID);
    all.truncate(SAID);
    if more > 0 {
        all.push(vec![text(format!("and {more} more"))]);
    }
    all
}

/// Why slots move at once although no pin and no release changed: what is live reaches what runs.
pub(super) fn why_now(review: &Review) -> Option<Block> {
    let mut parts: BTreeSet<String> = BTreeSet::new();
    let moving = review
        .slots
        .iter()
        .filter(|slot| matches!(slot.how, How::OnMerge | How::After(_) | How::Stops(_) | How::Fails(_)));
    for slot in moving.filter(|slot| slot.from == slot.to) {
        if let Some(Because::Differs { parts: changed, .. }) = &slot.because {
            parts.extend(changed.iter().map(ToString::to_string));
        }
    }
    if parts.is_empty() {
        return None;
    }
    let names: Vec<String> = parts.into_iter().collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    Some(Block::Paragraph(vec![
        strong("Why now:"),
        text(format!(
            " {} {verb} live. What it says reaches running releases without a new release and without a pin.",
            list(&names)
        )),
    ]))
}

/// What holds slots that would move, with the lines that open each gate.
pub(super) fn held(review: &Review) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut more = 0;
    for slot in &review.slots {
        let How::Held(holds) = &slot.how else { continue };
        // An earlier environment opens that gate by itself.
        for hold in holds.iter().filter(|hold| !matches!(hold.cause, Cause::LiveOrder { .. })) {
            let Some(key) = reasons::key(hold, &slot.project, &slot.environment, slot.tenant.as_ref()) else {
                continue;
            };
            if blocks.len() == SAID {
                more += 1;
                continue;
            }
            let tenant = slot.tenant.as_ref().map(|tenant| format!(" · {tenant}")).unwrap_or_default();
            let title = vec![
                strong("held"),
                text(format!(" · {} · {}{tenant} · {}", slot.project, slot.environment, reasons::hold(hold))),
            ];
            let body = vec![
                Block::Paragraph(vec![text("It waits until "), code(key.file.clone()), text(" has these lines:")]),
                Block::Code { language: "toml", text: key.toml.clone() },
            ];
            blocks.push(Block::Callout { weight: Weight::Danger, title, body });
        }
    }
    if more > 0 {
        let slots = if more == 1 { "slot is" } else { "slots are" };
        let line =
            vec![text(format!("{more} more {slots} held: ")), code("--format json"), text(" has the lines for each.")];
        blocks.push(Block::Paragraph(line));
    }
    blocks
}

/// Stacks that stay although nothing wants them any more.
pub(super) fn left(review: &Review) -> Option<Block> {
    if review.left.is_empty() {
        return None;
    }
    let mut alike: Vec<Vec<&Orphan>> = Vec::new();
    for orphan in &review.left {
        let same =
            |other: &&Orphan| (&other.place, &other.why, &other.key) == (&orphan.place, &orphan.why, &orphan.key);
        match alike.iter_mut().find(|group| group.iter().all(same)) {
            Some(group) => group.push(orphan),
            None => alike.push(vec![orphan]),
        }
    }
    let count = review.left.len();
    let stacks =
        if count == 1 { "1 stack goes on running".to_owned() } else { format!("{count} stacks go on running") };
    let title = vec![strong("left behind"), text(format!(" · {stacks}, and are paid for"))];
    let body = vec![Block::List(limited(alike.iter().map(|group| left_alike(group))))];
    Some(Block::Callout { weight: Weight::Danger, title, body })
}

/// So many stacks are named in one line.
const NAMED: usize = 6;

/// Stacks of one place that stay for one reason, which the lines of one file would change.
fn left_alike(group: &[&Orphan]) -> Line {
    let mut line = Vec::new();
    let named = if group.len() > NAMED { NAMED - 1 } else { group.len() };
    let more = group.len() - named;
    for (index, orphan) in group.iter().take(named).enumerate() {
        match index {
            0 => {}
            last if last + 1 == named && more == 0 => line.push(text(" and ")),
            _ => line.push(text(", ")),
        }
        line.push(code(orphan.stack.to_string()));
    }
    if more > 0 {
        line.push(text(format!(" and {more} more")));
    }
    if let Some(first) = group.first() {
        line.push(text(format!(" in {}: {}", first.place, first.why)));
        if let Some(key) = &first.key {
            line.extend([text(" in "), code(key.file.to_string())]);
        }
    }
    line
}

/// Everything else.
pub(super) fn notes(review: &Review) -> Option<Block> {
    let others = review.notes.iter().filter(|note| !matches!(note, Note::Ungated { .. }));
    let lines: Vec<Line> = ungated(review).into_iter().chain(others.map(|one| note(review, one))).collect();
    (!lines.is_empty()).then(|| Block::List(limited(lines.into_iter())))
}

/// The gates that open, those of several projects together.
fn ungated(review: &Review) -> Vec<Line> {
    let mut all: Vec<(&str, Vec<String>, Vec<String>)> = Vec::new();
    for note in &review.notes {
        let Note::Ungated { project, phase, opens } = note else { continue };
        let opens: Vec<String> = opens.iter().map(ToString::to_string).collect();
        match all.iter_mut().find(|(known, to, _)| **known == **phase && *to == opens) {
            Some((_, _, projects)) => projects.push(project.to_string()),
            None => all.push((phase, opens, vec![project.to_string()])),
        }
    }
    let line = |(phase, opens, projects): (&str, Vec<String>, Vec<String>)| {
        let said = format!(
            " phase {phase} is removed. Releases of {} that wait for it go to {} on merge, unless another gate holds them.",
            list(&projects),
            list(&opens)
        );
        vec![strong("A gate opens:"), text(said)]
    };
    all.into_iter().map(line).collect()
}

fn note(review: &Review, note: &Note) -> Line {
    match note {
        Note::Repository { from, to, stacks } => {
            let all = if *stacks == 1 { "the 1 stack".to_owned() } else { format!("the {stacks} stacks") };
            vec![
                strong("Another repository:"),
                text(format!(
                    " the id in landfall.toml changes from {from} to {to}. landfall no longer changes or deletes {all} that it \
                     made as {from}, and refuses to create stacks of the same names."
                )),
            ]
        }
        Note::Unreached(unreached) => vec![
            strong("Reaches no running release:"),
            text(format!(
                " the change of {}. Its newest release, {}, was made before it. ",
                unreached.project, unreached.newest
            )),
            code(format!("landfall release new {}", unreached.project)),
            text(" makes a release that has it; "),
            code(format!("landfall release refresh {} {}", unreached.project, unreached.newest)),
            text(" gives it to that one."),
        ],
        Note::Refreshed { project, release, slots } => {
            let mut places: Vec<String> = Vec::new();
            for name in &review.environments {
                let here = review.slots.iter().filter(|row| &row.environment == name && slots.contains(&row.slot));
                places.extend(here.take(1).map(|row| row.environment.to_string()));
            }
            let what = match places.as_slice() {
                [] => "no slot carries it now".to_owned(),
                names => format!("it is redeployed in {} by itself, without a promotion", list(names)),
            };
            vec![strong("Refresh:"), text(format!(" {project} {release} gets the files of another commit; {what}."))]
        }
        Note::Ungated { .. } => Line::new(),
        Note::Opens { at, gate, slot } => vec![
            strong("Allowed:"),
            text(" "),
            code(at.to_string()),
            text(format!(" opens the gate `{}` of {slot}.", gate.as_str())),
        ],
        Note::OpensNothing(stale) => vec![
            strong("Opens nothing:"),
            text(" "),
            code(stale.at.to_string()),
            text(format!(" (`{}`): {}.", stale.gate.as_str(), stale.why)),
        ],
        Note::Blocked { project, release, reason } => {
            vec![strong("Blocked:"), text(format!(" {project} {release} goes nowhere new: {reason}."))]
        }
    }
}
