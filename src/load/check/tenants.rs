//! Tenants: named ones must exist, and what they are connected to must be deployable for them.

use std::collections::BTreeSet;
use std::ops::Range;

use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::{File, Finding};
use super::super::schema::At;
use super::super::schema::lifecycle::ProgressEntry;
use super::super::schema::tenant::{ConnectionEntry, TenantFile};
use super::super::world::World;
use crate::model::tenant::Tenancy;
use crate::model::{EnvironmentName, ProjectName, Step, Tenant, TenantName};

fn exists(world: &World, file: &File, whose: &str, name: &str, span: Range<usize>, findings: &mut Vec<Finding>) {
    let tenants = &world.drafts.tenants;
    if tenants.has(name) || TenantName::new(name).is_err() {
        return;
    }
    let title = format!("{whose} names a tenant that does not exist");
    let finding = Finding::new(codes::UNKNOWN_TENANT, file, span, title).label(format!("no file tenants/{name}.toml"));
    findings.push(finding.suggest(name, tenants.names()));
}

pub(super) fn are_there(world: &World, findings: &mut Vec<Finding>) {
    let drafts = &world.drafts;
    for (target, draft) in &drafts.targets.read {
        for name in &draft.doc.tenants {
            exists(world, &draft.file, &format!("target `{target}`"), name, name.span(), findings);
        }
    }
    for (freeze, draft) in &drafts.freezes.read {
        for name in &draft.doc.tenants {
            exists(world, &draft.file, &format!("freeze `{freeze}`"), name, name.span(), findings);
        }
    }
    for process in world.projects.values().filter_map(|project| project.head.drafts.process.as_ref()) {
        for step in &process.doc.step {
            for name in &step.tenants {
                exists(world, &process.file, &format!("step `{}`", *step.name), name, name.span(), findings);
            }
        }
    }
    for draft in drafts.projects.values().flat_map(|files| files.deploys.read.values()) {
        for (name, pin) in &draft.doc.tenants {
            exists(world, &draft.file, "[tenants]", name, pin.span(), findings);
        }
        for name in draft.doc.allow.iter().filter_map(|allow| allow.tenant.as_ref()) {
            exists(world, &draft.file, "an allowance", name, name.span(), findings);
        }
    }
}

/// What every connection of a tenant is checked against.
struct Connection<'a> {
    world: &'a World,
    name: &'a TenantName,
    draft: &'a Draft<TenantFile>,
    project: &'a str,
    entry: &'a At<ConnectionEntry>,
}

fn connections(world: &World) -> impl Iterator<Item = Connection<'_>> {
    world.drafts.tenants.read.iter().flat_map(move |(name, draft)| {
        let all = draft.doc.projects.iter();
        all.map(move |(project, entry)| Connection { world, name, draft, project, entry })
    })
}

impl Connection<'_> {
    fn tenancy(&self) -> Option<Tenancy> {
        self.world.projects.get(self.project)?.project.as_ref().map(|project| project.tenancy)
    }
}

pub(super) fn are_connected_to_what_exists(world: &World, findings: &mut Vec<Finding>) {
    for connection in connections(world) {
        let Connection { name, draft, project, entry, .. } = connection;
        if ProjectName::new(project).is_err() {
            continue;
        }
        if !world.drafts.has_project(project) {
            let title = format!("tenant `{name}` is connected to a project that does not exist");
            let finding = Finding::new(codes::UNKNOWN_PROJECT, &draft.file, entry.span(), title)
                .label(format!("no folder projects/{project}"))
                .suggest(project, world.drafts.project_names().map(|known| known.as_str()));
            findings.push(finding);
        } else if connection.tenancy() == Some(Tenancy::Untenanted) {
            let title =
                format!("tenant `{name}` is connected to project `{project}`, which is not deployed per tenant");
            let finding = Finding::new(codes::UNTENANTED_PROJECT, &draft.file, entry.span(), title)
                .label("not deployed per tenant")
                .help(format!("write `tenancy = \"tenanted\"` or `\"both\"` in projects/{project}/project.toml"));
            findings.push(finding);
        }
        let entered = world.projects.get(project).and_then(|_| world.entered_by(&ProjectName::new(project).ok()?));
        for written in &entry.environments {
            if super::names::environment_exists(&world.drafts, draft, &format!("tenant `{name}`"), written, findings)
                && entered
                    .as_ref()
                    .is_some_and(|entered| entered.iter().all(|known| known.as_str() != written.as_str()))
            {
                let title = format!("project `{project}` never enters `{}`", **written);
                let finding = Finding::new(codes::TENANT_OUTSIDE_LIFECYCLE, &draft.file, written.span(), title)
                    .label("in no lifecycle of the project's channels")
                    .help(format!("remove it, or add `{}` to a phase of a lifecycle of the project", **written));
                findings.push(finding);
            }
        }
    }
}

pub(super) fn values_are_for_what_exists(world: &World, findings: &mut Vec<Finding>) {
    for (name, draft) in &world.drafts.tenants.read {
        let whose = format!("tenant `{name}`");
        for entry in &draft.doc.variable {
            if let Some(project) = &entry.project
                && !draft.doc.projects.contains_key(project.as_str())
            {
                let title = format!("{whose} has a value for a project that it is not connected to");
                let finding = Finding::new(codes::UNKNOWN_PROJECT, &draft.file, project.span(), title)
                    .label(format!("no [projects.{}] in this file", **project))
                    .suggest(project, draft.doc.projects.keys().map(String::as_str));
                findings.push(finding);
            }
            let Some(names) = &entry.environment else { continue };
            let known = &world.drafts.environments;
            for environment in names.0.iter().filter(|environment| !known.has(environment)) {
                let title = format!("{whose} has a value for an environment that does not exist");
                let finding = Finding::new(codes::UNKNOWN_ENVIRONMENT, &draft.file, names.span(), title)
                    .label(format!("no file environments/{environment}.toml"))
                    .suggest(environment, known.names());
                findings.push(finding);
            }
        }
    }
}

pub(super) fn pins_are_of_connected_ones(world: &World, findings: &mut Vec<Finding>) {
    for (project, files) in &world.drafts.projects {
        for (environment, draft) in &files.deploys.read {
            for (name, pin) in draft.doc.tenants.iter().filter(|(_, pin)| pin.as_str() != "none") {
                let Some(tenant) = world.tenants.get(name.as_str()) else { continue };
                if tenant.is_connected(project, environment) {
                    continue;
                }
                let title = format!("tenant `{name}` is not connected to project `{project}` in `{environment}`");
                let finding = Finding::new(codes::PIN_NOT_CONNECTED, &draft.file, pin.span(), title)
                    .label(format!("a release for `{name}`"))
                    .help(format!(
                        "name `{environment}` under [projects.{project}] in tenants/{name}.toml, or remove the line \
                         (`{name} = \"none\"` removes what is deployed)"
                    ));
                findings.push(finding);
            }
        }
    }
}

/// The targets of an environment; none if an unreadable file may be one of them.
fn targets_in<'a>(world: &'a World, environment: &str) -> Option<Vec<&'a crate::model::Target>> {
    let all = world.targets.values().filter(|target| target.environments.contains(environment)).collect();
    (world.drafts.targets.complete() && world.targets.len() == world.drafts.targets.read.len()).then_some(all)
}

/// Whether the conditions of a step leave it stacks for a tenant in an environment.
fn has_stacks(step: &Step, environment: &str, tenant: &Tenant) -> bool {
    EnvironmentName::new(environment).is_ok_and(|environment| step.only.fits(&environment, None, Some(tenant)))
}

pub(super) fn have_targets(world: &World, findings: &mut Vec<Finding>) {
    for Connection { name, draft, project, entry, .. } in connections(world) {
        let Some(tenant) = world.tenants.get(name) else { continue };
        let Some(what) = world.projects.get(project).and_then(|project| project.head.what.as_ref()) else { continue };
        for written in &entry.environments {
            let Some(targets) = targets_in(world, written) else { continue };
            // An environment without any target is reported there.
            let takes = targets.iter().any(|target| {
                let has = |step: &Step| target.roles.contains(&step.role) && has_stacks(step, written, tenant);
                target.takes(Some(tenant)) && what.steps.iter().any(|step| has(step))
            });
            if takes || targets.is_empty() {
                continue;
            }
            let title = format!("no target of `{}` accepts tenant `{name}` for project `{project}`", **written);
            let finding = Finding::new(codes::TENANT_WITHOUT_TARGET, &draft.file, written.span(), title)
                .about(&[project, written])
                .label("no target")
                .help("a target accepts tenants with `tenants` or `tenant_tags`, and must offer a step's role");
            findings.push(finding);
        }
    }
}

pub(super) fn can_pass_phases(world: &World, findings: &mut Vec<Finding>) {
    for connection in connections(world) {
        let Some(tenant) = world.tenants.get(connection.name) else { continue };
        let Some(project) = world.projects.get(connection.project).and_then(|project| project.project.as_ref()) else {
            continue;
        };
        let channels = project.channels.values().filter(|channel| channel.tenants.fits(&tenant.tags));
        let lifecycles: BTreeSet<&str> =
            channels.filter_map(|channel| channel.lifecycle.as_ref()).map(|name| name.as_str()).collect();
        for name in lifecycles {
            impassable(&connection, tenant, project.tenancy, name, findings);
        }
    }
}

/// The phases that ask for more environments than the tenant is judged by, if a phase comes after them.
fn impassable(
    connection: &Connection<'_>,
    tenant: &Tenant,
    tenancy: Tenancy,
    lifecycle: &str,
    findings: &mut Vec<Finding>,
) {
    let world = connection.world;
    let (Some(file), Some(built)) = (world.drafts.lifecycles.read.get(lifecycle), world.lifecycles.get(lifecycle))
    else {
        return;
    };
    let open = |environment: &EnvironmentName| {
        let all = targets_in(world, environment.as_str());
        all.is_none_or(|all| all.iter().any(|target| target.takes(None)))
    };
    let judges = |environment: &&EnvironmentName| {
        tenant.projects.get(connection.project).is_some_and(|connected| connected.contains(*environment))
            || (tenancy == Tenancy::Both && open(environment))
    };
    let last = built.phases.len().saturating_sub(1);
    for (entry, phase) in file.doc.phase.iter().zip(&built.phases).take(last) {
        let Some(ProgressEntry::Minimum(least)) = entry.progress.as_deref() else { continue };
        let judging = phase.environments().filter(judges).count();
        // A phase without counting environments is passed. A phase that no one can pass is reported in the lifecycle.
        if judging == 0 || *least as usize <= judging || *least as usize > phase.environments().count() {
            continue;
        }
        let (name, project) = (connection.name, connection.project);
        let title = format!("tenant `{name}` can never pass phase `{}` of lifecycle `{lifecycle}`", *entry.name);
        let span = entry.progress.as_ref().map_or(0..0, At::span);
        let finding = Finding::new(codes::PHASE_OUT_OF_REACH, &connection.draft.file, connection.entry.span(), title)
            .label(format!("for {project}, {judging} of its environments count for `{name}`"))
            .related(&file.file, span, format!("requires success in {least}"))
            .help("connect the tenant to more environments of the phase, or lower `minimum`")
            .holds_nothing();
        findings.push(finding);
    }
}
