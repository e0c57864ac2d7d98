//! A project's *what*: images, steps, variables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{Maker, container, patch, raw, run, variables};
use crate::load::check::ecs::for_each_text_of;
use crate::load::finding::Finding;
use crate::load::schema::At;
use crate::load::schema::process::{ProcessFile, StepEntry, StepOf};
use crate::load::what::WhatDrafts;
use crate::model::process::{EcsSchedule, EcsService, Follows, ImageRepository, Only, OutputRef, StepKind, Task, Text};
use crate::model::tenant::{TagFilter, TenantFilter};
use crate::model::{Hash, Id, ImageName, Location, Step, StepName, What};

/// Builds the *what*; what cannot be built is left out and reported, and the caller then uses none of it.
pub(crate) fn what(drafts: &WhatDrafts, inputs: Hash, findings: &mut Vec<Finding>) -> Option<What> {
    let (mut values, mut declared) = (Vec::new(), Vec::new());
    let own = drafts.variables.iter().map(|draft| (draft, false));
    for (draft, from_set) in own.chain(drafts.sets.iter().map(|(_, draft)| (draft, true))) {
        values.extend(variables::values(draft, from_set, findings));
        declared.extend(variables::tenant_variables(draft, from_set, findings));
    }
    drafts.project.as_ref()?;
    let draft = drafts.process.as_ref()?;
    let mut make = Maker { file: &draft.file, findings };
    let images = images(&mut make, &draft.doc);
    let steps = draft.doc.step.iter().filter_map(|entry| step(&mut make, entry, drafts).map(Arc::new)).collect();
    Some(What { inputs, images, steps, variables: values, tenant_variables: declared })
}

fn images(make: &mut Maker<'_>, doc: &ProcessFile) -> BTreeMap<ImageName, ImageRepository> {
    let mut images = BTreeMap::new();
    for (name, entry) in &doc.images {
        let name = make.name_at(name, entry.span());
        let repository = make.text(&entry.repository);
        // The last part of a repository has no `:`; a registry's port has one, in the first part.
        if entry.repository.rsplit('/').next().is_some_and(|last| last.contains(':') || last.contains('@')) {
            let title = format!("`{}` has a tag or a digest: remove it, releases supply both", *entry.repository);
            make.invalid(entry.repository.span(), title);
        }
        if let (Some(name), Some(repository)) = (name, repository) {
            images.insert(name, ImageRepository { repository, at: make.file.at(entry.span().start) });
        }
    }
    images
}

fn step(make: &mut Maker<'_>, entry: &At<StepEntry>, drafts: &WhatDrafts) -> Option<Step> {
    let name: Option<StepName> = make.name(&entry.name);
    let otherwise = name.as_ref().map(Id::from);
    let id = match (&entry.id, otherwise) {
        (Some(written), _) => make.name(written),
        (None, otherwise) => otherwise,
    };
    let role = make.name(&entry.role);
    let kind = match &entry.of {
        StepOf::EcsService(entry) => Some(StepKind::EcsService(Box::new(service(make, &entry.service)))),
        StepOf::EcsTask(entry) => run::run(make, entry).map(|run| StepKind::EcsTask(Box::new(run))),
        StepOf::EcsSchedule(entry) => Some(StepKind::EcsSchedule(Box::new(schedule(make, &entry.schedule)))),
        StepOf::CloudFormation(entry) => {
            let raw = raw::cloudformation(make, &entry.stack, drafts);
            raw.map(|raw| StepKind::CloudFormation(Box::new(raw)))
        }
    };
    let (follows, only, at) = (follows(make, entry), only(make, entry), make.file.at(entry.span().start));
    let (uses, patches) = (uses(entry, drafts), patch::patches(make, entry.patches()));
    Some(Step { name: name?, id: id?, role: role?, follows, only, uses, kind: kind?, patches, at })
}

/// What the step waits for, by its keys.
fn follows(make: &mut Maker<'_>, entry: &StepEntry) -> Follows {
    match (&entry.after, &entry.parallel) {
        (Some(names), _) => Follows::These(names.iter().filter_map(|name| make.name(name)).collect()),
        (None, Some(parallel)) if **parallel => Follows::Beside,
        (None, _) => Follows::All,
    }
}

/// The outputs that the texts of a step use.
pub(crate) fn uses(entry: &StepEntry, drafts: &WhatDrafts) -> BTreeSet<OutputRef> {
    let nowhere = Location { file: Arc::from(""), line: 1, column: 1 };
    let mut uses = BTreeSet::new();
    let mut each = |text: &str| uses.extend(Text::parse(text, nowhere.clone()).iter().flat_map(Text::outputs));
    for_each_text_of(entry, |text| each(text));
    let Some(stack) = entry.stack() else { return uses };
    stack.parameters.values().flat_map(|value| value.texts()).for_each(|text| each(text));
    uses.extend(
        drafts.template(&stack.template).iter().flat_map(|draft| &draft.texts).flat_map(|(_, text)| text.outputs()),
    );
    uses
}

/// Where the step has stacks.
fn only(make: &mut Maker<'_>, entry: &StepEntry) -> Only {
    Only {
        environments: make.names(&entry.environments),
        channels: make.names(&entry.channels),
        tenants: TenantFilter { names: make.names(&entry.tenants), tags: TagFilter(make.tags(&entry.tenant_tags)) },
    }
}

/// Reads a task, and refuses what its containers cannot name.
pub(crate) fn task(make: &mut Maker<'_>, entry: &Task) -> Task {
    entry.container.iter().for_each(|entry| container::names(make, entry));
    make.settled(entry)
}

fn schedule(make: &mut Maker<'_>, entry: &EcsSchedule) -> EcsSchedule {
    entry.task.container.iter().for_each(|entry| container::names(make, entry));
    make.settled(entry)
}

fn service(make: &mut Maker<'_>, entry: &EcsService) -> EcsService {
    entry.task.container.iter().for_each(|entry| container::names(make, entry));
    let proxy = entry.service_connect_configuration.as_ref().and_then(|connect| connect.log.as_ref());
    proxy.into_iter().for_each(|log| container::secrets_of_log(make, log));
    make.settled(entry)
}
