//! Values of variables, their scopes, and declarations of tenant variables.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::Maker;
use crate::load::codes;
use crate::load::drafts::Draft;
use crate::load::finding::Finding;
use crate::load::schema::At;
use crate::load::schema::values::{Names, ValueEntry};
use crate::load::schema::variables::{ScopeEntry, TenantVariableEntry, VariableEntry, VariablesFile};
use crate::model::catalog::{Scope, Value, VariableValue};
use crate::model::name::NameError;
use crate::model::process::{Text, ValueKind};
use crate::model::tenant::TenantVariable;

/// Reads the values of a file.
pub(crate) fn values(draft: &Draft<VariablesFile>, from_set: bool, findings: &mut Vec<Finding>) -> Vec<VariableValue> {
    let mut make = Maker { file: &draft.file, findings };
    draft.doc.variable.iter().filter_map(|entry| value(&mut make, entry, from_set)).collect()
}

/// Reads the tenant variables that a file declares.
pub(crate) fn tenant_variables(
    draft: &Draft<VariablesFile>,
    from_set: bool,
    findings: &mut Vec<Finding>,
) -> Vec<TenantVariable> {
    let mut make = Maker { file: &draft.file, findings };
    draft.doc.tenant_variable.iter().filter_map(|entry| tenant_variable(&mut make, entry, from_set)).collect()
}

fn tenant_variable(make: &mut Maker<'_>, entry: &At<TenantVariableEntry>, from_set: bool) -> Option<TenantVariable> {
    variable_name(make, &entry.name);
    let kind = ValueKind::from(entry.kind);
    let default = match &entry.default {
        Some(written) => Some(one(make, written)?),
        None => None,
    };
    if let Some(written) = entry.default.as_ref().filter(|written| written.kind() != kind) {
        let title =
            format!("the default of `{}` is a {}, not a {}", *entry.name, written.kind().as_str(), kind.as_str());
        let finding = Finding::new(codes::VARIABLE_TYPE, make.file, written.span(), title);
        make.findings.push(finding.label(format!("not a {}", kind.as_str())));
    }
    Some(TenantVariable {
        name: Arc::from(entry.name.as_str()),
        kind,
        required: entry.required.unwrap_or(default.is_none()),
        default,
        description: entry.description.as_deref().map(Arc::from),
        from_set,
        at: make.file.at(entry.name.span().start),
    })
}

fn value(make: &mut Maker<'_>, entry: &At<VariableEntry>, from_set: bool) -> Option<VariableValue> {
    variable_name(make, &entry.name);
    Some(VariableValue {
        name: Arc::from(entry.name.as_str()),
        kind: entry.value.kind(),
        value: one(make, &entry.value)?,
        scope: scope(make, &entry.scope),
        from_set,
        at: make.file.at(entry.name.span().start),
    })
}

pub(crate) fn one(make: &mut Maker<'_>, written: &At<ValueEntry>) -> Option<Value> {
    let span = written.span();
    let file = make.file.text.clone();
    let raw = file.get(span.clone()).and_then(|raw| DeValue::parse(raw.trim()).ok()).map(Spanned::into_inner);
    Some(match &**written {
        ValueEntry::One(text, _) => Value::Text(kept(make, text, raw.as_ref(), &span)?),
        ValueEntry::List(items) => {
            let raw = raw.as_ref().and_then(DeValue::as_array);
            let item = |(at, item): (usize, &String)| {
                kept(make, item, raw.and_then(|raw| Some(raw.get(at)?.get_ref())), &span)
            };
            Value::List(items.iter().enumerate().filter_map(item).collect())
        }
    })
}

/// A value as a text. A number with a fraction stays as it is written: `1.10` is not `1.1` if it is a version.
fn kept(make: &mut Maker<'_>, text: &str, raw: Option<&DeValue<'_>>, span: &Range<usize>) -> Option<Text> {
    let Some(DeValue::Float(number)) = raw else { return make.text_at(text, span.clone()) };
    let number = number.as_str();
    if number.contains(['e', 'E']) {
        let title = format!("`{number}` has an exponent, and AWS would get a different text");
        make.invalid_but(span.clone(), title, "put it in quotes, or write it without an exponent");
        return None;
    }
    make.text_at(number.trim_start_matches('+'), span.clone())
}

/// Reports an invalid variable name.
pub(crate) fn variable_name(make: &mut Maker<'_>, name: &At<String>) {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.len() <= 128 && name.chars().all(fine) {
        return;
    }
    let help = if name.contains('.') {
        "names with a dot, such as `release.version`, are landfall's own"
    } else {
        "use letters, digits, `_` and `-`, at most 128"
    };
    let title = format!("`{}` is not a valid variable name", **name);
    make.findings
        .push(Finding::new(codes::VARIABLE_NAME, make.file, name.span(), title).label("not a name").help(help));
}

/// Reads a scope. Whether the names exist is checked elsewhere.
pub(crate) fn scope(make: &mut Maker<'_>, entry: &ScopeEntry) -> Scope {
    Scope {
        steps: names(make, &entry.step),
        targets: names(make, &entry.target),
        roles: names(make, &entry.role),
        tenants: names(make, &entry.tenant),
        tenant_tags: match &entry.tenant_tag {
            Some(tags) => tags.0.iter().filter_map(|tag| make.tag(tag, tags.span())).collect(),
            None => BTreeSet::new(),
        },
        environments: names(make, &entry.environment),
        channels: names(make, &entry.channel),
    }
}

fn names<N: std::str::FromStr<Err = NameError> + Ord>(make: &mut Maker<'_>, entry: &Option<At<Names>>) -> BTreeSet<N> {
    let Some(entry) = entry else { return BTreeSet::new() };
    entry.0.iter().filter_map(|name| make.name_at(name, entry.span())).collect()
}
