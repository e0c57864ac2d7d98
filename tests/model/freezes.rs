//! When freezes hold: time zones, clock changes, month ends, recurrence, and windows that follow on one another.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use landfall::model::Freeze;
use landfall::model::freeze::{Recurrence, Window, thaw};
use landfall::model::tenant::TenantFilter;

/// `from → until [every day|week|month|year [last DATE]]`, several joined by `;`, after the zone.
pub(crate) fn freeze(text: &str) -> Freeze {
    let (zone, windows) = text.split_once(' ').unwrap();
    Freeze {
        name: "a".parse().unwrap(),
        reason: "a reason".into(),
        environments: BTreeSet::new(),
        projects: BTreeSet::new(),
        tenants: TenantFilter::default(),
        zone: TimeZone::get(zone).unwrap(),
        windows: windows.split(';').map(window).collect(),
        stops_rollback: false,
        at: crate::promote::at("freezes/a.toml", 1),
    }
}

fn window(text: &str) -> Window {
    let words: Vec<&str> = text.split_whitespace().collect();
    let after = |word: &str| words.iter().position(|one| *one == word).and_then(|place| words.get(place + 1));
    Window {
        from: words[0].parse().unwrap(),
        until: words[2].parse().unwrap(),
        every: after("every").map(|every| match *every {
            "day" => Recurrence::Day,
            "week" => Recurrence::Week,
            "month" => Recurrence::Month,
            _ => Recurrence::Year,
        }),
        last: after("last").map(|last| last.parse().unwrap()),
    }
}

/// A freeze, then times with the end that it has there, or `-`.
const TABLE: &str = "
# once, in winter time: Berlin is an hour ahead
Europe/Berlin 2026-11-27T00:00 → 2026-11-30T08:00
    2026-11-26T22:59:59Z  -
    2026-11-26T23:00:00Z  2026-11-30T07:00:00Z
    2026-11-30T06:59:59Z  2026-11-30T07:00:00Z
    2026-11-30T07:00:00Z  -
# every year, for ever and never before the first time
Europe/Berlin 2026-12-24T00:00 → 2026-12-27T00:00 every year
    2025-12-25T12:00:00Z  -
    2031-12-25T12:00:00Z  2031-12-26T23:00:00Z
    2031-12-27T12:00:00Z  -
# the last day on which it begins still counts, to its end
UTC 2026-12-31T00:00 → 2027-01-02T00:00 every year last 2028-12-31
    2029-01-01T12:00:00Z  2029-01-02T00:00:00Z
    2029-12-31T12:00:00Z  -
# the last day of a month that lacks the 31st, and the 31st again after it
UTC 2026-01-31T00:00 → 2026-02-01T00:00 every month
    2026-02-28T12:00:00Z  2026-03-01T00:00:00Z
    2026-02-27T12:00:00Z  -
    2026-03-31T12:00:00Z  2026-04-01T00:00:00Z
    2026-03-28T12:00:00Z  -
    2028-02-29T12:00:00Z  2028-03-01T00:00:00Z
# the leap day, in a year without one
UTC 2028-02-29T00:00 → 2028-03-01T00:00 every year
    2029-02-28T12:00:00Z  2029-03-01T00:00:00Z
    2032-02-28T12:00:00Z  -
# every weekend, across the clock change: the local time stays, the distance from UTC does not
Europe/Berlin 2026-10-16T18:00 → 2026-10-19T08:00 every week
    2026-10-17T12:00:00Z  2026-10-19T06:00:00Z
    2026-10-24T12:00:00Z  2026-10-26T07:00:00Z
    2026-10-26T06:59:00Z  2026-10-26T07:00:00Z
    2026-10-26T07:00:00Z  -
# every night over midnight, through the hour that the clocks skip and the one that they repeat
America/New_York 2026-01-01T22:00 → 2026-01-02T06:00 every day
    2026-03-08T08:00:00Z  2026-03-08T10:00:00Z
    2026-11-01T10:30:00Z  2026-11-01T11:00:00Z
    2026-11-01T11:30:00Z  -
    2026-11-02T03:00:00Z  2026-11-02T11:00:00Z
# begins in what the clocks skip (02:00 to 03:00): at the moment of the change
Europe/Berlin 2026-03-29T02:30 → 2026-03-29T05:00
    2026-03-29T00:59:59Z  -
    2026-03-29T01:00:00Z  2026-03-29T03:00:00Z
# ends in what the clocks skip: as long after the change
Europe/Berlin 2026-03-29T01:00 → 2026-03-29T02:30
    2026-03-29T00:00:00Z  2026-03-29T01:30:00Z
    2026-03-29T01:29:59Z  2026-03-29T01:30:00Z
    2026-03-29T01:30:00Z  -
# both in what the clocks skip: never empty
Europe/Berlin 2026-03-29T02:10 → 2026-03-29T02:40
    2026-03-29T00:59:59Z  -
    2026-03-29T01:00:00Z  2026-03-29T01:40:00Z
    2026-03-29T01:40:00Z  -
# begins in what the clocks repeat (02:00 to 03:00): the first of the two
Europe/Berlin 2026-10-25T02:30 → 2026-10-25T05:00
    2026-10-25T00:29:59Z  -
    2026-10-25T00:30:00Z  2026-10-25T04:00:00Z
# ends in what the clocks repeat: the second of the two
Europe/Berlin 2026-10-24T20:00 → 2026-10-25T02:30
    2026-10-25T00:30:00Z  2026-10-25T01:30:00Z
    2026-10-25T01:29:59Z  2026-10-25T01:30:00Z
    2026-10-25T01:30:00Z  -
# both in what the clocks repeat: from the first of the one to the second of the other
Europe/Berlin 2026-10-25T02:10 → 2026-10-25T02:40
    2026-10-25T00:09:59Z  -
    2026-10-25T00:10:00Z  2026-10-25T01:40:00Z
    2026-10-25T01:39:59Z  2026-10-25T01:40:00Z
    2026-10-25T01:40:00Z  -
# every night that begins in what New York skips, and ends in what it repeats
America/New_York 2026-03-01T02:30 → 2026-03-01T05:00 every day
    2026-03-08T06:59:59Z  -
    2026-03-08T07:00:00Z  2026-03-08T09:00:00Z
    2026-03-09T06:29:59Z  -
America/New_York 2026-10-01T22:00 → 2026-10-02T01:30 every day
    2026-11-01T06:29:59Z  2026-11-01T06:30:00Z
    2026-11-01T06:30:00Z  -
    2026-11-02T06:29:59Z  2026-11-02T06:30:00Z
# a day of a window that comes again every day begins and ends in what is repeated: it never lets go
Europe/Berlin 2026-10-20T02:30 → 2026-10-21T02:30 every day
    2026-10-25T00:45:00Z  2026-10-26T01:30:00Z
    2026-10-25T01:15:00Z  2026-10-26T01:30:00Z
# Lord Howe changes by half an hour: 02:00 to 02:30 is skipped, 01:30 to 02:00 repeated
Australia/Lord_Howe 2026-10-04T02:15 → 2026-10-04T04:00
    2026-10-03T15:29:59Z  -
    2026-10-03T15:30:00Z  2026-10-03T17:00:00Z
Australia/Lord_Howe 2026-04-04T22:00 → 2026-04-05T01:45
    2026-04-04T15:14:59Z  2026-04-04T15:15:00Z
    2026-04-04T15:15:00Z  -
# Cairo skips the first hour of a day, and repeats the last one
Africa/Cairo 2026-04-24T00:00 → 2026-04-25T00:00
    2026-04-23T21:59:59Z  -
    2026-04-23T22:00:00Z  2026-04-24T21:00:00Z
Africa/Cairo 2026-04-24T00:30 → 2026-04-24T06:00
    2026-04-23T21:59:59Z  -
    2026-04-23T22:00:00Z  2026-04-24T03:00:00Z
Africa/Cairo 2026-10-29T20:00 → 2026-10-29T23:30
    2026-10-29T21:29:59Z  2026-10-29T21:30:00Z
    2026-10-29T21:30:00Z  -
# to the end of a day that is an hour longer: the day ends once
Africa/Cairo 2026-10-29T00:00 → 2026-10-30T00:00
    2026-10-29T21:59:59Z  2026-10-29T22:00:00Z
    2026-10-29T22:00:00Z  -
# longer than its period: the one that began last ends last, and so does the last of all
UTC 2026-01-01T00:00 → 2026-01-04T00:00 every day last 2026-01-10
    2026-01-05T12:00:00Z  2026-01-08T00:00:00Z
    2026-01-12T12:00:00Z  2026-01-13T00:00:00Z
    2026-01-13T00:00:00Z  -
# two windows: of those that hold, the one that ends last
UTC 2026-01-01T00:00 → 2026-01-05T00:00 ; 2026-01-04T00:00 → 2026-01-09T00:00
    2026-01-03T00:00:00Z  2026-01-05T00:00:00Z
    2026-01-04T12:00:00Z  2026-01-09T00:00:00Z
# a zone whose distance from UTC is no whole hour
Asia/Kathmandu 2026-01-01T00:00 → 2026-01-02T00:00
    2025-12-31T18:14:59Z  -
    2025-12-31T18:15:00Z  2026-01-01T18:15:00Z
";

#[test]
fn freezes_hold_from_their_windows_beginning_to_their_end() {
    let mut now = None;
    for row in TABLE.lines().filter(|row| !row.is_empty() && !row.starts_with('#')) {
        let Some(times) = row.strip_prefix("    ") else {
            now = Some(freeze(row));
            continue;
        };
        let [at, end] = times.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{row}") };
        let expected: Option<Timestamp> = (end != "-").then(|| end.parse().unwrap());
        let freeze = now.as_ref().unwrap();
        assert_eq!(freeze.ends(at.parse().unwrap()), expected, "{:?} at {at}", freeze.windows);
    }
}

#[test]
fn a_freeze_lets_go_when_no_window_holds_any_more() {
    let rows = [
        // Freezes, then the time that is asked for and the answer.
        (vec!["UTC 2026-01-01T00:00 → 2026-01-02T00:00"], "2025-12-31T00:00:00Z", Some("2025-12-31T00:00:00Z")),
        (vec!["UTC 2026-01-01T00:00 → 2026-01-02T00:00"], "2026-01-01T00:00:00Z", Some("2026-01-02T00:00:00Z")),
        (
            vec!["UTC 2026-01-01T00:00 → 2026-01-02T00:00", "UTC 2026-01-02T00:00 → 2026-01-03T00:00"],
            "2026-01-01T12:00:00Z",
            Some("2026-01-03T00:00:00Z"),
        ),
        (
            vec![
                "UTC 2026-01-01T00:00 → 2026-01-02T00:00 ; 2026-01-02T12:00 → 2026-01-04T00:00",
                "Europe/Berlin 2026-01-02T00:00 → 2026-01-02T18:00",
            ],
            "2026-01-01T12:00:00Z",
            Some("2026-01-04T00:00:00Z"),
        ),
        (
            vec!["UTC 2026-01-01T18:00 → 2026-01-02T08:00 every day", "UTC 2026-01-03T08:00 → 2026-01-03T17:00"],
            "2026-01-03T01:00:00Z",
            Some("2026-01-03T17:00:00Z"),
        ),
        (vec!["UTC 2026-01-01T00:00 → 2026-01-02T00:00 every day"], "2026-06-01T00:00:00Z", None),
    ];
    for (freezes, from, expected) in rows {
        let made: Vec<Freeze> = freezes.iter().map(|text| freeze(text)).collect();
        let expected: Option<Timestamp> = expected.map(|text| text.parse().unwrap());
        assert_eq!(thaw(made.iter(), from.parse().unwrap()), expected, "{freezes:?} from {from}");
    }
}
