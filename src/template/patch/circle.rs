//! Resources that wait for each other in a circle, of which CloudFormation would make none.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::cfn::{Document, Reference, Resource, references};

/// The resources of a circle in order, with the first one repeated at the end; none if there is no circle.
///
/// Costs a look at every reference of the template, and at every pair of resources that wait at most.
pub(super) fn circle(document: &Document) -> Option<Vec<&str>> {
    let ids: BTreeSet<&str> = document.resources().map(|resource| resource.id).collect();
    let waits: BTreeMap<&str, Vec<&str>> =
        document.resources().map(|resource| (resource.id, needs(&resource, &ids))).collect();
    let mut done = BTreeSet::new();
    ids.iter().find_map(|id| follow(id, &waits, &mut Vec::new(), &mut done))
}

/// The resources that have to be there before one.
fn needs<'a>(resource: &Resource<'a>, ids: &BTreeSet<&'a str>) -> Vec<&'a str> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    for part in ["Properties", "Metadata", "CreationPolicy", "UpdatePolicy"] {
        for reference in resource.body.get(part).map(references).unwrap_or_default() {
            if let Reference::Name(name) | Reference::Attribute(name, _) = reference {
                names.insert(name);
            }
        }
    }
    match resource.body.get("DependsOn") {
        Some(Value::String(name)) => drop(names.insert(name.clone())),
        Some(Value::Array(all)) => names.extend(all.iter().filter_map(Value::as_str).map(str::to_owned)),
        _ => {}
    }
    ids.iter().copied().filter(|id| names.contains(*id)).collect()
}

fn follow<'a>(
    id: &'a str,
    waits: &BTreeMap<&'a str, Vec<&'a str>>,
    way: &mut Vec<&'a str>,
    done: &mut BTreeSet<&'a str>,
) -> Option<Vec<&'a str>> {
    if let Some(begin) = way.iter().position(|known| *known == id) {
        return Some(way.iter().skip(begin).copied().chain([id]).collect());
    }
    if !done.insert(id) {
        return None;
    }
    way.push(id);
    let found = waits.get(id)?.iter().find_map(|next| follow(next, waits, way, done));
    way.pop();
    found
}
