//! The documentation shows what the program really does. `LANDFALL_BLESS=1` writes the generated pages anew.

mod commands;

use std::collections::BTreeMap;
use std::path::PathBuf;

use landfall::load::codes::CODES;
use landfall::problem::Level;

fn page(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs").join(name)
}

fn problems() -> String {
    let mut codes: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    for (code, doc) in landfall::template::CODES {
        codes.insert(code, ("error", doc));
    }
    for code in CODES {
        let level = match code.level {
            Level::Error => "error",
            Level::Warning => "warning",
        };
        codes.insert(code.code, (level, code.doc));
    }
    let mut text =
        "# Problems\n\nWhat `landfall check` can find in a repository. An error holds what depends on the file, \
                    exactly as it is\ndeployed; everything else goes on. A warning holds nothing.\n"
            .to_owned();
    for (code, (level, doc)) in codes {
        text.push_str(&format!("\n## {code}\n\n*{level}.* {doc}\n"));
    }
    text
}

/// That a generated page is what it should be.
fn is_current(name: &str, wanted: &str) {
    let path = page(name);
    if std::env::var_os("LANDFALL_BLESS").is_some() {
        std::fs::write(&path, wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "docs/{name} is not current: run the test again with LANDFALL_BLESS=1");
}

#[test]
fn every_problem_is_explained() {
    is_current("problems.md", &problems());
}

#[test]
fn every_command_is_explained() {
    is_current("commands.md", &commands::page());
}
