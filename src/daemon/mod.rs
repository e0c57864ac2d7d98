//! Turns: look at the branch, the facts and the cloud, plan, and start what the plan says.
//!
//! A turn ignores what woke it: a poll, a file event or a timer only says "look again", and the next turn is the retry.
//! So a restart takes the same path as every other turn. The branch ([`Upstream`]), the store, the cloud, the time
//! ([`Clock`]) and the watcher ([`Events`]) are passed in, so that a test can run the whole daemon in one thread on
//! virtual time.
//!
//! A turn without news and with nothing in flight costs one look at the branch: no call to AWS and no write. AWS is
//! listed at the start, after a landing, when a deployment came to an end, when something held is due, and every
//! [`Options::sweep`]. If git, an account and region, or a template did not answer, the daemon asks again for only that
//! one, at first within seconds, then at longer and longer intervals. Deliberately absent: wiring, printing, and any
//! decision about releases or stacks.

mod announce;
mod error;
mod log;
mod look;
mod orders;
mod ports;
mod read;
mod run;
mod sight;
mod turn;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::cloud::Change;
use crate::engine::Engine;
use crate::model::health::{Health, Sight};
use crate::model::journal::StoreId;
use crate::model::moving::Moving;
use crate::model::{Catalog, CommitId, Facts, Hash, Observed, Place, StackName};
use crate::plan::Planned;
use crate::problem::Problem;
use crate::store::{Lease, Store};

pub use error::DaemonError;
pub use look::{Templates, observe, places, templates};
pub use ports::{Clock, Events, Silent, Upstream, UpstreamError};
pub use run::Ending;

/// Templates of stacks as they are deployed.
pub type Deployed = BTreeMap<(Place, StackName), Arc<str>>;

/// Intervals and names that the operator chooses.
#[derive(Clone, Debug)]
pub struct Options {
    /// Who takes the lease. An owner that starts again need not wait for the end of its own lease.
    pub owner: Arc<str>,
    /// Between two looks at the branch when nothing wakes the daemon.
    pub poll: Duration,
    /// Between two listings of AWS when nothing else asks for one.
    pub sweep: Duration,
    /// Drawn at random for each process: what the ids of new incarnations of the store are made from.
    pub chance: Arc<str>,
    /// The operator agrees that stacks of another store that the first look meets are taken over.
    pub adopt: bool,
    /// With `adopt`: the process ends as soon as nothing moves any more, and its tokens say so.
    pub single: bool,
    /// How long a daemon that ends by itself waits for what it cannot see, or for what others do in AWS.
    pub patience: Duration,
}

impl Options {
    /// How long a lease is taken for: a daemon that sweeps renews it in time, and an idle one need not write for it.
    fn lease(&self) -> Duration {
        (self.sweep * 3).max(Duration::from_secs(60))
    }

    /// The id of the incarnation that would begin after the journal's record at this position.
    fn incarnation(&self, position: u64) -> StoreId {
        let hash = Hash::of(format!("{} {position}", self.chance).as_bytes()).hex();
        StoreId(hash.get(..16).unwrap_or(&hash).into())
    }
}

/// What a daemon works with.
#[derive(Clone)]
pub struct Ports {
    /// The tracked branch.
    pub upstream: Arc<dyn Upstream>,
    pub store: Arc<dyn Store>,
    /// AWS.
    pub cloud: Arc<dyn Change>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Who watches.
    pub events: Arc<dyn Events>,
}

/// What the daemon knows after a turn: what readers are shown.
#[derive(Clone, Debug)]
pub struct Published {
    /// The commit that was read.
    pub commit: CommitId,
    /// When.
    pub at: Timestamp,
    /// What it says.
    pub catalog: Arc<Catalog>,
    pub problems: Arc<[Problem]>,
    pub facts: Arc<Facts>,
    /// What AWS showed.
    pub observed: Arc<Observed>,
    /// The plan that was made from them, with its report.
    pub planned: Arc<Planned>,
    /// Templates of the stacks that the plan changes, as they were before.
    pub deployed: Arc<Deployed>,
    /// What goes on in stacks that are being changed; a reader without an engine knows nothing of it.
    pub moving: Arc<[Moving]>,
    /// Nothing is in flight and nothing is to be done.
    pub settled: bool,
}

/// When the next turn is due, and what this one left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Next {
    /// After that long at the latest.
    pub after: Duration,
    /// What is left to do waits for git or AWS to be seen, for others, or at a gate.
    pub waits: bool,
    /// Nothing is in flight and nothing is to be done: only a commit, a person or time can change that.
    pub settled: bool,
}

/// The deployer.
pub struct Daemon {
    ports: Ports,
    options: Options,
    publish: watch::Sender<Option<Arc<Published>>>,
    health: watch::Sender<Health>,
    /// The newest commit of the branch that was seen.
    commit: Option<CommitId>,
    /// Templates that are deployed, as something that can be read.
    templates: Sight,
    reader: read::Reader,
    renderer: crate::template::Cache,
    held: Option<Working>,
    looked: Option<Looked>,
    /// When drift was last looked for.
    inspected: Option<Timestamp>,
    #[cfg(feature = "planted-mistakes")]
    mistake: Option<crate::engine::Mistake>,
}

/// What there is while the lease is held.
struct Working {
    lease: Lease,
    store: Arc<dyn Store>,
    engine: Engine,
}

/// The last look at AWS, and when the next one is due.
struct Looked {
    commit: CommitId,
    /// The journal's position then.
    position: u64,
    settled: bool,
    /// The operator is asked something.
    asks: bool,
    /// When everything is looked at again; `again` may be earlier, for the places that did not answer.
    sweep: Timestamp,
    at: Timestamp,
    again: Timestamp,
}

impl Looked {
    /// Whether AWS is to be listed again: it is time, or the clock was set back, so that the due time means nothing.
    fn is_old(&self, now: Timestamp) -> bool {
        now >= self.again || now < self.at
    }
}

impl Daemon {
    /// A daemon that has not looked at anything yet.
    pub fn new(ports: Ports, options: Options) -> Self {
        Self {
            ports,
            options,
            publish: watch::Sender::new(None),
            health: watch::Sender::default(),
            commit: None,
            templates: Sight::default(),
            reader: read::Reader::default(),
            renderer: crate::template::Cache::default(),
            held: None,
            looked: None,
            inspected: None,
            #[cfg(feature = "planted-mistakes")]
            mistake: None,
        }
    }

    /// The same daemon with an engine that makes a mistake.
    #[cfg(feature = "planted-mistakes")]
    #[must_use]
    pub fn with_mistake(mut self, mistake: Option<crate::engine::Mistake>) -> Self {
        self.mistake = mistake;
        self
    }

    /// What the daemon depends on, and whether it is there.
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// What the daemon knows, after each turn that looked; nothing before the first.
    pub fn published(&self) -> watch::Receiver<Option<Arc<Published>>> {
        self.publish.subscribe()
    }
}
