//! A small world to render from: one project, one environment, one target, one step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::SignedDuration;
use landfall::model::account::Guard;
use landfall::model::catalog::{ImagePin, Network, OnFailure, Queue, Scope, Snapshot, Value, VariableValue};
use landfall::model::channel::Channel;
use landfall::model::edition::EDITION;
use landfall::model::place::Access;
use landfall::model::process::ValueKind;
use landfall::model::process::{Container, EcsSchedule, EcsService, Follows, ImageRepository, Only, StepKind, Text};
use landfall::model::tenant::{Tenancy, TenantFilter, TenantValue, TenantVariable};
use landfall::model::{
    AccountId, Catalog, Environment, Hash, Id, Lifecycle, Location, Names, Place, Project, Region, Release, Step, Tag,
    Target, Tenant, Version, What,
};
use landfall::template::{Context, RenderProblem, Rendered, render};

use crate::support::table::table;

/// A digest that looks like one.
pub(super) const DIGEST: &str = "sha256:1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c1f0c";

/// Line `line` of the process.
pub(super) fn at(line: u32) -> Location {
    Location { file: Arc::from("projects/storefront/process.toml"), line, column: 1 }
}

/// A text as the loader reads it.
pub(super) fn text(raw: &str) -> Text {
    Text::parse(raw, at(1)).unwrap()
}

/// Texts as the loader reads them.
pub(super) fn texts(raw: &[&str]) -> Vec<Text> {
    raw.iter().map(|raw| text(raw)).collect()
}

/// Everything that a context borrows.
#[derive(Clone)]
pub(super) struct World {
    pub(super) repository: Id,
    pub(super) project: Project,
    pub(super) release: Release,
    pub(super) what: What,
    pub(super) environment: Environment,
    pub(super) target: Target,
    pub(super) step: Step,
    pub(super) tenant: Option<Tenant>,
    /// Of the head.
    pub(super) names: Names,
    /// The head, as far as outputs of other stacks are looked for in it: the target.
    pub(super) catalog: Catalog,
}

impl World {
    /// Project `storefront`, release 1.4.0, environment `production`, target `prod-eu`, and a step `web` that says no more
    /// than it has to.
    pub(super) fn new() -> Self {
        let step = Step {
            name: "web".parse().unwrap(),
            id: Id::new("web").unwrap(),
            role: "web".parse().unwrap(),
            follows: Follows::default(),
            only: Only::default(),
            uses: BTreeSet::new(),
            patches: Vec::new(),
            kind: StepKind::EcsService(Box::new(service())),
            at: at(5),
        };
        let what = What {
            inputs: Hash::of(b"inputs"),
            images: BTreeMap::from([(
                "web".parse().unwrap(),
                ImageRepository {
                    repository: text("111111111111.dkr.ecr.eu-west-1.amazonaws.com/storefront"),
                    at: at(2),
                },
            )]),
            steps: vec![Arc::new(step.clone())],
            variables: Vec::new(),
            tenant_variables: Vec::new(),
        };
        Self {
            repository: Id::new("acme-deploy").unwrap(),
            project: project(),
            release: release(&what),
            what,
            environment: environment(),
            target: target(),
            step,
            tenant: None,
            names: names(),
            catalog: catalog(),
        }
    }

    /// The step's settings, to be changed.
    /// The step, made one that runs the same task on a schedule.
    pub(super) fn schedule(&mut self) -> &mut EcsSchedule {
        if let StepKind::EcsService(service) = &self.step.kind {
            let (task, schedule) = (service.task.clone(), table("times = { schedule = 'rate(1 hour)' }"));
            let schedule = EcsSchedule { task, schedule };
            self.step.kind = StepKind::EcsSchedule(Box::new(schedule));
        }
        let StepKind::EcsSchedule(schedule) = &mut self.step.kind else { panic!("the step has no schedule") };
        schedule
    }

    pub(super) fn service(&mut self) -> &mut EcsService {
        let StepKind::EcsService(service) = &mut self.step.kind else { panic!("the step makes no service") };
        service
    }

    /// The step's first container, to be changed.
    pub(super) fn container(&mut self) -> &mut Container {
        &mut self.service().task.container[0]
    }

    /// Adds a variable of the project.
    pub(super) fn variable(mut self, name: &str, value: &str, scope: Scope) -> Self {
        let line = self.what.variables.len() as u32 + 1;
        self.what.variables.push(VariableValue {
            name: Arc::from(name),
            value: Value::Text(text(value)),
            kind: ValueKind::String,
            scope,
            from_set: false,
            at: Location { file: Arc::from("projects/storefront/variables.toml"), line, column: 1 },
        });
        self
    }

    /// Adds a variable whose value is a list.
    pub(super) fn list(self, name: &str, values: &[&str]) -> Self {
        let mut world = self.variable(name, "", Scope::default());
        world.what.variables.last_mut().unwrap().value = Value::List(texts(values));
        world
    }

    /// Makes the slot one of tenant `acme`, with these tags.
    pub(super) fn tenant(mut self, tags: &[&str]) -> Self {
        self.tenant = Some(Tenant {
            name: "acme".parse().unwrap(),
            id: Id::new("acme").unwrap(),
            tags: tags.iter().map(|tag| Tag::parse(tag).unwrap()).collect(),
            projects: BTreeMap::new(),
            variables: Vec::new(),
            at: Location { file: Arc::from("tenants/acme.toml"), line: 1, column: 1 },
        });
        self
    }

    /// Adds a value to the file of the slot's tenant: for a project, for environments.
    pub(super) fn tenant_value(
        mut self,
        name: &str,
        value: &str,
        project: Option<&str>,
        environments: &[&str],
    ) -> Self {
        let tenant = self.tenant.as_mut().unwrap();
        let line = tenant.variables.len() as u32 + 10;
        tenant.variables.push(TenantValue {
            name: Arc::from(name),
            value: Value::Text(text(value)),
            kind: ValueKind::String,
            project: project.map(|name| name.parse().unwrap()),
            environments: environments.iter().map(|name| name.parse().unwrap()).collect(),
            at: Location { file: Arc::from("tenants/acme.toml"), line, column: 1 },
        });
        self
    }

    /// Declares a tenant variable of the type string.
    pub(super) fn declare(mut self, name: &str, default: Option<&str>) -> Self {
        let line = self.what.tenant_variables.len() as u32 + 50;
        self.what.tenant_variables.push(TenantVariable {
            name: Arc::from(name),
            kind: ValueKind::String,
            default: default.map(|default| Value::Text(text(default))),
            required: default.is_none(),
            description: None,
            from_set: false,
            at: Location { file: Arc::from("projects/storefront/variables.toml"), line, column: 1 },
        });
        self
    }

    /// Changes the snapshot of the release.
    pub(super) fn snapshot(&mut self) -> &mut Snapshot {
        self.release.snapshot.as_mut().unwrap()
    }

    /// Adds a plain variable to the first container.
    pub(super) fn environment(mut self, name: &str, value: &str) -> Self {
        let value = text(value);
        self.container().environment.insert(name.to_owned(), value);
        self
    }

    /// What rendering borrows.
    pub(super) fn context(&self) -> Context<'_> {
        Context {
            repository: &self.repository,
            project: &self.project,
            release: &self.release,
            what: &self.what,
            environment: &self.environment,
            target: &self.target,
            step: &self.step,
            tenant: self.tenant.as_ref(),
            names: &self.names,
            catalog: &self.catalog,
        }
    }

    pub(super) fn render(&self) -> Result<Rendered, Vec<RenderProblem>> {
        render(&self.context())
    }

    /// The template as a tree.
    pub(super) fn template(&self) -> serde_json::Value {
        serde_json::from_str(&self.render().unwrap().content.template).unwrap()
    }

    /// The codes and titles of its problems, a line each.
    pub(super) fn problems(&self) -> String {
        let problems = self.render().expect_err("this world should not render");
        let line = |p: &RenderProblem| match &p.help {
            Some(help) => format!("{}: {} ({help})", p.code, p.title),
            None => format!("{}: {}", p.code, p.title),
        };
        problems.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

/// A head with nothing but the target.
fn catalog() -> Catalog {
    Catalog {
        commit: None,
        repository: Some(Id::new("acme-deploy").unwrap()),
        accounts: BTreeMap::new(),
        guard: Guard::default(),
        tag_sets: BTreeMap::new(),
        environments: BTreeMap::new(),
        targets: BTreeMap::from([("prod-eu".parse().unwrap(), Arc::new(target()))]),
        tenants: BTreeMap::new(),
        freezes: BTreeMap::new(),
        lifecycles: BTreeMap::new(),
        projects: BTreeMap::new(),
        accepts: Vec::new(),
        broken: Vec::new(),
    }
}

/// What the head has.
fn names() -> Names {
    Names {
        environments: ["test", "production", "other"].map(|name| name.parse().unwrap()).into(),
        targets: ["prod-eu", "other"].map(|name| name.parse().unwrap()).into(),
        tenants: ["acme", "other"].map(|name| name.parse().unwrap()).into(),
        tags: ["ring/early", "ring/general", "region/eu", "other/tag"].map(|tag| Tag::parse(tag).unwrap()).into(),
    }
}

fn service() -> EcsService {
    EcsService { desired_count: Some(2.into()), ..EcsService::new(256, 512, vec![container("app", "web")]) }
}

/// A container that says no more than it has to, with a port.
pub(super) fn container(name: &str, image: &str) -> Container {
    table(&format!("name = '{name}'\nimage = '{image}'\nport = 8080"))
}

fn project() -> Project {
    let channel = Channel::implied(Arc::new(Lifecycle { name: None, phases: Vec::new() }), at(1));
    Project {
        name: "storefront".parse().unwrap(),
        id: Id::new("storefront").unwrap(),
        channels: BTreeMap::from([(channel.name.clone(), channel.clone())]),
        default_channel: channel.name,
        tenancy: Tenancy::Untenanted,
        waves: None,
        attempts: 3,
        on_failure: OnFailure::Stop,
        deadline: SignedDuration::from_mins(30),
        takeover: SignedDuration::from_mins(5),
        head: None,
        releases: BTreeMap::new(),
        deploy: BTreeMap::new(),
        at: at(1),
    }
}

fn release(what: &What) -> Release {
    let pin = ImagePin { tag: Arc::from("1.4.0"), digest: Some(Arc::from(DIGEST)), platforms: BTreeMap::new() };
    Release {
        name: "1.4.0".parse().unwrap(),
        version: Version::parse("1.4.0").unwrap(),
        format: 1,
        channel: "default".parse().unwrap(),
        images: BTreeMap::from([("web".parse().unwrap(), pin)]),
        inputs: None,
        blocked: None,
        edited: None,
        snapshot: Ok(Snapshot { commit: None, what: Arc::new(what.clone()), names: Arc::new(names()), rules: EDITION }),
        content: Hash::of(b"release"),
        at: Location { file: Arc::from("projects/storefront/releases/1.4.0.toml"), line: 1, column: 1 },
    }
}

fn environment() -> Environment {
    Environment {
        name: "production".parse().unwrap(),
        id: Id::new("production").unwrap(),
        order: 3,
        protected: true,
        prune: false,
        queue: Queue::Latest,
        drift: landfall::model::DriftPolicy::default(),
    }
}

fn target() -> Target {
    Target {
        name: "prod-eu".parse().unwrap(),
        id: Id::new("prod-eu").unwrap(),
        environments: BTreeSet::from(["production".parse().unwrap()]),
        roles: BTreeSet::from(["web".parse().unwrap()]),
        account: "prod".parse().unwrap(),
        place: Place { account: AccountId::new("222222222222").unwrap(), region: Region::new("eu-west-1").unwrap() },
        access: Access::default(),
        cluster: Arc::from("prod-eu"),
        template_bucket: None,
        network: Network {
            subnets: vec![Arc::from("subnet-0a0a0a0a"), Arc::from("subnet-0b0b0b0b")],
            security_groups: vec![Arc::from("sg-0a0a0a0a")],
            public_ip: false,
        },
        tenants: TenantFilter::default(),
        tags: BTreeSet::new(),
    }
}
