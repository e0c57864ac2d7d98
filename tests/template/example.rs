//! The example repository renders, every release of it to every target, and cfn-lint has nothing against it.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use landfall::cfn::Document;
use landfall::cli::folder::read_folder;
use landfall::load::{Loader, Source};
use landfall::model::{Catalog, Names, StackName};
use landfall::template::{Context, body, format, render};

use super::golden::tool;

fn catalog() -> Catalog {
    let (tree, blobs) = read_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("example-repo")).unwrap();
    let source = Source { tree: &tree, blobs: &blobs, commit: None, history: None, facts: None };
    Loader::new().load(&source).unwrap().catalog
}

/// The body of every stack that a release of the example could become, by release and stack.
fn bodies(catalog: &Catalog) -> BTreeMap<(String, StackName), String> {
    let mut bodies = BTreeMap::new();
    let names = &Names::of(catalog);
    for project in catalog.projects.values() {
        let phases = project.lifecycle().phases.iter();
        let environments: Vec<_> = phases.flat_map(|phase| phase.environments()).collect();
        for release in project.releases.values() {
            let what = &release.snapshot.as_ref().unwrap().what;
            for environment in environments.iter().map(|name| &catalog.environments[*name]) {
                let targets = catalog.targets.values().filter(|t| t.environments.contains(&environment.name));
                for target in targets {
                    for step in what.steps.iter().filter(|step| target.roles.contains(&step.role)) {
                        let repository = catalog.repository.as_ref().unwrap();
                        let context = Context {
                            repository,
                            project,
                            release,
                            what,
                            environment,
                            target,
                            tenant: None,
                            step,
                            names,
                            catalog,
                        };
                        let rendered = render(&context).unwrap_or_else(|problems| panic!("{problems:#?}"));
                        bodies.insert((release.name.to_string(), rendered.stack), body(&rendered.content));
                    }
                }
            }
        }
    }
    bodies
}

#[test]
fn every_project_and_environment_of_the_example_renders() {
    let catalog = catalog();
    let bodies = bodies(&catalog);
    for project in catalog.projects.values() {
        for environment in catalog.environments.values() {
            let begins = format!("{}-", project.id);
            let inside = format!("-{}-", environment.id);
            let found =
                bodies.keys().any(|(_, name)| name.as_str().starts_with(&begins) && name.as_str().contains(&inside));
            assert!(found, "{} in {}", project.name, environment.name);
        }
    }
    for text in bodies.values() {
        assert!(!text.contains("#{"), "a placeholder is left: {text}");
    }
}

#[test]
fn cfn_lint_has_nothing_against_the_example() {
    let Some(lint) = tool("cfn-lint") else { return };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("example-templates");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let mut command = Command::new(lint);
    command.args(["--non-zero-exit-code", "error", "--format", "parseable"]);
    for ((release, stack), body) in bodies(&catalog()) {
        let path = folder.join(format!("{stack}@{release}.yaml"));
        std::fs::write(&path, Document::parse(&body).unwrap().yaml()).unwrap();
        command.arg(path);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "cfn-lint:\n{said}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn loader_and_templates_know_the_same_formats() {
    assert_eq!(landfall::load::FORMAT, format::NEWEST);
}
