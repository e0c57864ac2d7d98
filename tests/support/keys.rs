//! The keys of steps, as the schema has them, where golden steps use them, and what else they could say there.
//!
//! A key is named by its path from the step, like `container.ports.port`. Tests derive everything from here, so a new key is
//! covered as soon as a golden step has it.

use std::collections::BTreeMap;

use landfall::load::schema;
use serde_json::Value as Schema;
use toml::Value;

/// A step further into a value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Inside {
    /// A key that the schema has, or one that the user chose.
    Key(String),
    /// An element of a list.
    Index(usize),
}

/// Where something is in a process.
pub(crate) type Place = Vec<Inside>;

/// The schema of every kind of step, by the name of the kind.
pub(crate) fn kinds() -> BTreeMap<String, Schema> {
    let schemas: BTreeMap<_, _> = schema::schemas().into_iter().collect();
    let branches = schemas["process"]["properties"]["step"]["items"]["oneOf"].as_array().unwrap().clone();
    let name = |branch: &Schema| branch["properties"]["kind"]["const"].as_str().unwrap().to_owned();
    branches.into_iter().map(|branch| (name(&branch), branch)).collect()
}

/// The alternatives of a schema; itself if it has none.
pub(crate) fn choices(schema: &Schema) -> Vec<&Schema> {
    let several = ["oneOf", "anyOf"].into_iter().find_map(|name| schema.get(name)?.as_array());
    several.map_or_else(|| vec![schema], |several| several.iter().flat_map(choices).collect())
}

/// The keys that a schema names, with their schemas; those of all alternatives, and of the elements of a list.
pub(crate) fn properties(schema: &Schema) -> Vec<(&str, &Schema)> {
    let mut found: Vec<(&str, &Schema)> = Vec::new();
    for choice in choices(schema) {
        let own = choice.get("properties").and_then(Schema::as_object).into_iter().flatten();
        found.extend(own.map(|(key, inner)| (key.as_str(), inner)));
        for inside in ["items", "additionalProperties"] {
            choice.get(inside).filter(|inner| inner.is_object()).into_iter().for_each(|inner| {
                found.extend(properties(inner));
            });
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    found.retain(|(key, _)| seen.insert(*key));
    found
}

/// Every key below a schema by its path, those of tables after their table.
pub(crate) fn paths<'s>(schema: &'s Schema, above: &str, out: &mut Vec<(String, &'s Schema)>) {
    for (key, inner) in properties(schema) {
        let path = if above.is_empty() { key.to_owned() } else { format!("{above}.{key}") };
        out.push((path.clone(), inner));
        paths(inner, &path, out);
    }
}

/// A key in a value.
pub(crate) struct Use<'s> {
    /// The path of the key.
    pub(crate) path: String,
    /// Where its value is.
    pub(crate) place: Place,
    /// The schema of its value.
    pub(crate) schema: &'s Schema,
}

/// Every key that a value uses and its schema has.
pub(crate) fn uses<'s>(schema: &'s Schema, value: &Value, above: &str, at: &Place, out: &mut Vec<Use<'s>>) {
    match value {
        Value::Table(table) => {
            let known = choices(schema).into_iter().filter(|choice| choice.get("type").is_none_or(|it| it == "object"));
            let known: Vec<&Schema> = known.collect();
            for (key, inner) in table {
                let place: Place = at.iter().cloned().chain([Inside::Key(key.clone())]).collect();
                let named = known.iter().find_map(|choice| choice.get("properties")?.get(key));
                if let Some(named) = named {
                    let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
                    out.push(Use { path: path.clone(), place: place.clone(), schema: named });
                    uses(named, inner, &path, &place, out);
                } else if let Some(others) = known.iter().find_map(|choice| choice.get("additionalProperties")) {
                    uses(others, inner, above, &place, out);
                }
            }
        }
        Value::Array(items) => {
            let of = choices(schema).into_iter().find_map(|choice| choice.get("items"));
            for (index, item) in items.iter().enumerate() {
                let place: Place = at.iter().cloned().chain([Inside::Index(index)]).collect();
                of.into_iter().for_each(|of| uses(of, item, above, &place, out));
            }
        }
        _ => {}
    }
}

/// The keys that the steps of a process use, with the kind of their step.
pub(crate) fn uses_of_process<'s>(kinds: &'s BTreeMap<String, Schema>, process: &Value) -> Vec<(&'s str, Use<'s>)> {
    let mut all = Vec::new();
    for (index, step) in process["step"].as_array().unwrap().iter().enumerate() {
        let (kind, schema) = kinds.get_key_value(step["kind"].as_str().unwrap()).unwrap();
        let mut found = Vec::new();
        let at = vec![Inside::Key("step".to_owned()), Inside::Index(index)];
        uses(schema, step, "", &at, &mut found);
        all.extend(found.into_iter().map(|found| (kind.as_str(), found)));
    }
    all
}

/// What is at a place.
pub(crate) fn get<'v>(value: &'v Value, place: &[Inside]) -> Option<&'v Value> {
    place.iter().try_fold(value, |value, inside| match inside {
        Inside::Key(key) => value.get(key),
        Inside::Index(index) => value.get(index),
    })
}

fn get_mut<'v>(value: &'v mut Value, place: &[Inside]) -> Option<&'v mut Value> {
    place.iter().try_fold(value, |value, inside| match inside {
        Inside::Key(key) => value.get_mut(key),
        Inside::Index(index) => value.get_mut(index),
    })
}

/// The value with something else at a place, or with nothing there; none if there is no such place.
pub(crate) fn with(value: &Value, place: &[Inside], other: Option<Value>) -> Option<Value> {
    let mut value = value.clone();
    let (last, above) = place.split_last()?;
    match (get_mut(&mut value, above)?, last, other) {
        (Value::Table(table), Inside::Key(key), Some(other)) => {
            table.insert(key.clone(), other);
        }
        (Value::Table(table), Inside::Key(key), None) => {
            table.remove(key)?;
        }
        (Value::Array(items), Inside::Index(index), Some(other)) if *index < items.len() => items[*index] = other,
        (Value::Array(items), Inside::Index(index), None) if *index < items.len() => {
            items.remove(*index);
        }
        _ => return None,
    }
    Some(value)
}

/// The texts that a schema allows; empty if it lists none.
pub(crate) fn listed(schema: &Schema) -> Vec<&str> {
    choices(schema)
        .into_iter()
        .flat_map(|choice| {
            let several = choice.get("enum").and_then(Schema::as_array).into_iter().flatten();
            choice.get("const").into_iter().chain(several)
        })
        .filter_map(Schema::as_str)
        .collect()
}

/// Every text that a schema lists for a value, or for what is in it.
pub(crate) fn words(schema: &Schema) -> Vec<&str> {
    let mut words = listed(schema);
    for inside in
        choices(schema).into_iter().flat_map(|choice| ["items", "additionalProperties"].map(|name| choice.get(name)))
    {
        words.extend(inside.into_iter().filter(|inner| inner.is_object()).flat_map(self::words));
    }
    words
}

/// Keys that a kind of step has in a table that kinds share, and refuses with all that is in them: volumes that ECS makes
/// are a service's.
pub(crate) const REFUSED: [(&str, &str); 2] =
    [("ecs-schedule", "volume.managed_ebs_volume"), ("ecs-task", "volume.managed_ebs_volume")];

/// Whether a kind refuses a key.
pub(crate) fn refuses(kind: &str, path: &str) -> bool {
    let inside = |key: &str| path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    REFUSED.iter().any(|(of, key)| *of == kind && inside(key))
}

/// What each key says in golden steps.
pub(crate) type Pool = BTreeMap<String, Vec<Value>>;

/// What each key says in these processes, in their order.
pub(crate) fn pool<'p>(kinds: &BTreeMap<String, Schema>, processes: impl Iterator<Item = &'p Value>) -> Pool {
    let mut pool = Pool::new();
    for process in processes {
        for (_, used) in uses_of_process(kinds, process) {
            let value = get(process, &used.place).unwrap();
            let values = pool.entry(used.path).or_default();
            if !values.contains(value) {
                values.push(value.clone());
            }
        }
    }
    pool
}

/// Other values that a key could have, the likeliest first.
pub(crate) fn others(schema: &Schema, value: &Value, path: &str, pool: &Pool) -> Vec<Value> {
    let said = pool.get(path).into_iter().flatten().filter(|other| *other != value).cloned();
    match value {
        Value::Boolean(said) => vec![Value::Boolean(!said)],
        Value::Integer(number) => {
            let least = schema.get("minimum").and_then(Schema::as_i64).unwrap_or(0);
            let most = schema.get("maximum").and_then(Schema::as_i64).unwrap_or(i64::MAX);
            let near = [number + 1, number - 1, number * 2, number / 2, number + 1024];
            let near = near.into_iter().filter(|near| near != number && (least..=most).contains(near));
            near.map(Value::Integer).chain(said).collect()
        }
        Value::Float(number) => [number + 1.0, number / 2.0].into_iter().map(Value::Float).chain(said).collect(),
        Value::String(text) => {
            let listed = listed(schema);
            if listed.is_empty() {
                other_texts(text).into_iter().map(Value::String).chain(said).collect()
            } else {
                let listed = listed.into_iter().filter(|other| other != text);
                listed.map(|other| Value::String(other.to_owned())).collect()
            }
        }
        Value::Array(items) if items.iter().any(Value::is_table) => Vec::new(),
        Value::Array(items) => {
            let of = schema.get("items").unwrap_or(&Schema::Null);
            let first = items.first().map(|first| others(of, first, "", pool)).unwrap_or_default();
            let changed = first
                .into_iter()
                .map(|first| Value::Array(std::iter::once(first).chain(items.iter().skip(1).cloned()).collect()));
            changed.chain(said).collect()
        }
        Value::Table(table) => {
            let free = schema.get("additionalProperties").filter(|of| of.is_object());
            let Some((of, (key, first))) = free.zip(table.iter().next()) else { return Vec::new() };
            let changed = others(of, first, "", pool).into_iter().map(|other| {
                let mut table = table.clone();
                table.insert(key.clone(), other);
                Value::Table(table)
            });
            changed.chain(said.filter(|_| !properties(schema).iter().any(|_| true))).collect()
        }
        Value::Datetime(_) => said.collect(),
    }
}

/// Texts of the same shape: another last digit or letter.
fn other_texts(text: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let last = text.char_indices().rev().find(|(_, letter)| letter.is_ascii_alphanumeric());
    if let Some((at, letter)) = last {
        let others: &[char] = if letter.is_ascii_digit() { &['1', '2'] } else { &['e', 'k'] };
        for other in others.iter().filter(|other| **other != letter) {
            texts.push(format!("{}{other}{}", &text[..at], &text[at + 1..]));
        }
    }
    texts.push(format!("{text}2"));
    texts
}

/// Processes in which a step of a kind has a key besides what it says: with the values that golden steps have for it, or for
/// the table that it is in.
pub(crate) fn transplants(written: &Value, kind: &str, path: &str, pool: &Pool) -> Vec<Value> {
    let steps = written["step"].as_array().unwrap().iter().enumerate();
    let steps = steps.filter(|(_, step)| step["kind"].as_str() == Some(kind));
    steps.flat_map(|(index, _)| transplants_of_step(written, index, path, pool)).collect()
}

fn transplants_of_step(written: &Value, index: usize, path: &str, pool: &Pool) -> Vec<Value> {
    let mut place: Place = vec![Inside::Key("step".to_owned()), Inside::Index(index)];
    let mut above = String::new();
    for word in path.split('.') {
        while get(written, &place).is_some_and(Value::is_array) {
            place.push(Inside::Index(0));
        }
        above = if above.is_empty() { word.to_owned() } else { format!("{above}.{word}") };
        place.push(Inside::Key(word.to_owned()));
        if get(written, &place).is_none() {
            let values = pool.get(&above).into_iter().flatten();
            return values.filter_map(|value| with(written, &place, Some(value.clone()))).collect();
        }
    }
    Vec::new()
}
