//! Stack policies: which updates of which resources are allowed. \[doc: "Prevent updates to stack resources"\]
//!
//! Without a policy everything is allowed. With one, only what a statement allows and none denies.

use serde_json::Value;

use super::World;
use super::stack::Stack;
use crate::model::Place;
use crate::sim::error::{Answer, ApiError};
use crate::sim::ledger::Effect;

/// The longest policy, in bytes. \[api: `StackPolicyBody`\]
const LONGEST: usize = 16_384;

impl World {
    /// SetStackPolicy.
    pub fn set_stack_policy(&mut self, place: &Place, name: &str, body: &str) -> Answer<()> {
        let policy = read(body)?;
        let found = self.find_stack(place, name).filter(|stack| stack.lives()).map(|stack| stack.id.clone());
        let id = found.ok_or_else(|| super::calls::no_stack(name))?;
        if let Some(stack) = self.region(place).stacks.get_mut(&id) {
            stack.policy = Some(policy);
        }
        self.record(place, "SetStackPolicy", name.to_owned(), None, Effect::Effective);
        Ok(())
    }
}

/// What a statement can be about. \[doc\]
const ACTIONS: [&str; 5] = ["Update:Modify", "Update:Replace", "Update:Delete", "Update:*", "*"];

/// A text, or a list of texts.
fn texts(value: &Value) -> Option<Vec<&str>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Array(items) => items.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

/// Reads a policy.
pub fn read(body: &str) -> Answer<Value> {
    let wrong = |words: &str| ApiError::validation(format!("Error validating stack policy: {words}"));
    if body.len() > LONGEST {
        return Err(wrong("it is longer than 16384 bytes"));
    }
    let policy: Value = serde_json::from_str(body).map_err(|_| wrong("Invalid stack policy"))?;
    let statements = policy.get("Statement").and_then(Value::as_array).ok_or_else(|| wrong("Invalid stack policy"))?;
    for statement in statements {
        let effect = statement.get("Effect").and_then(Value::as_str);
        if !matches!(effect, Some("Allow" | "Deny")) {
            return Err(wrong("Effect must be Allow or Deny"));
        }
        if statement.get("Principal").is_none_or(|principal| principal != "*") {
            return Err(wrong("stack policies support only a wildcard Principal"));
        }
        for side in [["Action", "NotAction"], ["Resource", "NotResource"]] {
            let given: Vec<&Value> = side.iter().filter_map(|key| statement.get(*key)).collect();
            if !matches!(given.as_slice(), [one] if texts(one).is_some()) {
                return Err(wrong(&format!("a statement needs either {} or {}, as texts", side[0], side[1])));
            }
        }
        let actions = ["Action", "NotAction"].iter().filter_map(|key| texts(statement.get(*key)?)).flatten();
        if let Some(other) = actions.into_iter().find(|action| !ACTIONS.contains(action)) {
            return Err(wrong(&format!("{other} is not an action of stack policies")));
        }
        let conditions = statement.get("Condition").map(|condition| {
            let tests = ["StringEquals", "StringLike"].iter().filter_map(|test| condition.get(*test));
            tests.filter_map(|test| texts(test.get("ResourceType")?)).count()
        });
        if conditions == Some(0) {
            return Err(wrong("a Condition compares the ResourceType by StringEquals or StringLike"));
        }
    }
    Ok(policy)
}

impl Stack {
    /// Why an update may not do this to a resource: `Modify`, `Replace` or `Delete`.
    pub(super) fn forbids(&self, verb: &str, logical: &str, kind: &str) -> Option<String> {
        let policy = self.policy_of_update.as_ref().or(self.policy.as_ref())?;
        let statements = policy.get("Statement").and_then(Value::as_array)?;
        let (action, resource) = (format!("Update:{verb}"), format!("LogicalResourceId/{logical}"));
        let fits = |statement: &&Value| {
            side(statement, "Action", "NotAction", &action)
                && side(statement, "Resource", "NotResource", &resource)
                && is_of(statement, kind)
        };
        let effect = |statement: &Value, wanted: &str| statement.get("Effect").is_some_and(|effect| effect == wanted);
        let denied = statements.iter().position(|statement| fits(&statement) && effect(statement, "Deny"));
        if let Some(at) = denied {
            let number = at + 1;
            return Some(format!(
                "Action denied by stack policy: Statement [#{number}] does not allow [{action}] for resource [{resource}];"
            ));
        }
        let allowed = statements.iter().any(|statement| fits(&statement) && effect(statement, "Allow"));
        (!allowed).then(|| {
            format!("Action not allowed by stack policy: no statement allows [{action}] for resource [{resource}];")
        })
    }
}

fn side(statement: &Value, key: &str, not: &str, is: &str) -> bool {
    match (statement.get(key), statement.get(not)) {
        (Some(patterns), _) => any(patterns, is),
        (None, Some(patterns)) => !any(patterns, is),
        (None, None) => false,
    }
}

/// Whether the condition of a statement is about this type, or it has none.
fn is_of(statement: &Value, kind: &str) -> bool {
    let Some(condition) = statement.get("Condition") else { return true };
    ["StringEquals", "StringLike"].iter().any(|test| {
        condition.get(*test).and_then(|test| test.get("ResourceType")).is_some_and(|patterns| any(patterns, kind))
    })
}

fn any(patterns: &Value, is: &str) -> bool {
    texts(patterns).into_iter().flatten().any(|pattern| like(pattern, is))
}

/// Whether a text fits a pattern in which `*` stands for any letters.
fn like(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}
