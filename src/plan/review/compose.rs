//! Two rehearsals become a review: what happens then and would not happen anyway.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use crate::cfn::{Document, Given};
use crate::model::catalog::Broken;
use crate::model::decision::{Cause, Finding};
use crate::model::remedy::Foreseen;
use crate::model::{
    Catalog, EnvironmentName, Facts, Hold, Id, ProjectName, ReleaseName, Slot, StackOwner, TenantName, Version,
};
use crate::promote::{BrokenIndex, because_of};

use super::super::expected::place_values;
use super::super::types::{ByItself, Report, SlotRow};
use super::Change;
use super::accepts::{self, Acceptance};
use super::drift;
use super::effects::Effects;
use super::holds::{holds, like};
use super::notes;
use super::rehearse::{Event, Rehearsal};
use super::tags::TagsOf;
use super::types::{Basis, Fate, How, Review, Shown, SlotReview, StackEvent, StackReview, Stop};
use super::world::{Key as StackKey, World};

/// A rehearsal counts a second for each round; more than this is time that something waits for.
const WAITS: SignedDuration = SignedDuration::from_mins(1);

pub(super) fn compose(
    change: &Change<'_>,
    before: &World,
    anyway: &Rehearsal,
    then: &Rehearsal,
    bare: Option<&Report>,
) -> Review {
    let new = new_events(&then.events, &anyway.events);
    let accepts = accepts::in_force(change.head, change.base, change.now);
    let composer =
        Composer { change, before, anyway, then, rows: Reports::of(anyway, then, bare), new: by_slot(&new), accepts };
    let mut slots: Vec<SlotReview> = Vec::new();
    let mut stacks: Vec<StackReview> = Vec::new();
    for slot in composer.slots() {
        slots.extend(composer.slot(&slot));
        stacks.extend(composer.stacks(&slot));
    }
    let known = |broken: &&Broken, among: &[Broken]| {
        among
            .iter()
            .any(|other| other.code == broken.code && other.at.file == broken.at.file && other.title == broken.title)
    };
    let (still_broken, broken) =
        change.head.broken.iter().partition::<Vec<&Broken>, _>(|one| known(one, &change.base.broken));
    let left = then.last.orphans.iter().filter(|orphan| !orphan.removed);
    let left = left.filter(|orphan| {
        !anyway.last.orphans.iter().any(|other| (&other.place, &other.stack) == (&orphan.place, &orphan.stack))
    });
    Review {
        base: change.base.commit.clone(),
        head: change.head.commit.clone(),
        basis: match change.facts {
            Some(facts) => Basis::Facts { as_of: facts.as_of },
            None => Basis::Settled,
        },
        environments: environments(change, &slots),
        slots,
        stacks,
        left: left.cloned().collect(),
        notes: notes::notes(change, before, anyway, then, &new),
        accepts: accepts::brought(change),
        broken: broken.into_iter().cloned().collect(),
        still_broken: still_broken.into_iter().cloned().collect(),
    }
}

/// The environments of slots, in promotion order. One that only the base has keeps its place.
fn environments(change: &Change<'_>, slots: &[SlotReview]) -> Vec<EnvironmentName> {
    let mut orders: BTreeMap<&EnvironmentName, i64> = BTreeMap::new();
    for environment in change.base.environments.values().chain(change.head.environments.values()) {
        orders.insert(&environment.name, environment.order);
    }
    let mut all: Vec<EnvironmentName> = Vec::new();
    for slot in slots {
        if !all.contains(&slot.environment) {
            all.push(slot.environment.clone());
        }
    }
    all.sort_by_key(|name| (orders.get(name).copied().unwrap_or(i64::MAX), name.clone()));
    all
}

/// The deployments that would not be without the change.
fn new_events<'r>(then: &'r [Event], anyway: &[Event]) -> Vec<&'r Event> {
    let mut anyway: Vec<&Event> = anyway.iter().collect();
    let mut new = Vec::new();
    for event in then {
        match anyway.iter().position(|other| event.same(other)) {
            Some(at) => drop(anyway.remove(at)),
            None => new.push(event),
        }
    }
    new
}

fn by_slot<'r>(events: &[&'r Event]) -> BTreeMap<&'r Slot, Vec<&'r Event>> {
    let mut all: BTreeMap<&Slot, Vec<&Event>> = BTreeMap::new();
    for event in events {
        all.entry(&event.slot).or_default().push(event);
    }
    all
}

/// The rows of reports, by slot.
type Rows<'r> = BTreeMap<&'r Slot, &'r SlotRow>;

/// The reports that slots are looked up in.
struct Reports<'r> {
    /// Before anything happens.
    before: Rows<'r>,
    /// Without the change, in the end.
    anyway: Rows<'r>,
    /// With it, in the end.
    then: Rows<'r>,
    /// Of the head if nothing had ever happened: what the gates ask for. Empty with facts.
    bare: Rows<'r>,
}

impl<'r> Reports<'r> {
    fn of(anyway: &'r Rehearsal, then: &'r Rehearsal, bare: Option<&'r Report>) -> Self {
        fn rows(report: &Report) -> Rows<'_> {
            report.slots.iter().map(|row| (&row.slot, row)).collect()
        }
        Self {
            before: rows(&anyway.first),
            anyway: rows(&anyway.last),
            then: rows(&then.last),
            bare: bare.map(rows).unwrap_or_default(),
        }
    }
}

struct Composer<'r> {
    change: &'r Change<'r>,
    before: &'r World,
    anyway: &'r Rehearsal,
    then: &'r Rehearsal,
    rows: Reports<'r>,
    new: BTreeMap<&'r Slot, Vec<&'r Event>>,
    /// The acceptances of risks that are in force.
    accepts: Vec<Acceptance>,
}

impl Composer<'_> {
    /// Every slot that may be touched: as the report sorts them, then those that no report has.
    fn slots(&self) -> Vec<Slot> {
        let reports = [&self.then.last, &self.anyway.last];
        let mut all: Vec<Slot> = Vec::new();
        let mut seen = BTreeSet::new();
        let rows = reports.into_iter().flat_map(|report| &report.slots).map(|row| &row.slot);
        for slot in rows.chain(self.new.keys().copied()) {
            if seen.insert(slot.clone()) {
                all.push(slot.clone());
            }
        }
        all
    }

    fn slot(&self, slot: &Slot) -> Option<SlotReview> {
        let (old, new) = (self.rows.anyway.get(slot).copied(), self.rows.then.get(slot).copied());
        let events = self.new.get(slot).map_or(&[][..], Vec::as_slice);
        let from = self.rows.before.get(slot).copied().and_then(|row| row.runs.clone());
        let from = from.or_else(|| events.first().and_then(|event| event.from.clone()));
        let to = match (events.last(), new) {
            (Some(event), _) if event.fails() => from.clone(),
            (Some(event), _) if event.removal => None,
            (Some(event), _) => Some(event.release.clone()),
            (None, Some(row)) => row.runs.clone(),
            (None, None) => from.clone(),
        };
        let how = match (self.hidden(slot), events) {
            (_, []) => self.held(old, new)?,
            (Some(hold), _) => How::Unknown(vec![hold]),
            (None, [first, ..]) => self.how(first, events),
        };
        let (project, environment, tenant) = self.names(slot, new.or(old))?;
        let lower = |to: &ReleaseName, from: &ReleaseName| Version::parse(to.as_str()) < Version::parse(from.as_str());
        Some(SlotReview {
            rollback: to.as_ref().zip(from.as_ref()).is_some_and(|(to, from)| lower(to, from)),
            because: events.last().map(|event| event.because.clone()),
            assumed: events.first().map_or(Vec::new(), |first| self.assumed(first, &how)),
            earliest: events.first().and_then(|first| self.earliest(first)),
            slot: slot.clone(),
            project,
            environment,
            tenant,
            from,
            to,
            how,
        })
    }

    /// The problem of the base that hides what a slot has: what seems to be created may be there. Facts without a run of the
    /// slot tell that nothing is.
    fn hidden(&self, slot: &Slot) -> Option<Hold> {
        let runs = |facts: &Facts| facts.running(slot).is_some();
        if self.change.base.broken.is_empty() || self.change.facts.is_some_and(|facts| !runs(facts)) {
            return None;
        }
        let stacks = self.new.get(slot).into_iter().flatten().flat_map(|event| &event.stacks);
        let created: Vec<&StackEvent> = stacks.filter(|stack| stack.fate == Fate::Create).collect();
        let broken = BrokenIndex::new(self.change.base);
        let hides = |stack: &&StackEvent| broken.hides_stack(&self.owner(stack)?);
        let held = self.rows.before.get(slot).into_iter().flat_map(|row| holds(row)).map(|(_, hold)| hold);
        let held = held.filter(|_| !created.is_empty()).find(|hold| matches!(hold.cause, Cause::Broken { .. }));
        held.or_else(|| created.iter().find_map(hides).map(because_of))
    }

    fn how(&self, first: &Event, events: &[&Event]) -> How {
        let stops: Vec<Stop> = events.iter().flat_map(|event| self.stops(event)).collect();
        if !stops.is_empty() {
            return How::Stops(stops);
        }
        let last = events.last().into_iter().flat_map(|event| &event.stacks);
        let refused = last.flat_map(|stack| stack.refused.iter().map(|refused| (stack.stack.clone(), refused.clone())));
        let refused: Vec<_> = refused.collect();
        if !refused.is_empty() {
            return How::Fails(refused);
        }
        let waits = self.then.waits.get(&first.slot).into_iter().flatten();
        let mine = waits.filter(|(release, _)| release.as_ref().is_none_or(|release| *release == first.release));
        let holds: Vec<Hold> = mine.map(|(_, hold)| hold.clone()).collect();
        if first.round == 0 || holds.is_empty() { How::OnMerge } else { How::After(holds) }
    }

    /// The gates that a deployment stops at, each with the lines that open it.
    fn stops(&self, event: &Event) -> Vec<Stop> {
        let row = self.rows.then.get(&event.slot).copied();
        let held = row.map_or(Vec::new(), holds);
        let key = |stop: &Stop| {
            let file = held.iter().find_map(|(_, hold)| match &hold.cause {
                Cause::Stopped { cause, file, .. } if cause.stack.as_ref() == Some(&stop.stack) => Some(file.clone()),
                _ => None,
            })?;
            Some(Foreseen {
                file,
                change: stop.gate,
                release: event.release.clone(),
                resources: stop.resources.clone(),
                stack: stop.stack.clone(),
                tenant: row.and_then(|row| row.tenant.clone()),
            })
        };
        event.stops.iter().map(|stop| Stop { key: key(stop), ..stop.clone() }).collect()
    }

    /// What the gates ask of a release that goes to a slot, apart from what it is known to wait for.
    fn assumed(&self, first: &Event, how: &How) -> Vec<Hold> {
        if matches!(how, How::Unknown(_)) {
            return Vec::new();
        }
        self.passed(first, how).into_iter().chain(condition(first)).collect()
    }

    /// The gates that it is taken to have passed.
    fn passed(&self, first: &Event, how: &How) -> Vec<Hold> {
        let Some(row) = self.rows.bare.get(&first.slot).copied() else { return Vec::new() };
        if first.removal || first.from.as_ref() == Some(&first.release) {
            return Vec::new();
        }
        let waits: &[Hold] = if let How::After(holds) = how { holds } else { &[] };
        let gate = |hold: &&Hold| matches!(hold.cause, Cause::Phase { .. } | Cause::Soak { .. });
        let mine = holds(row).into_iter().filter(|(release, _)| release.as_ref() == Some(&first.release));
        let mine: Vec<Hold> = mine.map(|(_, hold)| hold).collect();
        let said = |hold: &&Hold| waits.iter().any(|other| like(&other.cause, &hold.cause));
        mine.iter().filter(gate).filter(|hold| !said(hold)).cloned().collect()
    }

    /// When a deployment begins, if time alone is between now and then.
    fn earliest(&self, first: &Event) -> Option<Timestamp> {
        let known = self.change.facts.is_some() && first.round > 0;
        let waits = first.at.duration_since(self.change.now) > WAITS;
        (known && waits).then_some(first.at)
    }

    /// A slot in which nothing happens: what holds it is another thing than before.
    fn held(&self, old: Option<&SlotRow>, new: Option<&SlotRow>) -> Option<How> {
        let all = |row: Option<&SlotRow>| -> Vec<Hold> {
            row.map_or(Vec::new(), |row| holds(row).into_iter().map(|(_, hold)| hold).collect())
        };
        let (old, new) = (all(old), all(new));
        let fresh: Vec<Hold> =
            new.iter().filter(|hold| !old.iter().any(|other| like(&hold.cause, &other.cause))).cloned().collect();
        if !fresh.is_empty() {
            return Some(How::Held(fresh));
        }
        let stops = |hold: &&Hold| {
            matches!(hold.cause, Cause::Broken { .. } | Cause::Frozen { .. } | Cause::CannotRender { .. })
        };
        let gone = old.iter().filter(stops).any(|hold| !new.iter().any(|other| like(&hold.cause, &other.cause)));
        gone.then_some(How::Freed)
    }

    /// The names of a slot: as a report has them, or else as one of the commits has.
    fn names(&self, slot: &Slot, row: Option<&SlotRow>) -> Option<(ProjectName, EnvironmentName, Option<TenantName>)> {
        if let Some(row) = row {
            return Some((row.project.clone(), row.environment.clone(), row.tenant.clone()));
        }
        let both = [self.change.head, self.change.base];
        let project =
            both.iter().find_map(|catalog| catalog.project_by_id(&slot.project)).map(|found| found.name.clone());
        let environment = both
            .iter()
            .find_map(|catalog| catalog.environment_by_id(&slot.environment))
            .map(|found| found.name.clone());
        let tenant = slot.tenant.as_ref().and_then(|id| {
            let found = both.iter().find_map(|catalog| catalog.tenant_by_id(id)).map(|found| found.name.clone());
            found.or_else(|| named(id))
        });
        Some((project.or_else(|| named(&slot.project))?, environment.or_else(|| named(&slot.environment))?, tenant))
    }

    /// What happens to the stacks of a slot: each once, from what it has before to what it has in the end.
    fn stacks(&self, slot: &Slot) -> Vec<StackReview> {
        let events = self.new.get(slot).filter(|_| self.hidden(slot).is_none()).map_or(&[][..], Vec::as_slice);
        let mut order: Vec<StackKey> = Vec::new();
        let mut all: BTreeMap<StackKey, StackReview> = BTreeMap::new();
        for event in events {
            for stack in &event.stacks {
                let key = (stack.place.clone(), stack.stack.clone());
                let stops = self.stops(event).into_iter().filter(|stop| stop.stack == stack.stack).collect();
                match all.remove(&key) {
                    None => {
                        order.push(key.clone());
                        all.extend(self.stack(slot, stack, stops).map(|stack| (key, stack)));
                    }
                    Some(known) => drop(all.insert(key, later(known, stack, stops, &self.before.tags))),
                }
            }
        }
        let facts = self.change.facts;
        let with_drift = |stack: StackReview| {
            let drift = facts.map_or_else(Vec::new, |facts| drift::drift(&stack, facts, self.change.head));
            StackReview { drift, ..stack }
        };
        order.into_iter().filter_map(|key| all.remove(&key)).map(with_drift).collect()
    }

    fn stack(&self, slot: &Slot, event: &StackEvent, stops: Vec<Stop>) -> Option<StackReview> {
        let owner = self.owner(event);
        let both = [self.change.head, self.change.base];
        let row = self.rows.then.get(slot).copied().or_else(|| self.rows.anyway.get(slot).copied());
        let (project, environment, tenant) = self.names(slot, row)?;
        let target =
            owner.as_ref().and_then(|owner| both.iter().find_map(|catalog| catalog.target_by_id(&owner.target)));
        let step = owner.as_ref().and_then(|owner| both.iter().find_map(|catalog| step(catalog, slot, &owner.step)));
        // A stack is made where its target is now, and one of its name was made where the target was.
        let elsewhere = || {
            let mut same = self.before.deployed.iter().filter(|((_, stack), _)| *stack == event.stack);
            same.find(|((place, _), _)| *place != event.place).map(|((place, _), shown)| (place, shown))
        };
        let moved = (event.fate == Fate::Create).then(elsewhere).flatten();
        Some(StackReview {
            accepts: accepts::for_stack(&self.accepts, &project, &environment),
            slot: slot.clone(),
            project,
            environment,
            tenant,
            step,
            target: target.map(|target| target.name.clone()),
            cluster: target.map(|target| target.cluster.clone()),
            stack: event.stack.clone(),
            place: event.place.clone(),
            fate: event.fate,
            moved_from: moved.map(|(place, _)| place.clone()),
            effects: event.effects.clone(),
            stops,
            refused: event.refused.clone(),
            drift: Vec::new(),
            before: event.before.clone().or_else(|| moved.map(|(_, shown)| shown.clone())),
            after: event.after.clone(),
        })
    }

    fn owner(&self, event: &StackEvent) -> Option<StackOwner> {
        let worlds = [&self.then.world, self.before, &self.anyway.world];
        worlds.into_iter().find_map(|world| world.observed.stack(&event.place, &event.stack)?.owner())
    }
}

/// What has to hold for a release to enter by itself. What is deployed is not known here, so that is not known to hold.
fn condition(event: &Event) -> Option<Hold> {
    let ByItself { phase, unless, .. } = event.by_itself.clone()?;
    Some(Hold::new(Cause::Unless(Finding { phase, conditions: unless, found: None })))
}

/// The same stack changed again by a later deployment.
fn later(known: StackReview, event: &StackEvent, stops: Vec<Stop>, tags: &TagsOf) -> StackReview {
    let fate = match (known.fate, event.fate) {
        (_, last @ (Fate::Delete | Fate::Fail)) => last,
        (Fate::Create, _) => Fate::Create,
        (known, Fate::Nothing) => known,
        (_, last) => last,
    };
    let values = |shown: &Shown| {
        let mut values = place_values(&known.place);
        values.extend(shown.values.iter().map(|(name, value)| (name.clone(), Some(value.clone()))));
        values
    };
    let parse = |shown: &Option<Shown>| {
        shown.as_ref().and_then(|shown| Some((Document::parse(&shown.template).ok()?, values(shown))))
    };
    let (before, after) = (parse(&known.before), parse(&event.after));
    let release = |shown: &Option<Shown>| tags.of(&known.slot.project, shown.as_ref().map(|shown| &shown.release));
    let effects = Effects::between(
        before.as_ref().map(|(document, values)| Given { document, values }),
        after.as_ref().map(|(document, values)| Given { document, values }),
        [release(&known.before), release(&event.after)],
    );
    StackReview { fate, effects, stops, refused: event.refused.clone(), after: event.after.clone(), ..known }
}

fn step(catalog: &Catalog, slot: &Slot, id: &Id) -> Option<crate::model::StepName> {
    let project = catalog.project_by_id(&slot.project)?;
    let snapshots = project.releases.values().filter_map(|release| release.snapshot.as_ref().ok());
    let whats = project.head.iter().chain(snapshots.map(|snapshot| &snapshot.what));
    whats.flat_map(|what| &what.steps).find(|step| &step.id == id).map(|step| step.name.clone())
}

fn named<N: std::str::FromStr>(id: &Id) -> Option<N> {
    id.as_str().parse().ok()
}
