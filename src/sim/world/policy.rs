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
        let sides = [["Action", "NotAction"], ["Resource", "NotResource"]];
        if sides.iter().any(|side| side.iter().all(|key| statement.get(*key).is_none())) {
            return Err(wrong("a statement needs an Action and a Resource"));
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
    match patterns {
        Value::String(pattern) => like(pattern, is),
        Value::Array(all) => all.iter().filter_map(Value::as_str).any(|pattern| like(pattern, is)),
        _ => false,
    }
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
