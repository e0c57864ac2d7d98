//! Files that are derived from data of another program, and the scripts that write them.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What aws-service-spec says of replacements, where tests/run keeps it; none without it, and then that is said.
pub(crate) fn service_spec() -> Option<PathBuf> {
    let tools = std::env::var_os("LANDFALL_TOOLS").map(PathBuf::from);
    let file = tools.map(|tools| tools.with_file_name("service-spec").join("replaces.json"));
    let file = file.filter(|file| file.is_file());
    if file.is_none() {
        eprintln!(
            "skipped: there is no target/tools/service-spec/replaces.json (tests/run makes it, if node and npm are there)"
        );
    }
    file
}

/// Whether that is there.
pub(crate) fn has_service_spec() -> bool {
    service_spec().is_some()
}

/// Fails where a script, run by the installed Python, writes something else than the file holds. Skipped without Python tools.
pub(crate) fn is_what_its_script_writes(kept: &str, script: &str) {
    let Some(tools) = std::env::var_os("LANDFALL_TOOLS") else {
        eprintln!("skipped: LANDFALL_TOOLS is not set (tests/run sets it), so there is no cfn-lint");
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let output = Command::new(Path::new(&tools).join("bin/python")).arg(root.join(script)).arg("-").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = std::fs::read_to_string(root.join(kept)).unwrap();
    assert!(output.stdout == text.as_bytes(), "run {script}: the installed cfn-lint says something else than {kept}");
}
