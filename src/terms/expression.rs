//! `cron(…)`, `rate(…)` and `at(…)`, as EventBridge Scheduler and Application Auto Scaling accept them (EventBridge
//! Scheduler user guide, "Schedule types"; Application Auto Scaling user guide, "Cron expressions").

/// The fields of `cron`, with their bounds and the words that stand for numbers.
const FIELDS: [(&str, u32, u32, &[&str]); 6] = [
    ("minutes", 0, 59, &[]),
    ("hours", 0, 23, &[]),
    ("day of month", 1, 31, &[]),
    ("month", 1, 12, &["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]),
    ("day of week", 1, 7, &["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]),
    ("year", 1970, 2199, &[]),
];

/// What an expression says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expression {
    /// Again and again.
    Recurring,
    Once,
    /// Not known before placeholders are filled.
    Unknown,
}

/// Reads an expression.
///
/// # Errors
/// Why it is none.
pub fn read(text: &str) -> Result<Expression, String> {
    if text.contains("#{") {
        return Ok(if text.starts_with("at(") { Expression::Once } else { Expression::Unknown });
    }
    let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
    if let Some(fields) = inside("cron") {
        cron(fields).map(|()| Expression::Recurring)
    } else if let Some(rate_of) = inside("rate") {
        rate(rate_of).map(|()| Expression::Recurring)
    } else if let Some(time) = inside("at") {
        at(time).map(|()| Expression::Once)
    } else {
        Err("write `cron(…)`, `rate(…)` or `at(…)`".to_owned())
    }
}

fn rate(text: &str) -> Result<(), String> {
    let fits = match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        [number, unit] => {
            number.parse::<u32>().is_ok_and(|number| number > 0)
                && matches!(*unit, "minute" | "minutes" | "hour" | "hours" | "day" | "days")
        }
        _ => false,
    };
    if fits {
        Ok(())
    } else {
        Err("`rate` takes a whole number and minutes, hours or days: `rate(5 minutes)`".to_owned())
    }
}

fn at(text: &str) -> Result<(), String> {
    let whole = text.len() == "2026-12-01T08:00:00".len();
    if whole && text.parse::<jiff::civil::DateTime>().is_ok() {
        Ok(())
    } else {
        Err("`at` takes a day and a time without a zone: `at(2026-12-01T08:00:00)`".to_owned())
    }
}

fn cron(text: &str) -> Result<(), String> {
    let fields: Vec<&str> = text.split_whitespace().collect();
    if fields.len() != FIELDS.len() {
        let names = FIELDS.map(|(name, ..)| name).join(", ");
        return Err(format!("`cron` takes six fields ({names}), and this has {}", fields.len()));
    }
    for (field, (name, least, most, words)) in fields.iter().zip(FIELDS) {
        let number = |text: &str| number(text, least, most, words);
        if !field.split(',').all(|part| fits(part, name, &number)) {
            return Err(format!(
                "`{field}` is not allowed for {name} in a `cron`: use {least} to {most}{}",
                others(name)
            ));
        }
    }
    let open = |index: usize| fields.get(index).is_some_and(|field| *field == "?");
    if open(2) == open(4) {
        return Err("in a `cron`, exactly one of day of month and day of week must be `?`".to_owned());
    }
    Ok(())
}

/// What a field accepts besides numbers, for people.
fn others(name: &str) -> &'static str {
    match name {
        "day of month" => ", `*`, `?`, `L`, `15W`, ranges, lists and steps",
        "month" => ", `JAN` to `DEC`, `*`, ranges, lists and steps",
        "day of week" => ", `SUN` to `SAT`, `*`, `?`, `6L`, `6#3`, ranges and lists",
        _ => ", `*`, ranges, lists and steps",
    }
}

fn number(text: &str, least: u32, most: u32, words: &[&str]) -> bool {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    digits && text.parse().is_ok_and(|number: u32| (least..=most).contains(&number))
        || words.iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// Whether a part of a list fits a field.
fn fits(part: &str, name: &str, number: &impl Fn(&str) -> bool) -> bool {
    match (name, part) {
        (_, "*") | ("day of month" | "day of week", "?" | "L") | ("day of month", "LW") => return true,
        ("day of month", part) if part.ends_with('W') => return part.strip_suffix('W').is_some_and(number),
        ("day of week", part) if part.ends_with('L') => return part.strip_suffix('L').is_some_and(number),
        ("day of week", part) if part.contains('#') => {
            let which = |nth: &str| matches!(nth, "1" | "2" | "3" | "4" | "5");
            return part.split_once('#').is_some_and(|(day, nth)| number(day) && which(nth));
        }
        _ => {}
    }
    let range = |text: &str| match text.split_once('-') {
        Some((from, to)) => number(from) && number(to),
        None => number(text),
    };
    match part.split_once('/') {
        Some((from, step)) => {
            (from == "*" || range(from)) && step.parse::<u32>().is_ok_and(|step| step > 0) && !step.starts_with('+')
        }
        None => range(part),
    }
}
