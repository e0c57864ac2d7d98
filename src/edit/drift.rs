//! Edits that keep what somebody changed outside of landfall: a value, a variable for it, a patch, a property of a template.

use std::ops::Range;

use toml_edit::{Array, ArrayOfTables, DocumentMut, InlineTable, Item, Table, Value, value};

use super::{EditError, layout};
use crate::model::{EnvironmentName, StepName, TargetName, TenantName};

/// Where a value of a variable applies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueScope {
    /// The environment.
    pub environment: EnvironmentName,
    /// The tenant, for a slot that has one.
    pub tenant: Option<TenantName>,
    /// The target, where the step has stacks in several.
    pub target: Option<TargetName>,
}

impl ValueScope {
    fn inline(&self) -> InlineTable {
        let mut scope = InlineTable::new();
        scope.insert("environment", self.environment.as_str().into());
        if let Some(tenant) = &self.tenant {
            scope.insert("tenant", tenant.as_str().into());
        }
        if let Some(target) = &self.target {
            scope.insert("target", target.as_str().into());
        }
        scope
    }

    /// Whether the scope of a variable's value is this one: each kind by one name, written as a text or as a list of one.
    fn is(&self, scope: &Item) -> bool {
        let own = self.inline();
        let Some(scope) = scope.as_table_like() else { return false };
        let same = |(kind, name): (&str, &Value)| {
            let is = |item: &Value| item.as_str() == name.as_str();
            let there = scope.get(kind).and_then(Item::as_value);
            there.is_some_and(|there| {
                is(there) || there.as_array().is_some_and(|all| all.len() == 1 && all.iter().all(is))
            })
        };
        scope.len() == own.len() && own.iter().all(same)
    }
}

/// What a patch does to a property.
#[derive(Clone, Debug, PartialEq)]
pub enum PatchEdit {
    /// Sets it.
    Set(serde_json::Value),
    /// Takes it away.
    Remove,
}

/// A value as it is written in TOML; none for null, which TOML does not have.
pub fn literal(value: &serde_json::Value) -> Option<Value> {
    use serde_json::Value as Json;
    Some(match value {
        Json::Null => return None,
        Json::Bool(value) => (*value).into(),
        Json::Number(number) => match number.as_i64() {
            Some(number) => number.into(),
            None => number.as_f64()?.into(),
        },
        Json::String(text) => text.as_str().into(),
        Json::Array(items) => Value::Array(items.iter().map(literal).collect::<Option<Array>>()?),
        Json::Object(pairs) => {
            let pairs = pairs.iter().map(|(key, inside)| Some((key.as_str(), literal(inside)?)));
            Value::InlineTable(pairs.collect::<Option<InlineTable>>()?)
        }
    })
}

/// Gives a variable a value in a scope, or everywhere without one: in place of the one that it has there, or behind the others.
///
/// # Errors
/// The file is not TOML, or writes its variables otherwise than as `[[variable]]`.
pub fn variable(
    text: &str,
    name: &str,
    new: &serde_json::Value,
    scope: Option<&ValueScope>,
) -> Result<String, EditError> {
    let unexpected = |key, what| EditError::Unexpected(key, what);
    let new = literal(new).ok_or_else(|| unexpected("value", "a value"))?;
    let mut document: DocumentMut = layout::plain(text).parse()?;
    let item = document.entry("variable").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let all = item.as_array_of_tables_mut().ok_or_else(|| unexpected("variable", "a list written as [[variable]]"))?;
    let same = |table: &Table| {
        let own = table.get("scope").filter(|scope| scope.as_table_like().is_none_or(|scope| !scope.is_empty()));
        table.get("name").and_then(Item::as_str) == Some(name)
            && match (own, scope) {
                (Some(own), Some(scope)) => scope.is(own),
                (own, scope) => own.is_none() && scope.is_none(),
            }
    };
    let position = all.iter().position(same);
    match position.and_then(|position| all.get_mut(position)) {
        Some(table) => replace(table.entry("value").or_insert_with(Item::default), new),
        None => {
            let mut table = Table::new();
            table.insert("name", value(name));
            table.insert("value", Item::Value(new));
            if let Some(scope) = scope {
                table.insert("scope", value(scope.inline()));
            }
            if !text.trim().is_empty() {
                table.decor_mut().set_prefix("\n");
            }
            all.push(table);
        }
    }
    Ok(layout::like(text, &document.to_string()))
}

/// Patches a property of a resource of a step: in place of what a patch says of it already, or in a patch of its own.
///
/// # Errors
/// The file is not TOML, or has no such step.
pub fn patch(text: &str, step: &StepName, resource: &str, path: &str, edit: &PatchEdit) -> Result<String, EditError> {
    let mut document: DocumentMut = layout::plain(text).parse()?;
    let steps = document.get_mut("step").and_then(Item::as_array_of_tables_mut);
    let named = |table: &&mut Table| table.get("name").and_then(Item::as_str) == Some(step.as_str());
    let table = steps.and_then(|steps| steps.iter_mut().find(named));
    let table = table.ok_or_else(|| EditError::NoStep(step.clone()))?;
    let item = table.entry("patch").or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()));
    let unexpected = EditError::Unexpected("patch", "a list of tables written as [[step.patch]]");
    let patches = item.as_array_of_tables_mut().ok_or(unexpected)?;
    let of_it = |patch: &&mut Table| patch.get("resource").and_then(Item::as_str) == Some(resource);
    if let PatchEdit::Set(new) = edit {
        let new = literal(new).ok_or(EditError::Unexpected("set", "a value"))?;
        let sets = patches.iter_mut().filter(of_it).filter_map(|patch| patch.get_mut("set")?.as_table_like_mut());
        if let Some(there) = sets.filter_map(|set| set.get_mut(path)).next() {
            replace(there, new);
        } else {
            let set: InlineTable = [(path, new)].into_iter().collect();
            patches.push(new_patch(resource, "set", value(set)));
        }
    } else {
        let list: Array = [path].into_iter().collect();
        patches.push(new_patch(resource, "remove", value(list)));
    }
    Ok(layout::like(text, &document.to_string()))
}

fn new_patch(resource: &str, key: &str, item: Item) -> Table {
    let mut table = Table::new();
    table.insert("resource", value(resource));
    table.insert(key, item);
    table.decor_mut().set_prefix("\n");
    table
}

/// Puts a value in the place of another one, with the comments that stand there.
fn replace(item: &mut Item, new: Value) {
    match item {
        Item::Value(old) => {
            let decor = old.decor().clone();
            *old = new;
            *old.decor_mut() = decor;
        }
        item => *item = Item::Value(new),
    }
}

/// A text with something in the place of these bytes; none if they are not all of some characters.
pub fn spliced(text: &str, bytes: Range<usize>, new: &str) -> Option<String> {
    Some(format!("{}{new}{}", text.get(..bytes.start)?, text.get(bytes.end..)?))
}

/// A template with one more property before the one whose key has these bytes: on a line of its own if that one has a line of its
/// own, as JSON if `json` says that the template is.
pub fn property(text: &str, next: Range<usize>, name: &str, new: &serde_json::Value, json: bool) -> Option<String> {
    let line = text.get(..next.start)?.rfind('\n').map_or(0, |at| at + 1);
    let indent = text.get(line..next.start)?;
    let own_line = indent.chars().all(|c| c == ' ' || c == '\t');
    let end = if text.get(next.start..)?.split_inclusive('\n').next()?.ends_with("\r\n") { "\r\n" } else { "\n" };
    let quoted = serde_json::Value::from(name);
    let new = match (json, own_line) {
        (true, true) => format!("{quoted}: {new},{end}{indent}"),
        (true, false) => format!("{quoted}: {new}, "),
        (false, true) => format!("{name}: {new}{end}{indent}"),
        (false, false) => format!("{name}: {new}, "),
    };
    spliced(text, next.start..next.start, &new)
}
