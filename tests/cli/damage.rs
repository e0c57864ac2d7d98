//! What an operator's machine does to the daemon: full disks, damaged files, repositories that go away. Nothing is done twice
//! and nothing is forgotten.

use std::process::Stdio;

use super::program::{Home, Running, eventually};
use super::world::{init, operations, release};

const ONCE: [&str; 3] = ["CreateChangeSet", "ExecuteChangeSet", "UpdateTerminationProtection"];

fn account(home: &Home) -> (Running, String) {
    home.landfall(&init("shop", "app")).ends(0);
    home.write("shop/environments/development.toml", "protected = true\n");
    home.commit("shop", "Protect development");
    let mut sim = home.start("sim --listen 127.0.0.1:0");
    let account = sim.until_it_says("every account and region at ");
    (sim, account)
}

/// Runs the daemon to its end where no file may grow beyond so many KiB; gives its code and what it said.
fn with_a_disk_of(home: &Home, kib: u32, account: &str) -> (Option<i32>, String) {
    let daemon = env!("CARGO_BIN_EXE_landfall");
    let line = format!(
        "trap '' XFSZ; ulimit -v 8000000; ulimit -f {kib}; exec {daemon} daemon --repo shop --store landfall.db --once --endpoint {account}"
    );
    let mut command = home.program("");
    let envs: Vec<_> =
        command.get_envs().map(|(name, value)| (name.to_owned(), value.map(ToOwned::to_owned))).collect();
    let folder = command.get_current_dir().unwrap().to_owned();
    command = std::process::Command::new("bash");
    command.args(["-c", &line]).current_dir(folder).env_clear().stdin(Stdio::null());
    command.envs(envs.into_iter().filter_map(|(name, value)| Some((name, value?))));
    let output = command.output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_full_disk_stops_the_daemon_and_room_lets_it_go_on() {
    let mut told = 0;
    for kib in [8, 24, 40, 56, 72, 96] {
        let home = Home::new();
        let (_sim, account) = account(&home);
        let (code, said) = with_a_disk_of(&home, kib, &account);
        if code != Some(0) {
            assert_eq!(code, Some(1), "{kib} KiB: {said}");
            assert!(
                said.contains("disk")
                    || said.contains("file too large")
                    || said.contains("File too large")
                    || said.contains("full"),
                "{kib} KiB: {said}"
            );
            told += 1;
        }
        let daemon = format!("daemon --repo shop --store landfall.db --once --endpoint {account}");
        home.landfall(&daemon).ends(0);
        assert_eq!(operations(&account, "app-web"), ONCE, "{kib} KiB: {said}");
    }
    // A limit on each file, not on all: a log that cannot grow is brought into the store and begins again.
    assert!(told >= 2, "only {told} of 6 disks were full");
}

#[test]
fn a_daemon_goes_on_by_itself_once_there_is_room_again() {
    let home = Home::new();
    let (_sim, account) = account(&home);
    let daemon = format!("daemon --repo shop --store landfall.db --endpoint {account}");
    // A write beyond the limit is an error to the daemon, not its end.
    let shell = format!("trap '' XFSZ; exec {} {daemon}", env!("CARGO_BIN_EXE_landfall"));
    let mut running = home.start_program("bash", &["-c", &shell]);
    running.until_it_says("1.0.0  development   deployed");
    let limit = |bytes: &str| {
        let arguments = ["--pid".to_owned(), running.id().to_string(), format!("--fsize={bytes}:")];
        std::process::Command::new("prlimit").args(arguments).status().unwrap().success()
    };
    // Neither the store nor its log can grow; files as small as refs and objects can.
    assert!(limit("8192"));
    release(&home, "shop", "app", "2.0.0");
    eventually("two failures", || (running.said().matches("again in").count() >= 2).then_some(()));
    let before = operations(&account, "app-web").len();
    assert!(limit("unlimited"));
    running.until_it_says("2.0.0  development   deployed");
    assert!(!running.said().contains("transaction depth"), "{}", running.said());
    assert_eq!(operations(&account, "app-web").len(), before + 2, "once");
    assert_eq!(running.stop(), 0);
}

/// Looks without a pause until a file is there: what it waits for may take less than a moment.
fn the_moment(path: &std::path::Path) {
    let begun = std::time::Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < std::time::Duration::from_secs(20), "waited in vain for {}", path.display());
        std::thread::yield_now();
    }
}

#[test]
fn a_kill_while_the_mirror_is_made_or_a_commit_is_fetched_stops_no_later_start() {
    let home = Home::new();
    let (_sim, account) = account(&home);
    let daemon = format!("daemon --repo shop --store landfall.db --endpoint {account}");
    for moment in ["", "config", "HEAD", "objects/pack", "refs/landfall", "refs/landfall/head"] {
        let _ = std::fs::remove_dir_all(home.path("landfall.mirror"));
        let running = home.start(&daemon);
        the_moment(&home.path("landfall.mirror").join(moment));
        // Dropped, it is killed by SIGKILL.
        drop(running);
        home.landfall(&format!("{daemon} --once")).ends(0);
    }
    for n in 2..6 {
        release(&home, "shop", "app", &format!("{n}.0.0"));
        let commit = home.git("shop", "rev-parse HEAD");
        let tree = home.git("shop", "rev-parse HEAD^{tree}");
        let object = if n % 2 == 0 { commit } else { tree };
        let object = object.trim();
        let running = home.start(&daemon);
        the_moment(&home.path(&format!("landfall.mirror/objects/{}/{}", &object[..2], &object[2..])));
        drop(running);
        home.landfall(&format!("{daemon} --once")).ends(0);
    }
    assert_eq!(operations(&account, "app-web").len(), ONCE.len() + 2 * 4, "each release once");
    home.git("landfall.mirror", "fsck --strict");
}

#[test]
fn a_damaged_store_stops_the_daemon_in_words() {
    let home = Home::new();
    let (_sim, account) = account(&home);
    let daemon = format!("daemon --repo shop --store landfall.db --endpoint {account}");
    home.landfall(&format!("{daemon} --once")).ends(0);
    let log = home.path("landfall.db-wal");
    assert!(!log.exists(), "a daemon that ended leaves its whole store in one file");
    let whole = std::fs::read(home.path("landfall.db")).unwrap();
    let mut scrambled = whole.clone();
    for byte in scrambled.iter_mut().skip(4096 * 3) {
        *byte = 0xa5;
    }
    for (what, bytes) in [
        ("truncated", whole[..whole.len() / 2].to_vec()),
        ("cut to a page", whole[..4096].to_vec()),
        ("cut in its header", whole[..50].to_vec()),
        ("scrambled", scrambled),
        ("something else", b"this is no database at all, but some text that is long enough to be looked at".repeat(99)),
    ] {
        for beside in ["landfall.db-wal", "landfall.db-shm"] {
            let _ = std::fs::remove_file(home.path(beside));
        }
        std::fs::write(home.path("landfall.db"), &bytes).unwrap();
        let ran = home.landfall(&daemon).ends(1);
        let worded = ran.err.contains("is not a landfall store") || ran.err.contains("the store is damaged");
        assert!(worded && !ran.err.contains("panicked"), "{what}: {}", ran.err);
        let asked = home.landfall("history --store landfall.db").ends(1);
        assert!(asked.err.contains("store"), "{what}: {}", asked.err);
    }
    assert_eq!(operations(&account, "app-web"), ONCE, "nothing is deployed from a damaged store");
    std::fs::write(home.path("landfall.db"), &whole).unwrap();
    home.landfall(&format!("{daemon} --once")).ends(0);
    assert_eq!(operations(&account, "app-web"), ONCE, "from the backup all is known again");
}

#[test]
fn a_repository_or_branch_that_goes_away_is_waited_for() {
    let home = Home::new();
    let (_sim, account) = account(&home);
    home.write("landfall.toml", "poll = \"1s\"\n");
    let daemon =
        format!("daemon --config landfall.toml --branch main --repo shop --store landfall.db --endpoint {account}");
    let mut running = home.start(&daemon);
    running.until_it_says("1.0.0  development   deployed");
    home.git("shop", "branch --quiet --move main away");
    running.until_it_says("no branch `main` (it has away)");
    home.git("shop", "branch --quiet --move away main");
    release(&home, "shop", "app", "2.0.0");
    running.until_it_says("2.0.0  development   deployed");

    std::fs::rename(home.path("shop"), home.path("elsewhere")).unwrap();
    running.until_it_says("cannot open the git repository");
    release(&home, "elsewhere", "app", "3.0.0");
    std::fs::rename(home.path("elsewhere"), home.path("shop")).unwrap();
    running.until_it_says("3.0.0  development   deployed");

    // Made anew, with another history: the releases that it lacks are no reason to remove anything.
    std::fs::remove_dir_all(home.path("shop")).unwrap();
    eventually("an error again", || {
        (running.said().matches("cannot open the git repository").count() > 1).then_some(())
    });
    home.landfall(&init("shop", "app")).ends(0);
    release(&home, "shop", "app", "4.0.0");
    running.until_it_says("4.0.0  development   deployed");
    let deleted = operations(&account, "app-web").iter().filter(|operation| *operation == "DeleteStack").count();
    assert_eq!(deleted, 0);
    assert_eq!(running.stop(), 0);
}
