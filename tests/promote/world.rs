//! What a sketch stands for: a catalog, facts and a time.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use landfall::model::DriftPolicy;
use landfall::model::account::Guard;
use landfall::model::catalog::{Broken, Deploy, Network, OnFailure, Phase, Pin, Progress, Queue, Snapshot, Subject};
use landfall::model::channel::Channel;
use landfall::model::edition::EDITION;
use landfall::model::journal::DeploymentId;
use landfall::model::tenant::{Tag, TagFilter, Tenancy, TenantFilter};
use landfall::model::{
    AccountId, Catalog, CommitId, Environment, Facts, Hash, Id, Lifecycle, Observed, Project, Region, Release, Run,
    Slot, Target, TargetName, Tenant, Version, What,
};
use landfall::promote::{BrokenIndex, Desired, Gates, Index, Seat, desired};

use super::at;
use super::sketch::{self, Place, RunLine, Sketch};
use crate::model::freezes::freeze;

/// What a sketch stands for.
pub(super) struct World {
    pub(super) catalog: Catalog,
    pub(super) facts: Facts,
    pub(super) observed: Observed,
    pub(super) now: Timestamp,
}

/// The one project of a sketch.
pub(super) const PROJECT: &str = "storefront";

impl World {
    pub(super) fn new(sketch: &Sketch) -> Self {
        let now = sketch.now.unwrap_or("2026-11-23T09:00:00Z".parse().unwrap());
        Self { catalog: catalog(sketch), facts: facts(sketch, now), observed: Observed::default(), now }
    }

    /// Looks at what is desired.
    pub(super) fn desired<T>(&self, look: impl FnOnce(&[Desired<'_>]) -> T) -> T {
        let index = Index::new(&self.facts, &self.observed, self.catalog.repository.as_ref());
        let broken = BrokenIndex::new(&self.catalog);
        look(&desired(&self.catalog, &index, &broken, self.now))
    }

    /// Looks through the gates.
    pub(super) fn gates<T>(&self, look: impl FnOnce(Gates<'_>) -> T) -> T {
        let index = Index::new(&self.facts, &self.observed, self.catalog.repository.as_ref());
        look(Gates { catalog: &self.catalog, index: &index, now: self.now, refill: false })
    }

    pub(super) fn project(&self) -> &Arc<Project> {
        &self.catalog.projects[PROJECT]
    }

    /// A slot of the project.
    pub(super) fn seat(&self, place: &Place) -> Seat<'_> {
        let tenant = place.tenant.as_ref().map(|tenant| &self.catalog.tenants[tenant.as_str()]);
        Seat::new(&self.catalog, self.project(), &self.catalog.environments[place.environment.as_str()], tenant)
    }

    /// Every slot that could be, in order.
    pub(super) fn places(&self) -> Vec<Place> {
        let tenants = || std::iter::once(None).chain(self.catalog.tenants.keys().map(|name| Some(name.as_str())));
        let environments = self.catalog.environments_in_order();
        environments.iter().flat_map(|e| tenants().map(|tenant| Place::new(e.name.as_str(), tenant))).collect()
    }
}

/// The place of what is desired.
pub(super) fn place(desired: &Desired<'_>) -> Place {
    Place::new(desired.environment.name.as_str(), desired.tenant.map(|tenant| tenant.name.as_str()))
}

pub(super) fn slot(place: &Place) -> Slot {
    Slot {
        project: Id::new(PROJECT).unwrap(),
        environment: Id::new(&place.environment).unwrap(),
        tenant: place.tenant.as_ref().map(|tenant| Id::new(tenant).unwrap()),
    }
}

fn catalog(sketch: &Sketch) -> Catalog {
    let lifecycles: BTreeMap<_, _> =
        sketch.lifecycles.iter().map(|line| (line.0.parse().unwrap(), lifecycle(line))).collect();
    let mut environments = BTreeMap::new();
    let names = sketch.lifecycles.iter().flat_map(|(_, phases)| phases).flat_map(|phase| &phase.environments);
    for (name, _) in names {
        let order = environments.len() as i64;
        environments.entry(name.parse().unwrap()).or_insert_with(|| environment(name, order));
    }
    let targets = environments.keys().map(target).collect();
    let tags = |texts: &[String]| texts.iter().map(|text| Tag::parse(text).unwrap()).collect::<BTreeSet<_>>();
    let tenant = |line: &sketch::TenantLine| {
        let environments = line.environments.iter().map(|name| name.parse().unwrap()).collect();
        Arc::new(Tenant {
            name: line.name.parse().unwrap(),
            id: Id::new(&line.name).unwrap(),
            tags: tags(&line.tags),
            projects: BTreeMap::from([(PROJECT.parse().unwrap(), environments)]),
            variables: Vec::new(),
            at: at(&format!("tenants/{}.toml", line.name), 1),
        })
    };
    let freezes = sketch.freezes.iter().map(|line| (line.0.parse().unwrap(), Arc::new(freezing(line))));
    let project = Arc::new(project(sketch, &lifecycles));
    Catalog {
        commit: Some(CommitId("8c1d0f2000000000000000000000000000000000".to_owned())),
        repository: Some(Id::new("shop").unwrap()),
        accounts: BTreeMap::new(),
        guard: Guard::default(),
        tag_sets: BTreeMap::new(),
        environments,
        targets,
        tenants: sketch.tenants.iter().map(|line| (line.name.parse().unwrap(), tenant(line))).collect(),
        freezes: freezes.collect(),
        lifecycles,
        projects: BTreeMap::from([(PROJECT.parse().unwrap(), project)]),
        accepts: Vec::new(),
        broken: sketch.broken.iter().map(broken).collect(),
    }
}

fn lifecycle((name, phases): &(String, Vec<sketch::PhaseLine>)) -> Arc<Lifecycle> {
    let phase = |line: &sketch::PhaseLine| {
        let names = |automatic| {
            let some = line.environments.iter().filter(move |(_, star)| *star == automatic);
            some.map(|(name, _)| name.parse().unwrap()).collect::<Vec<_>>()
        };
        Phase {
            name: line.environments.first().map_or("-", |(name, _)| name).into(),
            automatic: names(true),
            manual: names(false),
            progress: match line.progress {
                sketch::Progress::All => Progress::All,
                sketch::Progress::Minimum(least) => Progress::Minimum(least),
                sketch::Progress::Optional => Progress::Optional,
            },
            soak: SignedDuration::from_mins(line.soak),
            unless: Default::default(),
            soak_queue: line.queue,
            at: None,
        }
    };
    Arc::new(Lifecycle { name: Some(name.parse().unwrap()), phases: phases.iter().map(phase).collect() })
}

fn environment(name: &str, order: i64) -> Arc<Environment> {
    Arc::new(Environment {
        name: name.parse().unwrap(),
        id: Id::new(name).unwrap(),
        order,
        protected: false,
        prune: false,
        queue: Queue::Latest,
        drift: DriftPolicy::default(),
    })
}

/// A target of the environment for slots without a tenant.
fn target(environment: &landfall::model::EnvironmentName) -> (TargetName, Arc<Target>) {
    let name: TargetName = format!("{environment}-eu").parse().unwrap();
    let target = Target {
        id: Id::from(&name),
        name: name.clone(),
        environments: BTreeSet::from([environment.clone()]),
        roles: BTreeSet::new(),
        account: "main".parse().unwrap(),
        place: landfall::model::Place {
            account: AccountId::new("111111111111").unwrap(),
            region: Region::new("eu-west-1").unwrap(),
        },
        access: landfall::model::place::Access::default(),
        cluster: name.as_str().into(),
        template_bucket: None,
        network: Network::default(),
        tenants: TenantFilter::default(),
        tags: BTreeSet::new(),
    };
    (name, Arc::new(target))
}

fn freezing((name, whom, windows): &(String, Vec<String>, String)) -> landfall::model::Freeze {
    let mut freeze = freeze(windows);
    freeze.name = name.parse().unwrap();
    freeze.at = at(&format!("freezes/{name}.toml"), 1);
    for word in whom {
        match word.split_once('=') {
            Some(("tenant", tenant)) => drop(freeze.tenants.names.insert(tenant.parse().unwrap())),
            Some(("tag", tag)) => drop(freeze.tenants.tags.0.insert(Tag::parse(tag).unwrap())),
            _ if word == "stops-rollback" => freeze.stops_rollback = true,
            _ => drop(freeze.environments.insert(word.parse().unwrap())),
        }
    }
    freeze
}

fn broken((kind, name): &(String, String)) -> Broken {
    let (project, folder) = (PROJECT.parse().unwrap(), format!("projects/{PROJECT}"));
    let (subject, file) = match kind.as_str() {
        "tenant" => (Subject::Tenant(name.parse().unwrap()), format!("tenants/{name}.toml")),
        "freeze" => (Subject::Freeze(name.parse().unwrap()), format!("freezes/{name}.toml")),
        "lifecycle" => (Subject::Lifecycle(name.parse().unwrap()), format!("lifecycles/{name}.toml")),
        "release" => (Subject::Release(project, name.parse().unwrap()), format!("{folder}/releases/{name}.toml")),
        _ => (Subject::Deploy(project, name.parse().unwrap()), format!("{folder}/deploy/{name}.toml")),
    };
    Broken { subject, code: "syntax", title: "this is not TOML".to_owned(), at: at(&file, 3) }
}

fn project(sketch: &Sketch, lifecycles: &BTreeMap<landfall::model::LifecycleName, Arc<Lifecycle>>) -> Project {
    let file = at(&format!("projects/{PROJECT}/project.toml"), 1);
    let mut channels = BTreeMap::new();
    let implied =
        sketch::ChannelLine { name: "default".to_owned(), lifecycle: sketch.lifecycles[0].0.clone(), tags: Vec::new() };
    let lines = if sketch.channels.is_empty() { std::slice::from_ref(&implied) } else { &sketch.channels[..] };
    for line in lines {
        let channel = Channel {
            name: line.name.parse().unwrap(),
            tenants: TagFilter(line.tags.iter().map(|text| Tag::parse(text).unwrap()).collect()),
            ..Channel::implied(lifecycles[line.lifecycle.as_str()].clone(), file.clone())
        };
        channels.insert(channel.name.clone(), channel);
    }
    Project {
        name: PROJECT.parse().unwrap(),
        id: Id::new(PROJECT).unwrap(),
        channels,
        default_channel: lines[0].name.parse().unwrap(),
        tenancy: match sketch.tenancy.as_deref() {
            None | Some("untenanted") => Tenancy::Untenanted,
            Some("both") => Tenancy::Both,
            _ => Tenancy::Tenanted,
        },
        waves: None,
        attempts: 3,
        on_failure: OnFailure::Stop,
        deadline: SignedDuration::from_mins(30),
        takeover: SignedDuration::from_mins(5),
        head: None,
        releases: releases(sketch, &lines[0].name),
        deploy: deploys(sketch),
        at: file,
    }
}

fn releases(sketch: &Sketch, channel: &str) -> BTreeMap<landfall::model::ReleaseName, Arc<Release>> {
    let what = Arc::new(What {
        inputs: Hash::of(b""),
        images: BTreeMap::new(),
        steps: Vec::new(),
        variables: Vec::new(),
        tenant_variables: Vec::new(),
    });
    let release = |line: &sketch::ReleaseLine| {
        let release = Release {
            name: line.name.parse().unwrap(),
            version: Version::parse(&line.name).unwrap(),
            format: 1,
            channel: line.channel.as_deref().unwrap_or(channel).parse().unwrap(),
            images: BTreeMap::new(),
            inputs: None,
            blocked: line.blocked.then(|| "found a leak".into()),
            edited: None,
            snapshot: Ok(Snapshot { commit: None, what: what.clone(), names: Arc::default(), rules: EDITION }),
            content: Hash::of(b""),
            at: at(&format!("projects/{PROJECT}/releases/{}.toml", line.name), 1),
        };
        (release.name.clone(), Arc::new(release))
    };
    sketch.releases.iter().map(release).collect()
}

fn deploys(sketch: &Sketch) -> BTreeMap<landfall::model::EnvironmentName, Arc<Deploy>> {
    let mut files: BTreeMap<_, Deploy> = BTreeMap::new();
    let empty = |environment: &str| Deploy {
        pin: None,
        at: at(&format!("projects/{PROJECT}/deploy/{environment}.toml"), 1),
        tenants: BTreeMap::new(),
        follow: BTreeSet::new(),
        wait: true,
        allow: Vec::new(),
    };
    for (environment, channels) in &sketch.follow {
        let file = files.entry(environment.parse().unwrap()).or_insert_with(|| empty(environment));
        file.follow = channels.iter().map(|name| name.parse().unwrap()).collect();
    }
    for line in &sketch.pins {
        let environment = &line.place.environment;
        let file = files.entry(environment.parse().unwrap()).or_insert_with(|| empty(environment));
        let pin = if line.release == "none" { Pin::None } else { Pin::Release(line.release.parse().unwrap()) };
        file.wait &= !line.refuses;
        match &line.place.tenant {
            Some(tenant) => {
                let own = at(&format!("projects/{PROJECT}/deploy/{environment}.toml"), 4);
                file.tenants.insert(tenant.parse().unwrap(), (pin, own));
            }
            None => file.pin = Some(pin),
        }
    }
    files.into_iter().map(|(name, file)| (name, Arc::new(file))).collect()
}

/// The runs of all slots, in the order of their beginning; each slot's lines end now.
fn facts(sketch: &Sketch, now: Timestamp) -> Facts {
    let mut facts = Facts::default();
    let mut deployments = 0;
    for (place, lines) in &sketch.ran {
        let mut from = now - SignedDuration::from_mins(lines.iter().map(RunLine::minutes).sum());
        let mut last: Option<Run> = None;
        for (number, line) in lines.iter().enumerate() {
            let until = from + SignedDuration::from_mins(line.minutes());
            let to = (number + 1 < lines.len()).then_some(until);
            let run = match line {
                RunLine::Nothing(_) => None,
                RunLine::Again(_) => last.clone().map(|run| Run { from, to, proved_by_ecs: false, ..run }),
                RunLine::Ran(release, _) => {
                    deployments += 1;
                    Some(Run {
                        slot: slot(place),
                        release: release.parse().unwrap(),
                        content: Hash::of(release.as_bytes()),
                        deployment: DeploymentId(deployments),
                        commit: CommitId("8c1d0f2000000000000000000000000000000000".to_owned()),
                        from,
                        to,
                        proved_by_ecs: true,
                        live: BTreeMap::new(),
                    })
                }
            };
            facts.runs.extend(run.clone());
            last = run;
            from = until;
        }
    }
    facts.runs.sort_by_key(|run| run.from);
    facts
}
