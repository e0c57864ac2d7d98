//! `cron(…)`, `rate(…)` and `at(…)` as times, in zones whose clocks change.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use landfall::sim::world::recurrence::Recurrence;

fn times(expression: &str, zone: &str, after: &str, count: usize) -> Vec<String> {
    let (zone, after) = (TimeZone::get(zone).unwrap(), after.parse::<Timestamp>().unwrap());
    let recurrence = Recurrence::read(expression).unwrap();
    let mut found = vec![after];
    for _ in 0..count {
        let Some(next) = recurrence.next(&zone, after, *found.last().unwrap()) else { break };
        found.push(next);
    }
    found.iter().skip(1).map(|at| at.strftime("%Y-%m-%dT%H:%M").to_string()).collect()
}

#[test]
fn fields_are_lists_ranges_and_steps() {
    let hours = times("cron(0/30 8-9,17 * * ? *)", "UTC", "2026-01-01T08:30:00Z", 4);
    assert_eq!(hours, ["2026-01-01T09:00", "2026-01-01T09:30", "2026-01-01T17:00", "2026-01-01T17:30"]);
    let days = times("cron(0 7 ? * FRI-MON *)", "UTC", "2026-01-01T00:00:00Z", 4);
    assert_eq!(days, ["2026-01-02T07:00", "2026-01-03T07:00", "2026-01-04T07:00", "2026-01-05T07:00"]);
    assert_eq!(times("cron(0 0 29 FEB ? 2027-2033)", "UTC", "2026-01-01T00:00:00Z", 9).len(), 2);
}

#[test]
fn days_are_counted_from_the_end_and_by_weeks() {
    let first = |expression: &str| times(expression, "UTC", "2026-01-01T00:00:00Z", 1).remove(0);
    assert_eq!(first("cron(0 0 L * ? *)"), "2026-01-31T00:00");
    assert_eq!(first("cron(0 0 LW * ? *)"), "2026-01-30T00:00");
    assert_eq!(first("cron(0 0 17W * ? *)"), "2026-01-16T00:00");
    assert_eq!(first("cron(0 0 1W 2 ? *)"), "2026-02-02T00:00");
    assert_eq!(first("cron(0 0 31W 5 ? *)"), "2026-05-29T00:00");
    assert_eq!(first("cron(0 0 ? * 6L *)"), "2026-01-30T00:00");
    assert_eq!(first("cron(0 0 ? * MON#3 *)"), "2026-01-19T00:00");
    assert_eq!(first("cron(0 0 ? * L *)"), "2026-01-03T00:00");
}

#[test]
fn clocks_that_change_skip_a_time_and_show_none_twice() {
    let spring = times("cron(30 2 * * ? *)", "Europe/Berlin", "2026-03-28T00:00:00Z", 2);
    assert_eq!(spring, ["2026-03-28T01:30", "2026-03-30T00:30"]);
    let autumn = times("cron(30 2 * * ? *)", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
    assert_eq!(autumn, ["2026-10-25T00:30", "2026-10-26T01:30"]);
    let every_day = times("rate(1 day)", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
    assert_eq!(every_day, ["2026-10-25T12:00", "2026-10-26T12:00"]);
}

#[test]
fn what_never_comes_has_no_time() {
    assert!(times("cron(0 0 30 2 ? *)", "UTC", "2026-01-01T00:00:00Z", 1).is_empty());
    assert!(times("cron(0 0 1 1 ? 2020)", "UTC", "2026-01-01T00:00:00Z", 1).is_empty());
    assert!(times("at(2025-01-01T00:00:00)", "UTC", "2026-01-01T00:00:00Z", 1).is_empty());
    let once = times("at(2026-07-01T08:00:00)", "Europe/Berlin", "2026-01-01T00:00:00Z", 2);
    assert_eq!(once, ["2026-07-01T06:00"]);
    for wrong in
        ["cron(* * * * *)", "cron(0 0 1 1 1 *)", "cron(0 0 ? * ? *)", "rate(0 days)", "rate(5 weeks)", "at(noon)"]
    {
        assert_eq!(Recurrence::read(wrong), None, "{wrong}");
    }
}
