//! Plain scalars of YAML 1.1: which words are booleans, numbers, nothing, and which are text.
//!
//! The rules are those of the YAML 1.1 type repository (bool, int, float, null) in the form that libraries share: single
//! letters are text, and a date is text because CloudFormation has no type for it.

use serde_json::{Number, Value};

use super::error::ReadProblem;

/// The value of a plain scalar.
pub(super) fn plain(text: &str) -> Result<Value, ReadProblem> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Ok(Value::Null),
        "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => return Ok(Value::Bool(true)),
        "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => return Ok(Value::Bool(false)),
        _ => {}
    }
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, text.get(1..).unwrap_or("")),
        Some(b'+') => (false, text.get(1..).unwrap_or("")),
        _ => (false, text),
    };
    match number(digits, negative, text) {
        Some(number) => number.map(Value::Number),
        None => Ok(Value::String(text.to_owned())),
    }
}

/// The number that some digits are, without the sign; none if they are text.
fn number(digits: &str, negative: bool, text: &str) -> Option<Result<Number, ReadProblem>> {
    let first = digits.bytes().next()?;
    if matches!(digits, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return Some(Err(ReadProblem::Inexact(text.to_owned())));
    }
    if !first.is_ascii_digit() && first != b'.' {
        return None;
    }
    if let Some(whole) = whole(digits) {
        let exact = whole.and_then(|value| signed(value, negative));
        return Some(exact.ok_or_else(|| ReadProblem::Inexact(text.to_owned())));
    }
    fraction(digits, negative, text)
}

/// A whole number in one of its notations. The outer option says whether it is one, the inner one whether it fits.
fn whole(digits: &str) -> Option<Option<u64>> {
    let of = |digits: &str, radix: u32| u64::from_str_radix(&digits.replace('_', ""), radix).ok();
    let all = |digits: &str, fits: fn(char) -> bool| !digits.is_empty() && digits.chars().all(|c| c == '_' || fits(c));
    if digits == "0" {
        return Some(Some(0));
    }
    if let Some(binary) = digits.strip_prefix("0b").filter(|rest| all(rest, |c| matches!(c, '0' | '1'))) {
        return Some(of(binary, 2));
    }
    if let Some(hexadecimal) = digits.strip_prefix("0x").filter(|rest| all(rest, |c| c.is_ascii_hexdigit())) {
        return Some(of(hexadecimal, 16));
    }
    if let Some(octal) = digits.strip_prefix('0') {
        return all(octal, |c| matches!(c, '0'..='7')).then(|| of(digits, 8));
    }
    if digits.contains(':') {
        return sixty(digits);
    }
    (digits.starts_with(|c: char| c.is_ascii_digit()) && all(digits, |c| c.is_ascii_digit())).then(|| of(digits, 10))
}

/// A number to the base of 60, as in `1:30`.
fn sixty(digits: &str) -> Option<Option<u64>> {
    let mut parts = digits.split(':');
    let first = parts.next().filter(|first| first.chars().all(|c| c == '_' || c.is_ascii_digit()))?;
    let mut total: Option<u64> = first.replace('_', "").parse().ok();
    for part in parts {
        let place: u64 = match part.as_bytes() {
            [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'] => part.parse().ok()?,
            _ => return None,
        };
        total = total.and_then(|total| total.checked_mul(60)?.checked_add(place));
    }
    Some(total)
}

fn signed(value: u64, negative: bool) -> Option<Number> {
    if !negative {
        return Some(Number::from(value));
    }
    i64::try_from(-i128::from(value)).ok().map(Number::from)
}

/// A number with a point or an exponent. Some readers want the point and the sign of the exponent, some want neither.
fn fraction(digits: &str, negative: bool, text: &str) -> Option<Result<Number, ReadProblem>> {
    let (mantissa, exponent) = match digits.find(['e', 'E']) {
        Some(at) => (digits.get(..at)?, digits.get(at + 1..)),
        None => (digits, None),
    };
    let (before, after) = match mantissa.split_once('.') {
        Some((before, after)) => (before, Some(after)),
        None => (mantissa, None),
    };
    let only_digits = |part: &str| part.chars().all(|c| c == '_' || c.is_ascii_digit());
    if after.is_some() && exponent.is_none() && before.contains(':') {
        // 1:30.5, a fraction to the base of 60, which some readers have dropped.
        return sixty(before).filter(|_| after.is_some_and(only_digits)).map(|_| ambiguous(text));
    }
    if !only_digits(before) || !after.is_none_or(only_digits) || (before.is_empty() && !starts_with_digit(after)) {
        return None;
    }
    match exponent {
        None if after.is_none() => return None,
        None => {}
        Some(exponent) => {
            let unsigned = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
            if unsigned.is_empty() || !unsigned.chars().all(|c| c.is_ascii_digit()) {
                return None;
            }
            if after.is_none() || unsigned.len() == exponent.len() {
                return Some(ambiguous(text));
            }
        }
    }
    if before.is_empty() && text.starts_with(['-', '+']) {
        return Some(ambiguous(text));
    }
    let value: Option<f64> = digits.replace('_', "").parse().ok();
    let value = value.map(|value| if negative { -value } else { value }).and_then(Number::from_f64);
    Some(value.filter(|value| is_kept(value, text)).ok_or_else(|| ReadProblem::Inexact(text.to_owned())))
}

/// Whether a number with a fraction is written as it was, zeros apart that say nothing: more digits than a double has, and
/// exponents, change, and that matters if text is needed.
pub(super) fn is_kept(number: &Number, written: &str) -> bool {
    let (sign, digits) = match written.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", written.strip_prefix('+').unwrap_or(written)),
    };
    let digits = digits.replace('_', "");
    let (before, after) = digits.split_once('.').unwrap_or((&digits, ""));
    let or_zero = |part: &str| if part.is_empty() { "0".to_owned() } else { part.to_owned() };
    let (before, after) = (or_zero(before.trim_start_matches('0')), or_zero(after.trim_end_matches('0')));
    number.to_string() == format!("{sign}{before}.{after}")
}

fn starts_with_digit(part: Option<&str>) -> bool {
    part.is_some_and(|part| part.starts_with(|c: char| c.is_ascii_digit()))
}

fn ambiguous(text: &str) -> Result<Number, ReadProblem> {
    Err(ReadProblem::Ambiguous(text.to_owned()))
}

/// The text of a plain key, if it is the text that it looks like.
pub(super) fn key(text: &str) -> Result<String, ReadProblem> {
    let ambiguous = || ReadProblem::AmbiguousKey(text.to_owned());
    match plain(text) {
        Ok(Value::Null) => Err(ReadProblem::NotAKey),
        Ok(Value::String(text)) => Ok(text),
        Ok(other) => Some(other.to_string()).filter(|spelled| spelled == text).ok_or_else(ambiguous),
        Err(_) => Err(ambiguous()),
    }
}
