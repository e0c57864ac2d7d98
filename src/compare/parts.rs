//! The parts of one resource that differ between two documents, and those that refer to other resources.
//!
//! Values are compared as they become, as far as that is known: `Fn::If` by the branch that its condition picks, functions of
//! known values by their text. What stays a function is compared as it is written, and by the declarations that it leads to.

use serde_json::{Map, Value};

use crate::cfn::{Given, Recreates, Reference, Resource, canonical, recreates, references};

use super::declared::Declared;
use super::resources::{Cause, Why};
use super::secret::{Named, Shown};

/// Parts of a resource that are not properties, and that CloudFormation announces (DescribeChangeSet, `ResourceChange.Scope`).
const SETTINGS: [&str; 5] = ["CreationPolicy", "DeletionPolicy", "Metadata", "UpdatePolicy", "UpdateReplacePolicy"];
/// Those that it does not announce.
const SILENT: [&str; 2] = ["Condition", "DependsOn"];

pub(super) fn is_silent(path: &str) -> bool {
    SILENT.contains(&path)
}

pub(super) fn is_setting(path: &str) -> bool {
    is_silent(path) || SETTINGS.contains(&path)
}

/// What was found between two versions of a resource.
#[derive(Default)]
pub(super) struct Found<'a> {
    pub(super) causes: Vec<Cause>,
    pub(super) edges: Vec<Edge<'a>>,
}

/// A part of a resource refers to something of this name, perhaps another resource.
pub(super) struct Edge<'a> {
    pub(super) from: &'a str,
    pub(super) to: String,
    /// The attribute that is used; none for the physical id.
    pub(super) attribute: Option<String>,
    pub(super) path: String,
    pub(super) recreates: Recreates,
}

/// What differs between two versions of a resource, by path.
pub(super) fn between<'a>(before: Resource<'a>, after: Resource<'a>, declared: &Declared<'_>) -> Found<'a> {
    let mut walk = Walk { id: after.id, kind: after.kind(), declared, found: Found::default() };
    let differs = |name: &&str| {
        let (before, after) = (before.body.get(*name), after.body.get(*name));
        (spelled(name, before) != spelled(name, after)).then(|| {
            let text = |value: Option<&Value>| value.and_then(Value::as_str).map(str::to_owned);
            let why = Why::Text { before: text(before), after: text(after) };
            Cause { path: (*name).to_owned(), recreates: Recreates::Never, certain: true, why }
        })
    };
    if let Some(cause) = differs(&"Type") {
        walk.found.causes.push(Cause { recreates: Recreates::Always, ..cause });
        return walk.found;
    }
    walk.found.causes.extend(SETTINGS.iter().chain(&SILENT).filter_map(differs));
    let none = Map::new();
    let (old, new) = (before.properties().unwrap_or(&none), after.properties().unwrap_or(&none));
    walk.maps("", old, new, &At { named: Named::Plain, because: None });
    walk.found
}

/// A part of a resource, spelled so that what means the same is the same: the names in `DependsOn` in any order.
fn spelled(name: &str, value: Option<&Value>) -> Option<Vec<String>> {
    let mut all = match value? {
        Value::Array(items) if name == "DependsOn" => items.iter().map(canonical).collect(),
        other => vec![canonical(other)],
    };
    all.sort();
    Some(all)
}

/// What is known of a place from above it.
struct At {
    /// What the names over it say.
    named: Named,
    /// The condition of an `Fn::If` over it that picks another branch now.
    because: Option<Why>,
}

struct Walk<'a, 'd> {
    id: &'a str,
    kind: &'a str,
    declared: &'d Declared<'d>,
    found: Found<'a>,
}

impl Walk<'_, '_> {
    fn maps(&mut self, path: &str, before: &Map<String, Value>, after: &Map<String, Value>, at: &At) {
        let added = after.keys().filter(|key| !before.contains_key(*key));
        let mut keys: Vec<&String> = before.keys().chain(added).collect();
        keys.sort();
        for key in keys {
            let below = if path.is_empty() { key.clone() } else { format!("{path}/{key}") };
            let named = Named::of_entry(at.named, before, key).max(Named::of_entry(at.named, after, key));
            self.values(&below, before.get(key), after.get(key), &At { named, because: at.because.clone() });
        }
    }

    fn values(&mut self, path: &str, before: Option<&Value>, after: Option<&Value>, at: &At) {
        let (was, _) = pick(self.declared.before, before);
        let (is, conditions) = pick(self.declared.after, after);
        let mut because = at.because.clone();
        if before.map(canonical) == after.map(canonical) {
            // Of a condition that is known on one side only nothing can be said but that it may pick another branch.
            if was.is_some_and(is_if) != is.is_some_and(is_if) {
                return self.leaf(path, before, after, at);
            }
            because = because.or_else(|| conditions.into_iter().find_map(|name| self.declared.condition(name)));
        }
        let at = At { named: at.named, because };
        match (was, is) {
            (None, None) => {}
            (Some(Value::Object(was)), Some(Value::Object(is))) if !is_function(was) && !is_function(is) => {
                self.maps(path, was, is, &at);
            }
            (Some(Value::Array(was)), Some(Value::Array(is))) => self.lists(path, was, is, &at),
            (was, is) => self.leaf(path, was, is, &at),
        }
    }

    /// Lists of the same length item by item; others as a whole.
    fn lists(&mut self, path: &str, before: &[Value], after: &[Value], at: &At) {
        let left = |given: Given<'_>, item: &Value| given.picked(item).0.is_some();
        let was: Vec<&Value> = before.iter().filter(|item| left(self.declared.before, item)).collect();
        let is: Vec<&Value> = after.iter().filter(|item| left(self.declared.after, item)).collect();
        if was.len() == is.len() {
            for (index, (was, is)) in was.into_iter().zip(is).enumerate() {
                self.values(&format!("{path}/{index}"), Some(was), Some(is), at);
            }
            return;
        }
        let items = was.iter().chain(&is);
        let recreates = items.map(|item| self.recreates(&format!("{path}/*"), item)).max().unwrap_or(Recreates::Never);
        let why = at.because.clone().unwrap_or(Why::Text { before: None, after: None });
        self.found.causes.push(Cause { path: path.to_owned(), recreates, certain: true, why });
        is.into_iter().for_each(|item| self.refer(path, item));
    }

    fn leaf(&mut self, path: &str, before: Option<&Value>, after: Option<&Value>, at: &At) {
        let all = [before, after].into_iter().flatten();
        let recreates = all.map(|value| self.recreates(path, value)).max().unwrap_or(Recreates::Never);
        if let Some((certain, why)) = self.because(before, after, at) {
            self.found.causes.push(Cause { path: path.to_owned(), recreates, certain, why });
        }
        if let Some(value) = after {
            self.refer(path, value);
        }
    }

    /// Why a value is another one, and whether it is for certain; none if it is the same.
    fn because(&self, before: Option<&Value>, after: Option<&Value>, at: &At) -> Option<(bool, Why)> {
        let same = before.map(canonical) == after.map(canonical);
        match (before, after) {
            (Some(_), Some(value)) if same => self.declared.behind(value),
            // To CloudFormation, `256` and `"256"` are the same.
            (Some(was), Some(is)) => {
                let (was, is) = (self.declared.before.text(was), self.declared.after.text(is));
                let same = was.is_some() && was == is;
                (!same).then(|| (true, self.text(before, after, at)))
            }
            _ => (!same).then(|| (true, self.text(before, after, at))),
        }
    }

    fn text(&self, before: Option<&Value>, after: Option<&Value>, at: &At) -> Why {
        let scalar = |value: &Value| match value {
            Value::String(text) => Some(text.clone()),
            Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
            _ => None,
        };
        let text = || {
            let (before, after) = (before.and_then(scalar), after.and_then(scalar));
            let (before, after) = Shown::pair_of(at.named, before.as_deref(), after.as_deref());
            Why::Text { before: before.map(Shown::into_text), after: after.map(Shown::into_text) }
        };
        at.because.clone().unwrap_or_else(text)
    }

    /// Whether what is at a path recreates the resource, judged by the parts that there are.
    fn recreates(&self, path: &str, value: &Value) -> Recreates {
        match value {
            Value::Object(map) if !map.is_empty() && !is_function(map) => {
                let parts = map.iter().map(|(key, inside)| self.recreates(&format!("{path}/{key}"), inside));
                parts.max().unwrap_or(Recreates::Never)
            }
            Value::Array(items) if !items.is_empty() => {
                let items = items.iter().map(|item| self.recreates(&format!("{path}/*"), item));
                items.max().unwrap_or(Recreates::Never)
            }
            _ => self.recreates_at(path),
        }
    }

    fn recreates_at(&self, path: &str) -> Recreates {
        recreates(self.kind, path)
    }

    /// Remembers what the value at a path refers to.
    fn refer(&mut self, path: &str, value: &Value) {
        for reference in references(value) {
            let (to, attribute) = match reference {
                Reference::Name(to) => (to, None),
                Reference::Attribute(to, attribute) => (to, Some(attribute)),
                Reference::Mapping(_) | Reference::Condition(_) | Reference::Unknown => continue,
            };
            let recreates = self.recreates(path, value);
            self.found.edges.push(Edge { from: self.id, to, attribute, path: path.to_owned(), recreates });
        }
    }
}

fn pick<'v>(given: Given<'_>, value: Option<&'v Value>) -> (Option<&'v Value>, Vec<&'v str>) {
    value.map_or((None, Vec::new()), |value| given.picked(value))
}

/// Whether a map is a function: the parts under it are not parts of the value.
fn is_function(map: &Map<String, Value>) -> bool {
    map.keys().any(|key| key.starts_with("Fn::")) || (map.len() == 1 && map.contains_key("Ref"))
}

fn is_if(value: &Value) -> bool {
    value.as_object().is_some_and(|map| map.len() == 1 && map.contains_key("Fn::If"))
}
