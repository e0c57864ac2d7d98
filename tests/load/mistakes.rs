//! Mistakes that people make: the problem names the cause first, and how to fix it.

use landfall::problem::{Level, Problem};

use super::support::{Files, example, files_in, load, root};

/// The problems of the example with a text in the place of another one.
fn with(path: &str, old: &str, new: &str) -> Vec<Problem> {
    let mut files: Files = example();
    let text = files.get_mut(path).unwrap();
    assert!(text.contains(old), "{path} has `{old}`");
    *text = text.replacen(old, new, 1);
    load(&files).problems
}

fn help(problem: &Problem) -> &str {
    problem.help.as_deref().unwrap_or_default()
}

#[test]
fn the_cause_of_a_typo_in_a_lifecycle_comes_first() {
    let mut files = files_in(&root().join("tests/load/base"));
    let text = files.get_mut("lifecycles/standard.toml").unwrap();
    assert!(text.contains("[\"test\"]"), "{text}");
    *text = text.replacen("[\"test\"]", "[\"tset\"]", 1);
    let problems = load(&files).problems;
    assert_eq!((problems[0].code, help(&problems[0])), ("unknown-environment", "did you mean `test`?"));
    assert!(problems.len() > 1, "what follows from it comes after it");
    assert!(problems.is_sorted_by_key(|problem| problem.level), "errors come before warnings");
}

#[test]
fn conflict_markers_are_one_problem() {
    let conflict = "<<<<<<< HEAD\norder = 1\n=======\norder = 2\n>>>>>>> other\n";
    let mut files = example();
    files.insert("environments/test.toml".to_owned(), conflict.to_owned());
    let problems = load(&files).problems;
    let here: Vec<&Problem> =
        problems.iter().filter(|problem| &*problem.span.at.file == "environments/test.toml").collect();
    let [only] = here.as_slice() else { panic!("{here:#?}") };
    assert_eq!(only.title, "`environments/test.toml` has conflict markers that a merge left");
    assert!(help(only).contains("git add"));
}

#[test]
fn a_release_in_the_folder_of_its_project_is_told_where_it_belongs() {
    let mut files = example();
    files.insert("projects/storefront/9.0.0.toml".to_owned(), "format = 1\n".to_owned());
    let problems = load(&files).problems;
    let [only] = problems.as_slice() else { panic!("{problems:#?}") };
    assert_eq!(only.level, Level::Warning);
    assert_eq!(help(only), "a release belongs in projects/storefront/releases/9.0.0.toml");
}

#[test]
fn a_freeze_without_a_time_zone_is_told_how_to_name_one() {
    let mut files = example();
    let (path, text) = files.iter_mut().find(|(path, _)| path.starts_with("freezes/")).unwrap();
    let path = path.clone();
    *text = text.replacen("time_zone", "# time_zone", 1);
    let problems = load(&files).problems;
    let found = problems.iter().find(|problem| *problem.span.at.file == *path).unwrap();
    assert!(found.code == "missing-key" && help(found).contains("time_zone = \"Europe/Berlin\""), "{found:#?}");
}

#[test]
fn a_secret_with_its_value_is_told_that_it_is_a_reference() {
    let path = "projects/storefront/process.toml";
    for new in ["secrets = { PW = \"hunter2\", ", "secrets = { PW = \"\", "] {
        let problems = with(path, "secrets = { ", new);
        let found = problems.iter().find(|problem| problem.code == "wrong-type").unwrap();
        assert!(help(found).contains("a secret is a reference, never its value"), "{found:#?}");
        assert!(!found.title.contains("hunter2"));
    }
    let other = with(path, "cpu = ", "cpu = []\nx = ");
    assert!(other.iter().all(|problem| !help(problem).contains("secret")), "{other:#?}");
}
