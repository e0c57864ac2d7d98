//! Lists: by the names of what is in them, or by content.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::write::Writer;
use crate::cfn::canonical;

/// Keys that name a thing in its list, the first that all things have.
const IDENTITIES: &[&str] = &[
    "Name",
    "Key",
    "Sid",
    "Id",
    "PolicyName",
    "ContainerName",
    "ScheduledActionName",
    "ParameterKey",
    "AttributeName",
    "IndexName",
    "RuleName",
];

/// Writes what differs between two lists at a path.
pub(super) fn compare(writer: &mut Writer, path: &[String], old: &[Value], new: &[Value]) {
    match (named(old), named(new)) {
        (Some((key, old)), Some((other, new))) if key == other => by_name(writer, path, &old, &new),
        _ => by_content(writer, path, old, new),
    }
}

/// The things of a list by name, in their order; none if not all have a name of their own.
fn named(items: &[Value]) -> Option<(&'static str, Vec<(&str, &Value)>)> {
    let name = |item: &'_ Value, key: &str| item.get(key).and_then(Value::as_str).map(str::to_owned);
    let key = IDENTITIES.iter().find(|key| items.iter().all(|item| name(item, key).is_some()))?;
    let all: Vec<(&str, &Value)> = items.iter().filter_map(|item| Some((item.get(*key)?.as_str()?, item))).collect();
    let distinct: BTreeMap<&str, &Value> = all.iter().copied().collect();
    (distinct.len() == items.len()).then_some((key, all))
}

fn by_name(writer: &mut Writer, path: &[String], old: &[(&str, &Value)], new: &[(&str, &Value)]) {
    let [was, is]: [BTreeMap<&str, &Value>; 2] = [old, new].map(|list| list.iter().copied().collect());
    let removed = old.iter().filter(|(name, _)| !is.contains_key(name));
    for (name, _) in new.iter().chain(removed) {
        let (was, is) = (was.get(name).copied(), is.get(name).copied());
        match (folded(was), folded(is)) {
            (Some(was), Some(is)) => writer.values(path, name, was, is),
            _ => match (was, is) {
                (Some(was), Some(is)) => {
                    let path: Vec<String> = path.iter().cloned().chain([(*name).to_owned()]).collect();
                    let none = Map::new();
                    let [was, is] = [was, is].map(|item| item.as_object().unwrap_or(&none));
                    super::names(was, is)
                        .into_iter()
                        .for_each(|key| writer.values(&path, key, was.get(key), is.get(key)));
                }
                (was, is) => writer.sides(path, was.map(|item| json!([item])), is.map(|item| json!([item]))),
            },
        }
    }
    let order = |list: &[(&str, &Value)], other: &BTreeMap<&str, &Value>| -> Vec<String> {
        list.iter().filter(|(name, _)| other.contains_key(name)).map(|(name, _)| (*name).to_owned()).collect()
    };
    let (old, new) = (order(old, &is), order(new, &was));
    if old != new {
        writer.values(path, "order", Some(&old.join(", ").into()), Some(&new.join(", ").into()));
    }
}

/// The value of a pair of a name and a value; some nothing if there is no such pair, none if it is more than a pair.
#[expect(clippy::option_option, reason = "three cases: a pair, nothing, something else")]
fn folded(item: Option<&Value>) -> Option<Option<&Value>> {
    let Some(item) = item else { return Some(None) };
    let map = item.as_object().filter(|map| map.len() == 2)?;
    let value = ["Value", "ValueFrom"].iter().find_map(|key| map.get(*key))?;
    Some(Some(value))
}

fn by_content(writer: &mut Writer, path: &[String], old: &[Value], new: &[Value]) {
    let [was, is]: [Vec<String>; 2] = [old, new].map(|items| items.iter().map(canonical).collect());
    for operation in capture_diff_slices(Algorithm::Myers, &was, &is) {
        let DiffOp::Equal { .. } = operation else {
            let (_, olds, news) = operation.as_tag_tuple();
            let (Some(was), Some(is)) = (old.get(olds.clone()), new.get(news.clone())) else { continue };
            let inside = was.len() == is.len() && was.iter().zip(is).all(|(was, is)| was.is_object() && is.is_object());
            if inside {
                for (index, (was, is)) in news.zip(was.iter().zip(is)) {
                    writer.values(path, &index.to_string(), Some(was), Some(is));
                }
            } else {
                let side = |items: &[Value]| (!items.is_empty()).then(|| Value::Array(items.to_vec()));
                writer.sides(path, side(was), side(is));
            }
            continue;
        };
    }
}
