//! Waves of tenants: the slots of one project and environment, group after group.
//!
//! A slot begins a release only when every slot of an earlier wave that is to carry it runs it, current, and the wave has
//! run it for its soak time. A wave in which more failed than may stops the rest: the waves after it, and those of its own
//! who have not tried yet. Who is a failure is tried again as often as the project says, and counts no longer once it
//! succeeds. A tenant whose file is broken may be in the first wave: until it is fixed, only that one moves. Live changes
//! go the same way; what goes back to a release that it once ran goes at any time.
//!
//! Waves of targets are inside one deployment: the engine keeps them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::decision::{Cause, Waiting};
use crate::model::wave::{Wave, Waves, WavesOf};
use crate::model::{Decision, Environment, Hold, Id, Project, ReleaseName, TenantName};
use crate::promote::Index;

use super::draft::{At, Draft, Kind};
use super::types::Input;

/// One tenant's slot among those of its project and environment.
struct Member {
    /// Position of its draft.
    draft: usize,
    tenant: TenantName,
    wave: usize,
    state: State,
}

/// How far a slot has come.
struct State {
    /// What it carries, or will as far as is decided.
    carries: Vec<ReleaseName>,
    /// It runs this release, current and proved, since then.
    runs: Option<(ReleaseName, Timestamp)>,
    /// Its live parts changed, and it has not got the change.
    differs: bool,
    /// What it carries failed here since it last succeeded.
    failed: bool,
    /// A deployment is in flight.
    busy: bool,
}

/// Stops what earlier waves do not run yet, and what is too much at a time.
pub(super) fn apply(input: &Input<'_>, index: &Index<'_>, drafts: &mut [Draft<'_>]) {
    let mut groups: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (place, draft) in drafts.iter().enumerate() {
        let Some(at) = draft.at.filter(|at| at.tenant.is_some() && waves(at.project, at.environment).is_some()) else {
            continue;
        };
        groups.entry((at.project.id.clone(), at.environment.id.clone())).or_default().push(place);
    }
    let hidden = hidden(drafts);
    for (key, places) in groups {
        let moves = |draft: &Draft<'_>| draft.begin.is_some() || draft.supersede.is_some();
        if places.iter().any(|place| drafts.get(*place).is_some_and(moves)) {
            group(input, index, drafts, &places, hidden.get(&key).map_or(&[], Vec::as_slice));
        }
    }
}

/// Slots of tenants that a broken file hides, by project and environment: their wave is not known.
fn hidden(drafts: &[Draft<'_>]) -> BTreeMap<(Id, Id), Vec<TenantName>> {
    let mut hidden: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for draft in drafts.iter().filter(|draft| draft.at.is_none()) {
        let Some(tenant) = draft.row.as_ref().and_then(|row| row.tenant.clone()) else { continue };
        hidden.entry((draft.slot.project.clone(), draft.slot.environment.clone())).or_default().push(tenant);
    }
    hidden
}

/// The waves of tenants that are kept in an environment.
fn waves<'a>(project: &'a Project, environment: &Environment) -> Option<&'a Waves> {
    project.waves.as_ref().filter(|waves| waves.of == WavesOf::Tenants && waves.apply_in(&environment.name))
}

fn group(input: &Input<'_>, index: &Index<'_>, drafts: &mut [Draft<'_>], places: &[usize], hidden: &[TenantName]) {
    let Some(At { project, environment, .. }) = places.first().and_then(|place| drafts.get(*place)?.at) else { return };
    let Some(waves) = waves(project, environment) else { return };
    let member = |place: &usize| {
        let draft = drafts.get(*place)?;
        let tenant = draft.at?.tenant?;
        let wave = waves.position(&tenant.tags);
        Some(Member { draft: *place, tenant: tenant.name.clone(), wave, state: state(index, draft) })
    };
    let mut members: Vec<Member> = places.iter().filter_map(member).collect();
    members.sort_by(|a, b| (a.wave, &a.tenant).cmp(&(b.wave, &b.tenant)));
    let mut busy: BTreeMap<usize, u32> = BTreeMap::new();
    for member in members.iter().filter(|member| member.state.busy) {
        *busy.entry(member.wave).or_default() += 1;
    }
    let mut walk = Walk { waves, members: &members, hidden, known: BTreeMap::new() };
    for member in &members {
        let Some(draft) = drafts.get_mut(member.draft) else { continue };
        let by = draft.supersede.as_ref().and_then(|supersede| supersede.by.clone());
        let begins = draft.begin.as_ref().filter(|_| draft.kind != Kind::Removal).map(|begin| begin.release.clone());
        let Some(release) = begins.or(by) else { continue };
        let back = draft.kind == Kind::Release && index.ever_ran(&draft.slot, &release);
        let hold = match back {
            true => None,
            false => walk.hold(member, &release, draft.kind == Kind::Live, input.now),
        };
        if let Some(hold) = hold {
            // What could not begin takes the place of nothing.
            draft.supersede = None;
            draft.stop(hold, "", None);
        }
        if draft.begin.is_none() {
            continue;
        }
        let running = busy.entry(member.wave).or_default();
        let limit = waves.groups.get(member.wave).and_then(|wave| wave.concurrency);
        match limit.filter(|limit| *running >= *limit && !back) {
            _ if !draft.stops.is_empty() => {}
            Some(limit) => draft.stop(Hold::new(Cause::WaveFull { wave: name(waves, member.wave), limit }), "", None),
            None => *running += 1,
        }
    }
}

/// How far the slot of a draft has come.
fn state(index: &Index<'_>, draft: &Draft<'_>) -> State {
    let decision = draft.row.as_ref().map(|row| &row.decision);
    let (carries, current) = match decision {
        Some(Decision::UpToDate { release, waiting }) => {
            let coming = waiting.iter().filter(|waiting| comes(waiting)).map(|waiting| waiting.release.clone());
            (std::iter::once(release.clone()).chain(coming).collect(), true)
        }
        Some(Decision::Deploying { release, .. } | Decision::Deploy { release, .. }) => (vec![release.clone()], false),
        Some(Decision::Held { wanted, .. }) => (wanted.iter().cloned().collect(), false),
        Some(Decision::Empty { next, reasons }) => {
            let next =
                next.iter().filter(|next| comes(&Waiting { release: (*next).clone(), reasons: reasons.clone() }));
            (next.cloned().collect(), false)
        }
        Some(Decision::Remove { .. }) | None => (Vec::new(), false),
    };
    let busy = index.in_flight(&draft.slot).is_some();
    let run = index.running(&draft.slot).filter(|_| current && !draft.unsettled && !busy);
    State {
        carries,
        runs: run.map(|run| (run.release.clone(), run.from)),
        differs: draft.unsettled,
        failed: draft.failed,
        busy,
    }
}

/// Whether a release that waits gets in by itself.
fn comes(waiting: &Waiting) -> bool {
    let by_itself =
        |hold: &Hold| matches!(hold.cause, Cause::Phase { .. } | Cause::Soak { .. } | Cause::SoakQueue { .. });
    waiting.reasons.iter().all(by_itself)
}

/// How far one wave has come with what a later wave waits for.
struct Come {
    failed: Vec<TenantName>,
    missing: Vec<TenantName>,
    /// When the last of them had it.
    last: Option<Timestamp>,
}

/// The members in their order, and what was worked out for one of them and holds for the others too.
struct Walk<'w> {
    waves: &'w Waves,
    members: &'w [Member],
    /// Tenants whose wave cannot be known: they may be in the first.
    hidden: &'w [TenantName],
    known: BTreeMap<(ReleaseName, bool, usize), Come>,
}

impl Walk<'_> {
    /// Why a slot does not begin: the first wave that it has to wait for, an earlier one or its own.
    fn hold(&mut self, member: &Member, release: &ReleaseName, live: bool, now: Timestamp) -> Option<Hold> {
        (0..=member.wave).find_map(|wave| self.wave(wave, member, (release, live), now))
    }

    fn wave(&mut self, wave: usize, member: &Member, what: (&ReleaseName, bool), now: Timestamp) -> Option<Hold> {
        let (release, live) = what;
        let members = self.members;
        let come = self.known.entry((release.clone(), live, wave)).or_insert_with(|| come(members, wave, what));
        let limit = self.waves.groups.get(wave).map_or(0, |wave| wave.failures);
        let after = name(self.waves, wave);
        let own = wave == member.wave;
        if come.failed.len() > limit as usize && !(own && member.state.failed) {
            return Some(Hold::new(Cause::WaveStopped { after, failed: come.failed.clone(), limit }));
        }
        if own {
            return None;
        }
        let this = name(self.waves, member.wave);
        let unknown = if wave == 0 { self.hidden } else { &[] };
        let missing: Vec<TenantName> = come.missing.iter().chain(unknown).cloned().collect();
        if !missing.is_empty() {
            return Some(Hold::new(Cause::Wave { wave: this, after, missing }));
        }
        let soak = self.waves.groups.get(wave)?.soak;
        let until = come.last?.checked_add(soak).ok().filter(|until| *until > now)?;
        let cause = Cause::Wave { wave: this, after, missing: Vec::new() };
        Some(Hold { cause, since: come.last, until: Some(until) })
    }
}

/// How far a wave has come with a release, or with what changed outside releases.
fn come(members: &[Member], wave: usize, (release, live): (&ReleaseName, bool)) -> Come {
    let concerns = |state: &State| match live {
        true => state.differs || state.runs.is_some(),
        false => state.carries.contains(release),
    };
    let has = |state: &State| state.runs.as_ref().is_some_and(|(runs, _)| live || runs == release);
    let group = || members.iter().filter(|other| other.wave == wave && concerns(&other.state));
    Come {
        failed: group().filter(|other| other.state.failed).map(|other| other.tenant.clone()).collect(),
        missing: group()
            .filter(|other| !other.state.failed && !has(&other.state))
            .map(|other| other.tenant.clone())
            .collect(),
        last: group().filter_map(|other| Some(other.state.runs.as_ref()?.1)).max(),
    }
}

/// A wave's title, or the title of those that are in none.
fn name(waves: &Waves, wave: usize) -> std::sync::Arc<str> {
    waves.groups.get(wave).map_or_else(|| REST.into(), |wave: &Wave| wave.name.clone())
}

/// How those are called who are in no wave: they come after the last.
pub(super) const REST: &str = "the rest";
