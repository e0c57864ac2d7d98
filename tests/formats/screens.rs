//! Pages in a real browser: axe-core finds nothing, the content security policy holds, they fit a telephone and a desk, and a
//! keyboard opens every fold.
//!
//! `LANDFALL_SCREENS=DIR` keeps the pictures, to be looked at. Without Chromium, or without what tests/run installs for Node, the test
//! says that it is skipped.

use std::path::{Path, PathBuf};
use std::process::Command;

use landfall::view::review::html;
use serde_json::Value;

use super::samples::samples;

/// Chromium and the folder with the modules; none if they are not installed.
pub(crate) fn browser() -> Option<(PathBuf, PathBuf)> {
    let Some(tools) = std::env::var_os("LANDFALL_TOOLS").map(PathBuf::from) else {
        eprintln!("skipped: LANDFALL_TOOLS is not set (tests/run sets it), so there is no axe-core");
        return None;
    };
    let modules = tools.with_file_name("node");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = |name: &str| std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    let Some(chromium) = found("chromium") else {
        eprintln!("skipped: there is no chromium");
        return None;
    };
    if found("node").is_none() || !modules.join("node_modules/axe-core").is_dir() {
        eprintln!("skipped: there is no Node, or no axe-core in {}", modules.display());
        return None;
    }
    Some((chromium, modules))
}

fn views(chromium: &Path, modules: &Path) -> Vec<Value> {
    let pages = tempfile::tempdir().unwrap();
    for (name, page) in samples() {
        std::fs::write(pages.path().join(format!("{name}.html")), html(&page)).unwrap();
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/formats/screens.mjs");
    let mut node = Command::new("node");
    node.arg(script).args([chromium, modules, pages.path()]).args(std::env::var_os("LANDFALL_SCREENS"));
    let output = node.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice::<Value>(&output.stdout).unwrap().as_array().unwrap().clone()
}

#[test]
fn a_browser_shows_every_page_and_axe_finds_nothing_wrong() {
    let Some((chromium, modules)) = browser() else { return };
    let (mut shown, mut typed, mut wrong) = (0, 0, Vec::new());
    for view in views(&chromium, &modules) {
        let name = view["name"].as_str().unwrap();
        if let Some(folds) = view["folds"].as_u64() {
            typed += 1;
            if view["opened"].as_u64() != Some(folds) {
                wrong.push(format!("{name}: {} of {folds} folds opened", view["opened"]));
            }
            continue;
        }
        shown += 1;
        let none = |key: &str| view[key].as_array().is_some_and(Vec::is_empty);
        for key in ["asked", "complaints", "violations"] {
            if !none(key) {
                wrong.push(format!("{name}, {key}: {:#}", view[key]));
            }
        }
        if view["wider"].as_i64() != Some(0) {
            wrong.push(format!("{name} is {} pixels wider than the window", view["wider"]));
        }
        if view["passes"].as_u64().is_none_or(|passes| passes < 12) {
            wrong.push(format!("{name}: only {} rules were judged", view["passes"]));
        }
    }
    println!("{shown} views, {typed} times by keyboard");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(shown >= 4 * samples().len() && typed == 4 * samples().len(), "{shown} views, {typed} by keyboard");
}
