//! What a change set says will change, before anything does.
//!
//! \[doc: DescribeChangeSet, ResourceChange\] A value that comes from a resource that is replaced is known to change
//! (`Static`); one that comes from a resource that may be replaced, or an attribute of one that is changed in place, is
//! `Dynamic` and often turns out to be no change.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::change_set::{Change, Detail};
use super::eval::{AFTER_APPLY, Lookup, Meter, Scope, placeholders};
use super::exports::Exports;
use super::provision::changed_properties;
use super::stack::{Resource, Shape, Stack};
use super::template::{ResourceDef, references};
use super::{World, masking, nested, types};
use crate::model::Place;

/// Resources as they would be, as far as that is known.
struct Foreseen<'a> {
    resources: &'a indexmap::IndexMap<String, Resource>,
    exports: Exports<'a>,
    /// Resources that are new or certainly replaced: nothing of them is known.
    unknown: RefCell<BTreeSet<String>>,
}

impl Lookup for Foreseen<'_> {
    fn reference(&self, logical: &str) -> Option<String> {
        if self.unknown.borrow().contains(logical) {
            return Some(AFTER_APPLY.to_owned());
        }
        self.resources.get(logical)?.physical_id.clone()
    }

    fn attribute(&self, logical: &str, attribute: &str) -> Option<String> {
        if self.unknown.borrow().contains(logical) {
            return Some(AFTER_APPLY.to_owned());
        }
        let resource = self.resources.get(logical)?;
        // Only the end of an update says what attributes a provider or what outputs a nested stack has.
        let opens = types::is_custom(&resource.kind) || resource.kind == nested::KIND;
        let open = || opens.then(|| AFTER_APPLY.to_owned());
        resource.attributes.get(attribute).cloned().or_else(open)
    }

    fn list(&self, logical: &str, attribute: &str) -> Option<Value> {
        let known = !self.unknown.borrow().contains(logical);
        self.resources.get(logical).filter(|_| known)?.lists.get(attribute).cloned()
    }

    fn import(&self, export: &str) -> Option<String> {
        self.exports.get(export)
    }
}

/// How sure it is that a resource changes, for those that refer to it.
#[derive(Clone, Copy, PartialEq)]
enum Fate {
    InPlace,
    MayBeReplaced,
    Replaced,
}

impl World {
    /// The rows of a change set that would give a stack a shape. The error is the reason of a failed change set.
    pub(super) fn changes(&self, place: &Place, stack: &Stack, shape: &Shape) -> Result<Vec<Change>, String> {
        let order = shape.template.order().map_err(|error| error.message)?;
        let lookup =
            Foreseen { resources: &stack.resources, exports: self.exports(place, None), unknown: RefCell::default() };
        let scope = Scope {
            template: &shape.template,
            parameters: &shape.values,
            stack: &stack.name,
            stack_id: &stack.id,
            place,
            lookup: &lookup,
            meter: Meter::default(),
        };
        let mut fates: BTreeMap<String, Fate> = BTreeMap::new();
        let mut wanted = BTreeSet::new();
        let mut rows = Vec::new();
        for name in &order {
            let Some(definition) = shape.template.resources.get(name) else { continue };
            if !scope.holds(definition.condition.as_ref())? {
                continue;
            }
            wanted.insert(name.clone());
            let whole = |resource: &&Resource| resource.physical_id.is_some() && resource.status != "CREATE_FAILED";
            let Some(old) = stack.resources.get(name).filter(whole) else {
                lookup.unknown.borrow_mut().insert(name.clone());
                let after = scope.properties(&definition.properties)?;
                rows.push(added(name, definition, &after));
                continue;
            };
            let after = scope.properties(&definition.properties)?;
            let mut details = details(shape, stack, definition, old, &after, &fates);
            details.extend(automatic(definition).filter(|_| details.is_empty()));
            let changes = !details.is_empty() || old.kind != definition.kind;
            details.extend(policies(definition, old));
            if details.is_empty() && old.kind == definition.kind {
                continue;
            }
            let row = modified(name, definition, old, details, &after);
            let fate = match row.replacement {
                Some("True") => Fate::Replaced,
                Some("Conditional") => Fate::MayBeReplaced,
                _ => Fate::InPlace,
            };
            if fate == Fate::Replaced {
                lookup.unknown.borrow_mut().insert(name.clone());
            }
            if changes {
                fates.insert(name.clone(), fate);
            }
            rows.push(row);
        }
        rows.extend(stack.resources.values().filter(|old| !wanted.contains(&old.logical)).map(removed));
        rows.sort_by(|left, right| left.logical.cmp(&right.logical));
        rows.iter_mut().for_each(|row| masking::hide(row, stack, shape));
        Ok(rows)
    }
}

fn text(properties: &Map<String, Value>) -> Option<String> {
    serde_json::to_string(&serde_json::json!({ "Properties": properties })).ok()
}

fn added(name: &str, definition: &ResourceDef, after: &Map<String, Value>) -> Change {
    Change {
        action: "Add",
        logical: name.to_owned(),
        physical_id: None,
        kind: definition.kind.clone(),
        replacement: None,
        scope: Vec::new(),
        policy: None,
        details: Vec::new(),
        before: None,
        after: text(after),
        drift: None,
        change_set: None,
    }
}

pub(super) fn removed(old: &Resource) -> Change {
    Change {
        action: "Remove",
        logical: old.logical.clone(),
        physical_id: old.physical_id.clone(),
        kind: old.kind.clone(),
        replacement: None,
        scope: Vec::new(),
        policy: Some(match old.deletion_policy.as_str() {
            policy if policy.starts_with("Retain") => "Retain",
            "Snapshot" => "Snapshot",
            _ => "Delete",
        }),
        details: Vec::new(),
        before: text(&old.properties),
        after: None,
        drift: None,
        change_set: None,
    }
}

fn modified(
    name: &str,
    definition: &ResourceDef,
    old: &Resource,
    details: Vec<Detail>,
    after: &Map<String, Value>,
) -> Change {
    let certain = old.kind != definition.kind
        || details.iter().any(|detail| detail.recreates == "Always" && detail.evaluation == "Static");
    let possible = details.iter().any(|detail| detail.recreates != "Never");
    let replacement = match (certain, possible) {
        (true, _) => "True",
        (false, true) => "Conditional",
        (false, false) => "False",
    };
    let mut scope: Vec<&'static str> = details.iter().map(|detail| detail.attribute).collect();
    scope.dedup();
    Change {
        action: "Modify",
        logical: name.to_owned(),
        physical_id: old.physical_id.clone(),
        kind: definition.kind.clone(),
        replacement: Some(replacement),
        scope,
        policy: certain.then_some(match old.replace_policy.as_str() {
            policy if policy.starts_with("Retain") => "ReplaceAndRetain",
            "Snapshot" => "ReplaceAndSnapshot",
            _ => "ReplaceAndDelete",
        }),
        details,
        before: text(&old.properties),
        after: text(after),
        drift: None,
        change_set: None,
    }
}

fn details(
    shape: &Shape,
    stack: &Stack,
    definition: &ResourceDef,
    old: &Resource,
    after: &Map<String, Value>,
    fates: &BTreeMap<String, Fate>,
) -> Vec<Detail> {
    let Some(info) = types::find(&definition.kind) else { return Vec::new() };
    let changed = changed_properties(&old.properties, after);
    let mut found = Vec::new();
    let own: BTreeSet<&String> = old.properties.keys().chain(after.keys()).collect();
    let all: Vec<&String> =
        if types::is_custom(&info.name) { own.into_iter().collect() } else { info.properties.iter().collect() };
    for property in all {
        let written = definition.properties.get(property);
        let differs = changed.contains(property);
        let mut names = BTreeSet::new();
        if let Some(written) = written {
            references(written, &mut names);
        }
        let dynamic = names.iter().find(|name| match fates.get(*name) {
            Some(Fate::Replaced | Fate::MayBeReplaced) => true,
            // An attribute of a resource that changes in place may change with it; what `Ref` gives does not.
            Some(Fate::InPlace) => written.is_some_and(|written| attribute_used(written, name).is_some()),
            None => false,
        });
        if !differs && dynamic.is_none() {
            continue;
        }
        let value = |map: &Map<String, Value>| map.get(property).map(plain);
        let (source, cause) = source(shape, stack, definition, old, property, &names, dynamic);
        found.push(Detail {
            attribute: if property == "Tags" { "Tags" } else { "Properties" },
            name: (property != "Tags").then(|| property.clone()),
            recreates: recreates(info, property, old, after, differs),
            evaluation: if differs { "Static" } else { "Dynamic" },
            source,
            cause,
            before: value(&old.properties),
            after: value(after),
            deployed: None,
        });
    }
    found
}

/// The policies that differ: announced without a property (DescribeChangeSet, `ResourceChange.Scope`), and nothing happens to
/// the resource itself. \[doc\]
fn policies(definition: &ResourceDef, old: &Resource) -> impl Iterator<Item = Detail> {
    let all = [
        ("DeletionPolicy", &old.deletion_policy, &definition.deletion_policy),
        ("UpdateReplacePolicy", &old.replace_policy, &definition.replace_policy),
    ];
    all.into_iter().filter(|(_, old, new)| old != new).map(|(attribute, old, new)| Detail {
        attribute,
        name: None,
        recreates: "Never",
        evaluation: "Static",
        source: "DirectModification",
        cause: None,
        before: Some(old.clone()),
        after: Some(new.clone()),
        deployed: None,
    })
}

/// A nested stack may have another template under the same URL. \[doc: `ResourceChangeDetail`, `ChangeSource`\]
fn automatic(definition: &ResourceDef) -> Option<Detail> {
    (definition.kind == nested::KIND).then_some(Detail {
        attribute: "Properties",
        name: None,
        recreates: "Never",
        evaluation: "Dynamic",
        source: "Automatic",
        cause: None,
        before: None,
        after: None,
        deployed: None,
    })
}

/// What a change of a property does. Of one that only may change, every part counts.
fn recreates(
    info: &types::TypeInfo,
    property: &str,
    old: &Resource,
    after: &Map<String, Value>,
    differs: bool,
) -> &'static str {
    let removed = Value::Null;
    let after = differs.then(|| after.get(property).unwrap_or(&removed));
    types::recreates(info, property, old.properties.get(property), after)
}

fn source(
    shape: &Shape,
    stack: &Stack,
    definition: &ResourceDef,
    old: &Resource,
    property: &str,
    names: &BTreeSet<String>,
    dynamic: Option<&String>,
) -> (&'static str, Option<String>) {
    if let Some(name) = dynamic {
        return match definition.properties.get(property).and_then(|written| attribute_used(written, name)) {
            Some(attribute) => ("ResourceAttribute", Some(format!("{name}.{attribute}"))),
            None => ("ResourceReference", Some(name.clone())),
        };
    }
    let before = stack.shape.template.resources.get(&old.logical).and_then(|before| before.properties.get(property));
    if before == definition.properties.get(property) {
        let parameter = names.iter().find(|name| {
            shape.parameters.contains_key(*name) && shape.parameters.get(*name) != stack.shape.parameters.get(*name)
        });
        if let Some(parameter) = parameter {
            return ("ParameterReference", Some(parameter.clone()));
        }
    }
    ("DirectModification", None)
}

pub(in crate::sim) fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The attribute of a resource that a value uses, by `Fn::GetAtt` or `${name.attribute}`.
fn attribute_used(value: &Value, name: &str) -> Option<String> {
    match value {
        Value::Array(items) => items.iter().find_map(|item| attribute_used(item, name)),
        Value::Object(map) => map.iter().find_map(|(key, inner)| match (key.as_str(), inner) {
            ("Fn::GetAtt", Value::Array(parts)) => {
                let own = parts.first().and_then(Value::as_str) == Some(name);
                own.then(|| parts.get(1).and_then(Value::as_str).unwrap_or_default().to_owned())
            }
            ("Fn::GetAtt", Value::String(text)) => text.strip_prefix(name)?.strip_prefix('.').map(str::to_owned),
            ("Fn::Sub", inner) => {
                let text = inner.as_str().or_else(|| inner.get(0).and_then(Value::as_str)).unwrap_or_default();
                let own = |placeholder: &str| Some(placeholder.strip_prefix(name)?.strip_prefix('.')?.to_owned());
                placeholders(text).find_map(own)
            }
            _ => attribute_used(inner, name),
        }),
        _ => None,
    }
}
