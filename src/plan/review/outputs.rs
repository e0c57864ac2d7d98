//! The outputs that a stack has after an operation of a rehearsal.
//!
//! AWS alone knows most of them. What counts is whether an output is another one than before, because then the stacks that use
//! it change.

use std::collections::BTreeMap;

use crate::cfn::{Document, Reference, references};
use crate::compare::{Action as ResourceAction, ResourceChange};
use crate::model::journal::Content;
use crate::model::{StackName, StackSeen};

/// The outputs of a stack after an operation: a literal as it is, anything else in words that change only if what it is made
/// of does.
pub(super) fn outputs(
    content: &Content,
    changes: &[ResourceChange],
    old: Option<&StackSeen>,
    parameters: &BTreeMap<String, String>,
    stack: &StackName,
) -> BTreeMap<String, String> {
    let Ok(document) = Document::parse(&content.template) else { return BTreeMap::new() };
    let replaced = |id: &str| {
        let made_anew = |change: &&ResourceChange| {
            &*change.id == id
                && matches!(change.action, ResourceAction::Create | ResourceAction::Replace | ResourceAction::Revision)
        };
        changes.iter().any(|change| made_anew(&change))
    };
    let moved = |reference: &Reference| match reference {
        Reference::Name(name) | Reference::Attribute(name, _) => {
            replaced(name) || old.is_some_and(|old| old.parameters.get(name) != parameters.get(name))
        }
        Reference::Mapping(_) | Reference::Condition(_) | Reference::Unknown => false,
    };
    let declared = document.section("Outputs").and_then(|all| all.as_object());
    let value = |(name, output): (&String, &serde_json::Value)| {
        let value = output.get("Value")?;
        if let Some(text) = value.as_str() {
            return Some((name.clone(), text.to_owned()));
        }
        // A reader may see it. It has to differ from every value before.
        let unknown = format!("{name} of {stack}");
        let value = match old.and_then(|old| old.outputs.get(name)) {
            Some(known) if !references(value).iter().any(moved) => known.clone(),
            Some(known) if known.ends_with(&unknown) => format!("new {known}"),
            Some(_) => format!("new {unknown}"),
            None => unknown,
        };
        Some((name.clone(), value))
    };
    declared.into_iter().flatten().filter_map(value).collect()
}
