//! Mistakes that AWS refuses, each made by a key, by a patch and in a template: `landfall check` finds each in every form.
//!
//! `refused/` holds the steps, the mistakes, and in `found.txt` what is reported; `LANDFALL_WRITE_EXPECTED=1` writes that file.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use landfall::cli::check::problems;
use landfall::cli::stacks::{head_contexts, heads};
use landfall::model::Names;
use landfall::problem::{Level, Problem};
use landfall::template;
use landfall::tree::memory::MemoryHistory;
use serde_json::{Map, Value};

use super::support::{Files, files_in, load, now, root};

/// One of `mistakes.toml`.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Mistake {
    name: String,
    step: String,
    old: Option<String>,
    new: Option<String>,
    no_key: Option<String>,
    at: String,
    #[serde(default)]
    set: Map<String, Value>,
    #[serde(default)]
    remove: Vec<String>,
}

#[derive(serde::Deserialize)]
struct Mistakes {
    mistake: Vec<Mistake>,
}

const PROCESS: &str = "projects/shop/process.toml";
const IMAGES: &str =
    "[images.web]\nrepository = \"registry.example.com/shop\"\n\n[[step]]\nname = \"web\"\nrole = \"web\"\n";

fn folder() -> PathBuf {
    root().join("tests/load/refused")
}

fn files(step: &str) -> Files {
    let mut files = files_in(&root().join("tests/load/base"));
    files.insert(PROCESS.to_owned(), format!("{IMAGES}{step}"));
    files
}

fn check(files: &Files) -> Vec<Problem> {
    let mut history = MemoryHistory::new();
    let tree = history.tree_of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    problems(&tree, &history, now()).unwrap()
}

/// What `check` says of a step's template, which a step of kind `cloudformation` uses.
fn check_template(template: &Value) -> Vec<Problem> {
    let step = "kind = \"cloudformation\"\ntemplate = \"t.json\"\ncapabilities = [\"CAPABILITY_IAM\"]\n";
    let mut files = files(step);
    let text = serde_json::to_string_pretty(template).unwrap();
    files.insert("projects/shop/templates/t.json".to_owned(), text);
    check(&files)
}

/// The template that a step renders in the first slot.
fn rendered(step: &str) -> Value {
    let loaded = load(&files(step));
    let project = loaded.catalog.projects.values().next().unwrap();
    let (names, heads) = (Names::of(&loaded.catalog), heads(&loaded.catalog, project));
    let context = head_contexts(&loaded.catalog, project, &names, &heads).next().unwrap();
    serde_json::from_str(&template::render(&context).unwrap().content.template).unwrap()
}

/// The item of a list, by its number or its name, or what stands under a key.
fn step_of(value: &mut Value, step: &str) -> Option<usize> {
    let items = value.as_array()?;
    Some(step.parse().unwrap_or_else(|_| items.iter().position(|item| item["Name"] == step).expect("a name")))
}

fn go<'v>(value: &'v mut Value, step: &str) -> &'v mut Value {
    match step_of(value, step) {
        Some(index) => &mut value[index],
        None => &mut value[step],
    }
}

/// The template with the mistake, as the patch would make it.
fn spoiled(template: &Value, mistake: &Mistake) -> Value {
    let mut template = template.clone();
    let properties = &mut template["Resources"][&mistake.at]["Properties"];
    for path in &mistake.remove {
        let (above, last) = path
            .rsplit_once('.')
            .map_or((Vec::new(), path.as_str()), |(above, last)| (above.split('.').collect(), last));
        let map = above.into_iter().fold(&mut *properties, go).as_object_mut().unwrap();
        map.shift_remove(last).unwrap();
    }
    for (path, value) in &mistake.set {
        *path.split('.').fold(&mut *properties, go) = value.clone();
    }
    template
}

fn toml(value: &Value) -> String {
    let value: toml::Value = serde_json::from_value(value.clone()).unwrap();
    value.to_string()
}

fn patch(mistake: &Mistake) -> String {
    let mut text = format!("\n[[step.patch]]\nresource = \"{}\"\n", mistake.at);
    if !mistake.remove.is_empty() {
        writeln!(text, "remove = {}", toml(&mistake.remove.clone().into())).unwrap();
    }
    if !mistake.set.is_empty() {
        writeln!(text, "set = {}", toml(&mistake.set.clone().into())).unwrap();
    }
    text
}

/// The first problem of a form, in a line.
fn first(problems: &[Problem]) -> String {
    let words = |problem: &Problem| {
        let level = if problem.level == Level::Error { "" } else { " (warning)" };
        format!("{}{level} {}:{}: {}", problem.code, problem.span.at.line, problem.span.at.column, problem.title)
    };
    problems.first().map_or_else(|| "NOTHING".to_owned(), words)
}

#[test]
fn each_mistake_is_found_as_a_key_as_a_patch_and_in_a_template() {
    let text = std::fs::read_to_string(folder().join("mistakes.toml")).unwrap();
    let Mistakes { mistake: mistakes } = toml::from_str(&text).unwrap();
    let mut steps = BTreeMap::new();
    for name in ["service", "ec2", "schedule"] {
        let step = std::fs::read_to_string(folder().join(format!("{name}.toml"))).unwrap();
        let step = if step.contains("kind = ") { step } else { format!("kind = \"ecs-service\"\n{step}") };
        let template = rendered(&step);
        assert_eq!(first(&check(&files(&step))), "NOTHING", "{name} is right");
        assert_eq!(first(&check_template(&template)), "NOTHING", "the template of {name} is right");
        steps.insert(name, (step, template));
    }
    let (mut told, mut missed) = (String::new(), Vec::new());
    for mistake in &mistakes {
        let (step, template) = &steps[mistake.step.as_str()];
        let key = mistake.new.as_ref().map(|new| match &mistake.old {
            Some(old) => {
                assert!(step.contains(old), "{}: no `{old}`", mistake.name);
                check(&files(&step.replacen(old, new, 1)))
            }
            None => check(&files(&format!("{new}\n{step}"))),
        });
        assert_eq!(key.is_none(), mistake.no_key.is_some(), "{}: a key, or why there is none", mistake.name);
        let patched = check(&files(&format!("{step}{}", patch(mistake))));
        let raw = check_template(&spoiled(template, mistake));
        writeln!(told, "{}", mistake.name).unwrap();
        for (form, found) in [("key", key), ("patch", Some(patched)), ("template", Some(raw))] {
            let Some(found) = found else { continue };
            writeln!(told, "  {form}: {}", first(&found)).unwrap();
            if found.is_empty() {
                missed.push(format!("{}: {form}", mistake.name));
            }
        }
    }
    let expected = folder().join("found.txt");
    if std::env::var_os("LANDFALL_WRITE_EXPECTED").is_some() {
        std::fs::write(&expected, &told).unwrap();
    }
    assert!(missed.is_empty(), "{} of {} are missed in a form:\n{}", missed.len(), mistakes.len(), missed.join("\n"));
    assert!(mistakes.len() >= 100, "{} mistakes", mistakes.len());
    assert_eq!(
        told,
        std::fs::read_to_string(&expected).unwrap(),
        "LANDFALL_WRITE_EXPECTED=1 writes {}",
        expected.display()
    );
}
