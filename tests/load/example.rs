//! The example repository: it has no problem, and it shows every key but those of steps.

use std::collections::BTreeSet;

use landfall::cli::folder::read_folder;
use landfall::load::{Loader, Source, schema};
use landfall::view;
use serde_json::Value;

use super::support::{example, load, now, root};
use crate::support::keys;

#[test]
fn the_example_has_no_problem() {
    let loaded = load(&example());
    assert_eq!(view::problems::terminal(&loaded.problems, false), "");
    let catalog = loaded.catalog;
    assert!(catalog.broken.is_empty());
    assert_eq!((catalog.environments.len(), catalog.targets.len(), catalog.projects.len()), (3, 5, 4));
    for project in catalog.projects.values() {
        for release in project.releases.values() {
            assert!(release.snapshot.is_ok(), "{:?}", release.snapshot);
        }
    }
}

#[test]
fn the_example_reads_the_same_from_disk() {
    let (tree, blobs) = read_folder(&root().join("example-repo")).unwrap();
    let source = Source { tree: &tree, blobs: &blobs, commit: None, history: None, facts: None };
    let loaded = Loader::new().load(&source).unwrap();
    assert_eq!(view::problems::terminal(&loaded.problems, false), "");
    assert_eq!(format!("{:?}", loaded.catalog), format!("{:?}", load(&example()).catalog));
}

#[test]
fn the_release_says_what_its_inputs_were() {
    let catalog = load(&example()).catalog;
    let project = &catalog.projects["storefront"];
    let found = project.head.as_ref().unwrap().inputs;
    assert_eq!(project.releases["1.4.0"].inputs, Some(found), "write `inputs = \"{found}\"` in releases/1.4.0.toml");
}

/// `LANDFALL_WRITE_SCHEMAS=1` writes them.
#[test]
fn the_schemas_in_the_example_are_current() {
    for (name, schema) in schema::schemas() {
        let path = root().join(format!("example-repo/.schemas/{name}.json"));
        let text = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        if std::env::var_os("LANDFALL_WRITE_SCHEMAS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        assert!(std::fs::read_to_string(&path).unwrap_or_default() == text, "{name}.json is not current");
    }
}

#[test]
fn every_file_of_the_example_names_its_schema() {
    for (path, text) in example().iter().filter(|(path, _)| path.ends_with(".toml")) {
        let up = "../".repeat(path.matches('/').count());
        let first = text.lines().next().unwrap();
        let name = first.strip_prefix(&format!("#:schema {up}.schemas/")).unwrap_or_else(|| panic!("{path}: {first}"));
        let stem = name.strip_suffix(".json").unwrap();
        assert!(schema::schemas().iter().any(|(known, _)| *known == stem), "{path}: {name}");
    }
}

/// Adds every path of keys that a file uses, like `process.step.container.port`; the names in a map of names are left out.
fn used(schema: &Value, value: &toml::Value, name: &str, out: &mut BTreeSet<String>) {
    let mut found = Vec::new();
    keys::uses(schema, value, name, &Vec::new(), &mut found);
    out.extend(found.into_iter().map(|used| used.path));
}

/// The golden steps show every key of a step (`tests/template/keys.rs`), the example those that its projects need.
fn is_of_a_step(path: &str) -> bool {
    path.starts_with("process.step.")
}

#[test]
fn the_example_shows_every_key_but_those_of_steps() {
    let files = example();
    let mut missing = Vec::new();
    for (name, schema) in schema::schemas() {
        let (mut known, mut shown) = (Vec::new(), BTreeSet::new());
        keys::paths(&schema, name, &mut known);
        let known: BTreeSet<String> = known.into_iter().map(|(path, _)| path).collect();
        let mut texts = String::new();
        for text in files.values().filter(|text| {
            text.starts_with("#:schema") && text.lines().next().unwrap().ends_with(&format!("/{name}.json"))
        }) {
            used(&schema, &toml::from_str(text).unwrap(), name, &mut shown);
            texts.push_str(text);
        }
        // Two keys stand in comments, because neither belongs in a release that has just been made. So does `[[accept]]`: the
        // example has nothing to accept.
        let commented = |path: &&String| {
            let key = path.rsplit('.').next().unwrap();
            texts.contains(&format!("\n# {key} = ")) || texts.contains(&format!("\n# [[{key}]]\n"))
        };
        assert!(!known.is_empty());
        let wanted = known.iter().filter(|path| !is_of_a_step(path));
        missing.extend(wanted.filter(|path| !shown.contains(*path) && !commented(path)).cloned());
    }
    assert!(missing.is_empty(), "the example lacks {missing:?}");
}

#[test]
fn comments_of_the_example_can_be_read() {
    let long = |line: &&str| line.starts_with('#') && line.chars().count() > 132;
    for (path, text) in example() {
        let found: Vec<&str> = text.lines().filter(long).collect();
        assert!(found.is_empty(), "{path}: {found:?}");
    }
}

#[test]
fn every_stack_of_the_example_can_be_rendered() {
    let problems = landfall::cli::check::problems_in(&root().join("example-repo"), false, now()).unwrap();
    assert_eq!(view::problems::terminal(&problems, false), "");
}
