//! Freezes: times in which nothing is deployed to some slots.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
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
    /// The last day on which it begins; none where it goes on for ever. Only with `every`.
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

impl Freeze {
    /// Whether a slot is meant.
    pub fn covers(&self, project: &ProjectName, environment: &EnvironmentName, tenant: Option<&Tenant>) -> bool {
        (self.environments.is_empty() || self.environments.contains(environment))
            && (self.projects.is_empty() || self.projects.contains(project))
            && (self.tenants.is_empty() || tenant.is_some_and(|tenant| self.tenants.takes(tenant)))
    }

    /// The end of the freeze that holds at a time: the latest end of the windows that the time lies in. None if it lies in
    /// none. A local time that a clock change skips or repeats means what RFC 5545 says (jiff's `compatible`).
    pub fn ends(&self, now: Timestamp) -> Option<Timestamp> {
        self.windows.iter().filter_map(|window| window.ends(&self.zone, now)).max()
    }
}

impl Window {
    fn ends(&self, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
        let local = now.to_zoned(zone.clone()).datetime();
        let Some(every) = self.every else { return self.occurrence(zone, Span::new(), now) };
        // Windows shorter than their period cannot hold from before the one that began last; longer ones overlap, and the
        // one that began last ends last.
        let passed = every.passed(self.from, local).max(0);
        // A month may be one day short of counting as passed, and still have its occurrence.
        [passed + 1, passed, passed - 1]
            .into_iter()
            .filter(|number| *number >= 0)
            .filter_map(|number| self.occurrence(zone, every.times(number)?, now))
            .max()
    }

    /// The end of one occurrence, if the time lies in it.
    fn occurrence(&self, zone: &TimeZone, offset: Span, now: Timestamp) -> Option<Timestamp> {
        let from = self.from.checked_add(offset).ok()?;
        if self.last.is_some_and(|last| from.date() > last) {
            return None;
        }
        let length = self.from.until(self.until).ok()?;
        let until = from.checked_add(length).ok()?;
        let instant = |local: DateTime| zone.to_ambiguous_timestamp(local).compatible().ok();
        let (from, until) = (instant(from)?, instant(until)?);
        (from <= now && now < until).then_some(until)
    }
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

    /// So many periods; none where that is out of the calendar.
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
