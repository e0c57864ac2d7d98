//! A rehearsal: the planner again and again, on a world in which everything that it says happens, until nothing does.
//!
//! This is what makes a review right: the answer before the merge is made by the code that acts after it. Time passes only
//! where the plan waits for time.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use crate::model::decision::Because;
use crate::model::{Catalog, CommitId, Hash, Hold, ReleaseName, Slot};

use super::super::types::{Begin, ByItself, Input, Plan, Report};
use super::super::{Render, plan, with_deployed};
use super::holds::{holds, like};
use super::types::{Fate, StackEvent, Stop};
use super::world::{Carried, World};

/// So many plans are made at most: a chain of environments and waves takes one for each link.
const ROUNDS: usize = 2_000;

/// How far time may go.
const HORIZON: SignedDuration = SignedDuration::from_hours(24 * 400);

/// What a rehearsal showed.
#[derive(Debug)]
pub(super) struct Rehearsal {
    /// The first report: before anything happens.
    pub(super) first: Report,
    /// The last report: nothing happens any more.
    pub(super) last: Report,
    /// The deployments, in their order.
    pub(super) events: Vec<Event>,
    /// Everything that each slot waited for, in the order in which it was said, with the release that did.
    pub(super) waits: BTreeMap<Slot, Vec<(Option<ReleaseName>, Hold)>>,
    /// The world at the end.
    pub(super) world: World,
}

/// A deployment in a rehearsal.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Event {
    pub(super) slot: Slot,
    pub(super) release: ReleaseName,
    pub(super) from: Option<ReleaseName>,
    pub(super) because: Because,
    pub(super) content: Hash,
    pub(super) removal: bool,
    /// The release entered by itself, and only under these conditions.
    pub(super) by_itself: Option<ByItself>,
    /// In which round it began, from 0.
    pub(super) round: usize,
    /// When it began.
    pub(super) at: Timestamp,
    /// Allowances that let it begin, or that opened a gate of it.
    pub(super) allowed: Vec<Hash>,
    pub(super) stacks: Vec<StackEvent>,
    /// The gates at which it waits in the end.
    pub(super) stops: Vec<Stop>,
}

impl Event {
    fn new(begin: &Begin, round: usize, at: Timestamp, carried: Carried) -> Self {
        Self {
            slot: begin.slot.clone(),
            release: begin.release.clone(),
            from: begin.from.clone(),
            because: begin.because.clone(),
            content: begin.content,
            removal: begin.removal,
            by_itself: begin.by_itself.clone(),
            round,
            at,
            allowed: begin.allowed.clone(),
            stacks: carried.stacks,
            stops: carried.stops,
        }
    }

    /// Whether AWS refuses some of it.
    pub(super) fn fails(&self) -> bool {
        self.stacks.iter().any(|stack| stack.fate == Fate::Fail)
    }

    /// What tells two deployments apart, whenever they are.
    pub(super) fn same(&self, other: &Self) -> bool {
        let contents = |event: &Self| -> Vec<_> {
            let after = |stack: &StackEvent| stack.after.as_ref().map(|shown| shown.content);
            let key = |stack: &StackEvent| (stack.place.clone(), stack.stack.clone(), stack.fate, after(stack));
            event.stacks.iter().map(key).collect()
        };
        (&self.slot, &self.release, self.content, self.removal, self.stops.len())
            == (&other.slot, &other.release, other.content, other.removal, other.stops.len())
            && contents(self) == contents(other)
    }
}

/// Lets everything happen that the catalog orders.
pub(super) fn rehearse(mut world: World, catalog: &Catalog, renderer: &mut dyn Render) -> Rehearsal {
    world.see(catalog.places().keys());
    let commit = catalog.commit.clone().unwrap_or_else(|| CommitId("0".repeat(40)));
    let end = world.now.checked_add(HORIZON).unwrap_or(Timestamp::MAX);
    let (mut first, mut events): (Option<Report>, Vec<Event>) = (None, Vec::new());
    let mut open: BTreeMap<Slot, usize> = BTreeMap::new();
    let mut waits = BTreeMap::new();
    let mut last = Report::default();
    for round in 0..ROUNDS {
        let input = Input { catalog, facts: world.facts(), observed: &world.observed, now: world.now };
        let mut planned = plan(&input, renderer);
        with_deployed(&mut planned, &world.templates(), &world.observed);
        let moved = carry_out(&mut world, &planned.plan, &commit, round, &mut events, &mut open);
        let due = planned.report.due(world.now).filter(|due| *due <= end);
        first.get_or_insert_with(|| planned.report.clone());
        note_waits(&planned.report, &mut waits);
        last = planned.report;
        match due {
            _ if moved => {}
            Some(due) => world.now = due,
            None => break,
        }
    }
    Rehearsal { first: first.unwrap_or_default(), last, events, waits, world }
}

/// Adds what slots wait for to what they waited for before.
fn note_waits(report: &Report, waits: &mut BTreeMap<Slot, Vec<(Option<ReleaseName>, Hold)>>) {
    for row in &report.slots {
        for (release, hold) in holds(row) {
            let known = waits.entry(row.slot.clone()).or_default();
            if !known.iter().any(|(other, kept)| *other == release && like(&kept.cause, &hold.cause)) {
                known.push((release, hold));
            }
        }
    }
}

/// Does what a plan says. False if it says nothing.
pub(super) fn carry_out(
    world: &mut World,
    plan: &Plan,
    commit: &CommitId,
    round: usize,
    events: &mut Vec<Event>,
    open: &mut BTreeMap<Slot, usize>,
) -> bool {
    for supersede in &plan.supersede {
        world.give_way(supersede.deployment, supersede.by.clone());
    }
    for opening in &plan.open {
        let carried = world.open(opening);
        let Some(event) = open.get(&opening.slot).and_then(|at| events.get_mut(*at)) else { continue };
        if !event.allowed.contains(&opening.allowance) {
            event.allowed.push(opening.allowance);
        }
        // Every gate that it still waits at is said again.
        event.stops.clear();
        event.stops.extend(carried.stops);
        // What stopped happens now.
        event
            .stacks
            .retain(|stack| !carried.stacks.iter().any(|now| (&now.place, &now.stack) == (&stack.place, &stack.stack)));
        event.stacks.extend(carried.stacks);
    }
    for skip in &plan.skip {
        world.skip(skip);
    }
    for begin in &plan.begin {
        let carried = world.begin(begin, commit);
        open.insert(begin.slot.clone(), events.len());
        events.push(Event::new(begin, round, world.now, carried));
    }
    world.tick();
    !plan.is_empty()
}
