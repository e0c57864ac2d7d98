//! One spelling for every document that means the same.

use serde_json::{Map, Number, Value};

/// Writes a value as canonical JSON: keys sorted by their bytes, no white space, whole numbers without a fraction.
///
/// The order of keys has no meaning in CloudFormation; the order of arrays may have, so it is kept.
pub fn canonical(value: &Value) -> String {
    sorted(value).to_string()
}

/// The value with the keys of every map sorted and its numbers in one spelling.
pub(super) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            Value::Object(entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        Value::Number(number) => Value::Number(whole(number)),
        other => other.clone(),
    }
}

/// `1.0` as `1`; other fractions and numbers beyond the exact range of a double stay.
fn whole(number: &Number) -> Number {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match number.as_f64() {
        Some(float) if number.is_f64() && float.fract() == 0.0 && float.abs() < EXACT => Number::from(float as i64),
        _ => number.clone(),
    }
}
