//! Times and durations for people: two units at most, the second only where it matters.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How long something took: `41 s`, `3 min 12 s`, `2 h 10 min`, `3 d 4 h`.
pub fn took(duration: SignedDuration) -> String {
    two_units(duration.as_secs().max(0))
}

/// How long is left, rounded up to what can be waited for: `40 s`, `12 min`, `2 h 10 min`.
pub fn left(duration: SignedDuration) -> String {
    let seconds = duration.as_secs().max(0) + i64::from(duration.subsec_nanos() > 0);
    if seconds <= 60 {
        return two_units(seconds);
    }
    two_units((seconds + 59) / 60 * 60)
}

/// A time as it is written in reports: `2026-11-30 08:00 UTC`.
pub fn point(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d %H:%M UTC").to_string()
}

/// A time on the clock of a place: `2026-11-30 08:00 Europe/Berlin`; of a zone without a name, its distance from UTC.
pub fn point_in(at: Timestamp, zone: &TimeZone) -> String {
    let local = at.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M").to_string();
    match zone.iana_name() {
        Some(name) => format!("{local} {name}"),
        None => format!("{local} {}", at.to_zoned(zone.clone()).offset()),
    }
}

fn two_units(seconds: i64) -> String {
    let (days, hours, minutes, rest) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    let units = [(days, "d"), (hours, "h"), (minutes, "min"), (rest, "s")];
    let first = units.iter().position(|(count, _)| *count > 0).unwrap_or(units.len() - 1);
    let shown = units[first..].iter().take(2).enumerate().filter(|(place, (count, _))| *place == 0 || *count > 0);
    shown.map(|(_, (count, unit))| format!("{count} {unit}")).collect::<Vec<_>>().join(" ")
}
