//! The documentation shows what the program really does. `LANDFALL_BLESS=1` writes the generated pages anew.

mod commands;
mod reasons;
mod reliability;
mod simulating;
mod snippets;
mod steps;
mod workflows;

use std::collections::BTreeMap;
use std::path::PathBuf;

use landfall::load::codes::CODES;
use landfall::model::risk::{RISKS, RiskKind};
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
            Level::Note => "note",
        };
        codes.insert(code.code, (level, code.doc));
    }
    let mut text =
        "# Problems\n\nThe problems that `landfall check` can find in a repository. If a file has an error, everything that \
         depends on it stays\nas it is deployed, and the rest continues. Warnings and notes do not stop deployments.\n"
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

#[test]
fn every_key_of_a_step_is_explained() {
    is_current("steps.md", &steps::page());
}

fn root(name: &str) -> String {
    std::fs::read_to_string(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// A line without what differs from run to run: commits and times.
fn same_every_time(line: &str) -> String {
    let word = |word: &str| {
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let commit = bare.len() == 7 && bare.bytes().all(|b| b.is_ascii_hexdigit());
        // A version has two dots.
        let number = bare.starts_with(|c: char| c.is_ascii_digit())
            && bare.bytes().all(|b| b.is_ascii_digit() || b == b'.')
            && bare.matches('.').count() < 2;
        if commit || number { "…" } else { word }.to_owned()
    };
    line.split_whitespace().map(word).collect::<Vec<_>>().join(" ")
}

/// The first block of text on a page.
fn first_block(page: &str) -> &str {
    page.split("```text\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap()
}

#[test]
fn the_pages_show_what_the_demo_says() {
    let demo = std::process::Command::new(env!("CARGO_BIN_EXE_landfall"))
        .args(["demo", "--once", "--color", "never"])
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8(demo.stderr).unwrap();
    assert!(demo.status.success(), "{said}");
    let said: Vec<String> = said.lines().map(same_every_time).collect();
    // The README tells the story, the page has all of it.
    for (name, lines) in [("README.md", 15..30), ("docs/demo.md", 50..200)] {
        let text = root(name);
        let shown = first_block(&text);
        assert!(
            lines.contains(&shown.lines().count()),
            "{name}: the first block of text is the demo's, {lines:?} lines"
        );
        let missing: Vec<&str> = shown.lines().filter(|line| !said.contains(&same_every_time(line))).collect();
        assert!(
            missing.is_empty(),
            "{name}: the demo does not say:\n{}\n\nit says:\n{}",
            missing.join("\n"),
            said.join("\n")
        );
    }
}

#[test]
fn every_risk_is_explained() {
    let page = root("docs/reviewing.md");
    for RiskKind { id, doc, lasts } in RISKS {
        let accept = if *lasts { "yes" } else { "no" };
        assert!(page.contains(&format!("| `{id}` | {doc} | {accept} |")), "docs/reviewing.md explains {id}");
    }
}

#[test]
fn the_readme_shows_a_page_of_the_gallery() {
    let readme = root("README.md");
    let gallery = root("docs/gallery/a-new-release.md");
    let part = readme.split("## What a reviewer sees").nth(1).unwrap().split("\n## ").next().unwrap();
    let shown: Vec<&str> = part.lines().filter_map(|line| line.strip_prefix("> ")).collect();
    assert!(shown.len() > 8, "{shown:?}");
    for line in shown {
        assert!(gallery.lines().any(|real| real == line), "the gallery does not show `{line}`");
    }
}

#[test]
fn the_readme_shows_what_why_says() {
    let readme = root("README.md");
    let shown = readme.split("```text\n$ landfall ").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let (command, answer) = shown.split_once('\n').unwrap();
    let said = std::process::Command::new(env!("CARGO_BIN_EXE_landfall"))
        .args(command.split(' '))
        .args(["--color", "never", "--repo"])
        .arg(page("../example-repo"))
        .output()
        .unwrap();
    assert_eq!(String::from_utf8(said.stdout).unwrap(), answer);
}

#[test]
fn the_page_for_developers_names_what_is_there() {
    let text = std::fs::read_to_string(page("developing.md")).unwrap();
    let is_path =
        |word: &&str| word.contains('/') && ["src/", "tests/", "docs/"].iter().any(|root| word.starts_with(root));
    let paths: Vec<&str> = text.split('`').skip(1).step_by(2).filter(is_path).collect();
    assert!(paths.len() > 30, "only {} paths", paths.len());
    let missing: Vec<&&str> = paths.iter().filter(|path| !page("..").join(path).exists()).collect();
    assert!(missing.is_empty(), "docs/developing.md names what does not exist: {missing:?}");
}

#[test]
fn links_lead_somewhere() {
    let pages = std::fs::read_dir(page("")).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    let mut wrong = Vec::new();
    for path in pages.iter().cloned().chain([page("../README.md")]).filter(|path| path.extension().is_some()) {
        let text = std::fs::read_to_string(&path).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let file = link.split('#').next().unwrap_or(link);
            if !file.is_empty() && !file.contains("://") && !path.parent().unwrap().join(file).exists() {
                wrong.push(format!("{}: {link}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_the_page_on_drift_shows_is_what_a_story_shows() {
    let text = std::fs::read_to_string(page("drift.md")).unwrap();
    let golden = |name: &str| {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/stories/golden");
        std::fs::read_to_string(folder.join(name)).unwrap()
    };
    let told = golden("a-release-over-drift.out") + &golden("a-change-by-hand-is-kept.out");
    let shown: Vec<&str> = text.split("```text\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert_eq!(shown.len(), 3);
    shown.iter().for_each(|shown| assert!(told.contains(shown), "{shown}"));
}
