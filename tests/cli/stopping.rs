//! SIGTERM at awkward moments: the daemon ends at once with 0, and the next start does what was left, each thing once.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use landfall::cli::config::Config;
use landfall::cli::daemon::{Settings, start};
use landfall::daemon::Events;
use landfall::model::{Catalog, CommitId};
use landfall::problem::Problem;

use super::program::{Home, eventually};
use super::world::{get, init, operations};

/// What an operator waits for before the process is killed.
const SOON: Duration = Duration::from_secs(2);

/// A repository `shop` of project `app` in a protected environment, and an account of its own.
fn account(home: &Home) -> (super::program::Running, String) {
    home.landfall(&init("shop", "app")).ends(0);
    home.write("shop/environments/development.toml", "protected = true\n");
    home.commit("shop", "Protect development");
    let mut sim = home.start("sim --listen 127.0.0.1:0");
    let account = sim.until_it_says("every account and region at ");
    (sim, account)
}

/// Stops the daemon as soon as the account has accepted so many operations, and starts it again.
fn stopped_after(accepted: usize) {
    let home = Home::new();
    let (_sim, account) = account(&home);
    let daemon = format!("daemon --repo shop --store landfall.db --endpoint {account}");
    let running = home.start(&daemon);
    eventually("an operation under way", || (operations(&account, "app-web").len() >= accepted).then_some(()));
    let (code, took) = running.stops();
    assert_eq!(code, 0);
    assert!(took < SOON, "{took:?}");
    let store = home.landfall("history --store landfall.db --format json").ends(0).json();
    assert!(store[0]["ended"].is_null(), "it was stopped too late: {store}");

    let next = home.landfall(&format!("{daemon} --once")).ends(0);
    next.says(&["1.0.0  development   goes on     deployment 1, begun ", "1.0.0  development   deployed"]);
    let all = operations(&account, "app-web");
    assert_eq!(
        all,
        ["CreateChangeSet", "ExecuteChangeSet", "UpdateTerminationProtection"],
        "{}",
        get(&account, "/_landfall/ledger")
    );
    let history = home.landfall("history --store landfall.db --format json").ends(0).json();
    assert_eq!(history.as_array().map(Vec::len), Some(1), "taken up, not begun anew: {history}");
    assert_eq!(history[0]["outcome"]["outcome"], "proved", "{history}");
}

#[test]
fn sigterm_while_a_change_set_is_made() {
    stopped_after(1);
}

#[test]
fn sigterm_while_a_stack_is_created() {
    stopped_after(2);
}

#[test]
fn sigterm_while_git_and_aws_say_nothing() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap();
    let home = Home::new();
    let remote = home.start(&format!("daemon --repo http://{address}/repo.git --simulate"));
    let (git, _) = silent.accept().unwrap();
    let (code, took) = remote.stops();
    assert_eq!(code, 0);
    assert!(took < SOON, "{took:?}");
    drop(git);

    home.landfall(&init("shop", "app")).ends(0);
    let waiting = home.start(&format!("daemon --repo shop --store landfall.db --endpoint http://{address}"));
    let (aws, _) = silent.accept().unwrap();
    let (code, took) = waiting.stops();
    assert_eq!(code, 0);
    assert!(took < SOON, "{took:?}");
    drop(aws);
}

/// Panics as soon as a commit is read.
struct Panics;

impl Events for Panics {
    fn read(&self, _: &CommitId, _: &Catalog, _: &[Problem]) {
        panic!("on purpose: a test looks at what becomes of it");
    }
}

#[test]
fn a_daemon_that_panics_is_no_success() {
    let home = Home::new();
    home.landfall(&init("shop", "app")).ends(0);
    let settings = Settings {
        repo: home.path("shop").display().to_string(),
        branch: None,
        store: home.path("landfall.db").display().to_string(),
        listen: None,
        endpoint: Some("http://127.0.0.1:9".to_owned()),
        once: true,
        adopt: false,
        patience: Duration::from_secs(120),
        config: Config::default(),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let failure = runtime.block_on(async {
        let mut running = start(settings, Arc::new(Panics)).await.unwrap();
        running.finished().await;
        running.stop().await.unwrap_err()
    });
    assert_eq!(failure.exit.code(), 1);
    assert!(failure.message.contains("a mistake in landfall"), "{failure}");
}
