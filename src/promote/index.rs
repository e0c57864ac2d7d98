//! Facts and observed stacks by slot, so that a plan looks things up instead of searching: built once per plan, in one
//! pass over each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use crate::model::facts::{Attempts, InFlight, LearnedRun, RecordedSnapshot};
use crate::model::journal::DeploymentId;
use crate::model::{Facts, Hash, Id, Observed, Place, ReleaseName, Run, Slot, StackOwner, StackSeen, StackStatus};

/// A stack that carries our repository's tags.
#[derive(Clone, Debug)]
pub struct Ours<'a> {
    /// Where.
    pub place: &'a Place,
    /// As DescribeStacks shows it.
    pub seen: &'a Arc<StackSeen>,
    /// What its tags say.
    pub owner: StackOwner,
}

/// Facts and observed stacks, by slot.
#[derive(Clone, Debug, Default)]
pub struct Index<'a> {
    runs: BTreeMap<&'a Slot, Vec<&'a Run>>,
    in_flight: BTreeMap<&'a Slot, &'a InFlight>,
    attempts: BTreeMap<&'a Slot, BTreeMap<Hash, &'a Attempts>>,
    used: BTreeMap<(&'a Slot, Hash), DeploymentId>,
    unlocked: BTreeMap<(&'a Slot, Hash), DeploymentId>,
    stacks: BTreeMap<Slot, Vec<Ours<'a>>>,
    learned: BTreeMap<&'a Slot, Vec<&'a LearnedRun>>,
    landed: BTreeMap<(&'a Id, &'a ReleaseName), Timestamp>,
}

impl<'a> Index<'a> {
    /// Sorts everything by slot; stacks of other repositories are left out.
    pub fn new(facts: &'a Facts, observed: &'a Observed, repository: Option<&Id>) -> Self {
        let mut index = Self::default();
        for run in &facts.runs {
            index.runs.entry(&run.slot).or_default().push(run);
        }
        for learned in &facts.learned {
            index.learned.entry(&learned.slot).or_default().push(learned);
        }
        let landed = |snapshot: &'a RecordedSnapshot| ((&snapshot.project, &snapshot.release), snapshot.at);
        index.landed = facts.snapshots.iter().map(landed).collect();
        index.in_flight = facts.in_flight.iter().map(|deployment| (&deployment.slot, deployment)).collect();
        for tried in &facts.attempts {
            index.attempts.entry(&tried.slot).or_default().insert(tried.content, tried);
        }
        index.used = facts.used.iter().map(|used| ((&used.slot, used.allowance), used.deployment)).collect();
        index.unlocked = facts.unlocked.iter().map(|last| ((&last.slot, last.content), last.deployment)).collect();
        for (place, seen) in observed.stacks() {
            if seen.status == StackStatus::DeleteComplete {
                continue;
            }
            match seen.owner() {
                Some(owner) if Some(&owner.repository) == repository => {
                    index.stacks.entry(owner.slot()).or_default().push(Ours { place, seen, owner });
                }
                _ => {}
            }
        }
        index
    }

    /// Every slot that something is known of, in order.
    pub fn slots(&self) -> BTreeSet<&Slot> {
        let running =
            self.runs.iter().filter(|(_, runs)| runs.iter().any(|run| run.to.is_none())).map(|(slot, _)| *slot);
        running.chain(self.in_flight.keys().copied()).chain(self.stacks.keys()).collect()
    }

    /// Our stacks of a slot, by place and name.
    pub fn stacks(&self, slot: &Slot) -> &[Ours<'a>] {
        self.stacks.get(slot).map_or(&[], Vec::as_slice)
    }

    /// The deployment that is going on in a slot.
    pub fn in_flight(&self, slot: &Slot) -> Option<&'a InFlight> {
        self.in_flight.get(slot).copied()
    }

    /// How often a content failed in a slot.
    pub fn attempts(&self, slot: &Slot, content: Hash) -> Option<&'a Attempts> {
        self.attempts.get(slot).and_then(|tried| tried.get(&content)).copied()
    }

    /// The last deployment of a content that failed in a slot, or used an allowance there: what comes after it is another plan.
    pub fn last(&self, slot: &Slot, content: Hash) -> Option<DeploymentId> {
        let tried = self.attempts(slot, content).map(|tried| tried.deployment);
        tried.max(self.unlocked.get(&(slot, content)).copied())
    }

    /// Every content that failed in a slot.
    pub fn tried(&self, slot: &Slot) -> impl Iterator<Item = &'a Attempts> {
        self.attempts.get(slot).into_iter().flat_map(|tried| tried.values().copied())
    }

    /// Whether an allowance was used up in a slot.
    pub fn used(&self, slot: &Slot, allowance: Hash) -> bool {
        self.used_by(slot, allowance).is_some()
    }

    /// The deployment that used an allowance up in a slot.
    pub fn used_by(&self, slot: &Slot, allowance: Hash) -> Option<DeploymentId> {
        self.used.get(&(slot, allowance)).copied()
    }

    /// The run that has not ended.
    pub fn running(&self, slot: &Slot) -> Option<&'a Run> {
        self.all_runs(slot).iter().rev().find(|run| run.to.is_none()).copied()
    }

    /// Whether the slot ever ran anything, proved.
    pub fn ever_ran_anything(&self, slot: &Slot) -> bool {
        !self.all_runs(slot).is_empty()
    }

    /// Whether the slot ever ran the release: proved, or as it was found when this store took it over or had lost what it
    /// knew of it.
    pub fn ever_ran(&self, slot: &Slot, release: &ReleaseName) -> bool {
        self.ever(slot).any(|ran| ran == release)
    }

    /// What this store first knew the slot to run, and since when.
    pub fn first(&self, slot: &Slot) -> Option<(&'a ReleaseName, Timestamp)> {
        let learned = self.learned.get(slot).into_iter().flatten().map(|learned| (learned.at, &learned.release));
        let runs = self.all_runs(slot).iter().map(|run| (run.from, &run.release));
        learned.chain(runs).min_by_key(|(at, _)| *at).map(|(at, release)| (release, at))
    }

    /// When this store first saw a release of a project.
    pub fn landed(&self, project: &Id, release: &ReleaseName) -> Option<Timestamp> {
        self.landed.get(&(project, release)).copied()
    }

    /// The release that the slot was found to run, while nothing was proved in it since.
    pub fn unproved(&self, slot: &Slot) -> Option<&'a ReleaseName> {
        let last = self.learned.get(slot)?.last()?;
        (!last.over).then_some(&last.release)
    }

    /// What the slot runs: as facts say; where they never heard of it, as the stamp of its last changed stack says.
    ///
    /// If something was tried and never proved, the slot runs nothing that anybody could vouch for.
    pub fn runs(&self, slot: &Slot) -> Option<ReleaseName> {
        if let Some(run) = self.running(slot) {
            return Some(run.release.clone());
        }
        let stacks = self.stacks(slot);
        if let Some(found) = self.unproved(slot) {
            return (!stacks.is_empty()).then(|| found.clone());
        }
        if let Some(run) = self.all_runs(slot).last() {
            return (!stacks.is_empty()).then(|| run.release.clone());
        }
        if self.attempts.contains_key(slot) || self.in_flight.contains_key(slot) {
            return None;
        }
        let made = stacks.iter().filter(|ours| !ours.seen.status.never_made());
        made.filter_map(|ours| Some((ours.seen.updated.unwrap_or(ours.seen.created), ours.seen.stamp()?.release)))
            .max()
            .map(|(_, release)| release)
    }

    /// Whether what runs is whole. After a deployment that failed half way, facts let the run before it go on as a second
    /// run of the same deployment: the slot still carries that release, but the mixture is not proved.
    pub fn is_whole(&self, slot: &Slot) -> bool {
        let running = self.running(slot);
        running
            .is_some_and(|run| self.all_runs(slot).iter().filter(|one| one.deployment == run.deployment).count() == 1)
    }

    /// Every release that the slot ever ran: those that were proved, in the order in which it did, then those that it was
    /// found with.
    pub fn ever(&self, slot: &Slot) -> impl Iterator<Item = &'a ReleaseName> {
        let learned = self.learned.get(slot).into_iter().flatten().map(|learned| &learned.release);
        self.all_runs(slot).iter().map(|run| &run.release).chain(learned)
    }

    /// The longest uninterrupted time that a slot ran a release, proved, and since when it does if it still does; none if
    /// it never did.
    pub fn longest(&self, slot: &Slot, release: &ReleaseName, now: Timestamp) -> Option<Longest> {
        let runs = self.all_runs(slot);
        let mut longest: Option<Longest> = None;
        let mut before = None;
        for (place, run) in runs.iter().enumerate() {
            let proved = before != Some(run.deployment);
            before = Some(run.deployment);
            if &run.release != release {
                continue;
            }
            let next = runs.get(place + 1).map(|next| &next.release).filter(|next| *next != release);
            if let Some(known) = &mut longest {
                known.starved_by = next.cloned();
            }
            if !proved {
                continue;
            }
            let lasted = run.lasted(now).max(SignedDuration::ZERO);
            longest = Some(Longest {
                lasted: longest.map_or(lasted, |known| known.lasted.max(lasted)),
                running_since: run.to.is_none().then_some(run.from),
                starved_by: next.cloned(),
            });
        }
        longest
    }

    fn all_runs(&self, slot: &Slot) -> &[&'a Run] {
        self.runs.get(slot).map_or(&[], Vec::as_slice)
    }
}

/// How long a slot ran a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Longest {
    /// The longest time without interruption.
    pub lasted: SignedDuration,
    /// Since when it runs, if it does now.
    pub running_since: Option<Timestamp>,
    /// The release that took its place when it last ended; none while it runs, or where the slot was emptied.
    pub starved_by: Option<ReleaseName>,
}
