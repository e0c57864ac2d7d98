//! Tenant variables: their declarations, and the values that tenants set.
//!
//! Values are live and declarations are part of what a release deploys, so a value may be for an older release only. These
//! checks hold nothing that could still be rendered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::super::codes;
use super::super::drafts::Draft;
use super::super::finding::{File, Finding};
use super::super::schema::VariablesFile;
use super::super::schema::tenant::TenantFile;
use super::super::what::WhatDrafts;
use super::super::world::{ProjectWorld, World};
use crate::model::process::What;
use crate::model::tenant::TenantVariable;
use crate::model::{ProjectName, Tenant};

/// The files that may declare, nearest first.
fn files(drafts: &WhatDrafts) -> impl Iterator<Item = &Draft<VariablesFile>> {
    drafts.variables.iter().chain(drafts.sets.iter().map(|(_, draft)| draft))
}

pub(super) fn are_declared_once(drafts: &WhatDrafts, findings: &mut Vec<Finding>) {
    let mut values: BTreeMap<&str, (&File, std::ops::Range<usize>)> = BTreeMap::new();
    for draft in files(drafts) {
        for variable in &draft.doc.variable {
            values.entry(&variable.name).or_insert((&draft.file, variable.name.span()));
        }
    }
    // A project's declaration beats that of a set; of one rank there is one.
    let own: Vec<&Draft<VariablesFile>> = drafts.variables.iter().collect();
    for rank in [own, drafts.sets.iter().map(|(_, draft)| draft).collect()] {
        let mut seen: BTreeMap<&str, (&File, std::ops::Range<usize>)> = BTreeMap::new();
        for draft in rank {
            for entry in &draft.doc.tenant_variable {
                let (name, span) = (entry.name.as_str(), entry.name.span());
                if let Some((file, first)) = values.get(name) {
                    let title = format!("`{name}` is declared for tenants and also has a value here");
                    let finding = Finding::new(codes::TENANT_VARIABLE_WITH_VALUE, &draft.file, span.clone(), title)
                        .label("only tenants set its value")
                        .related(file, first.clone(), "this value belongs to no tenant")
                        .help("move the value to `default`: tenants without a value of their own get it");
                    findings.push(finding);
                }
                if let Some((file, first)) = seen.insert(name, (&draft.file, span.clone())) {
                    let title = format!("the tenant variable `{name}` is declared twice");
                    let finding = Finding::new(codes::DUPLICATE_VARIABLE, &draft.file, span, title);
                    findings.push(finding.label("again here").related(file, first, "first here"));
                }
            }
        }
    }
}

/// The declarations of a project's head by name; of two, the project's own.
fn declared(what: &What) -> BTreeMap<&str, &TenantVariable> {
    let mut all: BTreeMap<&str, &TenantVariable> = BTreeMap::new();
    for variable in &what.tenant_variables {
        let known = all.entry(&variable.name).or_insert(variable);
        if known.from_set {
            *known = variable;
        }
    }
    all
}

/// A tenant with a project that it is connected to, and what that deploys.
fn connected<'a>(world: &'a World, tenant: &'a Tenant) -> impl Iterator<Item = (&'a ProjectName, &'a ProjectWorld)> {
    tenant.projects.keys().filter_map(|name| Some((name, world.projects.get(name)?)))
}

pub(super) fn have_values(world: &World, findings: &mut Vec<Finding>) {
    for (name, tenant) in &world.tenants {
        let Some(draft) = world.drafts.tenants.read.get(name) else { continue };
        for (project_name, project) in connected(world, tenant) {
            let Some(what) = &project.head.what else { continue };
            for variable in declared(what).into_values().filter(|variable| variable.required) {
                missing(draft, tenant, project_name, variable, findings);
            }
        }
    }
}

fn missing(
    draft: &Draft<TenantFile>,
    tenant: &Tenant,
    project: &ProjectName,
    variable: &TenantVariable,
    findings: &mut Vec<Finding>,
) {
    let Some(entry) = draft.doc.projects.get(project.as_str()) else { return };
    for environment in &entry.environments {
        let has = tenant.variables.iter().any(|value| {
            value.name == variable.name
                && value.project.as_ref().is_none_or(|named| named == project)
                && (value.environments.is_empty() || value.environments.contains(environment.as_str()))
        });
        if has {
            continue;
        }
        let (name, tenant) = (&variable.name, &tenant.name);
        let title = format!("tenant `{tenant}` has no value for `{name}` in environment `{}`", **environment);
        let finding = Finding::new(codes::TENANT_VALUE_MISSING, &draft.file, environment.span(), title)
            .label(format!("project {project} needs one"))
            .help(format!("add a `[[variable]]` with `name = \"{name}\"`; it is declared at {}", variable.at))
            .holds_nothing();
        findings.push(finding);
    }
}

/// Every *what* that a project may deploy; none if one of them cannot be known.
fn whats(project: &ProjectWorld) -> Option<Vec<&Arc<What>>> {
    let releases = project.releases.values().filter_map(|release| release.snapshot.as_ref().ok());
    let snapshots = releases.map(|snapshot| snapshot.outcome.what.as_ref());
    std::iter::once(project.head.what.as_ref()).chain(snapshots).collect()
}

pub(super) fn values_are_declared(world: &World, findings: &mut Vec<Finding>) {
    for (name, tenant) in &world.tenants {
        let Some(draft) = world.drafts.tenants.read.get(name) else { continue };
        let all = connected(world, tenant).map(|(name, project)| Some((name, whats(project)?)));
        let Some(all) = all.collect::<Option<BTreeMap<_, _>>>() else { continue };
        for entry in &draft.doc.variable {
            let meant =
                |project: &&ProjectName| entry.project.as_ref().is_none_or(|only| only.as_str() == project.as_str());
            let whats = all.iter().filter(|(project, _)| meant(project)).flat_map(|(_, whats)| whats);
            let known: BTreeSet<&str> =
                whats.flat_map(|what| what.tenant_variables.iter().map(|variable| &*variable.name)).collect();
            // A tenant that is not connected to the project is reported elsewhere.
            let connected = entry.project.as_ref().is_none_or(|project| tenant.projects.contains_key(project.as_str()));
            if !connected || known.contains(entry.name.as_str()) {
                continue;
            }
            let whose = match &entry.project {
                Some(project) => format!("project `{}` does not declare", **project),
                None => "none of its projects declares".to_owned(),
            };
            let title = format!("tenant `{name}` gives a value to `{}`, which {whose}", *entry.name);
            let finding = Finding::new(codes::UNDECLARED_TENANT_VALUE, &draft.file, entry.name.span(), title)
                .label("no [[tenant_variable]] has this name")
                .suggest(&entry.name, known)
                .holds_nothing();
            findings.push(finding);
        }
    }
}

pub(super) fn values_have_the_type(world: &World, findings: &mut Vec<Finding>) {
    for (name, tenant) in &world.tenants {
        let Some(draft) = world.drafts.tenants.read.get(name) else { continue };
        for (project, built) in connected(world, tenant) {
            let Some(what) = &built.head.what else { continue };
            let declared = declared(what);
            for entry in &draft.doc.variable {
                let meant = entry.project.as_ref().is_none_or(|only| only.as_str() == project.as_str());
                let Some(variable) = declared.get(entry.name.as_str()).filter(|_| meant) else { continue };
                let (found, asked) = (entry.value.kind(), variable.kind);
                if found == asked {
                    continue;
                }
                let (found, asked) = (found.as_str(), asked.as_str());
                let title = format!(
                    "tenant `{name}` sets `{}` to a {found}, and project `{project}` declares a {asked}",
                    *entry.name
                );
                let finding = Finding::new(codes::TENANT_VALUE_TYPE, &draft.file, entry.value.span(), title)
                    .label(format!("not a {asked}"))
                    .help(format!("it is declared at {}", variable.at))
                    .holds_nothing();
                findings.push(finding);
            }
        }
    }
}
