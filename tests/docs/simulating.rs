//! `docs/simulating.md`: its commands are run, one after the other, and print what the page shows.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::page;

/// What comes before a block of a page's other lines: its commands.
struct Step {
    commands: String,
    /// Lines that the commands print, among others.
    prints: Vec<String>,
}

fn steps(text: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in text.split("\n```").skip(1).step_by(2) {
        let (kind, body) = block.split_once('\n').unwrap();
        match kind {
            "sh" => steps.push(Step { commands: body.to_owned(), prints: Vec::new() }),
            "text" => steps.last_mut().unwrap().prints.extend(body.lines().map(words)),
            // A scenario, which a test of sim/ reads.
            "toml" => {}
            other => panic!("a block of {other}"),
        }
    }
    steps
}

/// A line with single spaces.
fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A Python that never sleeps long: waiters of the AWS command line look again after half a minute.
const IMPATIENT: &str = "import time\nsleep = time.sleep\ntime.sleep = lambda seconds: sleep(min(seconds, 0.2))\n";

#[test]
fn the_commands_of_the_page_print_what_it_shows() {
    let Some(tools) = std::env::var_os("LANDFALL_TOOLS").map(PathBuf::from) else {
        eprintln!("skipped: LANDFALL_TOOLS names no virtual environment with the AWS command line");
        return;
    };
    let mut steps = steps(&std::fs::read_to_string(page("simulating.md")).unwrap()).into_iter();
    // The first starts the server, here at a free port and for as long as the commands run.
    assert_eq!(steps.next().unwrap().commands.trim(), "landfall sim --listen 127.0.0.1:4566");
    let mut script = "set -eu\n\"$LANDFALL\" sim --listen 127.0.0.1:0 2>sim.log &\ntrap 'kill $!' EXIT\n\
                      until address=$(sed -n 's/^simulated .* at //p' sim.log) && [ -n \"$address\" ]; do sleep 0.01; done\n"
        .to_owned();
    let mut expected = Vec::new();
    for (index, step) in steps.enumerate() {
        script.push_str(&step.commands.replace("http://127.0.0.1:4566", "$address"));
        script.push_str(&format!("\nprintf '\\n== {index}\\n'\n"));
        expected.push(step.prints);
    }
    let folder = tempfile::tempdir().unwrap();
    let python = folder.path().join("python");
    std::fs::create_dir(&python).unwrap();
    std::fs::write(python.join("sitecustomize.py"), IMPATIENT).unwrap();
    let path = format!("{}:{}", tools.join("bin").display(), std::env::var("PATH").unwrap());
    let done = Command::new("bash")
        .args(["-c", &script])
        .current_dir(folder.path())
        .env("PATH", path)
        .env("HOME", folder.path())
        .env("PYTHONPATH", &python)
        .env("LANDFALL", env!("CARGO_BIN_EXE_landfall"))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success(), "{out}\n{err}");
    let mut printed: Vec<Vec<String>> = vec![Vec::new()];
    for line in out.lines() {
        match line.strip_prefix("== ") {
            Some(_) => printed.push(Vec::new()),
            None => printed.last_mut().unwrap().push(words(line)),
        }
    }
    assert!(expected.iter().flatten().count() >= 6);
    for (index, (shown, said)) in expected.iter().zip(&printed).enumerate() {
        let mut said = said.iter();
        assert!(shown.iter().all(|line| said.any(|own| own == line)), "{index}: {shown:?} is not in {printed:?}");
    }
    // The ledger shows the call whose answer was lost, once.
    let ledger = &printed[expected.len() - 1];
    assert!(ledger.iter().any(|line| line.ends_with("ByHand effective")), "{ledger:?}");
}
