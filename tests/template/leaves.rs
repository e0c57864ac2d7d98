//! Every value of a key may be a variable where the key says so: a step then renders what it renders with the value itself.
//!
//! `./tests/run nightly` tries 500 random steps instead of 50.
//!
//! Where a key takes placeholders is read from its documentation, so a new key takes part as soon as a golden step has it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use landfall::template::body;
use serde_json::Value as Json;
use toml::Value;

use super::golden::tool;
use super::random;
use crate::support::keys::{self, Inside, Place};
use crate::support::random::{Workshop, wanted};
use crate::support::steps::{Read, files, golden, read, read_with};

/// Keys of which landfall looks at what is written, although a variable may be in it, and why.
const LOOKED_AT: [(&str, &str); 12] = [
    ("circuit_breaker.enabled", "what is off has no further settings"),
    ("container.firelens_configuration.options", "where the configuration is decides what the execution role may read"),
    ("container.log.options", "`awslogs-create-group` gives the execution role the right to create it"),
    ("container.mount_points.read_only", "what is certainly read-only needs no right to write"),
    ("deployment_configuration.lifecycle_hooks.timeout_configuration.action", "the default renders to nothing"),
    ("execute_command", "with a variable, the task role has the rights of ECS Exec in every slot"),
    ("load_balancer.own_target_group.listener_rule.priority", "the logical id of the rule has what is written"),
    ("scaling.step_scaling.alarm.namespace", "in namespaces of ECS, the dimensions are those of the service"),
    ("scaling.target_tracking.customized_metric_specification.metrics.metric_stat.metric.namespace", "the same"),
    ("scaling.target_tracking.customized_metric_specification.namespace", "the same"),
    ("service_connect_configuration.log.options", "as for containers"),
    ("volume.managed_ebs_volume.kms_key_id", "what is written says whether a role names an alias or a key"),
];

/// A value that a variable can take the place of.
struct Leaf {
    path: String,
    place: Place,
    value: Value,
}

fn is_leaf(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains("#{"),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => true,
        _ => false,
    }
}

/// The values of a process where a key says that a variable may be.
fn leaves(kinds: &BTreeMap<String, Json>, process: &Value) -> Vec<Leaf> {
    let mut all = Vec::new();
    for (_, used) in keys::uses_of_process(kinds, process) {
        let says = used.schema["description"].as_str().is_some_and(|text| text.contains("#{…}"));
        if !says || used.path.starts_with("patch") {
            continue;
        }
        let value = keys::get(process, &used.place).unwrap();
        let below = |inside: Inside| used.place.iter().cloned().chain([inside]).collect::<Place>();
        let mut found: Vec<(Place, &Value)> = match value {
            Value::Table(table) => table.iter().map(|(key, value)| (below(Inside::Key(key.clone())), value)).collect(),
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, item)| (below(Inside::Index(index)), item)).collect()
            }
            value => vec![(used.place.clone(), value)],
        };
        found.retain(|(_, value)| is_leaf(value));
        let leaf = |(place, value): (Place, &Value)| Leaf { path: used.path.clone(), place, value: value.clone() };
        all.extend(found.into_iter().map(leaf));
    }
    all
}

/// The process with variables in the place of values, and the repository around it.
fn varied(process: &Value, leaves: &[&Leaf]) -> Read {
    let (mut written, mut variables) = (process.clone(), String::new());
    for (number, leaf) in leaves.iter().enumerate() {
        let name = format!("leaf-{number}");
        written = keys::with(&written, &leaf.place, Some(Value::String(format!("#{{{name}}}")))).unwrap();
        // In a variable's value too, `##{` stands for `#{`.
        variables.push_str(&format!("[[variable]]\nname = \"{name}\"\nvalue = {}\n", leaf.value));
    }
    let text = toml::to_string(&written).unwrap();
    let mut all = files(&text);
    all.entry("projects/shop/variables.toml".to_owned()).or_default().push_str(&variables);
    read_with(&text, 1, all)
}

/// The same where AWS takes a number for its text.
fn as_texts(value: &Json) -> Json {
    match value {
        Json::Number(number) => number.as_f64().map_or(Json::Null, |number| number.to_string().into()),
        Json::String(text) => text.parse::<f64>().map_or_else(|_| value.clone(), |number| number.to_string().into()),
        Json::Bool(flag) => flag.to_string().into(),
        Json::Array(items) => items.iter().map(as_texts).collect(),
        Json::Object(map) => map.iter().map(|(key, inside)| (key.clone(), as_texts(inside))).collect(),
        Json::Null => Json::Null,
    }
}

/// What each step of a process renders, or why it does not.
fn templates(read: &Read) -> Result<Vec<String>, String> {
    if !read.problems.is_empty() {
        return Err(read.problems.clone());
    }
    let each = read.steps().map(|step| match read.render(step) {
        Ok(rendered) => Ok(body(&rendered.content)),
        Err(problems) => Err(format!("{}: {}\n", problems[0].code, problems[0].title)),
    });
    each.collect()
}

/// The parts of templates that a user's values are in.
fn resources(templates: &[String]) -> Vec<Json> {
    let of = |template: &String| as_texts(&serde_json::from_str::<Json>(template).unwrap()["Resources"]);
    templates.iter().map(of).collect()
}

/// Steps whose values become variables, and what came of it.
struct Trial {
    kinds: BTreeMap<String, Json>,
    folder: PathBuf,
    replaced: usize,
    wrong: Vec<String>,
    /// The exceptions that were needed.
    used: BTreeSet<&'static str>,
    /// Each process by its name.
    tried: BTreeMap<String, String>,
}

impl Trial {
    fn new(name: &str) -> Self {
        let mut kinds = keys::kinds();
        kinds.remove("cloudformation");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).unwrap();
        Self { kinds, folder, replaced: 0, wrong: Vec::new(), used: BTreeSet::new(), tried: BTreeMap::new() }
    }

    /// Replaces every value of a process; it must render the same. False if the process does not render.
    fn replace(&mut self, name: &str, process: &Value) -> bool {
        let Ok(plain) = templates(&read(&toml::to_string(process).unwrap())) else { return false };
        let plain = resources(&plain);
        let all = leaves(&self.kinds, process);
        let exception = |leaf: &Leaf| LOOKED_AT.iter().find(|(path, _)| *path == leaf.path).map(|(path, _)| *path);
        self.used.extend(all.iter().filter_map(exception));
        let all: Vec<&Leaf> = all.iter().filter(|leaf| exception(leaf).is_none()).collect();
        self.replaced += all.len();
        let tried = templates(&varied(process, &all));
        if tried.as_ref().is_ok_and(|tried| resources(tried) == plain) {
            for (number, template) in tried.unwrap().iter().enumerate() {
                std::fs::write(self.folder.join(format!("{name}-{number}.json")), template).unwrap();
            }
            self.tried.insert(name.to_owned(), toml::to_string(process).unwrap());
            return true;
        }
        // Each alone says which it is.
        let before = self.wrong.len();
        for leaf in &all {
            match templates(&varied(process, &[leaf])) {
                Ok(tried) if resources(&tried) == plain => {}
                Ok(_) => self.wrong.push(format!("{name}: `{}` = {} renders something else", leaf.path, leaf.value)),
                Err(why) => {
                    let why = why.lines().next().unwrap();
                    self.wrong.push(format!("{name}: `{}` = {}: {why}", leaf.path, leaf.value));
                }
            }
        }
        if self.wrong.len() == before {
            self.wrong.push(format!("{name}: all together: {:?}", tried.err()));
        }
        true
    }

    /// Every step rendered the same, and cfn-lint has nothing against it but what is excused: what it says, of which template and
    /// which process.
    fn judge(&self, least: usize, excused: impl Fn(&Json, &str, &str) -> bool) {
        println!("{} values of {} processes replaced by variables", self.replaced, self.tried.len());
        assert!(self.wrong.is_empty(), "{} of {}:\n{}", self.wrong.len(), self.replaced, self.wrong.join("\n"));
        assert!(self.replaced > least, "only {}", self.replaced);
        if let Some(lint) = tool("cfn-lint") {
            let fault = |(file, said): &(String, Json)| {
                let template = std::fs::read_to_string(self.folder.join(file)).unwrap();
                !excused(said, &template, &self.tried[file.rsplit_once('-').unwrap().0])
            };
            let found: Vec<_> = random::errors(&lint, &self.folder).into_iter().filter(fault).collect();
            assert!(found.is_empty(), "{found:#?}");
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn a_variable_in_every_value_renders_what_the_values_render() {
    let mut trial = Trial::new("leaves");
    for (file, process) in golden() {
        let written: Value = toml::from_str(&process).unwrap();
        let steps = written["step"].as_array().unwrap();
        if steps.iter().all(|step| trial.kinds.contains_key(step["kind"].as_str().unwrap())) {
            assert!(trial.replace(&file, &written), "{file} does not render");
        }
    }
    let unused: Vec<_> = LOOKED_AT.iter().filter(|(path, _)| !trial.used.contains(path)).collect();
    assert!(unused.is_empty(), "no golden step has {unused:?}");
    trial.judge(1_000, |_, _, _| false);
}

#[test]
fn a_variable_in_every_value_of_random_steps_renders_what_the_values_render() {
    let (seed, count) = wanted(2, 50);
    let (mut trial, mut rendered) = (Trial::new("random-leaves"), 0);
    for (number, made) in Workshop::new().make(seed, count).iter().enumerate() {
        rendered += usize::from(trial.replace(&format!("{number}"), &made.written));
    }
    assert!(rendered >= count, "only {rendered} of {count} render");
    trial.judge(10 * count, random::is_no_fault);
}
