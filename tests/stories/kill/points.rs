//! The crash points of the source: read from it, so that none can be left out.

use std::collections::BTreeSet;
use std::path::Path;

use landfall::aws::Operation;

fn sources(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(std::fs::read_to_string(&path).unwrap());
        }
    }
}

/// The text between the quotes that follow.
fn quoted(rest: &str) -> Option<&str> {
    rest.trim_start().strip_prefix('"')?.split('"').next()
}

/// The names that a source gives to its points.
fn names(text: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for call in ["crash::around(", "crash::before("] {
        names.extend(text.split(call).skip(1).filter_map(quoted).map(str::to_owned));
    }
    // The transactions of the store: what they are for is the name of their point.
    let mut what = None;
    for line in text.lines() {
        if let Some((_, rest)) = line.split_once("let what = ") {
            what = quoted(rest);
        }
        if let Some((_, rest)) = line.split_once("lent.commit(") {
            names.extend(quoted(rest).or(what).map(str::to_owned));
        }
    }
    names
}

/// Every point.
pub(super) fn all() -> BTreeSet<String> {
    let mut texts = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut texts);
    let mut all: BTreeSet<String> = texts.iter().flat_map(|text| names(text)).collect();
    all.extend(
        Operation::ALL.iter().filter(|operation| operation.changes()).map(|operation| operation.as_str().to_owned()),
    );
    all
}

#[test]
fn points_are_found_in_the_source() {
    let text = "crash::around(\"one\", || 1);\ncrash::before(what);\ncrash::before(\n    \"two\",\n);\n\
                let what = \"three\";\nlent.commit(what).await;\nlent.commit(\"four\").await";
    let found: Vec<String> = names(text).into_iter().collect();
    assert_eq!(found, ["four", "one", "three", "two"]);
}
