//! Values on their whole way, from a file to the leaf of a template.

use std::collections::BTreeMap;

use landfall::cli::stacks::{Slotted, seats};
use landfall::load::{Loaded, Loader, Source};
use landfall::model::{Catalog, Names};
use landfall::promote::Settled;
use landfall::template::render;
use landfall::template::variables::{MAX_DEPTH, Resolved, explain};
use landfall::tree::memory::MemoryHistory;
use proptest::prelude::*;
use serde_json::Value;

use super::rendering::{differences, literally};
use super::variables::{resolve, scope};
use super::world::World;

const PROCESS: &str = r##"
[images.web]
repository = "example.com/web"
[[step]]
name = "web"
kind = "ecs-service"
role = "web"
cpu = 256
memory = 512
[[step.container]]
name = "app"
image = "web"
command = ["run", "#{list}", "--v=#{v}"]
environment = { V = "<#{v}>", N = "#{n}%", B = "#{b}" }
"##;

const TARGET: &str = "kind = \"ecs-cluster\"\nenvironments = [\"production\"]\nroles = [\"web\"]\naccount = \"main\"\nregion = \
                      \"eu-west-1\"\ncluster = \"c\"\ntenants = [\"acme\"]\n[network]\nsubnets = [\"subnet-0a0a0a0a\"]\n";

const V_DECLARED: &str = "[[tenant_variable]]\nname = \"v\"\ndefault = \"default\"\n";

const DECLARED: &str = r#"
[[tenant_variable]]
name = "n"
type = "number"
default = 1.5
[[tenant_variable]]
name = "b"
type = "boolean"
default = true
[[tenant_variable]]
name = "list"
type = "list"
default = ["a", 2, false]
"#;

/// A repository with a project for one tenant; these lines are added to the project's variables and to the tenant's file.
/// `v` is one of the two kinds of variable: of tenants, unless the project gives it a value.
fn load(project: &str, tenant: &str) -> Loaded {
    let tenant = format!("[projects.store]\nenvironments = [\"production\"]\n{tenant}");
    let declared = if project.contains("name = \"v\"") { "" } else { V_DECLARED };
    let variables = format!("{declared}{DECLARED}{project}");
    let files = [
        ("landfall.toml", "id = \"shop\"\n[accounts.main]\nid = \"111111111111\"\n"),
        ("environments/production.toml", "order = 1\n"),
        ("targets/web.toml", TARGET),
        ("tenants/acme.toml", &tenant),
        ("projects/store/project.toml", "tenancy = \"tenanted\"\n"),
        ("projects/store/process.toml", PROCESS),
        ("projects/store/variables.toml", &variables),
        ("projects/store/releases/1.toml", "format = 1\n[images.web]\ntag = \"1\"\n"),
    ];
    let mut history = MemoryHistory::new();
    let tree = history.tree_of(files);
    Loader::new().load(&Source { tree: &tree, blobs: &history, commit: None, history: None, facts: None }).unwrap()
}

fn value(name: &str, written: &str) -> String {
    format!("[[variable]]\nname = \"{name}\"\nvalue = {written}\n")
}

/// The one stack of the repository.
fn template(catalog: &Catalog) -> Value {
    let names = Names::of(catalog);
    let project = catalog.projects.values().next().unwrap();
    let seat = seats(catalog, project).next().unwrap();
    let release = project.releases.values().next().unwrap();
    let slot = Settled { project, environment: seat.environment, tenant: seat.tenant, release };
    let context = Slotted::new(catalog, &names, &slot).unwrap().contexts(catalog).next().unwrap();
    serde_json::from_str(&render(&context).unwrap().content.template).unwrap()
}

const CONTAINER: &str = "/Resources/TaskDefinition/Properties/ContainerDefinitions/0";

fn of_container<'a>(template: &'a Value, path: &str) -> &'a Value {
    template.pointer(&format!("{CONTAINER}/{path}")).unwrap()
}

/// Texts that have a meaning somewhere on the way.
const ODD: &[&str] = &[
    "${AWS::AccountId}",
    "#{v}",
    "##{v}",
    "#{",
    "#",
    "{{resolve:ssm:x}}",
    "\"",
    "'''",
    "\"\"\"",
    "\\",
    "\\u0041",
    "\0",
    "\u{1}",
    "\u{7f}",
    "\u{85}",
    "\u{9b}31m",
    "\r\n",
    "\n",
    "\t",
    "\u{2028}",
    "\u{202e}",
    "\u{feff}",
    "\u{d7ff}",
    "\u{e000}",
    "\u{fffe}",
    "\u{10ffff}",
    "🚀",
    "e\u{301}",
    "!Ref Service",
    "null",
    "<!--",
    ",",
    "]",
    "}",
    ": ",
    " ",
    "",
];

fn any_text() -> impl Strategy<Value = String> {
    let pieces = prop_oneof![
        4 => prop::sample::select(ODD).prop_map(str::to_owned),
        2 => any::<String>(),
        1 => (1usize..8_000).prop_map(|length| "long ".repeat(length / 5)),
    ];
    prop::collection::vec(pieces, 0..4).prop_map(|pieces| pieces.concat())
}

/// A text as TOML can write it: as its own library does, or with every character as an escape.
fn written(text: &str, escaped: bool) -> String {
    if !escaped {
        return toml::Value::String(text.to_owned()).to_string();
    }
    let escape =
        |c: char| if c as u32 > 0xffff { format!("\\U{:08X}", c as u32) } else { format!("\\u{:04X}", c as u32) };
    format!("\"{}\"", text.chars().map(escape).collect::<String>())
}

proptest! {
    #[test]
    fn a_value_from_a_file_changes_the_leaves_that_name_it_and_no_other(
        text in any_text(),
        escaped in any::<bool>(),
        live in any::<bool>(),
    ) {
        let read = |text: &str| {
            let own = value("v", &written(&literally(text), escaped && text.len() < 2_000));
            if live { load("", &own) } else { load(&format!("{own}scope = {{ tenant = \"acme\" }}\n"), "") }
        };
        if text.contains(|c: char| c.is_control() && !matches!(c, '\t' | '\n' | '\r')) {
            prop_assert!(read(&text).problems.iter().any(|problem| problem.code == "control-character"));
            return Ok(());
        }
        let of = |text: &str| {
            let loaded = read(text);
            assert!(!loaded.has_errors(), "{:?}", loaded.problems.iter().map(|p| &p.title).collect::<Vec<_>>());
            template(&loaded.catalog)
        };
        let (plain, odd) = (of("plain"), of(&text));
        let mut found = Vec::new();
        differences(&plain, &odd, "", &mut found);
        if text != "plain" {
            let leaves = ["Environment/2/Value", "Command/4"].map(|leaf| format!("{CONTAINER}/{leaf}"));
            prop_assert_eq!(found.into_iter().collect::<std::collections::BTreeSet<_>>(), leaves.into());
        }
        prop_assert_eq!(of_container(&odd, "Environment/2/Value"), &Value::from(format!("<{text}>")));
        prop_assert_eq!(of_container(&odd, "Command/4"), &Value::from(format!("--v={text}")));
    }

    #[test]
    fn a_circle_is_named_whole(length in 1usize..MAX_DEPTH, start in 0usize..MAX_DEPTH, turn in 0usize..MAX_DEPTH) {
        let mut world = (0..length).fold(World::new(), |world, index| {
            world.variable(&format!("v{index}"), &format!("#{{v{}}}", (index + 1) % length), scope(""))
        });
        world.what.variables.rotate_left(turn % length);
        let start = start % length;
        let circle: Vec<String> = (0..=length).map(|step| format!("v{}", (start + step) % length)).collect();
        let expected = format!("variable-circle: variables refer to each other in a circle: {} ()", circle.join(" → "));
        prop_assert_eq!(resolve(&world, &format!("#{{v{start}}}")), Err(expected));
    }
}

#[test]
fn half_a_surrogate_pair_is_a_problem_of_the_file() {
    for escape in ["\\uD800", "\\uDFFF", "\\U0000D800", "\\U00110000"] {
        let loaded = load("", &value("v", &format!("\"{escape}\"")));
        assert!(loaded.has_errors(), "{escape}");
    }
}

#[test]
fn numbers_booleans_and_lists_are_written_as_texts() {
    let loaded = load("", "");
    let template_of_defaults = template(&loaded.catalog);
    let leaves = |template: &Value| {
        let environment = of_container(template, "Environment").as_array().unwrap().clone();
        let pairs = environment.iter().map(|pair| (pair["Name"].clone(), pair["Value"].clone()));
        let all: BTreeMap<String, String> = pairs
            .map(|(name, value)| (name.as_str().unwrap().to_owned(), value.as_str().unwrap().to_owned()))
            .collect();
        (all, of_container(template, "Command").clone())
    };
    let (environment, command) = leaves(&template_of_defaults);
    assert_eq!((&*environment["N"], &*environment["B"]), ("1.5%", "true"));
    assert_eq!(command, serde_json::json!(["run", "a", "2", "false", "--v=default"]));

    let own = [value("n", "1000000"), value("b", "false"), value("list", "[]")].concat();
    let (environment, command) = leaves(&template(&load("", &own).catalog));
    assert_eq!((&*environment["N"], &*environment["B"]), ("1000000%", "false"));
    assert_eq!(command, serde_json::json!(["run", "--v=default"]));
}

#[test]
fn a_value_of_another_type_is_no_value() {
    for (name, written) in
        [("n", "\"1\""), ("n", "true"), ("b", "\"true\""), ("v", "1"), ("v", "[\"a\"]"), ("list", "\"a\"")]
    {
        let loaded = load("", &value(name, written));
        let catalog = &loaded.catalog;
        let told_by_loader = loaded.problems.iter().any(|problem| problem.code == "value-type");
        let project = catalog.projects.values().next().unwrap();
        let names = Names::of(catalog);
        let told_by_rendering = seats(catalog, project).any(|seat| {
            let release = project.releases.values().next().unwrap();
            let slot = Settled { project, environment: seat.environment, tenant: seat.tenant, release };
            let slotted = Slotted::new(catalog, &names, &slot).unwrap();
            slotted
                .contexts(catalog)
                .any(|context| explain(&context, name).value.is_err_and(|problem| problem.code == "value-type"))
        });
        assert!(told_by_loader || told_by_rendering, "{name} = {written}");
    }
}

#[test]
fn a_list_is_explained_as_a_list() {
    let loaded = load("", "");
    let catalog = &loaded.catalog;
    let project = catalog.projects.values().next().unwrap();
    let (names, seat) = (Names::of(catalog), seats(catalog, project).next().unwrap());
    let release = project.releases.values().next().unwrap();
    let slot = Settled { project, environment: seat.environment, tenant: seat.tenant, release };
    let context = Slotted::new(catalog, &names, &slot).unwrap().contexts(catalog).next().unwrap();
    let list = ["a", "2", "false"].map(std::sync::Arc::from).to_vec();
    assert_eq!(explain(&context, "list").value, Ok(Resolved::List(list)));
}
