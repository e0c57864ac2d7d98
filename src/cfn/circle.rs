//! Resources that wait for each other in a circle, of which CloudFormation would make none.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::document::{Document, Resource};
use super::reach::{Reference, references};

/// The resources of a circle in order, with the first one repeated at the end; none if there is no circle.
///
/// Costs a look at every reference of the template.
pub fn resource_circle(document: &Document) -> Option<Vec<&str>> {
    let ids: BTreeSet<&str> = document.resources().map(|resource| resource.id).collect();
    let waits: BTreeMap<&str, Vec<&str>> =
        document.resources().map(|resource| (resource.id, needs(&resource, &ids))).collect();
    let mut done = BTreeSet::new();
    for start in &ids {
        // The way walked, each with the number of what it waits for that comes next: no recursion, so no depth to bound.
        let (mut way, mut on_the_way) = (vec![(*start, 0)], BTreeSet::from([*start]));
        while let Some((at, next)) = way.pop().filter(|(at, _)| !done.contains(at)) {
            let Some(to) = waits.get(at).and_then(|all| all.get(next)).copied() else {
                on_the_way.remove(at);
                done.insert(at);
                continue;
            };
            way.push((at, next + 1));
            if on_the_way.contains(to) {
                let circle = way.iter().map(|(on, _)| *on).skip_while(|on| *on != to);
                return Some(circle.chain([to]).collect());
            }
            if !done.contains(to) {
                on_the_way.insert(to);
                way.push((to, 0));
            }
        }
    }
    None
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
    names.iter().filter_map(|name| ids.get(name.as_str()).copied()).collect()
}
