//! The commands as people run them: the program itself, on a simulated account.

use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

fn landfall(arguments: &[&str], folder: &Path) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
    command.args(arguments).current_dir(folder).env("NO_COLOR", "1");
    for (name, value) in [("NAME", "Test"), ("EMAIL", "test@localhost")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    command.output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

const INIT: [&str; 20] = [
    "init",
    "repository",
    "--id",
    "first",
    "--account",
    "111111111111",
    "--region",
    "eu-west-1",
    "--cluster",
    "web",
    "--subnet",
    "subnet-0a1b2c3d",
    "--security-group",
    "sg-0a1b2c3d",
    "--image",
    "example.com/app",
    "--release",
    "2.0.0",
    "--port",
    "9090",
];

fn made(folder: &Path) {
    let init = landfall(&INIT, folder);
    assert_eq!(init.status.code(), Some(0), "{}", text(&init.stderr));
    let repository = folder.join("repository");
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=Test", "-c", "user.email=test@localhost"]).args(arguments);
        assert!(command.current_dir(&repository).output().unwrap().status.success(), "{arguments:?}");
    };
    git(&["add", "."]);
    git(&["commit", "--allow-empty", "-m", "First"]);
}

#[test]
fn what_init_writes_is_clean_and_deploys() {
    let folder = tempfile::tempdir().unwrap();
    made(folder.path());
    let check = landfall(&["check", "repository"], folder.path());
    assert_eq!(check.status.code(), Some(0), "{}{}", text(&check.stdout), text(&check.stderr));
    let render = landfall(&["render", "app", "--repo", "repository", "--environment", "development"], folder.path());
    assert!(text(&render.stdout).contains("ContainerPort: 9090"), "{}", text(&render.stdout));
    let arguments = ["daemon", "--repo", "repository", "--simulate", "--once", "--store", "sqlite:here.db"];
    let daemon = landfall(&arguments, folder.path());
    let told = text(&daemon.stderr);
    assert_eq!(daemon.status.code(), Some(0), "{told}");
    assert!(told.contains("app-web-development-web") && told.contains("deployed"), "{told}");
    let history = landfall(&["history", "--store", "here.db", "--format", "json"], folder.path());
    let list: serde_json::Value = serde_json::from_slice(&history.stdout).unwrap();
    assert_eq!(list[0]["release"], "2.0.0", "{list}");
    let nothing = landfall(&["history", "7", "--store", "here.db"], folder.path());
    assert_eq!(nothing.status.code(), Some(1));
}

#[test]
fn a_rehearsal_leaves_no_past() {
    let folder = tempfile::tempdir().unwrap();
    made(folder.path());
    let daemon = landfall(&["daemon", "--repo", "repository", "--simulate", "--once"], folder.path());
    assert_eq!(daemon.status.code(), Some(0), "{}", text(&daemon.stderr));
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["repository"]);
}

#[test]
fn usage_is_told_from_failure() {
    let folder = tempfile::tempdir().unwrap();
    assert_eq!(landfall(&["init", "somewhere"], folder.path()).status.code(), Some(2));
    assert_eq!(landfall(&["daemon", "--once"], folder.path()).status.code(), Some(2));
    assert_eq!(landfall(&["history"], folder.path()).status.code(), Some(2));
    assert_eq!(landfall(&["sim", "--listen", "0.0.0.0:0"], folder.path()).status.code(), Some(2));
    assert_eq!(landfall(&["nothing"], folder.path()).status.code(), Some(2));
    assert_eq!(landfall(&["--version"], folder.path()).status.code(), Some(0));
}

#[test]
pub(crate) fn the_demo_tells_its_story() {
    let folder = tempfile::tempdir().unwrap();
    let demo = landfall(&["demo", "--once", "--dir", "made"], folder.path());
    let told = text(&demo.stderr);
    assert_eq!(demo.status.code(), Some(0), "{told}");
    // How wide a column is depends on what the example has.
    let told =
        told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") + "\n").collect::<String>();
    for part in [
        "storefront 1.4.0 development deployed",
        "storefront 1.4.0 test deployed",
        "production held entered by hand: pin it in projects/storefront/deploy/production.toml",
        "storefront 1.4.0 production deployed",
        "storefront 1.5.0 development failed container `app` exits with 1",
        "panic: DATABASE_URL is not set",
    ] {
        assert!(told.contains(part), "no `{part}` in:\n{told}");
    }
    assert!(!told.contains("1.5.0 test deploying"), "{told}");
    assert!(folder.path().join("made/.git").exists());
}

#[test]
fn a_daemon_ends_within_two_seconds_of_sigterm() {
    let folder = tempfile::tempdir().unwrap();
    made(folder.path());
    let mut command = Command::new(env!("CARGO_BIN_EXE_landfall"));
    command.args(["daemon", "--repo", "repository", "--simulate", "--log-format", "json"]).current_dir(folder.path());
    let mut daemon = command.stderr(std::process::Stdio::null()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(1500));
    let told = Instant::now();
    let kill = Command::new("kill").args(["-TERM", &daemon.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(daemon.wait().unwrap().code(), Some(0));
    assert!(told.elapsed() < Duration::from_secs(2), "{:?}", told.elapsed());
}

#[test]
fn nothing_that_is_printed_commands_the_terminal() {
    use landfall::cli::output::shown;
    assert_eq!(
        shown("a\u{1b}[1;31mred\u{1b}[0m\tb\n"),
        "a\u{1b}[1;31mred\u{1b}[0m\tb\n",
        "landfall's own colours stay"
    );
    assert_eq!(
        shown("\u{1b}]0;title\u{7}\u{1b}[2J\u{9b}x\r\u{202e}é"),
        "\\u001b]0;title\\u0007\\u001b[2J\\u009bx\\u000d\\u202eé"
    );
    let value = serde_json::json!({ "a": "\u{202e}\u{7f}" });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&shown(&value.to_string())).unwrap(), value);
}
