//! The matrix: what each project goes from and to in each environment, when, or why not.

use std::collections::BTreeMap;

use crate::model::decision::Cause;
use crate::model::{EnvironmentName, Hold, ProjectName, TenantName};
use crate::plan::review::{Fate, How, Review, SlotReview};
use crate::view::{reasons, time};

use super::super::blocks::{Block, Line, strong, text};

/// So many tenants or projects that are alike are named; more are counted.
const NAMED: usize = 3;

/// Up to so many projects have a row each, even if all read the same.
const ROWS: usize = 10;

/// The matrix; nothing if no slot is touched.
pub(super) fn matrix(review: &Review) -> Option<Block> {
    if review.slots.is_empty() {
        return None;
    }
    let environments: Vec<&EnvironmentName> =
        review.environments.iter().filter(|name| review.slots.iter().any(|slot| &slot.environment == *name)).collect();
    let mut head = vec![Line::new()];
    head.extend(environments.iter().map(|name| vec![text(name.to_string())]));
    let rows = rows(review).into_iter().map(|row| {
        let mut cells = vec![row.name()];
        cells.extend(environments.iter().map(|name| match row.cells.get(name) {
            Some(cell) => cell.clone(),
            None => vec![text("–")],
        }));
        cells
    });
    Some(Block::Table { head, rows: rows.collect() })
}

/// One row: a project, tenants of a project that are alike, or many projects that are alike.
struct Row<'r> {
    project: &'r ProjectName,
    /// Projects that are like it.
    others: Vec<&'r ProjectName>,
    /// None for the slot without a tenant.
    tenants: Vec<&'r TenantName>,
    cells: BTreeMap<&'r EnvironmentName, Line>,
}

impl<'r> Row<'r> {
    fn projects(&self) -> impl Iterator<Item = &'r ProjectName> {
        std::iter::once(self.project).chain(self.others.iter().copied())
    }

    fn name(&self) -> Line {
        if let Some(more @ 1..) = (1 + self.others.len()).checked_sub(NAMED) {
            let names: Vec<String> = self.projects().take(NAMED).map(ToString::to_string).collect();
            return vec![strong(names.join(", ")), text(format!(" and {more} more projects, alike"))];
        }
        let project = strong(self.project.to_string());
        let names = |tenants: &[&TenantName]| tenants.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", ");
        match self.tenants.as_slice() {
            [] => vec![project],
            [one] => vec![project, text(format!(" · {one}"))],
            some if some.len() <= NAMED => vec![project, text(format!(" · {}", names(some)))],
            many => vec![project, text(format!(" · {} tenants, alike", many.len()))],
        }
    }
}

fn rows(review: &Review) -> Vec<Row<'_>> {
    let mut slots: BTreeMap<(&ProjectName, Option<&TenantName>), BTreeMap<&EnvironmentName, Line>> = BTreeMap::new();
    for slot in &review.slots {
        let row = slots.entry((&slot.project, slot.tenant.as_ref())).or_default();
        row.insert(&slot.environment, cell(review, slot));
    }
    let mut rows: Vec<Row<'_>> = Vec::new();
    for ((project, tenant), cells) in slots {
        let alike = |row: &&mut Row<'_>| row.project == project && !row.tenants.is_empty() && row.cells == cells;
        match tenant.and_then(|tenant| Some((tenant, rows.iter_mut().find(alike)?))) {
            Some((tenant, row)) => row.tenants.push(tenant),
            None => rows.push(Row { project, others: Vec::new(), tenants: tenant.into_iter().collect(), cells }),
        }
    }
    alike(rows)
}

/// Rows of more projects than [`ROWS`] that read the same become one, where the first of them was.
fn alike(rows: Vec<Row<'_>>) -> Vec<Row<'_>> {
    let mut counts: BTreeMap<_, usize> = BTreeMap::new();
    rows.iter().filter(|row| row.tenants.is_empty()).for_each(|row| *counts.entry(row.cells.clone()).or_default() += 1);
    counts.retain(|_, count| *count > ROWS);
    let mut kept: Vec<Row<'_>> = Vec::new();
    for row in rows {
        let merges = row.tenants.is_empty() && counts.contains_key(&row.cells);
        let like = |other: &&mut Row<'_>| other.tenants.is_empty() && other.cells == row.cells;
        match merges.then(|| kept.iter_mut().find(like)).flatten() {
            Some(first) => first.others.push(row.project),
            None => kept.push(row),
        }
    }
    kept
}

fn cell(review: &Review, slot: &SlotReview) -> Line {
    let mut line = versions(slot);
    match &slot.how {
        How::OnMerge => line.push(text(" on merge")),
        How::After(holds) => line.push(text(format!(" after {}", after(holds)))),
        How::Stops(stops) => {
            let what = stops.first().map(|stop| match stop.resources.as_slice() {
                [] => stop.gate.as_str().to_owned(),
                some => format!("{} of {}", stop.gate.as_str(), some.join(", ")),
            });
            line.push(text(" "));
            line.push(strong(format!("stops at a gate: {}", what.unwrap_or_default())));
        }
        How::Fails(refused) => {
            line.push(text(", and "));
            line.push(strong("fails"));
            let first = refused.first();
            line.extend(first.map(|(_, refused)| text(format!(": {} is taken", refused.wants.brief()))));
        }
        How::Held(holds) => {
            let why = holds.first().map(|hold| match &hold.cause {
                Cause::Broken { at, .. } => format!("problem at {at}"),
                _ => reasons::hold(hold),
            });
            line.push(text(format!(": {}", why.unwrap_or_default())));
        }
        How::Freed => line.push(text(", no longer held")),
        How::Unknown(holds) => {
            let at = holds.iter().find_map(|hold| match &hold.cause {
                Cause::Broken { at, .. } => Some(format!(": the base has a problem at {at}")),
                _ => None,
            });
            line.push(text(at.unwrap_or_default()));
        }
    }
    let passed = assumed(&slot.assumed);
    if !passed.is_empty() {
        line.push(text(format!(", if it {passed}")));
    }
    let conditions = slot.assumed.iter().filter_map(|hold| match &hold.cause {
        Cause::Unless(finding) => Some(finding.condition()),
        _ => None,
    });
    line.extend(conditions.map(|condition| text(format!(", by itself unless it {condition}"))));
    if let Some(earliest) = slot.earliest {
        line.push(text(format!(", at {} at the earliest", time::point(earliest))));
    }
    let (mut changed, mut deleted) = (0, 0);
    for stack in review.stacks_of(&slot.slot) {
        match stack.fate {
            Fate::Delete => deleted += 1,
            Fate::Nothing | Fate::Fail => {}
            Fate::Create | Fate::Update | Fate::Run => changed += 1,
        }
    }
    for (count, word) in [(changed, ""), (deleted, " deleted")] {
        match count {
            0 => {}
            1 => line.push(text(format!(" · 1 stack{word}"))),
            count => line.push(text(format!(" · {count} stacks{word}"))),
        }
    }
    line
}

fn versions(slot: &SlotReview) -> Line {
    if matches!(slot.how, How::Unknown(_)) {
        return vec![strong("what changes is not known")];
    }
    let moves = matches!(slot.how, How::OnMerge | How::After(_) | How::Stops(_) | How::Fails(_));
    match (&slot.from, &slot.to) {
        (Some(from), Some(to)) if from == to && moves => vec![text(format!("{to} redeployed"))],
        (Some(from), Some(to)) if from != to => {
            let back = if slot.rollback { " (rollback)" } else { "" };
            vec![text(format!("{from} → ")), strong(to.to_string()), text(back)]
        }
        (None, Some(to)) => vec![text("nothing → "), strong(to.to_string())],
        (Some(from), None) => vec![text(format!("{from} → ")), strong("removed")],
        (Some(from), Some(_)) => vec![text(format!("{from} stays"))],
        (None, None) => vec![text("nothing runs here")],
    }
}

/// What a release is taken to have done before, in few words.
fn assumed(holds: &[Hold]) -> String {
    let (mut places, mut words): (Vec<String>, Vec<String>) = (Vec::new(), Vec::new());
    for hold in holds {
        match &hold.cause {
            Cause::Phase { missing, .. } => places.extend(missing.iter().map(ToString::to_string)),
            Cause::Soak { environment, needed, .. } => {
                words.push(format!("held in {environment} for {}", time::took(*needed)));
            }
            _ => {}
        }
    }
    if !places.is_empty() {
        words.insert(0, format!("succeeded in {}", super::headline::list(&places)));
    }
    super::headline::list(&words)
}

/// What has to happen first, in few words.
fn after(holds: &[Hold]) -> String {
    let mut words: Vec<String> = Vec::new();
    for hold in holds {
        let word = match &hold.cause {
            Cause::Phase { missing, .. } => {
                let names: Vec<String> = missing.iter().map(ToString::to_string).collect();
                super::headline::list(&names)
            }
            Cause::Soak { environment, needed, .. } => format!("{} in {environment}", time::took(*needed)),
            Cause::Wave { after, .. } | Cause::WaveStopped { after, .. } => format!("wave {after}"),
            Cause::LiveOrder { environment, .. } => environment.to_string(),
            Cause::Output { stack, .. } => format!("stack {stack}"),
            Cause::Frozen { freeze, .. } => format!("the freeze {freeze}"),
            Cause::WaveFull { .. } => "others of its wave".to_owned(),
            _ => reasons::hold(hold),
        };
        if !word.is_empty() && !words.contains(&word) {
            words.push(word);
        }
    }
    super::headline::list(&words)
}
