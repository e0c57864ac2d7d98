//! Outages, and an account that answers nonsense, end to end on virtual time: the daemon waits, asks again what failed and
//! nothing else, and brakes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use landfall::daemon::{Daemon, Options, Ports, Published, Silent, Upstream, UpstreamError};
use landfall::model::journal::{Entry, StoreId};
use landfall::model::{CommitId, Decision};
use landfall::sim::{CallEffect, Fault, SimCloud, SimConfig, World};
use landfall::store::{MemoryStore, Store};
use landfall::tree::History;

use crate::support::answering::Answering;
use crate::support::branch::{Branch, Files, Followed};
use crate::support::clock::{SimClock, advance};

/// A branch whose home refuses the password as long as it is told to. Notes when it was asked.
struct Guarded {
    branch: Followed,
    refuses: AtomicBool,
    asked: Mutex<Vec<Timestamp>>,
    world: Arc<Mutex<World>>,
}

#[async_trait]
impl Upstream for Guarded {
    async fn head(&self) -> Result<CommitId, UpstreamError> {
        self.asked.lock().unwrap().push(self.world.lock().unwrap().now());
        if self.refuses.load(Ordering::SeqCst) {
            return Err("the password is wrong".into());
        }
        self.branch.head().await
    }

    fn refuses(&self, error: &UpstreamError) -> bool {
        error.to_string().contains("password")
    }

    fn history(&self) -> Arc<dyn History> {
        self.branch.history()
    }

    async fn keep(&self, commits: &[CommitId]) -> Result<(), UpstreamError> {
        self.branch.keep(commits).await
    }
}

/// A daemon on its world.
struct Scene {
    world: Arc<Mutex<World>>,
    branch: Arc<Branch>,
    home: Arc<Guarded>,
    cloud: Arc<Answering>,
    store: Arc<MemoryStore>,
    daemon: Daemon,
}

fn target(environment: &str, account: &str, subnet: &str) -> String {
    format!(
        "kind = \"ecs-cluster\"\nenvironments = [\"{environment}\"]\nroles = [\"web\"]\naccount = \"{account}\"\n\
         region = \"eu-west-1\"\ncluster = \"main\"\n[network]\nsubnets = [\"{subnet}\"]\n"
    )
}

/// One project in development, in account one, and production, in account two.
fn files() -> Files {
    let process = "[images.web]\nrepository = \"example.com/shop\"\n[[step]]\nname = \"web\"\nkind = \"ecs-service\"\n\
                   role = \"web\"\ncpu = 256\nmemory = 512\n[[step.container]]\nname = \"app\"\nimage = \"web\"\nport = 8080\n";
    let files = [
        (
            "landfall.toml",
            "id = \"shop\"\n[accounts.one]\nid = \"111111111111\"\n[accounts.two]\nid = \"222222222222\"\n".to_owned(),
        ),
        ("environments/development.toml", "order = 1\n".to_owned()),
        ("environments/production.toml", "order = 2\n".to_owned()),
        ("targets/development.toml", target("development", "one", "subnet-1")),
        ("targets/production.toml", target("production", "two", "subnet-1")),
        ("projects/shop/project.toml", String::new()),
        ("projects/shop/process.toml", process.to_owned()),
        ("projects/shop/releases/1.0.0.toml", "format = 1\n[images]\nweb = { tag = \"1\" }\n".to_owned()),
        ("projects/shop/deploy/production.toml", "release = \"1.0.0\"\n".to_owned()),
    ];
    files.into_iter().map(|(path, text)| (path.to_owned(), text)).collect()
}

impl Scene {
    /// Both environments run 1.0.0, and nothing is left to do.
    async fn at_rest() -> Self {
        let world = Arc::new(Mutex::new(World::new(SimConfig::default())));
        let branch = Arc::new(Branch::default());
        branch.commit(&files());
        let home = Arc::new(Guarded {
            branch: Followed(branch.clone()),
            refuses: AtomicBool::new(false),
            asked: Mutex::default(),
            world: world.clone(),
        });
        let cloud = Answering::new(SimCloud::new(world.clone()));
        let store = Arc::new(MemoryStore::new(StoreId("00000000000000aa".into())));
        let ports = Ports {
            upstream: home.clone(),
            store: store.clone(),
            cloud: cloud.clone(),
            clock: Arc::new(SimClock(world.clone())),
            events: Arc::new(Silent),
        };
        let options = Options {
            owner: "outages".into(),
            poll: Duration::from_secs(30),
            sweep: Duration::from_secs(300),
            chance: "outages".into(),
            adopt: false,
            single: false,
            patience: Duration::from_secs(120),
        };
        let mut scene = Self { world, branch, home, cloud, store, daemon: Daemon::new(ports, options) };
        scene.rest().await;
        assert_eq!(scene.deployments().await, 2);
        scene
    }

    /// Takes a turn and lets the time pass that it asks for. Whether nothing is left to do.
    async fn turn(&mut self) -> bool {
        let next = self.daemon.turn().await.unwrap();
        advance(&self.world, SignedDuration::try_from(next.after).unwrap());
        next.settled
    }

    async fn rest(&mut self) {
        for _ in 0..300 {
            if self.turn().await {
                return;
            }
        }
        panic!("it does not come to rest");
    }

    /// Turns until so much time has passed. How many.
    async fn pass(&mut self, span: SignedDuration) -> usize {
        let end = self.now() + span;
        let mut turns = 0;
        while self.now() < end {
            self.turn().await;
            turns += 1;
            assert!(turns < 20_000, "it hardly sleeps");
        }
        turns
    }

    fn now(&self) -> Timestamp {
        self.world.lock().unwrap().now()
    }

    async fn deployments(&self) -> usize {
        let records = self.store.records(0, u32::MAX).await.unwrap();
        records.iter().filter(|record| matches!(record.entry, Entry::Opened(_))).count()
    }

    fn published(&self) -> Arc<Published> {
        self.daemon.published().borrow().clone().unwrap()
    }
}

#[tokio::test]
async fn a_wrong_password_is_shown_once_and_then_with_growing_pauses() {
    let mut scene = Scene::at_rest().await;
    scene.home.refuses.store(true, Ordering::SeqCst);
    scene.home.asked.lock().unwrap().clear();
    scene.pass(SignedDuration::from_mins(60)).await;
    let asked = std::mem::take(&mut *scene.home.asked.lock().unwrap());
    let pauses: Vec<i64> = asked.windows(2).map(|two| two[1].duration_since(two[0]).as_secs()).collect();
    assert_eq!(pauses[..7], [10, 20, 40, 80, 160, 320, 600], "{pauses:?}");
    assert!(pauses[7..].iter().all(|pause| *pause == 600), "{pauses:?}");
    let health = scene.daemon.health().borrow().clone();
    let unseen = health.git.unseen.expect("it is said");
    assert_eq!(unseen.times as usize, asked.len());
    assert!(unseen.error.contains("password"), "{}", unseen.error);
    // The right one: the next try sees it.
    scene.home.refuses.store(false, Ordering::SeqCst);
    scene.pass(SignedDuration::from_mins(10)).await;
    assert!(scene.daemon.health().borrow().is_ready());
}

#[tokio::test]
async fn a_commit_is_read_within_two_polls_of_the_hosts_return() {
    let mut scene = Scene::at_rest().await;
    *scene.branch.down.lock().unwrap() = u32::MAX;
    scene.pass(SignedDuration::from_hours(5)).await;
    assert!(!scene.daemon.health().borrow().is_ready(), "nobody has seen the branch for hours");
    let commit = scene.branch.commit(&files().into_iter().chain([("README.md".to_owned(), "1".to_owned())]).collect());
    *scene.branch.down.lock().unwrap() = 0;
    scene.pass(SignedDuration::from_secs(60)).await;
    assert_eq!(scene.published().commit, commit, "two polls of 30 s");
    assert!(scene.daemon.health().borrow().is_ready());
}

#[tokio::test]
async fn only_the_place_that_fails_is_asked_again() {
    let mut scene = Scene::at_rest().await;
    let (operation, account) = ("DescribeStacks".to_owned(), Some("222222222222".to_owned()));
    let fault = Fault::Call { operation, account, effect: CallEffect::Fail, skip: 0, times: 6 };
    scene.world.lock().unwrap().queue_fault(fault);
    // The next look at everything meets the fault.
    while scene.daemon.health().borrow().is_ready() {
        scene.cloud.listed.lock().unwrap().clear();
        scene.turn().await;
    }
    let mut turns = 0;
    while !scene.daemon.health().borrow().is_ready() {
        scene.turn().await;
        turns += 1;
        assert!(turns < 50, "it is seen again within minutes");
    }
    let listed = scene.cloud.listed.lock().unwrap().clone();
    let of = |account: &str| {
        listed.iter().filter(|(place, _)| place.account.as_str() == account).map(|(_, times)| *times).sum::<u32>()
    };
    assert_eq!((of("111111111111"), of("222222222222")), (1, 7), "{listed:?}");
}

#[tokio::test]
async fn an_account_that_keeps_answering_no_changes_is_asked_once() {
    let mut scene = Scene::at_rest().await;
    *scene.cloud.reason.lock().unwrap() =
        Some("The submitted information didn't contain changes. Submit different information.");
    let before = scene.deployments().await;
    let mut changed = files();
    changed.insert("targets/development.toml".to_owned(), target("development", "one", "subnet-2"));
    scene.branch.commit(&changed);
    let turns = scene.pass(SignedDuration::from_hours(24)).await;
    assert_eq!(
        scene.deployments().await,
        before + 1,
        "AWS confirmed the content, which the journal knows from then on"
    );
    assert!(turns < 6_000, "{turns} turns in a day");
    let published = scene.published();
    let row = published.planned.report.slots.iter().find(|row| row.slot.environment.as_str() == "development").unwrap();
    assert!(matches!(row.decision, Decision::UpToDate { .. }), "{:?}", row.decision);
}
