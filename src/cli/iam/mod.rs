//! `iam`: the policies that the daemon and the roles of the targets need, and no more.
//!
//! A pure function of the catalog. What landfall calls itself comes from the adapter's table of operations, which a test
//! holds against what is really called; what CloudFormation calls on behalf of whoever runs a change set is in
//! [`actions`], by the resource types that steps render to.
//!
//! Deliberately absent: creating anything. The documents are for whoever owns the accounts to read and to apply.

mod actions;
mod around;
mod names;
pub mod split;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use crate::model::place::Access;
use crate::model::process::{StepKind, Text, What};
use crate::model::{AccountId, Catalog, EnvironmentName, Id, Project, Region, Step, Target, Tenant};

/// Every policy that the catalog asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Policies {
    /// For the identity that the daemon runs as.
    pub daemon: Value,
    /// For each role that it assumes, by account and role.
    pub roles: Vec<RolePolicies>,
    /// What the documents cannot say, a sentence each.
    pub notes: Vec<String>,
}

/// What one role needs.
#[derive(Clone, Debug, PartialEq)]
pub struct RolePolicies {
    /// AWS account, twelve digits.
    pub account: AccountId,
    /// ARN of the role.
    pub role: Arc<str>,
    /// The targets that are reached through it.
    pub targets: Vec<String>,
    /// Its permissions.
    pub permissions: Value,
    /// Who may assume it.
    pub trust: Value,
}

/// What is reached with the same credentials.
#[derive(Debug, Default)]
struct Reach<'a> {
    repository: Option<&'a Id>,
    regions: BTreeSet<&'a Region>,
    targets: Vec<&'a Target>,
    projects: BTreeMap<&'a Id, &'a Project>,
    given_roles: BTreeSet<String>,
    /// Steps render task definitions, services, and what they need.
    tasks: bool,
    load_balancers: bool,
    names: names::Names,
    around: around::Around,
}

/// The policies for a catalog. `principal` is the ARN of the identity that the daemon runs as; without it the trust policies
/// hold a text in its place that says what to put there.
pub fn policies(catalog: &Catalog, principal: Option<&str>) -> Policies {
    let mut notes = BTreeSet::new();
    let mut daemon = Vec::new();
    let mut roles = Vec::new();
    for ((account, access), reach) in reaches(catalog, &mut notes) {
        let statements = actions::statements(account, &reach);
        match &access.role {
            None => daemon.extend(statements),
            Some(role) => roles.push(RolePolicies {
                account: account.clone(),
                role: Arc::clone(role),
                targets: reach.targets.iter().map(|target| target.name.to_string()).collect(),
                permissions: document(statements),
                trust: trust(principal, access),
            }),
        }
    }
    let assumed: Vec<&str> = roles.iter().map(|role| &*role.role).collect::<BTreeSet<_>>().into_iter().collect();
    if !assumed.is_empty() {
        daemon.push(json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Resource": assumed }));
    }
    Policies { daemon: document(daemon), roles, notes: notes.into_iter().collect() }
}

/// The targets by account and way to reach it, with what may be deployed there.
fn reaches<'a>(catalog: &'a Catalog, notes: &mut BTreeSet<String>) -> BTreeMap<(&'a AccountId, &'a Access), Reach<'a>> {
    let mut reaches: BTreeMap<_, Reach<'a>> = BTreeMap::new();
    for target in catalog.targets.values() {
        let reach = reaches.entry((&target.place.account, &target.access)).or_default();
        reach.repository = catalog.repository.as_ref();
        reach.regions.insert(target.region());
        reach.targets.push(target);
        for project in catalog.projects.values().filter(|project| goes_to(catalog, project, target)) {
            reach.projects.insert(&project.id, project);
            for what in whats(project) {
                add_services(reach, project, what, target, notes);
            }
        }
    }
    reaches
}

/// Whether the lifecycle of a channel leads the project to the target, the target is for one of its tenants (or for none,
/// where the project has slots without one), and one of its steps asks for a role that the target offers.
fn goes_to(catalog: &Catalog, project: &Project, target: &Target) -> bool {
    let lifecycles = project.channels.values().map(|channel| &channel.lifecycle);
    let mut environments =
        lifecycles.flat_map(|lifecycle| lifecycle.phases.iter()).flat_map(|phase| phase.environments());
    let for_one = |environment: &EnvironmentName| {
        let connected = |tenant: &&Arc<Tenant>| tenant.is_connected(&project.name, environment);
        let tenanted = project.tenancy.tenanted();
        let mut tenants = catalog.tenants.values().filter(|_| tenanted).filter(connected);
        project.tenancy.untenanted() && target.takes(None) || tenants.any(|tenant| target.takes(Some(tenant)))
    };
    environments.any(|environment| target.environments.contains(environment) && for_one(environment))
        && whats(project).any(|what| what.steps.iter().any(|step| target.roles.contains(&step.role)))
}

/// What the project's head and every release of it deploy.
fn whats(project: &Project) -> impl Iterator<Item = &What> {
    let released = project.releases.values().filter_map(|release| release.snapshot.as_ref().ok());
    project.head.iter().chain(released.map(|snapshot| &snapshot.what)).map(AsRef::as_ref)
}

/// The roles that the steps hand to ECS, in addition to those that the stacks make.
fn add_services(reach: &mut Reach<'_>, project: &Project, what: &What, target: &Target, notes: &mut BTreeSet<String>) {
    let here = |step: &&Arc<Step>| {
        let mut environments = target.environments.iter();
        target.roles.contains(&step.role) && environments.any(|name| step.only.fits_environment(name))
    };
    for step in what.steps.iter().filter(here) {
        reach.around.add(&step.kind);
        notes.extend(reach.names.add(step, project));
        reach.tasks |= step.kind.task().is_some() || step.kind.raw().is_some_and(|raw| raw.run.is_some());
        notes.extend(patched(step, project));
        match &step.kind {
            StepKind::EcsService(service) => reach.load_balancers |= !service.load_balancer.is_empty(),
            StepKind::EcsTask(_) | StepKind::EcsSchedule(_) => {}
            StepKind::CloudFormation(raw) => {
                let types: Vec<&str> = raw.template.types.iter().map(|kind| &**kind).collect();
                notes.insert(format!(
                    "step {} of {} is the template {}: the policies hold what its stack needs, and not what its resources do; \
                     whoever deploys it also needs the rights to make, change and delete {}",
                    step.name,
                    project.name,
                    raw.template.at.file,
                    types.join(", ")
                ));
            }
        }
        for role in around::given_roles(&step.kind) {
            match literal(role) {
                Some(arn) => drop(reach.given_roles.insert(arn)),
                None => drop(notes.insert(format!(
                    "step {} of {} takes its role from variables ({role}): the deploying role also needs iam:PassRole on the \
                     roles that these give",
                    step.name, project.name
                ))),
            }
        }
    }
}

/// What patches add is not known here.
fn patched(step: &Step, project: &Project) -> Option<String> {
    let kinds: BTreeSet<&str> =
        step.patches.iter().filter_map(|patch| patch.kind.as_ref()).map(|(kind, _)| &**kind).collect();
    let kinds: Vec<&str> = kinds.into_iter().collect();
    (!kinds.is_empty()).then(|| {
        format!(
            "step {} of {} adds {} by patches: the deploying role also needs the rights that CloudFormation asks for these",
            step.name,
            project.name,
            kinds.join(", ")
        )
    })
}

fn literal(text: &Text) -> Option<String> {
    text.placeholders().next().is_none().then(|| text.raw().to_owned())
}

fn document(statements: Vec<Value>) -> Value {
    json!({ "Version": "2012-10-17", "Statement": statements })
}

fn trust(principal: Option<&str>, access: &Access) -> Value {
    let principal = principal.unwrap_or("<ARN of the identity that the daemon runs as>");
    let mut statement = json!({ "Effect": "Allow", "Principal": { "AWS": principal }, "Action": "sts:AssumeRole" });
    if let Some(external_id) = &access.external_id {
        statement["Condition"] = json!({ "StringEquals": { "sts:ExternalId": &**external_id } });
    }
    document(vec![statement])
}
