//! What a daemon needs from its start until it has planned: it reads its store, the repository and what AWS shows. Milliseconds
//! depend on the machine; how they grow with ten times the stacks and commits does not.
#![allow(clippy::unwrap_used, clippy::print_stdout, missing_docs, reason = "a benchmark prints, and may fail loudly")]

#[path = "../tests/support/clock.rs"]
mod clock;
#[path = "../tests/costs/long.rs"]
mod long;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use clock::SimClock;
use landfall::cli::upstream::Branch;
use landfall::daemon::{Daemon, Options, Ports, Silent};
use landfall::git::{Mirror, Remote};
use landfall::model::journal::StoreId;
use landfall::sim::{SimCloud, SimConfig, World};
use landfall::store::SqliteStore;
use long::{Shape, make};

/// A daemon on the store and the mirror in a folder.
async fn daemon(dir: &Path, repository: &Path, world: &Arc<Mutex<World>>) -> Daemon {
    let mut remote = Remote::new(repository.to_str().unwrap());
    remote.branch = Some("main".to_owned());
    let url = format!("sqlite:{}", dir.join("landfall.db").display());
    let store = SqliteStore::open(&url, StoreId("00112233445566aa".into())).await.unwrap();
    let mirror = Arc::new(Mirror::open(&dir.join("mirror"), remote).unwrap());
    let ports = Ports {
        upstream: Arc::new(Branch::new(mirror)),
        store: Arc::new(store),
        cloud: Arc::new(SimCloud::new(world.clone())),
        clock: Arc::new(SimClock(world.clone())),
        events: Arc::new(Silent),
    };
    let options = Options {
        owner: "bench".into(),
        poll: Duration::from_secs(30),
        sweep: Duration::from_secs(300),
        chance: "bench".into(),
        adopt: false,
        single: false,
        patience: Duration::from_secs(120),
    };
    Daemon::new(ports, options)
}

/// Turns until nothing moves any more.
async fn settle(daemon: &mut Daemon, world: &Mutex<World>) {
    loop {
        let next = daemon.turn().await.unwrap();
        if next.settled {
            return;
        }
        clock::advance(world, jiff::SignedDuration::try_from(next.after).unwrap());
    }
}

#[tokio::main]
async fn main() {
    println!("{:>8}  {:>8}  {:>10}  {:>9}", "stacks", "commits", "restart", "growth");
    let mut last: Option<Duration> = None;
    for projects in [25, 250, 2_500] {
        let dir = tempfile::tempdir().unwrap();
        let repository = make(dir.path(), Shape { projects, releases: 3, pins: 0 });
        let world = Arc::new(Mutex::new(World::new(SimConfig::default())));
        let mut first = daemon(dir.path(), &repository, &world).await;
        settle(&mut first, &world).await;
        drop(first);
        let started = Instant::now();
        let mut second = daemon(dir.path(), &repository, &world).await;
        second.turn().await.unwrap();
        let restart = started.elapsed();
        let growth = last.replace(restart).map(|last| format!("{:.1}x", restart.as_secs_f64() / last.as_secs_f64()));
        println!(
            "{:>8}  {:>8}  {:>7} ms  {:>9}",
            4 * projects,
            2 + 3 * projects,
            restart.as_millis(),
            growth.unwrap_or_default(),
        );
    }
}
