//! What a look for drift costs where there is none: nothing per stack, and the services of a place in one question.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use jiff::{SignedDuration, Timestamp};
use landfall::engine::{Engine, Inspection};
use landfall::model::catalog::OnFailure;
use landfall::model::drift::{ServiceLeft, ServiceSettings};
use landfall::model::journal::{Action, Content, DeploymentId, Entry, Evidence, Opened, Order, Outcome, StoreId};
use landfall::model::observed::{DriftChecked, PlaceSeen};
use landfall::model::place::Access;
use landfall::model::{
    AccountId, CommitId, Hash, Id, Observed, Place, Region, ReleaseName, StackName, StackOwner, StackSeen, StackStatus,
};
use landfall::sim::{SimCloud, SimConfig, World};
use landfall::store::{MemoryStore, Store};

use crate::support::answering::Answering;

const STACKS: usize = 10_000;

fn settings() -> ServiceSettings {
    [("DesiredCount".to_owned(), 2.into())].into_iter().collect()
}

fn place() -> Place {
    Place { account: AccountId::new("111111111111").unwrap(), region: Region::new("eu-west-1").unwrap() }
}

fn owner(number: usize) -> StackOwner {
    let id = |text: &str| Id::new(text).unwrap();
    StackOwner {
        repository: id("many"),
        project: id("shop"),
        step: id(&format!("s{number}")),
        environment: id("test"),
        target: id("eu"),
        tenant: None,
    }
}

/// A deployment that put these stacks in place, one service in each.
fn deployed(deployment: u64, numbers: std::ops::Range<usize>, at: Timestamp) -> Vec<Entry> {
    let deployment = DeploymentId(deployment);
    let content = Content {
        template: "{}".into(),
        description: "".into(),
        parameters: BTreeMap::new(),
        tags: BTreeMap::new(),
        capabilities: Vec::new(),
        hash: Hash::of(b"content"),
        protected: false,
        images: BTreeMap::new(),
        expected: Vec::new(),
        deadline: 60,
        bucket: None,
        task: None,
    };
    let order = |number: usize| Order {
        wave: 0,
        step: 0,
        after: None,
        stack: StackName::of(&owner(number)),
        place: place(),
        access: Access::default(),
        action: Action::Put(Box::new(content.clone())),
        adopt: false,
        as_found: false,
        repair: false,
        services: BTreeMap::new(),
    };
    let opened = Opened {
        deployment,
        slot: owner(0).slot(),
        release: ReleaseName::new("1.0.0").unwrap(),
        commit: CommitId("0".repeat(40)),
        plan: "00000000".into(),
        content: Hash::of(b"slot"),
        given: None,
        attempt: 1,
        on_failure: OnFailure::Stop,
        orders: numbers.clone().map(order).collect(),
        allowed: Vec::new(),
        removal: false,
        live: BTreeMap::new(),
        waves: Vec::new(),
    };
    let mut entries = vec![Entry::Opened(opened)];
    for number in numbers {
        let stack = StackName::of(&owner(number));
        let arn: Arc<str> = format!("arn:aws:ecs:eu-west-1:111111111111:service/c{}/s{number}", number % 3).into();
        let services = [(arn, ServiceLeft { resource: "Service".into(), settings: settings() })].into_iter().collect();
        let item = Evidence::InPlace { changed: at, services: Some(services) };
        entries.push(Entry::Evidence { deployment, stack: stack.clone(), item });
        entries.push(Entry::StackEnded { deployment, stack, outcome: Outcome::Proved });
    }
    entries.push(Entry::Ended { deployment, outcome: Outcome::Proved });
    entries
}

fn seen(number: usize, at: Timestamp, checked: Option<Timestamp>) -> StackSeen {
    let name = StackName::of(&owner(number));
    StackSeen {
        id: name.as_str().into(),
        name,
        status: StackStatus::CreateComplete,
        reason: None,
        description: None,
        tags: owner(number).tags(),
        outputs: BTreeMap::new(),
        parameters: BTreeMap::new(),
        created: at,
        updated: None,
        protected: false,
        drift: checked.map(|at| DriftChecked { drifted: false, at }),
    }
}

/// Looks `times` times at `stacks` stacks that were changed three days ago. Gives what AWS was asked, and in how many places the last
/// look could not read something.
async fn looks(stacks: usize, checked: Option<SignedDuration>, times: usize) -> (BTreeMap<&'static str, u32>, usize) {
    let now: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
    let at = now - SignedDuration::from_hours(72);
    let store = Arc::new(MemoryStore::new(StoreId("5707e00000000001".into())));
    let lease = store.acquire("test", now, now + SignedDuration::from_hours(1)).await.unwrap();
    for (deployment, first) in (1..).zip((0..stacks).step_by(100)) {
        let entries = deployed(deployment, first..stacks.min(first + 100), at);
        store.append(lease.fence, at, entries).await.unwrap();
    }
    let cloud = Answering::new(SimCloud::new(Arc::new(Mutex::new(World::new(SimConfig::default())))));
    *cloud.settings.lock().unwrap() = Some(settings());
    let mut engine = Engine::open(store.clone(), cloud.clone(), &lease).await.unwrap();
    let checked = checked.map(|ago| now - ago);
    let seen = (0..stacks).map(|number| seen(number, at, checked)).map(|seen| (seen.name.clone(), Arc::new(seen)));
    let listed = PlaceSeen::Seen { at: now, stacks: seen.collect() };
    let observed = Observed { places: [(place(), listed)].into_iter().collect() };
    let places = [(place(), Access::default())].into_iter().collect();
    let (repository, policies) = (Id::new("many").unwrap(), BTreeMap::new());
    let inspection = Inspection { repository: &repository, observed: &observed, places: &places, policies: &policies };
    let mut unread = 0;
    for _ in 0..times {
        let before = engine.position();
        unread = engine.inspect(&inspection, now).await.unwrap().len();
        assert_eq!(engine.position(), before, "nothing is written");
    }
    let asked = cloud.asked.lock().unwrap().clone();
    (asked, unread)
}

#[tokio::test]
async fn ten_thousand_stacks_without_drift_are_one_question() {
    let (asked, unread) = looks(STACKS, Some(SignedDuration::from_hours(1)), 2).await;
    // The adapters ask ten services of a cluster with one call: see `tests/aws/drift.rs`.
    assert_eq!((asked, unread), ([("settings", 2)].into_iter().collect(), 0));
}

/// The account rejects each of them, because it has no such stack: that delays no other stack.
#[tokio::test]
async fn twenty_detections_begin_with_one_look() {
    for (times, begun) in [(1, 20), (2, 40), (3, 50), (4, 50)] {
        let (asked, unread) = looks(50, None, times).await;
        assert_eq!(asked["detect_drift"], begun);
        assert_eq!(unread, usize::from(times < 4), "the last look asked nothing");
    }
}
