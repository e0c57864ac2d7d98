//! Every value of a key may be a variable where the key says so: a step then renders what it renders with the value itself.
//!
//! Where a key takes placeholders is read from its documentation, so a new key takes part as soon as a golden step has it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;

use landfall::template::body;
use serde_json::Value as Json;
use toml::Value;

use super::golden::tool;
use crate::support::keys::{self, Inside, Place};
use crate::support::steps::{Read, files, golden, read, read_with};

/// Keys of which landfall looks at what is written, although a variable may be in it, and why.
const LOOKED_AT: [(&str, &str); 11] = [
    ("circuit_breaker.enabled", "what is off has no further settings"),
    ("container.firelens_configuration.options", "where the configuration is decides what the execution role may read"),
    ("container.log.options", "`awslogs-create-group` gives the execution role the right to create it"),
    ("container.mount_points.read_only", "what is certainly read-only needs no right to write"),
    ("deployment_configuration.lifecycle_hooks.timeout_configuration.action", "the default renders to nothing"),
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

#[test]
fn a_variable_in_every_value_renders_what_the_values_render() {
    let mut kinds = keys::kinds();
    kinds.remove("cloudformation");
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("leaves-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let (mut replaced, mut wrong, mut used) = (0, Vec::new(), BTreeSet::new());
    for (file, process) in golden() {
        let written: Value = toml::from_str(&process).unwrap();
        let steps = written["step"].as_array().unwrap();
        if !steps.iter().all(|step| kinds.contains_key(step["kind"].as_str().unwrap())) {
            continue;
        }
        let plain = resources(&templates(&read(&process)).unwrap());
        let all = leaves(&kinds, &written);
        let exception = |leaf: &Leaf| LOOKED_AT.iter().find(|(path, _)| *path == leaf.path).map(|(path, _)| *path);
        used.extend(all.iter().filter_map(exception));
        let all: Vec<&Leaf> = all.iter().filter(|leaf| exception(leaf).is_none()).collect();
        replaced += all.len();
        let tried = templates(&varied(&written, &all));
        if tried.as_ref().is_ok_and(|tried| resources(tried) == plain) {
            for (number, template) in tried.unwrap().iter().enumerate() {
                std::fs::write(folder.join(format!("{file}-{number}.json")), template).unwrap();
            }
            continue;
        }
        // Each alone says which it is.
        let before = wrong.len();
        for leaf in &all {
            match templates(&varied(&written, &[leaf])) {
                Ok(tried) if resources(&tried) == plain => {}
                Ok(_) => wrong.push(format!("{file}: `{}` = {} renders something else", leaf.path, leaf.value)),
                Err(why) => {
                    wrong.push(format!("{file}: `{}` = {}: {}", leaf.path, leaf.value, why.lines().next().unwrap()))
                }
            }
        }
        if wrong.len() == before {
            wrong.push(format!("{file}: all together: {:?}", tried.err()));
        }
    }
    println!("{replaced} values replaced by variables");
    assert!(wrong.is_empty(), "{} of {replaced}:\n{}", wrong.len(), wrong.join("\n"));
    let unused: Vec<_> = LOOKED_AT.iter().filter(|(path, _)| !used.contains(path)).collect();
    assert!(unused.is_empty(), "no golden step has {unused:?}");
    assert!(replaced > 1_000, "only {replaced}");
    if let Some(lint) = tool("cfn-lint") {
        let mut command = Command::new(lint);
        command.args(["--non-zero-exit-code", "error", "--format", "parseable"]).arg(folder.join("*.json"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    }
    let _ = std::fs::remove_dir_all(&folder);
}
