//! Process files: turns a step into one with a template.

use toml_edit::{Decor, DocumentMut, Item, RawString, Table, Value, value};

use super::{EditError, layout};
use crate::model::StepName;

/// A process file whose step was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Converted {
    /// The file.
    pub text: String,
    /// The comments that stood at keys which are gone, without their `#`.
    pub comments: Vec<String>,
}

/// What a step with a template has instead of its former keys.
#[derive(Clone, Copy, Debug)]
pub struct NewStep<'a> {
    /// The template, a path below `templates/`.
    pub template: &'a str,
    /// The keys that stay.
    pub keeps: &'a [&'a str],
    /// The task definition that is run, and the keys that say how, which move into `run`.
    pub runs: Option<(&'a str, &'a [&'a str])>,
}

/// Makes a step one of kind `cloudformation`. The keys that stay or move keep their comments; everything outside of the step
/// stays as it is.
///
/// # Errors
/// The file is not TOML, has no such step, or does not write its steps as `[[step]]`.
pub fn convert(text: &str, step: &StepName, new: &NewStep<'_>) -> Result<Converted, EditError> {
    let mut document: DocumentMut = layout::plain(text).parse()?;
    let Some(item) = document.get_mut("step") else { return Err(EditError::NoStep(step.clone())) };
    let unexpected = EditError::Unexpected("step", "a list of tables written as [[step]]");
    let steps = item.as_array_of_tables_mut().ok_or(unexpected)?;
    let named = |table: &&mut Table| table.get("name").and_then(Item::as_str) == Some(step.as_str());
    let table = steps.iter_mut().find(named).ok_or_else(|| EditError::NoStep(step.clone()))?;
    let mut comments = Vec::new();
    let mut run = new.runs.map(|(definition, keys)| (of_run(definition), keys));
    let names: Vec<String> = table.iter().map(|(key, _)| key.to_owned()).collect();
    // In their order, with the template behind the kind: what is put in comes last.
    for name in names {
        let Some((key, mut item)) = table.remove_entry(&name) else { continue };
        if name == "kind" {
            if let Some(old) = item.as_value_mut() {
                let decor = old.decor().clone();
                *old = Value::from("cloudformation");
                *old.decor_mut() = decor;
            }
            table.insert_formatted(&key, item);
            table.insert("template", value(new.template));
        } else if new.keeps.contains(&name.as_str()) {
            table.insert_formatted(&key, item);
        } else if let Some((run, _)) = run.as_mut().filter(|(_, keys)| keys.contains(&name.as_str())) {
            run.insert_formatted(&key, item);
        } else {
            of_decor(key.leaf_decor(), &mut comments);
            of_item(&item, &mut comments);
        }
    }
    if let Some((run, _)) = run {
        table.insert("run", Item::Table(run));
    }
    Ok(Converted { text: layout::like(text, &document.to_string()), comments })
}

/// `[step.run]`, to be filled.
fn of_run(definition: &str) -> Table {
    let mut run = Table::new();
    run.decor_mut().set_prefix("\n");
    run.insert("task_definition", value(definition));
    run
}

fn of_raw(raw: Option<&RawString>, found: &mut Vec<String>) {
    let lines = raw.and_then(RawString::as_str).unwrap_or_default().lines();
    found.extend(lines.filter_map(|line| Some(line.trim_start().strip_prefix('#')?.trim().to_owned())));
}

fn of_decor(decor: &Decor, found: &mut Vec<String>) {
    of_raw(decor.prefix(), found);
    of_raw(decor.suffix(), found);
}

fn of_table(table: &Table, found: &mut Vec<String>) {
    of_decor(table.decor(), found);
    for (name, item) in table.iter() {
        if let Some(key) = table.key(name) {
            of_decor(key.leaf_decor(), found);
        }
        of_item(item, found);
    }
}

fn of_item(item: &Item, found: &mut Vec<String>) {
    match item {
        Item::None => {}
        Item::Value(value) => of_value(value, found),
        Item::Table(table) => of_table(table, found),
        Item::ArrayOfTables(tables) => tables.iter().for_each(|table| of_table(table, found)),
    }
}

fn of_value(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => {
            items.iter().for_each(|item| of_value(item, found));
            of_raw(Some(items.trailing()), found);
        }
        Value::InlineTable(table) => {
            for (name, value) in table.iter() {
                if let Some(key) = table.key(name) {
                    of_decor(key.leaf_decor(), found);
                }
                of_value(value, found);
            }
            of_raw(Some(table.trailing()), found);
        }
        _ => {}
    }
    of_decor(value.decor(), found);
}
