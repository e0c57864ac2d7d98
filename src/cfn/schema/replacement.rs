//! What a change of a property does to its resource: changes it in place, replaces it, or that depends.
//!
//! The data is `replacement.json`, made from the public resource schemas of all types and regions; `ORIGIN.md` says how. It
//! has no list of properties: a property of a known type that AWS added after the schemas counts as changing in place.
//! Deliberately absent: changes in place that interrupt, which the schemas do not tell.

use std::collections::BTreeMap;
use std::sync::{LazyLock, OnceLock};

use serde::{Deserialize, Serialize};

/// Whether a change of a property recreates its resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Recreates {
    /// It changes in place.
    Never,
    /// It depends, or is not known.
    Perhaps,
    /// A new resource takes the old one's place.
    Always,
}

#[derive(Debug, Default, Deserialize)]
struct Table {
    origin: String,
    types: BTreeMap<String, Line>,
}

/// Paths of properties, with `*` for any item of a list.
#[derive(Debug, Default, Deserialize)]
struct Line {
    #[serde(default)]
    always: Vec<String>,
    #[serde(default)]
    perhaps: Vec<String>,
    #[serde(default)]
    name: Vec<String>,
}

fn table() -> &'static Table {
    static TABLE: OnceLock<Table> = OnceLock::new();
    // A test holds that the file is read; were it not, every change would be one of which nothing is known.
    TABLE.get_or_init(|| serde_json::from_str(include_str!("replacement.json")).unwrap_or_default())
}

/// Package and version that the table of what replaces is from.
pub fn replacement_origin() -> &'static str {
    &table().origin
}

/// The names of all types of which it is known what replaces them, sorted.
pub fn types_with_rules() -> impl Iterator<Item = &'static str> {
    table().types.keys().map(String::as_str)
}

/// Whether CloudFormation may have a type of this name: one of AWS as far as these schemas know, or one of others, whose names
/// have the same form.
pub fn is_type(name: &str) -> bool {
    // Any name may be a module's; of these two kinds every name is one.
    let open = ["AWS::CloudFormation::CustomResource", "Custom::", "AWS::Serverless::"];
    if open.iter().any(|begin| name.starts_with(begin)) || name.ends_with("::MODULE") {
        return true;
    }
    match name.split("::").collect::<Vec<_>>().as_slice() {
        ["AWS", ..] => table().types.contains_key(name),
        parts => parts.len() == 3 && parts.iter().all(|part| !part.is_empty()),
    }
}

/// Types that the schemas identify by an ARN, although two of them cannot have the same name, and the properties that make it: a
/// service is one of its cluster (API reference of Amazon ECS, CreateService).
static NAMED_BESIDE_AN_ARN: LazyLock<BTreeMap<&str, Vec<String>>> =
    LazyLock::new(|| BTreeMap::from([("AWS::ECS::Service", ["Cluster", "ServiceName"].map(str::to_owned).to_vec())]));

/// The properties that together name a resource of a type, sorted: two resources of one place cannot have the same. Empty for a
/// type whose names AWS makes, and for one that is not known.
pub fn naming(kind: &str) -> &'static [String] {
    match NAMED_BESIDE_AN_ARN.get(kind) {
        Some(properties) => properties,
        None => table().types.get(kind).map_or(&[], |line| &line.name),
    }
}

/// Whether a change at `path` recreates a resource of type `kind`.
///
/// A path names a property or a part of one: `Cluster`, `NetworkConfiguration/AwsvpcConfiguration/Subnets`,
/// `Volumes/0/Name`; a number or `*` stands for any item of a list. If only some parts of what is at the path recreate the
/// resource, or if the type is not known (custom resources, third parties, new types), it is [`Recreates::Perhaps`]. So it is
/// for a path through a function such as `Fn::Transform`, which may make any property.
pub fn recreates(kind: &str, path: &str) -> Recreates {
    let Some(line) = table().types.get(kind) else { return Recreates::Perhaps };
    if path.split('/').any(|step| step.starts_with("Fn::")) {
        return Recreates::Perhaps;
    }
    let always = line.always.iter().map(|rule| reach(rule, path)).max().unwrap_or(Recreates::Never);
    let perhaps = line.perhaps.iter().map(|rule| reach(rule, path)).max().unwrap_or(Recreates::Never);
    always.max(perhaps.min(Recreates::Perhaps))
}

/// What a create-only rule says about a path: everything at or under the rule's path recreates, of what lies over it a part.
fn reach(rule: &str, path: &str) -> Recreates {
    let (mut rule, mut path) = (rule.split('/'), path.split('/'));
    loop {
        match (rule.next(), path.next()) {
            (None, _) => return Recreates::Always,
            (Some(_), None) => return Recreates::Perhaps,
            (Some(wanted), Some(step)) if wanted == step || (wanted == "*" && is_item(step)) => {}
            (Some(_), Some(_)) => return Recreates::Never,
        }
    }
}

fn is_item(step: &str) -> bool {
    step == "*" || (!step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()))
}
