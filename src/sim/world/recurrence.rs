//! `cron(…)`, `rate(…)` and `at(…)` as times: when something recurs in a time zone.
//!
//! \[doc: EventBridge Scheduler, "Schedule types"; Application Auto Scaling, "Schedule recurring scaling actions"\] A time that clocks
//! skip in spring is skipped, and one that they show twice in autumn comes once. A rate counts whole seconds, whatever clocks show.
//! A search looks at each day at most once and ends with the year 2199.

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

/// The last year of an expression.
const LAST_YEAR: i16 = 2199;

/// When something happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Recurrence {
    Every(SignedDuration),
    Once(DateTime),
    Cron(Box<Cron>),
}

/// The fields of a cron expression, each as the numbers that it allows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    minutes: Vec<i8>,
    hours: Vec<i8>,
    months: Vec<i8>,
    years: Vec<i16>,
    days: Days,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Days {
    OfMonth(Vec<OfMonth>),
    OfWeek(Vec<OfWeek>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OfMonth {
    Day(i8),
    Last,
    LastWeekday,
    /// The weekday nearest to this day, within its month.
    Nearest(i8),
}

/// Days of the week, 1 for Sunday to 7 for Saturday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OfWeek {
    Day(i8),
    Last(i8),
    Nth(i8, i8),
}

impl Recurrence {
    /// Reads an expression; none if it is not one.
    pub fn read(text: &str) -> Option<Self> {
        let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        if let Some(fields) = inside("cron") {
            return Cron::read(fields).map(|cron| Self::Cron(Box::new(cron)));
        }
        if let Some(time) = inside("at") {
            return time.parse().ok().map(Self::Once);
        }
        let (number, unit) = inside("rate")?.trim().split_once(' ')?;
        let seconds = match unit.trim().trim_end_matches('s') {
            "minute" => 60,
            "hour" => 3_600,
            "day" => 86_400,
            _ => return None,
        };
        let number = number.parse::<u32>().ok().filter(|number| *number > 0)?;
        Some(Self::Every(SignedDuration::from_secs(i64::from(number) * seconds)))
    }

    /// The first time after `after`; a rate counts from `since`, which is its first time.
    pub fn next(&self, zone: &TimeZone, since: Timestamp, after: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(_) if since > after => Some(since),
            Self::Every(span) => {
                let whole = after.duration_since(since).as_secs() / span.as_secs().max(1);
                let seconds = whole.checked_add(1)?.checked_mul(span.as_secs())?;
                since.checked_add(SignedDuration::from_secs(seconds)).ok()
            }
            Self::Once(time) => {
                let at = zone.to_ambiguous_timestamp(*time).compatible().ok()?;
                (at > after).then_some(at)
            }
            Self::Cron(cron) => cron.next(zone, after),
        }
    }
}

/// The numbers of a field: lists, ranges, which may go over the end, and steps.
fn numbers(field: &str, least: i16, most: i16, words: &[&str]) -> Option<Vec<i16>> {
    let number = |text: &str| {
        let word = words.iter().position(|word| text.eq_ignore_ascii_case(word));
        let named = word.and_then(|at| i16::try_from(at).ok()).map(|at| at + least);
        named.or_else(|| text.parse().ok()).filter(|number| (least..=most).contains(number))
    };
    let mut found = Vec::new();
    for part in field.split(',') {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, Some(step.parse::<u16>().ok().filter(|step| *step > 0)?)),
            None => (part, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if matches!(range, "*" | "?") => (least, most),
            Some((from, to)) => (number(from)?, number(to)?),
            None => (number(range)?, if step.is_some() { most } else { number(range)? }),
        };
        let ahead: Vec<i16> =
            if from <= to { (from..=to).collect() } else { (from..=most).chain(least..=to).collect() };
        found.extend(ahead.into_iter().step_by(usize::from(step.unwrap_or(1))));
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

fn small(field: &str, least: i16, most: i16, words: &[&str]) -> Option<Vec<i8>> {
    numbers(field, least, most, words)?.into_iter().map(|number| i8::try_from(number).ok()).collect()
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

impl Cron {
    fn read(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split_whitespace().collect();
        let [minutes, hours, of_month, months, of_week, years] = fields.as_slice() else { return None };
        let days = match (*of_month, *of_week) {
            ("?", "?") => return None,
            ("?", of_week) => Days::OfWeek(all(of_week, days_of_week)?),
            (of_month, "?") => Days::OfMonth(all(of_month, days_of_month)?),
            _ => return None,
        };
        Some(Self {
            minutes: small(minutes, 0, 59, &[])?,
            hours: small(hours, 0, 23, &[])?,
            months: small(months, 1, 12, &MONTHS)?,
            years: numbers(years, 1970, LAST_YEAR, &[])?,
            days,
        })
    }

    fn next(&self, zone: &TimeZone, after: Timestamp) -> Option<Timestamp> {
        let begin = zone.to_datetime(after);
        // A clock that goes back shows at most the last hours again.
        let hour = begin.hour().saturating_sub(2);
        let mut day = begin.date();
        loop {
            if day.year() > LAST_YEAR {
                return None;
            }
            if !self.years.contains(&day.year()) || !self.months.contains(&day.month()) {
                day = day.last_of_month().tomorrow().ok()?;
                continue;
            }
            if self.days.include(day) {
                let from = if day == begin.date() { hour } else { 0 };
                let times = self.hours.iter().filter(|hour| **hour >= from);
                let times = times.flat_map(|hour| self.minutes.iter().map(move |minute| day.at(*hour, *minute, 0, 0)));
                if let Some(at) = times.filter_map(|time| shown(zone, time)).find(|at| *at > after) {
                    return Some(at);
                }
            }
            day = day.tomorrow().ok()?;
        }
    }
}

/// When clocks show a time first; none if they skip it.
fn shown(zone: &TimeZone, time: DateTime) -> Option<Timestamp> {
    let found = zone.to_ambiguous_timestamp(time);
    match found.offset() {
        AmbiguousOffset::Gap { .. } => None,
        _ => found.earlier().ok(),
    }
}

fn all<T>(field: &str, read: impl Fn(&str) -> Option<Vec<T>>) -> Option<Vec<T>> {
    let parts: Option<Vec<Vec<T>>> = field.split(',').map(read).collect();
    parts.map(|parts| parts.into_iter().flatten().collect())
}

fn days_of_month(part: &str) -> Option<Vec<OfMonth>> {
    match part {
        "L" => Some(vec![OfMonth::Last]),
        "LW" => Some(vec![OfMonth::LastWeekday]),
        part => match part.strip_suffix('W') {
            Some(day) => day.parse().ok().filter(|day| (1..=31).contains(day)).map(|day| vec![OfMonth::Nearest(day)]),
            None => Some(small(part, 1, 31, &[])?.into_iter().map(OfMonth::Day).collect()),
        },
    }
}

fn days_of_week(part: &str) -> Option<Vec<OfWeek>> {
    let day = |text: &str| small(text, 1, 7, &WEEKDAYS)?.first().copied();
    if part == "L" {
        return Some(vec![OfWeek::Day(7)]);
    }
    if let Some((of, nth)) = part.split_once('#') {
        return Some(vec![OfWeek::Nth(day(of)?, nth.parse().ok().filter(|nth| (1..=5).contains(nth))?)]);
    }
    match part.strip_suffix('L') {
        Some(of) => Some(vec![OfWeek::Last(day(of)?)]),
        None => Some(small(part, 1, 7, &WEEKDAYS)?.into_iter().map(OfWeek::Day).collect()),
    }
}

/// 1 for Sunday to 7 for Saturday.
fn weekday(day: Date) -> i8 {
    day.weekday().to_sunday_one_offset()
}

fn is_workday(day: Date) -> bool {
    (2..=6).contains(&weekday(day))
}

impl Days {
    fn include(&self, day: Date) -> bool {
        match self {
            Self::OfMonth(days) => days.iter().any(|one| one.is(day)),
            Self::OfWeek(days) => days.iter().any(|one| one.is(day)),
        }
    }
}

impl OfMonth {
    fn is(self, day: Date) -> bool {
        let last = day.days_in_month();
        match self {
            Self::Day(number) => day.day() == number,
            Self::Last => day.day() == last,
            Self::LastWeekday => is_workday(day) && !(day.day() + 1..=last).any(|later| works(day, later)),
            Self::Nearest(number) if number > last => false,
            Self::Nearest(number) => {
                // The day itself, the one before, the one after, or two beyond where the month would be left.
                let tries = [number, number - 1, number + 1, number + 2, number - 2];
                let nearest = tries.into_iter().filter(|one| (1..=last).contains(one)).find(|one| works(day, *one));
                nearest == Some(day.day())
            }
        }
    }
}

/// Whether a day of the same month is a workday.
fn works(month: Date, day: i8) -> bool {
    Date::new(month.year(), month.month(), day).is_ok_and(is_workday)
}

impl OfWeek {
    fn is(self, day: Date) -> bool {
        match self {
            Self::Day(of) => weekday(day) == of,
            Self::Last(of) => weekday(day) == of && day.day() + 7 > day.days_in_month(),
            Self::Nth(of, nth) => weekday(day) == of && (day.day() - 1) / 7 + 1 == nth,
        }
    }
}
