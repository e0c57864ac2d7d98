//! Rules over schedules of EventBridge Scheduler.

use super::{Fault, Judge, Rule};

const SOURCE: &str = "API reference of EventBridge Scheduler, CreateSchedule";
const KIND: &str = "AWS::Scheduler::Schedule";

pub(super) const RULES: &[Rule] = &[
    Rule { name: "schedule-expression", source: SOURCE, run: expression },
    Rule { name: "flexible-window", source: "API reference of EventBridge Scheduler, FlexibleTimeWindow", run: window },
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
            let title = format!("`{text}` is not `rate(…)`, `cron(…)` of six fields or `at(…)`");
            out(Fault::at(expression.pointer, title, aws));
        }
    });
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
