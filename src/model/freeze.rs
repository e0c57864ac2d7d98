//! Freezes: times in which nothing is deployed to some slots.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{Span, Timestamp};

use super::tenant::{Tenant, TenantFilter};
use super::{EnvironmentName, FreezeName, Location, ProjectName};

/// `freezes/<name>.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct Freeze {
    /// Stem of its file.
    pub name: FreezeName,
    /// Why.
    pub reason: Arc<str>,
    /// Frozen environments; empty for all.
    pub environments: BTreeSet<EnvironmentName>,
    /// Frozen projects; empty for all.
    pub projects: BTreeSet<ProjectName>,
    /// Frozen tenants; empty for all, and for slots without a tenant.
    pub tenants: TenantFilter,
    /// Where the clock of its windows hangs.
    pub zone: TimeZone,
    /// At least one.
    pub windows: Vec<Window>,
    /// It stops even going back to a release that a slot once ran.
    pub stops_rollback: bool,
    /// Its file.
    pub at: Location,
}

/// `[[window]]` of a freeze: from one local time to another, once or again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its first beginning.
    pub from: DateTime,
    /// Its first end; after `from`.
    pub until: DateTime,
    /// How often it comes again.
    pub every: Option<Recurrence>,
    /// The last day on which it begins; none if it goes on for ever. Only with `every`.
    pub last: Option<Date>,
}

/// How often a window comes again, counted from its first beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recurrence {
    /// Every day at the same time.
    Day,
    /// Every week on the same weekday.
    Week,
    /// Every month on the same day, or on the last one of a month that lacks it.
    Month,
    /// Every year on the same day.
    Year,
}

/// For whom a slot is, as far as the head knows.
#[derive(Clone, Copy, Debug)]
pub enum Whom<'a> {
    /// It has no tenant.
    Nobody,
    Tenant(&'a Tenant),
    /// A tenant whose file is gone, and its tags with it: every freeze of tenants may mean it.
    Gone,
}

impl<'a> From<Option<&'a Tenant>> for Whom<'a> {
    fn from(tenant: Option<&'a Tenant>) -> Self {
        tenant.map_or(Whom::Nobody, Whom::Tenant)
    }
}

impl Freeze {
    /// Whether a slot is meant.
    pub fn covers(&self, project: &ProjectName, environment: &EnvironmentName, whom: Whom<'_>) -> bool {
        let meant = match whom {
            Whom::Nobody => false,
            Whom::Tenant(tenant) => self.tenants.takes(tenant),
            Whom::Gone => true,
        };
        (self.environments.is_empty() || self.environments.contains(environment))
            && (self.projects.is_empty() || self.projects.contains(project))
            && (self.tenants.is_empty() || meant)
    }

    /// The window that holds at a time, as when it began and when it ends: of several the one that ends last. If a clock
    /// change skips or repeats a local time, the window covers everything that the time can mean: see [`begins`] and [`ends`].
    pub fn window(&self, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        self.windows
            .iter()
            .filter_map(|window| window.holds(&self.zone, at))
            .max_by_key(|(from, until)| (*until, *from))
    }

    /// The end of the window that holds at a time; none if none does.
    pub fn ends(&self, at: Timestamp) -> Option<Timestamp> {
        self.window(at).map(|(_, until)| until)
    }
}

/// How many windows that touch or overlap are followed until a freeze counts as one that never ends.
const CHAIN: usize = 1_000;

/// The earliest time, from the given one on, at which none of the freezes holds: windows that touch or overlap are followed
/// from one to the next. None if they never end, as far as a thousand windows show.
pub fn thaw<'a>(freezes: impl Iterator<Item = &'a Freeze> + Clone, from: Timestamp) -> Option<Timestamp> {
    let mut at = from;
    for _ in 0..CHAIN {
        match freezes.clone().filter_map(|freeze| freeze.ends(at)).max() {
            Some(end) => at = end,
            None => return Some(at),
        }
    }
    None
}

impl Window {
    /// Beginning and end of the occurrence that holds at a time.
    fn holds(&self, zone: &TimeZone, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let Some(every) = self.every else { return self.occurrence(zone, Span::new(), at) };
        let local = at.to_zoned(zone.clone()).datetime();
        let passed = every.passed(self.from, local).max(0);
        // The one that began last ends last, so that it is enough to ask that one. After the last day it is the last one.
        let last = self.last.map(|day| every.passed(self.from, day.at(23, 59, 59, 999_999_999)).max(0));
        let newest = last.map_or(passed, |last| passed.min(last));
        // A month may be one day short of counting as passed and still have its occurrence, and a clock change may put the
        // local time on the other side of a beginning.
        [newest + 1, newest, newest - 1]
            .into_iter()
            .filter(|number| *number >= 0)
            .filter_map(|number| self.occurrence(zone, every.times(number)?, at))
            .max_by_key(|(_, until)| *until)
    }

    /// Beginning and end of one occurrence, if the time lies in it.
    fn occurrence(&self, zone: &TimeZone, offset: Span, at: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let from = self.from.checked_add(offset).ok()?;
        if self.last.is_some_and(|last| from.date() > last) {
            return None;
        }
        let length = self.from.until(self.until).ok()?;
        let until = from.checked_add(length).ok()?;
        let (from, until) = (begins(zone, from)?, ends(zone, until)?);
        (from <= at && at < until).then_some((from, until))
    }
}

/// When a window begins: the first of two times that the clocks repeat, and the moment of the change for a time that they
/// skip, because every clock that shows a later time is past it.
fn begins(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    let before = ambiguous.earlier().ok()?;
    if !gap {
        return Some(before);
    }
    let after = ambiguous.later().ok()?;
    let changes = zone.following(before).map(|change| change.timestamp()).take_while(|change| *change <= after);
    Some(changes.last().unwrap_or(after))
}

/// When a window ends: after the second of two times that the clocks repeat, and for a time that they skip as long after the
/// change as the time is after the beginning of what they skip.
fn ends(zone: &TimeZone, local: DateTime) -> Option<Timestamp> {
    zone.to_ambiguous_timestamp(local).later().ok()
}

impl Recurrence {
    /// How many whole periods lie between two local times.
    fn passed(self, from: DateTime, to: DateTime) -> i64 {
        let days = || from.until((jiff::Unit::Day, to)).map_or(0, |span| i64::from(span.get_days()));
        let months = || from.until((jiff::Unit::Month, to)).map_or(0, |span| i64::from(span.get_months()));
        match self {
            Recurrence::Day => days(),
            Recurrence::Week => days() / 7,
            Recurrence::Month => months(),
            Recurrence::Year => months() / 12,
        }
    }

    /// So many periods; none if that is out of the calendar.
    fn times(self, number: i64) -> Option<Span> {
        match self {
            Recurrence::Day => Span::new().try_days(number),
            Recurrence::Week => Span::new().try_weeks(number),
            Recurrence::Month => Span::new().try_months(number),
            Recurrence::Year => Span::new().try_years(number),
        }
        .ok()
    }
}
