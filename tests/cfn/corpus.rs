//! Templates of other people: read, substituted with nothing, written, and read again by somebody else's parser.
//!
//! The templates are those that AWS publishes as samples, where the folder is there (`LANDFALL_TEMPLATES`, or
//! `../shared/corpus/cloudformation`), and those that cfn-lint calls good in its source distribution, which `tests/run`
//! fetches. The other parser is cfn-lint's own, over PyYAML; `meaning.py` compares what both say.

use std::path::{Path, PathBuf};
use std::process::Command;

use landfall::cfn::{self, Document};
use serde_json::json;

/// The files under a folder that are templates, sorted.
pub(crate) fn templates(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            let kind = path.extension().and_then(|kind| kind.to_str()).unwrap_or("");
            if path.is_dir() {
                folders.push(path);
            } else if ["json", "yaml", "yml", "template"].contains(&kind) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// Reads and writes each template, and has the other parser compare. Returns how many there are and what failed.
fn compare(tools: &Path, files: &[PathBuf]) -> (usize, Vec<String>) {
    let written = tempfile::tempdir().expect("a folder for what is written");
    let mut failed = Vec::new();
    let mut index = Vec::new();
    for (number, path) in files.iter().enumerate() {
        let text = std::fs::read_to_string(path).expect("the template is text");
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let document = match cfn::read(&text)
            .map_err(|error| error.to_string())
            .and_then(|source| Document::from_value(source.into_value()).map_err(|error| error.to_string()))
        {
            Ok(document) => document,
            Err(error) => {
                failed.push(format!("{name}: {error}"));
                continue;
            }
        };
        let (json, yaml) =
            (written.path().join(format!("{number}.json")), written.path().join(format!("{number}.yaml")));
        std::fs::write(&json, document.canonical()).expect("written");
        std::fs::write(&yaml, document.yaml()).expect("written");
        index.push(json!({"original": path, "written": [json, yaml]}));
    }
    let list = written.path().join("index.json");
    std::fs::write(&list, serde_json::Value::from(index).to_string()).expect("written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cfn/meaning.py");
    let output = Command::new(tools.join("bin/python")).arg(script).arg(&list).output().expect("Python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    failed.extend(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned));
    (files.len(), failed)
}

fn tools() -> Option<PathBuf> {
    let tools = std::env::var_os("LANDFALL_TOOLS").map(PathBuf::from);
    if tools.is_none() {
        eprintln!("skipped: LANDFALL_TOOLS is not set (tests/run sets it), so there is no cfn-lint");
    }
    tools
}

/// So many templates are in a folder at least: what AWS publishes as samples, and what cfn-lint 1.58 calls good.
pub(crate) fn least(folder: &Path) -> usize {
    if folder.ends_with("good") { 99 } else { 137 }
}

fn judge(what: &str, tools: &Path, folder: &Path) {
    let (count, failed) = compare(tools, &templates(folder));
    eprintln!("{what}: {} of {count} templates keep their meaning", count - failed.len());
    assert!(count >= least(folder), "{count} templates in {}, at least {}", folder.display(), least(folder));
    assert!(
        failed.is_empty(),
        "{} of {count} templates do not keep their meaning:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

/// Where the samples of AWS are, if they are there.
fn samples() -> PathBuf {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus/cloudformation");
    std::env::var_os("LANDFALL_TEMPLATES").map_or(beside, PathBuf::from)
}

/// The folders of templates that are there.
pub(crate) fn folders() -> Vec<PathBuf> {
    let good = std::env::var_os("LANDFALL_TOOLS")
        .map(|tools| PathBuf::from(tools).with_file_name("cfn-lint-templates").join("good"));
    good.into_iter().chain([samples()]).filter(|folder| folder.is_dir()).collect()
}

#[test]
fn the_samples_of_aws_keep_their_meaning() {
    let Some(tools) = tools() else { return };
    let folder = samples();
    if !folder.is_dir() {
        eprintln!("skipped: there are no sample templates in {}", folder.display());
        return;
    }
    judge("samples of AWS", &tools, &folder);
}

#[test]
fn the_good_templates_of_cfn_lint_keep_their_meaning() {
    let Some(tools) = tools() else { return };
    let folder = tools.with_file_name("cfn-lint-templates").join("good");
    assert!(folder.is_dir(), "LANDFALL_TOOLS is set, but there is no {}: tests/run fetches it", folder.display());
    judge("good templates of cfn-lint", &tools, &folder);
}
