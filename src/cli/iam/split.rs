//! Policies that fit: AWS limits a managed policy to 6,144 characters, white space not counted
//! [https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html].
//!
//! Statements stay in their order. One that is too long alone is split by its resources, then by its actions: what two
//! statements allow together is what the one allowed.

use serde_json::Value;

use super::document;

/// The longest managed policy, in characters without white space.
pub const LONGEST: usize = 6_144;

/// The policies that together allow what a document allows, each short enough.
pub fn split(policy: &Value) -> Vec<Value> {
    let statements = policy["Statement"].as_array().cloned().unwrap_or_default();
    let room = LONGEST - length(&document(Vec::new()));
    let mut policies = Vec::new();
    let mut now: Vec<Value> = Vec::new();
    let mut used = 0;
    for statement in statements.into_iter().flat_map(|statement| halves(statement, room)) {
        // A comma stands between two.
        let long = length(&statement) + 1;
        if used + long > room && !now.is_empty() {
            policies.push(document(std::mem::take(&mut now)));
            used = 0;
        }
        used += long;
        now.push(statement);
    }
    if !now.is_empty() || policies.is_empty() {
        policies.push(document(now));
    }
    policies
}

/// A statement in as many parts as it takes for each to fit.
fn halves(statement: Value, room: usize) -> Vec<Value> {
    if length(&statement) < room {
        return vec![statement];
    }
    let list =
        ["Resource", "Action"].into_iter().find(|key| statement[key].as_array().is_some_and(|all| all.len() > 1));
    let Some((key, all)) = list.and_then(|key| Some((key, statement[key].as_array()?.clone()))) else {
        return vec![statement];
    };
    let (first, second) = all.split_at(all.len() / 2);
    let with = |part: &[Value]| {
        let mut half = statement.clone();
        half[key] = Value::Array(part.to_vec());
        halves(half, room)
    };
    [with(first), with(second)].concat()
}

/// How AWS counts it.
pub fn length(policy: &Value) -> usize {
    policy.to_string().chars().filter(|character| !character.is_whitespace()).count()
}
