//! A daemon that has nothing to do asks the branch where it is, and does nothing else.

use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use landfall::cli::upstream::Branch;
use landfall::daemon::{Clock, Daemon, Options, Ports, Silent, Upstream, UpstreamError};
use landfall::git::{Author, Change, Mirror, Remote, Writer};
use landfall::model::CommitId;
use landfall::model::journal::StoreId;
use landfall::sim::{SimCloud, SimConfig, World};
use landfall::store::Store;
use landfall::store::memory::MemoryStore;
use landfall::tree::History;

use super::crash::{Crashing, Plan};
use crate::support::clock::{SimClock, advance};

const POLL: Duration = Duration::from_secs(30);
const SWEEP: Duration = Duration::from_secs(300);

/// A clock that somebody can set back.
struct Turned(SimClock, AtomicI64);

#[async_trait]
impl Clock for Turned {
    fn now(&self) -> Timestamp {
        self.0.now() - SignedDuration::from_secs(self.1.load(Ordering::SeqCst))
    }

    async fn sleep(&self, span: Duration) {
        self.0.sleep(span).await;
    }
}

/// Counts looks at the branch.
struct Counting(Branch, AtomicU64);

#[async_trait]
impl Upstream for Counting {
    async fn head(&self) -> Result<CommitId, UpstreamError> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.head().await
    }

    fn history(&self) -> Arc<dyn History> {
        self.0.history()
    }

    async fn keep(&self, commits: &[CommitId]) -> Result<(), UpstreamError> {
        self.0.keep(commits).await
    }
}

/// Every file below a folder, by its path in it.
fn files(root: &Path, folder: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(root, &path, found);
        } else {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.push((name, std::fs::read(&path).unwrap()));
        }
    }
}

#[tokio::test]
async fn an_idle_turn_is_one_look_at_the_branch() {
    idles_until(|world, _| advance(world, SignedDuration::try_from(SWEEP).unwrap())).await;
}

#[tokio::test]
async fn a_clock_that_was_set_back_is_no_reason_to_sleep_until_it_catches_up() {
    idles_until(|_, clock| clock.1.store(365 * 86_400, Ordering::SeqCst)).await;
}

/// Looks at a daemon that has deployed something and has nothing to do, until something happens that has AWS listed.
async fn idles_until(something_happens: impl FnOnce(&Mutex<World>, &Turned)) {
    let dir = tempfile::tempdir().unwrap();
    let writer = Writer::init(&dir.path().join("repository"), "main").unwrap();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stories/repositories/storefront");
    let mut found = Vec::new();
    files(&root, &root, &mut found);
    let changes: Vec<Change<'_>> = found.iter().map(|(path, bytes)| Change { path, content: Some(bytes) }).collect();
    let author = Author { name: "landfall".into(), email: "landfall@example.com".into(), time: Timestamp::UNIX_EPOCH };
    writer.commit("main", &changes, &author, "Deploy the storefront").unwrap();

    let mut remote = Remote::new(dir.path().join("repository").to_str().unwrap());
    remote.branch = Some("main".to_owned());
    let mirror = Arc::new(Mirror::open(&dir.path().join("mirror"), remote).unwrap());
    let world = Arc::new(Mutex::new(World::new(SimConfig::default())));
    let store = Arc::new(MemoryStore::new(StoreId("00000000000000aa".into())));
    let upstream = Arc::new(Counting(Branch::new(mirror.clone()), AtomicU64::new(0)));
    let clock = Arc::new(Turned(SimClock(world.clone()), AtomicI64::new(0)));
    // Every call to the store or to the cloud counts down; at the chosen one the turn would never end.
    let calls = Plan::after(0);
    let ports = Ports {
        upstream: upstream.clone(),
        store: Arc::new(Crashing::new(store.clone(), calls.clone())),
        cloud: Arc::new(Crashing::new(Arc::new(SimCloud::new(world.clone())), calls.clone())),
        clock: clock.clone(),
        events: Arc::new(Silent),
    };
    let mut daemon = Daemon::new(
        ports,
        Options {
            owner: "idle".into(),
            poll: POLL,
            sweep: SWEEP,
            chance: "idle".into(),
            adopt: false,
            single: false,
            patience: Duration::from_secs(120),
        },
    );
    loop {
        let next = daemon.turn().await.unwrap();
        if next.settled {
            break;
        }
        advance(&world, SignedDuration::try_from(next.after).unwrap());
    }
    let records = store.records(0, 10_000).await.unwrap().len();
    assert!(records > 10, "something was deployed first");

    let (looks, read) = (upstream.1.load(Ordering::SeqCst), mirror.counts());
    calls.set(1);
    for _ in 0..5 {
        advance(&world, SignedDuration::try_from(POLL).unwrap());
        let turn = tokio::time::timeout(Duration::from_secs(60), daemon.turn()).await;
        assert!(turn.expect("no call to the store or to AWS").unwrap().settled);
    }
    assert_eq!(upstream.1.load(Ordering::SeqCst), looks + 5);
    assert_eq!(mirror.counts(), read, "no object is read");
    assert_eq!(store.records(0, 10_000).await.unwrap().len(), records, "nothing is written");

    something_happens(&world, &clock);
    let turn = daemon.turn();
    tokio::select! {
        () = calls.reached() => {}
        _ = turn => panic!("AWS is not listed"),
    }
}
