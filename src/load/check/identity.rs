//! Ids and the stack names that they make: no two things may be one stack.

use std::collections::{BTreeMap, BTreeSet};

use super::super::build::project::ProjectDraft;
use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::Finding;
use super::super::schema::At;
use super::super::schema::process::StepEntry;
use super::super::what::WhatDrafts;
use super::super::world::World;
use crate::model::catalog::Subject;
use crate::model::tenant::Tenancy;
use crate::model::{EnvironmentName, Id, Place, ProjectName, StackName, StackOwner, Step, Target, Tenant};

pub(super) fn ids_differ(world: &World, findings: &mut Vec<Finding>) {
    let drafts = &world.drafts;
    let environments = world.environments.iter().filter_map(|(name, built)| {
        let draft = drafts.environments.read.get(name)?;
        Some((
            &built.id,
            Found::new(draft, draft.doc.id.as_ref().map(|id| id.span()), Subject::Environment(name.clone())),
        ))
    });
    differ("environments", environments, findings);
    let targets = world.targets.iter().filter_map(|(name, built)| {
        let draft = drafts.targets.read.get(name)?;
        Some((&built.id, Found::new(draft, draft.doc.id.as_ref().map(|id| id.span()), Subject::Target(name.clone()))))
    });
    differ("targets", targets, findings);
    let tenants = world.tenants.iter().filter_map(|(name, built)| {
        let draft = drafts.tenants.read.get(name)?;
        Some((&built.id, Found::new(draft, draft.doc.id.as_ref().map(|id| id.span()), Subject::Tenant(name.clone()))))
    });
    differ("tenants", tenants, findings);
    let projects = world.projects.iter().filter_map(|(name, built)| {
        let draft = drafts.projects.get(name)?.project.as_ref()?;
        let built = built.project.as_ref()?;
        Some((&built.id, Found::new(draft, draft.doc.id.as_ref().map(|id| id.span()), Subject::Project(name.clone()))))
    });
    differ("projects", projects, findings);
}

struct Found<'a> {
    file: &'a super::super::finding::File,
    span: std::ops::Range<usize>,
    subject: Subject,
}

impl<'a> Found<'a> {
    fn new<T>(draft: &'a Draft<T>, span: Option<std::ops::Range<usize>>, subject: Subject) -> Self {
        Self { file: &draft.file, span: span.unwrap_or(0..0), subject }
    }
}

fn differ<'a>(what: &str, all: impl Iterator<Item = (&'a Id, Found<'a>)>, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<&Id, Found<'_>> = BTreeMap::new();
    for (id, found) in all {
        match seen.get(id) {
            Some(first) => findings.push(
                Finding::new(codes::DUPLICATE_ID, found.file, found.span, format!("two {what} have the id `{id}`"))
                    .label("the same id")
                    .help("ids are part of stack names: give one of them another `id`")
                    .related(first.file, first.span.clone(), "the other one")
                    .hides(first.subject.clone()),
            ),
            None => {
                seen.insert(id, found);
            }
        }
    }
}

pub(super) fn steps_differ(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let Some(process) = &drafts.process else { return };
    let mut by_name: BTreeMap<&str, Vec<&StepEntry>> = BTreeMap::new();
    let mut by_id: BTreeMap<&str, &StepEntry> = BTreeMap::new();
    for step in process.doc.step.iter().map(|step| &**step) {
        let named = by_name.entry(&step.name).or_default();
        let id = step.identity();
        let of_id = *by_id.entry(id).or_insert(step);
        if let Some(first) = named.iter().find(|other| !never_together(other, step)) {
            let title = format!("two steps are named `{}`, and a slot may contain both", *step.name);
            let finding = Finding::new(codes::DUPLICATE_STEP, &process.file, step.name.span(), title);
            let finding = finding.label("again here").related(&process.file, first.name.span(), "first here");
            findings.push(finding.help(
                "give one of them another name, or limit both so that they have no environment, no channel or no tenant in common",
            ));
        } else if let Some(first) = named.first().filter(|first| **first.identity() != **id) {
            let title = format!("steps named `{}` have different ids", *step.name);
            let finding = Finding::new(codes::DUPLICATE_STEP, &process.file, id.span(), title);
            let finding =
                finding.label("another id").related(&process.file, first.identity().span(), "the id of the first");
            findings.push(finding.help("steps with one name share their stacks: give them the same `id`"));
        } else if *of_id.name != *step.name {
            let title = format!("two steps have the id `{}`", **id);
            let finding = Finding::new(codes::DUPLICATE_ID, &process.file, id.span(), title);
            findings.push(finding.label("the same id").related(
                &process.file,
                of_id.identity().span(),
                "the other one",
            ));
        }
        named.push(step);
    }
}

/// Whether no slot contains both steps, whatever is released: they have no environment, no channel or no tenant in common.
fn never_together(a: &StepEntry, b: &StepEntry) -> bool {
    let by_name = a.tenant_tags.is_empty() && b.tenant_tags.is_empty();
    apart(&a.environments, &b.environments)
        || apart(&a.channels, &b.channels)
        || by_name && apart(&a.tenants, &b.tenants)
}

/// Whether both lists name something, and no name is in both.
pub(super) fn apart(a: &[At<String>], b: &[At<String>]) -> bool {
    let named: BTreeSet<&str> = a.iter().map(|name| name.as_str()).collect();
    !a.is_empty() && !b.is_empty() && !b.iter().any(|name| named.contains(name.as_str()))
}

/// Costs one name per stack that the head's processes make.
pub(super) fn stacks_differ(world: &World, findings: &mut Vec<Finding>) {
    let mut seen: BTreeMap<(Place, StackName), (StackOwner, ProjectName)> = BTreeMap::new();
    let mut told = Vec::new();
    for (name, project) in &world.projects {
        let (Some(what), Some(built)) = (&project.head.what, &project.project) else { continue };
        for step in &what.steps {
            for (place, owner) in owners(world, name, built, step) {
                let key = (place, StackName::of(&owner));
                let entry = seen.entry(key.clone()).or_insert_with(|| (owner.clone(), name.clone()));
                // Equal ids are reported where they are written.
                let pair = (entry.0.project.clone(), entry.0.step.clone(), owner.project.clone(), owner.step.clone());
                if entry.0 != owner && !told.contains(&pair) {
                    told.push(pair);
                    findings.push(collision(world, name, &step.at, &key.1, entry));
                }
            }
        }
    }
}

/// Whose stacks a step makes, and where.
pub(super) fn owners(
    world: &World,
    name: &ProjectName,
    project: &ProjectDraft,
    step: &Step,
) -> Vec<(Place, StackOwner)> {
    let mut all = Vec::new();
    let Some(repository) = &world.root.id else { return all };
    let entered = world.entered_by(name);
    for target in world.targets.values().filter(|target| target.roles.contains(&step.role)) {
        for environment in target.environments.iter().filter_map(|name| world.environments.get(name)) {
            if entered.as_ref().is_some_and(|entered| !entered.contains(&environment.name)) {
                continue;
            }
            let of = tenants_of(world, name, project.tenancy, &environment.name, target);
            for tenant in of.into_iter().filter(|tenant| step.only.fits(&environment.name, None, *tenant)) {
                let owner = StackOwner {
                    repository: repository.clone(),
                    project: project.id.clone(),
                    step: step.id.clone(),
                    environment: environment.id.clone(),
                    target: target.id.clone(),
                    tenant: tenant.map(|tenant| tenant.id.clone()),
                };
                all.push((target.place.clone(), owner));
            }
        }
    }
    all
}

/// Those for whom the project has stacks in the environment at the target; none stands for the slot without a
/// tenant.
fn tenants_of<'a>(
    world: &'a World,
    project: &ProjectName,
    tenancy: Tenancy,
    environment: &EnvironmentName,
    target: &Target,
) -> Vec<Option<&'a Tenant>> {
    let mut all = Vec::new();
    if tenancy.untenanted() && target.takes(None) {
        all.push(None);
    }
    let tenants = world
        .tenants
        .values()
        .filter(|tenant| tenancy.tenanted() && tenant.is_connected(project, environment) && target.takes(Some(tenant)));
    all.extend(tenants.map(Some));
    all
}

fn collision(
    world: &World,
    project: &ProjectName,
    at: &crate::model::Location,
    stack: &StackName,
    first: &(StackOwner, ProjectName),
) -> Finding {
    let other = format!("step `{}` of project `{}`", first.0.step, first.1);
    let title = format!("the stack `{stack}` would be used twice: here and by {other}");
    let process = world.projects.get(project).and_then(|project| project.head.drafts.process.as_ref());
    let step = process.and_then(|draft| {
        let step = draft.doc.step.iter().find(|step| draft.file.at(step.span().start) == *at)?;
        Some((&draft.file, step.name.span()))
    });
    let finding = match step {
        Some((file, span)) => Finding::new(codes::STACK_COLLISION, file, span, title).label("this step"),
        None => Finding::whole(codes::STACK_COLLISION, &at.file, title),
    };
    finding
        .help("their ids, joined by `-`, are equal: give a step, project, environment, target or tenant another `id`")
        .hides(Subject::Project(project.clone()))
        .hides(Subject::Project(first.1.clone()))
}
