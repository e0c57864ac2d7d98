//! What the keys of steps do, found out by changing each in golden steps and looking at what is rendered.
//!
//! An experiment gives one use of a key another value, or takes it away where no other value passes the checks, and names
//! the properties that differ afterwards. So nobody writes down what a key renders to, and a key that does nothing is found.

use std::collections::{BTreeMap, BTreeSet};

use landfall::cfn::Document;
use landfall::template::{Rendered, format::NEWEST};
use serde_json::Value as Json;
use toml::Value;

use super::keys::{self, Inside, Place, Pool, Use};
use super::steps::{golden, read_format};

/// So many uses of a key are changed; more would only repeat what these say.
const ENOUGH: usize = 2;

/// Something that is rendered: the type of a resource and a path in its properties, like `ContainerDefinitions[].Cpu`.
///
/// The path is empty for a resource that is there or not. What is no resource has no type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Target {
    /// Without `AWS::`.
    pub(crate) of: String,
    pub(crate) path: String,
}

/// What is known of a key of a kind of step.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    /// What each change of it changed.
    pub(crate) changed: Vec<BTreeSet<Target>>,
    /// Changes that passed the checks and changed nothing, a line each.
    pub(crate) silent: Vec<String>,
    /// The first format in which it changes anything.
    pub(crate) since: Option<u32>,
    /// The files of the golden steps that use it.
    pub(crate) files: BTreeSet<String>,
    /// Writing the default renders what leaving the key out renders: landfall's own default, and not only AWS's.
    pub(crate) default_is_ours: bool,
}

impl Known {
    /// What follows the key wherever it is used; where nothing does, what the smallest change changed.
    pub(crate) fn targets(&self) -> BTreeSet<Target> {
        let all = self.changed.iter().cloned().reduce(|all, one| all.intersection(&one).cloned().collect());
        match all.unwrap_or_default() {
            none if none.is_empty() => self.changed.iter().min_by_key(|one| one.len()).cloned().unwrap_or_default(),
            all => all,
        }
    }
}

/// When a step runs.
const ORDER: &str = "the order of steps";
/// Where a step has stacks.
const PLACES: &str = "which stacks exist";

/// A process and what it renders, by stack.
struct Step {
    file: String,
    written: Value,
}

/// What can be compared: where something is, with what it is of and its value.
type Leaves = BTreeMap<(String, String), (Target, Json)>;

/// What the keys of every kind do. Keys do not know of each other, so every core tries some of them.
pub(crate) fn known() -> Everything {
    let kinds = keys::kinds();
    let mut steps: Vec<Step> =
        golden().into_iter().map(|(file, process)| Step { file, written: toml::from_str(&process).unwrap() }).collect();
    // Small ones first: less follows from a key there.
    steps.sort_by_key(|step| (step.written.to_string().len(), step.file.clone()));
    let mut pool = keys::pool(&kinds, steps.iter().map(|step| &step.written));
    pool.entry("role".to_owned()).or_default().push(Value::String("other".to_owned()));
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZeroUsize::get);
    let mut known = Everything::new();
    std::thread::scope(|scope| {
        let (kinds, steps, pool) = (&kinds, &steps, &pool);
        let mine = |core: usize| move |path: &str| path.bytes().map(usize::from).sum::<usize>() % cores == core;
        let cores = (0..cores).map(|core| scope.spawn(move || known_of(kinds, steps, pool, &mine(core))));
        let cores: Vec<_> = cores.collect();
        cores.into_iter().for_each(|core| known.extend(core.join().unwrap()));
    });
    known
}

/// What is known of some keys.
fn known_of(kinds: &BTreeMap<String, Json>, steps: &[Step], pool: &Pool, mine: &dyn Fn(&str) -> bool) -> Everything {
    let mut known = Everything::new();
    for step in steps {
        let before = leaves(&step.written, NEWEST).unwrap();
        for (kind, used) in keys::uses_of_process(kinds, &step.written).into_iter().filter(|(_, it)| mine(&it.path)) {
            let known = known.entry((kind.to_owned(), used.path.clone())).or_default();
            known.files.insert(step.file.clone());
            // Of a table it is enough that it does something: its keys say what.
            let enough = if keys::properties(used.schema).is_empty() { ENOUGH } else { 1 };
            if known.changed.len() < enough {
                try_on(step, &used, &before, pool, known);
            }
            if !known.default_is_ours && known.files.len() <= ENOUGH {
                try_default(step, &used, known);
            }
        }
    }
    elsewhere(kinds, steps, pool, mine, &mut known);
    for step in steps {
        let before = leaves(&step.written, NEWEST).unwrap();
        for (kind, used) in keys::uses_of_process(kinds, &step.written).into_iter().filter(|(_, it)| mine(&it.path)) {
            let known = known.entry((kind.to_owned(), used.path.clone())).or_default();
            if known.changed.is_empty() && keys::properties(used.schema).is_empty() {
                try_with_others(step, &used, &before, known);
            }
        }
    }
    known
}

/// Tries keys that golden steps have for one kind on steps of the others that share them.
fn elsewhere(
    kinds: &BTreeMap<String, Json>,
    steps: &[Step],
    pool: &Pool,
    mine: &dyn Fn(&str) -> bool,
    known: &mut Everything,
) {
    for (kind, schema) in kinds {
        let mut paths = Vec::new();
        keys::paths(schema, "", &mut paths);
        // Those inside of tables are in golden steps of each kind.
        for (path, _) in paths.into_iter().filter(|(path, _)| !path.contains('.') && mine(path)) {
            let mut changed = steps.iter().flat_map(|step| {
                keys::transplants(&step.written, kind, &path, pool).into_iter().map(move |written| (step, written))
            });
            while known.get(&(kind.clone(), path.clone())).is_none_or(|known| known.changed.is_empty()) {
                let Some((step, written)) = changed.next() else { break };
                let Some(before) = leaves(&written, NEWEST) else { continue };
                let step = Step { file: step.file.clone(), written };
                let uses = keys::uses_of_process(kinds, &step.written).into_iter();
                for (of, used) in uses.filter(|(_, used)| used.path == path) {
                    let known = known.entry((of.to_owned(), used.path.clone())).or_default();
                    if known.changed.is_empty() {
                        try_on(&step, &used, &before, pool, known);
                        try_default(&step, &used, known);
                    }
                }
            }
        }
    }
}

/// What is known of the keys of every kind, by kind and path.
pub(crate) type Everything = BTreeMap<(String, String), Known>;

/// Changes a key in a step, until a change passes the checks and changes something.
fn try_on(step: &Step, used: &Use<'_>, before: &Leaves, pool: &Pool, known: &mut Known) {
    let value = keys::get(&step.written, &used.place).unwrap();
    let others = keys::others(used.schema, value, &used.path, pool);
    for other in others.into_iter().map(Some).chain([None]) {
        let Some(changed) = keys::with(&step.written, &used.place, other.clone()) else { continue };
        match outcome(step, before, &changed) {
            Some((differs, since)) if !differs.is_empty() => {
                known.changed.push(differs);
                known.since = known.since.into_iter().chain(since).min();
                return;
            }
            Some(_) => {
                let to = other.map_or("nothing".to_owned(), |other| other.to_string());
                known.silent.push(format!("steps/{}.toml: {} = {value} to {to}", step.file, shown(&used.place)));
            }
            None => {}
        }
    }
}

/// Changes more than a key that nothing else can stand in for: the name of something everywhere at once, or takes away what
/// the key is in. Of what follows, only what is most like the key counts.
fn try_with_others(step: &Step, used: &Use<'_>, before: &Leaves, known: &mut Known) {
    let value = keys::get(&step.written, &used.place).unwrap();
    let renamed = value.as_str().map(|name| renamed(&step.written, name));
    let without = (3..used.place.len()).rev().map(|depth| keys::with(&step.written, &used.place[..depth], None));
    for changed in renamed.into_iter().chain(without.flatten()) {
        if let Some((differs, since)) = outcome(step, before, &changed).filter(|(differs, _)| !differs.is_empty()) {
            let most = differs.iter().map(|target| likeness(&used.path, target)).max();
            known.changed.push(differs.into_iter().filter(|it| Some(likeness(&used.path, it)) == most).collect());
            known.since = known.since.into_iter().chain(since).min();
            return;
        }
    }
}

/// What differs after a change, and in which format first; none if the change does not pass the checks.
fn outcome(step: &Step, before: &Leaves, changed: &Value) -> Option<(BTreeSet<Target>, Option<u32>)> {
    let differs = difference(before, &leaves(changed, NEWEST)?);
    let in_format = |format: &u32| {
        let pair = leaves(&step.written, *format).zip(leaves(changed, *format));
        pair.is_some_and(|(before, after)| !difference(&before, &after).is_empty())
    };
    let since = (1..NEWEST).find(in_format).or(Some(NEWEST)).filter(|_| !differs.is_empty());
    Some((differs, since))
}

/// The value with another text wherever it says this one.
fn renamed(value: &Value, name: &str) -> Value {
    match value {
        Value::String(text) if text == name => Value::String(format!("{name}2")),
        Value::Array(items) => Value::Array(items.iter().map(|item| renamed(item, name)).collect()),
        Value::Table(table) => {
            Value::Table(table.iter().map(|(key, inner)| (key.clone(), renamed(inner, name))).collect())
        }
        other => other.clone(),
    }
}

/// How many words of a key's path are in a target's.
fn likeness(path: &str, target: &Target) -> usize {
    let bare = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let inside = bare(&format!("{}{}", target.of, target.path));
    path.split('.').filter(|word| inside.contains(bare(word).trim_end_matches('s'))).count()
}

fn shown(place: &Place) -> String {
    let words = place.iter().map(|inside| match inside {
        Inside::Key(key) => key.clone(),
        Inside::Index(index) => index.to_string(),
    });
    words.collect::<Vec<_>>().join(".")
}

/// The default of a key: the schema's, or what its explanation says as "`x` by default" or "5 by default".
pub(crate) fn default(schema: &Json) -> Option<String> {
    if let Some(value) = schema.get("default").filter(|value| !value.is_object() && !value.is_array()) {
        return Some(value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    let said = schema.get("description")?.as_str()?;
    let (before, _) = said.split_once(" by default")?;
    let word = before.rsplit([' ', '\n']).next()?;
    let quoted = word.strip_prefix('`').and_then(|word| word.strip_suffix('`'));
    let number = word.parse::<f64>().ok().map(|_| word);
    quoted.or(number).map(str::to_owned)
}

/// Writes the default of a key where the key is, and where it is not, and compares what is rendered.
fn try_default(step: &Step, used: &Use<'_>, known: &mut Known) {
    let Some(default) = default(used.schema) else { return };
    let value = keys::get(&step.written, &used.place).unwrap();
    let written = match value {
        Value::Boolean(_) => default.parse().map(Value::Boolean).ok(),
        Value::Integer(_) => default.parse().map(Value::Integer).ok(),
        Value::Float(_) => default.parse().map(Value::Float).ok(),
        _ => Some(Value::String(default)),
    };
    let with = written.and_then(|written| keys::with(&step.written, &used.place, Some(written)));
    let without = keys::with(&step.written, &used.place, None);
    let leaves = |changed: Option<Value>| changed.and_then(|changed| leaves(&changed, NEWEST));
    if let Some((with, without)) = leaves(with).zip(leaves(without)) {
        known.default_is_ours |= difference(&with, &without).is_empty();
    }
}

/// Everything that a process renders to under a format; none if it does not pass the checks.
fn leaves(process: &Value, format: u32) -> Option<Leaves> {
    let read = read_format(&toml::to_string(process).unwrap(), format);
    if !read.problems.is_empty() {
        return None;
    }
    let mut leaves = Leaves::new();
    let about = |index: usize, path: &str, value: String, leaves: &mut Leaves| {
        let target = Target { of: String::new(), path: path.to_owned() };
        leaves.insert((index.to_string(), path.to_owned()), (target, Json::String(value)));
    };
    let what = &read.catalog.projects["shop"].releases["1.0.0"].snapshot.as_ref().unwrap().what;
    for placed in what.sequence().unwrap() {
        about(placed.step, ORDER, format!("{:?}", placed.after), &mut leaves);
    }
    for (index, step) in read.steps().enumerate() {
        let places = read.places(step);
        about(index, PLACES, places.join("\n"), &mut leaves);
        if !places.is_empty() {
            of_stack(index, &read.render(step).ok()?, &mut leaves);
        }
    }
    Some(leaves)
}

fn of_stack(index: usize, rendered: &Rendered, leaves: &mut Leaves) {
    let stack = index.to_string();
    let mut put = |id: &str, target: Target, value: &Json| {
        leaves.insert((stack.clone(), format!("{id} {}", target.path)), (target, value.clone()));
    };
    let name = Target { of: String::new(), path: "the stack's name".to_owned() };
    put("", name, &Json::String(rendered.stack.to_string()));
    let document = Document::parse(&rendered.content.template).unwrap();
    for (section, value) in document.as_map().iter().filter(|(section, _)| *section != "Resources") {
        flatten(value, section, &mut |path, value| put("", Target { of: String::new(), path }, value));
    }
    let mut content = serde_json::to_value(&rendered.content).unwrap();
    for (key, value) in content.as_object_mut().unwrap() {
        if !["template", "description", "hash"].contains(&key.as_str()) {
            flatten(value, key, &mut |path, value| put("", Target { of: String::new(), path }, value));
        }
    }
    for resource in document.resources() {
        let of = resource.kind().trim_start_matches("AWS::").to_owned();
        put(resource.id, Target { of: of.clone(), path: String::new() }, &Json::Null);
        let properties = resource.properties().cloned().unwrap_or_default();
        flatten(&Json::Object(properties), "", &mut |path, value| {
            put(resource.id, Target { of: of.clone(), path }, value)
        });
        // What a resource says beside its properties: DependsOn, DeletionPolicy and the like.
        for (key, value) in resource.body.iter().filter(|(key, _)| !["Type", "Properties"].contains(&key.as_str())) {
            flatten(value, key, &mut |path, value| put(resource.id, Target { of: of.clone(), path }, value));
        }
    }
}

/// Calls with every leaf and its path.
fn flatten(value: &Json, above: &str, each: &mut dyn FnMut(String, &Json)) {
    match value {
        Json::Object(object) if !object.is_empty() => {
            for (key, inner) in object {
                let path = if above.is_empty() { key.clone() } else { format!("{above}.{key}") };
                flatten(inner, &path, each);
            }
        }
        Json::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(index, item)| flatten(item, &format!("{above}[{index}]"), each));
        }
        leaf => each(above.to_owned(), leaf),
    }
}

/// What differs between two renderings.
fn difference(before: &Leaves, after: &Leaves) -> BTreeSet<Target> {
    let places: BTreeSet<_> = before.keys().chain(after.keys()).collect();
    let differs =
        |place: &&&(String, String)| before.get(**place).map(|it| &it.1) != after.get(**place).map(|it| &it.1);
    let differing: Vec<_> = places.iter().filter(differs).map(|place| (**place).clone()).collect();
    // A resource that is only on one side is named alone, without its properties.
    let whole: BTreeSet<_> = differing.iter().filter(|(_, place)| place.ends_with(' ')).cloned().collect();
    let inside = |(stack, place): &(String, String)| {
        let id = place.split(' ').next().unwrap_or_default();
        !place.ends_with(' ') && whole.contains(&(stack.clone(), format!("{id} ")))
    };
    let target = |place: &(String, String)| before.get(place).or(after.get(place)).map(|(target, _)| plain(target));
    differing.iter().filter(|place| !inside(place)).filter_map(target).collect()
}

/// Without the places in lists, and without the operators of intrinsics.
fn plain(target: &Target) -> Target {
    let mut path = String::new();
    for piece in target.path.split('.') {
        if piece.starts_with("Fn::") || piece.starts_with("Ref") && piece.len() == 3 {
            break;
        }
        let name = piece.split('[').next().unwrap_or_default();
        let lists = piece.matches('[').count();
        let dot = if path.is_empty() { "" } else { "." };
        path.push_str(&format!("{dot}{name}{}", "[]".repeat(lists)));
    }
    Target { of: target.of.clone(), path }
}
