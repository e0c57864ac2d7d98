//! Values of variables and their scopes.

use std::collections::BTreeSet;

use super::Maker;
use crate::load::codes;
use crate::load::drafts::Draft;
use crate::load::finding::Finding;
use crate::load::schema::At;
use crate::load::schema::values::{Names, ValueEntry};
use crate::load::schema::variables::{ScopeEntry, VariableEntry, VariablesFile};
use crate::model::catalog::{Scope, Value, VariableValue};
use crate::model::name::NameError;
use crate::model::process::ValueKind;

/// Reads the values of a file.
pub(crate) fn values(draft: &Draft<VariablesFile>, from_set: bool, findings: &mut Vec<Finding>) -> Vec<VariableValue> {
    let mut make = Maker { file: &draft.file, findings };
    draft.doc.variable.iter().filter_map(|entry| value(&mut make, entry, from_set)).collect()
}

fn value(make: &mut Maker<'_>, entry: &At<VariableEntry>, from_set: bool) -> Option<VariableValue> {
    variable_name(make, &entry.name);
    let span = entry.value.span();
    let value = match &*entry.value {
        ValueEntry::One(text) => Value::Text(make.text_at(text, span)?),
        ValueEntry::List(items) => {
            Value::List(items.iter().filter_map(|item| make.text_at(item, span.clone())).collect())
        }
    };
    Some(VariableValue {
        name: std::sync::Arc::from(entry.name.as_str()),
        kind: match value {
            Value::Text(_) => ValueKind::String,
            Value::List(_) => ValueKind::List,
        },
        value,
        scope: scope(make, &entry.scope),
        from_set,
        at: make.file.at(entry.name.span().start),
    })
}

fn variable_name(make: &mut Maker<'_>, name: &At<String>) {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.len() <= 128 && name.chars().all(fine) {
        return;
    }
    let help = if name.contains('.') {
        "names with a dot are landfall's own, like `release.version`"
    } else {
        "letters, digits, `_` and `-`, at most 128"
    };
    let title = format!("`{}` is not the name of a variable", **name);
    make.findings
        .push(Finding::new(codes::VARIABLE_NAME, make.file, name.span(), title).label("not a name").help(help));
}

/// Reads a scope. Whether the names exist is checked elsewhere.
pub(crate) fn scope(make: &mut Maker<'_>, entry: &ScopeEntry) -> Scope {
    Scope {
        steps: names(make, &entry.step),
        targets: names(make, &entry.target),
        roles: names(make, &entry.role),
        tenants: BTreeSet::new(),
        tenant_tags: BTreeSet::new(),
        environments: names(make, &entry.environment),
        channels: names(make, &entry.channel),
    }
}

fn names<N: std::str::FromStr<Err = NameError> + Ord>(make: &mut Maker<'_>, entry: &Option<At<Names>>) -> BTreeSet<N> {
    let Some(entry) = entry else { return BTreeSet::new() };
    entry.0.iter().filter_map(|name| make.name_at(name, entry.span())).collect()
}
