//! Steps as people write them: read, checked, rendered, judged by cfn-lint, deployed on the simulated account.
//!
//! [`crate::support::steps`] says how `steps/<name>.toml` is read; `golden/1/<kind>/<name>.{json,yaml}` are the bytes that
//! format 1 renders for it. `LANDFALL_BLESS=1` writes these.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use jiff::SignedDuration;
use landfall::cfn::Document;
use landfall::model::{Catalog, Place, StackStatus};
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
            parameters: rendered.content.shown_parameters().into_iter().map(|(name, it)| (name, Some(it))).collect(),
            tags: Some(BTreeMap::new()),
            capabilities: rendered.content.capabilities.iter().map(ToString::to_string).collect(),
            role: None,
            token: None,
        };
        world
            .create_stack(&place, &input, &StackOptions::default())
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        world.settle(world.now() + SignedDuration::from_hours(48));
        let stack = world.find_stack(&place, rendered.stack.as_str()).unwrap();
        let reasons: Vec<_> = stack.events.iter().filter_map(|event| event.reason.clone()).collect();
        assert_eq!(stack.status, StackStatus::CreateComplete, "{name}: {reasons:#?}");
        let services: Vec<_> = world.services(&place).collect();
        assert!(!services.is_empty() || golden.kind != "ecs-service", "{name}");
        services.iter().for_each(|service| assert_eq!(service.running(None), service.desired, "{name}"));
    }
}

#[test]
fn every_key_of_a_step_is_in_some_step() {
    let kinds = keys::kinds();
    let mut known = Vec::new();
    kinds.values().for_each(|kind| keys::paths(kind, "", &mut known));
    let known: BTreeSet<String> = known.into_iter().map(|(path, _)| path).collect();
    let processes: Vec<toml::Value> = golden().values().map(|process| toml::from_str(process).unwrap()).collect();
    let used = processes.iter().flat_map(|process| keys::uses_of_process(&kinds, process));
    let shown: BTreeSet<String> = used.map(|(_, used)| used.path).collect();
    let missing: Vec<_> = known.difference(&shown).collect();
    assert!(known.len() > 50 && missing.is_empty(), "no file in steps/ has {missing:?}");
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
