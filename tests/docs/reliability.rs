//! `docs/reliability.md`: every test that it names exists.

use std::path::{Path, PathBuf};

fn tests() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests")
}

/// Whether a path of modules leads to a file or a folder of the tests, and what is left of it is a test in there.
fn exists(path: &str) -> bool {
    let parts: Vec<&str> = path.split("::").collect();
    (1..=parts.len()).any(|modules| {
        let folder = parts[..modules].iter().fold(tests(), |folder, part| folder.join(part));
        let files = [folder.with_extension("rs"), folder.join("mod.rs")];
        let test = match &parts[modules..] {
            [] => None,
            [name] => Some(format!("fn {name}(")),
            _ => return false,
        };
        let has = |file: &PathBuf| {
            let text = std::fs::read_to_string(file);
            text.is_ok_and(|text| test.as_ref().is_none_or(|test| text.contains(test.as_str())))
        };
        files.iter().any(has)
    })
}

#[test]
fn every_test_that_the_page_names_exists() {
    let page = std::fs::read_to_string(tests().join("../docs/reliability.md")).unwrap();
    let names: Vec<&str> =
        page.split('`').skip(1).step_by(2).filter(|code| code.contains("::") && !code.contains(' ')).collect();
    assert!(names.len() > 15, "{names:?}");
    let missing: Vec<&&str> = names.iter().filter(|name| !exists(name)).collect();
    assert!(missing.is_empty(), "no such tests: {missing:?}");
}

/// The laws are named on the page, each of them.
#[test]
fn the_page_names_every_law() {
    let page = std::fs::read_to_string(tests().join("../docs/reliability.md")).unwrap();
    let laws = std::fs::read_to_string(tests().join("daemon/seeds/laws.rs")).unwrap();
    let body = laws.split("enum Law {").nth(1).unwrap().split('}').next().unwrap();
    let laws = body.lines().map(str::trim).filter(|line| !line.starts_with("//") && line.ends_with(','));
    let missing: Vec<&str> = laws.filter(|law| !page.contains(&format!("*{}*", law.trim_end_matches(',')))).collect();
    assert!(missing.is_empty(), "the page does not name these laws: {missing:?}");
}
