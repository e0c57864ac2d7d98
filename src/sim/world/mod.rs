//! The world: accounts and regions with their stacks, services and tasks. Only its own clock moves it.
//!
//! Calls come in through the methods that are named like AWS's operations; they answer at once, and what they began goes on
//! as [`World::advance`] turns the clock. Nothing here knows HTTP, another clock, or randomness: the same seed and the same
//! calls at the same times give the same world.
//!
//! `transform`, `template`, `eval`, `types` say what a template means; `stack`, `operation`, `change_set`, `drift` are CloudFormation; `ecs`,
//! `rollout`, `capacity`, `health`, `interruption`, `lifecycle`, `tasks` are ECS, `targets` is Elastic Load Balancing; `neighbours` is what the
//! rest of the account refuses; `resolve` is what SSM and Secrets Manager keep; `bucket` is S3; `registry`, `repository` and
//! `manifest` are ECR; `logs` is what containers write, `log_events` how it is read;
//! `timers` is what happens by the clock: `schedules` start tasks, `scaling` changes counts, at times that `recurrence` knows;
//! `hands` is what people do outside CloudFormation; `unmanaged` is what no stack manages, `imports` brings it into one; `early`
//! is validation before a deployment; `guard` are hooks of CloudFormation; `exports` is what stacks share; `nested` and
//! `nested_sets` are stacks in stacks; `outside` is what something else answers for: wait conditions and custom resources;
//! `script` plays a scenario; `calls` are the operations.

mod bucket;
mod calls;
pub mod capacity;
mod change_set;
mod changes;
pub mod cidr;
mod deletion;
mod describe;
pub mod drift;
mod early;
pub mod ecs;
mod ecs_calls;
mod ecs_hands;
mod eval;
mod exports;
mod faults;
pub mod guard;
mod hands;
pub mod health;
mod ids;
mod imports;
mod interruption;
pub mod lifecycle;
pub mod log_events;
mod logs;
mod manifest;
pub(in crate::sim) mod masking;
mod neighbours;
mod nested;
mod nested_sets;
mod operation;
mod outside;
mod overrides;
mod parameters;
pub mod policy;
mod provision;
pub mod recurrence;
mod refusal;
pub mod registry;
mod repository;
mod resolve;
mod rollout;
mod scaling;
mod schedules;
pub mod script;
pub mod stack;
pub mod targets;
pub mod tasks;
pub mod template;
mod timers;
pub mod transform;
pub mod types;
mod unmanaged;
mod written;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

pub use calls::{StackInput, StackOptions, Token};
pub use change_set::{Change, ChangeSet, ChangeSetInput, Detail};
pub(in crate::sim) use changes::plain;
pub use describe::{OTHER_NAMES, StackView, resource_view};
pub(in crate::sim) use ecs_hands::all_tags;
pub use faults::{Broken, Delivered};
pub use hands::ByHand;
pub use imports::{Imports, ToImport};
pub use refusal::refused_by_rules;
pub(in crate::sim) use unmanaged::{importable, is_released};

use self::bucket::Bucket;
use self::ecs::Ecs;
use self::faults::Budget;
use self::ids::Ids;
use self::stack::Stack;
use super::config::{Buckets, SimConfig};
use super::fault::Fault;
use super::ledger::{Accepted, Effect};
use crate::model::{AccountId, Place};

/// The simulated accounts. A clone is the same accounts at the same time, and goes its own way from there.
#[derive(Clone, Debug)]
pub struct World {
    pub(crate) config: SimConfig,
    now: Timestamp,
    ids: Ids,
    regions: BTreeMap<Place, Region>,
    queue: BTreeSet<(Timestamp, Work)>,
    ledger: Vec<Accepted>,
    faults: Vec<Fault>,
    /// What reads see that are stale, while such a fault is queued.
    before: Option<Box<World>>,
    sessions: BTreeMap<String, (AccountId, String)>,
    budgets: BTreeMap<(Place, &'static str), Budget>,
    buckets: BTreeMap<String, Bucket>,
    script: Vec<script::Played>,
    outside: outside::Outside,
    /// What timers do and when, apart from what goes on by itself.
    bells: BTreeSet<(Timestamp, timers::Ring)>,
    /// How often the clock was turned.
    turn: u64,
}

/// CloudFormation and ECS of one account and region.
#[derive(Clone, Debug, Default)]
pub struct Region {
    /// Stacks by id, deleted ones included.
    pub stacks: BTreeMap<Arc<str>, Stack>,
    /// The living stack of each name.
    pub names: BTreeMap<String, Arc<str>>,
    /// Physical ids that are taken: type and id.
    pub taken: BTreeSet<(String, String)>,
    pub ecs: Ecs,
    /// What stacks left behind, as it was then, by type and physical id.
    left: BTreeMap<(String, String), stack::Resource>,
    /// What hooks found, oldest first.
    hook_results: Vec<guard::HookResult>,
    /// What people made of resources, by type and physical id.
    hands: BTreeMap<(String, String), hands::Hand>,
    /// What containers wrote, by log group and stream.
    logs: BTreeMap<String, logs::Group>,
    /// Repositories of ECR by name.
    registry: BTreeMap<String, registry::Repository>,
    /// What has times of its own.
    timers: timers::Timers,
}

/// Something that is due at a certain time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Work {
    ChangeSet { place: Place, stack: Arc<str>, name: String },
    Drift { place: Place, stack: Arc<str> },
    Script(usize),
    Service { place: Place, arn: String },
    Stack { place: Place, id: Arc<str> },
    Task { place: Place, arn: String },
}

impl World {
    /// An empty world.
    pub fn new(config: SimConfig) -> Self {
        Self {
            now: config.start,
            ids: Ids::new(config.seed),
            buckets: match &config.buckets {
                Buckets::Any => BTreeMap::new(),
                Buckets::Listed(list) => {
                    list.iter().map(|(name, place)| (name.clone(), Bucket::empty(place.clone()))).collect()
                }
            },
            config,
            regions: BTreeMap::new(),
            queue: BTreeSet::new(),
            ledger: Vec::new(),
            faults: Vec::new(),
            before: None,
            sessions: BTreeMap::new(),
            budgets: BTreeMap::new(),
            script: Vec::new(),
            outside: outside::Outside::default(),
            bells: BTreeSet::new(),
            turn: 0,
        }
    }

    /// What its clock shows.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Turns the clock to `to` and does everything that is due until then, in order. A time before now changes nothing.
    pub fn advance(&mut self, to: Timestamp) {
        self.turn = self.turn.wrapping_add(1);
        loop {
            let due = self.next_due().filter(|due| *due <= to);
            match self.next_bell().filter(|at| *at <= to && due.is_none_or(|due| *at < due)) {
                Some(_) => self.ring(to),
                None if due.is_some() => self.go_on(),
                None => break,
            }
        }
        self.now = self.now.max(to);
    }

    /// Does the next thing that is due.
    fn go_on(&mut self) {
        let Some((due, work)) = self.queue.pop_first() else { return };
        self.now = self.now.max(due);
        match work {
            Work::ChangeSet { place, stack, name } => self.finish_change_set(&place, &stack, &name),
            Work::Drift { place, stack } => self.finish_detection(&place, &stack),
            Work::Script(index) => self.act(index),
            Work::Stack { place, id } => self.step_stack(&place, &id),
            Work::Service { place, arn } => self.tick_service(&place, &arn),
            Work::Task { place, arn } => self.tick_task(&place, &arn),
        }
    }

    /// When the next thing happens by itself; none if nothing is going on. What schedules will do is not going on.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.queue.first().map(|(due, _)| *due)
    }

    /// Turns the clock until nothing goes on any more, at most to `limit`. Schedules do not keep it from its end.
    pub fn settle(&mut self, limit: Timestamp) {
        while let Some(due) = self.next_due().filter(|due| *due <= limit) {
            self.advance(due);
        }
    }

    /// The most items on a page.
    pub(super) fn page_size(&self) -> usize {
        self.config.page_size
    }

    /// Every mutation that was accepted, oldest first.
    pub fn ledger(&self) -> &[Accepted] {
        &self.ledger
    }

    /// Where anything was ever done.
    pub fn places(&self) -> impl Iterator<Item = (&Place, &Region)> {
        self.regions.iter()
    }

    /// The region, empty if nothing was ever done there.
    pub(crate) fn region(&mut self, place: &Place) -> &mut Region {
        self.regions.entry(place.clone()).or_default()
    }

    /// Issues credentials for a session of a role: the access key id by which its calls are recognised.
    pub fn issue_session(&mut self, account: AccountId, arn: String) -> String {
        let key = format!("ASIA{}", self.ids.letters(16));
        self.sessions.insert(key.clone(), (account, arn));
        key
    }

    /// Whose session an access key id is.
    pub fn session(&self, access_key: &str) -> Option<&(AccountId, String)> {
        self.sessions.get(access_key)
    }

    /// An id for a request.
    pub fn request_id(&mut self) -> String {
        self.ids.uuid()
    }

    fn schedule(&mut self, at: Timestamp, work: Work) {
        self.queue.insert((at, work));
    }

    fn record(&mut self, place: &Place, operation: &str, subject: String, token: Option<&str>, effect: Effect) {
        self.ledger.push(Accepted {
            at: self.now,
            place: place.clone(),
            operation: operation.to_owned(),
            subject,
            token: token.map(str::to_owned),
            effect,
        });
    }
}
