//! The world before a change: what facts say, or what the base settles to.
//!
//! Deployed templates are those that the base renders for the release that a slot runs. Where a daemon deployed something
//! else since, only `landfall plan --diff` can know.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::journal::DeploymentId;
use crate::model::{Catalog, CommitId, Facts, Hash, Observed, Run};
use crate::promote::{BrokenIndex, Index, desired, past};

use super::super::types::Input;
use super::super::{Planner, Render};
use super::rehearse::rehearse;
use super::tags::TagsOf;
use super::world::World;

/// How long a release ran that is taken to have passed every gate.
const LONG: SignedDuration = SignedDuration::from_hours(24 * 3_650);

/// The world that the base settles to: everything succeeded, every soak elapsed, no freeze held.
///
/// Each release that could have been in a slot was there, for long; what is there now the planner says itself.
pub(super) fn settled(base: &Catalog, now: Timestamp, tags: Arc<TagsOf>, renderer: &mut dyn Render) -> World {
    let (from, to) = (now.checked_sub(LONG).unwrap_or(Timestamp::MIN), now);
    let commit = base.commit.clone().unwrap_or_else(|| CommitId("0".repeat(40)));
    let run = |(position, (slot, release))| Run {
        slot,
        release,
        content: Hash::of(b"before"),
        deployment: DeploymentId(position as u64 + 1),
        commit: commit.clone(),
        from,
        to: Some(to),
        proved_by_ecs: true,
        live: Default::default(),
    };
    let runs = past(base).into_iter().enumerate().map(run).collect();
    let facts = Facts { runs, commit: base.commit.clone(), ..Facts::default() };
    let mut open = base.clone();
    open.freezes.clear();
    let mut before = World::new(facts, now, tags);
    before.is_read = false;
    let mut settled = rehearse(before, &open, renderer).world;
    settled.is_read = true;
    settled.now = now;
    settled
}

/// The world that facts tell of. What is in flight there is taken to succeed, unless it waits at a gate.
pub(super) fn told(
    base: &Catalog,
    facts: &Facts,
    observed: Option<&Observed>,
    now: Timestamp,
    tags: Arc<TagsOf>,
    renderer: &mut dyn Render,
) -> World {
    let mut facts = facts.clone();
    let (waits, flies): (Vec<_>, Vec<_>) =
        std::mem::take(&mut facts.in_flight).into_iter().partition(|flight| flight.stopped.is_some());
    facts.in_flight = waits;
    for flight in flies {
        for run in facts.runs.iter_mut().filter(|run| run.slot == flight.slot && run.to.is_none()) {
            run.to = Some(now);
        }
        facts.runs.push(Run {
            slot: flight.slot,
            release: flight.release,
            content: flight.content,
            deployment: flight.deployment,
            commit: flight.commit,
            from: now,
            to: None,
            proved_by_ecs: true,
            live: Default::default(),
        });
    }
    let mut world = World::new(facts.clone(), now, tags);
    world.see(facts.places.keys());
    world.see(base.places().keys());
    let nothing = Observed::default();
    let index = Index::new(&facts, &nothing, base.repository.as_ref());
    let broken = BrokenIndex::new(base);
    let planner = Planner::new(Input { catalog: base, facts: &facts, observed: &nothing, now }, &index, &broken);
    let mut seen = BTreeSet::new();
    for slot in desired(base, &index, &broken, now) {
        let Some(run) = index.running(&slot.slot) else { continue };
        let Some(release) = slot.project.releases.get(&run.release) else { continue };
        let Ok(judged) = planner.judge(&slot, release, renderer) else { continue };
        for (wanted, _) in &judged.stacks {
            if seen.insert((wanted.target.place.clone(), wanted.stack.clone())) {
                world.put(&wanted.target.place, &wanted.stack, &wanted.content, &release.name);
            }
        }
    }
    if let Some(observed) = observed {
        world.shows(observed);
    }
    world
}
