//! The same stories on virtual time, while calls to AWS go wrong: nothing is lost, nothing happens twice, and once the fault is
//! gone the story ends as it does without it.
//!
//! Each operation that a story makes is tried with each fault, three times in a row. What the port says about one such call
//! is in `tests/aws/faults`.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::SignedDuration;
use landfall::aws::Operation;
use landfall::daemon::{Daemon, Options, Ports, Silent};
use landfall::model::Decision;
use landfall::model::journal::StoreId;
use landfall::sim::{Buckets, CallEffect, Fault, Pace, SimCloud, SimConfig, World};
use landfall::store::MemoryStore;
use landfall::view::reasons;

use super::on_threads;
use super::stage::{Left, Stage, left};
use super::stories::{STORIES, Story, Tell};
use crate::support::branch::{Branch, Files, Followed};
use crate::support::clock::{SimClock, advance};

/// Turns after which a daemon that does not come to rest is a mistake.
const PATIENCE: u32 = 3_000;

const EFFECTS: [CallEffect; 11] = [
    CallEffect::Throttle,
    CallEffect::Fail,
    CallEffect::CallLost,
    CallEffect::ReplyLost,
    CallEffect::CallHangs,
    CallEffect::ReplyHangs,
    CallEffect::Garble,
    CallEffect::Stall,
    CallEffect::Expire,
    CallEffect::Deny,
    CallEffect::Stale,
];

/// What goes wrong: an operation, how, and how many calls go through before.
type Trouble = (Operation, CallEffect, u32);

/// A branch in memory, a simulated account and a daemon, in one thread.
struct Virtual {
    runtime: tokio::runtime::Runtime,
    world: Arc<Mutex<World>>,
    branch: Arc<Branch>,
    files: Files,
    daemon: Daemon,
    trouble: Option<Trouble>,
}

impl Virtual {
    fn new(trouble: Option<Trouble>) -> Self {
        let config = SimConfig { pace: Pace::fast(), buckets: Buckets::Any, ..SimConfig::default() };
        let mut world = World::new(config);
        if let Some((operation, effect, skip)) = trouble {
            let operation = operation.as_str().to_owned();
            world.queue_fault(Fault::Call { operation, account: None, effect, skip, times: 3 });
        }
        let world = Arc::new(Mutex::new(world));
        let branch = Arc::new(Branch::default());
        let ports = Ports {
            upstream: Arc::new(Followed(branch.clone())),
            store: Arc::new(MemoryStore::new(StoreId("5707e00000000001".into()))),
            cloud: Arc::new(SimCloud::new(world.clone())),
            clock: Arc::new(SimClock(world.clone())),
            events: Arc::new(Silent),
        };
        let options = Options {
            owner: "stories".into(),
            poll: Duration::from_secs(30),
            sweep: Duration::from_secs(300),
            chance: "stories".into(),
            adopt: false,
            single: false,
            patience: Duration::from_secs(120),
        };
        Self {
            runtime: tokio::runtime::Builder::new_current_thread().build().unwrap(),
            world,
            branch,
            files: Files::new(),
            daemon: Daemon::new(ports, options),
            trouble,
        }
    }
}

impl Stage for Virtual {
    fn commit(&mut self, files: &[(&str, &str)]) {
        self.files.extend(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())));
        self.branch.commit(&self.files);
    }

    fn daemon(&mut self) {
        // The program looks at AWS when it starts; a daemon that goes on, when its sweep is due.
        advance(&self.world, SignedDuration::from_mins(6));
        self.settles();
        // The outage is over, and the next sweep sees what it hid.
        let over = {
            let mut world = self.world();
            let (calls, others): (Vec<Fault>, Vec<Fault>) =
                world.faults().iter().cloned().partition(|fault| matches!(fault, Fault::Call { times: 1..=2, .. }));
            if !calls.is_empty() {
                world.clear_faults();
                others.into_iter().for_each(|fault| world.queue_fault(fault));
            }
            !calls.is_empty() || self.trouble.is_some()
        };
        if over {
            advance(&self.world, SignedDuration::from_mins(6));
            self.settles();
        }
    }

    fn allow(&mut self) {
        let published = self.daemon.published().borrow().clone().unwrap();
        let row = published.planned.report.slots.first().unwrap();
        let holds = match &row.decision {
            Decision::Held { reasons, .. } | Decision::Empty { reasons, .. } => reasons,
            other => panic!("no gate waits: {other:?}"),
        };
        let key = holds
            .iter()
            .find_map(|hold| reasons::key(hold, &row.project, &row.environment, row.tenant.as_ref()))
            .expect("no gate waits");
        let before = self.files.get(&key.file).cloned().unwrap_or_default();
        let text = format!("{before}\n{}", key.toml.replace('…', "the story wants it"));
        self.commit(&[(&key.file, &text)]);
    }

    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    fn deadline(&self) -> &'static str {
        "2m"
    }
}

impl Virtual {
    /// Turn after turn, until nothing moves any more.
    fn settles(&mut self) {
        for _ in 0..PATIENCE {
            let wait = match self.runtime.block_on(self.daemon.turn()) {
                Ok(next) if next.settled => return,
                Ok(next) => next.after,
                Err(error) => {
                    let chain = landfall::cli::exit::chain(&error);
                    assert!(!error.is_final(), "the daemon would stop: {chain}");
                    Duration::from_secs(2)
                }
            };
            advance(&self.world, SignedDuration::try_from(wait).unwrap());
        }
        let published = self.daemon.published().borrow().clone();
        let flights = published.map(|one| format!("{:?} {:?}", one.planned.plan, one.facts.in_flight));
        panic!("it does not come to rest: {flights:?}");
    }
}

/// Tells a story; what is left, or what made no sense.
fn tell(story: Story, trouble: Option<Trouble>) -> Option<Result<(Left, bool), String>> {
    let (Tell::Anywhere(tell) | Tell::Narrowly(tell)) = story.tell else { return None };
    let told = std::panic::catch_unwind(|| {
        let mut stage = Virtual::new(trouble);
        tell(&mut stage);
        let mut world = stage.world();
        let met = !world.faults().iter().any(|fault| matches!(fault, Fault::Call { times: 3, .. }));
        (left(&mut world, Vec::new()), met)
    });
    Some(told.map_err(|panic| {
        let words = panic.downcast_ref::<String>().cloned();
        words.or_else(|| panic.downcast_ref::<&str>().map(|words| (*words).to_owned())).unwrap_or_default()
    }))
}

#[test]
fn whatever_aws_answers_each_thing_is_done_once() {
    let mut wrong = Vec::new();
    let mut right = BTreeMap::new();
    for story in STORIES {
        match tell(*story, None) {
            Some(Ok((left, _))) => drop(right.insert(story.name, (*story, left))),
            Some(Err(words)) => wrong.push(format!("{}, undisturbed: {words}", story.name)),
            None => {}
        }
    }
    let all: Vec<(&str, Operation)> =
        right.keys().flat_map(|name| Operation::ALL.iter().map(move |operation| (*name, *operation))).collect();
    let results = on_threads(&all, |(name, operation)| {
        let (story, right) = &right[name];
        let mut results = Vec::new();
        if matches!(story.tell, Tell::Narrowly(_)) && *operation != Operation::DeleteChangeSet {
            return results;
        }
        for effect in EFFECTS {
            let Some(told) = tell(*story, Some((*operation, effect, 0))) else { break };
            let never = matches!(told, Ok((_, false)));
            let told = told.map(|(left, met)| (met, (left != *right).then(|| left.unlike(right))));
            results.push(((*operation, effect), told, *name));
            // The story never makes this call.
            if never {
                break;
            }
        }
        results
    });
    let mut met = BTreeMap::<(Operation, CallEffect), BTreeSet<&str>>::new();
    let results: Vec<_> = results.into_iter().flatten().collect();
    let tellings = results.len();
    for ((operation, effect), told, name) in results {
        match told {
            Ok((true, None)) => {
                met.entry((operation, effect)).or_default().insert(name);
            }
            Ok((false, None)) => {}
            Ok((_, Some(unlike))) => wrong.push(format!("{name}, {} {effect:?}:\n{unlike}", operation.as_str())),
            Err(words) => wrong.push(format!("{name}, {} {effect:?}: {words}", operation.as_str())),
        }
    }
    let stories: usize = met.values().map(BTreeSet::len).sum();
    println!("{} pairs of operation and fault were met in {stories} tellings of {} stories", met.len(), right.len());
    assert!(wrong.is_empty(), "{} of {} tellings end otherwise:\n{}", wrong.len(), tellings, wrong.join("\n"));
    let changes = Operation::ALL.iter().filter(|operation| operation.changes());
    let missed: Vec<_> = changes
        .flat_map(|operation| EFFECTS.map(|effect| (*operation, effect)))
        .filter(|pair| !met.contains_key(pair))
        .collect();
    assert!(missed.is_empty(), "no story meets these: {missed:?}");
}
