//! Steps as people write them: read, checked, rendered, judged by cfn-lint, deployed on the simulated account.
//!
//! [`crate::support::steps`] says how `steps/<name>.toml` is read; `golden/1/<kind>/<name>.{json,yaml}` are the bytes that
//! format 1 renders for it. `LANDFALL_BLESS=1` writes these.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use jiff::SignedDuration;
use landfall::cfn::Document;
use landfall::model::{Catalog, Place, StackStatus};
use landfall::sim::world::lifecycle::HookStatus;
use landfall::sim::world::{StackInput, StackOptions};
use landfall::sim::{SimConfig, World};
use landfall::template::{RenderProblem, Rendered, body};
use serde_json::Value;

use super::golden::tool;
use crate::support::frozen::{check, there};
use crate::support::keys;
use crate::support::steps::{Read, folder, golden, process, read, read_with, rendered};

/// So many services are shown at least.
const FEWEST: usize = 40;

/// What CloudFormation is given beside the template, with the stack's name.
fn stack(rendered: &Rendered) -> String {
    let mut content = serde_json::to_value(&rendered.content).unwrap();
    let content = content.as_object_mut().unwrap();
    // In the body, or made from all of it.
    for key in ["template", "description", "expected"] {
        content.remove(key);
    }
    content.retain(|_, value| !value.is_null());
    content.insert("stack".to_owned(), Value::from(rendered.stack.as_str()));
    format!("{}\n", serde_json::to_string_pretty(content).unwrap())
}

#[test]
fn every_step_renders_the_bytes_of_format_1() {
    for (name, golden) in rendered() {
        let body = body(&golden.rendered.content);
        check(&format!("{name}.json"), &format!("{body}\n"));
        check(&format!("{name}.yaml"), &Document::parse(&body).unwrap().yaml());
        check(&format!("{name}.stack.json"), &stack(&golden.rendered));
    }
}

/// The catalog with this step and other files, and its errors as a terminal shows them.
pub(super) fn load_with(step: &str, others: impl IntoIterator<Item = (String, String)>) -> (Catalog, String) {
    let read = read_with(&process(step), 1, others);
    (read.catalog, read.problems)
}

/// What the first step of a catalog becomes.
pub(super) fn render_first(catalog: &Catalog) -> Result<Rendered, Vec<RenderProblem>> {
    let read = Read { catalog: catalog.clone(), problems: String::new() };
    let first = read.steps().next().unwrap();
    read.render(first)
}

/// What the step of this file becomes.
pub(super) fn rendered_by_name(name: &str) -> Rendered {
    let read = read(&golden()[name]);
    assert_eq!(read.problems, "", "steps/{name}.toml");
    let first = read.steps().next().unwrap();
    read.render(first).unwrap_or_else(|problems| panic!("steps/{name}.toml: {problems:#?}"))
}

#[test]
fn there_are_enough_steps_and_no_two_render_the_same() {
    let mut seen = BTreeMap::new();
    for (name, golden) in rendered() {
        if let Some(other) = seen.insert(golden.rendered.content.template.clone(), name.clone()) {
            panic!("{name} renders what {other} renders");
        }
    }
    let services = rendered().values().filter(|golden| golden.kind == "ecs-service").count();
    assert!(services >= FEWEST, "{services} services");
}

#[test]
fn every_golden_file_has_its_step() {
    let known = rendered();
    for name in there()
        .keys()
        .filter(|name| name.contains('/') && !["plans/", "repository/"].iter().any(|not| name.starts_with(not)))
    {
        let of = [".stack.json", ".json", ".yaml"].iter().find_map(|ending| name.strip_suffix(ending));
        assert!(of.is_some_and(|of| known.contains_key(of)), "{name} belongs to nothing");
    }
}

#[test]
fn cfn_lint_finds_no_error_in_any_step() {
    let Some(lint) = tool("cfn-lint") else { return };
    let mut command = Command::new(lint);
    command.args(["--non-zero-exit-code", "error", "--format", "parseable"]);
    for name in rendered().keys() {
        command.arg(folder("golden/1").join(format!("{name}.json")));
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "cfn-lint:\n{said}{}", String::from_utf8_lossy(&output.stderr));
}

/// Answers the pauses of service deployments.
fn go_on(world: &mut World, place: &Place) {
    let deployments = world.services(place).filter_map(|service| service.newest());
    let waiting = deployments.flat_map(|deployment| {
        let hooks = deployment.shift.iter().flat_map(|shift| &shift.hooks);
        let hooks = hooks.filter(|hook| hook.status == HookStatus::AwaitingAction);
        hooks.map(|hook| (deployment.arn.clone(), hook.id.clone()))
    });
    for (deployment, hook) in waiting.collect::<Vec<_>>() {
        world.continue_service_deployment(place, &deployment, &hook, true).unwrap();
    }
}

#[test]
fn every_step_deploys_on_the_simulated_account() {
    for (name, golden) in rendered() {
        let rendered = golden.rendered;
        let place = Place {
            account: "111111111111".to_owned().try_into().unwrap(),
            region: "eu-west-1".to_owned().try_into().unwrap(),
        };
        let mut world = World::new(SimConfig::default());
        let input = StackInput {
            name: rendered.stack.to_string(),
            template: Some(body(&rendered.content)),
            parameters: rendered
                .content
                .shown_parameters()
                .into_iter()
                .map(|(name, it)| (name, Some(given(it))))
                .collect(),
            tags: Some(BTreeMap::new()),
            capabilities: rendered.content.capabilities.iter().map(ToString::to_string).collect(),
            role: None,
            notifications: None,
            monitoring: None,
            token: None,
            skips_validation: false,
        };
        world
            .create_stack(&place, &input, &StackOptions::default())
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        for _ in 0..48 * 6 {
            world.advance(world.now() + SignedDuration::from_mins(10));
            go_on(&mut world, &place);
        }
        let stack = world.find_stack(&place, rendered.stack.as_str()).unwrap();
        let reasons: Vec<_> = stack.events.iter().filter_map(|event| event.reason.clone()).collect();
        assert_eq!(stack.status, StackStatus::CreateComplete, "{name}: {reasons:#?}");
        let services: Vec<_> = world.services(&place).collect();
        assert!(!services.is_empty() || golden.kind != "ecs-service", "{name}");
        services.iter().for_each(|service| assert_eq!(service.running(None), service.desired, "{name}"));
    }
}

/// The value of a parameter: that of an output which has to be an id is one.
fn given(shown: String) -> String {
    match shown.strip_prefix("output ").and_then(|rest| rest.split(' ').next()) {
        Some("FileSystem") => "fs-0a1b2c3d".to_owned(),
        Some("Group") => "sg-0a1b2c3d".to_owned(),
        Some("TargetGroup") => {
            "arn:aws:elasticloadbalancing:eu-west-1:111111111111:targetgroup/web/0123456789abcdef".to_owned()
        }
        Some(output @ ("Secret" | "QueueArn")) => format!("arn:aws:x:eu-west-1:111111111111:{output}"),
        _ => shown,
    }
}

/// Every key that golden steps have, by kind and path, with the texts that it says.
fn shown() -> BTreeMap<(String, String), BTreeSet<String>> {
    fn texts(value: &toml::Value, out: &mut BTreeSet<String>) {
        match value {
            toml::Value::String(text) => drop(out.insert(text.clone())),
            toml::Value::Array(items) => items.iter().for_each(|item| texts(item, out)),
            toml::Value::Table(table) => table.values().for_each(|inner| texts(inner, out)),
            _ => {}
        }
    }
    let kinds = keys::kinds();
    let mut shown: BTreeMap<_, BTreeSet<String>> = BTreeMap::new();
    for process in golden().values() {
        let process: toml::Value = toml::from_str(process).unwrap();
        for (kind, used) in keys::uses_of_process(&kinds, &process) {
            let value = keys::get(&process, &used.place).unwrap();
            texts(value, shown.entry((kind.to_owned(), used.path)).or_default());
        }
    }
    shown
}

#[test]
fn every_key_of_a_kind_is_in_some_step_of_it() {
    let (kinds, shown) = (keys::kinds(), shown());
    let (mut count, mut missing) = (0, Vec::new());
    for (kind, schema) in &kinds {
        let mut paths = Vec::new();
        keys::paths(schema, "", &mut paths);
        for (path, _) in paths {
            count += 1;
            if shown.contains_key(&(kind.clone(), path.clone())) == keys::refuses(kind, &path) {
                missing.push(format!("{kind}: {path}"));
            }
        }
    }
    println!("{count} keys of {} kinds", kinds.len());
    assert!(count > 700, "only {count} keys");
    assert!(
        missing.is_empty(),
        "no file in steps/ has these, or one has what its kind refuses:\n{}",
        missing.join("\n")
    );
}

/// Words that a key lists and never takes, which another test shows: [`patches`](super::patches).
const NEVER: [(&str, &str); 1] = [("patch.update_replace_policy", "retain-except-on-create")];

#[test]
fn every_word_of_a_key_is_in_some_step() {
    let (kinds, shown) = (keys::kinds(), shown());
    let said = |path: &str, word: &str| shown.iter().any(|((_, at), texts)| at == path && texts.contains(word));
    let mut known: BTreeSet<(String, String)> = BTreeSet::new();
    for schema in kinds.values() {
        let mut paths = Vec::new();
        keys::paths(schema, "", &mut paths);
        let words =
            |(path, schema)| keys::words(schema).into_iter().map(move |word| (String::clone(&path), word.to_owned()));
        known.extend(paths.into_iter().flat_map(words));
    }
    let never = |path: &str, word: &str| NEVER.contains(&(path, word));
    let wrong: Vec<_> = known.iter().filter(|(path, word)| said(path, word) == never(path, word)).collect();
    println!("{} words", known.len());
    assert!(known.len() > 150, "only {} words", known.len());
    assert!(wrong.is_empty(), "no file in steps/ says these, or one what is never taken: {wrong:#?}");
}

#[test]
fn what_a_kind_refuses_is_refused() {
    let kinds = keys::kinds();
    let processes: Vec<toml::Value> = golden().values().map(|process| toml::from_str(process).unwrap()).collect();
    let pool = keys::pool(&kinds, processes.iter());
    for (kind, path) in keys::REFUSED {
        let with = processes.iter().flat_map(|process| keys::transplants(process, kind, path, &pool));
        let has = |process: &toml::Value| {
            let uses = keys::uses_of_process(&kinds, process);
            uses.iter().any(|(of, used)| *of == kind && used.path == path)
        };
        let tried: Vec<_> = with.filter(has).collect();
        assert!(!tried.is_empty(), "{path} of {kind}");
        for process in tried {
            let problems = read(&toml::to_string(&process).unwrap()).problems;
            let key = path.rsplit('.').next().unwrap();
            assert!(problems.contains("error[") && problems.contains(key), "{kind}: {problems}\n{process}");
        }
    }
}

/// Steps that cannot be, each with a code and words of what is reported; the lines are added to a small Fargate step.
///
/// `service` follows the keys of the step, `container` those of its only container.
pub(super) fn refused(service: &str, container: &str, expected: &[&str]) {
    let problems = problems(service, container);
    for words in expected {
        assert!(problems.contains(words), "{service}\n{container}\nexpected: {words}\nreported:\n{problems}");
    }
    assert_eq!(problems.matches("error[").count(), expected.len(), "{service}\n{container}\nreported:\n{problems}");
}

/// A step that can be, of which nothing is reported and which renders.
pub(super) fn allowed(service: &str, container: &str) {
    assert_eq!(problems(service, container), "", "{service}\n{container}");
}

/// What is reported of a small step, when it is read and, where that finds nothing, when it is rendered.
fn problems(service: &str, container: &str) -> String {
    let size = if service.contains("cpu = ") { "" } else { "cpu = 256\nmemory = 512\n" };
    let step =
        format!("{size}{service}\n[[step.container]]\nname = \"app\"\nimage = \"web\"\nport = 8080\n{container}\n");
    let read = read(&process(&step));
    if !read.problems.is_empty() {
        return read.problems;
    }
    let rendered = read.steps().map(|step| read.render(step));
    let problems = rendered.filter_map(Result::err).flatten();
    problems.map(|problem| format!("error[{}]: {}\n", problem.code, problem.title)).collect()
}
