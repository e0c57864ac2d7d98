//! What tasks run on: launch types, capacity providers, and faults that leave no capacity.
//!
//! A task goes to a launch type, or to a provider of its strategy: those with a base come first, and the others share the rest
//! by weight. \[doc: "Amazon ECS capacity providers"\] A provider does not take the tasks of another provider that has no
//! capacity. \[iss: aws/containers-roadmap#852\] A service without a place for a task says so and tries again, and its deployment
//! counts the attempt as failed. \[doc: re:Post, "ECS Deployment Circuit Breaker was triggered": insufficient cluster capacity\]
//! Deliberately absent: container instances and how full they are.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use super::ecs::{Service, TaskState, number};
use super::tasks::OneTask;
use super::{Work, World};
use crate::model::Place;
use crate::model::task::{RunProvider, RunsOn};
use crate::sim::fault::Fault;

/// \[?\] The longest time between attempts to place a task: that of tasks which do not start.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_mins(27);

/// How Fargate says that it has no capacity. \[doc: re:Post, "Capacity is unavailable" error\]
const UNAVAILABLE: &str =
    "Capacity is unavailable at this time. Please try again later or in a different availability zone";

/// What a task, or the tasks of a service, are asked to run on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Capacity {
    /// The default strategy of the cluster; without one, instances.
    #[default]
    OfCluster,
    LaunchType(String),
    Providers(Vec<Share>),
}

/// A part of a strategy over capacity providers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    pub provider: String,
    /// So many tasks run here first.
    pub base: u32,
    /// Its share of the tasks above all bases.
    pub weight: u32,
}

/// What one task runs on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    pub launch_type: String,
    pub provider: Option<String>,
}

/// Why a task of RunTask has no place. \[api: `Failure`\]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unplaced {
    /// ARN of the instance that came closest.
    pub arn: Option<String>,
    pub reason: String,
}

/// A service's attempts in a row to place a task, and when it tries again.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shortage {
    attempts: u32,
    until: Option<Timestamp>,
}

/// What a fault leaves: so many more tasks of a launch type, or of a provider.
#[derive(Clone, Debug)]
struct Limit {
    launch_type: Option<String>,
    provider: Option<String>,
    left: u32,
}

impl Shortage {
    /// When the service tries again.
    pub(super) fn due(&self, now: Timestamp) -> Option<Timestamp> {
        self.until.filter(|until| *until > now)
    }
}

impl Capacity {
    /// What properties say, keys as CloudFormation writes them.
    pub fn of(properties: &Map<String, Value>) -> Self {
        let strategy = properties.get("CapacityProviderStrategy").and_then(Value::as_array);
        if let Some(items) = strategy.filter(|items| !items.is_empty()) {
            return Self::Providers(items.iter().filter_map(Share::read).collect());
        }
        let launch_type = properties.get("LaunchType").and_then(Value::as_str);
        launch_type.map_or(Self::OfCluster, |name| Self::LaunchType(name.to_owned()))
    }
}

impl From<&RunsOn> for Capacity {
    fn from(on: &RunsOn) -> Self {
        match on {
            RunsOn::LaunchType(name) => Self::LaunchType(name.to_string()),
            RunsOn::Providers(providers) if providers.is_empty() => Self::OfCluster,
            RunsOn::Providers(providers) => Self::Providers(providers.iter().map(Share::from).collect()),
        }
    }
}

impl From<&RunProvider> for Share {
    fn from(one: &RunProvider) -> Self {
        Self { provider: one.provider.to_string(), base: one.base.unwrap_or(0), weight: one.weight.unwrap_or(0) }
    }
}

impl Share {
    fn read(item: &Value) -> Option<Self> {
        let part = |key: &str| item.get(key).and_then(number).unwrap_or(0);
        let provider = item.get("CapacityProvider")?.as_str()?.to_owned();
        Some(Self { provider, base: part("Base"), weight: part("Weight") })
    }
}

impl Placement {
    /// Tasks of the providers that every cluster has run on Fargate, all others on instances.
    fn with(provider: &str) -> Self {
        let fargate = matches!(provider, "FARGATE" | "FARGATE_SPOT");
        Self { launch_type: if fargate { "FARGATE" } else { "EC2" }.to_owned(), provider: Some(provider.to_owned()) }
    }

    fn on(launch_type: &str) -> Self {
        Self { launch_type: launch_type.to_owned(), provider: None }
    }

    fn is_fargate(&self) -> bool {
        self.launch_type == "FARGATE"
    }

    /// Whether its provider brings instances when it has none.
    fn brings_instances(&self) -> bool {
        self.provider.is_some() && !self.is_fargate()
    }

    /// What a service says that cannot place a task here. \[doc: "Viewing Amazon ECS service event messages"; iss:
    /// aws/containers-roadmap#653 for a provider without instances\]
    fn words(&self, cluster: &str) -> String {
        const MORE: &str = "For more information, see the Troubleshooting section of the Amazon ECS Developer Guide.";
        if self.is_fargate() {
            return format!("was unable to place a task. Reason: {UNAVAILABLE}. {MORE}");
        }
        let closest = match self.provider {
            Some(_) => "Reason: No Container Instances were found in your capacity provider.".to_owned(),
            None => {
                let id = instance_of(cluster);
                format!("The closest matching (container-instance {id}) has insufficient memory available.")
            }
        };
        format!(
            "was unable to place a task because no container instance met all of its requirements. {closest} {MORE}"
        )
    }
}

/// The provider that gets the next task, where each has so many.
fn next_share<'a>(shares: &'a [Share], counts: &BTreeMap<String, u32>) -> Option<&'a Share> {
    let count = |share: &Share| counts.get(&share.provider).copied().unwrap_or(0);
    let based = shares.iter().find(|share| count(share) < share.base);
    let above = |share: &Share| u64::from(count(share).saturating_sub(share.base)) + 1;
    let weighted = shares.iter().filter(|share| share.weight > 0);
    let least = weighted.min_by(|a, b| (above(a) * u64::from(b.weight)).cmp(&(above(b) * u64::from(a.weight))));
    based.or(least).or(shares.first())
}

/// What the next task runs on, where tasks by provider are so many.
fn next_placement(on: &Capacity, shares: &[Share], counts: &BTreeMap<String, u32>) -> Placement {
    match on {
        Capacity::LaunchType(name) => Placement::on(name),
        _ => next_share(shares, counts).map_or_else(|| Placement::on("EC2"), |share| Placement::with(&share.provider)),
    }
}

impl Limit {
    fn is_of(&self, at: &Placement) -> bool {
        self.launch_type.as_ref().is_none_or(|own| *own == at.launch_type)
            && (self.provider.is_none() || self.provider == at.provider)
    }
}

fn is_short(limits: &[Limit], at: &Placement) -> bool {
    limits.iter().any(|limit| limit.left == 0 && limit.is_of(at))
}

/// A task takes its place.
fn take(limits: &mut [Limit], at: &Placement) {
    for limit in limits.iter_mut().filter(|limit| limit.is_of(at)) {
        limit.left = limit.left.saturating_sub(1);
    }
}

/// The id of the only instance that the account knows of a cluster.
fn instance_of(cluster: &str) -> String {
    blake3::hash(cluster.as_bytes()).to_hex().chars().take(32).collect()
}

impl World {
    /// The strategy that a cluster's tasks go by; none for a launch type.
    fn strategy(&self, place: &Place, cluster: &str, on: &Capacity) -> Vec<Share> {
        match on {
            Capacity::LaunchType(_) => Vec::new(),
            Capacity::Providers(shares) => shares.clone(),
            Capacity::OfCluster => self.default_strategy(place, cluster),
        }
    }

    /// The default strategy that a stack gave a cluster.
    fn default_strategy(&self, place: &Place, cluster: &str) -> Vec<Share> {
        let name = cluster.rsplit('/').next();
        let stacks = self.regions.get(place).into_iter().flat_map(|region| region.stacks.values());
        let mut clusters = stacks
            .filter(|stack| stack.lives())
            .flat_map(|stack| stack.resources.values())
            .filter(|own| own.kind == "AWS::ECS::Cluster" && own.physical_id.as_deref() == name);
        let properties = clusters.next().and_then(|own| self.live(place, own)).unwrap_or_default();
        let items = properties.get("DefaultCapacityProviderStrategy").and_then(Value::as_array);
        items.into_iter().flatten().filter_map(Share::read).collect()
    }

    /// What faults leave of a cluster, with tasks that run there besides `own` counted.
    fn limits(&self, place: &Place, cluster: &str, own: Option<&Service>) -> Vec<Limit> {
        let name = cluster.rsplit('/').next();
        let limit = |fault: &Fault| match fault {
            Fault::NoCapacity { cluster: of, launch_type, capacity_provider, room } => {
                let is_here = of.as_ref().is_none_or(|of| of == cluster || Some(of.as_str()) == name);
                is_here.then(|| Limit {
                    launch_type: launch_type.clone(),
                    provider: capacity_provider.clone(),
                    left: *room,
                })
            }
            _ => None,
        };
        let mut limits: Vec<Limit> = self.faults.iter().filter_map(limit).collect();
        if limits.iter().all(|limit| limit.left == 0) {
            return limits;
        }
        let services = self.services(place).chain(own).filter(|service| service.cluster == cluster);
        let tasks = services.flat_map(|service| &service.tasks);
        let tasks = tasks.filter(|task| !matches!(task.state, TaskState::Stopped(_))).map(|task| &task.placement);
        // A task that waits for an instance has no place yet.
        let placed = |task: &&OneTask| matches!(task.state, TaskState::Pending(Some(_)) | TaskState::Running);
        let once = self.one_tasks(place).filter(|task| task.cluster == cluster).filter(placed);
        for at in tasks.chain(once.map(|task| &task.placement)) {
            take(&mut limits, at);
        }
        limits
    }

    /// Where a task of RunTask goes, and whether it waits for an instance there. \[doc: "API failure reasons"\]
    pub(super) fn place_once(
        &self,
        place: &Place,
        cluster: &str,
        on: &Capacity,
    ) -> Result<(Placement, bool), Unplaced> {
        let at = next_placement(on, &self.strategy(place, cluster, on), &BTreeMap::new());
        if !is_short(&self.limits(place, cluster, None), &at) {
            return Ok((at, false));
        }
        if at.brings_instances() {
            return Ok((at, true));
        }
        if at.is_fargate() {
            return Err(Unplaced { arn: None, reason: UNAVAILABLE.to_owned() });
        }
        let arn = cluster.replacen(":cluster/", ":container-instance/", 1);
        Err(Unplaced { arn: Some(format!("{arn}/{}", instance_of(cluster))), reason: "RESOURCE:MEMORY".to_owned() })
    }

    /// Whether a task of RunTask still waits for an instance of its provider, instead of being refused. \[doc: "Amazon ECS cluster
    /// auto scaling": it is in PROVISIONING\] \[?\] It waits as long as there is no capacity, and behind those that came before it.
    pub(super) fn waits_for_instance(&self, place: &Place, task: &OneTask) -> bool {
        let at = &task.placement;
        if !at.brings_instances() {
            return false;
        }
        let limits = self.limits(place, &task.cluster, None);
        let is_before = |other: &OneTask| {
            other.created < task.created
                && other.state == TaskState::Pending(None)
                && other.cluster == task.cluster
                && other.placement == *at
        };
        let is_limited = limits.iter().any(|limit| limit.is_of(at));
        is_short(&limits, at) || is_limited && self.one_tasks(place).any(is_before)
    }

    /// Something may have left a place to tasks that wait for one.
    pub(super) fn free_places(&mut self, place: &Place) {
        if !self.faults.iter().any(|fault| matches!(fault, Fault::NoCapacity { room: 1.., .. })) {
            return;
        }
        let waiting = |task: &&OneTask| task.state == TaskState::Pending(None) && task.placement.brings_instances();
        let arns: Vec<String> = self.one_tasks(place).filter(waiting).map(|task| task.arn.clone()).collect();
        for arn in arns {
            self.schedule(self.now, Work::Task { place: place.clone(), arn });
        }
    }

    /// Where so many more tasks of a service go, and one that has no place.
    pub(super) fn placements(
        &self,
        place: &Place,
        service: &Service,
        revision: &str,
        missing: u32,
    ) -> (Vec<Placement>, Option<Placement>) {
        let (mut placed, mut short) = (Vec::new(), None);
        if missing == 0 {
            return (placed, short);
        }
        let on = Capacity::of(&service.properties);
        let shares = self.strategy(place, &service.cluster, &on);
        let mut limits = self.limits(place, &service.cluster, Some(service));
        let mut counts = BTreeMap::new();
        let kept = |task: &&super::ecs::Task| {
            task.revision == revision && !matches!(task.state, TaskState::Stopped(_)) && !task.is_unhealthy()
        };
        for provider in service.tasks.iter().filter(kept).filter_map(|task| task.placement.provider.clone()) {
            *counts.entry(provider).or_insert(0) += 1;
        }
        for _ in 0..missing {
            let at = next_placement(&on, &shares, &counts);
            if let Some(provider) = &at.provider {
                *counts.entry(provider.clone()).or_insert(0) += 1;
            }
            if is_short(&limits, &at) {
                short = Some(at);
            } else {
                take(&mut limits, &at);
                placed.push(at);
            }
        }
        (placed, short)
    }

    /// A service found no place for a task, or did again. \[?\] How the time between attempts grows.
    pub(super) fn fall_short(
        &mut self,
        place: &Place,
        service: &mut Service,
        revision: &str,
        short: Option<Placement>,
    ) {
        let Some(at) = short else {
            service.shortage = Shortage::default();
            return;
        };
        if service.shortage.due(self.now).is_some() {
            return;
        }
        let attempts = service.shortage.attempts.saturating_add(1);
        let pace = self.config.pace;
        let times = i32::try_from(attempts).unwrap_or(i32::MAX);
        let pause = pace.task.saturating_mul(times).min(pace.scaled(LONGEST_PAUSE));
        // Where tasks take no time, time passes all the same.
        let pause = if pause.is_zero() { SignedDuration::from_secs(1) } else { pause };
        service.shortage = Shortage { attempts, until: self.now.checked_add(pause).ok() };
        service.steady = false;
        service.count_failure(revision);
        let message = format!("(service {}) {}", service.name, at.words(&service.cluster));
        self.say(service, message);
        // The circuit breaker looks at the count.
        self.schedule(self.now, Work::Service { place: place.clone(), arn: service.arn.clone() });
    }
}
