//! `docs/api.md` explains every field of the JSON that landfall really gives, and its examples show every field that it explains.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::offline::example;
use super::world::{get, release, world};

const PAGE: &str = include_str!("../../docs/api.md");

/// What a section documents: paths of fields, and the example.
fn section(name: &str) -> (BTreeSet<String>, Value) {
    let text = PAGE.split("\n## ").find(|section| section.starts_with(&format!("{name}\n"))).unwrap();
    let example = text.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let example = serde_json::from_str(example).unwrap_or_else(|error| panic!("the example of {name}: {error}"));
    let rows = text.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    (rows.map(|(path, _)| path.to_owned()).collect(), example)
}

/// The path of every key in a value.
fn paths(value: &Value, at: &str, into: &mut BTreeSet<String>) {
    match value {
        Value::Object(object) => {
            for (key, inner) in object {
                let path = if at.is_empty() { key.clone() } else { format!("{at}.{key}") };
                paths(inner, &path, into);
                into.insert(path);
            }
        }
        Value::Array(all) => all.iter().for_each(|inner| paths(inner, &format!("{at}[]"), into)),
        _ => {}
    }
}

/// Whether a path has a row, or lies below one that ends in `.*`.
fn explained(path: &str, rows: &BTreeSet<String>) -> bool {
    let below = |row: &String| row.strip_suffix('*').is_some_and(|above| path.starts_with(above));
    rows.contains(path) || rows.iter().any(below)
}

pub(super) fn is_as_documented(name: &str, real: &Value) {
    let (rows, example) = section(name);
    let (mut shown, mut given) = (BTreeSet::new(), BTreeSet::new());
    paths(&example, "", &mut shown);
    paths(real, "", &mut given);
    assert!(!given.is_empty(), "{name} gives nothing to compare");
    for path in shown.iter().chain(&given) {
        assert!(explained(path, &rows), "docs/api.md does not explain `{path}` of {name}");
    }
    for row in rows.iter().filter(|row| !row.ends_with('*')) {
        assert!(shown.contains(row), "the example of {name} does not show `{row}`");
    }
}

#[test]
fn the_page_lists_every_route() {
    let source = [include_str!("../../src/web/mod.rs"), include_str!("../../src/web/reviews.rs")].concat();
    let routes: BTreeSet<String> = source
        .split(".route(\"")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap().replace("{stack}", "STACK").replace("{deployment}", "42"))
        .map(|route| route.replace("{number}", "12"))
        .collect();
    let (listed, _) = PAGE.split_once("An error is an object").unwrap();
    let rows = listed.lines().filter_map(|line| line.strip_prefix("| `/")?.split_once("` |"));
    assert_eq!(rows.map(|(path, _)| format!("/{path}")).collect::<BTreeSet<_>>(), routes);
}

#[test]
fn the_json_of_the_daemon_is_as_documented() {
    let world = world();
    let home = &world.home;
    let asked =
        |command: &str| home.landfall(&format!("{command} --server {} --format json", world.server)).ends(0).json();
    for command in ["plan", "plan --diff"] {
        is_as_documented("plan", &asked(command));
    }
    is_as_documented("status", &asked("status"));
    is_as_documented("doctor", &asked("doctor"));
    is_as_documented("history", &asked("history"));
    for deployment in [1, 2] {
        is_as_documented("history", &json!([asked(&format!("history {deployment}"))]));
    }
    is_as_documented("readyz", &get(&world.server, "/readyz"));
    for page in ["status", "plan", "history", "facts", "doctor"] {
        is_as_documented(page, &get(&world.server, &format!("/api/v1/{page}")));
    }
    world.clone_to("documented");
    home.replace("documented/projects/app/process.toml", "memory = 512", "memory = 1024");
    release(home, "documented", "app", "2.2.0");
    let plan = format!("plan --diff --format json --repo documented --store landfall.db --endpoint {}", world.account);
    is_as_documented("plan", &home.landfall(&plan).ends(0).json());
    let verify = format!("verify shop --format json --endpoint {}", world.account);
    is_as_documented("verify", &home.landfall(&verify).ends(0).json());
}

#[test]
fn the_json_of_the_offline_commands_is_as_documented() {
    let home = example();
    is_as_documented("iam", &home.landfall("iam repo").ends(0).json());
    let why = home.landfall("why storefront api_url --environment production --repo repo --format json").ends(0);
    is_as_documented("why", &why.json());
    let nothing = home.landfall("why storefront nothing --environment production --repo repo --format json").ends(3);
    is_as_documented("why", &nothing.json());
    is_as_documented(
        "release list",
        &home.landfall("release list storefront --repo repo --format json").ends(0).json(),
    );
    let show = home.landfall("release show portal 3.0.0 --repo repo --format json").ends(0).json();
    is_as_documented("release list", &json!([show]));
    let differ = home.landfall("release diff storefront 1.3.2 1.4.0 --repo repo --format json").ends(0);
    is_as_documented("release diff", &differ.json());
    let converted = home.landfall("convert storefront web --repo repo --dry-run --format json").ends(0);
    is_as_documented("convert", &converted.json());
    home.replace("repo/projects/billing/process.toml", "memory = 512", "memory = 1024");
    home.replace("repo/projects/billing/releases/2.0.1.toml", "2.0.1", "2.0.2");
    home.git("repo", "mv projects/billing/releases/2.0.1.toml projects/billing/releases/2.0.2.toml");
    home.commit("repo", "Release billing 2.0.2");
    let review = home.landfall("diff HEAD~1 --repo repo --format json").ends(3).json();
    crate::formats::json::holds(&[("diff", &review)]);
    home.replace("repo/lifecycles/standard.toml", "\"test\"", "\"tset\"");
    is_as_documented("check", &home.landfall("check repo --format json").ends(3).json());
}
