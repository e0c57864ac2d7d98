//! What happens by the clock, without a call: schedules, rules with a schedule, and scheduled actions of scaling.
//!
//! It has a queue of its own, so that [`World::next_due`] and [`World::settle`] do not wait for what recurs without an end. If the
//! clock jumps, a timer rings for its first times and for its latest ones, and skips those between: at most 200 times.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::World;
use super::ecs::number;
use super::eval::as_text;
use super::recurrence::Recurrence;
use super::scaling;
use super::stack::Resource;
use crate::model::Place;

pub(super) const SCHEDULE: &str = "AWS::Scheduler::Schedule";
pub(super) const RULE: &str = "AWS::Events::Rule";

/// How often a timer rings in one turn of the clock before it skips to its latest times, and after that.
const MOST: u32 = 100;

/// How far back the latest times are looked for, in hours.
const BACK: [i64; 5] = [1, 24, 8 * 24, 32 * 24, 366 * 24];

/// A resource that does something by the clock.
#[derive(Clone, Debug)]
pub(super) struct Timer {
    /// What it is made of, references resolved.
    pub(super) properties: Map<String, Value>,
    courses: Vec<Option<Course>>,
    bells: Vec<Bell>,
}

/// When one of its times comes.
#[derive(Clone, Debug, Default)]
struct Bell {
    /// The time of its expression, and when it rings.
    next: Option<(Timestamp, Timestamp)>,
    /// The turn of the clock in which it rang last, and how often it did.
    turn: u64,
    rang: u32,
}

/// When something recurs.
#[derive(Clone, Debug, PartialEq)]
struct Course {
    recurrence: Recurrence,
    zone: TimeZone,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    /// It rings up to this much later.
    window: SignedDuration,
    /// The first time of a rate is its beginning.
    at_once: bool,
}

/// A bell in the queue: which resource, and which of its times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ring {
    place: Place,
    kind: String,
    id: String,
    index: usize,
}

impl Course {
    fn read(expression: Option<&Value>, zone: Option<&Value>) -> Option<Self> {
        let zone = zone.and_then(Value::as_str).and_then(|name| TimeZone::get(name).ok()).unwrap_or(TimeZone::UTC);
        let recurrence = Recurrence::read(expression?.as_str()?)?;
        Some(Self { recurrence, zone, first: None, last: None, window: SignedDuration::ZERO, at_once: false })
    }

    /// Between these dates. A time that comes once has no others. \[api: CreateSchedule, `StartDate`, `EndDate`\]
    fn between(self, first: Option<&Value>, last: Option<&Value>) -> Self {
        if let Recurrence::Once(_) = self.recurrence {
            return self;
        }
        Self { first: first.and_then(date), last: last.and_then(date), ..self }
    }

    /// Its first time after `after`, for a timer that was set at `since`.
    fn next(&self, since: Timestamp, after: Timestamp) -> Option<Timestamp> {
        let begin = match (self.first, &self.recurrence) {
            (Some(first), _) => first,
            (None, Recurrence::Every(span)) if !self.at_once => since.checked_add(*span).ok()?,
            (None, _) => since,
        };
        // What begins at a time can come at it.
        let before = begin.checked_sub(SignedDuration::from_nanos(1)).ok()?;
        let next = self.recurrence.next(&self.zone, begin, after.max(before))?;
        (self.last.is_none_or(|last| next <= last)).then_some(next)
    }
}

/// A date of AWS, in UTC unless it says otherwise.
fn date(value: &Value) -> Option<Timestamp> {
    let text = value.as_str()?;
    let civil = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|at| at.timestamp());
    text.parse().ok().or_else(civil)
}

/// The times of a resource, one for each thing that it does. A rule is not evaluated in a time zone.
fn courses(kind: &str, properties: &Map<String, Value>) -> Vec<Option<Course>> {
    let get = |key: &str| properties.get(key);
    let is_off = get("State").and_then(Value::as_str) == Some("DISABLED");
    match kind {
        _ if is_off => Vec::new(),
        SCHEDULE => {
            let window = get("FlexibleTimeWindow");
            let flexible = window.filter(|window| window.get("Mode").and_then(Value::as_str) == Some("FLEXIBLE"));
            let minutes =
                flexible.and_then(|window| window.get("MaximumWindowInMinutes")).and_then(number).unwrap_or(0);
            let course = Course::read(get("ScheduleExpression"), get("ScheduleExpressionTimezone"));
            vec![course.map(|course| Course {
                window: SignedDuration::from_mins(i64::from(minutes)),
                at_once: true,
                ..course.between(get("StartDate"), get("EndDate"))
            })]
        }
        RULE => vec![Course::read(get("ScheduleExpression"), None)],
        _ => {
            let actions = get("ScheduledActions").and_then(Value::as_array);
            let course = |action: &Value| {
                let course = Course::read(action.get("Schedule"), action.get("Timezone"));
                course.map(|course| course.between(action.get("StartTime"), action.get("EndTime")))
            };
            actions.into_iter().flatten().map(course).collect()
        }
    }
}

/// Whether resources of this type do something by the clock.
fn has_timer(kind: &str) -> bool {
    matches!(kind, SCHEDULE | RULE | scaling::TARGET)
}

impl World {
    /// A resource was made, or made anew, of these properties. What a stack or a hand leaves of its times goes on.
    pub(super) fn set_timer(&mut self, place: &Place, resource: &Resource, properties: &Map<String, Value>) {
        if let Some(id) = resource.physical_id.as_deref().filter(|_| has_timer(&resource.kind)) {
            self.wind(place, &resource.kind, id, properties);
        }
    }

    /// Gives a timer its properties.
    pub(super) fn wind(&mut self, place: &Place, kind: &str, id: &str, properties: &Map<String, Value>) {
        let key = (kind.to_owned(), id.to_owned());
        let courses = courses(kind, properties);
        let old = self.region(place).timers.remove(&key).filter(|old| old.courses == courses);
        let goes_on = old.is_some();
        let bells = old.map_or_else(|| vec![Bell::default(); courses.len()], |old| old.bells);
        let timer = Timer { properties: properties.clone(), courses, bells };
        let count = timer.courses.len();
        self.region(place).timers.insert(key, timer);
        for index in (0..count).filter(|_| !goes_on) {
            let ring = Ring { place: place.clone(), kind: kind.to_owned(), id: id.to_owned(), index };
            self.set_bell(ring);
        }
        if kind == scaling::TARGET {
            self.keep_in_bounds(place, properties);
        }
    }

    /// The properties of a resource with a timer.
    pub(super) fn timed(&self, place: &Place, kind: &str, id: &str) -> Option<&Map<String, Value>> {
        let timer = self.regions.get(place)?.timers.get(&(kind.to_owned(), id.to_owned()))?;
        Some(&timer.properties)
    }

    /// Every resource of a type that has a timer: its id and properties.
    pub(super) fn all_timed<'a>(
        &'a self,
        place: &Place,
        kind: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a Map<String, Value>)> {
        let timers = self.regions.get(place).into_iter().flat_map(|region| &region.timers);
        timers.filter(move |((own, _), _)| own == kind).map(|((_, id), timer)| (id.as_str(), &timer.properties))
    }

    /// Sets the first time of a bell, from now on.
    fn set_bell(&mut self, ring: Ring) {
        let now = self.now;
        let Some(timer) = self.region(&ring.place).timers.get_mut(&(ring.kind.clone(), ring.id.clone())) else {
            return;
        };
        let course = timer.courses.get(ring.index).and_then(Option::as_ref);
        let (Some(course), Some(bell)) = (course, timer.bells.get_mut(ring.index)) else { return };
        // It may be now.
        let before = now.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(now);
        bell.next = course.next(now, before).map(|at| (at, later(at, course.window, &ring.id)));
        if let Some((_, rings)) = bell.next {
            self.bells.insert((rings, ring));
        }
    }

    /// When the first bell rings.
    pub(super) fn next_bell(&self) -> Option<Timestamp> {
        self.bells.first().map(|(at, _)| *at)
    }

    /// Takes the first bell out of the queue, lets it ring, and sets its next time. The clock is on its way to `to`.
    pub(super) fn ring(&mut self, to: Timestamp) {
        let Some((at, ring)) = self.bells.pop_first() else { return };
        self.now = self.now.max(at);
        let (turn, key) = (self.turn, (ring.kind.clone(), ring.id.clone()));
        let Some(timer) = self.region(&ring.place).timers.get_mut(&key) else { return };
        let course = timer.courses.get(ring.index).and_then(Option::as_ref);
        let (Some(course), Some(bell)) = (course, timer.bells.get_mut(ring.index)) else { return };
        let Some((due, _)) = bell.next.filter(|(_, rings)| *rings == at) else { return };
        bell.rang = if bell.turn == turn { bell.rang.saturating_add(1) } else { 1 };
        bell.turn = turn;
        // A rate counts on from the time that it came at.
        let after = match bell.rang {
            MOST => latest(course, due, to),
            rang if rang >= 2 * MOST => course.next(due, to.max(due)),
            _ => course.next(due, due),
        };
        bell.next = after.map(|at| (at, later(at, course.window, &ring.id)));
        let next = bell.next;
        let properties = timer.properties.clone();
        if let Some((_, rings)) = next {
            self.bells.insert((rings, ring.clone()));
        }
        match ring.kind.as_str() {
            SCHEDULE => self.run_schedule(&ring.place, &ring.id, &properties),
            RULE => self.run_rule(&ring.place, &ring.id, &properties),
            _ => self.run_action(&ring.place, &ring.id, &properties, ring.index),
        }
    }

    /// The resource with this physical id.
    pub(super) fn owner(&self, place: &Place, kind: &str, id: &str) -> Option<&Resource> {
        let stacks = self.regions.get(place).into_iter().flat_map(|region| region.stacks.values());
        let mut resources = stacks.filter(|stack| stack.lives()).flat_map(|stack| stack.resources.values());
        resources.find(|own| own.kind == kind && own.physical_id.as_deref() == Some(id))
    }
}

/// The first of the latest times up to `to`; without one, the next time of all.
fn latest(course: &Course, due: Timestamp, to: Timestamp) -> Option<Timestamp> {
    let since = |hours: &i64| to.checked_sub(SignedDuration::from_hours(*hours)).ok().map(|at| at.max(due));
    let mut found = BACK.iter().filter_map(since).filter_map(|after| course.next(due, after));
    found.find(|at| *at <= to).or_else(|| course.next(due, due))
}

/// When something rings within its flexible window: by its name and time, so that it differs from others and is the same again.
fn later(at: Timestamp, window: SignedDuration, id: &str) -> Timestamp {
    let Some(minutes) = u64::try_from(window.as_mins()).ok().filter(|minutes| *minutes > 0) else { return at };
    let hash = blake3::hash(format!("{id} {at}").as_bytes());
    let number = hash.as_bytes().iter().take(8).fold(0u64, |all, byte| all << 8 | u64::from(*byte));
    let delay = i64::try_from(number % minutes).unwrap_or(0);
    at.checked_add(SignedDuration::from_mins(delay)).unwrap_or(at)
}

/// Timers by type and physical id.
pub(super) type Timers = BTreeMap<(String, String), Timer>;

/// Whether a flag is on.
pub(super) fn is_on(value: Option<&Value>) -> bool {
    value.and_then(as_text).is_some_and(|text| text == "true")
}
