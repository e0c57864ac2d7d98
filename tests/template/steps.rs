//! Steps as people write them: read, checked, rendered, judged by cfn-lint, deployed on the simulated account.
//!
//! `steps/<name>.toml` holds what follows `[[step]]` with its name and role, and its kind where it is no `ecs-service`;
//! `steps/templates/` holds the templates that they name. `golden/1/<kind>/<name>.{json,yaml}` are the bytes that format 1
//! renders for it. `LANDFALL_BLESS=1` writes these.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use jiff::SignedDuration;
use landfall::cfn::Document;
use landfall::load::{Loader, Source, schema};
use landfall::model::{Catalog, Names, Place, StackStatus};
use landfall::sim::world::{StackInput, StackOptions};
use landfall::sim::{SimConfig, World};
use landfall::template::{Context, RenderProblem, Rendered, body, render};
use landfall::tree::memory::MemoryHistory;
use landfall::view;
use serde_json::Value;

use super::golden::tool;

const REPOSITORY: [(&str, &str); 8] = [
    ("landfall.toml", "id = \"base\"\n[accounts.main]\nid = \"111111111111\"\n"),
    ("environments/production.toml", "order = 1\n"),
    (
        "targets/main.toml",
        "kind = \"ecs-cluster\"\nenvironments = [\"production\"]\nroles = [\"web\"]\naccount = \"main\"\nregion = \
         \"eu-west-1\"\ncluster = \"main\"\n[network]\nsubnets = [\"subnet-0a0a0a0a\", \"subnet-0b0b0b0b\"]\n\
         security_groups = [\"sg-0a0a0a0a\"]\n",
    ),
    ("lifecycles/standard.toml", "[[phase]]\nname = \"Production\"\nautomatic = [\"production\"]\n"),
    ("projects/shop/project.toml", "lifecycle = \"standard\"\n"),
    (
        "projects/shop/variables.toml",
        "[[variable]]\nname = \"level\"\nvalue = \"info\"\n[[variable]]\nname = \"secret\"\nvalue = \
         \"arn:aws:secretsmanager:eu-west-1:111111111111:secret:shop-AbCdEf\"\n[[variable]]\nname = \"bucket\"\nvalue = \
         \"arn:aws:s3:::shop-files\"\n",
    ),
    (
        "projects/shop/releases/1.0.0.toml",
        "format = 1\n[images]\nweb = { tag = \"1.0.0\" }\nlogs = { tag = \"3.2\" }\nproxy = { tag = \"1.27\" }\n",
    ),
    ("projects/shop/deploy/production.toml", "release = \"1.0.0\"\n"),
];

const IMAGES: &str = "[images.web]\nrepository = \"111111111111.dkr.ecr.eu-west-1.amazonaws.com/shop\"\n[images.logs]\n\
                      repository = \"public.ecr.aws/aws-observability/aws-for-fluent-bit\"\n[images.proxy]\nrepository = \
                      \"public.ecr.aws/nginx/nginx\"\n";
const STEP: &str = "[[step]]\nname = \"web\"\nrole = \"web\"\n";

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/template").join(name)
}

/// Every step, by name.
fn steps() -> BTreeMap<String, String> {
    let files = std::fs::read_dir(folder("steps")).unwrap().map(|entry| entry.unwrap().path());
    let files = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    files.map(|path| (stem(&path), std::fs::read_to_string(&path).unwrap())).collect()
}

fn stem(path: &Path) -> String {
    path.file_stem().unwrap().to_str().unwrap().to_owned()
}

/// The kind of a step, which is the folder of its golden files.
fn kind(step: &str) -> &str {
    let written = step.lines().find_map(|line| line.strip_prefix("kind = "));
    written.map_or("ecs-service", |kind| kind.trim_matches('"'))
}

fn process(step: &str) -> String {
    let kind = if step.contains("kind = ") { "" } else { "kind = \"ecs-service\"\n" };
    format!("{IMAGES}{STEP}{kind}{step}")
}

/// The template that a step names, with its text.
fn template(step: &str) -> Option<(String, String)> {
    let process: toml::Value = toml::from_str(&process(step)).ok()?;
    let name = process["step"][0].get("template")?.as_str()?.to_owned();
    let text = std::fs::read_to_string(folder("steps/templates").join(&name)).ok()?;
    Some((format!("projects/shop/templates/{name}"), text))
}

/// The catalog with this step, and its problems as a terminal shows them.
fn load(step: &str) -> (Catalog, String) {
    load_with(step, template(step))
}

/// The same with other files of the repository.
pub(super) fn load_with(step: &str, others: impl IntoIterator<Item = (String, String)>) -> (Catalog, String) {
    let files = REPOSITORY.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
    let mut files: BTreeMap<String, String> = files.chain(others).collect();
    files.insert("projects/shop/process.toml".to_owned(), process(step));
    let mut history = MemoryHistory::new();
    let tree = history.tree_of(files.iter().map(|(path, text)| (path.as_str(), text.as_str())));
    let source = Source { tree: &tree, blobs: &history, commit: None, history: None, recorded: &[] };
    let loaded = Loader::new().load(&source).unwrap();
    let problems = view::problems::terminal(&loaded.problems, false);
    (loaded.catalog, problems)
}

/// What the step becomes.
fn rendered(name: &str, step: &str) -> Rendered {
    let (catalog, problems) = load(step);
    assert_eq!(problems, "", "steps/{name}.toml");
    render_first(&catalog).unwrap_or_else(|problems| panic!("steps/{name}.toml: {problems:#?}"))
}

/// What the first step of a catalog becomes.
pub(super) fn render_first(catalog: &Catalog) -> Result<Rendered, Vec<RenderProblem>> {
    let project = &catalog.projects["shop"];
    let release = &project.releases["1.0.0"];
    let what = &release.snapshot.as_ref().unwrap().what;
    let context = Context {
        repository: catalog.repository.as_ref().unwrap(),
        project,
        release,
        what,
        environment: &catalog.environments["production"],
        target: &catalog.targets["main"],
        step: &what.steps[0],
        tenant: None,
        names: &Names::of(catalog),
    };
    render(&context)
}

/// What the step of this file becomes.
pub(super) fn rendered_by_name(name: &str) -> Rendered {
    rendered(name, &steps()[name])
}

/// The golden files of a step, without what tells them apart.
fn golden(name: &str, step: &str) -> PathBuf {
    folder("golden/1").join(kind(step)).join(name)
}

fn check(path: &Path, found: &str) {
    if std::env::var_os("LANDFALL_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, found).unwrap();
    }
    let expected = std::fs::read_to_string(path).unwrap_or_default();
    assert!(expected == found, "{} differs:\n{found}", path.display());
}

#[test]
fn every_step_renders_the_bytes_of_format_1() {
    for (name, step) in steps() {
        let body = body(&rendered(&name, &step).content);
        let golden = golden(&name, &step);
        check(&golden.with_extension("json"), &format!("{body}\n"));
        check(&golden.with_extension("yaml"), &Document::parse(&body).unwrap().yaml());
    }
}

#[test]
fn every_golden_file_has_its_step() {
    let steps = steps();
    let kinds = steps.values().map(|step| kind(step)).collect::<BTreeSet<_>>();
    for entry in kinds.iter().flat_map(|kind| std::fs::read_dir(folder("golden/1").join(kind)).unwrap()) {
        let path = entry.unwrap().path();
        let name = stem(&path);
        let step = steps.get(&name);
        let same = step.is_some_and(|step| path.parent() == golden(&name, step).parent());
        assert!(same, "{} belongs to nothing", path.display());
    }
}

#[test]
fn cfn_lint_finds_no_error_in_any_step() {
    let Some(lint) = tool("cfn-lint") else { return };
    let mut command = Command::new(lint);
    command.args(["--non-zero-exit-code", "error", "--format", "parseable"]);
    for (name, step) in steps() {
        command.arg(golden(&name, &step).with_extension("json"));
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "cfn-lint:\n{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_step_deploys_on_the_simulated_account() {
    for (name, step) in steps() {
        let rendered = rendered(&name, &step);
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
        if step.contains("lifecycle_hooks") {
            let why =
                "the simulated account does not model DeploymentConfiguration.LifecycleHooks of AWS::ECS::Service";
            assert!(reasons.iter().any(|reason| reason.starts_with(why)), "{name}: {reasons:#?}");
            continue;
        }
        assert_eq!(stack.status, StackStatus::CreateComplete, "{name}: {reasons:#?}");
        let services: Vec<_> = world.services(&place).collect();
        assert!(!services.is_empty() || kind(&step) != "ecs-service", "{name}");
        services.iter().for_each(|service| assert_eq!(service.running(None), service.desired, "{name}"));
    }
}

/// Every path of keys that a schema knows below a step, like `container.port`.
fn keys(schema: &Value, path: &str, out: &mut BTreeSet<String>) {
    for (key, inner) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        keys(inner, &path, out);
        out.insert(path);
    }
    for inside in ["items", "additionalProperties"] {
        schema.get(inside).into_iter().for_each(|inner| keys(inner, path, out));
    }
    for inside in ["oneOf", "anyOf"] {
        schema.get(inside).and_then(Value::as_array).into_iter().flatten().for_each(|inner| keys(inner, path, out));
    }
}

/// Every path of keys that a value uses and the schema knows.
fn used(schema: &Value, value: &toml::Value, path: &str, out: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (key, inner) in table {
                let choices = ["oneOf", "anyOf"].into_iter().filter_map(|name| schema.get(name)?.as_array()).flatten();
                if let Some(known) = choices.chain([schema]).find_map(|schema| schema.get("properties")?.get(key)) {
                    let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                    used(known, inner, &path, out);
                    out.insert(path);
                } else if let Some(others) = schema.get("additionalProperties") {
                    used(others, inner, path, out);
                }
            }
        }
        toml::Value::Array(items) => {
            items.iter().for_each(|item| used(schema.get("items").unwrap_or(&Value::Null), item, path, out));
        }
        _ => {}
    }
}

#[test]
fn every_key_of_a_step_is_in_some_step() {
    let schemas: BTreeMap<_, _> = schema::schemas().into_iter().collect();
    let of_step = &schemas["process"]["properties"]["step"]["items"];
    let (mut known, mut shown) = (BTreeSet::new(), BTreeSet::new());
    keys(of_step, "", &mut known);
    for step in steps().values() {
        let process: toml::Value = toml::from_str(&process(step)).unwrap();
        used(of_step, &process["step"][0], "", &mut shown);
    }
    // Goes into stack names only, which the tests of names render.
    shown.insert("id".to_owned());
    // Say where and when there are stacks, and nothing of what is in them; the tests of the planner have them.
    let elsewhere = ["after", "channels", "environments", "parallel", "tenant_tags", "tenants"];
    shown.extend(elsewhere.map(str::to_owned));
    let missing: Vec<_> = known.difference(&shown).collect();
    assert!(known.len() > 50 && missing.is_empty(), "no file in steps/ has {missing:?}");
}

/// Steps that cannot be, each with a code and words of what is reported; the lines are added to a small Fargate step.
///
/// `service` follows the keys of the step, `container` those of its only container.
pub(super) fn refused(service: &str, container: &str, expected: &[&str]) {
    let step = format!(
        "cpu = 256\nmemory = 512\n{service}\n[[step.container]]\nname = \"app\"\nimage = \"web\"\nport = 8080\n{container}\n"
    );
    let (_, problems) = load(&step);
    for words in expected {
        assert!(problems.contains(words), "{service}\n{container}\nexpected: {words}\nreported:\n{problems}");
    }
    assert_eq!(problems.matches("error[").count(), expected.len(), "{service}\n{container}\nreported:\n{problems}");
}
