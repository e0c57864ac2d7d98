//! Rules over schedules of EventBridge Scheduler.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::seen::Seen;
use super::{Fault, Judge, Rule};
use crate::terms::expression as expressions;

const SOURCE: &str = "API reference of EventBridge Scheduler, CreateSchedule";
const KIND: &str = "AWS::Scheduler::Schedule";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "schedule-expression", source: SOURCE, edition: 1, run: expression },
    Rule {
        name: "flexible-window",
        source: "API reference of EventBridge Scheduler, FlexibleTimeWindow",
        edition: 1,
        run: window,
    },
    Rule {
        name: "schedule-fields",
        source: "EventBridge Scheduler user guide, schedule types",
        edition: 2,
        run: fields,
    },
    Rule { name: "schedule-zone", source: SOURCE, edition: 2, run: time_zone },
    Rule { name: "schedule-dates", source: SOURCE, edition: 2, run: dates },
    Rule { name: "schedule-once", source: "EventBridge Scheduler user guide, schedule types", edition: 3, run: once },
];

fn expression(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, schedule, out| {
        let expression = schedule.get("ScheduleExpression");
        let Some(text) = expression.text() else { return };
        let inside = |form: &str| text.strip_prefix(form)?.strip_prefix('(')?.strip_suffix(')');
        let fits = match (inside("at"), inside("rate"), inside("cron")) {
            (Some(time), ..) => time.contains('T'),
            (_, Some(rate), _) => is_rate(rate),
            (.., Some(fields)) => fields.split_whitespace().count() == 6,
            _ => false,
        };
        if !fits {
            let aws = format!("Invalid Schedule Expression {text}.");
            out(Fault::at(
                expression.pointer,
                why(&text).unwrap_or_else(|| format!("`{text}` is not a schedule")),
                aws,
            ));
        }
    });
}

/// Why a text is not an expression; none if it is one.
pub(super) fn why(text: &str) -> Option<String> {
    expressions::read(text).err().map(|why| format!("`{text}` is not a schedule: {why}"))
}

/// `5 minutes`.
fn is_rate(text: &str) -> bool {
    let units = ["minute", "minutes", "hour", "hours", "day", "days"];
    match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        [number, unit] => number.parse::<u32>().is_ok_and(|number| number > 0) && units.contains(unit),
        _ => false,
    }
}

fn window(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, schedule, out| {
        let window = schedule.get("FlexibleTimeWindow");
        let (mode, most) = (window.get("Mode"), window.get("MaximumWindowInMinutes"));
        if mode.is("FLEXIBLE") && most.is_missing() {
            let aws = "MaximumWindowInMinutes is required when FlexibleTimeWindow Mode is FLEXIBLE.";
            out(Fault::at(most.pointer, "a flexible window needs `MaximumWindowInMinutes`", aws));
        }
    });
}

fn fields(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, schedule, out| {
        let expression = schedule.get("ScheduleExpression");
        let Some(text) = expression.text() else { return };
        // What has another form is reported as such.
        let of_six = text.strip_prefix("cron(").is_some_and(|fields| fields.split_whitespace().count() == 6);
        if let Some(why) = why(&text).filter(|_| of_six) {
            out(Fault::at(expression.pointer, why, format!("Invalid Schedule Expression {text}.")));
        }
    });
}

fn once(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, schedule, out| {
        let expression = schedule.get("ScheduleExpression");
        let Some(text) = expression.text() else { return };
        // What has no time is reported as such.
        let timed = text.strip_prefix("at(").is_some_and(|time| time.contains('T') && time.ends_with(')'));
        if let Some(why) = why(&text).filter(|_| timed) {
            out(Fault::at(expression.pointer, why, format!("Invalid Schedule Expression {text}.")));
        }
    });
}

/// A time zone is one of the IANA database.
pub(super) fn zone(zone: &Seen<'_>, out: &mut dyn FnMut(Fault)) {
    if let Some(text) = zone.text().filter(|text| TimeZone::get(text).is_err()) {
        let aws = format!("Invalid time zone: {text}.");
        out(Fault::at(zone.pointer.clone(), format!("`{text}` is not a time zone such as `Europe/Berlin`"), aws));
    }
}

fn time_zone(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, schedule, out| zone(&schedule.get("ScheduleExpressionTimezone"), out));
}

fn dates(judge: &mut Judge<'_>) {
    judge.each(KIND, |_, schedule, out| {
        let (start, end) = (schedule.get("StartDate"), schedule.get("EndDate"));
        let time = |date: &Seen<'_>| date.text()?.parse::<Timestamp>().ok();
        if let (Some(first), Some(last)) = (time(&start), time(&end))
            && last <= first
        {
            let aws = "The EndDate must come after the StartDate.";
            out(Fault::at(end.pointer, "the schedule ends before it begins", aws));
        }
    });
}
