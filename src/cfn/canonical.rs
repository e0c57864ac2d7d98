//! One spelling for every document that means the same.

use serde_json::{Map, Value};

/// Writes a value as canonical JSON: keys sorted by their bytes, no white space.
///
/// The order of keys has no meaning in CloudFormation; the order of arrays may have, so it is kept. So is a number with a
/// zero fraction: if text is needed, CloudFormation makes `8.0` of one and `8` of the other.
pub fn canonical(value: &Value) -> String {
    sorted(value).to_string()
}

/// The value with the keys of every map sorted.
pub(super) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by(|a, b| a.0.cmp(b.0));
            Value::Object(entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}
