//! moto's own tests of CloudFormation, ECS and STS against the account, through `moto_proxy.py`: the nightly run alone.
//!
//! `moto.txt` has a line for each: its outcome and its name, and why it fails. Some fail because the account refuses by name what it does not
//! model, some because AWS refuses what moto takes, and some because moto's other services do not see what the account
//! made. What passes there has to pass; to write the list anew, set `LANDFALL_BLESS`.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use landfall::sim::{Clusters, Pace, SimConfig, World, serve};
use tokio::net::TcpListener;

use super::wire::tools;

/// moto's tests make the clusters that they use.
fn config() -> SimConfig {
    let clusters = Clusters::Listed(BTreeSet::new());
    SimConfig { start: Timestamp::now(), clusters, pace: Pace::fast(), ..SimConfig::default() }
}

/// The names of the tests that pass.
fn passing(list: &str) -> BTreeSet<&str> {
    list.lines().filter_map(|line| line.strip_prefix("passed ")).collect()
}

#[tokio::test]
async fn what_passed_of_motos_own_tests_passes() {
    let Some(tools) = tools().filter(|_| std::env::var_os("LANDFALL_CLIENTS").is_some()) else { return };
    let beside = |name: &str| tools.parent().unwrap().join(name);
    let (python, tests) = (beside("moto/bin/python"), beside("moto-tests"));
    if !python.exists() || !tests.join("tests").exists() {
        eprintln!("skipped: there are no tests of moto beside LANDFALL_TOOLS");
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let world = Arc::new(Mutex::new(World::new(config())));
    let server = tokio::spawn(serve(listener, world, Arc::new(Timestamp::now), std::future::pending()));
    let sim = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/sim");
    let home = tempfile::tempdir().unwrap();
    let mut command = Command::new(python);
    command.arg(sim.join("moto_tests.py")).arg(format!("http://{address}")).arg(tests);
    command.env_clear().env("HOME", home.path()).env("PATH", "/usr/bin:/bin").env("PYTHONDONTWRITEBYTECODE", "1");
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    server.abort();
    let found = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let list = sim.join("moto.txt");
    if std::env::var_os("LANDFALL_BLESS").is_some() {
        std::fs::write(&list, &found).unwrap();
    }
    let listed = std::fs::read_to_string(&list).unwrap();
    let (before, now) = (passing(&listed), passing(&found));
    let lost: Vec<_> = found.lines().filter(|line| before.iter().any(|name| line.contains(name))).collect();
    let lost: Vec<_> = lost.into_iter().filter(|line| !line.starts_with("passed ")).collect();
    assert!(before.is_subset(&now), "{lost:#?}");
    println!("{} of {} pass", now.len(), found.lines().count());
}
