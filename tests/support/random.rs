//! Random steps that pass the checks: golden steps, changed key by key, each change kept only where the checks pass.
//!
//! What a key can say comes from the schema (lists of words, bounds) and from what golden steps say, so that a new key takes
//! part as soon as a golden step has it. Same seed, same steps.

use std::collections::{BTreeMap, BTreeSet};

use landfall::cfn::Document;
use serde_json::Value as Schema;
use toml::Value;

use super::dice::{self, Random};
use super::keys::{self, Inside, Place, Pool};
use super::steps::{Read, golden, read};

/// A step that was made.
#[derive(Clone)]
pub(crate) struct Made {
    /// The seed and the number that it was made from.
    pub(crate) from: String,
    pub(crate) written: Value,
}

impl Made {
    /// `process.toml`.
    pub(crate) fn text(&self) -> String {
        toml::to_string(&self.written).unwrap()
    }
}

/// A seed, and how many steps are made from it. `LANDFALL_RANDOM_STEPS` says how many, and then the seed is the clock's, so
/// that each night tries others; `LANDFALL_SEED` says that one.
pub(crate) fn wanted(seed: u64, count: usize) -> (u64, usize) {
    dice::wanted("LANDFALL_RANDOM_STEPS", seed, count)
}

/// What random steps are made from.
pub(crate) struct Workshop {
    kinds: BTreeMap<String, Schema>,
    pool: Pool,
    bases: Vec<Value>,
}

/// Texts that are nobody's name.
const ODD: [&str; 20] = [
    "",
    " ",
    "x",
    "0",
    "-1",
    "*",
    "true",
    "a b",
    "A-b_c.d/e",
    "naïve \u{1f680}",
    "\"quoted\" \\ and\ttabbed",
    "${AWS::Region}",
    "#{level}",
    "#{environment.name}-#{target.region}",
    "arn:aws:iam::111111111111:role/other",
    "arn:aws-cn:s3:::bucket/key",
    "10.0.0.0/8",
    "::/0",
    "subnet-0f0f0f0f",
    "0123456789012345678901234567890123456789012345678901234567890123456789",
];
const WHOLE: [i64; 14] = [0, 1, 2, 3, 5, 10, 60, 100, 300, 1024, 4096, 65_535, 100_000, 4_294_967_295];
const DECIMAL: [f64; 10] = [0.0, 0.1, 0.5, 1.0, 3.0, 12.5, 50.0, 99.9, 100.0, 1000.0];

impl Workshop {
    /// From the golden steps of the kinds whose templates landfall makes.
    pub(crate) fn new() -> Self {
        let mut kinds = keys::kinds();
        kinds.remove("cloudformation");
        let bases: Vec<Value> = golden().values().map(|process| toml::from_str(process).unwrap()).collect();
        let ours = |process: &Value| {
            process["step"].as_array().unwrap().iter().all(|step| kinds.contains_key(step["kind"].as_str().unwrap()))
        };
        let bases: Vec<Value> = bases.into_iter().filter(ours).collect();
        let pool = keys::pool(&kinds, bases.iter());
        Self { kinds, pool, bases }
    }

    /// Every key that a step of each kind can have.
    pub(crate) fn all_keys(&self) -> BTreeSet<(String, String)> {
        let mut keys = BTreeSet::new();
        for (kind, schema) in &self.kinds {
            let mut paths = Vec::new();
            keys::paths(schema, "", &mut paths);
            let taken = paths.into_iter().filter(|(path, _)| !keys::refuses(kind, path));
            keys.extend(taken.map(|(path, _)| (kind.clone(), path)));
        }
        keys
    }

    /// The keys that a step has.
    pub(crate) fn keys_of(&self, made: &Made) -> BTreeSet<(String, String)> {
        let uses = keys::uses_of_process(&self.kinds, &made.written);
        uses.into_iter().map(|(kind, used)| (kind.to_owned(), used.path)).collect()
    }

    /// So many steps that render, those between them that pass the checks and do not, and as many more as it takes until
    /// every key was there.
    ///
    /// # Panics
    /// Where a key is in no golden step, so that nothing could be made with it, and where too few render.
    pub(crate) fn make(&self, seed: u64, count: usize) -> Vec<Made> {
        let mut made: Vec<Made> = Vec::new();
        let mut missing = self.all_keys();
        let mut whole = 0;
        while whole < count {
            let number = made.len();
            assert!(number < 3 * count, "seed {seed}: only {whole} of {number} steps render");
            let mut random = Random::new(seed, number as u64);
            let base = random.one(&self.bases).unwrap().clone();
            made.push(self.change(&mut random, base, format!("seed {seed}, number {number}"), None));
            whole += usize::from(made.last().is_some_and(renders));
            let there = self.keys_of(made.last().unwrap());
            missing.retain(|key| !there.contains(key));
        }
        let mut number = made.len();
        while let Some(key) = missing.first().cloned() {
            let mut random = Random::new(seed, number as u64);
            let bases = self.bases_with(&key);
            let base = random.one(&bases).unwrap_or_else(|| panic!("`{}` of {} is never made", key.1, key.0));
            made.push(self.change(&mut random, base.clone(), format!("seed {seed}, number {number}"), Some(&key)));
            let there = self.keys_of(made.last().unwrap());
            missing.retain(|key| !there.contains(key));
            number += 1;
        }
        made
    }

    /// Golden steps that have a key.
    fn bases_with(&self, (kind, path): &(String, String)) -> Vec<Value> {
        let has = |base: &&Value| {
            let uses = keys::uses_of_process(&self.kinds, base);
            uses.iter().any(|(of, used)| *of == kind.as_str() && used.path == *path)
        };
        self.bases.iter().filter(has).cloned().collect()
    }

    /// Changes a step a few times; it goes on having a key.
    fn change(&self, random: &mut Random, base: Value, from: String, keep: Option<&(String, String)>) -> Made {
        let mut made = Made { from, written: base };
        for _ in 0..4 + random.below(12) {
            let Some(written) = self.edit(random, &made.written) else { continue };
            let changed = Made { from: made.from.clone(), written };
            let kept = keep.is_none_or(|key| self.keys_of(&changed).contains(key));
            if kept && passes(&changed).is_some() {
                made = changed;
            }
        }
        made
    }

    /// One change somewhere; none if there is nothing to change like that.
    fn edit(&self, random: &mut Random, written: &Value) -> Option<Value> {
        let mut uses = keys::uses_of_process(&self.kinds, written);
        uses.retain(|(_, used)| {
            !["kind", "name", "role"].contains(&used.path.as_str()) && !used.path.starts_with("patch.")
        });
        match random.below(11) {
            10 => patched(random, written),
            0 => {
                let (_, used) = random.one(&uses)?;
                let cut = if random.rarely(3) { used.place.len() - 1 } else { used.place.len() };
                keys::with(written, &used.place[..cut.max(3)], None)
            }
            1..=4 => {
                let (_, used) = random.one(&uses)?;
                let other = self.value(random, used.schema, &used.path, 0)?;
                keys::with(written, &used.place, Some(other))
            }
            5 => {
                // One more of a list, or one fewer.
                let lists: Vec<_> = uses
                    .iter()
                    .filter(|(_, used)| keys::get(written, &used.place).is_some_and(Value::is_array))
                    .collect();
                let (_, used) = random.one(&lists)?;
                let mut items = keys::get(written, &used.place)?.as_array()?.clone();
                if !items.is_empty() && random.rarely(2) {
                    items.remove(random.below(items.len()));
                } else {
                    let more = self.value(random, used.schema, &used.path, 0)?;
                    items.push(more.as_array()?.first()?.clone());
                }
                keys::with(written, &used.place, Some(Value::Array(items)))
            }
            _ => self.add(random, written),
        }
    }

    /// A key that is not there yet, in the step or in a table of it.
    fn add(&self, random: &mut Random, written: &Value) -> Option<Value> {
        let steps = written["step"].as_array()?.len();
        let index = random.below(steps);
        let step: Place = vec![Inside::Key("step".to_owned()), Inside::Index(index)];
        let kind = keys::get(written, &step)?["kind"].as_str()?.to_owned();
        let mut tables: Vec<(Place, String, &Schema)> = vec![(step.clone(), String::new(), &self.kinds[&kind])];
        let uses = keys::uses_of_process(&self.kinds, written).into_iter();
        for (_, used) in uses.filter(|(_, used)| !used.path.starts_with("patch")) {
            match keys::get(written, &used.place)? {
                Value::Table(_) => tables.push((used.place, used.path, used.schema)),
                Value::Array(items) => {
                    for index in 0..items.len() {
                        let place: Place = used.place.iter().cloned().chain([Inside::Index(index)]).collect();
                        tables.push((place, used.path.clone(), used.schema));
                    }
                }
                _ => {}
            }
        }
        // The step itself has most keys.
        let (place, path, schema) = if random.rarely(2) { &tables[0] } else { random.one(&tables)? };
        let table = keys::get(written, place)?.as_table()?;
        let absent: Vec<_> =
            keys::properties(schema).into_iter().filter(|(key, _)| !table.contains_key(*key)).collect();
        let (key, inner) = random.one(&absent)?;
        let path = if path.is_empty() { (*key).to_owned() } else { format!("{path}.{key}") };
        let value = self.value(random, inner, &path, 0)?;
        let place: Place = place.iter().cloned().chain([Inside::Key((*key).to_owned())]).collect();
        keys::with(written, &place, Some(value))
    }

    /// A value for a key: what a golden step says, or something of its type.
    fn value(&self, random: &mut Random, schema: &Schema, path: &str, depth: usize) -> Option<Value> {
        let said = self.pool.get(path).map(Vec::as_slice).unwrap_or_default();
        let choices = keys::choices(schema);
        let choice = *random.one(&choices)?;
        // What a patch says is its author's own: the checks know no patterns of properties. So patches are as people write
        // them, or set what `PATCHED` lists.
        if !said.is_empty() && (path == "patch" || !random.rarely(3)) {
            return random.one(said).cloned();
        }
        let listed = keys::listed(schema);
        if !listed.is_empty() {
            return random.one(&listed).map(|word| Value::String((*word).to_owned()));
        }
        match choice["type"].as_str()? {
            "boolean" => Some(Value::Boolean(random.rarely(2))),
            "integer" => Some(Value::Integer(whole(random, choice))),
            "number" => random.one(&DECIMAL).copied().map(Value::Float),
            "string" => match random.one(said).filter(|_| !random.rarely(3)).and_then(Value::as_str) {
                Some(text) => Some(Value::String(damaged(random, text))),
                None => random.one(&ODD).map(|odd| Value::String((*odd).to_owned())),
            },
            "array" => {
                let count = random.below(4);
                let items = (0..count).filter_map(|_| self.value(random, &choice["items"], path, depth + 1));
                // What a golden step says about the key is a list itself.
                let flat = items.flat_map(|item| match item {
                    Value::Array(items) => items,
                    other => vec![other],
                });
                Some(Value::Array(flat.collect()))
            }
            "object" if depth < 6 => self.table(random, choice, path, depth),
            _ => None,
        }
    }

    fn table(&self, random: &mut Random, schema: &Schema, path: &str, depth: usize) -> Option<Value> {
        let mut table = toml::Table::new();
        if let Some(others) = schema.get("additionalProperties").filter(|others| others.is_object()) {
            for _ in 0..random.below(4) {
                let key = random.one(&ODD)?.to_string();
                if let Some(value) = self.value(random, others, "", depth + 1) {
                    table.insert(key, value);
                }
            }
        }
        let required: Vec<&str> =
            schema["required"].as_array().into_iter().flatten().filter_map(Schema::as_str).collect();
        for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
            if required.contains(&key.as_str()) || random.rarely(3) {
                table.insert(key.clone(), self.value(random, inner, &format!("{path}.{key}"), depth + 1)?);
            }
        }
        Some(Value::Table(table))
    }
}

/// Properties that a patch may set, of which the schemas say all that there is to know: by the type of the resource, with
/// words that it takes; `true` stands for either answer, and no word at all for a number.
const PATCHED: [(&str, &str, &[&str]); 21] = [
    ("AWS::ECS::Service", "EnableECSManagedTags", &["true"]),
    ("AWS::ECS::Service", "EnableExecuteCommand", &["true"]),
    ("AWS::ECS::Service", "AvailabilityZoneRebalancing", &["ENABLED", "DISABLED"]),
    ("AWS::ECS::Service", "PropagateTags", &["SERVICE", "TASK_DEFINITION"]),
    ("AWS::ECS::TaskDefinition", "EnableFaultInjection", &["true"]),
    ("AWS::ECS::TaskDefinition", "ContainerDefinitions.0.StartTimeout", &[]),
    ("AWS::ECS::TaskDefinition", "ContainerDefinitions.0.DisableNetworking", &["true"]),
    ("AWS::ECS::TaskDefinition", "ContainerDefinitions.0.Interactive", &["true"]),
    ("AWS::ECS::TaskDefinition", "ContainerDefinitions.0.VersionConsistency", &["enabled", "disabled"]),
    ("AWS::Logs::LogGroup", "RetentionInDays", &[]),
    ("AWS::Logs::LogGroup", "LogGroupClass", &["STANDARD", "INFREQUENT_ACCESS"]),
    ("AWS::ElasticLoadBalancingV2::LoadBalancer", "Scheme", &["internal", "internet-facing"]),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "HealthCheckEnabled", &["true"]),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "HealthCheckIntervalSeconds", &[]),
    ("AWS::ElasticLoadBalancingV2::TargetGroup", "UnhealthyThresholdCount", &[]),
    ("AWS::ApplicationAutoScaling::ScalableTarget", "SuspendedState.ScheduledScalingSuspended", &["true"]),
    ("AWS::CloudWatch::Alarm", "EvaluationPeriods", &[]),
    ("AWS::CloudWatch::Alarm", "ActionsEnabled", &["true"]),
    ("AWS::Scheduler::Schedule", "State", &["ENABLED", "DISABLED"]),
    ("AWS::Scheduler::Schedule", "Target.RetryPolicy.MaximumRetryAttempts", &[]),
    ("AWS::Scheduler::Schedule", "Target.EcsParameters.EnableExecuteCommand", &["true"]),
];

/// A patch more, which sets one property of a resource that a step renders.
fn patched(random: &mut Random, written: &Value) -> Option<Value> {
    let made = Made { from: String::new(), written: written.clone() };
    let read = passes(&made)?;
    let index = random.below(read.steps().count());
    let step = read.steps().nth(index).filter(|step| !read.places(step).is_empty())?;
    let document = Document::parse(&read.render(step).ok()?.content.template).ok()?;
    let fitting: Vec<_> = document
        .resources()
        .flat_map(|resource| PATCHED.iter().filter(move |it| it.0 == resource.kind()).map(move |it| (resource.id, it)))
        .collect();
    let (resource, (_, property, words)) = random.one(&fitting)?;
    let value = match random.one(words) {
        Some(&"true") => Value::Boolean(random.rarely(2)),
        Some(word) if random.rarely(4) => Value::String(damaged(random, word)),
        Some(word) => Value::String((*word).to_owned()),
        None => Value::Integer(random.one(&WHOLE).copied().unwrap_or(-1)),
    };
    let set = toml::Table::from_iter([((*property).to_owned(), value)]);
    let patch = toml::Table::from_iter([
        ("resource".to_owned(), Value::String((*resource).to_owned())),
        ("set".to_owned(), Value::Table(set)),
    ]);
    let place: Place = vec![Inside::Key("step".to_owned()), Inside::Index(index), Inside::Key("patch".to_owned())];
    let mut patches = keys::get(written, &place).and_then(Value::as_array).cloned().unwrap_or_default();
    patches.push(Value::Table(patch));
    keys::with(written, &place, Some(Value::Array(patches)))
}

/// A number within the bounds, often at one of them.
fn whole(random: &mut Random, schema: &Schema) -> i64 {
    let least = schema["minimum"].as_i64().unwrap_or(-10);
    let most = schema["maximum"].as_i64().unwrap_or(4_294_967_295);
    let mut near: Vec<i64> = vec![least, least + 1, most, most - 1];
    near.extend(WHOLE);
    near.retain(|number| (least..=most).contains(number));
    random.one(&near).copied().unwrap_or(least)
}

/// A text with one letter more, fewer or other.
fn damaged(random: &mut Random, text: &str) -> String {
    let mut letters: Vec<char> = text.chars().collect();
    let at = random.below(letters.len());
    let letter = *random.one(&['a', 'Z', '0', '-', '_', '/', ':', ' ', '.', '*', 'é']).unwrap_or(&'a');
    match random.below(3) {
        0 => letters.insert(at, letter),
        1 if at < letters.len() => drop(letters.remove(at)),
        _ if at < letters.len() => letters[at] = letter,
        _ => {}
    }
    letters.into_iter().collect()
}

/// The step as it is read, where the checks find nothing.
pub(crate) fn passes(made: &Made) -> Option<Read> {
    let read = read(&toml::to_string(&made.written).ok()?);
    read.problems.is_empty().then_some(read)
}

/// Whether every step of it that has a stack renders, and one has.
pub(crate) fn renders(made: &Made) -> bool {
    let Some(read) = passes(made) else { return false };
    let placed: Vec<_> = read.steps().filter(|step| !read.places(step).is_empty()).collect();
    !placed.is_empty() && placed.iter().all(|step| read.render(step).is_ok())
}

/// Steps that say one thing less each, and pass the checks.
pub(crate) fn smaller(workshop: &Workshop, made: &Made) -> Vec<Made> {
    let mut places: Vec<Place> =
        keys::uses_of_process(&workshop.kinds, &made.written).into_iter().map(|(_, used)| used.place).collect();
    let lists: Vec<Place> = places
        .iter()
        .filter_map(|place| Some((place, keys::get(&made.written, place)?.as_array()?.len())))
        .flat_map(|(place, items)| {
            (0..items)
                .map(|index| place.iter().cloned().chain([Inside::Index(index)]).collect::<Place>())
                .collect::<Vec<_>>()
        })
        .collect();
    places.extend(lists);
    places.sort_by_key(Vec::len);
    let without = places.iter().filter_map(|place| keys::with(&made.written, place, None));
    let smaller = without.map(|written| Made { from: made.from.clone(), written });
    smaller.filter(|smaller| passes(smaller).is_some()).collect()
}
