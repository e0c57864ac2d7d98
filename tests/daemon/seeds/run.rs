//! One seed: commits, failures and crashes at random, and the laws after every step.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use landfall::cloud::{At, Observe, ServiceDeploymentStatus, deployable};
use landfall::daemon::{Clock, Daemon, DaemonError, Next, Options, Ports, Published, Silent};
use landfall::model::catalog::Gate;
use landfall::model::drift::ServiceLeft;
use landfall::model::journal::{Record, StoreId};
use landfall::model::place::Access;
use landfall::model::{AccountId, Hash, Place, Region, Slot, StackName};
use landfall::sim::{Accepted, CallEffect, During, Fault, SimCloud, SimConfig, World};
use landfall::store::{MemoryStore, Store};

use super::dice::Dice;
use super::laws::{Law, Verdict, Watch};
use super::people::open;
use super::repository::{edit, first, tag};
use crate::daemon::crash::{Crashing, Plan};
use crate::support::branch::{Branch, Followed};
use crate::support::clock::advance;

/// Steps of a seed in which things happen.
const STEPS: u32 = 40;
/// Turns that it may take until nothing moves any more: CloudFormation waits 36 hours for a blue/green deployment that hangs, and
/// nobody ends the one of a lost store before.
const REST: u32 = 1_600;

/// Which mistake the engine makes.
#[cfg(feature = "planted-mistakes")]
pub(super) type Planted = Option<landfall::engine::Mistake>;
/// Which mistake the engine makes: without the feature there is none.
#[cfg(not(feature = "planted-mistakes"))]
pub(super) type Planted = Option<std::convert::Infallible>;

/// What a seed came to.
pub(super) struct Trace {
    pub(super) seed: u64,
    pub(super) verdict: Verdict,
    pub(super) hash: Hash,
    pub(super) happened: BTreeMap<String, u64>,
    pub(super) laws: BTreeMap<Law, u64>,
    pub(super) outcomes: BTreeMap<String, u64>,
}

type Turn = Pin<Box<dyn Future<Output = (Daemon, Result<Next, DaemonError>)>>>;

/// The daemon's clock, which may be wrong. To sleep takes as long as anywhere.
struct WrongClock {
    world: Arc<Mutex<World>>,
    by: Arc<Mutex<SignedDuration>>,
}

#[async_trait]
impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        self.world.lock().unwrap().now() + *self.by.lock().unwrap()
    }

    async fn sleep(&self, span: Duration) {
        advance(&self.world, SignedDuration::try_from(span).unwrap());
    }
}

pub(super) struct Universe {
    pub(super) dice: Dice,
    pub(super) world: Arc<Mutex<World>>,
    pub(super) skew: Arc<Mutex<SignedDuration>>,
    pub(super) branch: Arc<Branch>,
    pub(super) store: Arc<MemoryStore>,
    /// A backup of the store.
    pub(super) backup: Option<MemoryStore>,
    /// How many stores there were, and how many daemons.
    pub(super) stores: u64,
    starts: u64,
    /// The operator lets the next daemon take over stacks of another store.
    pub(super) adopt: bool,
    pub(super) daemon: Option<(Daemon, Arc<Plan>)>,
    /// A daemon that goes on with the store that was copied.
    pub(super) other: Option<(Daemon, Arc<Plan>, Arc<MemoryStore>)>,
    pub(super) zombies: Vec<(Turn, Arc<Plan>)>,
    pub(super) published: Option<Arc<Published>>,
    pub(super) numbers: BTreeMap<String, u32>,
    pub(super) watch: Watch,
    pub(super) happened: BTreeMap<String, u64>,
    /// How many records and calls were printed; none if nothing is to be printed.
    printed: Option<(usize, usize)>,
    #[cfg_attr(not(feature = "planted-mistakes"), expect(dead_code, reason = "there is no mistake to plant"))]
    pub(super) planted: Planted,
}

/// Runs one seed in this thread.
pub(super) fn run(seed: u64, planted: Planted) -> Trace {
    play(seed, planted, false)
}

/// Runs one seed in this thread and may print what happens in it.
pub(super) fn play(seed: u64, planted: Planted, print: bool) -> Trace {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let config =
        SimConfig { seed, stale_reads: u32::try_from(seed % 3).unwrap(), page_size: 3, ..SimConfig::default() };
    let mut universe = Universe {
        dice: Dice::new(seed),
        world: Arc::new(Mutex::new(World::new(config))),
        skew: Arc::default(),
        branch: Arc::new(Branch::default()),
        store: Arc::new(MemoryStore::new(StoreId(format!("{seed:016x}").into()))),
        backup: None,
        stores: 0,
        starts: 0,
        adopt: false,
        daemon: None,
        other: None,
        zombies: Vec::new(),
        published: None,
        numbers: BTreeMap::new(),
        watch: Watch::default(),
        happened: BTreeMap::new(),
        printed: print.then_some((0, 0)),
        planted,
    };
    universe.branch.commit(&first());
    let verdict = runtime.block_on(universe.live());
    let hash = runtime.block_on(universe.hash());
    Trace {
        seed,
        verdict,
        hash,
        happened: universe.happened,
        laws: universe.watch.checked,
        outcomes: universe.watch.outcomes,
    }
}

impl Universe {
    async fn live(&mut self) -> Verdict {
        for _ in 0..STEPS {
            if self.dice.chance(30) {
                self.commit();
            }
            if self.dice.chance(15) {
                self.trouble();
            }
            if self.dice.chance(5) {
                self.by_hand();
            }
            if self.dice.chance(5) {
                self.set_clock();
            }
            if self.dice.chance(4) {
                self.store_trouble().await?;
            }
            self.other_turn().await;
            let next = self.turn(self.dice.clone().chance(20)).await?;
            self.laws().await?;
            self.pass(next);
        }
        self.rest().await
    }

    /// Nothing goes wrong any more, and nobody commits: everything comes to rest, and is what it is said to be.
    async fn rest(&mut self) -> Verdict {
        self.world.lock().unwrap().clear_faults();
        *self.branch.down.lock().unwrap() = 0;
        *self.skew.lock().unwrap() = SignedDuration::ZERO;
        self.wake_zombies().await?;
        // One of two daemons on copies of a store is ended, and the other one may have what it asks for.
        if self.stores > 0 {
            self.other = None;
            self.daemon = None;
            self.adopt = true;
        }
        // The next sweep finds what somebody did in AWS, but for the stacks of deployments in flight: those take one more.
        for _ in 0..2 {
            advance(&self.world, SignedDuration::from_mins(20));
            self.settles().await?;
        }
        self.truth().await?;
        self.told()?;
        self.way_out().await
    }

    /// Turn after turn, until nothing moves any more.
    pub(super) async fn settles(&mut self) -> Verdict {
        for _ in 0..REST {
            let next = self.turn(false).await?;
            self.laws().await?;
            if matches!(next, Some(Next { settled: true, .. })) {
                *self.watch.checked.entry(Law::Settles).or_insert(0) += 1;
                return Ok(());
            }
            self.pass(next);
        }
        if self.asks() {
            // A store that meets the stacks of another one waits for whatever goes on in them, and that may hang.
            self.count("store: waits for an operation that hangs");
            return Ok(());
        }
        let flights = self.published.as_ref().map(|published| {
            let begin: Vec<_> = published.planned.plan.begin.iter().map(|one| (&one.slot, &one.because)).collect();
            format!("{:?}, begins {begin:?}", published.facts.in_flight)
        });
        Err((Law::Settles, format!("not at rest after {REST} turns: {flights:?}")))
    }

    pub(super) fn count(&mut self, what: impl Into<String>) {
        let what = what.into();
        if self.printed.is_some() {
            println!("{} {what}", self.world.lock().unwrap().now());
        }
        *self.happened.entry(what).or_insert(0) += 1;
    }

    /// Prints the records and the calls that are new. The records of a store that took the place of another one are not.
    fn print(&mut self, records: &[Record], ledger: &[Accepted]) {
        let Some((known, called)) = self.printed.replace((records.len(), ledger.len())) else { return };
        for record in records.iter().skip(known) {
            println!("{} {} {:?}", record.at, record.seq, record.entry);
        }
        for call in ledger.iter().skip(called) {
            let Accepted { at, place, operation, subject, token, effect } = call;
            println!("{at} {place} {operation} {subject} {} {effect:?}", token.as_deref().unwrap_or_default());
        }
    }

    fn commit(&mut self) {
        let mut files = self.branch.head().1;
        if self.dice.chance(20)
            && let Some(key) = self.keys(&[Gate::Continue, Gate::Rollback]).pop()
        {
            open(&mut files, &key);
            self.branch.commit(&files);
            return self.count(format!("commit: allow {}", key.what.as_str()));
        }
        let done = edit(&self.branch, &mut files, &mut self.dice, &mut self.numbers);
        self.branch.commit(&files);
        self.count(format!("commit: {done:?}"));
    }

    fn trouble(&mut self) {
        let number = self.dice.below(6);
        let fault = match self.dice.below(10) {
            0 => {
                *self.branch.down.lock().unwrap() = 1 + u32::try_from(number).unwrap();
                return self.count("fault: git is down");
            }
            1 | 2 => {
                let image = self.image();
                Fault::ImageCrashes { image, exit_code: 1, reason: None }
            }
            3 => Fault::ImageMissing { image: self.image() },
            4 => Fault::ImageHangs { image: self.image() },
            5 => Fault::ResourceFails {
                stack: format!("shop-web-{0}-{0}", self.dice.pick(&["development", "test", "production"])),
                resource: "AWS::ECS::Service".to_owned(),
                during: *self.dice.pick(&[During::Create, During::Update, During::Delete]),
                reason: "the service is not available today".to_owned(),
                times: 1,
            },
            6 if number == 0 => {
                self.world.lock().unwrap().clear_faults();
                return self.count("fault: all end");
            }
            _ => Fault::Call {
                operation: (*self.dice.pick(&[
                    "CreateChangeSet",
                    "ExecuteChangeSet",
                    "ExecuteChangeSet",
                    "DeleteStack",
                    "DeleteChangeSet",
                    "DescribeStacks",
                    "DescribeChangeSet",
                    "DescribeStackEvents",
                    "DescribeServices",
                    "DescribeServiceDeployments",
                    "ListStackResources",
                    "RunTask",
                    "DescribeTasks",
                    "ContinueServiceDeployment",
                ]))
                .to_owned(),
                account: None,
                effect: *self.dice.pick(&[
                    CallEffect::ReplyLost,
                    CallEffect::ReplyLost,
                    CallEffect::CallLost,
                    CallEffect::Throttle,
                    CallEffect::Fail,
                    CallEffect::Garble,
                    CallEffect::Expire,
                    CallEffect::Deny,
                    CallEffect::Stale,
                ]),
                skip: u32::try_from(number / 3).unwrap(),
                times: 1 + u32::try_from(number % 3).unwrap(),
            },
        };
        self.count(match &fault {
            Fault::ImageCrashes { .. } => "fault: image crashes".to_owned(),
            Fault::ImageMissing { .. } => "fault: image is missing".to_owned(),
            Fault::ImageHangs { .. } => "fault: image hangs".to_owned(),
            Fault::ImageStays { .. } => "fault: image stays".to_owned(),
            Fault::ImageUnhealthy { .. } => "fault: image unhealthy".to_owned(),
            Fault::TargetUnhealthy { .. } => "fault: target unhealthy".to_owned(),
            Fault::TasksStop { .. } => "fault: tasks stop".to_owned(),
            Fault::HookFails { .. } => "fault: hook fails".to_owned(),
            Fault::GuardHook { .. } => "fault: guard hook".to_owned(),
            Fault::Alarm { .. } => "fault: alarm".to_owned(),
            Fault::ImageSays { .. } => "fault: image says".to_owned(),
            Fault::NoCapacity { .. } => "fault: no capacity".to_owned(),
            Fault::ResourceFails { during, .. } => format!("fault: service fails during {during:?}"),
            Fault::Call { effect, .. } => format!("fault: call {effect:?}"),
        });
        self.world.lock().unwrap().queue_fault(fault);
    }

    /// The image of the next release: the fault hits when it is landed.
    fn image(&mut self) -> String {
        let project = *self.dice.pick(&super::repository::PROJECTS);
        tag(project, self.numbers.get(project).copied().unwrap_or(0) + u32::try_from(self.dice.below(2)).unwrap())
    }

    pub(super) fn start(&mut self) -> (Daemon, Arc<Plan>) {
        self.starts += 1;
        let plan = Plan::after(0);
        let cloud = Arc::new(SimCloud::new(self.world.clone()));
        let ports = Ports {
            upstream: Arc::new(Followed(self.branch.clone())),
            store: Arc::new(Crashing::new(self.store.clone(), plan.clone())),
            cloud: Arc::new(Crashing::new(cloud, plan.clone())),
            clock: Arc::new(WrongClock { world: self.world.clone(), by: self.skew.clone() }),
            events: Arc::new(Silent),
        };
        let options = Options {
            owner: "seeds".into(),
            poll: Duration::from_secs(30),
            sweep: Duration::from_secs(300),
            chance: format!("seeds {}", self.starts).into(),
            adopt: self.adopt,
            single: false,
            patience: Duration::from_secs(120),
        };
        #[cfg(feature = "planted-mistakes")]
        let daemon = Daemon::new(ports, options).with_mistake(self.planted);
        #[cfg(not(feature = "planted-mistakes"))]
        let daemon = Daemon::new(ports, options);
        (daemon, plan)
    }

    /// Takes a turn; it may crash, or be so slow that another daemon takes over.
    async fn turn(&mut self, crash: bool) -> Result<Option<Next>, (Law, String)> {
        self.dice.next();
        let fresh = self.daemon.is_none();
        let (mut daemon, plan) = match self.daemon.take() {
            Some(running) => running,
            None => self.start(),
        };
        let published = daemon.published();
        let point = if crash { 1 + self.dice.below(40) } else { 0 };
        plan.set(point);
        let mut turn: Turn = Box::pin(async move {
            let taken = daemon.turn().await;
            (daemon, taken)
        });
        let ended = tokio::select! {
            biased;
            ended = &mut turn => Some(ended),
            () = plan.reached() => None,
        };
        if let Some(published) = published.borrow().clone() {
            self.published = Some(published);
        }
        let Some((daemon, taken)) = ended else {
            // One that is slow before it takes the lease takes it later, and may.
            if self.dice.chance(30) && !(fresh && point == 1) {
                self.count("crash: only slow, and overtaken");
                self.zombies.push((turn, plan));
            } else {
                self.count("crash: killed during a turn");
            }
            return Ok(None);
        };
        match taken {
            Ok(next) => {
                if self.dice.chance(3) {
                    self.count("crash: killed between turns");
                } else {
                    self.daemon = Some((daemon, plan));
                }
                if !self.zombies.is_empty() {
                    self.wake_zombies().await?;
                }
                Ok(Some(next))
            }
            Err(error) => {
                self.count(format!("turn failed: {}", chain(&error)));
                if !error.is_final() {
                    self.daemon = Some((daemon, plan));
                }
                Ok(None)
            }
        }
    }

    /// Those who were only slow go on, although another daemon has the lease.
    pub(super) async fn wake_zombies(&mut self) -> Verdict {
        if self.daemon.is_none() {
            // Somebody has to have taken over first.
            let (mut daemon, plan) = self.start();
            if daemon.turn().await.is_ok() {
                self.daemon = Some((daemon, plan));
            }
        }
        for (turn, plan) in std::mem::take(&mut self.zombies) {
            let before = self.store.records(0, u32::MAX).await.unwrap().len();
            let called = self.world.lock().unwrap().ledger().len();
            plan.wake_up();
            let (_, taken) = turn.await;
            self.watch.late(called..self.world.lock().unwrap().ledger().len());
            let after = self.store.records(0, u32::MAX).await.unwrap().len();
            *self.watch.checked.entry(Law::Fenced).or_insert(0) += 1;
            if before != after {
                return Err((Law::Fenced, format!("{} records were written after the lease was lost", after - before)));
            }
            self.count(format!(
                "overtaken: {}",
                taken.map_or_else(|error| chain(&error), |_| "had nothing left to do".to_owned())
            ));
        }
        Ok(())
    }

    pub(super) async fn laws(&mut self) -> Verdict {
        let records = self.store.records(0, u32::MAX).await.unwrap();
        let ledger = self.world.lock().unwrap().ledger().to_vec();
        if self.printed.is_some() {
            self.print(&records, &ledger);
        }
        self.watch.journal(&records, &self.branch)?;
        self.watch.ledger(&ledger)?;
        match &self.published {
            Some(published) => self.watch.report(published),
            None => Ok(()),
        }
    }

    async fn truth(&mut self) -> Verdict {
        let cloud = SimCloud::new(self.world.clone());
        let mut stamps = BTreeMap::new();
        for account in ["111111111111", "222222222222"] {
            let place = Place { account: AccountId::new(account).unwrap(), region: Region::new("eu-west-1").unwrap() };
            let at = At { place, access: Access::default() };
            for stack in cloud.stacks(&at).await.unwrap() {
                let mut image = String::new();
                for resource in cloud.resources(&at, &stack.id).await.unwrap() {
                    let (true, Some(arn)) = (resource.kind == "AWS::ECS::Service", &resource.physical_id) else {
                        continue;
                    };
                    let Some(service) = cloud.service(&at, arn).await.unwrap() else { continue };
                    let deployment = service.deployment.unwrap();
                    image = if deployment.task_definition == service.task_definition {
                        deployment.images.values().map(|resolved| resolved.image.clone()).collect()
                    } else {
                        // ECS put the last working revision back: the newest deployment is the one that failed.
                        assert_eq!(deployment.status, ServiceDeploymentStatus::RollbackSuccessful);
                        image_of(&cloud.template(&at, &stack.name).await.unwrap().unwrap())
                    };
                }
                // A stack without a service has a task that is run once.
                if image.is_empty() && !self.watch.foreign.contains(stack.name.as_str()) {
                    image = image_of(&cloud.template(&at, &stack.name).await.unwrap().unwrap_or_default());
                }
                stamps.insert(StackName::seen(stack.name.as_str()), (image, deployable(stack.status)));
            }
        }
        let published = self.published.clone().unwrap();
        self.watch.truth(&published, &stamps)
    }

    /// The report names every stack and service that somebody changed after landfall. While `landfall.toml` is broken, nothing says
    /// which stacks are the repository's, and landfall looks for nothing.
    fn told(&mut self) -> Verdict {
        let published = self.published.clone().unwrap();
        if published.catalog.repository.is_none() {
            return Ok(());
        }
        let world = self.world.lock().unwrap();
        let rows =
            published.planned.report.slots.iter().filter_map(|row| row.drift.as_ref()).flat_map(|drift| &drift.rows);
        let told: BTreeSet<(&Place, &StackName)> = rows.map(|row| (&row.place, &row.stack)).collect();
        let slots: BTreeSet<&Slot> = published.planned.report.slots.iter().map(|row| &row.slot).collect();
        let flying: BTreeSet<&Slot> = published.facts.in_flight.iter().map(|flight| &flight.slot).collect();
        let mut checked = 0;
        for put in &published.facts.puts {
            let Some(seen) = published.observed.stack(&put.place, &put.stack).filter(|seen| deployable(seen.status))
            else {
                continue;
            };
            let slot = seen.owner().map(|owner| owner.slot());
            if slot.is_none_or(|slot| !slots.contains(&slot) || flying.contains(&slot)) {
                continue;
            }
            let nobodys = |token: &Option<Arc<str>>| token.as_deref().is_none_or(|token| !token.starts_with("lf-"));
            let last = world
                .find_stack(&put.place, &seen.id)
                .and_then(|stack| stack.events.last())
                .map(|event| event.token.clone());
            let text = world.template(&put.place, put.stack.as_str()).unwrap_or_default();
            let edited = put.changed != seen.changed() && last.as_ref().is_none_or(nobodys) && text.contains("ByHand");
            let scaled = |(arn, left): (&Arc<str>, &ServiceLeft)| {
                let service =
                    world.services(&put.place).find(|service| service.arn == **arn && service.status == "ACTIVE");
                let count = left.settings.get("DesiredCount").and_then(serde_json::Value::as_u64);
                service.is_none_or(|service| count.is_some_and(|count| count != u64::from(service.desired)))
            };
            if edited || put.services.iter().any(scaled) {
                checked += 1;
                if !told.contains(&(&put.place, &put.stack)) {
                    return Err((Law::Told, format!("nobody is told that {} was changed", put.stack)));
                }
            }
        }
        *self.watch.checked.entry(Law::Told).or_insert(0) += checked;
        Ok(())
    }

    fn pass(&mut self, next: Option<Next>) {
        let wait = next.map_or(Duration::from_secs(2), |next| next.after);
        let wait = SignedDuration::try_from(wait).unwrap();
        let extra = SignedDuration::from_secs(i64::try_from(self.dice.below(20)).unwrap());
        let long = if self.dice.chance(10) { SignedDuration::from_mins(15) } else { SignedDuration::ZERO };
        advance(&self.world, wait + extra + long);
    }

    async fn hash(&self) -> Hash {
        let records: Vec<Record> = self.store.records(0, u32::MAX).await.unwrap();
        let parts = Hash::parts().part(serde_json::to_vec(&records).unwrap());
        parts.part(format!("{:?}", self.world.lock().unwrap().ledger())).finish()
    }
}

/// The image that a template's one container has; nothing if there is none.
fn image_of(template: &str) -> String {
    let after = template.split("\"Image\":\"").nth(1);
    after.and_then(|after| after.split('"').next()).unwrap_or_default().to_owned()
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    landfall::cli::exit::chain(error)
}
