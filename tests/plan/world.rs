//! A repository and an account in memory: say what is desired, carry out plans as if everything succeeded or failed, and
//! look at the next plan.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::model::DriftPolicy;
use landfall::model::account::Guard;
use landfall::model::catalog::{
    Allowance, Broken, Deploy, Gate, ImagePin, Network, OnFailure, Phase, Pin, Progress, Queue, Snapshot, Subject,
};
use landfall::model::channel::Channel;
use landfall::model::edition::EDITION;
use landfall::model::facts::{Attempts, InFlight};
use landfall::model::journal::{Action, Allowed, Cause, DeploymentId, Outcome};
use landfall::model::observed::PlaceSeen;
use landfall::model::place::Access;
use landfall::model::process::{Container, EcsService, Follows, ImageRepository, Only, StepKind, Text};
use landfall::model::tenant::{Tenancy, TenantFilter};
use landfall::model::{
    AccountId, Catalog, CommitId, Environment, Facts, Hash, Id, Lifecycle, Location, Observed, Place, Project, Region,
    Release, Run, Slot, StackName, StackSeen, StackStatus, Step, Target, Version, What,
};
use landfall::plan::{Begin, Input, Planned, plan};
use landfall::template::Cache;
use landfall::view::{self, Style};

use crate::support::table::table;

thread_local! {
    /// What was rendered before: it changes nothing but the time that a test takes.
    static CACHE: RefCell<Cache> = RefCell::default();
}

/// What the repository says.
#[derive(Clone)]
pub(super) struct World {
    pub(super) catalog: Catalog,
}

/// What happened and what is there.
#[derive(Clone)]
pub(super) struct Live {
    pub(super) facts: Facts,
    pub(super) observed: Observed,
    pub(super) now: Timestamp,
    deployments: u64,
}

pub(super) fn place() -> Place {
    Place { account: AccountId::new("111111111111").unwrap(), region: Region::new("eu-west-1").unwrap() }
}

pub(super) fn at(file: &str, line: u32) -> Location {
    Location { file: Arc::from(file), line, column: 1 }
}

impl World {
    /// `storefront` with step `web` goes to development and test by itself (test soaks 30 min) and to production by hand.
    pub(super) fn new() -> Self {
        let mut world = Self {
            catalog: Catalog {
                commit: Some(CommitId("8c1d0f2000000000000000000000000000000000".to_owned())),
                repository: Some(Id::new("acme").unwrap()),
                accounts: BTreeMap::new(),
                guard: Guard::default(),
                tag_sets: BTreeMap::new(),
                tenants: BTreeMap::new(),
                freezes: BTreeMap::new(),
                environments: BTreeMap::new(),
                targets: BTreeMap::new(),
                lifecycles: BTreeMap::new(),
                projects: BTreeMap::new(),
                accepts: Vec::new(),
                broken: Vec::new(),
            },
        };
        for (order, name) in ["development", "test", "production"].into_iter().enumerate() {
            world.add_environment(name, order as i64);
            world.add_target(&format!("{name}-eu"), name);
        }
        world.add_project("storefront", &["web"]);
        world
    }

    pub(super) fn add_environment(&mut self, name: &str, order: i64) {
        let environment = Environment {
            name: name.parse().unwrap(),
            id: Id::new(name).unwrap(),
            order,
            protected: false,
            prune: false,
            queue: Queue::Latest,
            drift: DriftPolicy::default(),
        };
        self.catalog.environments.insert(name.parse().unwrap(), Arc::new(environment));
    }

    pub(super) fn add_target(&mut self, name: &str, environment: &str) {
        let target = Target {
            name: name.parse().unwrap(),
            id: Id::new(name).unwrap(),
            environments: BTreeSet::from([environment.parse().unwrap()]),
            roles: BTreeSet::from(["web".parse().unwrap()]),
            account: "main".parse().unwrap(),
            place: place(),
            access: Access::default(),
            cluster: Arc::from(name),
            template_bucket: None,
            network: Network {
                subnets: vec![Arc::from("subnet-0a")],
                security_groups: vec![Arc::from("sg-0a")],
                public_ip: false,
            },
            tenants: TenantFilter::default(),
            tags: BTreeSet::new(),
        };
        self.catalog.targets.insert(name.parse().unwrap(), Arc::new(target));
    }

    pub(super) fn add_project(&mut self, name: &str, steps: &[&str]) {
        let phase = |title: &str, automatic: &[&str], manual: &[&str], soak: i64| Phase {
            name: Arc::from(title),
            automatic: automatic.iter().map(|name| name.parse().unwrap()).collect(),
            manual: manual.iter().map(|name| name.parse().unwrap()).collect(),
            progress: Progress::All,
            soak: SignedDuration::from_mins(soak),
            soak_queue: false,
            unless: BTreeSet::new(),
            at: None,
        };
        let lifecycle = Lifecycle {
            name: Some("standard".parse().unwrap()),
            phases: vec![
                phase("Development", &["development"], &[], 0),
                phase("Test", &["test"], &[], 30),
                phase("Production", &[], &["production"], 0),
            ],
        };
        let file = at(&format!("projects/{name}/project.toml"), 1);
        let channel = Channel::implied(Arc::new(lifecycle), file);
        let project = Project {
            name: name.parse().unwrap(),
            id: Id::new(name).unwrap(),
            channels: BTreeMap::from([(channel.name.clone(), channel.clone())]),
            default_channel: channel.name,
            tenancy: Tenancy::Untenanted,
            waves: None,
            attempts: 3,
            on_failure: OnFailure::Stop,
            deadline: SignedDuration::from_mins(30),
            takeover: SignedDuration::from_mins(5),
            head: Some(what(steps)),
            releases: BTreeMap::new(),
            deploy: BTreeMap::new(),
            at: at(&format!("projects/{name}/project.toml"), 1),
        };
        self.catalog.projects.insert(name.parse().unwrap(), Arc::new(project));
    }

    /// A release of `storefront` made from today's process.
    pub(super) fn release(&mut self, name: &str) -> &mut Self {
        let what = self.project_ref().head.clone().unwrap();
        self.release_of("storefront", name, what)
    }

    /// A release of `storefront` that has these steps.
    pub(super) fn release_with(&mut self, name: &str, steps: &[&str]) -> &mut Self {
        self.release_of("storefront", name, what(steps))
    }

    pub(super) fn release_of(&mut self, project: &str, name: &str, what: Arc<What>) -> &mut Self {
        let digest = Hash::of(name.as_bytes()).hex();
        let pin = ImagePin {
            tag: Arc::from(name),
            digest: Some(Arc::from(format!("sha256:{digest}"))),
            platforms: BTreeMap::new(),
        };
        let release = Release {
            name: name.parse().unwrap(),
            version: Version::parse(name).unwrap(),
            format: 1,
            channel: "default".parse().unwrap(),
            images: BTreeMap::from([("web".parse().unwrap(), pin)]),
            inputs: None,
            blocked: None,
            edited: None,
            snapshot: Ok(Snapshot { commit: self.catalog.commit.clone(), what, names: Arc::default(), rules: EDITION }),
            content: Hash::of(name.as_bytes()),
            at: at(&format!("projects/{project}/releases/{name}.toml"), 1),
        };
        let project = Arc::make_mut(self.catalog.projects.get_mut(project).unwrap());
        project.releases.insert(name.parse().unwrap(), Arc::new(release));
        self
    }

    pub(super) fn change_release(&mut self, name: &str, change: impl FnOnce(&mut Release)) {
        change(Arc::make_mut(self.project().releases.get_mut(name).unwrap()));
    }

    pub(super) fn project(&mut self) -> &mut Project {
        Arc::make_mut(self.catalog.projects.get_mut("storefront").unwrap())
    }

    fn project_ref(&self) -> &Project {
        &self.catalog.projects["storefront"]
    }

    pub(super) fn phases(&mut self, change: impl FnOnce(&mut Vec<Phase>)) {
        let channel = self.project().channels.get_mut("default").unwrap();
        change(&mut Arc::make_mut(&mut channel.lifecycle).phases);
    }

    pub(super) fn environment(&mut self, name: &str) -> &mut Environment {
        Arc::make_mut(self.catalog.environments.get_mut(name).unwrap())
    }

    pub(super) fn target(&mut self, name: &str) -> &mut Target {
        Arc::make_mut(self.catalog.targets.get_mut(name).unwrap())
    }

    fn deploy(&mut self, environment: &str) -> &mut Deploy {
        let file = at(&format!("projects/storefront/deploy/{environment}.toml"), 1);
        let empty = Deploy {
            pin: None,
            at: file,
            tenants: BTreeMap::new(),
            follow: BTreeSet::new(),
            wait: true,
            allow: Vec::new(),
        };
        let empty = Arc::new(empty);
        Arc::make_mut(self.project().deploy.entry(environment.parse().unwrap()).or_insert(empty))
    }

    /// `release = "…"` in the deploy file; `none` removes.
    pub(super) fn pin(&mut self, environment: &str, release: &str) -> &mut Self {
        let pin = if release == "none" { Pin::None } else { Pin::Release(release.parse().unwrap()) };
        self.deploy(environment).pin = Some(pin);
        self
    }

    pub(super) fn pin_refuses(&mut self, environment: &str) {
        self.deploy(environment).wait = false;
    }

    pub(super) fn unpin(&mut self, environment: &str) -> &mut Self {
        self.deploy(environment).pin = None;
        self
    }

    pub(super) fn allow(&mut self, environment: &str, what: Gate, plan: &str) -> &mut Self {
        let at = at(&format!("projects/storefront/deploy/{environment}.toml"), 2);
        self.deploy(environment).allow.push(Allowance {
            what,
            stack: None,
            tenant: None,
            plan: Some(Arc::from(plan)),
            release: None,
            resources: Vec::new(),
            reason: Arc::from("the cause was outside"),
            until: Some(jiff::civil::date(2026, 12, 1)),
            at,
        });
        self
    }

    /// An allowance as a pull request has it, for what happens to resources while a release is deployed.
    pub(super) fn allow_change(&mut self, environment: &str, what: Gate, release: &str, resources: &[&str]) {
        self.allow(environment, what, "");
        self.change_allow(environment, |allowance| {
            allowance.plan = None;
            allowance.release = Some(release.parse().unwrap());
            allowance.resources = resources.iter().map(|name| Arc::from(*name)).collect();
        });
    }

    pub(super) fn broken(&mut self, subject: Subject, file: &str) -> &mut Self {
        let title = "this is not TOML".to_owned();
        self.catalog.broken.push(Broken { subject, code: "syntax", title, at: at(file, 3) });
        self
    }

    /// What is to be done now, and why not more.
    pub(super) fn plan(&self, live: &Live) -> Planned {
        let input = Input { catalog: &self.catalog, facts: &live.facts, observed: &live.observed, now: live.now };
        CACHE.with_borrow_mut(|cache| {
            cache.next_round();
            plan(&input, cache)
        })
    }

    /// The plan as people see it.
    pub(super) fn show(&self, live: &Live) -> String {
        view::plan::terminal(&self.plan(live).report, live.now, Style::PLAIN)
    }

    /// An account in which everything that can be deployed by waiting is deployed.
    pub(super) fn deployed(&self) -> Live {
        let mut live = Live::empty();
        self.settle(&mut live);
        live
    }

    /// Carries out plans, half an hour each, until one is empty.
    pub(super) fn settle(&self, live: &mut Live) {
        for _ in 0..20 {
            let planned = self.plan(live);
            if planned.plan.is_empty() {
                return;
            }
            planned.plan.begin.iter().for_each(|begin| live.succeed(begin));
            live.wait(30);
        }
        panic!("plans do not come to an end:\n{}", self.show(live));
    }
}

impl Live {
    /// An account without stacks, that can be seen.
    pub(super) fn empty() -> Self {
        let now: Timestamp = "2026-11-23T08:00:00Z".parse().unwrap();
        let seen = PlaceSeen::Seen { at: now, stacks: BTreeMap::new() };
        Self {
            facts: Facts::default(),
            observed: Observed { places: BTreeMap::from([(place(), seen)]) },
            now,
            deployments: 0,
        }
    }

    pub(super) fn wait(&mut self, minutes: i64) {
        self.now += SignedDuration::from_mins(minutes);
    }

    pub(super) fn stacks(&mut self) -> &mut BTreeMap<StackName, Arc<StackSeen>> {
        match self.observed.places.get_mut(&place()).unwrap() {
            PlaceSeen::Seen { stacks, .. } => stacks,
            PlaceSeen::Unseen { .. } => panic!("the place is not seen"),
        }
    }

    pub(super) fn stack(&mut self, name: &str) -> &mut StackSeen {
        Arc::make_mut(self.stacks().get_mut(&StackName::seen(name)).unwrap())
    }

    pub(super) fn blind(&mut self) {
        let unseen = PlaceSeen::Unseen { at: self.now, error: "AWS denies DescribeStacks".to_owned(), again: None };
        self.observed.places.insert(place(), unseen);
    }

    /// The deployment has begun.
    pub(super) fn start(&mut self, begin: &Begin) -> DeploymentId {
        assert!(self.facts.in_flight(&begin.slot).is_none(), "one slot never has two deployments");
        self.deployments += 1;
        let deployment = DeploymentId(self.deployments);
        for allowance in &begin.allowed {
            self.facts.used.push(Allowed { slot: begin.slot.clone(), allowance: *allowance, deployment });
        }
        if !begin.allowed.is_empty() {
            self.facts.attempts.retain(|tried| tried.slot != begin.slot || tried.content != begin.content);
        }
        self.facts.in_flight.push(InFlight {
            deployment,
            slot: begin.slot.clone(),
            release: begin.release.clone(),
            content: begin.content,
            attempt: begin.attempt,
            since: self.now,
            commit: CommitId("8c1d0f2000000000000000000000000000000000".to_owned()),
            plan: Some(begin.plan.clone()),
            stopped: None,
            gates: BTreeMap::new(),
            allowed: begin.allowed.len(),
            decided: BTreeMap::new(),
            waits: BTreeMap::new(),
            progress: BTreeMap::new(),
            failing: None,
            taken_over: None,
        });
        deployment
    }

    /// The deployment ended in success.
    pub(super) fn succeed(&mut self, begin: &Begin) {
        let deployment = self.start(begin);
        self.facts.in_flight.clear();
        for order in &begin.orders {
            match &order.action {
                Action::Put(content) => self.put(&order.stack, content),
                Action::Delete { .. } => drop(self.stacks().remove(&order.stack)),
            }
        }
        let deletes = begin.orders.iter().all(|order| matches!(order.action, Action::Delete { .. }));
        if deletes && !begin.orders.is_empty() && !begin.removal {
            return;
        }
        let now = self.now;
        for run in self.facts.runs.iter_mut().filter(|run| run.slot == begin.slot && run.to.is_none()) {
            run.to = Some(now);
        }
        self.facts.attempts.retain(|tried| tried.slot != begin.slot || tried.content != begin.content);
        self.facts.learned.iter_mut().filter(|learned| learned.slot == begin.slot).for_each(|one| one.over = true);
        if !begin.removal {
            self.ran(begin, deployment);
        }
    }

    fn ran(&mut self, begin: &Begin, deployment: DeploymentId) {
        self.facts.runs.push(Run {
            slot: begin.slot.clone(),
            release: begin.release.clone(),
            content: begin.content,
            deployment,
            commit: CommitId("8c1d0f2000000000000000000000000000000000".to_owned()),
            from: self.now,
            to: None,
            live: begin.live.clone(),
            proved_by_ecs: true,
        });
    }

    /// The deployment failed, and CloudFormation put everything back.
    pub(super) fn fail(&mut self, begin: &Begin) {
        let deployment = self.start(begin);
        self.facts.in_flight.clear();
        let failed = self.facts.attempts(&begin.slot, begin.content).map_or(0, |tried| tried.failed) + 1;
        self.facts.attempts.retain(|tried| tried.slot != begin.slot || tried.content != begin.content);
        self.facts.attempts.push(Attempts {
            slot: begin.slot.clone(),
            release: begin.release.clone(),
            content: begin.content,
            failed,
            deployment,
            ended: self.now,
            outcome: Outcome::Failed(Cause {
                code: Arc::from("container-exits"),
                sentence: "container `app` exits with 1".to_owned(),
                stack: None,
                gate: None,
                foreseen: Vec::new(),
            }),
        });
    }

    fn put(&mut self, name: &StackName, content: &landfall::model::journal::Content) {
        let (now, count) = (self.now, self.deployments);
        let status = match self.stacks().get(name) {
            Some(_) => StackStatus::UpdateComplete,
            None => StackStatus::CreateComplete,
        };
        let seen = StackSeen {
            name: name.clone(),
            id: Arc::from(format!("arn:aws:cloudformation:eu-west-1:111111111111:stack/{name}/{count}")),
            status,
            reason: None,
            description: Some(content.description.to_string()),
            tags: content.tags.clone(),
            outputs: BTreeMap::new(),
            parameters: BTreeMap::new(),
            created: now,
            updated: None,
            protected: content.protected,
            drift: None,
        };
        self.stacks().insert(name.clone(), Arc::new(seen));
    }
}

/// The slot of `storefront` in an environment.
pub(super) fn slot(environment: &str) -> Slot {
    Slot { project: Id::new("storefront").unwrap(), environment: Id::new(environment).unwrap(), tenant: None }
}

/// A process with these steps, each a small service.
pub(super) fn what(steps: &[&str]) -> Arc<What> {
    let file = "projects/storefront/process.toml";
    let image =
        ImageRepository { repository: text("111111111111.dkr.ecr.eu-west-1.amazonaws.com/web"), at: at(file, 1) };
    let step = |name: &&str| {
        Arc::new(Step {
            name: name.parse().unwrap(),
            id: Id::new(name).unwrap(),
            role: "web".parse().unwrap(),
            follows: Follows::default(),
            only: Only::default(),
            uses: BTreeSet::new(),
            patches: Vec::new(),
            kind: StepKind::EcsService(Box::new(service())),
            at: at(file, 5),
        })
    };
    Arc::new(What {
        inputs: Hash::of(steps.join(" ").as_bytes()),
        images: BTreeMap::from([("web".parse().unwrap(), image)]),
        steps: steps.iter().map(step).collect(),
        variables: Vec::new(),
        tenant_variables: Vec::new(),
    })
}

fn text(raw: &str) -> Text {
    Text::parse(raw, at("projects/storefront/process.toml", 1)).unwrap()
}

fn service() -> EcsService {
    let app: Container = table("name = 'app'\nimage = 'web'\nport = 8080");
    EcsService { desired_count: Some(2.into()), ..EcsService::new(256, 512, vec![app]) }
}
