//! The names that a template fixes, of resources that cannot have the same name twice.

use std::sync::Arc;

use serde_json::Value;

use crate::cfn::{Given, Resource, naming};

/// A resource whose name the template fixes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Its logical id.
    pub id: Arc<str>,
    /// Its type.
    pub kind: Arc<str>,
    /// Its name; of a type that several properties name, all of them with `/` between.
    pub name: String,
}

/// The resources of a template whose names are fixed and known. A resource whose name AWS makes up is not among them, and
/// neither is one whose name depends on what only AWS knows.
pub fn named(given: Given<'_>) -> Vec<Named> {
    let there = given.document.resources().filter(|resource| given.has(*resource) != Some(false));
    there
        .filter_map(|resource| {
            Some(Named { name: name(given, resource)?, id: resource.id.into(), kind: resource.kind().into() })
        })
        .collect()
}

fn name(given: Given<'_>, resource: Resource<'_>) -> Option<String> {
    let paths = naming(resource.kind());
    let part = |path: &String| {
        let mut steps = path.split('/');
        let first = resource.property(steps.next()?)?;
        given.text(steps.try_fold(first, |value: &Value, step| value.get(step))?)
    };
    let parts: Option<Vec<String>> = paths.iter().map(part).collect();
    parts.filter(|parts| !parts.is_empty()).map(|parts| parts.join("/"))
}
